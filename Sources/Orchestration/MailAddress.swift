/// An address that mail can be sent to, checked: one `@`, no white space or control characters, no
/// angle brackets, so that it can stand in a header or an SMTP command as it is.
package struct MailAddress: Hashable, Sendable {
  package let text: String

  /// RFC 5321 allows 254 bytes.
  private static let bytes = 254

  /// Nil when mail cannot be sent there.
  package init?(_ text: String) {
    let parts = text.split(separator: "@", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.count <= 64,
      text.utf8.count <= Self.bytes
    else { return nil }
    let isPlain = text.unicodeScalars.allSatisfy { scalar in
      scalar.properties.generalCategory != .control
        && !#"<>()[]\,;:""#.unicodeScalars.contains(scalar)
        && !scalar.properties.isWhitespace
    }
    let labels = parts[1].split(separator: ".", omittingEmptySubsequences: false)
    guard isPlain, labels.allSatisfy({ !$0.isEmpty && !$0.hasPrefix("-") && !$0.hasSuffix("-") })
    else { return nil }
    self.text = text
  }

  package var domain: String {
    String(text[text.index(after: text.lastIndex(of: "@") ?? text.startIndex)...]).lowercased()
  }
}
