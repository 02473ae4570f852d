import CCurl
import Crypto
package import CustomerJourney
import Foundation

/// An address that gets messages as signed JSON: one's own systems, or a gateway for text messages.
package struct Webhook: Hashable, Sendable {
  package var name: String
  package var url: String
  /// Signs what is sent.
  package var secret: String

  package init(name: String, url: String, secret: String) {
    self.name = name
    self.url = url
    self.secret = secret
  }

  /// `sha256=` and the HMAC-SHA256 over `timestamp.body` in hexadecimal: a receiver that also looks at
  /// the timestamp cannot be fooled by a copy.
  package func signature(timestamp: String, body: String) -> String {
    let code = HMAC<SHA256>.authenticationCode(
      for: Array("\(timestamp).\(body)".utf8), using: SymmetricKey(data: Array(secret.utf8)))
    return "sha256="
      + code.map { byte in
        let hex = String(byte, radix: 16)
        return byte < 16 ? "0" + hex : hex
      }.joined()
  }

  /// Calls it once. Blocks. Resolves the name once and connects to what was resolved, so that no second
  /// answer leads elsewhere; follows no redirects.
  package func call(body: String, at now: Timestamp, allowsPrivate: Bool) -> MessageHappening {
    guard let target = WebTarget(url) else {
      return .refused(MessageReason("bad-webhook", "the address is no http or https address"))
    }
    let addresses = target.resolved()
    guard let address = addresses.first else {
      return .failedForNow(MessageReason("no-connection", "the host's name is not known"))
    }
    guard allowsPrivate || addresses.allSatisfy({ !PrivateAddress.contains($0) }) else {
      return .refused(
        MessageReason("private-address", "set mail private-webhooks yes to allow it"))
    }
    Curl.open()
    guard let curl = curl_easy_init() else {
      return .failedForNow(MessageReason("no-connection", "libcurl cannot be started"))
    }
    defer { curl_easy_cleanup(curl) }
    let shown = address.contains(":") ? "[\(address)]" : address
    let resolve = curl_slist_append(nil, "\(target.host):\(target.port):\(shown)")
    defer { curl_slist_free_all(resolve) }
    let timestamp = String(now.milliseconds / 1000)
    var headers = curl_slist_append(nil, "Content-Type: application/json")
    for header in [
      "X-Klantreis-Timestamp: \(timestamp)",
      "X-Klantreis-Signature: \(signature(timestamp: timestamp, body: body))", "Expect:",
    ] { headers = curl_slist_append(headers, header) }
    defer { curl_slist_free_all(headers) }
    Curl.set(curl, CURLOPT_URL, url)
    Curl.setCommon(curl)
    Curl.set(curl, CURLOPT_FOLLOWLOCATION, 0)
    Curl.set(curl, CURLOPT_PROTOCOLS_STR, "http,https")
    Curl.set(curl, CURLOPT_USERAGENT, "Klantreis")
    Curl.set(curl, CURLOPT_POSTFIELDSIZE, body.utf8.count)
    Curl.set(curl, CURLOPT_COPYPOSTFIELDS, body)
    _ = curl_set_list(curl, CURLOPT_HTTPHEADER, headers)
    _ = curl_set_list(curl, CURLOPT_RESOLVE, resolve)
    // What it answers is not kept: only the code counts.
    _ = curl_set_bytes_function(curl, CURLOPT_WRITEFUNCTION) { _, size, count, _ in size * count }
    let result = curl_easy_perform(curl)
    return Self.happening(
      result == CURLE_OK ? Int(curl_response_code(curl)) : nil,
      problem: result == CURLE_OK ? "" : Curl.text(result),
      mayHaveArrived: ![
        CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_SSL_CONNECT_ERROR,
        CURLE_PEER_FAILED_VERIFICATION, CURLE_URL_MALFORMAT,
      ].contains(result))
  }

  /// What an answer means. Without one nobody knows whether the other side acted on it.
  static func happening(
    _ code: Int?, problem: String, mayHaveArrived: Bool
  ) -> MessageHappening {
    guard let code else {
      let reason = MessageReason(mayHaveArrived ? "no-answer" : "no-connection", problem)
      return mayHaveArrived ? .lost(reason) : .failedForNow(reason)
    }
    let reason = MessageReason("http-\(code)")
    switch code {
    case 200..<300: return .accepted
    case 408, 425, 429, 500..<600: return .failedForNow(reason)
    default: return .refused(reason)
    }
  }
}

/// The host and port of an address.
struct WebTarget: Hashable, Sendable {
  var host: String
  var port: Int

  init?(_ url: String) {
    guard WebAddress.checked(url, isPicture: true) != nil, let parts = URLComponents(string: url),
      let host = parts.host, !host.isEmpty, parts.user == nil, parts.password == nil
    else { return nil }
    self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
    port = parts.port ?? (parts.scheme?.lowercased() == "https" ? 443 : 80)
  }

  /// The numeric addresses that the name has now.
  func resolved() -> [String] {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var found: [String] = []
    var next = list
    while let entry = next {
      var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      if getnameinfo(
        entry.pointee.ai_addr, entry.pointee.ai_addrlen, &name, socklen_t(name.count), nil, 0,
        NI_NUMERICHOST) == 0
      {
        found.append(
          String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
      }
      next = entry.pointee.ai_next
    }
    return found
  }
}

/// Addresses that are not for everybody: this machine, its networks, links and what is reserved.
enum PrivateAddress {
  static func contains(_ text: String) -> Bool {
    let plain = String(text.prefix { $0 != "%" })
    var v4 = in_addr()
    if inet_pton(AF_INET, plain, &v4) == 1 { return isPrivate(v4: UInt32(bigEndian: v4.s_addr)) }
    var v6 = in6_addr()
    guard inet_pton(AF_INET6, plain, &v6) == 1 else { return true }
    let bytes = withUnsafeBytes(of: &v6) { Array($0) }
    // An address of the old kind in the clothes of the new, by any of the ways to do that.
    let last = bytes[12...].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let isMapped = bytes[0..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
    let isCompatible = bytes[0..<12].allSatisfy { $0 == 0 }
    let isTranslated = Array(bytes[0..<4]) == [0, 0x64, 0xFF, 0x9B]
    if isMapped || isTranslated { return isPrivate(v4: last) }
    if isCompatible { return true }
    // 6to4 and Teredo carry another address inside.
    if bytes[0] == 0x20, bytes[1] == 0x02 { return true }
    if Array(bytes[0..<4]) == [0x20, 0x01, 0, 0] { return true }
    return bytes[0] & 0xFE == 0xFC || bytes[0] == 0xFE || bytes[0] == 0xFF
      || Array(bytes[0..<4]) == [0x20, 0x01, 0x0D, 0xB8]
  }

  private static func isPrivate(v4 address: UInt32) -> Bool {
    func isIn(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ bits: UInt32) -> Bool {
      let network = a << 24 | b << 16 | c << 8
      return address >> (32 - bits) == network >> (32 - bits)
    }
    return isIn(0, 0, 0, 8) || isIn(10, 0, 0, 8) || isIn(100, 64, 0, 10) || isIn(127, 0, 0, 8)
      || isIn(169, 254, 0, 16) || isIn(172, 16, 0, 12) || isIn(192, 0, 0, 24)
      || isIn(192, 0, 2, 24) || isIn(192, 168, 0, 16) || isIn(198, 18, 0, 15)
      || isIn(198, 51, 100, 24) || isIn(203, 0, 113, 24) || isIn(224, 0, 0, 4)
      || isIn(240, 0, 0, 4)
  }
}
