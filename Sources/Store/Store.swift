import CustomerJourney
package import Foundation
import GRDB
import Synchronization

/// The truth: every touchpoint, customer and setting of one data folder, in SQLite.
///
/// Writes are durable when the call returns (WAL with `synchronous=FULL`). Any number of processes
/// may open the same folder; what one commits, the others see.
package final class Store: Sendable {
  let pool: DatabasePool
  /// Only asks whether anybody committed; a connection never sees its own commits that way.
  let watcher: DatabaseQueue
  let log: LogKeeper
  /// Numbers of names and customers that were looked up before; they never change.
  let known = Mutex(KnownNumbers())
  /// Keys of persons who were erased, which are not taken in again.
  let erased = Mutex(ErasedKeys())
  /// Tells this database from another.
  package let databaseNumber: Int64

  /// How long is waited for another process that keeps the database locked.
  static let patienceSeconds = 30.0
  /// Bytes that the write-ahead log keeps on the disk.
  private static let longestLog = 2 << 30
  /// The database file's name in a data folder.
  package static let fileName = "klantreis.sqlite"

  /// Opens the data folder's database, and makes both when they aren't there.
  package init(folder: URL) throws {
    // Customers' data are their owner's to read; SQLite gives its other files the same mode.
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    var configuration = Configuration()
    configuration.busyMode = .timeout(Self.patienceSeconds)
    // Looks and bases, which stand back, all have a store.
    Cores.prepare()
    let path = folder.appending(path: Self.fileName).path
    let log = LogKeeper(path: path)
    self.log = log
    configuration.prepareDatabase { db in
      // Of a new file: a page has some twenty touchpoints, and each that changes is written whole.
      try db.execute(sql: "PRAGMA page_size = 8192")
      // What readers read comes by in order or is a few pages: the system has the rest in its memory.
      let kilobytes = db.configuration.readonly ? 8_192 : 65_536
      try db.execute(sql: "PRAGMA cache_size = -\(kilobytes)")
      // What a log took while somebody read for very long is given back when it begins anew, which takes
      // the one who stores something a while.
      try db.execute(sql: "PRAGMA journal_size_limit = \(Self.longestLog)")
      log.watch(db)
    }
    if !FileManager.default.fileExists(atPath: path) {
      _ = FileManager.default.createFile(
        atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
    }
    do {
      pool = try DatabasePool(path: path, configuration: configuration)
      // Only now: a pool that turns to WAL sets NORMAL, which syncs no commit. One connection writes.
      try pool.writeWithoutTransaction { db in try db.execute(sql: "PRAGMA synchronous = FULL") }
      try Schema.migrator.migrate(pool)
      // Looking up eight rows a touchpoint that were just looked up or made took longer than the
      // insert itself, and checking what this program wrote a third as long
      // (docs/decisions/0011). Once for the connection: each change makes SQLite prepare all anew.
      try pool.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
      }
      configuration.readonly = true
      watcher = try DatabaseQueue(path: path, configuration: configuration)
      databaseNumber = try pool.read(Self.databaseNumber)
    } catch let error as DatabaseError {
      throw StoreError.cannotOpen(path: path, reason: error.message ?? "\(error.resultCode)")
    }
  }
}

extension Store {
  /// Changes something in one transaction. Nobody else can meanwhile, so it never stands back.
  func write<Result>(_ updates: (Database) throws -> Result) throws -> Result {
    try Cores.inForeground { try pool.write(updates) }
  }

  /// For those who read much one time after the other: lets the write-ahead log begin anew between two
  /// of them where it has grown long, and waits for that a moment at most.
  package func giveWay() { log.giveWay(atMost: Limits.giveWaySeconds) }
}

package enum StoreError: Error, CustomStringConvertible {
  case cannotOpen(path: String, reason: String)
  case damaged(table: String, reason: String)
  /// The disk or the file does not take what is written; nothing of it was stored.
  case unavailable(reason: String)

  package var description: String {
    switch self {
    case .cannotOpen(let path, let reason):
      "The database \(path) does not open: \(reason). Check that the folder is writable and that "
        + "the file is a Klantreis database, or name another folder with --data."
    case .unavailable(let reason):
      "Nothing can be stored now: \(reason). Make room on the disk or make the data folder "
        + "writable; storing goes on by itself then."
    case .damaged(let table, let reason):
      "A row of the table \(table) cannot be read: \(reason). Restore the data folder from a copy."
    }
  }
}

/// The kinds of name that a touchpoint holds by number.
package enum NameKind: String, CaseIterable, Sendable {
  case event, channel, origin, device, content, campaign, source
}
