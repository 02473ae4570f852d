import CustomerJourney
import Testing

@testable import Collector

@Suite("A source's own mapping")
struct SourceMappingTests {
  @Test("events are renamed or left out, and the channel is the source's own")
  func names() throws {
    let mapping = try SourceMapping(
      yaml: """
        channel: shop floor
        events:
          Bon: Order Completed
          kassa_open: Till Opened
        ignore: [heartbeat, debug]
        """)
    let order = try touchpoint(contextEvent { $0.name = "Bon" }, mapping: mapping)
    #expect(order.event == .orderCompleted)
    #expect(order.channel == .shop)
    #expect(order.properties["originalEvent"] == .text("Bon"))
    let own = try touchpoint(contextEvent { $0.name = "kassa_open" }, mapping: mapping)
    #expect(own.event.name == "Till Opened")
    let ownChannel = contextEvent { $0.channel = .email }
    #expect(try touchpoint(ownChannel, mapping: mapping).channel == .email)
    guard case .leftOut = verdict(contextEvent { $0.name = "heartbeat" }, mapping: mapping) else {
      Issue.record("it is not left out")
      return
    }
  }

  @Test("what the mapping leaves out is accepted, counted and not stored")
  func counted() throws {
    let mapping = try SourceMapping(yaml: "ignore: heartbeat")
    let door = FrontDoor(
      FrontDoor.Surroundings(
        source: { _ in nil }, normaliser: { Normaliser() }, keep: { _ in KeptOutcome() }))
    let events = ["heartbeat", "Page Viewed", "heartbeat"].map { name in
      contextEvent { $0.name = name }
    }
    var delivery = Delivery(events: events)
    let batch = door.batch(
      of: &delivery, in: contextRequest(), SegmentDialect(),
      CollectorSource(name: "shop", mapping: mapping))
    #expect(batch.leftOut == 2)
    #expect(batch.touchpoints.count == 1)
    #expect(batch.rejected.isEmpty)
  }

  @Test("facts come from properties and traits where the protocol's own field is empty")
  func facts() throws {
    let mapping = try SourceMapping(
      yaml: """
        customer: properties.member.id
        anonymous: traits.browser
        content: properties.sku
        value: properties.total
        currency: properties.cur
        time: properties.at
        """)
    var event = contextEvent {
      $0.userID = nil
      $0.occurred = nil
      $0.properties.add("member.id", .number(12_345))
      $0.properties.add("sku", "schoen-42")
      $0.properties.add("total", .text("19.95"))
      $0.properties.add("cur", "USD")
      $0.properties.add("at", "2024-06-14T10:00:00Z")
      $0.traits.add("browser", "b7")
    }
    var found = try touchpoint(event, mapping: mapping)
    #expect(found.customer == "12345")
    #expect(found.alsoKnownAs == ["anonymous:b7"])
    #expect(found.content == "schoen-42")
    #expect(found.value?.description == "USD 19.95")
    #expect(found.occurred.iso8601 == "2024-06-14T10:00:00Z")
    event.userID = "own"
    event.content = "own"
    event.amount = ClientAmount(number: 5, currency: "EUR")
    event.occurred = testNow
    found = try touchpoint(event, mapping: mapping)
    #expect(found.customer == "own")
    #expect(found.content == "own")
    #expect(found.value?.description == "EUR 5.00")
    #expect(found.occurred == testNow)
  }

  @Test(
    "a time in a property is a text, seconds or milliseconds",
    arguments: [
      (.text("2024-06-14T10:00:00Z"), 1_718_359_200_000),
      (.number(1_718_359_200), 1_718_359_200_000),
      (.number(1_718_359_200_000), 1_718_359_200_000), (.text("1718359200"), 1_718_359_200_000),
      (.text("soon"), nil), (.flag(true), nil), (.number(.infinity), nil), (.number(.nan), nil),
    ] as [(PropertyValue, Int64?)])
  func times(value: PropertyValue, milliseconds: Int64?) throws {
    let mapping = try SourceMapping(yaml: "time: properties.at")
    let event = contextEvent {
      $0.occurred = nil
      $0.properties.add("at", value)
    }
    let expected = milliseconds.map { Timestamp(milliseconds: $0) } ?? testNow
    #expect(try touchpoint(event, mapping: mapping).occurred == expected)
  }

  @Test("own rules of origin come first, in order, also where GA4's say something else")
  func origins() throws {
    let mapping = try SourceMapping(
      yaml: """
        origins:
          - {origin: Affiliates, source: "partner*", medium: cpc}
          - {origin: AI Assistant, referrer: "*chatgpt.com"}
          - {origin: same visit, referrer: pay.example}
          - {origin: SMS, path: /s/*}
          - {origin: Display, campaign: "retarget-*"}
        """)
    func origin(_ url: String, _ referrer: String? = nil) throws -> String? {
      try touchpoint(
        contextEvent {
          $0.page.url = url
          $0.page.referrer = referrer
        }, mapping: mapping
      ).origin?.name
    }
    let site = "https://shop.nl"
    #expect(try origin("\(site)/?utm_source=Partner-A&utm_medium=cpc") == "Affiliates")
    #expect(try origin("\(site)/?utm_source=partner-a&utm_medium=email") == "Email")
    #expect(try origin("\(site)/", "https://chatgpt.com/") == "AI Assistant")
    #expect(try origin("\(site)/", "https://pay.example/done") == nil)
    #expect(try origin("\(site)/s/x", "") == "SMS")
    #expect(try origin("\(site)/s/x", "https://shop.nl/") == nil, "within a visit")
    #expect(
      try origin("\(site)/?utm_source=google&utm_medium=cpc&utm_campaign=retarget-mei")
        == "Display")
    #expect(try origin("\(site)/", "https://www.google.nl/") == "Organic Search")
  }

  @Test("an empty mapping, or one of comments, changes nothing", arguments: ["", " \n", "# later"])
  func empty(yaml: String) throws { #expect(try SourceMapping(yaml: yaml) == SourceMapping()) }

  @Test(
    "a mistake is named with its line and what is valid",
    arguments: [
      ("chanel: App", ["line 1", "\"chanel\"", "did you mean \"channel\"?"]),
      ("bots: keep\ncustomer: member_id", ["line 2", "customer", "properties.member_id"]),
      ("customer: properties.", ["line 1", "properties.NAME or traits.NAME"]),
      ("bots: maybe", ["line 1", "keep, or apart"]),
      ("events: [a, b]", ["line 1", "events", "a map"]),
      ("events: {a: }", ["line 1", "a"]),
      ("events: {a: b, a: c}", ["a"]),
      ("ignore: {a: b}", ["ignore", "a text"]),
      ("events: {a: b}\nignore: a", ["\"a\"", "keep one"]),
      ("origins: x", ["line 1", "origins", "a list"]),
      ("origins:\n  - {origin: Email}", ["line 2", "at least one of"]),
      ("origins:\n  - {source: x}", ["line 2", "an origin"]),
      ("origins:\n  - {origin: Email, sorce: x}", ["line 2", "did you mean \"source\"?"]),
      ("channel: [", ["not valid YAML"]), ("just text", ["a map"]), ("- a", ["a map"]),
      ("channel: \"\"", ["line 1", "channel"]),
    ] as [(String, [String])])
  func mistakes(yaml: String, words: [String]) {
    let error = #expect(throws: ImportError.self) { try SourceMapping(yaml: yaml) }
    for word in words { #expect(error?.description.contains(word) == true, "\(word)") }
  }

  @Test("its limits hold: characters, rules of origin, length of names")
  func limits() throws {
    func rules(_ count: Int) -> String {
      "origins:\n" + String(repeating: "  - {origin: Email, source: a}\n", count: count)
    }
    #expect(try SourceMapping(yaml: rules(Limits.originRules)).origins.count == Limits.originRules)
    #expect(throws: ImportError.self) { try SourceMapping(yaml: rules(Limits.originRules + 1)) }
    let comment = "#" + String(repeating: "x", count: Limits.sourceMappingCharacters - 1)
    _ = try SourceMapping(yaml: comment)
    #expect(throws: ImportError.self) { try SourceMapping(yaml: comment + "x") }
    let name = String(repeating: "x", count: Limits.nameCharacters)
    _ = try SourceMapping(yaml: "channel: \(name)")
    #expect(throws: ImportError.self) { try SourceMapping(yaml: "channel: \(name)x") }
  }
}
