import CustomerJourney
import GRDB

/// Numbers of names and customers, kept so that a batch costs no look-up for what was seen before.
struct KnownNumbers {
  /// By kind, in the order of ``NameKind/allCases``.
  private var names = [Recent](repeating: Recent(), count: NameKind.allCases.count)
  private var customers = Recent()
  /// By a key that a message had besides the customer's, who that customer was and when, the last time.
  private var links = Recent()

  mutating func name(_ kind: NameKind, _ text: String?, _ db: Database) throws -> Int64? {
    guard let text, !text.isEmpty else { return nil }
    if let number = names[kind.index][text] { return number }
    let number = try Self.number(
      select: "SELECT id FROM name WHERE kind = ? AND text = ?",
      insert: "INSERT INTO name (kind, text) VALUES (?, ?) ON CONFLICT DO NOTHING",
      [kind.rawValue, text], db)
    names[kind.index].add(text, number)
    return number
  }

  mutating func customer(_ key: String, _ db: Database) throws -> Int64 {
    if let number = customers[key] { return number }
    guard !key.isEmpty else { throw DatabaseError(resultCode: .SQLITE_CONSTRAINT) }
    let number = try Self.number(
      select: "SELECT id FROM identity WHERE key = ?",
      insert: "INSERT INTO identity (key) VALUES (?) ON CONFLICT DO NOTHING", [key], db)
    customers.add(key, number)
    return number
  }

  /// False when the pair was asked for already in this minute, at this second of it or before, by
  /// somebody as trusted; now and then true again.
  mutating func isNewSighting(
    _ customer: Int64, _ other: String, second: Int64, isTrusted: Bool
  ) -> Bool {
    let (minute, rest) = second.flooredDivision(by: 60)
    // So many bits for each that minutes come again after 30 years.
    let pair = customer << 31 | (minute & 0xFF_FFFF) << 7 | (isTrusted ? 1 : 0) << 6
    if let known = links[other], known & ~63 == pair, known & 63 <= rest { return false }
    links.add(other, pair | rest)
    return true
  }

  /// Tries to insert first: what is not in memory is new more often than not.
  private static func number(
    select: String, insert: String, _ texts: [String], _ db: Database
  ) throws -> Int64 {
    let add = try RawStatement(insert, db)
    for (i, text) in texts.enumerated() { add.bind(Int32(i + 1), text) }
    if try add.run(db) > 0 { return db.lastInsertedRowID }
    let find = try RawStatement(select, db)
    for (i, text) in texts.enumerated() { find.bind(Int32(i + 1), text) }
    guard let number = try find.number(db) else {
      preconditionFailure("a row that conflicts is there")
    }
    return number
  }
}

/// Numbers by text, of which those are forgotten that were not asked for lately, half at a time:
/// memory stays bounded, and what is used often stays.
private struct Recent {
  private struct Generation {
    var texts = TextIndex()
    var numbers: [Int64] = []
  }

  private var young = Generation()
  private var old = Generation()
  private static let half = 100_000
  /// The text of the last look-up that found one: of many kinds it is the same again and again.
  private var last: (text: String, number: Int64)?

  subscript(_ text: String) -> Int64? {
    mutating get {
      if let last, last.text == text { return last.number }
      if let at = young.texts.number(of: text) {
        last = (text, young.numbers[at])
        return young.numbers[at]
      }
      guard let at = old.texts.number(of: text) else { return nil }
      let number = old.numbers[at]
      add(text, number)
      return number
    }
  }

  /// A number for a text; one that it had before is replaced.
  mutating func add(_ text: String, _ number: Int64) {
    last = nil
    if let at = young.texts.number(of: text) {
      young.numbers[at] = number
      return
    }
    if young.numbers.count >= Self.half { old = exchange(&young, with: Generation()) }
    young.texts.add(text)
    young.numbers.append(number)
  }
}

extension NameKind {
  fileprivate var index: Int {
    switch self {
    case .event: 0
    case .channel: 1
    case .origin: 2
    case .device: 3
    case .content: 4
    case .campaign: 5
    case .source: 6
    }
  }
}
