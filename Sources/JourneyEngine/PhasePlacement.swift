package import CustomerJourney
import Dispatch

/// The phase of every touchpoint of a table in one model, and the rule that decided it.
package struct PhasePlacement: Sendable {
  /// In ``rules``: no rule was true, and the customer stayed in the phase.
  package static let stayed: UInt8 = 255

  package let model: JourneyModel
  /// Index into the model's phases.
  package let phases: Column<UInt8>
  /// Index into the model's rules, or ``stayed``.
  package let rules: Column<UInt8>
  private let table: JourneyTable
  private let program: RuleProgram

  /// Places all touchpoints on `parts` threads.
  ///
  /// `models` are those whose phases the rules may ask for; they are placed as well where they are
  /// asked for. Every true rule of a touchpoint is a bit of one word, so that the deciding rule is
  /// the lowest bit that the customer's phase allows.
  package init(
    _ model: JourneyModel, in table: JourneyTable, facts: any RuleFacts = NoRuleFacts(),
    among models: [JourneyModel] = JourneyModel.builtIn, parts: Int = Cores.count
  ) {
    precondition(model.rules.count <= Limits.rulesPerModel)
    precondition((1...Limits.phasesPerModel).contains(model.phases.count))
    let placements = models.filter { model.models.contains($0.id) }
      .map { PhasePlacement($0, in: table, facts: facts, among: models, parts: parts) }
    let program = RuleProgram(
      model.rules.map(\.when), in: table, facts: facts, placements: placements,
      cycleStart: model.cycleStart)
    let placer = Placer(model: model, program: program)
    let ranges = table.ranges(parts: parts)
    self.model = model
    self.table = table
    self.program = program
    (phases, rules) = Column.pair(count: table.count) { phases, rules in
      let places = Places(phases: phases, rules: rules)
      DispatchQueue.concurrentPerform(iterations: ranges.count) { part in
        let scratch = RuleScratch()
        table.forEachRun(of: ranges[part], rows: Self.rowsAtOnce) { journeys in
          placer.place(journeys, in: scratch, phases: places.phases, rules: places.rules)
        }
      }
    }
  }

  /// The cycle of each touchpoint of a journey, from 0.
  package func cycles(ofJourney journey: Int) -> [Int] {
    let scratch = RuleScratch()
    program.evaluate(journey..<(journey + 1), in: scratch)
    var cycles = Array(repeating: 0, count: table.rows(ofJourney: journey).count)
    guard let starts = program.cycleMask(in: scratch) else { return cycles }
    for index in cycles.indices.dropFirst() {
      cycles[index] = cycles[index - 1] + Int(starts[index])
    }
    return cycles
  }

  /// Small enough for the masks of a model's rules to stay in a core's cache.
  private static let rowsAtOnce = 8192
}

/// Memory that several threads write to, each in rows of its own.
private struct Places: @unchecked Sendable {
  // Sendable by hand: the threads' rows do not overlap, and nobody reads before they are done.
  let phases: UnsafeMutablePointer<UInt8>
  let rules: UnsafeMutablePointer<UInt8>
}

/// Walks over journeys with the customer's phase as the only state.
private struct Placer: Sendable {
  let program: RuleProgram
  let ruleCount: Int
  /// The rules that may decide, one bit each: by the customer's phase, and last for none yet.
  let allowed: [UInt64]
  let phaseOfRule: [UInt8]

  init(model: JourneyModel, program: RuleProgram) {
    self.program = program
    ruleCount = model.rules.count
    phaseOfRule = model.rules.map { UInt8(model.index(ofPhase: $0.phase) ?? 0) }
    let states: [Int?] = model.phases.indices.map { $0 } + [nil]
    allowed = states.map { state in
      model.rules.enumerated().reduce(0) { word, rule in
        model.isAllowed(rule.element, from: state) ? word | 1 << UInt64(rule.offset) : word
      }
    }
  }

  func place(
    _ journeys: Range<Int>, in scratch: RuleScratch, phases: UnsafeMutablePointer<UInt8>,
    rules: UnsafeMutablePointer<UInt8>
  ) {
    program.evaluate(journeys, in: scratch)
    let rows = RuleRows(program.table, journeys)
    let words = UnsafeMutablePointer<UInt64>.allocate(capacity: max(rows.count, 1))
    defer { words.deallocate() }
    words.initialize(repeating: 0, count: rows.count)
    for rule in 0..<ruleCount {
      Self.setBit(UInt64(rule), program.mask(rule, in: scratch), rows.count, in: words)
    }
    allowed.withUnsafeBufferPointer { allowed in
      phaseOfRule.withUnsafeBufferPointer { phaseOfRule in
        decide(
          rows, words, cycles: program.cycleMask(in: scratch), allowed, phaseOfRule,
          phases + rows.first, rules + rows.first)
      }
    }
  }

  private static func setBit(
    _ bit: UInt64, _ mask: UnsafePointer<UInt8>, _ count: Int,
    in words: UnsafeMutablePointer<UInt64>
  ) {
    for row in 0..<count { words[row] |= UInt64(mask[row]) &<< bit }
  }

  private func decide(
    _ rows: RuleRows, _ words: UnsafePointer<UInt64>, cycles: UnsafePointer<UInt8>?,
    _ allowed: UnsafeBufferPointer<UInt64>, _ phaseOfRule: UnsafeBufferPointer<UInt8>,
    _ phases: UnsafeMutablePointer<UInt8>, _ rules: UnsafeMutablePointer<UInt8>
  ) {
    let none = allowed.count - 1
    for journey in 0..<rows.journeyCount {
      var state = none
      for row in rows.start(journey)..<rows.end(journey) {
        if let cycles, cycles[row] != 0 { state = none }
        let word = words[row] & allowed[state]
        if word != 0 {
          let rule = word.trailingZeroBitCount
          state = Int(phaseOfRule[rule])
          rules[row] = UInt8(truncatingIfNeeded: rule)
        } else {
          if state == none { state = 0 }
          rules[row] = PhasePlacement.stayed
        }
        phases[row] = UInt8(truncatingIfNeeded: state)
      }
    }
  }
}

extension JourneyTable {
  /// Cuts a range of journeys into runs of about `rows` touchpoints, at least one journey each.
  package func forEachRun(of range: Range<Int>, rows: Int, _ body: (Range<Int>) -> Void) {
    var first = range.lowerBound
    while first < range.upperBound {
      let limit = Int(starts[first]) + rows
      var low = first + 1
      var high = range.upperBound
      while low < high {
        let middle = (low + high + 1) / 2
        if Int(starts[middle]) <= limit { low = middle } else { high = middle - 1 }
      }
      body(first..<low)
      first = low
    }
  }
}
