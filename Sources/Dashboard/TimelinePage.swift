package import CustomerJourney
package import Insights

/// One customer's journey, in order. `page` counts from 1; `firstIndex` is how many touchpoints
/// stand on the pages before.
package struct TimelinePage: Sendable {
  package var timeline: CustomerTimeline
  package var model: JourneyModel
  package var page: Int
  package var firstIndex: Int
  /// All else that is known; nil where only the journey is shown.
  package var profile: CustomerProfile?
  package var narrowing: Narrowing?
  /// Companies to which the customer belongs or belonged.
  package var companies: [AccountPlace]
  /// What was wrong with a trait that somebody changed.
  package var traitProblem: String?
  /// All models, for the phase in each.
  package var models: [JourneyModel]

  /// What the journey can be narrowed to, and is.
  package struct Narrowing: Sendable {
    package var channels: [String]
    package var events: [String]
    package var channel: String?
    package var event: String?

    package init(
      channels: [String], events: [String], channel: String? = nil, event: String? = nil
    ) {
      self.channels = channels
      self.events = events
      self.channel = channel
      self.event = event
    }

    package var isNarrow: Bool { channel != nil || event != nil }
  }
  /// What the customer allows; nil where only the journey is shown.
  package var consent: ConsentCard?
  /// What was sent to the customer lately, and what was not.
  package var messages: [MessagesPage.Row] = []
  /// Work that plays gave to persons for this customer.
  package var tasks: [TaskRow] = []

  package init(
    timeline: CustomerTimeline, model: JourneyModel, page: Int = 1, firstIndex: Int = 0,
    profile: CustomerProfile? = nil, narrowing: Narrowing? = nil, traitProblem: String? = nil,
    companies: [AccountPlace] = [], models: [JourneyModel] = []
  ) {
    self.profile = profile
    self.narrowing = narrowing
    self.traitProblem = traitProblem
    self.companies = companies
    self.models = models
    self.timeline = timeline
    self.model = model
    self.page = page
    self.firstIndex = firstIndex
  }
}

extension Pages {
  /// A shorter gap is not worth a word.
  private static let silenceSeconds = 86_400.0

  package static func timelinePage(_ page: TimelinePage, _ context: PageContext) -> String {
    let timeline = page.timeline
    let palette = Palette(
      channels: (timeline.touchpoints.map(\.channel) + (page.profile?.last.map(\.channel) ?? []))
        .reduce(into: [String]()) { all, channel in
          if !all.contains(channel) { all.append(channel) }
        })
    let parameters = [
      ("channel", page.narrowing?.channel), ("event", page.narrowing?.event),
    ]
    var values: Templates.Values = [
      "customer": timeline.customer,
      "modelName": page.model.name(context.language),
      "modelId": page.model.id,
      "facts": headFacts(page, context),
      "models": context.models.map { choice in
        [
          "href": context.link(context.path, with: [("model", choice.id)]),
          "name": choice.name(context.language), "chosen": choice.id == page.model.id,
        ] as Templates.Values
      },
      "stays": stays(page, palette, context),
      "isEmpty": timeline.touchpoints.isEmpty,
      "customers": context.link("/customers"),
      "data": context.dataLinks("journey", with: [("customer", timeline.customer)]),
    ]
    values["who"] = page.profile?.identities.map { identityCard($0, context) }
    if let profile = page.profile {
      values.merge(profileCards(profile, page, palette, context)) { _, new in new }
    }
    values["narrow"] = page.narrowing.map { narrowForm($0, timeline, context) }
    values["companies"] = accountCard(page.companies, context)
    values["consent"] = page.consent.map { consentCard($0, context) }
    values["messages"] = messageCard(page.messages, context)
    values["tasks"] = taskCard(page.tasks, ofCustomer: timeline.customer, context)
    let strip = JourneyStrip(timeline: timeline, model: page.model, context: context)
    values["overview"] = strip.svg(palette: palette)
    values["pager"] = pager(
      first: page.firstIndex, shown: timeline.touchpoints.count, total: timeline.total,
      page: page.page, context, with: parameters)
    return Templates.page(
      "timeline", values, title: page.profile?.name ?? timeline.customer, context: context)
  }

  /// Touchpoints in a row in one phase and cycle, under one heading.
  private static func stays(
    _ page: TimelinePage, _ palette: Palette, _ context: PageContext
  ) -> [Templates.Values] {
    var stays: [Templates.Values] = []
    var items: [Templates.Values] = []
    // A silence before a stay stands before its heading, not under it.
    var pause: Templates.Values?
    let moments = page.timeline.touchpoints
    for (index, moment) in moments.enumerated() {
      if items.isEmpty { pause = silence(before: moment, context) }
      items.append(item(index, isFirst: items.isEmpty, page, palette, context))
      let next = index + 1 < moments.count ? moments[index + 1] : nil
      guard next?.phase != moment.phase || next?.cycle != moment.cycle else { continue }
      let place = page.model.index(ofPhase: moment.phase)
      let isNewCycle = stays.isEmpty || (stays.last?["cycle"] as? Int) != moment.cycle
      stays.append([
        "phase": place.map { page.model.phases[$0].name(context.language) } ?? moment.phase,
        "phaseHref": context.phaseLink(moment.phase),
        "depth": "depth-\(depth(place ?? 0, of: page.model.phases.count))",
        "cycle": moment.cycle,
        "newCycle": isNewCycle && moment.cycle > 0
          ? context.words.cycle(moment.cycle + 1) as Any : false,
        "items": items,
        "pause": pause.map { $0 as Any } ?? false,
      ])
      items = []
    }
    return stays
  }

  /// One of five shades, the deeper the further in the model.
  static func depth(_ place: Int, of phases: Int) -> Int {
    phases < 2 ? 0 : min(4, place * 4 / (phases - 1))
  }

  private static func item(
    _ index: Int, isFirst: Bool, _ page: TimelinePage, _ palette: Palette, _ context: PageContext
  ) -> Templates.Values {
    let moment = page.timeline.touchpoints[index]
    let (words, format, language) = (context.words, context.format, context.language)
    let isSameDay =
      index > 0
      && page.timeline.touchpoints[index - 1].localTime.prefix(10) == moment.localTime.prefix(10)
    var details = [fact(words["source"], moment.source)]
    if let origin = moment.origin {
      details.append(fact(words["origin"], Origin(origin).title(language)))
    }
    if let campaign = moment.campaign { details.append(fact(words["campaign"], campaign)) }
    if let device = moment.device {
      details.append(fact(words["device"], Device(device).title(language)))
    }
    details += moment.properties.sorted { $0.key < $1.key }.map {
      fact($0.key, $0.value.description)
    }
    var values: Templates.Values = [
      "anchor": "touchpoint-\(page.firstIndex + index + 1)",
      "time": moment.time.iso8601,
      "date": format.date(moment.localTime), "sameDay": isSameDay,
      "clock": format.clock(moment.localTime),
      "event": EventName(moment.event).title(language),
      "channel": Channel(moment.channel).title(language),
      "hue": palette.hueClass(moment.channel),
      "because": moment.because(language),
      "content": false, "value": false, "silence": false,
      "details": details,
    ]
    if let content = moment.content { values["content"] = content }
    if let value = moment.value {
      values["value"] = format.money(value, moment.currency ?? Currency.eur.code)
    }
    if !isFirst, let silence = silence(before: moment, context) { values["silence"] = silence }
    return values
  }

  private static func silence(
    before moment: CustomerTimeline.Moment, _ context: PageContext
  ) -> Templates.Values? {
    guard let gap = moment.gapSeconds, gap >= silenceSeconds else { return nil }
    let time = context.format.durationInWords(gap)
    return ["words": context.words.silence(time), "size": silenceSize(gap)]
  }

  /// How tall a gap is drawn: 1 for a day, growing by its logarithm to 8 for two years and more.
  static func silenceSize(_ seconds: Double) -> Int {
    var size = 1
    var reach = silenceSeconds * 2.5
    while seconds >= reach, size < 8 {
      size += 1
      reach *= 2.5
    }
    return size
  }
}

/// The journey at a glance: time from left to right, to scale, a lane for each phase.
struct JourneyStrip {
  let timeline: CustomerTimeline
  let model: JourneyModel
  let context: PageContext

  private static let width = 1000.0
  private static let left = 158.0
  private static let lane = 30.0

  /// Nil for fewer than two touchpoints: there is nothing to see at a glance.
  func svg(palette: Palette) -> String? {
    let moments = timeline.touchpoints
    guard let first = moments.first?.time, let last = moments.last?.time, moments.count > 1 else {
      return nil
    }
    let span = max(1, last.seconds(since: first))
    let room = Self.width - Self.left - 24
    func x(_ moment: CustomerTimeline.Moment) -> Double {
      Self.left + 12 + room * moment.time.seconds(since: first) / span
    }
    func y(_ place: Int) -> Double { 18 + (Double(place) + 0.5) * Self.lane }
    let height = 18 + Double(model.phases.count) * Self.lane + 28
    let format = context.format
    var svg = Markup()
    svg.begin(
      "svg",
      [
        "class": "strip", "role": "img",
        "viewBox": "0 0 \(coordinate(Self.width)) \(coordinate(height))",
        "aria-label": context.words.strip(
          touchpoints: moments.count, during: format.durationInWords(span)),
      ])
    for (i, phase) in model.phases.enumerated() {
      svg.empty(
        "rect",
        [
          "x": coordinate(Self.left), "y": coordinate(y(i) - Self.lane / 2 + 2),
          "width": coordinate(Self.width - Self.left), "height": coordinate(Self.lane - 4),
          "rx": "7", "class": "band",
        ])
      svg.element(
        "text",
        [
          "x": coordinate(Self.left - 12), "y": coordinate(y(i) + 5), "text-anchor": "end",
          "class": "channel",
        ], shortened(phase.name(context.language), to: 16))
    }
    var path = ""
    for moment in moments {
      guard let place = model.index(ofPhase: moment.phase) else { continue }
      path +=
        path.isEmpty
        ? "M\(coordinate(x(moment))) \(coordinate(y(place)))"
        : "H\(coordinate(x(moment)))V\(coordinate(y(place)))"
    }
    svg.empty("path", ["d": path, "class": "strip-line"])
    for (index, moment) in moments.enumerated() {
      if index > 0, let gap = moment.gapSeconds, gap / span > 0.11, gap >= 86_400 {
        svg.element(
          "text",
          [
            "x": coordinate((x(moment) + x(moments[index - 1])) / 2), "y": "12",
            "text-anchor": "middle", "class": "note",
          ], context.words.silence(format.durationInWords(gap)))
      }
      guard let place = model.index(ofPhase: moment.phase) else { continue }
      svg.begin(
        "circle",
        [
          "cx": coordinate(x(moment)), "cy": coordinate(y(place)),
          "r": moment.value == nil ? "5" : "7.5",
          "class": "stop " + palette.hueClass(moment.channel),
        ])
      svg.element(
        "title", [:],
        "\(format.date(moment.localTime)): \(EventName(moment.event).title(context.language))")
      svg.end()
    }
    for (moment, anchor) in [(moments[0], "start"), (moments[moments.count - 1], "end")] {
      svg.element(
        "text",
        [
          "x": coordinate(x(moment)), "y": coordinate(height - 6), "text-anchor": anchor,
          "class": "note",
        ], format.date(moment.localTime))
    }
    svg.end()
    return svg.text
  }
}
