/// What a page's address says of its content and its site.
package enum PageAddress {
  /// What identifies the content: the path without host, query and fragment.
  package static func path(_ url: String) -> String? {
    let bytes = url.utf8
    var start = bytes.startIndex
    if let scheme = afterScheme(bytes) {
      guard let slash = bytes[scheme...].firstIndex(where: { isEndOfHost($0) }) else { return "/" }
      guard bytes[slash] == UInt8(ascii: "/") else { return "/" }
      start = slash
    } else if bytes.first != UInt8(ascii: "/") {
      return nil
    }
    let end =
      bytes[start...].firstIndex { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }
      ?? bytes.endIndex
    return String(url[start..<end])
  }

  /// The host in lower case, without port and `www.`; also of an address that lacks the scheme. Nil
  /// where there is none.
  package static func host(_ url: String) -> String? {
    let bytes = url.utf8
    let start: String.Index
    if let scheme = afterScheme(bytes) {
      start = scheme
    } else {
      guard let first = bytes.first, !isEndOfHost(first) else { return nil }
      start = bytes.startIndex
    }
    let end = bytes[start...].firstIndex(where: isEndOfHost) ?? bytes.endIndex
    var host = url[start..<end]
    if let at = host.utf8.lastIndex(of: UInt8(ascii: "@")) {
      host = host[host.utf8.index(after: at)...]
    }
    if let colon = host.utf8.lastIndex(of: UInt8(ascii: ":")), host.utf8.last != UInt8(ascii: "]") {
      host = host[..<colon]
    }
    guard !host.isEmpty, host.utf8.count <= 253,
      start > bytes.startIndex || host.utf8.contains(UInt8(ascii: "."))
    else { return nil }
    var text = host.utf8.contains(where: { $0 &- 65 < 26 }) ? host.lowercased() : String(host)
    if text.hasPrefix("www.") { text.removeFirst(4) }
    while text.utf8.last == UInt8(ascii: ".") { text.removeLast() }
    return text.isEmpty ? nil : text
  }

  /// True when both addresses are of one site: hosts that share the name that somebody registered.
  package static func areOfOneSite(_ a: String, _ b: String) -> Bool {
    a == b || site(a) == site(b)
  }

  /// The part of a host that somebody registered: `example.nl` of `shop.example.nl`,
  /// `example.co.uk` of `www.example.co.uk`.
  ///
  /// By form, without the public suffix list: a short word before a country's code, such as `co`,
  /// belongs to the suffix, and the common hosts of many people's shops are known.
  package static func site(_ host: String) -> String {
    let labels = host.split(separator: ".")
    guard labels.count > 2, !host.contains(":"), labels.last?.first?.isNumber == false else {
      return host
    }
    let last = "\(labels[labels.count - 2]).\(labels[labels.count - 1])"
    let isOfMany =
      hostsOfMany.contains(last)
      || labels[labels.count - 1].utf8.count == 2
        && registries.contains(String(labels[labels.count - 2]))
    return labels.suffix(isOfMany ? 3 : 2).joined(separator: ".")
  }

  private static let registries: Set<String> = [
    "ac", "co", "com", "edu", "gen", "gov", "gob", "go", "mil", "ne", "net", "nom", "or", "org",
    "sch",
  ]

  private static let hostsOfMany: Set<String> = [
    "azurewebsites.net", "blogspot.com", "cloudfront.net", "github.io", "gitlab.io",
    "herokuapp.com", "jouwweb.nl", "myshopify.com", "netlify.app", "pages.dev", "shoplo.com",
    "shopware.store", "squarespace.com", "vercel.app", "web.app", "webflow.io", "wixsite.com",
    "wordpress.com",
  ]

  private static func isEndOfHost(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "/") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "#")
  }

  /// Where the host begins: behind `://` that follows a scheme, or behind `//`.
  private static func afterScheme(_ bytes: String.UTF8View) -> String.Index? {
    var at = bytes.startIndex
    var isScheme = false
    while at < bytes.endIndex, bytes[at] != UInt8(ascii: ":") {
      if isEndOfHost(bytes[at]) {
        guard at == bytes.startIndex, bytes[at] == UInt8(ascii: "/") else { return nil }
        return afterSlashes(bytes, at)
      }
      isScheme = true
      bytes.formIndex(after: &at)
    }
    guard isScheme, at < bytes.endIndex else { return nil }
    return afterSlashes(bytes, bytes.index(after: at))
  }

  private static func afterSlashes(_ bytes: String.UTF8View, _ start: String.Index)
    -> String.Index?
  {
    var at = start
    for _ in 0..<2 {
      guard at < bytes.endIndex, bytes[at] == UInt8(ascii: "/") else { return nil }
      bytes.formIndex(after: &at)
    }
    return at
  }
}
