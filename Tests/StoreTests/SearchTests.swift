import Access
import CustomerJourney
import Foundation
import GRDB
import Testing

@testable import Store

@Suite("Finding customers by anything")
struct SearchTests {
  let folder = TemporaryFolder()
  let store: Store

  init() throws {
    store = try Store(folder: folder.url)
    var order = touchpoint("anna-1", at: 5, id: "10045")
    order.value = Money(minorUnits: 100, currency: .eur)
    var shopped = touchpoint("anonymous:b7", at: 6, id: String(repeating: "f", count: 40))
    shopped.value = Money(minorUnits: 100, currency: .eur)
    shopped.properties = ["order_id": .text("ORD-77812")]
    shopped.alsoKnownAs = ["anna-1"]
    shopped.claimant = .server
    var company = change("anna-1", [:], at: 7)
    company.account = "acme-4"
    company.accountTraits = ["name": .text("Bakkerij Janssen")]
    var mail = change("4711", ["email": .text("bob.smit@timmerwerk.nl")], at: 8)
    mail.alsoKnownAs = ["email:bob.smit@timmerwerk.nl", "phone:+31612345678", "external:crm:0035"]
    var file = change("cas", ["note": .text("Zoekt José")], at: 9, by: .file)
    file.messageID = nil
    try store.append(
      [order, shopped],
      profiles: [
        change(
          "anna-1",
          ["firstName": .text("Anna"), "lastName": .text("de Vries"), "vip": .flag(true)],
          at: 5), company, mail, file,
        change("dora", ["name": .text("Dora Vriesendorp")], at: 11),
      ])
    try catchUp()
  }

  private func catchUp() throws {
    let index = SearchIndex(store: store)
    while try index.update() {}
  }

  private func found(_ text: String, limit: Int = 50) throws -> [String] {
    let numbers = try store.search(text, limit: limit).customers
    let keys = try store.customerKeys(numbers)
    return numbers.compactMap { keys[$0] }
  }

  @Test(
    "any key, name, address, number, company and order finds its customer",
    arguments: [
      ("anna-1", ["anna-1"]), ("anna", ["anna-1"]), ("ANNA vri", ["anna-1"]),
      ("vries anna", ["anna-1"]),
      ("vries", ["anna-1", "dora"]), ("vriesen", ["dora"]), ("b7", ["anna-1"]),
      ("anonymous:b", ["anna-1"]),
      ("10045", ["anna-1"]), ("ord-77812", ["anna-1"]), ("77812", ["anna-1"]),
      ("janssen", ["anna-1"]),
      ("acme", ["anna-1"]), ("bob.smit@timmerwerk.nl", ["4711"]), ("bob.smit@tim", ["4711"]),
      ("@timmerwerk", ["4711"]), ("smit bob", ["4711"]), ("0612345678", ["4711"]),
      ("06-1234", ["4711"]),
      ("+31 6 1234", ["4711"]), ("0035", ["4711"]), ("47", ["4711"]), ("jose", ["cas"]),
      ("zoekt", ["cas"]),
      ("fffff", []), ("nobody", []), ("anna nobody", []), ("", []), ("%", []), ("*", []),
      ("'; DROP", []),
      ("\"", []), ("true", []),
    ])
  func anything(text: String, keys: [String]) throws {
    #expect(try found(text).sorted() == keys.sorted())
  }

  @Test("words that two keys of one customer say find that customer")
  func acrossKeys() throws {
    #expect(try found("anna 77812") == ["anna-1"], "the order came from her browser")
    #expect(try found("dora 77812") == [])
  }

  @Test(
    "the id of a message is an order's number, but not the long ones that clients make themselves")
  func orderIDs() throws {
    try store.addSource(name: "shop", writeKey: "key", created: Timestamp(seconds: 1))
    let ids = ["a", "b", "c", "d"].map { String(repeating: $0, count: 32) }
    func bought(_ id: String, _ source: String) -> Touchpoint {
      var order = touchpoint("eva", at: 20, id: id)
      order.source = source
      order.value = Money(minorUnits: 100, currency: .eur)
      return order
    }
    var viewed = bought(ids[2], "orders.csv")
    viewed.event = EventName("Product Viewed")
    var told = bought(ids[3], "shop")
    told.properties = ["transaction_id": .text("T-4711")]
    try store.append([
      bought(ids[0], "orders.csv"), bought(ids[1], "shop"), bought("2026-10045", "shop"), viewed,
      told,
    ])
    try catchUp()
    #expect(try found(ids[0]) == ["eva"])
    #expect(try found("10045 2026") == ["eva"])
    #expect(try found("4711 t") == ["eva"])
    for id in ids[1...] { #expect(try found(id) == []) }
  }

  @Test("what was found says why")
  func reasons() throws {
    func because(_ text: String) throws -> [String] {
      let customer = try #require(try store.search(text, limit: 5).customers.first)
      let found = try store.match(customer, to: text)
      return found.because.map { "\($0.field) \($0.name): \($0.text)" }
    }
    #expect(try because("vriesen") == ["trait name: Dora Vriesendorp"])
    #expect(try because("77812") == ["order : 77812"])
    #expect(try because("janssen") == ["account : Bakkerij Janssen"])
    #expect(try because("0612345678") == ["key phone: +31612345678"])
    #expect(try because("b7") == ["key anonymous: b7"])
    let anna = try #require(try store.search("anna", limit: 5).customers.first)
    #expect(try store.match(anna, to: "anna").name == "Anna de Vries")
  }

  @Test("what changes is found by its new words and no longer by its old ones")
  func changes() throws {
    try store.append([], profiles: [change("dora", ["name": .text("Dora Hendriks")], at: 100)])
    #expect(try found("hendriks") == [], "not before it was taken in")
    try catchUp()
    #expect(try found("hendriks") == ["dora"])
    #expect(try found("vriesendorp") == [])
    let deed = Deed(.traitChanged, "", by: "Bea", at: Timestamp(seconds: 200))
    try store.decide(.isNotSo, trait: "name", of: "dora", noting: deed)
    try catchUp()
    #expect(try found("hendriks") == [])
    try store.decide(.holds(.text("Dora Bos")), trait: "name", of: "dora", noting: deed)
    try catchUp()
    #expect(try found("bos") == ["dora"])
    try store.pool.write { try $0.execute(sql: "DELETE FROM trait") }
    try catchUp()
    #expect(try found("zoekt") == [])
  }

  @Test("joined customers are found as one, parted ones as two")
  func joined() throws {
    try store.join("dora", into: "anna-1", at: Timestamp(seconds: 300))
    #expect(try found("vries") == ["anna-1"])
    try store.part("dora", from: "anna-1", at: Timestamp(seconds: 400))
    #expect(try found("vries").sorted() == ["anna-1", "dora"])
  }

  @Test("there is no more than was asked for, and it says that there are more")
  func limit() throws {
    let all = try store.search("vries", limit: 2)
    #expect(all.customers.count == 2 && !all.isCut)
    let one = try store.search("vries", limit: 1)
    #expect(one.customers.count == 1 && one.isCut)
  }

  @Test("common words together are looked for among so many at most, and it says so")
  func candidates() throws {
    let most = Limits.searchCandidates
    try store.pool.write { db in
      try db.execute(
        sql: """
          WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i <= \(most))
          INSERT INTO identity (id, key) SELECT 1000000 + i, 'many-' || i FROM n;
          INSERT INTO search_entry SELECT id, ' jan ' || iif(id = 1000000 + \(most) + 1, 'x', 'y') || ' jansen', ''
            FROM identity WHERE id > 1000000;
          INSERT INTO search_word SELECT 'jan', id FROM identity WHERE id > 1000000;
          INSERT INTO search_word SELECT 'jansen', id FROM identity WHERE id > 1000000;
          """)
    }
    let some = try store.search("jan jansen", limit: 10)
    #expect(some.customers.count == 10 && some.isCut)
    let rare = try store.search("jan zzz", limit: 10)
    #expect(
      rare == FoundCustomers(customers: [], isCut: false), "a word that nobody has is known at once"
    )
  }

  @Test("numbers of rows that were deleted and given again are taken in again")
  func numbersAgain() throws {
    let index = SearchIndex(store: store)
    while try index.update() {}
    try store.pool.write { db in
      let last = try Int64.fetchOne(db, sql: "SELECT max(id) FROM profile_change") ?? 0
      try db.execute(sql: "DELETE FROM profile_change WHERE id = ?", arguments: [last])
    }
    try store.append([], profiles: [change("eve", ["name": .text("Eveline")], at: 500)])
    while try index.update() {}
    #expect(try found("eveline") == ["eve"])
  }

  /// Where the journey stays as nobody's, no row is deleted that would tell it.
  @Test(
    "what was read before somebody was erased is not taken in afterwards", arguments: [false, true])
  func erasedMeanwhile(keepsJourney: Bool) throws {
    let index = SearchIndex(store: store)
    var order = touchpoint("frieda", at: 600, id: "10046")
    order.value = Money(minorUnits: 100, currency: .eur)
    let named = change("frieda", ["name": .text("Frieda Kahl")], at: 601)
    try store.append([order], profiles: keepsJourney ? [] : [named])
    let early = try index.look(since: nil)
    try store.beginErasure(
      ofKey: "frieda", keepsJourney: keepsJourney, receipt: "E-1", newKey: Secret.random().text,
      Deed(.customerErased, "1", by: "staff", at: Timestamp(seconds: 700)))
    let erasure = try #require(try store.openErasures().first)
    try store.removeRows(of: erasure, files: [:]) { _ in "\(Store.erasedPrefix)1" }
    func words() throws -> Int? {
      try store.pool.read {
        try Int.fetchOne(
          $0, sql: "SELECT count(*) FROM search_word WHERE word IN ('frieda', 'kahl', '10046')")
      }
    }
    try index.take(early)
    #expect(try words() == 0)
    while try index.update() {}
    // The number of an order of nobody may be found again.
    if !keepsJourney { #expect(try words() == 0) }
    // Nobody is in the way of the same step where nobody was erased.
    try store.append([], profiles: [change("gerda", ["name": .text("Gerda Kahl")], at: 602)])
    try index.take(try index.look(since: nil))
    #expect(try found("kahl") == ["gerda"])
  }

  @Test("a word that is nobody's is found by the check of the database")
  func checked() throws {
    try store.pool.write { try $0.execute(sql: "INSERT INTO search_word VALUES ('stray', 1)") }
    let problems = try store.verify().flatMap(\.problems)
    #expect(problems.count == 1 && problems.first?.contains("rebuild") == true)
    try SearchIndex(store: store).rebuild()
    #expect(try store.verify().flatMap(\.problems) == [])
  }

  @Test("made anew, the search finds the same")
  func rebuilt() throws {
    try SearchIndex(store: store).rebuild()
    for text in ["vries", "77812", "0612345678", "jose", "janssen", "10045"] {
      #expect(try !found(text).isEmpty, "\(text)")
    }
  }

  @Test("an identity's words and orders end at their limits; the newest orders stay")
  func limits() throws {
    let words = (0..<1_000).map { "w\($0)" }
    try store.append(
      [],
      profiles: [
        change(
          "wordy",
          Dictionary(uniqueKeysWithValues: words.prefix(200).map { ("t\($0)", .text($0)) }), at: 1)
      ])
    try store.append(
      (0..<(Limits.searchOrders + 5)).map { number in
        var order = touchpoint("buyer", at: Int64(number), id: "n\(number)")
        order.value = Money(minorUnits: 1, currency: .eur)
        return order
      })
    try catchUp()
    let number = try #require(try store.customer(key: "wordy"))
    let count = try store.pool.read { db in
      try Int.fetchOne(
        db, sql: "SELECT count(*) FROM search_word WHERE identity = ?", arguments: [number])
    }
    #expect(count == Limits.searchWords)
    #expect(try found("n\(Limits.searchOrders + 4)") == ["buyer"])
    #expect(try found("n4").contains("buyer"), "n40 and others")
    let orders = try store.pool.read { db in
      try String.fetchOne(
        db,
        sql:
          "SELECT orders FROM search_entry e JOIN identity i ON i.id = e.identity WHERE key = 'buyer'"
      )
    }
    #expect(orders?.split(separator: " ").count == Limits.searchOrders)
    #expect(orders?.hasPrefix(" n5 ") == true)
  }
}
