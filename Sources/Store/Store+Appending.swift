package import CustomerJourney
import Foundation
import GRDB
import Synchronization

extension Store {
  /// What a batch became.
  package struct Appended: Equatable, Sendable {
    /// Touchpoints that are new.
    package var stored = 0
    /// Profile changes that are new.
    package var profiles = 0
    /// Of both, already there: the same time by the client's clock, and message id.
    package var duplicates = 0
    package var rejected = 0
    /// Which of the batch's touchpoints were already there, by index.
    package var knownTouchpoints: [Int] = []

    package init(
      stored: Int = 0, profiles: Int = 0, duplicates: Int = 0, rejected: Int = 0,
      knownTouchpoints: [Int] = []
    ) {
      self.stored = stored
      self.profiles = profiles
      self.duplicates = duplicates
      self.rejected = rejected
      self.knownTouchpoints = knownTouchpoints
    }
  }

  /// Stores touchpoints in one transaction: all of them or, when this throws, nothing.
  @discardableResult
  package func append(
    _ touchpoints: [Touchpoint], profiles: [ProfileChange] = []
  ) throws -> Appended {
    try append([CollectedBatch(touchpoints: touchpoints, profiles: profiles)])[0]
  }

  /// Stores batches in one transaction: all of them or, when this throws, nothing.
  ///
  /// Throws ``StoreError/unavailable(reason:)`` when the disk or the file doesn't take them, and any
  /// other error when it is the batches that cannot be stored.
  package func append(_ batches: [CollectedBatch]) throws -> [Appended] {
    guard batches.contains(where: { !$0.isEmpty }) else { return batches.map { _ in Appended() } }
    do {
      return try Cores.inForeground {
        try pool.writeWithoutTransaction { db in
          var appended: [Appended] = []
          try db.inTransaction(.immediate) {
            appended = try insert(batches, db)
            return .commit
          }
          return appended
        }
      }
    } catch {
      // What was rolled back has no numbers.
      known.withLock { $0 = KnownNumbers() }
      throw Self.told(error)
    }
  }

  func insert(_ whole: [CollectedBatch], _ db: Database) throws -> [Appended] {
    let away = try erasedKeys(db)
    // Taken out and put back, for a shared dictionary would be copied. There is one writer.
    var numbers = known.withLock { exchange(&$0, with: KnownNumbers()) }
    defer { known.withLock { [numbers] in $0 = numbers } }
    var insertion = try TouchpointInsert(db)
    var accounts = AccountLinking()
    var consenting: Set<Int64> = []
    var batches = whole
    let gone =
      away.digests.isEmpty
      ? whole.map { _ in [] } : batches.indices.map { batches[$0].keepAway(away) }
    let known = try insertion.run(batches, &numbers, db)
    let appended = try batches.indices.map { place in
      let (batch, gone, known) = (batches[place], gone[place], known[place])
      var appended = Appended()
      appended.knownTouchpoints = known
      appended.duplicates = appended.knownTouchpoints.count
      appended.stored = batch.touchpoints.count - appended.duplicates
      if !gone.isEmpty {
        // What is kept away is told apart from what is new, and nothing more is said of it.
        let kept = whole[place].touchpoints.indices.filter { !gone.contains($0) }
        appended.knownTouchpoints = (gone + appended.knownTouchpoints.map { kept[$0] }).sorted()
      }
      for change in batch.profiles {
        guard !change.customer.isEmpty else {
          // Of a company alone.
          try accounts.add(change, of: nil, db)
          appended.profiles += 1
          continue
        }
        let isNew = try insert(change, &insertion, &numbers, db)
        if isNew, change.account != nil {
          try accounts.add(change, of: try numbers.customer(change.customer, db), db)
        }
        if isNew { appended.profiles += 1 } else { appended.duplicates += 1 }
      }
      // Who has a touchpoint in the batch is looked at anew anyway.
      let active = batch.consents.isEmpty ? [] : Set(batch.touchpoints.map(\.customer))
      for claim in batch.consents {
        let identity = try numbers.customer(claim.customer, db)
        if try Self.add(claim, of: identity, db), !active.contains(claim.customer) {
          consenting.insert(identity)
        }
      }
      for event in batch.rejected { try insert(event, db) }
      appended.rejected = batch.rejected.count
      return appended
    }
    try insertion.linking.settle(db)
    try accounts.settle(db)
    for identity in consenting { try Self.noteConsent(of: identity, db) }
    return appended
  }

  /// Errors of the disk and the file as a reader may hear them; others as they are.
  static func told(_ error: any Error) -> any Error {
    guard let error = error as? DatabaseError else { return error }
    switch error.resultCode {
    case .SQLITE_FULL: return StoreError.unavailable(reason: "the disk is full")
    case .SQLITE_READONLY: return StoreError.unavailable(reason: "the data folder is read-only")
    case .SQLITE_IOERR: return StoreError.unavailable(reason: "the disk reports an error")
    case .SQLITE_CANTOPEN:
      return StoreError.unavailable(reason: "a file of the data folder does not open")
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return StoreError.unavailable(reason: "another program keeps the database locked")
    case .SQLITE_NOMEM: return StoreError.unavailable(reason: "there is no memory")
    case .SQLITE_CORRUPT, .SQLITE_NOTADB:
      return StoreError.unavailable(reason: "the database file is damaged")
    default: return error
    }
  }

  private func insert(
    _ change: ProfileChange, _ insertion: inout TouchpointInsert, _ numbers: inout KnownNumbers,
    _ db: Database
  ) throws -> Bool {
    let customer = try numbers.customer(change.customer, db)
    let source = try numbers.name(.source, change.source, db)
    if let messageID = change.messageID {
      let insert = try db.cachedStatement(
        sql: """
          INSERT INTO profile_change (customer, occurred, client_time, received, message_id, source,
            traits, account, account_traits)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
          ON CONFLICT (coalesce(client_time, occurred), message_id) DO NOTHING
          """)
      insert.setUncheckedArguments([
        customer, change.occurred.milliseconds, change.clientTime?.milliseconds,
        change.received.milliseconds, messageID, source,
        change.traits.isEmpty ? nil : PropertyValue.json(change.traits), change.account,
        change.accountTraits.isEmpty ? nil : PropertyValue.json(change.accountTraits),
      ])
      try insert.execute()
      guard db.changesCount > 0 else { return false }
    }
    if !change.alsoKnownAs.isEmpty {
      try insertion.linking.add(
        customer, key: change.customer, others: change.alsoKnownAs,
        said: IdentityLinking.Saying(
          happened: change.occurred, received: change.received,
          messageID: change.messageID ?? "", source: source, claimant: change.claimant),
        &numbers, db)
    }
    let setTrait = try db.cachedStatement(
      sql: """
        INSERT INTO trait (customer, name, value, source, set_at, claimant)
        VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (customer, name) DO UPDATE SET
          value = excluded.value, source = excluded.source, set_at = excluded.set_at,
          claimant = excluded.claimant
        WHERE (excluded.claimant > 0, excluded.set_at, excluded.value)
          >= (claimant > 0, set_at, value)
        """)
    let taken = try TraitRoom(change, of: customer, db)
    for (name, value) in change.traits {
      if let claim = ConsentClaim(trait: name, value, of: change) {
        // A column of a file, or a trait that a client sets, is a line of the ledger.
        if try Self.add(claim, of: customer, db) { try Self.noteConsent(of: customer, db) }
        continue
      }
      guard taken.takes(name) else { continue }
      setTrait.setUncheckedArguments([
        customer, name, value.json, change.source, change.occurred.milliseconds,
        change.claimant.rawValue,
      ])
      try setTrait.execute()
    }
    // What has no place in the log of changes is told to the search here.
    if change.messageID == nil { try SearchIndex.noteChange(of: customer, db) }
    return true
  }

  private func insert(_ event: RejectedEvent, _ db: Database) throws {
    let request = try JSONEncoder().encode(event.request)
    try db.cachedStatement(
      sql: """
        INSERT INTO rejected_event (kind, source, dialect, reason, received, request)
        VALUES (?, ?, ?, ?, ?, ?)
        """
    ).execute(arguments: [
      event.kind.rawValue, event.source, event.dialect, event.reason,
      event.received.milliseconds, String(decoding: request, as: UTF8.self),
    ])
    // The oldest go, so that a client that sends nonsense cannot fill the disk.
    try db.cachedStatement(sql: "DELETE FROM rejected_event WHERE id <= ?")
      .execute(arguments: [db.lastInsertedRowID - Int64(Limits.rejectedEvents)])
  }
}
