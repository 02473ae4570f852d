import CustomerJourney
import Testing

@testable import Collector

@Suite("Segment and RudderStack")
struct SegmentFamilyTests {
  private func delivery(_ body: String, path: String = "/v1/batch") throws -> Delivery {
    try SegmentDialect().read(DialectFixture.segmentRequest(body, path: path))
  }

  /// The only event of a batch of one item.
  private func event(_ item: String, context: String = "{}") throws -> ClientEvent {
    let found = try delivery("{\"batch\":[\(item)],\"context\":\(context)}")
    #expect(found.rejected.map(\.reason) == [])
    return try #require(found.events.first)
  }

  @Test("what a person allows is kept by category, and Global Privacy Control beside it")
  func consent() throws {
    let item = "{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u\",\"properties\":{\"x\":1}"
    let told = try event(
      item + ",\"context\":{\"consent\":{\"categoryPreferences\":{\"analytics\":true,"
        + "\"marketing\":false,\"odd\":\"yes\"},\"gpc\":true}}}")
    #expect(told.properties["context.consent.analytics"] == .flag(true))
    #expect(told.properties["context.consent.marketing"] == .flag(false))
    #expect(told.properties["context.consent.odd"] == nil)
    #expect(told.properties["context.gpc"] == .flag(true))
    #expect(told.properties["x"] == .number(1))
    let direct = try event(item + "}", context: "{\"gpc\":true,\"consent\":7}")
    #expect(direct.properties["context.gpc"] == .flag(true))
    #expect(direct.properties.pairs.count == 2)
  }

  static let refused: [(item: String, reason: String)] = [
    ("7", "is no object"),
    ("{}", "has no type"),
    ("{\"type\":7}", "has a type that is no text"),
    ("{\"type\":\"tracking\"}", "has a type that is not track,"),
    ("{\"type\":\"track\",\"event\":[]}", "has an event that is no text"),
    ("{\"type\":\"track\",\"userId\":{}}", "has a userId that is neither text nor number"),
    ("{\"type\":\"track\",\"anonymousId\":true}", "has an anonymousId that is neither"),
    ("{\"type\":\"track\",\"messageId\":[1]}", "has a messageId that is neither"),
    (
      "{\"type\":\"track\",\"timestamp\":\"yesterday\"}", "has a timestamp that is no ISO 8601 time"
    ),
    ("{\"type\":\"track\",\"timestamp\":{}}", "has a timestamp that is no time"),
    ("{\"type\":\"track\",\"properties\":\"x\"}", "has properties that is no object"),
    ("{\"type\":\"track\",\"context\":[]}", "has a context that is no object"),
    ("{\"type\":\"track\",\"properties\":{\"revenue\":\"much\"}}", "has revenue that is no number"),
    ("{\"type\":\"identify\",\"traits\":1}", "has traits that is no object"),
    ("{\"type\":\"group\",\"userId\":\"u\"}", "has no groupId"),
    ("{\"type\":\"alias\",\"userId\":\"u\"}", "has no previousId"),
  ]

  @Test("says what is wrong with an event, and takes the others", arguments: refused)
  func faults(_ row: (item: String, reason: String)) throws {
    let good = "{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u\"}"
    let found = try delivery("{\"batch\":[\(row.item),\(good)]}")
    #expect(found.events.map(\.index) == [1])
    #expect(found.rejected.map(\.index) == [0])
    #expect(found.rejected.first?.reason.hasPrefix(row.reason) == true)
  }

  @Test("takes null for what is absent, and numbers for ids")
  func nulls() throws {
    let event = try event(
      """
      {"type":"track","event":"A","userId":42,"anonymousId":null,"messageId":null,"timestamp":null,\
      "properties":null,"context":null,"traits":null,"integrations":null}
      """)
    #expect(event.userID == "42")
    #expect(event.anonymousID == nil && event.messageID == nil && event.occurred == nil)
  }

  @Test("counts messageIds of under 100 characters as good")
  func messageIDs() throws {
    func found(_ count: Int) throws -> Delivery {
      let id = String(repeating: "é", count: count)
      return try delivery("{\"batch\":[{\"type\":\"track\",\"messageId\":\"\(id)\"}]}")
    }
    #expect(try found(99).events.count == 1)
    #expect(try found(100).rejected.count == 1)
  }

  @Test("takes events of 32 KB, batches of 500 KB, and no larger ones")
  func sizes() throws {
    func item(_ count: Int, channel: String = "web") -> String {
      let filling = String(repeating: "x", count: count)
      return "{\"type\":\"track\",\"event\":\"A\",\"channel\":\"\(channel)\",\"a\":\"\(filling)\"}"
    }
    #expect(try delivery("{\"batch\":[\(item(32_600))]}").events.count == 1)
    let large = try delivery("{\"batch\":[\(item(33_000)),\(item(1))]}")
    #expect(large.events.map(\.index) == [1])
    #expect(large.rejected.first?.reason == "is larger than 32768 bytes")
    // RudderStack's clients have other limits.
    #expect(try delivery("{\"batch\":[\(item(33_000, channel: "server"))]}").rejected.isEmpty)
    func batch(_ channel: String) -> String {
      let items = (0..<20).map { _ in item(30_000, channel: channel) }
      return "{\"batch\":[\(items.joined(separator: ","))]}"
    }
    #expect(throws: Refusal.tooLarge(bytes: 512_000)) { try delivery(batch("web")) }
    #expect(try delivery(batch("server")).events.count == 20)
  }

  @Test("keeps thousands of bad events of one request, and refuses a context that all would carry")
  func manyFaults() async throws {
    let items = [String](repeating: "{\"type\":\"none\"}", count: 2_500).joined(separator: ",")
    func body(_ context: Int) -> String {
      let filling = String(repeating: "x", count: context)
      return "{\"batch\":[\(items)],\"context\":{\"a\":\"\(filling)\"}}"
    }
    let (reply, batch) = await TestDoor().receive(DialectFixture.segmentRequest(body(10)))
    #expect(reply.status == 200)
    #expect(batch.rejected.count == 2_500)
    #expect(
      batch.rejected.last?.request.body
        == "{\"batch\":[{\"type\":\"none\"}],\"context\":{\"a\":\"xxxxxxxxxx\"}}")
    let (refused, kept) = await TestDoor().receive(DialectFixture.segmentRequest(body(33_000)))
    #expect(refused.status == 400)
    #expect(kept.count == 1)
  }

  @Test("rejects an event of 100,000 properties and reads its neighbour")
  func properties() async throws {
    let many = (0..<3_000).map { "\"p\($0)\":1" }.joined(separator: ",")
    let nested = (0..<100_000).map { _ in "1" }.joined(separator: ",")
    let good = "{\"type\":\"track\",\"event\":\"A\",\"userId\":\"u\"}"
    for (properties, channel) in [("{\(many)}", "web"), ("{\"a\":[\(nested)]}", "server")] {
      let bad = """
        {"type":"track","event":"A","userId":"u","channel":"\(channel)","properties":\(properties)}
        """
      let (reply, batch) = await TestDoor().receive(
        DialectFixture.segmentRequest("{\"batch\":[\(bad),\(good)]}"))
      #expect(reply.status == 200)
      #expect(batch.touchpoints.count == 1)
      #expect(batch.rejected.map(\.reason) == ["has more than 256 properties; send fewer"])
    }
  }

  @Test("lets an item's own context have the last word over the outer one")
  func contexts() throws {
    let event = try event(
      """
      {"type":"track","event":"A","context":{"page":{"url":"https://b.example/"},"locale":"de-DE"}}
      """,
      context: """
        {"page":{"url":"https://a.example/","title":"A","referrer":""},"locale":"nl-NL",\
        "ip":"203.0.113.7","timezone":"Europe/Amsterdam","userAgent":"Mozilla/5.0",\
        "campaign":{"name":"spring","source":"news"},"os":{"name":"iOS"},\
        "device":{"type":"ios","model":"iPad8,1"},"library":{"name":"analytics-ios"}}
        """)
    #expect(
      event.page == ClientPage(url: "https://b.example/", path: nil, title: "A", referrer: ""))
    #expect(event.device.language == "de-DE")
    #expect(event.device.address == "203.0.113.7")
    #expect(event.device.timeZone == "Europe/Amsterdam")
    #expect(event.device.userAgent == "Mozilla/5.0")
    #expect(event.device.system == "iOS")
    #expect(event.device.kind == "tablet")
    #expect(event.campaign == CampaignTags(source: "news", name: "spring"))
    #expect(event.channel == Channel("App"))
  }

  static let channels: [(members: String, channel: Channel?, why: String)] = [
    ("\"channel\":\"mobile\"", Channel("App"), "said by the client"),
    ("\"channel\":\"web\"", .website, "said by the client"),
    ("\"channel\":\"server\"", nil, "a server speaks for any channel"),
    ("\"context\":{\"library\":{\"name\":\"analytics.js\"}}", .website, "a browser's library"),
    (
      "\"context\":{\"library\":{\"name\":\"RudderLabs JavaScript SDK\"}}", .website,
      "a browser's library"
    ),
    (
      "\"context\":{\"library\":{\"name\":\"analytics-kotlin\"}}", Channel("App"),
      "an app's library"
    ),
    ("\"context\":{\"library\":{\"name\":\"analytics-python\"}}", nil, "a server's library"),
    ("\"context\":{\"device\":{\"type\":\"Android\"}}", Channel("App"), "a phone"),
  ]

  @Test("knows the channel by what the client says of itself", arguments: channels)
  func channel(_ row: (members: String, channel: Channel?, why: String)) throws {
    let event = try event("{\"type\":\"track\",\"event\":\"A\",\(row.members)}")
    #expect(event.channel == row.channel, "\(row.why)")
  }

  @Test("names pages and screens, and takes their own names for what was seen")
  func pages() throws {
    let page = try event("{\"type\":\"page\",\"name\":\"Home\",\"properties\":{\"path\":\"/\"}}")
    #expect(page.name == "Page Viewed" && page.content == "Home" && page.page.path == "/")
    #expect(page.channel == .website)
    let screen = try event("{\"type\":\"screen\",\"properties\":{\"name\":\"Basket\"}}")
    #expect(screen.name == "Screen Viewed" && screen.content == "Basket")
    #expect(screen.channel == Channel("App"))
  }

  static let amounts: [(properties: String, amount: ClientAmount?, why: String)] = [
    ("\"revenue\":5,\"total\":6", ClientAmount(number: 5), "revenue goes before total"),
    ("\"revenue\":\"5.5\"", ClientAmount(number: 5.5), "spelled"),
    ("\"total\":6,\"order_id\":\"o\"", ClientAmount(number: 6), "an order's"),
    ("\"total\":6,\"products\":[]", ClientAmount(number: 6), "an order's"),
    ("\"value\":7,\"currency\":\"USD\"", ClientAmount(number: 7, currency: "USD"), "money"),
    ("\"value\":7", nil, "it may be anything"),
    ("\"total\":25", nil, "it may be anything"),
    ("\"value\":\"nan\",\"currency\":\"EUR\"", nil, "no number"),
    ("\"revenue\":null", nil, "nothing"),
  ]

  @Test("finds the amount where it is money", arguments: amounts)
  func amount(_ row: (properties: String, amount: ClientAmount?, why: String)) throws {
    let event = try event(
      "{\"type\":\"track\",\"event\":\"A\",\"properties\":{\(row.properties)}}")
    #expect(event.amount == row.amount, "\(row.why)")
  }

  @Test("flattens products, and names what was bought when it was one thing")
  func products() throws {
    func order(_ products: String) throws -> ClientEvent {
      try event(
        "{\"type\":\"track\",\"event\":\"A\",\"properties\":{\"products\":[\(products)]}}")
    }
    let one = try order("{\"sku\":\"s\",\"name\":\"Shoe\"}")
    #expect(one.properties["products.0.sku"] == .text("s"))
    #expect(one.content == "Shoe")
    #expect(try order("{\"name\":\"Shoe\"},{\"name\":\"Hat\"}").content == nil)
    let product = try event(
      """
      {"type":"track","event":"Product Viewed","properties":{"name":"Hat","product_id":1}}
      """)
    #expect(product.content == "Hat")
    let other = try event("{\"type\":\"track\",\"event\":\"A\",\"properties\":{\"name\":\"Ann\"}}")
    #expect(other.content == nil, "a name may be anybody's")
  }

  @Test("reads who people are, where each of both has it")
  func profiles() throws {
    let segment = try event("{\"type\":\"identify\",\"userId\":\"u\",\"traits\":{\"a\":1}}")
    #expect(segment.act == .identify && segment.traits["a"] == .number(1))
    let rudder = try event(
      "{\"type\":\"identify\",\"userId\":\"u\",\"context\":{\"traits\":{\"a\":{\"b\":1}}}}")
    #expect(rudder.traits["a.b"] == .number(1))
    let group = try event("{\"type\":\"group\",\"groupId\":9,\"traits\":{\"name\":\"Acme\"}}")
    #expect(group.act == .group && group.account == "9")
    #expect(group.accountTraits["name"] == .text("Acme"))
    let alias = try event("{\"type\":\"alias\",\"userId\":\"u\",\"previousId\":\"p\"}")
    #expect(alias.act == .alias && alias.previousID == "p")
  }

  static let speakers: [(members: String, isRudder: Bool, why: String)] = [
    ("\"context\":{\"library\":{\"name\":\"analytics-python\"}}", false, "Segment's for Python"),
    (
      "\"channel\":\"server\",\"context\":{\"library\":{\"name\":\"analytics-python\"}}", true,
      "RudderStack's for Python"
    ),
    ("\"context\":{\"library\":{\"name\":\"@rudderstack/rudder-sdk-node\"}}", true, "by its name"),
    ("\"channel\":\"mobile\"", false, "Segment's for Android says so too"),
  ]

  @Test(
    "tells RudderStack's clients from Segment's: they keep their times and hear ok",
    arguments: speakers)
  func speaker(_ row: (members: String, isRudder: Bool, why: String)) async throws {
    let body = """
      {"batch":[{"type":"track","event":"A","userId":"u","messageId":"m",\
      "timestamp":"2024-06-14T22:00:00+02:00",\(row.members)}],"sentAt":"2024-06-14T23:00:00Z"}
      """
    let (reply, batch) = await TestDoor().receive(DialectFixture.segmentRequest(body))
    #expect(
      String(decoding: reply.body, as: UTF8.self) == (row.isRudder ? "ok" : "{\"success\":true}"))
    let stored = try #require(batch.touchpoints.first)
    let stated = try #require(Timestamp(iso8601: "2024-06-14T20:00:00Z"))
    // Sent three hours after it happened, received at midnight.
    #expect(stored.occurred == (row.isRudder ? stated : testNow.adding(seconds: -3 * 3_600)))
    #expect(stored.utcOffsetMinutes == 120)
    #expect((stored.clientTime ?? stored.occurred) == stated)
  }

  @Test("corrects RudderStack's original timestamp, which its clients set by their own clock")
  func originals() throws {
    let event = try event(
      """
      {"type":"track","event":"A","channel":"server","originalTimestamp":"2024-06-14T20:00:00Z",\
      "sentAt":"2024-06-14T23:00:00Z"}
      """)
    #expect(event.occurred == Timestamp(iso8601: "2024-06-14T20:00:00Z"))
    #expect(event.sent == Timestamp(iso8601: "2024-06-14T23:00:00Z"))
  }

  @Test("takes the key from the body, and short paths for each kind of event")
  func paths() async throws {
    for (path, event) in [("/v1/t", "A"), ("/v1/p", "Page Viewed"), ("/v1/s", "Screen Viewed")] {
      var request = DialectFixture.segmentRequest(
        "{\"event\":\"A\",\"userId\":\"u\",\"writeKey\":\"key\",\"type\":\"identify\"}", path: path,
        contentType: "text/plain")
      request.headers["authorization"] = nil
      let (reply, batch) = await TestDoor().receive(request)
      #expect(reply.status == 200)
      #expect(batch.touchpoints.map(\.event.name) == [event])
    }
    for (path, act) in [("/v1/i", ClientEvent.Act.identify), ("/v1/identify", .identify)] {
      #expect(try delivery("{\"userId\":\"u\"}", path: path).events.first?.act == act)
    }
    #expect(try delivery("{\"groupId\":\"u\"}", path: "/v1/g").events.first?.act == .group)
    #expect(try delivery("{\"previousId\":\"u\"}", path: "/v1/a").events.first?.act == .alias)
  }

  @Test("maps the published names to one vocabulary and keeps the original")
  func vocabulary() async throws {
    let items = ["order placed", "Email Opened", "Own Thing"].map {
      "{\"type\":\"track\",\"event\":\"\($0)\",\"userId\":\"u\"}"
    }
    let (_, batch) = await TestDoor().receive(
      DialectFixture.segmentRequest("{\"batch\":[\(items.joined(separator: ","))]}"))
    #expect(
      batch.touchpoints.map(\.event.name) == ["Order Completed", "Message Opened", "Own Thing"])
    #expect(
      batch.touchpoints.map { $0.properties["originalEvent"] }
        == [.text("order placed"), .text("Email Opened"), nil])
    #expect(batch.touchpoints.map(\.channel) == [.website, .email, .website])
  }

  @Test("reads a pixel's query as a body, and answers with a picture")
  func pixel() async throws {
    let door = TestDoor()
    let request = try #require(DialectFixture.rudderStack.more.first?.request)
    let (reply, batch) = await door.receive(request)
    #expect(reply == .pixel)
    let stored = try #require(batch.touchpoints.first)
    #expect(stored.customer == CustomerKey.anonymous("browser-1"))
    #expect(stored.content == "Hi there")
    #expect(stored.properties["a.b"] == .text("c"))
    #expect(stored.messageID == "m-9")
    var deep = request
    deep.query += "&properties." + String(repeating: "a.", count: 300) + "b=1&context.a.b.c.d.e=1"
    #expect(await door.receive(deep).reply.status == 200)
  }
}
