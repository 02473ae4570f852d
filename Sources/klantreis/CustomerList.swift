import CustomerJourney
import Dashboard
import Insights
import JourneyEngine
import Store

/// A page of the list of customers that a filter leaves: all of them, or those who fit to what was
/// searched for, with some calculated traits.
struct CustomerList {
  /// What is asked for besides the filter. Pages count from 1; past the last they are empty.
  struct Wish {
    var search = ""
    /// Names of calculated traits; those that there are not are left out.
    var columns: [String] = []
    var page = 1
    var perPage = Limits.customersPerPage
    /// True when only customers with touchpoints that a filter leaves are meant.
    var isFiltered = false
  }

  struct Row: Encodable {
    var customer: String
    var name: String?
    var touchpoints = 0
    var first: Timestamp?
    var last: Timestamp?
    var phase: String?
    /// In major units.
    var value: Double?
    var because: [FoundCustomer.Match] = []
    var calculated: [CalculatedValue] = []
  }

  let rows: [Row]
  let total: Int
  let isCut: Bool
  let columns: [String]
  let choices: [String]
  private let wish: Wish
  private let snapshot: Snapshot
  private let model: JourneyModel

  init(_ asked: Snapshot.Asked, snapshot: Snapshot, _ wish: Wish, at instant: Timestamp) throws {
    let all = snapshot.journeys
    let store = snapshot.facts.store
    let calculated = try CalculatedTraits(snapshot, at: instant)
    var numbers: [Int64]
    var isCut = false
    if wish.search.trimmed.isEmpty {
      numbers = asked.journeys.answer(CustomerSelectionFold()).map { Int64($0) }
    } else {
      let found = try store.search(wish.search, limit: Limits.customersFound)
      (numbers, isCut) = (found.customers, found.isCut)
      if wish.isFiltered {
        numbers.removeAll { number in
          guard let journey = UInt32(exactly: number).flatMap(all.journey(ofCustomer:)) else {
            return true
          }
          return asked.journeys.rows(ofJourney: journey).isEmpty
        }
      }
    }
    let choices = calculated.names
    let columns = wish.columns.filter { choices.contains($0) }
    let shown = numbers.dropFirst((wish.page - 1) * wish.perPage).prefix(wish.perPage)
    let placement = try snapshot.placement(in: asked.model)
    let keys = try store.customerKeys(Array(shown))
    let traits = try store.traits(of: Array(shown))
    rows = try shown.compactMap { number -> Row? in
      guard let key = keys[number] else { return nil }
      var row = Row(customer: key)
      if wish.search.trimmed.isEmpty {
        row.name = PersonName.of { traits[number]?[$0] }
      } else {
        let found = try store.match(number, to: wish.search)
        (row.name, row.because) = (found.name, found.because)
      }
      guard let journey = UInt32(exactly: number).flatMap(all.journey(ofCustomer:)) else {
        return row
      }
      row.calculated = try columns.compactMap { try calculated.value($0, ofJourney: journey) }
      let kept = asked.journeys.rows(ofJourney: journey)
      guard let begin = kept.first, let end = kept.last else { return row }
      row.touchpoints = kept.count
      row.first = Timestamp(milliseconds: all.time(row: begin))
      row.last = Timestamp(milliseconds: all.time(row: end))
      row.phase = asked.model.phases[placement.phase(row: end)].id
      let value = kept.reduce(Int64(0)) { $0.saturatingAdding(all.value(row: $1)) }
      row.value = value == 0 ? nil : Money(minorUnits: value, currency: all.currency).amount
      return row
    }
    total = numbers.count
    self.isCut = isCut
    self.columns = columns
    self.choices = choices
    self.wish = wish
    self.snapshot = snapshot
    model = asked.model
  }

  var page: CustomersPage {
    func local(_ time: Timestamp?) -> String {
      time.map { snapshot.zone.civil($0) }.map { "\($0.dateText) \($0.clockText)" } ?? ""
    }
    let currency = snapshot.journeys.currency.code
    var page = CustomersPage(
      rows: rows.map { row in
        var shown = CustomersPage.Row(
          customer: row.customer, touchpoints: row.touchpoints, first: local(row.first),
          last: local(row.last), phase: row.phase, value: row.value, currency: currency)
        (shown.name, shown.because) = (row.name, row.because)
        shown.more = columns.map { name in row.calculated.first { $0.name == name } }
        return shown
      }, search: wish.search, total: total, page: wish.page,
      firstIndex: (wish.page - 1) * wish.perPage, model: model)
    page.models = snapshot.models.models
    (page.columns, page.choices, page.isCut) = (columns, choices, isCut)
    return page
  }

  var answer: CustomersAnswer {
    CustomersAnswer(
      customers: rows, total: total, isCut: isCut, currency: snapshot.journeys.currency.code,
      columns: columns)
  }
}

/// A page of the list as programs read it.
struct CustomersAnswer: Report {
  var customers: [CustomerList.Row]
  var total: Int
  /// True when a search did not look at everybody.
  var isCut: Bool
  var currency: String
  fileprivate let columns: [String]

  fileprivate init(
    customers: [CustomerList.Row], total: Int, isCut: Bool, currency: String, columns: [String]
  ) {
    self.customers = customers
    self.total = total
    self.isCut = isCut
    self.currency = currency
    self.columns = columns
  }

  private enum CodingKeys: String, CodingKey { case customers, total, isCut, currency }

  var table: ReportTable {
    func name(_ text: String?) -> ReportTable.Cell { text.map { .name($0) } ?? .missing }
    let own: [(title: String, key: String)] = [
      ("Customer", "customer"), ("Name", "name"), ("Touchpoints", "touchpoints"),
      ("First", "first"), ("Last", "last"), ("Phase", "phase"), ("Value", "value"),
      ("Found by", "because"),
    ]
    return ReportTable(
      own + columns.map { (title: $0, key: $0) },
      rows: customers.map { row -> [ReportTable.Cell] in
        let why = row.because.map { "\($0.name) \($0.text)".trimmed }.joined(separator: "; ")
        let cells: [ReportTable.Cell] = [
          .name(row.customer), name(row.name), .count(row.touchpoints), name(row.first?.iso8601),
          name(row.last?.iso8601), name(row.phase), row.value.map { .amount($0) } ?? .missing,
          why.isEmpty ? .missing : .name(why),
        ]
        return cells
          + columns.map { column -> ReportTable.Cell in
            guard let value = row.calculated.first(where: { $0.name == column }) else {
              return .missing
            }
            switch (value.value, value.form) {
            case (.number(let number)?, .money): return .amount(number)
            case (.number(let number)?, _): return .count(Int(number))
            case (let said?, _): return .name(said.description)
            case (nil, _): return .missing
            }
          }
      }, notes: isCut ? ["There are more than were looked at; more letters find fewer."] : [])
  }
}
