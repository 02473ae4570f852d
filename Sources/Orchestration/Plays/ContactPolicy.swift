package import CustomerJourney
import Foundation

/// How often and when we write to customers, whatever the plays want.
package struct ContactPolicy: Hashable, Sendable, Codable {
  package struct Cap: Hashable, Sendable, Codable {
    /// Nil is over all channels together.
    package var channel: MessageChannel?
    package var count: Int
    package var per: Period

    package init(channel: MessageChannel? = nil, count: Int, per: Period) {
      self.channel = channel
      self.count = count
      self.per = per
    }
  }

  /// Counted back from the moment of sending, so that midnight makes no difference.
  package enum Period: String, Hashable, Sendable, Codable, CaseIterable {
    case day, week, month

    package var milliseconds: Int64 {
      switch self {
      case .day: 86_400_000
      case .week: 7 * 86_400_000
      case .month: 30 * 86_400_000
      }
    }

    var bar: SendingBar {
      switch self {
      case .day: .capOfDay
      case .week: .capOfWeek
      case .month: .capOfMonth
      }
    }
  }

  /// Hours in the customer's zone in which nothing is sent; it may go over midnight.
  package struct QuietHours: Hashable, Sendable, Codable {
    package var from: TimeOfDay
    package var until: TimeOfDay

    package init(from: TimeOfDay, until: TimeOfDay) {
      self.from = from
      self.until = until
    }

    func contains(_ moment: Timestamp, in zone: Zone) -> Bool {
      let clock = zone.civil(moment)
      let minutes = clock.hour * 60 + clock.minute
      return from.minutes <= until.minutes
        ? (from.minutes..<until.minutes).contains(minutes)
        : minutes >= from.minutes || minutes < until.minutes
    }
  }

  /// After so many marketing messages in a row that nobody opened or followed, none for so many days.
  package struct Rest: Hashable, Sendable, Codable {
    package var afterUnanswered: Int
    package var days: Int

    package init(afterUnanswered: Int, days: Int) {
      self.afterUnanswered = afterUnanswered
      self.days = days
    }
  }

  package var caps: [Cap]
  package var quietHours: QuietHours?
  package var rest: Rest?
  /// Minutes between a message and the next marketing message, whatever they are about.
  package var spacingMinutes: Int
  /// Rules under which nothing is sold, with the reason, as texts.
  package var notSalesMoments: [NotSalesMoment]

  package struct NotSalesMoment: Hashable, Sendable, Codable {
    package var rule: String
    package var because: LocalizedText

    package init(rule: String, because: LocalizedText) {
      self.rule = rule
      self.because = because
    }
  }

  package init(
    caps: [Cap], quietHours: QuietHours?, rest: Rest?, spacingMinutes: Int,
    notSalesMoments: [NotSalesMoment]
  ) {
    self.caps = caps
    self.quietHours = quietHours
    self.rest = rest
    self.spacingMinutes = spacingMinutes
    self.notSalesMoments = notSalesMoments
  }

  /// What holds until a project decides otherwise.
  package static let usual = ContactPolicy(
    caps: [
      Cap(channel: .email, count: 1, per: .day), Cap(channel: .email, count: 3, per: .week),
      Cap(count: 2, per: .day), Cap(count: 4, per: .week), Cap(count: 10, per: .month),
    ],
    quietHours: QuietHours(from: TimeOfDay(hour: 21), until: TimeOfDay(hour: 8)),
    rest: Rest(afterUnanswered: 6, days: 30), spacingMinutes: 240,
    notSalesMoments: [
      NotSalesMoment(
        rule:
          #"ever(event is "Support Requested", within 7d) and never(event is "Support Resolved", after last event is "Support Requested")"#,
        because: LocalizedText(
          en: "a question to us is still open", nl: "er staat nog een vraag aan ons open")),
      NotSalesMoment(
        rule: #"ever(event is "Order Refunded", within 2d)"#,
        because: LocalizedText(
          en: "something was sent back in the last two days",
          nl: "er is in de laatste twee dagen iets teruggestuurd")),
    ])
}

/// A message that a play wants to send.
package struct ContactCandidate: Hashable, Sendable {
  package var channel: MessageChannel
  package var purpose: MessagePurpose
  package var priority: Int
  /// When it was to be sent first.
  package var due: Timestamp
  package var zone: Zone
  /// What is known now.
  package var hasConsent: Bool
  package var isSalesMoment: Bool

  package init(
    channel: MessageChannel, purpose: MessagePurpose, priority: Int, due: Timestamp, zone: Zone,
    hasConsent: Bool, isSalesMoment: Bool = true
  ) {
    self.channel = channel
    self.purpose = purpose
    self.priority = priority
    self.due = due
    self.zone = zone
    self.hasConsent = hasConsent
    self.isSalesMoment = isSalesMoment
  }
}

/// What the customer got from us, and what else waits to be sent.
package struct ContactHistory: Hashable, Sendable {
  package struct Contact: Hashable, Sendable {
    package var channel: MessageChannel
    package var purpose: MessagePurpose
    package var at: Timestamp
    /// It was opened, or a link in it was followed.
    package var isAnswered: Bool

    package init(
      channel: MessageChannel, purpose: MessagePurpose, at: Timestamp, isAnswered: Bool = false
    ) {
      self.channel = channel
      self.purpose = purpose
      self.at = at
      self.isAnswered = isAnswered
    }
  }

  /// Oldest first.
  package var contacts: [Contact]
  /// Others of this customer that are due now.
  package var waiting: [(purpose: MessagePurpose, priority: Int)]

  package init(
    contacts: [Contact] = [], waiting: [(purpose: MessagePurpose, priority: Int)] = []
  ) {
    self.contacts = contacts
    self.waiting = waiting
  }

  package static func == (a: Self, b: Self) -> Bool { a.contacts == b.contacts }
  package func hash(into hasher: inout Hasher) { hasher.combine(contacts) }
}

extension ContactPolicy {
  /// Whether a message may go now, later, or not at all. Asked when it is due and again at the moment
  /// of sending.
  ///
  /// Service messages heed only quiet hours of channels that ring; they count for nobody's cap but the
  /// spacing, and marketing lets them go first.
  package func decide(
    _ message: ContactCandidate, _ history: ContactHistory, now: Timestamp
  ) -> MessageVerdict {
    let lateFrom = message.due.adding(seconds: Limits.messageLateSeconds)
    guard now <= lateFrom else { return .skip(.late) }
    func wait(_ moment: Timestamp, _ bar: SendingBar) -> MessageVerdict {
      moment <= lateFrom ? .wait(until: max(moment, now.adding(seconds: 1)), bar) : .skip(bar)
    }
    if message.purpose == .marketing {
      guard message.hasConsent else { return .skip(.noConsent) }
      if let verdict = ruleOutSales(message, history, now, wait) { return verdict }
    }
    // A place on the site waits for nobody's night.
    if message.channel != .onsite, message.channel != .webhook,
      message.purpose == .marketing || message.channel == .sms,
      let quietHours, quietHours.contains(now, in: message.zone)
    {
      return wait(quietHours.until.next(from: now, in: message.zone), .quietHours)
    }
    return .send
  }

  private func ruleOutSales(
    _ message: ContactCandidate, _ history: ContactHistory, _ now: Timestamp,
    _ wait: (Timestamp, SendingBar) -> MessageVerdict
  ) -> MessageVerdict? {
    if !message.isSalesMoment { return wait(now.adding(seconds: 3600), .notSalesMoment) }
    guard message.channel != .onsite, message.channel != .webhook else { return nil }
    if history.waiting.contains(where: { $0.purpose == .service }) {
      return wait(now.adding(seconds: 900), .serviceFirst)
    }
    // What seems to be still to come was sent before the clock was set back, and counts too.
    let sold = history.contacts.filter {
      $0.purpose == .marketing && $0.channel != .onsite && $0.channel != .webhook
    }
    if let rest, rest.afterUnanswered > 0, sold.count >= rest.afterUnanswered,
      sold.suffix(rest.afterUnanswered).allSatisfy({ !$0.isAnswered }), let last = sold.last?.at
    {
      let until = last.adding(seconds: Int64(rest.days) * 86_400)
      if now < until { return wait(until, .resting) }
    }
    // The cap that holds it back longest says when it may go.
    var latest: (until: Timestamp, bar: SendingBar)?
    for cap in caps {
      let counted = sold.filter { cap.channel == nil || cap.channel == $0.channel }
        .filter { now.milliseconds - $0.at.milliseconds < cap.per.milliseconds }
      guard counted.count >= cap.count else { continue }
      guard cap.count > 0 else { return .skip(cap.per.bar) }
      let freeing = counted[counted.count - cap.count].at
      let until = Timestamp(milliseconds: freeing.milliseconds + cap.per.milliseconds)
      if latest.map({ until > $0.until }) ?? true { latest = (until, cap.per.bar) }
    }
    if let latest { return wait(latest.until, latest.bar) }
    if history.waiting.contains(where: {
      $0.purpose == .marketing && $0.priority > message.priority
    }) {
      return wait(now.adding(seconds: 900), .otherPlay)
    }
    if let last = history.contacts.last(where: {
      $0.channel != .onsite && $0.channel != .webhook
    })?.at {
      let until = last.adding(seconds: Int64(spacingMinutes) * 60)
      if now < until { return wait(until, .otherPlay) }
    }
    return nil
  }
}

extension ContactPolicy {
  /// Reads what ``json`` wrote.
  package init(json: String) throws {
    self = try JSONDecoder().decode(Self.self, from: Data(json.utf8))
  }

  package var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
  }

  /// What is wrong with it; nil when nothing is.
  package var problem: String? {
    for cap in caps where !(0...1_000).contains(cap.count) {
      return "A cap is a whole number from 0 to 1000, not \(cap.count)."
    }
    guard caps.count <= 50 else { return "There are more than 50 caps: take some away." }
    if let rest, !(0...1_000).contains(rest.afterUnanswered) || !(0...366).contains(rest.days) {
      return "A rest comes after at most 1000 messages and lasts at most 366 days."
    }
    guard (0...44_640).contains(spacingMinutes) else {
      return "Messages are at most 44640 minutes (31 days) apart, not \(spacingMinutes)."
    }
    return notSalesMoments.count <= 50 ? nil : "There are more than 50 moments without sales."
  }
}
