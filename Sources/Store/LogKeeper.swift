import Foundation
import GRDB
import GRDBSQLite
import Synchronization

/// Copies what the write-ahead log has back into the database, beside the one who writes.
///
/// SQLite itself does it at the end of the commit that makes the log too long: under load some commit
/// in every few then waits until the disk has thousands of pages, and so do all that are to be
/// answered by it. Here another connection copies while commits go on. Only the last bit must be copied
/// by the writer, for a log begins anew only where all of it was copied and nobody reads in it.
final class LogKeeper: Sendable {
  /// Pages that are copied at a time, at least.
  private let step: Int
  /// Pages after which the log is to begin anew.
  private let most: Int
  private let path: String
  private let queue = DispatchQueue(label: "checkpoint", qos: .utility)
  private let state: Mutex<State>

  private struct State {
    /// Pages of the log that are in the database.
    var copied = 0
    /// When the log has so many, the writer copies the rest.
    var end: Int
    var isCopying = false
    /// Opened when it is needed: most commands write little.
    var connection: DatabaseQueue?
  }

  private enum Step { case none, copy, end }

  init(path: String, step: Int = 4_000, most: Int = 16_000) {
    self.path = path
    self.step = step
    self.most = most
    state = Mutex(State(end: most))
  }

  /// Pages of the log that are in the database.
  var copied: Int { state.withLock { $0.copied } }

  /// Hears of each commit of a connection, in place of SQLite's own rule.
  func watch(_ db: Database) {
    // Unretained: the pool's configuration, by which connections are made, holds this one.
    sqlite3_wal_hook(
      db.sqliteConnection,
      { keeper, connection, _, pages in
        if let keeper, let connection {
          Unmanaged<LogKeeper>.fromOpaque(keeper).takeUnretainedValue()
            .committed(pages: Int(pages), connection)
        }
        return SQLITE_OK
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  /// `pages` are those of the log.
  private func committed(pages: Int, _ connection: OpaquePointer) {
    let next = state.withLock { state -> Step in
      if pages < state.copied {
        // The log has begun anew.
        state.copied = 0
        state.end = most
      }
      if state.isCopying { return .none }
      let isCopied = pages - state.copied < step
      // On a disk that is slower than what comes, the writer has to wait after all.
      if pages >= state.end, isCopied || pages >= 2 * most { return .end }
      if isCopied { return .none }
      state.isCopying = true
      return .copy
    }
    switch next {
    case .none: break
    case .copy: queue.async { [self] in copy() }
    case .end:
      let copied = Self.copy(connection)
      state.withLock { state in
        state.copied = copied ?? state.copied
        // Where somebody reads in it, it is tried again a while later.
        state.end = pages + self.step / 4
      }
    }
  }

  private func copy() {
    // What fails here is tried again after a commit; those who store hear from theirs of a bad disk.
    let connection = state.withLock { state in
      // A file that is gone must not come back as an empty one.
      if state.connection == nil, FileManager.default.fileExists(atPath: path) {
        state.connection = try? DatabaseQueue(path: path)
      }
      return state.connection
    }
    let before = copied
    let copied = connection?.inDatabase { db -> Int? in
      guard let connection = db.sqliteConnection else { return nil }
      let copied = Self.copy(connection)
      // While somebody reads for long nothing is copied after each commit.
      if copied != before { Self.sync(connection) }
      return copied
    }
    state.withLock { state in
      state.copied = (copied ?? nil) ?? state.copied
      state.isCopying = false
    }
  }

  /// Has the disk take what was copied. SQLite does it only when all is, and then it is the writer who
  /// would wait for all of it.
  private static func sync(_ connection: OpaquePointer) {
    var file: UnsafeMutablePointer<sqlite3_file>?
    guard sqlite3_file_control(connection, nil, SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK,
      let file, let methods = file.pointee.pMethods
    else { return }
    // What comes of it matters only at the end, and there SQLite asks again.
    _ = methods.pointee.xSync(file, SQLITE_SYNC_NORMAL)
  }

  /// Returns how many pages of the log are in the database now; nil where it could not be done.
  private static func copy(_ connection: OpaquePointer) -> Int? {
    var copied: Int32 = -1
    let code = sqlite3_wal_checkpoint_v2(
      connection, nil, SQLITE_CHECKPOINT_PASSIVE, nil, &copied)
    return code == SQLITE_OK && copied >= 0 ? Int(copied) : nil
  }
}
