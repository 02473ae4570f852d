package import Access
package import CustomerJourney
import Foundation
import GRDB

extension Store {
  // MARK: Users

  /// By name.
  package func users() throws -> [User] {
    try pool.read { db in
      try Row.fetchAll(db, sql: "SELECT \(Self.userColumns) FROM user u ORDER BY u.folded")
        .map { try Self.user($0) }
    }
  }

  package func user(named name: String) throws -> User? {
    try pool.read { db in try Self.user(named: name, db) }
  }

  /// False while nobody can log in with a password: then the program itself gives a link.
  package func hasLogin() throws -> Bool {
    try pool.read { db in
      try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM user WHERE password IS NOT NULL)") ?? false
    }
  }

  /// Throws ``UserProblem`` when the name is taken or there are too many.
  @discardableResult
  package func addUser(name: String, role: Role, _ deed: Deed) throws -> User {
    try write { db in
      let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM user") ?? 0
      guard count < Limits.users else { throw UserProblem.tooMany }
      try Self.checkFree(name, except: nil, db)
      try db.execute(
        sql: "INSERT INTO user (name, folded, role, created) VALUES (?, ?, ?, ?)",
        arguments: [name, name.lowercased(), role.rawValue, deed.at.milliseconds])
      let user = User(id: db.lastInsertedRowID, name: name, role: role, created: deed.at)
      try Self.note(deed, db)
      return user
    }
  }

  /// Gives a user another role. Throws ``UserProblem/lastOwner`` when no owner would be left.
  package func setRole(_ role: Role, of user: User, _ deed: Deed) throws {
    try write { db in
      if role != .owner { try Self.checkOwnerStays(without: user, db) }
      try db.execute(
        sql: "UPDATE user SET role = ? WHERE id = ?", arguments: [role.rawValue, user.id])
      try Self.note(deed, db)
    }
  }

  /// Removes a user with all sessions, links and tokens of that user.
  package func removeUser(_ user: User, _ deed: Deed) throws {
    try write { db in
      try Self.checkOwnerStays(without: user, db)
      for (table, column) in [
        ("recovery_code", "user"), ("invitation", "user"), ("session", "user"),
        ("api_token", "made_by"), ("user", "id"),
      ] {
        try db.execute(sql: "DELETE FROM \(table) WHERE \(column) = ?", arguments: [user.id])
      }
      try Self.note(deed, db)
    }
  }

  private static func checkOwnerStays(without user: User, _ db: Database) throws {
    guard user.role == .owner, user.hasPassword else { return }
    let others = try Bool.fetchOne(
      db,
      sql: """
        SELECT EXISTS (SELECT 1 FROM user WHERE role = 'owner' AND password IS NOT NULL
          AND id <> ?)
        """, arguments: [user.id])
    guard others == true else { throw UserProblem.lastOwner }
  }

  private static func checkFree(_ name: String, except id: Int64?, _ db: Database) throws {
    let owner = try Int64.fetchOne(
      db, sql: "SELECT id FROM user WHERE folded = ?", arguments: [name.lowercased()])
    guard owner == nil || owner == id else { throw UserProblem.nameTaken(name) }
  }

  // MARK: Passwords and codes

  /// What a login is checked against.
  package struct Credentials: Sendable {
    package var user: User
    package var passwordHash: String?
    package var codeKey: [UInt8]?
    package var codeStep: Int64
  }

  package func credentials(named name: String) throws -> Credentials? {
    try pool.read { db in
      try Row.fetchOne(
        db,
        sql: """
          SELECT \(Self.userColumns), u.password, u.code_key, u.code_step FROM user u
          WHERE u.folded = ?
          """, arguments: [name.lowercased()]
      ).map { row in
        let key: Data? = row[8]
        return Credentials(
          user: try Self.user(row), passwordHash: row[7], codeKey: key.map { Array($0) },
          codeStep: row[9])
      }
    }
  }

  /// Sets a new password; every other session of the user ends, and so do links that were not used.
  package func setPassword(
    hash: String, of user: User, keeping session: Session?, _ deed: Deed
  ) throws {
    try write { db in
      try Self.setPassword(hash: hash, of: user, keeping: session, db)
      try Self.note(deed, db)
    }
  }

  private static func setPassword(
    hash: String, of user: User, keeping session: Session?, _ db: Database
  ) throws {
    try db.execute(
      sql: "UPDATE user SET password = ? WHERE id = ?", arguments: [hash, user.id])
    try db.execute(
      sql: "DELETE FROM session WHERE user = ? AND id IS NOT ?",
      arguments: [user.id, session?.id])
    try db.execute(sql: "DELETE FROM invitation WHERE user = ?", arguments: [user.id])
  }

  /// The same password, hashed at a higher cost: nothing that anybody notices.
  package func renewHash(_ hash: String, of user: User, from old: String) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE user SET password = ? WHERE id = ? AND password = ?",
        arguments: [hash, user.id, old])
    }
  }

  /// Turns the app's code on with a key and new recovery codes, or off with nil.
  package func setCode(
    key: [UInt8]?, step: Int64, recovery digests: [[UInt8]], of user: User, _ deed: Deed
  ) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE user SET code_key = ?, code_step = ? WHERE id = ?",
        arguments: [key.map { Data($0) }, step, user.id])
      try db.execute(sql: "DELETE FROM recovery_code WHERE user = ?", arguments: [user.id])
      for digest in digests {
        try db.execute(
          sql: "INSERT INTO recovery_code (user, digest) VALUES (?, ?)",
          arguments: [user.id, Data(digest)])
      }
      try Self.note(deed, db)
    }
  }

  /// Uses a code of that step up; false when it or a later one was used already.
  package func useCode(step: Int64, of user: User) throws -> Bool {
    try write { db in
      try db.execute(
        sql: "UPDATE user SET code_step = ?1 WHERE id = ?2 AND code_step < ?1",
        arguments: [step, user.id])
      return db.changesCount == 1
    }
  }

  /// Uses a recovery code up; false when it is none, or was used.
  package func useRecovery(_ digest: [UInt8], of user: User, _ deed: Deed) throws -> Bool {
    try write { db in
      try db.execute(
        sql: "DELETE FROM recovery_code WHERE user = ? AND digest = ?",
        arguments: [user.id, Data(digest)])
      guard db.changesCount == 1 else { return false }
      try Self.note(deed, db)
      return true
    }
  }

  package func recoveryCodesLeft(of user: User) throws -> Int {
    try pool.read { db in
      try Int.fetchOne(
        db, sql: "SELECT count(*) FROM recovery_code WHERE user = ?", arguments: [user.id]) ?? 0
    }
  }

  // MARK: Links

  /// Makes a link for a user; one that was made before and not used ends.
  package func addInvitation(
    digest: [UInt8], of user: User, enters: Bool, expires: Timestamp, _ deed: Deed?
  ) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM invitation WHERE user = ?", arguments: [user.id])
      try db.execute(
        sql: "INSERT INTO invitation (digest, user, enters, expires) VALUES (?, ?, ?, ?)",
        arguments: [Data(digest), user.id, enters, expires.milliseconds])
      if let deed { try Self.note(deed, db) }
    }
  }

  /// Whose link it is; nil when it was used or is too old.
  package func invitation(
    _ digest: [UInt8], at now: Timestamp
  ) throws -> (user: User, enters: Bool)? {
    try pool.read { db in try Self.invitation(digest, now, db) }
  }

  /// Uses a link up: the user has this name and password from now on, or just enters with a link that
  /// does. Throws ``UserProblem`` when the link is over or the name taken.
  package func accept(
    _ digest: [UInt8], name: String?, hash: String?, address: String, at now: Timestamp
  ) throws -> User {
    try write { db in
      guard let (user, enters) = try Self.invitation(digest, now, db), enters || hash != nil else {
        throw UserProblem.linkIsOver
      }
      var accepted = user
      if let name {
        try Self.checkFree(name, except: user.id, db)
        try db.execute(
          sql: "UPDATE user SET name = ?, folded = ? WHERE id = ?",
          arguments: [name, name.lowercased(), user.id])
        accepted.name = name
      }
      if let hash {
        try Self.setPassword(hash: hash, of: user, keeping: nil, db)
        // Who was let in anew starts without the code of an app that may be lost.
        try db.execute(
          sql: "UPDATE user SET code_key = NULL WHERE id = ?", arguments: [user.id])
        try db.execute(sql: "DELETE FROM recovery_code WHERE user = ?", arguments: [user.id])
        (accepted.hasPassword, accepted.hasCode) = (true, false)
        try Self.note(
          Deed(.passwordSet, accepted.name, by: accepted.name, from: address, at: now), db)
      }
      try db.execute(sql: "DELETE FROM invitation WHERE digest = ?", arguments: [Data(digest)])
      return accepted
    }
  }

  private static func invitation(
    _ digest: [UInt8], _ now: Timestamp, _ db: Database
  ) throws -> (user: User, enters: Bool)? {
    try Row.fetchOne(
      db,
      sql: """
        SELECT \(userColumns), i.enters FROM invitation i JOIN user u ON u.id = i.user
        WHERE i.digest = ? AND i.expires > ?
        """, arguments: [Data(digest), now.milliseconds]
    ).map { (try user($0), $0[7]) }
  }

  // MARK: Rows

  static let userColumns =
    "u.id, u.name, u.role, u.created, u.last_login, u.password IS NOT NULL, u.code_key IS NOT NULL"

  static func user(named name: String, _ db: Database) throws -> User? {
    try Row.fetchOne(
      db, sql: "SELECT \(userColumns) FROM user u WHERE u.folded = ?",
      arguments: [name.lowercased()]
    ).map { try user($0) }
  }

  /// The user in a row whose first columns are ``userColumns``.
  static func user(_ r: Row) throws -> User {
    guard let role = Role(rawValue: r[2]) else {
      throw StoreError.damaged(table: "user", reason: "no such role")
    }
    return User(
      id: r[0], name: r[1], role: role, created: Timestamp(milliseconds: r[3]),
      lastLogin: (r[4] as Int64?).map { Timestamp(milliseconds: $0) }, hasPassword: r[5],
      hasCode: r[6])
  }
}
