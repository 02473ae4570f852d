package import Foundation

/// An answer that can be shown: as JSON for programs, as a table for people and spreadsheets.
package protocol Report: Encodable, Sendable {
  var table: ReportTable { get }
}

/// A report that has a picture of its own as well.
package protocol DrawnReport: Report {
  /// A standalone picture, readable on light and dark.
  var chart: BarChart { get }
}

extension Report {
  /// The same bytes for the same answer, ending in a line end.
  package func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }

  package func text() -> String { table.text() }
  package func csv() -> String { table.csv() }
}

extension DrawnReport {
  package func svg() -> String { chart.svg() }
}

/// Rows of cells under headings.
package struct ReportTable: Sendable, Equatable {
  package var columns: [Column]
  package var rows: [[Cell]]
  /// What a person must know beside the rows: totals, what was left out.
  package var notes: [String]

  package struct Column: Sendable, Equatable {
    /// As people read it: `Median dwell`.
    package var title: String
    /// As programs read it, with the unit: `medianDwellSeconds`.
    package var key: String
  }

  package enum Cell: Sendable, Equatable {
    case name(String)
    case count(Int)
    /// An amount of money in major units.
    case amount(Double)
    /// 0…1.
    case share(Double)
    case seconds(Double)
    /// Not known, or not there.
    case missing
  }

  package init(_ columns: [(title: String, key: String)], rows: [[Cell]], notes: [String] = []) {
    self.columns = columns.map { Column(title: $0.title, key: $0.key) }
    self.rows = rows
    self.notes = notes
  }

  /// Columns of even width: names to the left, numbers to the right.
  package func text() -> String {
    let cells = rows.map { $0.map(\.text) }
    let widths = columns.indices.map { column in
      max(columns[column].title.count, cells.map { $0[column].count }.max() ?? 0)
    }
    let isNumber = columns.indices.map { column in
      !rows.contains { row in if case .name = row[column] { true } else { false } }
    }
    func line(_ texts: [String]) -> String {
      let padded = texts.enumerated().map { column, text in
        let space = String(repeating: " ", count: widths[column] - text.count)
        return isNumber[column] ? space + text : text + space
      }
      return padded.joined(separator: "  ").trimmingTrailingSpaces + "\n"
    }
    var text = line(columns.map(\.title))
    text += line(widths.map { String(repeating: "─", count: $0) })
    for row in cells { text += line(row) }
    for note in notes { text += Cell.printable(note) + "\n" }
    return text
  }

  /// RFC 4180, with a heading. Names that a spreadsheet would run as a formula get a quote in front.
  package func csv() -> String {
    let lines = [columns.map(\.key)] + rows.map { $0.map(\.csv) }
    return lines.map { line in line.map(Self.quoted).joined(separator: ",") + "\r\n" }.joined()
  }

  private static func quoted(_ field: String) -> String {
    let needsQuotes = field.unicodeScalars.contains { "\",\r\n".unicodeScalars.contains($0) }
    return needsQuotes ? "\"\(field.replacing("\"", with: "\"\""))\"" : field
  }
}

extension ReportTable.Cell {
  var text: String {
    switch self {
    case .name(let name): Self.printable(name)
    case .count(let count): Self.grouped(count)
    case .amount(let amount): String(format: "%.2f", amount)
    case .share(let share): String(format: "%.1f %%", share * 100)
    case .seconds(let seconds): Self.duration(seconds)
    case .missing: "–"
    }
  }

  var csv: String {
    switch self {
    case .name(let name):
      // By scalars: a sign with an accent, or both signs of a line end, are one character.
      name.unicodeScalars.first.map { "=+-@\t\r\n".unicodeScalars.contains($0) } == true
        ? "'" + name : name
    case .count(let count): String(count)
    case .amount(let number), .share(let number), .seconds(let number): Self.plain(number)
    case .missing: ""
    }
  }

  /// Without what would steer a terminal or turn the direction of the text: names come from outside.
  package static func printable(_ text: String) -> String {
    String(
      String.UnicodeScalarView(
        text.unicodeScalars.map { scalar in
          switch scalar.properties.generalCategory {
          case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse: "\u{FFFD}"
          default: scalar
          }
        }))
  }

  /// `12,345`, or as another language groups its thousands.
  package static func grouped(
    _ count: Int, separator: Character = ",", minus: String = "-"
  ) -> String {
    let digits = String(count.magnitude)
    var text = count < 0 ? minus : ""
    for (i, digit) in digits.enumerated() {
      if i > 0, (digits.count - i).isMultiple(of: 3) { text.append(separator) }
      text.append(digit)
    }
    return text
  }

  /// The two largest units that say something: `3 d 4 h`.
  static func duration(_ seconds: Double) -> String {
    if seconds > 0, seconds < 1 { return "\(Int((seconds * 1000).rounded())) ms" }
    let whole = Int(seconds.rounded())
    let units = [(86_400, "d"), (3600, "h"), (60, "min"), (1, "s")]
    guard let first = units.firstIndex(where: { whole >= $0.0 }) else { return "0 s" }
    let (size, name) = units[first]
    let text = "\(whole / size) \(name)"
    guard first + 1 < units.count else { return text }
    let (nextSize, nextName) = units[first + 1]
    let rest = whole % size / nextSize
    return rest == 0 ? text : "\(text) \(rest) \(nextName)"
  }

  private static func plain(_ number: Double) -> String {
    number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : String(number)
  }
}

extension String {
  fileprivate var trimmingTrailingSpaces: String {
    var end = endIndex
    while end > startIndex, self[index(before: end)] == " " { end = index(before: end) }
    return String(self[..<end])
  }
}
