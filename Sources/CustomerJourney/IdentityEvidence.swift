/// All that is known of whose some identities are: who was named together with whom, and what people
/// decided. ``resolved(_:)`` says whose they are by it.
///
/// Identities have the store's numbers here. Nothing depends on these or on the order in which evidence
/// came: where something must come first, the moment it happened decides, then the key.
package struct IdentityEvidence: Sendable {
  package struct Identity: Hashable, Sendable {
    package var key: String
    package var kind: IdentityKind

    package init(key: String) {
      self.key = key
      kind = CustomerKey.kind(of: key)
    }
  }

  /// That one message named both, as far as is known.
  package struct Link: Hashable, Sendable {
    /// Of two of one kind, the one that gives way.
    package var weak: Int64
    package var strong: Int64
    /// The first time, in milliseconds since 1970 by the clock of touchpoints.
    package var happened: Int64
    /// The most trusted who said so.
    package var claimant: Claimant

    package init(weak: Int64, strong: Int64, happened: Int64, claimant: Claimant) {
      self.weak = weak
      self.strong = strong
      self.happened = happened
      self.claimant = claimant
    }
  }

  /// That both were seen together at a moment; once a minute is enough.
  package struct Sighting: Hashable, Sendable {
    package var strong: Int64
    package var happened: Int64

    package init(strong: Int64, happened: Int64) {
      self.strong = strong
      self.happened = happened
    }
  }

  /// That a person here decided that two are the same.
  package struct Join: Hashable, Sendable {
    package var loser: Int64
    package var survivor: Int64
    /// The later decision holds where two cannot both.
    package var order: Int64

    package init(loser: Int64, survivor: Int64, order: Int64) {
      self.loser = loser
      self.survivor = survivor
      self.order = order
    }
  }

  /// Two identities, in either order.
  package struct Pair: Hashable, Sendable {
    package let low: Int64
    package let high: Int64

    package init(_ a: Int64, _ b: Int64) {
      low = min(a, b)
      high = max(a, b)
    }
  }

  package var identities: [Int64: Identity] = [:]
  /// By the weak identity.
  package var links: [Int64: [Link]] = [:]
  /// By the weak identity; may be left out where it has one strong one.
  package var sightings: [Int64: [Sighting]] = [:]
  package var joins: [Join] = []
  package var apart: Set<Pair> = []
  /// Identities that a person here said name nobody.
  package var barred: Set<Int64> = []
  /// Of strong identities with too many weak ones, those that they take.
  package var accepted: [Int64: Set<Int64>] = [:]
  /// Identities with too many strong ones; their links may be left out.
  package var crowded: Set<Int64> = []

  package init() {}
}

/// From a moment on, until the next of the same identity, whose it is.
package struct Ownership: Hashable, Sendable {
  /// `Int64.min` for the first.
  package var since: Int64
  package var customer: Int64

  package init(since: Int64, customer: Int64) {
    self.since = since
    self.customer = customer
  }
}

/// What became of identities.
package struct ResolvedIdentities: Sendable {
  /// In order of time; the first begins with all time. An identity that is its own customer has one.
  package var owners: [Int64: [Ownership]] = [:]
  /// Identities that were named with too many others to say whose they are.
  package var crowded: Set<Int64> = []
}

extension IdentityEvidence {
  /// Whose each of `numbers` is, and when. The evidence must hold all that leads upward from them.
  package func resolved(_ numbers: some Sequence<Int64>) -> ResolvedIdentities {
    var resolution = Resolution(self)
    var resolved = ResolvedIdentities()
    for number in numbers { resolved.owners[number] = resolution.owners(of: number) }
    resolved.crowded = resolution.crowded
    return resolved
  }
}

extension IdentityEvidence {
  /// Of each of `numbers`, with whom it was named so that it counts.
  package func counted(of numbers: some Sequence<Int64>) -> [Int64: Set<Int64>] {
    var resolution = Resolution(self)
    return Dictionary(
      uniqueKeysWithValues: numbers.map { ($0, resolution.strongOnes(of: $0)) })
  }
}

/// The work of ``IdentityEvidence/resolved(_:)``.
///
/// Identities of one kind that were named the same are a group, which one of them stands for. A group is
/// seen with groups of stronger kinds; at each moment it belongs to the one that it was last seen with,
/// before the first to the first. So it goes up until nothing is stronger.
private struct Resolution {
  private let evidence: IdentityEvidence
  /// The counted links of one kind, and decisions between two of one kind, from both ends.
  private var peers: [Int64: [Peer]] = [:]
  private var upward: [Int64: [IdentityEvidence.Link]] = [:]
  /// What browsers say of addresses and the like.
  private var claims: [Int64: [IdentityEvidence.Link]] = [:]
  /// Decisions by which an identity belongs to one of another kind.
  private var decided: [Int64: IdentityEvidence.Join] = [:]
  private var groups: [Int64: Group] = [:]
  /// By the identity that stands for the group.
  private var known: [Int64: [Ownership]] = [:]
  private(set) var crowded: Set<Int64>

  private struct Peer {
    var loser: Int64
    var survivor: Int64
    var isDecision: Bool
  }

  private final class Group {
    let members: [Int64]
    let head: Int64

    init(members: [Int64], head: Int64) {
      self.members = members
      self.head = head
    }
  }

  init(_ evidence: IdentityEvidence) {
    self.evidence = evidence
    crowded = evidence.crowded
    for (weak, links) in evidence.links { sort(links, of: weak) }
    for join in evidence.joins {
      if kind(join.loser) == kind(join.survivor) {
        add(Peer(loser: join.loser, survivor: join.survivor, isDecision: true))
      } else if kind(join.survivor) < kind(join.loser),
        decided[join.loser].map({ $0.order < join.order }) ?? true
      {
        decided[join.loser] = join
      }
    }
  }

  private mutating func add(_ peer: Peer) {
    guard !crowded.contains(peer.loser), !crowded.contains(peer.survivor) else { return }
    peers[peer.loser, default: []].append(peer)
    peers[peer.survivor, default: []].append(peer)
  }

  private func kind(_ number: Int64) -> IdentityKind {
    evidence.identities[number]?.kind ?? .user
  }

  private func key(_ number: Int64) -> String { evidence.identities[number]?.key ?? "" }

  /// Of one weak identity, the links that may join.
  ///
  /// A browser may say whose it is itself, and nothing of identities that others use, but for one
  /// thing: an address may be a customer's by its word (``Resolution/claims``). That two customers are
  /// one it cannot say.
  private mutating func sort(_ links: [IdentityEvidence.Link], of weak: Int64) {
    for link in links {
      let isPeer = kind(weak) == kind(link.strong)
      guard !evidence.barred.contains(weak), !evidence.barred.contains(link.strong),
        !evidence.apart.contains(.init(weak, link.strong)),
        isPeer || evidence.accepted[link.strong]?.contains(weak) ?? true
      else { continue }
      let isTrusted = link.claimant > .browser || kind(weak).isOfADevice
      if isPeer, isTrusted {
        add(Peer(loser: weak, survivor: link.strong, isDecision: false))
      } else if isTrusted {
        upward[weak, default: []].append(link)
      } else if !isPeer {
        claims[weak, default: []].append(link)
      }
    }
  }

  /// With whom an identity was seen, as far as that counts: the word of browsers only while nobody
  /// trusted says whose it is and they all name the same.
  private mutating func counted(of weak: Int64) -> [IdentityEvidence.Link] {
    if let upward = upward[weak] { return upward }
    let claims = claims[weak] ?? []
    return Set(claims.map { group(of: $0.strong).head }).count == 1 ? claims : []
  }

  /// All whom an identity gives way to by what was said.
  mutating func strongOnes(of number: Int64) -> Set<Int64> {
    // Whether it was seen with too many shows when its owners are looked for.
    _ = owners(of: number)
    if crowded.contains(number) { return [] }
    let peers = (peers[number] ?? []).filter { $0.loser == number && !$0.isDecision }
    return Set(counted(of: number).map(\.strong)).union(peers.map(\.survivor))
  }

  // MARK: Groups

  private mutating func group(of number: Int64) -> Group {
    if let known = groups[number] { return known }
    var members: Set<Int64> = [number]
    var queue = [number]
    var edges: [Peer] = []
    while let next = queue.popLast() {
      for peer in peers[next] ?? [] {
        if peer.loser == next { edges.append(peer) }
        for other in [peer.loser, peer.survivor] where members.insert(other).inserted {
          queue.append(other)
        }
      }
    }
    let group = Group(
      members: members.sorted(), head: head(of: members, edges))
    for member in members { groups[member] = group }
    return group
  }

  /// Who gives way to nobody; decisions weigh more than what was said. Where that leaves several, or
  /// none, the first key.
  private func head(of members: Set<Int64>, _ edges: [Peer]) -> Int64 {
    var left = members
    for isDecision in [true, false] {
      let losers = Set(edges.lazy.filter { $0.isDecision == isDecision }.map(\.loser))
      let rest = left.subtracting(losers)
      if !rest.isEmpty { left = rest }
    }
    guard let head = left.min(by: { key($0) < key($1) }) else {
      preconditionFailure("a group has a member")
    }
    return head
  }

  // MARK: Owners

  mutating func owners(of number: Int64) -> [Ownership] {
    let group = group(of: number)
    if let known = known[group.head] { return known }
    let owners = owners(of: group)
    known[group.head] = owners
    return owners
  }

  private mutating func owners(of group: Group) -> [Ownership] {
    let decision = group.members.compactMap { decided[$0] }.max { $0.order < $1.order }
    if let decision { return owners(of: decision.survivor) }
    let runs = runs(of: group)
    guard !runs.isEmpty else { return [Ownership(since: .min, customer: group.head)] }
    var owners: [Ownership] = []
    for (index, run) in runs.enumerated() {
      let from = index == 0 ? Int64.min : run.happened
      let end = index + 1 < runs.count ? runs[index + 1].happened : nil
      for above in self.owners(of: run.strong).clipped(from: from, to: end)
      where owners.last?.customer != above.customer {
        owners.append(above)
      }
    }
    return owners
  }

  /// With whom the group was seen, in order; empty when it was seen with too many.
  private mutating func runs(of group: Group) -> [IdentityEvidence.Sighting] {
    var seen: [IdentityEvidence.Sighting] = []
    for member in group.members {
      if crowded.contains(member) { return [] }
      for link in counted(of: member) {
        let head = self.group(of: link.strong).head
        seen.append(.init(strong: head, happened: link.happened))
        for sighting in evidence.sightings[member] ?? [] where sighting.strong == link.strong {
          seen.append(.init(strong: head, happened: sighting.happened))
        }
      }
    }
    seen.sort { a, b in
      a.happened == b.happened ? key(a.strong) < key(b.strong) : a.happened < b.happened
    }
    guard !isCrowded(seen) else {
      crowded.formUnion(group.members)
      return []
    }
    return seen.reduce(into: []) { runs, sighting in
      if runs.last?.strong != sighting.strong { runs.append(sighting) }
    }
  }

  private func isCrowded(_ seen: [IdentityEvidence.Sighting]) -> Bool {
    guard Set(seen.map(\.strong)).count > Limits.ownersPerDay else { return false }
    if Set(seen.map(\.strong)).count > Limits.ownersPerIdentity { return true }
    var counts: [Int64: Int] = [:]
    var first = 0
    for sighting in seen {
      counts[sighting.strong, default: 0] += 1
      while sighting.happened - seen[first].happened >= 86_400_000 {
        let old = seen[first].strong
        counts[old, default: 0] -= 1
        if counts[old] == 0 { counts[old] = nil }
        first += 1
      }
      if counts.count > Limits.ownersPerDay { return true }
    }
    return false
  }
}

extension [Ownership] {
  /// Whose it is at a moment.
  package func customer(at moment: Int64) -> Int64? {
    last { $0.since <= moment }?.customer
  }

  /// What holds from a moment until before another.
  fileprivate func clipped(from: Int64, to end: Int64?) -> [Ownership] {
    enumerated().compactMap { index, one in
      let next = index + 1 < count ? self[index + 1].since : nil
      if let next, next <= from { return nil }
      let since = Swift.max(one.since, from)
      // Of several of one moment only the last holds anything.
      if let end, since >= end { return nil }
      return Ownership(since: since, customer: one.customer)
    }
  }
}
