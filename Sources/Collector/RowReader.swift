import CustomerJourney

/// Turns the fields of rows into touchpoints and traits, as the plan says.
final class RowReader {
  /// Why a row is no touchpoint.
  private struct Rejection: Error {
    var reason: String
    var isExpected = false
  }

  private struct OpenGroup {
    var key: String
    var touchpoint: Touchpoint
    var millionths: Int64?
    var currency: Currency
    var digests: [MessageIDs.Digest]
    var line: Int
    var text: String
  }

  private var plan: RowPlan
  private let source: String
  private let part: String
  private let received: Timestamp
  private let defaultCurrency: Currency
  private let join: JoinTable?
  private var ids: MessageIDs
  private var events: Memo<EventName>
  private var channels: Memo<Channel>
  private var origins: Memo<Origin>
  private var devices: Memo<Device>
  private var currencies = Memo<Currency?>([:]) { Currency($0) }
  private let constantEvent: EventName?
  private let constantChannel: Channel
  private let constantOrigin: String?
  private let constantDevice: String?
  private let constantContent: String?
  private let constantCampaign: String?
  private let constantValue: Int64?
  private let writtenCurrency: Bool
  private let valueColumns: [Int]?
  /// By the number of the role: looked up ten times a row.
  private let cells: [RowPlan.Cell?]
  private var columns: [String] = []
  private var groups: [OpenGroup] = []
  private var lastTraits: ProfileChange?

  init(
    plan: RowPlan, mapping: ImportMapping, source: String, ids: MessageIDs, part: String,
    join: JoinTable?, options: ImportOptions
  ) throws {
    self.plan = plan
    self.source = source
    self.part = part
    self.join = join
    received = options.now
    let constant = plan.constants[.currency].flatMap { Currency($0) }
    defaultCurrency = constant ?? options.currency
    cells = ImportRole.allCases.map { plan.cells[$0] }
    valueColumns = plan.cells[.value]?.columns
    writtenCurrency = plan.cells[.currency] == nil
    self.ids = ids
    events = Memo(mapping.names[.event] ?? [:]) { EventName($0) }
    channels = Memo(mapping.names[.channel] ?? [:]) { Channel($0) }
    origins = Memo(mapping.names[.origin] ?? [:]) { Origin($0) }
    devices = Memo(mapping.names[.device] ?? [:]) { Device($0) }
    constantOrigin = plan.constants[.origin]
    constantDevice = plan.constants[.device]
    constantContent = plan.constants[.content]
    constantCampaign = plan.constants[.campaign]
    constantEvent = plan.constants[.event].map { EventName($0) }
    constantChannel = plan.constants[.channel].map { Channel($0) } ?? .website
    if let text = plan.constants[.value] {
      let millionths = Array(text.utf8).withUnsafeBufferPointer {
        try? AmountReader(decimal: 46).millionths($0)
      }
      guard let millionths else {
        throw ImportError(
          .mapping, "the constant value of the mapping is no amount; write it as 12.50.")
      }
      constantValue = millionths
    } else {
      constantValue = nil
    }
  }

  /// Adds what the row is to `batch`. `columns` names those that a JSON file has so far, which may be
  /// more than the plan knows.
  func read(
    _ row: RowFields, columns: [String] = [], line: Int, excerpt: () -> String,
    into batch: inout [ImportedRow]
  ) {
    self.columns = columns
    // Not held on, else the scanner would copy them before it can add one.
    defer { self.columns = [] }
    do throws(Rejection) {
      if let join, let column = plan.joinColumn {
        join.extend(row, key: text(row[column]), from: plan.fileColumns)
      }
      try readRow(row, line, excerpt, &batch)
    } catch {
      batch.append(
        .rejected(
          RejectedRow(
            part: part, line: line, reason: error.reason, text: excerpt(),
            isExpected: error.isExpected)))
    }
  }

  /// Hands out what waits for more rows.
  func finish(into batch: inout [ImportedRow]) {
    for group in groups { close(group, into: &batch) }
    groups = []
  }

  private func readRow(
    _ row: RowFields, _ line: Int, _ excerpt: () -> String, _ batch: inout [ImportedRow]
  ) throws(Rejection) {
    for needed in plan.skipWithout {
      var isThere = false
      for column in needed.columns where !isMissing(row[column]) { isThere = true }
      if !isThere {
        throw Rejection(reason: "has no \(needed.name), as the mapping expects", isExpected: true)
      }
    }
    var event: EventName?
    for choice in plan.choices where holds(choice.condition, row) {
      switch choice.result {
      case .event(let name): event = events[name]
      case .skip(let reason): throw Rejection(reason: reason, isExpected: true)
      }
      break
    }
    guard let customer = try name(.customer, row) else {
      throw Rejection(reason: "has no customer")
    }
    if !plan.traits.isEmpty { try readTraits(row, customer, line, &batch) }
    guard plan.hasEvents else { return }
    if !plan.moments.isEmpty { return try readMoments(row, customer, line, &batch) }
    if event == nil {
      event = try name(.event, row).map { events[$0] } ?? constantEvent
    }
    guard let event else { throw Rejection(reason: "has no event") }
    guard let time = plan.time, !isMissing(row[plan.times[time].columns[0]]) else {
      throw Rejection(reason: "has no time")
    }
    let (occurred, minutes) = try readTime(time, row)
    let (millionths, currency) = try readValue(row)
    var touchpoint = try touchpoint(
      row, customer, event, occurred, minutes, millionths.map { AmountReader.money($0, currency) })
    let digest = ids.digest(of: row, columns: plan.fileColumns)
    if let groupBy = plan.groupBy {
      let key = "\(customer)\u{0}\(text(row[groupBy]))\u{0}\(event.name)"
      group(touchpoint, key, millionths, currency, digest, line, excerpt, &batch)
      return
    }
    if touchpoint.messageID.isEmpty {
      touchpoint.messageID = ids.id(digest, occurrence: ids.occurrence(of: digest), moment: 0)
    }
    batch.append(.touchpoint(touchpoint, line: line))
  }

  private func readMoments(
    _ row: RowFields, _ customer: String, _ line: Int, _ batch: inout [ImportedRow]
  ) throws(Rejection) {
    let first = batch.count
    let digest = ids.digest(of: row, columns: plan.fileColumns)
    var occurrence: Int?
    for index in plan.moments.indices {
      let moment = plan.moments[index]
      if isMissing(row[plan.times[moment.time].columns[0]]) { continue }
      if let condition = moment.condition, !holds(condition, row) { continue }
      do throws(Rejection) {
        let (occurred, minutes) = try readTime(moment.time, row)
        var value: Money?
        if let column = moment.value, !isMissing(row[column]) {
          let millionths = try amount(row[column])
          value = AmountReader.money(millionths, try currency(row, row[column]))
        }
        var touchpoint = try touchpoint(row, customer, moment.event, occurred, minutes, value)
        let count = occurrence ?? ids.occurrence(of: digest)
        occurrence = count
        touchpoint.messageID =
          touchpoint.messageID.isEmpty
          ? ids.id(digest, occurrence: count, moment: index)
          : try checked(id: "\(touchpoint.messageID)#\(index)")
        batch.append(.touchpoint(touchpoint, line: line))
      } catch {
        // A row stands or falls as a whole.
        batch.removeSubrange(first...)
        throw error
      }
    }
    if batch.count == first {
      throw Rejection(reason: "holds none of the moments: their times are empty")
    }
  }

  private func readTraits(
    _ row: RowFields, _ customer: String, _ line: Int, _ batch: inout [ImportedRow]
  ) throws(Rejection) {
    var traits: [String: PropertyValue] = [:]
    for kept in plan.traits where !isMissing(row[kept.column]) {
      traits[kept.name] = property(row, kept.column)
    }
    if traits.isEmpty {
      if plan.hasEvents { return }
      throw Rejection(reason: "has none of the traits")
    }
    let change = ProfileChange(
      customer: customer, traits: traits, occurred: received, source: source)
    if change == lastTraits { return }
    lastTraits = change
    batch.append(.profile(change, line: line))
  }

  /// A touchpoint without an id of its own yet, unless the row has one.
  private func touchpoint(
    _ row: RowFields, _ customer: String, _ event: EventName, _ occurred: Timestamp,
    _ minutes: Int?, _ value: Money?
  ) throws(Rejection) -> Touchpoint {
    var touchpoint = Touchpoint(
      customer: customer, occurred: occurred, event: event,
      channel: try name(.channel, row).map { channels[$0] } ?? constantChannel, messageID: "",
      source: try name(.source, row) ?? source, received: received, utcOffsetMinutes: minutes)
    // A mapping can translate a spelling into nothing.
    guard !touchpoint.event.name.isEmpty else { throw Rejection(reason: "has no event") }
    guard !touchpoint.channel.name.isEmpty else { throw Rejection(reason: "has no channel") }
    if let id = try name(.id, row) { touchpoint.messageID = try checked(id: id) }
    touchpoint.origin = try (name(.origin, row) ?? constantOrigin).map { origins[$0] }
    if touchpoint.origin?.name.isEmpty == true { touchpoint.origin = nil }
    touchpoint.device = try (name(.device, row) ?? constantDevice).map { devices[$0] }
    if touchpoint.device?.name.isEmpty == true { touchpoint.device = nil }
    touchpoint.content = try name(.content, row) ?? constantContent
    touchpoint.campaign = try name(.campaign, row) ?? constantCampaign
    touchpoint.value = value
    if let text = try name(.offset, row) {
      let possible = -Limits.utcOffsetMinutes...Limits.utcOffsetMinutes
      guard let offset = Int(text), possible.contains(offset) else {
        throw Rejection(
          reason: "has an offset from UTC that is no number of minutes up to "
            + "\(Limits.utcOffsetMinutes)")
      }
      touchpoint.utcOffsetMinutes = offset
    }
    for kept in plan.extra where !isMissing(row[kept.column]) {
      touchpoint.properties[kept.name] = property(row, kept.column)
    }
    if row.count > plan.keepsColumnsFrom {
      for column in plan.keepsColumnsFrom..<row.count where !isMissing(row[column]) {
        touchpoint.properties[columns[column]] = property(row, column)
      }
    }
    // A group gets one more, the number of its rows.
    if touchpoint.properties.count + (plan.groupBy == nil ? 0 : 1) > Limits.propertiesPerEvent {
      throw Rejection(
        reason: "has more than \(Limits.propertiesPerEvent) properties; name those you need "
          + "under extra in the mapping")
    }
    return touchpoint
  }

  // MARK: Groups

  private func group(
    _ touchpoint: Touchpoint, _ key: String, _ millionths: Int64?, _ currency: Currency,
    _ digest: MessageIDs.Digest, _ line: Int, _ excerpt: () -> String,
    _ batch: inout [ImportedRow]
  ) {
    if let at = groups.lastIndex(where: { $0.key == key && $0.currency == currency }) {
      // The group that was used last stands last; its array is not copied on the way.
      if at < groups.count - 1 { groups.append(groups.remove(at: at)) }
      let last = groups.count - 1
      groups[last].digests.append(digest)
      if let millionths {
        groups[last].millionths = (groups[last].millionths ?? 0).addingClamped(millionths)
      }
      if groups[last].digests.count >= Limits.groupRows {
        close(groups.removeLast(), into: &batch)
      }
      return
    }
    if groups.count == Limits.openGroups { close(groups.removeFirst(), into: &batch) }
    groups.append(
      OpenGroup(
        key: key, touchpoint: touchpoint, millionths: millionths, currency: currency,
        digests: [digest], line: line, text: excerpt()))
  }

  private func close(_ group: OpenGroup, into batch: inout [ImportedRow]) {
    var touchpoint = group.touchpoint
    if let millionths = group.millionths {
      guard millionths.magnitude <= UInt64(Limits.amount) * UInt64(AmountReader.millionths) else {
        batch.append(
          .rejected(
            RejectedRow(
              part: part, line: group.line, reason: "has rows that add up to too large an amount",
              text: group.text)))
        return
      }
      touchpoint.value = AmountReader.money(millionths, group.currency)
    }
    touchpoint.properties["lines"] = .number(Double(group.digests.count))
    if touchpoint.messageID.isEmpty {
      let digest = ids.digest(of: group.digests)
      touchpoint.messageID = ids.id(digest, occurrence: ids.occurrence(of: digest), moment: 0)
    }
    batch.append(.touchpoint(touchpoint, line: group.line))
  }

  // MARK: Cells

  private func readTime(
    _ index: Int, _ row: RowFields
  ) throws(Rejection) -> (Timestamp, Int?) {
    let columns = plan.times[index].columns
    let outcome: TimeReader.Outcome
    if columns.count == 1 {
      outcome = plan.times[index].reader.read(row[columns[0]])
    } else {
      let text = Array(row[columns[0]]) + [32] + Array(row[columns[1]])
      outcome = text.withUnsafeBufferPointer { plan.times[index].reader.read($0) }
    }
    switch outcome {
    case .moment(let moment, let minutes): return (moment, minutes)
    case .problem(let problem):
      throw Rejection(reason: "has a time in \(plan.times[index].name) that \(problem)")
    }
  }

  private func readValue(_ row: RowFields) throws(Rejection) -> (Int64?, Currency) {
    var cell = Bytes(start: nil, count: 0)
    if let columns = valueColumns {
      for column in columns where cell.isEmpty && !isMissing(row[column]) { cell = row[column] }
    }
    let currency = try currency(row, cell)
    var millionths = constantValue
    if !cell.isEmpty { millionths = try amount(cell) }
    guard let single = millionths, let quantity = plan.quantity else {
      return (millionths, currency)
    }
    guard !isMissing(row[quantity]) else { throw Rejection(reason: "has no quantity") }
    let times = try amount(row[quantity])
    do throws(AmountReader.Problem) {
      return (try AmountReader.product(single, times), currency)
    } catch {
      throw Rejection(reason: Self.tooLarge)
    }
  }

  private static let tooLarge =
    "has an amount beyond \(Limits.amount), the largest that is kept"

  private func amount(_ cell: Bytes) throws(Rejection) -> Int64 {
    do throws(AmountReader.Problem) {
      return try plan.amounts.millionths(cell)
    } catch {
      switch error {
      case .tooLarge: throw Rejection(reason: Self.tooLarge)
      case .notAnAmount: throw Rejection(reason: "has an amount or quantity that is no number")
      case .otherMark:
        let mark = Character(Unicode.Scalar(plan.amounts.decimal))
        throw Rejection(
          reason: "has an amount whose marks do not fit \"\(mark)\" before the decimals; "
            + "say \"decimal:\" in the mapping when that is wrong")
      }
    }
  }

  private func currency(_ row: RowFields, _ cell: Bytes) throws(Rejection) -> Currency {
    if writtenCurrency { return AmountReader.currency(in: cell) ?? defaultCurrency }
    guard let code = try name(.currency, row) else { return defaultCurrency }
    guard let currency = currencies[code] else {
      throw Rejection(reason: "has a currency that is no code of three letters, such as EUR")
    }
    return currency
  }

  private func holds(_ condition: RowPlan.Condition, _ row: RowFields) -> Bool {
    let cell = row[condition.column]
    switch condition.test {
    case .isOneOf(let values): return values.contains(text(cell))
    case .starts(let start): return text(cell).hasPrefix(start)
    case .isEmpty: return isMissing(cell)
    case .isPresent: return !isMissing(cell)
    }
  }

  private func property(_ row: RowFields, _ column: Int) -> PropertyValue {
    switch row.kind(column) {
    case .text: .text(text(row[column]))
    case .number: .number(Double(text(row[column])) ?? 0)
    case .flag: .flag(row[column].first == UInt8(ascii: "t"))
    }
  }

  /// The text of a role in this row; nil when it is missing or the role has no column.
  private func name(_ role: ImportRole, _ row: RowFields) throws(Rejection) -> String? {
    var name: String?
    switch cells[role.index] {
    case nil: return role == .customer ? plan.constants[.customer] : nil
    case .column(let column):
      let cell = row[column]
      if isMissing(cell) { return nil }
      name = text(cell)
    case .columns(let columns):
      for column in columns {
        let cell = row[column]
        if isMissing(cell) { continue }
        name = text(cell)
        break
      }
    case .template(let parts):
      var made = ""
      var isThere = false
      for part in parts {
        switch part {
        case .text(let text): made += text
        case .column(let column):
          if isMissing(row[column]) { continue }
          isThere = true
          made += text(row[column])
        }
      }
      name = isThere ? made : nil
    }
    if let name, name.utf8.count > Limits.nameCharacters, name.count > Limits.nameCharacters {
      throw Rejection(
        reason: "has a \(role.rawValue) of more than \(Limits.nameCharacters) characters")
    }
    // Spaces of other kinds than those that a cell loses anyway, such as U+00A0 alone.
    if let name, let first = name.utf8.first, first > 127 || first < 33, name.isBlank { return nil }
    return name
  }

  private func checked(id: String) throws(Rejection) -> String {
    if id.utf8.count > Limits.messageIDCharacters,
      id.unicodeScalars.count > Limits.messageIDCharacters
    {
      throw Rejection(reason: "has an id of more than \(Limits.messageIDCharacters) characters")
    }
    return id
  }

  private func text(_ cell: Bytes) -> String { String(decoding: cell, as: UTF8.self) }

  /// Empty, or one of the words by which programs write that there is nothing.
  private func isMissing(_ cell: Bytes) -> Bool {
    switch cell.count {
    case 0: return true
    case 2...4:
      let first = cell[0]
      // N, n, \ and # begin all of them.
      guard first | 32 == 110 || first == 92 || first == 35 else { return false }
      return Self.missing.contains(text(cell))
    default: return false
    }
  }

  private static let missing: Set = [
    "NULL", "Null", "null", "NaN", "nan", "NAN", "N/A", "n/a", "#N/A", "\\N", "nil",
  ]
}

/// Remembers what a spelling means, because finding it out takes longer than reading the row.
private struct Memo<Value> {
  private var known: [String: Value] = [:]
  private let names: [String: String]
  private let make: (String) -> Value

  /// `names` translates spellings, whatever their case and dashes, before `make` sees them.
  init(_ names: [String: String], make: @escaping (String) -> Value) {
    self.names = Dictionary(
      names.map { (Vocabulary.key($0.key), $0.value) }, uniquingKeysWith: { first, _ in first })
    self.make = make
  }

  subscript(spelling: String) -> Value {
    mutating get {
      if let value = known[spelling] { return value }
      let value = make(names[Vocabulary.key(spelling)] ?? spelling)
      // A column with ever new names must not fill the memory.
      if known.count >= Limits.knownSpellings { known = [:] }
      known[spelling] = value
      return value
    }
  }
}

extension StringProtocol {
  /// True when there is nothing but white space.
  var isBlank: Bool { allSatisfy(\.isWhitespace) }
}

extension Int64 {
  fileprivate func addingClamped(_ other: Int64) -> Int64 {
    let (sum, isOver) = addingReportingOverflow(other)
    return isOver ? (other > 0 ? .max : .min) : sum
  }
}
