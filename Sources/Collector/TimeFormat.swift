import CustomerJourney

/// A clock as it stands in a cell, before a zone makes it a moment.
struct ClockReading: Equatable {
  var civil: CivilTime
  var milliseconds = 0
  /// Where the cell says how its clock stands to UTC.
  var offset: WrittenOffset?
}

/// How a cell says in which zone its clock is.
enum WrittenOffset: Equatable {
  /// `Z`, `UTC` or `GMT`: the moment is sure, the person's own clock is not known.
  case utc
  /// `+02:00`: the person's own clock.
  case minutes(Int)

  /// To take from the clock that is written.
  var minutes: Int {
    switch self {
    case .utc: 0
    case .minutes(let minutes): minutes
    }
  }

  /// The person's own offset, where known.
  var ofPerson: Int? {
    switch self {
    case .utc: nil
    case .minutes(let minutes): minutes
    }
  }
}

/// How a column of times is written: letters of the pattern stand for digits, all else for itself.
///
/// `yyyy` year, `yy` year from 1970 to 2069, `MM` or `M` month, `MMM` its name in English or Dutch,
/// `dd` or `d` day, `HH` or `H` hour, `hh` or `h` with `a` hour of twelve, `mm` minute, `ss` second,
/// `S…` fraction, `X` or `z` offset from UTC (`Z`, `+02:00`, `UTC`). Text between `'` is itself.
struct TimeFormat: Hashable {
  private enum Part: Hashable {
    case number(Field, least: Int, most: Int)
    case monthName
    case half
    case fraction
    case offset
    case text(UInt8)
  }

  private enum Field: Hashable { case year, shortYear, month, day, hour, minute, second }

  private let parts: [Part]

  /// Nil with the letter that has no meaning.
  static func parse(_ pattern: String) -> Result<TimeFormat, ImportError> {
    var parts: [Part] = []
    var rest = pattern[...]
    while let letter = rest.first {
      if letter == "'", let close = rest.dropFirst().firstIndex(of: "'") {
        parts += rest[..<close].dropFirst().utf8.map { .text($0) }
        rest = rest[rest.index(after: close)...]
        continue
      }
      let run = rest.prefix { $0 == letter }
      rest = rest.dropFirst(run.count)
      let count = run.count
      if let most = longestRun[letter], count > most {
        return .failure(
          ImportError(
            .mapping,
            "the letter \(letter) stands \(count) times on end in a time's format; write it at most "
              + "\(most) times"))
      }
      // Next to other digits a run has its own length; elsewhere one letter takes one or two.
      let digits = (least: count > 1 ? count : 1, most: max(2, count))
      switch letter {
      case "y":
        parts.append(
          count == 2
            ? .number(.shortYear, least: 2, most: 2) : .number(.year, least: 4, most: 4))
      case "M" where count >= 3: parts.append(.monthName)
      case "M": parts.append(.number(.month, least: digits.least, most: digits.most))
      case "d": parts.append(.number(.day, least: digits.least, most: digits.most))
      case "H", "h": parts.append(.number(.hour, least: digits.least, most: digits.most))
      case "m": parts.append(.number(.minute, least: digits.least, most: digits.most))
      case "s": parts.append(.number(.second, least: digits.least, most: digits.most))
      case "S": parts.append(.fraction)
      case "a": parts.append(.half)
      case "X", "x", "z", "Z": parts.append(.offset)
      case _ where letter.isLetter && letter != "T":
        return .failure(
          ImportError(
            .mapping,
            "the letter \(letter) in a time's format means nothing here; use y M d H m s S h a X, "
              + "and put text between single quotes"))
      default: parts += run.utf8.map { .text($0) }
      }
    }
    let needed: [[Field]] = [[.year, .shortYear], [.month], [.day]]
    for fields in needed {
      let isThere = parts.contains { part in
        if case .number(let field, _, _) = part { return fields.contains(field) }
        return fields == [.month] && part == .monthName
      }
      guard isThere else {
        return .failure(
          ImportError(.mapping, "the time's format needs a year, a month and a day, as yyyy-MM-dd"))
      }
    }
    return .success(TimeFormat(parts: parts))
  }

  /// How often a letter can stand on end and mean something.
  private static let longestRun: [Character: Int] = [
    "y": 4, "M": 4, "d": 2, "H": 2, "h": 2, "m": 2, "s": 2, "S": 9, "a": 3, "X": 5, "x": 5, "z": 5,
    "Z": 5,
  ]

  /// Nil when the cell is written in another way. Whether the date exists is for the caller.
  func read(_ cell: Bytes) -> ClockReading? {
    var cursor = DigitCursor(cell)
    var reading = ClockReading(civil: CivilTime(year: 0, month: 1, day: 1))
    var isAfternoon: Bool?
    for part in parts {
      switch part {
      case .number(let field, let least, let most):
        guard let number = cursor.digits(least: least, most: most) else { return nil }
        switch field {
        case .year: reading.civil.year = number
        case .shortYear: reading.civil.year = number + (number < 70 ? 2000 : 1900)
        case .month: reading.civil.month = number
        case .day: reading.civil.day = number
        case .hour: reading.civil.hour = number
        case .minute: reading.civil.minute = number
        case .second: reading.civil.second = number
        }
      case .monthName:
        guard let month = cursor.monthName() else { return nil }
        reading.civil.month = month
      case .half:
        guard let half = cursor.half() else { return nil }
        isAfternoon = half
      case .fraction:
        guard let fraction = cursor.fraction() else { return nil }
        reading.milliseconds = fraction
      case .offset:
        guard let offset = cursor.offset() else { return nil }
        reading.offset = offset
      case .text(let byte):
        guard cursor.skip(byte) else { return nil }
      }
    }
    guard cursor.isAtEnd else { return nil }
    if let isAfternoon {
      guard (1...12).contains(reading.civil.hour) else { return nil }
      reading.civil.hour = reading.civil.hour % 12 + (isAfternoon ? 12 : 0)
    }
    return reading
  }
}

/// Walks over the bytes of a cell that holds a time.
struct DigitCursor {
  private let bytes: Bytes
  private(set) var at = 0

  init(_ bytes: Bytes) { self.bytes = bytes }

  var isAtEnd: Bool { at == bytes.count }
  var peek: UInt8? { at < bytes.count ? bytes[at] : nil }

  mutating func digits(least: Int, most: Int) -> Int? {
    var value = 0
    var count = 0
    while count < most, at < bytes.count, bytes[at] &- 48 < 10 {
      value = value * 10 + Int(bytes[at] &- 48)
      at += 1
      count += 1
    }
    return count >= least ? value : nil
  }

  mutating func skip(_ byte: UInt8) -> Bool {
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  /// Milliseconds out of one to nine decimals; what is finer is cut off.
  mutating func fraction() -> Int? {
    var value = 0
    var count = 0
    while count < 9, at < bytes.count, bytes[at] &- 48 < 10 {
      if count < 3 { value = value * 10 + Int(bytes[at] &- 48) }
      at += 1
      count += 1
    }
    guard count > 0 else { return nil }
    for _ in count..<max(3, count) { value *= 10 }
    return value
  }

  /// `Z`, `UTC`, `GMT`, `+02:00`, `-0500`, `+01`.
  mutating func offset() -> WrittenOffset? {
    if skip(UInt8(ascii: "Z")) || skip(UInt8(ascii: "z")) { return .utc }
    if word("UTC") || word("GMT") { return .utc }
    let sign: Int
    if skip(UInt8(ascii: "+")) {
      sign = 1
    } else if skip(UInt8(ascii: "-")) {
      sign = -1
    } else {
      return nil
    }
    guard let hours = digits(least: 2, most: 2) else { return nil }
    _ = skip(UInt8(ascii: ":"))
    let minutes = digits(least: 2, most: 2) ?? 0
    guard minutes < 60, hours * 60 + minutes <= Limits.utcOffsetMinutes else { return nil }
    return .minutes(sign * (hours * 60 + minutes))
  }

  mutating func half() -> Bool? {
    if word("AM") || word("am") { return false }
    if word("PM") || word("pm") { return true }
    return nil
  }

  /// The month whose name begins here, in English or Dutch, short or whole.
  mutating func monthName() -> Int? {
    var name = ""
    while let byte = peek, byte | 32 >= 97, byte | 32 <= 122, name.utf8.count < 12 {
      name.unicodeScalars.append(Unicode.Scalar(byte | 32))
      at += 1
    }
    _ = skip(UInt8(ascii: "."))
    guard name.utf8.count >= 3 else { return nil }
    return Self.months.firstIndex { names in names.contains { $0.hasPrefix(name) } }.map { $0 + 1 }
  }

  private static let months = [
    ["january", "januari"], ["february", "februari"], ["march", "maart", "mrt"], ["april"],
    ["may", "mei"], ["june", "juni"], ["july", "juli"], ["august", "augustus"], ["september"],
    ["october", "oktober"], ["november"], ["december"],
  ]

  private mutating func word(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard at + count <= bytes.count else { return false }
    for i in 0..<count where bytes[at + i] != word.utf8Start[i] { return false }
    at += count
    return true
  }
}
