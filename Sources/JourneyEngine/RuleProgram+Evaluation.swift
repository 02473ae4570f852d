import CustomerJourney

/// Memory for the masks of a program, used again from block to block. One for each thread.
package final class RuleScratch {
  private var memory: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private var rowCapacity = 0
  /// 1 at the first row of each journey and 0 elsewhere, behind the masks; for programs that count.
  private(set) var begins: UnsafeMutablePointer<UInt8>
  /// Room for two moments a row and two more, for the length of a pass.
  private(set) var moments: UnsafeMutablePointer<Int64>
  private var momentCapacity = 0

  package init() {
    capacity = 0
    memory = .allocate(capacity: 1)
    begins = memory
    moments = .allocate(capacity: 1)
  }

  deinit {
    memory.deallocate()
    moments.deallocate()
  }

  /// Makes room for `masks` masks of the rows, ``begins`` and `more` masks; what was there is lost.
  func reserve(masks: Int, more: Int, _ rows: RuleRows, marksBegins: Bool) {
    rowCapacity = rows.count
    if 2 * rows.count + 2 > momentCapacity {
      moments.deallocate()
      momentCapacity = 2 * rows.count + 2
      moments = .allocate(capacity: momentCapacity)
    }
    let needed = (masks + 1 + more) * rows.count
    if needed > capacity {
      memory.deallocate()
      capacity = needed
      memory = .allocate(capacity: max(capacity, 1))
    }
    begins = memory + masks * rows.count
    guard marksBegins else { return }
    begins.update(repeating: 0, count: rows.count)
    for journey in 0..<rows.journeyCount where rows.start(journey) < rows.count {
      begins[rows.start(journey)] = 1
    }
  }

  /// Each mask starts where the one before ends.
  func mask(_ index: Int) -> UnsafeMutablePointer<UInt8> { memory + index * rowCapacity }
}

extension RuleProgram {
  /// Works out all rules at each touchpoint of the journeys `range`.
  ///
  /// The answers are in `scratch` until its next use: ``mask(_:in:)`` has one byte, 0 or 1, for each
  /// row from `table.starts[range.lowerBound]` on.
  package func evaluate(_ range: Range<Int>, in scratch: RuleScratch) {
    evaluate(range, in: scratch, needed)
  }

  /// The answers of rule number `rule` of the last evaluation.
  package func mask(_ rule: Int, in scratch: RuleScratch) -> UnsafePointer<UInt8> {
    UnsafePointer(scratch.mask(results[rule]))
  }

  /// Where cycles begin, of the last evaluation; nil where no rule says it.
  func cycleMask(in scratch: RuleScratch) -> UnsafePointer<UInt8>? {
    cycleStep.map { UnsafePointer(scratch.mask($0)) }
  }

  /// Works out one rule for each customer of `range` at an instant, in milliseconds: one byte a
  /// journey into `answers`.
  package func evaluate(
    rule: Int, _ range: Range<Int>, at instant: Int64, in scratch: RuleScratch,
    into answers: UnsafeMutablePointer<UInt8>
  ) {
    prepareInstants(range, in: scratch)
    ask(rule: rule, range, at: instant, in: scratch, into: answers)
  }

  /// Works out what does not depend on the instant, for any number of ``ask(rule:_:at:in:into:)`` of
  /// the same range, until the next use of `scratch`.
  func prepareInstants(_ range: Range<Int>, in scratch: RuleScratch) {
    evaluate(range, in: scratch, neededAtInstant)
  }

  func ask(
    rule: Int, _ range: Range<Int>, at instant: Int64, in scratch: RuleScratch,
    into answers: UnsafeMutablePointer<UInt8>
  ) {
    let rows = RuleRows(table, range)
    let count = range.count
    let latest = UnsafeMutablePointer<Int>.allocate(capacity: max(count, 1))
    let bytes = UnsafeMutablePointer<UInt8>.allocate(capacity: max(count * steps.count, 1))
    defer {
      latest.deallocate()
      bytes.deallocate()
    }
    for journey in 0..<count { latest[journey] = rows.latest(journey, at: instant) }
    for (index, step) in steps.enumerated()
    where index <= results[rule] && (neededAtInstant[index] || !step.readsOwnMask) {
      atInstant(
        step, index, rows, range: range, latest: latest, instant: instant, in: scratch,
        bytes: bytes)
    }
    answers.update(from: bytes + results[rule] * count, count: count)
  }

  private func evaluate(
    _ range: Range<Int>, in scratch: RuleScratch, _ needed: [Bool]
  ) {
    let rows = RuleRows(table, range)
    // Behind the masks of the steps: begins, resets, a byte for the caller, those of eventTests.
    scratch.reserve(
      masks: steps.count, more: 2 + eventTests.count, rows, marksBegins: marksBegins)
    for (place, tests) in eventTests.enumerated() where tests.steps.contains(where: { needed[$0] })
    {
      let bytes = scratch.mask(steps.count + 3 + place)
      RulePass.look(table.events.base + rows.first, rows.count, in: tests.lookup, into: bytes)
      for (bit, step) in tests.steps.enumerated() where needed[step] {
        RulePass.pick(bit, of: UnsafePointer(bytes), rows.count, into: scratch.mask(step))
      }
    }
    for (index, step) in steps.enumerated()
    where needed[index] && !eventTests.contains(where: { $0.steps.contains(index) }) {
      fill(step, rows, range, in: scratch, into: scratch.mask(index))
    }
  }

  /// Room for a byte a row beside the masks of the last evaluation.
  func spare(in scratch: RuleScratch) -> UnsafeMutablePointer<UInt8> {
    scratch.mask(steps.count + 2)
  }

  /// 1 where a journey or a cycle begins, of the last evaluation of a program that marks begins.
  func beginsOfCycles(_ count: Int, in scratch: RuleScratch) -> UnsafePointer<UInt8> {
    resets(.thisCycle, count, in: scratch)
  }

  private func fill(
    _ step: Step, _ rows: RuleRows, _ range: Range<Int>, in scratch: RuleScratch,
    into mask: UnsafeMutablePointer<UInt8>
  ) {
    let first = rows.first
    let count = rows.count
    func source(_ index: Int) -> UnsafePointer<UInt8> { UnsafePointer(scratch.mask(index)) }
    switch step {
    case .constant(let truth): mask.update(repeating: truth ? 1 : 0, count: count)
    case .not(let other): RulePass.not(source(other), count, into: mask)
    case .all(let others):
      mask.update(from: source(others[0]), count: count)
      for other in others.dropFirst() { RulePass.and(source(other), count, into: mask) }
    case .any(let others):
      mask.update(from: source(others[0]), count: count)
      for other in others.dropFirst() { RulePass.or(source(other), count, into: mask) }
    case .field(let field, let lookup):
      switch field {
      case .event: RulePass.look(table.events.base + first, count, in: lookup, into: mask)
      case .channel: RulePass.look(table.channels.base + first, count, in: lookup, into: mask)
      case .origin: RulePass.look(table.origins.base + first, count, in: lookup, into: mask)
      case .device: RulePass.look(table.devices.base + first, count, in: lookup, into: mask)
      case .content: RulePass.look(table.contents.base + first, count, in: lookup, into: mask)
      case .campaign: RulePass.look(table.campaigns.base + first, count, in: lookup, into: mask)
      }
    case .phase(let column, let lookup):
      RulePass.look(column.base + first, count, in: lookup, into: mask)
    case .fact(let bytes):
      for journey in range {
        let own = table.rows(ofJourney: journey)
        (mask + (own.lowerBound - first)).update(repeating: bytes[journey], count: own.count)
      }
    case .property(let bits):
      RulePass.bits(table.rowIDs.base + first, count, of: bits, into: mask)
    case .value(let bounds): RulePass.compare(rows.values, count, bounds, into: mask)
    case .gap(let bounds): RulePass.gaps(rows, bounds, into: mask)
    case .count(let other, let window, let bounds):
      let mine = source(other)
      let resets = resets(window, count, in: scratch)
      switch window {
      case .all, .thisCycle: RulePass.count(mine, count, bounds, resetting: resets, into: mask)
      case .within(let milliseconds):
        RulePass.recent(
          rows, mine, milliseconds, bounds, resetting: resets, scratch.moments, into: mask)
      case .after(let end, let anchor):
        RulePass.after(rows, end, source(anchor), bounds, into: mask) { Int64(mine[$0]) }
      }
    case .sum(let other, let window, let bounds):
      let mine = source(other)
      let values = rows.values
      let resets = resets(window, count, in: scratch)
      // A mask of all ones or none keeps the value or makes it 0 without a branch.
      func weight(_ row: Int) -> Int128 { Int128(values[row] & (0 &- Int64(mine[row]))) }
      switch window {
      case .all, .thisCycle:
        RulePass.running(count, bounds, resetting: resets, into: mask, weight)
      case .within(let milliseconds):
        RulePass.within(rows, milliseconds, bounds, into: mask, weight)
      case .after(let end, let anchor):
        RulePass.after(rows, end, source(anchor), bounds, into: mask, weight)
      }
    case .since(let end, let other, let bounds):
      RulePass.since(rows, end, source(other), bounds, into: mask)
    }
  }

  /// Where counting over a window begins again: at each journey, and at each cycle for `thisCycle`.
  private func resets(
    _ window: Window, _ count: Int, in scratch: RuleScratch
  ) -> UnsafePointer<UInt8> {
    guard case .thisCycle = window, let cycles = cycleMask(in: scratch) else {
      return UnsafePointer(scratch.begins)
    }
    // The first touchpoint begins a cycle whatever the rule says of it.
    let resets = scratch.mask(steps.count + 1)
    resets.update(from: cycles, count: count)
    RulePass.or(UnsafePointer(scratch.begins), count, into: resets)
    return UnsafePointer(resets)
  }

  /// A step for each customer at the instant, where the touchpoints up to `latest` are history.
  private func atInstant(
    _ step: Step, _ index: Int, _ rows: RuleRows, range: Range<Int>,
    latest: UnsafePointer<Int>, instant: Int64, in scratch: RuleScratch,
    bytes: UnsafeMutablePointer<UInt8>
  ) {
    let count = range.count
    let answers = bytes + index * count
    func source(_ index: Int) -> UnsafePointer<UInt8> { UnsafePointer(bytes + index * count) }
    switch step {
    case .constant(let truth): answers.update(repeating: truth ? 1 : 0, count: count)
    case .not(let other): RulePass.not(source(other), count, into: answers)
    case .all(let others):
      answers.update(from: source(others[0]), count: count)
      for other in others.dropFirst() { RulePass.and(source(other), count, into: answers) }
    case .any(let others):
      answers.update(from: source(others[0]), count: count)
      for other in others.dropFirst() { RulePass.or(source(other), count, into: answers) }
    case .fact(let facts):
      for journey in 0..<count { answers[journey] = facts[range.lowerBound + journey] }
    case .field(_, let lookup):
      let mask = scratch.mask(index)
      for journey in 0..<count {
        answers[journey] = latest[journey] < 0 ? lookup.before : mask[latest[journey]]
      }
    case .phase, .property, .value, .gap:
      let mask = scratch.mask(index)
      for journey in 0..<count {
        answers[journey] = latest[journey] < 0 ? 0 : mask[latest[journey]]
      }
    case .count(let other, let window, let bounds):
      let mask = UnsafePointer(scratch.mask(other))
      for journey in 0..<count {
        let history = history(journey, window, rows, latest[journey], instant, in: scratch)
        answers[journey] = bounds.bit(RulePass.ones(mask, history))
      }
    case .sum(let other, let window, let bounds):
      let mask = scratch.mask(other)
      for journey in 0..<count {
        var total: Int128 = 0
        for row in history(journey, window, rows, latest[journey], instant, in: scratch) {
          total &+= Int128(rows.values[row] & (0 &- Int64(mask[row])))
        }
        answers[journey] = bounds.bit(total)
      }
    case .since(let end, let other, let bounds):
      let mask = UnsafePointer(scratch.mask(other))
      for journey in 0..<count {
        let row = rows.anchor(journey, end, mask, latest: latest[journey])
        answers[journey] = row.map { bounds.bit(instant &- rows.times[$0]) } ?? 0
      }
    }
  }

  /// The rows of a journey's history that a window lets through at an instant: always one run.
  private func history(
    _ journey: Int, _ window: Window, _ rows: RuleRows, _ latest: Int, _ instant: Int64,
    in scratch: RuleScratch
  ) -> Range<Int> {
    guard latest >= 0 else { return 0..<0 }
    let end = latest + 1
    var start = rows.start(journey)
    switch window {
    case .all: break
    case .within(let milliseconds):
      start = rows.firstRow(in: start..<end, later: instant &- milliseconds &- 1)
    case .after(let which, let anchor):
      let mask = UnsafePointer(scratch.mask(anchor))
      start = rows.anchor(journey, which, mask, latest: latest).map { $0 + 1 } ?? end
    case .thisCycle:
      guard let cycles = cycleMask(in: scratch) else { break }
      start = (start...latest).last { cycles[$0] != 0 } ?? start
    }
    return start..<end
  }
}
