import CustomerJourney
import Insights

/// The journey map, laid out: which columns and lanes there are, and what stands in each.
struct MapPicture {
  /// Lanes before the smallest channels fold into one.
  static let channelsShown = 9

  struct Column {
    var phase: JourneyMap.Phase
    var name: String
    var question: String
    /// Of all customers in the question.
    var shareOfAll: Double
    /// Largest first.
    var channels: [JourneyMap.ChannelUse]
    /// Straight to the phase beside it; nil in the last column and where nobody is.
    var toNextPhase: (share: Double, medianSeconds: Double?)?
    /// On first, then back, then out; the largest first within each.
    var moves: [Move]
    var largestBack: Move? { moves.first { $0.direction == .back } }
    var outShare: Double { moves.first { $0.direction == .out }?.share ?? 0 }
  }

  struct Move {
    enum Direction: Int { case on, back, out }
    var direction: Direction
    /// The phase's name; ``Edge/end`` for out.
    var name: String
    var customers: Int
    var share: Double
    var medianSeconds: Double?
  }

  struct Lane {
    /// The channels in it: one, or all that are folded.
    var channels: [String]
    var name: String
    /// One a column; nil where the channel has no touchpoint.
    var stops: [Stop?]
  }

  struct Stop {
    var touchpoints: Int
    /// Nil for folded channels, whose customers overlap.
    var customers: Int?
  }

  let columns: [Column]
  let lanes: [Lane]
  let palette: Palette
  let language: Language
  let allChannels: [String]
  let foldedChannels: Int
  let flows: [JourneyMap.Flow]
  let phaseLink: ((String) -> String)?

  /// `phaseLink` nil draws a picture without links.
  init(
    map: JourneyMap, model: JourneyModel, language: Language, channelLimit: Int,
    phaseLink: ((String) -> String)?
  ) {
    self.language = language
    self.phaseLink = phaseLink
    columns = Self.columns(map, model, language)

    var touchpointsOfChannel: [String: Int] = [:]
    for use in map.phases.flatMap(\.channels) {
      touchpointsOfChannel[use.channel, default: 0] += use.touchpoints
    }
    let expected = Channel.vocabulary.names
    let order = touchpointsOfChannel.keys.sorted {
      let a = expected.firstIndex(of: $0) ?? expected.count
      let b = expected.firstIndex(of: $1) ?? expected.count
      return a == b ? $0 < $1 : a < b
    }
    allChannels = order
    palette = Palette(channels: order)

    // Folding one lane would only rename it.
    var shown = Set(order)
    if order.count - 1 > channelLimit {
      let bySize = order.sorted {
        let (a, b) = (touchpointsOfChannel[$0] ?? 0, touchpointsOfChannel[$1] ?? 0)
        return a == b ? $0 < $1 : a > b
      }
      shown = Set(bySize.prefix(channelLimit))
    }
    let folded = order.filter { !shown.contains($0) }
    foldedChannels = folded.count
    let columns = self.columns
    func lane(_ channels: [String], _ name: String) -> Lane {
      Lane(channels: channels, name: name, stops: columns.map { Self.stop(channels, in: $0) })
    }
    var lanes = order.filter(shown.contains).map { lane([$0], Channel($0).title(language)) }
    if !folded.isEmpty {
      lanes.append(lane(folded, Wording(language: language).moreChannels(folded.count)))
    }
    self.lanes = lanes
    flows = Self.flows(map, shown: shown)
  }

  private static func columns(
    _ map: JourneyMap, _ model: JourneyModel, _ language: Language
  ) -> [Column] {
    func name(_ id: String) -> String {
      model.index(ofPhase: id).map { model.phases[$0].name(language) } ?? id
    }
    let place = Dictionary(
      map.phases.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    return map.phases.enumerated().map { index, phase in
      let present = Double(max(1, phase.customers))
      var moves = phase.next.map { next -> Move in
        let to = place[next.to]
        let direction: Move.Direction = to == nil ? .out : (to ?? 0) > index ? .on : .back
        return Move(
          direction: direction, name: name(next.to), customers: next.customers,
          share: Double(next.customers) / present, medianSeconds: next.medianSeconds)
      }
      moves.sort { (a: Move, b: Move) -> Bool in
        if a.direction != b.direction { return a.direction.rawValue < b.direction.rawValue }
        return a.customers > b.customers
      }
      let channels = phase.channels.sorted {
        (a: JourneyMap.ChannelUse, b: JourneyMap.ChannelUse) -> Bool in
        a.touchpoints == b.touchpoints ? a.channel < b.channel : a.touchpoints > b.touchpoints
      }
      let question = model.index(ofPhase: phase.id).map { model.phases[$0].question(language) }
      var column = Column(
        phase: phase, name: name(phase.id),
        question: question ?? "",
        shareOfAll: Double(phase.customers) / Double(max(1, map.customers)),
        channels: channels, toNextPhase: nil, moves: moves)
      if index + 1 < map.phases.count, phase.customers > 0 {
        let next = phase.next.first { $0.to == map.phases[index + 1].id }
        column.toNextPhase = (Double(next?.customers ?? 0) / present, next?.medianSeconds)
      }
      return column
    }
  }

  private static func stop(_ channels: [String], in column: Column) -> Stop? {
    let uses = column.channels.filter { channels.contains($0.channel) }
    guard let first = uses.first else { return nil }
    var touchpoints = 0
    for use in uses { touchpoints += use.touchpoints }
    return Stop(touchpoints: touchpoints, customers: channels.count == 1 ? first.customers : nil)
  }

  /// The changes of channel that matter: the largest forward ones and a few back, none so small
  /// that its line would say nothing.
  private static func flows(_ map: JourneyMap, shown: Set<String>) -> [JourneyMap.Flow] {
    let place = Dictionary(
      map.phases.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
    let visible = map.flows.filter {
      shown.contains($0.fromChannel) && shown.contains($0.toChannel) && $0.customers > 0
        && place[$0.fromPhase] != nil && place[$0.toPhase] != nil && $0.fromPhase != $0.toPhase
    }.sorted { a, b in
      if a.customers != b.customers { return a.customers > b.customers }
      return [a.fromPhase, a.fromChannel, a.toPhase, a.toChannel].lexicographicallyPrecedes(
        [b.fromPhase, b.fromChannel, b.toPhase, b.toChannel])
    }
    func isBack(_ flow: JourneyMap.Flow) -> Bool {
      (place[flow.fromPhase] ?? 0) > (place[flow.toPhase] ?? 0)
    }
    let least = (visible.first?.customers ?? 0) / 40
    let forward = visible.filter {
      !isBack($0) && $0.fromChannel != $0.toChannel && $0.customers > least
    }
    let back = visible.filter { isBack($0) && $0.customers > least }
    return Array(forward.prefix(4 * max(1, map.phases.count - 1))) + Array(back.prefix(4))
  }

  func place(ofPhase id: String) -> Int? { columns.firstIndex { $0.phase.id == id } }
  func isBack(_ flow: JourneyMap.Flow) -> Bool {
    (place(ofPhase: flow.fromPhase) ?? 0) > (place(ofPhase: flow.toPhase) ?? 0)
  }
  var hasBackFlows: Bool { flows.contains(where: isBack) }
  var hasGaps: Bool { lanes.contains { lane in columns.indices.contains { isGap(lane, $0) } } }

  /// A place where customers could be met and are not: they are in this phase, and the channel was
  /// used in the phase before.
  func isGap(_ lane: Lane, _ column: Int) -> Bool {
    column > 0 && lane.stops[column] == nil && lane.stops[column - 1] != nil
      && columns[column].phase.customers > 0 && lane.channels.count == 1
  }
}
