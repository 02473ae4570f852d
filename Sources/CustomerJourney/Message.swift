/// What we mean to tell one customer, and from which step of which play that follows.
///
/// It is written down before anything is sent, in the transaction that decides it, and its ``origin``
/// is unique: the same step of the same run never makes a second message.
package struct MessageIntent: Hashable, Sendable {
  package var origin: MessageOrigin
  /// The store's number of the customer.
  package var customer: Int64
  package var channel: MessageChannel
  package var purpose: MessagePurpose
  /// The name of the content: `basket-1`.
  package var template: String
  /// Nil takes the customer's own, else the project's.
  package var language: Language?
  /// Nil takes the first whose rule is true of the customer when the message is made.
  package var variant: String?
  /// What the template may fill in besides what is known of the customer: a JSON object.
  package var data: String
  /// From 0 to 9; of messages that are due at once the highest goes first.
  package var priority: Int
  package var due: Timestamp

  package init(
    origin: MessageOrigin, customer: Int64, channel: MessageChannel, purpose: MessagePurpose,
    template: String, language: Language? = nil, variant: String? = nil, data: String = "{}",
    priority: Int = 5, due: Timestamp
  ) {
    self.origin = origin
    self.customer = customer
    self.channel = channel
    self.purpose = purpose
    self.template = template
    self.language = language
    self.variant = variant
    self.data = data
    self.priority = priority
    self.due = due
  }
}

/// Which step of which run of which play: no two messages have the same.
package struct MessageOrigin: Hashable, Sendable {
  package var play: String
  package var version: Int
  /// Tells the play's runs from one another: a customer, a basket.
  package var key: String
  package var step: String

  package init(play: String, version: Int, key: String, step: String) {
    self.play = play
    self.version = version
    self.key = key
    self.step = step
  }
}

/// By what a message goes out.
package enum MessageChannel: String, CaseIterable, Codable, Sendable {
  case email, sms, webhook, onsite, audience

  /// The channel of the touchpoints that it makes.
  package var touchpointChannel: Channel {
    switch self {
    case .email: .email
    case .sms: Channel("SMS")
    case .webhook, .audience: Channel("Online ad")
    case .onsite: .website
    }
  }
}

/// Why somebody gets it, which decides what it needs: consent, caps, what is done when nobody knows
/// whether it arrived.
package enum MessagePurpose: String, CaseIterable, Codable, Sendable {
  /// Wants to sell; needs consent, and carries a way out.
  case marketing
  /// Belongs to what the customer bought or asked for.
  case service
}

/// A message that was written down, and how it stands.
package struct Message: Hashable, Sendable, Identifiable {
  package var id: Int64
  package var intent: MessageIntent
  package var standing: MessageStanding
  package var created: Timestamp
  /// When the standing last changed.
  package var changed: Timestamp

  package init(
    id: Int64, intent: MessageIntent, standing: MessageStanding, created: Timestamp,
    changed: Timestamp
  ) {
    self.id = id
    self.intent = intent
    self.standing = standing
    self.created = created
    self.changed = changed
  }
}

/// One change of a message's standing, kept as history.
package struct MessageChange: Hashable, Sendable {
  package var at: Timestamp
  package var state: MessageState
  package var reason: MessageReason?

  package init(at: Timestamp, state: MessageState, reason: MessageReason?) {
    self.at = at
    self.state = state
    self.reason = reason
  }
}

/// Why a message stands where it stands.
package struct MessageReason: Hashable, Sendable {
  /// A word that programs and pages know: `suppressed`, `quiet-hours`, `smtp-550`.
  package var code: String
  /// What else is worth knowing, in English. Names nobody: a server's answer without addresses.
  package var detail: String

  package init(_ code: String, _ detail: String = "") {
    self.code = String(code.prefix(Limits.reasonCodeCharacters))
    self.detail = Self.withoutAddresses(String(detail.prefix(Limits.reasonCharacters)))
  }

  /// Servers like to repeat the address in what they answer.
  static func withoutAddresses(_ text: String) -> String {
    guard text.contains("@") else { return text }
    return text.split(separator: " ", omittingEmptySubsequences: false)
      .map { $0.contains("@") ? "(address)" : String($0) }.joined(separator: " ")
  }
}
