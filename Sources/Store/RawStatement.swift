import Foundation
import GRDB
import GRDBSQLite

/// A statement driven by SQLite's own calls, for those that run for every event: making a value
/// object of each argument takes longer than the statement.
struct RawStatement {
  private let statement: Statement
  private let raw: OpaquePointer

  init(_ sql: String, _ db: Database) throws {
    statement = try db.cachedStatement(sql: sql)
    raw = statement.sqliteStatement
  }

  func bind(_ place: Int32, _ number: Int64?) {
    if let number {
      sqlite3_bind_int64(raw, place, number)
    } else {
      sqlite3_bind_null(raw, place)
    }
  }

  func bind(_ place: Int32, _ text: String?) {
    guard var text else {
      sqlite3_bind_null(raw, place)
      return
    }
    // SQLite's own word for "make a copy".
    let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
    text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { bytes in
        _ = sqlite3_bind_text(raw, place, bytes.baseAddress, Int32(bytes.count), copied)
      }
    }
  }

  /// Binds bytes of UTF-8 without a copy, or null where there are none: they must stay where they are
  /// until the statement ran.
  func bind(_ place: Int32, uncopied bytes: Slice<UnsafeRawBufferPointer>) {
    guard !bytes.isEmpty, let start = UnsafeRawBufferPointer(rebasing: bytes).baseAddress else {
      sqlite3_bind_null(raw, place)
      return
    }
    sqlite3_bind_text(
      raw, place, start.assumingMemoryBound(to: CChar.self), Int32(bytes.count), nil)
  }

  /// Runs a statement that answers nothing. Returns the rows that it changed.
  @discardableResult
  func run(_ db: Database) throws -> Int {
    defer { sqlite3_reset(raw) }
    let code = sqlite3_step(raw)
    guard code == SQLITE_DONE else { throw Self.error(code, db) }
    return Int(sqlite3_changes(db.sqliteConnection))
  }

  /// The first column of the first row; nil when there is no row.
  func number(_ db: Database) throws -> Int64? {
    defer { sqlite3_reset(raw) }
    switch sqlite3_step(raw) {
    case SQLITE_ROW: return sqlite3_column_int64(raw, 0)
    case SQLITE_DONE: return nil
    case let code: throw Self.error(code, db)
    }
  }

  /// Runs a statement and calls `body` with each row.
  func forEachRow(_ db: Database, _ body: (RawRow) throws -> Void) throws {
    defer { sqlite3_reset(raw) }
    while true {
      switch sqlite3_step(raw) {
      case SQLITE_ROW: try body(RawRow(raw: raw))
      case SQLITE_DONE: return
      case let code: throw Self.error(code, db)
      }
    }
  }

  private static func error(_ code: Int32, _ db: Database) -> DatabaseError {
    DatabaseError(resultCode: ResultCode(rawValue: code), message: db.lastErrorMessage)
  }
}

/// The row that a ``RawStatement`` stands at; of no use after the next step.
struct RawRow {
  fileprivate let raw: OpaquePointer

  /// A column that is never null.
  func number(_ place: Int32) -> Int64 { sqlite3_column_int64(raw, place) }

  func optionalNumber(_ place: Int32) -> Int64? {
    sqlite3_column_type(raw, place) == SQLITE_NULL ? nil : sqlite3_column_int64(raw, place)
  }

  func text(_ place: Int32) -> String? {
    sqlite3_column_text(raw, place).map { String(cString: $0) }
  }

  /// Whether a text has another in it, without making a string of it.
  func text(_ place: Int32, holds part: StaticString) -> Bool {
    guard let text = sqlite3_column_text(raw, place) else { return false }
    return text.withMemoryRebound(to: CChar.self, capacity: 1) { text in
      part.utf8Start.withMemoryRebound(to: CChar.self, capacity: 1) { strstr(text, $0) != nil }
    }
  }
}
