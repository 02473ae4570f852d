import CustomerJourney
import Testing

@testable import Collector

@Suite("PostHog")
struct PostHogTests {
  private func event(_ item: String) throws -> ClientEvent {
    let delivery = try PostHogDialect().read(
      DialectFixture.postHogRequest("{\"api_key\":\"key\",\"batch\":[\(item)]}"))
    #expect(delivery.rejected.map(\.reason) == [])
    return try #require(delivery.events.first)
  }

  static let people: [(properties: String, user: String?, anonymous: String?, why: String)] = [
    ("", "d", nil, "a server sends the ids of customers"),
    ("\"$device_id\":\"d\"", nil, "d", "a browser's own id, before anybody said who it is"),
    ("\"$device_id\":\"e\"", "d", "e", "another id than the browser's own"),
    ("\"$is_identified\":false", nil, "d", "it says so"),
    ("\"$is_identified\":true,\"$device_id\":\"d\"", "d", nil, "it says so"),
    ("\"$process_person_profile\":false", nil, "d", "an event that shall have no person"),
    ("\"$user_id\":\"u\",\"$device_id\":\"d\"", "u", "d", "it names the user besides"),
    ("\"$anon_distinct_id\":\"a\"", "d", "a", "both ids"),
  ]

  @Test("knows whether its one id is a customer's or a browser's", arguments: people)
  func identity(
    _ row: (properties: String, user: String?, anonymous: String?, why: String)
  ) throws {
    let event = try event(
      "{\"event\":\"A\",\"distinct_id\":\"d\",\"properties\":{\(row.properties)}}")
    #expect(event.userID == row.user, "\(row.why)")
    #expect(event.anonymousID == row.anonymous, "\(row.why)")
  }

  @Test("reads its special events")
  func special() async throws {
    let request = try #require(
      DialectFixture.postHog.more.first { $0.what == "all special events" }?.request)
    let (reply, batch) = await TestDoor().receive(request)
    #expect(String(decoding: reply.body, as: UTF8.self) == "{\"status\":1}")
    #expect(batch.rejected.isEmpty)
    #expect(batch.touchpoints.map(\.event.name) == ["Link Clicked", "Screen Viewed"])
    #expect(batch.touchpoints.map(\.content) == ["More", "Home"])
    #expect(batch.touchpoints.map(\.channel) == [.website, Channel("App")])
    #expect(
      batch.touchpoints.map { $0.properties["originalEvent"] }
        == [.text("$autocapture"), .text("$screen")])
    // And what an event says of the person in passing.
    let profiles = batch.profiles
    #expect(profiles.map(\.customer) == ["u", "4", "u", "u", "u"])
    #expect(profiles[0].traits == ["email": .text("a@example.com"), "first": .number(1)])
    #expect(profiles[0].alsoKnownAs == [CustomerKey.anonymous("d")])
    #expect(profiles[1].traits == ["plan": .text("pro")])
    #expect(profiles[2].alsoKnownAs.contains("old"))
    #expect(profiles[3].account == "acme" && profiles[3].accountTraits == ["size": .number(9)])
    #expect(profiles[4].traits == ["seen": .flag(true)])
  }

  @Test(
    "reads what its browser library knows, however it is packed",
    arguments: ["a form's field", "an image", "packed by JavaScript"])
  func browser(_ what: String) async throws {
    let request = try #require(DialectFixture.postHog.more.first { $0.what == what }?.request)
    var unpacked = request
    unpacked.body = try Unpacking.unpacked(request.body, encoding: nil, limit: 1_000_000)
    let event = try #require(try PostHogDialect().read(unpacked).events.first)
    #expect(event.anonymousID == "d-1" && event.userID == nil)
    #expect(
      event.page == ClientPage(url: "https://s.example/a", path: "/a", title: "A", referrer: ""))
    #expect(event.campaign.source == "news")
    #expect(event.device.system == "Mac OS X" && event.device.browser == "Safari")
    #expect(event.device.kind == "desktop" && event.device.language == "nl-NL")
    #expect(event.device.timeZone == "Europe/Amsterdam" && event.utcOffsetMinutes == 120)
    #expect(event.channel == .website)
    #expect(event.properties["$screen_height"] == .number(900))
    #expect(event.properties["$current_url"] == nil && event.properties["token"] == nil)
    let (reply, batch) = await TestDoor().receive(request)
    #expect(reply.status == 200)
    // It says how long ago it was: a second and a half.
    let stored = try #require(batch.touchpoints.first)
    #expect(stored.occurred == Timestamp(milliseconds: testNow.milliseconds - 1_500))
  }

  @Test("recognises a retry that says another age of the same event")
  func offsets() async throws {
    var keys: Set<String> = []
    for (offset, received) in [(1_500, testNow), (9_500, testNow.adding(seconds: 8))] {
      var request = DialectFixture.postHogRequest(
        """
        {"api_key":"key","event":"A","distinct_id":"d","uuid":"u","offset":\(offset)}
        """, path: "/capture")
      request.received = received
      let stored = try #require(await TestDoor().receive(request).batch.touchpoints.first)
      #expect(stored.occurred.milliseconds == testNow.milliseconds - 1_500)
      keys.insert("\((stored.clientTime ?? stored.occurred).milliseconds) \(stored.messageID)")
    }
    #expect(keys.count == 1)
  }

  @Test("keeps the times of a migration as they are")
  func migration() throws {
    let delivery = try PostHogDialect().read(
      DialectFixture.postHogRequest(
        """
        {"batch":[{"event":"A","distinct_id":"d","timestamp":"2020-01-01T00:00:00Z"}],\
        "historical_migration":true,"sent_at":"2020-01-02T00:00:00Z"}
        """))
    #expect(delivery.events.first?.sent == nil)
    #expect(delivery.events.first?.occurred == Timestamp(iso8601: "2020-01-01T00:00:00Z"))
  }

  @Test("answers a question for flags without a key, with none", arguments: ["/flags", "/decide"])
  func flags(_ path: String) async throws {
    let (reply, batch) = await TestDoor(key: "another").receive(
      DialectFixture.postHogRequest("nonsense", path: path))
    #expect(reply.status == 200)
    #expect(batch.isEmpty)
    try JSONDocument.read(reply.body) { root in
      #expect(root["flags"]?.kind == .object && root["flags"]?.count == 0)
      #expect(root["errorsWhileComputingFlags"]?.flag == false)
    }
  }

  static let refused: [(item: String, reason: String)] = [
    ("[]", "is no object"),
    ("{\"distinct_id\":\"d\"}", "has no event"),
    ("{\"event\":{},\"distinct_id\":\"d\"}", "has an event that is no text"),
    ("{\"event\":\"A\",\"distinct_id\":[]}", "has a distinct_id that is neither"),
    ("{\"event\":\"A\",\"properties\":7}", "has properties that is no object"),
    ("{\"event\":\"A\",\"timestamp\":\"soon\"}", "has a timestamp that is no ISO 8601 time"),
    ("{\"event\":\"$create_alias\",\"distinct_id\":\"d\"}", "has no alias"),
    ("{\"event\":\"$groupidentify\",\"distinct_id\":\"d\"}", "has no $group_key"),
  ]

  @Test("says what is wrong with an event", arguments: refused)
  func faults(_ row: (item: String, reason: String)) throws {
    let delivery = try PostHogDialect().read(
      DialectFixture.postHogRequest("{\"batch\":[\(row.item)]}"))
    #expect(delivery.events.isEmpty)
    #expect(delivery.rejected.first?.reason.hasPrefix(row.reason) == true)
  }
}
