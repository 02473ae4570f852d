import CustomerJourney
import GRDB

/// Keeps who was named together with whom, and at the end of a transaction whose everybody is by it.
///
/// A pair that was seen this minute already costs one look into memory.
struct IdentityLinking {
  private let link: RawStatement
  private let sighting: RawStatement
  private let isAlone: RawStatement
  private let isFull: RawStatement
  private var settling: Settling
  /// Nobody is at a limit: then none has to be asked for.
  private let hasAlarms: Bool
  /// Identities that are new in this transaction and were named together with others in it. Of others
  /// that are new nothing was said yet, which need not be asked of the tables.
  private var linked: Set<Int64> = []

  init(_ db: Database) throws {
    hasAlarms =
      try RawStatement("SELECT EXISTS (SELECT 1 FROM identity_alarm)", db).number(db) == 1
    link = try RawStatement(
      """
      INSERT INTO identity_link
        (weak, strong, peers, happened, received, message_id, source, claimant)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (weak, strong) DO UPDATE SET
        received = iif(excluded.happened < happened, excluded.received, received),
        message_id = iif(excluded.happened < happened, excluded.message_id, message_id),
        source = iif(excluded.happened < happened, excluded.source, source),
        happened = min(happened, excluded.happened),
        claimant = max(claimant, excluded.claimant)
      WHERE excluded.happened < happened OR excluded.claimant > claimant
      """, db)
    sighting = try RawStatement(
      """
      INSERT INTO identity_sighting (weak, minute, strong, happened) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET happened = excluded.happened
      WHERE excluded.happened < happened
      """, db)
    isAlone = try RawStatement(
      """
      SELECT NOT EXISTS (SELECT 1 FROM identity_link WHERE weak = ?1 AND strong <> ?2)
        AND NOT EXISTS (SELECT 1 FROM identity_link WHERE strong = ?1)
      """, db)
    isFull = try RawStatement(
      """
      SELECT EXISTS (SELECT 1 FROM identity_alarm WHERE identity IN (?1, ?2)) AND (
        EXISTS (SELECT 1 FROM identity_link WHERE strong = ?2 AND peers IN (0, 1)
          LIMIT 1 OFFSET \(Limits.linksPerIdentity))
        OR EXISTS (SELECT 1 FROM identity_link WHERE weak = ?1
          LIMIT 1 OFFSET \(Limits.linksPerIdentity)))
      """, db)
    settling = try Settling(db)
  }

  /// What one message says: `customer`, whose key is `key`, has also the keys `others`.
  mutating func add(
    _ customer: Int64, key: String, others: [String], said: borrowing Saying,
    _ numbers: inout KnownNumbers, _ db: Database
  ) throws {
    // To the second, which fits into the memory of what was seen this minute.
    let (second, _) = said.happened.milliseconds.flooredDivision(by: 1000)
    let (minute, _) = second.flooredDivision(by: 60)
    let isTrusted = said.claimant > .browser
    var isNew = false
    for other in others
    where numbers.isNewSighting(customer, other, second: second, isTrusted: isTrusted) {
      isNew = true
    }
    guard isNew else { return }
    var named = [(number: customer, kind: CustomerKey.kind(of: key))]
    for other in others where other != key {
      named.append((try numbers.customer(other, db), CustomerKey.kind(of: other)))
    }
    // The one that was named first, of several of the strongest kind.
    guard let strong = named.min(by: { $0.kind < $1.kind }) else { return }
    for weak in named where weak.number != strong.number {
      let isPeer = weak.kind == strong.kind
      let isFresh = settling.isNew(weak.number) && !linked.contains(weak.number)
      if hasAlarms {
        isFull.bind(1, weak.number)
        isFull.bind(2, strong.number)
        if try isFull.number(db) == 1 { continue }
      }
      link.bind(1, weak.number)
      link.bind(2, strong.number)
      link.bind(3, isPeer ? 1 : 0)
      link.bind(4, second * 1000)
      link.bind(5, said.received.milliseconds)
      link.bind(6, said.messageID)
      link.bind(7, said.source)
      link.bind(8, Int64(said.claimant.rawValue))
      let isNewLink = try link.run(db) > 0
      sighting.bind(1, weak.number)
      sighting.bind(2, minute)
      sighting.bind(3, strong.number)
      sighting.bind(4, second * 1000)
      let isNewSighting = try sighting.run(db) > 0
      guard isNewLink || isNewSighting else { continue }
      for one in [weak.number, strong.number] where settling.isNew(one) { linked.insert(one) }
      var standsAlone = isFresh
      if !isFresh {
        isAlone.bind(1, weak.number)
        isAlone.bind(2, strong.number)
        standsAlone = try isAlone.number(db) == 1
      }
      // Seen once more with the only one that it was ever seen with, it says nothing new.
      guard isNewLink || !standsAlone else { continue }
      let mayDecide = weak.kind.isOfADevice || said.claimant > .browser
      settling.add(weak.number, simplyOf: standsAlone && !isPeer && mayDecide ? strong.number : nil)
    }
  }

  /// Brings `identity_owner` up to date with what was added.
  mutating func settle(_ db: Database) throws { try settling.settle(db) }

  /// The message that names somebody by several keys.
  struct Saying {
    var happened: Timestamp
    var received: Timestamp
    var messageID: String
    var source: Int64?
    var claimant: Claimant
  }
}

extension Int64 {
  /// The quotient downward, also of what is negative, and what is left.
  func flooredDivision(by divisor: Int64) -> (quotient: Int64, rest: Int64) {
    let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
    return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
  }
}
