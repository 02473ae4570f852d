package import CustomerJourney

/// Companies that don't exist and the people who decide there together, for a seller of software for
/// warehouses that doesn't exist either.
///
/// The same seed gives the same, byte for byte, on every machine. All domains end in `.bedrijf`, which
/// is no domain of the internet; addresses at `.example` would be nobody's (``JunkIdentity``).
package struct BusinessSimulation: Sendable {
  package static let title = LocalizedText(
    en: "Lagerwerk (simulated)", nl: "Lagerwerk (gesimuleerd)")

  package let companies: Int
  package let seed: UInt64
  private let span: Span

  /// `companies` must be at least 1.
  package init(
    companies: Int = 60, from first: CivilTime = CivilTime(year: 2025, month: 1, day: 1),
    days: Int = 365, seed: UInt64 = 1, zone: Zone = .amsterdam
  ) {
    precondition(companies > 0 && days > 0)
    self.companies = companies
    self.seed = seed
    span = Span(from: first, days: days, zone: zone)
  }

  package func run() -> CollectedBatch {
    var batch = CollectedBatch()
    for number in 0..<companies {
      var company = Company(number, Chance(seed: seed, customer: UInt64(number)), span)
      company.live()
      batch.touchpoints += company.touchpoints
      batch.profiles += company.profiles
    }
    return batch
  }
}

/// One company, from the first visit to where the year ends.
private struct Company {
  private let number: Int
  private let name: String
  private let key: String
  private let domain: String
  private let span: Span
  private var chance: Chance
  private(set) var touchpoints: [Touchpoint] = []
  private(set) var profiles: [ProfileChange] = []

  private struct Person {
    var key: String
    var address: String
    var role: String?
    var begins: Int64
    /// From 0 to 1: how much of the way to a purchase this one takes part in.
    var reach: Double
  }

  private static let firsts = [
    "Anker", "Berkel", "Castor", "Duin", "Eem", "Falk", "Grens", "Horst", "IJssel", "Jol", "Kade",
    "Linge", "Maas", "Noord", "Oever", "Polder", "Regge", "Sluis", "Tij", "Veer",
  ]
  private static let seconds = [
    "Logistiek", "Voeding", "Techniek", "Bouw", "Textiel", "Groothandel", "Medisch", "Verpakking",
  ]
  private static let forms = ["B.V.", "N.V.", "Holding B.V.", "GmbH", ""]
  private static let people = [
    "anna", "bram", "carla", "daan", "eva", "finn", "greet", "hugo", "ilse", "joost", "karin",
    "lars", "mila", "noor", "otto", "petra", "rik", "sanne", "teun", "wout",
  ]
  private static let roles = [
    "user", "evaluator", "influencer", "decision maker", "economic buyer", "sponsor",
  ]

  init(_ number: Int, _ chance: Chance, _ span: Span) {
    self.number = number
    self.span = span
    self.chance = chance
    let first = Self.firsts[number % Self.firsts.count]
    let second = Self.seconds[
      (number / Self.firsts.count * 3 + number) % Self.seconds.count]
    let round = number / (Self.firsts.count * Self.seconds.count)
    let plain = "\(first) \(second)" + (round == 0 ? "" : " \(round + 1)")
    name = "\(plain) \(self.chance.one(of: Self.forms))".trimmed
    key = "b2b-\(number + 1)"
    domain = plain.lowercased().replacing(" ", with: "-") + ".bedrijf"
  }

  mutating func live() {
    let length = Double(span.end.milliseconds - span.start.milliseconds)
    let begin = span.start.milliseconds + Int64(chance.fraction() * 0.8 * length)
    // Some look, some buy: how far the company comes in this year.
    let depth = chance.fraction()
    let size = chance.between(2, depth > 0.5 ? 12 : 7)
    let sectors = ["logistics", "food", "industry", "construction", "healthcare"]
    let traits: [String: PropertyValue] = [
      "name": .text(name), "domain": .text(domain), "sector": .text(chance.one(of: sectors)),
      "employees": .number(Double(chance.between(20, 1_200))),
    ]
    var made: [Person] = []
    for place in 0..<size {
      let given = Self.people[(number * 7 + place * 3) % Self.people.count]
      let nick = "\(given)\(place / 6 == 0 ? "" : String(place / 6 + 1))"
      let role = place < Self.roles.count ? Self.roles[place] : chance.one(of: Self.roles)
      made.append(
        Person(
          key: "\(key)-\(nick)", address: "\(nick)@\(domain)",
          role: chance.happens(0.8) ? role : nil,
          begins: begin + Int64(chance.wait(12) * Double(Span.day) * Double(place)),
          reach: min(1, depth + (place > 2 && place < 6 ? 0.1 : -0.15) * chance.fraction())))
    }
    for (place, person) in made.enumerated() {
      say(person, traits: place == 0 ? traits : [:], isLead: place > 0 && chance.happens(0.18))
      decide(person)
    }
    if let first = made.first, depth > 0.35 { deal(first, depth) }
  }

  /// A group call of the company's own systems; a lead only leaves an address or a company's name.
  private mutating func say(
    _ person: Person, traits: [String: PropertyValue], isLead: Bool
  ) {
    guard person.begins < span.end.milliseconds else { return }
    let moment = Timestamp(milliseconds: person.begins)
    var known: [String: PropertyValue] = [:]
    if let role = person.role { known["accountRole"] = .text(role) }
    // Some write from a free address and give only the company's name, in their own spelling.
    let isPrivate = isLead && chance.happens(0.5)
    let address =
      isPrivate ? "\(person.key)@gmail.com" : person.address
    known["email"] = .text(address)
    if isPrivate { known["company"] = .text(name.uppercased().replacing(".", with: "")) }
    profiles.append(
      ProfileChange(
        customer: person.key, alsoKnownAs: CustomerKey.keys(inTraits: { known[$0] }),
        traits: known, account: isLead ? nil : key, accountTraits: isLead ? [:] : traits,
        occurred: moment, messageID: "\(person.key)-known", source: Simulation.source,
        claimant: .server))
  }

  /// What somebody reads and asks on the way to a purchase.
  private mutating func decide(_ person: Person) {
    let steps: [(event: String, channel: String, content: String?, from: Double)] = [
      ("Ad Impression", "Social media", "Minder lopen in het magazijn", 0),
      ("Page Viewed", "Website", "/", 0),
      ("Content Viewed", "Website", "Gids: magazijn kiezen", 0.1),
      ("Subscribed", "Website", "Nieuwsbrief", 0.2),
      ("Message Clicked", "Email", "Nieuwsbrief", 0.25),
      ("Product Viewed", "Website", "Lagerwerk Pro", 0.3),
      ("File Downloaded", "Website", "Whitepaper", 0.35),
      ("Product Compared", "Website", "Lagerwerk Pro", 0.45),
      ("Demo Requested", "Website", "Demo", 0.5),
      ("Sales Contacted", "Live meeting", "Kennismaking", 0.55),
      ("Quote Opened", "Email", "Offerte", 0.65), ("Chat Started", "Chat", nil, 0.7),
    ]
    var moment = person.begins
    for step in steps where step.from <= person.reach {
      for _ in 0..<chance.between(1, step.event.hasSuffix("Viewed") ? 3 : 1) {
        moment = span.awake(moment + Int64(chance.wait(5) * Double(Span.day)), &chance)
        add(person, step.event, moment, step.channel, step.content)
      }
    }
  }

  /// The company's deal, which is won, lost or still open.
  private mutating func deal(_ person: Person, _ depth: Double) {
    let name = PropertyValue.text("D-\(number + 1)")
    let worth = Int64(chance.between(8, 90)) * 50_000
    var moment = span.awake(person.begins + Span.day * Int64(chance.between(20, 60)), &chance)
    add(
      person, "Quote Requested", moment, "Website", "Offerte",
      properties: ["deal": name, "expectedValue": .number(Double(worth) / 100)])
    guard depth > 0.6 else { return }
    moment = span.awake(moment + Span.day * Int64(chance.between(14, 70)), &chance)
    if chance.happens(0.7) {
      add(
        person, "Order Completed", moment, "Live meeting", "Lagerwerk Pro",
        value: Money(minorUnits: worth, currency: .eur), properties: ["deal": name])
      moment = span.awake(moment + Span.day * 9, &chance)
      add(person, "Product Activated", moment, "App", "Lagerwerk Pro")
    } else {
      add(person, "Deal Lost", moment, "Phone", nil, properties: ["deal": name])
    }
  }

  private mutating func add(
    _ person: Person, _ event: String, _ moment: Int64, _ channel: String, _ content: String?,
    value: Money? = nil, properties: Properties = [:]
  ) {
    guard moment < span.end.milliseconds else { return }
    touchpoints.append(
      Touchpoint(
        customer: person.key, occurred: Timestamp(milliseconds: moment), event: EventName(event),
        channel: Channel(channel), messageID: "\(person.key)-\(touchpoints.count + 1)",
        source: Simulation.source, content: content, value: value, properties: properties))
  }
}
