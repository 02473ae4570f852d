import CustomerJourney

/// A protocol that clients speak: one file each, and the only place that knows its names.
///
/// A dialect reads a request into ``ClientEvent`` values and says how to answer. It judges nothing
/// that all dialects share: times, limits, vocabulary, context and origin are ``Normaliser``'s.
package protocol Dialect: Sendable {
  /// As commands and pages name it: `segment`.
  var name: String { get }
  /// Where it listens, without a slash at the end.
  var paths: [String] { get }
  /// The methods it takes; `GET` and `POST` in most.
  var methods: [String] { get }
  /// Bytes of a body, unpacked.
  var bodyBytes: Int { get }

  /// The keys that a request has outside its body, the likeliest first.
  func keys(of request: CollectorRequest) -> [String]

  /// Reads a request. Throws a ``Refusal`` when nothing of it can be used; a single event that
  /// cannot becomes one of ``Delivery/rejected``.
  func read(_ request: CollectorRequest) throws -> Delivery

  /// Names of what holds keys and senders' addresses, in JSON at any depth, in queries and forms.
  var secrets: Set<String> { get }

  /// For each of these indices a request that holds only the event of that index in `request`, so
  /// that it can be kept and read again. What ``secrets`` names is left out. A request is read once
  /// for all of them.
  func singles(_ indices: [Int], of request: CollectorRequest) -> [CollectorRequest]

  /// What a client hears when all of its delivery is kept.
  func reply(to request: CollectorRequest, delivery: Delivery, outcome: DeliveryOutcome)
    -> CollectorReply

  /// What a client hears when it is not.
  func reply(to request: CollectorRequest, refusal: Refusal) -> CollectorReply
}

extension Dialect {
  package var methods: [String] { ["POST"] }
  package var bodyBytes: Int { Limits.collectedBytes }

  package var secrets: Set<String> { ["ip", "writeKey"] }

  package func single(_ index: Int, of request: CollectorRequest) -> CollectorRequest {
    singles([index], of: request)[0]
  }

  package func keys(of request: CollectorRequest) -> [String] {
    request.authorization.map { [$0] } ?? []
  }

  package func reply(to request: CollectorRequest, refusal: Refusal) -> CollectorReply {
    refusal.reply
  }
}

/// What a dialect found in a request.
package struct Delivery: Sendable {
  /// The keys in the body, the likeliest first; those outside it come before them.
  package var keys: [String]
  package var events: [ClientEvent]
  /// Events that could not be read, by their index in the request, each with a reason that says what
  /// is wrong and holds nothing of the event.
  package var rejected: [(index: Int, reason: String)]
  /// True for a request that only asks, and brings nothing to be stored: no key is needed then.
  package var isQuestion: Bool
  /// Which of the protocols that share this path the client speaks, where the answer differs.
  package var variant: String?

  package init(
    keys: [String] = [], events: [ClientEvent] = [],
    rejected: [(index: Int, reason: String)] = [], isQuestion: Bool = false
  ) {
    self.keys = keys
    self.events = events
    self.rejected = rejected
    self.isQuestion = isQuestion
  }
}

/// What became of a delivery, for the answer.
package struct DeliveryOutcome: Hashable, Sendable {
  /// Events that are stored now or were before, or that the source's mapping leaves out.
  package var accepted = 0
  /// Events that were kept apart, with a reason.
  package var rejected = 0
}
