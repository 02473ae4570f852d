import CustomerJourney
import Foundation
import GRDB
import Synchronization
import Testing

@testable import Store

/// A data folder that is gone when the test is over.
final class TemporaryFolder {
  let url = FileManager.default.temporaryDirectory
    .appending(path: "klantreis-store-\(UUID().uuidString)")

  deinit { try? FileManager.default.removeItem(at: url) }
}

func touchpoint(
  _ customer: String, at seconds: Int64, id: String, event: String = "Order Completed"
) -> Touchpoint {
  Touchpoint(
    customer: customer, occurred: Timestamp(seconds: seconds), event: EventName(event),
    channel: .website, messageID: id, source: "test")
}

@Suite("The store")
struct StoreTests {
  let folder = TemporaryFolder()
  let store: Store

  init() throws { store = try Store(folder: folder.url) }

  @Test("files of probes that a kill left behind are removed, and no others")
  func oldProbes() throws {
    let names = [".probe-1", ".probe-0D0C", ".probes", "probe-1"]
    for name in names {
      try Data("x".utf8).write(to: folder.url.appending(path: name))
    }
    store.removeOldProbes()
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
    #expect(Set(left).intersection(names) == [".probes", "probe-1"])
    #expect(left.contains(Store.fileName))
    try store.probe()
  }

  /// Hears with which niceness each commit is made.
  private final class Commits: TransactionObserver {
    let niceness = Mutex<[Int32]>([])

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
    func databaseDidChange(with event: DatabaseEvent) {}
    func databaseDidRollback(_ db: Database) {}
    func databaseDidCommit(_ db: Database) {
      niceness.withLock { $0.append(StoreTests.niceness()) }
    }
  }

  private static func niceness() -> Int32 {
    getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
  }

  @Test("who stores something in the background does not stand back meanwhile")
  func storedInBackground() throws {
    let commits = Commits()
    store.pool.add(transactionObserver: commits, extent: .databaseLifetime)
    let usual = Self.niceness()
    try #require(usual < 19)
    try Cores.inBackground {
      #expect(Self.niceness() > usual)
      try store.append([touchpoint("Ann", at: 1, id: "m1")])
      try store.addSegment(name: "new", rule: "", created: Timestamp(seconds: 1))
      #expect(Self.niceness() > usual)
    }
    #expect(commits.niceness.withLock { $0 } == [usual, usual])
  }

  @Test("who empties the log waits for another who does the same, which SQLite does not")
  func logEmptiedByTwo() throws {
    let other = try Store(folder: folder.url)
    try store.append([touchpoint("Ann", at: 1, id: "m1")])
    let outcomes = Mutex<[Result<Void, any Error>]>([])
    let all = DispatchGroup()
    func emptyLog(by store: Store) {
      DispatchQueue(label: "empties the log").async(group: all) {
        let outcome = Result { try store.truncateLog() }
        outcomes.withLock { $0.append(outcome) }
      }
    }
    let third = try DatabaseQueue(path: folder.url.appending(path: Store.fileName).path)
    func isBeingEmptied() throws -> Bool {
      try third.inDatabase { try Bool.fetchOne($0, sql: "PRAGMA wal_checkpoint(PASSIVE)") } == true
    }
    // Who reads keeps the first from its end.
    try store.pool.read { db in
      _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM touchpoint")
      try other.append([touchpoint("Ann", at: 2, id: "m2")])
      emptyLog(by: store)
      while try !isBeingEmptied(), outcomes.withLock({ $0.isEmpty }) {}
      emptyLog(by: other)
      // Long enough for the second to be turned away.
      for _ in 0..<2_000 where outcomes.withLock({ $0.isEmpty }) { _ = try isBeingEmptied() }
      #expect(outcomes.withLock { $0.count } == 0)
    }
    all.wait()
    for outcome in outcomes.withLock({ $0 }) { #expect(throws: Never.self) { try outcome.get() } }
    #expect(outcomes.withLock { $0.count } == 2)
  }

  @Test("what was appended is read back whole, with every fact")
  func roundTrip() throws {
    var full = touchpoint("Ann", at: 1_500_000_000, id: "m1")
    full.occurred = Timestamp(milliseconds: 1_500_000_000_123)
    full.received = Timestamp(milliseconds: 1_500_000_009_000)
    full.utcOffsetMinutes = 120
    full.origin = Origin("Paid Search")
    full.campaign = "Voorjaar"
    full.device = Device("Phone")
    full.content = "Fiets \u{1F6B2} \"rood\""
    full.value = Money(minorUnits: -1999, currency: .eur)
    full.properties = ["size": .number(54.5), "color": .text("røde"), "new": .flag(true)]
    #expect(try store.append([full]) == Store.Appended(stored: 1, duplicates: 0))
    #expect(try store.touchpoints(rows: [1]) == [full])
  }

  @Test(
    "a message is stored once: the same moment and id is a retry, anything else is another message",
    arguments: [
      (Int64(100), "m1", false, "the retry"),
      (Int64(100), "m2", true, "another message of the same moment"),
      (Int64(101), "m1", true, "an id that a client used again later"),
    ])
  func once(seconds: Int64, id: String, isNew: Bool, why: String) throws {
    try store.append([touchpoint("Ann", at: 100, id: "m1")])
    let appended = try store.append([touchpoint("Ann", at: seconds, id: id)])
    #expect(appended.stored == (isNew ? 1 : 0), "\(why)")
    #expect(appended.knownTouchpoints == (isNew ? [] : [0]), "\(why)")
    // And across a restart.
    let again = try Store(folder: folder.url)
    #expect(try again.append([touchpoint("Ann", at: seconds, id: id)]).duplicates == 1)
  }

  @Test("a duplicate within one batch is stored once")
  func onceInABatch() throws {
    let same = touchpoint("Ann", at: 100, id: "m1")
    #expect(
      try store.append([same, same, same])
        == Store.Appended(stored: 1, duplicates: 2, knownTouchpoints: [1, 2]))
  }

  @Test(
    "of a batch of any size it is told which were there before, wherever they stand",
    arguments: [1, 31, 32, 33, 64, 100, 333])
  func knownInLargeBatches(count: Int) throws {
    var random = SystemRandomNumberGenerator()
    let seed = UInt64.random(in: 0 ... .max, using: &random)
    var state = seed
    func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
    var seen: Set<Int> = []
    for round in 0..<8 {
      var expected: [Int] = []
      let batch = (0..<count).map { index in
        // In the first round nearly all are new, later fewer and fewer.
        let number = below(count * (8 - round))
        if !seen.insert(number).inserted { expected.append(index) }
        var one = touchpoint("c\(number % 7)", at: Int64(number / 3), id: "m\(number)")
        if number.isMultiple(of: 5) {
          one.clientTime = one.occurred
          one.occurred = Timestamp(seconds: Int64(round))
        }
        one.alsoKnownAs = [CustomerKey.anonymous("a\(number)")]
        return one
      }
      // In one batch, and in many that are stored together.
      var parts = [0..<count]
      if !round.isMultiple(of: 2) {
        parts = []
        while (parts.last?.upperBound ?? 0) < count {
          let start = parts.last?.upperBound ?? 0
          parts.append(start..<min(count, start + 1 + below(40)))
        }
      }
      let appended = try store.append(parts.map { CollectedBatch(touchpoints: Array(batch[$0])) })
      for (part, appended) in zip(parts, appended) {
        let known = expected.filter(part.contains).map { $0 - part.lowerBound }
        #expect(
          appended
            == Store.Appended(
              stored: part.count - known.count, duplicates: known.count, knownTouchpoints: known),
          "seed \(seed), round \(round)")
      }
    }
    #expect(try store.touchpointCount() == seen.count)
    let links = try store.pool.read { db in
      try Int.fetchOne(db, sql: "SELECT count(DISTINCT weak) FROM identity_link")
    }
    #expect(links == seen.count, "each that is new says who is who")
  }

  @Test("a batch is stored whole or not at all, and the next one is stored rightly")
  func atomic() throws {
    try store.append([touchpoint("Ann", at: 1, id: "m1")])
    let bad = touchpoint("Cas", at: 3, id: "", event: "Own Thing")
    #expect(throws: (any Error).self) {
      try store.append([touchpoint("Bob", at: 2, id: "m2", event: "Own Thing"), bad])
    }
    #expect(try store.touchpointCount() == 1)
    #expect(try store.customer(key: "Bob") == nil)
    try store.append([touchpoint("Bob", at: 2, id: "m2", event: "Own Thing")])
    let rows = try allRows()
    let stored = try store.touchpoints(rows: rows.map(\.id))
    #expect(stored.map(\.event.name) == ["Order Completed", "Own Thing"])
    #expect(stored.map(\.customer) == ["Ann", "Bob"])
  }

  @Test("a second store on the same folder sees what the first commits, and its data version moves")
  func twoProcesses() throws {
    let other = try Store(folder: folder.url)
    let before = try other.dataVersion()
    try store.append([touchpoint("Ann", at: 1, id: "m1", event: "Own Thing")])
    let after = try other.dataVersion()
    #expect(after != before)
    #expect(try other.dataVersion() == after)
    try other.append([touchpoint("Ann", at: 3, id: "m3")])
    #expect(try other.dataVersion() != after, "its own commits count too")
    // Both may meet the same new names first.
    try other.append([touchpoint("Ann", at: 2, id: "m2", event: "Own Thing")])
    #expect(try store.touchpointCount() == 3)
    let identities = try store.pool.read { db in
      try Int.fetchOne(db, sql: "SELECT count(*) FROM identity")
    }
    #expect(identities == 1)
  }

  @Test("an older trait never overwrites a newer one, whatever the order of arrival")
  func traits() throws {
    func change(_ age: String, at seconds: Int64) -> ProfileChange {
      ProfileChange(
        customer: "Ann", traits: ["age": .text(age)], occurred: Timestamp(seconds: seconds),
        source: "file")
    }
    try store.append([], profiles: [change("35-44", at: 20)])
    try store.append([], profiles: [change("25-34", at: 10)])
    let id = try #require(try store.customer(key: "Ann"))
    #expect(try store.traits()[id] == ["age": .text("35-44")])
    #expect(try store.traits(of: [id])[id] == ["age": .text("35-44")])
    try store.append([], profiles: [change("45-54", at: 30)])
    #expect(try store.traits()[id] == ["age": .text("45-54")])
  }

  @Test("a property is found by its path, with the kind of value that it has")
  func properties() throws {
    var a = touchpoint("Ann", at: 1, id: "a")
    a.properties = ["product.category": .text("shoes"), "n": .number(3)]
    var b = touchpoint("Ann", at: 2, id: "b")
    b.properties = ["product.category": .flag(false)]
    try store.append([a, b, touchpoint("Ann", at: 3, id: "c")])
    #expect(
      try store.propertyValues(path: "product.category") == [1: .text("shoes"), 2: .flag(false)])
    #expect(try store.propertyValues(path: "n") == [1: .number(3)])
    #expect(try store.propertyValues(path: "\"; DROP TABLE touchpoint") == [:])
  }

  @Test("customers are searched by the beginning of their key, and no character is a wildcard")
  func search() throws {
    try store.append(
      ["10%", "100", "10_", "200"].enumerated().map { i, key in
        touchpoint(key, at: Int64(i), id: "\(i)")
      })
    func keys(_ prefix: String) throws -> Set<String> {
      let found = try store.customers(keyPrefix: prefix, limit: 10)
      return Set(try store.customerKeys(found).values)
    }
    #expect(try keys("10") == ["10%", "100", "10_"])
    #expect(try keys("10%") == ["10%"])
    #expect(try keys("3") == [])
  }

  @Test("the views of the data folder promise their columns to analysts")
  func views() throws {
    var sold = touchpoint("Ann", at: 1_500_000_000, id: "a")
    sold.value = Money(minorUnits: 1250, currency: .eur)
    try store.append([sold])
    try store.pool.read { db in
      let row = try #require(try Row.fetchOne(db, sql: "SELECT * FROM v_touchpoint"))
      #expect(row["time"] == "2017-07-14T02:40:00.000Z")
      #expect(row["event"] == "Order Completed")
      #expect(row["value_minor_units"] == 1250)
      let customer = try #require(try Row.fetchOne(db, sql: "SELECT * FROM v_customer"))
      #expect(customer["touchpoints"] == 1)
      #expect(customer["first_time"] == "2017-07-14T02:40:00.000Z")
      #expect(try Row.fetchAll(db, sql: "SELECT * FROM v_trait").isEmpty)
    }
  }

  @Test("the schema refuses what another program should never write")
  func constraints() throws {
    try store.append([touchpoint("Ann", at: 1, id: "a")])
    // A connection as others open it: the program's own leaves the checks to itself and `verify`.
    let other = try DatabaseQueue(path: store.pool.path)
    for sql in [
      "UPDATE touchpoint SET value = 1",
      "UPDATE touchpoint SET currency = 'EURO', value = 1",
      "UPDATE touchpoint SET properties = '{'",
      "UPDATE touchpoint SET customer = 99",
      "INSERT INTO name (kind, text) VALUES ('mood', 'x')",
    ] {
      #expect(throws: DatabaseError.self, "\(sql)") {
        try other.write { try $0.execute(sql: sql) }
      }
    }
  }

  @Test("what a table would refuse is refused with all that came with it")
  func refusals() throws {
    var withoutID = touchpoint("Ann", at: 1, id: "a")
    withoutID.messageID = ""
    var withLongID = touchpoint("Ann", at: 1, id: "a")
    withLongID.messageID = String(repeating: "é", count: Limits.messageIDCharacters + 1)
    var withWrongClock = touchpoint("Ann", at: 1, id: "a")
    withWrongClock.utcOffsetMinutes = -Limits.utcOffsetMinutes - 1
    let nobodys = touchpoint("", at: 1, id: "a")
    for wrong in [withoutID, withLongID, withWrongClock, nobodys] {
      #expect(throws: DatabaseError.self) {
        try store.append([touchpoint("Bob", at: 2, id: "b"), wrong])
      }
    }
    var longest = touchpoint("Ann", at: 1, id: "a")
    longest.messageID = String(repeating: "é", count: Limits.messageIDCharacters)
    longest.utcOffsetMinutes = -Limits.utcOffsetMinutes
    try store.append([longest])
    let rows = try store.pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM touchpoint") }
    #expect(rows == 1)
  }

  @Test("only its owner can read the data folder and the files in it")
  func permissions() throws {
    try store.append([touchpoint("Ann", at: 1, id: "a")])
    func mode(_ path: String) throws -> Int? {
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      return (attributes[.posixPermissions] as? NSNumber)?.intValue
    }
    #expect(try mode(folder.url.path) == 0o700)
    for file in try FileManager.default.contentsOfDirectory(atPath: folder.url.path) {
      #expect(try mode(folder.url.appending(path: file).path) == 0o600, "\(file)")
    }
  }

  @Test("settings are kept, changed and taken away")
  func settings() throws {
    try store.set("currency", to: "USD")
    try store.set("currency", to: "GBP")
    #expect(try Store(folder: folder.url).setting("currency") == "GBP")
    try store.set("currency", to: nil)
    #expect(try store.settings() == [:])
  }

  @Test("imports are remembered, the newest first")
  func imports() throws {
    let run = ImportRun(
      file: "a.csv", source: "shop", started: Timestamp(seconds: 1),
      finished: Timestamp(seconds: 2), read: 3, stored: 2, rejected: 1, rejectedFile: "r.jsonl")
    var second = run
    second.file = "b.csv"
    try store.record(run)
    try store.record(second)
    #expect(try store.importRuns(limit: 5) == [second, run])
  }

  @Test("the commonest currency is the one that most amounts have")
  func currency() throws {
    #expect(try store.commonestCurrency() == nil)
    try store.append(
      ["GBP", "GBP", "EUR"].enumerated().compactMap { i, code in
        var sold = touchpoint("Ann", at: Int64(i), id: "\(i)")
        sold.value = Currency(code).map { Money(minorUnits: 1, currency: $0) }
        return sold
      })
    #expect(try store.commonestCurrency()?.code == "GBP")
  }

  @Test("a file that is no database gets an error that says what to do, without its content")
  func notADatabase() throws {
    let other = TemporaryFolder()
    try FileManager.default.createDirectory(at: other.url, withIntermediateDirectories: true)
    let text = String(repeating: "secret of a customer ", count: 500)
    try text.write(
      to: other.url.appending(path: Store.fileName), atomically: true, encoding: .utf8)
    let error = #expect(throws: StoreError.self) { try Store(folder: other.url) }
    let words = String(describing: try #require(error))
    #expect(words.contains("--data"))
    #expect(!words.contains("secret"))
  }

  private func allRows() throws -> [StoredRow] {
    var news = News()
    _ = try store.readNews(since: StoreMark(), to: &news)
    return news.rows
  }
}
