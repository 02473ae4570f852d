/// Packs bodies as the tests need them, good and bad.
enum Gzip {
  /// Packed in form only: the bytes stand in it as they are.
  static func stored(_ bytes: [UInt8]) -> [UInt8] {
    var out: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
    var rest = bytes[...]
    repeat {
      let block = rest.prefix(65_535)
      rest = rest.dropFirst(block.count)
      let count = UInt16(block.count)
      out.append(rest.isEmpty ? 1 : 0)
      out += littleEndian(count) + littleEndian(~count)
      out += block
    } while !rest.isEmpty
    return out + littleEndian(checksum(bytes)) + littleEndian(UInt32(bytes.count))
  }

  /// Unpacks to `count` spaces and is some 150 times smaller.
  static func bomb(_ count: Int) -> [UInt8] {
    var bits: [UInt8] = []
    var current: UInt8 = 0
    var used = 0
    func add(_ value: Int, bits count: Int) {
      for bit in 0..<count {
        current |= UInt8(value >> bit & 1) << UInt8(used)
        used += 1
        if used == 8 {
          bits.append(current)
          (current, used) = (0, 0)
        }
      }
    }
    // The last block, with fixed codes; a space; then over and over: 258 bytes from one byte back.
    add(0b011, bits: 3)
    add(reversed(0x30 + 32, bits: 8), bits: 8)
    for _ in 0..<(count / 258) {
      add(reversed(0b1100_0101, bits: 8), bits: 8)
      add(0, bits: 5)
    }
    add(0, bits: 7)
    add(0, bits: 7)
    let body: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF] + bits
    return body + littleEndian(UInt32(0)) + littleEndian(UInt32(count))
  }

  private static func reversed(_ value: Int, bits: Int) -> Int {
    (0..<bits).reduce(0) { $0 << 1 | value >> $1 & 1 }
  }

  private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<(value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
  }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var sum = ~UInt32(0)
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xEDB8_8320 : sum >> 1 }
    }
    return ~sum
  }
}
