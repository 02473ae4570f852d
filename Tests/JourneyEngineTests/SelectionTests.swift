import CustomerJourney
import JourneyEngine
import Testing

@Suite("Selecting journeys")
struct SelectionTests {
  /// What a fold gets to see, as plain values.
  struct Seen: Hashable, Codable, Sendable {
    var customer: UInt32
    var rows: [[Int64]]
  }

  /// Writes down all that it sees.
  struct Recorder: Fold {
    var columns: Columns { .all }
    func start() -> [Seen] { [] }

    func update(_ partial: inout [Seen], with journeys: JourneyBlock) {
      for k in 0..<journeys.journeyCount {
        let rows = journeys.rows(ofJourney: k).map { row in
          [
            journeys.times[row], Int64(journeys.events[row]), Int64(journeys.channels[row]),
            Int64(journeys.origins[row]), Int64(journeys.devices[row]),
            Int64(journeys.contents[row]), Int64(journeys.campaigns[row]), journeys.values[row],
            journeys.phases.map { Int64($0[row]) } ?? -1,
          ]
        }
        partial.append(Seen(customer: journeys.customers[k], rows: rows))
      }
    }

    func merge(_ partial: inout [Seen], with other: [Seen]) { partial += other }
    func finish(_ partial: [Seen]) -> [Seen] { partial }
  }

  @Test(
    "a selection leaves what a plain filter leaves, in any number of parts", arguments: testSeeds)
  func naive(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for round in 0..<40 {
      let journeys = RandomJourneys(customers: 7, using: &generator)
      let table = journeys.table(using: &generator)
      let model = RuleAgreementTests.model("toy", RandomRules(hasPhases: false), using: &generator)
      let all = round % 2 == 0 ? Journeys(table) : table.grown(using: &generator)
      let placement = JourneyPlacement(model, in: all, facts: journeys, among: [])
      let times = table.times.values.sorted()
      func moment() -> Timestamp? {
        generator.chance(0.4)
          ? nil
          : Timestamp(milliseconds: generator.one(of: Array(times)) + generator.one(of: [0, 1]))
      }
      func rule() -> Rule? {
        generator.chance(0.3) ? nil : RandomRules().rule(depth: 3, using: &generator)
      }
      let selection = Selection(
        from: moment(), to: moment(), touchpoints: rule(), customers: rule())
      let selected = SelectedJourneys(
        all, placement: round % 4 == 0 ? nil : placement, selection: selection, facts: journeys,
        placements: [placement])
      let expected = Self.filtered(
        journeys, table, model, selection, hasModel: round % 4 != 0, end: times[times.count - 1])
      for parts in [1, 2, 5, 20] {
        // The overlay's customers come after those of the base.
        let seen = selected.answer(Recorder(), parts: parts).sorted { $0.customer < $1.customer }
        #expect(seen == expected, "seed \(seed), \(parts) parts, \(selection)")
      }
    }
  }

  /// One touchpoint at a time with the live evaluator.
  static func filtered(
    _ journeys: RandomJourneys, _ table: JourneyTable, _ model: JourneyModel,
    _ selection: Selection, hasModel: Bool, end: Int64
  ) -> [Seen] {
    let instant =
      selection.to.map { Timestamp(milliseconds: $0.milliseconds - 1) }
      ?? Timestamp(milliseconds: end)
    var seen: [Seen] = []
    for (number, touchpoints) in journeys.journeys.sorted(by: { $0.key < $1.key }) {
      let facts = journeys.facts(ofCustomer: number)
      var customer = RuleCustomer(touchpoints: touchpoints, facts: facts)
      let placed = model.place(touchpoints, facts: facts, among: [])
      customer.add(placed, model)
      // Without a model in the question there is only one cycle.
      if hasModel { customer.cycles = placed.map(\.cycle) }
      if let rule = selection.customers, !rule.holds(for: customer, at: instant) { continue }
      let start =
        table.journey(ofCustomer: number).map { table.rows(ofJourney: $0).lowerBound } ?? 0
      let rows = touchpoints.indices.compactMap { index -> [Int64]? in
        let time = touchpoints[index].occurred
        if let from = selection.from, time < from { return nil }
        if let to = selection.to, time >= to { return nil }
        if let rule = selection.touchpoints, !rule.holds(for: customer, at: index) { return nil }
        let row = start + index
        return [
          time.milliseconds, Int64(table.events[row]), Int64(table.channels[row]),
          Int64(table.origins[row]), Int64(table.devices[row]), Int64(table.contents[row]),
          Int64(table.campaigns[row]), table.values[row],
          hasModel ? Int64(placed[index].phase) : -1,
        ]
      }
      if !rows.isEmpty { seen.append(Seen(customer: number, rows: rows)) }
    }
    return seen
  }

  @Test("without a filter a fold sees the table's own columns")
  func window() {
    var generator = SeededGenerator(seed: 3)
    let table = RandomJourneys(using: &generator).table(using: &generator)
    SelectedJourneys(Journeys(table)).forEachBlock(0..<table.journeyCount, reading: .all) { block in
      #expect(block.times == table.times.base)
      #expect(block.journeyCount == table.journeyCount)
    }
  }

  @Test("an empty table has nothing to select from, and nothing to place")
  func empty() throws {
    let journeys = Journeys(currency: .eur)
    let model = try #require(JourneyModel.builtIn.first)
    let placement = JourneyPlacement(model, in: journeys)
    let selected = SelectedJourneys(
      journeys, placement: placement,
      selection: Selection(touchpoints: .always(true), customers: .always(true)))
    #expect(selected.answer(Recorder()).isEmpty)
  }

  @Test("runs cover every journey once, and one longer than a run is a run of its own")
  func runs() {
    var builder = JourneyTable.Builder()
    for (customer, length) in [5, 1, 1, 9, 2, 2].enumerated() {
      for index in 0..<length {
        builder.append(
          JourneyTable.Row(
            customer: UInt32(customer), time: Int64(index), rowID: Int64(index), event: 0,
            channel: 0))
      }
    }
    let table = builder.build()
    var runs: [Range<Int>] = []
    table.forEachRun(of: 0..<table.journeyCount, rows: 4) { runs.append($0) }
    #expect(runs == [0..<1, 1..<3, 3..<4, 4..<6])
  }

  @Test("a selection of many more rows than one run gives what a plain loop gives")
  func large() throws {
    var builder = JourneyTable.Builder()
    let event = builder.code(.event, "Order Completed")
    let other = builder.code(.event, "Page Viewed")
    let channel = builder.code(.channel, "Website")
    var expected = 0
    for row in 0..<60_000 {
      let isOrder = row % 7 == 0
      builder.append(
        JourneyTable.Row(
          customer: UInt32(row / 50), time: Int64(row), rowID: Int64(row),
          event: isOrder ? event : other, channel: channel))
      expected += isOrder ? 1 : 0
    }
    let table = builder.build()
    let rule = try Rule(parsing: "event is purchase", in: .filter())
    let selected = SelectedJourneys(
      Journeys(table), selection: Selection(touchpoints: rule))
    let seen = selected.answer(Recorder(), parts: 3)
    #expect(seen.reduce(0) { $0 + $1.rows.count } == expected)
    #expect(seen.map(\.customer) == (0..<1200).map { UInt32($0) })
  }
}
