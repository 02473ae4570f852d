package import Access
import Crypto
package import CustomerJourney
import Foundation
import GRDB
import Synchronization

/// Forgets persons. It is done in steps, each of which can be done again: what is to go is written down,
/// then rows go, then files are cleaned by who has them, then the database is written anew. A step that
/// was cut off is found by the next start.
extension Store {
  /// With which keys of nobody begin.
  static let erasedPrefix = "anonymous:erased-"
  private static let erasureKeyName = "erasure key"
  /// The setting that lets erased keys come in again when it is `allow`.
  package static let erasedSettingName = "erased keys"

  // MARK: Beginning

  /// Notes whom to forget. From here on nothing of them is taken in. Throws ``PrivacyProblem``.
  @discardableResult
  package func beginErasure(
    ofKey key: String, keepsJourney: Bool, receipt: String, newKey: String, _ deed: Deed
  ) throws -> Int64 {
    guard let customer = try customer(key: key) else { throw PrivacyProblem.unknown }
    return try write { db in
      let own = try String.fetchOne(
        db, sql: "SELECT key FROM identity WHERE id = ?", arguments: [customer])
      guard let own, !own.hasPrefix(Self.erasedPrefix) else { throw PrivacyProblem.unknown }
      let secret = try Self.erasureKey(db, orSet: newKey)
      try db.execute(
        sql: """
          INSERT INTO erasure (receipt, asked, by_whom, keeps_journey, step)
          VALUES (?, ?, ?, ?, 'asked')
          """, arguments: [receipt, deed.at.milliseconds, deed.actor, keepsJourney])
      let erasure = db.lastInsertedRowID
      try db.execute(
        sql: """
          INSERT INTO erasure_identity (erasure, identity, is_whole)
          SELECT ?1, i.identity, NOT EXISTS
            (SELECT 1 FROM identity_owner o WHERE o.identity = i.identity AND o.customer <> ?2)
          FROM (SELECT identity FROM identity_owner WHERE customer = ?2 UNION SELECT ?2) i
          """, arguments: [erasure, customer])
      let isWhole = try Bool.fetchOne(
        db, sql: "SELECT is_whole FROM erasure_identity WHERE erasure = ? AND identity = ?",
        arguments: [erasure, customer])
      guard isWhole == true else { throw PrivacyProblem.shared }
      let keys = try String.fetchAll(
        db,
        sql: """
          SELECT i.key FROM erasure_identity e JOIN identity i ON i.id = e.identity
          WHERE e.erasure = ? AND e.is_whole
          """, arguments: [erasure])
      var texts = Set(keys).union(keys.map { Self.bare($0) })
      texts.formUnion(try Self.ownTexts(of: erasure, db))
      for text in texts where text.utf8.count >= Limits.erasedTextBytes {
        try db.execute(
          sql: "INSERT INTO erasure_text (erasure, text) VALUES (?, ?) ON CONFLICT DO NOTHING",
          arguments: [erasure, text])
      }
      for key in keys {
        try db.execute(
          sql: "INSERT INTO erased_key (digest, erasure) VALUES (?, ?) ON CONFLICT DO NOTHING",
          arguments: [Self.digest(of: key, secret), erasure])
      }
      try Self.turnErased(db)
      try Self.note(deed, db)
      return erasure
    }
  }

  private static func bare(_ key: String) -> String {
    let rest = key.dropFirst(CustomerKey.kind(of: key).prefix.count)
    // external:SYSTEM:ID, user:ID.
    return rest.split(separator: ":", maxSplits: 1).last.map(String.init) ?? String(rest)
  }

  /// What only these persons' traits say.
  private static func ownTexts(of erasure: Int64, _ db: Database) throws -> Set<String> {
    let mine = "(SELECT identity FROM erasure_identity WHERE erasure = \(erasure))"
    var values = Set(
      try String.fetchAll(
        db,
        sql: """
          SELECT DISTINCT CAST(json_extract(value, '$') AS TEXT) FROM trait
          WHERE customer IN \(mine) AND json_type(value) IN ('text', 'integer', 'real')
          UNION SELECT CAST(j.value AS TEXT) FROM profile_change p, json_each(p.traits) j
          WHERE p.customer IN \(mine) AND p.traits IS NOT NULL AND j.type IN ('text', 'integer', 'real')
          """
      ).filter { $0.utf8.count >= 4 })
    guard !values.isEmpty else { return [] }
    let others = try String.fetchCursor(
      db,
      sql: """
        SELECT DISTINCT CAST(json_extract(value, '$') AS TEXT) FROM trait
        WHERE customer NOT IN \(mine) AND json_type(value) IN ('text', 'integer', 'real')
        """)
    while let other = try others.next() { values.remove(other) }
    return values
  }

  // MARK: Going on

  /// Those that are not finished, the oldest first.
  package func openErasures() throws -> [Int64] {
    try pool.read {
      try Int64.fetchAll($0, sql: "SELECT id FROM erasure WHERE step <> 'finished' ORDER BY id")
    }
  }

  /// What must not be left in files; empty when that was seen to.
  package func erasedTexts(of erasure: Int64) throws -> ErasedTexts {
    ErasedTexts(
      try pool.read {
        try String.fetchAll(
          $0, sql: "SELECT text FROM erasure_text WHERE erasure = ?", arguments: [erasure])
      })
  }

  /// Removes the rows, and counts those of files that were cleaned among them. The person's touchpoints
  /// become those of nobody, or go. What others' rows say of the person goes out of them. Throws
  /// ``StoreError/unavailable(reason:)`` where that cannot be done now.
  package func removeRows(
    of erasure: Int64, files: [String: Int], newKey: @escaping (Int64) -> String
  ) throws {
    do {
      try pool.writeWithoutTransaction { db in
        try db.inTransaction(.immediate) {
          try Self.removeRows(ErasureRemoval(erasure: erasure, newKey: newKey), files, db)
        }
      }
    } catch {
      throw Self.told(error)
    }
    known.withLock { $0 = KnownNumbers() }
  }

  private static func removeRows(
    _ removal: ErasureRemoval, _ files: [String: Int], _ db: Database
  ) throws -> Database.TransactionCompletion {
    var removal = removal
    let erasure = removal.erasure
    guard
      try String.fetchOne(
        db, sql: "SELECT step FROM erasure WHERE id = ?", arguments: [erasure]) == "asked"
    else { return .rollback }
    try removal.run(db)
    removal.counts.merge(files) { $0 + $1 }
    try db.execute(
      sql: "UPDATE erasure SET step = 'removed', counts = ? WHERE id = ?",
      arguments: [
        String(decoding: try JSONEncoder().encode(removal.counts), as: UTF8.self), erasure,
      ])
    try db.execute(sql: "DELETE FROM erasure_text WHERE erasure = ?", arguments: [erasure])
    try db.execute(sql: "DELETE FROM erasure_identity WHERE erasure = ?", arguments: [erasure])
    try turnErased(db)
    return .commit
  }

  /// Writes the database anew, so that no free page and no log has what was removed, and says that it is
  /// done. Throws ``StoreError/unavailable(reason:)`` where that cannot be done now.
  package func finishErasures(at now: Timestamp) throws {
    let open = try openErasures()
    guard !open.isEmpty else { return }
    do {
      try pool.writeWithoutTransaction { db in try db.execute(sql: "VACUUM") }
      try truncateLog()
      try write { db in
        try db.execute(
          sql: "UPDATE erasure SET step = 'finished', finished = ? WHERE step = 'removed'",
          arguments: [now.milliseconds])
      }
    } catch {
      throw Self.told(error)
    }
  }

  /// Empties the write-ahead log into the database.
  package func truncateLog() throws {
    try pool.writeWithoutTransaction { db in
      let end = ContinuousClock.now + .seconds(Self.patienceSeconds)
      while true {
        do {
          _ = try db.checkpoint(.truncate)
          return
        } catch let error as DatabaseError
          where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < end
        {
          // For another process that does the same SQLite itself doesn't wait.
          usleep(10_000)
        }
      }
    }
  }

  // MARK: Receipts

  package func receipts(limit: Int = 100) throws -> [ErasureReceipt] {
    try pool.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT receipt, asked, by_whom, keeps_journey, finished, counts,
            (SELECT max(expires) FROM backup_file b WHERE b.made <= coalesce(finished, asked))
          FROM erasure ORDER BY id DESC LIMIT ?
          """, arguments: [limit]
      ).map { row in
        ErasureReceipt(
          receipt: row[0], asked: Timestamp(milliseconds: row[1]), by: row[2],
          keepsJourney: row[3], finished: (row[4] as Int64?).map { Timestamp(milliseconds: $0) },
          counts: try JSONDecoder().decode(
            [String: Int].self, from: Data((row[5] as String).utf8)),
          backupsUntil: (row[6] as Int64?).map { Timestamp(milliseconds: $0) })
      }
    }
  }

  // MARK: Keeping them away

  private static func erasureKey(_ db: Database, orSet key: String) throws -> String {
    try db.execute(
      sql: "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
      arguments: [erasureKeyName, key])
    return try String.fetchOne(
      db, sql: "SELECT value FROM setting WHERE name = ?", arguments: [erasureKeyName]) ?? key
  }

  private static func digest(of key: String, _ secret: String) -> Data {
    Data(
      HMAC<SHA256>.authenticationCode(
        for: Data(key.utf8), using: SymmetricKey(data: Data(secret.utf8))))
  }

  static func turnErased(_ db: Database) throws {
    try db.execute(sql: "UPDATE erased_version SET number = number + 1")
  }

  /// Another number whenever somebody was erased.
  package func erasedVersion() throws -> Int64 {
    try pool.read { try Self.erasedVersion($0) }
  }

  private static func erasedVersion(_ db: Database) throws -> Int64 {
    try RawStatement("SELECT number FROM erased_version", db).number(db) ?? 0
  }

  /// Lets a key come in again. Throws ``PrivacyProblem``.
  package func allowAgain(_ key: String, _ deed: Deed) throws {
    try write { db in
      let secret = try String.fetchOne(
        db, sql: "SELECT value FROM setting WHERE name = ?", arguments: [Self.erasureKeyName])
      guard let secret else { throw PrivacyProblem.notErased }
      try db.execute(
        sql: "DELETE FROM erased_key WHERE digest = ?", arguments: [Self.digest(of: key, secret)])
      guard db.changesCount > 0 else { throw PrivacyProblem.notErased }
      try Self.turnErased(db)
      try Self.note(deed, db)
    }
  }

  /// The keys that are kept away, as this process last read them.
  struct ErasedKeys: Sendable {
    var version: Int64 = -1
    var secret = ""
    var digests: Set<Data> = []

    func holds(_ key: String) -> Bool { digests.contains(Store.digest(of: key, secret)) }
  }

  /// Those of now. Numbers that were looked up before an erasure are forgotten: they may be nobody's.
  func erasedKeys(_ db: Database) throws -> ErasedKeys {
    let version = try Self.erasedVersion(db)
    return try erased.withLock { erased in
      guard erased.version != version else { return erased }
      known.withLock { $0 = KnownNumbers() }
      func setting(_ name: String) throws -> String? {
        try String.fetchOne(db, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name])
      }
      erased = ErasedKeys(version: version, secret: try setting(Self.erasureKeyName) ?? "")
      if try setting(Self.erasedSettingName) != "allow" {
        erased.digests = Set(try Data.fetchAll(db, sql: "SELECT digest FROM erased_key"))
      }
      return erased
    }
  }
}

extension CollectedBatch {
  /// Without what names persons who were erased: their own events go, and their keys go out of
  /// others'. Returns which touchpoints went.
  mutating func keepAway(_ erased: Store.ErasedKeys) -> [Int] {
    let gone = touchpoints.indices.filter { erased.holds(touchpoints[$0].customer) }
    for index in touchpoints.indices where !touchpoints[index].alsoKnownAs.isEmpty {
      touchpoints[index].alsoKnownAs.removeAll(where: erased.holds)
    }
    for index in gone.reversed() { touchpoints.remove(at: index) }
    profiles.removeAll { erased.holds($0.customer) }
    for index in profiles.indices { profiles[index].alsoKnownAs.removeAll(where: erased.holds) }
    consents.removeAll { erased.holds($0.customer) }
    return gone
  }
}
