/// What is known of a customer under one name: who said so, when, and what was said before.
package struct ProfileTrait: Codable, Hashable, Sendable {
  package var name: String
  /// What holds; nil where somebody here said that it is not so.
  package var value: PropertyValue?
  package var said: Saying
  /// The last first.
  package var earlier: [Said]

  /// Whose word it is.
  package struct Saying: Codable, Hashable, Sendable {
    package var at: Timestamp
    /// `browser`, `server`, `file` or `person`; nil where only the source is known.
    package var claimant: String?
    /// Of which client, system or file; of a person the user's name.
    package var source: String
    /// The key under which it was said.
    package var identity: String

    package init(at: Timestamp, claimant: String?, source: String, identity: String) {
      self.at = at
      self.claimant = claimant
      self.source = source
      self.identity = identity
    }
  }

  package struct Said: Codable, Hashable, Sendable {
    package var value: PropertyValue?
    package var said: Saying

    package init(value: PropertyValue?, said: Saying) {
      self.value = value
      self.said = said
    }
  }

  package init(name: String, value: PropertyValue?, said: Saying, earlier: [Said] = []) {
    self.name = name
    self.value = value
    self.said = said
    self.earlier = earlier
  }

  /// True where somebody here decided it, so that it can be taken back.
  package var isByHand: Bool { said.claimant == Claimant.person.name }
}

/// What somebody here says of a trait. It weighs more than any client's word, and is kept apart from
/// them, so that taking it back leaves what they said.
package enum TraitDecision: Hashable, Sendable {
  case holds(PropertyValue)
  /// Whatever anybody says, it is not so.
  case isNotSo
  case takenBack
}

/// A trait cannot be changed.
package enum TraitProblem: Error, Hashable, CustomStringConvertible {
  case noName, longName, longValue, tooMany, unknownCustomer, nothingToTakeBack
  case nameTaken(String)
  case tooManyCalculated
  case unknownCalculated(String)

  package var description: String {
    switch self {
    case .noName: "A trait needs a name: give it one, such as phone."
    case .longName:
      "A trait's name has at most \(Limits.nameCharacters) bytes, a calculated one's "
        + "\(Limits.calculatedTraitName) characters: make it shorter."
    case .longValue: "A trait's value has at most \(Limits.traitBytes) bytes: make it shorter."
    case .tooMany:
      "The customer has \(Limits.traitsPerCustomer) traits already: take one away first."
    case .unknownCustomer: "Nobody was ever named by that key."
    case .nothingToTakeBack: "Nobody here said anything of that trait, so nothing was taken back."
    case .nameTaken(let name):
      "There is a calculated trait \u{201C}\(name)\u{201D} already: choose another name, or remove "
        + "that one."
    case .tooManyCalculated:
      "There are \(Limits.calculatedTraits) calculated traits already: remove one first."
    case .unknownCalculated(let name):
      "There is no calculated trait \u{201C}\(name)\u{201D}."
    }
  }
}

extension PropertyValue {
  /// Whether it may be a trait's value.
  package var isShortTrait: Bool {
    if case .text(let text) = self { text.utf8.count <= Limits.traitBytes } else { true }
  }
}

/// What people call a customer, by the traits that usually say so.
package enum PersonName {
  package static func of(_ trait: (String) -> PropertyValue?) -> String? {
    func text(_ names: [String]) -> String? {
      for name in names {
        if case .text(let text)? = trait(name) {
          let text = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
          if !text.isEmpty { return String(text.prefix(120)) }
        }
      }
      return nil
    }
    if let name = text(["name", "fullName", "full_name", "naam"]) { return name }
    let parts = [
      text(["firstName", "first_name", "firstname", "voornaam"]),
      text(["lastName", "last_name", "lastname", "achternaam"]),
    ].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: " ")
  }
}
