import CustomerJourney
package import JourneyEngine

/// Draws the ``PhasePortrait`` of one phase.
package struct PhasePortraitFold: Fold {
  private let model: String
  private let phaseIDs: [String]
  private let phase: Int
  private let currency: Currency
  private let foreignValues: Int
  private let names: [By: [String]]

  /// Names that each list shows at most.
  package static let listLength = 50
  private static let lists: [By] = [.channel, .origin, .device, .event, .content, .campaign]

  /// Throws ``InsightError/unknownPhase(_:known:)`` when the model has no such phase.
  package init(model: String, phaseIDs: [String], phase: String, table: some NamedJourneys) throws {
    guard let index = phaseIDs.firstIndex(of: phase) else {
      throw InsightError.unknownPhase(phase, known: phaseIDs)
    }
    self.model = model
    self.phaseIDs = phaseIDs
    self.phase = index
    currency = table.currency
    foreignValues = table.foreignValues
    var names: [By: [String]] = [:]
    for by in Self.lists { names[by] = by.dimension.map { table.names($0).all } ?? [] }
    self.names = names
  }

  package struct Partial: Sendable, Codable {
    var stays: PhaseStays
    /// In the order of ``PhasePortraitFold/lists``.
    var uses: [UseTable]
    /// Touchpoints by rule; ``JourneyBlock/stayed`` for those that no rule decided.
    var rules = Counters<Int>(count: 256)
    /// Minor units; held at the ends of its range instead of running over.
    var value: Int64 = 0
  }

  package var columns: Columns { .all }

  package func start() -> Partial {
    Partial(
      stays: PhaseStays(phaseCount: phaseIDs.count),
      uses: Self.lists.map { UseTable(bound: UInt64(names[$0]?.count ?? 0)) })
  }

  package func update(_ partial: inout Partial, with journeys: JourneyBlock) {
    guard let phases = journeys.phases else {
      preconditionFailure("a portrait needs journeys that were placed in a model")
    }
    let found = StayRun()
    journeys.forEachRun(rows: 4096) { run, rows in
      noteUses(journeys, phases, run, rows, in: &partial)
      found.find(journeys, run, placed: phases, before: partial.stays.journeys)
      partial.stays.update(journeys, run, placed: phases, found) { _, _ in }
    }
  }

  private func noteUses(
    _ block: JourneyBlock, _ phases: UnsafePointer<UInt8>, _ run: Range<Int>, _ rows: Range<Int>,
    in partial: inout Partial
  ) {
    let channels = partial.uses[0].noter(uses: rows.count)
    let origins = partial.uses[1].noter(uses: rows.count)
    let devices = partial.uses[2].noter(uses: rows.count)
    let events = partial.uses[3].noter(uses: rows.count)
    let contents = partial.uses[4].noter(uses: rows.count)
    let campaigns = partial.uses[5].noter(uses: rows.count)
    let rules = partial.rules.memory(atLeast: 256)
    let phase = UInt8(phase)
    var journey = UInt32(partial.stays.journeys)
    for k in run {
      journey += 1
      for row in block.span(k) where phases[row] == phase {
        channels.note(UInt64(block.channels[row]), journey: journey)
        origins.note(UInt64(block.origins[row]), journey: journey)
        devices.note(UInt64(block.devices[row]), journey: journey)
        events.note(UInt64(block.events[row]), journey: journey)
        contents.note(UInt64(block.contents[row]), journey: journey)
        campaigns.note(UInt64(block.campaigns[row]), journey: journey)
        partial.value = partial.value.saturatingAdding(block.values[row])
        if let decided = block.rules { rules[Int(decided[row])] += 1 }
      }
    }
  }

  package func merge(_ partial: inout Partial, with other: Partial) {
    partial.stays.merge(other.stays)
    for k in partial.uses.indices { partial.uses[k].merge(other.uses[k]) }
    for rule in 0..<partial.rules.count { partial.rules[rule] += other.rules[rule] }
    partial.value = partial.value.saturatingAdding(other.value)
  }

  package func finish(_ partial: Partial) -> PhasePortrait {
    let counts = partial.stays.phases[phase]
    let uses = Self.lists.indices.map { list(partial.uses[$0], of: Self.lists[$0]) }
    let stayed = Int(JourneyBlock.stayed)
    return PhasePortrait(
      model: model, phase: phaseIDs[phase], customers: counts.customers,
      touchpoints: counts.touchpoints, entered: counts.entered,
      medianDwellSeconds: partial.stays.medianDwellSeconds(phase),
      value: Money(minorUnits: partial.value, currency: currency).amount, currency: currency.code,
      before: partial.stays.before(phase, ids: phaseIDs),
      after: partial.stays.after(phase, ids: phaseIDs), channels: uses[0], origins: uses[1],
      devices: uses[2], events: uses[3], content: uses[4], campaigns: uses[5],
      rules: (0..<partial.rules.count).filter { partial.rules[$0] > 0 }.map {
        .init(rule: $0 == stayed ? -1 : $0, touchpoints: partial.rules[$0])
      }, dwell: partial.stays.dwell(phase), foreignValues: foreignValues)
  }

  /// What touchpoints say nothing of is left out where most say nothing: content and campaigns.
  private func list(_ table: UseTable, of by: By) -> [PhasePortrait.Use] {
    let names = names[by] ?? []
    let isOptional = by == .content || by == .campaign
    let uses = table.used.filter { !isOptional || $0.thing != UInt64(Names.none) }.map {
      PhasePortrait.Use(
        name: names[Int($0.thing)], touchpoints: $0.touchpoints, customers: $0.customers)
    }
    return Array(
      uses.sorted {
        ($1.customers, $1.touchpoints, $0.name) < ($0.customers, $0.touchpoints, $1.name)
      }.prefix(Self.listLength))
  }
}
