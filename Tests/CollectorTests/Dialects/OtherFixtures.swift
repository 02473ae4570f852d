import CustomerJourney

@testable import Collector

/// How the clients of Snowplow, Matomo, GA4 and CloudEvents write.
extension DialectFixture {
  static let snowplow = DialectFixture(
    dialect: SnowplowDialect(),
    request: { events, sent in
      CollectorRequest(
        method: "POST", path: "/com.snowplowanalytics.snowplow/tp2",
        headers: ["content-type": "application/json; charset=utf-8"],
        body: Array(
          """
          {"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",\
          "data":[\(events.map { JSON.object(snowplow($0, sent: sent)) }.joined(separator: ","))]}
          """.utf8),
        received: testNow)
    }, eventsPerRequest: Limits.collectedEvents, correctsClock: true, tooLargeStatus: 400)

  static let snowplowPixel = DialectFixture(
    dialect: SnowplowDialect(),
    request: { events, sent in
      CollectorRequest(
        method: "GET", path: "/i", query: JSON.query(snowplow(events[0], sent: sent)),
        received: testNow)
    }, correctsClock: true, isQuery: true, tooLargeStatus: 400)

  private static func snowplow(
    _ event: SampleEvent, sent: Timestamp
  ) -> [(String, String?)] {
    var fields: [(String, String?)] = [
      ("aid", TestDoor.key), ("p", "web"), ("tv", "py-1.1.0"), ("eid", event.messageID),
      ("dtm", "\(event.time.milliseconds)"), ("stm", "\(sent.milliseconds)"),
      ("uid", event.userID), ("duid", event.anonymousID), ("url", event.pageURL),
    ]
    switch event.kind {
    case .pageView: fields.append(("e", "pv"))
    case .productView:
      fields += [
        ("e", "ue"),
        (
          "ue_pr",
          """
          {"schema":"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",\
          "data":{"schema":"iglu:com.snowplowanalytics.snowplow.ecommerce/\
          snowplow_ecommerce_action/jsonschema/1-0-2","data":{"type":"product_view"}}}
          """
        ),
      ]
    case .order:
      fields += [
        ("e", "tr"), ("tr_id", "order-1"), ("tr_tt", "\(event.amount)"),
        ("tr_cu", event.currency),
      ]
    }
    return fields
  }

  static let matomo = DialectFixture(
    dialect: MatomoDialect(),
    request: { events, _ in
      CollectorRequest(
        method: "GET", path: "/matomo.php", query: JSON.query(matomo(events[0])),
        received: testNow)
    }, hasMessageIDs: false, clockMilliseconds: 1_000, isQuery: true)

  static let matomoBulk = DialectFixture(
    dialect: MatomoDialect(),
    request: { events, _ in
      let items = events.map { PropertyValue.text("?" + JSON.query(matomo($0))).json }
      return CollectorRequest(
        method: "POST", path: "/matomo.php",
        body: Array(
          "{\"requests\":[\(items.joined(separator: ","))],\"token_auth\":\"\(TestDoor.key)\"}"
            .utf8),
        received: testNow)
    }, eventsPerRequest: Limits.collectedEvents, hasMessageIDs: false, clockMilliseconds: 1_000)

  private static func matomo(_ event: SampleEvent) -> [(String, String?)] {
    var fields: [(String, String?)] = [
      ("idsite", TestDoor.key), ("rec", "1"), ("apiv", "1"), ("rand", "815"),
      ("cdt", "\(event.time.milliseconds / 1_000)"), ("uid", event.userID),
      ("_id", event.anonymousID), ("url", event.pageURL),
    ]
    switch event.kind {
    case .pageView: fields.append(("action_name", "Shoes"))
    case .productView: fields += [("_pks", "sku-1"), ("_pkn", "Shoe"), ("_pkp", "9.95")]
    case .order:
      fields += [
        ("idgoal", "0"), ("ec_id", "order-1"), ("revenue", "\(event.amount)"),
        ("ec_items", "[[\"sku-1\",\"Shoe\",\"Shoes\",9.95,1]]"),
      ]
    }
    return fields
  }

  static let ga4 = DialectFixture(
    dialect: GA4Dialect(),
    request: { events, _ in
      let items = events.map { event in
        let name: String
        var parameters = "\"page_location\":\(JSON.text(event.pageURL))"
        switch event.kind {
        case .pageView: name = "page_view"
        case .productView:
          name = "view_item"
          parameters += ",\"items\":[{\"item_id\":\"sku-1\",\"price\":9.95}]"
        case .order:
          name = "purchase"
          parameters +=
            ",\"value\":\(event.amount),\"currency\":\"\(event.currency)\""
            + ",\"transaction_id\":\(JSON.text(event.messageID ?? "order-1"))"
        }
        return """
          {"name":"\(name)","timestamp_micros":\(event.time.milliseconds * 1_000),\
          "params":{\(parameters)}}
          """
      }
      let person = events.first
      return CollectorRequest(
        method: "POST", path: "/mp/collect",
        query: "api_secret=\(TestDoor.key)&measurement_id=G-1",
        headers: ["content-type": "application/json"],
        body: Array(
          """
          {"client_id":\(JSON.text(person?.anonymousID)),"user_id":\(JSON.text(person?.userID)),\
          "events":[\(items.joined(separator: ","))]}
          """.utf8),
        received: testNow)
    }, eventsPerRequest: GA4Dialect.eventsPerRequest, hasMessageIDs: false, malformedStatus: 200)

  static let cloudEvents = DialectFixture(
    dialect: CloudEventsDialect(),
    request: { events, _ in
      CollectorRequest(
        method: "POST", path: "/v1/cloudevents",
        headers: [
          "content-type": "application/cloudevents-batch+json",
          "authorization": "Bearer \(TestDoor.key)",
        ], body: Array("[\(events.map(cloudEvent).joined(separator: ","))]".utf8),
        received: testNow)
    }, eventsPerRequest: Limits.collectedEvents)

  private static func cloudEvent(_ event: SampleEvent) -> String {
    var data =
      "\"userId\":\(JSON.text(event.userID)),\"anonymousId\":\(JSON.text(event.anonymousID)),"
      + "\"url\":\(JSON.text(event.pageURL))"
    let type: String
    switch event.kind {
    case .pageView: type = "com.example.page.viewed"
    case .productView: type = "com.example.product.viewed"
    case .order:
      type = "com.example.order.completed.v1"
      data += ",\"revenue\":\(event.amount),\"currency\":\"\(event.currency)\""
    }
    return """
      {"specversion":"1.0","id":\(JSON.text(event.messageID ?? "1")),"source":"/shop",\
      "type":"\(type)","time":"\(event.timeText)","data":{\(data)}}
      """
  }
}

/// Writers for fixtures; nil is null.
private enum JSON {
  static func text(_ text: String?) -> String { text.map { PropertyValue.text($0).json } ?? "null" }

  static func object(_ fields: [(String, String?)]) -> String {
    "{" + fields.map { "\"\($0)\":\(text($1))" }.joined(separator: ",") + "}"
  }

  static func query(_ fields: [(String, String?)]) -> String {
    fields.compactMap { name, value in
      value.map { value in
        let escaped = value.utf8.map { byte in
          let isPlain =
            byte < 128
            && (Character(UnicodeScalar(byte)).isLetter
              || Character(UnicodeScalar(byte)).isNumber)
          let hex = String(byte, radix: 16, uppercase: true)
          return isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + hex
        }
        return "\(name)=\(escaped.joined())"
      }
    }.joined(separator: "&")
  }
}
