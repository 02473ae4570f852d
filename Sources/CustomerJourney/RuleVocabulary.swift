/// The names that a rule may use, and what those stand for that stand for something.
package struct RuleVocabulary: Sendable {
  /// Own event names and those in the data, besides the built-in ones.
  package var events: [EventName]
  /// Own channels and those in the data, besides the built-in ones.
  package var channels: [Channel]
  /// True makes any other event or channel an error, as in a model's file. In a filter over data a
  /// name that nobody knows is only a name that nothing has.
  package var isClosed: Bool
  /// Phase ids of each model, by model id.
  package var models: [String: [String]]
  package var settings: [String: RuleNumber]
  /// Rules that have a bare name.
  package var definitions: [String: Rule]
  package var segments: [String: Rule]
  /// False where no model says what a cycle is, which makes `this cycle` an error.
  package var hasCycles: Bool
  /// The currency in which the data are counted; nil when a rule is not about particular data.
  package var currency: Currency?

  package init(
    events: [EventName] = [], channels: [Channel] = [], isClosed: Bool = false,
    models: [String: [String]] = [:], settings: [String: RuleNumber] = [:],
    definitions: [String: Rule] = [:], segments: [String: Rule] = [:], hasCycles: Bool = false,
    currency: Currency? = nil
  ) {
    self.events = events
    self.channels = channels
    self.isClosed = isClosed
    self.models = models
    self.settings = settings
    self.definitions = definitions
    self.segments = segments
    self.hasCycles = hasCycles
    self.currency = currency
  }

  /// For a filter over data: any event and channel, the phases of `models`, and the cycles of one
  /// of them where the question has a model.
  package static func filter(
    models: [JourneyModel] = JourneyModel.builtIn, segments: [String: Rule] = [:],
    hasCycles: Bool = true, currency: Currency? = nil
  ) -> RuleVocabulary {
    RuleVocabulary(
      models: Dictionary(
        models.map { ($0.id, $0.phases.map(\.id)) }, uniquingKeysWith: { first, _ in first }),
      segments: segments, hasCycles: hasCycles, currency: currency)
  }

  func knows(_ name: String, in field: RuleField) -> Bool {
    let key = field.key(name)
    return switch field {
    case .event:
      EventName.vocabulary.contains(name) || events.contains { field.key($0.name) == key }
    case .channel:
      Channel.vocabulary.contains(name) || channels.contains { field.key($0.name) == key }
    case .origin, .device, .content, .campaign: true
    }
  }

  func names(in field: RuleField) -> [String] {
    switch field {
    case .event: events.map(\.name) + EventName.vocabulary.names
    case .channel: channels.map(\.name) + Channel.vocabulary.names
    case .origin: Origin.vocabulary.names
    case .device: Device.vocabulary.names
    case .content, .campaign: []
    }
  }

  /// Words with a meaning of their own, which no definition can have as its name.
  package static let reservedWords: Set<String> = [
    "account.role", "after", "and", "campaign", "channel", "consent", "contains", "content",
    "count",
    "cycle", "device", "event", "ever", "false", "first", "gap", "in", "is", "known", "last",
    "never", "not", "or", "origin", "phase", "property", "segment", "since", "starts", "sum",
    "this",
    "trait", "true", "unknown", "value", "with", "within",
  ]
}
