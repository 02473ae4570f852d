import CustomerJourney

/// Why a row is no touchpoint.
struct RowRejection: Error {
  /// Ends the sentence "this row …"; never holds the contents of a cell.
  var reason: String
  var isExpected = false
}

/// Reads cells of a row as what the plan says that they are: a time, an amount, a name.
struct CellReader {
  private var plan: RowPlan
  private let defaultCurrency: Currency
  private var currencies = Memo<Currency?>([:]) { Currency($0) }
  private let constantValue: Int64?
  private let writtenCurrency: Bool
  private let valueColumns: [Int]?
  /// By the number of the role: looked up ten times a row.
  private let roles: [RowPlan.Cell?]

  /// Throws ``ImportError`` when the mapping's constant value is no amount.
  init(plan: RowPlan, currency: Currency) throws {
    self.plan = plan
    let constant = plan.constants[.currency].flatMap { Currency($0) }
    defaultCurrency = constant ?? currency
    roles = ImportRole.allCases.map { plan.cells[$0] }
    valueColumns = plan.cells[.value]?.columns
    writtenCurrency = plan.cells[.currency] == nil
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

  mutating func readTime(
    _ index: Int, _ row: RowFields
  ) throws(RowRejection) -> (Timestamp, Int?) {
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
      throw RowRejection(reason: "has a time in \(plan.times[index].name) that \(problem)")
    }
  }

  mutating func readValue(_ row: RowFields) throws(RowRejection) -> (Int64?, Currency) {
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
    guard !isMissing(row[quantity]) else { throw RowRejection(reason: "has no quantity") }
    let times = try amount(row[quantity])
    do throws(AmountReader.Problem) {
      return (try AmountReader.product(single, times), currency)
    } catch {
      throw RowRejection(reason: Self.tooLarge)
    }
  }

  private static let tooLarge =
    "has an amount beyond \(Limits.amount), the largest that is kept"

  func amount(_ cell: Bytes) throws(RowRejection) -> Int64 {
    do throws(AmountReader.Problem) {
      return try plan.amounts.millionths(cell)
    } catch {
      switch error {
      case .tooLarge: throw RowRejection(reason: Self.tooLarge)
      case .notAnAmount: throw RowRejection(reason: "has an amount or quantity that is no number")
      case .otherMark:
        let mark = Character(Unicode.Scalar(plan.amounts.decimal))
        throw RowRejection(
          reason: "has an amount whose marks do not fit \"\(mark)\" before the decimals; "
            + "say \"decimal:\" in the mapping when that is wrong")
      }
    }
  }

  mutating func currency(_ row: RowFields, _ cell: Bytes) throws(RowRejection) -> Currency {
    if writtenCurrency { return AmountReader.currency(in: cell) ?? defaultCurrency }
    guard let code = try name(.currency, row) else { return defaultCurrency }
    guard let currency = currencies[code] else {
      throw RowRejection(reason: "has a currency that is no code of three letters, such as EUR")
    }
    return currency
  }

  func holds(_ condition: RowPlan.Condition, _ row: RowFields) -> Bool {
    let cell = row[condition.column]
    switch condition.test {
    case .isOneOf(let values): return values.contains(text(cell))
    case .starts(let start): return text(cell).hasPrefix(start)
    case .isEmpty: return isMissing(cell)
    case .isPresent: return !isMissing(cell)
    }
  }

  func property(_ row: RowFields, _ column: Int) -> PropertyValue {
    switch row.kind(column) {
    case .text: .text(text(row[column]))
    case .number: .number(Double(text(row[column])) ?? 0)
    case .flag: .flag(row[column].first == UInt8(ascii: "t"))
    }
  }

  /// The text of a role in this row; nil when it is missing or the role has no column.
  func name(_ role: ImportRole, _ row: RowFields) throws(RowRejection) -> String? {
    guard let cell = roles[role.index] else {
      return role == .customer ? plan.constants[.customer] : nil
    }
    return try name(in: cell, called: role.rawValue, row)
  }

  /// The text of a cell in this row; nil when it is missing.
  func name(
    in cell: RowPlan.Cell, called what: String, _ row: RowFields
  ) throws(RowRejection) -> String? {
    var name: String?
    switch cell {
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
      throw RowRejection(
        reason: "has a \(what) of more than \(Limits.nameCharacters) characters")
    }
    // Spaces of other kinds than those that a cell loses anyway, such as U+00A0 alone.
    if let name, let first = name.utf8.first, first > 127 || first < 33, name.isBlank { return nil }
    return name
  }

  func checked(id: String) throws(RowRejection) -> String {
    if id.utf8.count > Limits.messageIDCharacters,
      id.unicodeScalars.count > Limits.messageIDCharacters
    {
      throw RowRejection(reason: "has an id of more than \(Limits.messageIDCharacters) characters")
    }
    return id
  }

  func text(_ cell: Bytes) -> String { String(decoding: cell, as: UTF8.self) }

  /// Empty, or one of the words by which programs write that there is nothing.
  func isMissing(_ cell: Bytes) -> Bool {
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

extension StringProtocol {
  /// True when there is nothing but white space.
  var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
