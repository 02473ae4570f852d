import Access
package import CustomerJourney
package import Insights

/// The list of accounts (B2B).
package struct CompaniesPage: Sendable {
  package var report: AccountsReport
  package var model: JourneyModel
  package var order: AccountsReport.Order
  package var search: String
  /// From 1.
  package var page: Int
  package var firstIndex: Int
  package var settings: AccountSettings
  /// Leads that wait for a decision.
  package var leads: Int

  package init(
    report: AccountsReport, model: JourneyModel, order: AccountsReport.Order, search: String,
    page: Int, firstIndex: Int, settings: AccountSettings, leads: Int
  ) {
    self.report = report
    self.model = model
    self.order = order
    self.search = search
    self.page = page
    self.firstIndex = firstIndex
    self.settings = settings
    self.leads = leads
  }
}

/// The leads that wait for a decision: who may belong to which account, and why.
package struct CompanyLeadsPage: Sendable {
  package var leads: [AccountLead]
  package var isCut: Bool

  package init(leads: [AccountLead], isCut: Bool) {
    self.leads = leads
    self.isCut = isCut
  }
}

extension Pages {
  package static func companiesPage(_ page: CompaniesPage, _ context: PageContext) -> String {
    let words = context.words
    let query: (String, String?) = ("q", page.search.isEmpty ? nil : page.search)
    var values: Templates.Values = [
      "filter": context.filter, "foreign": context.foreignNote,
      "search": page.search, "action": "/accounts", "mayEdit": context.may(.act),
      "count": words.accounts(page.report.total), "isEmpty": page.report.rows.isEmpty,
      "data": context.dataLinks("accounts", with: [("sort", page.order.rawValue)]),
    ]
    let kept = context.query.items(with: [("sort", page.order.rawValue)])
    values["kept"] = kept.map { item -> Templates.Values in
      ["name": item.name, "value": item.value]
    }
    values["orders"] = AccountsReport.Order.allCases.map { order -> Templates.Values in
      [
        "href": context.link("/accounts", with: [("sort", order.rawValue), query]),
        "name": words["accountOrder.\(order.rawValue)"], "chosen": order == page.order,
      ]
    }
    if page.leads > 0 {
      values["leads"] =
        [
          "href": context.link("/accounts-leads"), "words": words.accountLeads(page.leads),
        ] as Templates.Values
    }
    values["rows"] = page.report.rows.map { row(of: $0, page, context) }
    values["pager"] = pager(
      first: page.firstIndex, shown: page.report.rows.count, total: page.report.total,
      page: page.page, context,
      with: [("sort", page.order.rawValue), query])
    return Templates.page("companies", values, title: words["accounts"], context: context)
  }

  private static func row(
    of row: AccountStanding, _ page: CompaniesPage, _ context: PageContext
  ) -> Templates.Values {
    let format = context.format
    let place = row.phase.flatMap { page.model.index(ofPhase: $0) }
    return [
      "name": row.name, "href": context.link(accountPath(row.key)),
      "score": format.count(Int(row.engagement.rounded())),
      "gauge": gauge(row.engagement / 100),
      "phase": place.map { page.model.phases[$0].name(context.language) } ?? "–",
      "depth": place.map { "depth-\(depth($0, of: page.model.phases.count))" } ?? "depth-none",
      "complete": row.completeness.map(format.share) ?? "–",
      "missing": row.missingRoles.isEmpty
        ? false
        : row.missingRoles.map { page.settings.title(ofRole: $0, context.language) }
          .joined(separator: ", ") as Any,
      "members": format.count(row.members),
      "open": row.openDeals == 0 ? "–" : format.money(row.openValue, row.currency),
      "deals": row.openDeals == 0 ? false : context.words.deals(row.openDeals) as Any,
      "won": row.wonValue == 0 ? "–" : format.money(row.wonValue, row.currency),
      "last": row.lastTime.map { format.date($0.iso8601) } ?? "–",
    ]
  }

  /// A bar that is filled as far as the share of 0…1; the number stands beside it.
  static func gauge(_ share: Double) -> String {
    var svg = Markup()
    svg.begin(
      "svg",
      [
        "class": "gauge", "viewBox": "0 0 100 8", "preserveAspectRatio": "none",
        "aria-hidden": "true",
      ])
    svg.empty("rect", ["class": "gauge-all", "width": "100", "height": "8", "rx": "4"])
    let width = 100 * min(1, max(0, share))
    if width > 0 {
      svg.empty(
        "rect",
        ["class": "gauge-part", "width": coordinate(max(4, width)), "height": "8", "rx": "4"])
    }
    svg.end()
    return svg.text
  }

  /// Each form posts `customer`, `account` and `do` (`in` or `out`) to `/accounts-leads`.
  package static func companyLeadsPage(_ page: CompanyLeadsPage, _ context: PageContext) -> String {
    let words = context.words
    return Templates.page(
      "companyleads",
      [
        "accounts": context.link("/accounts"), "action": context.link("/accounts-leads"),
        "isEmpty": page.leads.isEmpty, "isCut": page.isCut, "mayAct": context.may(.act),
        "rows": page.leads.map { lead -> Templates.Values in
          [
            "customer": lead.customerKey, "customerHref": context.customerLink(lead.customerKey),
            "account": lead.accountKey, "name": lead.accountName,
            "accountHref": context.link(accountPath(lead.accountKey)),
            "why": words["lead.\(lead.reason.rawValue)"].replacing(
              "{compared}", with: lead.compared),
          ]
        },
      ], title: words["accountLeads"], context: context)
  }
}
