import CSodium
import Crypto

/// A random text that opens something: a session, an invitation, a token. Only its digest is kept,
/// so that who reads the store cannot use it.
package struct Secret: Hashable, Sendable {
  package let text: String

  /// 256 bits from the system's generator, as URLs take them.
  package static func random(prefix: String = "") -> Secret {
    Secret(text: prefix + Base64URL.text(Sodium.randomBytes(32)))
  }

  package init(text: String) { self.text = text }

  /// SHA-256. A slow hash would add nothing: nobody guesses 256 random bits.
  package var digest: [UInt8] { Array(SHA256.hash(data: Array(text.utf8))) }

  /// What a form of this session carries along: whoever knows it has read a page of the session.
  /// It says nothing of the secret itself.
  package var formToken: String {
    let key = SymmetricKey(data: Array(text.utf8))
    let code = HMAC<SHA256>.authenticationCode(for: Array("form".utf8), using: key)
    return Base64URL.text(Array(code))
  }

  /// True when both texts are the same; takes as long for any two of the same length.
  package static func isSame(_ a: String, _ b: String) -> Bool {
    let (a, b) = (Array(a.utf8), Array(b.utf8))
    guard a.count == b.count, !a.isEmpty else { return false }
    return sodium_memcmp(a, b, a.count) == 0
  }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// A secret that lands in a log or a test's output by mistake says nothing there.
  package var description: String { "(secret)" }
  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// The library's door: it must be opened once before anything else.
enum Sodium {
  static let isReady = sodium_init() >= 0

  static func open() {
    precondition(isReady, "libsodium cannot be used: the system gives it no random numbers")
  }

  static func randomBytes(_ count: Int) -> [UInt8] {
    open()
    var bytes = [UInt8](repeating: 0, count: count)
    randombytes_buf(&bytes, count)
    return bytes
  }
}

/// RFC 4648 §5, without padding.
enum Base64URL {
  private static let digits = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  static func text(_ bytes: [UInt8]) -> String {
    String(decoding: BitGroups.regrouped(bytes, size: 6).map { digits[$0] }, as: UTF8.self)
  }

  /// Nil when the text is not what ``text(_:)`` writes for some bytes.
  static func bytes(_ text: String) -> [UInt8]? {
    var bytes: [UInt8] = []
    var (value, bits) = (0, 0)
    for character in text.utf8 {
      guard let digit = digits.firstIndex(of: character) else { return nil }
      value = (value << 6 | digit) & 0xFFFF
      bits += 6
      if bits >= 8 {
        bits -= 8
        bytes.append(UInt8(value >> bits & 0xFF))
      }
    }
    // Of several texts with the same bytes only one is right.
    return bits < 6 && value & ((1 << bits) - 1) == 0 ? bytes : nil
  }
}

/// Bits of bytes in groups of another size, the last filled up with zeros.
enum BitGroups {
  static func regrouped(_ bytes: [UInt8], size: Int) -> [Int] {
    var groups: [Int] = []
    var (value, bits) = (0, 0)
    for byte in bytes {
      value = (value << 8 | Int(byte)) & 0xFFFF
      bits += 8
      while bits >= size {
        bits -= size
        groups.append(value >> bits & ((1 << size) - 1))
      }
    }
    if bits > 0 { groups.append(value << (size - bits) & ((1 << size) - 1)) }
    return groups
  }
}
