/// Text as HTML and XML hold it.
package enum XMLText {
  /// Replaces the five characters that mean something to HTML and XML.
  ///
  /// Goes by Unicode scalar: a quote with a combining accent behind it is one `Character` in Swift
  /// and still ends an attribute in a browser. Control characters, which XML forbids, become
  /// U+FFFD.
  package static func escaped(_ text: String) -> String {
    var escaped = ""
    escaped.reserveCapacity(text.utf8.count)
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      case "\t", "\n", "\r": escaped.unicodeScalars.append(scalar)
      case "\u{0}"..."\u{1F}", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }
}
