import CustomerJourney

/// The objects of JSON Lines, or those of one JSON array, as bytes that nobody has read yet.
final class JSONSplitter {
  enum Outcome {
    /// Lives until the next call.
    case object(Bytes)
    case rejected(reason: String, text: String)
    case end
  }

  /// Line on which the last object began, from 1.
  private(set) var line = 0

  private let window: ByteWindow
  private let isArray: Bool
  private let limit: Int
  private var nextLine = 1
  /// Bytes of the object that was handed out, and the line breaks in them.
  private var taken = 0
  private var breaks = 0

  /// - Parameters:
  ///   - isArray: Objects end with their brace, not with their line; commas and brackets between
  ///     them are passed by.
  ///   - limit: Bytes of one object.
  init(window: ByteWindow, isArray: Bool, limit: Int) {
    self.window = window
    self.isArray = isArray
    self.limit = limit
  }

  func next() -> Outcome {
    window.start += taken
    nextLine += breaks
    (taken, breaks) = (0, 0)
    skipBlank()
    if window.start == window.end { return .end }
    line = nextLine
    guard let length = objectLength() else {
      if window.failure != nil {
        window.start = window.end
        return .end
      }
      return rejected("is longer than \(limit) bytes, or not a complete JSON object")
    }
    let bytes = Bytes(start: window.base + window.start, count: length)
    if let problem = textProblem(bytes) { return rejected(problem) }
    if length > limit { return rejected("is longer than \(limit) bytes") }
    taken = length
    breaks = bytes.count { $0 == 10 }
    return .object(bytes)
  }

  /// The beginning of the object that was handed out last.
  var excerpt: String {
    String(
      decoding: Bytes(
        start: window.base + window.start, count: min(Limits.excerptBytes, taken)),
      as: UTF8.self)
  }

  /// Takes the last object back: reading goes on at the line after the one where it began.
  func takeBack() {
    (taken, breaks) = (0, 0)
    window.skipLine()
    nextLine += 1
  }

  private func rejected(_ reason: String) -> Outcome {
    let text = window.excerpt()
    takeBack()
    return .rejected(reason: reason, text: text)
  }

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
      if seen > limit { return nil }
      if !window.fill() {
        if window.failure != nil { return nil }
        return isArray ? nil : window.end - window.start
      }
      at = window.start + seen
    }
  }
}

/// Columns that are met while a file is read, in the order in which they are met.
struct ColumnNames {
  struct TooMany: Error {}

  private(set) var all: [String]
  private var numbers: [String: Int]
  private let isClosed: Bool

  /// `isClosed` when no columns may come besides these.
  init(_ names: [String] = [], isClosed: Bool = false) {
    all = names
    self.isClosed = isClosed
    numbers = Dictionary(zip(names, names.indices), uniquingKeysWith: { first, _ in first })
  }

  /// Its number; nil for a column that nobody asks for.
  mutating func number(of name: String) throws(TooMany) -> Int? {
    if let known = numbers[name] { return known }
    if isClosed { return nil }
    guard all.count < Limits.columnsPerFile else { throw TooMany() }
    all.append(name)
    numbers[name] = all.count - 1
    return all.count - 1
  }

  /// Forgets those that came after the first `count`: a row that is no row brings no columns.
  mutating func cut(to count: Int) {
    for name in all[count...] { numbers[name] = nil }
    all.removeSubrange(count...)
  }

  static let tooMany =
    "has a key that the rows before it lack, and those have "
    + "\(Limits.columnsPerFile) different ones, the most of a file"
}
