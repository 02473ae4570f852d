import CustomerJourney

/// What a file holds, as `--format` names it.
package enum ImportFormat: Hashable, Sendable {
  case csv
  /// JSON Lines or one JSON array, of rows with columns.
  case json
  /// IEEE 1849, the standard of process mining.
  case xes
  /// A web server's log, in the common or the combined format.
  case combinedLog
  /// Events as a client sends them, by the name of their ``Dialect``.
  case events(String)

  /// Every name, in the order in which help shows them.
  package static var names: [String] {
    [csv, json, xes, combinedLog].map(\.name) + FrontDoor.dialects.map(\.name)
  }

  /// Nil for a name that is none.
  package init?(_ name: String) {
    switch name {
    case Self.csv.name: self = .csv
    case Self.json.name: self = .json
    case Self.xes.name: self = .xes
    case Self.combinedLog.name: self = .combinedLog
    default:
      guard FrontDoor.dialects.contains(where: { $0.name == name }) else { return nil }
      self = .events(name)
    }
  }

  package var name: String {
    switch self {
    case .csv: "csv"
    case .json: "jsonl"
    case .xes: "xes"
    case .combinedLog: "combined-log"
    case .events(let name): name
    }
  }

  /// True for rows with columns, of which a mapping can say what they are.
  package var isTable: Bool {
    switch self {
    case .csv, .json, .xes: true
    case .combinedLog, .events: false
    }
  }

  /// Finds the format from the first bytes of a file. Throws ``ImportError`` for XML that is no XES.
  ///
  /// Rows are the rest: what is no other format is read as CSV, or as JSON with columns.
  static func find(in head: [UInt8], file: String, amongTables: Bool) throws -> ImportFormat {
    switch head.first(where: { ![32, 9, 10, 13].contains($0) }) {
    case UInt8(ascii: "<"):
      guard XESScanner.isXES(head) else {
        throw ImportError(
          .notText,
          "\(file) is XML but no XES log; export it as XES, CSV or JSON Lines and import that.")
      }
      return .xes
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      if !amongTables, let name = EventFile.dialect(ofJSON: head) { return .events(name) }
      return .json
    default:
      if amongTables { return .csv }
      if CombinedLog.isLog(head) { return .combinedLog }
      return EventFile.dialect(ofQueries: head).map { .events($0) } ?? .csv
    }
  }
}
