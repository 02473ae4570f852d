package import CustomerJourney

extension Journeys {
  /// Makes of these journeys the next, with what is new in the store.
  ///
  /// Touchpoints are appended in any order. A customer who gets one moves to the overlay with the
  /// whole journey; so the cost is that of the customers that were touched, and now and then of
  /// putting small parts together: each is at least twice as large as the next, so a touchpoint is
  /// copied a number of times that grows with the logarithm of the overlay.
  package struct Renewal: ~Copyable {
    private let old: Journeys
    private var builder: JourneyTable.Builder
    /// Customers whose journeys are read anew from the store, which may leave nothing of them.
    private var reread: Set<UInt32> = []

    /// Touchpoints up to which a part of the overlay is put together with the next, and the base with
    /// the overlay. Larger ones wait until a new base is made.
    private static let smallPart = 1_000_000
    private let smallBase: Int

    package init(of journeys: Journeys, smallBase: Int = 65_536) {
      old = journeys
      self.smallBase = smallBase
      builder = JourneyTable.Builder(
        currency: journeys.currency, names: journeys.names, storage: journeys.storage)
    }

    package mutating func code(_ dimension: Dimension, _ name: String?) -> UInt32 {
      builder.code(dimension, name)
    }

    /// Says before the first touchpoint about how many will come.
    package mutating func expect(touchpoints: Int) { builder.expect(touchpoints: touchpoints) }

    package mutating func append(_ row: JourneyTable.Row) { builder.append(row) }

    /// Lets go of the journeys of these customers and gives the store's rows that were in them. Who
    /// calls this appends what the store has of those rows now.
    package mutating func reread(_ customers: [UInt32]) -> [UInt32] {
      var rows: [UInt32] = []
      for customer in customers where reread.insert(customer).inserted {
        for part in old.parts {
          guard let journey = part.journey(ofCustomer: customer) else { continue }
          rows += part.table.rows(ofJourney: journey).map { part.table.rowIDs[$0] }
        }
      }
      return rows
    }

    package consuming func finish() -> Journeys {
      guard builder.count > 0 || !reread.isEmpty else {
        return Journeys(
          parts: old.parts, names: builder.names, currency: old.currency, storage: old.storage)
      }
      var parts = old.parts
      if !parts.isEmpty { moveTouched(outOf: &parts) }
      // Also the base while it is small: it then is one table again.
      while let last = parts.last, last.count < 2 * builder.count,
        last.count <= (parts.count > 1 ? Self.smallPart : smallBase)
      {
        last.forEachRun(of: 0..<last.table.journeyCount) { run in
          for journey in run { builder.append(journey, of: last.table) }
        }
        parts.removeLast()
      }
      let names = builder.names
      let table = builder.build()
      return Journeys(
        parts: parts + [JourneyPart(table)], names: names, currency: table.currency,
        storage: table.storage)
    }

    private mutating func moveTouched(outOf parts: inout [JourneyPart]) {
      for customer in builder.customers.union(reread) {
        for index in parts.indices {
          guard let journey = parts[index].journey(ofCustomer: customer) else { continue }
          if !reread.contains(customer) { builder.append(journey, of: parts[index].table) }
          parts[index].mask(journey)
        }
      }
    }
  }

  /// Nothing yet.
  package init(currency: Currency, storage: ColumnStorage = .own) {
    self.init(JourneyTable.Builder(currency: currency, storage: storage).build())
  }
}

extension JourneyTable.Builder {
  /// Adds a journey of a table that has the same codes of names.
  fileprivate mutating func append(_ journey: Int, of table: JourneyTable) {
    let customer = table.customers[journey]
    for row in table.rows(ofJourney: journey) { append(table.row(row, ofCustomer: customer)) }
  }
}
