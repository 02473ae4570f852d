import CustomerJourney
import GRDB
import Testing

@testable import Store

/// Keeps all that is new as it came.
struct News: NewsReader {
  /// Rows that journeys had until now, by customer.
  var held: [Int64: [Int64]] = [:]
  var names: [Int64: String] = [:]
  var changed: Set<Int64> = []
  var rows: [StoredRow] = []

  mutating func expect(touchpoints: Int) {}
  mutating func addName(_ kind: NameKind, _ number: Int64, _ text: String) {
    names[number] = text
  }

  mutating func changed(customers: Set<Int64>) -> [Int64] {
    changed = customers
    return customers.flatMap { held[$0] ?? [] }
  }

  mutating func add(_ row: StoredRow) { rows.append(row) }
}

@Suite("What is new in a store")
struct NewsTests {
  let folder = TemporaryFolder()
  let store: Store

  init() throws {
    store = try Store(folder: folder.url)
    try store.append([
      touchpoint("Ann", at: 9, id: "a"), touchpoint("Bob", at: 1, id: "b"),
      touchpoint("Ann", at: 3, id: "c"),
    ])
  }

  private func read(since mark: StoreMark, _ held: [Int64: [Int64]] = [:]) throws
    -> (news: News, mark: StoreMark)
  {
    var news = News(held: held)
    let reached = try store.readNews(since: mark, to: &news)
    return (news, reached)
  }

  @Test("rows and names come once, in order of arrival")
  func once() throws {
    let first = try read(since: StoreMark())
    #expect(first.news.rows.map(\.occurred) == [9000, 1000, 3000])
    try store.append([touchpoint("Ann", at: 5, id: "d", event: "Product Viewed")])
    let (news, mark) = try read(since: first.mark)
    #expect(news.rows.map(\.occurred) == [5000])
    #expect(news.rows.map { news.names[$0.event] } == ["Product Viewed"])
    #expect(try read(since: mark).mark == mark)
    #expect(try read(since: mark).news.rows.isEmpty)
  }

  @Test("a customer whose touchpoints went or changed is named, with what is left of the rows")
  func changes() throws {
    let mark = try read(since: StoreMark()).mark
    try store.pool.write { db in
      try db.execute(sql: "DELETE FROM touchpoint WHERE message_id = 'a'")
      try db.execute(sql: "UPDATE touchpoint SET customer = 1 WHERE message_id = 'b'")
    }
    let (news, next) = try read(since: mark, [1: [1, 3], 2: [2]])
    #expect(news.changed == [1, 2])
    #expect(news.rows.map(\.id) == [2, 3])
    #expect(news.rows.map(\.customer) == [1, 1])
    #expect(try read(since: next).news.changed.isEmpty)
  }

  @Test("a row whose number SQLite uses again comes as new, and the old one not at all")
  func reused() throws {
    let mark = try read(since: StoreMark()).mark
    try store.pool.write { db in try db.execute(sql: "DELETE FROM touchpoint WHERE id >= 2") }
    try store.append([touchpoint("Cas", at: 7, id: "e"), touchpoint("Cas", at: 8, id: "f")])
    let (news, _) = try read(since: mark, [1: [1, 3], 2: [2]])
    #expect(news.changed == [1, 2])
    #expect(news.rows.map(\.id) == [1, 2, 3])
    #expect(news.rows.map(\.customer) == [1, 3, 3])
  }

  @Test("many changes of the same customers take a few rows")
  func compact() throws {
    for second in 10..<200 {
      try store.append([touchpoint("Ann", at: Int64(second), id: "m\(second)")])
    }
    try store.pool.write { db in try db.execute(sql: "UPDATE touchpoint SET customer = 2") }
    let count = try store.pool.read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM journey_change") ?? 0
    }
    #expect(count == 2)
    try store.noteJourneyChanges(ofCustomers: [2, 7])
    #expect(try read(since: StoreMark()).news.changed == [1, 2, 7])
  }

  @Test("a mark is known by the database that gave it, as long as it is not an older one")
  func marks() throws {
    let mark = try read(since: StoreMark()).mark
    #expect(try store.knows(mark))
    try store.append([touchpoint("Cas", at: 7, id: "e")])
    #expect(try store.knows(mark))
    let later = try read(since: mark).mark
    let otherFolder = TemporaryFolder()
    let other = try Store(folder: otherFolder.url)
    #expect(try !other.knows(mark))
    // As in a copy that was put back and went on.
    try store.pool.write { db in try db.execute(sql: "DELETE FROM touchpoint WHERE id = 4") }
    #expect(try !store.knows(later))
    try store.append([touchpoint("Cas", at: 7, id: "g")])
    #expect(try !store.knows(later), "the same number, and another touchpoint")
    #expect(try store.knows(mark))
  }
}
