import CustomerJourney
import Foundation
import GRDB
import Insights
import JourneyEngine
import Testing

@testable import Store
@testable import klantreis

/// Random numbers that a seed repeats.
private struct Dice: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
  mutating func one<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }
}

@Suite("Journeys that live")
struct LiveJourneyTests {
  static let seeds: [UInt64] = [1, 2] + [.random(in: 1000...999_999_999)]

  /// Appends, late events, corrections, merges, splits, erasures, new bases and restarts, in any
  /// order; after each step all questions are asked.
  @Test("whatever happens, every insight says what a plain reading says", arguments: seeds)
  func random(seed: UInt64) throws {
    var dice = Dice(state: seed)
    let project = try LiveProject(&dice)
    for step in 0..<30 {
      // One base at least: of thirty throws one in fourteen times none is it.
      let done = step == 10 ? project.writeBase() : try project.act(&dice)
      try project.compare("seed \(seed), step \(step): \(done)", &dice)
    }
    #expect(project.bases > 0, "seed \(seed) wrote no base, so it tests little")
  }
}

/// A project that things happen to.
private final class LiveProject {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "klantreis-live-\(UUID().uuidString)")
  private var workspace: Workspace
  private(set) var bases = 0
  private var count = 0
  private static let policy = JourneyKeeper.Policy(smallestBase: .max, overlay: .max)

  init(_ dice: inout Dice) throws {
    workspace = try Workspace(folder: folder, policy: Self.policy)
    try workspace.store.set("currency", to: "EUR")
    try append(300, &dice)
    _ = try workspace.snapshot()
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func act(_ dice: inout Dice) throws -> String {
    switch dice.below(13) {
    case 0...3:
      try append(1 + dice.below(12), &dice)
      return "append"
    case 4:
      try workspace.store.append(
        [],
        profiles: [
          ProfileChange(
            customer: "c\(dice.below(50))", traits: ["tier": .text(dice.one(of: ["gold", "tin"]))],
            occurred: Timestamp(milliseconds: Int64(count) * 1000), source: "test")
        ])
      return "trait"
    case 5: return try change("DELETE FROM touchpoint WHERE customer = ?", [try customer(&dice)])
    case 6:
      return try change(
        "UPDATE touchpoint SET customer = ? WHERE customer = ?",
        [try customer(&dice), try customer(&dice)])
    case 7:
      return try change(
        "UPDATE touchpoint SET customer = ? WHERE customer = ? AND id % 2 = 0",
        [try customer(&dice), try customer(&dice)])
    case 8:
      // The numbers of the last rows are used again by the next ones.
      return try change(
        "DELETE FROM touchpoint WHERE id > (SELECT max(id) FROM touchpoint) - ?",
        [Int64(dice.below(5))])
    case 9:
      return try change(
        "UPDATE touchpoint SET value = 777, currency = 'EUR' WHERE id % 37 = ?",
        [Int64(dice.below(37))])
    case 10: return writeBase()
    case 11:
      // What nobody says any more goes, and its numbers are given again.
      _ = try change(
        """
        DELETE FROM name WHERE kind = 'content' AND id NOT IN
          (SELECT content FROM touchpoint WHERE content IS NOT NULL)
        """, [])
      try workspace.renewBase()
      workspace = try Workspace(folder: folder, policy: Self.policy)
      try append(3, &dice)
      return "renewal"
    default:
      workspace = try Workspace(folder: folder, policy: Self.policy)
      return "restart"
    }
  }

  func writeBase() -> String {
    workspace.keeper.writeBase()
    bases += 1
    return "base"
  }

  private func change(_ sql: String, _ arguments: [Int64]) throws -> String {
    try workspace.store.pool.write { db in
      try db.execute(sql: sql, arguments: StatementArguments(arguments))
    }
    return "\(sql) \(arguments)"
  }

  /// One of those that are known; to move touchpoints to nobody would break the links of tables.
  private func customer(_ dice: inout Dice) throws -> Int64 {
    let last = try workspace.store.pool.read { db in
      try Int.fetchOne(db, sql: "SELECT max(id) FROM identity")
    }
    return Int64(1 + dice.below(try #require(last)))
  }

  private func append(_ number: Int, _ dice: inout Dice) throws {
    try workspace.store.append(
      (0..<number).map { _ in
        count += 1
        let name = dice.below(20) == 0 ? "New Thing \(count)" : nil
        var touchpoint = Touchpoint(
          customer: "c\(dice.below(50))",
          occurred: Timestamp(milliseconds: 1_700_000_000_000 + Int64(dice.below(300)) * 3_600_000),
          event: EventName(
            name ?? dice.one(of: ["Product Viewed", "Product Added", "Order Completed"])),
          channel: dice.one(of: [.website, .email, .shop]), messageID: "m\(count)", source: "test",
          content: dice.one(of: [nil, "shoe", "sock", name]))
        if dice.below(3) == 0 {
          touchpoint.value = Money(
            minorUnits: Int64(dice.below(9000)),
            currency: dice.below(4) == 0 ? Currency("USD") ?? .eur : .eur)
        }
        if dice.below(3) == 0 { touchpoint.properties["size"] = .text(dice.one(of: ["L", "M"])) }
        return touchpoint
      })
  }

  /// Filters of all kinds, since each reads base and overlay in its own way.
  private static let filters: [[String: [String]]] = [
    [:], ["where": ["channel is email"]], ["who": [#"count(event is "Order Completed") >= 2"#]],
    ["who": ["phase(stdc) is do"]], ["where": [#"property(size) is "L""#]],
    ["who": [#"trait(tier) is "gold""#]], ["from": ["2023-11-16"], "to": ["2023-11-22"]],
    ["who": [#"since(last event is "Order Completed") > 2d"#], "model": ["five-a"]],
  ]

  func compare(_ note: Comment, _ dice: inout Dice) throws {
    let snapshot = try workspace.snapshot()
    let plain = try PlainJourneys(
      workspace.store, placedIn: try snapshot.models.named("stdc"))
    let reference = Snapshot(
      journeys: Journeys(plain.table), mark: snapshot.mark, zone: snapshot.zone,
      models: snapshot.models, segments: snapshot.segments, plays: snapshot.plays, title: nil,
      isSimulated: false, facts: StoredFacts(store: workspace.store), factsVersion: 0)
    #expect(snapshot.journeys.count == plain.table.count, note)
    #expect(snapshot.journeys.journeyCount == plain.table.journeyCount, note)
    let someone = dice.one(of: Array(plain.journeys.keys).sorted())
    let key = try #require(try workspace.store.customerKeys([someone])[someone])
    let within = ["within": ["2d"]]
    let asked: [(QuestionKind, [String: [String]])] = [
      (.map, [:]), (.phase, ["phase": ["care"], "model": ["stdc"]]),
      (.transitions, ["by": ["channel"]]), (.transitions, ["by": ["phase"]]),
      (.paths, ["by": ["channel"], "top": ["1000"]]),
      (.paths, ["by": ["content"], "until": ["Order Completed"]]),
      (.funnel, ["step": ["Product Viewed", "Order Completed"]].merging(within) { $1 }),
      (.journey, ["customer": [key]]),
    ]
    for (kind, own) in asked {
      let question = try Question(kind, own)
      let answer = try question.answer(from: snapshot)
      switch answer.report {
      case let map as JourneyMap: plain.expectMap(map, note)
      case let portrait as PhasePortrait: plain.expectPortrait(portrait, note)
      case let paths as Paths where own["until"] == nil: plain.expectPaths(paths, note)
      case let funnel as Funnel:
        plain.expectFunnel(funnel, within: 2 * 86_400_000, note)
      case let timeline as CustomerTimeline:
        plain.expectTimeline(timeline, someone, note)
      case let transitions as Transitions where transitions.by == .channel:
        plain.expectTransitions(transitions, note)
      default: break
      }
      // With a filter or none, all of the answer against the same fold over one plain table.
      for filter in [[:], dice.one(of: Self.filters)] {
        let filtered = try Question(kind, own.merging(filter) { mine, _ in mine })
        #expect(
          try filtered.answer(from: snapshot).data(as: .json)
            == filtered.answer(from: reference).data(as: .json), "\(note), \(kind.name) \(filter)")
      }
    }
  }
}
