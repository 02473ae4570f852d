import CustomerJourney
import Dispatch

/// Different paths, each with its customers, conversions and value.
///
/// A path is the bytes of its codes as they lie in the column, so that looking one up copies
/// nothing. Paths are spread by their hash over ``PathShard``s: small tables that two partial results
/// merge side by side, on all cores.
struct PathTable: Sendable {
  /// Bytes of one code.
  let width: Int
  private(set) var shards: [PathShard]
  private let seeds = HashMix.seeds

  static let shardBits = 6
  /// Pieces that are noted together; fewer than 65,536.
  static let batch = 4096

  /// A path that a customer went along.
  struct Piece {
    var hash: UInt64
    var start: UnsafeRawPointer
    var bytes: Int
    /// Counts from 1 within one partial result; 0 adds what customers did elsewhere.
    var journey: UInt32
    var customers: UInt32
    var conversions: UInt32
    var value: Int64
  }

  init(width: Int) {
    self.width = width
    shards = (0..<(1 << Self.shardBits)).map { _ in PathShard() }
  }

  var count: Int { shards.reduce(0) { $0 + $1.count } }

  /// Notes at most ``batch`` pieces.
  mutating func note(_ pieces: UnsafeBufferPointer<Piece>) {
    precondition(pieces.count <= Self.batch)
    // A counting sort by shard: each shard's memory is then looked up once for all of its pieces.
    var ends = [Int](repeating: 0, count: shards.count + 1)
    for piece in pieces { ends[Self.shard(of: piece.hash) + 1] += 1 }
    for shard in shards.indices { ends[shard + 1] += ends[shard] }
    withUnsafeTemporaryAllocation(of: UInt16.self, capacity: pieces.count) { order in
      for (index, piece) in pieces.enumerated() {
        let shard = Self.shard(of: piece.hash)
        order[ends[shard]] = UInt16(index)
        ends[shard] += 1
      }
      var first = 0
      for shard in shards.indices {
        let own = UnsafeBufferPointer(rebasing: order[first..<ends[shard]])
        if !own.isEmpty { shards[shard].note(pieces, own) }
        first = ends[shard]
      }
    }
  }

  /// Adds what other customers did.
  mutating func merge(_ other: PathTable) {
    precondition(width == other.width, "paths of the same codes")
    let count = shards.count
    shards.withUnsafeMutableBufferPointer { shards in
      let mine = Shards(shards: shards)
      DispatchQueue.concurrentPerform(iterations: count) { shard in
        mine.shards[shard].merge(other.shards[shard])
      }
    }
  }

  /// Shards that threads change, each its own.
  private struct Shards: @unchecked Sendable {
    // Sendable by hand: no two threads touch the same shard.
    let shards: UnsafeMutableBufferPointer<PathShard>
  }

  private static func shard(of hash: UInt64) -> Int { Int(hash >> UInt64(64 - shardBits)) }

  /// Reads paths of the column that begins at `codes` and can be read up to row `end`.
  func reader(of codes: UnsafeRawPointer, end: Int) -> Reader {
    Reader(codes: codes, end: codes + end * width, width: width, seeds: seeds)
  }

  /// Makes pieces of a column's rows.
  struct Reader {
    fileprivate let codes: UnsafeRawPointer
    fileprivate let end: UnsafeRawPointer
    fileprivate let width: Int
    fileprivate let seeds: (first: UInt64, second: UInt64)

    @inline(__always)
    func piece(_ rows: Range<Int>, journey: UInt32, converted: Bool, value: Int64) -> Piece {
      let start = codes + rows.lowerBound &* width
      let bytes = rows.count &* width
      return Piece(
        hash: hash(start, bytes: bytes), start: start, bytes: bytes, journey: journey,
        customers: 1, conversions: converted ? 1 : 0, value: value)
    }

    @inline(__always)
    fileprivate func hash(_ start: UnsafeRawPointer, bytes: Int) -> UInt64 {
      var at = start
      var left = bytes
      var hash = seeds.first ^ UInt64(bytes)
      while left > 16 {
        hash = HashMix.mix(
          hash ^ at.loadUnaligned(as: UInt64.self),
          seeds.second ^ at.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        at += 16
        left &-= 16
      }
      let (low, high) = tail(at, left)
      return HashMix.mix(HashMix.mix(hash ^ low, seeds.second ^ high), seeds.first)
    }

    /// The last 16 bytes or fewer, with zeros behind. Reads past them where that is allowed, since one
    /// wide look takes less than many small ones.
    @inline(__always)
    private func tail(_ start: UnsafeRawPointer, _ bytes: Int) -> (UInt64, UInt64) {
      if end - start >= 16 {
        let low = start.loadUnaligned(as: UInt64.self)
        let high = start.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
        return (
          UInt64(littleEndian: low) & (.max >> UInt64(64 &- 8 &* min(bytes, 8))),
          UInt64(littleEndian: high) & (.max >> UInt64(128 &- 8 &* max(bytes, 8)))
        )
      }
      var low: UInt64 = 0
      var high: UInt64 = 0
      for at in 0..<bytes {
        let byte = UInt64(start.load(fromByteOffset: at, as: UInt8.self))
        if at < 8 { low |= byte << UInt64(8 * at) } else { high |= byte << UInt64(8 * at - 64) }
      }
      return (low, high)
    }
  }
}

extension PathTable: Codable {
  private enum CodingKeys: String, CodingKey {
    case width, paths, customers, conversions, values
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let paths = try container.decode([[UInt32]].self, forKey: .paths)
    let customers = try container.decode([Int].self, forKey: .customers)
    let conversions = try container.decode([Int].self, forKey: .conversions)
    let values = try container.decode([Int64].self, forKey: .values)
    self.init(width: try container.decode(Int.self, forKey: .width))
    guard [1, 2, 4].contains(width), paths.count == customers.count,
      paths.count == conversions.count, paths.count == values.count,
      paths.allSatisfy({ !$0.isEmpty }),
      (customers + conversions).allSatisfy({ UInt32(exactly: $0) != nil })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .paths, in: container, debugDescription: "not a table of paths")
    }
    for (i, codes) in paths.enumerated() {
      let bytes = codes.flatMap { code in
        withUnsafeBytes(of: code.littleEndian) { Array($0.prefix(width)) }
      }
      bytes.withUnsafeBytes { path in
        guard let start = path.baseAddress else { return }
        let piece = Piece(
          hash: reader(of: start, end: codes.count).hash(start, bytes: path.count), start: start,
          bytes: path.count, journey: 0, customers: UInt32(customers[i]),
          conversions: UInt32(conversions[i]), value: values[i])
        withUnsafePointer(to: piece) { note(UnsafeBufferPointer(start: $0, count: 1)) }
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    let entries = shards.flatMap { shard in shard.entries.map { (shard, $0) } }
    try container.encode(width, forKey: .width)
    try container.encode(
      entries.map { shard, entry in shard.codes(of: entry, width: width) }, forKey: .paths)
    try container.encode(entries.map(\.1.customers), forKey: .customers)
    try container.encode(entries.map(\.1.conversions), forKey: .conversions)
    try container.encode(entries.map(\.1.value), forKey: .values)
  }
}
