import CustomerJourney

/// Events of a XES log (IEEE 1849) as rows: an event's attributes are columns by their keys, those
/// of its trace by `case:` and the key, as pm4py names them too. Nested attributes have dotted paths.
///
/// What a log says of itself (extensions, globals, classifiers, its own attributes) is passed by.
final class XESScanner: RowScanner {
  static let customer = "case:concept:name"
  static let event = "concept:name"
  static let time = "time:timestamp"
  static let id = "identity:id"
  static let casePrefix = "case:"

  let row = RowFields()
  private(set) var line = 0
  private(set) var failure: ImportError?
  var columns: [String] { names.all }

  private struct Field {
    var column: Int
    var value: String
    var kind: RowFields.Kind
  }

  private let xml: XMLScanner
  private let window: ByteWindow
  private let file: String
  private var names: ColumnNames
  private var traceFields: [Field] = []
  private var eventFields: [Field] = []
  /// Why the event, or its whole trace, cannot be used.
  private var eventProblem: String?
  private var traceProblem: String?
  /// Paths of the attributes that are open, the innermost last.
  private var path: [String] = []

  init(window: ByteWindow, file: String, columns: ColumnNames = ColumnNames()) {
    xml = XMLScanner(window: window)
    self.window = window
    self.file = file
    names = columns
  }

  /// Whether the first element is `log`.
  static func isXES(_ head: [UInt8]) -> Bool {
    (try? XMLScanner(window: ByteWindow(text: head)).next()) == .open("log")
  }

  var excerpt: String {
    var text = ""
    for field in eventFields where text.utf8.count < Limits.excerptBytes {
      text += "\(names.all[field.column])=\(field.value) "
    }
    return String(decoding: text.utf8.prefix(Limits.excerptBytes), as: UTF8.self)
  }

  func next() -> RowOutcome {
    do throws(XMLScanner.Problem) {
      while true {
        switch try xml.next() {
        case .end: return .end
        case .open(let name): try opened(name)
        case .close(let name):
          if let outcome = closed(name) { return outcome }
        }
      }
    } catch {
      if window.failure == nil {
        failure = ImportError(
          .brokenArchive,
          "\(file) \(error.reason) (line \(xml.line)); the events before that are good, get the "
            + "file again for the rest.")
      }
      window.start = window.end
      return .end
    }
  }

  // MARK: Elements

  /// Where the element stands that was just opened or closed: the names above it.
  private enum Place { case log, trace, event, aside }

  private func place(_ above: ArraySlice<String>) -> Place {
    guard above.first == "log" else { return .aside }
    if above.count == 1 { return .log }
    let second = above[above.startIndex + 1]
    if second == "event" { return .event }
    guard second == "trace" else { return .aside }
    return above.count > 2 && above[above.startIndex + 2] == "event" ? .event : .trace
  }

  private func opened(_ name: String) throws(XMLScanner.Problem) {
    if xml.open.count == 1, name != "log" {
      throw XMLScanner.Problem(reason: "is no XES log")
    }
    switch (place(xml.open.dropLast()), name) {
    case (.log, "trace"):
      traceFields.removeAll(keepingCapacity: true)
      traceProblem = nil
    case (.log, "event"):
      begin()
      eventProblem = "stands in no trace, so it has no customer"
    case (.trace, "event"): begin()
    case (.trace, _):
      let problem = add(to: &traceFields, Self.casePrefix)
      traceProblem = traceProblem ?? problem
    case (.event, _):
      let problem = add(to: &eventFields, "")
      eventProblem = eventProblem ?? problem
    case (.log, _), (.aside, _): break
    }
  }

  private func begin() {
    line = xml.line
    eventFields.removeAll(keepingCapacity: true)
    eventProblem = nil
  }

  private func closed(_ name: String) -> RowOutcome? {
    switch (place(xml.open[...]), name) {
    case (.log, "event"), (.trace, "event"): return finished()
    case (.trace, _), (.event, _):
      if !path.isEmpty { path.removeLast() }
      return nil
    case (.log, _), (.aside, _): return nil
    }
  }

  private func finished() -> RowOutcome {
    if let problem = traceProblem ?? eventProblem {
      return .rejected(reason: problem, text: excerpt)
    }
    row.clear()
    for field in traceFields + eventFields {
      var value = field.value
      value.withUTF8 { row.set(field.column, to: $0, kind: field.kind) }
    }
    return .row
  }

  // MARK: Attributes

  /// Adds the attribute whose tag was just opened, and goes into it; returns what is wrong with it.
  private func add(to fields: inout [Field], _ prefix: String) -> String? {
    var key: String?
    var value: String?
    for attribute in xml.attributes {
      if attribute.name == "key" { key = attribute.value }
      if attribute.name == "value" { value = attribute.value }
    }
    // `values` within a list has no key of its own.
    let outer = path.last
    guard let key, !key.isEmpty else {
      path.append(outer ?? "")
      return nil
    }
    let whole = outer.map { $0.isEmpty ? key : "\($0).\(key)" } ?? key
    path.append(whole)
    if let problem = xml.textProblem { return problem }
    guard whole.utf8.count + prefix.utf8.count <= Limits.nameCharacters else {
      return "has a key of more than \(Limits.nameCharacters) characters"
    }
    guard let value, let type = xml.open.last else { return nil }
    do throws(ColumnNames.TooMany) {
      guard let column = try names.number(of: prefix + whole) else { return nil }
      fields.append(Field(column: column, value: value, kind: Self.kind(type, value)))
      return nil
    } catch {
      return ColumnNames.tooMany
    }
  }

  private static func kind(_ type: String, _ value: String) -> RowFields.Kind {
    switch type {
    case "int", "float": Double(value)?.isFinite == true ? .number : .text
    case "boolean": value == "true" || value == "false" ? .flag : .text
    default: .text
    }
  }

  // MARK: What the columns are

  /// What the columns of a log are when no mapping says it: the standard's own keys say who, when
  /// and what; an attribute `channel` is the channel; what else a trace has are the customer's traits.
  static func mapping(for columns: [String]) -> ImportMapping {
    var mapping = ImportMapping()
    mapping.columns[.customer] = .column(customer)
    mapping.columns[.event] = .column(event)
    mapping.time = .init(columns: [time])
    if columns.contains(id) { mapping.columns[.id] = .column(id) }
    let channel = ["channel", casePrefix + "channel"].first { columns.contains($0) }
    if let channel { mapping.columns[.channel] = .column(channel) }
    mapping.traits =
      columns.filter { $0.hasPrefix(casePrefix) && $0 != customer && $0 != channel }
      .map { .init(column: $0, name: String($0.dropFirst(casePrefix.count))) }
    mapping.extra = .all
    return mapping
  }
}
