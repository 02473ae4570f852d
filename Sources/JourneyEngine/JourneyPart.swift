/// One table of ``Journeys``, without the journeys that a later part has anew or that are gone.
package struct JourneyPart: Sendable {
  package let table: JourneyTable
  /// A bit a journey of the table that is not to be seen; empty when all are.
  private(set) var masked: [UInt64] = []
  /// Those that are seen.
  package private(set) var journeyCount: Int
  package private(set) var count: Int
  package private(set) var foreignValues: Int
  /// The phases of all of the table's touchpoints, seen or not, for as long as somebody has the part.
  let placements = PlacementCache()

  package init(_ table: JourneyTable) {
    self.table = table
    journeyCount = table.journeyCount
    count = table.count
    foreignValues = table.foreignValues
  }

  func isMasked(_ journey: Int) -> Bool {
    !masked.isEmpty && masked[journey / 64] >> UInt64(journey % 64) & 1 == 1
  }

  /// The place in the table of a customer's journey; nil when there is none to be seen.
  func journey(ofCustomer customer: UInt32) -> Int? {
    table.journey(ofCustomer: customer).flatMap { isMasked($0) ? nil : $0 }
  }

  mutating func mask(_ journey: Int) {
    precondition(!isMasked(journey), "a journey is taken out once")
    if masked.isEmpty { masked = Array(repeating: 0, count: (table.journeyCount + 63) / 64) }
    masked[journey / 64] |= 1 << UInt64(journey % 64)
    let rows = table.rows(ofJourney: journey)
    journeyCount -= 1
    count -= rows.count
    if table.foreignValues > 0 {
      for row in rows where table.isForeign(row: row) { foreignValues -= 1 }
    }
  }

  /// Calls `body` with the longest runs of journeys of `range` that are seen.
  func forEachRun(of range: Range<Int>, _ body: (Range<Int>) -> Void) {
    guard !masked.isEmpty else { return body(range) }
    var first = range.lowerBound
    while first < range.upperBound {
      let end = next(from: first, in: range, masked: true)
      if end > first { body(first..<end) }
      first = next(from: end, in: range, masked: false)
    }
  }

  /// The first journey from `start` on that is or isn't masked; the end of the range without one.
  private func next(from start: Int, in range: Range<Int>, masked wanted: Bool) -> Int {
    var journey = start
    while journey < range.upperBound {
      let word = wanted ? masked[journey / 64] : ~masked[journey / 64]
      let rest = word >> UInt64(journey % 64)
      if rest != 0 { return min(journey + rest.trailingZeroBitCount, range.upperBound) }
      journey = (journey / 64 + 1) * 64
    }
    return range.upperBound
  }

  /// True when a journey that has the table's first or last moment is masked.
  var hasStaleExtent: Bool {
    table.extent.map { isMasked($0.firstJourney) || isMasked($0.lastJourney) } ?? false
  }

  /// The first and last moment of what is seen. Looks at every journey.
  var liveExtent: Extent? {
    Extent(
      of: table.times, starts: table.starts,
      journeys: (0..<table.journeyCount).lazy.filter { !isMasked($0) })
  }
}
