package import CustomerJourney

/// What is decided about a message at the moment of sending: consent, caps, quiet hours and the
/// customer's state may be others than when it was written down.
package enum SendingCheck: Hashable, Sendable {
  case send
  case putOff(until: Timestamp, MessageReason)
  case skip(MessageReason)
}

/// Whom a message goes to, as far as sending needs it.
package struct Recipient: Sendable {
  package var email: MailAddress?
  /// With the country's code: `+31612345678`.
  package var phone: String?
  package var reader: Composing.Reader
  /// True when opens and clicks of this customer may be counted.
  package var allowsTracking: Bool
  /// Ways out, for below a mail; nil where there are none.
  package var ways: Composing.Ways
  /// The address that one click leaves by, in the header (RFC 8058).
  package var oneClick: String?

  package init(
    email: MailAddress?, phone: String?, reader: Composing.Reader, allowsTracking: Bool,
    ways: Composing.Ways, oneClick: String?
  ) {
    self.email = email
    self.phone = phone
    self.reader = reader
    self.allowsTracking = allowsTracking
    self.ways = ways
    self.oneClick = oneClick
  }
}

/// How many mails go to one domain in a minute: large providers turn away who sends faster. A bucket for
/// each domain that fills at that rate and holds what goes in ten seconds.
package struct DomainRate: Sendable {
  private let perMinute: Double
  private var buckets: [String: (tokens: Double, at: Timestamp)] = [:]

  package init(perMinute: Int) { self.perMinute = Double(perMinute) }

  private var size: Double { max(1, perMinute / 6) }

  /// Nil when one may go now; else the moment from which the next may.
  package mutating func take(_ domain: String, at now: Timestamp) -> Timestamp? {
    if buckets.count > 10_000 { buckets = buckets.filter { now.seconds(since: $0.value.at) < 60 } }
    let bucket = buckets[domain] ?? (size, now)
    let passed = max(0, now.seconds(since: bucket.at))
    let tokens = min(size, bucket.tokens + passed * perMinute / 60)
    guard tokens >= 1 else {
      buckets[domain] = (tokens, now)
      let wait = (1 - tokens) / perMinute * 60
      return Timestamp(milliseconds: now.milliseconds + Int64((wait * 1000).rounded(.up)))
    }
    buckets[domain] = (tokens - 1, now)
    return nil
  }
}
