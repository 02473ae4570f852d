import Crypto
package import CustomerJourney

/// Codes of an authenticator app: TOTP (RFC 6238) with SHA-1, six digits and thirty seconds, which is
/// what all apps take.
package struct OneTimeCode: Hashable, Sendable {
  package let key: [UInt8]

  package static let periodSeconds: Int64 = 30
  private static let digits = 6
  private static let keyBytes = 20
  /// Steps before and after now that count too, for clocks that are not quite right.
  private static let drift: Int64 = 1

  package init(key: [UInt8]) { self.key = key }

  /// Nil when the text is not the whole key of an app as ``base32`` writes it.
  package init?(base32 text: String) {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
    let values = text.utf8.compactMap { digits.firstIndex(of: $0) }
    guard values.count == text.utf8.count, values.count == Self.keyBytes * 8 / 5 else { return nil }
    key = (0..<Self.keyBytes).map { at in
      (0..<8).reduce(UInt8(0)) { byte, bit in
        let (digit, place) = (at * 8 + bit).quotientAndRemainder(dividingBy: 5)
        return byte << 1 | UInt8(values[digit] >> (4 - place) & 1)
      }
    }
  }

  package static func random() -> OneTimeCode { OneTimeCode(key: Sodium.randomBytes(keyBytes)) }

  /// The number of the step in which a moment is.
  package static func step(at moment: Timestamp) -> Int64 {
    Int64((Double(moment.milliseconds) / 1000 / Double(periodSeconds)).rounded(.down))
  }

  package func code(step: Int64, digits: Int = digits) -> String {
    let message = (0..<8).reversed().map { UInt8(truncatingIfNeeded: step >> ($0 * 8)) }
    let mac = Array(
      HMAC<Insecure.SHA1>.authenticationCode(for: message, using: SymmetricKey(data: key)))
    let at = Int(mac[mac.count - 1] & 15)
    let number = mac[at..<(at + 4)].reduce(UInt32(0)) { $0 << 8 | UInt32($1) } & 0x7FFF_FFFF
    var text = String(number)
    text = String(repeating: "0", count: max(0, 10 - text.count)) + text
    return String(text.suffix(digits))
  }

  /// The step of a right code; nil when it is none of about now, or not after `last`: a code counts
  /// once.
  package func step(of code: String, at now: Timestamp, after last: Int64) -> Int64? {
    let typed = String(code.filter { !$0.isWhitespace })
    let middle = Self.step(at: now)
    return ((middle - Self.drift)...(middle + Self.drift)).first { step in
      step > last && Secret.isSame(self.code(step: step), typed)
    }
  }

  /// The key as it is typed into an app: base 32 (RFC 4648 §6), in groups of four.
  package var groups: String {
    let text = base32
    return stride(from: 0, to: text.count, by: 4).map { at in
      String(text.dropFirst(at).prefix(4))
    }.joined(separator: " ")
  }

  package var base32: String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".utf8)
    return String(
      decoding: BitGroups.regrouped(key, size: 5).map { digits[$0] }, as: UTF8.self)
  }

  /// What a QR code for an app says.
  package func link(user: String) -> String {
    let name = user.utf8.map { byte in
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95, 126: String(Unicode.Scalar(byte))
      default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }.joined()
    return "otpauth://totp/Klantreis:\(name)?secret=\(base32)&issuer=Klantreis"
  }
}

extension OneTimeCode: CustomStringConvertible, CustomReflectable {
  package var description: String { "(secret)" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Codes for who lost the app; each counts once.
package enum RecoveryCode {
  /// Ten of them: `x7kq-m2dp-9rvt`, 60 bits each, of letters and digits that are not mixed up.
  package static func random() -> [String] {
    let letters = Array("abcdefghjkmnpqrstuvwxyz23456789a".utf8)
    return (0..<Limits.recoveryCodes).map { _ in
      let bytes = Sodium.randomBytes(12)
      let text = bytes.map { String(Unicode.Scalar(letters[Int($0 & 31)])) }
      return [text[0..<4], text[4..<8], text[8..<12]].map { $0.joined() }.joined(separator: "-")
    }
  }

  /// What is kept of a code, however it is typed.
  package static func digest(_ code: String) -> [UInt8] {
    Secret(text: String(code.lowercased().filter { $0.isLetter || $0.isNumber })).digest
  }
}
