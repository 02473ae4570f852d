import CustomerJourney
import Foundation
import GRDB

/// Writes what messages and files say of accounts: their traits, and who belongs to them. Whose mail
/// address is at a domain of one account only belongs to it by that, in the same transaction.
///
/// What is derived from domains depends on what is known and not on the order in which it came.
struct AccountLinking {
  private var numbers: [String: Int64] = [:]
  private var changedDomains: Set<String> = []

  private static let setTrait = """
    INSERT INTO account_trait (account, name, value, source, set_at, claimant)
    VALUES (?, ?, ?, ?, ?, ?)
    ON CONFLICT (account, name) DO UPDATE SET
      value = excluded.value, source = excluded.source, set_at = excluded.set_at,
      claimant = excluded.claimant
    WHERE (excluded.claimant > 0, excluded.set_at, excluded.value)
      >= (claimant > 0, set_at, value)
    """

  /// Notes what a change says of its account. `identity` is the one that belongs to it; nil when the
  /// change is of the account alone.
  mutating func add(_ change: ProfileChange, of identity: Int64?, _ db: Database) throws {
    guard let key = change.account else { return }
    let account = try number(of: key, at: change.received, db)
    if !change.accountTraits.isEmpty {
      let set = try db.cachedStatement(sql: Self.setTrait)
      for (name, value) in change.accountTraits where !name.isEmpty {
        try set.execute(arguments: [
          account, name, value.json, change.source, change.occurred.milliseconds,
          change.claimant.rawValue,
        ])
      }
      if change.accountTraits.keys.contains(where: Account.domainTraits.contains) {
        changedDomains.formUnion(try Self.settleDomains(of: account, db))
      }
    }
    guard let identity else { return }
    // The first message by its own time, then by its id, whichever came first.
    let link = try db.cachedStatement(
      sql: """
        INSERT INTO account_evidence (account, identity, way, happened, message_id, source, claimant)
        VALUES (?, ?, 'said', ?, ?, ?, ?)
        ON CONFLICT (account, identity, way) DO UPDATE SET
          claimant = max(claimant, excluded.claimant),
          message_id = CASE WHEN (excluded.happened, excluded.message_id) < (happened, message_id)
            THEN excluded.message_id ELSE message_id END,
          source = CASE WHEN (excluded.happened, excluded.message_id) < (happened, message_id)
            THEN excluded.source ELSE source END,
          happened = min(happened, excluded.happened)
        WHERE (excluded.happened, excluded.message_id) < (happened, message_id)
          OR excluded.claimant > claimant
        """)
    try link.execute(arguments: [
      account, identity, change.occurred.milliseconds, change.messageID ?? "", change.source,
      change.claimant.rawValue,
    ])
    if db.changesCount > 0 { try Self.noteChange(ofIdentities: [identity], db) }
  }

  /// Brings what follows from domains up to date with what was added.
  func settle(_ db: Database) throws { try Self.match(changed: changedDomains, db) }

  mutating func number(of key: String, at now: Timestamp, _ db: Database) throws -> Int64 {
    if let known = numbers[key] { return known }
    try db.cachedStatement(
      sql: "INSERT INTO account (key, created) VALUES (?, ?) ON CONFLICT (key) DO NOTHING"
    ).execute(arguments: [key, now.milliseconds])
    let number =
      try Int64.fetchOne(
        db.cachedStatement(sql: "SELECT id FROM account WHERE key = ?"), arguments: [key]) ?? 0
    numbers[key] = number
    return number
  }

  // MARK: Domains

  /// Makes the domains of an account those of its traits and those that people added. Returns those of
  /// which something changed.
  static func settleDomains(of account: Int64, _ db: Database) throws -> Set<String> {
    let freeMail = FreeMail(own: try Store.accountSettings(db).freeMail)
    var wanted: [String: Int] = [:]
    let traits = try Row.fetchAll(
      db, sql: "SELECT name, value, claimant FROM account_trait WHERE account = ?",
      arguments: [account])
    for row in traits {
      let value = try JSONDecoder().decode(PropertyValue.self, from: Data((row[1] as String).utf8))
      for domain in Account.domains(inTraits: [row[0]: value], freeMail: freeMail) {
        wanted[domain] = max(wanted[domain] ?? 0, row[2])
      }
    }
    let old = try Row.fetchAll(
      db, sql: "SELECT domain, claimant FROM account_domain WHERE account = ?", arguments: [account]
    ).reduce(into: [String: Int]()) { $0[$1[0]] = $1[1] }
    for (domain, claimant) in old where claimant == Claimant.person.rawValue {
      wanted[domain] = claimant
    }
    let changed = Set(wanted.keys).union(old.keys).filter { wanted[$0] != old[$0] }
    for domain in changed.sorted() {
      if let claimant = wanted[domain] {
        try db.execute(
          sql: """
            INSERT INTO account_domain (account, domain, claimant) VALUES (?1, ?2, ?3)
            ON CONFLICT (account, domain) DO UPDATE SET claimant = ?3
            """, arguments: [account, domain, claimant])
      } else {
        try db.execute(
          sql: "DELETE FROM account_domain WHERE account = ? AND domain = ?",
          arguments: [account, domain])
      }
    }
    return changed
  }

  /// Compares mail addresses with domains: those at `changed` domains, and identities that are new.
  static func match(changed: Set<String>, _ db: Database) throws {
    let hasDomains =
      try Bool.fetchOne(db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM account_domain)"))
      ?? false
    guard hasDomains || !changed.isEmpty else { return }
    if !changed.isEmpty { try rematch(changed, db) }
    let mark =
      try Int64.fetchOne(db.cachedStatement(sql: "SELECT identity FROM account_match")) ?? 0
    // By number, for the index on keys would read all addresses.
    let new = try Row.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT id, key FROM identity NOT INDEXED WHERE id > ? ORDER BY id
          """), arguments: [mark])
    var reached = mark
    var addresses: [(identity: Int64, domain: String)] = []
    while let row = try new.next() {
      reached = row[0]
      if let domain = MailDomain.of(key: row[1]) { addresses.append((row[0], domain)) }
    }
    guard reached > mark else { return }
    try join(addresses, db)
    try db.cachedStatement(sql: "UPDATE account_match SET identity = ?")
      .execute(arguments: [reached])
  }

  /// Makes anew what follows from some domains; from all when `changed` is nil.
  static func rematch(_ changed: Set<String>?, _ db: Database) throws {
    var addresses: [(identity: Int64, domain: String)] = []
    let cursor = try Row.fetchCursor(
      db, sql: "SELECT id, key FROM identity WHERE key >= 'email:' AND key < 'email;'")
    while let row = try cursor.next() {
      guard let domain = MailDomain.of(key: row[1]), changed?.contains(domain) ?? true else {
        continue
      }
      addresses.append((row[0], domain))
    }
    let delete = try db.cachedStatement(
      sql: "DELETE FROM account_evidence WHERE identity = ? AND way = 'domain'")
    var parted: [Int64] = []
    for address in addresses {
      try delete.execute(arguments: [address.identity])
      if db.changesCount > 0 { parted.append(address.identity) }
    }
    try noteChange(ofIdentities: parted, db)
    try join(addresses, db)
  }

  private static func join(
    _ addresses: [(identity: Int64, domain: String)], _ db: Database
  ) throws {
    guard !addresses.isEmpty else { return }
    let settings = try Store.accountSettings(db)
    guard settings.joinsByDomain else { return }
    let freeMail = FreeMail(own: settings.freeMail)
    var accounts: [String: Int64?] = [:]
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO account_evidence (account, identity, way, claimant) VALUES (?, ?, 'domain', 3)
        ON CONFLICT DO NOTHING
        """)
    var joined: [Int64] = []
    for (identity, domain) in addresses where !freeMail.contains(domain) {
      let known = accounts[domain]
      let account = try known ?? only(domain, db)
      if known == nil { accounts[domain] = .some(account) }
      guard let account else { continue }
      try insert.execute(arguments: [account, identity])
      joined.append(identity)
    }
    try noteChange(ofIdentities: joined, db)
  }

  /// The one account whose domain it is by a word that is trusted. A browser's word, which anybody can
  /// give, neither joins nor takes away.
  private static func only(_ domain: String, _ db: Database) throws -> Int64? {
    let accounts = try Int64.fetchAll(
      db.cachedStatement(
        sql: "SELECT account FROM account_domain WHERE domain = ? AND claimant > 0 LIMIT 2"),
      arguments: [domain])
    return accounts.count == 1 ? accounts[0] : nil
  }

  /// What rules know of these customers is another thing now.
  static func noteChange(ofIdentities identities: [Int64], _ db: Database) throws {
    var customers: [Int64] = []
    for identity in identities {
      customers.append(try Settling.owners(of: identity, db).last?.customer ?? identity)
    }
    try Settling.noteChange(of: Set(customers).sorted(), db)
  }
}
