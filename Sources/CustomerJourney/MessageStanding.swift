/// How far a message is.
package enum MessageState: String, CaseIterable, Codable, Sendable {
  /// To be sent when it is due.
  case waiting
  /// A sender has it, until the end of its lease.
  case claimed
  /// The next server took it over, and answers for it from there on.
  case sent
  /// The recipient's server said that it arrived.
  case delivered
  /// It was taken over, and came back.
  case bounced
  /// The other side will not have it.
  case refused
  /// We decided not to send it.
  case skipped
  /// It may have been sent and may not; nobody will know.
  case unknown
  /// Every try failed. A person can have it tried again.
  case dead

  /// True where nothing more happens by itself.
  package var isFinal: Bool {
    switch self {
    case .waiting, .claimed: false
    case .sent, .delivered, .bounced, .refused, .skipped, .unknown, .dead: true
    }
  }

  /// True where the customer may have got it: this counts for caps.
  package var mayHaveArrived: Bool {
    switch self {
    case .sent, .delivered, .unknown: true
    case .claimed: true
    case .waiting, .bounced, .refused, .skipped, .dead: false
    }
  }
}

extension MessageState {
  /// The event of the touchpoint that a message makes when it comes to stand so; nil for none.
  package var event: EventName? {
    switch self {
    case .sent: EventName("Message Sent")
    case .delivered: EventName("Message Delivered")
    case .bounced: EventName("Message Bounced")
    case .waiting, .claimed, .refused, .skipped, .unknown, .dead: nil
    }
  }
}

/// Something that happens to a message.
package enum MessageHappening: Hashable, Sendable {
  /// A sender takes it.
  case claimed(until: Timestamp)
  /// From now on bytes may leave this machine.
  case handedOver
  /// The other side took it over.
  case accepted
  /// The check at the moment of sending says: not now.
  case putOff(until: Timestamp, MessageReason)
  /// The check says: not at all; or what it was about is over.
  case skipped(MessageReason)
  /// It didn't work this time; the message certainly didn't leave.
  case failedForNow(MessageReason)
  /// It will never work.
  case refused(MessageReason)
  /// The connection ended when the message may have been taken over.
  case lost(MessageReason)
  /// The sender was not heard of until the end of the lease.
  case leaseEnded
  /// The recipient's server reported success.
  case delivered
  /// The recipient's server sent it back for good.
  case bounced(MessageReason)
  /// A person wants a dead one to be tried once more.
  case again
}

/// What happened to one message.
package struct MessageNote: Hashable, Sendable {
  package var message: Int64
  /// The sender's claim; nil where it isn't a sender that says it.
  package var claim: Int?
  package var happening: MessageHappening
  /// Of a handing over: what was known when it was decided.
  package var asOf: CustomerMark?

  package init(
    _ message: Int64, claim: Int? = nil, _ happening: MessageHappening, asOf: CustomerMark? = nil
  ) {
    self.message = message
    self.claim = claim
    self.happening = happening
    self.asOf = asOf
  }
}

/// How much was known of a customer when something was decided: the last rows that were looked at.
package struct CustomerMark: Hashable, Sendable {
  package var customer: Int64
  package var touchpoint: Int64
  package var journeyChange: Int64
  package var profileChange: Int64
  package var consent: Int64

  package init(
    customer: Int64 = 0, touchpoint: Int64, journeyChange: Int64, profileChange: Int64,
    consent: Int64
  ) {
    self.customer = customer
    self.touchpoint = touchpoint
    self.journeyChange = journeyChange
    self.profileChange = profileChange
    self.consent = consent
  }
}

/// How a message stands: the state and what belongs to it. ``after(_:purpose:policy:at:)`` is the only
/// place that says how it may change.
package struct MessageStanding: Hashable, Sendable {
  package var state: MessageState
  package var reason: MessageReason?
  /// When it is to be sent; after a failure the next try.
  package var due: Timestamp
  /// Counts claims: what a sender says counts only while its claim is the last one.
  package var claim: Int
  /// Tries that failed.
  package var failures: Int
  package var leaseEnds: Timestamp?
  /// True while bytes may have left.
  package var isHandedOver: Bool

  package init(
    state: MessageState = .waiting, reason: MessageReason? = nil, due: Timestamp, claim: Int = 0,
    failures: Int = 0, leaseEnds: Timestamp? = nil, isHandedOver: Bool = false
  ) {
    self.state = state
    self.reason = reason
    self.due = due
    self.claim = claim
    self.failures = failures
    self.leaseEnds = leaseEnds
    self.isHandedOver = isHandedOver
  }
}

/// What a project decided about sending.
package struct MessagePolicy: Hashable, Sendable {
  /// Seconds from each failed try to the next; after as many failures and one the message is dead.
  package var retrySeconds: [Int64]
  /// True when a service message is sent once more where nobody knows whether it arrived: twice is
  /// better than never for it. Marketing is never repeated.
  package var repeatsUnknownService: Bool

  package init(
    retrySeconds: [Int64] = [60, 300, 900, 3_600, 14_400, 43_200, 86_400],
    repeatsUnknownService: Bool = false
  ) {
    self.retrySeconds = retrySeconds
    self.repeatsUnknownService = repeatsUnknownService
  }
}

/// Something cannot happen to a message that stands where it stands.
package struct MessageStandingProblem: Error, Hashable, CustomStringConvertible {
  package var state: MessageState
  package var what: String

  package var description: String {
    "A message that is \(state.rawValue) cannot become \(what). Look at it again: it has changed "
      + "meanwhile."
  }
}

extension MessageStanding {
  /// How it stands after something happened.
  package func after(
    _ happening: MessageHappening, purpose: MessagePurpose, policy: MessagePolicy,
    at now: Timestamp
  ) throws(MessageStandingProblem) -> MessageStanding {
    var next = self
    next.leaseEnds = nil
    next.isHandedOver = false
    next.reason = nil
    switch (happening, state) {
    case (.claimed(let until), .waiting) where due <= now:
      next.state = .claimed
      next.claim += 1
      next.leaseEnds = until
    case (.handedOver, .claimed) where !isHandedOver:
      next.leaseEnds = leaseEnds
      next.isHandedOver = true
    case (.accepted, .claimed) where isHandedOver: next.state = .sent
    // A sender that was slow comes to tell how it ended after all.
    case (.accepted, .unknown): next.state = .sent
    case (.putOff(let until, let reason), .claimed) where !isHandedOver:
      next.state = .waiting
      next.due = max(until, now)
      next.reason = reason
    case (.skipped(let reason), .waiting),
      (.skipped(let reason), .claimed) where !isHandedOver:
      next.state = .skipped
      next.reason = reason
    case (.failedForNow(let reason), .claimed): next.retry(reason, policy, now)
    case (.refused(let reason), .claimed):
      next.state = .refused
      next.reason = reason
    case (.lost(let reason), .claimed) where isHandedOver:
      next.ended(without: reason, purpose, policy, now)
    case (.leaseEnded, .claimed):
      if isHandedOver {
        next.ended(
          without: MessageReason("stopped-while-sending"), purpose, policy, now)
      } else {
        next.state = .waiting
        next.reason = MessageReason("stopped-before-sending")
      }
    case (.delivered, .sent), (.delivered, .unknown): next.state = .delivered
    // Some servers report that they took a mail on, and then cannot deliver it.
    case (.bounced(let reason), .sent), (.bounced(let reason), .unknown),
      (.bounced(let reason), .delivered):
      next.state = .bounced
      next.reason = reason
    case (.again, .dead), (.again, .refused):
      next.state = .waiting
      next.failures = 0
      next.due = now
    default: throw MessageStandingProblem(state: state, what: happening.name)
    }
    return next
  }

  private mutating func retry(_ reason: MessageReason, _ policy: MessagePolicy, _ now: Timestamp) {
    self.reason = reason
    if failures < policy.retrySeconds.count {
      state = .waiting
      due = now.adding(seconds: policy.retrySeconds[failures])
    } else {
      state = .dead
    }
    failures += 1
  }

  private mutating func ended(
    without reason: MessageReason, _ purpose: MessagePurpose, _ policy: MessagePolicy,
    _ now: Timestamp
  ) {
    if purpose == .service, policy.repeatsUnknownService {
      retry(reason, policy, now)
    } else {
      state = .unknown
      self.reason = reason
    }
  }
}

extension MessageHappening {
  package var name: String {
    switch self {
    case .claimed: "claimed"
    case .handedOver: "handed over"
    case .accepted: "sent"
    case .putOff: "put off"
    case .skipped: "skipped"
    case .failedForNow: "failed for now"
    case .refused: "refused"
    case .lost: "unknown"
    case .leaseEnded: "free again"
    case .delivered: "delivered"
    case .bounced: "bounced"
    case .again: "waiting again"
    }
  }
}
