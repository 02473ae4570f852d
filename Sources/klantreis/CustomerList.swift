import CustomerJourney
import Dashboard
import Insights
import JourneyEngine
import Store

/// A page of the list of customers that a filter leaves: all of them, or those whose id begins with
/// what was searched for.
struct CustomerList {
  let page: CustomersPage

  /// `page` counts from 1; past the last it is empty.
  init(_ asked: Snapshot.Asked, snapshot: Snapshot, search: String, page: Int) throws {
    let all = snapshot.journeys
    let store = snapshot.facts.store
    let found: [Int]
    if search.isEmpty {
      found = asked.journeys.answer(CustomerSelectionFold()).compactMap(all.journey(ofCustomer:))
    } else {
      found = try store.customers(keyPrefix: search.trimmed, limit: Limits.customersFound)
        .compactMap { UInt32(exactly: $0).flatMap(all.journey(ofCustomer:)) }
        .filter { !asked.journeys.rows(ofJourney: $0).isEmpty }
    }
    let first = (page - 1) * Limits.customersPerPage
    let journeys = found.dropFirst(first).prefix(Limits.customersPerPage)
    let keys = try store.customerKeys(journeys.map { Int64(all.customer(ofJourney: $0)) })
    let placement = try snapshot.placement(in: asked.model)
    let rows = journeys.compactMap { journey -> CustomersPage.Row? in
      let kept = asked.journeys.rows(ofJourney: journey)
      guard let key = keys[Int64(all.customer(ofJourney: journey))], let begin = kept.first,
        let end = kept.last
      else { return nil }
      let value = kept.reduce(Int64(0)) { $0.saturatingAdding(all.value(row: $1)) }
      return CustomersPage.Row(
        customer: key, touchpoints: kept.count, first: snapshot.localTime(row: begin),
        last: snapshot.localTime(row: end),
        phase: asked.model.phases[placement.phase(row: end)].id,
        value: value == 0 ? nil : Money(minorUnits: value, currency: all.currency).amount,
        currency: all.currency.code)
    }
    self.page = CustomersPage(
      rows: rows, search: search, total: found.count, page: page, firstIndex: first,
      model: asked.model)
  }
}
