/// Looking through bytes eight at a time: events are made of short texts, and going through each of
/// them byte by byte took longer than storing them.
extension UnsafeBufferPointer<UInt8> {
  /// True when `byte` is among them.
  package func holds(_ byte: UInt8) -> Bool {
    let wanted = UInt64(byte) &* Self.ones
    return anyWord { Self.hasZero($0 ^ wanted) }
  }

  /// True when a JSON text writes them as they are.
  package var isPlainJSON: Bool {
    !anyWord { word in
      Self.hasZero(word ^ (0x22 &* Self.ones)) || Self.hasZero(word ^ (0x5C &* Self.ones))
        || (word &- 0x20 &* Self.ones) & ~word & Self.highBits != 0
    }
  }

  package func isSame(as other: UnsafeBufferPointer<UInt8>) -> Bool {
    guard count == other.count else { return false }
    guard count >= 8 else {
      if count >= 4 {
        return half(0) == other.half(0) && half(count - 4) == other.half(count - 4)
      }
      for at in indices where self[at] != other[at] { return false }
      return true
    }
    var at = 0
    while at < count - 8 {
      if word(at) != other.word(at) { return false }
      at += 8
    }
    return word(count - 8) == other.word(count - 8)
  }

  /// Eight bytes from there.
  @inline(__always)
  package func word(_ at: Int) -> UInt64 {
    UnsafeRawBufferPointer(self).loadUnaligned(fromByteOffset: at, as: UInt64.self)
  }

  /// Four bytes from there.
  @inline(__always)
  package func half(_ at: Int) -> UInt32 {
    UnsafeRawBufferPointer(self).loadUnaligned(fromByteOffset: at, as: UInt32.self)
  }

  private static var ones: UInt64 { 0x0101_0101_0101_0101 }
  private static var highBits: UInt64 { 0x8080_8080_8080_8080 }

  /// The test of "Bit Twiddling Hacks" by Sean Eron Anderson, exact for the question whether any is.
  @inline(__always)
  private static func hasZero(_ word: UInt64) -> Bool { (word &- ones) & ~word & highBits != 0 }

  /// True when `test` holds for one of the words that the bytes make up; the last overlaps the one
  /// before, and fewer than eight bytes are filled up with the first.
  @inline(__always)
  private func anyWord(_ test: (UInt64) -> Bool) -> Bool {
    guard count >= 8 else {
      guard let first else { return false }
      var last = UInt64(first) &* Self.ones
      for byte in self { last = last << 8 | UInt64(byte) }
      return test(last)
    }
    var at = 0
    while at < count - 8 {
      if test(word(at)) { return true }
      at += 8
    }
    return test(word(count - 8))
  }
}

/// Writes bytes one after another into room that is there.
package struct Pen {
  private let room: UnsafeMutableBufferPointer<UInt8>
  /// Bytes that are written.
  package private(set) var at = 0

  @inline(__always)
  package init(_ room: UnsafeMutableBufferPointer<UInt8>) { self.room = room }

  @inline(__always)
  package mutating func put(_ byte: UInt8) {
    precondition(at < room.count, "there is room")
    room.initializeElement(at: at, to: byte)
    at += 1
  }

  @inline(__always)
  package mutating func put(_ bytes: UnsafeBufferPointer<UInt8>) {
    precondition(bytes.count <= room.count - at, "there is room")
    if let start = room.baseAddress, let from = bytes.baseAddress {
      (start + at).initialize(from: from, count: bytes.count)
    }
    at += bytes.count
  }
}

extension [UInt8] {
  /// Adds a text's bytes.
  package mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { text in
      append(addingCapacity: text.count) { out in
        out.withUnsafeMutableBufferPointer { out, count in
          var pen = Pen(out)
          pen.put(text)
          count = pen.at
        }
      }
    }
  }
}
