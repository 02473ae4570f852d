package import Access
package import CustomerJourney
import Foundation
import GRDB

extension Store {
  // MARK: Sessions

  /// Begins a session. Those that are over go, and the one used longest ago when there are too many.
  @discardableResult
  package func addSession(
    digest: [UInt8], of user: User, isWhole: Bool, device: String, address: String, _ deed: Deed
  ) throws -> Session {
    try write { db in
      try Self.removeDead(db, deed.at)
      try db.execute(
        sql: """
          INSERT INTO session (digest, user, is_whole, created, last_used, device, address)
          VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?6)
          """,
        arguments: [Data(digest), user.id, isWhole, deed.at.milliseconds, device, address])
      let session = Session(
        id: db.lastInsertedRowID, user: user, isWhole: isWhole, created: deed.at,
        lastUsed: deed.at, device: device, address: address)
      try db.execute(
        sql: """
          DELETE FROM session WHERE user = ?1 AND id NOT IN
            (SELECT id FROM session WHERE user = ?1 ORDER BY last_used DESC, id DESC LIMIT ?2)
          """, arguments: [user.id, Limits.sessionsPerUser])
      if isWhole { try Self.noteLogin(user, deed, db) }
      return session
    }
  }

  /// The code was right: the session counts from now on, under a new secret.
  package func completeSession(_ session: Session, digest: [UInt8], _ deed: Deed) throws -> Bool {
    try write { db in
      try db.execute(
        sql: """
          UPDATE session SET is_whole = 1, digest = ?1, created = ?2, last_used = ?2
          WHERE id = ?3 AND is_whole = 0
          """,
        arguments: [Data(digest), deed.at.milliseconds, session.id])
      guard db.changesCount == 1 else { return false }
      try Self.noteLogin(session.user, deed, db)
      return true
    }
  }

  private static func noteLogin(_ user: User, _ deed: Deed, _ db: Database) throws {
    try db.execute(
      sql: "UPDATE user SET last_login = ? WHERE id = ?",
      arguments: [deed.at.milliseconds, user.id])
    try note(deed, db)
  }

  /// The living session of a secret.
  package func session(_ digest: [UInt8], at now: Timestamp) throws -> Session? {
    try pool.read { db in
      try Row.fetchOne(
        db,
        sql: """
          SELECT \(Self.userColumns), \(Self.sessionColumns) FROM session s
          JOIN user u ON u.id = s.user WHERE s.digest = ?
          """, arguments: [Data(digest)]
      ).map { try Self.session($0) }
    }.flatMap { session in
      Session.isAlive(
        created: session.created, lastUsed: session.lastUsed, isWhole: session.isWhole, at: now)
        ? session : nil
    }
  }

  /// The living ones of a user, the last used first.
  package func sessions(of user: User, at now: Timestamp) throws -> [Session] {
    try pool.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT \(Self.userColumns), \(Self.sessionColumns) FROM session s
          JOIN user u ON u.id = s.user WHERE s.user = ? AND s.is_whole = 1
          ORDER BY s.last_used DESC, s.id DESC
          """, arguments: [user.id]
      ).map { try Self.session($0) }
    }.filter {
      Session.isAlive(created: $0.created, lastUsed: $0.lastUsed, isWhole: true, at: now)
    }
  }

  package func noteUse(of session: Session, at now: Timestamp) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE session SET last_used = ? WHERE id = ?",
        arguments: [now.milliseconds, session.id])
    }
  }

  /// Ends one session of a user; false when it is not there or another's.
  @discardableResult
  package func endSession(_ id: Int64, of user: User, _ deed: Deed) throws -> Bool {
    try write { db in
      try db.execute(
        sql: "DELETE FROM session WHERE id = ? AND user = ?", arguments: [id, user.id])
      guard db.changesCount == 1 else { return false }
      try Self.note(deed, db)
      return true
    }
  }

  private static func removeDead(_ db: Database, _ now: Timestamp) throws {
    func ago(_ seconds: Double) -> Int64 { now.milliseconds - Int64(seconds * 1000) }
    try db.execute(
      sql: """
        DELETE FROM session WHERE last_used < ? OR created < ? OR (is_whole = 0 AND created < ?)
        """,
      arguments: [
        ago(Limits.sessionIdleSeconds), ago(Limits.sessionSeconds), ago(Limits.codeSeconds),
      ])
  }

  private static let sessionColumns =
    "s.id, s.is_whole, s.created, s.last_used, s.device, s.address"

  private static func session(_ r: Row) throws -> Session {
    Session(
      id: r[7], user: try user(r), isWhole: r[8], created: Timestamp(milliseconds: r[9]),
      lastUsed: Timestamp(milliseconds: r[10]), device: r[11], address: r[12])
  }

  // MARK: Tokens

  /// By name.
  package func tokens() throws -> [APIToken] {
    try pool.read { db in
      try Row.fetchAll(
        db, sql: "SELECT \(Self.tokenColumns) ORDER BY t.name"
      ).map { try Self.token($0) }
    }
  }

  /// Throws ``UserProblem`` when the name is taken or there are too many.
  package func addToken(
    digest: [UInt8], name: String, scope: TokenScope, madeBy: User?, expires: Timestamp,
    _ deed: Deed
  ) throws {
    try write { db in
      let count = try Int.fetchOne(db, sql: "SELECT count(*) FROM api_token") ?? 0
      guard count < Limits.users else { throw UserProblem.tooMany }
      let isTaken = try Bool.fetchOne(
        db, sql: "SELECT EXISTS (SELECT 1 FROM api_token WHERE name = ?)", arguments: [name])
      guard isTaken != true else { throw UserProblem.tokenNameTaken(name) }
      try db.execute(
        sql: """
          INSERT INTO api_token (digest, name, scope, made_by, created, expires)
          VALUES (?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          Data(digest), name, scope.rawValue, madeBy?.id, deed.at.milliseconds,
          expires.milliseconds,
        ])
      try Self.note(deed, db)
    }
  }

  /// Throws ``UserProblem/unknownToken(_:)``.
  package func removeToken(named name: String, _ deed: Deed) throws {
    try write { db in
      try db.execute(sql: "DELETE FROM api_token WHERE name = ?", arguments: [name])
      guard db.changesCount == 1 else { throw UserProblem.unknownToken(name) }
      try Self.note(deed, db)
    }
  }

  /// The token of a secret, while it works.
  package func token(_ digest: [UInt8], at now: Timestamp) throws -> APIToken? {
    try pool.read { db in
      try Row.fetchOne(
        db, sql: "SELECT \(Self.tokenColumns) WHERE t.digest = ? AND t.expires > ?",
        arguments: [Data(digest), now.milliseconds]
      ).map { try Self.token($0) }
    }
  }

  package func noteUse(of token: APIToken, at now: Timestamp) throws {
    try write { db in
      try db.execute(
        sql: "UPDATE api_token SET last_used = ? WHERE id = ?",
        arguments: [now.milliseconds, token.id])
    }
  }

  private static let tokenColumns = """
    \(userColumns), t.id, t.name, t.scope, t.created, t.expires, t.last_used
    FROM api_token t LEFT JOIN user u ON u.id = t.made_by
    """

  private static func token(_ r: Row) throws -> APIToken {
    guard let scope = TokenScope(rawValue: r[9]) else {
      throw StoreError.damaged(table: "api_token", reason: "no such scope")
    }
    return APIToken(
      id: r[7], name: r[8], scope: scope, madeBy: (r[0] as Int64?) == nil ? nil : try user(r),
      created: Timestamp(milliseconds: r[10]), expires: Timestamp(milliseconds: r[11]),
      lastUsed: (r[12] as Int64?).map { Timestamp(milliseconds: $0) })
  }
}
