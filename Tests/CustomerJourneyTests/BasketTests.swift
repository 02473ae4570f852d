import Testing

@testable import CustomerJourney

/// What is in a basket by what a shop says of it.
@Suite struct BasketTests {
  private func touch(
    _ event: String, _ minute: Int64, _ properties: Properties, cart: String? = "c1"
  ) -> Touchpoint {
    var properties = properties
    if let cart { properties["cart_id"] = .text(cart) }
    return Touchpoint(
      customer: "ann", occurred: Timestamp(seconds: minute * 60), event: EventName(event),
      channel: .website, messageID: "\(minute)", properties: properties)
  }

  private let gouda: Properties = [
    "product_id": "gouda".asText, "name": "Old Gouda".asText, "price": .number(12.5),
    "quantity": .number(2), "currency": "EUR".asText, "image_url": "https://shop/g.jpg".asText,
  ]
  private let brie: Properties = [
    "product_id": "brie".asText, "price": .number(7.25), "currency": "EUR".asText,
  ]

  @Test("Products come and go, and the value follows")
  func changes() throws {
    var removed = gouda
    removed["quantity"] = .number(1)
    let touchpoints = [
      touch("Product Added", 1, gouda), touch("Product Added", 2, brie),
      touch("Product Added", 3, brie, cart: "other"), touch("Product Removed", 4, removed),
    ]
    let basket = try #require(Basket("c1", of: touchpoints))
    #expect(basket.products.map(\.id) == ["gouda", "brie"])
    #expect(basket.products.map(\.quantity) == [1, 1])
    #expect(basket.value == Money(minorUnits: 1975, currency: .eur))
    #expect(basket.products[0].image == "https://shop/g.jpg")
    #expect(basket.changed == Timestamp(seconds: 240))
    #expect(basket.step == nil)
    #expect(Basket("c3", of: touchpoints) == nil)
  }

  @Test("A list of products says all that is in it, and the checkout how far it came")
  func checkout() throws {
    let listed: Properties = [
      "products.0.product_id": "brie".asText, "products.0.price": .number(7.25),
      "products.0.quantity": .number(3), "currency": "EUR".asText, "step": .number(2),
      "context.page": "/checkout/2".asText,
    ]
    let basket = try #require(
      Basket(
        "c1",
        of: [touch("Product Added", 1, gouda), touch("Checkout Step Viewed", 2, listed)]))
    #expect(basket.products.map(\.id) == ["brie"])
    #expect(basket.value == Money(minorUnits: 2175, currency: .eur))
    #expect(basket.step == "2")
    #expect(basket.address == "/checkout/2")
  }

  @Test("A basket that was emptied has nothing in it, and its products are limited")
  func limits() throws {
    let emptied = try #require(
      Basket("c1", of: [touch("Product Added", 1, brie), touch("Product Removed", 2, brie)]))
    #expect(emptied.products.isEmpty)
    #expect(emptied.value == nil)
    #expect(emptied.isEmptied)
    let again = try #require(
      Basket(
        "c1",
        of: [
          touch("Product Added", 1, brie), touch("Product Removed", 2, brie),
          touch("Product Added", 3, brie),
        ]))
    #expect(!again.isEmptied)
    let many = (0...Limits.basketProducts).map { number in
      touch("Product Added", Int64(number), ["product_id": "p\(number)".asText])
    }
    #expect(Basket("c1", of: many)?.products.count == Limits.basketProducts)
  }
}

extension String {
  fileprivate var asText: PropertyValue { .text(self) }
}
