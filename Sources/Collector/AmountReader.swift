import CustomerJourney

/// Turns cells such as `1.234,56`, `€ 12,50`, `(12.00)` and `12,-` into whole millionths, and those
/// into minor units, without a binary fraction on the way.
struct AmountReader {
  enum Problem: Error {
    case notAnAmount
    case otherMark
    case tooLarge
  }

  /// The byte between whole and fraction: a point or a comma.
  let decimal: UInt8

  static let millionths: Int64 = 1_000_000

  /// Millionths of the amount; decimals beyond the sixth are cut off, which changes no rounding half
  /// away from zero to at most four decimals.
  func millionths(_ cell: Bytes) throws(Problem) -> Int64 {
    var isNegative = false
    var whole: Int64 = 0
    var fraction: Int64 = 0
    var unit: Int64 = Self.millionths
    var digits = 0
    var sinceGroup: Int?
    var inFraction = false
    var isClosed = false
    var at = 0
    scan: while at < cell.count {
      let byte = cell[at]
      at += 1
      switch byte {
      case 48...57:
        // A digit after what ends an amount: `10-20`, a date, `1+1`, `12€50`.
        guard !isClosed else { throw .notAnAmount }
        digits += 1
        if inFraction {
          unit /= 10
          fraction += Int64(byte &- 48) * unit
        } else {
          whole = whole * 10 + Int64(byte &- 48)
          if whole > Limits.amount { throw .tooLarge }
          sinceGroup = sinceGroup.map { $0 + 1 }
        }
      case decimal where !inFraction:
        if let sinceGroup, sinceGroup != 3 { throw .otherMark }
        sinceGroup = nil
        inFraction = true
      case 46, 44, 39:
        // A mark of thousands stands before three digits, and never in the fraction.
        guard !inFraction, digits > 0, sinceGroup == nil || sinceGroup == 3 else {
          throw .otherMark
        }
        sinceGroup = 0
      case 40, 41, 43, 45:
        // A sign stands before the first digit or after the last; never between, where a mark of
        // decimals alone has been. In `12,-` it stands for no cents.
        guard digits > 0 || !inFraction else { throw .notAnAmount }
        isClosed = digits > 0
        if byte == 40 || byte == 45 && !(inFraction && unit == Self.millionths) {
          isNegative = true
        }
      case 32, 9: break
      case let letter
      where letter | 32 == 101 && digits > 0 && !isClosed && isExponent(cell, at):
        return try exponent(
          sign: isNegative ? -1 : 1, Int128(whole) * 1_000_000 + Int128(fraction),
          Bytes(rebasing: cell[at...]))
      case 0xC2, 0xA0, 0xE2, 0x80, 0xAF: break  // The bytes of spaces that do not break a line.
      default:
        // Currency signs and codes stand before the digits or after them, never between.
        guard byte >= 128 || byte == 36 || (byte | 32 >= 97 && byte | 32 <= 122) else {
          throw .notAnAmount
        }
        isClosed = digits > 0
      }
    }
    guard digits > 0 else { throw .notAnAmount }
    if let sinceGroup, sinceGroup != 3 { throw .otherMark }
    let value = whole * Self.millionths + fraction
    if value > Limits.amount * Self.millionths { throw .tooLarge }
    return isNegative ? -value : value
  }

  /// An `e` between digits; the one of `EUR` is a letter.
  private func isExponent(_ cell: Bytes, _ at: Int) -> Bool {
    at < cell.count && (cell[at] &- 48 < 10 || cell[at] == 43 || cell[at] == 45)
  }

  private func exponent(
    sign: Int64, _ millionths: Int128, _ cell: Bytes
  ) throws(Problem) -> Int64 {
    guard let power = Int(String(decoding: cell, as: UTF8.self)) else { throw .notAnAmount }
    // A range, because the least of all numbers has no absolute value.
    guard (-30...30).contains(power) else {
      if power < 0 { return 0 }
      throw .tooLarge
    }
    var value = millionths
    for _ in 0..<power.magnitude {
      value = power < 0 ? value / 10 : value * 10
      if value > Int128(Limits.amount) * 1_000_000 { throw .tooLarge }
    }
    return sign * Int64(value)
  }

  /// `a × b`, both in millionths.
  static func product(_ a: Int64, _ b: Int64) throws(Problem) -> Int64 {
    let product = Int128(a) * Int128(b) / 1_000_000
    guard product.magnitude <= Int128(Limits.amount).magnitude * 1_000_000 else { throw .tooLarge }
    return Int64(product)
  }

  /// Minor units of `currency`, rounded half away from zero.
  static func money(_ millionths: Int64, _ currency: Currency) -> Money {
    let unit = Self.millionths / currency.minorUnits
    let (quotient, rest) = millionths.magnitude.quotientAndRemainder(dividingBy: unit.magnitude)
    let rounded = Int64(quotient) + (rest * 2 >= unit.magnitude ? 1 : 0)
    return Money(minorUnits: millionths < 0 ? -rounded : rounded, currency: currency)
  }

  /// The currency that stands in the cell itself: `€`, `£`, or three capitals. A `$` says too little.
  static func currency(in cell: Bytes) -> Currency? {
    guard let first = cell.first, let last = cell.last else { return nil }
    if first &- 48 < 10 && last &- 48 < 10 || first == 45 && last &- 48 < 10 { return nil }
    let text = String(decoding: cell, as: UTF8.self)
    if text.contains("€") { return .eur }
    if text.contains("£") { return Currency("GBP") }
    let letters = text.filter { $0.isASCII && $0.isLetter && $0.isUppercase }
    return letters.utf8.count == 3 ? Currency(letters) : nil
  }

  /// The decimal mark that a column's cells prove, and whether they prove one.
  ///
  /// `1.234` alone proves nothing: money with three decimals is rare, so its point is taken as a
  /// mark of thousands, unless other cells show otherwise.
  static func decimal(of cells: [[UInt8]]) -> (mark: UInt8, isSure: Bool) {
    var votes: [UInt8: Int] = [46: 0, 44: 0]
    var unsure: [UInt8: Int] = [:]
    for cell in cells {
      guard let last = cell.lastIndex(where: { $0 == 46 || $0 == 44 }) else { continue }
      let mark = cell[last]
      let other: UInt8 = mark == 46 ? 44 : 46
      let marks = cell.count { $0 == mark }
      let after = cell[(last + 1)...].prefix { $0 &- 48 < 10 }.count
      let before = cell[..<last].count { $0 &- 48 < 10 }
      if cell.contains(other), marks == 1 {
        votes[mark, default: 0] += 1
      } else if marks > 1 {
        votes[other, default: 0] += 1
      } else if after != 3 || before == 0 || before > 3 || cell.first == 48 {
        votes[mark, default: 0] += 1
      } else {
        unsure[mark, default: 0] += 1
      }
    }
    let points = votes[46] ?? 0
    let commas = votes[44] ?? 0
    if points != commas { return (points > commas ? 46 : 44, true) }
    if points > 0 { return (46, false) }
    if (unsure[46] ?? 0) > (unsure[44] ?? 0) { return (44, false) }
    return (46, unsure.isEmpty)
  }
}
