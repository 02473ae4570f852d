import GRDB

/// Numbers of names and customers, kept so that a batch costs no look-up for what was seen before.
struct KnownNumbers {
  /// By kind, in the order of ``NameKind/allCases``.
  private var names = [Recent<String, Int64>](repeating: Recent(), count: NameKind.allCases.count)
  private var customers = Recent<String, Int64>()
  /// By a key in the table identity_link, the customer that it was last linked to.
  private var links = Recent<String, Int64>()

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
    let number = try Self.number(
      select: "SELECT id FROM customer WHERE key = ?",
      insert: "INSERT INTO customer (key) VALUES (?) ON CONFLICT DO NOTHING", [key], db)
    customers.add(key, number)
    return number
  }

  /// True the first time that a pair is asked for; now and then again.
  mutating func isNewLink(_ customer: Int64, _ other: String) -> Bool {
    if links[other] == customer { return false }
    links.add(other, customer)
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

/// A dictionary that forgets what was not asked for lately, half at a time: memory stays bounded,
/// and what is used often stays.
private struct Recent<Key: Hashable & Sendable, Value: Sendable> {
  private var young: [Key: Value] = [:]
  private var old: [Key: Value] = [:]
  private static var half: Int { 250_000 }

  subscript(_ key: Key) -> Value? {
    mutating get {
      if let value = young[key] { return value }
      guard let value = old[key] else { return nil }
      add(key, value)
      return value
    }
  }

  mutating func add(_ key: Key, _ value: Value) {
    if young.count >= Self.half {
      old = young
      young = [:]
    }
    young[key] = value
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
