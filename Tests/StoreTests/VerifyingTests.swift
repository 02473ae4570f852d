import CustomerJourney
import Foundation
import GRDB
import Testing

@testable import Store

@Suite("The check of a database")
struct VerifyingTests {
  let folder = TemporaryFolder()
  let store: Store

  init() throws {
    store = try Store(folder: folder.url)
    try store.append(
      (1...3).map { number in
        Touchpoint(
          customer: "c\(number)", occurred: Timestamp(seconds: Int64(number)),
          event: EventName("Page Viewed"), channel: .website, messageID: "m\(number)",
          source: "shop", origin: Origin("Direct"), value: Money(minorUnits: 1, currency: .eur),
          properties: ["a": .number(1)])
      },
      profiles: [
        ProfileChange(
          customer: "c1", traits: ["b": .text("x")], occurred: Timestamp(seconds: 1),
          messageID: "p1", source: "shop")
      ])
  }

  @Test("a sound database has no problems")
  func sound() throws {
    let findings = try store.verify()
    #expect(findings.count >= 6)
    #expect(findings.flatMap(\.problems) == [])
  }

  @Test(
    "what is damaged is found",
    arguments: [
      ("UPDATE touchpoint SET customer = 999 WHERE id = 1", "identity"),
      ("UPDATE touchpoint SET origin = event WHERE id = 1", "origin"),
      ("UPDATE touchpoint SET event = 999 WHERE id = 1", "event"),
      ("UPDATE profile_change SET source = (SELECT event FROM touchpoint)", "profile"),
      (
        "DROP INDEX touchpoint_once; UPDATE touchpoint SET occurred = 1000, message_id = 'm1'",
        "more than once"
      ),
      ("UPDATE touchpoint SET properties = '{' WHERE id = 2", "bad JSON in properties"),
      ("UPDATE profile_change SET traits = '['", "bad JSON in traits"),
      ("UPDATE touchpoint SET currency = NULL WHERE id = 3", "one without the other"),
    ])
  func damaged(sql: String, hint: String) throws {
    try store.pool.writeWithoutTransaction { db in
      try db.execute(
        sql: "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON; \(sql)")
    }
    let problems = try store.verify().flatMap(\.problems)
    #expect(problems.contains { $0.contains(hint) }, "\(problems)")
  }

  @Test("the newest moment of each source is found")
  func lastReceived() throws {
    #expect(try store.lastReceived() == ["shop": Timestamp(seconds: 3)])
  }
}
