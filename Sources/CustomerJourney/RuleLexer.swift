/// A rule's text cut into words, quoted texts, settings and signs.
struct RuleToken: Hashable {
  enum Kind: Hashable {
    /// Letters, digits, `-`, `_` and `.`: a keyword, a name or a number.
    case word(String)
    /// What stood between quotes.
    case quoted(String)
    /// `$name`.
    case setting(String)
    /// `( ) , < <= > >= = !=`.
    case sign(String)
    case end
  }
  var kind: Kind
  /// Characters before it.
  var offset: Int

  /// As an error names it.
  var shown: String {
    switch kind {
    case .word(let text), .sign(let text): "“\(text)”"
    case .quoted(let text): "the text “\(text)”"
    case .setting(let name): "“$\(name)”"
    case .end: "the end of the rule"
    }
  }
}

enum RuleLexer {
  static func tokens(of text: [Character]) throws(RuleError) -> [RuleToken] {
    var tokens: [RuleToken] = []
    var at = 0
    while at < text.count {
      let character = text[at]
      let start = at
      if character.isWhitespace {
        at += 1
      } else if isWord(character) {
        tokens.append(RuleToken(kind: .word(word(text, &at)), offset: start))
      } else if character == "$" {
        at += 1
        let name = word(text, &at)
        guard !name.isEmpty else {
          throw RuleError("a setting needs a name after “$”", at: start, in: text)
        }
        tokens.append(RuleToken(kind: .setting(name), offset: start))
      } else if isQuote(character) {
        tokens.append(RuleToken(kind: .quoted(try quoted(text, &at)), offset: start))
      } else {
        tokens.append(RuleToken(kind: .sign(try sign(text, &at)), offset: start))
      }
    }
    tokens.append(RuleToken(kind: .end, offset: text.count))
    return tokens
  }

  static func isWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "-" || character == "_"
      || character == "."
  }

  private static func word(_ text: [Character], _ at: inout Int) -> String {
    let start = at
    while at < text.count, isWord(text[at]) { at += 1 }
    return String(text[start..<at])
  }

  /// Word processors turn quotes into curly ones, so those count as well.
  private static func isQuote(_ character: Character) -> Bool {
    character == "\"" || character == "“" || character == "”" || character == "„"
  }

  private static func quoted(_ text: [Character], _ at: inout Int) throws(RuleError) -> String {
    let start = at
    let isStraight = text[start] == "\""
    var result = ""
    at += 1
    while at < text.count {
      let character = text[at]
      at += 1
      if character == "\\", at < text.count {
        result.append(text[at])
        at += 1
      } else if isStraight ? character == "\"" : isQuote(character) {
        return result
      } else {
        result.append(character)
      }
    }
    throw RuleError("this quote is never closed", at: start, in: text)
  }

  private static func sign(_ text: [Character], _ at: inout Int) throws(RuleError) -> String {
    let start = at
    at += 1
    let next = at < text.count ? text[at] : " "
    switch text[start] {
    case "(", ")", ",": return String(text[start])
    case "<", ">", "!", "=":
      if next == "=" {
        at += 1
        return text[start] == "=" ? "=" : "\(text[start])="
      }
      if text[start] != "!" { return String(text[start]) }
    case "≥": return ">="
    case "≤": return "<="
    case "≠": return "!="
    default: break
    }
    throw RuleError(
      "“\(text[start])” means nothing in a rule; a name with such a sign in it needs quotes: "
        + "content is \"/shoes\"", at: start, in: text)
  }
}
