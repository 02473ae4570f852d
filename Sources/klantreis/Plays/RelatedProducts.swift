import CustomerJourney
import Dispatch
import Foundation
import Insights
import JourneyEngine
import Store
import Synchronization

/// Which products go with which, for messages: those that were bought together, as they were last seen
/// in the shop.
///
/// All baskets are looked at, so what was found is kept for ``Limits/relatedSeconds`` and is then found
/// anew beside whoever asks.
final class RelatedProducts: Sendable {
  /// What goes with what, at one moment.
  struct Found: Sendable {
    /// By the name of a product, those bought with it more often than by chance, the strongest first.
    var related: [String: [String]] = [:]
    /// The last touchpoint that told of a product, by its name.
    var rows: [String: Int64] = [:]
  }

  private struct State {
    var found: Found?
    var made = ContinuousClock.now
    var isRenewed = false
  }

  private let state = Mutex(State())

  /// At most ``Limits/relatedProducts`` products that go with those `names`, and are not among `known`.
  func products(
    with names: [String], besides known: Set<String>, _ snapshot: Snapshot
  ) throws -> [Basket.Product] {
    guard !names.isEmpty else { return [] }
    let found = try found(snapshot)
    var chosen: [(name: String, row: Int64)] = []
    let lists = names.map { found.related[$0] ?? [] }
    // The best of each product before the second best of any.
    for place in 0..<(lists.map(\.count).max() ?? 0) {
      for list in lists where place < list.count {
        let name = list[place]
        guard !known.contains(name), !names.contains(name), let row = found.rows[name],
          !chosen.contains(where: { $0.name == name })
        else { continue }
        chosen.append((name, row))
      }
    }
    return try chosen.prefix(Limits.relatedProducts).compactMap { name, row in
      // A row that was erased leaves its number to another touchpoint.
      guard let seen = try snapshot.facts.store.touchpoints(rows: [row]).first,
        seen.content == name
      else { return nil }
      var product = Basket.Product(of: seen) ?? Basket.Product(id: name)
      product.name = name
      product.quantity = 1
      return product
    }
  }

  private func found(_ snapshot: Snapshot) throws -> Found {
    try state.withLock { state in
      guard let found = state.found else {
        let found = try Self.find(snapshot)
        state = State(found: found, made: .now)
        return found
      }
      let isOld = .now - state.made > .seconds(Limits.relatedSeconds)
      if isOld, !state.isRenewed {
        state.isRenewed = true
        DispatchQueue.global(qos: .utility).async { self.renew(snapshot) }
      }
      return found
    }
  }

  private func renew(_ snapshot: Snapshot) {
    // What cannot be read now is read the next time; until then what is known holds.
    let found = try? Self.find(snapshot)
    state.withLock { state in
      if let found { state = State(found: found, made: .now) } else { state.isRenewed = false }
    }
  }

  static func find(_ snapshot: Snapshot) throws -> Found {
    let journeys = snapshot.journeys
    let answer = SelectedJourneys(journeys).answer(
      RelatedFold(
        event: EventStep(EventName.orderCompleted.name, in: journeys),
        adding: EventStep(EventName.productAdded.name, in: journeys),
        removing: EventStep(EventName.productRemoved.name, in: journeys),
        top: Limits.rowsPerAnswer, table: journeys))
    var found = Found()
    for row in answer.rows where row.lift > 1 {
      found.related[row.content, default: []].append(row.related)
    }
    if !found.related.isEmpty {
      found.rows = try snapshot.facts.store.lastTouchpoints(
        withContentOf: [.productViewed, .productAdded, .orderCompleted],
        among: Limits.relatedTouchpoints)
    }
    return found
  }
}
