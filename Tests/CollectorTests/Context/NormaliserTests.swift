import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite("Judging events")
struct NormaliserTests {
  // MARK: Who

  @Test(
    "words that programs write where there is no id are none",
    arguments: [
      "", "  ", "null", "NULL", "undefined", "None", "nil", "NaN", "0", "-1", "guest", "Anonymous",
      "unknown", "[object Object]", "true", "false", "00000000-0000-0000-0000-000000000000",
      " null\n",
    ])
  func noIDs(id: String) throws {
    let nobody = contextEvent {
      $0.userID = id
      $0.anonymousID = id
    }
    #expect(reason(verdict(nobody)) == "names no customer: send a user id or an anonymous id")
    let anonymous = contextEvent {
      $0.userID = id
      $0.anonymousID = "b7"
    }
    #expect(try touchpoint(anonymous).customer == "anonymous:b7")
  }

  @Test(
    "ids that only look so are good",
    arguments: [
      "00", "10", "nullius", "guest-1", "-10", "00000000-0000-0000-0000-000000000001", "é",
    ])
  func ids(id: String) throws {
    #expect(try touchpoint(contextEvent { $0.userID = id }).customer == id)
  }

  @Test("a browser's id cannot be the key of a known customer, and other keys come along once")
  func keys() throws {
    let both = try touchpoint(
      contextEvent {
        $0.anonymousID = "c2"
        $0.previousID = "c1"
      })
    #expect(both.customer == "c1")
    #expect(both.alsoKnownAs == ["anonymous:c2", "anonymous:c1"])
    let again = try touchpoint(
      contextEvent {
        $0.anonymousID = "x"
        $0.previousID = "x"
      })
    #expect(again.alsoKnownAs == ["anonymous:x", "x"])
  }

  // MARK: When

  private static let hour: Int64 = 3_600_000

  @Test(
    "the client's clock is corrected by what it says of the sending, and its own time is kept",
    arguments: [
      (0, nil, 0, false, "no time of sending"), (-hour, 0, -hour, false, "the clocks agree"),
      (-2 * hour, -hour, -hour, true, "the client's clock is an hour behind"),
      (hour, 2 * hour, -hour, true, "it is an hour ahead"),
      (-hour, -2 * hour, -hour, false, "sent before it happened: not believed"),
    ] as [(Int64, Int64?, Int64, Bool, String)])
  func skew(occurred: Int64, sent: Int64?, expected: Int64, isChanged: Bool, reason: String) throws
  {
    let said = Timestamp(milliseconds: testNow.milliseconds + occurred)
    let touchpoint = try touchpoint(
      contextEvent {
        $0.occurred = said
        $0.sent = sent.map { Timestamp(milliseconds: testNow.milliseconds + $0) }
      })
    #expect(touchpoint.occurred.milliseconds == testNow.milliseconds + expected, "\(reason)")
    #expect(touchpoint.clientTime == (isChanged ? said : nil), "\(reason)")
    #expect(touchpoint.received == testNow)
  }

  @Test("without a time it happened now, and its own id tells a retry whenever that comes")
  func noTime() throws {
    let known = try touchpoint(
      contextEvent {
        $0.occurred = nil
        $0.messageID = "m1"
      })
    #expect(known.occurred == testNow)
    #expect(known.clientTime == .epoch)
    for id in [nil, ""] {
      let unknown = try touchpoint(
        contextEvent {
          $0.occurred = nil
          $0.messageID = id
        })
      #expect(unknown.clientTime == nil)
    }
  }

  @Test(
    "times before 1900 and more than a day ahead are wrong",
    arguments: [
      (Limits.earliestMilliseconds, true), (Limits.earliestMilliseconds - 1, false),
      (testNow.milliseconds + Limits.futureMilliseconds, true),
      (testNow.milliseconds + Limits.futureMilliseconds + 1, false), (Int64.min, false),
      (Int64.max, false),
    ])
  func range(milliseconds: Int64, isGood: Bool) {
    for sent in [nil, Timestamp.epoch, Timestamp(milliseconds: .max), .init(milliseconds: .min)] {
      let event = contextEvent {
        $0.occurred = Timestamp(milliseconds: milliseconds)
        $0.sent = sent
      }
      let found = verdict(event)
      if sent == nil { #expect((reason(found) == nil) == isGood) }
    }
  }

  @Test(
    "the person's clock is known by offset or zone",
    arguments: [
      (120, nil, 120), (nil, "Europe/Amsterdam", 120), (nil, "Asia/Kolkata", 330),
      (60, "Asia/Kolkata", 60), (nil, "Nowhere/Land", nil), (nil, "", nil),
      (Limits.utcOffsetMinutes + 1, nil, nil), (Int.min, nil, nil), (nil, nil, nil),
    ] as [(Int?, String?, Int?)])
  func offsets(minutes: Int?, zone: String?, expected: Int?) throws {
    let touchpoint = try touchpoint(
      contextEvent {
        $0.utcOffsetMinutes = minutes
        $0.device.timeZone = zone
      })
    #expect(touchpoint.utcOffsetMinutes == expected)
  }

  @Test("a zone's offset is that of the moment, to the change of the clocks")
  func zones() throws {
    let change = try #require(Timestamp(iso8601: "2024-03-31T01:00:00Z"))
    func minutes(_ seconds: Int64) -> Int? {
      ZoneOffsets.minutes(zone: "Europe/Amsterdam", at: change.adding(seconds: seconds))
    }
    #expect(minutes(-1) == 60)
    #expect(minutes(0) == 120)
    #expect(minutes(-1) == 60, "also from what is remembered")
    #expect(ZoneOffsets.minutes(zone: "Europe/Amsterdam", at: .init(milliseconds: -1)) == 60)
  }

  // MARK: Retries

  @Test("without an id, the same of the same moment has the same one, and anything else another")
  func hashes() throws {
    func id(_ change: (inout ClientEvent) -> Void = { _ in }, number: UInt64 = 1) throws -> String {
      try touchpoint(contextEvent(change), contextRequest(number: number)).messageID
    }
    let plain = try id()
    #expect(plain.utf8.count == 32)
    #expect(try id(number: 2) == plain, "a retry comes in another request")
    let others = try [
      id { $0.userID = "c2" }, id { $0.name = "Other" }, id { $0.page.url = "https://a.nl/" },
      id { $0.index = 1 }, id { $0.content = "x" }, id { $0.content = "" },
      id { $0.amount = ClientAmount(number: 1) }, id { $0.amount = ClientAmount(number: 2) },
      id { $0.properties.add("a", "b") }, id { $0.properties.add("ab", "") },
      id { $0.properties.add("a", .text("")) }, id { $0.traits.add("a", "b") },
      id { $0.occurred = nil }, id({ $0.occurred = nil }, number: 2),
    ]
    #expect(Set(others + [plain]).count == others.count, "an empty text adds no property")
    #expect(try id { $0.messageID = "own" } == "own")
  }

  // MARK: What

  @Test(
    "amounts become minor units of their currency",
    arguments: [
      (19.99, "EUR", 1_999), (19.99, nil, 1_999), (19.99, "", 1_999), (0.1 + 0.2, "eur", 30),
      (1_250, "JPY", 1_250), (1_250.6, "JPY", 1_251), (1.2345, "KWD", 1_235), (-5, "EUR", -500),
      (0, "EUR", 0), (1e12, "CLF", 10_000_000_000_000_000), (2.675, " usd ", 268),
    ] as [(Double, String?, Int64)])
  func amounts(number: Double, currency: String?, minorUnits: Int64) throws {
    let touchpoint = try touchpoint(
      contextEvent { $0.amount = ClientAmount(number: number, currency: currency) })
    #expect(touchpoint.value?.minorUnits == minorUnits)
  }

  @Test("the project's currency stands in where none is named")
  func currency() throws {
    let yen = try #require(Currency("JPY"))
    let touchpoint = try touchpoint(
      contextEvent { $0.amount = ClientAmount(number: 99) }, normaliser: Normaliser(currency: yen))
    #expect(touchpoint.value == Money(minorUnits: 99, currency: yen))
  }

  /// A text of an event that has a limit, by the word for it in a reason.
  enum Text: String, CaseIterable {
    case user = "user id"
    case anonymous = "anonymous id"
    case previous = "previous id"
    case event, content, campaign
    case message = "message id"

    func set(_ text: String, in event: inout ClientEvent) {
      switch self {
      case .user: event.userID = text
      case .anonymous: event.anonymousID = text
      case .previous: event.previousID = text
      case .event: event.name = text
      case .content: event.content = text
      case .campaign: event.campaign.name = text
      case .message: event.messageID = text
      }
    }
  }

  @Test(
    "what passes a limit is rejected with the limit, what reaches it is not",
    arguments: Text.allCases)
  func lengths(field: Text) {
    let limit = field == .message ? Limits.messageIDCharacters : Limits.nameCharacters
    func judged(_ text: String) -> String? {
      CollectorTests.reason(verdict(contextEvent { field.set(text, in: &$0) }))
    }
    let text = String(repeating: "x", count: limit)
    #expect(judged(text) == nil)
    let reason = judged(text + "x")
    #expect(reason?.contains(field.rawValue) == true)
    #expect(reason?.contains("\(limit)") == true)
    #expect(reason?.contains("xx") == false, "nothing of the event")
  }

  @Test("too many properties, too much money and unknown currencies are rejected")
  func otherLimits() {
    func many(_ count: Int) -> ClientEvent {
      contextEvent { for i in 0..<count { $0.properties.add("p\(i)", .flag(true)) } }
    }
    #expect(reason(verdict(many(Limits.propertiesPerEvent))) == nil)
    #expect(reason(verdict(many(Limits.propertiesPerEvent + 1))) != nil)
    for number in [Double(Limits.amount) * 1.001, -.infinity, .nan] {
      #expect(reason(verdict(contextEvent { $0.amount = ClientAmount(number: number) })) != nil)
    }
    for code in ["EURO", "€", "E1R"] {
      let event = contextEvent { $0.amount = ClientAmount(number: 1, currency: code) }
      #expect(reason(verdict(event)) == "has a currency that doesn't exist")
    }
  }

  @Test("a page's path is the content, and of a very long one the beginning")
  func content() throws {
    let long = "https://shop.nl/" + String(repeating: "é", count: 2_000)
    let path = try #require(try touchpoint(contextEvent { $0.page.url = long }).content)
    #expect(path.hasPrefix("/éé"))
    #expect(path.utf8.count <= Limits.nameCharacters)
    #expect(try touchpoint(contextEvent { $0.page.path = "/p" }).content == "/p")
    #expect(try touchpoint(contextEvent { $0.content = " " }).content == nil)
  }

  @Test("names are one vocabulary, and the client's own is kept")
  func names() throws {
    let order = try touchpoint(contextEvent { $0.name = "purchase" })
    #expect(order.event == .orderCompleted)
    #expect(order.properties["originalEvent"] == .text("purchase"))
    #expect(try touchpoint(contextEvent()).properties["originalEvent"] == nil)
    #expect(reason(verdict(contextEvent { $0.name = "" })) == "has no event")
  }

  @Test("NUL never reaches the store, wherever it stands")
  func nul() throws {
    let touchpoint = try touchpoint(
      contextEvent {
        $0.userID = "c\u{0}1"
        $0.name = "a\u{0}b"
        $0.content = "a\u{0}"
        $0.messageID = "m\u{0}"
        $0.properties.add("p\u{0}", "v\u{0}")
        $0.device.browser = "B\u{0}"
        $0.page.url = "https://shop.nl/%00\u{0}?utm_campaign=%00&utm_source=%00x&utm_medium=\u{0}"
        $0.page.referrer = "https://a\u{0}.nl/"
      })
    var texts = [touchpoint.customer, touchpoint.event.name, touchpoint.messageID]
    texts += [touchpoint.content, touchpoint.campaign].compactMap { $0 }
    for pair in touchpoint.properties.pairs { texts += [pair.path, pair.value.description] }
    for text in texts { #expect(!text.utf8.contains(0)) }
  }

  @Test("identify, alias and group are changes of a profile and need no name")
  func profiles() throws {
    for act in [ClientEvent.Act.identify, .alias, .group] {
      let found = verdict(
        contextEvent {
          $0.act = act
          $0.name = ""
          $0.account = "acme"
          $0.traits.add("email", "x@example.nl")
        })
      guard case .profile(let change) = found else {
        Issue.record("\(act) is no change of a profile")
        continue
      }
      #expect(change.account == "acme")
      #expect(change.traits["email"] == .text("x@example.nl"))
      #expect(change.source == "shop")
    }
  }

  @Test("a trait of the longest length is kept, a longer one rejects its message")
  func longTraits() {
    let longest = String(repeating: "v", count: Limits.traitBytes)
    for (text, isKept) in [(longest, true), (longest + "v", false)] {
      for ofCompany in [false, true] {
        let found = verdict(
          contextEvent {
            $0.act = ofCompany ? .group : .identify
            if ofCompany { $0.account = "acme" }
            if ofCompany { $0.accountTraits.add("x", text) } else { $0.traits.add("x", text) }
          })
        #expect((reason(found) == nil) == isKept)
        if case .profile(let change) = found {
          #expect((ofCompany ? change.accountTraits : change.traits)["x"] == .text(text))
        }
      }
    }
  }

  @Test("language, zone and the wish for privacy come from the browser or the event")
  func language() throws {
    func properties(
      _ headers: [String: String], _ change: (inout ClientEvent) -> Void = { _ in }
    ) throws -> Properties {
      let all = headers.merging(["user-agent": UserAgents.chrome]) { $1 }
      return try touchpoint(contextEvent(change), contextRequest(all)).properties
    }
    for (header, language) in [
      ("nl-NL,nl;q=0.9,en;q=0.8", "nl-NL"), ("NL", "nl"), ("*, de-at", "de-AT"),
      ("zh-Hant-TW", "zh-TW"), ("", nil), ("english", nil), (";;,", nil),
    ] as [(String, String?)] {
      let found = try properties(["accept-language": header])["context.language"]
      #expect(found == language.map(PropertyValue.text))
    }
    let own = try properties(["accept-language": "en"]) { $0.device.language = "nl_BE.UTF-8" }
    #expect(own["context.language"] == .text("nl-BE"))
    for header in ["sec-gpc", "dnt"] {
      #expect(try properties([header: "1"])["context.gpc"] == .flag(true))
      #expect(try properties([header: "0"])["context.gpc"] == nil)
    }
  }

  // MARK: Anything

  @Test("no event stops the program", arguments: [20_240_615, 7, 99] as [UInt64])
  func anything(seed: UInt64) throws {
    print("seed \(seed)")
    var generator = SeededRandom(seed: seed)
    let mapping = try SourceMapping(
      yaml: """
        events: {a: b}
        ignore: z
        customer: properties.a
        value: properties.b
        time: properties.c
        origins: [{origin: Email, source: "*a*", path: "*"}]
        """)
    for _ in 0..<3_000 {
      let event = ClientEvent.random(using: &generator)
      var headers: [String: String] = [:]
      for name in [
        "user-agent", "accept-language", "sec-ch-ua", "sec-ch-ua-platform", "x-forwarded-for",
      ] {
        headers[name] = String.strange(using: &generator)
      }
      let request = CollectorRequest(
        method: "GET", path: "/", headers: headers,
        remoteAddress: String.strange(using: &generator), received: testNow)
      for mapping in [mapping, SourceMapping()] {
        let verdict = verdict(
          event, request, mapping: mapping,
          normaliser: Normaliser(context: ContextReader(proxies: 1)))
        if case .touchpoint(let touchpoint) = verdict {
          #expect(!touchpoint.customer.isEmpty && touchpoint.customer.utf8.count <= 1_100)
          #expect(touchpoint.content?.utf8.count ?? 0 <= Limits.nameCharacters)
          #expect(abs(touchpoint.utcOffsetMinutes ?? 0) <= Limits.utcOffsetMinutes)
        }
      }
    }
  }
}

extension String {
  fileprivate static func strange(using generator: inout SeededRandom) -> String? {
    let pieces = [
      "a", "b", "z", "\u{0}", "🦊", "é", "://", "/", "?", "#", "&", "=", "%", "%4", "%00",
      "utm_source=",
      "utm_medium", "gclid=x", "@", ":", "[", "]", ".", "www.", "google", "\"", ";v=", ",", "*",
      "Mozilla/5.0 ", "Chrome/", "bot", "1", "-1", "null", "EUR", " ", "\u{301}", "\u{FEFF}",
      "Europe/Amsterdam", "2024-01-01",
    ]
    if Int.random(in: 0..<4, using: &generator) == 0 { return nil }
    let text = (0..<Int.random(in: 0..<12, using: &generator)).map { _ in
      pieces[Int.random(in: 0..<pieces.count, using: &generator)]
    }.joined()
    let isLong = Int.random(in: 0..<50, using: &generator) == 0
    return isLong ? String(repeating: text, count: 400) : text
  }
}

extension ClientEvent {
  fileprivate static func random(using generator: inout SeededRandom) -> ClientEvent {
    func text() -> String? { .strange(using: &generator) }
    func number() -> Double {
      [0, -0.0, Double.nan, .infinity, 1e308, -1e12, 0.005, .leastNonzeroMagnitude][
        Int.random(in: 0..<8, using: &generator)]
    }
    func moment() -> Timestamp? {
      let choices: [Int64] = [
        .min, .max, 0, -1, testNow.milliseconds, testNow.milliseconds - 5_000,
      ]
      let at = Int.random(in: 0...choices.count, using: &generator)
      return at < choices.count ? Timestamp(milliseconds: choices[at]) : nil
    }
    var event = ClientEvent(index: Int.random(in: .min ... .max, using: &generator))
    event.act = [.touchpoint, .identify, .alias, .group][Int.random(in: 0..<4, using: &generator)]
    event.name = text() ?? ""
    event.userID = text()
    event.anonymousID = text()
    event.previousID = text()
    event.account = text()
    event.occurred = moment()
    event.sent = moment()
    event.utcOffsetMinutes = [nil, .min, .max, 60][Int.random(in: 0..<4, using: &generator)]
    event.messageID = text()
    event.content = text()
    event.page = ClientPage(url: text(), path: text(), title: text(), referrer: text())
    event.campaign = CampaignTags(source: text(), medium: text(), name: text())
    event.amount = text().map { ClientAmount(number: number(), currency: $0) }
    event.device.userAgent = text()
    event.device.language = text()
    event.device.address = text()
    event.device.kind = text()
    event.device.system = text()
    event.device.browser = text()
    event.device.country = text()
    event.device.timeZone = text()
    for _ in 0..<Int.random(in: 0..<6, using: &generator) {
      let value = text().map(PropertyValue.text) ?? .number(number())
      event.properties.add(
        ["a", "b", "c", text() ?? ""][Int.random(in: 0..<4, using: &generator)], value)
    }
    return event
  }
}
