import CustomerJourney
package import JourneyEngine

/// Draws the ``JourneyMap`` of journeys that were placed in a model.
package struct JourneyMapFold: Fold {
  private let model: String
  private let phaseIDs: [String]
  private let channels: [String]
  private let contents: [String]

  /// Pieces of content that the map shows of each phase.
  package static let contentsPerPhase = 10

  /// `phaseIDs` in the model's order: all of them appear, also those where nobody was.
  package init(model: String, phaseIDs: [String], table: some NamedJourneys) {
    self.model = model
    self.phaseIDs = phaseIDs
    channels = table.names(.channel).all
    contents = table.names(.content).all
  }

  package struct Partial: Sendable, Codable {
    var stays: PhaseStays
    /// By phase × channels + channel.
    var channels: UseTable
    /// By phase × contents + content.
    var contents: UseTable
    /// By (phase × channels + channel) of the last touchpoint of a stay and of the first of the next.
    var flows: UseTable
  }

  package var columns: Columns { [.times, .channels, .contents, .phases] }

  package func start() -> Partial {
    let places = UInt64(phaseIDs.count * channels.count)
    return Partial(
      stays: PhaseStays(phaseCount: phaseIDs.count), channels: UseTable(bound: places),
      contents: UseTable(bound: UInt64(phaseIDs.count * contents.count)),
      flows: UseTable(bound: places * places))
  }

  package func update(_ partial: inout Partial, with journeys: JourneyBlock) {
    guard let phases = journeys.phases else {
      preconditionFailure("the map needs journeys that were placed in a model")
    }
    let found = StayRun()
    // In runs whose touchpoints stay in a core's cache from one loop to the next, and that are long
    // enough for each loop to have its counters there.
    journeys.forEachRun(rows: 4096) { run, _ in
      found.find(journeys, run, placed: phases, before: partial.stays.journeys)
      noteUses(journeys, phases + found.firstRow, found, in: &partial)
      noteStays(journeys, run, phases, found, in: &partial)
    }
  }

  private func noteUses(
    _ block: JourneyBlock, _ phases: UnsafePointer<UInt8>, _ found: StayRun,
    in partial: inout Partial
  ) {
    let journeys = found.journeys
    let channelCount = UInt64(channels.count)
    let channels = block.channels + found.firstRow
    partial.channels.noter(uses: found.rowCount).noteEach(found.rowCount) { row in
      (UInt64(phases[row]) &* channelCount &+ UInt64(channels[row]), journeys[row])
    }
    let contentCount = UInt64(self.contents.count)
    let contents = block.contents + found.firstRow
    // Touchpoints without content are counted too, which costs less than asking; nobody reads them.
    partial.contents.noter(uses: found.rowCount).noteEach(found.rowCount) { row in
      (UInt64(phases[row]) &* contentCount &+ UInt64(contents[row]), journeys[row])
    }
  }

  private func noteStays(
    _ block: JourneyBlock, _ run: Range<Int>, _ placed: UnsafePointer<UInt8>, _ found: StayRun,
    in partial: inout Partial
  ) {
    let flows = partial.flows.noter(uses: found.moveCount)
    let phases = placed + found.firstRow
    let channels = block.channels + found.firstRow
    let channelCount = UInt64(self.channels.count)
    let places = UInt64(phaseIDs.count) * channelCount
    partial.stays.update(block, run, placed: placed, found) { row, journey in
      let from = UInt64(phases[row &- 1]) &* channelCount &+ UInt64(channels[row &- 1])
      let to = UInt64(phases[row]) &* channelCount &+ UInt64(channels[row])
      flows.note(from &* places &+ to, journey: journey)
    }
  }

  package func merge(_ partial: inout Partial, with other: Partial) {
    partial.stays.merge(other.stays)
    partial.channels.merge(other.channels)
    partial.contents.merge(other.contents)
    partial.flows.merge(other.flows)
  }

  package func finish(_ partial: Partial) -> JourneyMap {
    var channelUses = Array(repeating: [JourneyMap.ChannelUse](), count: phaseIDs.count)
    for entry in partial.channels.used {
      let (phase, channel) = Int(entry.thing).quotientAndRemainder(dividingBy: channels.count)
      channelUses[phase].append(
        .init(
          channel: channels[channel], touchpoints: entry.touchpoints, customers: entry.customers))
    }
    var contentUses = Array(repeating: [JourneyMap.ContentUse](), count: phaseIDs.count)
    for entry in partial.contents.used {
      let (phase, content) = Int(entry.thing).quotientAndRemainder(dividingBy: contents.count)
      guard content != Int(Names.none) else { continue }
      contentUses[phase].append(
        .init(
          content: contents[content], touchpoints: entry.touchpoints, customers: entry.customers))
    }
    let phases = phaseIDs.indices.map { phase in
      let counts = partial.stays.phases[phase]
      return JourneyMap.Phase(
        id: phaseIDs[phase], customers: counts.customers, touchpoints: counts.touchpoints,
        entered: counts.entered, medianDwellSeconds: partial.stays.medianDwellSeconds(phase),
        next: partial.stays.after(phase, ids: phaseIDs),
        channels: channelUses[phase].sorted {
          ($1.touchpoints, $0.channel) < ($0.touchpoints, $1.channel)
        },
        content: Array(
          contentUses[phase].sorted {
            ($1.customers, $1.touchpoints, $0.content) < ($0.customers, $0.touchpoints, $1.content)
          }.prefix(Self.contentsPerPhase)), dwell: partial.stays.dwell(phase))
    }
    return JourneyMap(
      model: model, customers: partial.stays.journeys, touchpoints: partial.stays.touchpoints,
      phases: phases, flows: flows(partial.flows))
  }

  private func flows(_ table: UseTable) -> [JourneyMap.Flow] {
    let places = phaseIDs.count * channels.count
    let flows = table.used.sorted { ($1.customers, $0.thing) < ($0.customers, $1.thing) }
    return flows.prefix(Limits.rowsPerAnswer).map { entry in
      let (from, to) = Int(entry.thing).quotientAndRemainder(dividingBy: places)
      return JourneyMap.Flow(
        fromPhase: phaseIDs[from / channels.count], fromChannel: channels[from % channels.count],
        toPhase: phaseIDs[to / channels.count], toChannel: channels[to % channels.count],
        customers: entry.customers)
    }
  }
}
