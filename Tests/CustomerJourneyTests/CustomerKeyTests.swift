import CustomerJourney
import Testing

@Suite("Keys of customers")
struct CustomerKeyTests {
  static let emails: [(String, String?)] = [
    ("  Anna@Shop.NL ", "email:anna@shop.nl"), ("mailto:anna@shop.nl", "email:anna@shop.nl"),
    ("anna@shop", nil), ("anna", nil), ("a@b@c.nl", nil), ("anna@.nl", nil), ("", nil),
    ("anna @shop.nl", nil), ("test@shop.nl", nil), ("Test+7@shop.nl", nil),
    ("tester12@shop.nl", nil), ("noreply@shop.nl", nil), ("no-reply@shop.nl", nil),
    ("anna@example.com", nil), ("anna@mail.example.com", nil), ("anna@shop.test", nil),
    ("testa@shop.nl", "email:testa@shop.nl"), ("undefined@shop.nl", nil),
  ]

  @Test("an address is the same however it is written, and nobody's is none", arguments: emails)
  func email(text: String, key: String?) { #expect(CustomerKey.email(text) == key) }

  static let phones: [(String, String?, String?)] = [
    ("+31 6 1234 5678", nil, "phone:+31612345678"), ("0031-6-12345678", nil, "phone:+31612345678"),
    ("+31 (0)6 12345678", nil, "phone:+31612345678"), ("06-12345678", nil, nil),
    ("06-12345678", "nl", "phone:+31612345678"), ("06-12345678", "US", nil),
    ("+1 (415) 555-2671", nil, "phone:+14155552671"), ("+31", nil, nil), ("abc", nil, nil),
    ("+31 00000000", nil, nil), ("+1234567890123456", nil, nil), ("", nil, nil),
  ]

  @Test("a number is one only where it is the same everywhere", arguments: phones)
  func phone(text: String, country: String?, key: String?) {
    #expect(CustomerKey.phone(text, country: country) == key)
  }

  @Test(
    "a user id that looks like another kind of key is none",
    arguments: ["anonymous:b", "email:a@b.nl", "device:d", "phone:+31", "external:x:1", "user:x"])
  func spoof(id: String) {
    #expect(CustomerKey.user(id) == "user:" + id)
    #expect(CustomerKey.kind(of: CustomerKey.user(id)) == .user)
  }

  @Test("other user ids are keys as they are", arguments: ["4711", "anna", "e", "a:b", "üser", ""])
  func plain(id: String) {
    #expect(CustomerKey.user(id) == id)
    #expect(CustomerKey.kind(of: id) == .user)
  }

  @Test("kinds go from strong to weak")
  func kinds() {
    let keys = [
      "4711", CustomerKey.external("1", system: "crm"), CustomerKey.email("a@b.nl") ?? "",
      CustomerKey.phone("+31612345678") ?? "", CustomerKey.device("d"), CustomerKey.anonymous("b"),
    ]
    #expect(keys.map(CustomerKey.kind) == IdentityKind.allCases)
  }
}
