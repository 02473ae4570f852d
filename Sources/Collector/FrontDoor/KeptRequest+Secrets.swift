import CustomerJourney

extension CollectorRequest {
  /// What is kept to read this request again: none of the headers that say nothing of the event, and
  /// nothing of the names in `secrets`, which hold keys and addresses.
  ///
  /// The body of a single request has none of them. That of one that could not be read `isUnread`:
  /// there they are looked for as far as its form can be made out.
  func kept(without secrets: Set<String>, isUnread: Bool = false) -> KeptRequest {
    let wanted = headers.filter { name, _ in
      name == "user-agent" || name == "accept-language" || name == "content-type"
        || name == "dnt" || name == "sec-gpc" || name.hasPrefix("sec-ch-ua")
        || name.hasPrefix("ce-") && !secrets.contains { $0.lowercased() == name.dropFirst(3) }
    }
    let part = body.prefix(Limits.rejectedBytes)
    let text = isUnread ? Scrubber(names: secrets, text: Array(part)).scrubbed() : Array(part)
    return KeptRequest(
      method: method, path: path, query: Wire.query(query, leavingOut: secrets), headers: wanted,
      body: String(decoding: text, as: UTF8.self), isCut: body.count > Limits.rejectedBytes)
  }
}

/// Takes the values of some names out of a text that may be damaged JSON or a form, or hold either
/// in its strings.
struct Scrubber {
  private let names: [[UInt8]]
  private let text: [UInt8]

  init(names: Set<String>, text: [UInt8]) {
    self.names = names.map { Array($0.utf8) }
    self.text = text
  }

  func scrubbed() -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(text.count)
    var at = 0
    while at < text.count {
      if at == 0 || !Self.isLetter(text[at - 1]), let value = value(at) {
        out += text[at..<value.lowerBound]
        at = value.upperBound
      } else {
        out.append(text[at])
        at += 1
      }
    }
    return out
  }

  /// Where the value stands of the name that begins here; nil when none does.
  private func value(_ start: Int) -> Range<Int>? {
    for name in names where text[start...].starts(with: name) {
      let at = start + name.count
      guard at < text.count else { return nil }
      if text[at] == UInt8(ascii: "=") { return at + 1..<end(at + 1, before: "&\"\\ \n") }
      if let value = member(at) { return value }
    }
    return nil
  }

  /// Of `": …` what comes after the colon, where it may be a text in a text.
  private func member(_ nameEnd: Int) -> Range<Int>? {
    var at = nameEnd
    let depth = backslashes(&at)
    guard skip("\"", &at) else { return nil }
    spaces(&at)
    guard skip(":", &at) else { return nil }
    spaces(&at)
    guard at < text.count else { return nil }
    let start = at
    switch text[at] {
    // What is nested goes with all that follows, for nobody knows where it ends.
    case UInt8(ascii: "{"), UInt8(ascii: "["): return start..<text.count
    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
      _ = backslashes(&at)
      at += 1
      let content = at
      while at < text.count {
        let quote = at
        let found = backslashes(&at)
        if at < text.count, text[at] == UInt8(ascii: "\""), found <= depth {
          return content..<quote
        }
        at += 1
      }
      return content..<text.count
    default: return start..<end(at, before: ",}] \n")
    }
  }

  private func end(_ start: Int, before stops: StaticString) -> Int {
    stops.withUTF8Buffer { stops in
      text[start...].firstIndex { stops.contains($0) } ?? text.count
    }
  }

  private func skip(_ sign: Unicode.Scalar, _ at: inout Int) -> Bool {
    guard at < text.count, text[at] == UInt8(ascii: sign) else { return false }
    at += 1
    return true
  }

  private func backslashes(_ at: inout Int) -> Int {
    let start = at
    while at < text.count, text[at] == UInt8(ascii: "\\") { at += 1 }
    return at - start
  }

  private func spaces(_ at: inout Int) {
    while at < text.count, [9, 10, 13, 32].contains(text[at]) { at += 1 }
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    (byte | 32) &- 97 < 26 || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
  }
}
