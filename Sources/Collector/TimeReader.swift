import CustomerJourney

/// Whether `03/04/2024` is 3 April or March 4.
package enum DateOrder: Hashable, Sendable { case dayFirst, monthFirst }

/// Turns the cells of one column into moments.
///
/// Without a format it knows ISO 8601 (`T` or a space, any fraction, any offset, ` UTC`), dates and
/// clocks with the day or month first, `yyyyMMdd` with or without `HHmmss`, and epochs: below 10¹¹
/// seconds, below 10¹⁴ milliseconds, below 10¹⁷ microseconds, above that nanoseconds.
struct TimeReader {
  enum Outcome: Equatable {
    case moment(Timestamp, utcOffsetMinutes: Int?)
    /// Why there is none, as the end of the sentence "the time in … …".
    case problem(String)
  }

  let zone: Zone
  let format: TimeFormat?
  let order: DateOrder
  private let latest: Int64
  /// Offsets of whole days, so that a row costs no look into the zone's rules. A day in which the
  /// offset changes is marked, and its rows ask the zone.
  private var offsetOfDay: [Int: Int64] = [:]
  private var lastDay = (day: Int.min, offset: Int64(0))

  init(zone: Zone, format: TimeFormat?, order: DateOrder, now: Timestamp) {
    self.zone = zone
    self.format = format
    self.order = order
    latest = now.milliseconds + Limits.futureMilliseconds
  }

  mutating func read(_ cell: Bytes) -> Outcome {
    let reading: ClockReading
    if let format {
      guard let read = format.read(cell) else { return .problem("is not written as its format") }
      reading = read
    } else if let epoch = Self.epoch(cell) {
      return checked(Timestamp(milliseconds: epoch), nil)
    } else if let read = Self.clock(cell, order) {
      reading = read
    } else {
      return .problem("is not written in a way that is known; say its format in the mapping")
    }
    var civil = reading.civil
    // A leap second is shown as the last second of its minute, as most clocks do.
    if civil.second == 60 { civil.second = 59 }
    guard civil.exists else { return .problem("is a date or clock that does not exist") }
    if let offset = reading.offset {
      let utc =
        civil.millisecondsAsUTC + Int64(reading.milliseconds) - Int64(offset.minutes) * 60_000
      return checked(Timestamp(milliseconds: utc), offset.ofPerson)
    }
    return checked(moment(civil, reading.milliseconds), nil)
  }

  private func checked(_ moment: Timestamp, _ minutes: Int?) -> Outcome {
    if moment.milliseconds < Limits.earliestMilliseconds { return .problem("is before 1900") }
    if moment.milliseconds > latest { return .problem("is in the future") }
    return .moment(moment, utcOffsetMinutes: minutes)
  }

  private static let changes = Int64.max

  private mutating func moment(_ civil: CivilTime, _ milliseconds: Int) -> Timestamp {
    let day = civil.daysSince1970
    if day != lastDay.day {
      lastDay = (day, offsetOfDay[day] ?? measure(day))
      if offsetOfDay.count >= Limits.knownDays { offsetOfDay = [:] }
      offsetOfDay[day] = lastDay.offset
    }
    guard lastDay.offset != Self.changes else {
      return zone.moment(of: civil, milliseconds: milliseconds)
    }
    return Timestamp(
      milliseconds: civil.millisecondsAsUTC + Int64(milliseconds) - lastDay.offset)
  }

  /// Zones are at most 15 hours from UTC, so a day on the wall lies within these bounds.
  private func measure(_ day: Int) -> Int64 {
    let start = Int64(day) * 86_400
    let before = zone.offsetSeconds(at: Timestamp(seconds: start - 54_000))
    let after = zone.offsetSeconds(at: Timestamp(seconds: start + 86_400 + 54_000))
    return before == after ? Int64(before) * 1000 : Self.changes
  }

  /// Milliseconds since 1970 of a cell that holds a number only, and not a date without dashes.
  private static func epoch(_ cell: Bytes) -> Int64? {
    var at = 0
    let isNegative = cell.first == UInt8(ascii: "-")
    if isNegative { at = 1 }
    var value: Int64 = 0
    let start = at
    while at < cell.count, cell[at] &- 48 < 10, at - start < 19 {
      let (product, over) = value.multipliedReportingOverflow(by: 10)
      let (sum, overSum) = product.addingReportingOverflow(Int64(cell[at] &- 48))
      if over || overSum { return nil }
      value = sum
      at += 1
    }
    let digits = at - start
    guard digits > 0 else { return nil }
    if at == cell.count, digits == 8 || digits == 14, !isNegative,
      let written = compact(cell), written.civil.exists,
      (1900...2100).contains(written.civil.year)
    {
      return nil
    }
    var fraction = 0
    if at < cell.count {
      // Seconds with decimals, as Python's clock gives them.
      guard cell[at] == UInt8(ascii: "."), value < 100_000_000_000 else { return nil }
      var cursor = DigitCursor(Bytes(rebasing: cell[(at + 1)...]))
      guard let read = cursor.fraction() else { return nil }
      fraction = read
      while cursor.digits(least: 1, most: 1) != nil {}
      guard cursor.isAtEnd else { return nil }
    }
    let milliseconds: Int64 =
      switch value {
      case ..<100_000_000_000: value * 1000 + Int64(fraction)
      case ..<100_000_000_000_000: value
      case ..<100_000_000_000_000_000: value / 1000
      default: value / 1_000_000
      }
    return isNegative ? -milliseconds : milliseconds
  }

  /// `20240131` and `20240131235959`.
  private static func compact(_ cell: Bytes) -> ClockReading? {
    guard cell.count == 8 || cell.count == 14 else { return nil }
    var cursor = DigitCursor(cell)
    guard let year = cursor.digits(least: 4, most: 4),
      let month = cursor.digits(least: 2, most: 2), let day = cursor.digits(least: 2, most: 2)
    else { return nil }
    var civil = CivilTime(year: year, month: month, day: day)
    if cell.count == 14 {
      guard let hour = cursor.digits(least: 2, most: 2),
        let minute = cursor.digits(least: 2, most: 2),
        let second = cursor.digits(least: 2, most: 2)
      else { return nil }
      civil.hour = hour
      civil.minute = minute
      civil.second = second
    }
    return ClockReading(civil: civil)
  }

  private static func clock(_ cell: Bytes, _ order: DateOrder) -> ClockReading? {
    if let compact = compact(cell) { return compact }
    var cursor = DigitCursor(cell)
    guard let first = cursor.digits(least: 1, most: 4) else { return nil }
    let firstDigits = cursor.at
    guard let mark = cursor.peek, mark == 45 || mark == 47 || mark == 46, cursor.skip(mark),
      let second = cursor.digits(least: 1, most: 2), cursor.skip(mark)
    else { return nil }
    let thirdAt = cursor.at
    guard let third = cursor.digits(least: 1, most: 4) else { return nil }
    let thirdDigits = cursor.at - thirdAt
    var civil: CivilTime
    if firstDigits == 4, thirdDigits <= 2 {
      civil = CivilTime(year: first, month: second, day: third)
    } else if firstDigits <= 2, thirdDigits == 4 || thirdDigits == 2 {
      let year = thirdDigits == 4 ? third : third + (third < 70 ? 2000 : 1900)
      civil =
        order == .dayFirst
        ? CivilTime(year: year, month: second, day: first)
        : CivilTime(year: year, month: first, day: second)
    } else {
      return nil
    }
    var reading = ClockReading(civil: civil)
    if cursor.isAtEnd { return reading }
    guard cursor.skip(UInt8(ascii: "T")) || cursor.skip(UInt8(ascii: "t")) || cursor.skip(32)
    else { return nil }
    while cursor.skip(32) {}
    guard let hour = cursor.digits(least: 1, most: 2), cursor.skip(58),
      let minute = cursor.digits(least: 2, most: 2)
    else { return nil }
    civil.hour = hour
    civil.minute = minute
    if cursor.skip(58) {
      guard let seconds = cursor.digits(least: 2, most: 2) else { return nil }
      civil.second = seconds
      if cursor.skip(46) || cursor.skip(44) {
        guard let fraction = cursor.fraction() else { return nil }
        reading.milliseconds = fraction
      }
    }
    _ = cursor.skip(32)
    if let isAfternoon = cursor.half() {
      guard (1...12).contains(hour) else { return nil }
      civil.hour = hour % 12 + (isAfternoon ? 12 : 0)
    }
    reading.civil = civil
    if cursor.isAtEnd { return reading }
    guard let offset = cursor.offset(), cursor.isAtEnd else { return nil }
    reading.offset = offset
    return reading
  }

  /// The order that a column's cells prove, and whether they prove one where it matters.
  ///
  /// With dashes and points the day is first, as in the Netherlands; with slashes it may be either,
  /// so the day is first unless a cell has a month past twelve that way.
  static func order(of cells: [[UInt8]]) -> (order: DateOrder, isSure: Bool) {
    var couldBeEither = false
    var order: DateOrder?
    for cell in cells {
      cell.withUnsafeBufferPointer { bytes in
        var cursor = DigitCursor(bytes)
        guard let first = cursor.digits(least: 1, most: 2), let mark = cursor.peek,
          mark == 45 || mark == 47 || mark == 46, cursor.skip(mark),
          let second = cursor.digits(least: 1, most: 2), cursor.skip(mark)
        else { return }
        if first > 12, second <= 12 { order = order ?? .dayFirst }
        if second > 12, first <= 12 { order = order ?? .monthFirst }
        if mark == 47 { couldBeEither = true }
      }
    }
    return (order ?? .dayFirst, order != nil || !couldBeEither)
  }
}
