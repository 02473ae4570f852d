package import CustomerJourney

/// All journeys at one moment, as questions see them: a base, and over it the whole journeys of the
/// customers that were touched since.
///
/// An immutable value: who holds it reads one consistent moment, whatever is stored meanwhile. The
/// tables share the codes of names. A journey has a number here: those of the first part come first,
/// then those of the second, and so on; rows are numbered in the same way. Numbers of journeys that a
/// later part has anew, or that are gone, belong to nobody and no question sees them.
package struct Journeys: NamedJourneys, Sendable {
  /// The base first, then the overlay: each part holds newer journeys than those before it.
  package let parts: [JourneyPart]
  package let names: [Dimension: Names]
  package let currency: Currency
  /// Where the columns of later parts are to stand.
  let storage: ColumnStorage

  /// What is in use: a customer is counted once.
  package let journeyCount: Int
  package let count: Int
  package let foreignValues: Int
  /// The first and last moment, in milliseconds since 1970; nil without touchpoints.
  package let bounds: ClosedRange<Int64>?

  /// One table and nothing over it.
  package init(_ table: JourneyTable) {
    self.init(
      parts: [JourneyPart(table)], names: table.names, currency: table.currency,
      storage: table.storage)
  }

  init(
    parts: [JourneyPart], names: [Dimension: Names], currency: Currency, storage: ColumnStorage
  ) {
    self.parts = parts.filter { $0.journeyCount > 0 }
    self.names = names
    self.currency = currency
    self.storage = storage
    journeyCount = parts.reduce(0) { $0 + $1.journeyCount }
    count = parts.reduce(0) { $0 + $1.count }
    foreignValues = parts.reduce(0) { $0 + $1.foreignValues }
    bounds = Self.bounds(of: self.parts)
  }

  /// True when an amount in the journeys' own currency was met.
  package var hasValues: Bool { parts.contains { $0.table.hasValues } }

  private static func bounds(of parts: [JourneyPart]) -> ClosedRange<Int64>? {
    var known: (first: Int64, last: Int64)?
    func include(_ extent: Extent) {
      known = (
        min(known?.first ?? extent.first, extent.first),
        max(known?.last ?? extent.last, extent.last)
      )
    }
    // First what costs nothing: a customer that moved to the overlay has its moments there too, so
    // that a base is hardly ever looked through.
    for part in parts where !part.hasStaleExtent { part.table.extent.map(include) }
    for part in parts where part.hasStaleExtent {
      guard let table = part.table.extent else { continue }
      if let known, known.first <= table.first, known.last >= table.last { continue }
      part.liveExtent.map(include)
    }
    return known.map { $0.first...$0.last }
  }
}

extension Journeys {
  /// The part that has a journey, and the journey's place in the part's table.
  func place(ofJourney journey: Int) -> (part: JourneyPart, journey: Int) {
    var local = journey
    for part in parts {
      if local < part.table.journeyCount { return (part, local) }
      local -= part.table.journeyCount
    }
    preconditionFailure("a journey that is there")
  }

  private func place(ofRow row: Int) -> (table: JourneyTable, row: Int) {
    var local = row
    for part in parts {
      if local < part.table.count { return (part.table, local) }
      local -= part.table.count
    }
    preconditionFailure("a row that is there")
  }

  /// The number of a customer's journey, or nil when that customer has no touchpoints.
  package func journey(ofCustomer customer: UInt32) -> Int? {
    var first = 0
    for part in parts {
      if let local = part.journey(ofCustomer: customer) { return first + local }
      first += part.table.journeyCount
    }
    return nil
  }

  package func customer(ofJourney journey: Int) -> UInt32 {
    let place = place(ofJourney: journey)
    return place.part.table.customers[place.journey]
  }

  package func rows(ofJourney journey: Int) -> Range<Int> {
    var local = journey
    var firstRow = 0
    for part in parts {
      if local < part.table.journeyCount {
        let rows = part.table.rows(ofJourney: local)
        return (firstRow + rows.lowerBound)..<(firstRow + rows.upperBound)
      }
      local -= part.table.journeyCount
      firstRow += part.table.count
    }
    preconditionFailure("a journey that is there")
  }

  /// The rows of a journey that the store numbered after `row`, when they are the last ones; nil when
  /// one of them stands before an older one. Empty when there are none.
  package func end(ofJourney journey: Int, after row: Int64) -> Range<Int>? {
    let place = place(ofJourney: journey)
    let numbers = place.part.table.rowIDs
    let own = place.part.table.rows(ofJourney: place.journey)
    var first = own.upperBound
    while first > own.lowerBound, Int64(numbers[first - 1]) > row { first -= 1 }
    for older in own.lowerBound..<first where Int64(numbers[older]) > row { return nil }
    let rows = rows(ofJourney: journey)
    return (rows.upperBound - (own.upperBound - first))..<rows.upperBound
  }

  /// Customers with a touchpoint that the store numbered after `row`, each once.
  package func customers(withRowsAfter row: Int64) -> [UInt32] {
    var customers: [UInt32] = []
    for part in parts where part.table.lastRowID > row {
      let table = part.table
      part.forEachRun(of: 0..<table.journeyCount) { run in
        for journey in run
        where table.rows(ofJourney: journey).contains(where: { Int64(table.rowIDs[$0]) > row }) {
          customers.append(table.customers[journey])
        }
      }
    }
    return customers
  }

  /// Milliseconds since 1970, UTC.
  package func time(row: Int) -> Int64 {
    let place = place(ofRow: row)
    return place.table.times[place.row]
  }

  /// Minor units of ``currency``.
  package func value(row: Int) -> Int64 {
    let place = place(ofRow: row)
    return place.table.values[place.row]
  }

  /// The store's row.
  package func rowID(row: Int) -> UInt32 {
    let place = place(ofRow: row)
    return place.table.rowIDs[place.row]
  }

  package func name(_ dimension: Dimension, row: Int) -> String {
    let place = place(ofRow: row)
    return names(dimension)[place.table.code(dimension, row: place.row)]
  }
}

extension Journeys {
  /// The numbers of journeys in `parts` ranges with about as many rows each.
  package func ranges(parts count: Int) -> [Range<Int>] {
    precondition(count > 0)
    let rows = parts.reduce(0) { $0 + $1.table.count }
    let journeys = parts.reduce(0) { $0 + $1.table.journeyCount }
    var ranges: [Range<Int>] = []
    var first = 0
    for part in 1...count where first < journeys {
      let target = rows / count * part + rows % count * part / count
      let end = part == count ? journeys : max(first + 1, journey(startingAtOrAfter: target))
      ranges.append(first..<end)
      first = end
    }
    return ranges
  }

  private func journey(startingAtOrAfter row: Int) -> Int {
    var firstRow = 0
    var firstJourney = 0
    for part in parts {
      if row < firstRow + part.table.count {
        return firstJourney + part.table.journey(startingAtOrAfter: row - firstRow)
      }
      firstRow += part.table.count
      firstJourney += part.table.journeyCount
    }
    return firstJourney
  }

  /// Calls `body` with each part that has journeys of `range`, its index, and which of its table's.
  func forEachPart(of range: Range<Int>, _ body: (Int, Range<Int>) -> Void) {
    var first = 0
    for (index, part) in parts.enumerated() {
      let end = first + part.table.journeyCount
      let own = range.clamped(to: first..<end)
      if !own.isEmpty { body(index, (own.lowerBound - first)..<(own.upperBound - first)) }
      first = end
    }
  }
}

extension JourneyTable {
  fileprivate func journey(startingAtOrAfter row: Int) -> Int {
    var low = 0
    var high = journeyCount
    while low < high {
      let middle = (low + high) / 2
      if Int(starts[middle]) < row { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
