import CustomerJourney
import Foundation
import Insights
import JourneyEngine
import Testing

/// What every fold owes: see ``Fold``.
@Suite struct FoldContractTests {
  /// Each fold of the house behind one door; a new one is added here and is held to all of this.
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    /// The answer as JSON, by so many parts, with partial results sent as JSON when asked.
    let answer: @Sendable (PlacedTable, _ parts: Int, _ coded: Bool) throws -> Data
    /// The answer where columns that it does not say it reads hold nonsense.
    let answerOfRead: @Sendable (PlacedTable) throws -> Data
    var testDescription: String { name }

    init<F: Fold>(_ name: String, _ make: @escaping @Sendable (PlacedTable) throws -> F)
    where F.Answer: Report {
      self.name = name
      answerOfRead = { try HidingTable(table: $0).answer(make($0), parts: 2).json() }
      answer = { source, parts, coded in
        let fold = try make(source)
        if !coded { return try source.answer(fold, parts: parts).json() }
        var merged = fold.start()
        for range in source.ranges(parts: parts) {
          var partial = fold.start()
          source.forEachBlock(range, reading: fold.columns) { fold.update(&partial, with: $0) }
          let sent = try JSONEncoder().encode(partial)
          fold.merge(&merged, with: try JSONDecoder().decode(F.Partial.self, from: sent))
        }
        return try fold.finish(merged).json()
      }
    }
  }

  static let cases: [Case] =
    By.allCases.map { by in
      Case("transitions by \(by)") { TransitionsFold(by: $0.axis(by)) }
    }
    + By.allCases.map { by in Case("paths by \(by)") { try PathsFold(by: $0.axis(by), top: 50) } }
    + [
      Case("paths until a purchase") {
        try PathsFold(
          by: $0.axis(.channel), until: EventStep("purchase", in: $0.table), top: 10_000)
      },
      Case("funnel") {
        try FunnelFold(
          steps: ["view_item", "搜索", "Order Completed"].map { [table = $0.table] name in
            EventStep(name, in: table)
          }, withinSeconds: 3600)
      },
      Case("related") {
        RelatedFold(event: EventStep("Order Completed", in: $0.table), least: 1, table: $0.table)
      },
      Case("map") {
        JourneyMapFold(model: "stdc", phaseIDs: PlacedTable.phaseIDs, table: $0.table)
      },
      Case("accounts") {
        AccountActivityFold(
          AccountActivityTests.accounts, settings: .builtIn, table: $0.table, zone: .amsterdam,
          at: AccountActivityTests.moment)
      },
      Case("portrait") {
        try PhasePortraitFold(
          model: "stdc", phaseIDs: PlacedTable.phaseIDs, phase: "think", table: $0.table)
      },
    ]

  @Test(
    "The number of parts makes no difference, nor does sending partial results as JSON",
    arguments: cases)
  func parts(_ fold: Case) throws {
    // 20,000 kinds of content are more than a table without hashing holds.
    let sources = [
      (PlacedTable(Plain.randomLog(seed: 1, customers: 80)), [1, 2, 3, 7, 64], "seed 1"),
      (PlacedTable(Plain.randomLog(seed: 2, customers: 80)), [1, 2, 3, 7, 64], "seed 2"),
      (
        PlacedTable(Plain.randomLog(seed: 3, customers: 300, contents: 20_000)), [2, 64],
        "seed 3, much content"
      ),
    ]
    for (source, partsToTry, name) in sources {
      let expected = try fold.answer(source, 1, false)
      for parts in partsToTry {
        #expect(try fold.answer(source, parts, false) == expected, "\(name), \(parts) parts")
        #expect(try fold.answer(source, parts, true) == expected, "\(name), \(parts) coded")
      }
    }
  }

  @Test("A fold reads only the columns that it says", arguments: cases)
  func columns(_ fold: Case) throws {
    let source = PlacedTable(Plain.randomLog(seed: 4, customers: 80))
    #expect(try fold.answerOfRead(source) == fold.answer(source, 1, false))
  }

  @Test("A table without touchpoints has an answer", arguments: cases)
  func empty(_ fold: Case) throws {
    let source = PlacedTable([])
    let answer = try fold.answer(source, 4, false)
    #expect(try fold.answer(source, 4, true) == answer)
    #expect(try JSONSerialization.jsonObject(with: answer) is [String: Any])
  }

  @Test("One touchpoint is a journey", arguments: cases)
  func one(_ fold: Case) throws {
    let source = PlacedTable([Plain(customer: 9, time: 5, event: "Signed Up", channel: "Website")])
    #expect(try fold.answer(source, 1, false) == fold.answer(source, 64, true))
  }

  static let longJourney: PlacedTable = {
    var random = SplitMix64(seed: 5)
    let log = (0..<100_000).map { i in
      Plain(
        customer: 3, time: Int64(i / 3) * 1000, event: Plain.eventNames[random.below(5)],
        channel: "kanaal \(random.below(4))", phase: UInt8(random.below(4)))
    }
    return PlacedTable(log)
  }()

  @Test("A customer with 100,000 touchpoints is one customer", arguments: cases)
  func long(_ fold: Case) throws {
    let answer = try fold.answer(Self.longJourney, 7, false)
    let object = try #require(try JSONSerialization.jsonObject(with: answer) as? [String: Any])
    #expect(object["customers"] as? Int == 1)
  }
}
