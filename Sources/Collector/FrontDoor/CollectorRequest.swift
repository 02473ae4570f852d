package import CustomerJourney

/// A request to the collector, as far as dialects look at it.
package struct CollectorRequest: Sendable {
  /// In capitals: `POST`.
  package var method: String
  /// Without a slash at its end: `/v1/batch`.
  package var path: String
  /// What follows the question mark, as it came.
  package var query: String
  /// By lower-case name.
  package var headers: [String: String]
  /// Unpacked.
  package var body: [UInt8]
  /// The sender's address. Used for the country and then forgotten.
  package var remoteAddress: String?
  package var received: Timestamp
  /// Tells requests apart that say the same at the same time; a random number.
  package var number: UInt64

  package init(
    method: String, path: String, query: String = "", headers: [String: String] = [:],
    body: [UInt8] = [], remoteAddress: String? = nil, received: Timestamp,
    number: UInt64 = 0
  ) {
    self.method = method
    self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
    self.query = query
    self.headers = headers
    self.body = body
    self.remoteAddress = remoteAddress
    self.received = received
    self.number = number
  }

  /// A request that was kept, at the moment when it came in.
  package init(_ kept: KeptRequest, received: Timestamp, number: UInt64) {
    self.init(
      method: kept.method, path: kept.path, query: kept.query, headers: kept.headers,
      body: Array(kept.body.utf8), received: received, number: number)
  }

  /// The part of `Authorization: Basic` before the colon, or `Authorization: Bearer`.
  package var authorization: String? {
    guard let header = headers["authorization"] else { return nil }
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    switch parts[0].lowercased() {
    case "basic":
      guard let bytes = Base64.bytes(parts[1]) else { return nil }
      return String(decoding: bytes.prefix { $0 != UInt8(ascii: ":") }, as: UTF8.self)
    case "bearer": return parts[1].trimmed
    default: return nil
    }
  }
}

/// What the collector answers.
package struct CollectorReply: Hashable, Sendable {
  package var status: Int
  package var contentType: String
  package var headers: [String: String]
  package var body: [UInt8]

  package init(
    status: Int = 200, contentType: String = "application/json", headers: [String: String] = [:],
    body: [UInt8] = []
  ) {
    self.status = status
    self.contentType = contentType
    self.headers = headers
    self.body = body
  }

  package static func json(_ text: String, status: Int = 200) -> CollectorReply {
    CollectorReply(status: status, body: Array(text.utf8))
  }

  package static func text(_ text: String, status: Int = 200) -> CollectorReply {
    CollectorReply(status: status, contentType: "text/plain", body: Array(text.utf8))
  }

  /// The smallest picture: one transparent pixel.
  package static let pixel = CollectorReply(
    contentType: "image/gif", headers: ["cache-control": "no-store"],
    body: [
      0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF,
      0x21, 0xF9, 4, 1, 0, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B,
    ])
}

/// Why a request is not taken in.
package enum Refusal: Error, Hashable, Sendable {
  /// No dialect lives at this path.
  case notFound
  case method(allowed: String)
  /// No key came, or no source has it, or the source is off.
  case key
  /// Nothing of it can be read. The reason holds nothing of what came.
  case malformed(reason: String)
  case tooLarge(bytes: Int)
  case tooMany(events: Int)
  /// Too much waits; the client may come again.
  case busy
  /// The disk takes nothing now; the client may come again.
  case unavailable

  package var status: Int {
    switch self {
    case .notFound: 404
    case .method: 405
    case .key: 401
    case .malformed: 400
    case .tooLarge, .tooMany: 413
    case .busy: 429
    case .unavailable: 503
    }
  }

  package var code: String {
    switch self {
    case .notFound: "not_found"
    case .method: "method_not_allowed"
    case .key: "unknown_key"
    case .malformed: "malformed"
    case .tooLarge: "too_large"
    case .tooMany: "too_many_events"
    case .busy: "busy"
    case .unavailable: "unavailable"
    }
  }

  /// What happened, and what to do.
  package var words: (message: String, detail: String) {
    switch self {
    case .notFound:
      ("No client's protocol lives at this path.", "docs/collect.md lists the paths.")
    case .method(let allowed):
      ("This path takes other methods.", "Send it with \(allowed).")
    case .key:
      (
        "No source that is on has this write key.",
        "Make one with `klantreis sources add`, or turn it on, and give its key to the client."
      )
    case .malformed(let reason):
      (
        "The request cannot be read: \(reason).",
        "Send it in the form that docs/collect.md describes."
      )
    case .tooLarge(let bytes):
      ("The request is larger than \(bytes) bytes.", "Send fewer events at once.")
    case .tooMany(let events):
      ("The request has more than \(events) events.", "Send fewer events at once.")
    case .busy:
      ("Too many events wait to be stored.", "Send the same again after Retry-After seconds.")
    case .unavailable:
      ("Nothing can be stored now.", "Send the same again after Retry-After seconds.")
    }
  }

  /// The answer in the form that every client understands: `code`, `message` and `detail`.
  package var reply: CollectorReply {
    let words = words
    var reply = CollectorReply.json(
      PropertyValue.json([
        "code": .text(code), "message": .text(words.message), "detail": .text(words.detail),
      ]), status: status)
    if case .busy = self { reply.headers["retry-after"] = String(Limits.retryAfterSeconds) }
    if case .unavailable = self { reply.headers["retry-after"] = String(Limits.retryAfterSeconds) }
    if case .method(let allowed) = self { reply.headers["allow"] = allowed }
    return reply
  }
}

/// Base64, also URL-safe and unpadded, as browsers and pixels send it.
enum Base64 {
  /// Nil when a character is not of it.
  static func bytes(_ text: some StringProtocol) -> [UInt8]? {
    var out: [UInt8] = []
    var bits: UInt32 = 0
    var count = 0
    for byte in text.utf8 {
      let value: UInt8
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = byte - 65
      case UInt8(ascii: "a")...UInt8(ascii: "z"): value = byte - 71
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte + 4
      case UInt8(ascii: "+"), UInt8(ascii: "-"): value = 62
      case UInt8(ascii: "/"), UInt8(ascii: "_"): value = 63
      case UInt8(ascii: "="), 10, 13: continue
      default: return nil
      }
      bits = bits << 6 | UInt32(value)
      count += 6
      if count >= 8 {
        count -= 8
        out.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
      }
    }
    return out
  }
}

/// The parameters of a query or a form, decoded, in order.
package struct QueryParameters: Sendable {
  package let pairs: [(name: String, value: String)]

  package init(_ query: some StringProtocol) {
    pairs = query.split(separator: "&").prefix(Limits.propertiesPerEvent * 2).map { part in
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (Self.decoded(sides[0]), sides.count > 1 ? Self.decoded(sides[1]) : "")
    }
  }

  /// The last of that name, and nil when it is empty.
  package subscript(_ name: String) -> String? {
    pairs.last { $0.name == name }.flatMap { $0.value.isEmpty ? nil : $0.value }
  }

  /// `%41` and `+` as what they stand for; a sign that stands for nothing stays.
  package static func decoded(_ text: some StringProtocol) -> String {
    guard text.utf8.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
      return String(text)
    }
    let bytes = Array(text.utf8)
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count)
    var at = 0
    while at < bytes.count {
      if bytes[at] == UInt8(ascii: "+") {
        out.append(32)
      } else if bytes[at] == UInt8(ascii: "%"), at + 2 < bytes.count,
        let high = Character(UnicodeScalar(bytes[at + 1])).hexDigitValue,
        let low = Character(UnicodeScalar(bytes[at + 2])).hexDigitValue
      {
        out.append(UInt8(high * 16 + low))
        at += 2
      } else {
        out.append(bytes[at])
      }
      at += 1
    }
    return String(decoding: out, as: UTF8.self)
  }
}
