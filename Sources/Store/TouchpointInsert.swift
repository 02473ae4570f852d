import CustomerJourney
import GRDB

/// Inserts touchpoints and the other keys of their customers: what runs for everything that
/// ever happens.
struct TouchpointInsert {
  private let touchpoint: RawStatement
  var linking: IdentityLinking
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
    linking = try IdentityLinking(db)
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
      try linking.add(
        customer, key: one.customer, others: one.alsoKnownAs,
        said: IdentityLinking.Saying(
          happened: one.occurred, received: one.received, messageID: one.messageID,
          source: source, claimant: one.claimant), &numbers, db)
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
}
