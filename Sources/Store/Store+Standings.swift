package import CustomerJourney
import Foundation
import GRDB

extension Store {
  // MARK: Segments

  /// By name.
  package func segments() throws -> [Segment] {
    try pool.read { db in
      try Row.fetchAll(db, sql: "SELECT id, name, rule, created FROM segment ORDER BY name").map {
        Segment(id: $0[0], name: $0[1], rule: $0[2], created: Timestamp(milliseconds: $0[3]))
      }
    }
  }

  /// Throws ``SegmentProblem`` when the name is taken, or there are too many.
  @discardableResult
  package func addSegment(name: String, rule: String, created: Timestamp) throws -> Segment {
    try write { db in
      guard try Int.fetchOne(db, sql: "SELECT count(*) FROM segment") ?? 0 < Limits.segments else {
        throw SegmentProblem.tooMany
      }
      try db.execute(
        sql: "INSERT INTO segment (name, rule, created) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        arguments: [name, rule, created.milliseconds])
      guard db.changesCount > 0 else { throw SegmentProblem.nameTaken(name) }
      return Segment(id: db.lastInsertedRowID, name: name, rule: rule, created: created)
    }
  }

  /// False when there was none of that name. What was noticed of it stays.
  @discardableResult
  package func removeSegment(named name: String) throws -> Bool {
    try write { db in
      try db.execute(sql: "DELETE FROM segment WHERE name = ?", arguments: [name])
      let removed = db.changesCount > 0
      try db.execute(
        sql: "DELETE FROM standing WHERE subject = ?",
        arguments: [StandingSubject.segment(name).description])
      return removed
    }
  }

  // MARK: Standings

  /// How far those who watch have looked.
  package struct WatchMark: Hashable, Sendable {
    /// Another number after each look; nil before the first.
    package var version: Int64?
    /// The last touchpoint, change of a journey and profile change that were looked at.
    package var row: Int64
    package var change: Int64
    package var profile: Int64
    /// The number of the last change of standing that was noted.
    fileprivate var noted: Int64 = 0

    package init(version: Int64? = nil, row: Int64 = 0, change: Int64 = 0, profile: Int64 = 0) {
      self.version = version
      self.row = row
      self.change = change
      self.profile = profile
    }
  }

  /// Where all customers stood in one subject when it was last written whole.
  package struct Standing: Sendable {
    package var subject: StandingSubject
    /// What the subject meant then.
    package var definition: String
    /// A byte a customer, by the customer's number.
    package var states: [UInt8]
    /// What changed since, oldest first.
    package var later: [StandingMoves]

    package init(subject: StandingSubject, definition: String, states: [UInt8]) {
      self.subject = subject
      self.definition = definition
      self.states = states
      later = []
    }
  }

  private static func watchMark(_ db: Database) throws -> WatchMark {
    let row = try Row.fetchOne(
      db, sql: "SELECT version, touchpoint, journey_change, profile_change, change FROM watch")
    guard let row else { return WatchMark() }
    var mark = WatchMark(version: row[0], row: row[1], change: row[2], profile: row[3])
    mark.noted = row[4]
    return mark
  }

  /// The mark and where everybody stands by it, of one moment.
  package func standings() throws -> (mark: WatchMark, standings: [Standing]) {
    try pool.read { db in
      let rows = try Row.fetchAll(
        db, sql: "SELECT subject, definition, states, change FROM standing")
      let standings = try rows.compactMap { row -> Standing? in
        guard let subject = StandingSubject(row[0] as String) else { return nil }
        var standing = Standing(
          subject: subject, definition: row[1], states: Array(row[2] as Data))
        try Self.forEachLook(
          "subject = ? AND last > ? ORDER BY last", [subject.description, row[3] as Int64], db
        ) { _, moves in
          standing.later.append(moves)
          return true
        }
        return standing
      }
      return (try Self.watchMark(db), standings)
    }
  }

  /// Keeps what was noticed, and how far was looked, together or not at all.
  ///
  /// `whole` are standings that take the place of the stored ones, with these changes in them.
  /// Subjects not in `subjects` are let go. Returns the new mark, or nil when somebody else has looked
  /// since `mark`: then nothing is kept, and one must begin anew.
  package func keep(
    _ moves: [StandingMoves], whole: [Standing], subjects: [StandingSubject],
    from old: WatchMark, to new: WatchMark
  ) throws -> WatchMark? {
    try write { db in
      guard try Self.watchMark(db) == old else { return nil }
      var mark = new
      mark.version = (old.version ?? 0) + 1
      mark.noted = old.noted
      for moves in moves where !moves.moves.isEmpty {
        mark.noted += Int64(moves.moves.count)
        try db.execute(
          sql: """
            INSERT INTO standing_moves (last, count, subject, states, noticed, moves)
            VALUES (?, ?, ?, ?, ?, ?)
            """,
          arguments: [
            mark.noted, moves.moves.count, moves.subject.description,
            String(decoding: try JSONEncoder().encode(moves.states), as: UTF8.self),
            moves.noticed.milliseconds, Data(moves.packed),
          ])
      }
      for standing in whole {
        try db.execute(
          sql: """
            INSERT INTO standing (subject, definition, states, change) VALUES (?, ?, ?, ?)
            ON CONFLICT (subject) DO UPDATE SET definition = excluded.definition,
              states = excluded.states, change = excluded.change
            """,
          arguments: [
            standing.subject.description, standing.definition, Data(standing.states), mark.noted,
          ])
      }
      if !whole.isEmpty {
        let marks = databaseQuestionMarks(count: subjects.count)
        try db.execute(
          sql: "DELETE FROM standing WHERE subject NOT IN (\(marks))",
          arguments: StatementArguments(subjects.map(\.description)))
        // What everybody has acted on and no stored standing needs any more, beyond a limit.
        try db.execute(
          sql: """
            DELETE FROM standing_moves WHERE last <= min(? - ?,
              coalesce((SELECT min(change) FROM standing), 0),
              coalesce((SELECT min(change) FROM consumer), ?))
            """, arguments: [mark.noted, Limits.standingChanges, mark.noted])
      }
      try db.execute(
        sql: """
          INSERT INTO watch (one, version, touchpoint, journey_change, profile_change, change)
          VALUES (1, ?, ?, ?, ?, ?)
          ON CONFLICT (one) DO UPDATE SET version = excluded.version,
            touchpoint = excluded.touchpoint, journey_change = excluded.journey_change,
            profile_change = excluded.profile_change, change = excluded.change
          """, arguments: [mark.version, mark.row, mark.change, mark.profile, mark.noted])
      return mark
    }
  }

  /// What may be otherwise since a mark, beside new touchpoints.
  package struct Changes: Sendable {
    /// Whose journeys became others, and of whom more is known.
    package var customers: [Int64]
    /// Touchpoints after this row are new: rows that were deleted leave their numbers to new ones.
    package var row: Int64
    /// The last profile change.
    package var profile: Int64
  }

  /// The changes since `mark`, up to a change of journeys that has been read.
  package func changes(since mark: WatchMark, upTo change: Int64) throws -> Changes {
    try pool.read { try Self.changes(since: mark, upTo: change, $0) }
  }

  private static func changes(
    since mark: WatchMark, upTo change: Int64, _ db: Database
  ) throws -> Changes {
    let kept = try Int64.fetchOne(
      db, sql: "SELECT min(last_row) FROM journey_change WHERE id > ?", arguments: [mark.change])
    // Of an identity that went to somebody, also who has it now.
    var customers = try Int64.fetchAll(
      db,
      sql: """
        SELECT customer FROM journey_change WHERE id > ?1 AND id <= ?2
        UNION ALL
        SELECT o.customer FROM journey_change c JOIN identity_owner o ON o.identity = c.customer
        WHERE c.id > ?1 AND c.id <= ?2
        """, arguments: [mark.change, change])
    customers += try Int64.fetchAll(
      db,
      sql: """
        SELECT \(Schema.customer(of: "p.customer", at: "p.occurred")) FROM profile_change p
        WHERE id > ?
        """, arguments: [mark.profile])
    let profile = try Int64.fetchOne(db, sql: "SELECT max(id) FROM profile_change") ?? 0
    return Changes(
      customers: customers, row: min(mark.row, kept ?? mark.row),
      profile: max(profile, mark.profile))
  }

  /// Customers of whom something may be otherwise since `mark`, ascending, up to a touchpoint and a
  /// change of journeys that have been read, and the last profile change.
  package func touched(
    since mark: WatchMark, upToRow row: Int64, change: Int64
  ) throws -> (customers: [Int64], profile: Int64) {
    try pool.read { db in
      let changes = try Self.changes(since: mark, upTo: change, db)
      var customers = changes.customers
      // All whose an identity ever was: asking at each touchpoint's own moment took longer than looking
      // at one more who did not move.
      let touched = try RawStatement(
        """
        SELECT t.customer, o.customer, coalesce(o.since, 0) FROM
          (SELECT DISTINCT customer FROM touchpoint WHERE id > ? AND id <= ?) t
          LEFT JOIN identity_owner o ON o.identity = t.customer
        """, db)
      touched.bind(1, changes.row)
      touched.bind(2, row)
      try touched.forEachRow(db) { row in
        let owner = row.optionalNumber(1)
        if let owner { customers.append(owner) }
        if owner == nil || row.number(2) > .min { customers.append(row.number(0)) }
      }
      customers.sort()
      var different: [Int64] = []
      different.reserveCapacity(customers.count)
      for customer in customers where customer != different.last { different.append(customer) }
      return (different, changes.profile)
    }
  }

  // MARK: Changes, for those who act on them

  /// Changes after a number, oldest first; of one subject where one is given.
  package func standingChanges(
    after id: Int64, limit: Int, of subject: StandingSubject? = nil
  ) throws -> [StandingChange] {
    try pool.read { try Self.changes(after: id, limit: limit, of: subject, $0) }
  }

  /// The newest changes of a subject, newest first.
  package func lastStandingChanges(
    of subject: StandingSubject, limit: Int
  ) throws -> [StandingChange] {
    try pool.read { db in
      var changes: [StandingChange] = []
      try Self.forEachLook("subject = ? ORDER BY last DESC", [subject.description], db) {
        first, moves in
        changes += moves.changes(numberedFrom: first).reversed()
        return changes.count < limit
      }
      return Array(changes.prefix(limit))
    }
  }

  /// Hands out each change once: those that `consumer` has not had yet, oldest first, `limit` at most.
  ///
  /// `act` runs inside the transaction that moves the consumer on: when it throws, or the process ends
  /// before the commit, the same changes come again. Somebody who begins gets what is noticed from then
  /// on. `act` must not use the store.
  package func consumeStandingChanges(
    as consumer: String, limit: Int, _ act: ([StandingChange]) throws -> Void
  ) throws -> Int {
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO consumer (name, change)
          SELECT ?, coalesce((SELECT change FROM watch), 0)
          WHERE true ON CONFLICT DO NOTHING
          """, arguments: [consumer])
      let reached =
        try Int64.fetchOne(
          db, sql: "SELECT change FROM consumer WHERE name = ?", arguments: [consumer]) ?? 0
      let changes = try Self.changes(after: reached, limit: limit, of: nil, db)
      guard let last = changes.last else { return 0 }
      try act(changes)
      try db.execute(
        sql: "UPDATE consumer SET change = ? WHERE name = ?", arguments: [last.id, consumer])
      return changes.count
    }
  }

  private static func changes(
    after id: Int64, limit: Int, of subject: StandingSubject?, _ db: Database
  ) throws -> [StandingChange] {
    var changes: [StandingChange] = []
    try forEachLook(
      "last > ? AND (? IS NULL OR subject = ?) ORDER BY last",
      [id, subject?.description, subject?.description], db
    ) { first, moves in
      changes += moves.changes(numberedFrom: first).drop { $0.id <= id }
      return changes.count < limit
    }
    return Array(changes.prefix(limit))
  }

  /// Calls `body` with what single looks noted of a subject and the number of the first change of
  /// each, until it returns false.
  private static func forEachLook(
    _ condition: String, _ arguments: StatementArguments, _ db: Database,
    _ body: (Int64, StandingMoves) throws -> Bool
  ) throws {
    let cursor = try Row.fetchCursor(
      db,
      sql: """
        SELECT last, count, subject, states, noticed, moves FROM standing_moves
        WHERE \(condition)
        """, arguments: arguments)
    while let row = try cursor.next() {
      guard let subject = StandingSubject(row[2] as String) else { continue }
      let last: Int64 = row[0]
      let count: Int64 = row[1]
      let moves = StandingMoves(
        subject: subject,
        states: try JSONDecoder().decode([String].self, from: Data((row[3] as String).utf8)),
        noticed: Timestamp(milliseconds: row[4]),
        moves: (row[5] as Data).withUnsafeBytes { StandingMoves.moves(packed: $0) })
      guard try body(last - count + 1, moves) else { return }
    }
  }
}
