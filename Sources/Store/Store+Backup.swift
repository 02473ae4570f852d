package import Access
import CustomerJourney
package import Foundation
import GRDB

extension Store {
  /// Writes a copy of the whole database into a folder, of one moment, while others go on writing.
  package func copy(into folder: URL) throws {
    let path = folder.appending(path: Self.fileName).path
    guard
      FileManager.default.createFile(
        atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
    else { throw StoreError.unavailable(reason: "\(folder.path) takes no file") }
    let target = try DatabaseQueue(path: path)
    // In one step: by steps it would begin again with every commit of another process.
    try pool.backup(to: target)
    // The copy is one file, without a log beside it.
    try target.writeWithoutTransaction { db in
      _ = try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
    }
    try target.close()
  }

  /// What a database needs that was put back: nobody is logged in by an old session or link.
  package func settleAfterRestore(_ deed: Deed) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM session; DELETE FROM invitation")
      try Self.note(deed, db)
    }
  }

  /// The migrations that made a database what it is, the last last.
  package func migrations() throws -> [String] {
    try pool.read { db in try Schema.migrator.appliedMigrations(db) }
  }

  /// Those that this program knows.
  package static var knownMigrations: [String] { Schema.migrator.migrations }

  /// Closes the database, so that its files can be moved. Nothing may be asked of it afterwards.
  package func shut() throws {
    try watcher.close()
    try pool.close()
  }

  /// Whether no other process, or other store of this one, has the database open. Its log is written
  /// back by that, and nothing else changes.
  package static func isUnused(in folder: URL) -> Bool {
    let path = folder.appending(path: fileName).path
    guard FileManager.default.fileExists(atPath: path) else { return true }
    var configuration = Configuration()
    configuration.busyMode = .immediateError
    guard let queue = try? DatabaseQueue(path: path, configuration: configuration) else {
      return true
    }
    // Leaving the write-ahead log needs the file alone.
    let mode = try? queue.writeWithoutTransaction { db in
      try String.fetchOne(db, sql: "PRAGMA journal_mode = DELETE")
    }
    try? queue.close()
    return mode == "delete"
  }
}
