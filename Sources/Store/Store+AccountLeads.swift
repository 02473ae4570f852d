package import CustomerJourney
import Foundation
import GRDB

extension Store {
  /// Traits by which people say for which company they work.
  static let companyTraits = [
    "company", "company.name", "companyName", "company_name", "organization", "organisation",
    "employer", "bedrijf", "bedrijfsnaam", "werkgever",
  ]

  /// Customers who may belong to an account and do not: by the domain of an address, or by the name of
  /// the company that they gave. Looks at the newest ``Limits/matchedCustomers`` addresses and names.
  package func accountLeads(limit: Int) throws -> [AccountLead] {
    let accounts = try accounts()
    guard !accounts.isEmpty else { return [] }
    return try pool.read { db in
      let settings = try Self.accountSettings(db)
      var finder = LeadFinder(accounts, settings, limit: limit)
      for pair in try MembershipReader(.all, db).pairs {
        finder.note(
          pair.key, isMember: pair.value.isMember, isOut: pair.value.verdict?.isIn == false)
      }
      let addresses = try Row.fetchCursor(
        db,
        sql: """
          SELECT key, \(Schema.customer(of: "i.id", at: "\(Int64.max)")) FROM identity i
          WHERE key >= 'email:' AND key < 'email;' ORDER BY id DESC LIMIT \(Limits.matchedCustomers)
          """)
      while !finder.isFull, let row = try addresses.next() {
        if let domain = MailDomain.of(key: row[0]) { finder.look(row[1], domain: domain) }
      }
      let marks = databaseQuestionMarks(count: Self.companyTraits.count)
      let names = try Row.fetchCursor(
        db,
        sql: """
          SELECT \(Schema.customer(of: "t.customer", at: "t.set_at")), t.value FROM trait t
          WHERE t.name IN (\(marks)) ORDER BY t.set_at DESC LIMIT \(Limits.matchedCustomers)
          """, arguments: StatementArguments(Self.companyTraits))
      while !finder.isFull, let row = try names.next() {
        let value = try JSONDecoder().decode(
          PropertyValue.self, from: Data((row[1] as String).utf8))
        finder.look(row[0], company: value.description)
      }
      return try finder.leads.map { lead in
        var lead = lead
        lead.customerKey = try MembershipReader.key(lead.customer, db)
        return lead
      }
    }
  }
}

/// Compares domains and names of companies with those of accounts.
private struct LeadFinder {
  private(set) var leads: [AccountLead] = []
  private let accounts: [Account]
  private let freeMail: FreeMail
  private let limit: Int
  private var byDomain: [String: [Int]] = [:]
  private var byName: [String: [Int]] = [:]
  private var members: Set<Int64> = []
  private var settled: Set<MembershipReader.Pair> = []

  init(_ accounts: [Account], _ settings: AccountSettings, limit: Int) {
    self.accounts = accounts
    self.limit = limit
    freeMail = FreeMail(own: settings.freeMail)
    for (place, account) in accounts.enumerated() {
      for domain in account.domains { byDomain[domain, default: []].append(place) }
      for name in Set([account.name, account.key].compactMap(CompanyName.normalised)) {
        byName[name, default: []].append(place)
      }
    }
  }

  var isFull: Bool { leads.count >= limit }

  mutating func note(_ pair: MembershipReader.Pair, isMember: Bool, isOut: Bool) {
    if isMember { members.insert(pair.customer) }
    // Asked once.
    if isOut { settled.insert(pair) }
  }

  mutating func look(_ customer: Int64, domain: String) {
    guard !members.contains(customer), !freeMail.contains(domain) else { return }
    if let places = byDomain[domain] {
      add(customer, places, places.count == 1 ? .domain : .sharedDomain, domain)
    } else if let above = MailDomain.above(domain).first(where: { byDomain[$0] != nil }) {
      add(customer, byDomain[above] ?? [], .subdomain, domain)
    }
  }

  mutating func look(_ customer: Int64, company: String) {
    guard !members.contains(customer), let name = CompanyName.normalised(company),
      let places = byName[name]
    else { return }
    add(customer, places, places.count == 1 ? .name : .sharedName, company)
  }

  private mutating func add(
    _ customer: Int64, _ places: [Int], _ reason: AccountLead.Reason, _ compared: String
  ) {
    for place in places where !isFull {
      let account = accounts[place]
      let pair = MembershipReader.Pair(account: account.id, customer: customer)
      guard settled.insert(pair).inserted else { continue }
      leads.append(
        AccountLead(
          customer: customer, customerKey: "", account: account.id, accountKey: account.key,
          accountName: account.name, reason: reason, compared: compared))
    }
  }
}
