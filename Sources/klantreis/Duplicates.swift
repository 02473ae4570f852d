import CustomerJourney
import Store

/// Customers who may be one person, among those of whom enough is known.
struct Duplicates: Sendable {
  let pairs: [SuggestedPair]
  /// True when there are more customers than are compared.
  let isCut: Bool

  init(in store: Store, limit: Int = Limits.suggestions) throws {
    let known = try store.traits().sorted { $0.key < $1.key }
      .map { (number: $0.key, record: PersonRecord(traits: $0.value)) }
      .filter(\.record.saysEnough)
    let compared = Array(known.prefix(Limits.matchedCustomers))
    isCut = known.count > compared.count
    let answered = try store.answeredDuplicates()
    let matches = PersonMatching.matches(among: compared.map(\.record)).lazy.filter {
      !answered.contains(.init(compared[$0.first].number, compared[$0.second].number))
    }.prefix(limit)
    let keys = try store.customerKeys(
      matches.flatMap { [compared[$0.first].number, compared[$0.second].number] })
    pairs = matches.compactMap { match in
      let (one, other) = (compared[match.first], compared[match.second])
      guard let key = keys[one.number], let otherKey = keys[other.number] else { return nil }
      return SuggestedPair(key: key, other: otherKey, one.record, other.record)
    }
  }
}
