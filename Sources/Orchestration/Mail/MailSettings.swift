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

  /// True for what is `yes` or `no`.
  package var isYesOrNo: Bool { [.tracking, .repeatService, .privateWebhooks].contains(self) }

  /// True for what is never shown again.
  package var isSecret: Bool {
    switch self {
    case .password, .dkim, .dkimEd25519, .reportsSecret: true
    default: false
    }
  }

  /// The value as it is kept. Throws what is wrong with it.
  package func checked(_ value: String) throws(MailSettingProblem) -> String {
    let value = self == .address ? value : value.trimmed
    switch self {
    case .server:
      guard MailServer(value) != nil else { throw .badValue(self) }
    case .security:
      guard MailServer.Security(rawValue: value) != nil else { throw .badValue(self) }
    case .authority:
      guard Self.hasCertificates(value) else { throw .badValue(self) }
    case .from, .replyTo, .bounces:
      guard MailAddress(value) != nil else { throw .badValue(self) }
    case .url, .logo:
      guard WebAddress.checked(value, isPicture: true) != nil else { throw .badValue(self) }
      return self == .url && value.hasSuffix("/") ? String(value.dropLast()) : value
    case .accent:
      guard MailLook.isColour(value) else { throw .badValue(self) }
    case .selector:
      guard !value.isEmpty, value.count <= 63,
        value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") })
      else { throw .badValue(self) }
    case .dkim, .dkimEd25519:
      guard (try? DKIMKey(selector: "x", text: value)) != nil else { throw .badKey }
    case .perDomain:
      guard let number = Int(value), (1...100_000).contains(number) else {
        throw .badValue(self)
      }
    case .connections:
      guard let number = Int(value), (1...16).contains(number) else {
        throw .badValue(self)
      }
    case .tracking, .repeatService, .privateWebhooks:
      guard ["yes", "no"].contains(value) else { throw .badValue(self) }
    case .reportsSecret:
      guard value.utf8.count >= Limits.reportsSecretBytes, MailHeader.plain(value) == value else {
        throw .badValue(self)
      }
    case .user, .password, .name, .company, .address, .feedback:
      guard !value.isEmpty, value.utf8.count <= Limits.mailSettingBytes,
        self == .address || MailHeader.plain(value) == value
      else { throw .badValue(self) }
    }
    return value
  }

  /// Looks at files only: a page takes the path, and another device may never end.
  private static func hasCertificates(_ path: String) -> Bool {
    let file = URL(filePath: path).resolvingSymlinksInPath()
    let values = try? file.resourceValues(forKeys: [.isRegularFileKey, .fileSizeKey])
    guard values?.isRegularFile == true,
      let size = values?.fileSize, size <= Limits.authorityBytes,
      let text = try? String(contentsOf: file, encoding: .utf8)
    else { return false }
    return text.contains("BEGIN CERTIFICATE")
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
    let from = value(.from).flatMap { MailAddress($0) }
    let security = value(.security).flatMap { MailServer.Security(rawValue: $0) }
    let server = value(.server).flatMap { MailServer($0, security: security) }
    guard let from, let server else {
      throw MailSettingProblem.missing(
        (from == nil ? [.from] : []) + (server == nil ? [.server] : []))
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
    perDomainMinute = value(.perDomain).flatMap { Int($0) } ?? Self.perDomainMinute
    connections = value(.connections).flatMap { Int($0) } ?? Self.connections
    isTracking = value(.tracking) == "yes"
    policy = MessagePolicy(repeatsUnknownService: value(.repeatService) == "yes")
    feedback = value(.feedback)
    allowsPrivateWebhooks = value(.privateWebhooks) == "yes"
  }

  /// What holds where nothing was chosen.
  package static let selector = "klantreis"
  package static let accent = "#2456c9"
  package static let perDomainMinute = 120
  package static let connections = 2
}

extension MailLook {
  /// How mails look by a project's settings, which are all optional here.
  package init(_ settings: [String: String]) {
    func value(_ setting: MailSetting) -> String? { settings[setting.key] }
    self.init(
      company: value(.company) ?? value(.name) ?? settings["title"] ?? "",
      address: value(.address) ?? "", logo: value(.logo),
      accent: value(.accent) ?? MailSettings.accent)
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
