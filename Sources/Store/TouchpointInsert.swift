import CustomerJourney
import GRDB

/// Inserts touchpoints and the other keys of their customers: what runs for everything that
/// ever happens.
struct TouchpointInsert {
  private let one: RawStatement
  /// Inserts ``rows`` at once: opening and closing the table and its index for each row took a third
  /// of an insert.
  private let many: RawStatement
  var linking: IdentityLinking
  /// Texts of rows, one after another; kept for its memory.
  private var texts: [UInt8] = []
  private var places: [TextPlace] = []
  /// The customers' numbers, a row each.
  private var customers: [Int64] = []

  private static let rows = 32
  private static let columns = 16

  /// A text of a row that is bound when all are written.
  private struct TextPlace {
    var parameter: Int32
    var bytes: Range<Int>
  }

  init(_ db: Database) throws {
    one = try RawStatement(Self.insert(rows: 1), db)
    many = try RawStatement(Self.insert(rows: Self.rows), db)
    linking = try IdentityLinking(db)
  }

  private static func insert(rows: Int) -> String {
    let marks = Array(repeating: "?", count: columns).joined(separator: ", ")
    // A statement that fails takes the whole transaction with it. Not to take back its own rows saves a
    // copy of every page that it changes, which is written to a file of its own.
    return """
      INSERT OR FAIL INTO touchpoint (customer, occurred, utc_offset, received, message_id, source,
        event, channel, origin, device, content, campaign, value, currency, properties,
        client_time)
      VALUES \(Array(repeating: "(\(marks))", count: rows).joined(separator: ", "))
      ON CONFLICT (coalesce(client_time, occurred), message_id) DO NOTHING
      """
  }

  /// Stores the touchpoints of batches in their order, and returns for each batch the indexes of those
  /// that were there before. Small batches share statements.
  mutating func run(
    _ batches: [CollectedBatch], _ numbers: inout KnownNumbers, _ db: Database
  ) throws -> [[Int]] {
    var known = batches.map { _ in [Int]() }
    var first = 0
    while first < batches.count {
      let rest = batches[first...]
      let small = rest.prefix { $0.touchpoints.count < Self.rows }
      guard small.count > 1 else {
        known[first] = try run(batches[first].touchpoints, &numbers, db)
        first += 1
        continue
      }
      let old = try run(small.flatMap(\.touchpoints), &numbers, db)
      var start = 0
      var next = old[...]
      for (place, batch) in zip(small.indices, small) {
        let end = start + batch.touchpoints.count
        let own = next.prefix { $0 < end }
        known[place] = own.map { $0 - start }
        next = next.dropFirst(own.count)
        start = end
      }
      first = small.endIndex
    }
    return known
  }

  /// Stores touchpoints in their order, and returns the indexes of those that were there before.
  private mutating func run(
    _ touchpoints: [Touchpoint], _ numbers: inout KnownNumbers, _ db: Database
  ) throws -> [Int] {
    var known: [Int] = []
    // By their places in memory: a copy of each took longer than reading its fields.
    try touchpoints.withUnsafeBufferPointer { touchpoints in
      var start = 0
      while start < touchpoints.count {
        let isWhole = touchpoints.count - start >= Self.rows
        let rows = start..<(start + (isWhole ? Self.rows : 1))
        let part = UnsafeBufferPointer(rebasing: touchpoints[rows])
        let added = try add(part, with: isWhole ? many : one, &numbers, db)
        let old = added == rows.count ? [] : try rowsThatWereThere(part, added: added, db)
        known += old.map { start + $0 }
        try addLinks(of: part, except: old, &numbers, db)
        start = rows.endIndex
      }
    }
    return known
  }

  /// Returns how many were new.
  private mutating func add(
    _ part: UnsafeBufferPointer<Touchpoint>, with statement: RawStatement,
    _ numbers: inout KnownNumbers, _ db: Database
  ) throws -> Int {
    texts.removeAll(keepingCapacity: true)
    places.removeAll(keepingCapacity: true)
    customers.removeAll(keepingCapacity: true)
    guard let first = part.baseAddress else { return 0 }
    for row in part.indices {
      try bind(first + row, from: Int32(row * Self.columns), to: statement, &numbers, db)
    }
    return try texts.withUnsafeBytes { texts in
      for place in places { statement.bind(place.parameter, uncopied: texts[place.bytes]) }
      return try statement.run(db)
    }
  }

  private mutating func bind(
    _ place: UnsafePointer<Touchpoint>, from base: Int32, to row: RawStatement,
    _ numbers: inout KnownNumbers, _ db: Database
  ) throws {
    try Self.check(place)
    let customer = try numbers.customer(place.pointee.customer, db)
    customers.append(customer)
    row.bind(base + 1, customer)
    row.bind(base + 2, place.pointee.occurred.milliseconds)
    row.bind(base + 3, place.pointee.utcOffsetMinutes.map(Int64.init))
    row.bind(base + 4, place.pointee.received.milliseconds)
    add(base + 5) { $0.append(place.pointee.messageID) }
    row.bind(base + 6, try numbers.name(.source, place.pointee.source, db))
    row.bind(base + 7, try numbers.name(.event, place.pointee.event.name, db))
    row.bind(base + 8, try numbers.name(.channel, place.pointee.channel.name, db))
    row.bind(base + 9, try numbers.name(.origin, place.pointee.origin?.name, db))
    row.bind(base + 10, try numbers.name(.device, place.pointee.device?.name, db))
    row.bind(base + 11, try numbers.name(.content, place.pointee.content, db))
    row.bind(base + 12, try numbers.name(.campaign, place.pointee.campaign, db))
    row.bind(base + 13, place.pointee.value?.minorUnits)
    add(base + 14) { if let value = place.pointee.value { $0.append(value.currency.code) } }
    add(base + 15) {
      if !place.pointee.properties.isEmpty {
        PropertyValue.append(place.pointee.properties, to: &$0)
      }
    }
    row.bind(base + 16, place.pointee.clientTime?.milliseconds)
  }

  private mutating func add(_ parameter: Int32, _ write: (inout [UInt8]) -> Void) {
    let start = texts.count
    write(&texts)
    places.append(TextPlace(parameter: parameter, bytes: start..<texts.count))
  }

  /// What the table checks too, but for whether JSON is JSON, which it is by its making: while events
  /// are stored SQLite looks at neither (docs/decisions/0011).
  private static func check(_ place: UnsafePointer<Touchpoint>) throws {
    let length = place.pointee.messageID.utf8.count
    guard length > 0,
      length <= Limits.messageIDCharacters
        || place.pointee.messageID.unicodeScalars.count <= Limits.messageIDCharacters,
      (place.pointee.utcOffsetMinutes ?? 0).magnitude <= Limits.utcOffsetMinutes
    else { throw DatabaseError(resultCode: .SQLITE_CONSTRAINT) }
  }

  /// Which rows of a part were not added: what was has the last numbers, in the order of the part.
  private func rowsThatWereThere(
    _ part: UnsafeBufferPointer<Touchpoint>, added: Int, _ db: Database
  ) throws -> [Int] {
    guard added > 0 else { return Array(part.indices) }
    let new = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT coalesce(client_time, occurred), message_id FROM touchpoint
          WHERE id > ? ORDER BY id
          """),
      arguments: [db.lastInsertedRowID - Int64(added)])
    var rest = new[...]
    return part.indices.filter { row in
      let touchpoint = part[row]
      guard let next = rest.first,
        next[0] as Int64 == (touchpoint.clientTime ?? touchpoint.occurred).milliseconds,
        next[1] as String == touchpoint.messageID
      else { return true }
      rest.removeFirst()
      return false
    }
  }

  private mutating func addLinks(
    of part: UnsafeBufferPointer<Touchpoint>, except old: [Int], _ numbers: inout KnownNumbers,
    _ db: Database
  ) throws {
    guard let first = part.baseAddress else { return }
    for row in part.indices where old.isEmpty || !old.contains(row) {
      let place = first + row
      if place.pointee.alsoKnownAs.isEmpty { continue }
      try linking.add(
        customers[row], key: place.pointee.customer, others: place.pointee.alsoKnownAs,
        said: IdentityLinking.Saying(
          happened: place.pointee.occurred, received: place.pointee.received,
          messageID: place.pointee.messageID,
          source: numbers.name(.source, place.pointee.source, db),
          claimant: place.pointee.claimant), &numbers, db)
    }
  }
}
