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
    var paths: PathTable
  }

  package func start() -> Partial { Partial(paths: PathTable(width: Codes.width(of: axis.by))) }

  package func update(_ partial: inout Partial, with journeys: JourneyBlock) {
    let codes: UnsafeRawPointer
    switch Codes(journeys, by: axis.by) {
    case .narrow(let column): codes = UnsafeRawPointer(column)
    case .middle(let column): codes = UnsafeRawPointer(column)
    case .wide(let column): codes = UnsafeRawPointer(column)
    }
    if let goal {
      goal.withPointer { note(journeys, codes, goal: $0, in: &partial) }
    } else {
      noteWhole(journeys, codes, in: &partial)
    }
    partial.journeys += journeys.journeyCount
  }

  private func noteWhole(
    _ block: JourneyBlock, _ codes: UnsafeRawPointer, in partial: inout Partial
  ) {
    let width = partial.paths.width
    for k in 0..<block.journeyCount {
      let rows = block.rows(ofJourney: k)
      var value: Int64 = 0
      for row in rows { value = value.saturatingAdding(block.values[row]) }
      let path = UnsafeRawBufferPointer(
        start: codes + rows.lowerBound * width, count: rows.count * width)
      partial.paths.note(
        path, journey: UInt64(partial.journeys + k + 1), converted: false, value: value)
    }
  }

  private func note(
    _ block: JourneyBlock, _ codes: UnsafeRawPointer, goal: UnsafePointer<UInt32>,
    in partial: inout Partial
  ) {
    let width = partial.paths.width
    for k in 0..<block.journeyCount {
      let rows = block.rows(ofJourney: k)
      let journey = UInt64(partial.journeys + k + 1)
      var first = rows.lowerBound
      for row in rows where goal[Int(block.events[row])] != 0 {
        let path = UnsafeRawBufferPointer(
          start: codes + first * width, count: (row + 1 - first) * width)
        partial.paths.note(path, journey: journey, converted: true, value: block.values[row])
        first = row + 1
      }
      if first < rows.upperBound {
        let rest = UnsafeRawBufferPointer(
          start: codes + first * width, count: (rows.upperBound - first) * width)
        partial.paths.note(rest, journey: journey, converted: false, value: 0)
      }
    }
  }

  package func merge(_ partial: inout Partial, with other: Partial) {
    partial.journeys += other.journeys
    partial.paths.merge(other.paths)
  }

  package func finish(_ partial: Partial) -> Paths {
    let rows = best(of: partial.paths).map { entry in
      Paths.Row(
        path: partial.paths.codes(of: entry).map { axis.names[Int($0)] },
        customers: entry.customers, conversions: entry.conversions,
        value: Money(minorUnits: entry.value, currency: currency).amount)
    }
    return Paths(
      by: axis.by, until: until?.name, rows: rows, distinctPaths: partial.paths.entries.count,
      customers: partial.journeys, currency: currency, foreignValues: foreignValues)
  }

  /// The first ``top`` in order, by keeping no more than those: most paths are seen once and are
  /// turned away by one comparison.
  private func best(of paths: PathTable) -> [PathTable.Entry] {
    let ranks = axis.ranks
    func isBefore(_ a: PathTable.Entry, _ b: PathTable.Entry) -> Bool {
      if a.customers != b.customers { return a.customers > b.customers }
      return paths.codes(of: a).lazy.map { ranks[Int($0)] }
        .lexicographicallyPrecedes(paths.codes(of: b).lazy.map { ranks[Int($0)] })
    }
    var best: [PathTable.Entry] = []
    for entry in paths.entries {
      if best.count == top, let last = best.last, !isBefore(entry, last) { continue }
      var low = 0
      var high = best.count
      while low < high {
        let middle = (low + high) / 2
        if isBefore(best[middle], entry) { low = middle + 1 } else { high = middle }
      }
      best.insert(entry, at: low)
      if best.count > top { best.removeLast() }
    }
    return best
  }
}
