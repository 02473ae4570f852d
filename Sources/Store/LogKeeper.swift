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
///
/// Whoever reads keeps what came since it began from being copied. Long readers that follow each other
/// would let the log grow for as long as something comes, and each look into it take longer: they come to
/// ``giveWay(atMost:)`` first.
final class LogKeeper: Sendable {
  /// Pages that are copied at a time, at least; the writer copies less than a quarter of them, unless the
  /// disk is slower than what comes.
  private let step: Int
  /// Pages after which the log is to begin anew.
  private let most: Int
  private let path: String
  private let queue = DispatchQueue(label: "checkpoint", qos: .utility)
  private let state: Mutex<State>

  private struct State {
    /// Pages of the log that are in the database.
    var copied = 0
    /// Pages that were copied at the last time; more than any where none were yet.
    var lastCopied = Int.max
    /// Pages of the log.
    var pages = 0
    /// When the log has so many, it is to end.
    var end: Int
    var isCopying = false
    /// When the log has so many, it is tried again to copy what a reader kept from being copied.
    var retry = 0
    /// Those who wait until the log begins anew, and the pages it had when somebody waited for nothing.
    var waiting: [DispatchSemaphore] = []
    var waitedInVain = 0
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
  /// Pages of the log, as the last commit left it.
  var pages: Int { state.withLock { $0.pages } }

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

  /// For somebody who is going to read for long and can wait: returns when the log is not far too long,
  /// or after so many seconds. Where nobody stores anything that does not help, and nobody waits again.
  func giveWay(atMost seconds: Double) {
    let beginsAnew = state.withLock { state -> DispatchSemaphore? in
      guard state.pages >= 2 * most, state.pages != state.waitedInVain else { return nil }
      let semaphore = DispatchSemaphore(value: 0)
      state.waiting.append(semaphore)
      return semaphore
    }
    guard let beginsAnew else { return }
    let before = pages
    let isInVain = beginsAnew.wait(timeout: .now() + seconds) == .timedOut
    state.withLock { state in
      state.waiting.removeAll { $0 === beginsAnew }
      if isInVain, state.pages == before { state.waitedInVain = before }
    }
  }

  /// `pages` are those of the log.
  private func committed(pages: Int, _ connection: OpaquePointer) {
    let next = state.withLock { state -> Step in
      if pages < state.pages { Self.beginAnew(&state, most) }
      state.pages = pages
      if state.isCopying { return .none }
      let rest = pages - state.copied
      if pages >= state.end {
        if rest < step / 4 { return .end }
      } else if rest < step {
        return .none
      }
      guard pages >= state.retry else { return .none }
      // On a disk that is slower than what comes, the writer has to wait after all.
      if pages >= 2 * most, state.retry == 0, rest > state.lastCopied { return .end }
      state.isCopying = true
      return .copy
    }
    switch next {
    case .none: break
    case .copy: queue.async { [self] in copy() }
    case .end:
      let copied = Self.copy(connection)?.copied
      state.withLock { state in
        state.copied = copied ?? state.copied
        // Where somebody reads in it, it is tried again a while later.
        state.end = pages + self.step / 4
      }
    }
  }

  private static func beginAnew(_ state: inout State, _ most: Int) {
    state.copied = 0
    state.lastCopied = .max
    state.end = most
    state.retry = 0
    for waiting in exchange(&state.waiting, with: []) { waiting.signal() }
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
    let log = connection?.inDatabase { db -> (pages: Int, copied: Int)? in
      guard let connection = db.sqliteConnection, let log = Self.copy(connection) else {
        return nil
      }
      if log.copied != before { Self.sync(connection) }
      return log
    }
    state.withLock { state in
      state.isCopying = false
      guard let log = log ?? nil else { return }
      state.lastCopied = log.copied - before
      state.copied = log.copied
      // Not after each commit while somebody reads for long.
      state.retry = log.copied < log.pages ? log.pages + step / 4 : 0
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

  /// Returns how many pages the log had and how many of them are in the database now; nil where it could
  /// not be done.
  private static func copy(_ connection: OpaquePointer) -> (pages: Int, copied: Int)? {
    var pages: Int32 = -1
    var copied: Int32 = -1
    let code = sqlite3_wal_checkpoint_v2(
      connection, nil, SQLITE_CHECKPOINT_PASSIVE, &pages, &copied)
    return code == SQLITE_OK && copied >= 0 ? (Int(pages), Int(copied)) : nil
  }
}
