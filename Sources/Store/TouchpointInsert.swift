import CustomerJourney
import GRDB
import GRDBSQLite

/// Inserts touchpoints, the one statement that runs for everything that ever happens.
///
/// It speaks to SQLite directly, because making a value object of each of sixteen arguments took
/// longer than the insert.
struct TouchpointInsert {
  private let statement: Statement
  private let raw: OpaquePointer
  /// The properties as JSON; kept for its memory.
  private var json: [UInt8] = []

  init(_ db: Database) throws {
    statement = try db.cachedStatement(
      sql: """
        INSERT INTO touchpoint (customer, occurred, utc_offset, received, message_id, source,
          event, channel, origin, device, content, campaign, value, currency, properties,
          client_time)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (coalesce(client_time, occurred), message_id) DO NOTHING
        """)
    raw = statement.sqliteStatement
  }

  /// True when it was new.
  mutating func run(
    _ touchpoint: Touchpoint, customer: Int64, source: Int64?, _ numbers: inout KnownNumbers,
    _ db: Database
  ) throws -> Bool {
    bind(1, customer)
    bind(2, touchpoint.occurred.milliseconds)
    bind(3, touchpoint.utcOffsetMinutes.map(Int64.init))
    bind(4, touchpoint.received.milliseconds)
    bind(5, touchpoint.messageID)
    bind(6, source)
    bind(7, try numbers.name(.event, touchpoint.event.name, db))
    bind(8, try numbers.name(.channel, touchpoint.channel.name, db))
    bind(9, try numbers.name(.origin, touchpoint.origin?.name, db))
    bind(10, try numbers.name(.device, touchpoint.device?.name, db))
    bind(11, try numbers.name(.content, touchpoint.content, db))
    bind(12, try numbers.name(.campaign, touchpoint.campaign, db))
    bind(13, touchpoint.value?.minorUnits)
    if let code = touchpoint.value?.currency.code {
      bind(14, code)
    } else {
      sqlite3_bind_null(raw, 14)
    }
    bind(16, touchpoint.clientTime?.milliseconds)
    guard !touchpoint.properties.isEmpty else {
      sqlite3_bind_null(raw, 15)
      return try step(db)
    }
    json.removeAll(keepingCapacity: true)
    PropertyValue.append(touchpoint.properties, to: &json)
    return try json.withUnsafeBytes { bytes in
      // Bound without a copy: the bytes outlive the step, and the next one binds others.
      sqlite3_bind_text(raw, 15, bytes.baseAddress, Int32(bytes.count), nil)
      return try step(db)
    }
  }

  private func step(_ db: Database) throws -> Bool {
    let code = sqlite3_step(raw)
    defer { sqlite3_reset(raw) }
    guard code == SQLITE_DONE else {
      throw DatabaseError(
        resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage)
    }
    return sqlite3_changes(db.sqliteConnection) > 0
  }

  private func bind(_ place: Int32, _ number: Int64?) {
    if let number {
      sqlite3_bind_int64(raw, place, number)
    } else {
      sqlite3_bind_null(raw, place)
    }
  }

  private func bind(_ place: Int32, _ text: String) {
    // SQLite's own word for "make a copy".
    let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    var text = text
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { bytes in
        _ = sqlite3_bind_text(raw, place, bytes.baseAddress, Int32(bytes.count), copied)
      }
    }
  }
}
