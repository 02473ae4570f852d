/// A checksum of 64 bits that reads as fast as memory gives.
///
/// Eight lanes each take every eighth word: `lane = (lane xor word) rotated, times an odd number`.
/// Such a step can be undone for either of what goes in, and so can the step that joins the lanes;
/// therefore any change within one word of 64 bits always gives another hash, and any other change
/// but for one in 2^64. It guards against faulty disks, not against people.
enum BlockHash {
  private static let odd: UInt64 = 0x9E37_79B9_7F4A_7C15

  static func of(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    var (a, b, c, d) = (seed(1), seed(2), seed(3), seed(4))
    var (e, f, g, h) = (seed(5), seed(6), seed(7), seed(8))
    var at = 0
    let whole = bytes.count / 64 * 64
    if let base = bytes.baseAddress {
      while at < whole {
        let from = base + at
        a = step(a, from.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        b = step(b, from.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        c = step(c, from.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        d = step(d, from.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
        e = step(e, from.loadUnaligned(fromByteOffset: 32, as: UInt64.self))
        f = step(f, from.loadUnaligned(fromByteOffset: 40, as: UInt64.self))
        g = step(g, from.loadUnaligned(fromByteOffset: 48, as: UInt64.self))
        h = step(h, from.loadUnaligned(fromByteOffset: 56, as: UInt64.self))
        at += 64
      }
    }
    var hash = seed(UInt64(bytes.count))
    for lane in [a, b, c, d, e, f, g, h] { hash = step(hash, lane) }
    while at < bytes.count {
      var word: UInt64 = 0
      for index in at..<min(at + 8, bytes.count) {
        word |= UInt64(bytes[index]) << (8 * UInt64(index - at))
      }
      hash = step(hash, word)
      at += 8
    }
    return hash
  }

  private static func seed(_ number: UInt64) -> UInt64 { (number &+ 1) &* odd }

  @inline(__always)
  private static func step(_ state: UInt64, _ word: UInt64) -> UInt64 {
    let mixed = state ^ word
    return (mixed << 29 | mixed >> 35) &* odd
  }
}
