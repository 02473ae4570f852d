/// The codes of names by their numbers in the store, which all dimensions share.
package struct NameCodes: Sendable {
  private(set) var byNumber: [UInt32] = []

  package init() {}

  init(byNumber: [UInt32]) { self.byNumber = byNumber }

  /// ``Names/none`` for a number that nobody said anything of.
  package subscript(number: Int64) -> UInt32 {
    get {
      guard let index = Int(exactly: number), byNumber.indices.contains(index) else {
        return Names.none
      }
      return byNumber[index]
    }
    set {
      guard let index = Int(exactly: number), index >= 0 else { return }
      if index >= byNumber.count {
        byNumber.append(contentsOf: repeatElement(Names.none, count: index + 1 - byNumber.count))
      }
      byNumber[index] = newValue
    }
  }
}

/// Names as bytes: for each dimension how many there are, then each with its length before it; all
/// numbers of 32 bits, little endian. The name of code 0 is not among them.
enum NameText {
  static func encode(_ names: [Dimension: Names]) -> [UInt8] {
    var bytes: [UInt8] = []
    func append(_ number: Int) {
      withUnsafeBytes(of: UInt32(number).littleEndian) { bytes.append(contentsOf: $0) }
    }
    for dimension in Dimension.allCases {
      let all = (names[dimension] ?? Names(dimension)).all.dropFirst()
      append(all.count)
      for name in all {
        append(name.utf8.count)
        bytes.append(contentsOf: name.utf8)
      }
    }
    return bytes
  }

  /// Nil when these are not the bytes of names.
  static func decode(_ bytes: UnsafeRawBufferPointer) -> [Dimension: Names]? {
    var at = 0
    func number() -> Int? {
      guard at + 4 <= bytes.count else { return nil }
      defer { at += 4 }
      return Int(
        UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)))
    }
    var decoded: [Dimension: Names] = [:]
    for dimension in Dimension.allCases {
      guard let count = number() else { return nil }
      var names = Names(dimension)
      for _ in 0..<count {
        guard let length = number(), at + length <= bytes.count else { return nil }
        let name = String(decoding: bytes[at..<(at + length)], as: UTF8.self)
        at += length
        guard Int(names.intern(name)) == names.count - 1 else { return nil }
      }
      decoded[dimension] = names
    }
    return at == bytes.count ? decoded : nil
  }
}
