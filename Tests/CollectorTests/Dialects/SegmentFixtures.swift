import CustomerJourney

@testable import Collector

extension DialectFixture {
  static let segment = DialectFixture(
    dialect: SegmentDialect(),
    request: { events, sent in
      segmentRequest(segmentBatch(events.map { segmentItem($0) }, sent: sent))
    },
    eventsPerRequest: 2_500, correctsClock: true, more: segmentExamples)

  static let rudderStack = DialectFixture(
    dialect: RudderStackDialect(),
    request: { events, sent in
      var request = segmentRequest(
        segmentBatch(events.map { segmentItem($0, with: ",\"channel\":\"web\"") }, sent: sent),
        path: "/beacon/v1/batch", contentType: "text/plain;charset=UTF-8")
      request.headers["authorization"] = nil
      request.query = "sentAt=1718409600000&writeKey=\(TestDoor.key)"
      return request
    },
    eventsPerRequest: 2_500, more: rudderExamples)

  static func segmentRequest(
    _ body: String, path: String = "/v1/batch", contentType: String = "application/json",
    received: Timestamp = testNow
  ) -> CollectorRequest {
    CollectorRequest(
      method: "POST", path: path,
      headers: [
        "content-type": contentType, "authorization": "Basic a2V5Og==",
        "user-agent": "analytics-python/2.4.0",
      ], body: Array(body.utf8), received: received)
  }

  static func segmentBatch(_ items: [String], sent: Timestamp = testNow) -> String {
    "{\"batch\":[\(items.joined(separator: ","))],\"sentAt\":\"\(SampleEvent.text(sent))\"}"
  }

  /// One item of a batch, with more members put at its end.
  static func segmentItem(_ event: SampleEvent, with more: String = "") -> String {
    func id(_ text: String?) -> String { text.map { PropertyValue.text($0).json } ?? "null" }
    let kind =
      switch event.kind {
      case .pageView: "\"type\":\"page\",\"name\":null,\"properties\":{}"
      case .productView:
        "\"type\":\"track\",\"event\":\"Product Viewed\",\"properties\":{\"product_id\":\"p1\"}"
      case .order:
        """
        "type":"track","event":"Order Completed","properties":{"order_id":7,\
        "revenue":\(event.amount),"currency":"\(event.currency)","products":[{"sku":"a"},{"sku":"b"}]}
        """
      }
    return """
      {\(kind),"userId":\(id(event.userID)),"anonymousId":\(id(event.anonymousID)),\
      "messageId":\(id(event.messageID)),"timestamp":"\(event.timeText)","integrations":{},\
      "context":{"page":{"url":"\(event.pageURL)"},"ip":"203.0.113.7",\
      "library":{"name":"analytics-python","version":"2.4.0"}}\(more)}
      """
  }

  private static var segmentExamples: [(what: String, request: CollectorRequest)] {
    let context = """
      {"ip":"203.0.113.7","userAgent":"Mozilla/5.0","locale":"nl-NL","timezone":"Europe/Amsterdam",\
      "page":{"url":"https://shop.example/a?b=c","path":"/a","title":"A","referrer":""},\
      "campaign":{"name":"spring","source":"news","medium":"email","term":"t","content":"c"},\
      "library":{"name":"analytics.js","version":"next-1.53.0"},\
      "userAgentData":{"mobile":true,"platform":"Android","brands":[{"brand":"Chromium","version":"1"}]},\
      "os":{"name":"Android","version":"14"},"device":{"type":"android","model":"Pixel"},\
      "location":{"country":"NL"},"traits":{"plan":"pro"},"groupId":"acme","app":{"name":"shop"}}
      """
    return [
      (
        "a browser's short path",
        segmentRequest(
          """
          {"type":"track","event":"Checkout Started","anonymousId":"browser-1","userId":null,\
          "messageId":"ajs-1","timestamp":"2024-06-14T23:59:00.123Z","sentAt":"2024-06-14T23:59:01Z",\
          "writeKey":"key","properties":{"value":20,"currency":"EUR","step":1},"context":\(context)}
          """, path: "/v1/t", contentType: "text/plain")
      ),
      (
        "all kinds in one batch, with an outer context",
        segmentRequest(
          """
          {"context":\(context),"sentAt":"2024-06-15T00:00:00Z","batch":[\
          {"type":"identify","userId":7,"traits":{"email":"a@example.com","address":{"city":"Ede"}}},\
          {"type":"group","userId":"u","groupId":"acme","traits":{"name":"Acme","employees":12}},\
          {"type":"alias","userId":"u","previousId":"old"},\
          {"type":"screen","userId":"u","name":"Basket","properties":{"items":2}},\
          {"type":"page","userId":"u","name":"Home","category":"Shop","properties":{"path":"/"}},\
          {"type":"track","userId":"u","event":"Email Opened","properties":{"email_subject":"Hi"}},\
          {"type":"track","userId":"u","event":"Order Completed","originalTimestamp":1718409500000,\
          "properties":{"total":"12.50","currency":"eur","products":[{"name":"Shoe","sku":1}]}}]}
          """)
      ),
    ]
  }

  private static var rudderExamples: [(what: String, request: CollectorRequest)] {
    var pixel = CollectorRequest(
      method: "GET", path: "/pixel/v1/track",
      query: """
        writeKey=key&anonymousId=browser-1&event=Email+Opened&messageId=m-9&context.ip=203.0.113.7\
        &properties.email_subject=Hi%20there&properties.a.b=c&context.page.url=https%3A%2F%2Fs.example%2Fa
        """, received: testNow)
    pixel.headers = ["user-agent": "Mozilla/5.0"]
    var page = pixel
    page.path = "/pixel/v1/page"
    page.query = "writeKey=key&userId=u&name=Home&context.page.path=/&context.page.title=T&x"
    return [("a pixel of a mail", pixel), ("a pixel of a page", page)]
  }
}
