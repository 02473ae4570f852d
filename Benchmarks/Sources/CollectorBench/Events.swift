/// Typical events of a web shop, some 600 bytes each, as a client of the Segment family sends them.
///
/// Bodies are made once; ids, times and customers have fixed places in them and are written anew for
/// every request, so that making events costs next to nothing beside receiving them.
struct EventBodies {
  /// A request's bytes with the places that change.
  struct Template {
    var bytes: [UInt8]
    var ids: [Int] = []
    var times: [Int] = []
    var customers: [Int] = []
    var events: Int { ids.count }
  }

  /// One request each, `POST` to `path` with `eventsPerRequest` events.
  static func templates(
    _ count: Int, eventsPerRequest: Int, path: String, key: String, random: inout SplitMix
  ) -> [Template] {
    (0..<count).map { _ in
      template(eventsPerRequest: eventsPerRequest, path: path, key: key, random: &random)
    }
  }

  private static let names = [
    "Product Viewed", "Product List Viewed", "Product Added", "Checkout Started",
    "Products Searched", "Order Completed", "Cart Viewed", "Product Clicked",
  ]
  private static let mediums = ["cpc", "email", "organic", "social", "referral"]
  private static let agents = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0",
  ]

  private static func template(
    eventsPerRequest: Int, path: String, key: String, random: inout SplitMix
  ) -> Template {
    var template = Template(bytes: [])
    var body: [UInt8] = []
    func add(_ text: String) { body += Array(text.utf8) }
    let isBatch = eventsPerRequest > 1
    if isBatch { add(#"{"batch":["#) }
    for i in 0..<eventsPerRequest {
      if i > 0 { add(",") }
      let name = names[random.below(names.count)]
      add(#"{"type":"track","event":"\#(name)","messageId":""#)
      template.ids.append(body.count)
      add(String(repeating: "0", count: 32) + #"","timestamp":""#)
      template.times.append(body.count)
      add(#"2026-01-01T00:00:00.000Z","userId":"customer-"#)
      template.customers.append(body.count)
      add(#"000000","anonymousId":"7f6c2c1e-0d5b-4c43-9a53-"#)
      template.customers.append(body.count)
      let product = 1_000 + random.below(500)
      add(
        #"000000ab0c1d","properties":{"product_id":"p\#(product)","sku":"SKU-\#(product)","#
          + #""name":"Garden chair \#(product)","category":"garden","price":\#(product % 90 + 5).95,"#
          + #""quantity":\#(random.below(3) + 1),"value":\#(product % 90 + 5).95,"currency":"EUR"},"#
          + #""context":{"page":{"url":"https://shop.example/garden/chair-\#(product)?utm_source=news"#
          + #"&utm_medium=\#(mediums[random.below(mediums.count)])","title":"Garden chair"},"#
          + #""userAgent":"\#(agents[random.below(agents.count)])","locale":"nl-NL"}}"#)
    }
    if isBatch { add("]}") }
    let head =
      "POST \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
      + "Authorization: Basic \(base64(key + ":"))\r\nContent-Length: \(body.count)\r\n\r\n"
    let shift = head.utf8.count
    template.bytes = Array(head.utf8) + body
    template.ids = template.ids.map { $0 + shift }
    template.times = template.times.map { $0 + shift }
    template.customers = template.customers.map { $0 + shift }
    return template
  }

  /// Writes new ids, the time and customers into a request.
  static func renew(
    _ template: inout Template, milliseconds: Int64, customers: Int, random: inout SplitMix
  ) {
    let time = isoTime(milliseconds)
    template.bytes.withUnsafeMutableBufferPointer { bytes in
      for place in template.ids {
        var word = random.next()
        for i in 0..<32 {
          if i == 16 { word = random.next() }
          bytes[place + i] = hex[Int(word & 15)]
          word >>= 4
        }
      }
      for place in template.times {
        for i in 0..<time.count { bytes[place + i] = time[i] }
      }
      for i in stride(from: 0, to: template.customers.count, by: 2) {
        var number = random.below(customers)
        for digit in (0..<6).reversed() {
          let byte = UInt8(48 + number % 10)
          bytes[template.customers[i] + digit] = byte
          bytes[template.customers[i + 1] + digit] = byte
          number /= 10
        }
      }
    }
  }

  private static let hex = Array("0123456789abcdef".utf8)

  private static func base64(_ text: String) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var out: [UInt8] = []
    let bytes = Array(text.utf8)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = Array(bytes[start..<min(start + 3, bytes.count)])
      let word = part.enumerated().reduce(0) { $0 | Int($1.element) << (16 - 8 * $1.offset) }
      for i in 0..<4 {
        out.append(i <= part.count ? alphabet[word >> (18 - 6 * i) & 63] : UInt8(ascii: "="))
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  /// `2026-01-01T00:00:00.000Z`.
  static func isoTime(_ milliseconds: Int64) -> [UInt8] {
    let days = Int(milliseconds / 86_400_000)
    let rest = Int(milliseconds % 86_400_000)
    // Howard Hinnant's days-to-civil computation, in whole eras of 400 years.
    let z = days + 719_468
    let era = z / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let m = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * m + 2) / 5 + 1
    let month = m < 10 ? m + 3 : m - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func padded(_ number: Int, _ width: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: width - text.count) + text
    }
    let text =
      "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(padded(rest / 3_600_000, 2)):"
      + "\(padded(rest / 60_000 % 60, 2)):\(padded(rest / 1_000 % 60, 2)).\(padded(rest % 1_000, 3))Z"
    return Array(text.utf8)
  }
}

/// Requests one after the other, each with new ids.
final class RequestSupply {
  private var templates: [EventBodies.Template]
  private var turn = 0
  private var random: SplitMix
  /// Different persons in the events.
  private let customers = 100_000

  init(requests: Int, eventsPerRequest: Int, path: String, key: String, seed: UInt64) {
    random = SplitMix(seed: seed)
    templates = EventBodies.templates(
      requests, eventsPerRequest: eventsPerRequest, path: path, key: key, random: &random)
  }

  var bytesPerEvent: Int { templates[0].bytes.count / max(1, templates[0].events) }

  func next() -> (bytes: [UInt8], events: Int) {
    turn = (turn + 1) % templates.count
    EventBodies.renew(
      &templates[turn], milliseconds: clockMilliseconds(), customers: customers, random: &random)
    return (templates[turn].bytes, templates[turn].events)
  }
}

/// Random numbers that a seed repeats.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
