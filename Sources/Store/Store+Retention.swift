package import Access
package import CustomerJourney
import Foundation
import GRDB

extension Store {
  private static let retentionName = "retention"

  package func retention() throws -> Retention {
    guard let json = try setting(Self.retentionName) else { return Retention() }
    return try JSONDecoder().decode(Retention.self, from: Data(json.utf8))
  }

  package func set(_ retention: Retention, _ deed: Deed) throws {
    try set(
      Self.retentionName, to: String(decoding: try JSONEncoder().encode(retention), as: UTF8.self))
    try note(deed)
  }

  /// How many rows of a kind have outlived a term.
  package func outlived(_ kind: Retention.Kind, before cutOff: Timestamp) throws -> Int {
    guard let condition = Self.condition(kind) else { return 0 }
    return try pool.read { db in
      try Int.fetchOne(
        db, sql: "SELECT count(*) FROM \(condition)", arguments: [cutOff.milliseconds]) ?? 0
    }
  }

  /// Removes some rows that have outlived a term, and says how many there were; 0 when there are none
  /// left.
  package func removeOutlived(_ kind: Retention.Kind, before cutOff: Timestamp) throws -> Int {
    guard let condition = Self.condition(kind) else { return 0 }
    return try write { db in
      let table =
        switch kind {
        case .visitors, .customers: "touchpoint"
        case .messages: "message"
        default: "rejected_event"
        }
      let rows = try Int64.fetchAll(
        db, sql: "SELECT t.id FROM \(condition) LIMIT \(Limits.rowsPerRemoval)",
        arguments: [cutOff.milliseconds])
      for chunk in rows.chunks(of: 500) {
        let marks = databaseQuestionMarks(count: chunk.count)
        if kind == .requests {
          try db.execute(
            sql: """
              UPDATE rejected_event SET request = json_object('method', json_extract(request, '$.method'),
                'path', json_extract(request, '$.path'), 'query', '', 'headers', json('{}'),
                'body', '', 'isCut', json('true'))
              WHERE id IN (\(marks))
              """, arguments: StatementArguments(chunk))
        } else {
          if kind == .messages {
            try db.execute(
              sql: "DELETE FROM message_change WHERE message IN (\(marks))",
              arguments: StatementArguments(chunk))
          }
          try db.execute(
            sql: "DELETE FROM \(table) WHERE id IN (\(marks))", arguments: StatementArguments(chunk)
          )
        }
      }
      return rows.count
    }
  }

  /// What has outlived a moment, as the FROM and WHERE of a query.
  private static func condition(_ kind: Retention.Kind) -> String? {
    let owner =
      "(SELECT key FROM identity WHERE id = \(Schema.customer(of: "t.customer", at: "t.occurred")))"
    let isUnknown = "(\(owner) GLOB 'anonymous:*' OR \(owner) GLOB 'device:*')"
    return switch kind {
    case .visitors: "touchpoint t WHERE t.occurred < ? AND \(isUnknown)"
    case .customers: "touchpoint t WHERE t.occurred < ? AND NOT \(isUnknown)"
    case .rejectedEvents: "rejected_event t WHERE t.received < ?"
    case .requests:
      """
      rejected_event t WHERE t.received < ?
        AND (json_extract(t.request, '$.body') <> '' OR json_extract(t.request, '$.query') <> '')
      """
    case .messages: "message t WHERE t.changed < ? AND t.state NOT IN ('waiting', 'claimed')"
    case .rejectedRows, .backups: nil
    }
  }

  /// Gives visitors' keys up of whom no row is left. Returns how many.
  package func forgetEmptyVisitors(newKey: (Int64) -> String) throws -> Int {
    try write { db in
      let empty = try Int64.fetchAll(
        db,
        sql: """
          SELECT id FROM identity i
          WHERE ((key >= 'anonymous:' AND key < 'anonymous;') OR (key >= 'device:' AND key < 'device;'))
            AND key NOT GLOB '\(Self.erasedPrefix)*'
            AND NOT EXISTS (SELECT 1 FROM trait WHERE customer = i.id)
            AND NOT EXISTS (SELECT 1 FROM identity_link WHERE weak = i.id OR strong = i.id)
            AND NOT EXISTS (SELECT 1 FROM identity_decision WHERE one = i.id OR other = i.id)
            AND id NOT IN (SELECT customer FROM touchpoint UNION SELECT customer FROM profile_change
              UNION SELECT customer FROM consent_entry)
          LIMIT \(Limits.rowsPerRemoval)
          """)
      for number in empty {
        try db.execute(
          sql: "UPDATE identity SET key = ? WHERE id = ?", arguments: [newKey(number), number])
      }
      if !empty.isEmpty { try Self.turnErased(db) }
      return empty.count
    }
  }

  // MARK: Backups

  package struct BackupFile: Hashable, Sendable {
    package var path: String
    package var made: Timestamp
    package var expires: Timestamp
  }

  package func noteBackup(path: String, made: Timestamp, expires: Timestamp) throws {
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO backup_file (path, made, expires) VALUES (?, ?, ?)
          ON CONFLICT (path) DO UPDATE SET made = excluded.made, expires = excluded.expires
          """, arguments: [path, made.milliseconds, expires.milliseconds])
    }
  }

  package func backupFiles() throws -> [BackupFile] {
    try pool.read { db in
      try Row.fetchAll(db, sql: "SELECT path, made, expires FROM backup_file ORDER BY made").map {
        BackupFile(
          path: $0[0], made: Timestamp(milliseconds: $0[1]), expires: Timestamp(milliseconds: $0[2])
        )
      }
    }
  }

  package func forgetBackup(path: String) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM backup_file WHERE path = ?", arguments: [path])
    }
  }

  // MARK: What is known of one person, and at all

  /// Whose touchpoints and traits there are, by source.
  package func dataSources() throws -> [String] {
    try pool.read {
      try String.fetchAll($0, sql: "SELECT text FROM name WHERE kind = 'source' ORDER BY text")
    }
  }

  package func traitNames() throws -> [String] {
    try pool.read {
      try String.fetchAll(
        $0, sql: "SELECT DISTINCT name FROM trait ORDER BY name LIMIT \(Limits.propertiesPerEvent)")
    }
  }

  /// Traits of all identities of a customer, each with where it came from.
  package func traitsWithSources(
    ofCustomer customer: Int64
  ) throws -> [(key: String, name: String, json: String, source: String, setAt: Timestamp)] {
    try pool.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT i.key, t.name, t.value, t.source, t.set_at FROM trait t
          JOIN identity i ON i.id = t.customer
          WHERE (t.customer = ?1 OR t.customer IN
              (SELECT identity FROM identity_owner WHERE customer = ?1))
            AND \(Schema.customer(of: "t.customer", at: "t.set_at")) = ?1
          ORDER BY t.name, t.set_at
          """, arguments: [customer]
      ).map { ($0[0], $0[1], $0[2], $0[3], Timestamp(milliseconds: $0[4])) }
    }
  }

  /// Rows of a customer's touchpoints, the oldest first.
  package func touchpointRows(ofCustomer customer: Int64, limit: Int) throws -> [Int64] {
    try pool.read { db in
      try Int64.fetchAll(
        db,
        sql: """
          SELECT t.id FROM touchpoint t
          WHERE (t.customer = ?1 OR t.customer IN
              (SELECT identity FROM identity_owner WHERE customer = ?1))
            AND \(Schema.customer(of: "t.customer", at: "t.occurred")) = ?1
          ORDER BY t.occurred, t.id LIMIT ?2
          """, arguments: [customer, limit])
    }
  }

  /// Rows of all other tables that point at a customer's identities, as they stand there: messages,
  /// accounts, whatever there is.
  package func otherRows(ofCustomer customer: Int64) throws -> [String: [[String: String]]] {
    let shown: Set = [
      "touchpoint", "trait", "consent_entry", "identity_owner", "identity_link",
      "identity_sighting",
      "identity_decision", "identity_alarm", "duplicate_answer",
    ]
    return try pool.read { db in
      var found: [String: [[String: String]]] = [:]
      let references = try Row.fetchAll(
        db,
        sql: """
          SELECT m.name, f."from" FROM sqlite_schema m, pragma_foreign_key_list(m.name) f
          WHERE m.type = 'table' AND f."table" = 'identity' ORDER BY m.name, f."from"
          """)
      for reference in references {
        let (table, column): (String, String) = (reference[0], reference[1])
        guard !shown.contains(table) else { continue }
        let rows = try Row.fetchAll(
          db,
          sql: """
            SELECT * FROM "\(table)" WHERE "\(column)" = ?1 OR "\(column)" IN
              (SELECT identity FROM identity_owner WHERE customer = ?1)
            LIMIT \(Limits.rowsPerAnswer)
            """, arguments: [customer])
        found[table, default: []] += rows.map { row in
          var values: [String: String] = [:]
          for (name, value) in row where !value.isNull {
            values[name] =
              String.fromDatabaseValue(value) ?? Int64.fromDatabaseValue(value).map(String.init)
          }
          return values
        }
      }
      return found.filter { !$0.value.isEmpty }
    }
  }
}
