import Crypto
import CustomerJourney
import Synchronization

extension ClientEvent {
  /// Notes what the person allows, up to as many purposes as there can be.
  mutating func allow(_ purpose: String, _ isGiven: Bool) {
    if consents.count < Limits.consentPurposes { consents.append((purpose, isGiven)) }
  }

  /// True when the person's browser says that nothing may be kept that tells who it is. That a consent
  /// was taken back is kept with whose it was.
  func refusesTracking(named name: String) -> Bool {
    if privacyControl { return true }
    guard consents.contains(where: { $0.purpose == "analytics" && !$0.isGiven }) else {
      return false
    }
    return EventName(name).name != "Consent Changed"
  }

  /// Takes out all that tells who the person is. Events of one day of one browser stay together, by an
  /// id that nobody can make again or tie to the browser's own. False when nothing is left to keep.
  mutating func hidePerson(on moment: Timestamp, _ pseudonyms: DayPseudonyms = .shared) -> Bool {
    guard act == .touchpoint, let id = anonymousID ?? userID else { return false }
    anonymousID = pseudonyms.pseudonym(of: id, on: moment)
    (userID, previousID, account) = (nil, nil, nil)
    (otherKeys, consents) = ([], [])
    traits = PropertyList()
    accountTraits = PropertyList()
    return true
  }
}

/// Ids that live for a day: made with a key that is only in memory, and let go at midnight (UTC).
final class DayPseudonyms: Sendable {
  static let shared = DayPseudonyms()

  private let state = Mutex<(day: Int64, key: SymmetricKey)?>(nil)
  private let newKey: @Sendable () -> SymmetricKey

  init(newKey: @escaping @Sendable () -> SymmetricKey = { SymmetricKey(size: .bits256) }) {
    self.newKey = newKey
  }

  func pseudonym(of id: String, on moment: Timestamp) -> String {
    let day = moment.milliseconds / 86_400_000
    let key = state.withLock { state in
      if let state, state.day == day { return state.key }
      let key = newKey()
      state = (day, key)
      return key
    }
    let code = HMAC<SHA256>.authenticationCode(for: Array(id.utf8), using: key)
    return "hidden-"
      + code.prefix(12).map { byte in
        let hex = String(byte, radix: 16)
        return hex.count == 1 ? "0" + hex : hex
      }.joined()
  }
}

extension PropertyList {
  /// Members that are true or false.
  var flags: [(path: String, flag: Bool)] {
    pairs.compactMap { pair in
      if case .flag(let flag) = pair.value { (pair.path, flag) } else { nil }
    }
  }
}
