import Foundation
import GRDB
import Synchronization
import Testing

@testable import Store

@Suite("The write-ahead log")
struct LogKeeperTests {
  private static let (step, most) = (20, 100)
  let folder = TemporaryFolder()
  let path: String
  let keeper: LogKeeper
  let writer: DatabasePool

  init() throws {
    try FileManager.default.createDirectory(at: folder.url, withIntermediateDirectories: true)
    path = folder.url.appending(path: "log.sqlite").path
    let keeper = LogKeeper(path: path, step: Self.step, most: Self.most)
    self.keeper = keeper
    var configuration = Configuration()
    configuration.prepareDatabase { keeper.watch($0) }
    writer = try DatabasePool(path: path, configuration: configuration)
    try writer.write { try $0.execute(sql: "CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)") }
  }

  /// A page of the log at least.
  private func commit() throws {
    try writer.write {
      try $0.execute(sql: "INSERT INTO t (text) VALUES (hex(randomblob(2000)))")
    }
  }

  /// How often the log began anew, as its head says.
  private func beginnings() throws -> Int {
    let file = try FileHandle(forReadingFrom: URL(filePath: path + "-wal"))
    defer { try? file.close() }
    let head = try file.read(upToCount: 16) ?? Data()
    return head.dropFirst(12).reduce(0) { $0 << 8 | Int($1) }
  }

  /// Stores until the log has begun anew so often since a time; gives up after far more than it takes.
  private func store(untilBegun times: Int, since first: Int) throws {
    for _ in 0..<100_000 where try beginnings() < first + times { try commit() }
    #expect(try beginnings() >= first + times)
  }

  @Test("what a few commits left in the log is copied though nobody commits any more")
  func beside() throws {
    // Too little for the writer to copy anything, and too little for SQLite's own rule.
    for _ in 0..<Self.step { try commit() }
    let end = ContinuousClock.now + .seconds(60)
    // Where all was copied between two commits, the log has begun anew already.
    func isCopied() throws -> Bool { try keeper.copied >= Self.step || beginnings() > 0 }
    while try !isCopied(), ContinuousClock.now < end {}
    #expect(try isCopied())
  }

  @Test("the log begins anew again and again, and nothing is missing")
  func again() throws {
    try store(untilBegun: 5, since: try beginnings())
    let (count, last) = try writer.read { db in
      (
        try Int.fetchOne(db, sql: "SELECT count(*) FROM t"),
        try Int.fetchOne(db, sql: "SELECT max(id) FROM t")
      )
    }
    #expect(count == last && count ?? 0 > 5 * Self.most / 4)
    #expect(
      try writer.read { try String.fetchOne($0, sql: "PRAGMA integrity_check") } == "ok")
  }

  @Test("while somebody reads the log grows, and when nobody does it begins anew")
  func readers() throws {
    let first = try beginnings()
    try writer.read { db in
      _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM t")
      for _ in 0..<400 { try commit() }
      #expect(try Int.fetchOne(db, sql: "SELECT count(*) FROM t") == 0)
      #expect(try beginnings() == first)
    }
    try store(untilBegun: 3, since: first)
  }

  @Test("who is going to read waits only while the log is far too long, and no longer than it said")
  func giveWay() throws {
    let clock = ContinuousClock()
    while keeper.pages < Self.most / 2 { try commit() }
    #expect(clock.measure { keeper.giveWay(atMost: 60) } < .seconds(60))
    try writer.read { db in
      _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM t")
      for _ in 0..<(3 * Self.most) { try commit() }
      #expect(clock.measure { keeper.giveWay(atMost: 0.05) } >= .milliseconds(50))
      // Nobody has stored anything since.
      #expect(clock.measure { keeper.giveWay(atMost: 60) } < .seconds(60))
      try commit()
      #expect(clock.measure { keeper.giveWay(atMost: 0.05) } >= .milliseconds(50))
    }
    // Who waits is told when it begins anew.
    let isBegun = Mutex(false)
    let took = Mutex<Duration?>(nil)
    let waiter = Thread { [keeper] in
      isBegun.withLock { $0 = true }
      let time = clock.measure { keeper.giveWay(atMost: 60) }
      took.withLock { $0 = time }
    }
    waiter.start()
    while !isBegun.withLock({ $0 }) {}
    let end = clock.now + .seconds(120)
    while took.withLock({ $0 }) == nil, clock.now < end { try commit() }
    #expect(took.withLock { $0 }.map { $0 < .seconds(60) } == true)
  }

  @Test("readers of whom one always reads let the log begin anew when they give way")
  func overlapping() throws {
    let first = try beginnings()
    let isOver = Mutex(false)
    let turn = Mutex(0)
    let readers = DispatchGroup()
    for number in 0..<2 {
      readers.enter()
      Thread.detachNewThread { [keeper, writer] in
        defer { readers.leave() }
        while !isOver.withLock({ $0 }) {
          keeper.giveWay(atMost: 60)
          try? writer.read { db in
            _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM t")
            // The other one has begun before this one ends, unless it gives way.
            turn.withLock { $0 = number }
            while turn.withLock({ $0 }) == number, keeper.pages < 2 * Self.most,
              !isOver.withLock({ $0 })
            {}
          }
        }
      }
    }
    defer {
      isOver.withLock { $0 = true }
      // Whoever gives way hears of it by commits.
      while readers.wait(timeout: .now()) == .timedOut { try? commit() }
    }
    try store(untilBegun: 3, since: first)
  }

  @Test("a log that others empty is taken for what it is")
  func emptiedByOthers() throws {
    for _ in 0..<150 { try commit() }
    // Who copies just now is in the way of it for a moment.
    var isEmptied = false
    while !isEmptied {
      do {
        try writer.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        isEmptied = true
      } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {}
    }
    try commit()
    try store(untilBegun: 3, since: try beginnings())
  }
}
