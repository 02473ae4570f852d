/// One customer on the way through a play.
package struct PlayRun: Hashable, Sendable {
  /// The store's number; 0 before it has one.
  package var id: Int64
  package var play: String
  /// That of the play when the run began; it stays with the run.
  package var version: Int
  /// The identity that came in. Whose it is now, the store says.
  package var identity: Int64
  /// What it is about, as the play's key says; empty for the customer.
  package var key: String
  /// Counts the runs of the same play, identity and key from 1.
  package var number: Int
  package var entered: Timestamp
  /// The store's row of the touchpoint that came in; 0 where none did.
  package var entryRow: Int64
  /// What the shares of a split and the holdout are taken by; the same for every run of the play with
  /// this identity.
  package var lot: UInt64
  /// The place in the play's program.
  package var place: Int
  /// When it came to that place, or the wait there began anew.
  package var since: Timestamp
  /// How often it went back to an earlier step.
  package var pass: Int
  /// When to look at it again; nil when it is over.
  package var due: Timestamp?
  /// The arms of the splits that it took, joined by a slash; empty for none.
  package var variant: String
  package var end: End?

  package struct End: Hashable, Sendable {
    package var reason: Reason
    package var at: Timestamp

    package init(_ reason: Reason, at: Timestamp) {
      self.reason = reason
      self.at = at
    }
  }

  /// Why a run is over.
  package enum Reason: Hashable, Sendable, CustomStringConvertible {
    /// All steps were done.
    case done
    /// Nothing is done to this one.
    case holdout
    /// The exit of this number came.
    case exit(Int)
    /// Another run of the same customer and key goes on instead.
    case joined
    /// It went in circles.
    case endless
    /// The play was switched off.
    case switchedOff
    /// The customer is gone.
    case gone

    package var description: String {
      switch self {
      case .done: "done"
      case .holdout: "holdout"
      case .exit(let number): "exit \(number)"
      case .joined: "joined"
      case .endless: "endless"
      case .switchedOff: "switched off"
      case .gone: "gone"
      }
    }

    package init?(_ text: String) {
      switch text {
      case "done": self = .done
      case "holdout": self = .holdout
      case "joined": self = .joined
      case "endless": self = .endless
      case "switched off": self = .switchedOff
      case "gone": self = .gone
      default:
        guard text.hasPrefix("exit "), let number = Int(text.dropFirst(5)) else { return nil }
        self = .exit(number)
      }
    }
  }

  package init(
    id: Int64 = 0, play: String, version: Int, identity: Int64, key: String = "", number: Int = 1,
    entered: Timestamp, entryRow: Int64 = 0, lot: UInt64, place: Int = 0, since: Timestamp,
    pass: Int = 0, due: Timestamp? = nil, variant: String = "", end: End? = nil
  ) {
    self.id = id
    self.play = play
    self.version = version
    self.identity = identity
    self.key = key
    self.number = number
    self.entered = entered
    self.entryRow = entryRow
    self.lot = lot
    self.place = place
    self.since = since
    self.pass = pass
    self.due = due
    self.variant = variant
    self.end = end
  }
}

/// What a run does at one step, once: unique by the run, the step and the pass.
package struct PlayDeed: Hashable, Sendable {
  package var step: String
  package var pass: Int
  package var action: PlayAction
  /// When it was to be done.
  package var due: Timestamp

  package init(step: String, pass: Int, action: PlayAction, due: Timestamp) {
    self.step = step
    self.pass = pass
    self.action = action
    self.due = due
  }
}

/// What became of a message that a play wants to send.
package enum MessageVerdict: Hashable, Sendable {
  case send
  case wait(until: Timestamp, SendingBar)
  case skip(SendingBar)
}

/// Why a message is not sent, or not yet: the word that pages and programs know.
package enum SendingBar: String, Hashable, Sendable, Codable, CaseIterable {
  /// The customer did not agree to marketing by this channel.
  case noConsent = "no-consent"
  /// It is night where the customer is.
  case quietHours = "quiet-hours"
  case capOfDay = "cap-of-day"
  case capOfWeek = "cap-of-week"
  case capOfMonth = "cap-of-month"
  /// The last messages were not answered.
  case resting
  /// Something else is going on: a complaint, a delivery.
  case notSalesMoment = "not-a-sales-moment"
  /// A message about what they bought or asked goes first.
  case serviceFirst = "service-first"
  /// Another play wrote a moment ago, or one of higher priority is about to.
  case otherPlay = "another-play"
  /// Its time was too long ago.
  case late
  /// The run is over.
  case over = "run-over"
}
