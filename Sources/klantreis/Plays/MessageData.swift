import CustomerJourney
import Foundation

/// What a play's message may fill in besides what is known of the customer.
struct MessageData: Encodable {
  var play: String
  var key: String?
  var variant: String?
  /// Of a basket: what is in it, what it is worth, how far the checkout came, and the way back.
  var products: [Product]?
  /// What goes with those, or with what was bought last: in messages that may sell.
  var related: [Product]?
  var value: String?
  var step: String?
  var basketUrl: String?
  /// The customer's own link for who is an ambassador.
  var referralUrl: String?
  var shopUrl: String?
  /// Of a place on the site, and until when.
  var slot: String?
  var until: Timestamp?

  init(play: String, key: String?, variant: String?) {
    self.play = play
    self.key = key
    self.variant = variant
  }

  struct Product: Encodable {
    var id: String
    var name: String
    var quantity: Int
    var price: String?
    var image: String?
    var link: String?
  }

  mutating func tell(of basket: Basket, _ links: PlayLinks) {
    let currency = basket.value?.currency ?? .eur
    products = basket.products.map { Product($0, currency, links) }
    value = basket.value.map {
      Self.text(Double($0.minorUnits) / Double($0.currency.minorUnits), $0.currency)
    }
    step = basket.step
  }

  /// `€ 12.50`, `SEK 120.00`.
  fileprivate static func text(_ amount: Double, _ currency: Currency) -> String {
    let sign = ["EUR": "€", "USD": "$", "GBP": "£"][currency.code] ?? currency.code
    let minor = Int64((amount * Double(currency.minorUnits)).rounded())
    let whole = minor / currency.minorUnits
    guard currency.decimals > 0 else { return "\(sign) \(whole)" }
    let rest = String(abs(minor % currency.minorUnits))
    return "\(sign) \(whole)."
      + String(repeating: "0", count: max(0, currency.decimals - rest.count)) + rest
  }

  /// Cut to what a message may carry: of a large basket the first products are named.
  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      var data = self
      while true {
        let text = String(decoding: try encoder.encode(data), as: UTF8.self)
        guard text.utf8.count > Limits.messageDataBytes else { return text }
        if data.related != nil {
          data.related = nil
          continue
        }
        guard let products = data.products, !products.isEmpty else { return text }
        data.products?.removeLast((products.count + 1) / 2)
      }
    }
  }
}

extension MessageData.Product {
  init(_ product: Basket.Product, _ currency: Currency, _ links: PlayLinks) {
    self.init(
      id: product.id, name: product.name ?? product.id, quantity: product.quantity,
      price: product.price.map { MessageData.text($0, currency) },
      // Pictures and pages are of the shop, or they are left out.
      image: product.image.flatMap { links.isOfShop($0) ? $0 : nil },
      link: product.url.flatMap { links.isOfShop($0) ? $0 : nil })
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
