import CustomerJourney
import Foundation

/// What a play's message may fill in besides what is known of the customer.
struct MessageData: Encodable {
  var play: String
  var key: String?
  var variant: String?
  /// Of a basket play.
  var basket: Basket?
  var basketLink: String?
  /// The customer's own link for who is an ambassador.
  var referralLink: String?
  var shopLink: String?
  /// Of a place on the site, and until when.
  var slot: String?
  var until: Timestamp?

  init(play: String, key: String?, variant: String?) {
    self.play = play
    self.key = key
    self.variant = variant
  }

  struct Basket: Encodable {
    struct Product: Encodable {
      var id: String
      var name: String
      var quantity: Int
      var price: String?
      var image: String?
      var link: String?
    }

    var id: String
    var products: [Product]
    var count: Int
    var value: String?
    var step: String?

    init(_ basket: CustomerJourney.Basket, _ links: PlayLinks) {
      let currency = basket.value?.currency ?? .eur
      id = basket.id
      products = basket.products.map { product in
        Product(
          id: product.id, name: product.name ?? product.id, quantity: product.quantity,
          price: product.price.map { Self.text($0, currency) },
          // Pictures and pages are of the shop, or they are left out.
          image: product.image.flatMap { links.isOfShop($0) ? $0 : nil },
          link: product.url.flatMap { links.isOfShop($0) ? $0 : nil })
      }
      count = basket.products.reduce(0) { $0 + $1.quantity }
      value = basket.value.map {
        Self.text(Double($0.minorUnits) / Double($0.currency.minorUnits), $0.currency)
      }
      step = basket.step
    }

    /// `€ 12.50`, `SEK 120`: read the same in both languages.
    private static func text(_ amount: Double, _ currency: Currency) -> String {
      let sign = ["EUR": "€", "USD": "$", "GBP": "£"][currency.code] ?? currency.code
      let scale = Double(currency.minorUnits)
      let minor = Int64((amount * scale).rounded())
      let whole = minor / currency.minorUnits
      guard currency.decimals > 0 else { return "\(sign) \(whole)" }
      let rest = String(abs(minor % currency.minorUnits))
      return "\(sign) \(whole),"
        + String(repeating: "0", count: max(0, currency.decimals - rest.count)) + rest
    }
  }

  /// Cut to what a message may carry: of a large basket the first products are named.
  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      var data = self
      while true {
        let text = String(decoding: try encoder.encode(data), as: UTF8.self)
        guard text.utf8.count > Limits.messageDataBytes, let basket = data.basket,
          !basket.products.isEmpty
        else { return text }
        data.basket?.products.removeLast((basket.products.count + 1) / 2)
      }
    }
  }
}

extension PlayLinks {
  /// Whether an address is one of the shop's own; of a shop that nobody named every https address is.
  func isOfShop(_ address: String) -> Bool {
    guard let url = URL(string: address), let host = url.host else { return false }
    guard let own = shop?.host else { return url.scheme == "https" }
    return host == own || host.hasSuffix(".\(own)")
      || own.hasPrefix("www.") && host.hasSuffix(".\(own.dropFirst(4))")
  }
}
