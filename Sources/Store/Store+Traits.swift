package import Access
package import CustomerJourney
import Foundation
import GRDB

/// What was said of one trait, by what makes it count: a person's word most, a browser's least, then
/// the last one most.
struct TraitRank: Comparable {
  var weight: Int
  var setAt: Int64
  /// Nil where somebody here said that it is not so.
  var json: String?

  static func < (a: Self, b: Self) -> Bool {
    (a.weight, a.setAt, a.json ?? "") < (b.weight, b.setAt, b.json ?? "")
  }

  /// What clients said, and what people here decided, with the same columns.
  static let rows = [
    """
    SELECT customer, name, value, source, set_at, claimant, claimant > 0 AS weight FROM trait
    """,
    """
    SELECT identity AS customer, name, value, decided_by AS source, decided AS set_at, 3 AS claimant,
      2 AS weight FROM trait_decision
    """,
  ]
}

/// Which traits of a change have room at their identity.
struct TraitRoom {
  /// Names that are there already; nil where all have room.
  private let known: Set<String>?

  init(_ change: ProfileChange, of identity: Int64, _ db: Database) throws {
    guard !change.traits.isEmpty else {
      known = nil
      return
    }
    let count = try db.cachedStatement(sql: "SELECT count(*) FROM trait WHERE customer = ?")
    let there = try Int.fetchOne(count, arguments: [identity]) ?? 0
    guard there + change.traits.count > Limits.traitsPerCustomer else {
      known = nil
      return
    }
    var names = Set(
      try String.fetchAll(
        db, sql: "SELECT name FROM trait WHERE customer = ?", arguments: [identity]))
    // In the order of their names, so that the same change always leaves the same ones out.
    for name in change.traits.keys.sorted() where names.count < Limits.traitsPerCustomer {
      names.insert(name)
    }
    known = names
  }

  func takes(_ name: String) -> Bool { known?.contains(name) ?? true }
}

extension PropertyValue {
  init(storedJSON json: String) throws {
    self = try JSONDecoder().decode(PropertyValue.self, from: Data(json.utf8))
  }
}

extension Store {
  /// Each trait of a customer, by name: whose word it is, and what was said before. Any key will do.
  package func profileTraits(of key: String) throws -> [ProfileTrait] {
    guard let customer = try customer(key: key) else { return [] }
    return try pool.read { db in
      let identities = try Self.identities(of: customer, db)
      let marks = databaseQuestionMarks(count: identities.count)
      var said: [String: [(rank: TraitRank, said: ProfileTrait.Said)]] = [:]
      for rows in TraitRank.rows {
        let cursor = try Row.fetchCursor(
          db,
          sql: """
            SELECT r.name, r.value, r.weight, r.set_at, r.claimant, r.source, i.key
            FROM (\(rows)) r JOIN identity i ON i.id = r.customer
            WHERE r.customer IN (\(marks))
              AND \(Schema.customer(of: "r.customer", at: "r.set_at")) = ?
            """, arguments: StatementArguments(identities) + [customer])
        while let row = try cursor.next() {
          let rank = TraitRank(weight: row[2], setAt: row[3], json: row[1])
          let claimant = Claimant(rawValue: Int(row[4] as Int64)) ?? .browser
          said[row[0], default: []].append(
            (
              rank,
              ProfileTrait.Said(
                value: try rank.json.map(PropertyValue.init(storedJSON:)),
                said: .init(
                  at: Timestamp(milliseconds: rank.setAt), claimant: claimant.name, source: row[5],
                  identity: row[6]))
            ))
        }
      }
      let log = try Self.earlierTraits(of: identities, customer, db)
      return said.keys.sorted().compactMap { name -> ProfileTrait? in
        var all = said[name]?.sorted { $0.rank > $1.rank } ?? []
        guard !all.isEmpty else { return nil }
        let best = all.removeFirst().said
        var trait = ProfileTrait(name: name, value: best.value, said: best.said)
        let others = (all.map { $0.said } + (log[name] ?? [])).sorted { $0.said.at > $1.said.at }
        for one in others
        where one.value != best.value && !trait.earlier.contains(where: { $0.value == one.value })
          && trait.earlier.count < Limits.earlierValues
        {
          trait.earlier.append(one)
        }
        return trait
      }
    }
  }

  static func identities(of customer: Int64, _ db: Database) throws -> [Int64] {
    try Int64.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT ?1 UNION SELECT identity FROM identity_owner WHERE customer = ?1 LIMIT ?2
          """), arguments: [customer, Limits.identitiesShown])
  }

  /// What the log of changes has, the last first.
  private static func earlierTraits(
    of identities: [Int64], _ customer: Int64, _ db: Database
  ) throws -> [String: [ProfileTrait.Said]] {
    var said: [String: [ProfileTrait.Said]] = [:]
    let cursor = try Row.fetchCursor(
      db,
      sql: """
        SELECT p.traits, p.occurred, s.text, i.key FROM profile_change p
        JOIN name s ON s.id = p.source JOIN identity i ON i.id = p.customer
        WHERE p.customer IN (\(databaseQuestionMarks(count: identities.count)))
          AND p.traits IS NOT NULL AND \(Schema.customer(of: "p.customer", at: "p.occurred")) = ?
        ORDER BY p.occurred DESC LIMIT ?
        """,
      arguments: StatementArguments(identities) + [customer, Limits.profileChangesRead])
    while let row = try cursor.next() {
      let json: String = row[0]
      let traits = try JSONDecoder().decode([String: PropertyValue].self, from: Data(json.utf8))
      let saying = ProfileTrait.Saying(
        at: Timestamp(milliseconds: row[1]), claimant: nil, source: row[2], identity: row[3])
      for (name, value) in traits where said[name]?.last?.value != value {
        said[name, default: []].append(.init(value: value, said: saying))
      }
    }
    return said
  }

  /// Keeps what a person here says of a trait of the customer who has `key`, together with the deed.
  /// Throws ``TraitProblem``.
  package func decide(
    _ decision: TraitDecision, trait name: String, of key: String, noting deed: Deed
  ) throws {
    let name = name.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard !name.isEmpty else { throw TraitProblem.noName }
    guard name.utf8.count <= Limits.nameCharacters else { throw TraitProblem.longName }
    if case .holds(.text(let text)) = decision, text.utf8.count > Limits.traitBytes {
      throw TraitProblem.longValue
    }
    guard let customer = try customer(key: key) else { throw TraitProblem.unknownCustomer }
    try write { db in
      let identities = try Self.identities(of: customer, db)
      // Of several keys of a customer only one has a person's word, that of the customer.
      let marks = databaseQuestionMarks(count: identities.count)
      try db.execute(
        sql: "DELETE FROM trait_decision WHERE identity IN (\(marks)) AND name = ?",
        arguments: StatementArguments(identities) + [name])
      let wasThere = db.changesCount > 0
      switch decision {
      case .takenBack:
        guard wasThere else { throw TraitProblem.nothingToTakeBack }
      case .holds, .isNotSo:
        let count = try Int.fetchOne(
          db, sql: "SELECT count(*) FROM trait_decision WHERE identity = ?", arguments: [customer])
        guard count ?? 0 < Limits.traitsPerCustomer else { throw TraitProblem.tooMany }
        var json: String?
        if case .holds(let value) = decision { json = value.json }
        try db.execute(
          sql: "INSERT INTO trait_decision VALUES (?, ?, ?, ?, ?)",
          arguments: [customer, name, json, deed.at.milliseconds, deed.actor])
      }
      try SearchIndex.noteChange(of: customer, db)
      // Segments and phases may ask for it.
      try Settling.noteChange(of: [customer], db)
      try Self.note(deed, db)
    }
  }

  // MARK: Calculated traits

  /// By name.
  package func calculatedTraits() throws -> [CalculatedTrait] {
    try pool.read { db in
      try Row.fetchAll(
        db, sql: "SELECT name, definition, created FROM calculated_trait ORDER BY name"
      )
      .map {
        CalculatedTrait(name: $0[0], definition: $0[1], created: Timestamp(milliseconds: $0[2]))
      }
    }
  }

  /// Throws ``TraitProblem``.
  package func add(_ trait: CalculatedTrait) throws {
    try write { db in
      guard
        try Int.fetchOne(db, sql: "SELECT count(*) FROM calculated_trait") ?? 0
          < Limits.calculatedTraits
      else { throw TraitProblem.tooManyCalculated }
      try db.execute(
        sql: "INSERT INTO calculated_trait VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        arguments: [trait.name, trait.definition, trait.created.milliseconds])
      guard db.changesCount > 0 else { throw TraitProblem.nameTaken(trait.name) }
    }
  }

  /// Throws ``TraitProblem``.
  package func removeCalculatedTrait(named name: String) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM calculated_trait WHERE name = ?", arguments: [name])
      guard db.changesCount > 0 else { throw TraitProblem.unknownCalculated(name) }
    }
  }

  // MARK: The profile

  /// Companies and other groups that clients said a customer is of, by the client's id, with the name
  /// where they said one.
  package func accounts(of key: String) throws -> [(id: String, name: String?)] {
    guard let customer = try customer(key: key) else { return [] }
    return try pool.read { db in
      let identities = try Self.identities(of: customer, db)
      var accounts: [(id: String, name: String?)] = []
      let cursor = try Row.fetchCursor(
        db,
        sql: """
          SELECT account, json_extract(account_traits, '$.name') FROM profile_change
          WHERE customer IN (\(databaseQuestionMarks(count: identities.count)))
            AND account IS NOT NULL ORDER BY occurred DESC LIMIT ?
          """, arguments: StatementArguments(identities) + [Limits.profileChangesRead])
      while let row = try cursor.next() {
        let id: String = row[0]
        // A name may be a number.
        let name = (row[1] as DatabaseValue).storage.value.map { "\($0)" }
        if let known = accounts.firstIndex(where: { $0.id == id }) {
          accounts[known].name = accounts[known].name ?? name
        } else {
          accounts.append((id, name))
        }
      }
      return accounts
    }
  }

  /// Seconds from UTC on the person's own clock, by row, where it is known.
  package func utcOffsets(rows: [Int64]) throws -> [Int64: Int] {
    try pool.read { db in
      var offsets: [Int64: Int] = [:]
      for chunk in rows.chunks(of: 500) {
        let cursor = try Row.fetchCursor(
          db,
          sql: """
            SELECT id, utc_offset FROM touchpoint
            WHERE id IN (\(databaseQuestionMarks(count: chunk.count))) AND utc_offset IS NOT NULL
            """, arguments: StatementArguments(chunk))
        while let row = try cursor.next() { offsets[row[0]] = (row[1] as Int) * 60 }
      }
      return offsets
    }
  }
}
