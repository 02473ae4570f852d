package import CustomerJourney
import Synchronization

/// What is decided about a message at the moment of sending: consent, caps, quiet hours and the
/// customer's state may be others than when it was written down.
package enum SendingCheck: Hashable, Sendable {
  /// It may go, as far as was known then; nil where nothing that can change was looked at.
  case send(asOf: CustomerMark?)
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
///
/// Who is sent away gets a moment of its own, so that those who wait don't all come again at once.
package struct DomainRate: Sendable {
  /// `promised` is how many were sent away and are to come.
  private typealias Bucket = (tokens: Double, promised: Double, at: Timestamp)
  private var buckets: [String: Bucket] = [:]

  package init() {}

  /// Nil when one may go now; else the moment from which it may.
  package mutating func take(
    _ domain: String, perMinute: Int, at now: Timestamp
  ) -> Timestamp? {
    if buckets.count > 10_000 { buckets = buckets.filter { now.seconds(since: $0.value.at) < 60 } }
    let perSecond = Double(perMinute) / 60
    let size = max(1, perSecond * 10)
    var bucket = buckets[domain] ?? (size, 0, now)
    let filled = max(0, now.seconds(since: bucket.at)) * perSecond
    bucket = (min(size, bucket.tokens + filled), max(0, bucket.promised - filled), now)
    defer { buckets[domain] = bucket }
    guard bucket.tokens >= 1 else {
      let wait = (1 - bucket.tokens + bucket.promised) / perSecond
      bucket.promised += 1
      return Timestamp(milliseconds: now.milliseconds + Int64((wait * 1000).rounded(.up)))
    }
    bucket.tokens -= 1
    return nil
  }
}

/// The rate of all domains, for all that send at once and as long as they do.
package final class DomainRates: Sendable {
  private let rate = Mutex(DomainRate())

  package init() {}

  func take(_ domain: String, perMinute: Int, at now: Timestamp) -> Timestamp? {
    rate.withLock { $0.take(domain, perMinute: perMinute, at: now) }
  }
}
