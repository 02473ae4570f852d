package import CustomerJourney
package import Insights

/// A list of customers to open; `page` counts from 1.
package struct CustomersPage: Sendable {
  package var rows: [Row]
  /// What was searched for; empty for all.
  package var search: String
  package var total: Int
  package var page: Int
  package var firstIndex: Int
  package var model: JourneyModel
  /// All models, for the phase in each.
  package var models: [JourneyModel] = []
  /// Names of the calculated traits that the list shows, and of all that it can.
  package var columns: [String] = []
  package var choices: [String] = []
  /// True when not everybody was looked at for the search.
  package var isCut = false

  package struct Row: Sendable {
    package var customer: String
    package var touchpoints: Int
    /// Local times of the first and last touchpoint: `2017-01-01 12:53:26`.
    package var first: String
    package var last: String
    /// The phase in which the customer is now, by id; nil when unknown.
    package var phase: String?
    /// In major units.
    package var value: Double?
    package var currency: String?
    /// What people call the customer.
    package var name: String?
    /// Why the customer was found.
    package var because: [FoundCustomer.Match] = []
    /// One for each of the page's columns; nil where there is none of that name.
    package var more: [CalculatedValue?] = []

    package init(
      customer: String, touchpoints: Int, first: String, last: String, phase: String? = nil,
      value: Double? = nil, currency: String? = nil
    ) {
      self.customer = customer
      self.touchpoints = touchpoints
      self.first = first
      self.last = last
      self.phase = phase
      self.value = value
      self.currency = currency
    }
  }

  package init(
    rows: [Row], search: String = "", total: Int, page: Int = 1, firstIndex: Int = 0,
    model: JourneyModel
  ) {
    self.rows = rows
    self.search = search
    self.total = total
    self.page = page
    self.firstIndex = firstIndex
    self.model = model
  }
}

extension Pages {
  package static func customersPage(_ page: CustomersPage, _ context: PageContext) -> String {
    let (words, format) = (context.words, context.format)
    var values: Templates.Values = [
      "filter": context.filter, "foreign": context.foreignNote,
      "search": page.search,
      "kept": context.query.items().map { ["name": $0.name, "value": $0.value] },
      "action": "/customers", "duplicates": context.link("/duplicates"),
      "count": words.customers(page.total),
      "isEmpty": page.rows.isEmpty,
      "rows": page.rows.map { row -> Templates.Values in
        let place = row.phase.flatMap { page.model.index(ofPhase: $0) }
        return [
          "name": (row.name == row.customer ? nil : row.name) as Any? ?? false,
          "because": row.because.prefix(4).map { match($0, page.search, context) },
          "more": row.more.map { value in
            value.map { shown($0, page.models, row.currency, context) } ?? "–"
          },
          "customer": row.customer, "href": context.customerLink(row.customer),
          "touchpoints": format.count(row.touchpoints),
          "first": row.first.isEmpty ? "–" : format.date(row.first),
          "last": row.last.isEmpty ? "–" : format.date(row.last),
          "phase": place.map { page.model.phases[$0].name(context.language) } ?? "–",
          "depth": "depth-\(depth(place ?? 0, of: page.model.phases.count))",
          "value": row.value.map { format.money($0, row.currency ?? Currency.eur.code) } ?? "–",
        ]
      },
    ]
    let own: [(String, String?)] =
      [("q", page.search.isEmpty ? nil : page.search)]
      + page.columns.map { ("column", $0 as String?) }
    values["columns"] = page.columns.map { title($0, page.models, context) }
    values["keptColumns"] = page.columns
    values["choices"] = page.choices.map { name in
      [
        "id": name, "name": title(name, page.models, context),
        "chosen": page.columns.contains(name),
      ] as Templates.Values
    }
    values["calculatedHref"] = context.link("/traits")
    values["isCut"] = page.isCut
    values["data"] = context.dataLinks("customers", with: own)
    values["searchProblem"] = context.problem(at: "q")
    values["pager"] = pager(
      first: page.firstIndex, shown: page.rows.count, total: page.total, page: page.page, context,
      with: own)
    return Templates.page("customers", values, title: words["customers"], context: context)
  }
}
