import CustomerJourney
import GRDB

/// Reads what decides whose some identities are: everything below them, since that moves with them, and
/// everything above, since it says where to.
struct EvidenceReader {
  private(set) var evidence = IdentityEvidence()
  /// Whose owners may be others by what is new.
  private(set) var members: Set<Int64> = []
  /// Strong identities whose weak ones were counted.
  private(set) var measured: Set<Int64> = []
  private var loaded: Set<Int64> = []
  /// Strong identities of whom those were added for whom others came in.
  private var crowdedOut: Set<Int64> = []
  private var below: [Int64] = []
  private var above: [Int64] = []
  private let db: Database

  init(_ db: Database) { self.db = db }

  mutating func read(around identities: Set<Int64>) throws {
    below = identities.sorted()
    while true {
      if let next = below.popLast() {
        try addMember(next, among: identities.count)
      } else if let next = above.popLast() {
        try climb(from: next)
      } else {
        return
      }
    }
  }

  /// Only what leads up from some identities: enough to say why they are whose they are.
  mutating func read(upwardFrom identities: Set<Int64>) throws {
    for identity in identities { try reach(identity) }
    while let next = above.popLast() { try climb(from: next) }
  }

  private mutating func addMember(_ number: Int64, among count: Int) throws {
    guard !members.contains(number) else { return }
    for one in try group(of: number) where members.insert(one).inserted {
      above.append(one)
      below += try numbers("SELECT weak FROM identity_link WHERE strong = ? AND peers = 0", one)
      for join in evidence.joins where join.survivor == one { below.append(join.loser) }
      // Where a strong identity is full, those come in for whom others leave.
      for link in evidence.links[one] ?? [] where kind(link.strong) != kind(one) {
        guard try isFull(link.strong), crowdedOut.insert(link.strong).inserted else { continue }
        below += try numbers(
          """
          SELECT l.weak FROM identity_link l JOIN identity i ON i.id = l.weak
          WHERE l.strong = ? AND l.peers = 0 ORDER BY l.happened, i.key
          LIMIT \(count) OFFSET \(Limits.identitiesPerIdentity)
          """, link.strong)
      }
    }
  }

  /// Loads what one identity leads to.
  private mutating func climb(from number: Int64) throws {
    for link in evidence.links[number] ?? [] where kind(link.strong) != kind(number) {
      try reach(link.strong)
      _ = try isFull(link.strong)
    }
    for join in evidence.joins where join.loser == number { try reach(join.survivor) }
  }

  private mutating func reach(_ number: Int64) throws {
    guard !loaded.contains(number) else { return }
    above += try group(of: number)
  }

  /// An identity with all that were said by those who are believed, or decided, to be the same and are
  /// of its kind. One that grows without end is no group at all.
  private mutating func group(of number: Int64) throws -> [Int64] {
    var found = [number]
    var seen: Set<Int64> = [number]
    var next = 0
    while next < found.count {
      for peer in try peers(of: found[next]) where seen.insert(peer).inserted {
        found.append(peer)
      }
      next += 1
      if found.count > Limits.identitiesPerIdentity {
        evidence.crowded.formUnion(found)
        break
      }
    }
    for one in found { try load(one) }
    return found
  }

  private mutating func peers(of number: Int64) throws -> [Int64] {
    try load(number)
    let own = kind(number)
    var peers = (evidence.links[number] ?? []).filter {
      $0.claimant > .browser || own.isOfADevice
    }.map(\.strong)
    peers += try numbers(
      """
      SELECT weak FROM identity_link WHERE strong = ? AND peers = 1
        AND claimant >= \(own.isOfADevice ? Claimant.browser.rawValue : Claimant.server.rawValue)
      """, number)
    for join in evidence.joins where join.loser == number || join.survivor == number {
      peers.append(join.loser == number ? join.survivor : join.loser)
    }
    return peers.filter { kind($0) == own }
  }

  private mutating func kind(_ number: Int64) -> IdentityKind {
    identity(number).kind
  }

  private mutating func identity(_ number: Int64) -> IdentityEvidence.Identity {
    if let known = evidence.identities[number] { return known }
    let key = try? String.fetchOne(
      db.cachedStatement(sql: "SELECT key FROM identity WHERE id = ?"), arguments: [number])
    let identity = IdentityEvidence.Identity(key: key ?? "")
    evidence.identities[number] = identity
    return identity
  }

  private mutating func load(_ number: Int64) throws {
    guard loaded.insert(number).inserted else { return }
    let identity = identity(number)
    let links = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT strong, happened, claimant, peers FROM identity_link WHERE weak = ?
          LIMIT \(Limits.ownersPerIdentity * 2)
          """), arguments: [number])
    let isCrowded = links.count { $0[3] as Int64 == 0 } > Limits.ownersPerIdentity
    if isCrowded { evidence.crowded.insert(number) }
    evidence.links[number] = links.compactMap { row in
      if isCrowded, row[3] as Int64 == 0 { return nil }
      return .init(
        weak: number, strong: row[0], happened: row[1],
        claimant: Claimant(rawValue: Int(row[2] as Int64)) ?? .browser)
    }
    if !isCrowded, !links.isEmpty {
      evidence.sightings[number] = try Row.fetchAll(
        db.cachedStatement(
          sql: "SELECT strong, happened FROM identity_sighting WHERE weak = ?"),
        arguments: [number]
      ).map { .init(strong: $0[0], happened: $0[1]) }
    }
    let decisions = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT id, verdict, one, other FROM identity_decision
          WHERE undone IS NULL AND (one = ?1 OR other = ?1)
          """), arguments: [number])
    for decision in decisions {
      let (one, other): (Int64, Int64) = (decision[2], decision[3])
      if decision[1] as String == "apart" {
        evidence.apart.insert(.init(one, other))
      } else {
        let join = IdentityEvidence.Join(loser: one, survivor: other, order: decision[0])
        if !evidence.joins.contains(join) { evidence.joins.append(join) }
      }
    }
    let domain = identity.kind == .email ? identity.key.split(separator: "@").last : nil
    let isBarred = try Bool.fetchOne(
      db.cachedStatement(sql: "SELECT EXISTS (SELECT 1 FROM junk_identity WHERE text IN (?, ?))"),
      arguments: [identity.key, domain.map { "@\($0)" }])
    if isBarred == true { evidence.barred.insert(number) }
  }

  /// Counts the weak identities of a strong one, once; where they are too many, notes which it takes.
  private mutating func isFull(_ strong: Int64) throws -> Bool {
    if !measured.insert(strong).inserted { return evidence.accepted[strong] != nil }
    let isFull = try Bool.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT EXISTS (SELECT 1 FROM identity_link WHERE strong = ? AND peers = 0
            LIMIT 1 OFFSET \(Limits.identitiesPerIdentity))
          """), arguments: [strong])
    guard isFull == true else { return false }
    evidence.accepted[strong] = Set(
      try numbers(
        """
        SELECT l.weak FROM identity_link l JOIN identity i ON i.id = l.weak
        WHERE l.strong = ? AND l.peers = 0 ORDER BY l.happened, i.key
        LIMIT \(Limits.identitiesPerIdentity)
        """, strong))
    return true
  }

  private func numbers(_ sql: String, _ number: Int64) throws -> [Int64] {
    try Int64.fetchAll(db.cachedStatement(sql: sql), arguments: [number])
  }
}
