package import CustomerJourney
package import JourneyEngine

/// The ways that customers went, as sequences of names: what `paths` answers.
package struct Paths: Codable, Sendable, Equatable {
  package var by: By
  /// The event that ends a path, when one was asked for.
  package var until: String?
  /// Most customers first, then by path.
  package var rows: [Row]
  /// Different paths, of which ``rows`` are the most frequent.
  package var distinctPaths: Int
  package var customers: Int
  package var currency: Currency
  /// Amounts in the data that are in another currency and count as 0.
  package var foreignValues = 0

  package struct Row: Codable, Sendable, Equatable {
    package var path: [String]
    /// Different customers who went this way at least once.
    package var customers: Int
    /// How many times it ended in the event; 0 when none was asked for.
    package var conversions: Int
    /// In major units: of the conversions when an event was asked for, else of all touchpoints.
    package var value: Double
  }
}

/// Counts ``Paths`` by one fact of the touchpoints.
///
/// Without a goal a customer's whole journey is one path. With one, each touchpoint of the goal is
/// the last of its path, and what comes after starts a new path; a journey's rest without the goal
/// is a path without a conversion.
package struct PathsFold: Fold {
  private let axis: Axis
  private let until: EventStep?
  private let goal: EventMasks?
  private let top: Int
  private let currency: Currency
  private let foreignValues: Int

  package static let defaultTop = 20

  /// Throws ``InsightError`` unless `top` is from 1 to ``Limits/rowsPerAnswer``.
  package init(
    by axis: Axis, until: EventStep? = nil, top: Int = defaultTop, currency: Currency = .eur,
    foreignValues: Int = 0
  ) throws {
    guard (1...Limits.rowsPerAnswer).contains(top) else { throw InsightError.rows(top) }
    self.axis = axis
    self.until = until
    self.top = top
    self.currency = currency
    self.foreignValues = foreignValues
    goal = until.map { EventMasks([$0]) }
  }

  package struct Partial: Sendable, Codable {
    var journeys = 0
    var paths: PathLog
  }

  package func start() -> Partial { Partial(paths: PathLog(width: Codes.width(of: axis.by))) }

  package var columns: Columns {
    goal == nil ? [axis.by.column, .values] : [axis.by.column, .values, .events]
  }

  package func update(_ partial: inout Partial, with journeys: JourneyBlock) {
    let codes: UnsafeRawPointer
    switch Codes(journeys, by: axis.by) {
    case .narrow(let column): codes = UnsafeRawPointer(column)
    case .middle(let column): codes = UnsafeRawPointer(column)
    case .wide(let column): codes = UnsafeRawPointer(column)
    }
    precondition(partial.paths.width == Codes.width(of: axis.by), "paths of this column's codes")
    let writer = partial.paths.writer(of: codes, end: journeys.endRow)
    var journey = UInt32(partial.journeys)
    for k in 0..<journeys.journeyCount {
      journey += 1
      forEachPath(of: journeys, k) { rows, converted, value in
        writer.note(rows, journey: journey, converted: converted, value: value)
      }
    }
    partial.journeys += journeys.journeyCount
  }

  /// Calls `body` with the rows of each path of a journey, whether it ends in the goal, and its value.
  @inline(__always)
  private func forEachPath(
    of block: JourneyBlock, _ k: Int,
    _ body: (_ rows: Range<Int>, _ converted: Bool, _ value: Int64) -> Void
  ) {
    let rows = block.span(k)
    guard let goal else {
      body(rows, false, Self.sum(block.values, over: rows))
      return
    }
    goal.withPointer { goal in
      var first = rows.lowerBound
      for row in rows where goal[Int(block.events[row])] != 0 {
        body(first..<(row &+ 1), true, block.values[row])
        first = row &+ 1
      }
      if first < rows.upperBound { body(first..<rows.upperBound, false, 0) }
    }
  }

  /// Held at the ends of the range instead of running over.
  @inline(__always)
  private static func sum(_ values: UnsafePointer<Int64>, over rows: Range<Int>) -> Int64 {
    var sum: Int64 = 0
    var overflows = false
    for row in rows {
      let (next, overflow) = sum.addingReportingOverflow(values[row])
      sum = next
      overflows = overflows || overflow
    }
    guard overflows else { return sum }
    return rows.reduce(0) { $0.saturatingAdding(values[$1]) }
  }

  package func merge(_ partial: inout Partial, with other: Partial) {
    partial.paths.merge(other.paths, after: partial.journeys)
    partial.journeys += other.journeys
  }

  package func finish(_ partial: Partial) -> Paths {
    let found = partial.paths.counted(into: Best(top: top, ranks: axis.ranks)) { best, counts in
      best.add(counts)
    }
    var best = Best(top: top, ranks: axis.ranks)
    for part in found { best.add(part) }
    let rows = best.rows.map { row in
      Paths.Row(
        path: row.codes.map { axis.names[Int($0)] }, customers: Int(row.customers),
        conversions: Int(row.conversions),
        value: Money(minorUnits: row.value, currency: currency).amount)
    }
    return Paths(
      by: axis.by, until: until?.name, rows: rows, distinctPaths: best.distinct,
      customers: partial.journeys, currency: currency, foreignValues: foreignValues)
  }

  /// The first paths in order, of those seen so far.
  private struct Best: Sendable {
    let top: Int
    let ranks: [UInt32]
    var rows: [Row] = []
    var distinct = 0

    init(top: Int, ranks: [UInt32]) {
      self.top = top
      self.ranks = ranks
    }

    struct Row: Sendable {
      var codes: [UInt32]
      var customers: UInt32
      var conversions: UInt32
      /// Minor units.
      var value: Int64
    }

    /// Most paths are seen once and are turned away by one comparison of numbers.
    mutating func add(_ counts: PathCounts) {
      distinct += counts.entries.count
      for entry in counts.entries where isWanted(entry.customers) {
        add(
          Row(
            codes: counts.codes(of: entry), customers: entry.customers,
            conversions: entry.conversions, value: entry.value))
      }
    }

    /// Adds what another core found.
    mutating func add(_ other: Best) {
      distinct += other.distinct
      for row in other.rows where isWanted(row.customers) { add(row) }
    }

    private func isWanted(_ customers: UInt32) -> Bool {
      guard rows.count == top, let last = rows.last else { return true }
      return customers >= last.customers
    }

    private mutating func add(_ row: Row) {
      var low = 0
      var high = rows.count
      while low < high {
        let middle = (low + high) / 2
        if isBefore(rows[middle], row) { low = middle + 1 } else { high = middle }
      }
      rows.insert(row, at: low)
      if rows.count > top { rows.removeLast() }
    }

    private func isBefore(_ a: Row, _ b: Row) -> Bool {
      if a.customers != b.customers { return a.customers > b.customers }
      return a.codes.lazy.map { ranks[Int($0)] }
        .lexicographicallyPrecedes(b.codes.lazy.map { ranks[Int($0)] })
    }
  }
}
