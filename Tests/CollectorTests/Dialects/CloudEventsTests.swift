import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite("CloudEvents")
struct CloudEventsTests {
  private let dialect = CloudEventsDialect()
  private static let structured = "application/cloudevents+json; charset=utf-8"
  private static let batched = "application/cloudevents-batch+json"
  private static let core =
    "\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/shop\",\"type\":\"nl.shop.own\""

  private func json(_ members: String) -> CollectorRequest {
    post("{\(Self.core)\(members.isEmpty ? "" : ",")\(members)}", Self.structured)
  }

  private func post(_ body: String, _ type: String) -> CollectorRequest {
    request(
      "/v1/cloudevents",
      headers: ["content-type": type, "authorization": "Bearer key"], body)
  }

  private func binary(
    _ body: String = "", _ headers: [String: String] = [:], type: String = "application/json"
  ) -> CollectorRequest {
    var all = [
      "ce-id": "1", "ce-source": "/shop", "ce-type": "nl.shop.own", "ce-specversion": "1.0",
      "content-type": type, "authorization": "Bearer key",
    ]
    all.merge(headers) { $1 }
    return request("/v1/cloudevents", headers: all, body)
  }

  @Test("All three forms say the same")
  func forms() async {
    let data =
      "{\"userId\":\"customer-1\",\"revenue\":7.5,\"currency\":\"EUR\",\"plan\":{\"tier\":2}}"
    let time = "2024-06-14T23:00:00.123456+02:00"
    let members =
      "\"time\":\"\(time)\",\"subject\":\"é x\",\"traceparent\":\"00-1\",\"data\":\(data)"
    let requests = [
      json(members), post("[{\(Self.core),\(members)}]", Self.batched),
      post("{\(Self.core),\(members)}", "text/plain"), post("[{\(Self.core),\(members)}]", ""),
      binary(
        data,
        ["ce-time": time, "ce-subject": "%C3%A9%20x", "ce-traceparent": "\"00-1\""]),
    ]
    let door = TestDoor()
    for request in requests {
      let taken = await door.receive(request)
      #expect(taken.reply.status == 200)
      #expect(
        String(decoding: taken.reply.body, as: UTF8.self) == "{\"accepted\":1,\"rejected\":0}")
      guard let touchpoint = taken.batch.touchpoints.first else {
        Issue.record("nothing was stored")
        continue
      }
      #expect(touchpoint.customer == "customer-1")
      #expect(touchpoint.messageID == "/shop 1")
      #expect(touchpoint.occurred == Timestamp(iso8601: "2024-06-14T21:00:00.123Z"))
      #expect(touchpoint.utcOffsetMinutes == 120)
      #expect(touchpoint.event.name == "own")
      #expect(touchpoint.content == "é x")
      #expect(touchpoint.value == Money(minorUnits: 750, currency: .eur))
      #expect(touchpoint.properties["originalEvent"] == "nl.shop.own")
      #expect(touchpoint.properties["cloudevent.source"] == "/shop")
      #expect(touchpoint.properties["cloudevent.traceparent"] == "00-1")
      #expect(touchpoint.properties["plan.tier"] == .number(2))
    }
  }

  @Test(
    "A kind of event is named without the domain before it and the version behind it",
    arguments: [
      ("nl.shop.product.viewed", "Product Viewed"),
      ("com.example.order.completed.v2", "Order Completed"),
      ("com.example.shop.order_completed.1.0", "shop order_completed"),
      ("com.example.shop.order.completed", "Order Completed"),
      ("com.example.OrderCompleted", "Order Completed"), ("order.completed", "Order Completed"),
      ("Order Completed", "Order Completed"), ("purchase", "Order Completed"),
      ("com.example.purchase", "Order Completed"),
      // A review of something that is no product.
      ("com.example.pull_request.review", "pull_request review"),
      ("Microsoft.Storage.BlobCreated", "Microsoft Storage Blob Created"),
      ("com.example", "com example"), ("...", "..."), ("nl.shop.v1", "v1"),
    ])
  func names(type: String, name: String) {
    #expect(CloudEventType.name(of: type) == name)
  }

  @Test(
    "The customer is the first that is named",
    arguments: [
      ("\"userid\":\"a\",\"data\":{\"userId\":\"b\"}", "a", nil),
      ("\"customerid\":7,\"data\":{}", "7", nil),
      ("\"data\":{\"user_id\":\"b\",\"anonymousId\":\"c\"}", "b", "c"),
      ("\"data\":{\"customerId\":9}", "9", nil),
      ("\"data\":{\"customer\":{\"id\":\"d\"}}", "d", nil),
      ("\"data\":{\"user\":{\"id\":\"e\"},\"email\":\"f@example.org\"}", "e", nil),
      ("\"data\":{\"email\":\"f@example.org\"}", "f@example.org", nil),
      ("\"anonymousid\":\"g\",\"data\":{\"email\":\"f@example.org\"}", nil, "g"),
      ("\"subject\":\"customers/h\"", "h", nil), ("\"subject\":\"i\"", "i", nil),
      ("\"subject\":\"orders/5\",\"data\":{\"userId\":\"b\"}", "b", nil),
      ("\"partitionkey\":\"p\"", nil, nil),
    ] as [(String, String?, String?)])
  func customers(members: String, user: String?, anonymous: String?) throws {
    let event = try dialect.event(of: json(members))
    #expect(event.userID == user)
    #expect(event.anonymousID == anonymous)
    // An address that names the customer is not repeated among the properties.
    if user == "f@example.org" { #expect(event.properties["email"] == nil) }
  }

  @Test("The message id holds source and id, as a digest where both don't fit or aren't clear")
  func messageIDs() throws {
    let event = { (id: String, source: String) in
      try dialect.event(
        of: post(
          "{\"specversion\":\"1.0\",\"id\":\"\(id)\",\"source\":\"\(source)\",\"type\":\"t\"}",
          Self.structured)
      ).messageID
    }
    #expect(try event("1", "/a") == "/a 1")
    #expect(try event("1", "/a") != event("1", "/b"))
    let long = String(repeating: "i", count: 196)
    #expect(try event(long + "i", "/a")?.count == 200)
    #expect(try event(long + "ii", "/a")?.count == 32)
    #expect(try event(long + "ii", "/a") != event(long + "ij", "/a"))
    #expect(try event("b c", "/a") != event("c", "/a b"))
  }

  @Test("Data is read by its type, and packed data unpacked")
  func data() throws {
    let packed = Data("{\"userId\":\"a\",\"x\":1}".utf8).base64EncodedString()
    let event = try dialect.event(of: json("\"data_base64\":\"\(packed)\""))
    #expect(event.userID == "a")
    #expect(event.properties["x"] == .number(1))
    let text = try dialect.event(
      of: json("\"datacontenttype\":\"text/plain\",\"data_base64\":\"aGFsbG8=\""))
    #expect(text.properties["data"] == "hallo")
    let picture = try dialect.event(
      of: json("\"data_base64\":\"aGFsbG8=\",\"datacontenttype\":\"image/png\""))
    #expect(picture.properties["data"] == nil)
    #expect(try dialect.event(of: json("\"data\":\"hallo\"")).properties["data"] == "hallo")
    #expect(try dialect.event(of: json("\"data\":[1,2]")).properties["data.1"] == .number(2))
    let xml = try dialect.event(of: binary("<a/>", type: "application/xml"))
    #expect(xml.properties["data"] == "<a/>")
    let json = try dialect.event(of: binary("{\"x\":2}", type: "application/vnd.own+json"))
    #expect(json.properties["x"] == .number(2))
  }

  @Test("What the data says of page, device and channel is read, and the address forgotten")
  func context() throws {
    let event = try dialect.event(
      of: json(
        """
        "data":{"userId":"a","page":{"url":"https://a.example/x","title":"X","referrer":""},\
        "userAgent":"Browser","ip":"192.0.2.1","channel":"shop","deep":{"ip":"192.0.2.1","b":1}}
        """))
    #expect(event.page == ClientPage(url: "https://a.example/x", title: "X", referrer: ""))
    #expect(event.device.userAgent == "Browser")
    #expect(event.device.address == "192.0.2.1")
    #expect(event.channel == .shop)
    #expect(event.properties["deep.b"] == .number(1))
    #expect(!event.properties.pairs.contains { $0.value == "192.0.2.1" })
  }

  @Test("A plus in a header is a plus, and quotes are taken off")
  func headerTexts() {
    #expect(CloudEventReading.headerText("a+b%20c") == "a+b c")
    #expect(CloudEventReading.headerText("\"a\\\"b\\\\c\"") == "a\"b\\c")
    #expect(CloudEventReading.headerText("%E2%82%AC %zz %") == "€ %zz %")
    #expect(CloudEventReading.headerText("\"") == "\"")
  }

  @Test(
    "An event that cannot be read is rejected with its reason, and the one beside it is kept",
    arguments: [
      ("7", "is no JSON object"),
      ("{\"specversion\":\"1.0\",\"source\":\"s\",\"type\":\"t\"}", "has no id"),
      ("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"\",\"type\":\"t\"}", "has no source"),
      ("{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":null}", "has no type"),
      (
        "{\"specversion\":\"0.3\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\"}",
        "has a specversion other than 1.0"
      ),
      ("{\(Self.core),\"time\":\"soon\"}", "has a time that is no RFC 3339 time"),
      ("{\(Self.core),\"own\":{}}", "has an attribute that is neither text nor number nor flag"),
      ("{\(Self.core),\"data_base64\":\"***\"}", "has data_base64 that is no Base64"),
      ("{\(Self.core),\"data_base64\":7}", "has data_base64 that is no Base64"),
      (
        "{\(Self.core),\"data_base64\":\"ew\"}",
        "has data that is no JSON, though its content type says so"
      ),
      ("{\(Self.core),\"data\":{\"revenue\":{}}}", "has revenue that is no number"),
    ])
  func faults(event: String, reason: String) throws {
    let delivery = try dialect.read(
      post("[\(event),{\(Self.core),\"subject\":\"a\"}]", Self.batched))
    #expect(delivery.rejected.map(\.reason) == [reason])
    #expect(delivery.events.map(\.index) == [1])
  }

  @Test("Another version is refused with 400, as is what is no event")
  func refusals() async {
    let door = TestDoor()
    let requests = [
      json("").replacing("1.0", with: "0.3"), binary("", ["ce-specversion": "2.0"]),
      post("{}", Self.structured), post("7", Self.structured), post("[", Self.batched),
      post("<a/>", "text/html"), post("", "application/cloudevents+avro"),
    ]
    for request in requests {
      let taken = await door.receive(request)
      #expect(taken.reply.status == 400)
      #expect(taken.batch.touchpoints.isEmpty)
    }
    let many = "[" + String(repeating: "7,", count: 10_000) + "7]"
    #expect(await door.receive(post(many, Self.batched)).reply.status == 413)
  }

  @Test("An event of more than the largest size is rejected alone")
  func tooLarge() throws {
    let large = String(repeating: "x", count: Limits.eventBytes)
    let delivery = try dialect.read(
      post(
        "[{\(Self.core),\"data\":\"\(large)\"},{\(Self.core),\"subject\":\"a\"}]", Self.batched))
    #expect(delivery.rejected.map(\.reason) == ["is larger than \(Limits.eventBytes) bytes"])
    #expect(delivery.events.count == 1)
  }

  @Test("The key comes in a header or in the address")
  func keys() async {
    let door = TestDoor()
    for (headers, query) in [
      (["authorization": "Bearer key"], ""), (["authorization": "Basic a2V5Og=="], ""),
      ([:], "writeKey=key"),
    ] {
      let taken = await door.receive(
        request(
          "/v1/cloudevents", query: query, headers: headers, "{\(Self.core),\"subject\":\"a\"}"))
      #expect(taken.reply.status == 200)
    }
  }

  @Test("A single event reads back as it was, without address and key")
  func singles() throws {
    let data = "{\"userId\":\"a\",\"ip\":\"192.0.2.1\",\"x\":[1,{\"y\":\"z\"}]}"
    try dialect.expectSinglesReadBack(json("\"data\":\(data)"))
    try dialect.expectSinglesReadBack(binary(data, ["ce-subject": "s", "ce-own": "%41"]))
    try dialect.expectSinglesReadBack(binary("<a/>", type: "text/xml"))
    try dialect.expectSinglesReadBack(
      post("[{\(Self.core),\"data\":\(data)},7,{\(Self.core),\"subject\":\"b\"}]", Self.batched))
  }
}

extension CollectorRequest {
  fileprivate func replacing(_ text: String, with other: String) -> CollectorRequest {
    var request = self
    request.body = Array(
      String(decoding: body, as: UTF8.self).replacing(text, with: other).utf8)
    return request
  }
}
