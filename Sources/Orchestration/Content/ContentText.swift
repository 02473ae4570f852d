import CustomerJourney

/// A text with places to fill in, in the form of Mustache: `{{name}}`, `{{#name}}…{{/name}}` where there
/// is one or for each of a list, `{{^name}}…{{/name}}` where there is none, `{{! a remark }}`.
///
/// Every value is escaped; there is no form that leaves one as it is, no partials and nothing that calls
/// code. A place that is reached and has no value is a mistake, not an empty text
/// (docs/decisions: content).
package struct ContentText: Sendable {
  indirect enum Node: Sendable {
    case text(String)
    case value(String)
    case section(String, isInverted: Bool, [Node])
  }

  let nodes: [Node]
  /// All names that it asks for.
  package let names: Set<String>

  /// How values are written into what surrounds them.
  package enum Escaping: Sendable {
    /// HTML, also within attributes.
    case html
    /// One line, as a subject is.
    case line
    /// A text message or plain text.
    case plain
    /// Within a JSON string.
    case json
  }

  package init(_ text: String, line: Int = 1) throws(ContentTextProblem) {
    guard text.unicodeScalars.count <= Limits.contentCharacters else {
      throw ContentTextProblem(
        line: line, message: "a text has at most \(Limits.contentCharacters) characters")
    }
    var reader = ContentTextReader(rest: text[...], line: line)
    nodes = try reader.nodes(until: nil, depth: 0)
    names = reader.names
  }

  /// The text with the values in it.
  package func filled(_ values: ContentValue, _ escaping: Escaping) throws(ContentFillProblem)
    -> String
  {
    var filler = ContentFiller(escaping: escaping, scopes: [values])
    try filler.write(nodes)
    guard filler.missing.isEmpty else { throw .missing(filler.missing.sorted()) }
    return filler.out
  }
}

/// What is wrong with a template's text.
package struct ContentTextProblem: Error, Hashable {
  /// From 1.
  package var line: Int
  package var message: String
}

/// Why a text cannot be filled in for somebody.
package enum ContentFillProblem: Error, Hashable {
  /// These have no value.
  case missing([String])
  /// It would become larger than a message may be.
  case tooLarge
}

private struct ContentTextReader {
  var rest: Substring
  var line: Int
  var names: Set<String> = []

  init(rest: Substring, line: Int) {
    self.rest = rest
    self.line = line
  }

  /// Reads up to the end of the section `name`, or to the end of the text.
  mutating func nodes(until name: String?, depth: Int) throws(ContentTextProblem) -> [ContentText
    .Node]
  {
    let opened = line
    var nodes: [ContentText.Node] = []
    while let start = rest.firstRange(of: "{{") {
      let text = rest[..<start.lowerBound]
      if !text.isEmpty { nodes.append(.text(String(text))) }
      advance(over: text)
      rest = rest[start.upperBound...]
      guard let end = rest.firstRange(of: "}}") else {
        throw problem("“{{” is never closed: write }} behind the name")
      }
      let inside = rest[..<end.lowerBound]
      guard inside.count <= 200, !inside.contains("{") else {
        throw problem(
          "“{{{” is not taken, for it would leave a value as it is: write {{name}} with two")
      }
      let mark = inside.first
      let tagLine = line
      advance(over: inside)
      rest = rest[end.upperBound...]
      switch mark {
      case "!": continue
      case "#", "^":
        let name = try checked(inside.dropFirst().trimmed)
        guard depth < Limits.contentDepth else {
          throw problem("sections stand in one another at most \(Limits.contentDepth) deep")
        }
        nodes.append(
          .section(
            name, isInverted: mark == "^", try self.nodes(until: name, depth: depth + 1)))
      case "/":
        let closed = inside.dropFirst().trimmed
        guard let name else {
          throw problem("{{/\(closed)}} closes a section that was never opened")
        }
        guard closed == name else {
          throw problem("{{/\(closed)}} stands where {{/\(name)}} should")
        }
        return nodes
      case "&", ">", "<", "$", "=", "%":
        throw ContentTextProblem(
          line: tagLine,
          message: "{{\(inside)}} is not taken: there are {{name}}, {{#name}}…{{/name}} and "
            + "{{^name}}…{{/name}}")
      default: nodes.append(.value(try checked(inside.trimmed)))
      }
    }
    if let name {
      throw ContentTextProblem(
        line: opened, message: "{{#\(name)}} is never closed: write {{/\(name)}}")
    }
    if !rest.isEmpty { nodes.append(.text(String(rest))) }
    return nodes
  }

  private mutating func checked(_ name: String) throws(ContentTextProblem) -> String {
    let isGood =
      name == "."
      || (!name.isEmpty
        && name.unicodeScalars.allSatisfy {
          $0.properties.isAlphabetic || ("0"..."9").contains($0)
            || "_-.".unicodeScalars.contains($0)
        })
    guard isGood else {
      throw problem("“\(name)” is no name: letters, digits, “_”, “-” and “.” are")
    }
    names.insert(name)
    return name
  }

  private mutating func advance(over text: Substring) {
    line += text.utf8.reduce(0) { $0 + ($1 == 10 ? 1 : 0) }
  }

  private func problem(_ message: String) -> ContentTextProblem {
    ContentTextProblem(line: line, message: message)
  }
}

private struct ContentFiller {
  let escaping: ContentText.Escaping
  var scopes: [ContentValue]
  var out = ""
  var missing: Set<String> = []

  init(escaping: ContentText.Escaping, scopes: [ContentValue]) {
    self.escaping = escaping
    self.scopes = scopes
  }

  mutating func write(_ nodes: [ContentText.Node]) throws(ContentFillProblem) {
    for node in nodes {
      switch node {
      case .text(let text): out += text
      case .value(let name):
        if let text = value(name)?.filled {
          ContentEscaping.write(text, escaping, to: &out)
        } else {
          missing.insert(name)
        }
      case .section(let name, let isInverted, let inner):
        let value = value(name)
        if isInverted {
          if value?.holds != true { try write(inner) }
          continue
        }
        guard let value, value.holds else { continue }
        if case .list(let items) = value {
          // More than anybody would read, and no way to make a message endless.
          for item in items.prefix(Limits.contentItems) { try write(inner, within: item) }
        } else {
          try write(inner, within: value)
        }
      }
      guard out.utf8.count <= Limits.contentBytes else { throw .tooLarge }
    }
  }

  private mutating func write(
    _ nodes: [ContentText.Node], within value: ContentValue
  ) throws(ContentFillProblem) {
    scopes.append(value)
    defer { scopes.removeLast() }
    try write(nodes)
  }

  private func value(_ name: String) -> ContentValue? {
    if name == "." { return scopes.last }
    for scope in scopes.reversed() {
      // A property's path is one name with dots; a product's price is a member of a member.
      if let value = scope[name] { return value }
      let parts = name.split(separator: ".").map(String.init)
      guard parts.count > 1, let first = scope[parts[0]] else { continue }
      return parts.dropFirst().reduce(Optional(first)) { $0?[$1] }
    }
    return nil
  }
}

/// Writes values so that they mean nothing to what surrounds them.
package enum ContentEscaping {
  package static func html(_ text: String) -> String {
    var out = ""
    write(text, .html, to: &out)
    return out
  }

  static func write(_ text: String, _ escaping: ContentText.Escaping, to out: inout String) {
    for scalar in text.unicodeScalars {
      switch (escaping, scalar) {
      case (.html, "&"): out += "&amp;"
      case (.html, "<"): out += "&lt;"
      case (.html, ">"): out += "&gt;"
      case (.html, "\""): out += "&quot;"
      case (.html, "'"): out += "&#39;"
      case (.json, "\""): out += "\\\""
      case (.json, "\\"): out += "\\\\"
      case (.json, "\n"): out += "\\n"
      case (.json, "\u{0}"..."\u{1F}"): out += " "
      case (.line, "\n"), (.line, "\r"), (.line, "\u{2028}"), (.line, "\u{2029}"): out += " "
      case (.html, "\n"), (.plain, "\n"): out.unicodeScalars.append(scalar)
      case (_, "\u{0}"..."\u{1F}"), (_, "\u{7F}"): out += " "
      // Would turn the direction of what stands beside it.
      case (_, "\u{202A}"..."\u{202E}"), (_, "\u{2066}"..."\u{2069}"): continue
      default: out.unicodeScalars.append(scalar)
      }
    }
  }
}
