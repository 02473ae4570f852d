package import CustomerJourney

/// How an account stands: its buying group, engagement and phase, and why.
package struct AccountStanding: Sendable, Codable, Equatable {
  package var key: String
  package var name: String
  package var domains: [String]
  /// Those who belong to it now.
  package var members: Int
  package var touchpoints: Int
  package var lastTime: Timestamp?
  /// Of required roles, those that no member has.
  package var missingRoles: [String]
  /// 0…1; nil when no role is required.
  package var completeness: Double?
  /// 0…100.
  package var engagement: Double
  /// What the score is made of, before it is held at 100.
  package var points: Double
  /// The furthest phase that at least two roles have reached; nil when fewer than two roles have any.
  package var phase: String?
  /// The roles that have reached it, the furthest first.
  package var phaseRoles: [RoleReach]
  /// Of the deals that are neither won nor lost, in major units.
  package var openValue: Double
  package var openDeals: Int
  /// Of the orders of members, in major units.
  package var wonValue: Double
  package var currency: String
  /// Present and past members, the most engaged first. Empty in a list.
  package var people: [Person]

  package struct RoleReach: Sendable, Codable, Equatable {
    package var role: String
    package var phase: String
  }

  package struct Person: Sendable, Codable, Equatable {
    /// The store's number; filled with the customer's key on the way out.
    package var number: Int64
    package var customer: String
    package var roles: [String]
    package var from: Timestamp?
    package var until: Timestamp?
    package var isMember: Bool
    package var phase: String?
    package var furthest: String?
    package var touchpoints: Int
    package var lastTime: Timestamp?
    package var points: Double
    package var roleWeight: Double
    package var actions: [AccountActivity.Action]
  }

  /// Deals that are neither won nor lost.
  package struct Deals: Sendable, Equatable {
    package var count: Int
    /// Major units.
    package var value: Double

    package init(count: Int = 0, value: Double = 0) {
      self.count = count
      self.value = value
    }
  }

  package init(
    _ account: Account, activity: [AccountActivity.Member], deals: Deals,
    settings: AccountSettings, model: JourneyModel, currency: Currency, at moment: Timestamp
  ) {
    let did = Dictionary(activity.map { (Int64($0.customer), $0) }) { one, _ in one }
    people = account.members.map { member in
      let activity = did[member.customer]
      return Person(
        number: member.customer, customer: "", roles: member.roles, from: member.from,
        until: member.until, isMember: member.isMember(at: moment),
        phase: activity?.phase.map { model.phases[$0].id },
        furthest: activity?.furthest.map { model.phases[$0].id },
        touchpoints: activity?.touchpoints ?? 0, lastTime: activity?.last,
        points: activity?.points ?? 0, roleWeight: settings.weight(ofRoles: member.roles),
        actions: activity?.actions ?? [])
    }.sorted { ($1.points, $1.touchpoints, $0.number) < ($0.points, $0.touchpoints, $1.number) }
    key = account.key
    name = account.name
    domains = account.domains
    let present = account.members.filter { $0.isMember(at: moment) }
    members = present.count
    touchpoints = activity.reduce(0) { $0 + $1.touchpoints }
    lastTime = activity.compactMap(\.last).max()
    let known = Set(present.flatMap(\.roles))
    missingRoles = settings.requiredRoles.filter { !known.contains($0) }
    completeness = settings.completeness(known)
    points = activity.reduce(0) { $0 + $1.points }
    engagement = min(100, 100 * points / settings.fullPoints)
    openDeals = deals.count
    openValue = deals.value
    wonValue =
      Money(
        minorUnits: activity.reduce(0) { $0.saturatingAdding($1.value) }, currency: currency
      ).amount
    self.currency = currency.code
    var reached: [String: Int] = [:]
    for member in present {
      guard let furthest = did[member.customer]?.furthest else { continue }
      for role in member.roles { reached[role] = max(reached[role] ?? 0, furthest) }
    }
    let order = reached.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let common = order.count > 1 ? order[1].value : nil
    phase = common.map { model.phases[$0].id }
    phaseRoles = order.filter { one in common.map { one.value >= $0 } ?? true }.map {
      RoleReach(role: $0.key, phase: model.phases[$0.value].id)
    }
  }
}

/// All accounts with how they stand: what `accounts` answers.
package struct AccountsReport: Codable, DrawnReport {
  package var model: String
  /// The moment at which they stand so.
  package var at: Timestamp
  /// Accounts in all, of which ``rows`` may be some.
  package var total: Int
  package var rows: [AccountStanding]

  package init(model: String, at: Timestamp, total: Int, rows: [AccountStanding]) {
    self.model = model
    self.at = at
    self.total = total
    self.rows = rows
  }

  /// By what a list of accounts can be in order.
  package enum Order: String, CaseIterable, Sendable {
    case engagement, phase, completeness, open, name
  }

  /// `phases` are the ids of the model's in order.
  package static func sort(
    _ rows: [AccountStanding], by order: Order, phases: [String]
  ) -> [AccountStanding] {
    func rank(_ row: AccountStanding) -> Double {
      switch order {
      case .engagement: row.points
      case .phase: Double(row.phase.flatMap { phases.firstIndex(of: $0) } ?? -1)
      case .completeness: row.completeness ?? -1
      case .open: row.openValue
      case .name: 0
      }
    }
    return rows.map { (rank($0), $0) }.sorted { one, other in
      if one.0 != other.0 { return one.0 > other.0 }
      if order != .engagement, order != .name, one.1.points != other.1.points {
        return one.1.points > other.1.points
      }
      return (one.1.name.lowercased(), one.1.key) < (other.1.name.lowercased(), other.1.key)
    }.map(\.1)
  }

  package var table: ReportTable {
    ReportTable(
      [
        ("Account", "account"), ("Key", "key"), ("Engagement", "engagement"), ("Phase", "phase"),
        ("Complete", "completeness"), ("Members", "members"), ("Missing roles", "missingRoles"),
        ("Open value", "openValue"), ("Won value", "wonValue"),
      ],
      rows: rows.map { row in
        [
          .name(row.name), .name(row.key), .count(Int(row.engagement.rounded())),
          row.phase.map { .name($0) } ?? .missing, row.completeness.map { .share($0) } ?? .missing,
          .count(row.members), .name(row.missingRoles.joined(separator: ", ")),
          .amount(row.openValue), .amount(row.wonValue),
        ]
      }, notes: rows.count < total ? ["\(rows.count) of \(total) accounts."] : [])
  }

  package var chart: BarChart {
    BarChart(
      title: "Accounts", measure: "engagement, from 0 to 100",
      bars: rows.map {
        .init(
          name: $0.name, value: $0.engagement,
          label: ReportTable.Cell.grouped(Int($0.engagement.rounded())))
      })
  }
}
