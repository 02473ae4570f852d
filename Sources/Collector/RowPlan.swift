import CustomerJourney

/// A mapping that has met the header of a file: names have become column numbers.
struct RowPlan {
  enum Cell: Hashable {
    case column(Int)
    /// The first of these that is not empty.
    case columns([Int])
    case template([TemplatePart])

    /// Every column that it reads.
    var columns: [Int] {
      switch self {
      case .column(let column): [column]
      case .columns(let columns): columns
      case .template(let parts):
        parts.compactMap { part in
          if case .column(let column) = part { column } else { nil }
        }
      }
    }
  }

  enum TemplatePart: Hashable {
    case text(String)
    case column(Int)
  }

  struct Time {
    var columns: [Int]
    var name: String
    var reader: TimeReader
  }

  struct Condition {
    var column: Int
    var test: ImportMapping.Condition.Test
  }

  struct Moment {
    /// Index into `times`.
    var time: Int
    var event: EventName
    var condition: Condition?
    var value: Int?
  }

  struct Kept {
    var column: Int
    var name: String
  }

  struct Company {
    var key: Cell
    var role: Int?
    var traits: [Kept]
  }

  /// Of the file, and after them those of the joined file.
  private(set) var header: [String]
  let fileColumns: Int
  private(set) var cells: [ImportRole: Cell] = [:]
  /// Every time column with its reader, which remembers what it found out about days.
  var times: [Time] = []
  /// Index into `times` of the touchpoint's own time; nil when it is in the moments.
  private(set) var time: Int?
  private(set) var choices: [(condition: Condition, result: ImportMapping.Choice.Result)] = []
  private(set) var moments: [Moment] = []
  private(set) var quantity: Int?
  private(set) var groupBy: Int?
  private(set) var traits: [Kept] = []
  private(set) var account: Company?
  private(set) var extra: [Kept] = []
  /// Columns from here on, which a JSON file can still bring, are kept as properties.
  private(set) var keepsColumnsFrom = Int.max
  private(set) var skipWithout: [(columns: [Int], name: String)] = []
  private(set) var joinColumn: Int?
  private(set) var constants: [ImportRole: String]
  private(set) var amounts: AmountReader
  private(set) var warnings: [String] = []
  private(set) var hasEvents = true

  private let file: String
  private let isOpen: Bool
  private let canAddColumns: Bool
  private let samples: [[[UInt8]]]
  private let zone: Zone
  private let now: Timestamp
  /// Headers that are somebody's data are not shown.
  private let showsHeader: Bool

  /// - Parameters:
  ///   - joined: Columns of the joined file.
  ///   - samples: The first rows, from which the order of dates and the decimal mark are found.
  ///   - isOpen: True where a column may first come later, and rows lack most.
  init(
    mapping: ImportMapping, header: [String], joined: [String], samples: [[[UInt8]]],
    file: String, isOpen: Bool, options: ImportOptions
  ) throws {
    self.header = header + joined
    fileColumns = header.count
    self.file = file
    self.isOpen = isOpen
    canAddColumns = isOpen && joined.isEmpty
    self.samples = samples
    zone = mapping.zone ?? options.zone
    now = options.now
    constants = mapping.constants
    amounts = AmountReader(decimal: mapping.decimal ?? 46)
    showsHeader = !header.contains { $0.contains("@") || $0.first?.isNumber == true }
    if let join = mapping.join { joinColumn = try column(join.column) }

    var found: [ImportRole: [Int]] = [:]
    // A company's own file has a column "account", which is nobody's key there.
    let finds =
      mapping.columns.isEmpty && mapping.time == nil && mapping.moments.isEmpty
      && mapping.account == nil
    if finds { found = ColumnFinder.find(in: header) }
    for (role, cell) in mapping.columns where role != .quantity {
      cells[role] = try planned(cell)
    }
    for (role, columns) in found where role != .time && role != .quantity {
      if mapping.constants[role] == nil { cells[role] = .column(columns[0]) }
    }
    if mapping.multipliesByQuantity, case .columns(let names)? = mapping.columns[.quantity] {
      quantity = try names.first.map { try column($0) }
    }
    if let time = mapping.time {
      self.time = try planned(time)
    } else if let columns = found[.time] {
      let names = columns.map { header[$0] }
      time = try planned(ImportMapping.Time(columns: names))
    }
    for choice in mapping.choices {
      choices.append((try planned(choice.condition), choice.result))
    }
    for moment in mapping.moments {
      moments.append(
        Moment(
          time: try planned(moment.time), event: EventName(moment.event),
          condition: try moment.condition.map { try planned($0) },
          value: try moment.value.map { try column($0) }))
    }
    if finds { dropUnlikelyID() }
    groupBy = try mapping.groupBy.map { try column($0) }
    traits = try mapping.traits.map { Kept(column: try column($0.column), name: $0.name) }
    account = try mapping.account.map { company in
      Company(
        key: try planned(company.key), role: try company.role.map { try column($0) },
        traits: try company.traits.map { Kept(column: try column($0.column), name: $0.name) })
    }
    for name in mapping.skipWithout {
      if let columns = ImportRole(rawValue: name).flatMap({ cells[$0]?.columns }) {
        skipWithout.append((columns, name))
      } else {
        skipWithout.append(([try column(name)], name))
      }
    }
    try settleEvents(mapping)
    try settleExtra(mapping, finds: finds)
    settleAmounts(mapping)
  }

  // MARK: What the header must have

  private mutating func settleEvents(_ mapping: ImportMapping) throws {
    let saysEvent = cells[.event] != nil || constants[.event] != nil || !choices.isEmpty
    if cells[.customer] == nil, constants[.customer] == nil {
      if account != nil, !saysEvent, moments.isEmpty {
        hasEvents = false
        return
      }
      throw missing("customer", example: "columns: {customer: COLUMN}")
    }
    if !saysEvent, moments.isEmpty {
      if !traits.isEmpty || (account != nil && cells[.value] == nil) {
        hasEvents = false
        return
      }
      guard cells[.value] != nil else {
        throw missing("event", example: "constants: {event: Order Completed}")
      }
      constants[.event] = "Order Completed"
      warnings.append(
        "There is no event column, but there are amounts: every row is taken as Order Completed. "
          + "Say it otherwise with \"constants: {event: …}\".")
    }
    if time == nil, moments.isEmpty { throw missing("time", example: "columns: {time: COLUMN}") }
    if constants[.channel] == nil {
      constants[.channel] = Channel.website.name
      if cells[.channel] == nil {
        warnings.append(
          "There is no channel column: every row is taken as Website. Say it otherwise with "
            + "\"constants: {channel: …}\".")
      }
    }
  }

  /// A column that is an id by its name is none when it repeats at one time in different rows: of
  /// those, all but one would be taken for the same message.
  private mutating func dropUnlikelyID() {
    guard let cell = cells[.id], let id = cell.columns.first, let time else { return }
    var rows: [[[UInt8]]: [[UInt8]]] = [:]
    for row in samples {
      guard let text = row[safe: id], !text.isEmpty else { continue }
      let key = [text] + times[time].columns.map { row[safe: $0] ?? [] }
      guard let other = rows.updateValue(row, forKey: key), other != row else { continue }
      cells[.id] = nil
      warnings.append(
        "The column \(header[id]) repeats in different rows of one time, so it is not taken as the "
          + "id of a message. Say it otherwise with \"columns: {id: \(header[id]), …}\".")
      return
    }
  }

  private mutating func settleExtra(_ mapping: ImportMapping, finds: Bool) throws {
    if case .columns(let kept) = mapping.extra, !(finds && kept.isEmpty) {
      extra = try kept.map { Kept(column: try column($0.column), name: $0.name) }
    } else if hasEvents {
      let used = usedColumns
      extra = header.indices.filter { !used.contains($0) && !header[$0].isEmpty }
        .map { Kept(column: $0, name: header[$0]) }
      if canAddColumns { keepsColumnsFrom = header.count }
    }
    // Rows of JSON have few of the keys of their file, so each is counted on its own.
    // A group has one more property, the number of its rows.
    let count = extra.count + (groupBy == nil ? 0 : 1)
    if !isOpen, count > Limits.propertiesPerEvent {
      throw ImportError(
        .columns,
        "\(file) would give each touchpoint \(count) properties, and at most "
          + "\(Limits.propertiesPerEvent) are kept; name those you need under extra.")
    }
  }

  private mutating func settleAmounts(_ mapping: ImportMapping) {
    guard mapping.decimal == nil else { return }
    var columns = moments.compactMap(\.value)
    columns += cells[.value]?.columns ?? []
    guard !columns.isEmpty else { return }
    let cells = columns.flatMap { column in samples.compactMap { $0[safe: column] } }
    let (mark, isSure) = AmountReader.decimal(of: cells)
    amounts = AmountReader(decimal: mark)
    if !isSure {
      let character = Character(Unicode.Scalar(mark))
      warnings.append(
        "Amounts such as 1.234 can be read in two ways: here \"\(character)\" stands before the "
          + "decimals. Say it otherwise with \"decimal: \"\(mark == 46 ? "," : ".")\"\".")
    }
  }

  private var usedColumns: Set<Int> {
    var used = Set(traits.map(\.column))
    if let account {
      used.formUnion(account.key.columns)
      used.formUnion(account.traits.map(\.column))
    }
    for cell in cells.values { used.formUnion(cell.columns) }
    for time in times { used.formUnion(time.columns) }
    used.formUnion(moments.compactMap(\.value))
    return used
  }

  // MARK: Names to numbers

  private mutating func planned(_ cell: ImportMapping.Cell) throws -> Cell {
    switch cell {
    case .columns(let names):
      let columns = try names.map { try column($0) }
      return columns.count == 1 ? .column(columns[0]) : .columns(columns)
    case .template(let text):
      var parts: [TemplatePart] = []
      var rest = text[...]
      while let open = rest.firstIndex(of: "{"), let close = rest[open...].firstIndex(of: "}") {
        if open > rest.startIndex { parts.append(.text(String(rest[..<open]))) }
        parts.append(.column(try column(String(rest[rest.index(after: open)..<close]))))
        rest = rest[rest.index(after: close)...]
      }
      if !rest.isEmpty { parts.append(.text(String(rest))) }
      return .template(parts)
    }
  }

  private mutating func planned(_ condition: ImportMapping.Condition) throws -> Condition {
    Condition(column: try column(condition.column), test: condition.test)
  }

  private mutating func planned(_ time: ImportMapping.Time) throws -> Int {
    let columns = try time.columns.map { try column($0) }
    let format = try time.format.map { try TimeFormat.parse($0).get() }
    let cells = samples.compactMap { $0[safe: columns[0]] }
    let (order, isSure) = TimeReader.order(of: cells)
    let name = time.columns.joined(separator: " and ")
    if format == nil, !isSure {
      warnings.append(
        "Dates in \(name) can be read in two ways: here the day comes first. Say it otherwise with "
          + "\"time: {column: \(name), format: \"MM/dd/yyyy\"}\".")
    }
    let reader = TimeReader(zone: time.zone ?? zone, format: format, order: order, now: now)
    times.append(Time(columns: columns, name: name, reader: reader))
    return times.count - 1
  }

  /// The column by its exact name, by its name however spelt, or by its number from 1.
  private mutating func column(_ name: String) throws -> Int {
    if let exact = header.firstIndex(of: name) { return exact }
    let key = ColumnFinder.key(name)
    if !key.isEmpty, let near = header.firstIndex(where: { ColumnFinder.key($0) == key }) {
      return near
    }
    if let number = Int(name), number >= 1, number <= fileColumns { return number - 1 }
    if canAddColumns, header.count < Limits.columnsPerFile {
      header.append(name)
      warnings.append("The first rows have no \"\(name)\", which the mapping names.")
      return header.count - 1
    }
    let hint = showsHeader ? suggestion(for: name, in: header) : ""
    throw ImportError(
      .columns, "\(file) has no column \"\(name)\", which the mapping names\(hint)\(columnList)")
  }

  private func missing(_ role: String, example: String) -> ImportError {
    ImportError(
      .columns,
      "\(file) has no column that is known as \(role); name it in a mapping as \"\(example)\""
        + columnList)
  }

  private var columnList: String {
    guard showsHeader else {
      return "; its first line looks like data instead of names: if so, say \"header: false\" and "
        + "give columns by number."
    }
    if fileColumns == 1 {
      return "; it seems to have one column only: if that is wrong, say which delimiter it has."
    }
    let shown = header.prefix(40).joined(separator: ", ")
    return "; it has \(shown)\(header.count > 40 ? ", …" : "")."
  }

  // MARK: What people see

  /// Per column of the file, what it is read as.
  var columns: [ImportPreview.Column] {
    header.indices.prefix(fileColumns).map { column in
      let name = header[column]
      let roles = roles(ofColumn: column)
      let use: String
      if !roles.isEmpty {
        use = "`\(name)` is read as \(roles.map(\.rawValue).joined(separator: " and "))"
      } else if let kept = traits.first(where: { $0.column == column }) {
        use = "`\(name)` is kept as the trait \(kept.name)"
      } else if account?.key.columns.contains(column) == true {
        use = "`\(name)` is read as the key of the account"
      } else if account?.role == column {
        use = "`\(name)` is read as the role in the account"
      } else if let kept = account?.traits.first(where: { $0.column == column }) {
        use = "`\(name)` is kept as the account's \(kept.name)"
      } else if let kept = extra.first(where: { $0.column == column }) {
        use = "`\(name)` is kept as the property \(kept.name)"
      } else {
        use = "`\(name)` is not used"
      }
      return .init(
        name: name, role: roles.first, use: use,
        samples: Self.firstValues(ofColumn: column, in: samples))
    }
  }

  /// The columns of a file of which no plan could be made, with what their names say.
  static func columns(of header: [String], samples: [[[UInt8]]]) -> [ImportPreview.Column] {
    let found = ColumnFinder.find(in: header)
    return header.indices.map { column in
      let role = ImportRole.allCases.first { found[$0]?.contains(column) == true }
      let use = role.map { "is read as \($0.rawValue)" } ?? "is not used"
      return .init(
        name: header[column], role: role, use: "`\(header[column])` \(use)",
        samples: firstValues(ofColumn: column, in: samples))
    }
  }

  private func roles(ofColumn column: Int) -> [ImportRole] {
    ImportRole.allCases.filter { role in
      if role == .time { return times.contains { $0.columns.contains(column) } }
      if role == .quantity { return quantity == column }
      if let cell = cells[role] { return cell.columns.contains(column) }
      return role == .value && moments.contains { $0.value == column }
    }
  }

  /// The first few different values of a column.
  private static func firstValues(
    ofColumn column: Int, in samples: [[[UInt8]]]
  ) -> [String] {
    var values: [String] = []
    for row in samples where values.count < 3 {
      guard let cell = row[safe: column], !cell.isEmpty else { continue }
      let text = String(decoding: cell.prefix(80), as: UTF8.self)
      if !values.contains(text) { values.append(text) }
    }
    return values
  }
}

extension Array {
  subscript(safe index: Int) -> Element? { indices.contains(index) ? self[index] : nil }
}
