/// Reads the bytes of paths as they lie in a column of codes.
struct PathReader {
  private let codes: UnsafeRawPointer
  private let end: UnsafeRawPointer
  private let width: Int
  private let seeds = HashMix.seeds

  /// `codes` can be read up to row `end`; each takes `width` bytes.
  init(codes: UnsafeRawPointer, end: Int, width: Int) {
    self.codes = codes
    self.end = codes + end * width
    self.width = width
  }

  /// The bytes of a path and their hash. Its last 16 bytes or fewer are at hand, with zeros behind.
  struct Path {
    let hash: UInt64
    let start: UnsafeRawPointer
    let bytes: Int
    let lastLow: UInt64
    let lastHigh: UInt64
  }

  @inline(__always)
  func path(_ rows: Range<Int>) -> Path {
    let start = codes + rows.lowerBound &* width
    let bytes = rows.count &* width
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
    hash = HashMix.mix(HashMix.mix(hash ^ low, seeds.second ^ high), seeds.first)
    return Path(hash: hash, start: start, bytes: bytes, lastLow: low, lastHigh: high)
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
