import Crypto
package import CustomerJourney

/// The part of an address by which somebody who is not logged in may do one thing: only this project
/// can have made it, for one purpose and one subject.
///
/// Nothing is kept for it. What may happen only once must be noted by who acts on it.
package struct SignedLink: Hashable, Sendable {
  /// What it opens. A link for one purpose opens no other.
  package enum Purpose: String, CaseIterable, Sendable {
    /// See and change one's own consents.
    case preferences
    /// Get no more of it, in one click.
    case unsubscribe
    /// Say that an address is one's own, and that one wants what was asked for.
    case confirmation
    /// Bring a basket back.
    case basket
    /// Count that a link was followed, and go on to where it leads.
    case click
    /// Count that a message was opened.
    case open
    /// Come in by an ambassador.
    case referral
  }

  package var purpose: Purpose
  /// Whom or what it is about, as the purpose wants it: a customer's key, a message's number.
  package var subject: String
  /// The last moment at which it opens something, to the second; nil for always.
  package var expires: Timestamp?

  package init(_ purpose: Purpose, subject: String, expires: Timestamp? = nil) {
    self.purpose = purpose
    self.subject = subject
    self.expires = expires
  }

  /// The link as one part of a path. `key` is the project's secret, 32 bytes.
  package func token(key: [UInt8]) -> String {
    let words = Self.payload(of: self)
    return Base64URL.text(words) + "." + Base64URL.text(Self.code(of: words, key: key))
  }

  /// Reads a token that ``token(key:)`` made. What is wrong with any other says nothing of the key,
  /// and nothing of the subject where the code is wrong.
  package init(
    token: String, purpose: Purpose, key: [UInt8], now: Timestamp
  ) throws(LinkProblem) {
    guard token.utf8.count <= Limits.linkCharacters else { throw .unknown }
    let parts = token.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, let words = Base64URL.bytes(String(parts[0])),
      Secret.isSame(String(parts[1]), Base64URL.text(Self.code(of: words, key: key)))
    else { throw .unknown }
    let fields = String(decoding: words, as: UTF8.self)
      .split(separator: "\n", maxSplits: 2, omittingEmptySubsequences: false)
    guard fields.count == 3, let said = Purpose(rawValue: String(fields[0])), said == purpose
    else { throw .unknown }
    let seconds = Int64(fields[1])
    guard seconds != nil || fields[1].isEmpty else { throw .unknown }
    self.init(
      said, subject: String(fields[2]), expires: seconds.map { Timestamp(seconds: $0) })
    if let expires, now > expires { throw .expired }
  }

  private static func payload(of link: Self) -> [UInt8] {
    let seconds = link.expires.map { String($0.milliseconds / 1000) } ?? ""
    return Array("\(link.purpose.rawValue)\n\(seconds)\n\(link.subject)".utf8)
  }

  private static func code(of words: [UInt8], key: [UInt8]) -> [UInt8] {
    Array(HMAC<SHA256>.authenticationCode(for: words, using: SymmetricKey(data: key)))
  }
}

/// Why a link opens nothing.
package enum LinkProblem: Error, Hashable, Sendable {
  /// It is not one of ours, is for something else, or was changed on its way.
  case unknown
  /// It was good once.
  case expired
}
