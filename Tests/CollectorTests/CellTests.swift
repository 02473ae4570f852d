import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite struct TimeCells {
  private func read(
    _ cell: String, zone: Zone = .utc, format: String? = nil, order: DateOrder = .dayFirst
  ) throws -> TimeReader.Outcome {
    let format = try format.map { try TimeFormat.parse($0).get() }
    var reader = TimeReader(zone: zone, format: format, order: order, now: testNow)
    return Array(cell.utf8).withUnsafeBufferPointer { reader.read($0) }
  }

  @Test(
    "times are read as people and programs write them",
    arguments: [
      ("2019-10-01 00:00:00 UTC", "2019-10-01T00:00:00Z", "REES46"),
      ("2011-10-11 13:45:40.276000+02:00", "2011-10-11T11:45:40.276Z", "pandas with an offset"),
      ("2019-10-01T00:00:00.123456+00:00", "2019-10-01T00:00:00.123Z", "microseconds are cut"),
      ("2019-10-01T00:00Z", "2019-10-01T00:00:00Z", "without seconds"),
      ("2019-10-01", "2019-10-01T00:00:00Z", "a date is its first moment"),
      ("31-12-2019 23:59", "2019-12-31T23:59:00Z", "Dutch"),
      ("1-2-2019", "2019-02-01T00:00:00Z", "Dutch, without zeros"),
      ("01/02/2019", "2019-02-01T00:00:00Z", "the day first unless told otherwise"),
      ("31.12.19", "2019-12-31T00:00:00Z", "two digits of the year"),
      ("1/2/2019 1:05 PM", "2019-02-01T13:05:00Z", "a clock of twelve hours"),
      ("1/2/2019 12:05 AM", "2019-02-01T00:05:00Z", "midnight on a clock of twelve hours"),
      ("1569888000", "2019-10-01T00:00:00Z", "epoch seconds"),
      ("1569888000.5", "2019-10-01T00:00:00.500Z", "epoch seconds with decimals"),
      ("1569888000123", "2019-10-01T00:00:00.123Z", "epoch milliseconds"),
      ("1569888000123456", "2019-10-01T00:00:00.123Z", "epoch microseconds"),
      ("1569888000123456789", "2019-10-01T00:00:00.123Z", "epoch nanoseconds"),
      ("-86400", "1969-12-31T00:00:00Z", "before 1970"),
      ("19970101", "1997-01-01T00:00:00Z", "eight digits that are a date"),
      ("20191001235958", "2019-10-01T23:59:58Z", "fourteen digits that are a date"),
      ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z", "a leap second is the last of its minute"),
    ]
  ) func known(cell: String, expected: String, why: String) throws {
    guard case .moment(let moment, _) = try read(cell) else {
      Issue.record("\(cell) (\(why)) is not read")
      return
    }
    #expect(moment.iso8601 == expected, "\(why)")
  }

  @Test(
    "times that cannot be are told from times that are not known",
    arguments: [
      ("2023-02-29", "does not exist", "no leap year"),
      ("2024-13-01", "does not exist", "month 13"),
      ("31-04-2024", "does not exist", "April has 30 days"),
      ("2024-01-01 24:00:00", "does not exist", "hour 24"),
      ("1899-12-31", "before 1900", "the far past"),
      ("2024-06-17", "in the future", "more than a day from now"),
      ("9999-12-31", "in the future", "the end of time"),
      ("yesterday", "not written in a way", "words"),
      ("12:30", "not written in a way", "a clock without a date"),
      ("2024-01-01 12:00 Amsterdam", "not written in a way", "text after the time"),
      ("2024-01-01T12:00+19:00", "not written in a way", "no such offset"),
      ("99999999999999999999", "not written in a way", "too many digits"),
    ]
  ) func impossible(cell: String, expected: String, why: String) throws {
    guard case .problem(let problem) = try read(cell) else {
      Issue.record("\(cell) (\(why)) is read")
      return
    }
    #expect(problem.contains(expected), "\(why)")
  }

  @Test(
    "a format says how times are written",
    arguments: [
      ("yyyyMMdd", "19970118", "1997-01-18T00:00:00Z"),
      ("MM/dd/yyyy HH:mm", "03/04/2024 05:06", "2024-03-04T05:06:00Z"),
      ("d MMM yyyy", "5 mei 2024", "2024-05-05T00:00:00Z"),
      ("d MMMM yyyy 'om' H.mm 'uur'", "5 maart 2024 om 9.30 uur", "2024-03-05T09:30:00Z"),
      ("dd/MMM/yyyy:HH:mm:ss X", "17/May/2015:10:05:03 +0200", "2015-05-17T08:05:03Z"),
      ("h:mm a, M/d/yy", "1:05 PM, 3/4/24", "2024-03-04T13:05:00Z"),
      ("yyyy-MM-dd HH:mm:ss.SSS", "2024-03-04 05:06:07.89", "2024-03-04T05:06:07.890Z"),
    ]
  ) func formats(format: String, cell: String, expected: String) throws {
    guard case .moment(let moment, _) = try read(cell, format: format) else {
      Issue.record("\(cell) is not read with \(format)")
      return
    }
    #expect(moment.iso8601 == expected)
    guard case .problem = try read("x\(cell)", format: format) else {
      Issue.record("text before \(cell) is accepted")
      return
    }
  }

  @Test(
    "only an offset in numbers is the person's own",
    arguments: [
      ("2024-01-01T12:00:00Z", nil), ("2024-01-01 12:00:00 UTC", nil),
      ("2024-01-01 12:00:00 GMT", nil), ("2024-01-01T12:00:00z", nil), ("2024-01-01 12:00", nil),
      ("2024-01-01T14:00:00+02:00", 120), ("2024-01-01T12:00:00+00:00", 0),
      ("2024-01-01T07:00:00-0500", -300),
    ] as [(String, Int?)]
  ) func offsets(cell: String, minutes: Int?) throws {
    let moment = try #require(Timestamp(iso8601: "2024-01-01T12:00:00Z"))
    #expect(try read(cell) == .moment(moment, utcOffsetMinutes: minutes))
    let parsed = try #require(Timestamp.parseISO8601(cell, zone: .utc))
    #expect(parsed.moment == moment)
    #expect(parsed.utcOffsetMinutes == minutes)
    let format = "yyyy-MM-dd HH:mm:ss X"
    guard cell.contains(" "), cell.utf8.count > 20 else { return }
    #expect(try read(cell, format: format) == .moment(moment, utcOffsetMinutes: minutes))
  }

  @Test("a format with an unknown letter, too long a run or without a day or year is refused")
  func badFormats() {
    let long = String(repeating: "d", count: 21)
    for format in [
      "yyyy-MM-dd QQ", "HH:mm", "yyyy", "dd-MM", "MM/dd HH:mm", "yyyy-MM-\(long)", "yyyyy-MM-dd",
      "yyyy-MM-ddd", "yyyy-MM-dd HHH",
    ] {
      #expect(throws: ImportError.self) { _ = try TimeFormat.parse(format).get() }
    }
  }

  @Test("clocks without a zone are read in the zone of the file, right through summer time")
  func zones() throws {
    let zone = try #require(Zone("America/New_York"))
    let cells = [
      "2017-01-15 12:00:00", "2017-07-15 12:00:00", "2017-03-12 01:59:59", "2017-03-12 02:30:00",
      "2017-03-12 03:00:00", "2017-11-05 00:59:59", "2017-11-05 01:30:00", "2017-11-05 02:00:00",
    ]
    var reader = TimeReader(zone: zone, format: nil, order: .dayFirst, now: testNow)
    for cell in cells {
      let expected = try #require(Timestamp(iso8601: cell, zone: zone))
      let outcome = Array(cell.utf8).withUnsafeBufferPointer { reader.read($0) }
      #expect(outcome == .moment(expected, utcOffsetMinutes: nil), "\(cell)")
    }
  }

  @Test("every hour of thirty years is the moment that the zone says, found the fast way")
  func everyHour() throws {
    for name in [
      "Europe/Amsterdam", "America/St_Johns", "Australia/Lord_Howe", "Africa/Casablanca",
    ] {
      let zone = try #require(Zone(name))
      var reader = TimeReader(zone: zone, format: nil, order: .dayFirst, now: testNow)
      for hour in stride(from: 0, to: 30 * 365 * 24, by: 7) {
        let clock = CivilTime.of(milliseconds: 820_454_400_000 + Int64(hour) * 3_600_000).civil
        if clock.millisecondsAsUTC > testNow.milliseconds { break }
        let text = "\(clock.dateText) \(clock.clockText)"
        let outcome = Array(text.utf8).withUnsafeBufferPointer { reader.read($0) }
        #expect(outcome == .moment(zone.moment(of: clock), utcOffsetMinutes: nil), "\(text)")
      }
    }
  }

  @Test("cells prove whether the day or the month comes first")
  func orders() {
    func order(_ cells: [String]) -> (DateOrder, Bool) {
      let found = TimeReader.order(of: cells.map { Array($0.utf8) })
      return (found.order, found.isSure)
    }
    #expect(order(["01/02/2024", "13/02/2024"]) == (.dayFirst, true))
    #expect(order(["01/02/2024", "01/13/2024"]) == (.monthFirst, true))
    #expect(order(["01/02/2024"]) == (.dayFirst, false))
    #expect(order(["01-02-2024"]) == (.dayFirst, true))
    #expect(order(["2024-02-01"]) == (.dayFirst, true))
  }
}

@Suite struct AmountCells {
  private func minorUnits(
    _ cell: String, decimal: Character, _ currency: Currency
  ) -> Int64? {
    let reader = AmountReader(decimal: decimal.asciiValue ?? 46)
    let millionths = Array(cell.utf8).withUnsafeBufferPointer { try? reader.millionths($0) }
    return millionths.map { AmountReader.money($0, currency).minorUnits }
  }

  @Test(
    "amounts are read as people write them, without a binary fraction",
    arguments: [
      ("1.234,56", ",", 123_456), ("1,234.56", ".", 123_456), ("€ 12,50", ",", 1_250),
      ("12.5", ".", 1_250), ("-12.50", ".", -1_250), ("12,50-", ",", -1_250),
      ("(12.50)", ".", -1_250), ("12,-", ",", 1_200), ("-12,-", ",", -1_200),
      ("1'234.50", ".", 123_450), ("EUR 7", ".", 700), ("7 EUR", ".", 700), (".5", ".", 50),
      ("0.005", ".", 1), ("0.0049999999", ".", 0), ("-0.005", ".", -1), ("2.675", ".", 268),
      ("0.1", ".", 10), ("1e3", ".", 100_000), ("9.5E-1", ".", 95),
      ("1e-9223372036854775808", ".", 0), ("1e-31", ".", 0), ("+7", ".", 700), ("7+", ".", 700),
      ("1.000.000,00", ",", 100_000_000),
      ("1000000000000", ".", 100_000_000_000_000), ("£1,000", ".", 100_000),
      ("1\u{A0}234,50\u{202F}€", ",", 123_450),
    ] as [(String, Character, Int64)]
  ) func good(cell: String, decimal: Character, expected: Int64) {
    #expect(minorUnits(cell, decimal: decimal, .eur) == expected)
  }

  @Test(
    "what is no amount is told",
    arguments: [
      ("", "."), ("-", "."), ("€", "."), ("12:50", "."), ("1.2.3", "."), ("1,23.4", "."),
      ("12,5", "."), ("1.23", ","), ("1000000000001", "."), ("99999999999999999999999", "."),
      ("1e31", "."), ("5 apples 6", "."), ("12€50", "."), ("1e400", "."), ("1e+", "."),
      ("0x10;", "."), ("10-20", "."), ("2024-01-31", "."), ("1+1", "."), ("1(2)", "."),
      (".-5", "."), ("5-e3", "."), ("1e9223372036854775807", "."),
    ] as [(String, Character)]
  ) func bad(cell: String, decimal: Character) {
    #expect(minorUnits(cell, decimal: decimal, .eur) == nil)
  }

  @Test("currencies have their own number of decimals")
  func decimals() throws {
    let yen = try #require(Currency("JPY"))
    let dinar = try #require(Currency("KWD"))
    #expect(minorUnits("12.5", decimal: ".", yen) == 13)
    #expect(minorUnits("-12.5", decimal: ".", yen) == -13)
    #expect(minorUnits("1.2345", decimal: ".", dinar) == 1_235)
  }

  @Test(
    "the decimal mark follows from the cells that prove one",
    arguments: [
      (["1.234", "1.234,56"], ",", true), (["1,234", "7.50"], ".", true), (["12.5"], ".", true),
      (["12,5"], ",", true), (["1.234"], ",", false), (["1,234"], ".", false), (["12"], ".", true),
      (["0.125"], ".", true), (["1.234.567"], ",", true), ([], ".", true),
    ] as [([String], Character, Bool)]
  ) func marks(cells: [String], expected: Character, isSure: Bool) {
    let found = AmountReader.decimal(of: cells.map { Array($0.utf8) })
    #expect(found.mark == expected.asciiValue)
    #expect(found.isSure == isSure)
  }

  @Test("random amounts come back as they were written, whatever the marks")
  func roundTrip() {
    let seed = UInt64.random(in: 0 ... .max)
    var random = SeededRandom(seed: seed)
    for _ in 0..<2_000 {
      let cents = Int64.random(in: -99_999_999_999...99_999_999_999, using: &random)
      let whole = String(cents.magnitude / 100)
      var grouped = ""
      for (at, digit) in whole.enumerated() {
        if at > 0, (whole.count - at) % 3 == 0 { grouped.append(".") }
        grouped.append(digit)
      }
      let fraction = String(cents.magnitude % 100 + 100).dropFirst()
      let sign = cents < 0 ? "-" : ""
      #expect(
        minorUnits("\(sign)\(grouped),\(fraction)", decimal: ",", .eur) == cents, "seed \(seed)")
      #expect(
        minorUnits("\(sign)\(whole).\(fraction)", decimal: ".", .eur) == cents, "seed \(seed)")
    }
  }
}

/// Numbers that a seed repeats (SplitMix64).
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
