/// Where in a row of bytes, 0 or 1 each, the ones stand.
package enum SetBytes {
  /// Writes the places of the ones, ascending, and says how many there are. `places` must have room for
  /// eight more than that.
  ///
  /// Eight bytes at a time: as a bit each they look up where those that are set stand. Eight places
  /// are written always, and as many counted as are set: no branch to guess.
  package static func find(
    _ bytes: UnsafePointer<UInt8>, _ count: Int, into places: UnsafeMutablePointer<UInt32>
  ) -> Int {
    var found = 0
    table.withUnsafeBufferPointer { table in
      guard let table = table.baseAddress else { return }
      for word in 0...(count / 8) {
        let first = word &* 8
        let bits = eight(bytes, from: first, of: count)
        write(bits, from: UInt32(truncatingIfNeeded: first), to: places + found, table)
        found &+= ones(bits)
      }
    }
    return found
  }

  /// The bytes of eight places, the first lowest, with zeros behind the last.
  @inline(__always)
  static func eight(_ bytes: UnsafePointer<UInt8>, from first: Int, of count: Int) -> UInt64 {
    if first &+ 8 <= count { return whole(bytes, from: first) }
    var word: UInt64 = 0
    for place in first..<count { word |= UInt64(bytes[place]) &<< UInt64(8 &* (place &- first)) }
    return word
  }

  /// The same where there are eight.
  @inline(__always)
  static func whole(_ bytes: UnsafePointer<UInt8>, from first: Int) -> UInt64 {
    UInt64(littleEndian: UnsafeRawPointer(bytes + first).loadUnaligned(as: UInt64.self))
  }

  /// Writes where the bytes of a word are set, counted from `first`, and anything behind that.
  @inline(__always)
  static func write(
    _ bytes: UInt64, from first: UInt32, to places: UnsafeMutablePointer<UInt32>,
    _ table: UnsafePointer<SIMD8<UInt8>>
  ) {
    // The lowest bit of each byte, moved beside each other into the highest byte.
    let bits = Int((bytes &* 0x0102_0408_1020_4080) &>> 56)
    let numbers = SIMD8<UInt32>(truncatingIfNeeded: table[bits]) &+ first
    UnsafeMutableRawPointer(places).storeBytes(of: numbers, as: SIMD8<UInt32>.self)
  }

  /// Up to 64 bytes as a bit each, the first lowest, with zeros behind the last.
  @inline(__always)
  static func bits(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
    var bits: UInt64 = 0
    if count == 64 {
      // A number of rounds that is known: no loop is left of it.
      for word in 0..<8 {
        bits |=
          ((whole(bytes, from: word &* 8) &* 0x0102_0408_1020_4080) &>> 56) &<< UInt64(word &* 8)
      }
      return bits
    }
    for word in 0..<((count &+ 7) &>> 3) {
      let eight = eight(bytes, from: word &* 8, of: count)
      bits |= ((eight &* 0x0102_0408_1020_4080) &>> 56) &<< UInt64(word &* 8)
    }
    return bits
  }

  /// The other way round: up to 64 bits as a byte each.
  @inline(__always)
  static func write(
    _ bits: UInt64, _ count: Int, to bytes: UnsafeMutablePointer<UInt8>,
    _ spread: UnsafePointer<UInt64>
  ) {
    if count == 64 {
      for word in 0..<8 {
        UnsafeMutableRawPointer(bytes + word &* 8).storeBytes(
          of: spread[Int(bits &>> UInt64(word &* 8) & 255)].littleEndian, as: UInt64.self)
      }
      return
    }
    let whole = count &>> 3
    for word in 0..<whole {
      UnsafeMutableRawPointer(bytes + word &* 8).storeBytes(
        of: spread[Int(bits &>> UInt64(word &* 8) & 255)].littleEndian, as: UInt64.self)
    }
    for place in (whole &* 8)..<count {
      bytes[place] = UInt8(truncatingIfNeeded: bits &>> UInt64(place) & 1)
    }
  }

  /// By eight bits, a byte for each.
  static let spread: [UInt64] = (0..<256).map { bits in
    (0..<8).reduce(0) { $0 | UInt64(bits >> $1 & 1) << UInt64($1 * 8) }
  }

  @inline(__always)
  static func ones(_ bytes: UInt64) -> Int {
    Int(truncatingIfNeeded: (bytes &* 0x0101_0101_0101_0101) &>> 56)
  }

  /// By eight bits: the numbers of those that are set, lowest first, and zeros.
  static let table: [SIMD8<UInt8>] = (0..<256).map { bits in
    var numbers = SIMD8<UInt8>()
    for (place, bit) in (0..<8).filter({ bits >> $0 & 1 == 1 }).enumerated() {
      numbers[place] = UInt8(bit)
    }
    return numbers
  }
}
