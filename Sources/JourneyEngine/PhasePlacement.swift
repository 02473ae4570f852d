package import CustomerJourney

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
    let phases = ColumnRoom<UInt8>(count: table.count, in: table.storage)
    let rules = ColumnRoom<UInt8>(count: table.count, in: table.storage)
    Cores.perform(iterations: ranges.count) { part in
      let scratch = RuleScratch()
      table.forEachRun(of: ranges[part], rows: Self.rowsAtOnce) { journeys in
        placer.place(journeys, in: scratch, phases: phases.base, rules: rules.base)
      }
    }
    self.phases = phases.column
    self.rules = rules.column
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
  private static let rowsAtOnce = 4096
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
  /// By state × 64 + the deciding rule, which is ``none`` when there is none: the next state.
  private let next: [UInt8]
  /// No rule has this number: a model has fewer.
  private static let none = 63

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
      (0..<64).map { rule in
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
      // By eights, so that most is done in bytes, of which a core takes many at once.
      let bits = program.spare(in: scratch)
      for first in stride(from: 0, to: 64, by: 8) {
        var isFirst = true
        for rule in maskedRules where rule / 8 == first / 8 {
          RulePass.setBit(
            rule - first, program.mask(rule, in: scratch), rows.count, isFirst: isFirst, into: bits)
          isFirst = false
        }
        if !isFirst { Self.add(bits, from: UInt64(first), rows.count, to: words) }
      }
      let resets = program.beginsOfCycles(rows.count, in: scratch)
      decide(rows, words, resets: resets, phases + rows.first, rules + rows.first)
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

  private static func add(
    _ bits: UnsafePointer<UInt8>, from first: UInt64, _ count: Int,
    to words: UnsafeMutablePointer<UInt64>
  ) {
    for row in 0..<count { words[row] |= UInt64(bits[row]) &<< first }
  }

  /// Walks over four parts of the rows at once: each step waits for the one before it, and four such
  /// waits take no longer than one.
  private func decide(
    _ rows: RuleRows, _ words: UnsafePointer<UInt64>, resets: UnsafePointer<UInt8>,
    _ phases: UnsafeMutablePointer<UInt8>, _ rules: UnsafeMutablePointer<UInt8>
  ) {
    let nobody = allowed.count - 1
    let borders = (0...4).map { part in
      part == 4 ? rows.count : rows.start(rows.journeyCount * part / 4)
    }
    let shared = (0..<4).reduce(rows.count) { min($0, borders[$1 + 1] - borders[$1]) }
    allowed.withUnsafeBufferPointer { allowed in
      next.withUnsafeBufferPointer { next in
        guard let allowed = allowed.baseAddress, let next = next.baseAddress else { return }
        /// Without a branch: that no rule is true is a rule too, which leaves the state as it is.
        @inline(__always)
        func step(_ row: Int, _ state: inout Int) {
          state = resets[row] != 0 ? nobody : state
          let holding = words[row] & allowed[state] | 1 &<< UInt64(Self.none)
          let rule = holding.trailingZeroBitCount
          state = Int(next[state &* 64 &+ rule])
          phases[row] = UInt8(truncatingIfNeeded: state)
          rules[row] = rule == Self.none ? PhasePlacement.stayed : UInt8(truncatingIfNeeded: rule)
        }
        var states = (nobody, nobody, nobody, nobody)
        let starts = (borders[0], borders[1], borders[2], borders[3])
        for row in 0..<shared {
          step(starts.0 &+ row, &states.0)
          step(starts.1 &+ row, &states.1)
          step(starts.2 &+ row, &states.2)
          step(starts.3 &+ row, &states.3)
        }
        for row in (starts.0 + shared)..<borders[1] { step(row, &states.0) }
        for row in (starts.1 + shared)..<borders[2] { step(row, &states.1) }
        for row in (starts.2 + shared)..<borders[3] { step(row, &states.2) }
        for row in (starts.3 + shared)..<borders[4] { step(row, &states.3) }
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
