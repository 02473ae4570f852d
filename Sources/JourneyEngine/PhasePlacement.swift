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
      cycleStart: model.cycleStart, setsEventsApart: true)
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
  private let program: RuleProgram
  /// Rules whose masks are worked out, each a bit of a touchpoint's word.
  private let maskedRules: [Int]
  /// By event, the bits of the rules that only look at the event.
  private let wordOfEvent: [UInt64]
  /// The rules that may decide, one bit each: by the customer's phase, and last for none yet.
  private let allowed: [UInt64]
  /// By state × 65 + the deciding rule, which is 64 when there is none: the next state.
  private let next: [UInt8]

  init(model: JourneyModel, program: RuleProgram) {
    self.program = program
    maskedRules = model.rules.indices.filter { program.eventRules[$0] == nil }
    var words = [UInt64](repeating: 0, count: max(program.table.names(.event).count, 1))
    for (rule, lookup) in program.eventRules {
      for (event, isTrue) in lookup.bytes.enumerated() where isTrue != 0 {
        words[event] |= 1 << UInt64(rule)
      }
    }
    wordOfEvent = words
    let states: [Int?] = model.phases.indices.map { $0 } + [nil]
    allowed = states.map { state in
      model.rules.enumerated().reduce(0) { word, rule in
        model.isAllowed(rule.element, from: state) ? word | 1 << UInt64(rule.offset) : word
      }
    }
    next = states.flatMap { state in
      (0...64).map { rule in
        guard model.rules.indices.contains(rule) else { return UInt8(state ?? 0) }
        return UInt8(model.index(ofPhase: model.rules[rule].phase) ?? 0)
      }
    }
  }

  func place(
    _ journeys: Range<Int>, in scratch: RuleScratch, phases: UnsafeMutablePointer<UInt8>,
    rules: UnsafeMutablePointer<UInt8>
  ) {
    program.evaluate(journeys, in: scratch)
    let rows = RuleRows(program.table, journeys)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: max(rows.count, 1)) { words in
      guard let words = words.baseAddress else { return }
      lookUp(program.table.events.base + rows.first, rows.count, into: words)
      for rule in maskedRules {
        Self.setBit(UInt64(rule), program.mask(rule, in: scratch), rows.count, in: words)
      }
      let cycles = program.cycleMask(in: scratch) ?? UnsafePointer(scratch.begins)
      decide(rows, words, cycles: cycles, phases + rows.first, rules + rows.first)
    }
  }

  private func lookUp(
    _ events: UnsafePointer<UInt16>, _ count: Int, into words: UnsafeMutablePointer<UInt64>
  ) {
    wordOfEvent.withUnsafeBufferPointer { wordOfEvent in
      guard let wordOfEvent = wordOfEvent.baseAddress else { return }
      for row in 0..<count { words[row] = wordOfEvent[Int(events[row])] }
    }
  }

  private static func setBit(
    _ bit: UInt64, _ mask: UnsafePointer<UInt8>, _ count: Int,
    in words: UnsafeMutablePointer<UInt64>
  ) {
    for row in 0..<count { words[row] |= UInt64(mask[row]) &<< bit }
  }

  /// Without a branch in the loop: that no rule is true is the rule 64, which leaves the state as it
  /// is.
  private func decide(
    _ rows: RuleRows, _ words: UnsafePointer<UInt64>, cycles: UnsafePointer<UInt8>,
    _ phases: UnsafeMutablePointer<UInt8>, _ rules: UnsafeMutablePointer<UInt8>
  ) {
    let none = allowed.count - 1
    allowed.withUnsafeBufferPointer { allowed in
      next.withUnsafeBufferPointer { next in
        guard let allowed = allowed.baseAddress, let next = next.baseAddress else { return }
        for journey in 0..<rows.journeyCount {
          var state = none
          for row in rows.start(journey)..<rows.end(journey) {
            state = cycles[row] != 0 ? none : state
            let rule = (words[row] & allowed[state]).trailingZeroBitCount
            state = Int(next[state &* 65 &+ rule])
            phases[row] = UInt8(truncatingIfNeeded: state)
            rules[row] = rule == 64 ? PhasePlacement.stayed : UInt8(truncatingIfNeeded: rule)
          }
        }
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
      // By steps that double: the end is near, and a table is large.
      var step = 64
      while low + step < range.upperBound, Int(starts[low + step]) <= limit {
        low += step
        step *= 2
      }
      var high = min(low + step, range.upperBound)
      while low < high {
        let middle = (low + high + 1) / 2
        if Int(starts[middle]) <= limit { low = middle } else { high = middle - 1 }
      }
      body(first..<low)
      first = low
    }
  }
}
