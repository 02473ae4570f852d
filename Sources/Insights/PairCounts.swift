import JourneyEngine

/// How often each code directly follows each other one within a journey, and begins or ends one.
struct PairCounts: Sendable {
  /// Up to this many names every pair has a counter of its own.
  static let denseNames = 512
  /// Neighbours count in different lanes: adding to a counter that was written a moment ago waits.
  private static let lanes = 4

  private let names: Int
  /// By from × names + to, a matrix a lane: each code with the next as if all journeys were one.
  /// Empty where pairs are hashed.
  private var dense: Counters<Int>
  /// What ``dense`` counted over the borders between journeys, where nothing follows anything: the
  /// end of one journey and the start of the next.
  private var borders: Counters<Int>
  private var sparse: UseTable?
  /// Starts and ends of journeys that are not in ``borders``, by code.
  private var otherStarts: [Int]
  private var otherEnds: [Int]

  init(names: Int) {
    self.names = names
    otherStarts = Array(repeating: 0, count: names)
    otherEnds = otherStarts
    let pairs = names <= Self.denseNames ? names * names : 0
    dense = Counters(count: pairs * Self.lanes)
    borders = Counters(count: pairs)
    if names > Self.denseNames {
      sparse = UseTable(bound: UInt64(names) * UInt64(names))
    }
  }

  mutating func count<Code: FixedWidthInteger & UnsignedInteger>(
    _ codes: UnsafePointer<Code>, of block: JourneyBlock
  ) {
    guard block.journeyCount > 0 else { return }
    if sparse != nil {
      countHashed(codes, of: block)
      return
    }
    otherStarts[Int(codes[block.firstRow])] += 1
    otherEnds[Int(codes[block.endRow - 1])] += 1
    let all = UnsafeBufferPointer(
      start: codes + block.firstRow, count: block.endRow - block.firstRow)
    precondition(all.largest < names, "a code that the axis has a name for")
    Self.countAll(all, names: names, dense.memory(atLeast: names * names * Self.lanes))
    let counts = borders.memory(atLeast: names * names)
    for k in 1..<block.journeyCount {
      let row = Int(block.starts[k])
      counts[Int(codes[row &- 1]) &* names &+ Int(codes[row])] &+= 1
    }
  }

  private mutating func countHashed<Code: FixedWidthInteger & UnsignedInteger>(
    _ codes: UnsafePointer<Code>, of block: JourneyBlock
  ) {
    let names = UInt64(names)
    block.forEachRun(rows: 4096) { journeys, rows in
      guard let uses = sparse?.noter(uses: rows.count) else { return }
      for k in journeys {
        let rows = block.span(k)
        otherStarts[Int(codes[rows.lowerBound])] += 1
        otherEnds[Int(codes[rows.upperBound - 1])] += 1
        for row in rows.dropFirst() {
          uses.note(UInt64(codes[row &- 1]) &* names &+ UInt64(codes[row]), journey: 1)
        }
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
    for i in 0..<dense.count { dense[i] += other.dense[i] }
    for i in 0..<borders.count { borders[i] += other.borders[i] }
    for code in 0..<names {
      otherStarts[code] += other.otherStarts[code]
      otherEnds[code] += other.otherEnds[code]
    }
    if let others = other.sparse { sparse?.merge(others) }
  }

  /// Pairs that occurred.
  var counted: [(from: Int, to: Int, count: Int)] {
    if let sparse {
      return sparse.used.map {
        (Int($0.thing) / names, Int($0.thing) % names, $0.touchpoints)
      }
    }
    let pairs = names * names
    return (0..<pairs).compactMap { pair in
      let count = (0..<Self.lanes).reduce(0) { $0 + dense[$1 * pairs + pair] } - borders[pair]
      return count > 0 ? (pair / names, pair % names, count) : nil
    }
  }

  /// Journeys by their first code.
  var starts: [Int] {
    var starts = otherStarts
    for pair in 0..<borders.count { starts[pair % names] += borders[pair] }
    return starts
  }

  /// Journeys by their last code.
  var ends: [Int] {
    var ends = otherEnds
    for pair in 0..<borders.count { ends[pair / names] += borders[pair] }
    return ends
  }
}

extension PairCounts: Codable {
  private enum CodingKeys: String, CodingKey {
    case names, pairs, counts, starts, ends
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let names = try container.decode(Int.self, forKey: .names)
    let pairs = try container.decode([Int].self, forKey: .pairs)
    let counts = try container.decode([Int].self, forKey: .counts)
    let starts = try container.decode([Int].self, forKey: .starts)
    let ends = try container.decode([Int].self, forKey: .ends)
    guard (0...Int(UInt32.max)).contains(names), pairs.count == counts.count,
      starts.count == names, ends.count == names,
      pairs.allSatisfy({ $0 >= 0 && $0 / max(names, 1) < names }),
      (counts + starts + ends).allSatisfy({ $0 >= 0 })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .pairs, in: container, debugDescription: "not counts of pairs")
    }
    self.init(names: names)
    otherStarts = starts
    otherEnds = ends
    for (pair, count) in zip(pairs, counts) {
      if dense.count == 0 {
        sparse?.add([.init(thing: UInt64(pair), touchpoints: count, customers: 0)])
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
    try container.encode(starts, forKey: .starts)
    try container.encode(ends, forKey: .ends)
  }
}
