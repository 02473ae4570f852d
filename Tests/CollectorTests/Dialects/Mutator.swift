@testable import Collector

/// Random numbers of a seed: the same input can be made again.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    // SplitMix64, by Steele, Lea and Flood.
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }
}

/// Makes bad requests out of good ones. It knows JSON and queries by their tokens, so that most of what
/// it makes still gets past the parsers and into the dialects.
struct Mutator {
  private let seeds: [CollectorRequest]
  private let tokens: [[Range<Int>]]

  init(_ seeds: [CollectorRequest]) {
    self.seeds = seeds
    tokens = seeds.map { Self.tokens($0.body) }
  }

  /// Values that have broken programs before.
  private static let values: [[UInt8]] = [
    "null", "true", "false", "0", "-0", "-1", "1e308", "1e400", "-1e-400", "9223372036854775807",
    "9223372036854775808", "18446744073709551616", "123456789012345678901234567890", "0.1",
    "1718409600", "1718409600000", "1e15", "-62135596800000", "\"\"", "\" \"", "\"\\u0000\"",
    "\"\\ud800\"", "\"\\udc00\\ud800\"", "\"inf\"", "\"nan\"", "\"1e309\"", "\"12,50\"", "\"EUR\"",
    "\"XXX\"", "\"0001-01-01T00:00:00Z\"", "\"9999-12-31T23:59:59.999999Z\"",
    "\"2024-06-15T00:00:00+18:00\"", "\"2024-02-30\"", "\"undefined\"", "\"[object Object]\"", "[]",
    "{}", "[[]]", "[null]", "{\"\":null}", "{\"a\":{\"a\":{\"a\":[1,2,{\"a\":1}]}}}", "NaN",
    "\"\u{1F600}\u{0301}\u{202E}\"",
  ].map { Array($0.utf8) }

  /// Texts for queries and headers.
  private static let texts = [
    "", "%", "%0", "%00", "%zz", "&&&", "=", "a=b=c", "+", "%F0%9F%98%80", "%C3%28", "key", "null",
    "data=%7B%7D", "data=e30", "..", "a.b.c.d=1", "properties.=1", "context.page.url=x", "gzip",
    "identity", "br", "application/cloudevents-batch+json", "Basic a2V5Og==", "Basic !",
    "Bearer key",
    "Bearer", "writeKey=key", "compression=gzip-js", "compression=lz64", "\u{FFFD}",
    "9223372036854775808", "-1",
  ]

  /// Input number `number`: the same for the same number.
  func request(number: UInt64) -> CollectorRequest {
    var random = SeededGenerator(seed: number)
    let choice = Int.random(in: 0..<seeds.count, using: &random)
    var request = seeds[choice]
    var tokens = tokens[choice]
    request.number = number
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      switch Int.random(in: 0..<16, using: &random) {
      case 0..<11:
        mutateBody(&request.body, tokens, &random)
        // Later changes go by the tokens of what the body has become.
        tokens = Self.tokens(request.body)
      case 11..<13: mutateText(&request.query, &random)
      case 13: mutateHeaders(&request, &random)
      case 14: request.body = Gzip.stored(request.body)
      default: request.method = ["GET", "POST", "PUT"].randomElement(using: &random) ?? "GET"
      }
    }
    return request
  }

  private func mutateBody(
    _ body: inout [UInt8], _ tokens: [Range<Int>], _ random: inout SeededGenerator
  ) {
    guard let token = tokens.randomElement(using: &random), !body.isEmpty else {
      return body = noise(&random)
    }
    switch Int.random(in: 0..<13, using: &random) {
    case 0..<5: body.replaceSubrange(token, with: Self.values.randomElement(using: &random) ?? [])
    case 5:
      guard let other = tokens.randomElement(using: &random) else { return }
      body.replaceSubrange(token, with: Array(body[other]))
    case 6:
      // A piece of another request.
      let place = Int.random(in: 0..<seeds.count, using: &random)
      guard let other = self.tokens[place].randomElement(using: &random),
        let last = self.tokens[place].randomElement(using: &random),
        other.lowerBound < last.upperBound
      else { return }
      body.replaceSubrange(
        token, with: Array(seeds[place].body[other.lowerBound..<last.upperBound]))
    case 7: body.removeSubrange(token)
    case 8: body.removeLast(Int.random(in: 1...body.count, using: &random))
    case 9:
      let depth = [1, 3, 29, 31, 200].randomElement(using: &random) ?? 1
      body.replaceSubrange(
        token,
        with: [UInt8](repeating: 0x5B, count: depth) + body[token]
          + [UInt8](repeating: 0x5D, count: depth))
    case 10:
      let long = [UInt8](
        repeating: UInt8.random(in: 32...126, using: &random),
        count: [99, 100, 200, 1_024, 1_025, 40_000].randomElement(using: &random) ?? 1)
      body.replaceSubrange(
        token, with: [0x22] + long.map { $0 == 0x22 || $0 == 0x5C ? 32 : $0 } + [0x22])
    case 11:
      for _ in 0..<3 {
        body[Int.random(in: 0..<body.count, using: &random)] = .random(in: 0...255, using: &random)
      }
    default: body.insert(contentsOf: noise(&random), at: token.lowerBound)
    }
  }

  private func mutateText(_ text: inout String, _ random: inout SeededGenerator) {
    let piece = Self.texts.randomElement(using: &random) ?? ""
    switch Int.random(in: 0..<4, using: &random) {
    case 0: text += "&" + piece
    case 1: text = piece
    case 2:
      var parts = text.split(separator: "&").map(String.init)
      guard !parts.isEmpty else { return text = piece }
      let index = Int.random(in: 0..<parts.count, using: &random)
      parts[index] = String(parts[index].prefix { $0 != "=" }) + "=" + piece
      text = parts.joined(separator: "&")
    default: text = String(text.prefix(Int.random(in: 0...max(1, text.utf8.count), using: &random)))
    }
  }

  private func mutateHeaders(_ request: inout CollectorRequest, _ random: inout SeededGenerator) {
    let names =
      request.headers.keys.sorted() + ["content-encoding", "content-type", "authorization"]
    guard let name = names.randomElement(using: &random) else { return }
    request.headers[name] =
      Bool.random(using: &random) ? nil : Self.texts.randomElement(using: &random)
  }

  private func noise(_ random: inout SeededGenerator) -> [UInt8] {
    (0..<Int.random(in: 1...40, using: &random)).map { _ in .random(in: 0...255, using: &random) }
  }

  /// Texts with their quotes, other values, and single signs.
  private static func tokens(_ body: [UInt8]) -> [Range<Int>] {
    var tokens: [Range<Int>] = []
    tokens.reserveCapacity(body.count / 6)
    body.withUnsafeBufferPointer { body in
      var at = 0
      while at < body.count {
        let start = at
        let byte = body[at]
        at += 1
        if byte == 0x22 {
          while at < body.count, body[at] != 0x22 { at += body[at] == 0x5C ? 2 : 1 }
          at = min(at + 1, body.count)
        } else if isWord(byte) {
          while at < body.count, isWord(body[at]) { at += 1 }
        }
        tokens.append(start..<at)
      }
    }
    return tokens
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    byte &- 48 < 10 || (byte | 32) &- 97 < 26 || byte == 0x2B || byte == 0x2D || byte == 0x2E
  }
}
