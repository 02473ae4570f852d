package import CustomerJourney
import Foundation
import GRDB

/// Who was found, and whether there are more than were looked for.
package struct FoundCustomers: Sendable, Equatable {
  package var customers: [Int64]
  /// True when not everybody was looked at: more letters find fewer.
  package var isCut: Bool

  package init(customers: [Int64], isCut: Bool) {
    self.customers = customers
    self.isCut = isCut
  }
}

extension Store {
  /// Customers of whom a key begins with a text, or of whom each word of it begins a word of what is
  /// known of them. Keys first.
  package func search(_ text: String, limit: Int) throws -> FoundCustomers {
    let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !text.isEmpty, limit > 0 else { return FoundCustomers(customers: [], isCut: false) }
    return try pool.read { db in
      var found = Found(limit: limit)
      for prefix in Self.keyPrefixes(text) where !found.isFull {
        // A range instead of LIKE: the index is used, and no character of it is a wildcard.
        let cursor = try Int64.fetchCursor(
          db.cachedStatement(
            sql: "SELECT id FROM identity WHERE key >= ? AND key < ? ORDER BY key"),
          arguments: [prefix, prefix + "\u{10FFFF}"])
        while !found.isFull, let identity = try cursor.next() { try found.add(identity, db) }
      }
      for words in SearchText.asked(text) where !found.isFull {
        try Self.find(words, into: &found, db)
      }
      return FoundCustomers(
        customers: Array(found.customers.prefix(limit)),
        isCut: found.isCut || found.customers.count > limit)
    }
  }

  /// One more than asked for, to know whether there are.
  private struct Found {
    let limit: Int
    var customers: [Int64] = []
    var isCut = false
    private var seen: Set<Int64> = []

    init(limit: Int) { self.limit = limit }

    var isFull: Bool { customers.count > limit }

    mutating func add(_ identity: Int64, _ db: Database) throws {
      let customer = try Store.customer(of: identity, db)
      if seen.insert(customer).inserted { customers.append(customer) }
    }
  }

  private static func customer(of identity: Int64, _ db: Database) throws -> Int64 {
    try Int64.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT customer FROM identity_owner WHERE identity = ? ORDER BY since DESC LIMIT 1
          """), arguments: [identity]) ?? identity
  }

  /// A key as it is, and with what keys of each kind begin with.
  private static func keyPrefixes(_ text: String) -> [String] {
    let lower = text.lowercased()
    return [text]
      + IdentityKind.allCases.filter { $0 != .user }.map { kind in
        kind.prefix + (kind == .email ? lower : kind == .phone ? text.filter { $0 != " " } : text)
      }
  }

  private static func find(_ words: [String], into found: inout Found, _ db: Database) throws {
    // The rarest word says whom to look at.
    let count = try db.cachedStatement(
      sql: """
        SELECT count(*) FROM (SELECT 1 FROM search_word WHERE word >= ? AND word < ? LIMIT ?)
        """)
    var rarest: (word: String, count: Int)?
    for word in words {
      let number =
        try Int.fetchOne(
          count, arguments: [word, word + "\u{10FFFF}", Limits.customersFound]) ?? 0
      if number < rarest?.count ?? .max { rarest = (word, number) }
    }
    guard let rarest, rarest.count > 0 else { return }
    let others = words.filter { $0 != rarest.word }
    let isFew = rarest.count < Limits.customersFound
    let candidates = try RawStatement(
      """
      SELECT w.identity, \(others.isEmpty ? "''" : "e.words || e.orders")
      FROM search_word w \(others.isEmpty ? "" : "CROSS JOIN search_entry e ON e.identity = w.identity")
      WHERE w.word >= ? AND w.word < ? ORDER BY w.word LIMIT ?
      """, db)
    candidates.bind(1, rarest.word)
    candidates.bind(2, rarest.word + "\u{10FFFF}")
    let most = others.isEmpty ? (found.limit + 1) * 8 : Limits.searchCandidates
    candidates.bind(3, Int64(most))
    var looked = 0
    var fitting: [Int64] = []
    try candidates.forEachRow(db) { row in
      looked += 1
      guard fitting.count <= found.limit || isFew else { return }
      let identity = row.number(0)
      let own = row.text(1) ?? ""
      if others.allSatisfy({ own.contains(" " + $0) }) {
        fitting.append(identity)
      } else if isFew {
        // Of several keys of one customer each may say a part.
        let customer = try Self.customer(of: identity, db)
        let all =
          try String.fetchOne(
            db.cachedStatement(
              sql: """
                SELECT group_concat(words || orders, '') FROM search_entry WHERE identity IN
                  (SELECT ?1 UNION SELECT identity FROM identity_owner WHERE customer = ?1)
                """), arguments: [customer]) ?? ""
        if others.allSatisfy({ all.contains(" " + $0) }) { fitting.append(identity) }
      }
    }
    for identity in fitting where !found.isFull { try found.add(identity, db) }
    if looked >= most { found.isCut = true }
  }

  /// What of a customer fits to what was asked for, and what people call the customer.
  package func match(_ customer: Int64, to text: String) throws -> FoundCustomer {
    try pool.read { db in
      let identities = try Self.identities(of: customer, db)
      let marks = databaseQuestionMarks(count: identities.count)
      let numbers = StatementArguments(identities)
      let asked = SearchText.asked(text).flatMap { $0 }
      let lower = text.trimmingCharacters(in: .whitespacesAndNewlines).lowercased()
      func fits(_ words: [String]) -> Bool {
        words.contains { word in asked.contains { word.hasPrefix($0) } }
      }
      var found = FoundCustomer(customer: "")
      let keys = try Row.fetchCursor(
        db.cachedStatement(
          sql: "SELECT id, key FROM identity WHERE id IN (\(marks)) ORDER BY key"),
        arguments: numbers)
      while let row = try keys.next() {
        let key: String = row[1]
        let kind = CustomerKey.kind(of: key)
        let rest = String(key.dropFirst(kind.prefix.count))
        if row[0] as Int64 == customer { found.customer = key }
        if rest.lowercased().hasPrefix(lower) || key.lowercased().hasPrefix(lower)
          || fits(SearchText.words(ofKey: key))
        {
          found.because.append(.init(.key, kind.name, rest))
        }
      }
      var traits: [String: TraitRank] = [:]
      for rows in TraitRank.rows {
        let cursor = try Row.fetchCursor(
          db.cachedStatement(
            sql: "SELECT name, value, weight, set_at FROM (\(rows)) WHERE customer IN (\(marks))"),
          arguments: numbers)
        while let row = try cursor.next() {
          let name: String = row[0]
          let new = TraitRank(weight: row[2], setAt: row[3], json: row[1])
          if let old = traits[name], old > new { continue }
          traits[name] = new
        }
      }
      let values = try traits.compactMapValues { try $0.json.map(PropertyValue.init(storedJSON:)) }
      found.name = PersonName.of { values[$0] }
      for (name, value) in values.sorted(by: { $0.key < $1.key })
      where fits(SearchText.words(ofTrait: name, value))
        // An address or a number that is a key has been said.
        && !found.because.contains(where: { $0.text.lowercased() == value.description.lowercased() }
        )
      {
        found.because.append(.init(.trait, name, value.description))
      }
      let orders = try String.fetchAll(
        db.cachedStatement(
          sql: "SELECT orders FROM search_entry WHERE identity IN (\(marks))"),
        arguments: numbers)
      let numbersSaid = orders.flatMap { $0.split(separator: " ").map(String.init) }
      for number in numbersSaid.filter({ fits([$0]) }).prefix(3) {
        found.because.append(.init(.order, "", number))
      }
      let accounts = try Row.fetchCursor(
        db.cachedStatement(
          sql: """
            SELECT DISTINCT account, json_extract(account_traits, '$.name') FROM profile_change
            WHERE customer IN (\(marks)) AND account IS NOT NULL LIMIT 20
            """), arguments: numbers)
      while let row = try accounts.next() {
        let name = (row[1] as DatabaseValue).storage.value.map { "\($0)" } ?? (row[0] as String)
        if fits(SearchText.words(name) + SearchText.words(row[0] as String)) {
          let match = FoundCustomer.Match(.account, "", name)
          if !found.because.contains(match) { found.because.append(match) }
        }
      }
      return found
    }
  }
}
