import Foundation

/// Names of companies, as they are compared.
package enum CompanyName {
  /// Lower case without accents, punctuation and the form of the company: `Jansen & Zn. B.V.` and
  /// `jansen en zn` are one. Nil where nothing is left that tells companies apart.
  package static func normalised(_ text: String) -> String? {
    let plain = text.folding(
      options: [.caseInsensitive, .diacriticInsensitive, .widthInsensitive],
      locale: Locale(identifier: "en_US_POSIX"))
    var words: [String] = []
    var word = ""
    for character in plain.lowercased() {
      if character == "&" || character == "+" {
        if !word.isEmpty { words.append(word) }
        word = ""
        words.append("en")
      } else if character.isLetter || character.isNumber {
        word.append(character)
      } else if ".'’".contains(character) {
        // B.V. is bv, and l'Oréal one word.
        continue
      } else if !word.isEmpty {
        words.append(word)
        word = ""
      }
    }
    if !word.isEmpty { words.append(word) }
    words = words.map { ["and", "und", "et"].contains($0) ? "en" : $0 }
    if words.first == "the" { words.removeFirst() }
    // From the end, as long as something stays: "Holding BV" alone is a name.
    while words.count > 1, let last = words.last {
      if forms.contains(last) {
        words.removeLast()
      } else if words.count > 2, forms.contains(words[words.count - 2] + last) {
        // "B V" and "Sp z oo".
        words.removeLast(2)
      } else if words.count > 3,
        forms.contains(words[words.count - 3] + words[words.count - 2] + last)
      {
        words.removeLast(3)
      } else {
        break
      }
      // "GmbH & Co. KG" leaves an "en".
      if words.count > 1, words.last == "en" { words.removeLast() }
    }
    let name = words.joined(separator: " ")
    return name.count < 2 ? nil : name
  }

  /// Forms of companies as they are written at the end of a name, without points.
  private static let forms: Set<String> = [
    "bv", "nv", "vof", "cv", "ua", "ba", "bvba", "srl", "sprl", "vzw", "ltd", "limited", "llc",
    "llp", "lp", "plc", "inc", "incorporated", "corp", "corporation", "co", "company", "gmbh",
    "mbh", "ag", "kg", "ohg", "ug", "ev", "eg", "se", "sa", "sas", "sarl", "snc", "spa", "ab", "as",
    "asa", "aps", "oy", "oyj", "spzoo", "sro", "kft", "pty", "pte", "pvt", "stichting",
    "cooperatie",
  ]
}

/// The domain of a mail address or a page, as it is compared.
package enum MailDomain {
  /// `acme.example` of `Anna@ACME.example`, `https://www.acme.example/about` or `@acme.example`; nil
  /// when the text has none.
  package static func normalised(_ text: String) -> String? {
    var rest = Substring(text.trimmed.lowercased())
    if let scheme = rest.range(of: "://") { rest = rest[scheme.upperBound...] }
    rest = rest.prefix { !"/?#".contains($0) }
    if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
    rest = rest.prefix { $0 != ":" }
    if rest.hasPrefix("www.") { rest = rest.dropFirst(4) }
    if rest.hasSuffix(".") { rest = rest.dropLast() }
    let labels = rest.split(separator: ".", omittingEmptySubsequences: false)
    guard rest.utf8.count <= 253, labels.count >= 2,
      labels.allSatisfy({ label in
        !label.isEmpty && label.utf8.count <= 63
          && label.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" }
      }), labels.last?.contains(where: \.isLetter) == true
    else { return nil }
    return String(rest)
  }

  /// Of an identity that is a mail address: `email:anna@acme.example`.
  package static func of(key: String) -> String? {
    let prefix = IdentityKind.email.prefix
    guard key.hasPrefix(prefix), let at = key.lastIndex(of: "@") else { return nil }
    return String(key[key.index(after: at)...])
  }

  /// The domains above one: of `a.b.acme.example` those without the first labels, at least two long.
  package static func above(_ domain: String) -> [String] {
    var labels = domain.split(separator: ".")
    var found: [String] = []
    while labels.count > 2 {
      labels.removeFirst()
      found.append(labels.joined(separator: "."))
    }
    return found
  }
}

/// Domains at which everybody can have an address: they say nothing of a company.
package struct FreeMail: Hashable, Sendable {
  /// Besides the built-in ones.
  private let own: Set<String>

  package init(own: [String] = []) { self.own = Set(own.compactMap(MailDomain.normalised)) }

  package func contains(_ domain: String) -> Bool {
    if Self.domains.contains(domain) || own.contains(domain) { return true }
    // Some have an ending for each country.
    let labels = domain.split(separator: ".")
    guard let brand = labels.first, Self.brands.contains(String(brand)) else { return false }
    return labels.count == 2
      || labels.count == 3 && ["co", "com", "net", "org"].contains(String(labels[1]))
  }

  /// Whatever comes behind: `yahoo.co.uk`, `hotmail.nl`.
  private static let brands: Set<String> = [
    "gmail", "googlemail", "hotmail", "live", "msn", "outlook", "yahoo", "ymail", "rocketmail",
    "gmx", "aol", "icloud", "protonmail", "yandex", "zoho", "mailinator", "guerrillamail",
  ]

  private static let domains: Set<String> = [
    "me.com", "mac.com", "proton.me", "pm.me", "mail.com", "email.com", "usa.com", "web.de",
    "t-online.de", "freenet.de", "arcor.de", "posteo.de", "mailbox.org", "fastmail.com",
    "fastmail.fm", "hey.com", "tutanota.com", "tutanota.de", "tuta.io", "tuta.com", "mail.ru",
    "inbox.ru", "list.ru", "bk.ru", "ya.ru", "qq.com", "163.com", "126.com", "sina.com",
    "naver.com",
    "daum.net", "hanmail.net", "rediffmail.com", "libero.it", "virgilio.it", "tiscali.it",
    "alice.it", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net", "sfr.fr", "neuf.fr",
    "bbox.fr", "skynet.be", "telenet.be", "proximus.be", "scarlet.be", "pandora.be", "ziggo.nl",
    "kpnmail.nl", "kpnplanet.nl", "planet.nl", "hetnet.nl", "xs4all.nl", "home.nl", "chello.nl",
    "casema.nl", "quicknet.nl", "upcmail.nl", "tele2.nl", "zonnet.nl", "solcon.nl", "online.nl",
    "caiway.nl", "caiway.net", "delta.nl", "zeelandnet.nl", "freeler.nl", "wxs.nl", "versatel.nl",
    "telfort.nl", "lijbrandt.nl", "onsbrabantnet.nl", "kabelfoon.nl", "euronet.nl", "dds.nl",
    "btinternet.com", "sky.com", "virginmedia.com", "ntlworld.com", "talktalk.net",
    "blueyonder.co.uk",
    "comcast.net", "verizon.net", "att.net", "sbcglobal.net", "bellsouth.net", "cox.net",
    "charter.net", "earthlink.net", "shaw.ca", "rogers.com", "bigpond.com", "optusnet.com.au",
    "bluewin.ch", "sunrise.ch", "wp.pl", "o2.pl", "onet.pl", "interia.pl", "seznam.cz",
    "centrum.cz",
    "telia.com", "uol.com.br", "bol.com.br", "terra.com.br", "10minutemail.com", "yopmail.com",
    "trashmail.com", "sharklasers.com", "duck.com", "mozmail.com", "privaterelay.appleid.com",
    "simplelogin.com",
  ]
}
