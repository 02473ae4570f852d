import CustomerJourney
import Foundation
import Insights
import JourneyEngine
import Testing

/// Each fold against the plainest program that follows its definition word by word.
@Suite struct DefinitionTests {
  static let seeds: [UInt64] = [11, 12, 13, 14]

  @Test("Transitions count what directly follows what", arguments: By.allCases, seeds)
  func transitions(by: By, seed: UInt64) {
    let source = PlacedTable(Plain.randomLog(seed: seed))
    var counts: [[String]: Int] = [:]
    for journey in source.journeys {
      let names = ["(start)"] + journey.map { $0.name(by) } + ["(end)"]
      for (from, to) in zip(names, names.dropFirst()) { counts[[from, to], default: 0] += 1 }
    }
    let answer = source.answer(TransitionsFold(by: source.axis(by)))
    let found = Dictionary(uniqueKeysWithValues: answer.rows.map { ([$0.from, $0.to], $0.count) })
    #expect(found == counts, "seed \(seed)")
    #expect(answer.rows.map(\.count) == answer.rows.map(\.count).sorted(by: >))
    #expect(answer.customers == source.journeys.count)
  }

  @Test("Paths are cut at each conversion", arguments: By.allCases, [nil, "Order Completed"])
  func paths(by: By, until: String?) throws {
    for seed in Self.seeds.prefix(2) {
      let source = PlacedTable(Plain.randomLog(seed: seed))
      var customers: [[String]: Set<UInt32>] = [:]
      var conversions: [[String]: Int] = [:]
      var cents: [[String]: Int64] = [:]
      for journey in source.journeys {
        var rest = journey[...]
        while !rest.isEmpty {
          let goal = rest.firstIndex { $0.event == until }
          let piece = goal.map { rest[...$0] } ?? rest
          let path = piece.map { $0.name(by) }
          customers[path, default: []].insert(journey[0].customer)
          conversions[path, default: 0] += goal == nil ? 0 : 1
          cents[path, default: 0] +=
            until == nil
            ? piece.reduce(0) { $0 + $1.cents } : goal.map { journey[$0].cents } ?? 0
          rest = rest[piece.endIndex...]
        }
      }
      let expected = customers.keys.sorted {
        let a = customers[$0]?.count ?? 0
        let b = customers[$1]?.count ?? 0
        return a != b ? a > b : $0.lexicographicallyPrecedes($1)
      }
      for top in [3, 10_000] {
        let answer = source.answer(
          try PathsFold(
            by: source.axis(by), until: until.map { EventStep($0, in: source.table) }, top: top))
        #expect(answer.rows.map(\.path) == Array(expected.prefix(top)), "seed \(seed)")
        #expect(answer.distinctPaths == expected.count)
        for row in answer.rows {
          #expect(row.customers == customers[row.path]?.count)
          #expect(row.conversions == conversions[row.path])
          #expect(row.value == Double(cents[row.path] ?? 0) / 100)
        }
      }
    }
  }

  /// The deepest chain by trying all of them: from each first step, in each order of the moment.
  private func depth(_ journey: [Plain], _ steps: [String], within milliseconds: Int64) -> Int {
    func follow(_ step: Int, from time: Int64, until last: Int64) -> Int {
      guard step < steps.count else { return step }
      return journey.filter { $0.event == steps[step] && $0.time >= time && $0.time <= last }
        .map { follow(step + 1, from: $0.time, until: last) }.max() ?? step
    }
    return journey.filter { $0.event == steps[0] }
      .map { follow(1, from: $0.time, until: $0.time + milliseconds) }.max() ?? 0
  }

  @Test("A funnel counts the deepest chain of any first step", arguments: seeds)
  func funnel(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for _ in 0..<60 {
      let source = PlacedTable(Plain.randomLog(seed: random.next(), customers: 25))
      let steps = (0...random.below(4)).map { _ in Plain.eventNames[random.below(3)] }
      let seconds: Int64 = [0, 1, 5, 600, 86_400][random.below(5)]
      let depths = source.journeys.map { depth($0, steps, within: seconds * 1000) }
      let answer = source.answer(
        try FunnelFold(
          steps: steps.map { EventStep($0, in: source.table) }, withinSeconds: seconds))
      #expect(
        answer.steps.map(\.customers) == steps.indices.map { k in depths.count { $0 > k } },
        "seed \(seed), steps \(steps), \(seconds) s")
      #expect(answer.steps.map(\.name) == steps)
      #expect(answer.customers == source.journeys.count)
    }
  }

  @Test(
    "A funnel's edges",
    arguments: [
      ("in any order within a moment", [(0, "B"), (0, "A")], ["A", "B"], 0, 2),
      ("at the window's last millisecond", [(0, "A"), (10_000, "B")], ["A", "B"], 10, 2),
      ("a millisecond past it", [(0, "A"), (10_001, "B")], ["A", "B"], 10, 1),
      (
        "the second A begins a chain in time", [(0, "A"), (9000, "A"), (15_000, "B")], ["A", "B"],
        10, 2
      ),
      (
        "the window counts from the first step", [(0, "A"), (6000, "B"), (12_000, "C")],
        ["A", "B", "C"], 10, 2
      ),
      ("one touchpoint is both of two same steps", [(0, "A")], ["A", "A"], 10, 2),
      ("no first step, no chain", [(0, "B"), (1, "C")], ["A", "B", "C"], 10, 0),
      ("an event that never happened", [(0, "A")], ["A", "Z"], 10, 1),
      ("other touchpoints between", [(0, "A"), (1, "X"), (2, "B")], ["A", "B"], 10, 2),
    ] as [(String, [(Int64, String)], [String], Int64, Int)])
  func funnelEdge(
    reason: String, touchpoints: [(Int64, String)], steps: [String], window: Int64, depth: Int
  ) throws {
    let source = PlacedTable(
      touchpoints.map { Plain(customer: 1, time: $0.0, event: $0.1, channel: "Website") })
    let fold = try FunnelFold(
      steps: steps.map { EventStep($0, in: source.table) }, withinSeconds: window)
    #expect(source.answer(fold).steps.count { $0.customers == 1 } == depth, "\(reason)")
  }

  @Test("Questions that cannot be asked say why")
  func refused() {
    let source = PlacedTable([])
    let step = EventStep("A", in: source.table)
    #expect(throws: InsightError.funnelSteps(0)) { try FunnelFold(steps: [], withinSeconds: 1) }
    #expect(throws: InsightError.funnelSteps(33)) {
      try FunnelFold(steps: Array(repeating: step, count: 33), withinSeconds: 1)
    }
    #expect(throws: Never.self) {
      try FunnelFold(steps: Array(repeating: step, count: Limits.funnelSteps), withinSeconds: .max)
    }
    #expect(throws: InsightError.negativeWindow(seconds: -1)) {
      try FunnelFold(steps: [step], withinSeconds: -1)
    }
    #expect(throws: InsightError.rows(0)) { try PathsFold(by: source.axis(.event), top: 0) }
    #expect(throws: InsightError.rows(10_001)) {
      try PathsFold(by: source.axis(.event), top: Limits.rowsPerAnswer + 1)
    }
    #expect(throws: InsightError.unknownPhase("buy", known: ["see"])) {
      try PhasePortraitFold(model: "m", phaseIDs: ["see"], phase: "buy", table: source.table)
    }
  }

  @Test("A window of any length holds a funnel of 32 steps")
  func widestFunnel() throws {
    let names = (0..<32).map { "step \($0)" }
    let source = PlacedTable(
      names.enumerated().map {
        Plain(
          customer: 1, time: Int64($0.offset) * 1_000_000_000, event: $0.element, channel: "App")
      })
    let fold = try FunnelFold(
      steps: names.map { EventStep($0, in: source.table) }, withinSeconds: .max)
    #expect(source.answer(fold).steps.allSatisfy { $0.customers == 1 })
  }

  @Test("Amounts at the edge of what is allowed stay at the end of the range")
  func amounts() throws {
    let log = (0..<100_000).map {
      Plain(
        customer: 1, time: Int64($0), event: "Order Completed", channel: "Shop",
        cents: Limits.amount * 100)
    }
    let paths = PlacedTable(log).answer(try PathsFold(by: PlacedTable(log).axis(.event)))
    #expect(paths.rows.first?.value == Double(Int64.max) / 100)
  }
}
