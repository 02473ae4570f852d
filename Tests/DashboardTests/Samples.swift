import CustomerJourney
import Dashboard

@testable import Insights

/// Values as a real shop has them, made anew from a seed: the same on every machine.
struct Samples {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// SplitMix64.
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func number(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() % UInt64(range.count))
  }

  static let stdc = model(
    "stdc", "See · Think · Do · Care", "Zien · Denken · Doen · Zorgen",
    [
      ("see", "See", "Zien", "How do they learn that we exist?", "Hoe leren ze dat we bestaan?"),
      (
        "think", "Think", "Denken", "How do they come to consider us?",
        "Hoe gaan ze ons overwegen?"
      ),
      ("do", "Do", "Doen", "What convinces them to buy?", "Wat overtuigt hen om te kopen?"),
      (
        "care", "Care", "Zorgen", "Why do they stay and bring others?",
        "Waarom blijven ze en brengen ze anderen?"
      ),
    ])

  static let fiveA = model(
    "five-a", "Five A's", "Vijf A's",
    [
      ("aandacht", "Attention", "Aandacht", "Who notices us?", "Wie merkt ons op?"),
      ("afweging", "Consideration", "Afweging", "Who weighs us up?", "Wie weegt ons af?"),
      ("actie", "Action", "Actie", "Who acts?", "Wie komt in actie?"),
      ("altijd", "Always", "Altijd", "Who stays?", "Wie blijft?"),
      ("advocaat", "Advocate", "Advocaat", "Who brings others?", "Wie brengt anderen?"),
    ])

  static let tenPhases = model(
    "ten-phases", "Ten phases", "Tien fasen",
    [
      ("latent", "Latent need", "Latente behoefte", "What do they miss?", "Wat missen ze?"),
      ("concrete", "Concrete need", "Concrete behoefte", "What sets it off?", "Wat zet het aan?"),
      (
        "orientation", "Orientation", "Oriëntatie", "What do they look at?", "Waar kijken ze naar?"
      ),
      ("consideration", "Consideration", "Overweging", "Why us?", "Waarom wij?"),
      (
        "decision", "Moment of decision", "Beslismoment", "What is still in the way?",
        "Wat staat nog in de weg?"
      ),
      ("buying", "Buying", "Koop", "How easy is it?", "Hoe makkelijk is het?"),
      ("delivery", "Delivery", "Levering", "Do they know when?", "Weten ze wanneer?"),
      ("use", "Use", "Gebruik", "Does it work for them?", "Werkt het voor hen?"),
      ("loyalty", "Loyalty", "Loyaliteit", "Why do they return?", "Waarom komen ze terug?"),
      ("ambassador", "Ambassador", "Ambassadeur", "Whom do they tell?", "Wie vertellen ze het?"),
    ])

  private static func model(
    _ id: String, _ en: String, _ nl: String, _ phases: [(String, String, String, String, String)]
  ) -> JourneyModel {
    JourneyModel(
      id: id, name: LocalizedText(en: en, nl: nl),
      phases: phases.map {
        JourneyModel.Phase(
          id: $0.0, name: LocalizedText(en: $0.1, nl: $0.2),
          question: LocalizedText(en: $0.3, nl: $0.4),
          measures: [LocalizedText(en: "conversion to the next phase", nl: "conversie naar hierna")]
        )
      },
      rules: [
        JourneyModel.PlacingRule(
          phase: phases[0].0, when: .always(true),
          because: LocalizedText(en: "saw us for the first time", nl: "zag ons voor het eerst")),
        JourneyModel.PlacingRule(
          phase: phases[phases.count - 1].0, when: .always(true),
          because: LocalizedText(
            en: "came back at least twice in 30 days",
            nl: "kwam minstens twee keer terug in 30 dagen"
          )),
      ])
  }

  static let content = [
    "Guide “Which bike fits me?”", "Video: a day on the dike", "Homepage", "Compare city bikes",
    "Reviews", "Size advice", "Basket", "Checkout 2 · delivery", "Order status", "Manual",
  ]
  static let classes: [Double] = [0, 3600, 21_600, 86_400, 259_200, 604_800, 1_209_600, 2_592_000]

  private static func dwell(stays: Int) -> [JourneyMap.DwellClass] {
    classes.enumerated().map { i, from in
      JourneyMap.DwellClass(fromSeconds: from, stays: stays / (abs(i - 3) * 2 + 3))
    }
  }

  /// A map in which fewer customers are in each phase, and each channel is used where a draw says.
  mutating func map(
    _ model: JourneyModel, channels: [String], customers: Int, empty: Set<Int> = []
  ) -> JourneyMap {
    var left = Double(customers)
    var present: [Int] = []
    for index in model.phases.indices {
      present.append(empty.contains(index) ? 0 : Int(left))
      if !empty.contains(index) { left *= Double(number(35...80)) / 100 }
    }
    let seen = model.phases.indices.filter { present[$0] > 0 }
    var phases: [JourneyMap.Phase] = []
    for index in model.phases.indices {
      let here = present[index]
      var uses: [JourneyMap.ChannelUse] = []
      for channel in channels where here > 0 && (channels.count == 1 || number(0...99) < 78) {
        let share = Double(number(2...60)) / 100
        let people = max(1, Int(Double(here) * share))
        uses.append(.init(channel: channel, touchpoints: people * number(1...4), customers: people))
      }
      var next: [JourneyMap.Next] = []
      if here > 0 {
        if let to = seen.first(where: { $0 > index }) {
          next.append(
            .init(
              to: model.phases[to].id, customers: min(here, present[to]) * 9 / 10,
              medianSeconds: Double(number(1...600)) * 3600))
        }
        if index > 0, let back = seen.last(where: { $0 < index }) {
          next.append(
            .init(
              to: model.phases[back].id, customers: here / 12, medianSeconds: 86_400 * 12))
        }
        next.append(
          .init(to: "(end)", customers: here * number(15...55) / 100, medianSeconds: nil))
      }
      var content: [JourneyMap.ContentUse] = []
      for row in 0..<3 where here > 0 {
        let people = here / (row + 2)
        content.append(
          .init(
            content: Self.content[(index * 3 + row) % Self.content.count], touchpoints: people * 2,
            customers: people))
      }
      phases.append(
        .init(
          id: model.phases[index].id, customers: here,
          touchpoints: uses.reduce(0) { $0 + $1.touchpoints }, entered: here * 11 / 10,
          medianDwellSeconds: here > 0 ? Double(number(1...900)) * 3600 : nil, next: next,
          channels: uses, content: content,
          dwell: here == 0 ? [] : Self.dwell(stays: here)))
    }
    return JourneyMap(
      model: model.id, customers: present.max() ?? 0,
      touchpoints: phases.reduce(0) { $0 + $1.touchpoints }, phases: phases,
      flows: flows(phases))
  }

  private mutating func flows(_ phases: [JourneyMap.Phase]) -> [JourneyMap.Flow] {
    var flows: [JourneyMap.Flow] = []
    for (from, to) in zip(phases, phases.dropFirst()) {
      for a in from.channels.prefix(4) {
        for b in to.channels.prefix(4) where number(0...2) > 0 {
          let customers = min(a.customers, b.customers) * number(2...60) / 100
          flows.append(
            .init(
              fromPhase: from.id, fromChannel: a.channel, toPhase: to.id, toChannel: b.channel,
              customers: customers))
          if number(0...5) == 0 {
            flows.append(
              .init(
                fromPhase: to.id, fromChannel: b.channel, toPhase: from.id, toChannel: a.channel,
                customers: customers / 3))
          }
        }
      }
    }
    return flows
  }

  static let channels = [
    "Search", "Social media", "Website", "Email", "App", "Phone", "Shop",
  ]
  static let manyChannels = Channel.vocabulary.names + ["Partner portal of the North"]

  mutating func portrait(_ model: JourneyModel, phase: Int, customers: Int) -> PhasePortrait {
    func uses(_ names: [String], _ sample: inout Samples) -> [PhasePortrait.Use] {
      var left = customers
      return names.map { name in
        left = left * sample.number(40...90) / 100
        return .init(name: name, touchpoints: left * 2, customers: left)
      }
    }
    let before = phase > 0 ? model.phases[phase - 1].id : "(start)"
    let after = phase + 1 < model.phases.count ? model.phases[phase + 1].id : model.phases[0].id
    return PhasePortrait(
      model: model.id, phase: model.phases[phase].id, customers: customers,
      touchpoints: customers * 5, entered: customers * 6 / 5, medianDwellSeconds: 259_200,
      value: Double(customers) * 41.37, currency: "EUR",
      before: [
        .init(to: "(start)", customers: customers / 4, medianSeconds: nil),
        .init(to: before, customers: customers / 2, medianSeconds: 172_800),
      ],
      after: [
        .init(to: after, customers: customers / 2, medianSeconds: 7200),
        .init(to: "(end)", customers: customers / 3, medianSeconds: nil),
      ],
      channels: uses(Self.channels, &self),
      origins: uses(["Organic Search", "Paid Search", "Direct", "Referral", "(none)"], &self),
      devices: uses(["Phone", "Desktop", "Tablet"], &self),
      events: uses(["Product Viewed", "Product Added", "Checkout Started"], &self),
      content: uses(Self.content, &self), campaigns: uses(["Spring 2025", "Bike week"], &self),
      rules: [
        .init(rule: 0, touchpoints: customers * 3), .init(rule: 1, touchpoints: customers),
        .init(rule: -1, touchpoints: customers),
      ],
      dwell: Self.dwell(stays: customers))
  }

  mutating func timeline(_ model: JourneyModel, touchpoints: Int) -> CustomerTimeline {
    var moments: [CustomerTimeline.Moment] = []
    let begin = Timestamp(seconds: 1_736_942_400)
    var time = begin
    let events = [
      "Ad Clicked", "Page Viewed", "Product Viewed", "Product Added", "Order Completed",
      "Message Opened", "Support Requested",
    ]
    var cycle = 0
    var place = 0
    for index in 0..<touchpoints {
      let gap = [120, 900, 7200, 86_400 * 3, 86_400 * 43][number(0...9) % 5]
      if index > 0 { time = time.adding(seconds: Int64(gap)) }
      if index > 0, index % 7 == 0 {
        place = 0
        cycle += 1
      } else if number(0...2) > 0 {
        place = min(model.phases.count - 1, place + 1)
      }
      let civil = Zone.amsterdam.civil(time)
      let event = events[min(events.count - 1, place + number(0...2))]
      moments.append(
        .init(
          time: time, localTime: "\(civil.dateText) \(civil.clockText)",
          phase: model.phases[place].id, rule: index % 3 == 0 ? nil : 0,
          because: index % 3 == 0
            ? LocalizedText(en: "stayed in the phase", nl: "bleef in de fase")
            : model.rules[0].because,
          cycle: cycle, gapSeconds: index == 0 ? nil : Double(gap), event: event,
          channel: Self.channels[number(0...6)], origin: index % 2 == 0 ? "Paid Search" : nil,
          campaign: index % 4 == 0 ? "Spring 2025" : nil, device: "Phone",
          content: Self.content[index % Self.content.count],
          value: event == "Order Completed" ? 1249.5 : nil,
          currency: event == "Order Completed" ? "EUR" : nil, source: "shop",
          properties: ["product.category": .text("city bikes"), "quantity": .number(1)]))
    }
    return CustomerTimeline(
      customer: "household 1184", model: model.id, firstTime: moments.first?.time,
      lastTime: moments.last?.time, total: touchpoints, touchpoints: moments)
  }
}
