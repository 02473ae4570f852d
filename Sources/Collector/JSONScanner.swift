import CustomerJourney

/// Rows of JSON Lines, or the objects of one JSON array, with nested keys as dotted paths:
/// `{"user": {"id": 7}, "tags": ["a"]}` has the columns `user.id` and `tags.0`.
final class JSONScanner: RowScanner {
  let row = RowFields()
  var line: Int { splitter.line }
  var columns: [String] { names.all }
  var excerpt: String { splitter.excerpt }

  private let splitter: JSONSplitter
  private var names: ColumnNames

  init(window: ByteWindow, isArray: Bool, columns: ColumnNames = ColumnNames()) {
    splitter = JSONSplitter(window: window, isArray: isArray, limit: Limits.eventBytes)
    names = columns
  }

  func next() -> RowOutcome {
    switch splitter.next() {
    case .end: return .end
    case .rejected(let reason, let text): return .rejected(reason: reason, text: text)
    case .object(let bytes):
      guard let problem = read(bytes) else { return .row }
      let text = splitter.excerpt
      splitter.takeBack()
      return .rejected(reason: problem, text: text)
    }
  }

  /// Reads one object into the row; returns why it cannot be.
  private func read(_ bytes: Bytes) -> String? {
    row.clear()
    let known = names.all.count
    var reader = JSONReader(bytes: bytes)
    do throws(JSONReader.Problem) {
      try reader.readObject { (path, value, kind) throws(JSONReader.Problem) in
        guard let column = try column(path) else { return }
        row.set(column, to: value, kind: kind)
      }
      return nil
    } catch {
      names.cut(to: known)
      return error.description
    }
  }

  private func column(_ path: String) throws(JSONReader.Problem) -> Int? {
    do throws(ColumnNames.TooMany) {
      return try names.number(of: path)
    } catch {
      throw JSONReader.Problem(description: ColumnNames.tooMany)
    }
  }
}

/// Walks over one JSON object and reports what stands at its leaves.
struct JSONReader {
  struct Problem: Error, CustomStringConvertible {
    let description: String
  }

  typealias Report = (String, Bytes, RowFields.Kind) throws(Problem) -> Void

  private let bytes: Bytes
  private var at = 0
  private var text: [UInt8] = []

  init(bytes: Bytes) { self.bytes = bytes }

  /// Reports each leaf that is not null by its dotted path.
  mutating func readObject(_ report: Report) throws(Problem) {
    skipSpace()
    guard peek == UInt8(ascii: "{") else { throw problem("is no JSON object") }
    try value("", depth: 0, report)
    skipSpace()
    guard at == bytes.count else { throw problem("has text after its JSON object") }
  }

  private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

  private func problem(_ what: String) -> Problem {
    Problem(description: "\(what) (at character \(at + 1))")
  }

  private mutating func skipSpace() {
    while at < bytes.count, bytes[at] == 32 || bytes[at] == 9 || bytes[at] == 10 || bytes[at] == 13
    {
      at += 1
    }
  }

  private mutating func value(
    _ path: String, depth: Int, _ report: Report
  ) throws(Problem) {
    guard depth <= Limits.jsonDepth else {
      throw problem("is nested deeper than \(Limits.jsonDepth) levels")
    }
    skipSpace()
    switch peek {
    case UInt8(ascii: "{"):
      at += 1
      try members(path, depth, report)
    case UInt8(ascii: "["):
      at += 1
      try elements(path, depth, report)
    case UInt8(ascii: "\""):
      try string()
      try text.withUnsafeBufferPointer { (bytes) throws(Problem) in try report(path, bytes, .text) }
    case UInt8(ascii: "t"): try report(path, word("true"), .flag)
    case UInt8(ascii: "f"): try report(path, word("false"), .flag)
    case UInt8(ascii: "n"): _ = try word("null")
    default:
      let start = at
      while let byte = peek, byte &- 48 < 10 || [43, 45, 46, 69, 101].contains(byte) { at += 1 }
      guard at > start, Double(String(decoding: bytes[start..<at], as: UTF8.self)) != nil else {
        throw problem("is no valid JSON")
      }
      try report(path, Bytes(rebasing: bytes[start..<at]), .number)
    }
  }

  private mutating func members(
    _ path: String, _ depth: Int, _ report: Report
  ) throws(Problem) {
    skipSpace()
    if peek == UInt8(ascii: "}") {
      at += 1
      return
    }
    while true {
      skipSpace()
      guard peek == UInt8(ascii: "\"") else { throw problem("has a key without quotes") }
      try string()
      let key = try extended(path, with: String(decoding: text, as: UTF8.self))
      skipSpace()
      guard peek == UInt8(ascii: ":") else { throw problem("has a key without a colon") }
      at += 1
      try value(key, depth: depth + 1, report)
      skipSpace()
      let mark = peek
      at += 1
      if mark == UInt8(ascii: "}") { return }
      guard mark == UInt8(ascii: ",") else { throw problem("has an object that does not end") }
    }
  }

  private mutating func elements(
    _ path: String, _ depth: Int, _ report: Report
  ) throws(Problem) {
    skipSpace()
    if peek == UInt8(ascii: "]") {
      at += 1
      return
    }
    var index = 0
    while true {
      try value(extended(path, with: String(index)), depth: depth + 1, report)
      index += 1
      skipSpace()
      let mark = peek
      at += 1
      if mark == UInt8(ascii: "]") { return }
      guard mark == UInt8(ascii: ",") else { throw problem("has an array that does not end") }
    }
  }

  private func extended(_ path: String, with key: String) throws(Problem) -> String {
    let longer = path.isEmpty ? key : "\(path).\(key)"
    // Paths are copied for each leaf below them.
    if longer.utf8.count > Limits.nameCharacters, longer.count > Limits.nameCharacters {
      throw problem("has a key or path of more than \(Limits.nameCharacters) characters")
    }
    return longer
  }

  private mutating func word(_ word: StaticString) throws(Problem) -> Bytes {
    let count = word.utf8CodeUnitCount
    guard at + count <= bytes.count,
      (0..<count).allSatisfy({ bytes[at + $0] == word.utf8Start[$0] })
    else { throw problem("is no valid JSON") }
    at += count
    return Bytes(rebasing: bytes[at - count..<at])
  }

  /// Reads a string into `text`, its escapes resolved.
  private mutating func string() throws(Problem) {
    at += 1
    text.removeAll(keepingCapacity: true)
    while let byte = peek {
      at += 1
      if byte == 34 { return }
      guard byte == 92 else {
        text.append(byte)
        continue
      }
      guard let escape = peek else { break }
      at += 1
      switch escape {
      case 34, 92, 47: text.append(escape)
      case UInt8(ascii: "b"): text.append(8)
      case UInt8(ascii: "f"): text.append(12)
      case UInt8(ascii: "n"): text.append(10)
      case UInt8(ascii: "r"): text.append(13)
      case UInt8(ascii: "t"): text.append(9)
      case UInt8(ascii: "u"): text.append(contentsOf: try String(scalar()).utf8)
      default: throw problem("has an unknown escape")
      }
    }
    throw problem("has a text that does not end")
  }

  private mutating func scalar() throws(Problem) -> Character {
    var unit = try hex()
    if unit & 0xFC00 == 0xD800, peek == 92, at + 1 < bytes.count,
      bytes[at + 1] == UInt8(ascii: "u")
    {
      at += 2
      let low = try hex()
      guard low & 0xFC00 == 0xDC00 else { throw problem("has half a character") }
      unit = 0x10000 + (unit & 0x3FF) << 10 + (low & 0x3FF)
    }
    guard unit != 0, let scalar = Unicode.Scalar(unit) else {
      throw problem("has half a character")
    }
    return Character(scalar)
  }

  private mutating func hex() throws(Problem) -> UInt32 {
    guard at + 4 <= bytes.count,
      let unit = UInt32(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
    else { throw problem("has an unknown escape") }
    at += 4
    return unit
  }
}
