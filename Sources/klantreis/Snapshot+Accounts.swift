import CustomerJourney
import Dashboard
import Foundation
import Insights
import JourneyEngine
import Store

/// What is known of deals of the members of accounts, by the account's number.
typealias AccountDeals = [Int64: AccountStanding.Deals]

extension QuestionKind {
  static let accounts = QuestionKind(
    name: "accounts",
    summary: "Companies: engagement, phase, buying group and open deals, and why.",
    parameters: [
      QuestionParameter(
        name: "search", summary: "Only accounts whose name, key or domain has this text.",
        example: "acme"),
      QuestionParameter(
        name: "sort", summary: "By what they are in order; engagement when it is left out.",
        example: "open", choices: AccountsReport.Order.allCases.map(\.rawValue)),
      QuestionParameter(
        name: "offset", summary: "How many of the first to leave out.", example: "100",
        isCount: true),
      QuestionParameter(
        name: "limit",
        summary: "How many at most; no more than \(Limits.rowsPerAnswer).", example: "100",
        isCount: true),
    ]
  ) { question, snapshot in
    Answer(try snapshot.accounts(question))
  }
}

extension Snapshot {
  /// True when there are accounts; false where that cannot be read.
  var hasAccounts: Bool { (try? facts.store.hasAccounts()) ?? false }

  func accounts(_ question: Question) throws -> AccountsReport {
    let order: AccountsReport.Order
    if let text = question["sort"] {
      guard let known = AccountsReport.Order(rawValue: text) else {
        throw ParameterError(
          name: "sort", value: text,
          problem: "Choose from "
            + AccountsReport.Order.allCases.map(\.rawValue).joined(separator: ", ") + ".")
      }
      order = known
    } else {
      order = .engagement
    }
    let wanted = question["search"]?.trimmed.lowercased() ?? ""
    let chosen = try facts.accounts().filter { account in
      wanted.isEmpty
        || ([account.name, account.key] + account.domains).contains {
          $0.lowercased().contains(wanted)
        }
    }
    let (standings, model, moment) = try standings(of: chosen, question)
    let sorted = AccountsReport.sort(standings, by: order, phases: model.phases.map(\.id))
    let offset = try question.count("offset", from: 0) ?? 0
    let limit = min(
      try question.count("limit") ?? Limits.rowsPerAnswer, Limits.rowsPerAnswer)
    return AccountsReport(
      model: model.id, at: moment, total: sorted.count,
      rows: sorted.dropFirst(offset).prefix(limit).map { row in
        var row = row
        row.people = []
        return row
      })
  }

  /// One account with its people, who have their keys, and the model.
  func account(
    _ key: String, _ question: Question
  ) throws -> (account: Account, standing: AccountStanding, model: JourneyModel, at: Timestamp) {
    guard let account = try facts.accounts().first(where: { $0.key == key }) else {
      throw NotFound(
        what: "There is no account with that key.",
        advice: "Open one from the list of accounts; `klantreis accounts list` has their keys.")
    }
    let (standings, model, moment) = try standings(of: [account], question)
    let keys = try facts.store.customerKeys(account.members.map(\.customer))
    var standing = standings[0]
    for place in standing.people.indices {
      standing.people[place].customer = keys[standing.people[place].number] ?? ""
    }
    return (account, standing, model, moment)
  }

  private func standings(
    of accounts: [Account], _ question: Question
  ) throws -> (rows: [AccountStanding], model: JourneyModel, at: Timestamp) {
    let asked = try select(question, placed: true)
    let settings = try facts.store.accountSettings()
    let moment = try moment(of: question)
    let activity = asked.answer(
      AccountActivityFold(
        accounts, settings: settings, table: journeys, zone: zone, at: moment))
    let did = Dictionary(grouping: activity.members, by: \.account)
    let deals = try facts.deals { try self.deals() }
    let rows = accounts.map { account in
      AccountStanding(
        account, activity: did[account.id] ?? [], deals: deals[account.id] ?? .init(),
        settings: settings, model: asked.model, currency: journeys.currency, at: moment)
    }
    return (rows, asked.model, moment)
  }

  /// The end of the period, or the last touchpoint of all: old exports are no years of silence.
  private func moment(of question: Question) throws -> Timestamp {
    let period = try Period(from: question["from"], to: question["to"], zone: zone)
    return period.to.map { Timestamp(milliseconds: $0.milliseconds - 1) }
      ?? bounds?.upperBound ?? .now
  }

  // MARK: Deals

  /// Events at which a deal is won or lost.
  private static let dealEnds: Set = [
    "Order Completed", "Deal Won", "Deal Lost", "Order Cancelled",
  ]
  /// Events that speak of a deal, besides its ends.
  private static let dealEvents: Set = [
    "Sales Contacted", "Deal Opened", "Deal Updated", "Quote Requested", "Quote Sent",
    "Quote Opened", "Demo Requested", "Appointment Booked",
  ]

  /// Open deals of all accounts: touchpoints of members that name a `deal`, of which none is its end.
  /// The last `expectedValue` of each is what it may bring.
  private func deals() throws -> AccountDeals {
    var found: AccountDeals = [:]
    let accounts = try facts.accounts()
    var rows: [(account: Int64, row: Int64, time: Int64, isEnd: Bool)] = []
    for account in accounts {
      for member in account.members {
        guard let customer = UInt32(exactly: member.customer),
          let journey = journeys.journey(ofCustomer: customer)
        else { continue }
        for row in journeys.rows(ofJourney: journey) {
          let event = journeys.name(.event, row: row)
          let isEnd = Self.dealEnds.contains(event)
          guard isEnd || Self.dealEvents.contains(event),
            member.isMember(at: Timestamp(milliseconds: journeys.time(row: row)))
          else { continue }
          rows.append(
            (account.id, Int64(journeys.rowID(row: row)), journeys.time(row: row), isEnd))
        }
      }
    }
    let numbers = rows.map(\.row)
    let names = try facts.store.propertyValues(path: "deal", rows: numbers)
    guard !names.isEmpty else { return [:] }
    let values = try facts.store.propertyValues(path: "expectedValue", rows: numbers)
    struct Deal: Hashable {
      var account: Int64
      var name: String
    }
    var open: [Deal: (time: Int64, value: Double)] = [:]
    var ended: Set<Deal> = []
    for row in rows {
      guard let name = names[row.row]?.description else { continue }
      let deal = Deal(account: row.account, name: name)
      if row.isEnd {
        ended.insert(deal)
      } else if let value = values[row.row]?.number, row.time >= open[deal]?.time ?? .min {
        open[deal] = (row.time, value)
      } else {
        open[deal] = open[deal] ?? (.min, 0)
      }
    }
    for (deal, last) in open where !ended.contains(deal) {
      found[deal.account, default: .init()].count += 1
      found[deal.account, default: .init()].value += last.value
    }
    return found
  }
}

// MARK: The journey of an account

extension Snapshot {
  /// The journeys of an account's people beside each other, the most active first.
  func lanes(
    of account: Account, _ standing: AccountStanding, model: JourneyModel, at moment: Timestamp
  ) throws -> AccountJourney {
    let placement = try placement(in: model)
    let stays = Dictionary(account.members.map { ($0.customer, $0) }) { one, _ in one }
    var lanes: [AccountJourney.Lane] = []
    for person in standing.people.prefix(Limits.accountLanes) {
      var lane = AccountJourney.Lane(
        customer: person.customer, roles: person.roles, phase: person.phase,
        isMember: person.isMember)
      if let customer = UInt32(exactly: person.number), let stay = stays[person.number],
        let journey = journeys.journey(ofCustomer: customer)
      {
        let rows = journeys.rows(ofJourney: journey).filter { row in
          let time = Timestamp(milliseconds: journeys.time(row: row))
          return time <= moment && stay.isMember(at: time)
        }
        lane.leftOut = max(0, rows.count - Limits.touchpointsPerLane)
        lane.moments = rows.suffix(Limits.touchpointsPerLane).map { row in
          AccountJourney.Moment(
            time: Timestamp(milliseconds: journeys.time(row: row)),
            localTime: localTime(row: row), event: journeys.name(.event, row: row),
            channel: journeys.name(.channel, row: row), phase: placement.phase(row: row),
            hasValue: journeys.value(row: row) != 0)
        }
      }
      lanes.append(lane)
    }
    return AccountJourney(lanes: lanes, leftOut: max(0, standing.people.count - lanes.count))
  }

  /// The accounts to which a customer belongs or belonged, for the customer's own page.
  func accountPlaces(ofCustomer key: String) throws -> [AccountPlace] {
    guard hasAccounts, let number = try facts.store.customer(key: key) else { return [] }
    let settings = try facts.store.accountSettings()
    return try facts.store.accounts(ofCustomers: [number]).flatMap { account in
      try account.members.filter { $0.customer == number }.map { member in
        AccountPlace(
          key: account.key, name: account.name, member: member,
          evidence: try facts.store.accountEvidence(of: account.id)[number] ?? [],
          settings: settings)
      }
    }
  }
}
