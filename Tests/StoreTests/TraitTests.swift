import Access
import CustomerJourney
import Foundation
import GRDB
import Testing

@testable import Store

/// A change of what is known, as a client or a file says it.
func change(
  _ customer: String, _ traits: [String: PropertyValue], at second: Int64,
  by claimant: Claimant = .server, source: String = "crm", id: String? = nil
) -> ProfileChange {
  ProfileChange(
    customer: customer, traits: traits, occurred: Timestamp(seconds: second),
    messageID: id ?? "\(customer) \(traits.count) \(second) \(claimant)", source: source,
    claimant: claimant)
}

@Suite("Traits with their source and time")
struct TraitTests {
  let folder = TemporaryFolder()
  let store: Store

  init() throws { store = try Store(folder: folder.url) }

  private func deed(at second: Int64, by actor: String = "Bea") -> Deed {
    Deed(.traitChanged, "1", by: actor, at: Timestamp(seconds: second))
  }

  private func number(_ key: String) throws -> Int64 { try #require(try store.customer(key: key)) }

  @Test("each trait says whose word it is and when, and what was said before")
  func sources() throws {
    try store.append(
      [],
      profiles: [
        change("ann", ["city": .text("Delft")], at: 10),
        change("ann", ["city": .text("Leiden")], at: 20, source: "shop"),
        change("ann", ["city": .text("Leiden"), "age": .number(40)], at: 30),
        change("ann", ["city": .text("Utrecht")], at: 40, source: "shop"),
        change("bob", ["city": .text("Gouda")], at: 50),
      ])
    let traits = try store.profileTraits(of: "ann")
    #expect(traits.map(\.name) == ["age", "city"])
    let city = try #require(traits.last)
    #expect(city.value == .text("Utrecht"))
    #expect(city.said.source == "shop" && city.said.claimant == "server")
    #expect(city.said.at == Timestamp(seconds: 40))
    #expect(city.earlier.map(\.value) == [.text("Leiden"), .text("Delft")])
    #expect(city.earlier.map(\.said.source) == ["crm", "crm"])
    #expect(try store.profileTraits(of: "nobody") == [])
  }

  @Test("a person's word outweighs a later client's, is noted, and is taken back")
  func byHand() throws {
    try store.append([], profiles: [change("ann", ["phone": .text("1")], at: 10)])
    try store.decide(.holds(.text("2")), trait: " phone ", of: "ann", noting: deed(at: 20))
    try store.append([], profiles: [change("ann", ["phone": .text("3")], at: 30)])
    func phone() throws -> PropertyValue? { try store.traits()[number("ann")]?["phone"] }
    #expect(try phone() == .text("2"))
    let trait = try #require(try store.profileTraits(of: "ann").first)
    #expect(trait.value == .text("2") && trait.isByHand && trait.said.source == "Bea")
    #expect(trait.earlier.map(\.value) == [.text("3"), .text("1")])
    try store.decide(.isNotSo, trait: "phone", of: "ann", noting: deed(at: 40))
    #expect(try phone() == nil)
    #expect(try store.traits(of: [number("ann")]).isEmpty)
    #expect(try store.profileTraits(of: "ann").first?.value == nil)
    try store.decide(.takenBack, trait: "phone", of: "ann", noting: deed(at: 50))
    #expect(try phone() == .text("3"), "what clients said meanwhile was kept")
    #expect(throws: TraitProblem.nothingToTakeBack) {
      try store.decide(.takenBack, trait: "phone", of: "ann", noting: deed(at: 60))
    }
    #expect(try store.activities(limit: 10).filter { $0.action == .traitChanged }.count == 3)
  }

  @Test("the view for analysts says the same as the program")
  func view() throws {
    try store.append(
      [],
      profiles: [
        change("ann", ["a": .text("x"), "b": .text("y"), "c": .number(3)], at: 10),
        change("ann", ["a": .text("late")], at: 90, by: .browser),
      ])
    try store.decide(.holds(.text("hand")), trait: "b", of: "ann", noting: deed(at: 5))
    try store.decide(.isNotSo, trait: "c", of: "ann", noting: deed(at: 5))
    let seen = try store.pool.read { db in
      try Row.fetchAll(db, sql: "SELECT trait, value FROM v_trait ORDER BY trait")
        .map { "\($0[0] as String)=\($0[1] as String)" }
    }
    #expect(seen == ["a=x", "b=hand"])
    #expect(
      try store.traits()[number("ann")] == ["a": .text("x"), "b": .text("hand")])
  }

  @Test("a word by hand belongs to the customer, whichever key it was said under")
  func joined() throws {
    try store.append(
      [],
      profiles: [
        change("ann", ["x": .text("1")], at: 10), change("bob", ["y": .text("1")], at: 10),
      ])
    try store.decide(.holds(.text("2")), trait: "y", of: "bob", noting: deed(at: 20))
    try store.join("bob", into: "ann", at: Timestamp(seconds: 30))
    #expect(try store.profileTraits(of: "ann").map(\.value) == [.text("1"), .text("2")])
    try store.decide(.holds(.text("3")), trait: "y", of: "bob", noting: deed(at: 15))
    #expect(
      try store.profileTraits(of: "bob").map(\.value) == [.text("1"), .text("3")],
      "the last decision, not the one with the later clock")
  }

  @Test("a segment that asks for a trait hears of a word by hand")
  func heard() throws {
    try store.append(
      [touchpoint("ann", at: 1, id: "1")], profiles: [change("ann", ["x": .text("1")], at: 10)])
    let before = try store.pool.read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM journey_change")
    }
    try store.decide(.isNotSo, trait: "x", of: "ann", noting: deed(at: 20))
    let after = try store.pool.read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM journey_change")
    }
    #expect(after == (before ?? 0) + 1)
  }

  @Test("traits of one customer end at their limit, and those that are there still change")
  func bomb() throws {
    let most = Limits.traitsPerCustomer
    func many(_ range: Range<Int>, _ value: String) -> [String: PropertyValue] {
      Dictionary(uniqueKeysWithValues: range.map { ("t\($0)", .text(value)) })
    }
    try store.append([], profiles: [change("ann", many(0..<(most - 1), "a"), at: 10)])
    try store.append([], profiles: [change("ann", many((most - 1)..<(most + 50), "b"), at: 20)])
    let traits = try #require(try store.traits()[number("ann")])
    #expect(traits.count == most)
    try store.append([], profiles: [change("ann", ["t0": .text("c"), "new": .text("c")], at: 30)])
    let after = try #require(try store.traits()[number("ann")])
    #expect(after.count == most && after["t0"] == .text("c") && after["new"] == nil)
  }

  @Test(
    "a value by hand of the longest length is kept, a longer one is not, nor a trait without name")
  func limits() throws {
    try store.append([], profiles: [change("ann", ["x": .text("1")], at: 10)])
    let longest = String(repeating: "v", count: Limits.traitBytes)
    try store.decide(.holds(.text(longest)), trait: "x", of: "ann", noting: deed(at: 20))
    for (decision, name, key, problem) in [
      (.holds(.text(longest + "v")), "x", "ann", .longValue),
      (.holds(.text("v")), "  ", "ann", .noName),
      (
        .holds(.text("v")), String(repeating: "n", count: Limits.nameCharacters + 1), "ann",
        .longName
      ),
      (.holds(.text("v")), "x", "nobody", .unknownCustomer),
    ] as [(TraitDecision, String, String, TraitProblem)] {
      #expect(throws: problem) {
        try store.decide(decision, trait: name, of: key, noting: deed(at: 30))
      }
    }
    #expect(try store.profileTraits(of: "ann").first?.value == .text(longest))
  }

  @Test("calculated traits are kept by name, once each, up to their limit")
  func calculated() throws {
    for number in 0..<Limits.calculatedTraits {
      try store.add(CalculatedTrait(name: "t\(number)", definition: "count", created: .epoch))
    }
    #expect(throws: TraitProblem.tooManyCalculated) {
      try store.add(CalculatedTrait(name: "more", definition: "count", created: .epoch))
    }
    try store.removeCalculatedTrait(named: "t0")
    #expect(throws: TraitProblem.unknownCalculated("t0")) {
      try store.removeCalculatedTrait(named: "t0")
    }
    #expect(throws: TraitProblem.nameTaken("t1")) {
      try store.add(CalculatedTrait(name: "t1", definition: "count", created: .epoch))
    }
    #expect(try store.calculatedTraits().count == Limits.calculatedTraits - 1)
  }
}
