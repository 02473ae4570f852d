/// The members of a flat JSON object as they are written, `"a":1,"b":"x"`, with the place of each:
/// what clients say becomes these bytes once, and the store keeps them as they are.
///
/// Paths may repeat.
package struct FlatJSON: Sendable {
  /// A text, a number or a flag whose bytes are somewhere else.
  package enum Scalar {
    case text(UnsafeBufferPointer<UInt8>)
    case number(Double)
    case flag(Bool)
  }

  private struct Place {
    /// Of the path.
    var hash: UInt32
    /// Of the quotation mark before the path.
    var start: UInt32
  }

  package private(set) var bytes: [UInt8] = []
  /// True when a text needed escapes: only then can it hold signs that others can't take.
  package private(set) var hasEscapes = false
  private var places: [Place] = []

  /// Room that is made at once, so that most lists never move.
  private static let usualBytes = 480
  private static let usualCount = 24

  package init() {}

  package var count: Int { places.count }
  package var isEmpty: Bool { places.isEmpty }

  // MARK: Writing

  /// Adds a member behind the others. Returns true when one of them has its path.
  @discardableResult
  package mutating func append(_ path: UnsafeBufferPointer<UInt8>, _ value: Scalar) -> Bool {
    if places.isEmpty {
      bytes.reserveCapacity(Self.usualBytes)
      places.reserveCapacity(Self.usualCount)
    } else {
      bytes.append(UInt8(ascii: ","))
    }
    let isRepeated = holds(path)
    let start = bytes.count
    if !Self.write(path, to: &bytes) { hasEscapes = true }
    places.append(Place(hash: Self.hash(path), start: UInt32(start)))
    bytes.append(UInt8(ascii: ":"))
    switch value {
    case .text(let text): if !Self.write(text, to: &bytes) { hasEscapes = true }
    case .number(let number): Self.write(number, to: &bytes)
    case .flag(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    }
    return isRepeated
  }

  @discardableResult
  package mutating func append(_ path: String, _ value: PropertyValue) -> Bool {
    var path = path
    return path.withUTF8 { path in
      switch value {
      case .text(var text): text.withUTF8 { append(path, .text($0)) }
      case .number(let number): append(path, .number(number))
      case .flag(let flag): append(path, .flag(flag))
      }
    }
  }

  /// A text between quotation marks. Returns false when it needed escapes.
  @discardableResult
  package static func write(_ text: UnsafeBufferPointer<UInt8>, to out: inout [UInt8]) -> Bool {
    let isPlain = text.isPlainJSON
    out.append(UInt8(ascii: "\""))
    if isPlain {
      out.append(contentsOf: text)
    } else {
      for byte in text { escape(byte, to: &out) }
    }
    out.append(UInt8(ascii: "\""))
    return isPlain
  }

  /// JSON has no number for infinities and NaN, so they become words.
  package static func write(_ number: Double, to out: inout [UInt8]) {
    let text = PropertyValue.number(number).description
    if number.isFinite {
      out.append(contentsOf: text.utf8)
    } else {
      out.append(UInt8(ascii: "\""))
      out.append(contentsOf: text.utf8)
      out.append(UInt8(ascii: "\""))
    }
  }

  private static func escape(_ byte: UInt8, to out: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
    case UInt8(ascii: "\n"): out += "\\n".utf8
    case UInt8(ascii: "\r"): out += "\\r".utf8
    case UInt8(ascii: "\t"): out += "\\t".utf8
    case 0..<32: out += ("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8
    default: out.append(byte)
    }
  }

  // MARK: Looking up

  /// True when a member has this path.
  package func holds(_ path: UnsafeBufferPointer<UInt8>) -> Bool { lastIndex(path) != nil }

  /// The last value of this path.
  package func value(_ path: String) -> PropertyValue? {
    var path = path
    return path.withUTF8 { lastIndex($0) }.map { pair($0).value }
  }

  /// All members, read anew at each call.
  package var pairs: [Properties.Pair] { places.indices.map(pair) }

  private func lastIndex(_ path: UnsafeBufferPointer<UInt8>) -> Int? {
    if places.isEmpty { return nil }
    let hash = Self.hash(path)
    return places.lastIndex { $0.hash == hash && isPath($0, path) }
  }

  private func isPath(_ place: Place, _ path: UnsafeBufferPointer<UInt8>) -> Bool {
    guard path.isPlainJSON else {
      var written: [UInt8] = []
      Self.write(path, to: &written)
      return bytes[Int(place.start)...].starts(with: written)
    }
    let start = Int(place.start) + 1
    let end = start + path.count
    // Behind a path there is always a mark, a colon and a value.
    guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return false }
    return bytes.withUnsafeBufferPointer {
      UnsafeBufferPointer(rebasing: $0[start..<end]).isSame(as: path)
    }
  }

  /// Only tells most paths apart without looking at their bytes: by the ends, where they differ.
  private static func hash(_ path: UnsafeBufferPointer<UInt8>) -> UInt32 {
    var word = UInt64(path.count)
    if path.count >= 8 {
      word = ((word ^ path.word(path.count - 8)) &* 0x9E37_79B9_7F4A_7C15) ^ path.word(0)
    } else {
      for byte in path { word = word << 8 ^ UInt64(byte) }
    }
    return UInt32(truncatingIfNeeded: (word &* 0x9E37_79B9_7F4A_7C15) >> 32)
  }

  private func pair(_ index: Int) -> Properties.Pair {
    let start = Int(places[index].start)
    let end = index + 1 < places.count ? Int(places[index + 1].start) - 1 : bytes.count
    var at = start + 1
    while bytes[at] != UInt8(ascii: "\"") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
    let path = Self.unescaped(bytes[(start + 1)..<at])
    let value = bytes[(at + 2)..<end]
    switch value.first {
    case UInt8(ascii: "\""):
      return Properties.Pair(
        path: path, value: .text(Self.unescaped(value.dropFirst().dropLast())))
    case UInt8(ascii: "t"): return Properties.Pair(path: path, value: .flag(true))
    case UInt8(ascii: "f"): return Properties.Pair(path: path, value: .flag(false))
    default:
      guard let number = Double(String(decoding: value, as: UTF8.self)) else {
        preconditionFailure("a number was written")
      }
      return Properties.Pair(path: path, value: .number(number))
    }
  }

  /// Of a text as ``write(_:to:)`` has it between the marks.
  private static func unescaped(_ text: ArraySlice<UInt8>) -> String {
    guard text.contains(UInt8(ascii: "\\")) else { return String(decoding: text, as: UTF8.self) }
    var out: [UInt8] = []
    var at = text.startIndex
    while at < text.endIndex {
      guard text[at] == UInt8(ascii: "\\") else {
        out.append(text[at])
        at += 1
        continue
      }
      switch text[at + 1] {
      case UInt8(ascii: "n"): out.append(10)
      case UInt8(ascii: "r"): out.append(13)
      case UInt8(ascii: "t"): out.append(9)
      case UInt8(ascii: "u"):
        let digits = String(decoding: text[(at + 4)..<(at + 6)], as: UTF8.self)
        guard let byte = UInt8(digits, radix: 16) else {
          preconditionFailure("an escape was written")
        }
        out.append(byte)
        at += 4
      default: out.append(text[at + 1])
      }
      at += 2
    }
    return String(decoding: out, as: UTF8.self)
  }
}
