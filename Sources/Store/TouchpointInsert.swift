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
    _ place: UnsafePointer<Touchpoint>, _ numbers: inout KnownNumbers, _ db: Database
  ) throws -> Bool {
    let customer = try numbers.customer(place.pointee.customer, db)
    let source = try numbers.name(.source, place.pointee.source, db)
    touchpoint.bind(1, customer)
    touchpoint.bind(2, place.pointee.occurred.milliseconds)
    touchpoint.bind(3, place.pointee.utcOffsetMinutes.map(Int64.init))
    touchpoint.bind(4, place.pointee.received.milliseconds)
    touchpoint.bind(6, source)
    touchpoint.bind(7, try numbers.name(.event, place.pointee.event.name, db))
    touchpoint.bind(8, try numbers.name(.channel, place.pointee.channel.name, db))
    touchpoint.bind(9, try numbers.name(.origin, place.pointee.origin?.name, db))
    touchpoint.bind(10, try numbers.name(.device, place.pointee.device?.name, db))
    touchpoint.bind(11, try numbers.name(.content, place.pointee.content, db))
    touchpoint.bind(12, try numbers.name(.campaign, place.pointee.campaign, db))
    touchpoint.bind(13, place.pointee.value?.minorUnits)
    touchpoint.bind(16, place.pointee.clientTime?.milliseconds)
    texts.removeAll(keepingCapacity: true)
    Self.append(place.pointee.messageID, to: &texts)
    let endOfID = texts.count
    if let value = place.pointee.value { Self.append(value.currency.code, to: &texts) }
    let endOfCurrency = texts.count
    if !place.pointee.properties.isEmpty { PropertyValue.append(place.pointee.properties, to: &texts) }
    try Self.check(place, idLength: endOfID)
    let isNew = try texts.withUnsafeBytes { texts in
      touchpoint.bind(5, uncopied: texts[..<endOfID])
      touchpoint.bind(14, uncopied: texts[endOfID..<endOfCurrency])
      touchpoint.bind(15, uncopied: texts[endOfCurrency...])
      return try touchpoint.run(db) > 0
    }
    if isNew, !place.pointee.alsoKnownAs.isEmpty {
      try addLinks(
        customer, to: place.pointee.alsoKnownAs, messageID: place.pointee.messageID, source: source,
        received: place.pointee.received, &numbers, db)
    }
    return isNew
  }

  /// What the table checks too, but for whether JSON is JSON, which it is by its making: while events
  /// are stored SQLite looks at neither (docs/decisions/0011).
  private static func check(_ place: UnsafePointer<Touchpoint>, idLength: Int) throws {
    guard idLength > 0,
      idLength <= Limits.messageIDCharacters
        || place.pointee.messageID.unicodeScalars.count <= Limits.messageIDCharacters,
      (place.pointee.utcOffsetMinutes ?? 0).magnitude <= Limits.utcOffsetMinutes
    else { throw DatabaseError(resultCode: .SQLITE_CONSTRAINT) }
  }

  private static func append(_ text: String, to bytes: inout [UInt8]) {
    var text = text
    text.withUTF8 { text in
      bytes.append(addingCapacity: text.count) { out in
        out.withUnsafeMutableBufferPointer { out, count in
          out.copy(text)
          count = text.count
        }
      }
    }
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
