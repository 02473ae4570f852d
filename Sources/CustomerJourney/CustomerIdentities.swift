/// All keys of one customer, and why each is one.
package struct CustomerIdentities: Sendable, Hashable, Codable {
  /// The key that stands for the customer.
  package var customer: String
  /// The strongest kind first.
  package var identities: [Identity]
  /// What was said or decided of them and does not count, or no more.
  package var apart: [Reason]
  /// Why not everything that was said of them counts; sentences.
  package var alarms: [Alarm]

  package struct Identity: Sendable, Hashable, Codable {
    package var key: String
    package var kind: String
    /// When it was this customer's; touchpoints of other times are another's.
    package var periods: [Period]
    package var reasons: [Reason]

    package init(key: String, kind: String, periods: [Period], reasons: [Reason]) {
      self.key = key
      self.kind = kind
      self.periods = periods
      self.reasons = reasons
    }
  }

  /// Nil is without end, on either side.
  package struct Period: Sendable, Hashable, Codable {
    package var from: Timestamp?
    package var to: Timestamp?

    package init(from: Timestamp?, to: Timestamp?) {
      self.from = from
      self.to = to
    }
  }

  /// That somebody said or decided that two keys are one person's.
  package struct Reason: Sendable, Hashable, Codable {
    package var key: String
    package var other: String
    /// Who said so: a name of ``Claimant``.
    package var claimant: String
    /// Nil for what a person here decided.
    package var source: String?
    package var messageID: String?
    /// The first time by the touchpoints' clock, or when it was decided.
    package var happened: Timestamp
    package var state: State

    private enum CodingKeys: String, CodingKey {
      case key, other, claimant, source, happened, state
      case messageID = "messageId"
    }

    package enum State: String, Sendable, Hashable, Codable {
      case counts
      /// A person here said that it does not.
      case apart
      /// Whoever said so is not believed in this: docs/identity.md.
      case unproven
    }

    package init(
      key: String, other: String, claimant: String, source: String? = nil, messageID: String? = nil,
      happened: Timestamp, state: State
    ) {
      self.key = key
      self.other = other
      self.claimant = claimant
      self.source = source
      self.messageID = messageID
      self.happened = happened
      self.state = state
    }
  }

  package struct Alarm: Sendable, Hashable, Codable {
    package var key: String
    package var reason: AlarmReason

    package init(key: String, reason: AlarmReason) {
      self.key = key
      self.reason = reason
    }
  }

  package init(
    customer: String, identities: [Identity] = [], apart: [Reason] = [], alarms: [Alarm] = []
  ) {
    self.customer = customer
    self.identities = identities
    self.apart = apart
    self.alarms = alarms
  }
}

/// Why something that was said of an identity does not count.
package enum AlarmReason: String, Sendable, Hashable, Codable, CaseIterable {
  /// It has ``Limits/identitiesPerIdentity`` weaker ones; more are not taken.
  case full
  /// It was named with more stronger ones than one person's things are.
  case crowded
}

/// Why two identities cannot be joined or parted.
package enum IdentityProblem: Error, Hashable, CustomStringConvertible {
  case unknown
  case same
  case notTogether
  case notApart
  case badJunk

  package var description: String {
    switch self {
    case .unknown:
      "Nobody was ever named by that key. Keys are those of your files and clients, with the same "
        + "capitals; what a browser chose begins with anonymous:."
    case .same: "Both are the same customer already, so there is nothing to join."
    case .notTogether:
      "Nothing that was said or decided makes these two one. `klantreis customers show KEY` has "
        + "what does."
    case .notApart: "These two were not parted, so there is nothing to take back."
    case .badJunk:
      "Only whole keys such as email:info@shop.nl, and all addresses of a domain as @shop.nl, can "
        + "be said to name nobody."
    }
  }
}
