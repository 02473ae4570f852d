import Access
import Crypto
package import CustomerJourney
import Foundation

/// What a project says of its mail, one name each.
package enum MailSetting: String, CaseIterable, Sendable {
  case server, security, authority, user, password
  case from, name, replyTo = "reply-to", bounces
  case url, company, address, logo, accent
  case selector, dkim, dkimEd25519 = "dkim-ed25519"
  case perDomain = "per-domain", connections
  case tracking, repeatService = "repeat-service", feedback
  case reportsSecret = "reports-secret"
  case privateWebhooks = "private-webhooks"

  /// Under which the store keeps it.
  package var key: String { "mail.\(rawValue)" }

  /// True for what is never shown again.
  package var isSecret: Bool {
    switch self {
    case .password, .dkim, .dkimEd25519, .reportsSecret: true
    default: false
    }
  }

  /// What it is, in a line.
  package var help: String {
    switch self {
    case .server: "host or host:port of your mail server"
    case .security: "starttls, tls or none"
    case .authority: "a file (PEM) with who vouches for your mail server"
    case .user: "the name to log in with"
    case .password: "the password to log in with"
    case .from: "the address that mails come from"
    case .name: "the name that mails come from"
    case .replyTo: "where answers go"
    case .bounces: "where mails that cannot be delivered come back"
    case .url: "the address under which the world reaches this server: https://…"
    case .company: "the name below mails"
    case .address: "the postal address below mails"
    case .logo: "the address of a picture above mails"
    case .accent: "the colour of buttons, as #2456c9"
    case .selector: "the selector of the DKIM keys"
    case .dkim: "an RSA key (PEM)"
    case .dkimEd25519: "an Ed25519 key (32 bytes in base64)"
    case .perDomain: "mails a minute to one domain"
    case .connections: "connections to the mail server at once"
    case .tracking: "yes counts opens and clicks of who allows it"
    case .repeatService: "yes repeats service mail when nobody knows whether it arrived"
    case .feedback: "the sender's name in Feedback-ID"
    case .reportsSecret: "signs the reports on bounces and complaints that a mail service posts"
    case .privateWebhooks: "yes lets webhooks call private addresses"
    }
  }

  /// The value as it is kept. Throws what is wrong with it.
  package func checked(_ value: String) throws(MailSettingProblem) -> String {
    let value = self == .address ? value : value.trimmed
    func yesOrNo() throws(MailSettingProblem) -> String {
      guard ["yes", "no"].contains(value) else { throw .badValue(rawValue, "yes or no") }
      return value
    }
    switch self {
    case .server:
      guard MailServer(value) != nil else {
        throw .badValue(rawValue, "a host, with a port where it isn't 587: smtp.example.org:465")
      }
    case .security:
      guard MailServer.Security(rawValue: value) != nil else {
        throw .badValue(rawValue, "starttls, tls or none")
      }
    case .authority:
      let text = try? String(contentsOfFile: value, encoding: .utf8)
      guard text?.contains("BEGIN CERTIFICATE") == true else {
        throw .badValue(rawValue, "the path of a file with certificates (PEM)")
      }
    case .from, .replyTo, .bounces:
      guard MailAddress(value) != nil else { throw .badValue(rawValue, "a mail address") }
    case .url, .logo:
      guard WebAddress.checked(value, isPicture: true) != nil else {
        throw .badValue(rawValue, "an address that begins with https://")
      }
      return self == .url && value.hasSuffix("/") ? String(value.dropLast()) : value
    case .accent:
      guard MailLook.isColour(value) else { throw .badValue(rawValue, "a colour as #2456c9") }
    case .selector:
      guard !value.isEmpty, value.count <= 63,
        value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
      else { throw .badValue(rawValue, "letters, digits and “-”") }
    case .dkim, .dkimEd25519:
      guard (try? DKIMKey(selector: "x", text: value)) != nil else { throw .badKey }
    case .perDomain:
      guard let number = Int(value), (1...100_000).contains(number) else {
        throw .badValue(rawValue, "a number from 1 to 100000")
      }
    case .connections:
      guard let number = Int(value), (1...16).contains(number) else {
        throw .badValue(rawValue, "a number from 1 to 16")
      }
    case .tracking, .repeatService, .privateWebhooks: return try yesOrNo()
    case .reportsSecret:
      guard value.utf8.count >= Limits.reportsSecretBytes, MailHeader.plain(value) == value else {
        throw .badValue(
          rawValue, "a text of one line with at least \(Limits.reportsSecretBytes) bytes")
      }
    case .user, .password, .name, .company, .address, .feedback:
      guard !value.isEmpty, value.utf8.count <= 1_000,
        self == .address || MailHeader.plain(value) == value
      else { throw .badValue(rawValue, "a text of one line") }
    }
    return value
  }
}

/// The mail server.
package struct MailServer: Hashable, Sendable {
  package enum Security: String, Sendable {
    case starttls, tls, none
  }

  package var host: String
  package var port: Int
  package var security: Security

  /// Nil when the text names no host.
  package init?(_ text: String, security: Security? = nil) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), !parts[0].isEmpty,
      parts[0].utf8.allSatisfy({
        (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0) || $0 == 45
          || $0 == 46
      })
    else { return nil }
    let port = parts.count == 2 ? Int(parts[1]) : security == .tls ? 465 : 587
    guard let port, (1...65_535).contains(port) else { return nil }
    host = String(parts[0])
    self.port = port
    self.security = security ?? (port == 465 ? .tls : .starttls)
  }
}

/// All that is needed to send mail, of a project that said so.
package struct MailSettings: Sendable {
  package var server: MailServer
  /// The path of certificates that the server's own comes from; nil for those of this machine.
  package var authority: String?
  package var user: String?
  package var password: String?
  package var sender: MailSender
  package var replyTo: MailAddress?
  /// Where bounces go; nil is the sender.
  package var bounces: MailAddress?
  /// Nil while the world cannot reach this server: there are no links then, and no marketing mail.
  package var url: String?
  package var look: MailLook
  package var signer: DKIMSigner?
  package var perDomainMinute: Int
  package var connections: Int
  package var isTracking: Bool
  package var policy: MessagePolicy
  package var feedback: String?
  package var allowsPrivateWebhooks: Bool

  /// Throws ``MailSettingProblem/missing(_:)`` while something is not said that sending needs.
  package init(_ settings: [String: String]) throws {
    func value(_ setting: MailSetting) -> String? { settings[setting.key] }
    guard let from = value(.from).flatMap({ MailAddress($0) }) else {
      throw MailSettingProblem.missing([.from])
    }
    let security = value(.security).flatMap { MailServer.Security(rawValue: $0) }
    guard let server = value(.server).flatMap({ MailServer($0, security: security) }) else {
      throw MailSettingProblem.missing([.server])
    }
    self.server = server
    authority = value(.authority)
    user = value(.user)
    password = value(.password)
    sender = MailSender(name: value(.name) ?? value(.company) ?? "", address: from)
    replyTo = value(.replyTo).flatMap { MailAddress($0) }
    bounces = value(.bounces).flatMap { MailAddress($0) }
    url = value(.url)
    look = MailLook(settings)
    let selector = value(.selector) ?? Self.selector
    var keys: [DKIMKey] = []
    if let pem = value(.dkim) { keys.append(try DKIMKey(selector: selector, text: pem)) }
    if let raw = value(.dkimEd25519) {
      keys.append(try DKIMKey(selector: selector + "-ed", text: raw))
    }
    signer = keys.isEmpty ? nil : DKIMSigner(domain: from.domain, keys: keys)
    perDomainMinute = value(.perDomain).flatMap { Int($0) } ?? 120
    connections = value(.connections).flatMap { Int($0) } ?? 2
    isTracking = value(.tracking) == "yes"
    policy = MessagePolicy(repeatsUnknownService: value(.repeatService) == "yes")
    feedback = value(.feedback)
    allowsPrivateWebhooks = value(.privateWebhooks) == "yes"
  }

  /// The selector where none was chosen.
  package static let selector = "klantreis"
}

extension MailLook {
  /// How mails look by a project's settings, which are all optional here.
  package init(_ settings: [String: String]) {
    func value(_ setting: MailSetting) -> String? { settings[setting.key] }
    self.init(
      company: value(.company) ?? value(.name) ?? settings["title"] ?? "",
      address: value(.address) ?? "", logo: value(.logo), accent: value(.accent) ?? "#2456c9")
  }
}

/// Something about mail cannot be set, or is not yet.
package enum MailSettingProblem: Error, Hashable, CustomStringConvertible {
  case badKey
  case badValue(String, String)
  case missing([MailSetting])

  package var description: String {
    switch self {
    case .badKey:
      "The key cannot be read: give the PEM file of an RSA key of 1024 bits or more, or 32 bytes in "
        + "base64 for Ed25519. `klantreis mail key` makes new ones."
    case .badValue(let name, let wanted): "The setting \(name) takes \(wanted)."
    case .missing(let settings):
      "Mail cannot be sent yet, for "
        + settings.map { "\($0.rawValue) (\($0.help))" }.joined(separator: " and ")
        + " is not set: `klantreis mail set \(settings.first?.rawValue ?? "from") VALUE`."
    }
  }

  /// For a page: what is missing, in both languages.
  package var onPage: LocalizedText {
    guard case .missing(let settings) = self else { return LocalizedText(en: description, nl: nil) }
    let name = settings.first?.rawValue ?? "from"
    return LocalizedText(
      en: description,
      nl:
        "Er kan nog geen mail uit: `\(name)` is niet ingesteld. `klantreis mail set \(name) WAARDE`."
    )
  }
}

/// What tells a mail of ours from any other when it comes back: its number and a code that only we can
/// have made.
package enum MailMark {
  private static let digits = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)

  /// `m12.k3j…`: part of the Message-ID and of the return path.
  package static func text(_ message: Int64, key: [UInt8]) -> String {
    "m\(message).\(code(message, key))"
  }

  /// The first mark of ours in a text; nil when there is none.
  package static func message(in text: some StringProtocol, key: [UInt8]) -> Int64? {
    let bytes = Array(text.utf8)
    var index = 0
    while index < bytes.count {
      defer { index += 1 }
      guard bytes[index] == UInt8(ascii: "m") else { continue }
      var end = index + 1
      var number: Int64 = 0
      while end < bytes.count, (48...57).contains(bytes[end]), end - index < 18 {
        number = number * 10 + Int64(bytes[end] - 48)
        end += 1
      }
      guard end > index + 1, end < bytes.count, bytes[end] == UInt8(ascii: "."),
        end + 1 + codeLength <= bytes.count
      else { continue }
      let said = String(decoding: bytes[(end + 1)..<(end + 1 + codeLength)], as: UTF8.self)
      if Secret.isSame(said.lowercased(), code(number, key)) { return number }
    }
    return nil
  }

  private static let codeLength = 16

  private static func code(_ message: Int64, _ key: [UInt8]) -> String {
    let hash = HMAC<SHA256>.authenticationCode(
      for: Array("mail \(message)".utf8), using: SymmetricKey(data: key))
    return String(
      decoding: hash.prefix(codeLength).map { digits[Int($0 & 31)] }, as: UTF8.self)
  }

  /// Finds a closed address again when its text is gone.
  package static func digest(of address: String, key: [UInt8]) -> [UInt8] {
    Array(
      HMAC<SHA256>.authenticationCode(
        for: Array("address \(EmailAddress.normalised(address) ?? address.lowercased())".utf8),
        using: SymmetricKey(data: key)))
  }
}
