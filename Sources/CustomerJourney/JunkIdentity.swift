/// Values that name nobody: programs write them where there is no id, and people where they want to
/// give none. They would make one customer of many, so they never are an identity.
package enum JunkIdentity {
  /// Instead of any kind of id.
  private static let words: Set<String> = [
    "", "null", "undefined", "none", "nil", "nan", "0", "-1", "guest", "anonymous", "unknown",
    "[object object]", "true", "false", emptyUUID,
  ]
  private static let emptyUUID = "00000000-0000-0000-0000-000000000000"

  /// Before the @ of addresses that are a department's, a machine's or nobody's.
  private static let mailboxes: Set<String> = [
    "noreply", "no-reply", "no.reply", "no_reply", "donotreply", "do-not-reply", "geenantwoord",
    "mailer-daemon", "postmaster", "abuse", "root", "nobody", "test", "tester", "testing", "guest",
    "gast", "anonymous", "anoniem", "unknown", "onbekend", "none", "null", "undefined", "asdf",
    "foo",
    "example", "geen",
  ]
  /// Reserved so that nobody has an address there (RFC 2606, RFC 6761).
  private static let domains: Set<String> = [
    "example.com", "example.net", "example.org", "example.nl", "test.com", "test.nl", "domain.com",
    "none.com",
    "noemail.com",
  ]
  private static let endings = [".test", ".example", ".invalid", ".localhost", ".local"]

  /// Asked for every event: it looks only at those that begin as one of the words does.
  package static func isJunk(_ text: String) -> Bool {
    let count = text.utf8.count
    if count == 36 { return text == emptyUUID }
    guard count <= 15 else { return false }
    switch text.utf8.first.map({ UnicodeScalar($0) }) {
    case nil, "n", "N", "u", "U", "g", "G", "a", "A", "t", "T", "f", "F", "0", "-", "[":
      return words.contains(text.lowercased())
    default: return false
    }
  }

  /// `address` as ``EmailAddress/normalised(_:)`` gives it.
  package static func isJunk(email address: String) -> Bool {
    let parts = address.split(separator: "@")
    guard let mailbox = parts.first, let domain = parts.last, parts.count == 2 else { return true }
    // test+1@ and test2@ are no more somebody's than test@.
    let name = mailbox.prefix { $0 != "+" }
    let plain = String(name.reversed().drop { $0.isNumber }.reversed())
    return mailboxes.contains(String(name)) || mailboxes.contains(plain)
      || domains.contains(String(domain)) || domains.contains { domain.hasSuffix("." + $0) }
      || endings.contains { domain.hasSuffix($0) }
  }
}
