/// A rule with a name: a group of customers that is worked out anew at every touchpoint.
package struct Segment: Hashable, Sendable, Identifiable {
  package var id: Int64
  /// As people call it: `Big spenders`. In a rule it is `segment("Big spenders")`.
  package var name: String
  /// The rule's text, as it was typed.
  package var rule: String
  package var created: Timestamp

  package init(id: Int64, name: String, rule: String, created: Timestamp) {
    self.id = id
    self.name = name
    self.rule = rule
    self.created = created
  }
}

extension Segment {
  private static let trait = "segment: "

  /// The trait by which a play puts a customer into a segment, or takes out of it.
  package static func trait(of name: String) -> String { trait + name }

  /// The segment that such a trait is of; nil for any other trait.
  package static func name(ofTrait name: String) -> String? {
    name.hasPrefix(trait) ? String(name.dropFirst(trait.count)) : nil
  }

  /// The rule of a segment that has only those whom plays put into it.
  package static func rule(ofPlays name: String) -> String {
    Rule.trait(trait(of: name), .oneOf(["true"])).description
  }
}

/// Where customers are: in a phase of a model, or in a segment or not.
package enum StandingSubject: Hashable, Sendable, CustomStringConvertible {
  /// By the model's id.
  case model(String)
  /// By the segment's name.
  case segment(String)
  /// Of whom the rule is true by which a play begins; by the play's id.
  case play(String)

  /// As it is stored, and told to programs: `model:stdc`.
  package var description: String {
    switch self {
    case .model(let id): "model:\(id)"
    case .segment(let name): "segment:\(name)"
    case .play(let id): "play:\(id)"
    }
  }

  package init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ":", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    switch parts[0] {
    case "model": self = .model(String(parts[1]))
    case "segment": self = .segment(String(parts[1]))
    case "play": self = .play(String(parts[1]))
    default: return nil
    }
  }
}

/// A customer entered or left a phase or a segment.
package struct StandingChange: Hashable, Sendable, Identifiable {
  /// Counts up; who acts on changes remembers the last one.
  package var id: Int64
  package var subject: StandingSubject
  /// The store's number of the customer.
  package var customer: Int64
  /// The phase's id, or ``StandingChange/member``; nil when the customer was in none.
  package var from: String?
  package var to: String?
  /// When it came true: the touchpoint's moment, or the one at which enough time had passed.
  package var happened: Timestamp
  /// When the program saw it.
  package var noticed: Timestamp

  /// In ``from`` or ``to`` of a segment: the customer is in it.
  package static let member = "member"

  package init(
    id: Int64 = 0, subject: StandingSubject, customer: Int64, from: String?, to: String?,
    happened: Timestamp, noticed: Timestamp
  ) {
    self.id = id
    self.subject = subject
    self.customer = customer
    self.from = from
    self.to = to
    self.happened = happened
    self.noticed = noticed
  }
}

/// A segment cannot be kept.
package enum SegmentProblem: Error, Hashable, CustomStringConvertible {
  case noName
  case longName
  case nameTaken(String)
  case tooMany
  /// Other segments' rules ask for it.
  case inUse(String, by: [String])
  case unknown(String)

  package var description: String {
    switch self {
    case .noName: "A segment needs a name: give it one that people will know it by."
    case .longName:
      "A segment's name has at most \(Limits.segmentName) characters: make it shorter."
    case .nameTaken(let name):
      "There is a segment \u{201C}\(name)\u{201D} already: choose another name, or remove that one."
    case .tooMany:
      "There are \(Limits.segments) segments already, as many as can be kept up to date: remove one."
    case .inUse(let name, let others):
      "The segment \u{201C}\(name)\u{201D} is used by \(others.joined(separator: ", ")): change "
        + "those first."
    case .unknown(let name): "There is no segment \u{201C}\(name)\u{201D}."
    }
  }
}
