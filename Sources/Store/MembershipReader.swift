import CustomerJourney
import Foundation
import GRDB

/// Reads who belongs to accounts, by what was said and decided, for customers as they are now.
struct MembershipReader {
  enum Scope {
    case all
    case account(Int64)
    case customers([Int64])
  }

  struct Pair: Hashable {
    var account: Int64
    var customer: Int64
  }

  struct Found {
    var from: Int64?
    var isSaid = false
    /// A person here said from when.
    var hasBeginning = false
    /// Where several were decided the last one holds.
    var verdict: (decided: Int64, id: Int64, isIn: Bool)?
    var until: (decided: Int64, id: Int64, moment: Int64)?
    var roles: (setAt: Int64, text: String)?
    var evidence: [AccountEvidence] = []

    mutating func begins(_ moment: Int64?) {
      guard isSaid else {
        isSaid = true
        from = moment
        return
      }
      from = from.flatMap { from in moment.map { min(from, $0) } }
    }

    var isMember: Bool { verdict.map(\.isIn) ?? isSaid }
  }

  private(set) var pairs: [Pair: Found] = [:]
  private let withEvidence: Bool
  private static let last = "\(Int64.max)"

  init(_ scope: Scope, evidence: Bool = false, _ db: Database) throws {
    withEvidence = evidence
    switch scope {
    case .all: try read("", [], db)
    case .account(let account): try read("WHERE x.account = ?", [account], db)
    case .customers(let customers):
      for chunk in customers.chunks(of: 250) {
        let marks = databaseQuestionMarks(count: chunk.count)
        try read(
          """
          WHERE x.identity IN (\(marks)) OR x.identity IN
            (SELECT identity FROM identity_owner WHERE customer IN (\(marks)))
          """, StatementArguments(chunk) + StatementArguments(chunk), db)
      }
      let wanted = Set(customers)
      pairs = pairs.filter { wanted.contains($0.key.customer) }
    }
  }

  /// From when each membership counts. What somebody did before belonging to a company for the first
  /// time is that company's, as what a browser did before its first login is the customer's; a later
  /// membership begins when it was first said.
  var beginnings: [Pair: Int64] {
    var first: [Int64: Int64] = [:]
    for (pair, found) in pairs where found.isMember {
      first[pair.customer] = min(first[pair.customer] ?? .max, found.from ?? .min)
    }
    return pairs.reduce(into: [:]) { all, one in
      guard let from = one.value.from else { return }
      if one.value.hasBeginning || from > first[one.key.customer] ?? .min { all[one.key] = from }
    }
  }

  private mutating func read(
    _ condition: String, _ arguments: StatementArguments, _ db: Database
  ) throws {
    let said = try Row.fetchCursor(
      db,
      sql: """
        SELECT x.account,
          \(Schema.customer(of: "x.identity", at: "coalesce(x.happened, \(Self.last))")),
          x.happened, x.way, x.message_id, x.source, x.claimant, x.identity
        FROM account_evidence x \(condition)
        """, arguments: arguments)
    while let row = try said.next() {
      let pair = Pair(account: row[0], customer: row[1])
      pairs[pair, default: Found()].begins(row[2])
      guard withEvidence, let way = AccountEvidence.Way(rawValue: row[3]) else { continue }
      pairs[pair]?.evidence.append(
        AccountEvidence(
          key: try Self.key(row[7], db), way: way, source: row[5], messageID: row[4],
          claimant: (Claimant(rawValue: Int(row[6] as Int64)) ?? .browser).name,
          happened: (row[2] as Int64?).map { Timestamp(milliseconds: $0) }))
    }
    let decided = try Row.fetchCursor(
      db,
      sql: """
        SELECT x.account, \(Schema.customer(of: "x.identity", at: Self.last)), x.verdict, x.moment,
          x.decided, x.id, x.identity
        FROM (SELECT * FROM account_decision WHERE undone IS NULL) x \(condition)
        """, arguments: arguments)
    while let row = try decided.next() {
      let pair = Pair(account: row[0], customer: row[1])
      try Self.note(decision: row, in: &pairs[pair, default: Found()], evidence: withEvidence, db)
    }
    let roles = try Row.fetchCursor(
      db,
      sql: """
        SELECT x.account, \(Schema.customer(of: "x.identity", at: Self.last)), x.set_at, x.roles
        FROM account_role x \(condition)
        """, arguments: arguments)
    while let row = try roles.next() {
      let pair = Pair(account: row[0], customer: row[1])
      let new = (setAt: row[2] as Int64, text: row[3] as String)
      if let old = pairs[pair]?.roles, (old.setAt, old.text) > (new.setAt, new.text) { continue }
      pairs[pair, default: Found()].roles = new
    }
  }

  private static func note(
    decision row: Row, in found: inout Found, evidence: Bool, _ db: Database
  ) throws {
    let (verdict, moment): (String, Int64?) = (row[2], row[3])
    let (decided, id): (Int64, Int64) = (row[4], row[5])
    if verdict == "until" {
      if let moment, found.until.map({ ($0.decided, $0.id) < (decided, id) }) ?? true {
        found.until = (decided, id, moment)
      }
      return
    }
    let isIn = verdict == "in"
    if isIn {
      found.begins(moment)
      if moment != nil { found.hasBeginning = true }
    }
    if found.verdict.map({ ($0.decided, $0.id) < (decided, id) }) ?? true {
      found.verdict = (decided, id, isIn)
    }
    guard evidence else { return }
    found.evidence.append(
      AccountEvidence(
        key: try key(row[6], db), way: .hand, claimant: Claimant.person.name,
        happened: Timestamp(milliseconds: decided), counts: isIn))
  }

  static func key(_ identity: Int64, _ db: Database) throws -> String {
    try String.fetchOne(
      db.cachedStatement(sql: "SELECT key FROM identity WHERE id = ?"), arguments: [identity]) ?? ""
  }
}
