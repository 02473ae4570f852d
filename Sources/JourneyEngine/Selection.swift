package import CustomerJourney

/// Which touchpoints and customers a question is about.
package struct Selection: Hashable, Sendable {
  /// Touchpoints from this moment on.
  package var from: Timestamp?
  /// Touchpoints before this moment.
  package var to: Timestamp?
  /// Keeps the touchpoints at whose moment it is true.
  package var touchpoints: Rule?
  /// Keeps the customers of whom it is true at the end of the period: its last millisecond, or the
  /// last touchpoint of all where the period is open.
  package var customers: Rule?

  package init(
    from: Timestamp? = nil, to: Timestamp? = nil, touchpoints: Rule? = nil, customers: Rule? = nil
  ) {
    self.from = from
    self.to = to
    self.touchpoints = touchpoints
    self.customers = customers
  }

  package var isEverything: Bool { self == Selection() }
}

/// The journeys of one part that a selection leaves, as a fold sees them.
///
/// Rules and phases know the whole journey, also what is before the period. Only then are the
/// touchpoints that passed copied together; journeys of which nothing passed are left out.
struct SelectedPart: Sendable {
  private let part: JourneyPart
  private var table: JourneyTable { part.table }
  /// Phases for the blocks, where the question has a model.
  private let placement: PhasePlacement?
  private let selection: Selection
  private let touchpoints: RuleProgram?
  private let customers: RuleProgram?
  private let instant: Int64

  /// `placements` are in the models whose phases the rules ask for. Customers are judged at
  /// `instant`, in milliseconds.
  init(
    _ part: JourneyPart, placement: PhasePlacement?, selection: Selection, facts: any RuleFacts,
    placements: [PhasePlacement], at instant: Int64
  ) {
    self.part = part
    self.placement = placement
    self.selection = selection
    self.instant = instant
    let cycleStart = placement?.model.cycleStart
    func program(_ rule: Rule) -> RuleProgram {
      // Where cycles begin costs a pass of its own, and may itself ask for phases.
      RuleProgram(
        [rule], in: part.table, facts: facts, placements: placements,
        cycleStart: rule.usesCycles ? cycleStart : nil)
    }
    touchpoints = selection.touchpoints.map(program)
    customers = selection.customers.map(program)
  }

  /// The rules as they are worked out.
  var programs: [RuleProgram] { [touchpoints, customers].compactMap { $0 } }

  /// Calls `body` with the blocks of a range of the table's journeys, of which only `columns` are read.
  func forEachBlock(
    _ range: Range<Int>, reading columns: Columns, _ body: (JourneyBlock) -> Void
  ) {
    guard !selection.isEverything else {
      part.forEachRun(of: range) { run in
        body(table.block(run, phases: placement?.phases, rules: placement?.rules))
      }
      return
    }
    let scratch = RuleScratch()
    let packed = PackedJourneys()
    table.forEachRun(of: range, rows: Self.rowsAtOnce) { journeys in
      let rows = RuleRows(table, journeys)
      packed.reserve(rows: rows.count, journeys: journeys.count)
      let mask = keep(journeys, rows, in: scratch, with: packed)
      packed.pack(table, journeys, rows, mask)
      guard packed.journeyCount > 0 else { return }
      packed.copy(columns, of: table, placement)
      body(packed.block(isPlaced: placement != nil))
    }
  }

  /// The rows of one journey that pass, as positions in the table.
  func rows(ofJourney journey: Int) -> [Int] {
    let rows = RuleRows(table, journey..<(journey + 1))
    let scratch = RuleScratch()
    let packed = PackedJourneys()
    packed.reserve(rows: rows.count, journeys: 1)
    let mask = keep(journey..<(journey + 1), rows, in: scratch, with: packed)
    return (0..<rows.count).filter { mask[$0] != 0 }.map { rows.first + $0 }
  }

  /// One byte a touchpoint, 1 for those that pass. It is valid until `scratch` or `packed` is used
  /// again.
  private func keep(
    _ journeys: Range<Int>, _ rows: RuleRows, in scratch: RuleScratch, with packed: PackedJourneys
  ) -> UnsafePointer<UInt8> {
    if let touchpoints, customers == nil, selection.from == nil, selection.to == nil,
      part.masked.isEmpty
    {
      touchpoints.evaluate(journeys, in: scratch)
      return touchpoints.mask(0, in: scratch)
    }
    let mask = packed.mask
    let times = rows.times
    mask.update(repeating: 1, count: rows.count)
    if let from = selection.from?.milliseconds {
      for row in 0..<rows.count { mask[row] = times[row] >= from ? 1 : 0 }
    }
    if let to = selection.to?.milliseconds {
      for row in 0..<rows.count { mask[row] &= times[row] < to ? 1 : 0 }
    }
    if let touchpoints {
      touchpoints.evaluate(journeys, in: scratch)
      RulePass.and(touchpoints.mask(0, in: scratch), rows.count, into: mask)
    }
    func leaveOut(_ journey: Int) {
      let own = rows.start(journey)..<rows.end(journey)
      (mask + own.lowerBound).update(repeating: 0, count: own.count)
    }
    if !part.masked.isEmpty {
      for journey in 0..<journeys.count where part.isMasked(journeys.lowerBound + journey) {
        leaveOut(journey)
      }
    }
    if let customers {
      customers.evaluate(rule: 0, journeys, at: instant, in: scratch, into: packed.customerMask)
      for journey in 0..<journeys.count where packed.customerMask[journey] == 0 {
        leaveOut(journey)
      }
    }
    return UnsafePointer(mask)
  }

  /// Enough for a fold's loop to be long, small enough to stay in a core's cache.
  private static let rowsAtOnce = 4096
}
