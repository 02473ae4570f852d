package import CustomerJourney

/// Rules compiled against one table: a row of steps, each of which fills one byte a touchpoint.
///
/// A step is a pass over columns or over the masks of earlier steps, so the cost does not depend on
/// names or on how a rule is written, and a condition that several rules share is worked out once a
/// block. Names become lookup tables by code; traits, consents and roles a byte a journey; properties
/// a bit a row of the store.
package struct RuleProgram: Sendable {
  package let table: JourneyTable
  let steps: [Step]
  /// The steps that are the rules, in the order in which they were given.
  let results: [Int]
  /// Steps whose masks are needed to know the rules at touchpoints.
  let needed: [Bool]
  /// Steps whose masks are needed to know the rules of a customer at an instant.
  let neededAtInstant: [Bool]
  /// Does a pass ask where journeys begin?
  let marksBegins: Bool
  /// Rules that only look at the touchpoint's event; ``needed`` leaves them out where ``init``
  /// was asked to.
  let eventRules: [Int: RuleLookup]
  /// The step that says where cycles begin, where a rule asks for it.
  let cycleStep: Int?
  /// Tests of the event that are looked up together.
  let eventTests: [EventTests]

  /// Up to eight steps that test the event, by event a bit of each: one look for all of them.
  struct EventTests: Sendable {
    let steps: [Int]
    let lookup: RuleLookup
  }

  /// - Parameters:
  ///   - placements: in the models whose phases the rules ask for; a phase of another is not held by
  ///     any touchpoint.
  ///   - setsEventsApart: true leaves rules that only look at the event to ``eventRules`` instead of
  ///     working out their masks.
  ///   - cycleStart: says at which touchpoints a cycle begins, for rules with `this cycle`; without
  ///     it a customer has one cycle.
  package init(
    _ rules: [Rule], in table: JourneyTable, facts: any RuleFacts = NoRuleFacts(),
    placements: [PhasePlacement] = [], cycleStart: Rule? = nil, setsEventsApart: Bool = false
  ) {
    var compiler = RuleCompiler(table: table, facts: facts, placements: placements)
    cycleStep = cycleStart.map { compiler.step(for: $0) }
    results = rules.map { compiler.step(for: $0) }
    compiler.readFacts()
    self.table = table
    steps = compiler.steps
    var eventRules: [Int: RuleLookup] = [:]
    if setsEventsApart {
      for (rule, step) in results.enumerated() {
        if case .field(.event, let lookup) = steps[step] { eventRules[rule] = lookup }
      }
    }
    self.eventRules = eventRules
    marksBegins = setsEventsApart || steps.contains { $0.window != nil }
    var asked = cycleStep.map { [$0] } ?? []
    for (rule, step) in results.enumerated() where eventRules[rule] == nil { asked.append(step) }
    needed = Self.steps(neededBy: asked, of: steps, cycleStep)
    neededAtInstant = Self.masks(neededBy: steps, results: results, cycleStep: cycleStep)
    eventTests = Self.eventTests(among: steps, zip(needed, neededAtInstant).map { $0 || $1 })
  }

  /// Tests of events that are neighbours cost less each by themselves.
  private static func eventTests(among steps: [Step], _ needed: [Bool]) -> [EventTests] {
    let tests = steps.indices.compactMap { index -> (step: Int, bytes: [UInt8])? in
      guard needed[index], case .field(.event, let lookup) = steps[index], lookup.run == nil else {
        return nil
      }
      return (index, lookup.bytes)
    }
    guard tests.count > 1 else { return [] }
    return stride(from: 0, to: tests.count, by: 8).map { first in
      let some = tests[first..<min(first + 8, tests.count)]
      var bits = [UInt8](repeating: 0, count: some.map(\.bytes.count).max() ?? 0)
      for (bit, test) in some.enumerated() {
        for (code, byte) in test.bytes.enumerated() { bits[code] |= byte << UInt8(bit) }
      }
      return EventTests(steps: some.map(\.step), lookup: RuleLookup(bits: bits))
    }
  }

  /// One pass.
  enum Step: Sendable {
    case constant(Bool)
    case not(Int)
    case all([Int])
    case any([Int])
    /// Is the column's code in the table?
    case field(RuleField, RuleLookup)
    case phase(Column<UInt8>, RuleLookup)
    /// A byte a journey of the table.
    case fact([UInt8])
    /// A bit a row of the store.
    case property([UInt64])
    case value(RuleBounds)
    case gap(RuleBounds)
    case count(Int, Window, RuleBounds)
    case sum(Int, Window, RuleBounds)
    case since(RuleEnd, Int, RuleBounds)

    /// Steps whose masks this one reads.
    var sources: [Int] {
      switch self {
      case .not(let source), .since(_, let source, _): [source]
      case .all(let sources), .any(let sources): sources
      case .count(let source, let window, _), .sum(let source, let window, _):
        if case .after(_, let anchor) = window { [source, anchor] } else { [source] }
      case .constant, .field, .phase, .fact, .property, .value, .gap: []
      }
    }

    /// Is its answer at an instant the mask's at the latest touchpoint?
    var readsOwnMask: Bool {
      switch self {
      case .field, .phase, .property, .value, .gap: true
      case .constant, .not, .all, .any, .fact, .count, .sum, .since: false
      }
    }

    var window: Window? {
      switch self {
      case .count(_, let window, _), .sum(_, let window, _): window
      default: nil
      }
    }
  }

  enum Window: Sendable {
    case all
    case within(milliseconds: Int64)
    case after(RuleEnd, Int)
    case thisCycle
  }

  /// The steps that `results` are made of. A step's sources come before it, so the walk from the end
  /// sees users first.
  private static func steps(
    neededBy results: [Int], of steps: [Step], _ cycleStep: Int?
  ) -> [Bool] {
    var needed = Array(repeating: false, count: steps.count)
    for result in results { needed[result] = true }
    for index in steps.indices.reversed() where needed[index] {
      for source in steps[index].sources { needed[source] = true }
      if case .thisCycle = steps[index].window, let cycleStep { needed[cycleStep] = true }
    }
    return needed
  }

  /// Of a customer at an instant only facts of the latest touchpoint, and what counts and moments are
  /// of, are read from masks.
  private static func masks(
    neededBy steps: [Step], results: [Int], cycleStep: Int?
  ) -> [Bool] {
    let asked = self.steps(neededBy: results, of: steps, cycleStep)
    var masks: [Int] = []
    for index in steps.indices where asked[index] {
      if steps[index].readsOwnMask { masks.append(index) }
      switch steps[index] {
      case .count, .sum, .since:
        masks += steps[index].sources
        if case .thisCycle = steps[index].window, let cycleStep { masks.append(cycleStep) }
      default: break
      }
    }
    return self.steps(neededBy: masks, of: steps, cycleStep)
  }
}

/// The codes of a column that a test lets through.
struct RuleLookup: Sendable {
  /// 0 or 1 a code.
  let bytes: [UInt8]
  /// What is said of a customer without touchpoints, who has no code.
  let before: UInt8
  /// The codes, where they are neighbours.
  let run: Range<Int>?

  init(_ bytes: [UInt8], before: UInt8 = 0) {
    self.bytes = bytes
    self.before = before
    let accepted = bytes.indices.filter { bytes[$0] != 0 }
    if let first = accepted.first, let last = accepted.last, last - first == accepted.count - 1 {
      run = first..<(last + 1)
    } else {
      run = nil
    }
  }

  /// A bit each of several tests by code: never looked up as a run, which only says yes or no.
  init(bits: [UInt8]) {
    bytes = bits
    before = 0
    run = nil
  }

  var inverted: RuleLookup { RuleLookup(bytes.map { $0 ^ 1 }, before: before ^ 1) }

  func combined(with other: RuleLookup, _ combine: (UInt8, UInt8) -> UInt8) -> RuleLookup {
    RuleLookup(zip(bytes, other.bytes).map(combine), before: combine(before, other.before))
  }
}

/// A comparison as a range of whole numbers, so that a pass compares twice and branches never.
struct RuleBounds: Sendable {
  var low: Int64
  var high: Int64
  /// 1 when what lies outside the range is meant.
  var inverted: UInt8 = 0

  /// What `comparison` lets through of whole numbers.
  init(_ comparison: RuleComparison, _ bound: Double) {
    // Amounts and counts stay far below 2^62; what is compared with is cut off there.
    let bound = min(max(bound, -0x1p62), 0x1p62)
    let up = Int64(bound.rounded(.up))
    let down = Int64(bound.rounded(.down))
    switch comparison {
    case .atLeast: (low, high) = (up, .max)
    case .greater: (low, high) = (down + 1, .max)
    case .atMost: (low, high) = (.min, down)
    case .less: (low, high) = (.min, up - 1)
    case .equal: (low, high) = (up, down)
    case .unequal: (low, high, inverted) = (up, down, 1)
    }
  }

  init(_ comparison: RuleComparison, milliseconds: Int64) {
    self.init(comparison, Double(milliseconds))
  }

  /// The lowest number that is let through, where all higher ones are too.
  var onlyLow: Int64? { high == .max && inverted == 0 ? low : nil }

  /// 1 for what is let through, without a branch to guess.
  ///
  /// Bounds lie within ±2^62, so holding a larger total at the ends of 64 bits changes nothing.
  @inline(__always) func bit(_ total: some RuleTotal) -> UInt8 {
    let value = Int64(clamping: total)
    return ((value >= low ? 1 : 0) & (value <= high ? 1 : 0)) ^ inverted
  }
}

/// Turns rules into steps, each different one into one step.
private struct RuleCompiler {
  let table: JourneyTable
  let facts: any RuleFacts
  let placements: [PhasePlacement]
  private(set) var steps: [RuleProgram.Step] = []
  private var stepOfRule: [Rule: Int] = [:]
  /// Steps that need the facts of customers, which are read for all of them in one go.
  private var factTests: [(step: Int, test: (CustomerFacts) -> Bool)] = []

  init(table: JourneyTable, facts: any RuleFacts, placements: [PhasePlacement]) {
    self.table = table
    self.facts = facts
    self.placements = placements
  }

  mutating func step(for rule: Rule) -> Int {
    if case .named(_, let inner) = rule { return step(for: inner) }
    if let step = stepOfRule[rule] { return step }
    let step = make(rule)
    steps.append(step)
    stepOfRule[rule] = steps.count - 1
    return steps.count - 1
  }

  private mutating func make(_ rule: Rule) -> RuleProgram.Step {
    switch rule {
    case .always(let truth): return .constant(truth)
    case .not(let rule):
      let step = step(for: rule)
      if case .field(let field, let lookup) = steps[step] { return .field(field, lookup.inverted) }
      return .not(step)
    case .all(let rules):
      let events = rules.lazy.map(\.unnamed).compactMap { rule in
        if case .field(.event, let test) = rule { test } else { nil }
      }.first
      let sources = rules.map { rule in
        guard let events, case .property(let path, let test) = rule.unnamed else {
          return step(for: rule)
        }
        // Of use only beside the test of the event, so it is no step for the same rule elsewhere.
        steps.append(property(path, test, where: lookup(.event, events)))
        return steps.count - 1
      }
      return merged(sources, &) ?? .all(sources)
    case .any(let rules):
      let sources = rules.map { step(for: $0) }
      return merged(sources, |) ?? .any(sources)
    case .named(_, let rule): return make(rule)
    case .field(let field, let test): return .field(field, lookup(field, test))
    case .value(let comparison, let amount):
      guard let bound = amount.minorUnits(in: table.currency) else { return .constant(false) }
      return .value(RuleBounds(comparison, bound))
    case .gap(let comparison, let duration):
      return .gap(RuleBounds(comparison, milliseconds: duration.milliseconds))
    case .count(let rule, let window, let comparison, let number):
      return .count(
        step(for: rule), compiled(window), RuleBounds(comparison, number.value))
    case .ever(let rule, let window):
      return .count(step(for: rule), compiled(window), RuleBounds(.atLeast, 1))
    case .sum(let rule, let window, let comparison, let amount):
      guard let bound = amount.minorUnits(in: table.currency) else { return .constant(false) }
      return .sum(step(for: rule), compiled(window), RuleBounds(comparison, bound))
    case .since(let end, let rule, let comparison, let duration):
      return .since(
        end, step(for: rule), RuleBounds(comparison, milliseconds: duration.milliseconds))
    case .property(let path, let test): return .property(rows(path, test, in: table.rowIDs))
    case .trait(let name, let test):
      let accepts = test.ofValues
      return fact { facts in facts.traits[name].map(accepts) ?? false }
    case .role(let test):
      let accepts = test.ofRoles
      return fact { facts in facts.accountRoles.contains(where: accepts) }
    case .consent(let grant):
      return fact { facts in facts.consents.contains { $0.means(grant) } }
    case .phase(let id, let phases):
      guard let placement = placements.first(where: { $0.model.id == id }) else {
        return .constant(false)
      }
      var lookup = [UInt8](repeating: 0, count: 256)
      for (index, phase) in placement.model.phases.enumerated() where phases.contains(phase.id) {
        lookup[index] = 1
      }
      return .phase(placement.phases, RuleLookup(lookup))
    }
  }

  /// Tests of one column as one test of it, where all are that.
  private func merged(
    _ sources: [Int], _ combine: (UInt8, UInt8) -> UInt8
  ) -> RuleProgram.Step? {
    guard let first = sources.first, case .field(let field, var all) = steps[first] else {
      return nil
    }
    for source in sources.dropFirst() {
      guard case .field(field, let lookup) = steps[source] else { return nil }
      all = all.combined(with: lookup, combine)
    }
    return .field(field, all)
  }

  private mutating func compiled(_ window: RuleWindow) -> RuleProgram.Window {
    switch window {
    case .all: .all
    case .within(let duration): .within(milliseconds: duration.milliseconds)
    case .after(let end, let anchor): .after(end, step(for: anchor))
    case .thisCycle: .thisCycle
    }
  }

  /// One byte a code of the column. Code 0 says nothing, of which every test is false.
  private func lookup(_ field: RuleField, _ test: RuleTest) -> RuleLookup {
    let names = table.names(field.dimension)
    var lookup = [UInt8](repeating: 0, count: max(names.count, 1))
    let accepts = test.ofNames(in: field)
    for code in 1..<max(names.count, 1) where accepts(names[UInt32(code)]) {
      lookup[code] = 1
    }
    return RuleLookup(lookup)
  }

  /// A property that matters only at some events: those of other touchpoints are not read from the
  /// store, which costs more than all other steps together.
  private func property(
    _ path: String, _ test: RuleTest, where events: RuleLookup
  ) -> RuleProgram.Step {
    let codes = table.events.values
    let asked = codes.indices.filter { events.bytes[Int(codes[$0])] != 0 }
    if asked.isEmpty { return .constant(false) }
    return .property(rows(path, test, in: Column(asked.map { table.rowIDs[$0] })))
  }

  private func rows(_ path: String, _ test: RuleTest, in rowIDs: Column<UInt32>) -> [UInt64] {
    var bits: [UInt64] = []
    let accepts = test.ofValues
    facts.forEachValue(ofProperty: path, in: rowIDs) { row, value in
      guard accepts(value) else { return }
      let word = Int(row >> 6)
      if word >= bits.count {
        bits.append(contentsOf: repeatElement(0, count: word + 1 - bits.count))
      }
      bits[word] |= 1 << UInt64(row & 63)
    }
    return bits
  }

  private mutating func fact(_ test: @escaping (CustomerFacts) -> Bool) -> RuleProgram.Step {
    // This step is appended next.
    factTests.append((steps.count, test))
    return .fact([])
  }

  mutating func readFacts() {
    guard !factTests.isEmpty else { return }
    var masks = factTests.map { _ in [UInt8](repeating: 0, count: table.journeyCount) }
    facts.forEachFacts(of: table.customers) { journey, known in
      for index in factTests.indices where factTests[index].test(known) {
        masks[index][journey] = 1
      }
    }
    for (index, entry) in factTests.enumerated() { steps[entry.step] = .fact(masks[index]) }
  }
}

extension RuleField {
  var dimension: Dimension {
    switch self {
    case .event: .event
    case .channel: .channel
    case .origin: .origin
    case .device: .device
    case .content: .content
    case .campaign: .campaign
    }
  }
}
