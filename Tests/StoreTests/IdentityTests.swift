import CustomerJourney
import Foundation
import GRDB
import Testing

@testable import Store

/// Says of some keys whose they are, as a store has it.
private struct Who {
  let store: Store

  /// The keys by customer, at a moment in seconds.
  func customer(_ key: String, at second: Int64 = 1_000_000) throws -> String? {
    try store.pool.read { db in
      try String.fetchOne(
        db,
        sql: """
          SELECT c.key FROM identity i
          JOIN identity c ON c.id = \(Schema.customer(of: "i.id", at: "\(second * 1000)"))
          WHERE i.key = ?
          """, arguments: [key])
    }
  }
}

@Suite("Who is who")
struct IdentityTests {
  let folder = TemporaryFolder()
  let store: Store
  private var who: Who { Who(store: store) }

  init() throws { store = try Store(folder: folder.url) }

  private func say(
    _ key: String, _ others: String..., at second: Int64, by claimant: Claimant = .browser
  ) throws {
    var one = touchpoint(key, at: second, id: "\(key) \(others) \(second) \(claimant)")
    one.alsoKnownAs = others
    one.claimant = claimant
    try store.append([one])
  }

  @Test("what a browser did before its visitor logged in is that customer's")
  func login() throws {
    try say("anonymous:b", at: 1)
    #expect(try who.customer("anonymous:b") == "anonymous:b")
    try say("ann", "anonymous:b", at: 100)
    #expect(try who.customer("anonymous:b", at: 1) == "ann")
    #expect(try who.customer("anonymous:b", at: 900) == "ann")
  }

  @Test("on a shared browser touchpoints are of who was logged in, and two customers stay two")
  func shared() throws {
    for (second, user) in [(600, "bob"), (100, "ann"), (1200, "ann")] as [(Int64, String)] {
      try say(user, "anonymous:b", at: second)
    }
    for (second, owner) in [(1, "ann"), (599, "ann"), (600, "bob"), (1199, "bob"), (1200, "ann")]
      as [(Int64, String)]
    {
      #expect(try who.customer("anonymous:b", at: second) == owner, "at \(second)")
    }
    #expect(try who.customer("ann") == "ann")
    #expect(try who.customer("bob") == "bob")
  }

  @Test("of several customers on one browser in the same second one holds, in any order of arrival")
  func sameSecond() throws {
    for (browser, users) in [
      ("anonymous:1", ["ann", "bob", "cas", "dan"]), ("anonymous:2", ["dan", "cas", "ann", "bob"]),
    ] {
      for user in users { try say(user, browser, at: 600) }
      #expect(try who.customer(browser, at: 599) == "ann")
      #expect(try who.customer(browser, at: 600) == "dan")
      try say("eve", browser, at: 1200)
      #expect(try who.customer(browser, at: 1199) == "dan")
      #expect(try who.customer(browser, at: 1200) == "eve")
    }
  }

  @Test("an address leads from a browser to the customer who has it")
  func address() throws {
    try say("anonymous:b", "email:a@b.nl", at: 1)
    #expect(try who.customer("anonymous:b") == "email:a@b.nl")
    try say("ann", "email:a@b.nl", at: 500, by: .server)
    #expect(try who.customer("anonymous:b") == "ann")
    #expect(try who.customer("email:a@b.nl", at: 1) == "ann")
  }

  /// What somebody can try who has the key that stands in the page.
  static let attacks: [(String, [(key: String, others: [String])])] = [
    ("another customer's name as an earlier one", [("eve", ["ann"])]),
    ("that customer's name for the own one", [("ann", ["eve"])]),
    ("the customer's address", [("eve", ["email:a@b.nl"])]),
    ("the address from many names", [("eve", ["email:a@b.nl"]), ("mal", ["email:a@b.nl"])]),
    ("an address in between", [("eve", ["email:e@b.nl"]), ("ann", ["email:e@b.nl"])]),
    ("a browser in between", [("eve", ["anonymous:x"]), ("ann", ["anonymous:x"])]),
    ("a phone and an address in one", [("eve", ["phone:+31612345678", "email:a@b.nl"])]),
  ]

  @Test("a key that everybody has joins no customer with another", arguments: attacks)
  func attack(name: String, messages: [(key: String, others: [String])]) throws {
    try say("ann", "email:a@b.nl", "phone:+31612345678", at: 100, by: .server)
    try say("ann", "anonymous:own", at: 110)
    for (second, message) in messages.enumerated() {
      var one = touchpoint(message.key, at: Int64(second), id: "\(name) \(second)")
      one.alsoKnownAs = message.others
      one.claimant = .browser
      try store.append([one])
    }
    for (key, owner) in [
      ("ann", "ann"), ("email:a@b.nl", "ann"), ("phone:+31612345678", "ann"),
      ("anonymous:own", "ann"), ("eve", "eve"),
    ] {
      if let found = try who.customer(key) { #expect(found == owner, "\(name): \(key)") }
    }
  }

  @Test("browsers' word on an address holds while they agree")
  func agreement() throws {
    try say("ann", "email:a@b.nl", at: 1)
    #expect(try who.customer("email:a@b.nl") == "ann")
    try say("eve", "email:a@b.nl", at: 2)
    #expect(try who.customer("email:a@b.nl") == "email:a@b.nl")
    try say("ann", "email:a@b.nl", at: 3, by: .server)
    #expect(try who.customer("email:a@b.nl") == "ann")
  }

  @Test("a trait that a server set is not changed by a browser, and the last of equals holds")
  func traits() throws {
    func set(_ value: String, at second: Int64, by claimant: Claimant) throws {
      try store.append(
        [],
        profiles: [
          ProfileChange(
            customer: "ann", traits: ["tier": .text(value)],
            occurred: Timestamp(milliseconds: second * 1000),
            messageID: "\(value) \(second)", source: "s", claimant: claimant)
        ])
    }
    let id = { try #require(try store.customer(key: "ann")) }
    try set("tin", at: 5, by: .browser)
    #expect(try store.traits()[id()] == ["tier": .text("tin")])
    try set("gold", at: 1, by: .server)
    try set("lead", at: 9, by: .browser)
    #expect(try store.traits()[id()] == ["tier": .text("gold")])
    try set("iron", at: 3, by: .file)
    #expect(try store.traits(of: [id()])[id()] == ["tier": .text("iron")])
  }

  @Test("a browser's traits do not replace what a server said of the same customer's other key")
  func traitsAcross() throws {
    for (key, value, second, claimant) in [
      ("ann", "gold", 1, Claimant.server), ("anonymous:b", "tin", 9, .browser),
    ] as [(String, String, Int64, Claimant)] {
      try store.append(
        [],
        profiles: [
          ProfileChange(
            customer: key, traits: ["tier": .text(value), key: .flag(true)],
            occurred: Timestamp(milliseconds: second * 1000), messageID: key, source: "s",
            claimant: claimant)
        ])
    }
    try say("ann", "anonymous:b", at: 5)
    let ann = try #require(try store.customer(key: "anonymous:b"))
    let known = try #require(try store.traits()[ann])
    #expect(known == ["tier": .text("gold"), "ann": .flag(true), "anonymous:b": .flag(true)])
    #expect(try store.traits(of: [ann])[ann] == known)
  }

  @Test("a merge by hand holds whatever browsers said, and its undo leaves nothing of it")
  func byHand() throws {
    try say("ann", "anonymous:a", at: 1)
    try say("anna", "anonymous:b", at: 2)
    try store.join("anonymous:b", into: "ann", at: Timestamp(milliseconds: 5))
    for key in ["ann", "anna", "anonymous:a", "anonymous:b"] {
      #expect(try who.customer(key) == "ann", "\(key)")
    }
    #expect(throws: IdentityProblem.same) {
      try store.join("anna", into: "ann", at: Timestamp(milliseconds: 6))
    }
    try store.part("anna", from: "ann", at: Timestamp(milliseconds: 7))
    #expect(try who.customer("anonymous:b") == "anna")
    try store.unpart("ann", from: "anna", at: Timestamp(milliseconds: 8))
    #expect(try who.customer("anonymous:b") == "ann")
    #expect(throws: IdentityProblem.notTogether) {
      try store.part("anonymous:a", from: "anonymous:b", at: Timestamp(milliseconds: 9))
    }
  }

  @Test("a known key survives a merge with one that is not, whichever is named first")
  func survivor() throws {
    try say("anonymous:z", at: 1)
    try say("ann", at: 2)
    try store.join("ann", into: "anonymous:z", at: Timestamp(milliseconds: 5))
    #expect(try who.customer("anonymous:z") == "ann")
  }

  @Test("what was parted stays parted whatever comes, until that is taken back")
  func parted() throws {
    try say("ann", "anonymous:a", at: 60)
    try store.part("anonymous:a", from: "ann", at: Timestamp(milliseconds: 5))
    #expect(try who.customer("anonymous:a") == "anonymous:a")
    try say("ann", "anonymous:a", at: 600)
    #expect(try who.customer("anonymous:a") == "anonymous:a")
    try store.unpart("anonymous:a", from: "ann", at: Timestamp(milliseconds: 6))
    #expect(try who.customer("anonymous:a") == "ann")
  }

  @Test("what a person calls nobody's joins nobody, also what was joined before")
  func junk() throws {
    try say("ann", "email:info@shop.nl", at: 1, by: .server)
    try say("anonymous:a", "email:info@shop.nl", at: 2)
    #expect(try who.customer("anonymous:a") == "ann")
    try store.setJunk("@shop.nl", to: true)
    #expect(try who.customer("anonymous:a") == "anonymous:a")
    try store.setJunk("@shop.nl", to: false)
    try store.setJunk("email:info@shop.nl", to: true)
    #expect(try who.customer("anonymous:a") == "anonymous:a")
    #expect(try store.junk() == ["email:info@shop.nl"])
    try store.setJunk("email:info@shop.nl", to: false)
    #expect(try who.customer("anonymous:a") == "ann")
  }

  @Test("a public terminal belongs to nobody, and that is told")
  func terminal() throws {
    for person in 0..<Limits.ownersPerDay {
      try say("u\(person)", "anonymous:kiosk", at: Int64(person) * 60)
    }
    #expect(try who.customer("anonymous:kiosk", at: 0) == "u0")
    #expect(try store.identityAlarms() == [:])
    try say("last", "anonymous:kiosk", at: 3000)
    #expect(try who.customer("anonymous:kiosk", at: 0) == "anonymous:kiosk")
    #expect(try store.identityAlarms() == [.crowded: 1])
    #expect(try store.lastLinks(limit: 1).map(\.state) == [.unproven])
    // A household in which somebody new logs in once a year is none.
    for person in 0...Limits.ownersPerDay {
      try say("v\(person)", "anonymous:home", at: Int64(person) * 31_536_000)
    }
    #expect(try who.customer("anonymous:home", at: 40_000_000) == "v1")
  }

  @Test("a customer takes so many browsers and not one more, by time and not by arrival")
  func full() throws {
    let limit = Limits.identitiesPerIdentity
    // The last to come is the first by time, and takes the place of the last by time.
    let seconds = (1...(limit + 5)).map { Int64($0) } + [0]
    try store.append(
      seconds.map { second in
        var one = touchpoint("ann", at: second * 60, id: "m\(second)")
        one.alsoKnownAs = ["anonymous:\(second)"]
        one.claimant = .browser
        return one
      })
    func count() throws -> Int {
      try store.pool.read {
        try Int.fetchOne($0, sql: "SELECT count(*) FROM identity_owner") ?? 0
      }
    }
    #expect(try count() == limit)
    #expect(try who.customer("anonymous:0") == "ann")
    #expect(try who.customer("anonymous:\(limit - 1)") == "ann")
    #expect(try who.customer("anonymous:\(limit)") == "anonymous:\(limit)")
    #expect(try store.identityAlarms() == [.full: 1])
    try say("ann", "anonymous:early", at: -600)
    #expect(try count() == limit)
    #expect(try who.customer("anonymous:\(limit - 1)") == "anonymous:\(limit - 1)")
    #expect(try store.verify().allSatisfy(\.problems.isEmpty))
  }

  @Test("why keys are one customer is told with source, message and time")
  func reasons() throws {
    try say("ann", "anonymous:a", at: 60)
    try say("ann", "email:a@b.nl", at: 70, by: .server)
    try say("eve", "email:a@b.nl", at: 80)
    let found = try #require(try store.identities(of: "anonymous:a"))
    #expect(found.customer == "ann")
    #expect(found.identities.map(\.key) == ["ann", "email:a@b.nl", "anonymous:a"])
    #expect(found.identities.map(\.kind) == ["user", "email", "anonymous"])
    let reason = try #require(found.identities[2].reasons.first)
    #expect(reason.other == "ann")
    #expect(reason.claimant == "browser")
    #expect(reason.messageID == "ann [\"anonymous:a\"] 60 browser")
    #expect(reason.happened == Timestamp(milliseconds: 60_000))
    #expect(found.apart.map(\.other) == ["eve"])
    #expect(found.apart.map(\.state) == [.unproven])
    try store.part("anonymous:a", from: "ann", at: Timestamp(milliseconds: 5))
    let after = try #require(try store.identities(of: "ann"))
    #expect(after.identities.map(\.key) == ["ann", "email:a@b.nl"])
    #expect(after.apart.contains { $0.key == "anonymous:a" && $0.state == .apart })
    #expect(try store.identities(of: "nobody") == nil)
  }

  @Test("what does not follow from the evidence is found")
  func strays() throws {
    try say("ann", "anonymous:a", at: 60)
    #expect(try store.verify().allSatisfy(\.problems.isEmpty))
    try store.pool.write { db in
      try db.execute(sql: "UPDATE identity_owner SET customer = identity")
    }
    #expect(try store.verify().flatMap(\.problems) == ["1 identities are given to somebody else"])
  }

  @Test("reading many touchpoints gives the same customers as asking for each")
  func owners() throws {
    for (second, user) in [(600, "bob"), (100, "ann"), (1200, "ann")] as [(Int64, String)] {
      try say(user, "anonymous:b", at: second)
    }
    try say("cas", "anonymous:c", at: 5)
    for key in ["anonymous:b", "anonymous:c", "anonymous:d"] {
      for second in [1, 300, 700, 2000] as [Int64] { try say(key, at: second) }
    }
    try store.pool.read { db in
      let held = try IdentityOwners(db, forRows: .max)
      let asked = try IdentityOwners(db, forRows: 0)
      let rows = try Row.fetchAll(
        db, sql: "SELECT customer, occurred, \(asked.column()) FROM touchpoint")
      #expect(rows.count == 16)
      #expect(held.column() == "touchpoint.customer")
      for row in rows {
        #expect(held.customer(of: row[0], at: row[1]) == row[2] as Int64)
      }
    }
  }

  @Test("a few touchpoints of a server with many customers do not have all owners read")
  func ownersOfFew() throws {
    try say("bob", "anonymous:b", at: 1)
    try store.pool.write { db in
      try db.execute(sql: "INSERT INTO identity (id, key) VALUES (1000003, 'anonymous:far')")
      try db.execute(
        sql: """
          INSERT INTO identity_owner SELECT 1000003, since, customer FROM identity_owner LIMIT 1
          """)
      #expect(try IdentityOwners(db, forRows: 250_000).column() == "touchpoint.customer")
      let few = try IdentityOwners(db, forRows: 249_999)
      #expect(few.column() != "touchpoint.customer")
      #expect(few.customer(of: 1_000_003, at: 5) == 1_000_003, "SQLite has said whose it is")
    }
  }

  @Test("what an older version kept of two keys at once counts after its database was opened")
  func migration() throws {
    let old = TemporaryFolder()
    try FileManager.default.createDirectory(at: old.url, withIntermediateDirectories: true)
    do {
      let queue = try DatabaseQueue(path: old.url.appending(path: Store.fileName).path)
      try Schema.migrator.migrate(queue, upTo: "5 segments and standings")
      try queue.write { db in
        try db.execute(
          sql: """
            INSERT INTO name (id, kind, text) VALUES
              (1, 'event', 'E'), (2, 'channel', 'website'), (3, 'source', 's');
            INSERT INTO customer (id, key) VALUES (1, 'ann'), (2, 'anonymous:b'), (3, 'bob');
            INSERT INTO touchpoint (customer, occurred, received, message_id, source, event, channel)
            VALUES (2, 5, 5, 'm1', 3, 1, 2), (1, 9, 9, 'm2', 3, 1, 2);
            INSERT INTO identity_link (customer, other, message_id, source, received) VALUES
              (1, 'anonymous:b', 'm2', 3, 9), (1, 'anonymous:c', 'm3', 3, 10), (1, 'bob', 'm4', 3, 11);
            INSERT INTO trait (customer, name, value, source, set_at) VALUES (2, 'x', '1', 's', 5);
            """)
      }
    }
    let store = try Store(folder: old.url)
    let who = Who(store: store)
    for key in ["ann", "anonymous:b", "anonymous:c"] {
      #expect(try who.customer(key) == "ann", "\(key)")
    }
    #expect(try who.customer("bob") == "bob")
    #expect(try store.verify().flatMap(\.problems) == [])
    let viewed = try store.pool.read {
      try String.fetchAll($0, sql: "SELECT customer || touchpoints FROM v_customer")
    }
    #expect(viewed == ["ann2"])
  }
}
