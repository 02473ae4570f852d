import CustomerJourney
import GRDB

/// Inserts touchpoints and the other keys of their customers: what runs for everything that
/// ever happens.
struct TouchpointInsert {
  private let touchpoint: RawStatement
  private let link: RawStatement
  /// A row's texts, one after another; kept for its memory.
  private var texts: [UInt8] = []

  init(_ db: Database) throws {
    touchpoint = try RawStatement(
      """
      INSERT INTO touchpoint (customer, occurred, utc_offset, received, message_id, source,
        event, channel, origin, device, content, campaign, value, currency, properties,
        client_time)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (coalesce(client_time, occurred), message_id) DO NOTHING
      """, db)
    link = try RawStatement(
      """
      INSERT INTO identity_link (customer, other, message_id, source, received)
      VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
      """, db)
  }

  /// True when it was new.
  mutating func run(
    _ one: borrowing Touchpoint, _ numbers: inout KnownNumbers, _ db: Database
  ) throws -> Bool {
    let customer = try numbers.customer(one.customer, db)
    let source = try numbers.name(.source, one.source, db)
    touchpoint.bind(1, customer)
    touchpoint.bind(2, one.occurred.milliseconds)
    touchpoint.bind(3, one.utcOffsetMinutes.map(Int64.init))
    touchpoint.bind(4, one.received.milliseconds)
    touchpoint.bind(6, source)
    touchpoint.bind(7, try numbers.name(.event, one.event.name, db))
    touchpoint.bind(8, try numbers.name(.channel, one.channel.name, db))
    touchpoint.bind(9, try numbers.name(.origin, one.origin?.name, db))
    touchpoint.bind(10, try numbers.name(.device, one.device?.name, db))
    touchpoint.bind(11, try numbers.name(.content, one.content, db))
    touchpoint.bind(12, try numbers.name(.campaign, one.campaign, db))
    touchpoint.bind(13, one.value?.minorUnits)
    touchpoint.bind(16, one.clientTime?.milliseconds)
    texts.removeAll(keepingCapacity: true)
    texts.append(contentsOf: one.messageID.utf8)
    let endOfID = texts.count
    if let value = one.value { texts.append(contentsOf: value.currency.code.utf8) }
    let endOfCurrency = texts.count
    if !one.properties.isEmpty { PropertyValue.append(one.properties, to: &texts) }
    try Self.check(one, idLength: endOfID)
    let isNew = try texts.withUnsafeBytes { texts in
      touchpoint.bind(5, uncopied: texts[..<endOfID])
      touchpoint.bind(14, uncopied: texts[endOfID..<endOfCurrency])
      touchpoint.bind(15, uncopied: texts[endOfCurrency...])
      return try touchpoint.run(db) > 0
    }
    if isNew, !one.alsoKnownAs.isEmpty {
      try addLinks(
        customer, to: one.alsoKnownAs, messageID: one.messageID, source: source,
        received: one.received, &numbers, db)
    }
    return isNew
  }

  /// What the table checks too, but for whether JSON is JSON, which it is by its making: while events
  /// are stored SQLite looks at neither (docs/decisions/0011).
  private static func check(_ one: borrowing Touchpoint, idLength: Int) throws {
    guard idLength > 0,
      idLength <= Limits.messageIDCharacters
        || one.messageID.unicodeScalars.count <= Limits.messageIDCharacters,
      (one.utcOffsetMinutes ?? 0).magnitude <= Limits.utcOffsetMinutes
    else { throw DatabaseError(resultCode: .SQLITE_CONSTRAINT) }
  }

  /// Keeps that a message names one customer by several keys, the first time that one does.
  func addLinks(
    _ customer: Int64, to others: [String], messageID: String, source: Int64?,
    received: Timestamp, _ numbers: inout KnownNumbers, _ db: Database
  ) throws {
    for key in others {
      guard numbers.isNewLink(customer, key) else { continue }
      link.bind(1, customer)
      link.bind(2, key)
      link.bind(3, messageID)
      link.bind(4, source)
      link.bind(5, received.milliseconds)
      try link.run(db)
    }
  }
}
