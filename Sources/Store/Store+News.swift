package import CustomerJourney
import Dispatch
import Foundation
import GRDB

/// A touchpoint as numbers, for the engine's columns.
package struct StoredRow: Sendable {
  package var id: Int64
  /// Whose it is by all that is known: an identity that belongs to nobody else.
  package var customer: Int64
  package var occurred: Int64
  package var event: Int64
  package var channel: Int64
  package var origin: Int64?
  package var device: Int64?
  package var content: Int64?
  package var campaign: Int64?
  package var value: Int64?
  package var currency: String?
}

/// What is new in the store since a mark, on its way to the engine: names first, then whose journeys
/// changed, then touchpoints.
package protocol NewsReader: ~Copyable {
  /// Says about how many touchpoints will come.
  mutating func expect(touchpoints: Int)
  mutating func addName(_ kind: NameKind, _ number: Int64, _ text: String)
  /// Gives the rows that the journeys of these customers had until now: what the store has of them
  /// comes among the touchpoints.
  mutating func changed(customers: Set<Int64>) -> [Int64]
  mutating func add(_ row: StoredRow)
}

/// How far news were read.
package struct Reached: Sendable {
  package var mark: StoreMark
  /// True where there may be more.
  package var isMore = false
}

/// What has changed since a mark is not known any more.
package struct ForgottenChanges: Error {}

extension Store {
  /// Reads what is new since `mark` and says how far it came: to the end, or as far as `rows` new
  /// touchpoints go.
  ///
  /// All is of one moment, unless more than `perStep` touchpoints of journeys that changed are to be read
  /// again: they are read in steps of so many, so that nobody keeps the write-ahead log from beginning anew
  /// for that long. What changed meanwhile may be there or not then, and comes with the next news.
  ///
  /// Throws ``ForgottenChanges`` when some of it is not known any more; all can be read always. A row
  /// that another touchpoint had before it was deleted comes as a new one. Much that is new is read by
  /// several threads, in blocks of so many rows.
  package func readNews(
    since mark: StoreMark, to reader: inout some NewsReader & ~Copyable, atMost rows: Int64 = .max,
    perStep: Int = .max, rowsPerBlock: Int64 = 16_384
  ) throws -> Reached {
    var reached = Reached(mark: mark)
    var kept = mark.row
    var last: Int64 = 0
    func readNames(_ db: Database) throws {
      let names = try Row.fetchCursor(
        db, sql: "SELECT id, kind, text FROM name WHERE id > ? ORDER BY id",
        arguments: [reached.mark.name])
      while let name = try names.next() {
        reached.mark.name = name[0]
        guard let kind = NameKind(rawValue: name[1]) else { continue }
        reader.addName(kind, name[0], name[2])
      }
    }
    func readAgain(_ numbers: [Int64], _ owners: IdentityOwners, _ db: Database) throws {
      for chunk in numbers.chunks(of: 500) {
        let marks = databaseQuestionMarks(count: chunk.count)
        try Self.read("id IN (\(marks))", chunk, owners, db) { reader.add($0) }
      }
    }
    /// New touchpoints to the number `end`.
    func readNew(to end: Int64, _ owners: IdentityOwners, _ db: Database) throws {
      reached.mark.row = min(kept, end)
      func add(_ row: StoredRow) {
        reached.mark.row = row.id
        reader.add(row)
      }
      if end - kept > 16 * rowsPerBlock {
        let blocks = TouchpointBlocks((kept + 1)...end, rowsPerBlock: rowsPerBlock)
        try help(reading: blocks, owners, asOf: Self.lastChange(db))
        try blocks.takeAll(
          reading: { try Self.read($0, owners, db, add) }, taking: { $0.forEach(add) })
      } else if end > kept {
        try Self.read((kept + 1)...end, owners, db, add)
      }
      if end < last {
        // A number that nobody has is a place to go on from too.
        reached.mark.row = end
        reached.isMore = true
      }
      reached.mark.store = try Self.databaseNumber(db)
      reached.mark.rowCheck = try Self.check(ofRow: reached.mark.row, db) ?? 0
    }

    let rest = try pool.read { db -> (again: [Int64], end: Int64, owners: IdentityOwners)? in
      guard try mark == StoreMark() || mark.change >= Self.lastForgotten(db) else {
        throw ForgottenChanges()
      }
      try readNames(db)
      var changed: Set<Int64> = []
      // What is above has gone, or is new.
      let changes = try Row.fetchCursor(
        db, sql: "SELECT id, customer, last_row FROM journey_change WHERE id > ? ORDER BY id",
        arguments: [mark.change])
      while let change = try changes.next() {
        reached.mark.change = change[0]
        changed.insert(change[1])
        kept = min(kept, change[2])
      }
      let again =
        changed.isEmpty ? [] : reader.changed(customers: changed).filter { $0 <= kept }.sorted()
      last = try Int64.fetchOne(db, sql: "SELECT max(id) FROM touchpoint") ?? 0
      let end = last - kept > rows ? kept + rows : last
      let coming = again.count + Int(max(0, end - kept))
      reader.expect(touchpoints: coming)
      let owners = try IdentityOwners(db, forRows: coming)
      guard again.count <= perStep else { return (again, end, owners) }
      try readAgain(again, owners, db)
      try readNew(to: end, owners, db)
      return nil
    }
    guard let rest else { return reached }
    /// What was not deleted since: numbers above may be others' now, and come as new ones next time.
    func readLowest(_ db: Database) throws -> Int64 {
      try readNames(db)
      return try Int64.fetchOne(
        db, sql: "SELECT min(last_row) FROM journey_change WHERE id > ?",
        arguments: [reached.mark.change]) ?? .max
    }
    for step in rest.again.chunks(of: perStep) {
      giveWay()
      try pool.read { db in
        let lowest = try readLowest(db)
        try readAgain(step.filter { $0 <= lowest }, rest.owners, db)
      }
    }
    giveWay()
    try pool.read { db in
      let lowest = try readLowest(db)
      try readNew(to: min(rest.end, lowest), rest.owners, db)
    }
    reached.isMore = true
    return reached
  }

  /// True when `mark` was read from this database and the database is not an older one since.
  package func knows(_ mark: StoreMark) throws -> Bool {
    try pool.read { db in
      let lastChange = try Self.lastChange(db)
      let lastName = try Int64.fetchOne(db, sql: "SELECT max(id) FROM name") ?? 0
      return try Self.databaseNumber(db) == mark.store && lastChange >= mark.change
        && mark.change >= Self.lastForgotten(db)
        && lastName >= mark.name && Self.check(ofRow: mark.row, db) ?? 0 == mark.rowCheck
    }
  }

  /// All names that there are, in the order of their numbers.
  package func names() throws -> [(kind: NameKind, number: Int64, text: String)] {
    try pool.read { db in
      try Row.fetchAll(db, sql: "SELECT id, kind, text FROM name ORDER BY id").compactMap { name in
        NameKind(rawValue: name[1]).map { ($0, name[0], name[2]) }
      }
    }
  }

  /// Says that these customers' journeys are to be read anew, where that does not follow from a
  /// change of their touchpoints.
  package func noteJourneyChanges(ofCustomers customers: [Int64]) throws {
    try write { db in try Settling.noteChange(of: customers, db) }
  }

  private static func lastForgotten(_ db: Database) throws -> Int64 {
    try Int64.fetchOne(db, sql: "SELECT last FROM journey_change_forgotten") ?? 0
  }

  /// Lets go of changes of journeys up to the change `last`, which a base has, as far as those who
  /// watch have looked at them too. Whoever else has read less is told so when it goes on.
  package func forgetJourneyChanges(upTo last: Int64) throws {
    var isMore = true
    while isMore {
      isMore = try write { db in
        let looked = try Int64.fetchOne(db, sql: "SELECT journey_change FROM watch") ?? last
        let end = min(last, looked)
        guard
          let first = try Int64.fetchOne(
            db, sql: "SELECT min(id) FROM journey_change WHERE id <= ?", arguments: [end])
        else { return false }
        // In parts, so that what comes in waits for none of them long.
        let some = min(end, first + Int64(Limits.changesPerCommit) - 1)
        try db.execute(
          sql: "UPDATE journey_change_forgotten SET last = max(last, ?)", arguments: [some])
        try db.execute(sql: "DELETE FROM journey_change WHERE id <= ?", arguments: [some])
        return some < end
      }
    }
  }

  /// Lets other threads read blocks. What they see was committed later, perhaps, but says the same of
  /// these rows as long as no journey has changed since.
  private func help(
    reading blocks: TouchpointBlocks, _ owners: IdentityOwners, asOf change: Int64
  ) {
    for _ in 1..<max(ProcessInfo.processInfo.activeProcessorCount, 2) {
      // A thread of its own stands back where this one does.
      Thread.detachNewThread { [pool] in
        // Who gets no connection does not help.
        try? pool.read { db in
          guard try Self.lastChange(db) == change else { return }
          blocks.help { numbers, rows in
            try Self.read(numbers, owners, db) { rows.append($0) }
          }
        }
      }
    }
  }

  /// The last change of journeys that ever was, forgotten or not.
  private static func lastChange(_ db: Database) throws -> Int64 {
    try Int64.fetchOne(
      db, sql: "SELECT seq FROM sqlite_sequence WHERE name = 'journey_change'") ?? 0
  }

  private static func read(
    _ numbers: ClosedRange<Int64>, _ owners: IdentityOwners, _ db: Database,
    _ body: (StoredRow) -> Void
  ) throws {
    try read(
      "id BETWEEN ? AND ?", [numbers.lowerBound, numbers.upperBound], owners, db, body)
  }

  private static func read(
    _ condition: String, _ numbers: some Collection<Int64>, _ owners: IdentityOwners,
    _ db: Database, _ body: (StoredRow) -> Void
  ) throws {
    // Read for every touchpoint that comes in.
    let rows = try RawStatement(
      """
      SELECT id, \(owners.column()), occurred, event, channel, origin, device, content, campaign,
        value, currency
      FROM touchpoint WHERE \(condition) ORDER BY id
      """, db)
    for (place, number) in numbers.enumerated() { rows.bind(Int32(place + 1), number) }
    try rows.forEachRow(db) { r in
      let occurred = r.number(2)
      body(
        StoredRow(
          id: r.number(0), customer: owners.customer(of: r.number(1), at: occurred),
          occurred: occurred, event: r.number(3), channel: r.number(4),
          origin: r.optionalNumber(5), device: r.optionalNumber(6), content: r.optionalNumber(7),
          campaign: r.optionalNumber(8), value: r.optionalNumber(9), currency: r.text(10)))
    }
  }

  static func databaseNumber(_ db: Database) throws -> Int64 {
    try Int64.fetchOne(db, sql: "SELECT number FROM database_number") ?? 0
  }

  /// A number of what a touchpoint says that never changes; nil when there is no such row.
  private static func check(ofRow row: Int64, _ db: Database) throws -> Int64? {
    try Row.fetchOne(
      db, sql: "SELECT received, message_id FROM touchpoint WHERE id = ?", arguments: [row]
    ).map { found in
      let messageID: String = found[1]
      // FNV-1a, which is the same in every process.
      return messageID.utf8.reduce(found[0] as Int64) {
        ($0 ^ Int64($1)) &* 0x0000_0100_0000_01B3
      }
    }
  }
}
