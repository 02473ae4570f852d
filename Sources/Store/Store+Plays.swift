package import CustomerJourney
import Foundation
import GRDB
import Synchronization

/// A play of the project, as its file says it.
package struct PlayRecord: Hashable, Sendable, Identifiable {
  package var id: String
  package var isOn: Bool
  package var version: Int
  package var yaml: String
  /// When it was last switched on or off.
  package var switched: Timestamp

  package init(id: String, isOn: Bool, version: Int, yaml: String, switched: Timestamp) {
    self.id = id
    self.isOn = isOn
    self.version = version
    self.yaml = yaml
    self.switched = switched
  }
}

extension Store {
  // MARK: Plays

  /// By id.
  package func plays() throws -> [PlayRecord] {
    try pool.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT p.id, p.is_on, p.version, v.yaml, p.switched FROM play p
          JOIN play_version v ON v.play = p.id AND v.version = p.version ORDER BY p.id
          """
      ).map {
        PlayRecord(
          id: $0[0], isOn: $0[1], version: $0[2], yaml: $0[3],
          switched: Timestamp(milliseconds: $0[4]))
      }
    }
  }

  package func playYAML(_ play: String, version: Int) throws -> String? {
    try pool.read {
      try String.fetchOne(
        $0, sql: "SELECT yaml FROM play_version WHERE play = ? AND version = ?",
        arguments: [play, version])
    }
  }

  /// Keeps a play's file. Another text is another version, for those who come in from now on. Returns
  /// the version; nil when there are too many plays.
  @discardableResult
  package func keepPlay(_ id: String, yaml: String, at now: Timestamp) throws -> Int? {
    try pool.write { db in
      let last = try Row.fetchOne(
        db,
        sql: """
          SELECT version, yaml FROM play_version WHERE play = ? ORDER BY version DESC LIMIT 1
          """, arguments: [id])
      let count = try Int.fetchOne(
        db, sql: "SELECT count(*) FROM play WHERE id <> ?", arguments: [id])
      guard count ?? 0 < Limits.plays else { return nil }
      var version: Int = last?[0] ?? 0
      if last == nil || last?[1] as String? != yaml {
        version += 1
        try db.execute(
          sql: "INSERT INTO play_version (play, version, yaml, created) VALUES (?, ?, ?, ?)",
          arguments: [id, version, yaml, now.milliseconds])
      }
      try db.execute(
        sql: """
          INSERT INTO play (id, is_on, version, switched) VALUES (?, 0, ?, ?)
          ON CONFLICT (id) DO UPDATE SET version = excluded.version
          """, arguments: [id, version, now.milliseconds])
      return version
    }
  }

  /// Switches a play on or off. Off, nobody comes in any more, and who was on the way is let go with
  /// what waited to be sent. False when it was so already, or there is none.
  @discardableResult
  package func switchPlay(_ id: String, on isOn: Bool, at now: Timestamp) throws -> Bool {
    try pool.write { db in
      let wasAny =
        try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM play WHERE is_on)") ?? false
      try db.execute(
        sql: "UPDATE play SET is_on = ?, switched = ? WHERE id = ? AND is_on <> ?",
        arguments: [isOn, now.milliseconds, id, isOn])
      guard db.changesCount > 0 else { return false }
      if isOn, !wasAny {
        // What happened while no play was on was looked at by nobody, and brings nobody in.
        try Self.beginPlayWatch(db)
      }
      if !isOn {
        try db.execute(
          sql: """
            UPDATE play_run SET ended = ?, reason = ?, due = NULL WHERE play = ? AND ended IS NULL
            """,
          arguments: [now.milliseconds, PlayRun.Reason.switchedOff.description, id])
        let waiting = try Int64.fetchAll(
          db, sql: "SELECT id FROM message WHERE play = ? AND state = 'waiting'", arguments: [id])
        for message in waiting {
          try Self.apply(
            .skipped(MessageReason("switched-off")), to: message, claim: nil,
            policy: MessagePolicy(), at: now, db)
        }
      }
      return true
    }
  }

  // MARK: The look-out

  /// How far was looked for what brings somebody into a play or ends a run.
  package struct PlayMark: Hashable, Sendable {
    package var version: Int64
    package var watch: WatchMark

    package init(version: Int64, watch: WatchMark) {
      self.version = version
      self.watch = watch
    }
  }

  private static func beginPlayWatch(_ db: Database) throws {
    try db.execute(
      sql: """
        INSERT INTO play_watch (one, version, touchpoint, journey_change, profile_change)
        SELECT 1, 1, coalesce((SELECT max(id) FROM touchpoint), 0),
          coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'journey_change'), 0),
          coalesce((SELECT max(id) FROM profile_change), 0)
        WHERE true ON CONFLICT (one) DO UPDATE SET version = version + 1,
          touchpoint = excluded.touchpoint, journey_change = excluded.journey_change,
          profile_change = excluded.profile_change
        """)
    try db.execute(
      sql: """
        INSERT INTO consumer (name, change) SELECT 'plays', coalesce((SELECT change FROM watch), 0)
        WHERE true ON CONFLICT (name) DO UPDATE SET change = excluded.change
        """)
  }

  private static func playMark(_ db: Database) throws -> PlayMark? {
    try Row.fetchOne(
      db, sql: "SELECT version, touchpoint, journey_change, profile_change FROM play_watch"
    ).map {
      PlayMark(version: $0[0], watch: WatchMark(row: $0[1], change: $0[2], profile: $0[3]))
    }
  }

  /// Nil while no play was ever on.
  package func playMark() throws -> PlayMark? { try pool.read { try Self.playMark($0) } }

  /// Who newly is somebody of whom a play's rule is true, oldest first, and the last change that was
  /// looked at; of these plays.
  package func newlyTrue(of plays: [String]) throws -> (changes: [StandingChange], upTo: Int64) {
    let reached = try pool.read { db in
      try Row.fetchOne(
        db,
        sql: """
          SELECT (SELECT change FROM consumer WHERE name = 'plays'), (SELECT change FROM watch)
          """
      ).map { (($0[0] as Int64?) ?? 0, ($0[1] as Int64?) ?? 0) } ?? (0, 0)
    }
    guard reached.1 > reached.0 else { return ([], reached.0) }
    var found: [StandingChange] = []
    var upTo = reached.1
    for play in plays {
      let limit = Limits.dueRunsAtOnce
      let changes = try standingChanges(after: reached.0, limit: limit, of: .play(play))
      if changes.count == limit, let last = changes.last { upTo = min(upTo, last.id) }
      found += changes
    }
    return (found.filter { $0.id <= upTo && $0.to != nil }.sorted { $0.id < $1.id }, upTo)
  }

  // MARK: Runs

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
      return try pool.write { db in
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

  // MARK: Messages of plays

  /// How many messages of each play stand in each state.
  package func playMessageCounts() throws -> [String: [MessageState: Int]] {
    try pool.read { db in
      var counts: [String: [MessageState: Int]] = [:]
      let cursor = try Row.fetchCursor(
        db, sql: "SELECT play, state, count(*) FROM message GROUP BY play, state")
      while let row = try cursor.next() {
        guard let state = MessageState(rawValue: row[1]) else { continue }
        counts[row[0], default: [:]][state] = row[2]
      }
      return counts
    }
  }

  /// The newest messages of a play, newest first.
  package func lastMessages(ofPlay play: String, limit: Int) throws -> [Message] {
    try pool.read { db in
      try Int64.fetchAll(
        db, sql: "SELECT id FROM message WHERE play = ? ORDER BY id DESC LIMIT ?",
        arguments: [play, limit]
      ).compactMap { try Self.message($0, db) }
    }
  }

  // MARK: What else waits for a customer

  /// Other messages of a customer that are due: their purpose and priority.
  package func dueMessages(
    of customer: Int64, besides message: Int64, at now: Timestamp
  ) throws -> [(purpose: MessagePurpose, priority: Int)] {
    try pool.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT m.purpose, m.priority FROM message m
          WHERE (m.customer = ?1 OR m.customer IN
              (SELECT identity FROM identity_owner WHERE customer = ?1))
            AND m.state = 'waiting' AND m.due <= ?2 AND m.id <> ?3
            AND m.channel NOT IN ('onsite', 'webhook', 'audience')
          """, arguments: [customer, now.milliseconds, message]
      ).compactMap { row in
        MessagePurpose(rawValue: row[0]).map { ($0, row[1] as Int) }
      }
    }
  }

  /// Whose an identity is at a moment.
  package func owner(of identity: Int64, at moment: Timestamp) throws -> Int64 {
    try pool.read {
      try Int64.fetchOne(
        $0, sql: "SELECT \(Schema.customer(of: "?1", at: "?2"))",
        arguments: [identity, moment.milliseconds]) ?? identity
    }
  }

  /// The identity under which a touchpoint came.
  package func identities(ofRows rows: [Int64]) throws -> [Int64: Int64] {
    try pool.read { db in
      var found: [Int64: Int64] = [:]
      for chunk in rows.chunks(of: 500) {
        let cursor = try Row.fetchCursor(
          db,
          sql: """
            SELECT id, customer FROM touchpoint
            WHERE id IN (\(databaseQuestionMarks(count: chunk.count)))
            """, arguments: StatementArguments(chunk))
        while let row = try cursor.next() { found[row[0]] = row[1] }
      }
      return found
    }
  }
}

/// A run's name in the origin of its messages: the same however often a look is repeated.
package struct RunName: Hashable, Sendable {
  package var identity: Int64
  package var number: Int
  package var key: String

  package init(_ run: PlayRun) {
    identity = run.identity
    number = run.number
    key = run.key
  }

  package init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, let identity = Int64(parts[0]), let number = Int(parts[1]) else {
      return nil
    }
    self.identity = identity
    self.number = number
    key = String(parts[2])
  }

  package var text: String { "\(identity)/\(number)/\(key)" }
}

extension PlayRun.Reason {
  /// The word by which messages say it.
  package var code: String { description.replacing(" ", with: "-") }
}
