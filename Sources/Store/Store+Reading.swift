package import Access
package import CustomerJourney
import Foundation
import GRDB

extension Store {
  package func touchpointCount() throws -> Int {
    try pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM touchpoint") ?? 0 }
  }

  /// A number that changes with every commit, of this process or another.
  package func dataVersion() throws -> Int64 {
    try watcher.read { try Int64.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
  }

  /// The currency that most touchpoints with a value have.
  package func commonestCurrency() throws -> Currency? {
    try pool.read { db in
      try String.fetchOne(
        db,
        sql: """
          SELECT currency FROM touchpoint WHERE currency IS NOT NULL
          GROUP BY currency ORDER BY count(*) DESC, currency LIMIT 1
          """
      ).flatMap { Currency($0) }
    }
  }

  /// The last touchpoint with each content among the last so many, of these events.
  package func lastTouchpoints(
    withContentOf events: [EventName], among count: Int
  ) throws -> [String: Int64] {
    try pool.read { db in
      let marks = databaseQuestionMarks(count: events.count)
      let cursor = try Row.fetchCursor(
        db,
        sql: """
          SELECT c.text, max(t.id) FROM touchpoint t JOIN name c ON c.id = t.content
          WHERE t.id > (SELECT max(id) FROM touchpoint) - ?
            AND t.event IN (SELECT id FROM name WHERE kind = 'event' AND text IN (\(marks)))
          GROUP BY t.content
          """, arguments: [count] + StatementArguments(events.map(\.name)))
      var found: [String: Int64] = [:]
      while let row = try cursor.next() { found[row[0]] = row[1] }
      return found
    }
  }

  /// Whole touchpoints, with their properties, in the order of `rows`.
  package func touchpoints(rows: [Int64]) throws -> [Touchpoint] {
    try pool.read { db in
      var found: [Int64: Touchpoint] = [:]
      for chunk in rows.chunks(of: 500) {
        let marks = databaseQuestionMarks(count: chunk.count)
        let cursor = try Row.fetchCursor(
          db,
          sql: """
            SELECT t.id, c.key, t.occurred, t.utc_offset, t.received, t.message_id, s.text,
              e.text, ch.text, o.text, d.text, co.text, ca.text, t.value, t.currency, t.properties,
              t.client_time
            FROM touchpoint t
            JOIN identity c ON c.id = t.customer
            JOIN name s ON s.id = t.source
            JOIN name e ON e.id = t.event
            JOIN name ch ON ch.id = t.channel
            LEFT JOIN name o ON o.id = t.origin
            LEFT JOIN name d ON d.id = t.device
            LEFT JOIN name co ON co.id = t.content
            LEFT JOIN name ca ON ca.id = t.campaign
            WHERE t.id IN (\(marks))
            """, arguments: StatementArguments(chunk))
        while let row = try cursor.next() { found[row[0]] = try Self.touchpoint(row) }
      }
      return rows.compactMap { found[$0] }
    }
  }

  private static func touchpoint(_ r: Row) throws -> Touchpoint {
    var value: Money?
    if let minorUnits: Int64 = r[13], let code: String = r[14] {
      guard let currency = Currency(code) else {
        throw StoreError.damaged(table: "touchpoint", reason: "no such currency code")
      }
      value = Money(minorUnits: minorUnits, currency: currency)
    }
    let properties: String? = r[15]
    return Touchpoint(
      customer: r[1], occurred: Timestamp(milliseconds: r[2]), event: EventName(canonical: r[7]),
      channel: Channel(canonical: r[8]), messageID: r[5], source: r[6],
      received: Timestamp(milliseconds: r[4]), utcOffsetMinutes: r[3],
      origin: (r[9] as String?).map(Origin.init(canonical:)), campaign: r[12],
      device: (r[10] as String?).map(Device.init(canonical:)), content: r[11], value: value,
      properties: try properties.map(Self.decode) ?? [:],
      clientTime: (r[16] as Int64?).map { Timestamp(milliseconds: $0) })
  }

  private static func decode<Value: Decodable>(_ json: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: Data(json.utf8))
  }

  // MARK: Customers

  /// The customer to whom a key belongs now; nil when nobody ever had it.
  package func customer(key: String) throws -> Int64? {
    try pool.read {
      try Int64.fetchOne(
        $0,
        sql: """
          SELECT coalesce((SELECT o.customer FROM identity_owner o WHERE o.identity = i.id
            ORDER BY o.since DESC LIMIT 1), i.id)
          FROM identity i WHERE i.key = ?
          """, arguments: [key])
    }
  }

  /// The keys of these customers.
  package func customerKeys(_ ids: [Int64]) throws -> [Int64: String] {
    try pool.read { db in
      var keys: [Int64: String] = [:]
      for chunk in ids.chunks(of: 500) {
        let cursor = try Row.fetchCursor(
          db,
          sql: """
            SELECT id, key FROM identity
            WHERE id IN (\(databaseQuestionMarks(count: chunk.count)))
            """, arguments: StatementArguments(chunk))
        while let row = try cursor.next() { keys[row[0]] = row[1] }
      }
      return keys
    }
  }

  /// Customers who ever had a key that begins with `prefix`, by that key.
  package func customers(keyPrefix prefix: String, limit: Int) throws -> [Int64] {
    try pool.read { db in
      var found: [Int64] = []
      var seen: Set<Int64> = []
      // A range instead of LIKE: the index is used, and no character of the prefix is a wildcard.
      let cursor = try Int64.fetchCursor(
        db,
        sql: """
          SELECT coalesce(o.customer, i.id) FROM identity i
          LEFT JOIN identity_owner o ON o.identity = i.id
          WHERE i.key >= ? AND i.key < ? ORDER BY i.key
          """, arguments: [prefix, prefix + "\u{10FFFF}"])
      while found.count < limit, let customer = try cursor.next() {
        if seen.insert(customer).inserted { found.append(customer) }
      }
      return found
    }
  }

  // MARK: Facts that rules ask for

  /// All traits by customer, or only those of some customers. Of one that several identities of a
  /// customer have, what a person here decided counts most, a browser's word least, and then the last
  /// one most.
  package func traits(of customers: [Int64]? = nil) throws -> [Int64: [String: PropertyValue]] {
    try pool.read { db in
      var best: [Int64: [String: TraitRank]] = [:]
      let owners = try IdentityOwners(db, forRows: customers == nil ? .max : 0)
      let wanted = customers.map { Set($0) }
      func add(_ rows: String, _ condition: String, _ arguments: StatementArguments) throws {
        let cursor = try Row.fetchCursor(
          db,
          sql: """
            SELECT \(owners.column(of: "trait", moment: "set_at")), set_at, name, value, weight
            FROM (\(rows)) trait \(condition)
            """, arguments: arguments)
        while let row = try cursor.next() {
          let setAt: Int64 = row[1]
          let customer = owners.customer(of: row[0], at: setAt)
          guard wanted?.contains(customer) ?? true else { continue }
          let name: String = row[2]
          let new = TraitRank(weight: row[4], setAt: setAt, json: row[3])
          if let old = best[customer]?[name], old > new { continue }
          best[customer, default: [:]][name] = new
        }
      }
      for rows in TraitRank.rows {
        if let customers {
          for chunk in customers.chunks(of: 250) {
            let marks = databaseQuestionMarks(count: chunk.count)
            try add(
              rows,
              """
              WHERE customer IN (\(marks)) OR customer IN
                (SELECT identity FROM identity_owner WHERE customer IN (\(marks)))
              """, StatementArguments(chunk) + StatementArguments(chunk))
          }
        } else {
          try add(rows, "", [])
        }
      }
      return try best.compactMapValues { traits -> [String: PropertyValue]? in
        let said = try traits.compactMapValues { try $0.json.map(PropertyValue.init(storedJSON:)) }
        return said.isEmpty ? nil : said
      }
    }
  }

  /// One property of every touchpoint that has it, by row; or only of some rows.
  package func propertyValues(path: String, rows: [Int64]? = nil) throws -> [Int64: PropertyValue] {
    try pool.read { db in
      // Paths are stored as one key with dots, so the key is quoted for json_extract.
      let key = "$.\"" + path.replacing("\"", with: "") + "\""
      var values: [Int64: PropertyValue] = [:]
      func read(_ condition: String, _ arguments: [Int64]) throws {
        let cursor = try Row.fetchCursor(
          db,
          sql: """
            SELECT id, json_extract(properties, ?), json_type(properties, ?) FROM touchpoint
            WHERE properties IS NOT NULL AND json_type(properties, ?) IS NOT NULL \(condition)
            """, arguments: StatementArguments([key, key, key]) + StatementArguments(arguments))
        while let row = try cursor.next() {
          switch row[2] as String {
          case "true": values[row[0]] = .flag(true)
          case "false": values[row[0]] = .flag(false)
          case "integer", "real": values[row[0]] = .number(row[1])
          case "text": values[row[0]] = .text(row[1])
          default: break
          }
        }
      }
      guard let rows else {
        try read("", [])
        return values
      }
      for chunk in rows.chunks(of: 500) {
        try read("AND id IN (\(databaseQuestionMarks(count: chunk.count)))", Array(chunk))
      }
      return values
    }
  }

  // MARK: Settings and imports

  package func setting(_ name: String) throws -> String? {
    try pool.read {
      try String.fetchOne($0, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name])
    }
  }

  package func settings() throws -> [String: String] {
    try pool.read { db in
      var settings: [String: String] = [:]
      let cursor = try Row.fetchCursor(db, sql: "SELECT name, value FROM setting")
      while let row = try cursor.next() { settings[row[0]] = row[1] }
      return settings
    }
  }

  /// Nil takes the setting away.
  package func set(_ name: String, to value: String?) throws { try set([name: value], []) }

  /// Several at once, with what is noted of it: all or nothing. Nil takes a setting away.
  package func set(_ values: [String: String?], _ deeds: [Deed]) throws {
    try write { db in
      for (name, value) in values {
        if let value {
          try db.execute(
            sql: """
              INSERT INTO setting (name, value) VALUES (?, ?)
              ON CONFLICT (name) DO UPDATE SET value = excluded.value
              """, arguments: [name, value])
        } else {
          try db.execute(sql: "DELETE FROM setting WHERE name = ?", arguments: [name])
        }
      }
      for deed in deeds { try Self.note(deed, db) }
    }
  }

  /// What the setting says; when it says nothing it is `value` from now on, in one transaction, so
  /// that all who ask at once get the same.
  package func setting(_ name: String, orSet value: String) throws -> String {
    try write { db in
      try db.execute(
        sql: "INSERT INTO setting (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING",
        arguments: [name, value])
      return try String.fetchOne(
        db, sql: "SELECT value FROM setting WHERE name = ?", arguments: [name]) ?? value
    }
  }

  package func record(_ run: ImportRun) throws {
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO import_run (file, source, started, finished, read, stored, duplicates,
            rejected, rejected_file)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          run.file, run.source, run.started.milliseconds, run.finished.milliseconds, run.read,
          run.stored, run.duplicates, run.rejected, run.rejectedFile,
        ])
    }
  }

  /// The newest first.
  package func importRuns(limit: Int) throws -> [ImportRun] {
    try pool.read { db in
      try Row.fetchAll(
        db, sql: "SELECT * FROM import_run ORDER BY id DESC LIMIT ?", arguments: [limit]
      ).map { r in
        ImportRun(
          file: r["file"], source: r["source"], started: Timestamp(milliseconds: r["started"]),
          finished: Timestamp(milliseconds: r["finished"]), read: r["read"], stored: r["stored"],
          duplicates: r["duplicates"], rejected: r["rejected"], rejectedFile: r["rejected_file"])
      }
    }
  }
}

/// What one import did.
package struct ImportRun: Sendable, Equatable {
  package var file: String
  package var source: String
  package var started: Timestamp
  package var finished: Timestamp
  package var read = 0
  package var stored = 0
  package var duplicates = 0
  package var rejected = 0
  /// Where the rejected rows stand with their reasons.
  package var rejectedFile: String?

  package init(
    file: String, source: String, started: Timestamp, finished: Timestamp, read: Int = 0,
    stored: Int = 0, duplicates: Int = 0, rejected: Int = 0, rejectedFile: String? = nil
  ) {
    self.file = file
    self.source = source
    self.started = started
    self.finished = finished
    self.read = read
    self.stored = stored
    self.duplicates = duplicates
    self.rejected = rejected
    self.rejectedFile = rejectedFile
  }
}

extension Array {
  /// Pieces that fit into the arguments of one SQL statement.
  func chunks(of size: Int) -> [ArraySlice<Element>] {
    stride(from: 0, to: count, by: size).map { self[$0..<Swift.min($0 + size, count)] }
  }
}
