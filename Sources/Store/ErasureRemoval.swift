import CustomerJourney
import Foundation
import GRDB
import Synchronization

/// The rows of persons who are to be forgotten, in one transaction.
///
/// Which tables have rows of persons is asked of the database itself, by its foreign keys, so that a new
/// table is not left out.
struct ErasureRemoval {
  let erasure: Int64
  /// An identity's new key, which says nothing.
  let newKey: (Int64) -> String
  var counts: [String: Int] = [:]

  private var mine: String {
    "(SELECT identity FROM erasure_identity WHERE erasure = \(erasure) AND is_whole)"
  }
  private var shared: String {
    "(SELECT identity FROM erasure_identity WHERE erasure = \(erasure) AND NOT is_whole)"
  }

  /// Of these no row is anybody's but the project's own.
  private static let ownTables: Set = [
    "activity", "api_token", "backup_file", "consumer", "database_number", "erased_key",
    "erased_version", "erasure", "erasure_identity", "erasure_text", "grdb_migrations", "identity",
    "identity_owner", "invitation", "journey_change", "recovery_code", "session", "setting",
    "source",
    "sqlite_sequence", "user", "watch",
  ]

  init(erasure: Int64, newKey: @escaping (Int64) -> String) {
    self.erasure = erasure
    self.newKey = newKey
  }

  mutating func run(_ db: Database) throws {
    let numbers = try Int64.fetchAll(
      db,
      sql: "SELECT identity FROM erasure_identity WHERE erasure = ? AND is_whole ORDER BY identity",
      arguments: [erasure])
    let others = try Int64.fetchAll(
      db,
      sql: "SELECT identity FROM erasure_identity WHERE erasure = ? AND NOT is_whole",
      arguments: [erasure])
    guard let head = try customer(db) ?? numbers.first else { return }
    try removeTouchpoints(of: head, db)
    try removeRowsOfSharedIdentities(of: head, db)
    try removeRowsOfOwnIdentities(db)
    try db.execute(
      sql: "DELETE FROM identity_owner WHERE identity IN \(mine) OR customer IN \(mine)")
    for number in numbers {
      try db.execute(
        sql: "UPDATE identity SET key = ? WHERE id = ?", arguments: [newKey(number), number])
    }
    counts["identity"] = numbers.count
    if !others.isEmpty {
      var settling = try Settling(db)
      for other in others { settling.add(other) }
      try settling.settle(db)
    }
    try Settling.noteChange(of: [head], db)
    try sweep(db)
  }

  /// The customer that all of them are.
  private func customer(_ db: Database) throws -> Int64? {
    try Int64.fetchOne(
      db,
      sql: """
        SELECT o.customer FROM identity_owner o JOIN erasure_identity e ON e.identity = o.customer
        WHERE e.erasure = ? AND o.identity IN
          (SELECT identity FROM erasure_identity WHERE erasure = ?) LIMIT 1
        """, arguments: [erasure, erasure])
  }

  // MARK: The journey

  private mutating func removeTouchpoints(of head: Int64, _ db: Database) throws {
    let keeps =
      try Bool.fetchOne(
        db, sql: "SELECT keeps_journey FROM erasure WHERE id = ?", arguments: [erasure]) ?? false
    // Of an identity that several customers had, those of the time when it was this one's.
    try db.execute(
      sql: """
        CREATE TEMP TABLE IF NOT EXISTS erased_touchpoint (id INTEGER PRIMARY KEY);
        DELETE FROM temp.erased_touchpoint;
        """)
    try db.execute(
      sql: """
        INSERT INTO temp.erased_touchpoint SELECT t.id FROM touchpoint t
        WHERE t.customer IN \(mine) OR (t.customer IN \(shared)
          AND \(Schema.customer(of: "t.customer", at: "t.occurred")) = ?)
        """, arguments: [head])
    let own = "(SELECT id FROM temp.erased_touchpoint)"
    let rare = try Int64.fetchAll(
      db,
      sql: """
        SELECT DISTINCT content FROM touchpoint WHERE id IN \(own) AND content IS NOT NULL
        EXCEPT SELECT DISTINCT content FROM touchpoint
        WHERE id NOT IN \(own) AND content IN
          (SELECT content FROM touchpoint WHERE id IN \(own))
        """)
    if keeps {
      let rareMarks = rare.map(String.init).joined(separator: ",")
      try db.execute(
        sql: """
          UPDATE touchpoint SET customer = ?, properties = NULL, utc_offset = NULL, client_time = NULL,
            message_id = lower(hex(randomblob(16))),
            content = iif(content IN (\(rareMarks.isEmpty ? "NULL" : rareMarks)), NULL, content),
            occurred = occurred - (occurred % 3600000 + 3600000) % 3600000,
            received = received - (received % 3600000 + 3600000) % 3600000
          WHERE id IN \(own)
          """, arguments: [head])
      counts["touchpointKept"] = db.changesCount
    } else {
      try db.execute(sql: "DELETE FROM touchpoint WHERE id IN \(own)")
      counts["touchpoint"] = db.changesCount
    }
    for name in rare {
      try db.execute(
        sql: "UPDATE name SET text = 'erased-' || lower(hex(randomblob(6))) WHERE id = ?",
        arguments: [name])
    }
    try db.execute(sql: "DROP TABLE temp.erased_touchpoint")
  }

  // MARK: Rows that point at an identity

  private mutating func removeRowsOfSharedIdentities(of head: Int64, _ db: Database) throws {
    for (table, moment) in [
      ("trait", "set_at"), ("profile_change", "occurred"), ("consent_entry", "happened"),
    ] {
      try db.execute(
        sql: """
          DELETE FROM \(table) WHERE customer IN \(shared)
            AND \(Schema.customer(of: "\(table).customer", at: "\(table).\(moment)")) = ?
          """, arguments: [head])
      counts[table, default: 0] += db.changesCount
    }
  }

  private mutating func removeRowsOfOwnIdentities(_ db: Database) throws {
    var touched: Set<String> = []
    for (table, column) in try Self.references(to: "identity", db) + Self.plainNumbers(db)
    where table != "touchpoint" && table != "identity_owner" {
      try db.execute(sql: "DELETE FROM \"\(table)\" WHERE \"\(column)\" IN \(mine)")
      if db.changesCount > 0 {
        counts[table, default: 0] += db.changesCount
        touched.insert(table)
      }
    }
    // Rows that hang on those, as far down as they go.
    while let table = touched.popFirst() {
      for (child, column) in try Self.references(to: table, db) where child != table {
        guard let key = try Self.parentKey(of: child, column, db) else { continue }
        try db.execute(
          sql: """
            DELETE FROM "\(child)" WHERE "\(column)" IS NOT NULL
              AND "\(column)" NOT IN (SELECT "\(key)" FROM "\(table)")
            """)
        if db.changesCount > 0 {
          counts[child, default: 0] += db.changesCount
          touched.insert(child)
        }
      }
    }
  }

  private static func references(
    to parent: String, _ db: Database
  ) throws -> [(table: String, column: String)] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT m.name, f."from" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f
        WHERE m.type = 'table' AND f."table" = ? ORDER BY m.name, f."from"
        """, arguments: [parent]
    ).map { ($0[0], $0[1]) }
  }

  /// Columns that hold an identity's number without saying so by a foreign key, as those of an index of
  /// words do. A table of one row keeps how far somebody read, and names nobody.
  private static func plainNumbers(_ db: Database) throws -> [(table: String, column: String)] {
    try Row.fetchAll(
      db,
      sql: """
        SELECT m.name, c.name FROM sqlite_schema m, pragma_table_info(m.name) c
        WHERE m.type = 'table' AND c.name = 'identity' AND c.type = 'INTEGER'
          AND m.name <> 'erasure_identity'
          AND NOT EXISTS (SELECT 1 FROM pragma_table_info(m.name) WHERE name = 'one')
          AND NOT EXISTS (SELECT 1 FROM pragma_foreign_key_list(m.name) f WHERE f."from" = 'identity')
        """
    ).map { ($0[0], $0[1]) }
  }

  private static func parentKey(
    of child: String, _ column: String, _ db: Database
  ) throws -> String? {
    let row = try Row.fetchOne(
      db,
      sql: """
        SELECT coalesce(f."to", (SELECT name FROM pragma_table_info(f."table") WHERE pk = 1))
        FROM pragma_foreign_key_list(?) f WHERE f."from" = ?
        """, arguments: [child, column])
    return row?[0]
  }

  // MARK: What other rows say of the person

  /// Takes the person's texts out of all other rows, and rejected events with them out as a whole.
  private mutating func sweep(_ db: Database) throws {
    let all = try String.fetchAll(
      db, sql: "SELECT text FROM erasure_text WHERE erasure = ?", arguments: [erasure])
    let anywhere = ErasedTexts(all)
    let telling = ErasedTexts(all.filter(ErasedTexts.isTelling))
    let isFound = DatabaseFunction("has_erased", argumentCount: 1, pure: true) { values in
      String.fromDatabaseValue(values[0]).map(telling.isFound) ?? false
    }
    let isAnywhere = DatabaseFunction("has_any_erased", argumentCount: 1, pure: true) { values in
      String.fromDatabaseValue(values[0]).map(anywhere.isFound) ?? false
    }
    let replaced = DatabaseFunction("without_erased", argumentCount: 1) { values in
      guard let text = String.fromDatabaseValue(values[0]) else { return nil }
      let mark = "erased-" + String(UInt32.random(in: 0 ... .max), radix: 16)
      let new = telling.replaced(in: text, with: mark)
      // A number in JSON is no text: then all that it stood in goes.
      if text.hasPrefix("{"), (try? JSONSerialization.jsonObject(with: Data(new.utf8))) == nil {
        return "{}"
      }
      return new
    }
    for function in [isFound, isAnywhere, replaced] { db.add(function: function) }
    defer { for function in [isFound, isAnywhere, replaced] { db.remove(function: function) } }
    if !anywhere.isEmpty {
      try db.execute(sql: "DELETE FROM rejected_event WHERE has_any_erased(request)")
      counts["rejected_event", default: 0] += db.changesCount
    }
    guard !telling.isEmpty else { return }
    let tables = try String.fetchAll(
      db,
      sql: """
        SELECT name FROM sqlite_schema m WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
          AND sql NOT LIKE 'CREATE VIRTUAL%' AND NOT EXISTS (SELECT 1 FROM sqlite_schema v
            WHERE v.sql LIKE 'CREATE VIRTUAL%' AND m.name LIKE v.name || '\\_%' ESCAPE '\\')
        """)
    for table in tables where !Self.ownTables.contains(table) {
      let columns = try String.fetchAll(
        db, sql: "SELECT name FROM pragma_table_info(?) WHERE type = 'TEXT'", arguments: [table])
      for column in columns {
        try db.execute(
          sql: """
            UPDATE "\(table)" SET "\(column)" = without_erased("\(column)")
            WHERE "\(column)" IS NOT NULL AND has_erased("\(column)")
            """)
        if db.changesCount > 0 { counts["mentions", default: 0] += db.changesCount }
      }
    }
  }
}
