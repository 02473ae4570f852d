package import CustomerJourney

/// The journeys of an account's people beside each other.
package struct AccountJourney: Sendable {
  package var lanes: [Lane]
  /// People who are not drawn.
  package var leftOut: Int

  package struct Lane: Sendable {
    package var customer: String
    package var roles: [String]
    /// Of the last touchpoint, by its id.
    package var phase: String?
    package var isMember: Bool
    package var moments: [Moment]
    /// Touchpoints before those in ``moments``.
    package var leftOut: Int

    package init(
      customer: String, roles: [String], phase: String?, isMember: Bool, moments: [Moment] = [],
      leftOut: Int = 0
    ) {
      self.customer = customer
      self.roles = roles
      self.phase = phase
      self.isMember = isMember
      self.moments = moments
      self.leftOut = leftOut
    }
  }

  package struct Moment: Sendable {
    package var time: Timestamp
    package var localTime: String
    package var event: String
    package var channel: String
    /// As its index in the model.
    package var phase: Int
    package var hasValue: Bool

    package init(
      time: Timestamp, localTime: String, event: String, channel: String, phase: Int,
      hasValue: Bool
    ) {
      self.time = time
      self.localTime = localTime
      self.event = event
      self.channel = channel
      self.phase = phase
      self.hasValue = hasValue
    }
  }

  package init(lanes: [Lane], leftOut: Int = 0) {
    self.lanes = lanes
    self.leftOut = leftOut
  }

  var channels: [String] {
    lanes.flatMap(\.moments).map(\.channel).reduce(into: [String]()) { all, channel in
      if !all.contains(channel) { all.append(channel) }
    }
  }
}

/// One timeline for all: time from left to right, to scale, a lane for each person. Within a lane the
/// line climbs with the phase.
struct AccountLanes {
  let page: CompanyPage
  let palette: Palette
  let context: PageContext

  private static let width = 1120.0
  private static let left = 210.0
  private static let right = 96.0
  private static let lane = 54.0
  private static let top = 30.0

  /// Nil without touchpoints.
  func svg() -> String? {
    let lanes = page.journey.lanes
    let times = lanes.flatMap(\.moments).map(\.time)
    guard let first = times.min(), let last = times.max() else { return nil }
    let span = max(1, last.seconds(since: first))
    let room = Self.width - Self.left - Self.right - 32
    func x(_ moment: Timestamp) -> Double {
      Self.left + 16 + room * moment.seconds(since: first) / span
    }
    let height = Self.top + Double(lanes.count) * Self.lane + 8
    var svg = Markup()
    svg.begin(
      "svg",
      [
        "class": "strip lanes", "role": "img",
        "viewBox": "0 0 \(coordinate(Self.width)) \(coordinate(height))",
        "aria-label": context.words.lanes(
          people: lanes.count, touchpoints: times.count,
          during: context.format.durationInWords(span)),
      ])
    months(first, last, height, x, &svg)
    for (place, lane) in lanes.enumerated() {
      draw(lane, at: Self.top + Double(place) * Self.lane, x, &svg)
    }
    svg.end()
    return svg.text
  }

  /// Lines at the beginnings of months, or of quarters and years where those stand too close.
  private func months(
    _ first: Timestamp, _ last: Timestamp, _ height: Double, _ x: (Timestamp) -> Double,
    _ svg: inout Markup
  ) {
    let months = last.seconds(since: first) / 2_629_800
    let step = months <= 9 ? 1 : months <= 28 ? 3 : 12
    let begin = CivilTime.of(milliseconds: first.milliseconds).civil
    var (year, month) = (begin.year, begin.month)
    for _ in 0..<Int(months + 2) {
      month += 1
      if month > 12 { (year, month) = (year + 1, 1) }
      let moment = Timestamp(
        milliseconds: CivilTime(year: year, month: month, day: 1).millisecondsAsUTC)
      guard moment <= last else { break }
      guard (month - 1).isMultiple(of: step) else { continue }
      svg.empty(
        "path",
        [
          "class": "lane-grid",
          "d": "M\(coordinate(x(moment))) \(coordinate(Self.top - 6))V\(coordinate(height))",
        ])
      let date = context.format.date(moment.iso8601)
      svg.element(
        "text",
        [
          "x": coordinate(x(moment)), "y": coordinate(Self.top - 12), "text-anchor": "middle",
          "class": "note",
        ], String(date.drop { $0.isNumber }.dropFirst()))
    }
  }

  private func draw(
    _ lane: AccountJourney.Lane, at top: Double, _ x: (Timestamp) -> Double, _ svg: inout Markup
  ) {
    let (language, format) = (context.language, context.format)
    let phases = max(2, page.model.phases.count)
    func y(_ phase: Int) -> Double {
      top + Self.lane - 13 - (Self.lane - 24) * Double(phase) / Double(phases - 1)
    }
    svg.empty(
      "rect",
      [
        "x": coordinate(Self.left), "y": coordinate(top + 2),
        "width": coordinate(Self.width - Self.left - Self.right),
        "height": coordinate(Self.lane - 4), "rx": "9", "class": "band",
      ])
    let roles = lane.roles.map { page.settings.title(ofRole: $0, language) }
      .joined(separator: ", ")
    svg.element(
      "text",
      [
        "x": coordinate(Self.left - 14), "y": coordinate(top + (roles.isEmpty ? 31 : 23)),
        "text-anchor": "end", "class": lane.isMember ? "channel" : "channel lane-past",
      ], shortened(lane.customer, to: 24))
    svg.element(
      "text",
      [
        "x": coordinate(Self.left - 14), "y": coordinate(top + 40), "text-anchor": "end",
        "class": "note",
      ], shortened(roles, to: 28))
    if let phase = lane.phase {
      svg.element(
        "text",
        [
          "x": coordinate(Self.width - Self.right + 12), "y": coordinate(top + 32),
          "class": "note lane-phase",
        ], shortened(Pages.phaseName(phase, page, context), to: 13))
    }
    var path = ""
    for moment in lane.moments {
      let (mx, my) = (coordinate(x(moment.time)), coordinate(y(moment.phase)))
      path += path.isEmpty ? "M\(mx) \(my)" : "H\(mx)V\(my)"
    }
    if lane.moments.count > 1 { svg.empty("path", ["d": path, "class": "strip-line"]) }
    for moment in lane.moments {
      svg.begin(
        "circle",
        [
          "cx": coordinate(x(moment.time)), "cy": coordinate(y(moment.phase)),
          "r": moment.hasValue ? "7" : "4.5",
          "class": "stop \(palette.hueClass(moment.channel))",
        ])
      let facts = [
        roles.isEmpty ? lane.customer : "\(lane.customer) (\(roles))",
        EventName(moment.event).title(language), Channel(moment.channel).title(language),
        "\(format.date(moment.localTime)) \(format.clock(moment.localTime))",
        page.model.phases[moment.phase].name(language),
      ]
      svg.element("title", [:], facts.joined(separator: ", "))
      svg.end()
    }
  }
}
