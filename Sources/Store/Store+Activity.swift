package import Access
import CustomerJourney
import Foundation
import GRDB

extension Store {
  /// Adds a line to the log of who did what.
  package func note(_ deed: Deed) throws {
    try write { db in try Self.note(deed, db) }
  }

  /// The same within the transaction of the change itself, so that neither is without the other.
  static func note(_ deed: Deed, _ db: Database) throws {
    let last = try Row.fetchOne(
      db, sql: "SELECT id, digest FROM activity ORDER BY id DESC LIMIT 1")
    var line = Activity(
      id: (last?[0] ?? 0) + 1, at: deed.at, actor: deed.actor, action: deed.action,
      subject: deed.subject, address: deed.address)
    let before: Data? = last?[1]
    line.digest = line.chained(after: before.map { Array($0) } ?? [])
    try db.execute(
      sql: """
        INSERT INTO activity (id, at, actor, action, subject, address, digest)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        line.id, line.at.milliseconds, line.actor, line.action.rawValue, line.subject, line.address,
        Data(line.digest),
      ])
  }

  /// The newest first. `before` goes on where a page ended.
  package func activities(before id: Int64? = nil, limit: Int) throws -> [Activity] {
    try pool.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT id, at, actor, action, subject, address, digest FROM activity
          WHERE id < ? ORDER BY id DESC LIMIT ?
          """, arguments: [id ?? .max, limit]
      ).map { row in
        guard let activity = Self.activity(row) else {
          throw StoreError.damaged(table: "activity", reason: "no such action")
        }
        return activity
      }
    }
  }

  private static func activity(_ r: Row) -> Activity? {
    guard let action = Activity.Action(rawValue: r[3]) else { return nil }
    let digest: Data = r[6]
    return Activity(
      id: r[0], at: Timestamp(milliseconds: r[1]), actor: r[2], action: action, subject: r[4],
      address: r[5], digest: Array(digest))
  }

  /// What is wrong with the chain of digests; empty when each line is as it was written and none is
  /// missing.
  static func brokenActivity(_ db: Database) throws -> [String] {
    var (before, next): ([UInt8], Int64) = ([], 1)
    let rows = try Row.fetchCursor(
      db,
      sql: "SELECT id, at, actor, action, subject, address, digest FROM activity ORDER BY id")
    while let row = try rows.next() {
      let id: Int64 = row[0]
      guard id == next else { return ["lines \(next) to \(id - 1) are missing"] }
      guard let line = activity(row), line.digest == line.chained(after: before) else {
        return ["line \(id) is not as it was written, or one before it"]
      }
      (before, next) = (line.digest, next + 1)
    }
    // SQLite remembers the highest number that it gave, so that lines at the end are missed too.
    let last = try Int64.fetchOne(
      db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'activity'")
    guard let last, last >= next else { return [] }
    return ["lines \(next) to \(last) are missing"]
  }
}
