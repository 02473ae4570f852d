/// Texts that must not be left anywhere, and how they are found: whatever their case, and as they stand
/// in JSON and in addresses of pages.
package struct ErasedTexts: Sendable {
  private struct Form: Sendable {
    var bytes: [UInt8]
    /// A short word counts only where it stands alone.
    var standsAlone: Bool
  }

  private var forms: [Form] = []
  /// By first byte, so that most places are passed at once.
  private var firsts = [Bool](repeating: false, count: 256)

  package init(_ texts: some Sequence<String>) {
    var seen: Set<[UInt8]> = []
    for text in texts {
      let plain = text.lowercased()
      for form in [
        plain, Self.encoded(plain, space: "%20"), Self.encoded(plain, space: "+"), Self.json(plain),
      ] {
        let bytes = Array(form.utf8).map(Self.folded)
        guard bytes.count >= Limits.erasedTextBytes, seen.insert(bytes).inserted else { continue }
        forms.append(Form(bytes: bytes, standsAlone: bytes.count < 8))
        firsts[Int(bytes[0])] = true
      }
    }
  }

  package var isEmpty: Bool { forms.isEmpty }

  /// True of a text that tells who somebody is wherever it stands, unlike a short number.
  package static func isTelling(_ text: String) -> Bool {
    let count = text.utf8.count
    return count >= 9 || (count >= 6 && text.utf8.contains { !(48...57).contains($0) })
  }

  package func isFound(in text: String) -> Bool {
    var text = text
    return text.withUTF8 { bytes in first(in: bytes, from: 0) != nil }
  }

  package func isFound(in bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    first(in: bytes, from: 0) != nil
  }

  /// The text with `mark` in place of each.
  package func replaced(in text: String, with mark: String) -> String {
    var text = text
    return text.withUTF8 { bytes in
      var out: [UInt8] = []
      var at = 0
      while let range = first(in: bytes, from: at) {
        out += bytes[at..<range.lowerBound]
        out += mark.utf8
        at = range.upperBound
      }
      out += bytes[at...]
      return String(decoding: out, as: UTF8.self)
    }
  }

  /// The first place, and the longest form there.
  private func first(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Range<Int>? {
    var at = start
    while at < bytes.count {
      if firsts[Int(Self.folded(bytes[at]))] {
        var end = at
        for form in forms where holds(form, bytes, at) { end = max(end, at + form.bytes.count) }
        if end > at { return at..<end }
      }
      at += 1
    }
    return nil
  }

  private func holds(_ form: Form, _ bytes: UnsafeBufferPointer<UInt8>, _ at: Int) -> Bool {
    let end = at + form.bytes.count
    guard end <= bytes.count else { return false }
    for index in form.bytes.indices where Self.folded(bytes[at + index]) != form.bytes[index] {
      return false
    }
    guard form.standsAlone else { return true }
    return !(end < bytes.count && Self.isWord(bytes[end])) && !isInWord(bytes, before: at)
  }

  private func isInWord(_ bytes: UnsafeBufferPointer<UInt8>, before at: Int) -> Bool {
    guard at > 0, Self.isWord(bytes[at - 1]) else { return false }
    // The end of an encoded sign is none of the word: %2Fann.
    return !(at >= 3 && bytes[at - 3] == UInt8(ascii: "%"))
  }

  private static func folded(_ byte: UInt8) -> UInt8 {
    (65...90).contains(byte) ? byte | 32 : byte
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    (48...57).contains(byte) || (97...122).contains(folded(byte)) || byte >= 128
  }

  private static func encoded(_ text: String, space: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case 48...57, 65...90, 97...122, 45, 46, 95, 126:
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      case 32: encoded += space
      default:
        let hex = String(byte, radix: 16)
        encoded += "%" + (hex.count == 1 ? "0" : "") + hex
      }
    }
    return encoded
  }

  /// As JSON writes it with escapes for all that may have one.
  private static func json(_ text: String) -> String {
    var escaped = ""
    for unit in text.utf16 {
      switch unit {
      case 47: escaped += "\\/"
      case 34: escaped += "\\\""
      case 92: escaped += "\\\\"
      case 32..<127: escaped.unicodeScalars.append(Unicode.Scalar(UInt8(unit)))
      default:
        let hex = String(unit, radix: 16)
        escaped += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      }
    }
    return escaped
  }
}

/// What was done to forget a person, without a word of who it was.
package struct ErasureReceipt: Hashable, Sendable, Codable {
  /// A number that the customer can be given.
  package var receipt: String
  package var asked: Timestamp
  package var by: String
  /// True where the touchpoints stay as a journey of nobody.
  package var keepsJourney: Bool
  /// Nil while it goes on.
  package var finished: Timestamp?
  /// Rows by table, and files by kind.
  package var counts: [String: Int]
  /// Until when backups that were made before may still have the person; nil without any.
  package var backupsUntil: Timestamp?

  package init(
    receipt: String, asked: Timestamp, by: String, keepsJourney: Bool, finished: Timestamp? = nil,
    counts: [String: Int] = [:], backupsUntil: Timestamp? = nil
  ) {
    self.receipt = receipt
    self.asked = asked
    self.by = by
    self.keepsJourney = keepsJourney
    self.finished = finished
    self.counts = counts
    self.backupsUntil = backupsUntil
  }
}

/// Why somebody cannot be erased, or a consent not be noted.
package enum PrivacyProblem: Error, Hashable, Sendable, CustomStringConvertible {
  case unknown
  case shared
  case conditions
  case badPurposes(String)
  case badRetention(String)
  case notErased

  package var description: String {
    switch self {
    case .unknown:
      "Nobody was ever named by that key, or the person was erased already. Keys are those of your "
        + "clients and files; `klantreis customers show KEY` lists them."
    case .shared:
      "That key belongs to several customers, one after the other. Give a key that is only this "
        + "customer's, or part them first."
    case .conditions:
      "An existing customer may only be written to when all five conditions hold: "
        + "\(ExistingCustomerCondition.allCases.map(\.rawValue).joined(separator: ", "))."
    case .badPurposes(let why): "The purposes cannot be used: \(why)."
    case .badRetention(let why): "The term cannot be used: \(why)."
    case .notErased: "That key is not kept away: nobody of it was erased, or it was allowed again."
    }
  }
}
