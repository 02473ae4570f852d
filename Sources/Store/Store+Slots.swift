package import CustomerJourney
import GRDB

extension Store {
  /// What the site may hold for a visitor.
  package struct SlotMessages: Sendable {
    package var customer: Int64
    /// Those that are to be shown or were, the highest priority first, then the newest.
    package var messages: [Message]
  }

  /// The messages for places on the site of the customer whose key this is; nil where there is none who
  /// may be shown anything.
  ///
  /// A browser can say whose it is, and nobody else can check that. So with `needsVoucher` a key counts
  /// that is a customer by itself, or whose tie to the customer somebody trusted has said too: a
  /// server, a file or a person.
  package func slotMessages(
    of key: String, needsVoucher: Bool, at now: Timestamp
  ) throws -> SlotMessages? {
    try pool.read { db in
      let owner = try Row.fetchOne(
        db.cachedStatement(
          sql: """
            SELECT i.id, \(Schema.customer(of: "i.id", at: "?2")) FROM identity i WHERE i.key = ?1
            """), arguments: [key, now.milliseconds])
      guard let owner else { return nil }
      let (identity, customer) = (owner[0] as Int64, owner[1] as Int64)
      guard try !needsVoucher || identity == customer || Self.isVouched(identity, customer, db)
      else { return nil }
      let messages = try Row.fetchAll(
        db.cachedStatement(
          sql: Self.slotMessagesSQL), arguments: [customer, now.milliseconds, now.iso8601]
      ).map { try Self.message($0) }
      return SlotMessages(customer: customer, messages: messages)
    }
  }

  static let slotMessagesSQL = """
    SELECT \(messageColumns) FROM message m
    WHERE \(isOfCustomer)
      AND m.channel = 'onsite' AND +m.state IN ('waiting', 'sent', 'delivered')
      AND m.due <= ?2 AND coalesce(json_extract(m.data, '$.until'), '9') > ?3
      AND \(Schema.customer(of: "m.customer", at: "m.created")) = ?1
    ORDER BY m.priority DESC, m.id DESC LIMIT \(Limits.slotMessages)
    """

  /// Whether one comes from the identity to the customer by words that are not a browser's.
  private static func isVouched(
    _ identity: Int64, _ customer: Int64, _ db: Database
  ) throws -> Bool {
    try Bool.fetchOne(
      db.cachedStatement(
        sql: """
          WITH RECURSIVE known (id, steps) AS (
            VALUES (?1, 0)
            UNION
            SELECT l.strong, k.steps + 1 FROM known k JOIN identity_link l ON l.weak = k.id
            WHERE l.claimant > \(Claimant.browser.rawValue)
              AND k.steps < \(IdentityKind.allCases.count)
            UNION
            SELECT d.other, k.steps + 1 FROM known k JOIN identity_decision d ON d.one = k.id
            WHERE d.verdict = 'join' AND d.undone IS NULL
              AND k.steps < \(IdentityKind.allCases.count))
          SELECT EXISTS (SELECT 1 FROM known WHERE id = ?2)
          """), arguments: [identity, customer]) ?? false
  }

  /// Lets go of what waited for a visitor who did not come in time. Returns how many that were.
  @discardableResult
  package func skipLateSlots(at now: Timestamp) throws -> Int {
    let late = try pool.read { db in
      try Int64.fetchAll(db, sql: Self.lateSlotsSQL, arguments: [now.iso8601])
    }
    guard !late.isEmpty else { return 0 }
    try note(late.map { MessageNote($0, .skipped(MessageReason("late"))) }, at: now)
    return late.count
  }

  static let lateSlotsSQL = """
    SELECT id FROM message INDEXED BY message_until
    WHERE state = 'waiting' AND channel = 'onsite'
      AND json_extract(data, '$.until') <= ? LIMIT \(Limits.lateSlotsAtOnce)
    """
}
