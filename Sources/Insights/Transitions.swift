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

  package struct Partial: Sendable, Codable {
    var journeys = 0
    var starts: UseTable
    var ends: UseTable
    var pairs: PairCounts
  }

  package func start() -> Partial {
    let bound = UInt64(axis.names.count)
    return Partial(
      starts: UseTable(bound: bound), ends: UseTable(bound: bound),
      pairs: PairCounts(names: axis.names.count))
  }

  package func update(_ partial: inout Partial, with journeys: JourneyBlock) {
    switch Codes(journeys, by: axis.by) {
    case .narrow(let codes): count(codes, of: journeys, into: &partial)
    case .middle(let codes): count(codes, of: journeys, into: &partial)
    case .wide(let codes): count(codes, of: journeys, into: &partial)
    }
  }

  private func count<Code: FixedWidthInteger & UnsignedInteger>(
    _ codes: UnsafePointer<Code>, of block: JourneyBlock, into partial: inout Partial
  ) {
    guard block.journeyCount > 0 else { return }
    for k in 0..<block.journeyCount {
      let rows = block.rows(ofJourney: k)
      let journey = UInt64(partial.journeys + k + 1)
      partial.starts.note(UInt64(codes[rows.lowerBound]), journey: journey)
      partial.ends.note(UInt64(codes[rows.upperBound - 1]), journey: journey)
    }
    partial.journeys += block.journeyCount
    partial.pairs.count(codes, of: block)
  }

  package func merge(_ partial: inout Partial, with other: Partial) {
    partial.journeys += other.journeys
    partial.starts.merge(other.starts)
    partial.ends.merge(other.ends)
    partial.pairs.merge(other.pairs)
  }

  package func finish(_ partial: Partial) -> Transitions {
    let names = axis.names
    var rows = partial.pairs.counted.map {
      Transitions.Row(from: names[$0.from], to: names[$0.to], count: $0.count)
    }
    for entry in partial.starts.used {
      rows.append(.init(from: Edge.start, to: names[Int(entry.thing)], count: entry.touchpoints))
    }
    for entry in partial.ends.used {
      rows.append(.init(from: names[Int(entry.thing)], to: Edge.end, count: entry.touchpoints))
    }
    rows.sort { a, b in
      a.count != b.count ? a.count > b.count : (a.from, a.to) < (b.from, b.to)
    }
    return Transitions(
      by: axis.by, rows: Array(rows.prefix(Limits.rowsPerAnswer)),
      distinctTransitions: rows.count, customers: partial.journeys)
  }
}

/// How often each code directly follows each other one within a journey.
struct PairCounts: Sendable {
  /// Up to this many names every pair has a counter of its own.
  static let denseNames = 512
  /// Neighbours count in different lanes: adding to a counter that was written a moment ago waits.
  private static let lanes = 4

  private let names: Int
  private var dense: [Int]
  private var sparse: UseTable?

  init(names: Int) {
    self.names = names
    if names <= Self.denseNames {
      dense = Array(repeating: 0, count: names * names * Self.lanes)
    } else {
      dense = []
      sparse = UseTable(bound: UInt64(names) * UInt64(names))
    }
  }

  mutating func count<Code: FixedWidthInteger & UnsignedInteger>(
    _ codes: UnsafePointer<Code>, of block: JourneyBlock
  ) {
    if sparse != nil {
      for k in 0..<block.journeyCount {
        let rows = block.rows(ofJourney: k)
        for row in rows.dropFirst() {
          let pair = UInt64(codes[row - 1]) * UInt64(names) + UInt64(codes[row])
          sparse?.note(pair, journey: 1)
        }
      }
      return
    }
    let all = UnsafeBufferPointer(
      start: codes + block.firstRow, count: block.endRow - block.firstRow)
    precondition(Int(all.max() ?? 0) < names, "a code that the axis has a name for")
    dense.withUnsafeMutableBufferPointer { counts in
      guard let counts = counts.baseAddress else { return }
      Self.countAll(all, names: names, counts)
      // That ran over the borders between journeys, where nothing follows anything.
      for k in 1..<max(block.journeyCount, 1) {
        let row = Int(block.starts[k])
        counts[Int(codes[row - 1]) &* names &+ Int(codes[row])] &-= 1
      }
    }
  }

  /// Counts each code with the next as if all were one journey.
  private static func countAll<Code: FixedWidthInteger & UnsignedInteger>(
    _ codes: UnsafeBufferPointer<Code>, names: Int, _ counts: UnsafeMutablePointer<Int>
  ) {
    guard let base = codes.baseAddress, codes.count > 1 else { return }
    let pairs = names * names
    var from = Int(base[0]) &* names
    var row = 1
    while row &+ lanes <= codes.count {
      for lane in 0..<lanes {
        let code = Int(base[row &+ lane])
        counts[lane &* pairs &+ from &+ code] &+= 1
        from = code &* names
      }
      row &+= lanes
    }
    while row < codes.count {
      counts[from &+ Int(base[row])] &+= 1
      from = Int(base[row]) &* names
      row &+= 1
    }
  }

  mutating func merge(_ other: PairCounts) {
    precondition(names == other.names, "partial results of the same names")
    for i in dense.indices { dense[i] += other.dense[i] }
    if let others = other.sparse { sparse?.merge(others) }
  }

  var counted: [(from: Int, to: Int, count: Int)] {
    if let sparse {
      return sparse.used.map {
        (Int($0.thing) / names, Int($0.thing) % names, $0.touchpoints)
      }
    }
    let pairs = names * names
    return (0..<pairs).compactMap { pair in
      let count = (0..<Self.lanes).reduce(0) { $0 + dense[$1 * pairs + pair] }
      return count > 0 ? (pair / names, pair % names, count) : nil
    }
  }
}

extension PairCounts: Codable {
  private enum CodingKeys: String, CodingKey {
    case names, pairs, counts
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let names = try container.decode(Int.self, forKey: .names)
    let pairs = try container.decode([Int].self, forKey: .pairs)
    let counts = try container.decode([Int].self, forKey: .counts)
    guard (0...Int(UInt32.max)).contains(names), pairs.count == counts.count,
      pairs.allSatisfy({ $0 >= 0 && $0 / max(names, 1) < names }), counts.allSatisfy({ $0 > 0 })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .pairs, in: container, debugDescription: "not counts of pairs")
    }
    self.init(names: names)
    for (pair, count) in zip(pairs, counts) {
      if dense.isEmpty {
        sparse?.add(UInt64(pair), touchpoints: count, customers: 0)
      } else {
        dense[pair] += count
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    let counted = counted.sorted { ($0.from, $0.to) < ($1.from, $1.to) }
    try container.encode(names, forKey: .names)
    try container.encode(counted.map { $0.from * names + $0.to }, forKey: .pairs)
    try container.encode(counted.map(\.count), forKey: .counts)
  }
}
