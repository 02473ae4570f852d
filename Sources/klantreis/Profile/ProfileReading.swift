import CustomerJourney
import Insights
import JourneyEngine
import Store

extension Snapshot {
  /// Moments of what happened last that a profile has.
  private static let lastMoments = 5

  /// All that is known of the customer who has a key, at the end of a question's period. Throws
  /// ``NotFound``.
  func profile(of key: String, at instant: Timestamp) throws -> CustomerProfile {
    let store = facts.store
    guard let identities = try store.identities(of: key) else {
      throw NotFound(
        what: "There is no customer of that id.",
        advice: "Ids are those of your files and clients, with the same capitals; the search finds "
          + "customers by anything else.")
    }
    let traits = try store.profileTraits(of: key)
    let values = Dictionary(
      traits.compactMap { trait in trait.value.map { (trait.name, $0) } },
      uniquingKeysWith: { first, _ in first })
    var profile = CustomerProfile(
      customer: identities.customer, name: PersonName.of { values[$0] }, at: instant,
      currency: journeys.currency.code, traits: traits, identities: identities)
    profile.accounts = try store.accounts(of: key).map { .init(id: $0.id, name: $0.name) }
    guard let number = try store.customer(key: key).flatMap({ UInt32(exactly: $0) }),
      let journey = journeys.journey(ofCustomer: number)
    else { return profile }
    let calculated = try CalculatedTraits(self, at: instant)
    profile.calculated = try calculated.names.compactMap {
      try calculated.value($0, ofJourney: journey)
    }
    let rows = calculated.rows(ofJourney: journey)
    profile.phases = try models.models.compactMap { try phase(in: $0, rows) }
    profile.segments = try memberships(ofJourney: journey, rows, at: instant)
    profile.last = rows.suffix(Self.lastMoments).reversed().map { row -> CustomerProfile.Moment in
      let content = journeys.name(.content, row: row)
      return .init(
        time: Timestamp(milliseconds: journeys.time(row: row)),
        event: journeys.name(.event, row: row), channel: journeys.name(.channel, row: row),
        content: content == Names.noneName ? nil : content, value: amount(row: row))
    }
    profile.basket = basket(rows)
    try facts.check()
    return profile
  }

  private func amount(row: Int) -> Double? {
    let value = journeys.value(row: row)
    return value == 0 ? nil : Money(minorUnits: value, currency: journeys.currency).amount
  }

  /// The phase at the last row, the rule that put the customer there, and the touchpoint at which.
  private func phase(in model: JourneyModel, _ rows: Range<Int>) throws -> CustomerProfile.Phase? {
    guard let last = rows.last else { return nil }
    let placement = try placement(in: model)
    let phase = placement.phase(row: last)
    var first = last
    while first > rows.lowerBound, placement.phase(row: first - 1) == phase { first -= 1 }
    // What put the customer there, rather than what left it so.
    let rule = (first...last).lazy.compactMap { placement.rule(row: $0) }.first
    return CustomerProfile.Phase(
      model: model.id, phase: model.phases[phase].id,
      because: rule.map { model.rules[$0].because }
        ?? LocalizedText(
          en: "It is where every journey begins.", nl: "Daar begint iedere reis."),
      since: Timestamp(milliseconds: journeys.time(row: first)))
  }

  /// Segments in which the customer is, by name, and since when.
  private func memberships(
    ofJourney journey: Int, _ rows: Range<Int>, at instant: Timestamp
  ) throws -> [CustomerProfile.Segment] {
    try segments.entries.compactMap { entry -> CustomerProfile.Segment? in
      guard let rule = entry.rule else { return nil }
      let membership = try membership(rule)
      guard membership.holds(ofJourney: journey, at: instant.milliseconds) else { return nil }
      return .init(
        name: entry.segment.name,
        since: since(membership, ofJourney: journey, rows, before: instant))
    }
  }

  /// A rule becomes true at a touchpoint, or where one grows as old as a duration in it: the first of
  /// these moments since which it was true without a break.
  private func since(
    _ membership: Membership, ofJourney journey: Int, _ rows: Range<Int>, before instant: Timestamp
  ) -> Timestamp? {
    let delays = membership.rule.delays.union([0])
    var moments: Set<Int64> = []
    for row in rows.suffix(Limits.momentsLookedBack) {
      for delay in delays {
        let moment = journeys.time(row: row) &+ delay
        if moment <= instant.milliseconds { moments.insert(moment) }
      }
    }
    var first: Int64?
    for moment in moments.sorted(by: >).prefix(Limits.momentsLookedBack) {
      guard membership.holds(ofJourney: journey, at: moment) else {
        return first.map { Timestamp(milliseconds: $0) }
      }
      first = moment
    }
    // True at all that were looked at: since the first touchpoint, when that is one of them.
    let isWhole =
      moments.count <= Limits.momentsLookedBack && rows.count <= Limits.momentsLookedBack
    return isWhole ? first.map { Timestamp(milliseconds: $0) } : nil
  }

  /// What was put in the basket since the last order and not taken out.
  private func basket(_ rows: Range<Int>) -> CustomerProfile.Basket? {
    var items: [CustomerProfile.Basket.Item] = []
    var changed: Timestamp?
    let start = rows.last { journeys.name(.event, row: $0) == "Order Completed" }.map { $0 + 1 }
    for row in (start ?? rows.lowerBound)..<rows.upperBound {
      let event = journeys.name(.event, row: row)
      guard event == "Product Added" || event == "Product Removed" else { continue }
      let said = journeys.name(.content, row: row)
      let content = said == Names.noneName ? "" : said
      changed = Timestamp(milliseconds: journeys.time(row: row))
      let known = items.firstIndex { $0.content == content }
      if event == "Product Added" {
        let value = amount(row: row)
        if let known {
          items[known].count += 1
          items[known].value = value.map { (items[known].value ?? 0) + $0 } ?? items[known].value
        } else {
          items.append(.init(content: content, count: 1, value: value))
        }
      } else if let known {
        // Of several, one is taken out with its part of the value.
        items[known].value = items[known].value.map {
          $0 - $0 / Double(items[known].count)
        }
        items[known].count -= 1
        if items[known].count == 0 { items.remove(at: known) }
      }
    }
    guard let changed, !items.isEmpty else { return nil }
    return .init(changed: changed, items: items)
  }
}
