import Testing

@testable import Orchestration

@Suite struct MailAddressTests {
  @Test(
    "an address that mail can be sent to is taken as it is",
    arguments: [
      "anna@shop.nl", "a.b+c@x-y.example", "Ünal@straße.de", "x@localhost",
      String(repeating: "a", count: 64) + "@shop.nl",
      "aa@" + String(repeating: "b.", count: 125) + "c",
    ])
  func good(text: String) {
    #expect(MailAddress(text)?.text == text)
  }

  @Test(
    "nothing that could end a header or a command is an address",
    arguments: [
      "", "anna", "@shop.nl", "anna@", "a@b@c", "anna@shop..nl", "anna@-shop.nl", "an na@shop.nl",
      "anna@shop.nl\r\nRCPT TO:<x@y.z>", "<anna@shop.nl>", "anna@shop.nl,", "a\u{0}b@shop.nl",
      "a\u{7F}b@shop.nl", "a\u{9B}b@shop.nl", "a\u{2028}b@shop.nl",
      String(repeating: "a", count: 65) + "@shop.nl",
      "a@" + String(repeating: "b.", count: 126) + "c",
    ])
  func bad(text: String) {
    #expect(MailAddress(text) == nil)
  }

  @Test("the domain is told in lower case")
  func domain() {
    #expect(MailAddress("Anna@Shop.NL")?.domain == "shop.nl")
  }
}
