import CustomerJourney
import Foundation
import Testing

@Suite("Accounts")
struct AccountTests {
  @Test(
    "companies are called the same whatever their form and punctuation",
    arguments: [
      ("Jansen & Zonen B.V.", "jansen en zonen"), ("jansen en zonen", "jansen en zonen"),
      ("Jansen and Zonen, N.V.", "jansen en zonen"), ("ACME Ltd.", "acme"),
      ("The Acme Corporation", "acme"), ("Acme GmbH & Co. KG", "acme"), ("Acmé S.A.", "acme"),
      ("Acme Sp. z o.o.", "acme"), ("Acme B V", "acme"), ("Holding B.V.", "holding"),
      ("B.V.", "bv"), ("Kan-code", "kan code"),
    ])
  func names(_ text: String, _ name: String) {
    #expect(CompanyName.normalised(text) == name)
  }

  @Test("what is left of a name must tell companies apart", arguments: ["", " . ", "&", "x"])
  func noName(_ text: String) { #expect((CompanyName.normalised(text) ?? "en") == "en") }

  @Test(
    "a domain is found in addresses and in pages",
    arguments: [
      ("Anna@ACME.example", "acme.example"), ("https://www.acme.example/about?x=1", "acme.example"),
      ("@acme.example", "acme.example"), ("acme.example.", "acme.example"),
      ("http://shop.acme.example:8080", "shop.acme.example"),
    ])
  func domains(_ text: String, _ domain: String) {
    #expect(MailDomain.normalised(text) == domain)
  }

  @Test(
    "what is no domain is none",
    arguments: ["", "acme", "acme..nl", "127.0.0.1", "a b.nl", "acme.nl' OR 1=1", ".nl", "<b>.nl"])
  func noDomain(_ text: String) { #expect(MailDomain.normalised(text) == nil) }

  @Test(
    "addresses of free mail say nothing of a company",
    arguments: ["gmail.com", "hotmail.nl", "yahoo.co.uk", "ziggo.nl", "outlook.de", "own-free.nl"])
  func freeMail(_ domain: String) { #expect(FreeMail(own: ["Own-Free.nl"]).contains(domain)) }

  @Test(
    "a company may have a name like free mail's",
    arguments: ["gmail.acme.example", "outlook-partners.nl", "live-events.example.nl", "acme.nl"])
  func ownDomain(_ domain: String) { #expect(!FreeMail().contains(domain)) }

  @Test("a role has one name however it is spelt, and an own role keeps its own")
  func roles() {
    let settings = AccountSettings.builtIn
    #expect(
      settings.roles(in: "Decision-Maker, beslisser; CHAMPION, Friend of the house") == [
        "Friend of the house", "decision maker", "sponsor",
      ])
    #expect(settings.weight(ofRoles: ["user", "decision maker"]) == 2)
    #expect(settings.weight(ofRoles: []) == 0.5)
    #expect(settings.weight(ofRoles: ["Friend of the house"]) == 1)
    let many = (1...20).map { "role \($0)" }.joined(separator: ",")
    #expect(settings.roles(in: many).count == Limits.rolesPerMember)
  }

  @Test("completeness is the share of required roles that are known")
  func completeness() {
    let settings = AccountSettings.builtIn
    #expect(settings.completeness(["decision maker", "user", "sponsor"]) == 0.5)
    var none = settings
    for place in none.roles.indices { none.roles[place].isRequired = false }
    #expect(none.completeness(["user"]) == nil)
  }

  @Test(
    "points are left by age, in windows",
    arguments: [(0, 1), (30, 1), (30.01, 0.5), (90, 0.5), (180, 0.25), (180.01, 0)])
  func windows(_ days: Double, _ share: Double) {
    #expect(AccountSettings.builtIn.share(ofAgeDays: days) == share)
  }

  @Test("settings that leave something out have the built-in one there")
  func partial() throws {
    let json = #"{"dailyCap": 5, "roles": [{"name": "boss", "required": true}]}"#
    let settings = try JSONDecoder().decode(AccountSettings.self, from: Data(json.utf8))
    #expect(settings.dailyCap == 5)
    #expect(settings.requiredRoles == ["boss"])
    #expect(settings.actions == AccountSettings.builtIn.actions)
    #expect(settings.problem == nil)
    let again = try JSONDecoder().decode(
      AccountSettings.self, from: try JSONEncoder().encode(settings))
    #expect(again == settings)
  }

  @Test("settings that cannot be used say why")
  func badSettings() {
    func problem(_ change: (inout AccountSettings) -> Void) -> String? {
      var settings = AccountSettings.builtIn
      change(&settings)
      return settings.problem
    }
    #expect(AccountSettings.builtIn.problem == nil)
    #expect(problem { $0.roles = [] } != nil)
    #expect(problem { $0.roles.append($0.roles[0]) } != nil)
    #expect(problem { $0.actions["Page Viewed"] = .nan } != nil)
    #expect(problem { $0.dailyCap = 0 } != nil)
    #expect(problem { $0.windows.reverse() } != nil)
    #expect(problem { $0.windows = [] } != nil)
    #expect(problem { $0.roles = Array(repeating: $0.roles[0], count: 31) } != nil)
  }
}
