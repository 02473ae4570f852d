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

/// How one source's own names are read: events renamed or left out, which properties hold the
/// facts, and what brought people. docs/collect.md has its form as a file.
package struct SourceMapping: Hashable, Sendable {
  /// The channel of events that state none.
  package var channel: Channel?
  /// The client's name of an event, to ours.
  package var events: [String: String] = [:]
  /// The client's names of events that are not wanted.
  package var ignored: Set<String> = []
  /// Where a fact is when the protocol's own field doesn't have it.
  package var places: [Fact: Place] = [:]
  /// The first that matches says the origin.
  package var origins: [OriginRule] = []
  /// True when events of programs are touchpoints as others are.
  package var keepsBots = false
  /// True when only systems of the company have the source's key, and no page or app does.
  package var hasSecretKey = false
  /// Whose word its events are.
  package var claimant: Claimant { hasSecretKey ? .server : .browser }

  package enum Fact: String, Hashable, Sendable, CaseIterable {
    case customer, anonymous, content, value, currency, time
  }

  /// A property or a trait, by its path.
  package struct Place: Hashable, Sendable {
    package var isTrait: Bool
    package var path: String
  }

  package init() {}

  /// True when ``apply(to:)`` changes nothing.
  var isPlain: Bool { events.isEmpty && places.isEmpty }

  func leavesOut(_ event: ClientEvent) -> Bool {
    !ignored.isEmpty && event.act == .touchpoint && ignored.contains(event.name)
  }

  func apply(to event: inout ClientEvent) {
    if let name = events[event.name] { event.name = name }
    func found(_ fact: Fact) -> PropertyValue? {
      places[fact].flatMap { $0.isTrait ? event.traits[$0.path] : event.properties[$0.path] }
    }
    func text(_ fact: Fact) -> String? {
      found(fact).map(\.description).flatMap { $0.trimmed.isEmpty ? nil : $0 }
    }
    if event.userID?.trimmed.isEmpty ?? true { event.userID = text(.customer) ?? event.userID }
    if event.anonymousID?.trimmed.isEmpty ?? true {
      event.anonymousID = text(.anonymous) ?? event.anonymousID
    }
    if event.content?.trimmed.isEmpty ?? true { event.content = text(.content) ?? event.content }
    if event.amount == nil, let number = found(.value)?.number {
      event.amount = ClientAmount(number: number)
    }
    if event.amount?.currency?.trimmed.isEmpty ?? true, let code = text(.currency) {
      event.amount?.currency = code
    }
    if event.occurred == nil { event.occurred = found(.time).flatMap(Self.moment) }
  }

  /// A text in ISO 8601, or the seconds or milliseconds since 1970: what would be before 1973 in
  /// milliseconds is meant in seconds.
  private static func moment(_ value: PropertyValue) -> Timestamp? {
    if case .text(let text) = value, let moment = Timestamp(iso8601: text.trimmed) {
      return moment
    }
    guard let number = value.number, abs(number) < 1e15 else { return nil }
    return Timestamp(milliseconds: Int64(abs(number) < 1e11 ? number * 1000 : number))
  }
}
