package import CustomerJourney
import Foundation
import GRDB

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
    try write { db in
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
    try write { db in
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

  static func playMark(_ db: Database) throws -> PlayMark? {
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
        db.cachedStatement(sql: Self.dueMessagesSQL),
        arguments: [customer, now.milliseconds, message]
      ).compactMap { row in
        MessagePurpose(rawValue: row[0]).map { ($0, row[1] as Int) }
      }
    }
  }

  static let dueMessagesSQL = """
    SELECT m.purpose, m.priority FROM message m
    WHERE \(isOfCustomer) AND +m.state = 'waiting' AND m.due <= ?2 AND m.id <> ?3
      AND m.channel NOT IN ('onsite', 'webhook', 'audience')
    """

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
