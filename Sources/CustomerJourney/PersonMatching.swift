/// What tells persons apart, as far as it is known.
package struct PersonRecord: Sendable, Hashable {
  package enum Field: Int, CaseIterable, Sendable {
    case given, surname, birthday, street, number, city, postcode, phone, email
  }

  /// Normalised: lower case, letters and digits only, one space between words. Empty is unknown.
  private var texts: [String]

  package init(_ known: [Field: String]) {
    texts = Field.allCases.map { field in
      known[field].map { Self.normalised($0, field) } ?? ""
    }
    if texts[Field.surname.rawValue].isEmpty, let name = known[.given], name.contains(" ") {
      let words = Self.normalised(name, .given).split(separator: " ")
      texts[Field.given.rawValue] = String(words[0])
      texts[Field.surname.rawValue] = words.dropFirst().joined(separator: " ")
    }
  }

  package subscript(field: Field) -> String { texts[field.rawValue] }

  private static func normalised(_ text: String, _ field: Field) -> String {
    switch field {
    case .phone: return PhoneNumber.normalised(text) ?? ""
    case .email: return EmailAddress.normalised(text) ?? ""
    case .birthday: return String(text.filter { $0.isASCII && $0.isNumber }.prefix(8))
    case .postcode: return text.lowercased().filter { $0.isLetter || $0.isNumber }
    default:
      let plain = text.lowercased().map { $0.isLetter || $0.isNumber ? plainLetter($0) : " " }
      return plain.joined().split(separator: " ").joined(separator: " ")
    }
  }

  /// Without accents, as half of all forms write names.
  private static func plainLetter(_ character: Character) -> String {
    switch character {
    case "á", "à", "â", "ä", "ã", "å": "a"
    case "é", "è", "ê", "ë": "e"
    case "í", "ì", "î", "ï": "i"
    case "ó", "ò", "ô", "ö", "õ", "ø": "o"
    case "ú", "ù", "û", "ü": "u"
    case "ç": "c"
    case "ñ": "n"
    case "ß": "ss"
    default: String(character)
    }
  }
}

/// How much speaks for two records being one person's.
///
/// The method is that of Fellegi and Sunter (A Theory for Record Linkage, 1969): each field adds the
/// logarithm of how much more often it agrees like that within a person than between two. Texts agree by
/// the similarity of Jaro and Winkler (Winkler, String Comparator Metrics, 1990). The weights are ours,
/// in bits.
package struct PersonScore: Sendable, Hashable, Comparable {
  /// Bits for and against, together.
  package var bits: Double
  /// Which fields agree, exactly or nearly.
  package var agreeing: [PersonRecord.Field]

  /// That they are one, when one pair in 8,192 of those that are compared is. Never certain.
  package var probability: Double {
    let odds = exp2OfDouble(bits - 13)
    return min(0.99, odds / (1 + odds))
  }

  package static func < (a: Self, b: Self) -> Bool { a.bits < b.bits }

  package init(_ a: PersonRecord, _ b: PersonRecord) {
    bits = 0
    agreeing = []
    var place = 0.0
    let isSwapped = Self.namesAreSwapped(a, b)
    for field in PersonRecord.Field.allCases {
      let weight = Self.weight(field)
      if isSwapped, field == .given || field == .surname {
        bits += weight.close
        agreeing.append(field)
        continue
      }
      let (x, y) = (a[field], b[field])
      guard !x.isEmpty, !y.isEmpty else { continue }
      let agreement = Self.agreement(x, y, field)
      let found =
        switch agreement {
        case .exact: weight.exact
        case .close: weight.close
        case .far: weight.far
        }
      if Self.placeFields.contains(field) { place += found } else { bits += found }
      if agreement != .far { agreeing.append(field) }
    }
    // Who lives in the same house shares all of it, and who moved has all of it otherwise.
    bits += max(-5, min(13, place))
  }

  private static let placeFields: Set<PersonRecord.Field> = [.street, .number, .city, .postcode]

  private enum Agreement { case exact, close, far }

  private static func weight(
    _ field: PersonRecord.Field
  ) -> (exact: Double, close: Double, far: Double) {
    switch field {
    case .given: (5.5, 4, -5)
    case .surname: (7.5, 5.5, -3)
    case .birthday: (11, 7, -6)
    case .street: (7.5, 6, -2.5)
    case .number: (5, 2, -1.5)
    case .city: (6, 5, -2.5)
    case .postcode: (7.5, 4, -2.5)
    case .phone: (14, 14, -1)
    case .email: (16, 16, -1)
    }
  }

  private static func agreement(
    _ x: String, _ y: String, _ field: PersonRecord.Field
  ) -> Agreement {
    if x == y { return .exact }
    switch field {
    case .phone, .email: return .far
    // A digit that was typed otherwise, or two that changed places: day and month among them.
    case .birthday, .postcode, .number:
      return x.utf8.count > 2 && (slips(x, y) <= 1 || isDayAndMonth(x, y)) ? .close : .far
    case .given, .surname, .street, .city:
      return Similarity.jaroWinkler(x, y) >= 0.86 ? .close : .far
    }
  }

  private static func namesAreSwapped(_ a: PersonRecord, _ b: PersonRecord) -> Bool {
    let names = [a[.given], a[.surname], b[.given], b[.surname]]
    guard !names.contains(""), a[.given] != b[.given] else { return false }
    return Similarity.jaroWinkler(a[.given], b[.surname]) >= 0.9
      && Similarity.jaroWinkler(a[.surname], b[.given]) >= 0.9
  }

  /// Characters of equal texts that differ, two neighbours that changed places counting once; more
  /// than anything of texts of other lengths, but for one that was left out.
  private static func slips(_ x: String, _ y: String) -> Int {
    let (x, y) = (Array(x.utf8), Array(y.utf8))
    guard x.count == y.count else {
      let (short, long) = x.count < y.count ? (x, y) : (y, x)
      guard long.count == short.count + 1 else { return .max }
      var same = 0
      while same < short.count, short[same] == long[same] { same += 1 }
      return short[same...].elementsEqual(long[(same + 1)...]) ? 1 : .max
    }
    var slips = 0
    var at = 0
    while at < x.count {
      if x[at] != y[at] {
        slips += 1
        if at + 1 < x.count, x[at] == y[at + 1], x[at + 1] == y[at] { at += 1 }
      }
      at += 1
    }
    return slips
  }

  private static func isDayAndMonth(_ x: String, _ y: String) -> Bool {
    x.utf8.count == 8 && y.utf8.count == 8 && x.prefix(4) == y.prefix(4)
      && x.dropFirst(4).prefix(2) == y.suffix(2) && x.suffix(2) == y.dropFirst(4).prefix(2)
  }
}

/// Finds pairs of records that may be one person's, among many.
///
/// Only records that share something are compared: one of several keys made of what stays when a name
/// or address is mistyped.
package enum PersonMatching {
  /// Two records, by their places, and why they may be one person's.
  package struct Match: Sendable, Hashable {
    package var first: Int
    package var second: Int
    package var score: PersonScore
  }

  /// From how many bits on a pair is worth a look.
  package static let threshold = 13.0

  /// The most likely first. Shared keys with more than ``Limits/recordsPerMatchKey`` records say
  /// nothing and are passed over.
  package static func matches(among records: [PersonRecord]) -> [Match] {
    var seen: Set<UInt64> = []
    var matches: [Match] = []
    for pass in 0..<passes {
      var blocks: [String: [Int]] = [:]
      for (place, record) in records.enumerated() {
        if let key = key(of: record, pass) { blocks[key, default: []].append(place) }
      }
      for block in blocks.values where (2...Limits.recordsPerMatchKey).contains(block.count) {
        for (index, first) in block.enumerated() {
          for second in block[(index + 1)...]
          where seen.insert(UInt64(first) << 32 | UInt64(second)).inserted {
            let score = PersonScore(records[first], records[second])
            if score.bits >= threshold {
              matches.append(Match(first: first, second: second, score: score))
            }
          }
        }
      }
    }
    return matches.sorted {
      ($1.score.bits, $0.first, $0.second) < ($0.score.bits, $1.first, $1.second)
    }
  }

  private static let passes = 12

  private static func key(of record: PersonRecord, _ pass: Int) -> String? {
    func joined(_ parts: String...) -> String? {
      parts.contains("") ? nil : parts.joined(separator: "|")
    }
    func sound(_ field: PersonRecord.Field) -> String { Similarity.sound(record[field]) }
    return switch pass {
    case 0: joined(record[.email])
    case 1: joined(record[.phone])
    case 2: joined(record[.birthday], sound(.surname))
    case 3: joined(record[.birthday], sound(.given))
    case 4: joined(record[.birthday], record[.postcode])
    case 5: joined(record[.birthday], sound(.city))
    case 6: joined(sound(.surname), record[.postcode])
    case 7: joined(sound(.given), sound(.surname), sound(.city))
    case 8: joined(record[.postcode], record[.number], sound(.street))
    case 9: joined(sound(.surname), sound(.street), record[.number])
    case 10: joined(sound(.given), record[.number], record[.city])
    // The same letters in another order: also of names in each other's places.
    default: joined(String((record[.given] + record[.surname]).filter { $0 != " " }.sorted()))
    }
  }
}

/// How alike texts are.
package enum Similarity {
  /// 0 for nothing in common to 1 for the same (Jaro 1989, with Winkler's bonus for a common beginning).
  package static func jaroWinkler(_ x: String, _ y: String) -> Double {
    let (a, b) = (Array(x.utf8), Array(y.utf8))
    guard !a.isEmpty, !b.isEmpty else { return a.isEmpty && b.isEmpty ? 1 : 0 }
    let reach = max(0, max(a.count, b.count) / 2 - 1)
    var matchedA = [Bool](repeating: false, count: a.count)
    var matchedB = [Bool](repeating: false, count: b.count)
    var common = 0
    for i in a.indices {
      let first = min(max(0, i - reach), b.count)
      for j in first..<max(first, min(b.count, i + reach + 1)) where !matchedB[j] && a[i] == b[j] {
        matchedA[i] = true
        matchedB[j] = true
        common += 1
        break
      }
    }
    guard common > 0 else { return 0 }
    let inA = a.indices.filter { matchedA[$0] }.map { a[$0] }
    let inB = b.indices.filter { matchedB[$0] }.map { b[$0] }
    let moved = Double(zip(inA, inB).count { $0 != $1 }) / 2
    let m = Double(common)
    let jaro = (m / Double(a.count) + m / Double(b.count) + (m - moved) / m) / 3
    let prefix = zip(a, b).prefix(4).prefix { $0 == $1 }.count
    return jaro + Double(prefix) * 0.1 * (1 - jaro)
  }

  /// A text by what its consonants sound like, after its first letter, as Soundex has it; with the
  /// classes of Dutch and English names.
  package static func sound(_ text: String) -> String {
    var sound = ""
    var last: Character = "-"
    for letter in text where letter.isLetter || letter.isNumber {
      let kind: Character =
        switch letter {
        case "b", "p", "f", "v", "w": "p"
        case "c", "g", "j", "k", "q", "x", "s", "z": "s"
        case "d", "t": "t"
        case "l": "l"
        case "m", "n": "n"
        case "r": "r"
        case "a", "e", "i", "o", "u", "y", "h": "-"
        default: letter
        }
      if kind != last, kind != "-", sound.count < 4 { sound.append(kind) }
      last = kind
    }
    return sound.isEmpty && !text.isEmpty ? "-" : sound
  }
}

/// Two to the power of `exponent`, by repeated squares and the series of the rest.
private func exp2OfDouble(_ exponent: Double) -> Double {
  let whole = max(-1000, min(1000, exponent.rounded(.down)))
  let rest = max(0, min(1, exponent - whole)) * 0.693147180559945309
  var (term, sum) = (1.0, 1.0)
  for n in 1...12 {
    term *= rest / Double(n)
    sum += term
  }
  return Double(sign: .plus, exponent: Int(whole), significand: 1) * sum
}
