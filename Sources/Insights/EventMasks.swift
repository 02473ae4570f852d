import CustomerJourney
package import JourneyEngine

/// Some kinds of events, each under a name: the steps of a funnel, the goal of a path.
package struct EventStep: Sendable, Equatable {
  package var name: String
  /// Codes of the table's events; none when nothing of that name ever happened.
  package var events: Set<UInt32>

  package init(name: String, events: Set<UInt32>) {
    self.name = name
    self.events = events
  }

  /// All events of `table` that `name` means, however they are spelled: `purchase` and
  /// `order-completed` are both `Order Completed`.
  package init(_ name: String, in table: some NamedJourneys) {
    let event = EventName(name)
    let names = table.names(.event).all
    self.init(
      name: event.name,
      events: Set(
        names.indices.dropFirst().filter { Vocabulary.key(names[$0]) == event.key }
          .map(UInt32.init)))
  }
}

/// For each event code, the steps that it is: bit `k` for step `k`.
struct EventMasks: Sendable {
  /// Every value of a code has its place, so that looking one up needs no check.
  private let masks: [UInt32]

  init(_ steps: [EventStep]) {
    precondition(steps.count <= 32, "a bit for each step")
    var masks = [UInt32](repeating: 0, count: 65_536)
    for (k, step) in steps.enumerated() {
      for event in step.events where event < 65_536 { masks[Int(event)] |= 1 << UInt32(k) }
    }
    self.masks = masks
  }

  func withPointer<R>(_ body: (UnsafePointer<UInt32>) -> R) -> R {
    masks.withUnsafeBufferPointer {
      guard let base = $0.baseAddress else { preconditionFailure("65,536 masks") }
      return body(base)
    }
  }
}
