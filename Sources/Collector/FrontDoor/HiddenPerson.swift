import Crypto
import CustomerJourney
import Foundation
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
    properties = properties.withoutPersons
    if content.map(PersonalWords.holdAddress) == true { content = nil }
    for path in [page.path, page.url.flatMap(PageAddress.path)].compactMap(\.self)
    where PersonalWords.holdAddress(path) {
      (page.path, page.url) = (nil, nil)
    }
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

/// What tells who somebody is, wherever it stands.
private enum PersonalWords {
  /// Names of properties, in small letters and without signs between them. A `name` alone is a product's
  /// more often than a person's.
  private static let names = Set(
    """
    email emailaddress emailadres mail mailaddress phone phonenumber telephone telephonenumber tel mobile
    mobilenumber telefoon telefoonnummer mobiel firstname lastname fullname givenname familyname surname
    username displayname voornaam achternaam naam address addressline adres street straat housenumber
    huisnummer postcode zip zipcode postalcode birthday birthdate dateofbirth dob geboortedatum userid
    customerid customernumber klantid klantnummer anonymousid deviceid clientid visitorid ip ipaddress iban
    bsn ssn
    """.split(whereSeparator: \.isWhitespace).map(String.init))

  /// True for a path of which a part says that it is about somebody.
  static func name(_ path: String) -> Bool {
    path.split(separator: ".").contains { part in
      names.contains(String(part.lowercased().unicodeScalars.filter(\.properties.isAlphabetic)))
    }
  }

  static func holdAddress(_ text: String) -> Bool {
    guard text.contains("@") || text.contains("%40") else { return false }
    let plain = text.removingPercentEncoding ?? text
    return plain.split { " /?&=;,:<>\"'()[]{}\n\t".contains($0) }
      .contains { EmailAddress.normalised(String($0)) != nil }
  }
}

extension PropertyList {
  /// Without what says who the person is: properties that are named so, and those with a mail address.
  fileprivate var withoutPersons: PropertyList {
    var kept = PropertyList()
    for pair in pairs where !PersonalWords.name(pair.path) {
      if case .text(let text) = pair.value, PersonalWords.holdAddress(text) { continue }
      kept.add(pair.path, pair.value)
    }
    return kept
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
