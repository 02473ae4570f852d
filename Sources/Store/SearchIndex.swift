import CustomerJourney
import Foundation
import GRDB
import Synchronization

/// Keeps the words by which customers are found. What comes in is taken into the search a moment later,
/// so that storing it waits for nothing.
package final class SearchIndex: Sendable {
  private let store: Store
  /// How far was looked; further than what is stored where there was nothing to find.
  private let reached = Mutex<Mark?>(nil)

  struct Mark: Equatable {
    var identity: Int64
    var profile: Int64
    var touchpoint: Int64
    /// Another number after rows were deleted: then numbers may be used again.
    var deletions: Int64
    /// Another number after somebody was erased: what was read before must not come in again.
    var erasures: Int64
  }

  /// What a step is about.
  fileprivate struct News {
    var identities: Set<Int64> = []
    var mark: Mark
    /// Words of the numbers of orders, by the identity under which they came.
    var orders: [Int64: [String]] = [:]
    /// True when there is more.
    var isCut = false
  }

  package init(store: Store) { self.store = store }

  /// Rows that may be looked at without storing how far.
  fileprivate static let forgotten: Int64 = 1_000_000

  /// Takes in a part of what is new, and says whether there may be more.
  package func update() throws -> Bool {
    try reached.withLock { reached in
      let step = try look(since: reached)
      reached = step.isWorthStoring ? nil : step.news.mark
      guard step.isWorthStoring else { return step.news.isCut }
      try take(step)
      return true
    }
  }

  /// What was read of what is new, and after which mark.
  struct Step {
    fileprivate var stored: Mark
    fileprivate var news: News

    fileprivate var isWorthStoring: Bool {
      !news.identities.isEmpty || !news.orders.isEmpty
        || news.mark.touchpoint - stored.touchpoint > SearchIndex.forgotten
    }
  }

  /// Reads a part of what is new since a mark in memory, or the stored one. Nobody who stores waits for it.
  func look(since reached: Mark?) throws -> Step {
    try store.pool.read { db in
      let stored = try Self.mark(db)
      return Step(stored: stored, news: try Self.news(since: Self.further(reached, stored), db))
    }
  }

  /// Keeps what was read, unless another process was here meanwhile or somebody was erased.
  func take(_ step: Step) throws {
    do {
      try store.write { db in
        guard try Self.mark(db) == step.stored else { return }
        try Self.take(step.news.identities, db)
        try Self.takeOrders(step.news.orders, db)
        try db.execute(
          sql: "UPDATE search_mark SET identity = ?, profile_change = ?, touchpoint = ?",
          arguments: [step.news.mark.identity, step.news.mark.profile, step.news.mark.touchpoint])
      }
    } catch {
      throw Store.told(error)
    }
  }

  /// Makes the whole search anew, step by step from now on.
  package func rebuild() throws {
    try store.write { db in
      try db.execute(
        sql: """
          DELETE FROM search_word; DELETE FROM search_entry; DELETE FROM search_changed;
          INSERT INTO search_changed SELECT DISTINCT customer FROM trait;
          UPDATE search_mark SET identity = 0, profile_change = 0, touchpoint = 0;
          """)
    }
    reached.withLock { $0 = nil }
    while try update() {}
  }

  /// Says that more is known of an identity.
  static func noteChange(of identity: Int64, _ db: Database) throws {
    let insert = try db.cachedStatement(
      sql: "INSERT OR IGNORE INTO search_changed (identity) VALUES (?)")
    try insert.execute(arguments: [identity])
  }

  // MARK: What is new

  private static func mark(_ db: Database) throws -> Mark {
    guard
      let row = try Row.fetchOne(
        db,
        sql: """
          SELECT identity, profile_change, touchpoint, deletions, (SELECT number FROM erased_version)
          FROM search_mark
          """)
    else { throw StoreError.damaged(table: "search_mark", reason: "it is empty") }
    return Mark(
      identity: row[0], profile: row[1], touchpoint: row[2], deletions: row[3],
      erasures: row[4])
  }

  /// A mark in memory counts while nothing was deleted and nobody else went further.
  private static func further(_ reached: Mark?, _ stored: Mark) -> Mark {
    guard let reached, reached.deletions == stored.deletions,
      reached.touchpoint >= stored.touchpoint,
      reached.identity >= stored.identity, reached.profile >= stored.profile
    else { return stored }
    return reached
  }

  private static func news(since mark: Mark, _ db: Database) throws -> News {
    var news = News(mark: mark)
    func last(_ table: String) throws -> Int64 {
      try Int64.fetchOne(db, sql: "SELECT max(id) FROM \(table)") ?? 0
    }
    // Only addresses and ids of other systems have words; the others are found by how they begin.
    let lastIdentity = min(try last("identity"), mark.identity + Int64(Limits.searchRows))
    let identities = try Int64.fetchAll(
      db,
      sql: """
        SELECT id FROM identity WHERE id > ? AND id <= ? AND (key >= 'email:' AND key < 'email;'
          OR key >= 'external:' AND key < 'external;' OR key >= 'phone:' AND key < 'phone;')
        ORDER BY id LIMIT ?
        """, arguments: [mark.identity, lastIdentity, Limits.searchBatch])
    news.identities.formUnion(identities)
    news.mark.identity =
      identities.count == Limits.searchBatch
      ? identities.last ?? lastIdentity : max(mark.identity, lastIdentity)
    news.isCut = try news.mark.identity < last("identity")
    let profiles = try Row.fetchAll(
      db, sql: "SELECT id, customer FROM profile_change WHERE id > ? ORDER BY id LIMIT ?",
      arguments: [mark.profile, Limits.searchBatch])
    news.identities.formUnion(profiles.map { $0[1] as Int64 })
    news.mark.profile = profiles.last.map { $0[0] as Int64 } ?? mark.profile
    news.identities.formUnion(
      try Int64.fetchAll(
        db, sql: "SELECT identity FROM search_changed LIMIT ?", arguments: [Limits.searchBatch]))
    let lastTouchpoint = try last("touchpoint")
    news.mark.touchpoint = max(
      mark.touchpoint, min(lastTouchpoint, mark.touchpoint + Int64(Limits.searchRows)))
    news.orders = try orders(after: mark.touchpoint, to: news.mark.touchpoint, db)
    news.isCut = news.isCut || news.mark.touchpoint < lastTouchpoint
    return news
  }

  // MARK: Taking in

  private struct Entry {
    var words: [String]
    var orders: [String]
  }

  private static func entry(of identity: Int64, _ db: Database) throws -> Entry? {
    let find = try db.cachedStatement(
      sql: "SELECT words, orders FROM search_entry WHERE identity = ?")
    return try Row.fetchOne(find, arguments: [identity]).map { row in
      Entry(
        words: (row[0] as String).split(separator: " ").map(String.init),
        orders: (row[1] as String).split(separator: " ").map(String.init))
    }
  }

  private static func take(_ identities: Set<Int64>, _ db: Database) throws {
    // Words next to each other are in the same pages.
    var added: [(word: String, identity: Int64)] = []
    for identity in identities.sorted() {
      let words = try words(of: identity, db)
      let old = try Self.entry(of: identity, db)
      try keep(
        Entry(words: words, orders: old?.orders ?? []), of: identity, after: old, &added, db)
    }
    try insert(&added, db)
    let done = try db.cachedStatement(sql: "DELETE FROM search_changed WHERE identity = ?")
    for identity in identities { try done.execute(arguments: [identity]) }
  }

  private static func keep(
    _ entry: Entry, of identity: Int64, after old: Entry?,
    _ added: inout [(word: String, identity: Int64)], _ db: Database
  ) throws {
    let new = Set(entry.words + entry.orders)
    let known = Set((old?.words ?? []) + (old?.orders ?? []))
    for word in known.subtracting(new) { try remove(word, identity, db) }
    for word in new.subtracting(known) { added.append((word, identity)) }
    guard old == nil || entry.words != old?.words || entry.orders != old?.orders else { return }
    if new.isEmpty {
      if old == nil { return }
      try db.cachedStatement(sql: "DELETE FROM search_entry WHERE identity = ?")
        .execute(arguments: [identity])
    } else {
      try db.cachedStatement(
        sql: """
          INSERT INTO search_entry VALUES (?, ?, ?)
          ON CONFLICT DO UPDATE SET words = excluded.words, orders = excluded.orders
          """
      ).execute(arguments: [identity, text(entry.words), text(entry.orders)])
    }
  }

  private static func text(_ words: [String]) -> String { words.map { " " + $0 }.joined() }

  private static func insert(
    _ added: inout [(word: String, identity: Int64)], _ db: Database
  ) throws {
    added.sort { ($0.word, $0.identity) < ($1.word, $1.identity) }
    let insert = try RawStatement(
      "INSERT INTO search_word VALUES (?, ?) ON CONFLICT DO NOTHING", db)
    for (word, identity) in added {
      insert.bind(1, word)
      insert.bind(2, identity)
      try insert.run(db)
    }
  }

  private static func remove(_ word: String, _ identity: Int64, _ db: Database) throws {
    try db.cachedStatement(sql: "DELETE FROM search_word WHERE word = ? AND identity = ?")
      .execute(arguments: [word, identity])
  }

  /// Those of the key, of traits that hold, and of accounts.
  private static func words(of identity: Int64, _ db: Database) throws -> [String] {
    let find = try db.cachedStatement(sql: "SELECT key FROM identity WHERE id = ?")
    guard let key = try String.fetchOne(find, arguments: [identity]) else { return [] }
    var words = SearchText.words(ofKey: key)
    var best: [String: TraitRank] = [:]
    for rows in TraitRank.rows {
      let read = try db.cachedStatement(
        sql: "SELECT name, value, weight, set_at FROM (\(rows)) WHERE customer = ?")
      let cursor = try Row.fetchCursor(read, arguments: [identity])
      while let row = try cursor.next() {
        let name: String = row[0]
        let new = TraitRank(weight: row[2], setAt: row[3], json: row[1])
        if let old = best[name], old > new { continue }
        best[name] = new
      }
    }
    for (name, rank) in best.sorted(by: { $0.key < $1.key }) {
      guard let json = rank.json else { continue }
      words += SearchText.words(ofTrait: name, try PropertyValue(storedJSON: json))
    }
    let accounts = try db.cachedStatement(
      sql: """
        SELECT DISTINCT account, json_extract(account_traits, '$.name') FROM profile_change
        WHERE customer = ? AND account IS NOT NULL ORDER BY occurred DESC LIMIT 8
        """)
    let cursor = try Row.fetchCursor(accounts, arguments: [identity])
    while let row = try cursor.next() {
      words += SearchText.words(row[0] as String)
      if let name = (row[1] as DatabaseValue).storage.value { words += SearchText.words("\(name)") }
    }
    var seen: Set<String> = []
    return Array(words.filter { seen.insert($0).inserted }.prefix(Limits.searchWords))
  }

  /// Properties in which clients say the number of an order.
  private static let orderNumbers = [
    "order_id", "orderId", "order.id", "order_number", "orderNumber", "transaction_id",
    "transactionId",
  ]
  /// One of these is in each of them: to look for it costs far less than to read the properties.
  private static let orderMarks: [StaticString] = ["order", "transaction"]

  /// The longest message ids that may be an order's number: of a client that sends events, whose longer
  /// ones are a machine's, and of files.
  private static let (sentBytes, fileBytes) = (24, 32)

  /// Words of the numbers of the orders among touchpoints, by the identity under which they came, the
  /// newest last.
  private static func orders(
    after first: Int64, to last: Int64, _ db: Database
  ) throws -> [Int64: [String]] {
    let completed = try Int64.fetchOne(
      db, sql: "SELECT id FROM name WHERE kind = 'event' AND text = 'Order Completed'")
    let clients = Set(
      try Int64.fetchAll(
        db,
        sql: "SELECT n.id FROM source s JOIN name n ON n.kind = 'source' AND n.text = s.name"))
    var orders: [(row: Int64, identity: Int64, messageID: String?)] = []
    var speaking: [Int64] = []
    // Read for every touchpoint that comes in.
    let rows = try RawStatement(
      """
      SELECT id, customer, event, source, message_id, properties FROM touchpoint
      WHERE id > ? AND id <= ? AND value IS NOT NULL ORDER BY id
      """, db)
    rows.bind(1, first)
    rows.bind(2, last)
    try rows.forEachRow(db) { row in
      let speaks = orderMarks.contains { row.text(5, holds: $0) }
      if speaks { speaking.append(row.number(0)) }
      var messageID: String?
      if row.number(2) == completed, let id = row.text(4),
        id.utf8.count <= (clients.contains(row.number(3)) ? sentBytes : fileBytes)
      {
        messageID = id
      }
      if speaks || messageID != nil {
        orders.append((row.number(0), row.number(1), messageID))
      }
    }
    let said = try orderNumbers(ofRows: speaking, db)
    return orders.reduce(into: [:]) { found, order in
      for text in [said[order.row], order.messageID] {
        if let text { found[order.identity, default: []] += SearchText.words(text) }
      }
    }
  }

  private static func orderNumbers(ofRows rows: [Int64], _ db: Database) throws -> [Int64: String] {
    let number = orderNumbers.map { "json_extract(properties, '$.\"\($0)\"')" }
      .joined(separator: ", ")
    var numbers: [Int64: String] = [:]
    for chunk in rows.chunks(of: 500) {
      let marks = databaseQuestionMarks(count: chunk.count)
      let cursor = try Row.fetchCursor(
        db, sql: "SELECT id, coalesce(\(number)) FROM touchpoint WHERE id IN (\(marks))",
        arguments: StatementArguments(chunk))
      while let row = try cursor.next() {
        if let said = (row[1] as DatabaseValue).storage.value { numbers[row[0]] = "\(said)" }
      }
    }
    return numbers
  }

  private static func takeOrders(_ found: [Int64: [String]], _ db: Database) throws {
    var added: [(word: String, identity: Int64)] = []
    for (identity, numbers) in found.sorted(by: { $0.key < $1.key }) {
      let old = try Self.entry(of: identity, db)
      var seen: Set<String> = []
      // The newest stay.
      let all = ((old?.orders ?? []) + numbers).reversed().filter { seen.insert($0).inserted }
        .prefix(Limits.searchOrders).reversed()
      try keep(
        Entry(words: old?.words ?? [], orders: Array(all)), of: identity, after: old, &added, db)
    }
    try insert(&added, db)
  }
}
