/// The members of a flat JSON object as they are written, `"a":1,"b":"x"`: what clients say becomes
/// these bytes once, and the store keeps them as they are.
///
/// Paths may repeat. Looking up walks over the bytes, for most are stored without anybody asking.
package struct FlatJSON: Sendable {
  /// A text, a number or a flag whose bytes are somewhere else.
  package enum Scalar {
    case text(UnsafeBufferPointer<UInt8>)
    case number(Double)
    case flag(Bool)
  }

  package private(set) var bytes: [UInt8] = []
  package private(set) var count = 0
  /// True when a text needed escapes: only then can it hold signs that others can't take.
  package private(set) var hasEscapes = false

  /// Room that is made at once, so that most lists never move.
  private static let usualBytes = 480

  package init() {}

  package var isEmpty: Bool { count == 0 }

  // MARK: Writing

  /// Adds a member behind the others.
  package mutating func append(_ path: UnsafeBufferPointer<UInt8>, _ value: Scalar) {
    if count == 0 { bytes.reserveCapacity(Self.usualBytes) }
    let isFirst = count == 0
    count += 1
    if case .text(let text) = value, path.isPlainJSON, text.isPlainJSON {
      // Most members by far: room is looked for a single time.
      bytes.append(addingCapacity: path.count + text.count + 6) { out in
        out.withUnsafeMutableBufferPointer { out, count in
          var pen = Pen(out)
          if !isFirst { pen.put(UInt8(ascii: ",")) }
          pen.put(UInt8(ascii: "\""))
          pen.put(path)
          pen.put(UInt8(ascii: "\""))
          pen.put(UInt8(ascii: ":"))
          pen.put(UInt8(ascii: "\""))
          pen.put(text)
          pen.put(UInt8(ascii: "\""))
          count = pen.at
        }
      }
      return
    }
    if !isFirst { bytes.append(UInt8(ascii: ",")) }
    if !Self.write(path, to: &bytes) { hasEscapes = true }
    bytes.append(UInt8(ascii: ":"))
    switch value {
    case .text(let text): if !Self.write(text, to: &bytes) { hasEscapes = true }
    case .number(let number): Self.write(number, to: &bytes)
    case .flag(let flag): bytes.append(contentsOf: (flag ? "true" : "false").utf8)
    }
  }

  package mutating func append(_ path: String, _ value: PropertyValue) {
    var path = path
    path.withUTF8 { path in
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
    if writeCents(number, to: &out) { return }
    let text = PropertyValue.number(number).description
    if number.isFinite {
      out.append(contentsOf: text.utf8)
    } else {
      out.append(UInt8(ascii: "\""))
      out.append(contentsOf: text.utf8)
      out.append(UInt8(ascii: "\""))
    }
  }

  /// Writes amounts and whole numbers, which most numbers are, as their description has them. Returns
  /// false for others.
  ///
  /// No two numbers of at most 15 digits are the same floating number, so that what a hundredth of a
  /// whole number is has no shorter name.
  private static func writeCents(_ number: Double, to out: inout [UInt8]) -> Bool {
    let cents = (number * 100).rounded()
    guard cents.magnitude < 1e15, cents / 100 == number else { return false }
    var rest = UInt64(cents.magnitude)
    let decimals = rest % 100
    rest /= 100
    out.append(addingCapacity: 20) { out in
      out.withUnsafeMutableBufferPointer { out, count in
        var pen = Pen(out)
        if cents < 0 { pen.put(UInt8(ascii: "-")) }
        var power: UInt64 = 1
        while power * 10 <= rest { power *= 10 }
        while power > 0 {
          pen.put(UInt8(ascii: "0") + UInt8(rest / power))
          rest %= power
          power /= 10
        }
        if decimals > 0 {
          pen.put(UInt8(ascii: "."))
          pen.put(UInt8(ascii: "0") + UInt8(decimals / 10))
          if decimals % 10 > 0 { pen.put(UInt8(ascii: "0") + UInt8(decimals % 10)) }
        }
        count = pen.at
      }
    }
    return true
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
  package func holds(_ path: UnsafeBufferPointer<UInt8>) -> Bool { lastMember(path) != nil }

  /// The last value of this path.
  package func value(_ path: String) -> PropertyValue? {
    var path = path
    return path.withUTF8 { lastMember($0) }.map { pair($0).value }
  }

  /// All members, read anew at each call.
  package var pairs: [Properties.Pair] {
    var pairs: [Properties.Pair] = []
    pairs.reserveCapacity(count)
    var next = 0
    while let member = member(at: next) {
      pairs.append(pair(member))
      next = member.value.endIndex + 1
    }
    return pairs
  }

  /// Where a member stands: its path without the marks, and its value.
  private struct Member {
    var path: Range<Int>
    var value: Range<Int>
  }

  private func lastMember(_ path: UnsafeBufferPointer<UInt8>) -> Member? {
    var written: [UInt8] = []
    if !path.isPlainJSON {
      Self.write(path, to: &written)
      written = Array(written.dropFirst().dropLast())
    }
    var found: Member?
    var next = 0
    bytes.withUnsafeBufferPointer { bytes in
      written.withUnsafeBufferPointer { written in
        let wanted = written.isEmpty ? path : written
        while let member = Self.member(at: next, of: bytes) {
          if UnsafeBufferPointer(rebasing: bytes[member.path]).isSame(as: wanted) { found = member }
          next = member.value.endIndex + 1
        }
      }
    }
    return found
  }

  private func member(at start: Int) -> Member? {
    bytes.withUnsafeBufferPointer { Self.member(at: start, of: $0) }
  }

  /// The member that begins there; nil behind the last one.
  private static func member(at start: Int, of bytes: UnsafeBufferPointer<UInt8>) -> Member? {
    func endOfText(_ start: Int) -> Int {
      var at = start
      while bytes[at] != UInt8(ascii: "\"") { at += bytes[at] == UInt8(ascii: "\\") ? 2 : 1 }
      return at
    }
    guard start < bytes.count else { return nil }
    let path = (start + 1)..<endOfText(start + 1)
    let value = path.endIndex + 2
    var end = value
    if bytes[value] == UInt8(ascii: "\"") {
      end = endOfText(value + 1) + 1
    } else {
      while end < bytes.count, bytes[end] != UInt8(ascii: ",") { end += 1 }
    }
    return Member(path: path, value: value..<end)
  }

  private func pair(_ member: Member) -> Properties.Pair {
    let path = Self.unescaped(bytes[member.path])
    let value = bytes[member.value]
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
