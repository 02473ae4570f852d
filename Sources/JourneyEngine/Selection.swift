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

/// The journeys of a table that a selection leaves, as a fold sees them.
///
/// Rules and phases know the whole journey, also what is before the period. Only then are the
/// touchpoints that passed copied together; journeys of which nothing passed are left out.
package struct SelectedJourneys: JourneySource {
  package let table: JourneyTable
  /// Phases for the blocks, where the question has a model.
  package let placement: PhasePlacement?
  package let selection: Selection
  private let touchpoints: RuleProgram?
  private let customers: RuleProgram?
  private let instant: Int64

  /// `placed` are placements that exist already; `models` are those whose phases the rules may ask
  /// for, and are placed here where they are asked for and not placed yet.
  package init(
    _ table: JourneyTable, placement: PhasePlacement? = nil, selection: Selection = Selection(),
    facts: any RuleFacts = NoRuleFacts(), placed: [PhasePlacement] = [],
    among models: [JourneyModel] = JourneyModel.builtIn
  ) {
    self.table = table
    self.placement = placement
    self.selection = selection
    let asked = (selection.touchpoints?.models ?? []).union(selection.customers?.models ?? [])
    var placements = placement.map { [$0] } ?? []
    placements += placed.filter { $0.model.id != placement?.model.id }
    for model in models
    where asked.contains(model.id) && !placements.contains(where: { $0.model.id == model.id }) {
      placements.append(PhasePlacement(model, in: table, facts: facts, among: models))
    }
    let cycleStart = placement?.model.cycleStart
    func program(_ rule: Rule) -> RuleProgram {
      // Where cycles begin costs a pass of its own, and may itself ask for phases.
      RuleProgram(
        [rule], in: table, facts: facts, placements: placements,
        cycleStart: rule.usesCycles ? cycleStart : nil)
    }
    touchpoints = selection.touchpoints.map(program)
    customers = selection.customers.map(program)
    instant = selection.to.map { $0.milliseconds &- 1 } ?? (customers == nil ? 0 : table.lastTime)
  }

  package func ranges(parts: Int) -> [Range<Int>] { table.ranges(parts: parts) }

  package func forEachBlock(
    _ range: Range<Int>, reading columns: Columns, _ body: (JourneyBlock) -> Void
  ) {
    guard !selection.isEverything else {
      body(table.block(range, phases: placement?.phases, rules: placement?.rules))
      return
    }
    let scratch = RuleScratch()
    let packed = PackedJourneys()
    table.forEachRun(of: range, rows: Self.rowsAtOnce) { journeys in
      let rows = RuleRows(table, journeys)
      packed.reserve(rows: rows.count, journeys: journeys.count)
      keep(journeys, rows, in: scratch, into: packed)
      packed.pack(table, journeys, rows, placement)
      if packed.journeyCount > 0 { body(packed.block(isPlaced: placement != nil)) }
    }
  }

  /// The rows of one journey that pass, as positions in the table.
  package func rows(ofJourney journey: Int) -> [Int] {
    let rows = RuleRows(table, journey..<(journey + 1))
    let packed = PackedJourneys()
    packed.reserve(rows: rows.count, journeys: 1)
    keep(journey..<(journey + 1), rows, in: RuleScratch(), into: packed)
    return (0..<rows.count).filter { packed.mask[$0] != 0 }.map { rows.first + $0 }
  }

  /// Marks the touchpoints that pass.
  private func keep(
    _ journeys: Range<Int>, _ rows: RuleRows, in scratch: RuleScratch, into packed: PackedJourneys
  ) {
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
    guard let customers else { return }
    customers.evaluate(rule: 0, journeys, at: instant, in: scratch, into: packed.customerMask)
    for journey in 0..<journeys.count where packed.customerMask[journey] == 0 {
      let own = rows.start(journey)..<rows.end(journey)
      (mask + own.lowerBound).update(repeating: 0, count: own.count)
    }
  }

  /// Enough for a fold's loop to be long, small enough to stay in a core's cache.
  private static let rowsAtOnce = 16_384
}

extension JourneyTable {
  /// The latest moment of all touchpoints; 0 when there are none.
  var lastTime: Int64 {
    var last = Int64.min
    for journey in 0..<journeyCount {
      last = max(last, times[rows(ofJourney: journey).upperBound - 1])
    }
    return journeyCount == 0 ? 0 : last
  }
}

/// Columns of the touchpoints that passed, and the room to work them out.
private final class PackedJourneys {
  private(set) var journeyCount = 0
  private(set) var mask = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
  private(set) var customerMask = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
  private var rowCapacity = 0
  private var journeyCapacity = 0
  /// Positions of the rows that passed.
  private var kept = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
  private var starts = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
  private var customers = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
  private var times = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
  private var events = UnsafeMutablePointer<UInt16>.allocate(capacity: 1)
  private var channels = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
  private var origins = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
  private var devices = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
  private var contents = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
  private var campaigns = UnsafeMutablePointer<UInt16>.allocate(capacity: 1)
  private var values = UnsafeMutablePointer<Int64>.allocate(capacity: 1)
  private var phases = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
  private var rules = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)

  deinit {
    mask.deallocate()
    customerMask.deallocate()
    kept.deallocate()
    starts.deallocate()
    customers.deallocate()
    times.deallocate()
    events.deallocate()
    channels.deallocate()
    origins.deallocate()
    devices.deallocate()
    contents.deallocate()
    campaigns.deallocate()
    values.deallocate()
    phases.deallocate()
    rules.deallocate()
  }

  func reserve(rows: Int, journeys: Int) {
    if rows > rowCapacity {
      rowCapacity = rows
      Self.renew(&mask, rows)
      Self.renew(&kept, rows)
      Self.renew(&times, rows)
      Self.renew(&events, rows)
      Self.renew(&channels, rows)
      Self.renew(&origins, rows)
      Self.renew(&devices, rows)
      Self.renew(&contents, rows)
      Self.renew(&campaigns, rows)
      Self.renew(&values, rows)
      Self.renew(&phases, rows)
      Self.renew(&rules, rows)
    }
    if journeys > journeyCapacity {
      journeyCapacity = journeys
      Self.renew(&customerMask, journeys)
      Self.renew(&starts, journeys + 1)
      Self.renew(&customers, journeys)
    }
  }

  private static func renew<Element>(
    _ memory: inout UnsafeMutablePointer<Element>, _ count: Int
  ) {
    memory.deallocate()
    memory = .allocate(capacity: count)
  }

  /// Copies what the mask lets through.
  func pack(
    _ table: JourneyTable, _ range: Range<Int>, _ rows: RuleRows, _ placement: PhasePlacement?
  ) {
    journeyCount = 0
    var count = 0
    for journey in 0..<range.count {
      let before = count
      for row in rows.start(journey)..<rows.end(journey) {
        // Written always, counted only when it passes: no branch to guess.
        kept[count] = UInt32(truncatingIfNeeded: row)
        count += Int(mask[row])
      }
      if count > before {
        starts[journeyCount] = UInt32(before)
        customers[journeyCount] = table.customers.base[range.lowerBound + journey]
        journeyCount += 1
      }
    }
    starts[journeyCount] = UInt32(count)
    let first = rows.first
    for position in 0..<count {
      let row = first + Int(kept[position])
      times[position] = table.times.base[row]
      events[position] = table.events.base[row]
      channels[position] = table.channels.base[row]
      origins[position] = table.origins.base[row]
    }
    for position in 0..<count {
      let row = first + Int(kept[position])
      devices[position] = table.devices.base[row]
      contents[position] = table.contents.base[row]
      campaigns[position] = table.campaigns.base[row]
      values[position] = table.values.base[row]
    }
    guard let placement else { return }
    for position in 0..<count {
      let row = first + Int(kept[position])
      phases[position] = placement.phases.base[row]
      rules[position] = placement.rules.base[row]
    }
  }

  func block(isPlaced: Bool) -> JourneyBlock {
    JourneyBlock(
      journeyCount: journeyCount, starts: starts, customers: customers, times: times,
      events: events, channels: channels, origins: origins, devices: devices, contents: contents,
      campaigns: campaigns, values: values, phases: isPlaced ? phases : nil,
      rules: isPlaced ? rules : nil)
  }
}
