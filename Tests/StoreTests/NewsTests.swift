import CustomerJourney
import Foundation
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

/// Keeps whose each row is, as journeys do.
private struct Mirror: NewsReader {
  var rows: [Int64: Int64] = [:]
  /// Rows that came though they were there.
  var twice: [Int64] = []
  /// What happens to the store while rows come, and how often.
  var meanwhile: () throws -> Void = {}
  var happenings = 0

  mutating func expect(touchpoints: Int) {}
  mutating func addName(_ kind: NameKind, _ number: Int64, _ text: String) {}

  mutating func changed(customers: Set<Int64>) -> [Int64] {
    let numbers = rows.filter { customers.contains($0.value) }.map(\.key)
    for number in numbers { rows[number] = nil }
    return numbers
  }

  mutating func add(_ row: StoredRow) {
    if rows.updateValue(row.customer, forKey: row.id) != nil { twice.append(row.id) }
    guard happenings > 0 else { return }
    happenings -= 1
    do { try meanwhile() } catch { Issue.record(error) }
  }
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
    #expect(!reached.isMore)
    return (news, reached.mark)
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

  @Test(
    "much that is new comes in order of arrival too, whoever reads it",
    arguments: [(1, "no joined keys"), (2, "keys that were joined since")])
  func together(seed: Int64, reason: String) throws {
    try store.append(
      (0..<400).map { touchpoint("c\($0 % 7)", at: Int64($0 * 7919 % 1000), id: "m\($0)") })
    let first = try read(since: StoreMark())
    try store.pool.write { db in
      // Numbers with holes, also as long as some blocks.
      try db.execute(sql: "DELETE FROM touchpoint WHERE id % 5 = 0 OR id BETWEEN 100 AND 160")
      guard seed == 2 else { return }
      try db.execute(
        sql: """
          INSERT INTO identity_owner (identity, since, customer)
          SELECT max(customer), ?, min(customer) FROM touchpoint
          """, arguments: [Int64.min])
    }
    let alone = try read(since: StoreMark())
    #expect(alone.news.rows.count < first.news.rows.count)
    for rowsPerBlock: Int64 in [1, 3, 16, 20] {
      var news = News()
      let reached = try store.readNews(since: StoreMark(), to: &news, rowsPerBlock: rowsPerBlock)
      #expect(reached.mark == alone.mark, "\(reason), \(rowsPerBlock) rows a block")
      #expect(news.rows.map(\.id) == alone.news.rows.map(\.id))
      #expect(news.rows.map(\.customer) == alone.news.rows.map(\.customer))
    }
  }

  @Test("blocks are taken in order and once, and a failure of a helper is the taker's")
  func blocks() throws {
    struct Broken: Error {}
    for helpers in [0, 1, 4] {
      let blocks = TouchpointBlocks(11...1_010, rowsPerBlock: 9)
      let helping = DispatchGroup()
      for _ in 0..<helpers {
        DispatchQueue.global().async(group: helping) { blocks.help { $1 += $0.map(Self.row) } }
      }
      var seen: [Int64] = []
      try blocks.takeAll(
        reading: { seen += $0 }, taking: { rows in seen += rows.map(\.id) })
      #expect(seen == Array(11...1_010), "\(helpers) helpers")
      helping.wait()
    }
    let blocks = TouchpointBlocks(1...100, rowsPerBlock: 10)
    let helping = DispatchGroup()
    let begun = DispatchSemaphore(value: 0)
    DispatchQueue.global().async(group: helping) {
      blocks.help { _, _ in
        begun.signal()
        throw Broken()
      }
    }
    begun.wait()
    #expect(throws: Broken.self) { try blocks.takeAll(reading: { _ in }, taking: { _ in }) }
    helping.wait()
  }

  private static func row(_ id: Int64) -> StoredRow {
    StoredRow(id: id, customer: 1, occurred: 1, event: 1, channel: 1)
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

  @Test("whose touchpoints went to somebody else is read again, and who gets them is not")
  func given() throws {
    let mark = try read(since: StoreMark()).mark
    try store.join("Bob", into: "Ann", at: Timestamp(milliseconds: 5))
    let (joined, next) = try read(since: mark, [1: [1, 3], 2: [2]])
    #expect(joined.changed == [2])
    #expect(joined.rows.map(\.id) == [2])
    #expect(joined.rows.map(\.customer) == [1])
    try store.part("Bob", from: "Ann", at: Timestamp(milliseconds: 6))
    let (parted, _) = try read(since: next, [1: [1, 2, 3]])
    #expect(parted.changed == [1, 2])
    #expect(parted.rows.map(\.customer) == [1, 2, 1])
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

  @Test("so many at one time come all, one time after the other")
  func inParts() throws {
    try store.append((0..<20).map { touchpoint("c\($0 % 3)", at: Int64($0), id: "m\($0)") })
    // Numbers that nobody has, also where a part ends.
    try store.pool.write { try $0.execute(sql: "DELETE FROM touchpoint WHERE id BETWEEN 6 AND 14") }
    let alone = try read(since: StoreMark())
    var news = News()
    var reached = Reached(mark: StoreMark(), isMore: true)
    var times = 0
    while reached.isMore {
      let before = news.rows.count
      reached = try store.readNews(since: reached.mark, to: &news, atMost: 4)
      #expect(try store.knows(reached.mark))
      #expect(news.rows.count - before <= 4)
      times += 1
    }
    #expect(times == 6)
    #expect(reached.mark == alone.mark)
    #expect(news.rows.map(\.id) == alone.news.rows.map(\.id))
  }

  @Test(
    "whatever happens while changed journeys are read in steps, in the end they are as the store has them",
    arguments: 0..<100)
  func inSteps(seed: UInt64) throws {
    var random = SeededGenerator(state: seed)
    func customer() -> String { "c\(Int.random(in: 0..<40, using: &random))" }
    var next = 0
    func append(_ count: Int) throws {
      try store.append(
        (0..<count).map { _ in
          next += 1
          return touchpoint(customer(), at: Int64(next * 7919 % 100), id: "m\(next)")
        })
    }
    func happen() throws {
      switch Int.random(in: 0..<4, using: &random) {
      case 0: try append(Int.random(in: 1...30, using: &random))
      case 1:
        // Of those at the end the numbers are used again.
        let condition =
          Bool.random(using: &random)
          ? "id > (SELECT max(id) FROM touchpoint) - \(Int.random(in: 1...50, using: &random))"
          : "id % 11 = \(Int.random(in: 0..<11, using: &random))"
        try store.pool.write { db in
          let gone = try Int64.fetchAll(
            db,
            sql: """
              SELECT coalesce(owner.customer, touchpoint.customer) FROM touchpoint
              LEFT JOIN identity_owner owner ON owner.identity = touchpoint.customer
              WHERE \(condition)
              """)
          try db.execute(sql: "DELETE FROM touchpoint WHERE \(condition)")
          try Settling.noteChange(of: Set(gone), db)
        }
      default:
        try store.pool.write { db in
          let all = try Int64.fetchAll(db, sql: "SELECT DISTINCT customer FROM touchpoint")
          guard let one = all.randomElement(using: &random),
            let owner = all.randomElement(using: &random)
          else { return }
          let before = try Settling.owners(of: one, db).map(\.customer)
          try db.execute(sql: "DELETE FROM identity_owner WHERE identity = ?", arguments: [one])
          if owner != one {
            try db.execute(
              sql: "INSERT INTO identity_owner (identity, since, customer) VALUES (?, ?, ?)",
              arguments: [one, Int64.min, owner])
          }
          try Settling.noteChange(of: Set(before + [one]), db)
        }
      }
    }
    try append(60)
    var mirror = Mirror()
    var mark = try store.readNews(since: StoreMark(), to: &mirror).mark
    for _ in 0..<3 { try happen() }
    mirror.meanwhile = { try happen() }
    mirror.happenings = 8
    var perStep = 3
    let rows: Int64 = seed % 2 == 0 ? 9 : .max
    while true {
      let reached = try store.readNews(since: mark, to: &mirror, atMost: rows, perStep: perStep)
      mark = reached.mark
      guard reached.isMore else { break }
      // As who reads has it: the last time is all of one moment.
      if mirror.happenings == 0 { perStep = .max }
    }
    // What happened after the last moment.
    mirror.happenings = 0
    _ = try store.readNews(since: mark, to: &mirror)
    var truth = Mirror()
    _ = try store.readNews(since: StoreMark(), to: &truth)
    #expect(mirror.rows == truth.rows)
    #expect(mirror.twice.isEmpty)
  }

  @Test("where changed journeys were read in steps there may be more")
  func meanwhile() throws {
    var mirror = Mirror()
    let mark = try store.readNews(since: StoreMark(), to: &mirror).mark
    try store.noteJourneyChanges(ofCustomers: [1])
    mirror.meanwhile = { try store.append([touchpoint("Cas", at: 7, id: "e")]) }
    mirror.happenings = 1
    let reached = try store.readNews(since: mark, to: &mirror, perStep: 1)
    #expect(reached.isMore)
    #expect(mirror.rows.keys.sorted() == [1, 2, 3])
    let next = try store.readNews(since: reached.mark, to: &mirror, perStep: 1)
    #expect(!next.isMore)
    #expect(mirror.rows.keys.sorted() == [1, 2, 3, 4])
    #expect(mirror.twice.isEmpty)
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
