import CustomerJourney

/// The text of an HTML mail, for programs that show no HTML and people who want none.
enum PlainText {
  static func of(html: String) -> String {
    var reader = Reader(rest: Substring(html))
    reader.read()
    return reader.text
  }

  private struct Reader {
    var rest: Substring
    var out = ""
    /// The address of the link that is open, and where its text began.
    var link: (address: String, start: Int)?
    /// Tags whose content nobody reads.
    static let hidden: Set<String> = ["head", "style", "script", "title"]
    static let blocks: Set<String> = [
      "p", "div", "h1", "h2", "h3", "h4", "table", "tr", "ul", "ol", "blockquote",
    ]

    init(rest: Substring) { self.rest = rest }

    mutating func read() {
      while let open = rest.place(ofByte: "<") {
        add(rest[..<open])
        guard let close = rest[open...].place(ofByte: ">") else {
          rest = ""
          return
        }
        let tag = rest[rest.utf8.index(after: open)..<close]
        rest = rest[rest.utf8.index(after: close)...]
        read(tag)
      }
      add(rest)
    }

    private mutating func read(_ tag: Substring) {
      let isEnd = tag.hasPrefix("/")
      let name = tag.drop { $0 == "/" }.prefix { $0.isLetter || $0.isNumber }.lowercased()
      if !isEnd, Self.hidden.contains(name) || tag.place(of: "display:none") != nil {
        skip(to: name)
        return
      }
      switch name {
      case "br": out += "\n"
      case "li" where !isEnd: out += "\n- "
      case "td", "th": if isEnd { out += "  " }
      case "a":
        if isEnd {
          if let link {
            let words = String(decoding: out.utf8.dropFirst(link.start), as: UTF8.self).trimmed
            if words.isEmpty {
              out += link.address
            } else if words != link.address {
              out += " <\(link.address)>"
            }
          }
          link = nil
        } else if let address = Self.attribute("href", of: tag) {
          link = (address, out.utf8.count)
        }
      case "img":
        if let words = Self.attribute("alt", of: tag), !words.isEmpty { out += "[\(words)]" }
      default: if Self.blocks.contains(name) { out += "\n\n" }
      }
    }

    private mutating func skip(to name: String) {
      guard let end = rest.place(of: "</\(name)") else {
        rest = ""
        return
      }
      rest = rest[end.upperBound...]
      rest = rest.place(ofByte: ">").map { rest[rest.utf8.index(after: $0)...] } ?? ""
    }

    private mutating func add(_ text: Substring) {
      // White space of the source is one space.
      let words = PlainText.unescaped(text)
      guard !words.isEmpty else { return }
      if words.first?.isWhitespace == true, out.last?.isWhitespace == false { out += " " }
      out += words.split { $0.isWhitespace }.joined(separator: " ")
      if words.last?.isWhitespace == true, out.last?.isWhitespace == false { out += " " }
    }

    private static func attribute(_ name: String, of tag: Substring) -> String? {
      guard let start = tag.place(of: " \(name)=\"") else { return nil }
      return PlainText.unescaped(tag[start.upperBound...].prefix { $0 != "\"" })
    }

    /// At most one empty line, none at the ends.
    var text: String {
      var lines: [String] = []
      for line in out.split(separator: "\n", omittingEmptySubsequences: false) {
        let line = line.trimmed
        if line.isEmpty, lines.last?.isEmpty ?? true { continue }
        lines.append(line)
      }
      while lines.last?.isEmpty == true { lines.removeLast() }
      return lines.joined(separator: "\n") + "\n"
    }
  }

  private static let entities = [
    "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "#39": "'", "apos": "'", "nbsp": " ",
    "euro": "€", "zwnj": "", "#847": "", "copy": "©", "middot": "·", "hellip": "…", "ndash": "–",
    "mdash": "—",
  ]

  static func unescaped(_ text: Substring) -> String {
    guard text.place(ofByte: "&") != nil else { return String(text) }
    var out = ""
    var rest = text
    while let start = rest.place(ofByte: "&") {
      out += rest[..<start]
      rest = rest[rest.utf8.index(after: start)...]
      guard let end = rest.prefix(12).firstIndex(of: ";") else {
        out += "&"
        continue
      }
      let name = String(rest[..<end])
      if let known = entities[name] {
        out += known
      } else if name.hasPrefix("#"), let code = number(name.dropFirst()),
        let scalar = Unicode.Scalar(code)
      {
        out.unicodeScalars.append(scalar)
      } else {
        out += "&"
        continue
      }
      rest = rest[rest.utf8.index(after: end)...]
    }
    return out + rest
  }

  private static func number(_ text: Substring) -> UInt32? {
    text.hasPrefix("x") || text.hasPrefix("X")
      ? UInt32(text.dropFirst(), radix: 16) : UInt32(text)
  }
}
