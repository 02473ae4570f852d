package import CustomerJourney

/// What is planted in a simulated shop: everything that insights may find there, and nothing else.
///
/// A visit or a piece of content that *really adds* something does so as a cause of its own: each
/// visit from an origin makes the person buy with the chance that stands here, whatever else there
/// was. So an order has its causes, and what a channel really brought is counted, not estimated: the
/// orders that had no other cause.
package struct Scenario: Hashable, Sendable, Codable {
  /// Groups of people that behave differently; the weights need not add up to one.
  package var personas: [Persona]
  /// What one visit from an origin adds to the chance of buying in this round.
  package var origins: [OriginEffect]
  /// Pages that visitors come across by chance, and what seeing one adds.
  package var contents: [ContentEffect]
  package var paymentFault: PaymentFault?
  package var checkoutLoop: CheckoutLoop?
  package var drift: Drift?
  package var ambassadors: Ambassadors?

  package struct Persona: Hashable, Sendable, Codable {
    package var id: String
    package var name: LocalizedText
    package var weight: Double
    /// The chance that somebody buys in a round whatever happens.
    package var ownNeed: Double
    /// Visits in a round beyond the first, on average.
    package var visits: Double
    /// The chance of each visit to be on a phone.
    package var phones: Double
    /// The chance of another round after a purchase.
    package var comesBack: Double
    /// How often each origin brings this persona, by the origin's name.
    package var arrivals: [String: Double]
    /// The part of the range that it looks at.
    package var category: String
  }

  package struct OriginEffect: Hashable, Sendable, Codable {
    package var origin: String
    package var adds: Double
  }

  package struct ContentEffect: Hashable, Sendable, Codable {
    package var content: String
    /// The chance that a visit comes across it.
    package var shown: Double
    package var adds: Double
  }

  /// Payments by one method fail during some days.
  package struct PaymentFault: Hashable, Sendable, Codable {
    package var method: String
    /// Days after the beginning of the simulation.
    package var firstDay: Int
    package var days: Int
    package var share: Double
  }

  /// On one kind of device the checkout sends people back to the basket.
  package struct CheckoutLoop: Hashable, Sendable, Codable {
    package var device: String
    package var share: Double
    /// The chance to give up at each turn.
    package var givesUp: Double
  }

  /// From one day on, people arrive in other ways, fully so after some days.
  package struct Drift: Hashable, Sendable, Codable {
    package var firstDay: Int
    package var days: Int
    /// What the weight of an origin is multiplied with in the end.
    package var factors: [String: Double]
  }

  /// Some buyers speak well of the shop and bring others.
  package struct Ambassadors: Hashable, Sendable, Codable {
    /// The share of buyers that become one at their first delivery.
    package var share: Double
    /// Invitations each of them sends, and the chance that somebody comes of one.
    package var invitations: Int
    package var arrives: Double
  }
}

extension Scenario {
  /// What can be left out by name: `--without drift`.
  package enum Plant: String, CaseIterable, Sendable, Codable {
    case personas, channels, content
    case paymentFault = "payment-fault"
    case checkoutLoop = "checkout-loop"
    case drift, ambassadors
  }

  /// The same shop with nothing of that sort to be found in it.
  package func without(_ plants: some Collection<Plant>) -> Scenario {
    var plain = self
    for plant in plants {
      switch plant {
      case .personas: plain.personas = [average]
      case .channels:
        let mean = origins.map(\.adds).reduce(0, +) / Double(max(1, origins.count))
        plain.origins = origins.map { OriginEffect(origin: $0.origin, adds: mean) }
      case .content:
        plain.contents = contents.map {
          ContentEffect(content: $0.content, shown: $0.shown, adds: 0)
        }
      case .paymentFault: plain.paymentFault = nil
      case .checkoutLoop: plain.checkoutLoop = nil
      case .drift: plain.drift = nil
      case .ambassadors: plain.ambassadors = nil
      }
    }
    return plain
  }

  /// One persona that everybody is of, with the mean of all.
  private var average: Persona {
    let total = personas.map(\.weight).reduce(0, +)
    func mean(_ value: (Persona) -> Double) -> Double {
      personas.reduce(0) { $0 + value($1) * $1.weight } / total
    }
    let names = Set(personas.flatMap(\.arrivals.keys))
    return Persona(
      id: "everybody", name: LocalizedText(en: "Everybody", nl: "Iedereen"), weight: 1,
      ownNeed: mean(\.ownNeed), visits: mean(\.visits), phones: mean(\.phones),
      comesBack: mean(\.comesBack),
      arrivals: Dictionary(
        uniqueKeysWithValues: names.map { name in (name, mean { $0.arrivals[name] ?? 0 }) }),
      category: Assortment.everything)
  }

  /// A Dutch shop for house and garden, with one of everything planted.
  ///
  /// Two origins take credit without adding anything: Display follows people who looked at products,
  /// Affiliates come in when somebody has decided already. One content is seen as often as another
  /// and adds nothing either.
  package static let shop = Scenario(
    personas: [
      Persona(
        id: "bargain-hunter",
        name: LocalizedText(en: "Bargain hunter", nl: "Koopjesjager"), weight: 0.32,
        ownNeed: 0.03, visits: 2.6, phones: 0.65, comesBack: 0.35,
        arrivals: [
          "Paid Search": 3, "Paid Shopping": 3, "Organic Search": 2, "Direct": 1,
          "Organic Social": 0.5,
        ], category: "Barbecue"),
      Persona(
        id: "enthusiast", name: LocalizedText(en: "Garden lover", nl: "Tuinliefhebber"),
        weight: 0.22, ownNeed: 0.08, visits: 3.4, phones: 0.35, comesBack: 0.6,
        arrivals: [
          "Organic Search": 3, "Direct": 2, "Organic Social": 1, "Paid Search": 1, "Referral": 0.5,
        ], category: "Planten"),
      Persona(
        id: "gift-giver", name: LocalizedText(en: "Gift giver", nl: "Cadeaugever"),
        weight: 0.2, ownNeed: 0.05, visits: 1.2, phones: 0.75, comesBack: 0.2,
        arrivals: [
          "Organic Social": 2, "Paid Social": 2, "Organic Search": 1, "Paid Search": 1,
        ], category: "Verlichting"),
      Persona(
        id: "purposeful", name: LocalizedText(en: "Purposeful", nl: "Doelgericht"),
        weight: 0.26, ownNeed: 0.12, visits: 0.8, phones: 0.45, comesBack: 0.45,
        arrivals: ["Organic Search": 3, "Paid Search": 2, "Direct": 3], category: "Tuinmeubelen"),
    ],
    origins: [
      OriginEffect(origin: "Email", adds: 0.06), OriginEffect(origin: "Paid Search", adds: 0.04),
      OriginEffect(origin: "Organic Search", adds: 0.02),
      OriginEffect(origin: "Paid Shopping", adds: 0.03),
      OriginEffect(origin: "Organic Social", adds: 0.01),
      OriginEffect(origin: "Paid Social", adds: 0.01), OriginEffect(origin: "Referral", adds: 0.08),
      OriginEffect(origin: "Direct", adds: 0.01), OriginEffect(origin: "Display", adds: 0),
      OriginEffect(origin: "Affiliates", adds: 0),
    ],
    contents: [
      ContentEffect(content: "Koopgids tuinmeubelen", shown: 0.12, adds: 0.1),
      ContentEffect(content: "Over De Tuinkamer", shown: 0.12, adds: 0),
    ],
    paymentFault: PaymentFault(method: "iDEAL", firstDay: 140, days: 7, share: 0.6),
    checkoutLoop: CheckoutLoop(device: "Phone", share: 0.35, givesUp: 0.3),
    drift: Drift(
      firstDay: 200, days: 60, factors: ["Organic Social": 3, "Paid Search": 0.5]),
    ambassadors: Ambassadors(share: 0.06, invitations: 3, arrives: 0.4))
}
