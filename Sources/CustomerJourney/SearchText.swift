import Foundation

/// Texts as a search compares them: words of letters and digits, without case and accents.
package enum SearchText {
  /// The words of a text, each once, in their order.
  package static func words(_ text: String, limit: Int = Limits.searchWords) -> [String] {
    var words: [String] = []
    var word = ""
    func finish() {
      guard !word.isEmpty else { return }
      let cut = String(word.prefix(Limits.searchWordCharacters))
      if words.count < limit, !words.contains(cut) { words.append(cut) }
      word = ""
    }
    for scalar in folded(String(text.prefix(Limits.searchTextCharacters))).unicodeScalars {
      if isOfWord(scalar) { word.unicodeScalars.append(scalar) } else { finish() }
    }
    finish()
    return words
  }

  /// The words by which a key is found besides its beginning: those of an address, the number of a phone
  /// as it is dialled at home, the id in another system.
  package static func words(ofKey key: String) -> [String] {
    let kind = CustomerKey.kind(of: key)
    let rest = String(key.dropFirst(kind.prefix.count))
    switch kind {
    case .email: return words(ofAddress: rest)
    case .phone: return words(ofPhone: rest)
    case .external:
      return words(String(rest.split(separator: ":", maxSplits: 1).last ?? ""))
    case .user, .device, .anonymous: return []
    }
  }

  /// The words of a trait's value; of an address or a phone number those of the key that it makes.
  package static func words(ofTrait name: String, _ value: PropertyValue) -> [String] {
    switch value {
    case .flag: return []
    case .number: return words(value.description)
    case .text(let text):
      if text.contains("@"), let address = EmailAddress.normalised(text) {
        return words(ofAddress: address)
      }
      // What looks like a number to dial may be a date or a number of an order.
      if isPhone(text) { return words(ofPhone: text) + words(text) }
      return text.contains("://") ? [] : words(text)
    }
  }

  /// What somebody typed, as words of which each must begin a word: more than one way to read it, where
  /// it may be a phone number. What stands before an @ and after it are asked for on their own.
  package static func asked(_ text: String) -> [[String]] {
    let plain = plainWords(text)
    guard isPhone(text), let number = dialled(text), [number] != plain else {
      return plain.isEmpty ? [] : [plain]
    }
    return [[number], plain]
  }

  private static func plainWords(_ text: String) -> [String] {
    let parts = text.split(whereSeparator: \.isWhitespace).flatMap { part -> [String] in
      let address = part.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
      guard address.count == 2 else { return words(String(part)) }
      let domain = String(address[1])
      return words(String(address[0])) + (isMassProvider(domain) ? [] : words(domain))
    }
    return Array(parts.prefix(Limits.searchWordsAsked))
  }

  private static func words(ofAddress address: String) -> [String] {
    let parts = address.split(separator: "@", maxSplits: 1).map(String.init)
    guard parts.count == 2 else { return words(address) }
    return words(parts[0]) + (isMassProvider(parts[1]) ? [] : words(parts[1]))
  }

  private static func words(ofPhone text: String) -> [String] {
    let digits = text.filter(\.isWholeNumber)
    guard let dialled = dialled(text) else { return [] }
    return digits == dialled ? [digits] : [digits, dialled]
  }

  /// The digits from after the country's code, or the 0 that stands for it; all where neither is known.
  private static func dialled(_ text: String) -> String? {
    var digits = text.filter(\.isWholeNumber)
    guard digits.count >= 3 else { return nil }
    let isAbroad = text.first == "+" || digits.hasPrefix("00")
    if digits.hasPrefix("00") { digits.removeFirst(2) }
    if isAbroad {
      let codes = ["31", "32", "33", "41", "43", "44", "46", "49"]
      guard let code = codes.first(where: digits.hasPrefix) else { return digits }
      let rest = digits.dropFirst(code.count)
      // While the code itself is being typed there is nothing after it.
      guard rest.count >= 3 else { return digits }
      return String(rest.hasPrefix("0") ? rest.dropFirst() : rest)
    }
    return digits.hasPrefix("0") ? String(digits.dropFirst()) : digits
  }

  /// Digits of a phone number, with what is dialled before the country's code.
  private static let longestNumber = 20

  private static func isPhone(_ text: String) -> Bool {
    let text = text.drop(while: \.isWhitespace)
    guard text.first == "+" || text.first == "0" || text.first == "(" else { return false }
    var digits = 0
    for scalar in text.unicodeScalars {
      if ("0"..."9").contains(scalar) {
        digits += 1
      } else if !" +-./()\u{A0}".unicodeScalars.contains(scalar) {
        return false
      }
    }
    return digits >= 3 && digits <= longestNumber
  }

  /// Domains that so many people have that they find nobody.
  private static func isMassProvider(_ domain: String) -> Bool { massProviders.contains(domain) }

  private static let massProviders: Set = [
    "gmail.com", "googlemail.com", "hotmail.com", "hotmail.nl", "outlook.com", "live.nl",
    "live.com",
    "icloud.com", "me.com", "yahoo.com", "ziggo.nl", "kpnmail.nl", "planet.nl", "xs4all.nl",
    "gmx.de", "gmx.net", "web.de", "telenet.be", "skynet.be", "proton.me", "protonmail.com",
  ]

  private static func folded(_ text: String) -> String {
    text.utf8.allSatisfy { $0 < 128 }
      ? text.lowercased()
      : text.folding(options: [.caseInsensitive, .diacriticInsensitive], locale: nil).lowercased()
  }

  private static func isOfWord(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "a"..."z", "0"..."9", "A"..."Z": true
    case _ where scalar.isASCII: false
    default:
      scalar.properties.isAlphabetic || scalar.properties.numericType != nil
        || scalar.properties.generalCategory == .nonspacingMark
        || scalar.properties.generalCategory == .spacingMark
    }
  }
}

/// Who was found, and why.
package struct FoundCustomer: Codable, Hashable, Sendable {
  /// The key that stands for the customer.
  package var customer: String
  /// What people call the customer, where that is known.
  package var name: String?
  package var because: [Match]

  /// What of the customer fits.
  package struct Match: Codable, Hashable, Sendable {
    package enum Field: String, Codable, Sendable { case key, trait, account, order }
    package var field: Field
    /// Of a trait its name, of a key its kind.
    package var name: String
    package var text: String

    package init(_ field: Field, _ name: String, _ text: String) {
      self.field = field
      self.name = name
      self.text = text
    }
  }

  package init(customer: String, name: String? = nil, because: [Match] = []) {
    self.customer = customer
    self.name = name
    self.because = because
  }
}
