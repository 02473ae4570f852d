package import CustomerJourney

/// A source with its mapping read, as the collector uses it.
package struct CollectorSource: Sendable {
  package var name: String
  package var mapping: SourceMapping

  package init(name: String, mapping: SourceMapping = SourceMapping()) {
    self.name = name
    self.mapping = mapping
  }
}

/// How one source's own names are read: events renamed, and which properties hold the facts.
package struct SourceMapping: Hashable, Sendable {
  /// The channel of events that state none.
  package var channel: Channel?
  /// The client's name of an event, to ours.
  package var events: [String: String] = [:]

  package init() {}

  func apply(to event: inout ClientEvent) {
    if let name = events[event.name] { event.name = name }
  }
}
