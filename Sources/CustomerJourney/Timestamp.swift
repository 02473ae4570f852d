package import Foundation

/// A moment in UTC, to the millisecond.
///
/// All moments in the house are of this one type; hours of the day, days and weekdays exist only
/// together with a zone, see ``Zone``.
package struct Timestamp: Hashable, Comparable, Sendable, Codable {
  /// Milliseconds since 1970-01-01T00:00:00Z; negative before it.
  package var milliseconds: Int64

  /// 1970-01-01T00:00:00Z.
  package static let epoch = Timestamp(milliseconds: 0)

  package init(milliseconds: Int64) { self.milliseconds = milliseconds }
  package init(seconds: Int64) { milliseconds = seconds * 1000 }
  package init(_ date: Date) {
    milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded())
  }

  package var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

  package static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

  /// Seconds from `earlier` to here; negative when `earlier` is later.
  package func seconds(since earlier: Timestamp) -> Double {
    Double(milliseconds - earlier.milliseconds) / 1000
  }

  package func adding(seconds: Int64) -> Timestamp {
    Timestamp(milliseconds: milliseconds + seconds * 1000)
  }

  /// `2017-01-01T11:53:26Z`, with milliseconds only where they are not zero.
  package var iso8601: String {
    let (civil, rest) = CivilTime.of(milliseconds: milliseconds)
    return rest == 0
      ? "\(civil.dateText)T\(civil.clockText)Z"
      : "\(civil.dateText)T\(civil.clockText).\(padded(rest, 3))Z"
  }

  package init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let parsed = Timestamp(iso8601: text) else {
      throw DecodingError.dataCorrupted(
        .init(codingPath: decoder.codingPath, debugDescription: "not an ISO 8601 time"))
    }
    self = parsed
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(iso8601)
  }
}

/// Year, month, day and clock as a calendar on the wall shows them: proleptic Gregorian, no zone.
package struct CivilTime: Hashable, Sendable {
  package var year: Int
  package var month: Int
  package var day: Int
  package var hour = 0
  package var minute = 0
  package var second = 0

  package init(year: Int, month: Int, day: Int, hour: Int = 0, minute: Int = 0, second: Int = 0) {
    self.year = year
    self.month = month
    self.day = day
    self.hour = hour
    self.minute = minute
    self.second = second
  }

  /// False for dates that do not exist, such as 30 February, and for clocks past 23:59:59.
  package var exists: Bool {
    (1...12).contains(month) && day >= 1 && day <= Self.days(inMonth: month, year: year)
      && (0..<24).contains(hour) && (0..<60).contains(minute) && (0..<60).contains(second)
  }

  package static func days(inMonth month: Int, year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// Days since 1970-01-01, by counting years from March so that the leap day comes last.
  package var daysSince1970: Int {
    let y = month <= 2 ? year - 1 : year
    let era = (y >= 0 ? y : y - 399) / 400
    let yearOfEra = y - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  /// This clock read as UTC.
  package var millisecondsAsUTC: Int64 {
    Int64(daysSince1970) * 86_400_000 + Int64(hour * 3600 + minute * 60 + second) * 1000
  }

  /// 1 is Monday, 7 is Sunday.
  package var weekday: Int {
    let r = (daysSince1970 + 3) % 7
    return (r < 0 ? r + 7 : r) + 1
  }

  package static func of(milliseconds: Int64) -> (civil: CivilTime, milliseconds: Int) {
    var days = milliseconds / 86_400_000
    var rest = milliseconds % 86_400_000
    if rest < 0 {
      rest += 86_400_000
      days -= 1
    }
    let shifted = Int(days) + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let seconds = Int(rest / 1000)
    return (
      CivilTime(
        year: year, month: month, day: day, hour: seconds / 3600, minute: seconds / 60 % 60,
        second: seconds % 60),
      Int(rest % 1000)
    )
  }

  package var dateText: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }
  package var clockText: String { "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))" }
}

/// A time zone by its IANA name, with its daylight-saving changes.
package struct Zone: Hashable, Sendable, CustomStringConvertible {
  package let name: String
  private let zone: TimeZone

  package static let utc = Zone(name: "UTC", zone: .gmt)
  /// The project's zone when nobody chose another.
  package static let amsterdam = Zone("Europe/Amsterdam") ?? .utc

  /// Nil when this machine knows no zone of that name.
  package init?(_ name: String) {
    guard let zone = TimeZone(identifier: name) else { return nil }
    self.init(name: name, zone: zone)
  }

  private init(name: String, zone: TimeZone) {
    self.name = name
    self.zone = zone
  }

  package var description: String { name }

  /// Seconds to add to UTC at that moment.
  package func offsetSeconds(at moment: Timestamp) -> Int { zone.secondsFromGMT(for: moment.date) }

  package func civil(_ moment: Timestamp) -> CivilTime {
    CivilTime.of(
      milliseconds: moment.milliseconds + Int64(offsetSeconds(at: moment)) * 1000
    ).civil
  }

  /// The moment at which clocks in this zone show `civil`.
  ///
  /// An hour that the clocks skip in spring becomes the same distance past the change; of an hour
  /// that they repeat in autumn the first is meant.
  package func moment(of civil: CivilTime, milliseconds: Int = 0) -> Timestamp {
    let asUTC = civil.millisecondsAsUTC + Int64(milliseconds)
    let before = offsetSeconds(at: Timestamp(milliseconds: asUTC - 86_400_000))
    let first = Timestamp(milliseconds: asUTC - Int64(before) * 1000)
    if offsetSeconds(at: first) == before { return first }
    let after = offsetSeconds(at: Timestamp(milliseconds: asUTC + 86_400_000))
    let second = Timestamp(milliseconds: asUTC - Int64(after) * 1000)
    return offsetSeconds(at: second) == after ? second : first
  }
}

extension Timestamp {
  /// Reads `2019-10-01`, `2019-10-01 00:00:00`, `2019-10-01T00:00:00.123456+02:00`, `…Z`, `… UTC`.
  ///
  /// Without a zone in the text the clock is read in `zone`. Nil when the text has another form or
  /// names a date that does not exist.
  package init?(iso8601 text: some StringProtocol, zone: Zone = .utc) {
    guard let parsed = Self.parseISO8601(text, zone: zone) else { return nil }
    self = parsed.moment
  }

  /// As ``init(iso8601:zone:)``, with the person's own offset from UTC in minutes where the text
  /// says it in numbers: `Z`, `UTC` and `GMT` say the moment, but nothing of the person's clock.
  package static func parseISO8601(
    _ text: some StringProtocol, zone: Zone
  ) -> (moment: Timestamp, utcOffsetMinutes: Int?)? {
    var text = String(text)
    return text.withUTF8 { parseISO8601($0, zone: zone) }
  }

  /// The same of a text's bytes, so that no string has to be made of them.
  package static func parseISO8601(
    _ text: UnsafeBufferPointer<UInt8>, zone: Zone
  ) -> (moment: Timestamp, utcOffsetMinutes: Int?)? {
    var scanner = DigitScanner(rest: text)
    guard let year = scanner.digits(4), scanner.skip("-"), let month = scanner.digits(2),
      scanner.skip("-"), let day = scanner.digits(2)
    else { return nil }
    var civil = CivilTime(year: year, month: month, day: day)
    var fraction = 0
    if !scanner.isAtEnd {
      guard scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
        let hour = scanner.digits(2), scanner.skip(":"), let minute = scanner.digits(2)
      else { return nil }
      civil.hour = hour
      civil.minute = minute
      if scanner.skip(":") {
        guard let second = scanner.digits(2) else { return nil }
        civil.second = second
        if scanner.skip(".") || scanner.skip(",") {
          guard let f = scanner.fraction() else { return nil }
          fraction = f
        }
      }
    }
    // A leap second is shown as the last second of its minute, as most clocks do.
    if civil.second == 60 { civil.second = 59 }
    guard civil.exists else { return nil }
    _ = scanner.skip(" ")
    if scanner.isAtEnd { return (zone.moment(of: civil, milliseconds: fraction), nil) }
    var offset: Int?
    let isUTC =
      scanner.skip("Z") || scanner.skip("z") || scanner.skip("UTC") || scanner.skip("GMT")
    if !isUTC {
      let sign: Int
      if scanner.skip("+") { sign = 1 } else if scanner.skip("-") { sign = -1 } else { return nil }
      guard let hours = scanner.digits(2) else { return nil }
      _ = scanner.skip(":")
      let minutes = scanner.digits(2) ?? 0
      guard minutes < 60, hours * 60 + minutes <= Limits.utcOffsetMinutes else { return nil }
      offset = sign * (hours * 60 + minutes)
    }
    guard scanner.isAtEnd else { return nil }
    let utc = civil.millisecondsAsUTC + Int64(fraction) - Int64(offset ?? 0) * 60_000
    return (Timestamp(milliseconds: utc), offset)
  }
}

/// Walks over ASCII bytes of single times. The cells of a file have a cursor of their own, in
/// Collector.
private struct DigitScanner {
  let rest: UnsafeBufferPointer<UInt8>
  private var at = 0

  init(rest: UnsafeBufferPointer<UInt8>) { self.rest = rest }

  var isAtEnd: Bool { at == rest.count }

  mutating func digits(_ count: Int) -> Int? {
    guard at + count <= rest.count else { return nil }
    var value = 0
    for i in at..<(at + count) {
      let digit = rest[i] &- 48
      guard digit < 10 else { return nil }
      value = value * 10 + Int(digit)
    }
    at += count
    return value
  }

  mutating func skip(_ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard at + count <= rest.count else { return false }
    for i in 0..<count where rest[at + i] != text.utf8Start[i] { return false }
    at += count
    return true
  }

  /// Milliseconds out of one to nine decimals; what is finer is cut off.
  mutating func fraction() -> Int? {
    var value = 0
    var seen = 0
    while at < rest.count, rest[at] &- 48 < 10, seen < 9 {
      if seen < 3 { value = value * 10 + Int(rest[at] &- 48) }
      seen += 1
      at += 1
    }
    guard seen > 0 else { return nil }
    for _ in seen..<max(3, seen) { value *= 10 }
    return value
  }
}

private func padded(_ number: Int, _ width: Int) -> String {
  let digits = String(abs(number))
  return (number < 0 ? "-" : "") + String(repeating: "0", count: max(0, width - digits.count))
    + digits
}
