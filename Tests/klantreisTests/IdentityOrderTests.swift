import CustomerJourney
import Foundation
import GRDB
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

/// What a person decides of two keys.
private struct Decision {
  var verdict: String
  var one: String
  var other: String
  var isUndone: Bool
}

/// What happens: who visits, logs in and out on whose browser, gives which address, and what people
/// make of it.
private struct Story {
  var touchpoints: [Touchpoint] = []
  var decisions: [Decision] = []

  private static let users = (0..<5).map { "u\($0)" }
  private static let browsers = (0..<6).map { "anonymous:b\($0)" }
  private static let addresses = (0..<3).map { "email:e\($0)@x.nl" }
  private static let devices = ["device:d0", "device:d1"]

  init(_ dice: inout Dice) {
    for number in 0..<90 {
      let browser = dice.one(of: Self.browsers)
      let user = dice.one(of: Self.users)
      var (key, others) = (browser, [String]())
      switch dice.below(12) {
      case 0...3: break
      case 4...7: (key, others) = (user, [browser])
      case 8: (key, others) = (dice.below(2) == 0 ? user : browser, [dice.one(of: Self.addresses)])
      case 9: (key, others) = (browser, [dice.one(of: Self.devices)])
      case 10: (key, others) = (browser, dice.below(4) == 0 ? [dice.one(of: Self.browsers)] : [])
      default: (key, others) = (user, dice.below(3) == 0 ? [dice.one(of: Self.users)] : [browser])
      }
      // Few minutes, so that many things happen in the same one.
      let moment = Int64(dice.below(40) * 60_000 + dice.below(60_000))
      var one = Touchpoint(
        customer: key, occurred: Timestamp(milliseconds: 1_700_000_000_000 + moment),
        event: .pageViewed, channel: .website, messageID: "m\(number)", source: "test")
      one.alsoKnownAs = others.filter { $0 != key }
      one.claimant = dice.below(3) == 0 ? .server : .browser
      touchpoints.append(one)
    }
    let everybody = Set(touchpoints.flatMap { [$0.customer] + $0.alsoKnownAs }).sorted()
    var decided: Set<Set<String>> = []
    for _ in 0..<dice.below(5) {
      let pair = [dice.one(of: everybody), dice.one(of: everybody)].sorted {
        CustomerKey.kind(of: $0) > CustomerKey.kind(of: $1)
      }
      guard pair[0] != pair[1], decided.insert(Set(pair)).inserted else { continue }
      decisions.append(
        Decision(
          verdict: dice.one(of: ["join", "apart"]), one: pair[0], other: pair[1],
          isUndone: dice.below(3) == 0))
    }
  }
}

/// Whose a key is, worked out from everything that was said, the plain way.
private struct PlainIdentities {
  private struct Said {
    var weak: String
    var strong: String
    var moments: [Int64]
    var claimant: Claimant
  }

  private var said: [Said] = []
  private var joins: [(loser: String, survivor: String)] = []

  init(_ story: Story) {
    var moments: [[String]: [Int64: Int64]] = [:]
    var claimants: [[String]: Claimant] = [:]
    for one in story.touchpoints where !one.alsoKnownAs.isEmpty {
      let keys = [one.customer] + one.alsoKnownAs
      let strong = keys.min { CustomerKey.kind(of: $0) < CustomerKey.kind(of: $1) } ?? ""
      for weak in keys where weak != strong {
        // Evidence is to the second.
        let moment = one.occurred.milliseconds / 1000 * 1000
        let pair = [weak, strong]
        moments[pair, default: [:]][moment / 60_000] = min(
          moment, moments[pair]?[moment / 60_000] ?? .max)
        claimants[pair] = max(one.claimant, claimants[pair] ?? .browser)
      }
    }
    let standing = story.decisions.filter { !$0.isUndone }
    joins = standing.filter { $0.verdict == "join" }.map { ($0.one, $0.other) }
    let apart = Set(standing.filter { $0.verdict == "apart" }.map { Set([$0.one, $0.other]) })
    for (pair, moments) in moments where !apart.contains(Set(pair)) {
      said.append(
        Said(
          weak: pair[0], strong: pair[1], moments: moments.values.sorted(),
          claimant: claimants[pair] ?? .browser))
    }
  }

  private func areAlike(_ a: String, _ b: String) -> Bool {
    CustomerKey.kind(of: a) == CustomerKey.kind(of: b)
  }

  private func isBelieved(_ one: Said) -> Bool {
    one.claimant > .browser || CustomerKey.kind(of: one.weak).isOfADevice
  }

  private var gaveWay: [(loser: String, survivor: String, isDecision: Bool)] {
    said.filter { areAlike($0.weak, $0.strong) && isBelieved($0) }
      .map { ($0.weak, $0.strong, false) }
      + joins.filter { areAlike($0.loser, $0.survivor) }.map { ($0.loser, $0.survivor, true) }
  }

  private func group(_ key: String) -> Set<String> {
    var group: Set<String> = [key]
    while true {
      let more = gaveWay.filter { group.contains($0.loser) || group.contains($0.survivor) }
        .flatMap { [$0.loser, $0.survivor] }
      if group.isSuperset(of: more) { return group }
      group.formUnion(more)
    }
  }

  private func head(_ key: String) -> String {
    var left = group(key)
    for kind in [true, false] {
      let rest = left.filter { one in !gaveWay.contains { $0.loser == one && $0.isDecision == kind }
      }
      if !rest.isEmpty { left = rest }
    }
    return left.min() ?? key
  }

  func customer(_ key: String, at moment: Int64) -> String {
    let group = group(key)
    if let join = joins.last(where: { group.contains($0.loser) && !areAlike($0.loser, $0.survivor) }
    ) {
      return customer(join.survivor, at: moment)
    }
    var seen: [(moment: Int64, strong: String)] = []
    for member in group {
      let own = said.filter { $0.weak == member && !areAlike($0.weak, $0.strong) }
      var counted = own.filter(isBelieved)
      if counted.isEmpty, Set(own.map { head($0.strong) }).count == 1 { counted = own }
      for one in counted { seen += one.moments.map { ($0, head(one.strong)) } }
    }
    seen.sort { ($0.moment, $0.strong) < ($1.moment, $1.strong) }
    guard let owner = seen.last(where: { $0.moment <= moment }) ?? seen.first else {
      return head(key)
    }
    return customer(owner.strong, at: moment)
  }
}

/// Tells a story to a project in some order.
private final class Telling {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "klantreis-identity-\(UUID().uuidString)")
  private var workspace: Workspace
  private static let policy = JourneyKeeper.Policy(smallestBase: .max, overlay: .max)

  init() throws {
    workspace = try Workspace(folder: folder, policy: Self.policy)
    try workspace.store.set("currency", to: "EUR")
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func tell(_ story: Story, _ dice: inout Dice) throws {
    var waiting = story.touchpoints.shuffled(using: &dice)
    var decisions = story.decisions[...]
    while !waiting.isEmpty || !decisions.isEmpty {
      switch dice.below(8) {
      case 0: _ = try workspace.snapshot()
      case 1: workspace.keeper.writeBase()
      case 2: workspace = try Workspace(folder: folder, policy: Self.policy)
      case 3, 4:
        guard let decision = decisions.first else { continue }
        if try decide(decision) || waiting.isEmpty { decisions.removeFirst() }
      default:
        let batch = waiting.suffix(1 + dice.below(10))
        waiting.removeLast(batch.count)
        try workspace.store.append(Array(batch))
      }
    }
  }

  /// False while nobody has been named by one of the keys.
  private func decide(_ decision: Decision) throws -> Bool {
    try workspace.store.pool.write { db in
      func number(_ key: String) throws -> Int64? {
        try Int64.fetchOne(db, sql: "SELECT id FROM identity WHERE key = ?", arguments: [key])
      }
      guard let one = try number(decision.one), let other = try number(decision.other) else {
        return false
      }
      for undone in decision.isUndone ? [nil, 2] : [nil] as [Int64?] {
        var settling = try Settling(db)
        try db.execute(
          sql: """
            INSERT INTO identity_decision (verdict, one, other, decided) VALUES (?, ?, ?, 1)
            """, arguments: [decision.verdict, one, other])
        if let undone {
          try db.execute(
            sql: """
              UPDATE identity_decision SET undone = ? WHERE one = ? AND other = ? AND verdict = ?
              """, arguments: [undone, one, other, decision.verdict])
        }
        settling.add(one)
        settling.add(other)
        try settling.settle(db)
      }
      return true
    }
  }

  /// The messages of each journey, in order, by the customer's key.
  func journeys() throws -> [String: [String]] {
    let journeys = try workspace.snapshot().journeys
    var told: [String: [String]] = [:]
    let everybody = try workspace.store.pool.read {
      try Row.fetchAll($0, sql: "SELECT id, key FROM identity").map {
        (number: $0[0] as Int64, key: $0[1] as String)
      }
    }
    for one in everybody {
      guard let journey = journeys.journey(ofCustomer: UInt32(one.number)) else { continue }
      let rows = journeys.rows(ofJourney: journey).map { Int64(journeys.rowID(row: $0)) }
      told[one.key] = try workspace.store.touchpoints(rows: rows).map(\.messageID)
    }
    return told
  }

  /// The same as analysts read it.
  func viewed() throws -> [String: Set<String>] {
    try workspace.store.pool.read { db in
      try Row.fetchAll(db, sql: "SELECT customer, message_id FROM v_touchpoint")
        .reduce(into: [:]) { $0[$1[0], default: []].insert($1[1]) }
    }
  }

  func findings() throws -> [String] { try workspace.store.verify().flatMap(\.problems) }
}

@Suite("Who is who, in any order")
struct IdentityOrderTests {
  static let seeds: [UInt64] =
    Array(1...6) + (0..<4).map { _ in .random(in: 1000...999_999_999) }

  @Test(
    "the same events and decisions give the same customers with the same journeys, in any order",
    arguments: seeds)
  func anyOrder(seed: UInt64) throws {
    var dice = Dice(state: seed)
    let story = Story(&dice)
    let plain = PlainIdentities(story)
    var expected: [String: [Touchpoint]] = [:]
    for one in story.touchpoints {
      let customer = plain.customer(one.customer, at: one.occurred.milliseconds)
      expected[customer, default: []].append(one)
    }
    let journeys = expected.mapValues { journey in
      journey.sorted { $0.occurred < $1.occurred }.map(\.messageID)
    }
    #expect(journeys.count > 1, "seed \(seed) tests little")
    for order in 0..<3 {
      let telling = try Telling()
      try telling.tell(story, &dice)
      let note: Comment = "seed \(seed), order \(order)"
      #expect(try telling.journeys() == journeys, note)
      #expect(try telling.viewed() == journeys.mapValues { Set($0) }, note)
      #expect(try telling.findings() == [], note)
    }
  }
}
