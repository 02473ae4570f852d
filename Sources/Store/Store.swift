package import CustomerJourney
package import Foundation
import GRDB
import Synchronization

/// The truth: every touchpoint, customer and setting of one data folder, in SQLite.
///
/// Writes are durable when the call returns (WAL with `synchronous=FULL`). Any number of processes
/// may open the same folder; what one commits, the others see.
package final class Store: Sendable {
  let pool: DatabasePool
  /// Only asks whether anybody committed; a connection never sees its own commits that way.
  let watcher: DatabaseQueue
  /// Numbers of names and customers that were looked up before; they never change.
  private let known = Mutex(KnownNumbers())

  /// The database file's name in a data folder.
  package static let fileName = "klantreis.sqlite"

  /// Opens the data folder's database, and makes both when they aren't there.
  package init(folder: URL) throws {
    // Customers' data are their owner's to read; SQLite gives its other files the same mode.
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    var configuration = Configuration()
    configuration.busyMode = .timeout(30)
    configuration.prepareDatabase { db in
      try db.execute(sql: "PRAGMA synchronous = FULL")
      try db.execute(sql: "PRAGMA cache_size = -65536")
    }
    let path = folder.appending(path: Self.fileName).path
    if !FileManager.default.fileExists(atPath: path) {
      _ = FileManager.default.createFile(
        atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
    }
    do {
      pool = try DatabasePool(path: path, configuration: configuration)
      try Schema.migrator.migrate(pool)
      configuration.readonly = true
      watcher = try DatabaseQueue(path: path, configuration: configuration)
    } catch let error as DatabaseError {
      throw StoreError.cannotOpen(path: path, reason: error.message ?? "\(error.resultCode)")
    }
  }

  /// What a batch became.
  package struct Appended: Equatable, Sendable {
    package var stored = 0
    /// Already there: the same moment and message id.
    package var duplicates = 0
  }

  /// Stores a batch in one transaction: all of it or, when this throws, nothing.
  @discardableResult
  package func append(
    _ touchpoints: [Touchpoint], traits: [TraitChange] = []
  ) throws -> Appended {
    guard !touchpoints.isEmpty || !traits.isEmpty else { return Appended() }
    do {
      return try pool.write { db in try append(touchpoints, traits, db) }
    } catch {
      // What was rolled back has no numbers.
      known.withLock { $0 = KnownNumbers() }
      throw error
    }
  }

  private func append(
    _ touchpoints: [Touchpoint], _ traits: [TraitChange], _ db: Database
  ) throws -> Appended {
    // Taken out and put back, for a shared dictionary would be copied. There is one writer.
    var numbers = known.withLock { exchange(&$0, with: KnownNumbers()) }
    defer { known.withLock { [numbers] in $0 = numbers } }
    var appended = Appended()
    let insert = try db.cachedStatement(
      sql: """
        INSERT INTO touchpoint (customer, occurred, utc_offset, received, message_id, source,
          event, channel, origin, device, content, campaign, value, currency, properties)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (occurred, message_id) DO NOTHING
        """)
    for touchpoint in touchpoints {
      let customer = try numbers.customer(touchpoint.customer, db)
      insert.setUncheckedArguments([
        customer, touchpoint.occurred.milliseconds, touchpoint.utcOffsetMinutes,
        touchpoint.received.milliseconds, touchpoint.messageID,
        try numbers.name(.source, touchpoint.source, db),
        try numbers.name(.event, touchpoint.event.name, db),
        try numbers.name(.channel, touchpoint.channel.name, db),
        try numbers.name(.origin, touchpoint.origin?.name, db),
        try numbers.name(.device, touchpoint.device?.name, db),
        try numbers.name(.content, touchpoint.content, db),
        try numbers.name(.campaign, touchpoint.campaign, db),
        touchpoint.value?.minorUnits, touchpoint.value?.currency.code,
        touchpoint.properties.isEmpty ? nil : PropertyValue.json(touchpoint.properties),
      ])
      try insert.execute()
      if db.changesCount > 0 { appended.stored += 1 } else { appended.duplicates += 1 }
    }
    let setTrait = try db.cachedStatement(
      sql: """
        INSERT INTO trait (customer, name, value, source, set_at) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (customer, name) DO UPDATE SET
          value = excluded.value, source = excluded.source, set_at = excluded.set_at
        WHERE excluded.set_at >= set_at
        """)
    for change in traits {
      let customer = try numbers.customer(change.customer, db)
      for (name, value) in change.traits {
        setTrait.setUncheckedArguments([
          customer, name, value.json, change.source, change.time.milliseconds,
        ])
        try setTrait.execute()
      }
    }
    return appended
  }

  /// New values for traits of one customer; an older change never overwrites a newer one.
  package struct TraitChange: Sendable {
    package var customer: String
    package var traits: [String: PropertyValue]
    package var source: String
    package var time: Timestamp

    package init(
      customer: String, traits: [String: PropertyValue], source: String, time: Timestamp
    ) {
      self.customer = customer
      self.traits = traits
      self.source = source
      self.time = time
    }
  }
}

package enum StoreError: Error, CustomStringConvertible {
  case cannotOpen(path: String, reason: String)
  case damaged(table: String, reason: String)

  package var description: String {
    switch self {
    case .cannotOpen(let path, let reason):
      "The database \(path) does not open: \(reason). Check that the folder is writable and that "
        + "the file is a Klantreis database, or name another folder with --data."
    case .damaged(let table, let reason):
      "A row of the table \(table) cannot be read: \(reason). Restore the data folder from a copy."
    }
  }
}

/// The kinds of name that a touchpoint holds by number.
package enum NameKind: String, CaseIterable, Sendable {
  case event, channel, origin, device, content, campaign, source
}

/// Numbers of names and customers, kept so that a batch costs no look-up for what was seen before.
private struct KnownNumbers {
  private var names: [NameKind: [String: Int64]] = [:]
  private var customers: [String: Int64] = [:]
  /// Past this many of a kind all are forgotten and looked up again: memory stays bounded.
  private static let most = 200_000

  mutating func name(_ kind: NameKind, _ text: String?, _ db: Database) throws -> Int64? {
    guard let text, !text.isEmpty else { return nil }
    if let number = names[kind]?[text] { return number }
    let number = try Self.number(
      select: "SELECT id FROM name WHERE kind = ? AND text = ?",
      insert: "INSERT INTO name (kind, text) VALUES (?, ?)", [kind.rawValue, text], db)
    if names[kind, default: [:]].count >= Self.most { names[kind] = [:] }
    names[kind, default: [:]][text] = number
    return number
  }

  mutating func customer(_ key: String, _ db: Database) throws -> Int64 {
    if let number = customers[key] { return number }
    let number = try Self.number(
      select: "SELECT id FROM customer WHERE key = ?",
      insert: "INSERT INTO customer (key) VALUES (?)", [key], db)
    if customers.count >= Self.most { customers = [:] }
    customers[key] = number
    return number
  }

  private static func number(
    select: String, insert: String, _ arguments: StatementArguments, _ db: Database
  ) throws -> Int64 {
    let find = try db.cachedStatement(sql: select)
    if let number = try Int64.fetchOne(find, arguments: arguments) { return number }
    try db.cachedStatement(sql: insert).execute(arguments: arguments)
    return db.lastInsertedRowID
  }
}
