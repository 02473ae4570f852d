package import Access
package import CustomerJourney
import Foundation
import GRDB

extension Store {
  // MARK: Purposes

  private static let purposesName = "consent purposes"

  /// What customers are asked about, and which version of its words this is.
  package struct AskedPurposes: Hashable, Sendable, Codable {
    package var version: Int
    package var purposes: [ConsentPurpose]

    package init(version: Int = 1, purposes: [ConsentPurpose] = ConsentPurpose.usual) {
      self.version = version
      self.purposes = purposes
    }
  }

  package func purposes() throws -> AskedPurposes {
    try pool.read { try Self.purposes($0) }
  }

  static func purposes(_ db: Database) throws -> AskedPurposes {
    let json = try String.fetchOne(
      db, sql: "SELECT value FROM setting WHERE name = ?", arguments: [purposesName])
    guard let json else { return AskedPurposes() }
    return try JSONDecoder().decode(AskedPurposes.self, from: Data(json.utf8))
  }

  /// Says what customers are asked about from now on; earlier lines keep the words that they had.
  package func set(_ purposes: [ConsentPurpose], _ deed: Deed) throws {
    try write { db in
      let next = AskedPurposes(version: try Self.purposes(db).version + 1, purposes: purposes)
      let json = String(decoding: try JSONEncoder().encode(next), as: UTF8.self)
      try db.execute(
        sql: """
          INSERT INTO setting (name, value) VALUES (?, ?)
          ON CONFLICT (name) DO UPDATE SET value = excluded.value
          """, arguments: [Self.purposesName, json])
      try Self.note(deed, db)
    }
  }

  // MARK: The ledger

  /// Adds lines to the ledger. Those that are there already are let go.
  package func add(_ entries: [ConsentEntry], _ deed: Deed? = nil) throws {
    guard !entries.isEmpty else { return }
    try write { db in
      var customers: Set<Int64> = []
      for entry in entries {
        let identity = try Int64.fetchOne(
          db, sql: "SELECT id FROM identity WHERE key = ?", arguments: [entry.key])
        guard let identity else { throw IdentityProblem.unknown }
        guard try Self.add(entry, of: identity, db) else { continue }
        customers.insert(
          try Int64.fetchOne(
            db, sql: "SELECT \(Schema.customer(of: "?1", at: "?2"))",
            arguments: [identity, entry.happened.milliseconds]) ?? identity)
      }
      // Segments follow: a rule may ask for it.
      try Settling.noteChange(of: customers, db)
      if let deed { try Self.note(deed, db) }
    }
  }

  /// False when it was there already.
  @discardableResult
  static func add(_ entry: ConsentEntry, of identity: Int64, _ db: Database) throws -> Bool {
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO consent_entry (customer, purpose, channel, state, happened, received, means,
          by_whom, page, words, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """)
    try insert.execute(arguments: [
      identity, entry.purpose, entry.channel.name, entry.state.rawValue,
      entry.happened.milliseconds, entry.received.milliseconds, entry.means.rawValue, entry.by,
      entry.page, entry.words, entry.version,
    ])
    return db.changesCount > 0
  }

  /// What clients said, in the transaction of their batch. Returns true where it was news.
  static func add(_ claim: ConsentClaim, of identity: Int64, _ db: Database) throws -> Bool {
    let entry = claim.entry
    if !claim.isSaid {
      let last = try String.fetchOne(
        db.cachedStatement(
          sql: """
            SELECT state FROM consent_entry
            WHERE customer = ? AND purpose = ? AND channel = ? AND happened <= ?
            ORDER BY happened DESC, id DESC LIMIT 1
            """),
        arguments: [
          identity, entry.purpose, entry.channel.name, entry.happened.milliseconds,
        ])
      if last == entry.state.rawValue { return false }
    }
    return try add(entry, of: identity, db)
  }

  /// Says that segments of whoever has an identity may be others by a consent.
  static func noteConsent(of identity: Int64, _ db: Database) throws {
    let owners = try Settling.owners(of: identity, db).map(\.customer)
    try Settling.noteChange(of: owners.isEmpty ? [identity] : Set(owners), db)
  }

  /// All lines of a customer, by any key of it, the oldest first.
  package func consents(ofCustomer customer: Int64) throws -> [ConsentEntry] {
    try consentEntries(of: [customer])[customer] ?? []
  }

  /// By customer. Nil asks for everybody.
  package func consentEntries(of customers: [Int64]? = nil) throws -> [Int64: [ConsentEntry]] {
    try pool.read { db in
      var found: [Int64: [ConsentEntry]] = [:]
      let owners = try IdentityOwners(db, forRows: customers == nil ? .max : 0)
      let wanted = customers.map { Set($0) }
      func read(_ condition: String, _ arguments: StatementArguments) throws {
        let cursor = try Row.fetchCursor(
          db,
          sql: """
            SELECT \(owners.column(of: "consent_entry", moment: "happened")),
              i.key, purpose, channel, state, happened, received, means, by_whom, page, words, version
            FROM consent_entry JOIN identity i ON i.id = consent_entry.customer
            \(condition) ORDER BY happened, consent_entry.id
            """, arguments: arguments)
        while let row = try cursor.next() {
          let customer = owners.customer(of: row[0], at: row[5])
          guard wanted?.contains(customer) ?? true else { continue }
          found[customer, default: []].append(try Self.entry(row))
        }
      }
      guard let customers else {
        try read("", [])
        return found
      }
      for chunk in customers.chunks(of: 250) {
        let marks = databaseQuestionMarks(count: chunk.count)
        try read(
          """
          WHERE consent_entry.customer IN (\(marks)) OR consent_entry.customer IN
            (SELECT identity FROM identity_owner WHERE customer IN (\(marks)))
          """, StatementArguments(chunk) + StatementArguments(chunk))
      }
      return found
    }
  }

  private static func entry(_ row: Row) throws -> ConsentEntry {
    guard let state = ConsentState(rawValue: row[4]), let means = ConsentMeans(rawValue: row[7])
    else { throw StoreError.damaged(table: "consent_entry", reason: "no such state or means") }
    return ConsentEntry(
      key: row[1], purpose: row[2], channel: Channel(row[3] as String), state: state,
      happened: Timestamp(milliseconds: row[5]), received: Timestamp(milliseconds: row[6]),
      means: means, by: row[8], page: row[9], words: row[10], version: row[11])
  }

  /// What rules may take for allowed. `usual` is what holds of customers of whom nothing was said.
  package func consentGrants(
    of customers: [Int64]? = nil
  ) throws -> (known: [Int64: Set<ConsentGrant>], usual: Set<ConsentGrant>) {
    let purposes = try purposes().purposes
    func allowed(_ entries: [ConsentEntry]) -> Set<ConsentGrant> {
      Set(
        ConsentStanding.all(of: entries, asked: purposes).filter(\.isAllowed).map(\.grant))
    }
    return (try consentEntries(of: customers).mapValues(allowed), allowed([]))
  }

  /// How many customers' last word is yes and how many no, by purpose and channel.
  package func consentCounts() throws -> [(
    grant: ConsentGrant, given: Int, refused: Int, pending: Int
  )] {
    let purposes = try purposes().purposes
    var counts: [ConsentGrant: (Int, Int, Int)] = [:]
    var order: [ConsentGrant] = []
    for standing in ConsentStanding.all(of: [], asked: purposes) { order.append(standing.grant) }
    for entries in try consentEntries().values {
      for standing in ConsentStanding.all(of: entries, asked: purposes) {
        guard let state = standing.deciding?.state else { continue }
        if !order.contains(standing.grant) { order.append(standing.grant) }
        var count = counts[standing.grant] ?? (0, 0, 0)
        switch state {
        case .given: count.0 += 1
        case .refused: count.1 += 1
        case .pending: count.2 += 1
        }
        counts[standing.grant] = count
      }
    }
    return order.map { grant in
      let count = counts[grant] ?? (0, 0, 0)
      return (grant, count.0, count.1, count.2)
    }
  }

  // MARK: Links without names

  /// The number under which links name a customer; it tells nobody who it is.
  package func linkSubject(ofKey key: String) throws -> String? {
    try pool.read {
      try Int64.fetchOne($0, sql: "SELECT id FROM identity WHERE key = ?", arguments: [key])
    }.map { "#\($0)" }
  }

  /// The key behind a link's subject: a number after `#`, or a key itself. Nil when there is no such
  /// person, or no more.
  package func key(ofLinkSubject subject: String) throws -> String? {
    try pool.read { db in
      let key: String?
      if subject.hasPrefix("#"), let number = Int64(subject.dropFirst()) {
        key = try String.fetchOne(
          db, sql: "SELECT key FROM identity WHERE id = ?", arguments: [number])
      } else {
        key = try String.fetchOne(
          db, sql: "SELECT key FROM identity WHERE key = ?", arguments: [subject])
      }
      return key.flatMap { $0.hasPrefix(Self.erasedPrefix) ? nil : $0 }
    }
  }
}
