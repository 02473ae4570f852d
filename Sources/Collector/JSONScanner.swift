import CustomerJourney

/// Rows of JSON Lines, or the objects of one JSON array, with nested keys as dotted paths:
/// `{"user": {"id": 7}, "tags": ["a"]}` has the columns `user.id` and `tags.0`.
final class JSONScanner: RowScanner {
  let row = RowFields()
  private(set) var line = 0
  /// Paths in the order in which they were met; a column is an index into it.
  private(set) var columns: [String]

  private let window: ByteWindow
  private let isArray: Bool
  private let isClosed: Bool
  private var columnOfPath: [String: Int]
  private var nextLine = 1
  private var rowEnd = 0

  /// `isClosed` when no columns may come besides these.
  init(window: ByteWindow, isArray: Bool, columns: [String] = [], isClosed: Bool = false) {
    self.window = window
    self.isClosed = isClosed
    self.isArray = isArray
    self.columns = columns
    columnOfPath = Dictionary(
      zip(columns, columns.indices), uniquingKeysWith: { first, _ in first })
  }

  var excerpt: String {
    let count = min(Limits.excerptBytes, rowEnd - window.start)
    return String(
      decoding: Bytes(start: window.base + max(0, rowEnd - count), count: max(0, count)),
      as: UTF8.self)
  }

  func next() -> RowOutcome {
    while true {
      skipBlank()
      if window.start == window.end { return .end }
      line = nextLine
      guard let length = objectLength() else {
        if window.failure != nil {
          window.start = window.end
          return .end
        }
        return reject("is longer than \(Limits.eventBytes) bytes, or not a complete JSON object")
      }
      let bytes = Bytes(start: window.base + window.start, count: length)
      let problem = textProblem(bytes) ?? read(bytes)
      if let problem { return reject(problem) }
      nextLine += lineBreaks(bytes)
      window.start += length
      return .row
    }
  }

  private func reject(_ reason: String) -> RowOutcome {
    let text = window.excerpt()
    window.skipLine()
    nextLine += 1
    return .rejected(reason: reason, text: text)
  }

  private func lineBreaks(_ bytes: Bytes) -> Int { bytes.count { $0 == 10 } }

  /// White space, and between the objects of an array its brackets and commas.
  private func skipBlank() {
    while true {
      while window.start < window.end {
        let byte = window.base[window.start]
        let isMark = isArray && (byte == 44 || byte == 91 || byte == 93)
        guard byte == 32 || byte == 9 || byte == 10 || byte == 13 || isMark else { return }
        if byte == 10 { nextLine += 1 }
        window.start += 1
      }
      if !window.fill() { return }
    }
  }

  /// Bytes of the object at the start of the window: up to its closing brace in an array, up to the
  /// end of the line in JSON Lines. Nil when it does not end within the limit.
  private func objectLength() -> Int? {
    var at = window.start
    var depth = 0
    var inText = false
    if isArray, window.base[at] != UInt8(ascii: "{") { return nil }
    while true {
      while at < window.end {
        let byte = window.base[at]
        if !isArray {
          if byte == 10 || byte == 13 { return at - window.start }
        } else if inText {
          // A text ends on its line and objects nest so deep only: a broken one is found soon,
          // else each line of a hostile file would cost a look at the next megabyte.
          if byte == 10 { return nil }
          if byte == 92 { at += 1 } else if byte == 34 { inText = false }
        } else if byte == 34 {
          inText = true
        } else if byte == 123 {
          depth += 1
          if depth > Limits.jsonDepth { return nil }
        } else if byte == 125 {
          depth -= 1
          if depth <= 0 { return min(at, window.end - 1) + 1 - window.start }
        }
        at += 1
      }
      let seen = at - window.start
      if seen > Limits.eventBytes { return nil }
      if !window.fill() {
        if window.failure != nil { return nil }
        return isArray ? nil : window.end - window.start
      }
      at = window.start + seen
    }
  }

  /// Reads one object into the row; returns why it cannot be.
  private func read(_ bytes: Bytes) -> String? {
    rowEnd = window.start + bytes.count
    if bytes.count > Limits.eventBytes { return "is longer than \(Limits.eventBytes) bytes" }
    row.clear()
    let known = columns.count
    var reader = JSONReader(bytes: bytes)
    do throws(JSONReader.Problem) {
      try reader.readObject { (path, value, kind) throws(JSONReader.Problem) in
        guard let column = try column(path) else { return }
        row.set(column, to: value, kind: kind)
      }
      return nil
    } catch {
      // A row that is no row brings no columns.
      for path in columns[known...] { columnOfPath[path] = nil }
      columns.removeSubrange(known...)
      return error.description
    }
  }

  /// Nil for a path that nobody asks for.
  private func column(_ path: String) throws(JSONReader.Problem) -> Int? {
    if let known = columnOfPath[path] { return known }
    if isClosed { return nil }
    guard columns.count < Limits.columnsPerFile else {
      throw JSONReader.Problem(
        description: "has a key that the rows before it lack, and those have "
          + "\(Limits.columnsPerFile) different ones, the most of a file")
    }
    columns.append(path)
    columnOfPath[path] = columns.count - 1
    return columns.count - 1
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
