package import CustomerJourney
package import JourneyEngine

/// What members of accounts did, each as long as they belonged to one: points of engagement by event,
/// the furthest phase, first and last touchpoint.
///
/// A touchpoint gives the points of its event, as far as its day has room below the daily cap of that
/// person; times the weight of the person's role; times what is left at its age.
package struct AccountActivityFold: Fold {
  /// Somebody's time in an account.
  package struct Stay: Sendable {
    var account: Int64
    /// Milliseconds since 1970.
    var from: Int64
    var until: Int64
    var weight: Double
  }

  private let stays: [UInt32: [Stay]]
  private let weights: [Double]
  private let settings: AccountSettings
  private let zone: Zone
  /// The moment at which the age of touchpoints is told, in milliseconds; later ones don't count.
  private let moment: Int64
  private let eventNames: Names
  private let currency: Currency

  package init(
    _ accounts: [Account], settings: AccountSettings, table: some NamedJourneys, zone: Zone,
    at moment: Timestamp
  ) {
    var stays: [UInt32: [Stay]] = [:]
    for account in accounts {
      for member in account.members {
        guard let customer = UInt32(exactly: member.customer) else { continue }
        stays[customer, default: []].append(
          Stay(
            account: account.id, from: member.from?.milliseconds ?? .min,
            until: member.until?.milliseconds ?? .max,
            weight: settings.weight(ofRoles: member.roles)))
      }
    }
    self.stays = stays
    self.settings = settings
    self.zone = zone
    self.moment = moment.milliseconds
    eventNames = table.names(.event)
    currency = table.currency
    let actions = Dictionary(settings.actions.map { (EventName($0.key).key, $0.value) }) {
      max($0, $1)
    }
    weights = eventNames.all.map { actions[EventName(canonical: $0).key] ?? 0 }
  }

  package typealias Partial = [AccountActivity.Member]

  package var columns: Columns { [.times, .events, .phases, .values] }

  package func start() -> Partial { [] }

  package func update(_ partial: inout Partial, with journeys: JourneyBlock) {
    for k in 0..<journeys.journeyCount {
      guard let stays = stays[journeys.customers[k]] else { continue }
      for stay in stays {
        if let member = member(stay, journeys, k) { partial.append(member) }
      }
    }
  }

  private func member(
    _ stay: Stay, _ block: JourneyBlock, _ k: Int
  ) -> AccountActivity.Member? {
    var member = AccountActivity.Member(account: stay.account, customer: block.customers[k])
    var points: [UInt16: AccountActivity.Points] = [:]
    var day: (number: Int64, left: Double) = (.min, 0)
    let oldest = moment - Int64((settings.windows.last?.days ?? 0) * 86_400_000)
    for row in block.rows(ofJourney: k) {
      let time = block.times[row]
      guard time >= stay.from, time < stay.until, time <= moment else { continue }
      member.touchpoints += 1
      if member.touchpoints == 1 { member.first = Timestamp(milliseconds: time) }
      member.last = Timestamp(milliseconds: time)
      member.value = member.value.saturatingAdding(block.values[row])
      if let phases = block.phases {
        let phase = Int(phases[row])
        member.phase = phase
        if time >= oldest { member.furthest = max(member.furthest ?? 0, phase) }
      }
      let weight = weights[Int(block.events[row])]
      guard weight > 0, time >= oldest else { continue }
      let offset = zone.offsetSeconds(at: Timestamp(milliseconds: time))
      let number = Self.day(time + Int64(offset) * 1000)
      if number != day.number { day = (number, settings.dailyCap) }
      let taken = min(weight, day.left)
      day.left -= taken
      let age = Double(moment - time) / 86_400_000
      let given = taken * stay.weight * settings.share(ofAgeDays: age)
      points[block.events[row], default: .init()].add(given)
    }
    guard member.touchpoints > 0 else { return nil }
    if let phase = member.phase { member.furthest = max(member.furthest ?? 0, phase) }
    member.actions = points.map { code, points in
      AccountActivity.Action(
        event: eventNames[UInt32(code)], touchpoints: points.touchpoints, points: points.sum)
    }.sorted { ($1.points, $0.event) < ($0.points, $1.event) }
    return member
  }

  private static func day(_ milliseconds: Int64) -> Int64 {
    milliseconds >= 0 ? milliseconds / 86_400_000 : (milliseconds - 86_399_999) / 86_400_000
  }

  package func merge(_ partial: inout Partial, with other: Partial) { partial += other }

  package func finish(_ partial: Partial) -> AccountActivity {
    AccountActivity(
      members: partial.sorted { ($0.account, $0.customer) < ($1.account, $1.customer) },
      currency: currency)
  }
}

/// What members did in the name of their accounts.
package struct AccountActivity: Report {
  /// By account, then by customer.
  package var members: [Member]
  /// Customers who did something in the name of an account.
  package var customers: Int
  package var currency: Currency

  package init(members: [Member], currency: Currency) {
    self.members = members
    self.currency = currency
    customers = Set(members.map(\.customer)).count
  }

  package struct Member: Sendable, Codable, Equatable {
    /// The store's numbers.
    package var account: Int64
    package var customer: UInt32
    package var touchpoints = 0
    package var first: Timestamp?
    package var last: Timestamp?
    /// Minor units.
    package var value: Int64 = 0
    /// Of the last touchpoint, as its index in the model.
    package var phase: Int?
    /// The furthest one within the last window of the settings, or the one of the last touchpoint.
    package var furthest: Int?
    /// What gave points, the most first; events that give none are left out.
    package var actions: [Action] = []

    package init(account: Int64, customer: UInt32) {
      self.account = account
      self.customer = customer
    }

    package var points: Double { actions.reduce(0) { $0 + $1.points } }
  }

  package struct Action: Sendable, Codable, Equatable {
    package var event: String
    package var touchpoints: Int
    package var points: Double

    package init(event: String, touchpoints: Int, points: Double) {
      self.event = event
      self.touchpoints = touchpoints
      self.points = points
    }
  }

  fileprivate struct Points {
    var touchpoints = 0
    var sum = 0.0

    mutating func add(_ points: Double) {
      touchpoints += 1
      sum += points
    }
  }

  package var table: ReportTable {
    ReportTable(
      [
        ("Account", "account"), ("Customer", "customer"), ("Touchpoints", "touchpoints"),
        ("Points", "points"),
      ],
      rows: members.map {
        [
          .name(String($0.account)), .name(String($0.customer)), .count($0.touchpoints),
          .amount($0.points),
        ]
      })
  }
}
