package import CustomerJourney
import GRDB
import Synchronization

/// Who is on the way through plays, and keeping what a look at them decided.
extension Store {
  /// A run, and whose it is now.
  package struct OwnedRun: Hashable, Sendable {
    package var run: PlayRun
    package var customer: Int64
  }

  private static let runColumns = """
    r.id, r.play, r.version, r.identity, r.key, r.number, r.entered, r.entry_row, r.lot, r.place,
    r.since, r.pass, r.due, r.variant, r.ended, r.reason
    """

  private static func run(_ r: Row) throws -> PlayRun {
    var end: PlayRun.End?
    if let ended: Int64 = r[14] {
      guard let reason = PlayRun.Reason((r[15] as String?) ?? "") else {
        throw StoreError.damaged(table: "play_run", reason: "no such reason")
      }
      end = PlayRun.End(reason, at: Timestamp(milliseconds: ended))
    }
    return PlayRun(
      id: r[0], play: r[1], version: r[2], identity: r[3], key: r[4], number: r[5],
      entered: Timestamp(milliseconds: r[6]), entryRow: r[7],
      lot: UInt64(bitPattern: r[8] as Int64), place: r[9], since: Timestamp(milliseconds: r[10]),
      pass: r[11], due: (r[12] as Int64?).map { Timestamp(milliseconds: $0) }, variant: r[13],
      end: end)
  }

  /// Customers of runs whose time has come, the longest overdue first.
  package func dueCustomers(at now: Timestamp, limit: Int) throws -> [Int64] {
    try pool.read { db in
      var seen: Set<Int64> = []
      return try Int64.fetchAll(
        db.cachedStatement(
          sql: """
            SELECT \(Schema.customer(of: "r.identity", at: "r.entered")) FROM play_run r
            WHERE r.due <= ? ORDER BY r.due LIMIT ?
            """), arguments: [now.milliseconds, limit]
      ).filter { seen.insert($0).inserted }
    }
  }

  /// All runs of customers, by customer, oldest first; those that are over too.
  package func runs(ofCustomers customers: [Int64]) throws -> [Int64: [PlayRun]] {
    try pool.read { db in
      var found: [Int64: [PlayRun]] = [:]
      let owner = Schema.customer(of: "r.identity", at: "r.entered")
      for chunk in customers.chunks(of: 250) {
        let marks = databaseQuestionMarks(count: chunk.count)
        let cursor = try Row.fetchCursor(
          db,
          sql: """
            SELECT \(Self.runColumns), \(owner) AS owner FROM play_run r
            WHERE r.identity IN (\(marks)) OR r.identity IN
              (SELECT identity FROM identity_owner WHERE customer IN (\(marks)))
            ORDER BY r.id
            """, arguments: StatementArguments(chunk) + StatementArguments(chunk))
        let wanted = Set(chunk)
        while let row = try cursor.next() {
          let customer: Int64 = row["owner"]
          if wanted.contains(customer) { found[customer, default: []].append(try Self.run(row)) }
        }
      }
      return found
    }
  }

  /// Those of the customers who are on the way through a play.
  package func customersOnTheWay(among customers: [Int64]) throws -> Set<Int64> {
    try pool.read { db in
      var found: Set<Int64> = []
      for chunk in customers.chunks(of: 250) {
        let marks = databaseQuestionMarks(count: chunk.count)
        let cursor = try Int64.fetchCursor(
          db,
          sql: """
            SELECT \(Schema.customer(of: "r.identity", at: "r.entered")) FROM play_run r
            WHERE r.due IS NOT NULL AND (r.identity IN (\(marks)) OR r.identity IN
              (SELECT identity FROM identity_owner WHERE customer IN (\(marks))))
            """, arguments: StatementArguments(chunk) + StatementArguments(chunk))
        while let customer = try cursor.next() { found.insert(customer) }
      }
      return found
    }
  }

  /// The run to which a message belongs; nil when it is gone.
  package func run(of message: Message) throws -> OwnedRun? {
    guard let name = RunName(message.intent.origin.key) else { return nil }
    return try pool.read { db in
      try Row.fetchOne(
        db,
        sql: """
          SELECT \(Self.runColumns), \(Schema.customer(of: "r.identity", at: "r.entered")) AS owner
          FROM play_run r WHERE r.play = ? AND r.identity = ? AND r.key = ? AND r.number = ?
          """,
        arguments: [message.intent.origin.play, name.identity, name.key, name.number]
      ).map { OwnedRun(run: try Self.run($0), customer: $0["owner"]) }
    }
  }

  /// Runs of a play, newest first; only those that go on, where asked.
  package func runs(
    of play: String, onlyGoingOn: Bool = false, offset: Int = 0, limit: Int
  ) throws -> [OwnedRun] {
    try pool.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT \(Self.runColumns), \(Schema.customer(of: "r.identity", at: "r.entered")) AS owner
          FROM play_run r WHERE r.play = ? \(onlyGoingOn ? "AND r.ended IS NULL" : "")
          ORDER BY r.entered DESC, r.id DESC LIMIT ? OFFSET ?
          """, arguments: [play, limit, offset]
      ).map { OwnedRun(run: try Self.run($0), customer: $0["owner"]) }
    }
  }

  /// What the runs of plays are worth counting for.
  package struct RunCount: Hashable, Sendable {
    package var play: String
    /// Nil for those that go on.
    package var reason: PlayRun.Reason?
    package var count: Int
  }

  package func runCounts() throws -> [RunCount] {
    try pool.read { db in
      try Row.fetchAll(
        db, sql: "SELECT play, reason, count(*) FROM play_run GROUP BY play, reason"
      ).map {
        RunCount(
          play: $0[0], reason: ($0[1] as String?).flatMap { PlayRun.Reason($0) }, count: $0[2])
      }
    }
  }

  /// One run as results count it.
  package struct RunFact: Hashable, Sendable {
    package var play: String
    package var customer: Int64
    package var variant: String
    package var entered: Timestamp
    package var entryRow: Int64
    package var isHeldOut: Bool
    /// How many of its messages are in each state.
    package var messages: [String: Int]
  }

  /// All runs of a play.
  package func runFacts(of play: String) throws -> [RunFact] {
    try pool.read { db in
      var messages: [String: [String: Int]] = [:]
      let counts = try Row.fetchCursor(
        db, sql: "SELECT key, state, count(*) FROM message WHERE play = ? GROUP BY key, state",
        arguments: [play])
      while let row = try counts.next() { messages[row[0], default: [:]][row[1]] = row[2] }
      let owner = Schema.customer(of: "r.identity", at: "r.entered")
      let cursor = try Row.fetchCursor(
        db, sql: "SELECT \(Self.runColumns), \(owner) AS owner FROM play_run r WHERE r.play = ?",
        arguments: [play])
      var facts: [RunFact] = []
      while let row = try cursor.next() {
        let run = try Self.run(row)
        facts.append(
          RunFact(
            play: play, customer: row["owner"], variant: run.variant, entered: run.entered,
            entryRow: run.entryRow, isHeldOut: run.end?.reason == .holdout,
            messages: messages[RunName(run).text] ?? [:]))
      }
      return facts
    }
  }

  // MARK: Keeping

  /// How a run stands after a look, and what is to be done by it.
  package struct RunOutcome: Sendable {
    package var run: PlayRun
    package var messages: [MessageIntent]
    package var tasks: [(step: String, text: LocalizedText)]
    package var profiles: [ProfileChange]

    package init(
      run: PlayRun, messages: [MessageIntent] = [],
      tasks: [(step: String, text: LocalizedText)] = [],
      profiles: [ProfileChange] = []
    ) {
      self.run = run
      self.messages = messages
      self.tasks = tasks
      self.profiles = profiles
    }
  }

  /// Keeps how runs stand, what is to be done by them, and how far was looked, together or not at all.
  /// False when somebody else has looked since `mark`: then nothing is kept.
  package func keep(
    _ outcomes: [RunOutcome], from mark: PlayMark, to watch: WatchMark, standing: Int64,
    at now: Timestamp
  ) throws -> Bool {
    do {
      return try write { db in
        guard try Self.playMark(db) == mark else { return false }
        for outcome in outcomes { try keep(outcome, at: now, db) }
        let profiles = outcomes.flatMap(\.profiles)
        if !profiles.isEmpty { _ = try insert([CollectedBatch(profiles: profiles)], db) }
        try db.execute(
          sql: """
            UPDATE play_watch SET version = version + 1, touchpoint = ?, journey_change = ?,
              profile_change = ?
            """, arguments: [watch.row, watch.change, watch.profile])
        try db.execute(
          sql: "UPDATE consumer SET change = max(change, ?) WHERE name = 'plays'",
          arguments: [standing])
        return true
      }
    } catch {
      known.withLock { $0 = KnownNumbers() }
      throw error
    }
  }

  private func keep(_ outcome: RunOutcome, at now: Timestamp, _ db: Database) throws {
    let run = outcome.run
    var id = run.id
    if id == 0 {
      try db.cachedStatement(
        sql: """
          INSERT INTO play_run (play, version, identity, key, number, entered, entry_row, lot, place,
            since, pass, due, variant, ended, reason)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """
      ).execute(arguments: [
        run.play, run.version, run.identity, run.key, run.number, run.entered.milliseconds,
        run.entryRow, Int64(bitPattern: run.lot), run.place, run.since.milliseconds, run.pass,
        run.due?.milliseconds, run.variant, run.end?.at.milliseconds, run.end?.reason.description,
      ])
      id = db.lastInsertedRowID
    } else {
      try db.cachedStatement(
        sql: """
          UPDATE play_run SET place = ?, since = ?, pass = ?, due = ?, variant = ?, ended = ?,
            reason = ?
          WHERE id = ?
          """
      ).execute(arguments: [
        run.place, run.since.milliseconds, run.pass, run.due?.milliseconds, run.variant,
        run.end?.at.milliseconds, run.end?.reason.description, id,
      ])
    }
    for message in outcome.messages { try Self.plan(message, at: now, db) }
    for task in outcome.tasks {
      try db.execute(
        sql: """
          INSERT INTO play_task (run, step, english, dutch, created) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT DO NOTHING
          """, arguments: [id, task.step, task.text.en, task.text.nl, now.milliseconds])
    }
    if let end = run.end, end.reason != .done, end.reason != .holdout {
      try Self.skipWaiting(
        play: run.play, key: RunName(run).text, because: MessageReason(end.reason.code), at: now, db
      )
    }
  }
}
