package import Access
package import CustomerJourney

/// Puts the addresses by which we count into a mail: only of links that stand in it, only where the
/// customer allows it, and never of the ways out.
package struct TrackedLinks: Sendable {
  /// Where the world reaches this server.
  package var url: String
  package var key: [UInt8]
  package var message: Int64
  /// Links work as long.
  package var expires: Timestamp

  package init(url: String, key: [UInt8], message: Int64, expires: Timestamp) {
    self.url = url
    self.key = key
    self.message = message
    self.expires = expires
  }

  package static let clickPath = "/m/c/"
  package static let openPath = "/m/o/"

  /// A mail whose links and opening are counted.
  package func tracked(_ html: String, leaving ways: Composing.Ways) -> String {
    let out = following(html, leaving: ways)
    let token = SignedLink(.open, subject: String(message), expires: expires).token(key: key)
    let dot =
      #"<img src="\#(url)\#(Self.openPath)\#(token)" width="1" height="1" alt="" style="display:block;border:0;">"#
    guard let end = out.place(of: "</body>") else { return out + dot }
    return out.replacingCharacters(in: end, with: dot + "</body>")
  }

  /// The same HTML with links that are counted.
  package func following(_ html: String, leaving ways: Composing.Ways = .init()) -> String {
    let kept = Set([ways.unsubscribe, ways.preferences].compactMap { $0 })
    var out = ""
    out.reserveCapacity(html.utf8.count * 3 / 2)
    var rest = html[...]
    let mark = " href=\""
    while let start = rest.place(of: mark) {
      out += rest[..<start.upperBound]
      rest = rest[start.upperBound...]
      guard let end = rest.place(ofByte: "\"") else { break }
      let address = PlainText.unescaped(rest[..<end])
      if address.hasPrefix("http"), !kept.contains(address), let link = link(to: address) {
        out += ContentEscaping.html(link)
      } else {
        out += rest[..<end]
      }
      rest = rest[end...]
    }
    return out + rest
  }

  /// Nil when the address is too long for a link.
  private func link(to address: String) -> String? {
    let token = SignedLink(.click, subject: "\(message)\n\(address)", expires: expires)
      .token(key: key)
    return token.utf8.count <= Limits.linkCharacters ? url + Self.clickPath + token : nil
  }

  /// What a click is on and where it leads. Throws ``LinkProblem``.
  package static func click(
    token: String, key: [UInt8], now: Timestamp
  ) throws(LinkProblem) -> (message: Int64, address: String) {
    let link = try SignedLink(token: token, purpose: .click, key: key, now: now)
    let parts = link.subject.split(separator: "\n", maxSplits: 1)
    guard parts.count == 2, let message = Int64(parts[0]) else { throw .unknown }
    return (message, String(parts[1]))
  }
}

extension String {
  fileprivate func replacingCharacters(in range: Range<String.Index>, with text: String) -> String {
    String(self[..<range.lowerBound]) + text + self[range.upperBound...]
  }
}
