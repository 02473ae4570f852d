import CustomerJourney
import Testing

@testable import Collector

/// One event in words that every protocol has, for a fixture to write as its clients do.
struct SampleEvent: Hashable, Sendable {
  enum Kind: CaseIterable, Sendable { case pageView, productView, order }

  var kind = Kind.pageView
  /// Nil is written as `null` where the protocol can.
  var userID: String? = "customer-1"
  var anonymousID: String? = "browser-1"
  /// By the client's clock. Written with microseconds and `+00:00` where the protocol takes a text.
  var time = testNow.adding(seconds: -60)
  var messageID: String? = "message-1"
  var pageURL = "https://shop.example/shoes?size=42"
  /// Of an order.
  var amount = 49.95
  var currency = "EUR"

  /// What is stored of it.
  var storedEvent: EventName {
    switch kind {
    case .pageView: .pageViewed
    case .productView: .productViewed
    case .order: .orderCompleted
    }
  }

  /// `2024-06-15T00:00:00.123000+00:00`, as Python writes a time.
  var timeText: String { Self.text(time) }

  static func text(_ moment: Timestamp) -> String {
    let (civil, rest) = CivilTime.of(milliseconds: moment.milliseconds)
    let fraction = String(1_000_000 + rest * 1_000).dropFirst()
    return "\(civil.dateText)T\(civil.clockText).\(fraction)+00:00"
  }

  /// `count` events of one customer, each with a message id and a time of its own.
  static func several(_ count: Int) -> [SampleEvent] {
    (0..<count).map { index in
      SampleEvent(
        kind: Kind.allCases[index % 3], time: testNow.adding(seconds: Int64(index) - 3_600),
        messageID: "message-\(index)")
    }
  }
}

/// What the contract test has to know of a dialect: how its clients write, and where its protocol
/// differs from the others.
struct DialectFixture: Sendable, CustomTestStringConvertible {
  let dialect: any Dialect
  /// Writes events into one request, with ``TestDoor/key``, as a client does that sends them at
  /// `sent` by its own clock. Never more events than ``eventsPerRequest``.
  let request: @Sendable (_ events: [SampleEvent], _ sent: Timestamp) -> CollectorRequest

  /// Events that one request may have; one more is refused.
  var eventsPerRequest = 1
  /// Events past that are kept apart, and the others taken.
  var keepsSurplus = false
  /// The client's clock is corrected by when it says that it sent.
  var correctsClock = false
  /// Every event has an id of its own; where not, what says the same of the same moment is a retry.
  var hasMessageIDs = true
  /// The person is said once for all events of a request.
  var hasOnePerson = false
  /// Knows both a user and an anonymous id; where not, the anonymous id alone is sent.
  var hasUserIDs = true
  /// Milliseconds to which its times are exact: 1, or 1000 where it has whole seconds.
  var clockMilliseconds: Int64 = 1
  /// The event comes in the query, so that a body's limits and packing don't concern it.
  var isQuery = false
  /// The status of a request that is too large or has too many events.
  var tooLargeStatus = 413
  /// The status of a body that cannot be read.
  var malformedStatus = 400
  /// The status for a key that no source has.
  var unknownKeyStatus = 401
  /// Other requests that the protocol's clients send, each with what it is for: all its features,
  /// from which the fuzzer makes its own.
  var more: [(what: String, request: CollectorRequest)] = []

  var testDescription: String { dialect.name }

  /// All dialects.
  static var all: [DialectFixture] {
    [
      .segment, .rudderStack, .postHog, .snowplow, .snowplowPixel, .matomo, .matomoBulk, .ga4,
      .cloudEvents,
    ]
  }
}

/// A front door whose house is in memory.
final class TestDoor: Sendable {
  static let key = "key"
  private let kept: Kept
  let door: FrontDoor

  /// Knows the source of one key. `isFull` answers every batch as a full queue does.
  init(isFull: Bool = false, key: String = TestDoor.key) {
    let kept = Kept()
    self.kept = kept
    door = FrontDoor(
      FrontDoor.Surroundings(
        source: { $0.contains(key) ? CollectorSource(name: "shop") : nil },
        normaliser: { Normaliser() },
        keep: { batch in
          if isFull { throw Refusal.busy }
          kept.add(batch)
          return KeptOutcome(stored: batch.touchpoints.count + batch.profiles.count)
        }))
  }

  /// What was kept since the last call.
  func take() -> CollectedBatch { kept.take() }

  /// Receives one request, and hands out the answer and what was kept.
  func receive(_ request: CollectorRequest) async -> (reply: CollectorReply, batch: CollectedBatch)
  {
    let reply = await door.receive(request)
    return (reply, take())
  }
}
