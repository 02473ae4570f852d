import CustomerJourney
import GRDB

/// Keeps the table `identity_owner` what follows from links and decisions, for the identities about
/// which something new was said, and names whose journeys lose touchpoints by it: what was in those is
/// read again, and comes to whose it is now. Who only gets some is not read again; the identity is named,
/// and leads to its owners (``Store/changes(since:upTo:)``).
struct Settling {
  /// Identities after this one are new in this transaction: nobody holds touchpoints of them yet.
  private let lastKnown: Int64
  /// What has to be looked at; and whose it is, where it has but one link.
  private var dirty: [Int64: Int64?] = [:]

  init(_ db: Database) throws {
    lastKnown = try RawStatement("SELECT max(id) FROM identity", db).number(db) ?? 0
  }

  /// True when an identity came with this transaction.
  func isNew(_ identity: Int64) -> Bool { identity > lastKnown }

  /// `owner` is given where that is the only one whom the identity was ever named with, and nobody was
  /// named as its.
  mutating func add(_ identity: Int64, simplyOf owner: Int64? = nil) {
    if let known = dirty[identity], known != owner {
      dirty[identity] = .some(nil)
    } else {
      dirty[identity] = .some(owner)
    }
  }

  mutating func settle(_ db: Database) throws {
    guard !dirty.isEmpty else { return }
    let waiting = exchange(&dirty, with: [:])
    let isPlain =
      try RawStatement(
        """
        SELECT NOT EXISTS (SELECT 1 FROM identity_decision WHERE undone IS NULL)
          AND NOT EXISTS (SELECT 1 FROM junk_identity)
        """, db
      ).number(db) == 1
    var rest: Set<Int64> = []
    for (identity, owner) in waiting {
      if isPlain, let owner, try settleSimply(identity, owner, db) { continue }
      rest.insert(identity)
    }
    if !rest.isEmpty { try settle(rest, db) }
  }

  /// The common case: somebody of whom nothing else is known belongs to a customer who belongs to
  /// nobody. False when it is not that.
  private func settleSimply(_ identity: Int64, _ owner: Int64, _ db: Database) throws -> Bool {
    let isSimple = try RawStatement(
      """
      SELECT NOT EXISTS (SELECT 1 FROM identity_link WHERE weak = ?1 AND strong <> ?2)
        AND NOT EXISTS (SELECT 1 FROM identity_link WHERE strong = ?1)
        AND NOT EXISTS (SELECT 1 FROM identity_link WHERE weak = ?2)
        AND NOT EXISTS (SELECT 1 FROM identity_link WHERE strong = ?2 AND peers = 1)
        AND NOT EXISTS (SELECT 1 FROM identity_link WHERE strong = ?2 AND peers = 0
          LIMIT 1 OFFSET \(Limits.identitiesPerIdentity))
        AND NOT EXISTS (SELECT 1 FROM identity_owner WHERE identity IN (?1, ?2))
      """, db)
    isSimple.bind(1, identity)
    isSimple.bind(2, owner)
    guard try isSimple.number(db) == 1 else { return false }
    try Self.add(Ownership(since: .min, customer: owner), of: identity, db)
    if identity <= lastKnown { try Self.noteChange(of: [identity], db) }
    return true
  }

  private func settle(_ identities: Set<Int64>, _ db: Database) throws {
    var reader = EvidenceReader(db)
    try reader.read(around: identities)
    let resolved = reader.evidence.resolved(reader.members)
    var changed: Set<Int64> = []
    for identity in reader.members.sorted() {
      let old = try Self.owners(of: identity, db)
      let new = resolved.owners[identity]?.rows(of: identity) ?? []
      guard old != new else { continue }
      try db.cachedStatement(sql: "DELETE FROM identity_owner WHERE identity = ?")
        .execute(arguments: [identity])
      for one in new { try Self.add(one, of: identity, db) }
      guard identity <= lastKnown else { continue }
      changed.formUnion(old.map(\.customer))
      changed.insert(identity)
    }
    try noteAlarms(reader, crowded: resolved.crowded, db)
    try Self.noteChange(of: changed, db)
  }

  private func noteAlarms(
    _ reader: EvidenceReader, crowded: Set<Int64>, _ db: Database
  ) throws {
    func note(_ reason: String, _ looked: Set<Int64>, _ found: Set<Int64>) throws {
      let insert = try db.cachedStatement(
        sql: "INSERT INTO identity_alarm (identity, reason) VALUES (?, ?) ON CONFLICT DO NOTHING")
      for identity in found { try insert.execute(arguments: [identity, reason]) }
      let delete = try db.cachedStatement(
        sql: "DELETE FROM identity_alarm WHERE identity = ? AND reason = ?")
      for identity in looked.subtracting(found) {
        try delete.execute(arguments: [identity, reason])
      }
    }
    try note("crowded", reader.members, crowded.intersection(reader.members))
    try note("full", reader.measured, Set(reader.evidence.accepted.keys))
  }

  private static func add(_ one: Ownership, of identity: Int64, _ db: Database) throws {
    let insert = try RawStatement(
      "INSERT INTO identity_owner (identity, since, customer) VALUES (?, ?, ?)", db)
    insert.bind(1, identity)
    insert.bind(2, one.since)
    insert.bind(3, one.customer)
    try insert.run(db)
  }

  static func owners(of identity: Int64, _ db: Database) throws -> [Ownership] {
    try Row.fetchAll(
      db.cachedStatement(
        sql: "SELECT since, customer FROM identity_owner WHERE identity = ? ORDER BY since"),
      arguments: [identity]
    ).map { Ownership(since: $0[0], customer: $0[1]) }
  }

  /// Says that these customers' journeys are to be read anew.
  static func noteChange(of customers: some Sequence<Int64>, _ db: Database) throws {
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO journey_change (customer, last_row)
        SELECT ?, coalesce((SELECT max(id) FROM touchpoint), 0)
        """)
    for customer in customers { try insert.execute(arguments: [customer]) }
  }
}

extension Settling {
  /// How many identities are read at once when all are.
  private static let chunk = 5_000

  /// Everybody of whom something was said or decided, or who has an owner.
  private static func everybody(_ db: Database) throws -> [Int64] {
    try Int64.fetchAll(
      db,
      sql: """
        SELECT weak FROM identity_link UNION SELECT identity FROM identity_owner
        UNION SELECT one FROM identity_decision UNION SELECT other FROM identity_decision
        UNION SELECT strong FROM identity_link
        """)
  }

  /// Works everything out again, and changes what turns out otherwise.
  static func rebuild(_ db: Database) throws {
    for chunk in try everybody(db).chunks(of: Self.chunk) {
      var settling = Settling(lastKnown: .max)
      for identity in chunk { settling.add(identity) }
      try settling.settle(db)
    }
  }

  private init(lastKnown: Int64) { self.lastKnown = lastKnown }

  /// How many identities have another owner than what was said and decided makes of them.
  static func strays(_ db: Database) throws -> Int {
    var count = 0
    for chunk in try everybody(db).chunks(of: Self.chunk) {
      var reader = EvidenceReader(db)
      try reader.read(around: Set(chunk))
      let owners = reader.evidence.resolved(chunk).owners
      for identity in chunk {
        let rows = owners[identity]?.rows(of: identity) ?? []
        if try rows != Self.owners(of: identity, db) { count += 1 }
      }
    }
    return count
  }
}

extension [Ownership] {
  /// As the table has it: nothing where an identity is its own customer.
  fileprivate func rows(of identity: Int64) -> [Ownership] {
    self == [Ownership(since: .min, customer: identity)] ? [] : self
  }
}
