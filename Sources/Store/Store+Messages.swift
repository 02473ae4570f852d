package import CustomerJourney
import Foundation
import GRDB

/// The outbox: a message is written here before anything of it is sent.
extension Store {
  // MARK: Writing down

  /// Writes messages down; nil for one whose step of a run made one before.
  @discardableResult
  package func plan(_ intents: [MessageIntent], at now: Timestamp) throws -> [Int64?] {
    try write { db in try intents.map { try Self.plan($0, at: now, db) } }
  }

  /// The same within the transaction that decides it, so that neither is without the other.
  @discardableResult
  static func plan(_ intent: MessageIntent, at now: Timestamp, _ db: Database) throws -> Int64? {
    guard intent.data.utf8.count <= Limits.messageDataBytes else {
      throw MessageProblem.tooMuchData(template: intent.template)
    }
    // Checked here, for the connection that writes checks nothing (docs/decisions/0011).
    guard (try? JSONSerialization.jsonObject(with: Data(intent.data.utf8))) is [String: Any] else {
      throw MessageProblem.badData(template: intent.template)
    }
    try db.cachedStatement(
      sql: """
        INSERT INTO message (play, version, key, step, customer, channel, purpose, template,
          language, variant, data, priority, due, state, created, changed)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'waiting', ?, ?)
        ON CONFLICT (play, version, key, step) DO NOTHING
        """
    ).execute(arguments: [
      intent.origin.play, intent.origin.version, intent.origin.key, intent.origin.step,
      intent.customer, intent.channel.rawValue, intent.purpose.rawValue, intent.template,
      intent.language?.rawValue, intent.variant, intent.data, min(max(intent.priority, 0), 9),
      intent.due.milliseconds, now.milliseconds, now.milliseconds,
    ])
    guard db.changesCount == 1 else { return nil }
    let id = db.lastInsertedRowID
    try addChange(id, MessageChange(at: now, state: .waiting, reason: nil), db)
    return id
  }

  /// Skips what still waits of one run, as when the customer bought. Returns how many that were.
  ///
  /// One that a sender has already is asked about again by the sender itself, just before it goes.
  @discardableResult
  package func skipWaiting(
    play: String, key: String, because reason: MessageReason, at now: Timestamp
  ) throws -> Int {
    try write { db in
      try Self.skipWaiting(play: play, key: key, because: reason, at: now, db)
    }
  }

  /// Through the index of runs, not through all that wait.
  static let waitingOfRunSQL = """
    SELECT id FROM message WHERE play = ? AND key = ? AND +state = 'waiting'
    """

  @discardableResult
  static func skipWaiting(
    play: String, key: String, because reason: MessageReason, at now: Timestamp, _ db: Database
  ) throws -> Int {
    let waiting = try Int64.fetchAll(
      db.cachedStatement(sql: waitingOfRunSQL),
      arguments: [play, key])
    for id in waiting {
      try apply(.skipped(reason), to: id, claim: nil, policy: MessagePolicy(), at: now, db)
    }
    return waiting.count
  }

  // MARK: Sending

  /// Takes messages that are due, the highest priority first, for a sender that has until `lease` to
  /// say what became of them. Of one customer only one at a time is with any sender: what became of it
  /// counts for the next.
  package func claimMessages(
    channels: [MessageChannel], limit: Int = Limits.messagesPerClaim, until lease: Timestamp,
    at now: Timestamp
  ) throws -> [Message] {
    // Looked for first without the right to write, which others want too.
    guard try isAnyDue(channels: channels, at: now) else { return [] }
    return try write { db in
      try Self.due(channels, limit: limit, now, db).compactMap { id in
        guard try !Self.hasAnotherClaimed(id, now, db) else { return nil }
        let standing = try Self.apply(
          .claimed(until: lease), to: id, claim: nil, policy: MessagePolicy(), at: now, db)
        return standing == nil ? nil : try Self.message(id, db)
      }
    }
  }

  package func isAnyDue(channels: [MessageChannel], at now: Timestamp) throws -> Bool {
    try pool.read { db in try !Self.due(channels, limit: 1, now, db).isEmpty }
  }

  /// Whether a sender has another message of the same customer, under whatever identity.
  private static func hasAnotherClaimed(
    _ id: Int64, _ now: Timestamp, _ db: Database
  ) throws -> Bool {
    try Bool.fetchOne(
      db.cachedStatement(
        sql: """
          WITH whose (customer) AS (
            SELECT \(Schema.customer(of: "m.customer", at: "?2")) FROM message m WHERE m.id = ?1)
          SELECT EXISTS (
            SELECT 1 FROM whose w, message o WHERE o.customer = w.customer AND o.state = 'claimed')
          OR EXISTS (
            SELECT 1 FROM whose w JOIN identity_owner i ON i.customer = w.customer
            JOIN message o ON o.customer = i.identity WHERE o.state = 'claimed')
          """), arguments: [id, now.milliseconds]) ?? false
  }

  private static func due(
    _ channels: [MessageChannel], limit: Int, _ now: Timestamp, _ db: Database
  ) throws -> [Int64] {
    var found: [Int64] = []
    // One look at the index for each, so that a million that wait cost nothing.
    for priority in stride(from: 9, through: 0, by: -1) where found.count < limit {
      var ofPriority: [(due: Int64, id: Int64)] = []
      for channel in channels {
        let rows = try Row.fetchAll(
          db.cachedStatement(
            sql: """
              SELECT m.due, m.id FROM message m
              WHERE m.state = 'waiting' AND m.channel = ? AND m.priority = ? AND m.due <= ?
                AND NOT EXISTS (
                  SELECT 1 FROM message o WHERE o.customer = m.customer AND o.state = 'claimed')
              ORDER BY m.due LIMIT ?
              """),
          arguments: [channel.rawValue, priority, now.milliseconds, limit - found.count])
        ofPriority += rows.map { ($0[0], $0[1]) }
      }
      ofPriority.sort { $0 < $1 }
      found += ofPriority.prefix(limit - found.count).map(\.id)
    }
    return found
  }

  /// When the next message is due; nil when none waits.
  package func nextDue(channels: [MessageChannel]) throws -> Timestamp? {
    try pool.read { db in
      var first: Int64?
      for channel in channels {
        for priority in 0...9 {
          let due = try Int64.fetchOne(
            db.cachedStatement(
              sql: """
                SELECT min(due) FROM message
                WHERE state = 'waiting' AND channel = ? AND priority = ?
                """), arguments: [channel.rawValue, priority])
          if let due { first = min(first ?? due, due) }
        }
      }
      return first.map { Timestamp(milliseconds: $0) }
    }
  }

  /// Notes what happened, in one transaction. The answer has nil where it no longer counts: the claim is
  /// another's now, or a message that stands there cannot become that. What is to be handed over, but
  /// was decided on before the last thing that is known of the customer, is put off instead, to be
  /// decided on again.
  @discardableResult
  package func note(
    _ notes: [MessageNote], policy: MessagePolicy = MessagePolicy(), at now: Timestamp
  ) throws -> [MessageStanding?] {
    try write { db in
      try notes.map { note in
        var happening = note.happening
        if happening == .handedOver, let asOf = note.asOf, try Self.hasNews(since: asOf, db) {
          happening = .putOff(
            until: now.adding(seconds: 1), MessageReason("journey-changed"))
        }
        return try Self.apply(
          happening, to: note.message, claim: note.claim, policy: policy, at: now, db)
      }
    }
  }

  /// How much is known of anybody now; to be read before what is decided by it.
  package func knowledge() throws -> CustomerMark {
    try pool.read { db in
      let row = try Row.fetchOne(
        db.cachedStatement(
          sql: """
            SELECT coalesce((SELECT max(id) FROM touchpoint), 0),
              coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'journey_change'), 0),
              coalesce((SELECT max(id) FROM profile_change), 0),
              coalesce((SELECT max(id) FROM consent_entry), 0)
            """))
      return CustomerMark(
        touchpoint: row?[0] ?? 0, journeyChange: row?[1] ?? 0, profileChange: row?[2] ?? 0,
        consent: row?[3] ?? 0)
    }
  }

  /// Whether more is known of a customer than a mark says.
  private static func hasNews(since mark: CustomerMark, _ db: Database) throws -> Bool {
    try Bool.fetchOne(
      db.cachedStatement(
        sql: """
          WITH own (identity) AS (
            SELECT ?1 UNION SELECT identity FROM identity_owner WHERE customer = ?1)
          SELECT EXISTS (
              SELECT 1 FROM journey_change WHERE id > ?3 AND customer IN (SELECT identity FROM own))
            OR EXISTS (
              SELECT 1 FROM touchpoint WHERE id > ?2 AND customer IN (SELECT identity FROM own))
            OR EXISTS (
              SELECT 1 FROM profile_change
              WHERE id > ?4 AND customer IN (SELECT identity FROM own))
            OR EXISTS (
              SELECT 1 FROM consent_entry
              WHERE id > ?5 AND customer IN (SELECT identity FROM own))
          """),
      arguments: [
        mark.customer, mark.touchpoint, mark.journeyChange, mark.profileChange, mark.consent,
      ]) ?? false
  }

  /// Frees what senders had that were not heard of. Returns how many that were.
  @discardableResult
  package func endLeases(policy: MessagePolicy, at now: Timestamp) throws -> Int {
    let isAny = try pool.read { db in
      try Bool.fetchOne(
        db,
        sql: """
          SELECT EXISTS (SELECT 1 FROM message WHERE state = 'claimed' AND lease_ends <= ?)
          """, arguments: [now.milliseconds]) ?? false
    }
    guard isAny else { return 0 }
    return try write { db in
      let over = try Int64.fetchAll(
        db, sql: "SELECT id FROM message WHERE state = 'claimed' AND lease_ends <= ?",
        arguments: [now.milliseconds])
      for id in over {
        try Self.apply(.leaseEnded, to: id, claim: nil, policy: policy, at: now, db)
      }
      return over.count
    }
  }

  @discardableResult
  static func apply(
    _ happening: MessageHappening, to id: Int64, claim: Int?, policy: MessagePolicy,
    at now: Timestamp, _ db: Database
  ) throws -> MessageStanding? {
    guard let message = try message(id, db), claim == nil || claim == message.standing.claim else {
      return nil
    }
    guard
      let next = try? message.standing.after(
        happening, purpose: message.intent.purpose, policy: policy, at: now)
    else { return nil }
    try db.cachedStatement(
      sql: """
        UPDATE message SET state = ?, reason = ?, detail = ?, due = ?, claim = ?, failures = ?,
          lease_ends = ?, is_handed_over = ?, changed = ?
        WHERE id = ?
        """
    ).execute(arguments: [
      next.state.rawValue, next.reason?.code, next.reason?.detail, next.due.milliseconds,
      next.claim, next.failures, next.leaseEnds?.milliseconds, next.isHandedOver,
      now.milliseconds, id,
    ])
    // A claim says nothing that its end doesn't say.
    if next.state != .claimed {
      try addChange(id, MessageChange(at: now, state: next.state, reason: next.reason), db)
    }
    return next
  }

  private static func addChange(_ id: Int64, _ change: MessageChange, _ db: Database) throws {
    try db.cachedStatement(
      sql: """
        INSERT INTO message_change (message, number, at, state, reason, detail, is_told)
        VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM message_change WHERE message = ?1),
          ?2, ?3, ?4, ?5, ?6)
        """
    ).execute(arguments: [
      id, change.at.milliseconds, change.state.rawValue, change.reason?.code,
      change.reason?.detail, change.state.event == nil,
    ])
  }
}

extension Store {
  /// A change that makes a touchpoint which isn't stored yet.
  package struct UntoldChange: Sendable {
    package var message: Message
    /// The key of the customer, as touchpoints name somebody.
    package var customer: String
    package var number: Int
    package var change: MessageChange
  }

  /// Changes whose touchpoints are to be stored: whoever stores them marks them with
  /// ``markTold(_:)`` afterwards, and may do both again after it was stopped in between.
  package func untoldChanges(limit: Int) throws -> [UntoldChange] {
    try pool.read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT c.message, c.number, c.at, c.state, c.reason, c.detail, i.key
          FROM message_change c JOIN message m ON m.id = c.message
          JOIN identity i ON i.id = m.customer
          WHERE c.is_told = 0 LIMIT ?
          """, arguments: [limit])
      return try rows.compactMap { row in
        guard let message = try Self.message(row[0] as Int64, db),
          let state = MessageState(rawValue: row[3])
        else { return nil }
        return UntoldChange(
          message: message, customer: row[6], number: row[1],
          change: MessageChange(
            at: Timestamp(milliseconds: row[2]), state: state,
            reason: (row[4] as String?).map { MessageReason($0, row[5] ?? "") }))
      }
    }
  }

  package func markTold(_ changes: [UntoldChange]) throws {
    guard !changes.isEmpty else { return }
    try write { db in
      for change in changes {
        try db.cachedStatement(
          sql: "UPDATE message_change SET is_told = 1 WHERE message = ? AND number = ?"
        ).execute(arguments: [change.message.id, change.number])
      }
    }
  }
}

/// A message cannot be written down.
package enum MessageProblem: Error, Hashable, CustomStringConvertible {
  case tooMuchData(template: String)
  case badData(template: String)

  package var description: String {
    switch self {
    case .tooMuchData(let template):
      "The data of a message with the content \(template) are larger than "
        + "\(Limits.messageDataBytes) bytes: give it fewer products."
    case .badData(let template):
      "The data of a message with the content \(template) are no JSON object: write "
        + "{\"name\": value}."
    }
  }
}

extension Store {
}
