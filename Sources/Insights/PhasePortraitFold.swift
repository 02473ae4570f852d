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
    var rules = [Int](repeating: 0, count: 256)
    /// Minor units; held at the ends of its range instead of running over.
    var value: Int64 = 0
  }

  package func start() -> Partial {
    Partial(
      stays: PhaseStays(phaseCount: phaseIDs.count),
      uses: Self.lists.map { UseTable(bound: UInt64(names[$0]?.count ?? 0)) })
  }

  package func update(_ partial: inout Partial, with journeys: JourneyBlock) {
    guard let phases = journeys.phases else {
      preconditionFailure("a portrait needs journeys that were placed in a model")
    }
    for k in 0..<journeys.journeyCount {
      let journey = UInt64(partial.stays.journeys + k + 1)
      for row in journeys.rows(ofJourney: k) where Int(phases[row]) == phase {
        partial.uses[0].note(UInt64(journeys.channels[row]), journey: journey)
        partial.uses[1].note(UInt64(journeys.origins[row]), journey: journey)
        partial.uses[2].note(UInt64(journeys.devices[row]), journey: journey)
        partial.uses[3].note(UInt64(journeys.events[row]), journey: journey)
        partial.uses[4].note(UInt64(journeys.contents[row]), journey: journey)
        partial.uses[5].note(UInt64(journeys.campaigns[row]), journey: journey)
        partial.value = partial.value.saturatingAdding(journeys.values[row])
        if let rules = journeys.rules { partial.rules[Int(rules[row])] += 1 }
      }
    }
    partial.stays.update(journeys, placed: phases) { _, _ in }
  }

  package func merge(_ partial: inout Partial, with other: Partial) {
    partial.stays.merge(other.stays)
    for k in partial.uses.indices { partial.uses[k].merge(other.uses[k]) }
    for rule in partial.rules.indices { partial.rules[rule] += other.rules[rule] }
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
      rules: partial.rules.indices.filter { partial.rules[$0] > 0 }.map {
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
