import CustomerJourney
import Foundation

@testable import JourneyEngine

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, the same everywhere.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func chance(_ share: Double) -> Bool { Double.random(in: 0..<1, using: &self) < share }

  mutating func one<Element>(of elements: [Element]) -> Element {
    elements[Int.random(in: 0..<elements.count, using: &self)]
  }
}

/// Seeds that always run, and one that is new each time; every failure names its seed, and with
/// `KLANTREIS_SEED` it alone runs again.
let testSeeds: [UInt64] =
  ProcessInfo.processInfo.environment["KLANTREIS_SEED"].flatMap { UInt64($0) }.map { [$0] }
  ?? Array(1...8) + [UInt64.random(in: 1000...999_999_999)]

/// A handful of customers with short journeys full of ties, gaps and empty values.
struct RandomJourneys {
  static let events = ["Page Viewed", "Product Added", "Order Completed", "own event"]
  static let channels = ["Email", "Website", "stand 7"]
  static let origins = ["Paid Search", "Email"]
  static let devices = ["Phone", "Desktop"]
  static let contents = ["/shoes", "Red shoes", "/care"]
  static let campaigns = ["Spring", "spring sale"]
  static let epoch: Int64 = 1_500_000_000_000

  var journeys: [UInt32: [Touchpoint]] = [:]
  var facts: [UInt32: CustomerFacts] = [:]
  private var rowIDs: [UInt32: [UInt32]] = [:]

  init(customers: Int = 6, longest: Int = 9, using generator: inout SeededGenerator) {
    var rowID: UInt32 = 0
    for number in 0..<customers {
      let customer = UInt32(number * 3 + 1)
      var time = Self.epoch + Int64.random(in: 0...20, using: &generator) * 86_400_000
      var journey: [Touchpoint] = []
      for _ in 0..<Int.random(in: 1...longest, using: &generator) {
        journey.append(
          Self.touchpoint(time: time, customer: customer, id: rowID, using: &generator))
        rowID += 1
        rowIDs[customer, default: []].append(rowID)
        time += generator.one(of: [0, 0, 1, 3_600_000, 86_400_000, 5 * 86_400_000, 3_456_000_000])
      }
      journeys[customer] = journey
      var known = CustomerFacts()
      if generator.chance(0.7) { known.traits["country"] = .text(generator.one(of: ["NL", "be"])) }
      if generator.chance(0.7) {
        known.traits["age"] = .number(Double(Int.random(in: 1...4, using: &generator)))
      }
      if generator.chance(0.5) {
        known.consents.insert(ConsentGrant(channel: .email, purpose: "marketing"))
      }
      if generator.chance(0.5) { known.accountRoles.insert("decision maker") }
      facts[customer] = known
    }
  }

  private static func touchpoint(
    time: Int64, customer: UInt32, id: UInt32, using generator: inout SeededGenerator
  ) -> Touchpoint {
    var touchpoint = Touchpoint(
      customer: String(customer), occurred: Timestamp(milliseconds: time),
      event: EventName(generator.one(of: events)), channel: Channel(generator.one(of: channels)),
      messageID: String(id))
    if generator.chance(0.6) { touchpoint.origin = Origin(generator.one(of: origins)) }
    if generator.chance(0.6) { touchpoint.device = Device(generator.one(of: devices)) }
    if generator.chance(0.6) { touchpoint.content = generator.one(of: contents) }
    if generator.chance(0.4) { touchpoint.campaign = generator.one(of: campaigns) }
    if generator.chance(0.5) {
      touchpoint.value = Money(
        minorUnits: generator.one(of: [
          -500, 0, 1, 5000, 5010, 12_345, 5_000_000_000_000_000_000, -5_000_000_000_000_000_000,
        ]),
        currency: generator.chance(0.8) ? .eur : Currency("USD") ?? .eur)
    }
    if generator.chance(0.5) {
      touchpoint.properties["a.b"] = .text(generator.one(of: ["x", "3"]))
    }
    if generator.chance(0.3) { touchpoint.properties["n"] = .number(2.5) }
    return touchpoint
  }

  /// The journeys as columns, put in out of order.
  func table(using generator: inout SeededGenerator) -> JourneyTable {
    var builder = JourneyTable.Builder()
    var rows: [(touchpoint: Touchpoint, customer: UInt32, rowID: UInt32)] = []
    for customer in journeys.keys.sorted() {
      for (touchpoint, rowID) in zip(journeys[customer] ?? [], rowIDs[customer] ?? []) {
        rows.append((touchpoint, customer, rowID))
      }
    }
    rows.shuffle(using: &generator)
    for row in rows {
      builder.append(row.touchpoint, customer: row.customer, rowID: Int64(row.rowID))
    }
    return builder.build()
  }
}

extension JourneyTable {
  /// The same journeys as they may have come in: a base, and over it what came later, in no order.
  func grown(using generator: inout SeededGenerator) -> Journeys {
    var waiting: [Row] = []
    var builder = Builder(currency: currency, names: names)
    for journey in 0..<journeyCount {
      for row in rows(ofJourney: journey) {
        let row = self.row(row, ofCustomer: customers[journey])
        if generator.chance(0.6) { builder.append(row) } else { waiting.append(row) }
      }
    }
    var journeys = Journeys(builder.build())
    waiting.shuffle(using: &generator)
    while !waiting.isEmpty {
      var renewal = Journeys.Renewal(of: journeys, smallBase: 0)
      for _ in 0..<min(waiting.count, Int.random(in: 1...9, using: &generator)) {
        renewal.append(waiting.removeLast())
      }
      journeys = renewal.finish()
    }
    return journeys
  }
}

extension RandomJourneys: RuleFacts {
  func facts(ofCustomer number: UInt32) -> CustomerFacts { facts[number] ?? .unknown }

  func forEachValue(ofProperty path: String, _ body: (UInt32, PropertyValue) -> Void) {
    for (customer, journey) in journeys {
      for (touchpoint, rowID) in zip(journey, rowIDs[customer] ?? []) {
        if let value = touchpoint.properties[path] { body(rowID, value) }
      }
    }
  }
}

/// Rules over all forms of the language, about the facts of ``RandomJourneys``.
struct RandomRules {
  static let purchase = Rule.field(.event, .oneOf(["Order Completed"]))
  static let vocabulary = RuleVocabulary(
    models: ["toy": ["a", "b", "c"]],
    settings: ["few": RuleNumber(millionths: 2_000_000)],
    definitions: ["buys": purchase],
    segments: [
      "repeat buyers": .count(purchase, .all, .atLeast, RuleNumber(millionths: 2_000_000))
    ],
    hasCycles: true)

  var hasCycles = true
  var hasPhases = true

  func rule(depth: Int, using generator: inout SeededGenerator) -> Rule {
    let isLeaf = depth <= 1 || generator.chance(0.25)
    func inner() -> Rule { rule(depth: depth - 1, using: &generator) }
    if isLeaf { return leaf(using: &generator) }
    switch Int.random(in: 0..<9, using: &generator) {
    case 0: return .not(inner())
    case 1: return .all([inner(), inner()])
    case 2: return .any([inner(), inner(), inner()])
    case 3, 4:
      return .count(
        inner(), window(depth: depth - 1, using: &generator), comparison(using: &generator),
        number(using: &generator))
    case 5:
      return .sum(
        generator.chance(0.3) ? .always(true) : inner(),
        window(depth: depth - 1, using: &generator), comparison(using: &generator),
        amount(using: &generator))
    case 6, 7: return .ever(inner(), window(depth: depth - 1, using: &generator))
    default:
      return .since(
        generator.one(of: RuleEnd.allCases), inner(), comparison(using: &generator),
        duration(using: &generator))
    }
  }

  private func leaf(using generator: inout SeededGenerator) -> Rule {
    switch Int.random(in: 0..<(hasPhases ? 15 : 14), using: &generator) {
    case 0: return .always(generator.chance(0.5))
    case 1, 2: return .field(.event, test(RandomJourneys.events, "ord", using: &generator))
    case 3: return .field(.channel, test(RandomJourneys.channels, "STAND", using: &generator))
    case 4: return .field(.origin, test(RandomJourneys.origins, "paid", using: &generator))
    case 5: return .field(.device, test(RandomJourneys.devices, "p", using: &generator))
    case 6: return .field(.content, test(RandomJourneys.contents, "SHOES", using: &generator))
    case 7: return .field(.campaign, test(RandomJourneys.campaigns, "spring", using: &generator))
    case 8: return .value(comparison(using: &generator), amount(using: &generator))
    case 9: return .gap(comparison(using: &generator), duration(using: &generator))
    case 10: return .property(generator.one(of: ["a.b", "n", "no"]), valueTest(using: &generator))
    case 11: return .trait(generator.one(of: ["country", "age"]), valueTest(using: &generator))
    case 12:
      return generator.chance(0.5)
        ? .role(test(["Decision Maker", "user"], "dec", using: &generator))
        : .consent(
          ConsentGrant(channel: .email, purpose: generator.one(of: ["marketing", "ser\"vice\\"])))
    case 13:
      return generator.chance(0.5)
        ? .named(RuleReference(.definition, "buys"), Self.purchase)
        : .named(
          RuleReference(.segment, "repeat buyers"),
          Self.vocabulary.segments["repeat buyers"] ?? .always(false))
    default: return .phase(model: "toy", phases: generator.one(of: [["a"], ["b"], ["a", "c"]]))
    }
  }

  private func test(
    _ names: [String], _ part: String, using generator: inout SeededGenerator
  ) -> RuleTest {
    switch Int.random(in: 0..<6, using: &generator) {
    case 0: .oneOf([generator.one(of: names), generator.one(of: names)])
    case 1: .contains(part)
    case 2: .startsWith(part)
    case 3: .known
    default: .oneOf([generator.one(of: names)])
    }
  }

  private func valueTest(using generator: inout SeededGenerator) -> RuleTest {
    generator.chance(0.4)
      ? .number(comparison(using: &generator), number(using: &generator))
      : test(["x", "NL", "2.5", "3"], "n", using: &generator)
  }

  private func window(depth: Int, using generator: inout SeededGenerator) -> RuleWindow {
    switch Int.random(in: 0..<6, using: &generator) {
    case 0, 1: .within(duration(using: &generator))
    case 2: .after(.last, rule(depth: depth, using: &generator))
    case 3: .after(.first, rule(depth: depth, using: &generator))
    case 4: hasCycles ? .thisCycle : .all
    default: .all
    }
  }

  private func comparison(using generator: inout SeededGenerator) -> RuleComparison {
    generator.one(of: RuleComparison.allCases)
  }

  private func number(using generator: inout SeededGenerator) -> RuleNumber {
    generator.chance(0.2)
      ? RuleNumber(millionths: 2_000_000, setting: "few")
      : RuleNumber(
        millionths: generator.one(of: [0, 1_000_000, 2_000_000, 2_500_000, 3_000_000, -1_000_000]))
  }

  private func amount(using generator: inout SeededGenerator) -> RuleAmount {
    RuleAmount(
      number: RuleNumber(
        millionths: generator.one(of: [0, 50_000_000, 50_100_000, 50_100_500, -5_000_000, 10_000])),
      currency: generator.one(of: [nil, nil, .eur, Currency("USD")]))
  }

  private func duration(using generator: inout SeededGenerator) -> RuleDuration {
    RuleDuration(
      generator.chance(0.1)
        ? RuleNumber(millionths: 2_000_000, setting: "few")
        : RuleNumber(millionths: generator.one(of: [0, 1_000_000, 5_000_000, 500_000])),
      generator.one(of: RuleDuration.Unit.allCases))
  }
}
