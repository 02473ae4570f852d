/// Typical events of a web shop, some 600 bytes each, as a client of the Segment family sends them.
///
/// Bodies are made once; ids, times and persons have fixed places in them and are written anew for
/// every request, so that making events costs next to nothing beside receiving them.
struct EventBodies {
  /// A request's bytes with the places that change.
  struct Template {
    var bytes: [UInt8]
    var ids: [Int] = []
    var times: [Int] = []
    var persons: [PersonPlace] = []
    var events: Int { ids.count }
  }

  /// Where an event names somebody: the twelve digits of an anonymous id that tell browsers apart, and
  /// the number of who is logged in.
  struct PersonPlace {
    var browser: Int
    var customer: Int?
  }

  /// One request each, `POST` to `path` with `eventsPerRequest` events.
  static func templates(
    _ count: Int, eventsPerRequest: Int, path: String, key: String, knownShare: Double,
    random: inout SplitMix
  ) -> [Template] {
    (0..<count).map { _ in
      template(
        eventsPerRequest: eventsPerRequest, path: path, key: key, knownShare: knownShare,
        random: &random)
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
    eventsPerRequest: Int, path: String, key: String, knownShare: Double, random: inout SplitMix
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
      add(#"2026-01-01T00:00:00.000Z","#)
      var person = PersonPlace(browser: 0)
      if Double(random.below(1_000)) < knownShare * 1_000 {
        add(#""userId":"customer-"#)
        person.customer = body.count
        add(#"00000000","#)
      }
      add(#""anonymousId":""#)
      person.browser = body.count
      template.persons.append(person)
      let product = 1_000 + random.below(500)
      add(
        #"0000000000004c439a53ab0c1d7f6c2c","properties":{"product_id":"p\#(product)","sku":"SKU-\#(product)","#
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
    template.persons = template.persons.map {
      PersonPlace(browser: $0.browser + shift, customer: $0.customer.map { $0 + shift })
    }
    return template
  }

  /// Writes new ids, the time and persons into a request.
  static func renew(
    _ template: inout Template, milliseconds: Int64, visits: inout Visits, random: inout SplitMix
  ) {
    let time = isoTime(milliseconds)
    template.bytes.withUnsafeMutableBufferPointer { bytes in
      func write(_ word: UInt64, digits: Int, at place: Int) {
        var word = word
        for i in 0..<digits {
          bytes[place + i] = hex[Int(word & 15)]
          word >>= 4
        }
      }
      for place in template.ids {
        write(random.next(), digits: 16, at: place)
        write(random.next(), digits: 16, at: place + 16)
      }
      for place in template.times {
        for i in 0..<time.count { bytes[place + i] = time[i] }
      }
      for place in template.persons {
        let visit = visits.next(isKnown: place.customer != nil, random: &random)
        // Ids of browsers are random, as they are in a shop: they come in no order.
        write(SplitMix.mixed(UInt64(visit.browser)), digits: 12, at: place.browser)
        guard let customer = place.customer else { continue }
        var number = visit.customer
        for digit in (0..<8).reversed() {
          bytes[customer + digit] = UInt8(48 + number % 10)
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

/// Who is in the shop, and does something next.
struct Visits {
  enum MakeUp: String, CaseIterable {
    /// Many visitors at the same time, each with some ten events under one anonymous id. Four of ten
    /// visits are of a browser that was there before. Three of ten events are of somebody logged in:
    /// half of those visits come from a browser known before, one in ten from a new browser of a known
    /// customer, two in ten from one that looked around before it logged in, the rest are new.
    case typical
    /// Every event is of somebody logged in, one of many at random: nearly each names a pair of keys
    /// that was not seen in this minute, and many one that was never seen.
    case strangers

    var knownShare: Double { self == .typical ? 0.3 : 1 }
  }

  struct Visit {
    var browser = 0
    var customer = 0
    var eventsLeft = 0
  }

  /// Visitors in the shop at the same time, of either kind, and customers at random.
  private static let atOnce = 50_000
  private static let strangers = 100_000

  private let makeUp: MakeUp
  private var anonymous: [Visit]
  private var known: [Visit]
  private var browsers = 0
  private var knownBrowsers: [(browser: Int, customer: Int)] = []
  private var customers = 0

  init(_ makeUp: MakeUp) {
    self.makeUp = makeUp
    anonymous = Array(repeating: Visit(), count: Self.atOnce)
    known = Array(repeating: Visit(), count: Self.atOnce)
  }

  mutating func next(isKnown: Bool, random: inout SplitMix) -> Visit {
    if makeUp == .strangers {
      let number = random.below(Self.strangers)
      return Visit(browser: number, customer: number)
    }
    let place = random.below(Self.atOnce)
    if isKnown {
      if known[place].eventsLeft == 0 { known[place] = knownVisit(&random) }
      known[place].eventsLeft -= 1
      return known[place]
    }
    if anonymous[place].eventsLeft == 0 { anonymous[place] = anonymousVisit(&random) }
    anonymous[place].eventsLeft -= 1
    return anonymous[place]
  }

  private func length(_ random: inout SplitMix) -> Int { 1 + random.below(19) }

  private mutating func anonymousVisit(_ random: inout SplitMix) -> Visit {
    let isBack = browsers > 0 && random.below(10) < 4
    if !isBack { browsers += 1 }
    return Visit(
      browser: isBack ? random.below(browsers) + 1 : browsers, eventsLeft: length(&random))
  }

  private mutating func knownVisit(_ random: inout SplitMix) -> Visit {
    var visit = Visit(eventsLeft: length(&random))
    let chance = random.below(10)
    if chance < 5, !knownBrowsers.isEmpty {
      (visit.browser, visit.customer) = knownBrowsers[random.below(knownBrowsers.count)]
      return visit
    }
    // Some looked around before they logged in.
    visit.browser = chance < 8 ? 0 : anonymous[random.below(Self.atOnce)].browser
    if visit.browser == 0 {
      browsers += 1
      visit.browser = browsers
    }
    if chance == 5, customers > 0 {
      visit.customer = random.below(customers) + 1
    } else {
      customers += 1
      visit.customer = customers
    }
    knownBrowsers.append((visit.browser, visit.customer))
    return visit
  }
}

/// Requests one after the other, each with new ids.
final class RequestSupply {
  private var templates: [EventBodies.Template]
  private var turn = 0
  private var random: SplitMix
  private var visits: Visits

  init(
    requests: Int, eventsPerRequest: Int, path: String, key: String, seed: UInt64,
    makeUp: Visits.MakeUp = .typical
  ) {
    random = SplitMix(seed: seed)
    visits = Visits(makeUp)
    templates = EventBodies.templates(
      requests, eventsPerRequest: eventsPerRequest, path: path, key: key,
      knownShare: makeUp.knownShare, random: &random)
  }

  var bytesPerEvent: Int { templates[0].bytes.count / max(1, templates[0].events) }

  func next() -> (bytes: [UInt8], events: Int) {
    turn = (turn + 1) % templates.count
    EventBodies.renew(
      &templates[turn], milliseconds: clockMilliseconds(), visits: &visits, random: &random)
    return (templates[turn].bytes, templates[turn].events)
  }
}

/// Random numbers that a seed repeats.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    return Self.mixed(state)
  }

  static func mixed(_ word: UInt64) -> UInt64 {
    var z = word
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}
