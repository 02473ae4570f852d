import CustomerJourney
package import JourneyEngine

/// Which touchpoints follow each other directly: what `transitions` answers.
package struct Transitions: Codable, Sendable, Equatable {
  package var by: By
  /// Most frequent first, at most ``Limits/rowsPerAnswer``.
  package var rows: [Row]
  /// Different transitions, of which ``rows`` may be the most frequent ones.
  package var distinctTransitions: Int
  package var customers: Int

  package struct Row: Codable, Sendable, Equatable {
    /// A name, or `(start)` before the first touchpoint of a journey.
    package var from: String
    /// A name, or `(end)` after the last.
    package var to: String
    package var count: Int
  }
}

/// Counts ``Transitions`` by one fact of the touchpoints.
package struct TransitionsFold: Fold {
  private let axis: Axis

  package init(by axis: Axis) { self.axis = axis }

  package var columns: Columns { axis.by.column }

  package struct Partial: Sendable, Codable {
    var journeys = 0
    var pairs: PairCounts
  }

  package func start() -> Partial { Partial(pairs: PairCounts(names: axis.names.count)) }

  package func update(_ partial: inout Partial, with journeys: JourneyBlock) {
    partial.journeys += journeys.journeyCount
    switch Codes(journeys, by: axis.by) {
    case .narrow(let codes): partial.pairs.count(codes, of: journeys)
    case .middle(let codes): partial.pairs.count(codes, of: journeys)
    case .wide(let codes): partial.pairs.count(codes, of: journeys)
    }
  }

  package func merge(_ partial: inout Partial, with other: Partial) {
    partial.journeys += other.journeys
    partial.pairs.merge(other.pairs)
  }

  package func finish(_ partial: Partial) -> Transitions {
    let names = axis.names
    let pairs = partial.pairs
    var rows = pairs.counted.map {
      Transitions.Row(from: names[$0.from], to: names[$0.to], count: $0.count)
    }
    for (code, count) in pairs.starts.enumerated() where count > 0 {
      rows.append(.init(from: Edge.start, to: names[code], count: count))
    }
    for (code, count) in pairs.ends.enumerated() where count > 0 {
      rows.append(.init(from: names[code], to: Edge.end, count: count))
    }
    rows.sort { a, b in
      a.count != b.count ? a.count > b.count : (a.from, a.to) < (b.from, b.to)
    }
    return Transitions(
      by: axis.by, rows: Array(rows.prefix(Limits.rowsPerAnswer)),
      distinctTransitions: rows.count, customers: partial.journeys)
  }
}
