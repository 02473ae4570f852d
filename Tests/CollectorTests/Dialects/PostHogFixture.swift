import CustomerJourney

@testable import Collector

extension DialectFixture {
  static let postHog = DialectFixture(
    dialect: PostHogDialect(),
    request: { events, sent in
      postHogRequest(postHogBatch(events.map { postHogItem($0) }, sent: sent))
    },
    eventsPerRequest: Limits.collectedEvents, correctsClock: true, more: examples)

  static func postHogRequest(_ body: String, path: String = "/batch") -> CollectorRequest {
    CollectorRequest(
      method: "POST", path: path,
      headers: ["content-type": "application/json", "user-agent": "posthog-python/7.91.1"],
      body: Array(body.utf8), received: testNow)
  }

  static func postHogBatch(_ items: [String], sent: Timestamp = testNow) -> String {
    """
    {"batch":[\(items.joined(separator: ","))],"sent_at":"\(SampleEvent.text(sent))",\
    "historical_migration":false,"api_key":"\(TestDoor.key)"}
    """
  }

  static func postHogItem(_ event: SampleEvent) -> String {
    func json(_ text: String?) -> String { text.map { PropertyValue.text($0).json } ?? "null" }
    let facts =
      switch event.kind {
      case .pageView: ("$pageview", "")
      case .productView: ("Product Viewed", ",\"product_id\":\"p1\"")
      case .order:
        ("Order Completed", ",\"revenue\":\(event.amount),\"currency\":\"\(event.currency)\"")
      }
    let isKnown = event.userID != nil
    return """
      {"event":"\(facts.0)","distinct_id":\(json(event.userID ?? event.anonymousID)),\
      "uuid":\(json(event.messageID)),"timestamp":"\(event.timeText)",\
      "properties":{"$lib":"posthog-python","$is_identified":\(isKnown),"$ip":"203.0.113.7",\
      "$anon_distinct_id":\(json(isKnown ? event.anonymousID : nil)),\
      "$current_url":"\(event.pageURL)"\(facts.1)}}
      """
  }

  private static var examples: [(what: String, request: CollectorRequest)] {
    let pageview = """
      {"event":"$pageview","uuid":"u-1","offset":1500,"properties":{"token":"key",\
      "distinct_id":"d-1","$device_id":"d-1","$lib":"web","$current_url":"https://s.example/a",\
      "$pathname":"/a","$referrer":"$direct","$os":"Mac OS X","$browser":"Safari",\
      "$device_type":"Desktop","$browser_language":"nl-NL","$timezone":"Europe/Amsterdam",\
      "$timezone_offset":-120,"utm_source":"news","$screen_height":900,"title":"A"}}
      """
    var form = postHogRequest("data=%5B\(escaped(pageview))%5D", path: "/e")
    form.headers["content-type"] = "application/x-www-form-urlencoded"
    var image = form
    image.method = "GET"
    image.body = []
    image.query = "_=1718409600000&data=\(escaped(pageview))"
    var packed = postHogRequest("[\(pageview)]", path: "/i/v0/e")
    packed.body = Gzip.stored(packed.body)
    packed.query = "compression=gzip-js&_=1718409600000"
    packed.headers["content-type"] = "text/plain"
    return [
      ("a form's field", form), ("an image", image), ("packed by JavaScript", packed),
      (
        "all special events",
        postHogRequest(
          postHogBatch([
            """
            {"event":"$identify","distinct_id":"u","uuid":"1","properties":{"$anon_distinct_id":"d",\
            "$set":{"email":"a@example.com"},"$set_once":{"first":1}}}
            """,
            "{\"event\":\"$set\",\"distinct_id\":4,\"uuid\":\"2\",\"$set\":{\"plan\":\"pro\"}}",
            """
            {"event":"$create_alias","distinct_id":"old","uuid":"3",\
            "properties":{"distinct_id":"old","alias":"u"}}
            """,
            """
            {"event":"$groupidentify","distinct_id":"u","uuid":"4","properties":\
            {"$group_type":"company","$group_key":"acme","$group_set":{"size":9}}}
            """,
            """
            {"event":"$autocapture","distinct_id":"u","uuid":"5","properties":{"$lib":"web",\
            "$event_type":"click","$elements":[{"tag_name":"a","$el_text":"More"}]}}
            """,
            """
            {"event":"$screen","distinct_id":"u","uuid":"6","properties":\
            {"$lib":"posthog-ios","$screen_name":"Home","$set":{"seen":true}}}
            """,
          ]))
      ),
      ("a question for flags", postHogRequest("{\"api_key\":\"key\"}", path: "/flags")),
    ]
  }

  private static func escaped(_ text: String) -> String {
    text.utf8.map { byte in
      let isPlain = byte &- 48 < 10 || (byte | 32) &- 97 < 26
      return isPlain
        ? String(decoding: [byte], as: UTF8.self)
        : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }
}
