package import CustomerJourney
import Foundation
import GRDB

extension Store {
  // MARK: Reading

  package func hasAccounts() throws -> Bool {
    try pool.read { try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM account)") ?? false }
  }

  /// All accounts with their members and roles, in the order of their keys.
  package func accounts() throws -> [Account] { try accounts(.all) }

  /// One account; nil when nobody ever named it.
  package func account(key: String) throws -> Account? {
    guard let number = try pool.read({ try Self.accountNumber(key, $0) }) else { return nil }
    return try accounts(.account(number)).first
  }

  /// Accounts to which some customers belong or belonged.
  package func accounts(ofCustomers customers: [Int64]) throws -> [Account] {
    guard try hasAccounts() else { return [] }
    return try accounts(.customers(customers)).filter { !$0.members.isEmpty }
  }

  private func accounts(_ scope: MembershipReader.Scope) throws -> [Account] {
    let (settings, found, beginnings, rows, traits, domains) = try pool.read { db in
      let reader = try MembershipReader(scope, db)
      var beginnings = reader.beginnings
      if case .account(let account) = scope {
        // Where else its people belong decides from when they belong here.
        let people = Array(Set(reader.pairs.keys.map(\.customer)))
        beginnings = try MembershipReader(.customers(people), db).beginnings
          .filter { $0.key.account == account }
      }
      let (condition, arguments): (String, StatementArguments) =
        switch scope {
        case .all: ("", [])
        case .account(let account): ("WHERE id = ?", [account])
        case .customers:
          (
            "WHERE id IN (SELECT value FROM json_each(?))",
            ["[\(Set(reader.pairs.keys.map(\.account)).map(String.init).joined(separator: ","))]"]
          )
        }
      let rows = try Row.fetchAll(
        db, sql: "SELECT id, key FROM account \(condition) ORDER BY key", arguments: arguments)
      let chosen = "WHERE account IN (SELECT id FROM account \(condition))"
      var traits: [Int64: [String: PropertyValue]] = [:]
      for row in try Row.fetchAll(
        db, sql: "SELECT account, name, value FROM account_trait \(chosen)", arguments: arguments)
      {
        traits[row[0], default: [:]][row[1]] = try Self.value(row[2])
      }
      var domains: [Int64: [String]] = [:]
      for row in try Row.fetchAll(
        db, sql: "SELECT account, domain FROM account_domain \(chosen) ORDER BY domain",
        arguments: arguments)
      {
        domains[row[0], default: []].append(row[1])
      }
      return (try Self.accountSettings(db), reader.pairs, beginnings, rows, traits, domains)
    }
    let isMember = found.filter { $0.value.isMember }
    let people = try self.traits(of: Array(Set(isMember.keys.map(\.customer))))
    var members: [Int64: [Account.Member]] = [:]
    for (pair, found) in isMember {
      members[pair.account, default: []].append(
        Account.Member(
          customer: pair.customer,
          from: beginnings[pair].map { Timestamp(milliseconds: $0) },
          until: found.until.map { Timestamp(milliseconds: $0.moment) },
          roles: Self.roles(found.roles?.text, people[pair.customer] ?? [:], settings)))
    }
    return rows.map { row in
      let id: Int64 = row[0]
      return Account(
        id: id, key: row[1], traits: traits[id] ?? [:], domains: domains[id] ?? [],
        members: (members[id] ?? []).sorted { $0.customer < $1.customer })
    }
  }

  /// Those that a person here gave, else those of the traits.
  private static func roles(
    _ given: String?, _ traits: [String: PropertyValue], _ settings: AccountSettings
  ) -> [String] {
    if let given { return settings.roles(in: given) }
    let said = AccountSettings.roleTraits.compactMap { traits[$0]?.description }
    return settings.roles(in: said.joined(separator: ","))
  }

  private static func value(_ json: String) throws -> PropertyValue {
    try JSONDecoder().decode(PropertyValue.self, from: Data(json.utf8))
  }

  /// The roles that customers have now in accounts to which they belong; of all, or of some.
  package func accountRoles(
    of customers: [Int64]? = nil, at now: Timestamp
  ) throws -> [Int64: Set<String>] {
    guard try hasAccounts() else { return [:] }
    let found = try customers.map { try self.accounts(ofCustomers: $0) } ?? self.accounts()
    var roles: [Int64: Set<String>] = [:]
    for member in found.lazy.flatMap(\.members)
    where !member.roles.isEmpty && member.isMember(at: now) {
      roles[member.customer, default: []].formUnion(member.roles)
    }
    return roles
  }

  /// Why each customer belongs to an account or does not, by the customer's number.
  package func accountEvidence(of account: Int64) throws -> [Int64: [AccountEvidence]] {
    try pool.read { db in
      try MembershipReader(.account(account), evidence: true, db).pairs
        .reduce(into: [:]) { all, pair in
          all[pair.key.customer] = pair.value.evidence.sorted {
            ($0.happened ?? .epoch, $0.key) < ($1.happened ?? .epoch, $1.key)
          }
        }
    }
  }

  // MARK: By hand

  /// Makes an account, or adds to the traits of one. Throws ``AccountProblem``.
  package func setAccount(
    key: String, traits: [String: PropertyValue], at now: Timestamp
  ) throws {
    let key = key.trimmed
    guard !key.isEmpty, key.count <= Limits.nameCharacters else { throw AccountProblem.badKey }
    try write { db in
      var linking = AccountLinking()
      try linking.add(
        ProfileChange(
          customer: "", account: key, accountTraits: traits, occurred: now, source: "by hand",
          claimant: .person), of: nil, db)
      try linking.settle(db)
    }
  }

  /// Says that a domain is an account's, or no longer. Throws ``AccountProblem``.
  package func setDomain(_ text: String, of key: String, to isHere: Bool) throws {
    guard let domain = MailDomain.normalised(text) else { throw AccountProblem.badDomain }
    try write { db in
      guard let account = try Self.accountNumber(key, db) else {
        throw AccountProblem.unknownAccount
      }
      let settings = try Self.accountSettings(db)
      guard !isHere || !FreeMail(own: settings.freeMail).contains(domain) else {
        throw AccountProblem.freeMail
      }
      try db.execute(
        sql: isHere
          ? """
          INSERT INTO account_domain (account, domain, claimant) VALUES (?, ?, 3)
          ON CONFLICT (account, domain) DO UPDATE SET claimant = 3
          """ : "DELETE FROM account_domain WHERE account = ? AND domain = ?",
        arguments: [account, domain])
      try AccountLinking.match(changed: [domain], db)
    }
  }

  /// Makes a customer a member of an account; from always on when `since` is nil. Throws
  /// ``AccountProblem``.
  package func addMember(
    _ customer: String, to account: String, since: Timestamp? = nil, at now: Timestamp
  ) throws {
    try decide("in", customer, account, moment: since, now)
  }

  /// Takes a customer out of an account, whoever said that it belongs to it. Throws
  /// ``AccountProblem``.
  package func removeMember(
    _ customer: String, from account: String, at now: Timestamp
  ) throws {
    try decide("out", customer, account, moment: nil, now)
  }

  /// Says when a membership ended; nil takes the end back. Throws ``AccountProblem``.
  package func endMembership(
    of customer: String, in account: String, at end: Timestamp?, now: Timestamp
  ) throws {
    try changing(customer, account) { number, identity, found, db in
      guard let found, found.isMember else { throw AccountProblem.notMember }
      if let end, let from = found.from, end.milliseconds < from { throw AccountProblem.badPeriod }
      try Self.undo(["until"], number, identity, now, db)
      guard let end else { return }
      try Self.insert("until", number, identity.head, end, now, db)
    }
  }

  /// Takes back the last thing that was decided of a customer and an account. Throws
  /// ``AccountProblem``.
  package func undoMembership(
    of customer: String, in account: String, at now: Timestamp
  ) throws {
    try changing(customer, account) { number, identity, found, db in
      guard let verdict = found?.verdict else { throw AccountProblem.notOut }
      try db.execute(
        sql: "UPDATE account_decision SET undone = ? WHERE id = ?",
        arguments: [now.milliseconds, verdict.id])
    }
  }

  /// Gives a member roles, in place of those that its traits say; nil gives those back. Throws
  /// ``AccountProblem``.
  package func setRoles(
    _ roles: [String]?, of customer: String, in account: String, at now: Timestamp
  ) throws {
    if let roles {
      guard roles.count <= Limits.rolesPerMember,
        roles.allSatisfy({ !$0.trimmed.isEmpty && $0.count <= Limits.accountRoleCharacters })
      else { throw AccountProblem.badRole }
    }
    try changing(customer, account) { number, identity, found, db in
      guard let found, found.isMember else { throw AccountProblem.notMember }
      for each in identity.all {
        try db.execute(
          sql: "DELETE FROM account_role WHERE account = ? AND identity = ?",
          arguments: [number, each])
      }
      guard let roles else { return }
      try db.execute(
        sql: "INSERT INTO account_role (account, identity, roles, set_at) VALUES (?, ?, ?, ?)",
        arguments: [number, identity.head, roles.joined(separator: ", "), now.milliseconds])
    }
  }

  private func decide(
    _ verdict: String, _ customer: String, _ account: String, moment: Timestamp?, _ now: Timestamp
  ) throws {
    try changing(customer, account) { number, identity, found, db in
      if verdict == "out", found?.isMember != true, found?.verdict?.isIn == false {
        throw AccountProblem.notMember
      }
      try Self.undo(["in", "out"], number, identity, now, db)
      try Self.insert(verdict, number, identity.head, moment, now, db)
    }
  }

  /// Everything by which a customer is named, and the key that was given.
  private struct Named {
    var head: Int64
    var all: [Int64]
  }

  private func changing(
    _ customer: String, _ account: String,
    _ body: (Int64, Named, MembershipReader.Found?, Database) throws -> Void
  ) throws {
    try write { db in
      guard let number = try Self.accountNumber(account, db) else {
        throw AccountProblem.unknownAccount
      }
      guard
        let identity = try Int64.fetchOne(
          db, sql: "SELECT id FROM identity WHERE key = ?", arguments: [customer])
      else { throw AccountProblem.unknownCustomer }
      let owner = try Settling.owners(of: identity, db).last?.customer ?? identity
      let all = try Int64.fetchAll(
        db, sql: "SELECT identity FROM identity_owner WHERE customer = ?1 UNION SELECT ?1",
        arguments: [owner])
      let found = try MembershipReader(.customers([owner]), db)
        .pairs[.init(account: number, customer: owner)]
      try body(number, Named(head: identity, all: all), found, db)
      try Settling.noteChange(of: [owner], db)
    }
  }

  private static func undo(
    _ verdicts: [String], _ account: Int64, _ identity: Named, _ now: Timestamp, _ db: Database
  ) throws {
    for verdict in verdicts {
      for each in identity.all {
        try db.execute(
          sql: """
            UPDATE account_decision SET undone = ?
            WHERE undone IS NULL AND verdict = ? AND account = ? AND identity = ?
            """, arguments: [now.milliseconds, verdict, account, each])
      }
    }
  }

  private static func insert(
    _ verdict: String, _ account: Int64, _ identity: Int64, _ moment: Timestamp?, _ now: Timestamp,
    _ db: Database
  ) throws {
    try db.execute(
      sql: """
        INSERT INTO account_decision (account, identity, verdict, moment, decided)
        VALUES (?, ?, ?, ?, ?)
        """, arguments: [account, identity, verdict, moment?.milliseconds, now.milliseconds])
  }

  static func accountNumber(_ key: String, _ db: Database) throws -> Int64? {
    try Int64.fetchOne(db, sql: "SELECT id FROM account WHERE key = ?", arguments: [key])
  }

  // MARK: Settings

  static let accountSettingsName = "accounts"

  package func accountSettings() throws -> AccountSettings {
    try pool.read(Self.accountSettings)
  }

  /// What the project says; what it says and cannot be read is as built in.
  static func accountSettings(_ db: Database) throws -> AccountSettings {
    guard
      let json = try String.fetchOne(
        db.cachedStatement(sql: "SELECT value FROM setting WHERE name = ?"),
        arguments: [accountSettingsName])
    else { return .builtIn }
    return (try? JSONDecoder().decode(AccountSettings.self, from: Data(json.utf8))) ?? .builtIn
  }

  /// Keeps settings, and makes anew what follows from them; nil gives back the built-in ones.
  package func set(_ settings: AccountSettings?) throws {
    try write { db in
      if let settings {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        try db.execute(
          sql: """
            INSERT INTO setting (name, value) VALUES (?, ?)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """,
          arguments: [
            Self.accountSettingsName, String(decoding: try encoder.encode(settings), as: UTF8.self),
          ])
      } else {
        try db.execute(
          sql: "DELETE FROM setting WHERE name = ?", arguments: [Self.accountSettingsName])
      }
      for account in try Int64.fetchAll(db, sql: "SELECT id FROM account") {
        _ = try AccountLinking.settleDomains(of: account, db)
      }
      try AccountLinking.rematch(nil, db)
      try AccountLinking.match(changed: [], db)
    }
  }
}
