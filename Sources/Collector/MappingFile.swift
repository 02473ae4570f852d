import CustomerJourney
import Foundation
import Yams

extension ImportMapping {
  /// Reads a mapping from a YAML file.
  package init(path: String) throws {
    let text = try MappingNode.text(ofFile: path)
    self = try ImportMapping(yaml: text, name: (path as NSString).lastPathComponent)
    folder = (path as NSString).deletingLastPathComponent
  }

  /// Reads a mapping; `name` stands in errors. Throws ``ImportError`` of kind `mapping`.
  package init(yaml: String, name: String = "the mapping") throws {
    let root = try MappingNode(yaml: yaml, name: name)
    let keys = [
      "source", "encoding", "delimiter", "header", "decimal", "zone", "columns", "time",
      "constants", "events", "channels", "origins", "devices", "when", "moments", "multiply",
      "group", "traits", "extra", "skip", "join", "account",
    ]
    self.init()
    for (key, node) in try root.entries(allowed: keys) {
      switch key {
      case "source": source = try node.text()
      case "encoding":
        encoding = try node.parsed("utf-8, utf-16le, utf-16be, windows-1252 or latin-1") {
          TextEncoding(spelling: $0)
        }
      case "delimiter":
        delimiter = try node.parsed("one character, or comma, semicolon, tab, pipe, whitespace") {
          Delimiter(spelling: $0)
        }
      case "header": hasHeader = try node.parsed("true or false") { Bool($0) }
      case "decimal":
        decimal = try node.parsed("\".\" or \",\"") { [".": 46, ",": 44][$0] }
      case "zone": zone = try node.zone()
      case "columns": try readColumns(node)
      case "time": try setTime(node)
      case "constants": try readConstants(node)
      case "events": names[.event] = try node.texts()
      case "channels": names[.channel] = try node.texts()
      case "origins": names[.origin] = try node.texts()
      case "devices": names[.device] = try node.texts()
      case "when": choices = try node.list().map { try $0.choice() }
      case "moments": moments = try node.list().map { try $0.moment() }
      case "multiply":
        guard try node.text() == "value by quantity" else {
          throw node.error("says how amounts are made; the only form is \"value by quantity\"")
        }
        multipliesByQuantity = true
      case "group":
        for (_, column) in try node.entries(allowed: ["by"]) { groupBy = try column.text() }
      case "traits": traits = try node.kept()
      case "extra": extra = node.plain == "all" ? .all : .columns(try node.kept())
      case "account": account = try node.company()
      case "skip": skipWithout = try node.listOrOne().map { try $0.skip() }
      default: join = try node.join()
      }
    }
    if !moments.isEmpty, groupBy != nil {
      throw root.error("has both moments and group, which exclude each other; keep one")
    }
    if multipliesByQuantity, columns[.quantity] == nil {
      throw root.error(
        "multiplies value by quantity, but columns names no quantity; add \"quantity: COLUMN\"")
    }
  }

  private mutating func setTime(_ node: MappingNode) throws {
    guard time == nil else {
      throw node.error("names the time twice, in columns and in time; keep one")
    }
    time = try node.time()
  }

  private mutating func readColumns(_ node: MappingNode) throws {
    for (key, cell) in try node.entries(allowed: ImportRole.allCases.map(\.rawValue)) {
      guard let role = ImportRole(rawValue: key) else { continue }
      if role == .time {
        try setTime(cell)
      } else if let text = cell.plain, text.contains("{") {
        columns[role] = .template(text)
      } else {
        columns[role] = .columns(try cell.listOrOne().map { try $0.text() })
      }
    }
  }

  private mutating func readConstants(_ node: MappingNode) throws {
    let roles: [ImportRole] = [
      .customer, .event, .channel, .origin, .device, .content, .campaign, .value, .currency,
    ]
    for (key, cell) in try node.entries(allowed: roles.map(\.rawValue)) {
      guard let role = ImportRole(rawValue: key) else { continue }
      let text = try cell.text()
      if role == .currency, Currency(text) == nil {
        throw cell.error("must be a currency code of three letters, such as EUR")
      }
      constants[role] = text
    }
  }
}

/// A place in a YAML file, with what errors need: where it is and what it belongs to.
struct MappingNode {
  let key: String
  let name: String
  private let node: Node

  init(yaml: String, name: String) throws {
    guard yaml.utf8.count <= Limits.mappingBytes else {
      throw ImportError(.mapping, "\(name) is longer than \(Limits.mappingBytes) bytes.")
    }
    let composed: Node?
    do {
      composed = try Yams.compose(yaml: yaml)
    } catch let error as YamlError {
      throw ImportError(.mapping, "\(name) is not valid YAML: \(Self.short(error)).")
    }
    guard let composed else {
      throw ImportError(.mapping, "\(name) is empty; see docs/import.md for what it can say.")
    }
    self.init(key: "", name: name, node: composed)
  }

  private init(key: String, name: String, node: Node) {
    self.key = key
    self.name = name
    self.node = node
  }

  static func text(ofFile path: String) throws -> String {
    let name = (path as NSString).lastPathComponent
    guard let data = FileManager.default.contents(atPath: path) else {
      throw ImportError(.unreadable, "\(name) cannot be read; check the path.")
    }
    guard let text = String(data: data, encoding: .utf8) else {
      throw ImportError(.mapping, "\(name) is not UTF-8 text; save it as that.")
    }
    return text
  }

  private static func short(_ error: YamlError) -> String {
    switch error {
    case .parser(_, let problem, let mark, _), .scanner(_, let problem, let mark, _):
      "\(problem) on line \(mark.line)"
    case .duplicatedKeysInMapping(let keys, _):
      "\(keys.joined(separator: ", ")) stands twice"
    default: "it cannot be parsed"
    }
  }

  /// `mapping.yaml, line 3: events …`
  func error(_ what: String) -> ImportError {
    let place = node.mark.map { ", line \($0.line)" } ?? ""
    let subject = key.isEmpty ? "it" : key
    return ImportError(.mapping, "\(name)\(place): \(subject) \(what).")
  }

  /// The text of a plain value.
  var plain: String? { node.scalar?.string }

  func text() throws -> String {
    guard let text = node.scalar?.string, !text.isEmpty else { throw error("must be a text") }
    return text
  }

  func parsed<Value>(_ what: String, _ parse: (String) -> Value?) throws -> Value {
    guard let value = parse(try text()) else { throw error("must be \(what)") }
    return value
  }

  func zone() throws -> Zone {
    try parsed("the name of a time zone, such as Europe/Amsterdam") { Zone($0) }
  }

  /// The entries of a map, in their order. Keys not in `allowed` are errors; nil allows all.
  func entries(allowed: [String]?) throws -> [(key: String, node: MappingNode)] {
    guard let mapping = node.mapping else { throw error("must be a map of keys and values") }
    var seen: Set<String> = []
    return try mapping.map { (keyNode, value) in
      guard let key = keyNode.scalar?.string else { throw error("has a key that is no text") }
      let entry = MappingNode(key: key, name: name, node: value)
      guard seen.insert(key).inserted else { throw entry.error("stands twice") }
      if let allowed, !allowed.contains(key) {
        throw MappingNode(key: "\"\(key)\"", name: name, node: keyNode).error(
          "is not known here\(suggestion(for: key, in: allowed)) (known are "
            + allowed.joined(separator: ", ") + ")")
      }
      return (key, entry)
    }
  }

  func list() throws -> [MappingNode] {
    guard let sequence = node.sequence else { throw error("must be a list") }
    return sequence.map { MappingNode(key: key, name: name, node: $0) }
  }

  func listOrOne() throws -> [MappingNode] { node.sequence == nil ? [self] : try list() }

  func texts() throws -> [String: String] {
    Dictionary(
      try entries(allowed: nil).map { ($0.key, try $0.node.text()) },
      uniquingKeysWith: { a, _ in a }
    )
  }

  /// A list of columns, or a map of columns and the names to keep them by.
  func kept() throws -> [ImportMapping.Kept] {
    if node.mapping != nil {
      return try entries(allowed: nil).map { .init(column: $0.key, name: try $0.node.text()) }
    }
    return try listOrOne().map { item in
      let column = try item.text()
      return .init(column: column, name: column)
    }
  }

  func time() throws -> ImportMapping.Time {
    if node.mapping == nil {
      return ImportMapping.Time(columns: try listOrOne().map { try $0.text() })
    }
    var time = ImportMapping.Time(columns: [])
    for (key, value) in try entries(allowed: ["column", "columns", "format", "zone"]) {
      switch key {
      case "format":
        let text = try value.text()
        if case .failure(let problem) = TimeFormat.parse(text) {
          throw value.error("cannot be used: \(problem.description)")
        }
        time.format = text
      case "zone": time.zone = try value.zone()
      default: time.columns = try value.listOrOne().map { try $0.text() }
      }
    }
    guard (1...2).contains(time.columns.count) else {
      throw error("needs one column, or two for a date and a clock")
    }
    return time
  }

  private static let tests = ["column", "is", "starts", "empty"]

  private func condition(besides others: [String]) throws -> (
    ImportMapping.Condition, [String: Self]
  ) {
    var column: String?
    var test: ImportMapping.Condition.Test?
    var rest: [String: Self] = [:]
    for (key, value) in try entries(allowed: Self.tests + others) {
      if Self.tests.dropFirst().contains(key), test != nil {
        throw value.error("is a second test; a condition has one of is, starts and empty")
      }
      switch key {
      case "column": column = try value.text()
      case "is": test = .isOneOf(try value.listOrOne().map { try $0.text() })
      case "starts": test = .starts(try value.text())
      case "empty":
        let isEmpty = try value.parsed("true or false") { Bool($0) }
        test = isEmpty ? .isEmpty : .isPresent
      default: rest[key] = value
      }
    }
    guard let column, let test else {
      throw error("needs a column and one of is, starts and empty")
    }
    return (ImportMapping.Condition(column: column, test: test), rest)
  }

  func choice() throws -> ImportMapping.Choice {
    let (condition, rest) = try condition(besides: ["event", "skip"])
    if let event = rest["event"], rest["skip"] == nil {
      return .init(condition: condition, result: .event(try event.text()))
    }
    guard let reason = rest["skip"], rest["event"] == nil else {
      throw error("needs either an event, or skip with the reason")
    }
    return .init(condition: condition, result: .skip(try reason.text()))
  }

  func moment() throws -> ImportMapping.Moment {
    var moment = ImportMapping.Moment(time: .init(columns: []), event: "")
    for (key, value) in try entries(allowed: ["time", "event", "value", "when"]) {
      switch key {
      case "time": moment.time = try value.time()
      case "event": moment.event = try value.text()
      case "value": moment.value = try value.text()
      default: moment.condition = try value.condition(besides: []).0
      }
    }
    guard !moment.time.columns.isEmpty, !moment.event.isEmpty else {
      throw error("needs a time and an event each")
    }
    return moment
  }

  func skip() throws -> String {
    let text = try text()
    let start = "rows without "
    guard text.hasPrefix(start), text.utf8.count > start.utf8.count else {
      throw error("must be \"rows without COLUMN\"")
    }
    return String(text.dropFirst(start.count))
  }

  func company() throws -> ImportMapping.Company {
    var key: ImportMapping.Cell?
    var role: String?
    var traits: [ImportMapping.Kept] = []
    for (name, node) in try entries(allowed: ["key", "role", "name", "domain", "traits"]) {
      switch name {
      case "key":
        if let text = node.plain, text.contains("{") {
          key = .template(text)
        } else {
          key = .columns(try node.listOrOne().map { try $0.text() })
        }
      case "role": role = try node.text()
      case "traits": traits += try node.kept()
      default: traits.append(.init(column: try node.text(), name: name))
      }
    }
    guard let key else { throw error("needs a key: the column that says which company it is") }
    return ImportMapping.Company(key: key, role: role, traits: traits)
  }

  func join() throws -> ImportMapping.Join {
    var join = ImportMapping.Join(file: "", column: "", key: "")
    for (key, value) in try entries(allowed: ["file", "by"]) {
      if key == "file" {
        join.file = try value.text()
      } else if let pair = try? value.entries(allowed: nil).first {
        join.column = pair.key
        join.key = try pair.node.text()
      } else {
        join.column = try value.text()
        join.key = join.column
      }
    }
    guard !join.file.isEmpty, !join.column.isEmpty else {
      throw error("needs a file, and by with the column that both have")
    }
    return join
  }
}
