/// What the collector made of a request, to be stored together or not at all.
package struct CollectedBatch: Hashable, Sendable {
  package var touchpoints: [Touchpoint]
  package var profiles: [ProfileChange]
  package var rejected: [RejectedEvent]
  /// What was said of consents, by events in it.
  package var consents: [ConsentClaim] = []
  /// Events that the source's mapping leaves out; nothing of them is stored.
  package var leftOut = 0
  /// Rejected events besides those in ``rejected``: too many of one request to be kept whole.
  package var unkept: [RejectedEvent.Kind: Int] = [:]

  package init(
    touchpoints: [Touchpoint] = [], profiles: [ProfileChange] = [],
    rejected: [RejectedEvent] = []
  ) {
    self.touchpoints = touchpoints
    self.profiles = profiles
    self.rejected = rejected
  }

  /// Events in it that are stored, whatever became of them.
  package var count: Int { touchpoints.count + profiles.count + rejected.count }
  package var isEmpty: Bool { count == 0 && consents.isEmpty }
}

/// What became of a ``CollectedBatch`` that was stored.
package struct KeptOutcome: Hashable, Sendable {
  /// Touchpoints and profile changes that are new.
  package var stored: Int
  /// Of both, already there: the same time by the client's clock, and message id.
  package var duplicates: Int
  /// Which of the batch's touchpoints were already there, by index.
  package var knownTouchpoints: [Int]

  package init(stored: Int = 0, duplicates: Int = 0, knownTouchpoints: [Int] = []) {
    self.stored = stored
    self.duplicates = duplicates
    self.knownTouchpoints = knownTouchpoints
  }
}

/// What a client says of a person apart from what happened: who it is, what is known of it, and the
/// account that it belongs to. Segment calls it identify, alias and group.
package struct ProfileChange: Hashable, Sendable {
  /// Whose it is, as in ``Touchpoint/customer``.
  package var customer: String
  /// Other keys by which the same message names the same person.
  package var alsoKnownAs: [String]
  package var traits: [String: PropertyValue]
  /// A company or other group that the person belongs to, by the client's own id.
  package var account: String?
  package var accountTraits: [String: PropertyValue]
  /// When it was said: an older change never overwrites a newer one.
  package var occurred: Timestamp
  /// As in ``Touchpoint/clientTime``.
  package var clientTime: Timestamp?
  package var received: Timestamp
  /// Recognises a retry. Nil for what a file's row says, which may be said again.
  package var messageID: String?
  package var source: String
  /// Whose word it is.
  package var claimant: Claimant

  package init(
    customer: String, alsoKnownAs: [String] = [], traits: [String: PropertyValue] = [:],
    account: String? = nil, accountTraits: [String: PropertyValue] = [:], occurred: Timestamp,
    clientTime: Timestamp? = nil, received: Timestamp? = nil, messageID: String? = nil,
    source: String, claimant: Claimant = .file
  ) {
    self.customer = customer
    self.alsoKnownAs = alsoKnownAs
    self.traits = traits
    self.account = account
    self.accountTraits = accountTraits
    self.occurred = occurred
    self.clientTime = clientTime
    self.received = received ?? occurred
    self.messageID = messageID
    self.source = source
    self.claimant = claimant
  }
}

/// An event that came in and is no touchpoint, kept with the reason so that it can be looked at and,
/// when what was wrong is mended, read again.
package struct RejectedEvent: Hashable, Sendable {
  package enum Kind: String, Hashable, Sendable, CaseIterable {
    /// Something in it is wrong.
    case rejected
    /// A program sent it that visits pages by itself: kept apart from people's journeys.
    case bot
  }

  package var kind: Kind
  /// The source's name; nil when no source has the key that came with it.
  package var source: String?
  /// The dialect that read it: `segment`.
  package var dialect: String
  /// A sentence that says what is wrong and what to do. Never holds what the event said.
  package var reason: String
  package var received: Timestamp
  /// A request that holds this one event, to be read again. Personal data, but for the address of
  /// the sender, which is not kept.
  package var request: KeptRequest

  package init(
    kind: Kind, source: String?, dialect: String, reason: String, received: Timestamp,
    request: KeptRequest
  ) {
    self.kind = kind
    self.source = source
    self.dialect = dialect
    self.reason = reason
    self.received = received
    self.request = request
  }
}

/// What of a request is kept to read it again.
package struct KeptRequest: Hashable, Sendable, Codable {
  package var method: String
  package var path: String
  package var query: String
  /// By lower-case name; only those that say something of the event.
  package var headers: [String: String]
  package var body: String
  /// True when the body was too long to be kept whole, so that it cannot be read again.
  package var isCut: Bool

  package init(
    method: String, path: String, query: String = "", headers: [String: String] = [:],
    body: String = "", isCut: Bool = false
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
    self.isCut = isCut
  }
}

/// A client or system that sends touchpoints, known by its key.
package struct Source: Hashable, Sendable, Identifiable {
  package var id: Int64
  /// In ``Touchpoint/source``: `shop`.
  package var name: String
  /// What clients call write key, API key, API secret, site id or app id.
  package var writeKey: String
  /// A source that is off takes nothing in.
  package var isOn: Bool
  package var created: Timestamp
  /// The YAML of a ``SourceMapping`` in Collector; nil where clients' own names are good.
  package var mapping: String?

  package init(
    id: Int64, name: String, writeKey: String, isOn: Bool = true, created: Timestamp,
    mapping: String? = nil
  ) {
    self.id = id
    self.name = name
    self.writeKey = writeKey
    self.isOn = isOn
    self.created = created
    self.mapping = mapping
  }
}
