import Crypto
import CryptoExtras
import CustomerJourney
import Foundation

/// Signs mails with the sender's keys (RFC 6376, and RFC 8463 for Ed25519), relaxed/relaxed.
package struct DKIMSigner: Sendable {
  package var domain: String
  /// Each signs; a receiver that does not know Ed25519 goes by the other.
  package var keys: [DKIMKey]

  package init(domain: String, keys: [DKIMKey]) {
    self.domain = domain
    self.keys = keys
  }

  /// What is signed where it is there. `From` twice: another one cannot be added then.
  private static let signed = [
    "from", "from", "to", "subject", "date", "message-id", "reply-to", "mime-version",
    "content-type", "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post",
    "feedback-id", "auto-submitted",
  ]

  func signatures(
    headers: [MailHeader], body: [UInt8], at now: Timestamp
  ) throws -> [MailHeader] {
    let bodyHash = Data(SHA256.hash(data: Self.relaxed(body: body))).base64EncodedString()
    var rest = headers
    var names: [String] = []
    var lines: [String] = []
    for name in Self.signed {
      if let index = rest.lastIndex(where: { $0.name.lowercased() == name }) {
        names.append(name)
        lines.append(Self.relaxed(header: rest.remove(at: index)) + "\r\n")
      } else if name == "from" {
        names.append(name)
      }
    }
    return try keys.map { key in
      let start =
        "v=1; a=\(key.algorithm); c=relaxed/relaxed; d=\(domain);\r\n"
        + " s=\(key.selector); t=\(now.milliseconds / 1000);\r\n"
        + " h=\(names.prefix(7).joined(separator: ":"))\r\n"
        + " :\(names.dropFirst(7).joined(separator: ":"));\r\n bh=\(bodyHash);\r\n b="
      let unsigned = Self.relaxed(header: MailHeader("DKIM-Signature", folded: start))
      let data = Data((lines.joined() + unsigned).utf8)
      let signature = try key.sign(data).base64EncodedString()
      // In pieces, so that no line is too long; white space in b= doesn't count.
      var pieces: [String] = []
      var left = signature[...]
      while !left.isEmpty {
        pieces.append(String(left.prefix(70)))
        left = left.dropFirst(70)
      }
      return MailHeader("DKIM-Signature", folded: start + pieces.joined(separator: "\r\n "))
    }
  }

  /// RFC 6376 §3.4.2.
  static func relaxed(header: MailHeader) -> String {
    var value = ""
    for byte in header.value.unicodeScalars {
      switch byte {
      case "\r", "\n": continue
      case " ", "\t": if value.last != " " { value += " " }
      default: value.unicodeScalars.append(byte)
      }
    }
    return header.name.lowercased() + ":" + value.trimmed
  }

  /// RFC 6376 §3.4.4: runs of blanks are one, none at line ends, no empty lines at the end.
  static func relaxed(body: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(body.count)
    var pendingBlank = false
    var pendingLines = 0
    var index = 0
    while index < body.count {
      let byte = body[index]
      index += 1
      switch byte {
      case 32, 9: pendingBlank = true
      case 13 where index < body.count && body[index] == 10:
        index += 1
        pendingBlank = false
        pendingLines += 1
      default:
        while pendingLines > 0 {
          out.append(13)
          out.append(10)
          pendingLines -= 1
        }
        if pendingBlank { out.append(32) }
        pendingBlank = false
        out.append(byte)
      }
    }
    if !out.isEmpty { out += [13, 10] }
    return out
  }
}

/// A private key, and under which name its public part stands in DNS.
package struct DKIMKey: Sendable {
  package let selector: String
  private let key: Key

  private enum Key: Sendable {
    case rsa(_RSA.Signing.PrivateKey)
    case ed25519(Curve25519.Signing.PrivateKey)
  }

  /// Throws ``MailSettingProblem/badKey``. `text` is a PEM of RSA, or the base64 of 32 bytes for
  /// Ed25519.
  package init(selector: String, text: String) throws {
    self.selector = selector
    if text.contains("-----BEGIN") {
      guard let rsa = try? _RSA.Signing.PrivateKey(pemRepresentation: text),
        rsa.keySizeInBits >= 1024
      else { throw MailSettingProblem.badKey }
      key = .rsa(rsa)
    } else {
      guard let raw = Data(base64Encoded: text.trimmed),
        let ed25519 = try? Curve25519.Signing.PrivateKey(rawRepresentation: raw)
      else { throw MailSettingProblem.badKey }
      key = .ed25519(ed25519)
    }
  }

  /// New keys, as texts that ``init(selector:text:)`` reads.
  package static func newRSA() throws -> String {
    try _RSA.Signing.PrivateKey(keySize: .bits2048).pemRepresentation
  }

  package static func newEd25519() -> String {
    Curve25519.Signing.PrivateKey().rawRepresentation.base64EncodedString()
  }

  var algorithm: String {
    switch key {
    case .rsa: "rsa-sha256"
    case .ed25519: "ed25519-sha256"
    }
  }

  /// The record at `SELECTOR._domainkey.DOMAIN`.
  package var record: String {
    switch key {
    case .rsa(let key):
      "v=DKIM1; k=rsa; p=\(key.publicKey.derRepresentation.base64EncodedString())"
    case .ed25519(let key):
      "v=DKIM1; k=ed25519; p=\(key.publicKey.rawRepresentation.base64EncodedString())"
    }
  }

  fileprivate func sign(_ data: Data) throws -> Data {
    switch key {
    case .rsa(let key):
      try key.signature(for: SHA256.hash(data: data), padding: .insecurePKCS1v1_5)
        .rawRepresentation
    // RFC 8463: Ed25519 signs the hash.
    case .ed25519(let key): try key.signature(for: Data(SHA256.hash(data: data)))
    }
  }
}
