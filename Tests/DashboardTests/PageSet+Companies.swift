import Access
import CustomerJourney
import Dashboard
import Foundation

@testable import Insights

extension PageSet {
  /// The pages of accounts, with names that must be escaped and people of whom little is known.
  static func companies(_ language: Language) -> [(path: String, html: String)] {
    let account = companySample
    let model = Samples.stdc
    let settings = AccountSettings.builtIn
    let activity = account.members.map { member in
      var activity = AccountActivity.Member(account: 1, customer: UInt32(member.customer))
      activity.touchpoints = 4 + Int(member.customer) * 3
      activity.last = Timestamp(milliseconds: 1_764_000_000_000)
      activity.value = member.customer == 2 ? 1_250_000 : 0
      activity.phase = Int(member.customer) % 4
      activity.furthest = min(3, Int(member.customer) % 4 + 1)
      activity.actions = [
        .init(event: "Demo Requested", touchpoints: 1, points: 40),
        .init(event: "Content Viewed", touchpoints: 6, points: 8.25),
      ]
      return activity
    }
    var standing = AccountStanding(
      account, activity: activity, deals: .init(count: 2, value: 48_000), settings: settings,
      model: model, currency: .eur, at: Timestamp(milliseconds: 1_764_000_000_000))
    for place in standing.people.indices {
      standing.people[place].customer = "person \(standing.people[place].number) of <Acme>"
    }
    var quiet = standing
    quiet.name = "Zonder iemand"
    quiet.key = "zonder"
    quiet.phase = nil
    quiet.completeness = 0
    quiet.engagement = 0
    quiet.openDeals = 0
    let evidence: [Int64: [AccountEvidence]] = [
      1: [
        .init(
          key: "person 1", way: .said, source: "crm", messageID: "m-1", claimant: "server",
          happened: Timestamp(milliseconds: 1_750_000_000_000))
      ],
      2: [.init(key: "email:two@acme.bedrijf", way: .domain, claimant: "person")],
      9: [
        .init(
          key: "person 9", way: .hand, claimant: "person",
          happened: Timestamp(milliseconds: 1_750_000_000_000), counts: false)
      ],
    ]
    let leads = AccountLead.Reason.allCases.enumerated().map { place, reason in
      AccountLead(
        customer: Int64(20 + place), customerKey: "lead <\(place)>", account: 1, accountKey: "acme",
        accountName: account.name, reason: reason, compared: "acme.bedrijf")
    }
    let page = CompanyPage(
      account: account, standing: standing, evidence: evidence, journey: lanes(standing),
      model: model, settings: settings, at: Timestamp(milliseconds: 1_764_000_000_000),
      leads: Array(leads.prefix(1)), out: [9: "person 9"])
    let list = CompaniesPage(
      report: AccountsReport(
        model: model.id, at: Timestamp(milliseconds: 1_764_000_000_000), total: 240,
        rows: [standing, quiet]), model: model, order: .engagement, search: "a", page: 1,
      firstIndex: 0, settings: settings, leads: leads.count)
    func companyContext(_ path: String) -> PageContext {
      var context = context(path, language)
      context.hasAccounts = true
      return context
    }
    return [
      ("/accounts", Pages.companiesPage(list, companyContext("/accounts"))),
      ("/accounts/acme", Pages.companyPage(page, companyContext("/accounts/acme"))),
      (
        "/accounts-leads",
        Pages.companyLeadsPage(
          CompanyLeadsPage(leads: leads, isCut: true), companyContext("/accounts-leads"))
      ),
      (
        "/accounts-no-leads",
        Pages.companyLeadsPage(
          CompanyLeadsPage(leads: [], isCut: false), companyContext("/accounts-no-leads"))
      ),
    ]
  }

  private static let companyRoles: [[String]] = [
    ["user"], ["decision maker", "sponsor"], [], ["evaluator"], ["influencer"], [],
  ]

  private static let companyMembers: [Account.Member] = companyRoles.enumerated().map {
    place, roles in
    let from: Timestamp? = place == 3 ? Timestamp(milliseconds: 1_750_000_000_000) : nil
    let until: Timestamp? = place == 4 ? Timestamp(milliseconds: 1_755_000_000_000) : nil
    return Account.Member(customer: Int64(place + 1), from: from, until: until, roles: roles)
  }

  private static let companySample = Account(
    id: 1, key: "acme",
    traits: ["name": .text("Acme & <Zonen> B.V."), "employees": .number(140)],
    domains: ["acme.bedrijf", "acme-zonen.bedrijf"], members: companyMembers)

  private static func lanes(_ standing: AccountStanding) -> AccountJourney {
    let channels = ["Website", "Email", "Live meeting", "Chat"]
    return AccountJourney(
      lanes: standing.people.enumerated().map { place, person in
        AccountJourney.Lane(
          customer: person.customer, roles: person.roles, phase: person.phase,
          isMember: person.isMember,
          moments: (0..<(3 + place * 2)).map { number in
            let time = Timestamp(
              milliseconds: 1_740_000_000_000 + Int64(place * 5 + number * 19) * 86_400_000)
            return AccountJourney.Moment(
              time: time, localTime: time.iso8601, event: "Content Viewed",
              channel: channels[(place + number) % 4], phase: min(3, number / 2),
              hasValue: number == 4)
          })
      }, leftOut: 3)
  }
}
