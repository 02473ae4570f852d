package import CustomerJourney
import GRDB

extension Store {
  // MARK: Decisions of people

  /// Makes two customers one. The stronger key stays; of two of one kind, `survivor`.
  ///
  /// Both keys stand for the customers that they belong to now. Throws ``IdentityProblem``.
  package func join(_ loser: String, into survivor: String, at now: Timestamp) throws {
    try deciding { db in
      var (one, other) = (
        try Self.customerNow(of: Self.identity(loser, db), db),
        try Self.customerNow(of: Self.identity(survivor, db), db)
      )
      guard one != other else { throw IdentityProblem.same }
      if try Self.kind(one, db) < Self.kind(other, db) { swap(&one, &other) }
      try Self.undo("apart", one, other, now, db)
      try db.execute(
        sql: """
          INSERT INTO identity_decision (verdict, one, other, decided) VALUES ('join', ?, ?, ?)
          """, arguments: [one, other, now.milliseconds])
      return [one, other]
    }
  }

  /// Takes back that two identities are one person's: a decision to join them, and what was said of
  /// both. Throws ``IdentityProblem``.
  package func part(_ key: String, from otherKey: String, at now: Timestamp) throws {
    try deciding { db in
      let (one, other) = (try Self.identity(key, db), try Self.identity(otherKey, db))
      let wasJoined = try Self.undo("join", one, other, now, db)
      let wasNamed =
        try Bool.fetchOne(
          db,
          sql: """
            SELECT EXISTS (SELECT 1 FROM identity_link
              WHERE (weak = ?1 AND strong = ?2) OR (weak = ?2 AND strong = ?1))
            """, arguments: [one, other]) ?? false
      guard wasJoined || wasNamed else { throw IdentityProblem.notTogether }
      if wasNamed {
        try Self.undo("apart", one, other, now, db)
        try db.execute(
          sql: """
            INSERT INTO identity_decision (verdict, one, other, decided) VALUES ('apart', ?, ?, ?)
            """, arguments: [one, other, now.milliseconds])
      }
      return [one, other]
    }
  }

  /// Takes back what ``part(_:from:at:)`` did. Throws ``IdentityProblem``.
  package func unpart(_ key: String, from otherKey: String, at now: Timestamp) throws {
    try deciding { db in
      let (one, other) = (try Self.identity(key, db), try Self.identity(otherKey, db))
      let wasApart = try Self.undo("apart", one, other, now, db)
      let undoneJoin = try Row.fetchOne(
        db,
        sql: """
          SELECT one, other FROM identity_decision WHERE verdict = 'join' AND undone IS NOT NULL
            AND ((one = ?1 AND other = ?2) OR (one = ?2 AND other = ?1)) ORDER BY id DESC LIMIT 1
          """, arguments: [one, other])
      if let undoneJoin {
        try db.execute(
          sql: """
            INSERT INTO identity_decision (verdict, one, other, decided) VALUES ('join', ?, ?, ?)
            """,
          arguments: [undoneJoin[0] as Int64, undoneJoin[1] as Int64, now.milliseconds])
      }
      guard wasApart || undoneJoin != nil else { throw IdentityProblem.notApart }
      return [one, other]
    }
  }

  /// Says that a key, or every address of a domain (`@shop.nl`), names nobody; or that it does after
  /// all. Throws ``IdentityProblem``.
  package func setJunk(_ text: String, to isJunk: Bool) throws {
    let text = text.hasPrefix("@") ? text.lowercased() : text
    guard text.hasPrefix("@") ? text.utf8.count > 3 && text.contains(".") : !text.isEmpty else {
      throw IdentityProblem.badJunk
    }
    try deciding { db in
      try db.execute(
        sql: isJunk
          ? "INSERT INTO junk_identity (text) VALUES (?) ON CONFLICT DO NOTHING"
          : "DELETE FROM junk_identity WHERE text = ?", arguments: [text])
      guard text.hasPrefix("@") else {
        return try Int64.fetchAll(
          db, sql: "SELECT id FROM identity WHERE key = ?", arguments: [text])
      }
      return try Int64.fetchAll(
        db,
        sql: """
          SELECT id FROM identity WHERE key >= 'email:' AND key < 'email;'
            AND substr(key, -?) = ?
          """, arguments: [text.count, text])
    }
  }

  /// What people said names nobody, in order.
  package func junk() throws -> [String] {
    try pool.read { try String.fetchAll($0, sql: "SELECT text FROM junk_identity ORDER BY text") }
  }

  /// Writes what was decided of the identities that `decide` returns, and whose all are by it.
  private func deciding(_ decide: (Database) throws -> [Int64]) throws {
    try write { db in
      var settling = try Settling(db)
      for identity in try decide(db) { settling.add(identity) }
      try settling.settle(db)
    }
  }

  @discardableResult
  private static func undo(
    _ verdict: String, _ one: Int64, _ other: Int64, _ now: Timestamp, _ db: Database
  ) throws -> Bool {
    try db.execute(
      sql: """
        UPDATE identity_decision SET undone = ?4 WHERE undone IS NULL AND verdict = ?1
          AND ((one = ?2 AND other = ?3) OR (one = ?3 AND other = ?2))
        """, arguments: [verdict, one, other, now.milliseconds])
    return db.changesCount > 0
  }

  private static func identity(_ key: String, _ db: Database) throws -> Int64 {
    guard
      let number = try Int64.fetchOne(
        db, sql: "SELECT id FROM identity WHERE key = ?", arguments: [key])
    else { throw IdentityProblem.unknown }
    return number
  }

  private static func customerNow(of identity: Int64, _ db: Database) throws -> Int64 {
    try Settling.owners(of: identity, db).last?.customer ?? identity
  }

  private static func kind(_ identity: Int64, _ db: Database) throws -> IdentityKind {
    CustomerKey.kind(of: try Self.key(identity, db))
  }

  private static func key(_ identity: Int64, _ db: Database) throws -> String {
    try String.fetchOne(
      db.cachedStatement(sql: "SELECT key FROM identity WHERE id = ?"), arguments: [identity]) ?? ""
  }

  // MARK: Explanations

  /// Who a customer is, and why; nil when nobody ever had the key. Any key of the customer will do.
  package func identities(of key: String) throws -> CustomerIdentities? {
    guard let customer = try customer(key: key) else { return nil }
    return try pool.read { db in
      let numbers = try Int64.fetchAll(
        db,
        sql: """
          SELECT identity FROM identity_owner WHERE customer = ?1 UNION SELECT ?1 LIMIT ?2
          """, arguments: [customer, Limits.identitiesShown])
      var reader = EvidenceReader(db)
      try reader.read(upwardFrom: Set(numbers))
      let counted = reader.evidence.counted(of: numbers)
      var found = CustomerIdentities(customer: try Self.key(customer, db))
      for number in numbers {
        let key = try Self.key(number, db)
        var reasons: [CustomerIdentities.Reason] = []
        for reason in try Self.reasons(of: number, counted: counted, db) {
          if reason.state == .counts { reasons.append(reason) } else { found.apart.append(reason) }
        }
        found.identities.append(
          .init(
            key: key, kind: CustomerKey.kind(of: key).name,
            periods: try Self.periods(of: number, with: customer, db), reasons: reasons))
        found.alarms += try String.fetchAll(
          db, sql: "SELECT reason FROM identity_alarm WHERE identity = ?", arguments: [number]
        ).compactMap { AlarmReason(rawValue: $0).map { .init(key: key, reason: $0) } }
      }
      found.identities.sort {
        (CustomerKey.kind(of: $0.key), $0.key) < (CustomerKey.kind(of: $1.key), $1.key)
      }
      found.apart = Array(Set(found.apart)).sorted { ($0.key, $0.other) < ($1.key, $1.other) }
      return found
    }
  }

  private static func periods(
    of identity: Int64, with customer: Int64, _ db: Database
  ) throws -> [CustomerIdentities.Period] {
    let owners = try Settling.owners(of: identity, db)
    if owners.isEmpty { return [.init(from: nil, to: nil)] }
    return owners.enumerated().compactMap { index, owner in
      guard owner.customer == customer else { return nil }
      let next = index + 1 < owners.count ? owners[index + 1].since : nil
      return .init(
        from: owner.since == .min ? nil : Timestamp(milliseconds: owner.since),
        to: next.map { Timestamp(milliseconds: $0) })
    }
  }

  /// What was said and decided of one identity and those that it gives way to.
  private static func reasons(
    of identity: Int64, counted: [Int64: Set<Int64>], _ db: Database
  ) throws -> [CustomerIdentities.Reason] {
    let apart = Set(
      try Row.fetchAll(
        db,
        sql: """
          SELECT one, other FROM identity_decision
          WHERE undone IS NULL AND verdict = 'apart' AND (one = ?1 OR other = ?1)
          """, arguments: [identity]
      ).map { IdentityEvidence.Pair($0[0], $0[1]) })
    let key = try Self.key(identity, db)
    var reasons = try Row.fetchAll(
      db,
      sql: """
        SELECT l.strong, l.claimant, s.text, l.message_id, l.happened, l.weak FROM identity_link l
        JOIN name s ON s.id = l.source WHERE l.weak = ?
        ORDER BY l.happened DESC LIMIT \(Limits.ownersPerIdentity)
        """, arguments: [identity]
    ).map { row in
      let strong: Int64 = row[0]
      return CustomerIdentities.Reason(
        key: key, other: try Self.key(strong, db),
        claimant: (Claimant(rawValue: Int(row[1] as Int64)) ?? .browser).name, source: row[2],
        messageID: row[3], happened: Timestamp(milliseconds: row[4]),
        state: apart.contains(.init(identity, strong))
          ? .apart : counted[identity]?.contains(strong) ?? false ? .counts : .unproven)
    }
    // Those that were said of others and this one, and were parted, can be taken back from here too.
    for pair in apart where !reasons.contains(where: { $0.state == .apart }) {
      let other = pair.low == identity ? pair.high : pair.low
      reasons.append(
        .init(
          key: try Self.key(other, db), other: key, claimant: Claimant.person.name,
          happened: try decidedAt(pair, db), state: .apart))
    }
    let joins = try Row.fetchAll(
      db,
      sql: """
        SELECT other, decided, undone FROM identity_decision d WHERE verdict = 'join' AND one = ?1
          AND (undone IS NULL OR id = (SELECT max(id) FROM identity_decision e
            WHERE e.one = d.one AND e.other = d.other))
        """, arguments: [identity])
    for join in joins {
      reasons.append(
        .init(
          key: key, other: try Self.key(join[0], db), claimant: Claimant.person.name,
          happened: Timestamp(milliseconds: join[1]),
          state: join[2] as Int64? == nil ? .counts : .apart))
    }
    let undone = try Row.fetchAll(
      db,
      sql: """
        SELECT one, undone FROM identity_decision d WHERE verdict = 'join' AND other = ?1
          AND undone IS NOT NULL AND id = (SELECT max(id) FROM identity_decision e
            WHERE e.one = d.one AND e.other = d.other)
        """, arguments: [identity])
    for join in undone {
      reasons.append(
        .init(
          key: try Self.key(join[0], db), other: key, claimant: Claimant.person.name,
          happened: Timestamp(milliseconds: join[1]), state: .apart))
    }
    return reasons
  }

  private static func decidedAt(
    _ pair: IdentityEvidence.Pair, _ db: Database
  ) throws -> Timestamp {
    Timestamp(
      milliseconds: try Int64.fetchOne(
        db,
        sql: """
          SELECT max(decided) FROM identity_decision
          WHERE (one = ?1 AND other = ?2) OR (one = ?2 AND other = ?1)
          """, arguments: [pair.low, pair.high]) ?? 0)
  }

  /// What was said of two identities at once, the last that came first.
  package func lastLinks(limit: Int) throws -> [CustomerIdentities.Reason] {
    try pool.read { db in
      let rows = try Row.fetchAll(
        db,
        sql: """
          SELECT a.key, b.key, l.claimant, s.text, l.message_id, l.happened, l.weak, l.strong
          FROM identity_link l JOIN identity a ON a.id = l.weak JOIN identity b ON b.id = l.strong
          JOIN name s ON s.id = l.source ORDER BY l.received DESC, a.key, b.key LIMIT ?
          """, arguments: [limit])
      var reader = EvidenceReader(db)
      let numbers = Set(rows.map { $0[6] as Int64 })
      try reader.read(upwardFrom: numbers)
      let counted = reader.evidence.counted(of: numbers)
      return rows.map { row in
        let (weak, strong): (Int64, Int64) = (row[6], row[7])
        return .init(
          key: row[0], other: row[1],
          claimant: (Claimant(rawValue: Int(row[2] as Int64)) ?? .browser).name, source: row[3],
          messageID: row[4], happened: Timestamp(milliseconds: row[5]),
          state: counted[weak]?.contains(strong) == true
            ? .counts : reader.evidence.apart.contains(.init(weak, strong)) ? .apart : .unproven)
      }
    }
  }

  /// How many identities there is an alarm about, by reason.
  package func identityAlarms() throws -> [AlarmReason: Int] {
    try pool.read { db in
      try Row.fetchAll(db, sql: "SELECT reason, count(*) FROM identity_alarm GROUP BY reason")
        .reduce(into: [:]) { counts, row in
          if let reason = AlarmReason(rawValue: row[0]) { counts[reason] = row[1] }
        }
    }
  }

  /// Those about whom there is an alarm, by key.
  package func alarmedIdentities(limit: Int) throws -> [CustomerIdentities.Alarm] {
    try pool.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT i.key, a.reason FROM identity_alarm a JOIN identity i ON i.id = a.identity
          ORDER BY i.key LIMIT ?
          """, arguments: [limit]
      ).compactMap { row in
        AlarmReason(rawValue: row[1]).map { .init(key: row[0], reason: $0) }
      }
    }
  }
}
