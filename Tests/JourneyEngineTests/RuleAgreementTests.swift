import CustomerJourney
import JourneyEngine
import Testing

@Suite("Rules in batch and live")
struct RuleAgreementTests {
  @Test("a printed rule parses to the same rule", arguments: testSeeds)
  func printing(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<300 {
      let rule = RandomRules().rule(depth: 5, using: &generator)
      let text = rule.description
      let again = try Rule(parsing: text, in: RandomRules.vocabulary)
      #expect(again == rule, "seed \(seed): \(text)")
    }
  }

  @Test("batch and live agree at every touchpoint and at any instant", arguments: testSeeds)
  func agreement(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<60 {
      let world = World(using: &generator)
      let rules = (0..<3).map { _ in RandomRules().rule(depth: 4, using: &generator) }
      for rule in rules where !world.agrees(on: rule) {
        let smallest = world.smallestDisagreement(in: rule)
        Issue.record("seed \(seed): batch and live disagree on: \(smallest)")
        return
      }
      // Rules that share steps must not disturb each other.
      #expect(world.sharedAnswers(rules) == rules.map { world.sharedAnswers([$0])[0] })
    }
  }

  @Test("tests of events that together are neighbours, and each are not, keep apart")
  func eventsTogether() throws {
    var builder = JourneyTable.Builder()
    let names = ["a", "b", "c", "d"]
    for (time, name) in (names + ["e"]).enumerated() {
      builder.append(
        JourneyTable.Row(
          customer: UInt32(time), time: Int64(time), rowID: Int64(time),
          event: builder.code(.event, name), channel: builder.code(.channel, "Website")))
    }
    let table = builder.build()
    let rules = try ["ever(event in (a, c))", "ever(event in (b, d))"].map {
      try Rule(parsing: $0, in: .filter())
    }
    let scratch = RuleScratch()
    let program = RuleProgram(rules, in: table)
    program.evaluate(0..<table.journeyCount, in: scratch)
    #expect((0..<5).map { program.mask(0, in: scratch)[$0] } == [1, 0, 1, 0, 0])
    #expect((0..<5).map { program.mask(1, in: scratch)[$0] } == [0, 1, 0, 1, 0])
  }

  @Test("a model's placements are the same in batch and live", arguments: testSeeds)
  func placement(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<40 {
      let journeys = RandomJourneys(using: &generator)
      let table = journeys.table(using: &generator)
      let toy = Self.model("toy", RandomRules(hasPhases: false), using: &generator)
      let other = Self.model("other", RandomRules(), using: &generator)
      for parts in [1, 3] {
        let batch = PhasePlacement(
          other, in: table, facts: journeys, among: [toy, other], parts: parts)
        for (customer, journey) in journeys.journeys {
          guard let k = table.journey(ofCustomer: customer) else { continue }
          let live = other.place(
            journey, facts: journeys.facts(ofCustomer: customer), among: [toy, other])
          let rows = Array(table.rows(ofJourney: k))
          #expect(rows.map { Int(batch.phases[$0]) } == live.map(\.phase), "seed \(seed)")
          #expect(
            rows.map { batch.rules[$0] == PhasePlacement.stayed ? nil : Int(batch.rules[$0]) }
              == live.map(\.rule), "seed \(seed)")
          #expect(batch.cycles(ofJourney: k) == live.map(\.cycle), "seed \(seed)")
        }
      }
    }
  }

  @Test(
    "sums of the largest amounts do not run over, in batch and live",
    arguments: [
      ("sum(value) > 0", "over the whole journey"),
      ("sum(value, within 36500d) > 0", "over a window that nothing leaves"),
      ("sum(value, after first event is known) >= 0", "after the first"),
      ("not sum(value, event is unknown) > 0", "over nothing"),
    ])
  func largeSums(text: String, because: String) throws {
    let currency = try #require(Currency("CLF"))
    let largest = Limits.amount * currency.minorUnits
    let journey = (0..<1500).map {
      Touchpoint(
        customer: "a", occurred: Timestamp(seconds: Int64($0)), event: .orderCompleted,
        channel: .website, messageID: "\($0)",
        value: Money(minorUnits: largest, currency: currency))
    }
    var builder = JourneyTable.Builder(currency: currency)
    for touchpoint in journey { builder.append(touchpoint, customer: 1) }
    let table = builder.build()
    let rule = try Rule(parsing: text, in: .filter(currency: currency))
    let last = journey.count - 1
    let live = RuleCustomer(touchpoints: journey, currency: currency)
    #expect(rule.holds(for: live, at: last), "\(because)")

    let program = RuleProgram([rule], in: table)
    let scratch = RuleScratch()
    program.evaluate(0..<1, in: scratch)
    let mask = program.mask(0, in: scratch)
    #expect((0...last).allSatisfy { mask[$0] == 1 }, "\(because)")
    var answer: UInt8 = 9
    program.evaluate(rule: 0, 0..<1, at: Int64(last) * 1000, in: scratch, into: &answer)
    #expect(answer == 1, "\(because)")
  }

  @Test("a list of a thousand names takes hardly longer than a name")
  func longLists() {
    var builder = JourneyTable.Builder()
    let names = (0..<10_000).map { "/artikel/\($0)" }
    for (row, name) in names.enumerated() {
      builder.append(
        JourneyTable.Row(
          customer: 1, time: Int64(row), rowID: Int64(row), event: 1, channel: 1,
          content: builder.code(.content, name)))
    }
    let table = builder.build()
    func time(_ names: [String]) -> Duration {
      let rule = Rule.field(.content, .oneOf(names))
      return ContinuousClock().measure { _ = RuleProgram([rule], in: table) }
    }
    let one = time([names[0]])
    let thousand = time(Array(names.prefix(1000)))
    // Making the list's keys again for every name takes some hundred times as long.
    #expect(thousand < one * 20 + .milliseconds(100), "\(one) became \(thousand)")
  }

  static func model(
    _ id: String, _ rules: RandomRules, using generator: inout SeededGenerator
  ) -> JourneyModel {
    let phases = ["a", "b", "c"]
    let cycle = RandomRules(hasCycles: false, hasPhases: rules.hasPhases)
      .rule(depth: 2, using: &generator)
    return JourneyModel(
      id: id, name: .init(en: id),
      phases: phases.map { .init(id: $0, name: .init(en: $0), question: .init(en: $0)) },
      cycleStart: generator.chance(0.7) ? cycle : nil,
      rules: (0..<6).map { _ in
        JourneyModel.PlacingRule(
          phase: generator.one(of: phases), from: generator.one(of: [nil, ["a"], ["b", "c"]]),
          when: rules.rule(depth: 3, using: &generator), because: .init(en: "because"))
      })
  }
}

/// Random journeys, in columns and as customers, with a model for `phase` and cycles.
private struct World {
  let journeys: RandomJourneys
  let table: JourneyTable
  let toy: JourneyModel
  let placement: PhasePlacement
  let customers: [(number: UInt32, live: RuleCustomer)]

  init(using generator: inout SeededGenerator) {
    let journeys = RandomJourneys(using: &generator)
    self.journeys = journeys
    table = journeys.table(using: &generator)
    let model = RuleAgreementTests.model("toy", RandomRules(hasPhases: false), using: &generator)
    toy = model
    placement = PhasePlacement(model, in: table, facts: journeys, among: [])
    customers = journeys.journeys.sorted { $0.key < $1.key }.map { number, touchpoints in
      let facts = journeys.facts(ofCustomer: number)
      var customer = RuleCustomer(touchpoints: touchpoints, facts: facts)
      let placed = model.place(touchpoints, facts: facts, among: [])
      customer.add(placed, model)
      customer.cycles = placed.map(\.cycle)
      return (number, customer)
    }
  }

  func program(_ rules: [Rule]) -> RuleProgram {
    RuleProgram(
      rules, in: table, facts: journeys, placements: [placement], cycleStart: toy.cycleStart)
  }

  func sharedAnswers(_ rules: [Rule]) -> [[UInt8]] {
    let program = program(rules)
    let scratch = RuleScratch()
    program.evaluate(0..<table.journeyCount, in: scratch)
    return rules.indices.map { rule in
      let mask = program.mask(rule, in: scratch)
      return (0..<table.count).map { mask[$0] }
    }
  }

  func agrees(on rule: Rule) -> Bool {
    let live = customers.flatMap { customer in
      customer.live.touchpoints.indices.map { rule.holds(for: customer.live, at: $0) ? 1 : 0 }
    }
    guard sharedAnswers([rule])[0] == live.map(UInt8.init) else { return false }
    let times = table.times.values.sorted()
    let instants = [times[0] - 1, times[0], times[times.count / 2], times[times.count - 1] + 99]
    return instants.allSatisfy { instant in
      let moment = Timestamp(milliseconds: instant)
      return batch(rule, at: instant) == customers.map { rule.holds(for: $0.live, at: moment) }
    }
  }

  private func batch(_ rule: Rule, at instant: Int64) -> [Bool] {
    // In two ranges, so that positions within a range are not taken for those of the table.
    let program = program([rule])
    let middle = table.journeyCount / 2
    return [0..<middle, middle..<table.journeyCount].flatMap { range in
      var answers = [UInt8](repeating: 9, count: range.count)
      let scratch = RuleScratch()
      answers.withUnsafeMutableBufferPointer { answers in
        guard let base = answers.baseAddress else { return }
        program.evaluate(rule: 0, range, at: instant, in: scratch, into: base)
      }
      return answers.map { $0 == 1 }
    }
  }

  func smallestDisagreement(in rule: Rule) -> Rule {
    rule.parts.first { !agrees(on: $0) }.map(smallestDisagreement) ?? rule
  }
}
