import Crypto
package import CustomerJourney

/// One line of who did what. Lines are only ever added; each holds a digest over itself and the line
/// before, so that a changed or missing one shows.
package struct Activity: Hashable, Sendable {
  /// Counts from 1, without gaps.
  package var id: Int64
  package var at: Timestamp
  /// A user's name, `token NAME`, or ``commandLine``.
  package var actor: String
  package var action: Action
  /// What it was done to: the name of a user, a source, a segment, a file; of a customer only the store's
  /// number.
  package var subject: String
  /// From which address, where that matters.
  package var address: String
  package var digest: [UInt8]

  package static let commandLine = "command line"

  package init(
    id: Int64, at: Timestamp, actor: String, action: Action, subject: String, address: String,
    digest: [UInt8] = []
  ) {
    self.id = id
    self.at = at
    self.actor = actor
    self.action = action
    self.subject = subject
    self.address = address
    self.digest = digest
  }

  /// The digest that belongs to this line after `before`.
  package func chained(after before: [UInt8]) -> [UInt8] {
    var hash = SHA256()
    hash.update(data: before)
    // Each with its length, so that no two lines are written alike.
    for text in [
      String(id), String(at.milliseconds), actor, action.rawValue, subject, address,
    ] {
      hash.update(data: Array("\(text.utf8.count):\(text)".utf8))
    }
    return Array(hash.finalize())
  }

  package enum Action: String, CaseIterable, Codable, Sendable {
    case login, loginFailed, logout, sessionEnded
    case passwordSet, codeTurnedOn, codeTurnedOff, recoveryCodeUsed
    case userInvited, userRoleChanged, userRemoved
    case tokenAdded, tokenRemoved
    case sourceAdded, sourceChanged, rejectedReplayed
    case segmentAdded, segmentRemoved
    case imported, simulated, exported
    case customersMerged, customersSplit, customerErased
    case modelAdded, settingChanged
    case accountChanged, accountMemberChanged
    case backupMade, restored
    case traitChanged, calculatedTraitAdded, calculatedTraitRemoved
    case playAdded, playSwitchedOn, playSwitchedOff, contactPolicyChanged, taskDone
    case messageRepeated, addressOpened, webhookChanged, audienceExported
    case consentNoted, purposesChanged, outlivedRemoved, erasedAllowed
  }
}

/// What somebody does, as it is noted together with the change itself.
package struct Deed: Hashable, Sendable {
  package var actor: String
  package var action: Activity.Action
  package var subject: String
  package var address: String
  package var at: Timestamp

  package init(
    _ action: Activity.Action, _ subject: String = "", by actor: String, from address: String = "",
    at: Timestamp
  ) {
    self.actor = actor
    self.action = action
    self.subject = subject
    self.address = address
    self.at = at
  }
}
