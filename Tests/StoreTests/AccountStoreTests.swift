import CustomerJourney
import Foundation
import GRDB
import Testing

@testable import Store

/// What a client or a file says of somebody and a company.
private func said(
  _ customer: String, of account: String?, at second: Int64, by claimant: Claimant = .server,
  also: [String] = [], traits: [String: PropertyValue] = [:],
  of company: [String: PropertyValue] = [:]
) -> ProfileChange {
  ProfileChange(
    customer: customer, alsoKnownAs: also, traits: traits, account: account, accountTraits: company,
    occurred: Timestamp(seconds: second), messageID: "\(customer) \(account ?? "") \(second)",
    source: "crm", claimant: claimant)
}

@Suite("Accounts in the store")
struct AccountStoreTests {
  let folder = TemporaryFolder()
  let store: Store
  let now = Timestamp(seconds: 1_000_000)

  init() throws { store = try Store(folder: folder.url) }

  private func keys(_ account: String) throws -> [String] {
    let members = try store.account(key: account)?.members.map(\.customer) ?? []
    return try store.customerKeys(members).values.sorted()
  }

  private func evidence(_ account: String, _ customer: String) throws -> [AccountEvidence] {
    let number = try #require(try store.account(key: account)).id
    return try store.accountEvidence(of: number)[try #require(try store.customer(key: customer))]
      ?? []
  }

  @Test("a group call makes a company and a member, with the message that said so")
  func group() throws {
    try store.append(
      [touchpoint("ann", at: 5, id: "t")],
      profiles: [
        said(
          "ann", of: "acme", at: 10, traits: ["accountRole": .text("Beslisser")],
          of: ["name": .text("Acme B.V."), "employees": .number(40)])
      ])
    let account = try #require(try store.account(key: "acme"))
    #expect(account.name == "Acme B.V.")
    #expect(account.traits["employees"] == .number(40))
    #expect(account.members.map(\.roles) == [["decision maker"]])
    // It is the first company of which Ann is; so what came before was its, too.
    #expect(account.members[0].from == nil)
    let why = try evidence("acme", "ann")
    #expect(why.map(\.messageID) == ["ann acme 10"])
    #expect(why.map(\.source) == ["crm"])
    #expect(why.map(\.way) == [.said])
    #expect(why.first?.happened == Timestamp(seconds: 10))
    let ann = try #require(try store.customer(key: "ann"))
    #expect(try store.accountRoles(at: now) == [ann: ["decision maker"]])
    #expect(try store.accountRoles(of: [ann], at: now) == [ann: ["decision maker"]])
  }

  @Test("a second company begins when it is said, and both have their people")
  func second() throws {
    try store.append(
      [], profiles: [said("ann", of: "acme", at: 10), said("ann", of: "bolt", at: 90)])
    #expect(try store.account(key: "acme")?.members.first?.from == nil)
    #expect(try store.account(key: "bolt")?.members.first?.from == Timestamp(seconds: 90))
    try store.endMembership(of: "ann", in: "acme", at: Timestamp(seconds: 80), now: now)
    let member = try #require(try store.account(key: "acme")?.members.first)
    #expect(member.until == Timestamp(seconds: 80))
    #expect(!member.isMember(at: now) && member.isMember(at: Timestamp(seconds: 79)))
    try store.endMembership(of: "ann", in: "acme", at: nil, now: now)
    #expect(try store.account(key: "acme")?.members.first?.until == nil)
  }

  @Test("members follow when customers are joined, and when they are parted again")
  func merge() throws {
    try store.append(
      [touchpoint("ann", at: 1, id: "1"), touchpoint("ann2", at: 2, id: "2")],
      profiles: [
        said("ann2", of: "acme", at: 10), said("bob", of: "acme", at: 10),
      ])
    #expect(try keys("acme") == ["ann2", "bob"])
    try store.join("ann2", into: "ann", at: now)
    #expect(try keys("acme") == ["ann", "bob"])
    #expect(try evidence("acme", "ann").map(\.key) == ["ann2"])
    try store.part("ann2", from: "ann", at: now)
    #expect(try keys("acme") == ["ann2", "bob"])
  }

  @Test("a mail address joins by the domain of one company only, and says so")
  func domain() throws {
    try store.append(
      [],
      profiles: [
        said("eve", of: nil, at: 1, also: ["email:eve@acme.bedrijf"]),
        said("kim", of: nil, at: 1, also: ["email:kim@gmail.com"]),
      ])
    try store.setAccount(key: "acme", traits: ["domain": .text("www.acme.bedrijf")], at: now)
    #expect(try keys("acme") == ["eve"])
    #expect(try evidence("acme", "eve").map(\.way) == [.domain])
    // Somebody who comes later joins as well.
    try store.append([], profiles: [said("joe", of: nil, at: 2, also: ["email:joe@acme.bedrijf"])])
    #expect(try keys("acme") == ["eve", "joe"])
    // With a second company of that domain nobody is of either by it, and all wait for a decision.
    try store.setAccount(key: "acme-de", traits: ["domain": .text("acme.bedrijf")], at: now)
    #expect(try keys("acme") == [] && keys("acme-de") == [])
    let leads = try store.accountLeads(limit: 50)
    #expect(Set(leads.map(\.customerKey)) == ["eve", "joe"])
    #expect(leads.count == 4 && leads.allSatisfy { $0.reason == .sharedDomain })
    try store.setDomain("acme.bedrijf", of: "acme-de", to: false)
    #expect(try keys("acme") == ["eve", "joe"])
  }

  @Test("free mail is never a company's domain, and a subdomain is only suggested")
  func freeMail() throws {
    try store.append(
      [],
      profiles: [
        said("kim", of: nil, at: 1, also: ["email:kim@gmail.com"]),
        said("sub", of: nil, at: 1, also: ["email:sub@nl.acme.bedrijf"]),
      ])
    try store.setAccount(
      key: "acme", traits: ["domains": .text("gmail.com, acme.bedrijf")], at: now)
    #expect(try store.account(key: "acme")?.domains == ["acme.bedrijf"])
    #expect(try keys("acme") == [])
    #expect(try store.accountLeads(limit: 9).map(\.reason) == [.subdomain])
    #expect(throws: AccountProblem.freeMail) {
      try store.setDomain("hotmail.com", of: "acme", to: true)
    }
  }

  @Test("a browser's word on a domain joins nobody and takes nobody away")
  func browser() throws {
    try store.append([], profiles: [said("eve", of: nil, at: 1, also: ["email:eve@acme.bedrijf"])])
    let domain: [String: PropertyValue] = ["domain": .text("acme.bedrijf")]
    try store.append([], profiles: [said("x", of: "evil", at: 2, by: .browser, of: domain)])
    #expect(try keys("evil") == ["x"])
    try store.append([], profiles: [said("y", of: "acme", at: 3, by: .server, of: domain)])
    #expect(try keys("acme") == ["eve", "y"])
    // Nor does it replace what a server said of a company.
    try store.append(
      [], profiles: [said("x", of: "acme", at: 9, by: .browser, of: ["domain": .text("e.bedrijf")])]
    )
    #expect(try store.account(key: "acme")?.domains == ["acme.bedrijf"])
  }

  @Test("a company's name that somebody gave is suggested, and a no is not asked again")
  func names() throws {
    try store.setAccount(key: "1", traits: ["name": .text("Jansen & Zn B.V.")], at: now)
    try store.append(
      [], profiles: [said("eve", of: nil, at: 1, traits: ["company": .text("JANSEN en zn")])])
    #expect(try keys("1") == [])
    let leads = try store.accountLeads(limit: 9)
    #expect(leads.map(\.reason) == [.name] && leads.map(\.compared) == ["JANSEN en zn"])
    try store.removeMember("eve", from: "1", at: now)
    #expect(try store.accountLeads(limit: 9) == [])
    try store.undoMembership(of: "eve", in: "1", at: now)
    #expect(try store.accountLeads(limit: 9).count == 1)
    try store.addMember("eve", to: "1", at: now)
    #expect(try store.accountLeads(limit: 9) == [])
    #expect(try keys("1") == ["eve"])
  }

  @Test("what people decide weighs more than what was said, and can be taken back")
  func hand() throws {
    try store.append([], profiles: [said("ann", of: "acme", at: 10)])
    try store.removeMember("ann", from: "acme", at: now)
    #expect(try keys("acme") == [])
    #expect(try evidence("acme", "ann").map(\.counts) == [true, false])
    // Said once more, it still does not count.
    try store.append([], profiles: [said("ann", of: "acme", at: 20)])
    #expect(try keys("acme") == [])
    try store.undoMembership(of: "ann", in: "acme", at: now)
    #expect(try keys("acme") == ["ann"])
    try store.setRoles(["sponsor"], of: "ann", in: "acme", at: now)
    #expect(try store.account(key: "acme")?.members.first?.roles == ["sponsor"])
    try store.setRoles(nil, of: "ann", in: "acme", at: now)
    #expect(try store.account(key: "acme")?.members.first?.roles == [])
  }

  @Test("what cannot be done says why, and nothing is changed")
  func problems() throws {
    try store.append([], profiles: [said("ann", of: "acme", at: 10)])
    #expect(throws: AccountProblem.unknownAccount) {
      try store.addMember("ann", to: "bolt", at: now)
    }
    #expect(throws: AccountProblem.unknownCustomer) {
      try store.addMember("zed", to: "acme", at: now)
    }
    #expect(throws: AccountProblem.notOut) {
      try store.undoMembership(of: "ann", in: "acme", at: now)
    }
    #expect(throws: AccountProblem.badKey) { try store.setAccount(key: " ", traits: [:], at: now) }
    #expect(throws: AccountProblem.badDomain) {
      try store.setDomain("no domain", of: "acme", to: true)
    }
    let many = Array(repeating: "x", count: Limits.rolesPerMember + 1)
    #expect(throws: AccountProblem.badRole) {
      try store.setRoles(many, of: "ann", in: "acme", at: now)
    }
    #expect(try keys("acme") == ["ann"])
  }

  @Test("where nobody may join by a domain, those of one wait for a decision")
  func byHandOnly() throws {
    try store.setAccount(key: "acme", traits: ["domain": .text("acme.bedrijf")], at: now)
    try store.append([], profiles: [said("eve", of: nil, at: 1, also: ["email:eve@acme.bedrijf"])])
    #expect(try keys("acme") == ["eve"])
    var settings = AccountSettings.builtIn
    settings.joinsByDomain = false
    try store.set(settings)
    #expect(try keys("acme") == [])
    #expect(try store.accountLeads(limit: 9).map(\.reason) == [.domain])
    try store.set(nil as AccountSettings?)
    #expect(try keys("acme") == ["eve"])
  }

  @Test("the order in which messages arrive makes no difference", arguments: 1...6)
  func order(_ seed: UInt64) throws {
    var changes: [ProfileChange] = []
    for number in 0..<30 {
      let account = "a\(number % 4)"
      changes.append(
        said(
          "p\(number % 9)", of: number % 3 == 0 ? nil : account, at: Int64(100 - number),
          by: Claimant.allCases[number % 3], also: ["email:p\(number % 9)@d\(number % 5).bedrijf"],
          of: number % 2 == 0 ? ["domain": .text("d\(number % 3).bedrijf")] : [:]))
    }
    func picture(_ store: Store) throws -> [String] {
      try store.accounts().map { account in
        let keys = try store.customerKeys(account.members.map(\.customer))
        let members = account.members.map {
          "\(keys[$0.customer] ?? "") \($0.from?.milliseconds ?? 0)"
        }
        let why = try store.accountEvidence(of: account.id).values.flatMap { $0 }.map {
          "\($0.key) \($0.way) \($0.messageID ?? "") \($0.claimant)"
        }
        return "\(account.key) \(account.domains) \(members.sorted()) \(why.sorted())"
      }
    }
    for change in changes { try store.append([], profiles: [change]) }
    let expected = try picture(store)
    #expect(expected.count == 4)
    var generator = SeededGenerator(state: seed)
    let other = TemporaryFolder()
    let shuffled = try Store(folder: other.url)
    for change in changes.shuffled(using: &generator) {
      try shuffled.append([], profiles: [change])
    }
    #expect(try picture(shuffled) == expected, "seed \(seed)")
  }
}

struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 31)
  }
}
