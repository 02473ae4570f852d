import CustomerJourney

/// Tags of an XML text, one after the other, in memory that does not depend on its length.
///
/// Reads what files of data need: elements and attributes. Text between tags, comments, CDATA and
/// instructions are passed by. A document type is refused, and with it every entity that a file
/// could define, so nothing is fetched and nothing grows.
final class XMLScanner {
  enum Token: Equatable {
    /// Its attributes are in ``attributes``. An element that ends itself is closed by the next token.
    case open(String)
    case close(String)
    case end
  }

  struct Problem: Error, Equatable {
    /// Ends the sentence "the file …".
    let reason: String
  }

  private(set) var attributes: [(name: String, value: String)] = []
  /// Why the bytes of the last tag are no text; its attributes are mended then.
  private(set) var textProblem: String?
  /// Line of the last tag, from 1.
  private(set) var line = 1
  /// Elements that are open.
  private(set) var open: [String] = []

  private let window: ByteWindow
  private var nextLine = 1
  private var closesItself = false

  init(window: ByteWindow) { self.window = window }

  func next() throws(Problem) -> Token {
    if closesItself {
      closesItself = false
      return .close(open.removeLast())
    }
    while true {
      guard pass(to: UInt8(ascii: "<")) else {
        if let name = open.last { throw Problem(reason: "ends before <\(name)> is closed") }
        return .end
      }
      line = nextLine
      if has("<!--") {
        try pass("<!--", to: "-->", "a comment")
      } else if has("<![CDATA[") {
        try pass("<![CDATA[", to: "]]>", "a CDATA section")
      } else if has("<?") {
        try pass("<?", to: "?>", "an instruction")
      } else if has("<!") {
        throw Problem(
          reason: "declares a document type or an entity, which is not read: take it out")
      } else {
        return try tag()
      }
    }
  }

  // MARK: Passing by

  private func advance(_ count: Int) {
    for at in window.start..<(window.start + count) where window.base[at] == 10 { nextLine += 1 }
    window.start += count
  }

  /// Goes to the next such byte; false at the end of the text.
  private func pass(to byte: UInt8) -> Bool {
    while true {
      while window.start < window.end {
        if window.base[window.start] == byte { return true }
        if window.base[window.start] == 10 { nextLine += 1 }
        window.start += 1
      }
      if !window.fill() { return false }
    }
  }

  private func has(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    while window.end - window.start < count { if !window.fill() { return false } }
    return (0..<count).allSatisfy { window.base[window.start + $0] == text.utf8Start[$0] }
  }

  private func pass(
    _ start: StaticString, to end: StaticString, _ what: String
  ) throws(Problem) {
    advance(start.utf8CodeUnitCount)
    while pass(to: end.utf8Start[0]) {
      if has(end) { return advance(end.utf8CodeUnitCount) }
      advance(1)
    }
    throw Problem(reason: "ends within \(what)")
  }

  // MARK: Tags

  /// The place of the `>` that ends the tag at the start of the window.
  private func endOfTag() throws(Problem) -> Int {
    var at = window.start
    var quote: UInt8?
    while true {
      while at < window.end {
        let byte = window.base[at]
        if let mark = quote {
          if byte == mark { quote = nil }
        } else if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") {
          quote = byte
        } else if byte == UInt8(ascii: ">") {
          guard at - window.start <= Limits.eventBytes else { throw Self.tooLong }
          return at
        } else if byte == UInt8(ascii: "<"), at > window.start {
          throw Problem(reason: "has a tag that is not closed")
        }
        at += 1
      }
      let seen = at - window.start
      guard seen <= Limits.eventBytes else { throw Self.tooLong }
      guard window.fill() else { throw Problem(reason: "ends within a tag") }
      at = window.start + seen
    }
  }

  private static let tooLong = Problem(
    reason: "has a tag of more than \(Limits.eventBytes) bytes")

  private func tag() throws(Problem) -> Token {
    let end = try endOfTag()
    let bytes = Bytes(
      start: window.base + window.start + 1, count: end - window.start - 1)
    textProblem = Collector.textProblem(bytes)
    let token = try read(bytes)
    advance(end - window.start + 1)
    return token
  }

  private func read(_ bytes: Bytes) throws(Problem) -> Token {
    attributes.removeAll(keepingCapacity: true)
    var at = 0
    let isClosing = bytes.first == UInt8(ascii: "/")
    if isClosing { at = 1 }
    let name = Self.name(bytes, &at)
    guard !name.isEmpty else { throw Problem(reason: "has a tag without a name") }
    if isClosing {
      Self.skipSpace(bytes, &at)
      guard at == bytes.count, open.last == name else {
        throw Problem(reason: "closes an element that is not open")
      }
      open.removeLast()
      return .close(name)
    }
    while true {
      let before = at
      Self.skipSpace(bytes, &at)
      if at == bytes.count { break }
      if bytes[at] == UInt8(ascii: "/"), at == bytes.count - 1 {
        closesItself = true
        break
      }
      guard at > before, attributes.count < Limits.xmlAttributes else {
        throw Problem(reason: "has a tag whose attributes cannot be read")
      }
      attributes.append(try attribute(bytes, &at))
    }
    guard open.count < Limits.xmlDepth else {
      throw Problem(reason: "is nested deeper than \(Limits.xmlDepth) levels")
    }
    open.append(name)
    return .open(name)
  }

  private func attribute(
    _ bytes: Bytes, _ at: inout Int
  ) throws(Problem) -> (name: String, value: String) {
    let name = Self.name(bytes, &at)
    Self.skipSpace(bytes, &at)
    guard !name.isEmpty, at < bytes.count, bytes[at] == UInt8(ascii: "=") else {
      throw Problem(reason: "has an attribute without a value")
    }
    at += 1
    Self.skipSpace(bytes, &at)
    guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") || bytes[at] == UInt8(ascii: "'")
    else { throw Problem(reason: "has an attribute without quotes") }
    let quote = bytes[at]
    let start = at + 1
    guard let end = bytes[start...].firstIndex(of: quote) else {
      throw Problem(reason: "has an attribute that does not end")
    }
    at = end + 1
    let value = bytes[start..<end]
    guard value.contains(UInt8(ascii: "&")) else {
      return (name, String(decoding: value, as: UTF8.self))
    }
    return (name, try Self.resolved(value))
  }

  private static func name(_ bytes: Bytes, _ at: inout Int) -> String {
    let start = at
    while at < bytes.count, !isSpace(bytes[at]), bytes[at] != UInt8(ascii: "="),
      bytes[at] != UInt8(ascii: "/")
    { at += 1 }
    return String(decoding: bytes[start..<at], as: UTF8.self)
  }

  private static func isSpace(_ byte: UInt8) -> Bool {
    byte == 32 || byte == 9 || byte == 10 || byte == 13
  }

  private static func skipSpace(_ bytes: Bytes, _ at: inout Int) {
    while at < bytes.count, isSpace(bytes[at]) { at += 1 }
  }

  /// The text with its references resolved: the five that XML has, and those of characters.
  private static func resolved(_ bytes: Slice<Bytes>) throws(Problem) -> String {
    var out = ""
    var rest = bytes
    while let mark = rest.firstIndex(of: UInt8(ascii: "&")) {
      out += String(decoding: rest[..<mark], as: UTF8.self)
      guard let end = rest[mark...].prefix(12).firstIndex(of: UInt8(ascii: ";")),
        let character = character(String(decoding: rest[(mark + 1)..<end], as: UTF8.self))
      else { throw Problem(reason: "has a reference that is not read; write the character itself") }
      out.unicodeScalars.append(character)
      rest = rest[(end + 1)...]
    }
    return out + String(decoding: rest, as: UTF8.self)
  }

  private static func character(_ name: String) -> Unicode.Scalar? {
    switch name {
    case "amp": return "&"
    case "lt": return "<"
    case "gt": return ">"
    case "quot": return "\""
    case "apos": return "'"
    default:
      guard name.hasPrefix("#") else { return nil }
      let digits = name.dropFirst()
      let number =
        digits.first == "x" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits, radix: 10)
      return number.flatMap { $0 == 0 ? nil : Unicode.Scalar($0) }
    }
  }
}
