package import CustomerJourney
import Synchronization

/// A rule to be asked of customers at instants: who is in a segment, and who was.
///
/// The rule is compiled against a part of the journeys when that part is first asked, so that asking
/// for a few customers who were just touched costs nothing of the base.
package struct Membership: Sendable {
  package let rule: Rule
  private let journeys: Journeys
  private let facts: any RuleFacts
  private let placements: [JourneyPlacement]
  private let programs: Programs

  /// Programs by part, in the order of the journeys' parts.
  private final class Programs: Sendable {
    let known: Mutex<[RuleProgram?]>
    init(_ programs: [RuleProgram?]) { known = Mutex(programs) }
  }

  /// `placements` are in the models whose phases the rule asks for. What `previous` compiled for the
  /// same tables is used again, where it does not depend on facts that may be others now.
  package init(
    _ rule: Rule, in journeys: Journeys, facts: any RuleFacts = NoRuleFacts(),
    placements: [JourneyPlacement] = [], after previous: Membership? = nil
  ) {
    self.rule = rule
    self.journeys = journeys
    self.facts = facts
    self.placements = placements
    var old: [ObjectIdentifier: RuleProgram] = [:]
    if let previous, previous.rule == rule, rule.models.isEmpty, !rule.usesCustomerFacts,
      !rule.usesProperties
    {
      for case let program? in previous.programs.known.withLock({ $0 }) {
        old[ObjectIdentifier(program.table)] = program
      }
    }
    programs = Programs(journeys.parts.map { old[ObjectIdentifier($0.table)] })
  }

  private func program(_ part: Int) -> RuleProgram {
    programs.known.withLock { known in
      if let program = known[part] { return program }
      let program = RuleProgram(
        [rule], in: journeys.parts[part].table, facts: facts,
        placements: placements.map { $0.parts[part] })
      known[part] = program
      return program
    }
  }

  /// What each pass over the columns does, in words; those of the base, as the other parts have the
  /// same.
  package var passes: [String] { journeys.parts.isEmpty ? [] : program(0).passes }
  /// The columns that the passes read.
  package var columns: Columns { journeys.parts.isEmpty ? [] : program(0).columns }

  /// How many customers there were at an instant, and of how many the rule was true.
  package struct Count: Hashable, Sendable, Codable {
    package var customers: Int
    package var members: Int

    package init(customers: Int = 0, members: Int = 0) {
      self.customers = customers
      self.members = members
    }

    fileprivate mutating func add(_ other: Count) {
      customers += other.customers
      members += other.members
    }
  }

  /// One count for each instant, in milliseconds since 1970. A customer is there from the first
  /// touchpoint on.
  package func counts(at instants: [Int64], parts: Int = Cores.count) -> [Count] {
    let ranges = journeys.ranges(parts: parts)
    let total = Mutex(Array(repeating: Count(), count: instants.count))
    for part in journeys.parts.indices { _ = program(part) }
    Cores.perform(iterations: ranges.count) { index in
      var own = Array(repeating: Count(), count: instants.count)
      evaluate(ranges[index], at: instants) { part, instant, run, answers in
        let (starts, times) = (part.table.starts.base, part.table.times.base)
        let moment = instants[instant]
        var count = Count()
        part.forEachRun(of: run) { seen in
          for journey in seen {
            let isThere = times[Int(starts[journey])] <= moment ? 1 : 0
            count.customers &+= isThere
            count.members &+= isThere & Int(answers[journey &- run.lowerBound])
          }
        }
        own[instant].add(count)
      }
      total.withLock { total in
        for (at, count) in own.enumerated() { total[at].add(count) }
      }
    }
    return total.withLock { $0 }
  }

  /// Writes 1 or 0 for each customer into `states`, which has room for the number of each; those
  /// without touchpoints are left as they are.
  package func write(
    at instant: Int64, into states: UnsafeMutableBufferPointer<UInt8>, parts: Int = Cores.count
  ) {
    let ranges = journeys.ranges(parts: parts)
    for part in journeys.parts.indices { _ = program(part) }
    let target = CustomerStates(states)
    Cores.perform(iterations: ranges.count) { index in
      evaluate(ranges[index], at: [instant]) { part, _, run, answers in
        part.forEachRun(of: run) { seen in
          for journey in seen {
            target.bytes[Int(part.table.customers[journey])] = answers[journey - run.lowerBound]
          }
        }
      }
    }
  }

  /// Whether the rule is true of the customer of a journey at an instant.
  package func holds(ofJourney journey: Int, at instant: Int64) -> Bool {
    var holds = false
    evaluate(journey..<(journey + 1), at: [instant]) { _, _, _, answers in holds = answers[0] != 0 }
    return holds
  }

  /// Calls `body` with runs of journeys, for each instant: the part, the instant's index, the journeys'
  /// places in the part's table, and a byte for each, 1 where the rule is true. Journeys that are not to
  /// be seen are among them.
  private func evaluate(
    _ range: Range<Int>, at instants: [Int64],
    _ body: (JourneyPart, Int, Range<Int>, UnsafePointer<UInt8>) -> Void
  ) {
    let scratch = RuleScratch()
    var answers: [UInt8] = []
    journeys.forEachPart(of: range) { index, own in
      let part = journeys.parts[index]
      let program = program(index)
      part.table.forEachRun(of: own, rows: Self.rowsAtOnce) { run in
        if answers.count < run.count { answers = Array(repeating: 0, count: run.count) }
        program.prepareInstants(run, in: scratch)
        for (at, instant) in instants.enumerated() {
          answers.withUnsafeMutableBufferPointer { answers in
            guard let base = answers.baseAddress else { return }
            program.ask(rule: 0, run, at: instant, in: scratch, into: base)
            body(part, at, run, UnsafePointer(base))
          }
        }
      }
    }
  }

  private static let rowsAtOnce = 16_384
}

/// Bytes by a customer's number, written by threads that never write the same one.
private struct CustomerStates: @unchecked Sendable {
  let bytes: UnsafeMutablePointer<UInt8>

  init(_ states: UnsafeMutableBufferPointer<UInt8>) {
    guard let bytes = states.baseAddress else { preconditionFailure("room for every customer") }
    self.bytes = bytes
  }
}

extension JourneyPlacement {
  /// Writes the index of each customer's current phase, that of the last touchpoint, into `states`,
  /// which has room for the number of each. The first phase is written as `first`.
  package func writeCurrentPhases(
    into states: UnsafeMutableBufferPointer<UInt8>, from first: UInt8 = 0
  ) {
    forEachCurrentPhase { states[Int($0)] = $1 + first }
  }

  private func forEachCurrentPhase(_ body: (UInt32, UInt8) -> Void) {
    for (part, placement) in zip(journeys.parts, parts) {
      part.forEachRun(of: 0..<part.table.journeyCount) { run in
        for journey in run {
          let last = Int(part.table.starts[journey + 1]) - 1
          body(part.table.customers.base[journey], placement.phases.base[last])
        }
      }
    }
  }
}

extension Journeys {
  /// The highest number of a customer; nil without any.
  package var lastCustomer: UInt32? {
    parts.compactMap { $0.table.customers.values.last }.max()
  }

  /// The first moment after `now` at which a rule with these ``Rule/delays`` may be true where it was
  /// not, or no longer true, though nothing happens. Nil when there is none.
  package func nextMoment(ofJourney journey: Int, after now: Int64, delays: [Int64]) -> Int64? {
    let place = place(ofJourney: journey)
    return place.part.table.nextMoment(ofJourney: place.journey, after: now, delays: delays)
  }

  /// Calls `body` with each customer that has such a moment.
  package func forEachNextMoment(
    after now: Int64, delays: [Int64], _ body: (UInt32, Int64) -> Void
  ) {
    for part in parts {
      part.forEachRun(of: 0..<part.table.journeyCount) { run in
        for journey in run {
          if let moment = part.table.nextMoment(ofJourney: journey, after: now, delays: delays) {
            body(part.table.customers.base[journey], moment)
          }
        }
      }
    }
  }
}

extension JourneyTable {
  fileprivate func nextMoment(ofJourney journey: Int, after now: Int64, delays: [Int64]) -> Int64? {
    let rows = rows(ofJourney: journey)
    var next: Int64?
    for delay in delays {
      // The first touchpoint that is less than the delay ago.
      var low = rows.lowerBound
      var high = rows.upperBound
      while low < high {
        let middle = (low + high) / 2
        if times.base[middle] &+ delay <= now { low = middle + 1 } else { high = middle }
      }
      guard low < rows.upperBound else { continue }
      let moment = times.base[low] &+ delay
      next = next.map { min($0, moment) } ?? moment
    }
    return next
  }
}
