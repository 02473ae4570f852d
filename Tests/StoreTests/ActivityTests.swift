import Access
import CustomerJourney
import Foundation
import GRDB
import Testing

@testable import Store

@Suite("Who did what")
struct ActivityTests {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "klantreis-activity-\(UUID().uuidString)")
  let store: Store

  init() throws {
    store = try Store(folder: folder)
    for turn in 1...5 {
      try store.note(
        Deed(.login, "user \(turn)", by: "ann", at: Timestamp(seconds: Int64(turn))))
    }
  }

  private var problems: [String] {
    get throws {
      try store.verify().first { $0.rule.contains("what was done") }?.problems ?? ["no such rule"]
    }
  }

  @Test("lines come back newest first, a page at a time")
  func pages() throws {
    let first = try store.activities(limit: 3)
    #expect(first.map(\.id) == [5, 4, 3])
    #expect(try store.activities(before: 3, limit: 3).map(\.id) == [2, 1])
    #expect(try problems.isEmpty)
  }

  @Test(
    "no statement changes or removes a line",
    arguments: [
      "UPDATE activity SET actor = 'bob' WHERE id = 2", "DELETE FROM activity WHERE id = 2",
      "DELETE FROM activity", "UPDATE activity SET id = id + 10",
      "INSERT OR REPLACE INTO activity SELECT 2, at, 'bob', action, subject, address, digest "
        + "FROM activity WHERE id = 2",
      "REPLACE INTO activity SELECT 5, at, 'bob', action, subject, address, digest "
        + "FROM activity WHERE id = 5",
      "UPDATE OR REPLACE activity SET id = 1 WHERE id = 2",
    ])
  func guarded(sql: String) throws {
    #expect(throws: DatabaseError.self) { try store.pool.write { try $0.execute(sql: sql) } }
    #expect(try store.activities(limit: 9).map(\.actor) == Array(repeating: "ann", count: 5))
    #expect(try problems.isEmpty)
  }

  @Test(
    "who takes the guards away and changes a line is noticed",
    arguments: [
      ("UPDATE activity SET actor = 'bob' WHERE id = 2", "line 2"),
      ("UPDATE activity SET at = at + 1 WHERE id = 5", "line 5"),
      ("DELETE FROM activity WHERE id = 2", "lines 2 to 2"),
      ("DELETE FROM activity WHERE id >= 4", "lines 4 to 5"),
      ("DELETE FROM activity", "lines 1 to 5"),
      ("UPDATE activity SET digest = x'00' WHERE id = 3", "line 3"),
      (
        "INSERT INTO activity SELECT 6, at, actor, action, subject, address, digest FROM activity "
          + "WHERE id = 5", "line 6"
      ),
    ])
  func noticed(sql: String, expected: String) throws {
    try store.pool.write { db in
      for trigger in ["never_changes", "never_goes", "only_grows"] {
        try db.execute(sql: "DROP TRIGGER activity_\(trigger)")
      }
      try db.execute(sql: sql)
    }
    let found = try problems
    #expect(found.count == 1)
    #expect(found.first?.contains(expected) == true, "\(found)")
  }
}
