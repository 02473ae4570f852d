import CustomerJourney

/// One line of a web server's log in the common or combined format of Apache and nginx, with or
/// without the virtual host before it; what follows the user agent is passed by.
struct CombinedLog {
  struct Problem: Error, Equatable {
    /// Ends the sentence "this line …".
    let reason: String
  }

  var virtualHost: String?
  /// The visitor's address or name, as the server knows it.
  var address: String
  /// Who signed in to the server.
  var user: String?
  var time: Timestamp
  /// Empty where the request was none.
  var method: String
  /// What was asked for, with its query.
  var target: String
  var status: Int
  var bytes: Int?
  /// The page before, empty when the browser says that there was none and nil in the common format.
  var referrer: String?
  var agent: String?

  /// Whether the first lines are of such a log.
  static func isLog(_ head: [UInt8]) -> Bool {
    let lines = head.prefix(65_536).split(separator: 10).prefix(20)
    let good = lines.count { line in
      line.withUnsafeBufferPointer { (try? CombinedLog($0)) != nil }
    }
    return good > 0 && good * 2 > lines.count
  }

  init(_ line: Bytes) throws(Problem) {
    var reader = Reader(bytes: line)
    let names = reader.words(until: UInt8(ascii: "["))
    switch names.count {
    case 3...:
      // Only before a host is the third word the dash of an unknown identity.
      let hasHost = names.count > 3 && names[2] == "-" && names[1] != "-"
      virtualHost = hasHost ? Self.host(names[0]) : nil
      address = names[hasHost ? 1 : 0]
      user = Self.said(names[(hasHost ? 3 : 2)...].joined(separator: " "))
    default:
      throw Problem(reason: "does not begin with an address, an identity, a user and a time")
    }
    guard let clock = reader.bracketed(), let time = Self.time(clock) else {
      throw Problem(reason: "has a time that is not written as [17/May/2015:10:05:03 +0000]")
    }
    self.time = time
    guard let request = reader.quoted() else {
      throw Problem(reason: "has no request between quotes after its time")
    }
    (method, target) = Self.request(request)
    guard let status = reader.word().flatMap({ Int($0) }), (100..<1_000).contains(status) else {
      throw Problem(reason: "has no status of three digits after its request")
    }
    self.status = status
    guard let size = reader.word() else { throw Problem(reason: "has no number of bytes") }
    bytes = Int(size)
    guard bytes != nil || size == "-" else { throw Problem(reason: "has no number of bytes") }
    referrer = reader.quoted().map { $0 == "-" ? "" : $0 }
    // The quote after the agent may be missing where a line was cut off.
    agent = reader.quoted(mayEndOpen: true).flatMap(Self.said)
  }

  private static func said(_ text: String) -> String? { text == "-" || text == "" ? nil : text }

  /// `shop.nl` of `shop.nl:443`.
  private static func host(_ text: String) -> String {
    guard let colon = text.lastIndex(of: ":"), text[colon...].dropFirst().allSatisfy(\.isNumber)
    else { return text }
    return String(text[..<colon])
  }

  /// `GET /a b HTTP/1.1`: the target is what stands between the first word and the last.
  private static func request(_ text: String) -> (method: String, target: String) {
    let words = text.split(separator: " ")
    guard words.count > 1, let first = words.first, first.allSatisfy(\.isLetter) else {
      return ("", "")
    }
    let last = words.last?.hasPrefix("HTTP/") == true ? words.count - 1 : words.count
    return (String(first), words[1..<last].joined(separator: " "))
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// `17/May/2015:10:05:03 +0000`, also with a fraction of the second.
  private static func time(_ text: String) -> Timestamp? {
    let parts = text.split(whereSeparator: { "/: .+-".contains($0) })
    guard parts.count >= 7, let sign = text.last(where: { $0 == "+" || $0 == "-" }),
      let zone = parts.last, zone.utf8.count == 4, let offset = Int(zone),
      let month = months.firstIndex(of: String(parts[1])), let day = Int(parts[0]),
      let year = Int(parts[2]), (1...9_999).contains(year), let hour = Int(parts[3]),
      let minute = Int(parts[4]), let second = Int(parts[5])
    else { return nil }
    let civil = CivilTime(
      year: year, month: month + 1, day: day, hour: hour, minute: minute, second: min(59, second))
    let minutes = offset / 100 * 60 + offset % 100
    guard civil.exists, offset >= 0, minutes <= Limits.utcOffsetMinutes else { return nil }
    return Timestamp(
      milliseconds: civil.millisecondsAsUTC - Int64(sign == "-" ? -minutes : minutes) * 60_000)
  }

  /// Goes through a line from left to right.
  private struct Reader {
    let bytes: Bytes
    var at = 0

    private mutating func skipSpace() {
      while at < bytes.count, bytes[at] == 32 || bytes[at] == 9 { at += 1 }
    }

    /// The word at which we stand; nil at the end.
    mutating func word() -> String? {
      skipSpace()
      let start = at
      while at < bytes.count, bytes[at] != 32, bytes[at] != 9 { at += 1 }
      return at > start ? String(decoding: bytes[start..<at], as: UTF8.self) : nil
    }

    /// All words before the one that begins with `mark`; none when there is no such word.
    mutating func words(until mark: UInt8) -> [String] {
      var words: [String] = []
      while words.count < 16 {
        skipSpace()
        if at < bytes.count, bytes[at] == mark { return words }
        guard let word = word() else { return [] }
        words.append(word)
      }
      return []
    }

    mutating func bracketed() -> String? {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "["),
        let end = bytes[at...].firstIndex(of: UInt8(ascii: "]"))
      else { return nil }
      defer { at = end + 1 }
      return String(decoding: bytes[(at + 1)..<end], as: UTF8.self)
    }

    /// A text between quotes, in which `\"` is a quote and `\x41` a byte.
    mutating func quoted(mayEndOpen: Bool = false) -> String? {
      skipSpace()
      guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { return nil }
      var out: [UInt8] = []
      var next = at + 1
      while next < bytes.count {
        let byte = bytes[next]
        next += 1
        if byte == UInt8(ascii: "\"") {
          at = next
          return String(decoding: out, as: UTF8.self)
        }
        guard byte == UInt8(ascii: "\\"), next < bytes.count else {
          out.append(byte)
          continue
        }
        let escape = bytes[next]
        next += 1
        if escape == UInt8(ascii: "x"), next + 1 < bytes.count,
          let value = UInt8(String(decoding: bytes[next..<(next + 2)], as: UTF8.self), radix: 16)
        {
          // NUL and its like say nothing in a log.
          out.append(value < 32 ? 32 : value)
          next += 2
        } else {
          out.append(escape)
        }
      }
      guard mayEndOpen else { return nil }
      at = next
      return String(decoding: out, as: UTF8.self)
    }
  }
}

// MARK: - What a line says of the visitor

extension CombinedLog {
  /// What became of a request.
  enum Visit: Equatable {
    case page
    case download
    /// Nothing that a person did, or nothing that it got. Ends the sentence "this line …".
    case none(String)
  }

  /// Told by method, status and the ending of the path: parts of pages (pictures, scripts, styles,
  /// fonts), feeds and what programs ask for are no visits.
  var visit: Visit {
    guard !method.isEmpty else { return .none("holds no request") }
    guard method == "GET" else { return .none("is no GET") }
    switch status {
    case 200, 203, 304: break
    // A viewer fetches a file in parts, after an answer of 200.
    case 206: return .none("fetches a part of a file")
    case 300..<400: return .none("was sent on to another address")
    case 400..<600: return .none("got an error instead of a page")
    default: return .none("got nothing that is seen")
    }
    let path = target.prefix { $0 != "?" && $0 != "#" }.lowercased()
    let name = path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...]
    let ending = name.lastIndex(of: ".").map { name[name.index(after: $0)...] } ?? ""
    if Self.partEndings.contains(String(ending)) {
      return .none("asks for a part of a page: a picture, a script, a style or a font")
    }
    if Self.programNames.contains(String(name)) || Self.feedEndings.contains(String(ending))
      || Self.feedWords.contains(String(name)) || asksForFeed
    {
      return .none("asks for a feed or for what only programs read")
    }
    return Self.downloadEndings.contains(String(ending)) ? .download : .page
  }

  /// `?feed=rss2`, `?flav=atom`, `?format=feed`.
  private var asksForFeed: Bool {
    guard let mark = target.firstIndex(of: "?") else { return false }
    return target[target.index(after: mark)...].split(separator: "&").contains { parameter in
      let sides = parameter.lowercased().split(separator: "=", maxSplits: 1)
      return Self.feedWords.contains(String(sides.last ?? ""))
    }
  }

  private static let partEndings: Set<String> = [
    "avif", "bmp", "css", "cur", "eot", "gif", "ico", "jpeg", "jpg", "js", "map", "mjs", "otf",
    "png", "svg", "swf", "ttf", "wasm", "webmanifest", "webp", "woff", "woff2",
  ]
  private static let downloadEndings: Set<String> = [
    "7z", "apk", "avi", "bz2", "csv", "deb", "dmg", "doc", "docx", "epub", "exe", "gz", "ics",
    "iso", "jar", "m4a", "mov", "mp3", "mp4", "msi", "odp", "ods", "odt", "ogg", "pdf", "pkg",
    "ppt", "pptx", "rar", "rpm", "rtf", "tar", "tgz", "vcf", "wav", "webm", "xls", "xlsx", "xz",
    "zip", "zst",
  ]
  private static let feedEndings: Set<String> = ["atom", "json", "rdf", "rss", "xml", "xsl"]
  private static let feedWords: Set<String> = ["atom", "feed", "rss", "rss2", "rss20", "rss091"]
  private static let programNames: Set<String> = [
    "ads.txt", "humans.txt", "robots.txt", "security.txt", "xmlrpc.php",
  ]
}
