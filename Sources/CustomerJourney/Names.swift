/// A name that belongs to a vocabulary of the field: a channel, an origin, a kind of device.
///
/// Names are equal when their ``key`` is: `Social media`, `social-media` and `SOCIAL_MEDIA` are the
/// same channel, however a client spells it.
package protocol VocabularyName: Hashable, Sendable, Codable, CustomStringConvertible {
  /// As people read it.
  var name: String { get }
  /// The built-in names, each with other spellings that mean the same, English and Dutch.
  static var vocabulary: Vocabulary { get }
  /// `name` is either one of the vocabulary or, trimmed, an own one.
  init(canonical name: String)
}

extension VocabularyName {
  /// The built-in name that `text` means, or an own name as it was written.
  package init(_ text: String) { self.init(canonical: Self.vocabulary.canonical(text)) }

  /// How rules write it: lower case, one dash where spaces, dashes and underscores stood.
  package var key: String { Vocabulary.key(name) }

  package var description: String { name }

  /// The name in the reader's language: Dutch where the vocabulary has one, else as it is.
  package func title(_ language: Language) -> String {
    language == .dutch ? Self.vocabulary.dutch[name] ?? name : name
  }

  package static func == (a: Self, b: Self) -> Bool { a.name == b.name }
  package func hash(into hasher: inout Hasher) { hasher.combine(name) }

  package init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(String.self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(name)
  }
}

/// The languages that the product speaks.
package enum Language: String, Sendable, Codable, CaseIterable {
  case english = "en"
  case dutch = "nl"
}

/// Built-in names, with the spellings and the Dutch word of each.
package struct Vocabulary: Sendable {
  /// In the order in which people expect them.
  package let names: [String]
  package let dutch: [String: String]
  private let canonicalOfKey: [String: String]
  /// For the texts that are a built-in name already, which most are.
  private let isName: Set<String>

  /// One row a name: the name, its Dutch word, and the other spellings that mean it.
  package init(_ rows: [(name: String, dutch: String, spellings: [String])]) {
    names = rows.map(\.name)
    dutch = Dictionary(uniqueKeysWithValues: rows.map { ($0.name, $0.dutch) })
    var keys: [String: String] = [:]
    for row in rows {
      for spelling in [row.name, row.dutch] + row.spellings where keys[Self.key(spelling)] == nil {
        keys[Self.key(spelling)] = row.name
      }
    }
    canonicalOfKey = keys
    isName = Set(names)
  }

  package func canonical(_ text: String) -> String {
    isName.contains(text) ? text : canonicalOfKey[Self.key(text)] ?? text.trimmed
  }

  /// True when `text` is one of the built-in names or spellings.
  package func contains(_ text: String) -> Bool { canonicalOfKey[Self.key(text)] != nil }

  package static func key(_ text: String) -> String {
    var key = ""
    var pendingDash = false
    for character in text.lowercased() {
      if character == " " || character == "-" || character == "_" || character == "\t" {
        pendingDash = !key.isEmpty
      } else {
        if pendingDash { key.append("-") }
        pendingDash = false
        key.append(character)
      }
    }
    return key
  }
}

extension StringProtocol {
  /// Without white space and line ends at both sides.
  package var trimmed: String {
    var part = self[...]
    while let first = part.first, first.isWhitespace { part = part.dropFirst() }
    while let last = part.last, last.isWhitespace { part = part.dropLast() }
    return String(part)
  }
}

extension String {
  /// Without white space and line ends at both sides.
  ///
  /// Most texts begin and end with an ASCII sign that is no blank, which is seen without looking at
  /// characters.
  package var trimmed: String {
    guard let first = utf8.first, let last = utf8.last else { return self }
    if first > 32, first < 127, last > 32, last < 127 { return self }
    return self[...].trimmed
  }
}

/// Where an interaction takes place (kanaal). The map is drawn by channel.
package struct Channel: VocabularyName {
  package let name: String
  package init(canonical name: String) { self.name = name }

  package static let website = Channel(canonical: "Website")
  package static let email = Channel(canonical: "Email")
  package static let shop = Channel(canonical: "Shop")

  package static let vocabulary = Vocabulary([
    ("Search", "Zoekmachine", ["search engine", "zoeken"]),
    ("Social media", "Sociale media", ["social", "socials"]),
    ("Online ad", "Online advertentie", ["ad", "ads", "display", "advertentie", "banner"]),
    ("Website", "Website", ["web", "site", "webshop", "online", "internet"]),
    ("App", "App", ["mobile app", "ios", "android"]),
    ("Email", "E-mail", ["e-mail", "mail", "newsletter", "nieuwsbrief"]),
    ("SMS", "Sms", ["text message", "whatsapp"]),
    ("Push", "Pushmelding", ["push notification", "web push"]),
    ("Chat", "Chat", ["live chat", "chatbot"]),
    ("Phone", "Telefoon", ["call", "call center", "callcenter", "telephone"]),
    ("Live meeting", "Persoonlijk gesprek", ["meeting", "event", "beurs", "afspraak", "gesprek"]),
    ("Post", "Post", ["direct mail", "letter", "brief", "paper", "folder"]),
    ("Shop", "Winkel", ["store", "shop floor", "pos", "desk", "balie"]),
  ])
}

/// The marketing channel that brought the person there (herkomst). Attribution is by origin.
///
/// The names are those of GA4's default channel group, which PROTOCOLS.md of the project lists.
package struct Origin: VocabularyName {
  package let name: String
  package init(canonical name: String) { self.name = name }

  package static let vocabulary = Vocabulary([
    ("Direct", "Direct", ["none", "(direct)"]),
    ("Organic Search", "Organisch zoeken", ["seo", "organic"]),
    ("Paid Search", "Betaald zoeken", ["sea", "cpc", "ppc"]),
    ("Display", "Display", ["banner"]),
    ("Organic Social", "Organisch sociaal", ["social"]),
    ("Paid Social", "Betaald sociaal", []),
    ("Email", "E-mail", ["e-mail", "newsletter", "nieuwsbrief"]),
    ("SMS", "Sms", []),
    ("Affiliates", "Affiliates", ["affiliate"]),
    ("Referral", "Verwijzing", ["referrer"]),
    ("Organic Video", "Organische video", ["video"]),
    ("Paid Video", "Betaalde video", []),
    ("Organic Shopping", "Organisch winkelen", []),
    ("Paid Shopping", "Betaald winkelen", ["shopping"]),
    ("Cross-network", "Netwerkoverstijgend", []),
    ("Audio", "Audio", ["podcast", "radio"]),
    ("Mobile Push Notifications", "Pushmeldingen", ["push"]),
  ])
}

/// The kind of device in the person's hand.
package struct Device: VocabularyName {
  package let name: String
  package init(canonical name: String) { self.name = name }

  package static let vocabulary = Vocabulary([
    ("Desktop", "Computer", ["pc", "laptop"]),
    ("Phone", "Telefoon", ["mobile", "smartphone", "mobiel"]),
    ("Tablet", "Tablet", ["ipad"]),
    ("Watch", "Horloge", ["wearable"]),
    ("TV", "Tv", ["smart tv", "television"]),
    ("Terminal", "Kassa", ["pos", "kiosk", "zuil"]),
  ])
}
