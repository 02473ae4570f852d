import GRDB

/// Numbers of names and customers, kept so that a batch costs no look-up for what was seen before.
struct KnownNumbers {
  /// By kind, in the order of ``NameKind/allCases``.
  private var names = [[String: Int64]](repeating: [:], count: NameKind.allCases.count)
  private var customers: [String: Int64] = [:]
  /// Pairs that are in the table identity_link.
  private var links: Set<Link> = []

  private struct Link: Hashable {
    var customer: Int64
    var other: Int64
  }
  /// Past this many of a kind all are forgotten and looked up again: memory stays bounded.
  private static let most = 200_000

  mutating func name(_ kind: NameKind, _ text: String?, _ db: Database) throws -> Int64? {
    guard let text, !text.isEmpty else { return nil }
    if let number = names[kind.index][text] { return number }
    let number = try Self.number(
      select: "SELECT id FROM name WHERE kind = ? AND text = ?",
      insert: "INSERT INTO name (kind, text) VALUES (?, ?)", [kind.rawValue, text], db)
    if names[kind.index].count >= Self.most { names[kind.index] = [:] }
    names[kind.index][text] = number
    return number
  }

  mutating func customer(_ key: String, _ db: Database) throws -> Int64 {
    if let number = customers[key] { return number }
    let number = try Self.number(
      select: "SELECT id FROM customer WHERE key = ?",
      insert: "INSERT INTO customer (key) VALUES (?)", [key], db)
    if customers.count >= Self.most { customers = [:] }
    customers[key] = number
    return number
  }

  /// True the first time that a pair is asked for.
  mutating func isNewLink(_ customer: Int64, _ other: Int64) -> Bool {
    if links.count >= Self.most { links = [] }
    return links.insert(Link(customer: customer, other: other)).inserted
  }

  private static func number(
    select: String, insert: String, _ arguments: StatementArguments, _ db: Database
  ) throws -> Int64 {
    let find = try db.cachedStatement(sql: select)
    if let number = try Int64.fetchOne(find, arguments: arguments) { return number }
    try db.cachedStatement(sql: insert).execute(arguments: arguments)
    return db.lastInsertedRowID
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
