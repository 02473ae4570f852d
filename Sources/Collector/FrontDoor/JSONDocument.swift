import CSimdjson
package import CustomerJourney
import Synchronization

/// A JSON text that was parsed by simdjson; walking through it makes no objects.
package enum JSONDocument {
  /// Parsers that nobody uses now, each with the memory of its largest document so far.
  private static let idle = Mutex<[Parser]>([])
  private static let mostIdle = 16

  /// Parses `bytes` and hands out the document. A ``JSONNode`` is valid only inside `body`.
  ///
  /// Throws ``JSONProblem`` when it is no JSON or nested deeper than ``Limits/jsonDepth``. What
  /// JavaScript and Python write though the standard has no place for it, halves of surrogate pairs,
  /// integers of any length, NaN and infinities, is read: the half as U+FFFD, the integer as a
  /// floating number, the last as null.
  package static func read<Result>(
    _ bytes: [UInt8], _ body: (JSONNode) throws -> Result
  ) throws -> Result {
    let parser = try idle.withLock { $0.popLast() } ?? Parser()
    defer { idle.withLock { if $0.count < mostIdle { $0.append(parser) } } }
    do {
      try parser.parse(bytes)
    } catch {
      guard let mended = JSONMending.mended(bytes) else { throw error }
      try parser.parse(mended)
    }
    return try body(parser.root)
  }

  /// Parses one value and keeps nothing of it: for texts inside other texts.
  package static func read<Result>(
    _ text: String, _ body: (JSONNode) throws -> Result
  ) throws -> Result { try read(Array(text.utf8), body) }

  /// Owned by one thread at a time: it is either in `idle` or in the hands of one call of `read`.
  private final class Parser: @unchecked Sendable {
    private let parser: OpaquePointer

    init() throws {
      guard let parser = json_parser_new(Limits.jsonDepth) else {
        throw JSONProblem(reason: "there is no memory to read it")
      }
      self.parser = parser
    }

    deinit { json_parser_free(parser) }

    func parse(_ bytes: [UInt8]) throws {
      let error = json_parser_parse(parser, bytes, bytes.count)
      guard error == 0 else {
        let text = json_error_text(error).map { String(cString: $0) } ?? "error \(error)"
        throw JSONProblem(reason: text)
      }
    }

    var root: JSONNode {
      guard let tape = json_parser_tape(parser), let texts = json_parser_texts(parser) else {
        preconditionFailure("a parsed document has a tape")
      }
      // Word 0 is the root, which points at the end; the value follows.
      return JSONNode(tape: tape, texts: texts, index: 1)
    }
  }
}

/// Why a text is no JSON that we read. Holds nothing of the text.
package struct JSONProblem: Error, Hashable, CustomStringConvertible {
  package var reason: String
  package var description: String { reason }
}

/// One value in a parsed document.
///
/// Holds pointers into the document: never keep one beyond ``JSONDocument/read(_:_:)``.
package struct JSONNode {
  fileprivate let tape: UnsafePointer<UInt64>
  fileprivate let texts: UnsafePointer<UInt8>
  fileprivate let index: Int

  package enum Kind: Hashable, Sendable { case object, array, text, number, flag, null }

  private var word: UInt64 { tape[index] }
  private var tag: UInt8 { UInt8(truncatingIfNeeded: word >> 56) }
  private var payload: Int { Int(word & 0x00FF_FFFF_FFFF_FFFF) }

  package var kind: Kind {
    switch tag {
    case UInt8(ascii: "{"): .object
    case UInt8(ascii: "["): .array
    case UInt8(ascii: "\""): .text
    case UInt8(ascii: "l"), UInt8(ascii: "u"), UInt8(ascii: "d"): .number
    case UInt8(ascii: "t"), UInt8(ascii: "f"): .flag
    default: .null
    }
  }

  package var isNull: Bool { tag == UInt8(ascii: "n") }

  /// Index of what follows this value on the tape.
  private var end: Int {
    switch tag {
    case UInt8(ascii: "{"), UInt8(ascii: "["): Int(word & 0xFFFF_FFFF)
    case UInt8(ascii: "l"), UInt8(ascii: "u"), UInt8(ascii: "d"): index + 2
    default: index + 1
    }
  }

  /// The bytes of a text; nil for other values.
  package var bytes: UnsafeBufferPointer<UInt8>? {
    tag == UInt8(ascii: "\"") ? Self.text(at: payload, in: texts) : nil
  }

  private static func text(
    at offset: Int, in texts: UnsafePointer<UInt8>
  ) -> UnsafeBufferPointer<UInt8> {
    let count = UnsafeRawPointer(texts + offset).loadUnaligned(as: UInt32.self)
    return UnsafeBufferPointer(start: texts + offset + 4, count: Int(count))
  }

  /// The text; nil for other values.
  package var text: String? { bytes.map { String(decoding: $0, as: UTF8.self) } }

  /// A number, or nil; a text that spells one is none.
  package var number: Double? {
    switch tag {
    case UInt8(ascii: "l"): Double(Int64(bitPattern: tape[index + 1]))
    case UInt8(ascii: "u"): Double(tape[index + 1])
    case UInt8(ascii: "d"): Double(bitPattern: tape[index + 1])
    default: nil
    }
  }

  package var integer: Int64? {
    switch tag {
    case UInt8(ascii: "l"): Int64(bitPattern: tape[index + 1])
    case UInt8(ascii: "u"): Int64(exactly: tape[index + 1])
    case UInt8(ascii: "d"): Int64(exactly: Double(bitPattern: tape[index + 1]))
    default: nil
    }
  }

  package var flag: Bool? {
    switch tag {
    case UInt8(ascii: "t"): true
    case UInt8(ascii: "f"): false
    default: nil
    }
  }

  /// A text as it is, a number as it is written: for ids, which clients send as either. Nil for
  /// other values.
  package var idText: String? {
    if let text { return text }
    if let integer { return String(integer) }
    return number.map { PropertyValue.number($0).description }
  }

  /// A text, number or flag as a property's value; nil for what is nested and for null.
  package var scalar: PropertyValue? {
    switch tag {
    case UInt8(ascii: "\""): text.map(PropertyValue.text)
    case UInt8(ascii: "t"): .flag(true)
    case UInt8(ascii: "f"): .flag(false)
    default: number.map(PropertyValue.number)
    }
  }

  /// As ``scalar``, with its bytes where they are.
  var flatScalar: FlatJSON.Scalar? {
    switch tag {
    case UInt8(ascii: "\""): .text(Self.text(at: payload, in: texts))
    case UInt8(ascii: "t"): .flag(true)
    case UInt8(ascii: "f"): .flag(false)
    default: number.map(FlatJSON.Scalar.number)
    }
  }

  /// Calls `body` with each member of an object, in order; with none for other values.
  package func forEachMember(_ body: (JSONKey, JSONNode) throws -> Void) rethrows {
    guard tag == UInt8(ascii: "{") else { return }
    // The last word before `end` is the closing brace.
    let close = end - 1
    var at = index + 1
    while at < close {
      let key = JSONKey(
        bytes: Self.text(at: Int(tape[at] & 0x00FF_FFFF_FFFF_FFFF), in: texts))
      let value = JSONNode(tape: tape, texts: texts, index: at + 1)
      try body(key, value)
      at = value.end
    }
  }

  /// Calls `body` with each element of an array, in order; with none for other values.
  package func forEachElement(_ body: (JSONNode) throws -> Void) rethrows {
    guard tag == UInt8(ascii: "[") else { return }
    let close = end - 1
    var at = index + 1
    while at < close {
      let value = JSONNode(tape: tape, texts: texts, index: at)
      try body(value)
      at = value.end
    }
  }

  /// The first member of that name.
  package subscript(_ name: StaticString) -> JSONNode? {
    guard tag == UInt8(ascii: "{") else { return nil }
    let close = end - 1
    var at = index + 1
    while at < close {
      let key = JSONKey(
        bytes: Self.text(at: Int(tape[at] & 0x00FF_FFFF_FFFF_FFFF), in: texts))
      let value = JSONNode(tape: tape, texts: texts, index: at + 1)
      if key == name { return value }
      at = value.end
    }
    return nil
  }

  /// Elements of an array or members of an object.
  package var count: Int {
    var count = 0
    if kind == .array { forEachElement { _ in count += 1 } }
    if kind == .object { forEachMember { _, _ in count += 1 } }
    return count
  }

  /// Elements of an array as the tape tells them, which counts no further than some millions.
  var toldCount: Int { kind == .array ? Int(word >> 32 & 0xFF_FFFF) : 0 }

  /// Bytes of the value as the shortest JSON text, without what escapes add; a number counts as one.
  ///
  /// Never more than a client sent for it, so that a limit never hits what is just within it.
  package var byteCount: Int {
    var count = 0
    var at = index
    while at < end {
      let word = tape[at]
      switch UInt8(truncatingIfNeeded: word >> 56) {
      case UInt8(ascii: "\""):
        count += Self.text(at: Int(word & 0x00FF_FFFF_FFFF_FFFF), in: texts).count + 3
        at += 1
      case UInt8(ascii: "l"), UInt8(ascii: "u"), UInt8(ascii: "d"):
        count += 2
        at += 2
      default:
        count += 1
        at += 1
      }
    }
    return count
  }

  /// True when ``byteCount`` is at most `most`.
  ///
  /// All texts stand one after another with five bytes more each, so that for an object with another
  /// behind it their places say enough, and nothing is walked through.
  func isWithin(bytes most: Int) -> Bool {
    if let first = firstKey(at: index), let next = firstKey(at: end),
      next - first + end - index <= most
    {
      return true
    }
    return byteCount <= most
  }

  /// Where the first key of the object that begins there stands among the texts.
  private func firstKey(at index: Int) -> Int? {
    guard UInt8(truncatingIfNeeded: tape[index] >> 56) == UInt8(ascii: "{"),
      UInt8(truncatingIfNeeded: tape[index + 1] >> 56) == UInt8(ascii: "\"")
    else { return nil }
    return Int(tape[index + 1] & 0x00FF_FFFF_FFFF_FFFF)
  }

  /// The value as JSON text, without members of these names at any depth.
  package func json(leavingOut names: Set<String> = []) -> String {
    var out = ""
    write(to: &out, leavingOut: names)
    return out
  }

  private func write(to out: inout String, leavingOut names: Set<String>) {
    switch kind {
    case .object:
      var isFirst = true
      out += "{"
      forEachMember { key, value in
        let name = key.text
        guard !names.contains(name) else { return }
        if !isFirst { out += "," }
        isFirst = false
        out += PropertyValue.text(name).json + ":"
        value.write(to: &out, leavingOut: names)
      }
      out += "}"
    case .array:
      var isFirst = true
      out += "["
      forEachElement { value in
        if !isFirst { out += "," }
        isFirst = false
        value.write(to: &out, leavingOut: names)
      }
      out += "]"
    case .number: out += integer.map(String.init) ?? number.map { String($0) } ?? "null"
    default: out += scalar?.json ?? "null"
    }
  }
}

/// A member's name, compared without making a string of it.
package struct JSONKey {
  package let bytes: UnsafeBufferPointer<UInt8>

  package var text: String { String(decoding: bytes, as: UTF8.self) }

  package static func == (key: JSONKey, name: StaticString) -> Bool {
    key.bytes.isSame(
      as: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
  }
}
