package import CustomerJourney
import Foundation
import GRDB

extension Store {
  // MARK: Reading messages

  package func message(_ id: Int64) throws -> Message? {
    try pool.read { db in try Self.message(id, db) }
  }

  static func message(_ id: Int64, _ db: Database) throws -> Message? {
    try Row.fetchOne(
      db.cachedStatement(sql: "SELECT \(messageColumns) FROM message m WHERE m.id = ?"),
      arguments: [id]
    ).map { try message($0) }
  }

  /// How a message came to stand where it stands, the oldest first.
  package func messageHistory(_ id: Int64) throws -> [MessageChange] {
    try pool.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT at, state, reason, detail FROM message_change WHERE message = ? ORDER BY number
          """, arguments: [id]
      ).map { row in
        guard let state = MessageState(rawValue: row[1]) else {
          throw StoreError.damaged(table: "message_change", reason: "no such state")
        }
        return MessageChange(
          at: Timestamp(milliseconds: row[0]), state: state, reason: Self.reason(row[2], row[3]))
      }
    }
  }

  /// Which messages are looked for.
  package struct MessageFilter: Sendable {
    package var state: MessageState?
    package var play: String?
    package var channel: MessageChannel?
    /// All messages to any identity of this customer.
    package var customer: Int64?

    package init(
      state: MessageState? = nil, play: String? = nil, channel: MessageChannel? = nil,
      customer: Int64? = nil
    ) {
      self.state = state
      self.play = play
      self.channel = channel
      self.customer = customer
    }

    fileprivate var sql: (condition: String, arguments: StatementArguments) {
      var conditions = ["TRUE"]
      var arguments = StatementArguments()
      func add(_ condition: String, _ values: StatementArguments) {
        conditions.append(condition)
        arguments += values
      }
      if let state { add("m.state = ?", [state.rawValue]) }
      if let play { add("m.play = ?", [play]) }
      if let channel { add("m.channel = ?", [channel.rawValue]) }
      if let customer {
        add(
          """
          (m.customer = ? OR m.customer IN
            (SELECT identity FROM identity_owner WHERE customer = ?))
          """, [customer, customer])
      }
      return (conditions.joined(separator: " AND "), arguments)
    }
  }

  /// The newest first.
  package func messages(
    _ filter: MessageFilter = MessageFilter(), offset: Int = 0, limit: Int
  ) throws -> [Message] {
    try pool.read { db in
      let (condition, arguments) = filter.sql
      return try Row.fetchAll(
        db,
        sql: """
          SELECT \(Self.messageColumns) FROM message m WHERE \(condition)
          ORDER BY m.id DESC LIMIT ? OFFSET ?
          """, arguments: arguments + [limit, offset]
      ).map { try Self.message($0) }
    }
  }

  /// How many there are in each state, of those that the filter lets through whatever their state.
  package func messageCounts(
    _ filter: MessageFilter = MessageFilter()
  ) throws -> [MessageState: Int] {
    var filter = filter
    filter.state = nil
    let (condition, arguments) = filter.sql
    return try pool.read { db in
      var counts: [MessageState: Int] = [:]
      let cursor = try Row.fetchCursor(
        db, sql: "SELECT m.state, count(*) FROM message m WHERE \(condition) GROUP BY m.state",
        arguments: arguments)
      while let row = try cursor.next() {
        if let state = MessageState(rawValue: row[0]) { counts[state] = row[1] }
      }
      return counts
    }
  }

  /// What may have reached any identity of a customer since a moment, the oldest first: what caps
  /// count.
  package func messagesThatMayHaveArrived(
    to customer: Int64, since: Timestamp
  ) throws -> [Message] {
    try pool.read { db in
      try Row.fetchAll(
        db.cachedStatement(sql: Self.arrivedSQL), arguments: [customer, since.milliseconds]
      ).map { try Self.message($0) }
    }
  }

  static let arrivedSQL = """
    SELECT \(messageColumns) FROM message m
    WHERE \(isOfCustomer) AND m.changed >= ?2 AND +m.state IN
      (\(MessageState.allCases.filter(\.mayHaveArrived).map { "'\($0.rawValue)'" }.joined(separator: ", ")))
    ORDER BY m.changed, m.id
    """

  /// Messages of all identities that ever were a customer's, ?1. What else is asked of them must leave
  /// their index to be the one that is used: a plus before the state keeps that one's out, through which
  /// all that wait would be looked at for one customer.
  static let isOfCustomer = """
    m.customer IN (SELECT ?1 UNION ALL SELECT identity FROM identity_owner WHERE customer = ?1)
    """

  static let messageColumns = """
    m.id, m.play, m.version, m.key, m.step, m.customer, m.channel, m.purpose, m.template,
    m.language, m.variant, m.data, m.priority, m.due, m.state, m.reason, m.detail, m.claim,
    m.failures, m.lease_ends, m.is_handed_over, m.created, m.changed
    """

  static func message(_ r: Row) throws -> Message {
    guard let channel = MessageChannel(rawValue: r[6]),
      let purpose = MessagePurpose(rawValue: r[7]), let state = MessageState(rawValue: r[14])
    else { throw StoreError.damaged(table: "message", reason: "no such channel, purpose or state") }
    let due = Timestamp(milliseconds: r[13])
    return Message(
      id: r[0],
      intent: MessageIntent(
        origin: MessageOrigin(play: r[1], version: r[2], key: r[3], step: r[4]), customer: r[5],
        channel: channel, purpose: purpose, template: r[8],
        language: (r[9] as String?).flatMap { Language(rawValue: $0) }, variant: r[10],
        data: r[11], priority: r[12], due: due),
      standing: MessageStanding(
        state: state, reason: reason(r[15], r[16]), due: due, claim: r[17], failures: r[18],
        leaseEnds: (r[19] as Int64?).map { Timestamp(milliseconds: $0) }, isHandedOver: r[20]),
      created: Timestamp(milliseconds: r[21]), changed: Timestamp(milliseconds: r[22]))
  }

  private static func reason(_ code: String?, _ detail: String?) -> MessageReason? {
    code.map { MessageReason($0, detail ?? "") }
  }

  // MARK: Addresses that are closed

  /// An address to which nothing is sent any more.
  package struct Suppression: Hashable, Sendable {
    /// Of the address, under the project's key: it stays when the address itself is erased.
    package var digest: [UInt8]
    package var address: String?
    package var reason: MessageReason
    package var at: Timestamp

    package init(digest: [UInt8], address: String?, reason: MessageReason, at: Timestamp) {
      self.digest = digest
      self.address = address
      self.reason = reason
      self.at = at
    }
  }

  /// Closes an address. The first reason stays.
  package func suppress(_ suppression: Suppression) throws {
    try write { db in
      try db.execute(
        sql: """
          INSERT INTO suppression (digest, address, reason, detail, at) VALUES (?, ?, ?, ?, ?)
          ON CONFLICT (digest) DO NOTHING
          """,
        arguments: [
          Data(suppression.digest), suppression.address, suppression.reason.code,
          suppression.reason.detail, suppression.at.milliseconds,
        ])
    }
  }

  package func suppression(_ digest: [UInt8]) throws -> Suppression? {
    try pool.read { db in
      try Row.fetchOne(
        db.cachedStatement(
          sql: "SELECT digest, address, reason, detail, at FROM suppression WHERE digest = ?"),
        arguments: [Data(digest)]
      ).map { Self.suppression($0) }
    }
  }

  /// The last ones first.
  package func suppressions(limit: Int) throws -> [Suppression] {
    try pool.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT digest, address, reason, detail, at FROM suppression ORDER BY at DESC LIMIT ?
          """, arguments: [limit]
      ).map { Self.suppression($0) }
    }
  }

  /// Opens an address again; false when it wasn't closed.
  package func unsuppress(_ digest: [UInt8]) throws -> Bool {
    try write { db in
      try db.execute(
        sql: "DELETE FROM suppression WHERE digest = ?", arguments: [Data(digest)])
      return db.changesCount == 1
    }
  }

  private static func suppression(_ row: Row) -> Suppression {
    Suppression(
      digest: Array(row[0] as Data), address: row[1], reason: MessageReason(row[2], row[3]),
      at: Timestamp(milliseconds: row[4]))
  }
}
