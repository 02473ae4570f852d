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

  /// Reads a mapping; `name` stands in errors. Throws ``ImportError`` of kind `mapping`.
  package init(yaml: String, name: String = "the mapping") throws {
    self.init()
    for (key, node) in try MappingNode(yaml: yaml, name: name)
      .entries(allowed: ["channel", "events"])
    {
      switch key {
      case "channel": channel = Channel(try node.text())
      default: events = try node.texts()
      }
    }
  }

  func apply(to event: inout ClientEvent) {
    if let name = events[event.name] { event.name = name }
  }
}
