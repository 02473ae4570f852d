import CustomerJourney
import Foundation

/// What stands between two fields of a row.
package enum Delimiter: Hashable, Sendable, CustomStringConvertible {
  case character(UInt8)
  /// Columns of spaces and tabs, as in files of fixed width; there are no quotes.
  case whitespace

  package static let comma = Delimiter.character(UInt8(ascii: ","))

  /// A character, or its name: `semicolon`, `tab`, `whitespace`.
  init?(spelling text: String) {
    switch text.lowercased() {
    case "comma": self = .comma
    case "semicolon": self = .character(UInt8(ascii: ";"))
    case "tab", "\\t", "\t": self = .character(9)
    case "pipe": self = .character(UInt8(ascii: "|"))
    case "whitespace", "spaces": self = .whitespace
    default:
      guard text.utf8.count == 1, let byte = text.utf8.first, byte != 34, byte > 32, byte < 127
      else { return nil }
      self = .character(byte)
    }
  }

  package var description: String {
    switch self {
    case .character(9): "tab"
    case .character(let byte): "\"\(Character(Unicode.Scalar(byte)))\""
    case .whitespace: "white space"
    }
  }
}

/// What came of reading one row.
enum RowOutcome: Equatable {
  /// Its fields are in `RowFields`.
  case row
  /// It cannot be used, for this reason; reading goes on at the next line.
  case rejected(reason: String, text: String)
  case end
}

/// Reads rows one by one into the same ``RowFields``.
protocol RowScanner: AnyObject {
  var row: RowFields { get }
  /// Line of the row that was read last, from 1.
  var line: Int { get }
  func next() -> RowOutcome
  /// The row as it stands in the file.
  var excerpt: String { get }
  /// The columns so far, where they are found while the file is read; else none.
  var columns: [String] { get }
  /// Why nothing more can be read though the text goes on.
  var failure: ImportError? { get }
}

extension RowScanner {
  var columns: [String] { [] }
  var failure: ImportError? { nil }
}

/// Rows of CSV as RFC 4180 has them and as people have them: any delimiter, LF, CRLF and CR, line
/// breaks in quotes, spaces before quotes, quotes inside fields without quotes.
///
/// A quote that is never closed does not swallow the rest: the row ends as rejected at
/// ``Limits/eventBytes``, and reading goes on at the line after the one where it began. Where that
/// would be done too often, see ``Limits/rescannedBytes``, the lines that were swallowed are read
/// as rows of one line, so that a file takes time by its length whatever its quotes.
final class CSVScanner: RowScanner {
  let row = RowFields()
  private(set) var line = 0
  /// A row of several lines that has more fields than this is taken as an unclosed quote.
  var expectedFields = Limits.columnsPerFile

  private let window: ByteWindow
  private let delimiter: Delimiter
  private var nextLine = 1
  /// Bytes of rejected rows beyond their first line, which are looked at again.
  private(set) var rescanned = 0
  /// Before this line no quote may hold a line break.
  private var linewiseUntil = 0
  /// Where the fields of the row are, and whether doubled quotes are in it.
  private var found: [FoundField] = []
  private var rowStart = 0
  private var rowEnd = 0

  init(window: ByteWindow, delimiter: Delimiter) {
    self.window = window
    self.delimiter = delimiter
  }

  private enum Scan {
    case complete(next: Int, lines: Int)
    case needsMore
    /// With the end of what was looked at.
    case malformed(String, end: Int)
  }

  var excerpt: String {
    let count = min(Limits.excerptBytes, rowEnd - rowStart)
    return String(decoding: Bytes(start: window.base + rowStart, count: count), as: UTF8.self)
  }

  func next() -> RowOutcome {
    while true {
      if window.start == window.end, !window.fill() { return .end }
      line = nextLine
      switch scan(&found) {
      case .complete(let next, let lines):
        rowStart = window.start
        nextLine += lines
        let isBlank = found.count == 1 && found[0].start == found[0].end
        let outcome = isBlank ? nil : take()
        window.start = next
        if let outcome { return outcome }
      case .needsMore:
        if window.end - window.start > Limits.eventBytes {
          return reject("is longer than \(Limits.eventBytes) bytes", end: window.end)
        }
        if !window.fill(), window.failure != nil {
          // Half a row before damage is not a row.
          window.start = window.end
          return .end
        }
      case .malformed(let reason, let end):
        return reject(reason, end: end)
      }
    }
  }

  private func reject(_ reason: String, end: Int) -> RowOutcome {
    let text = window.excerpt()
    let breaks = lineBreaks(from: window.start, to: end)
    if breaks > 0 {
      rescanned += end - window.start
      if rescanned > Limits.rescannedBytes + window.bytesPassed {
        linewiseUntil = max(linewiseUntil, nextLine + breaks + 1)
      }
    }
    window.skipLine()
    nextLine += 1
    return .rejected(reason: reason, text: text)
  }

  /// Copies the fields that were found; checks that the row is text.
  private func take() -> RowOutcome {
    let bytes = Bytes(start: window.base + rowStart, count: rowEnd - rowStart)
    if let reason = textProblem(bytes) { return .rejected(reason: reason, text: excerpt) }
    row.load(bytes, found, from: rowStart)
    return .row
  }

  private func scan(_ found: inout [FoundField]) -> Scan {
    found.removeAll(keepingCapacity: true)
    guard case .character(let delimiter) = delimiter else { return scanWhitespace(&found) }
    let base = window.base
    let end = window.end
    let isLast = window.isAtEnd
    var at = window.start
    var breaks = 0
    while true {
      var quote = at
      while quote < end, base[quote] == 32 { quote += 1 }
      if quote == end, !isLast { return .needsMore }
      if quote < end, base[quote] == UInt8(ascii: "\"") {
        at = quote + 1
        let start = at
        var doubled = false
        while true {
          if nextLine < linewiseUntil {
            while at < end, base[at] != 34, base[at] != 10, base[at] != 13 { at += 1 }
            if at < end, base[at] != 34 {
              return .malformed("has a quote that is not closed on its line", end: at)
            }
          } else if let hit = memchr(base + at, 34, end - at) {
            at = hit.assumingMemoryBound(to: UInt8.self) - UnsafeMutablePointer(base)
          } else {
            at = end
          }
          if at == end {
            return isLast ? .malformed("has a quote that is never closed", end: end) : .needsMore
          }
          if at + 1 == end, !isLast { return .needsMore }
          if at + 1 < end, base[at + 1] == UInt8(ascii: "\"") {
            doubled = true
            at += 2
            continue
          }
          break
        }
        if at - window.start > Limits.eventBytes {
          return .malformed(
            "is longer than \(Limits.eventBytes) bytes, or a quote is not closed", end: at)
        }
        found.append(FoundField(start: start, end: at, isDoubled: doubled))
        breaks += lineBreaks(from: start, to: at)
        at += 1
        while at < end, base[at] == 32 { at += 1 }
        if at == end, !isLast { return .needsMore }
        if at < end, base[at] != delimiter, base[at] != 10, base[at] != 13 {
          return .malformed("has text after a closing quote", end: at)
        }
      } else {
        let start = at
        while at < end {
          let byte = base[at]
          if byte == delimiter || byte == 10 || byte == 13 { break }
          at += 1
        }
        if at == end, !isLast { return .needsMore }
        found.append(FoundField(start: start, end: at))
      }
      if found.count > Limits.columnsPerFile {
        return .malformed("has more than \(Limits.columnsPerFile) fields", end: at)
      }
      if breaks > 0, found.count > expectedFields {
        return .malformed("has a quote that is not closed on its line", end: at)
      }
      if at < end, base[at] == delimiter {
        at += 1
        // A delimiter as the very last byte has an empty field after it.
        if at == end, isLast {
          found.append(FoundField(start: at, end: at))
          return finish(at, breaks)
        }
        continue
      }
      return finish(at, breaks)
    }
  }

  private func scanWhitespace(_ found: inout [FoundField]) -> Scan {
    let base = window.base
    let end = window.end
    var at = window.start
    while true {
      while at < end, base[at] == 32 || base[at] == 9 { at += 1 }
      let start = at
      while at < end, base[at] > 32 { at += 1 }
      if at == end, !window.isAtEnd { return .needsMore }
      if at > start { found.append(FoundField(start: start, end: at)) }
      if found.count > Limits.columnsPerFile {
        return .malformed("has more than \(Limits.columnsPerFile) fields", end: at)
      }
      if at < end, base[at] == 32 || base[at] == 9 { continue }
      if at < end, base[at] != 10, base[at] != 13 {
        at += 1
        continue
      }
      if found.isEmpty { found.append(FoundField(start: at, end: at)) }
      return finish(at, 0)
    }
  }

  private func finish(_ at: Int, _ breaks: Int) -> Scan {
    rowEnd = at
    if at - window.start > Limits.eventBytes {
      return .malformed("is longer than \(Limits.eventBytes) bytes", end: at)
    }
    guard at < window.end else { return .complete(next: at, lines: breaks + 1) }
    if window.base[at] == 13 {
      if at + 1 == window.end, !window.isAtEnd { return .needsMore }
      if at + 1 < window.end, window.base[at + 1] == 10 {
        return .complete(next: at + 2, lines: breaks + 1)
      }
    }
    return .complete(next: at + 1, lines: breaks + 1)
  }

  private func lineBreaks(from start: Int, to end: Int) -> Int {
    var count = 0
    for at in start..<end {
      if window.base[at] == 10 { count += 1 }
      if window.base[at] == 13, at + 1 == end || window.base[at + 1] != 10 { count += 1 }
    }
    return count
  }

  /// The delimiter that cuts the first rows of `head` into the same number of fields, and into
  /// most of them.
  static func delimiter(of head: [UInt8]) -> Delimiter {
    var best = (delimiter: Delimiter.comma, score: 0.0)
    for byte in [UInt8(ascii: ","), UInt8(ascii: ";"), 9, UInt8(ascii: "|")] {
      let scanner = CSVScanner(window: ByteWindow(text: head), delimiter: .character(byte))
      var counts: [Int] = []
      while counts.count < 50 {
        let outcome = scanner.next()
        if outcome == .end { break }
        if outcome == .row { counts.append(scanner.row.count) }
      }
      // The last row of the head may be cut off.
      if counts.count > 2 { counts.removeLast() }
      guard let columns = counts.first, columns > 1 else { continue }
      let same = Double(counts.count { $0 == columns }) / Double(counts.count)
      let score = same * same * (1 + Double(min(columns, 100)) / 100)
      if score > best.score { best = (.character(byte), score) }
    }
    return best.delimiter
  }
}

/// Why these bytes are no text, or nil when they are UTF-8 without NUL.
func textProblem(_ bytes: Bytes) -> String? {
  guard let base = bytes.baseAddress, bytes.count > 0 else { return nil }
  if memchr(base, 0, bytes.count) != nil { return "holds NUL bytes" }
  var high: UInt8 = 0
  for byte in bytes { high |= byte }
  if high < 0x80 { return nil }
  return String(validating: bytes, as: UTF8.self) == nil
    ? "holds bytes that are no characters in the file's encoding" : nil
}
