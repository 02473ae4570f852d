/// What a customer was about to buy: the products, their value, and how far the checkout came.
package struct Basket: Hashable, Sendable, Codable {
  package var id: String
  package var products: [Product]
  /// Of the products, or of the basket where only that was said.
  package var value: Money?
  /// The last touchpoint that said something of it.
  package var changed: Timestamp
  /// The step of the checkout that was reached; nil before the checkout.
  package var step: String?
  /// The page on which that was.
  package var address: String?
  /// The customer took the last product out.
  package var isEmptied = false

  package struct Product: Hashable, Sendable, Codable {
    package var id: String
    package var name: String?
    package var quantity: Int
    /// Major units, as the shop said it.
    package var price: Double?
    package var image: String?
    package var url: String?
    package var variant: String?

    package init(
      id: String, name: String? = nil, quantity: Int = 1, price: Double? = nil,
      image: String? = nil, url: String? = nil, variant: String? = nil
    ) {
      self.id = id
      self.name = name
      self.quantity = quantity
      self.price = price
      self.image = image
      self.url = url
      self.variant = variant
    }
  }

  package init(
    id: String, products: [Product] = [], value: Money? = nil, changed: Timestamp,
    step: String? = nil, address: String? = nil
  ) {
    self.id = id
    self.products = products
    self.value = value
    self.changed = changed
    self.step = step
    self.address = address
  }

  /// The property by which touchpoints say which basket they are about.
  package static let key = "cart_id"

  /// The basket as a customer's touchpoints, in order, leave it; nil when none is about it.
  ///
  /// A touchpoint that lists products (Cart Viewed, Cart Updated, Checkout Started, …) says all that is
  /// in it; Product Added and Product Removed change it by one product.
  package init?(_ id: String, of touchpoints: some Sequence<Touchpoint>) {
    var basket: Basket?
    for touchpoint in touchpoints
    where touchpoint.properties[Self.key]?.description == id {
      var now = basket ?? Basket(id: id, changed: touchpoint.occurred)
      now.follow(touchpoint)
      basket = now
    }
    guard let basket else { return nil }
    self = basket
  }

  private mutating func follow(_ touchpoint: Touchpoint) {
    let said = touchpoint.properties.dictionary
    let listed = Self.products(in: said)
    changed = touchpoint.occurred
    switch touchpoint.event.name {
    case EventName.productAdded.name:
      guard let product = Product(said, under: "") else { break }
      if let at = products.firstIndex(where: { $0.id == product.id }) {
        products[at].quantity += product.quantity
      } else if products.count < Limits.basketProducts {
        products.append(product)
      }
    case EventName.productRemoved.name:
      guard let product = Product(said, under: ""),
        let at = products.firstIndex(where: { $0.id == product.id })
      else { break }
      products[at].quantity -= product.quantity
      if products[at].quantity <= 0 { products.remove(at: at) }
    default:
      if !listed.isEmpty || touchpoint.event == .cartUpdated { products = listed }
    }
    if touchpoint.event.name.hasPrefix("Checkout")
      || touchpoint.event.name == "Payment Info Entered"
    {
      step = said["step"]?.description ?? step ?? "1"
      address =
        ["context.page", "page.url", "url"].lazy.compactMap { said[$0]?.description }.first
        ?? touchpoint.content.flatMap { $0.hasPrefix("/") ? $0 : nil } ?? address
    }
    if !products.isEmpty {
      isEmptied = false
    } else if touchpoint.event == .cartUpdated || touchpoint.event == .productRemoved {
      isEmptied = true
    }
    let sum = products.reduce(0.0) { $0 + ($1.price ?? 0) * Double($1.quantity) }
    let currency =
      touchpoint.value?.currency ?? said["currency"].flatMap { Currency($0.description) }
      ?? value?.currency
    if products.allSatisfy({ $0.price != nil }), !products.isEmpty, let currency {
      value = Money(
        minorUnits: Int64((sum * Double(currency.minorUnits)).rounded()), currency: currency)
    } else if let told = touchpoint.value {
      value = told
    } else if products.isEmpty {
      value = nil
    }
  }

  /// What one touchpoint lists, or what it is about: of an order what was bought.
  package static func products(of touchpoint: Touchpoint) -> [Product] {
    let listed = products(in: touchpoint.properties.dictionary)
    if !listed.isEmpty { return listed }
    return Product(of: touchpoint).map { [$0] } ?? []
  }

  private static func products(in said: [String: PropertyValue]) -> [Product] {
    (0..<Limits.basketProducts).lazy.map { Product(said, under: "products.\($0).") }
      .prefix { $0 != nil }.compactMap(\.self)
  }
}

extension Basket.Product {
  /// The one product that a touchpoint is about; nil when it names none.
  package init?(of touchpoint: Touchpoint) {
    if let product = Self(touchpoint.properties.dictionary, under: "") {
      self = product
    } else if let name = touchpoint.content {
      self.init(id: name, name: name)
    } else {
      return nil
    }
  }

  fileprivate init?(_ said: [String: PropertyValue], under path: String) {
    func text(_ names: String...) -> String? {
      names.lazy.compactMap { said[path + $0]?.description }.first { !$0.isEmpty }
    }
    guard let id = text("product_id", "sku", "id") else { return nil }
    let quantity = said[path + "quantity"]?.number.flatMap { Int(exactly: $0.rounded()) } ?? 1
    self.init(
      id: id, name: text("name"), quantity: max(1, min(quantity, 10_000)),
      price: said[path + "price"]?.number, image: text("image_url"), url: text("url"),
      variant: text("variant"))
  }
}
