/// What a page's address says of its content and its site.
package enum PageAddress {
  /// What identifies the content: the path without host, query and fragment.
  package static func path(_ url: String) -> String? { paths.value(of: url) }

  private static let paths = Remembered<String?> { url in
    var url = url
    return url.withUTF8 { bytes in
      var start = 0
      if let host = startOfHost(bytes) {
        start = bytes[host...].firstIndex(where: endsHost) ?? bytes.count
        guard start < bytes.count, bytes[start] == slash else { return "/" }
      } else if bytes.first != slash {
        return nil
      }
      let end = bytes[start...].firstIndex { $0 == questionMark || $0 == hash } ?? bytes.count
      return String(decoding: bytes[start..<end], as: UTF8.self)
    }
  }

  /// The host in lower case, without port and `www.`; also of an address that lacks the scheme. Nil
  /// where there is none.
  package static func host(_ url: String) -> String? {
    var url = url
    return url.withUTF8 { bytes in
      let known = startOfHost(bytes)
      var host = bytes[(known ?? 0)...]
      host = host.prefix { !endsHost($0) }
      if let at = host.lastIndex(of: UInt8(ascii: "@")) { host = host[(at + 1)...] }
      if let colon = host.lastIndex(of: UInt8(ascii: ":")), host.last != UInt8(ascii: "]") {
        host = host[..<colon]
      }
      while host.last == dot { host.removeLast() }
      guard host.count <= 253, known != nil || host.contains(dot) else { return nil }
      var text = String(decoding: host, as: UTF8.self)
      if host.contains(where: { $0 &- 65 < 26 || $0 > 127 }) { text = text.lowercased() }
      if text.hasPrefix("www.") { text = String(text.dropFirst(4)) }
      return text.isEmpty ? nil : text
    }
  }

  /// True when both addresses are of one site: hosts that share the name that somebody registered.
  package static func areOfOneSite(_ a: String, _ b: String) -> Bool {
    a == b || sites.value(of: a) == sites.value(of: b)
  }

  private static let sites = Remembered<String> { site($0) }

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

  private static let slash = UInt8(ascii: "/")
  private static let questionMark = UInt8(ascii: "?")
  private static let hash = UInt8(ascii: "#")
  private static let dot = UInt8(ascii: ".")

  private static func endsHost(_ byte: UInt8) -> Bool {
    byte == slash || byte == questionMark || byte == hash
  }

  /// Where the host begins: behind `://` that follows a scheme, or behind `//`.
  private static func startOfHost(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let end = bytes.firstIndex(where: { $0 == UInt8(ascii: ":") || endsHost($0) }) else {
      return nil
    }
    let isScheme = bytes[end] == UInt8(ascii: ":") && end > 0
    guard isScheme || end == 0 else { return nil }
    let start = isScheme ? end + 1 : 0
    guard start + 1 < bytes.count, bytes[start] == slash, bytes[start + 1] == slash else {
      return nil
    }
    return start + 2
  }
}
