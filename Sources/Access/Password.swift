import CSodium
import CustomerJourney

/// Passwords: which are good, and how they are kept (Argon2id, RFC 9106, by libsodium).
package enum Password {
  /// How hard a guess is made. Raise these as machines become faster: a password is hashed anew the
  /// next time that its owner logs in.
  package struct Cost: Hashable, Sendable {
    /// Passes over the memory.
    package var passes: UInt64
    package var memoryBytes: Int

    package init(passes: UInt64, memoryBytes: Int) {
      self.passes = passes
      self.memoryBytes = memoryBytes
    }

    /// RFC 9106's second recommended choice: three passes over 64 MB.
    package static let standard = Cost(passes: 3, memoryBytes: 67_108_864)
  }

  package enum Problem: Error, Hashable, CustomStringConvertible, CaseIterable {
    case short, long, common, likeName

    package var description: String {
      switch self {
      case .short:
        "The password has fewer than \(Limits.passwordCharacters) characters. A sentence that only "
          + "you would think of is easy to remember."
      case .long: "The password has more than \(Limits.passwordBytes) bytes; choose a shorter one."
      case .common: "Many people use this password, so it is guessed first; choose another."
      case .likeName: "The password is your name; choose another."
      }
    }
  }

  /// What is wrong with a new password, as NIST SP 800-63B has it: length and being common count, kinds
  /// of characters don't.
  package static func problem(_ password: String, name: String) -> Problem? {
    guard password.unicodeScalars.count >= Limits.passwordCharacters else { return .short }
    guard password.utf8.count <= Limits.passwordBytes else { return .long }
    let plain = plain(password)
    if plain == Self.plain(name) || plain == Self.plain(name + name) { return .likeName }
    let isOneThing = Set(plain).count <= 3
    return isOneThing || isRow(plain) || common.contains(plain) ? .common : nil
  }

  /// The text that is kept of it: method, cost, salt and hash. Takes a tenth of a second and
  /// ``Cost/memoryBytes``.
  package static func hash(_ password: String, cost: Cost = .standard) -> String? {
    Sodium.open()
    var text = [CChar](repeating: 0, count: Int(crypto_pwhash_STRBYTES))
    let bytes = password.utf8.map { CChar(bitPattern: $0) }
    let done = crypto_pwhash_str_alg(
      &text, bytes, UInt64(bytes.count), cost.passes, cost.memoryBytes,
      crypto_pwhash_ALG_ARGON2ID13)
    guard done == 0 else { return nil }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// Whether a password is the one of which `hash` was made. Without a hash it takes as long, and says
  /// no: nobody learns from the time whether a name exists.
  package static func isRight(
    _ password: String, hash: String?, cost: Cost = .standard
  ) -> Bool {
    guard password.utf8.count <= Limits.passwordBytes else { return false }
    guard let hash else {
      _ = Self.hash(password, cost: cost)
      return false
    }
    Sodium.open()
    let bytes = password.utf8.map { CChar(bitPattern: $0) }
    return crypto_pwhash_str_verify(hash, bytes, UInt64(bytes.count)) == 0
  }

  /// Whether a hash was made with another cost than is right now.
  package static func isDated(_ hash: String, cost: Cost = .standard) -> Bool {
    crypto_pwhash_str_needs_rehash(hash, cost.passes, cost.memoryBytes) != 0
  }

  /// As people vary a password that is refused: without case, spaces, and what stands for a letter.
  private static func plain(_ text: String) -> String {
    let stands: [Character: Character] = ["0": "o", "@": "a", "$": "s", "3": "e", "!": "i"]
    return String(
      text.lowercased().compactMap { $0.isWhitespace ? nil : stands[$0] ?? $0 })
  }

  /// `123456789…`, `abcdefgh…`, and rows of keys.
  private static func isRow(_ text: String) -> Bool {
    let rows = [
      "1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "azertyuiop",
    ]
    return rows.contains { row in
      let row = plain(row)
      let endless = String(repeating: row, count: text.count / row.count + 2)
      return endless.contains(text) || String(endless.reversed()).contains(text)
    }
  }

  /// The commonest of twelve characters and more, written as ``plain(_:)`` does.
  private static let common: Set<String> = Set(
    [
      "passwordpassword", "password1234", "password12345", "password123456", "welkom123456",
      "welkom012345", "wachtwoord123", "wachtwoord12", "wachtwoord1234", "wachtwoord01",
      "wachtwoord!!", "letmeinletmein", "iloveyou1234", "iloveyouiloveyou", "administrator",
      "administrator1", "adminadmin12", "adminadminadmin", "changeme1234", "changemechangeme",
      "qwerty123456", "qwertyqwerty", "1q2w3e4r5t6y", "1qaz2wsx3edc", "zaq12wsxcde3",
      "correcthorsebatterystaple", "trustno1trustno1", "monkeymonkey", "klantreis123",
      "klantreis1234", "klantreisklantreis", "customerjourney", "feyenoord1908", "amsterdam020",
      "amsterdam123", "nederland123", "hetwachtwoord", "geheimgeheim", "geheim123456",
      "welcome12345", "welcomewelcome", "sunshine1234", "football1234", "princess1234",
    ].map(plain))
}
