import CustomerJourney
import Dashboard
import Foundation
import JourneyEngine
import Store

/// A page of the list of customers: all, or those whose id begins with what was searched for.
struct CustomerList {
  let page: CustomersPage

  static let pageLength = 50
  /// A search finds no more than this many; a longer beginning finds the rest.
  static let mostFound = 1_000

  /// `page` counts from 1; past the last it is empty.
  init(snapshot: Snapshot, store: Store, search: String, model: JourneyModel, page: Int) throws {
    let table = snapshot.table
    let journeys: [Int]
    let total: Int
    let first = (page - 1) * Self.pageLength
    if search.isEmpty {
      total = table.journeyCount
      journeys = Array(min(first, total)..<min(first + Self.pageLength, total))
    } else {
      let found = try store.customers(keyPrefix: search.trimmed, limit: Self.mostFound)
        .compactMap { UInt32(exactly: $0).flatMap(table.journey(ofCustomer:)) }
      total = found.count
      journeys = Array(found.dropFirst(first).prefix(Self.pageLength))
    }
    let keys = try store.customerKeys(journeys.map { Int64(table.customers[$0]) })
    let placement = try snapshot.placement(in: model)
    let rows = journeys.compactMap { journey -> CustomersPage.Row? in
      guard let key = keys[Int64(table.customers[journey])] else { return nil }
      let rows = table.rows(ofJourney: journey)
      let value = rows.reduce(Int64(0)) { $0 + table.values[$1] }
      let last = rows.upperBound - 1
      return CustomersPage.Row(
        customer: key, touchpoints: rows.count,
        first: snapshot.localTime(row: rows.lowerBound), last: snapshot.localTime(row: last),
        phase: model.phases[Int(placement.phases[last])].id,
        value: value == 0 ? nil : Money(minorUnits: value, currency: table.currency).amount,
        currency: table.currency.code)
    }
    self.page = CustomersPage(
      rows: rows, search: search, total: total, page: page, firstIndex: first, model: model)
  }
}
