import CustomerJourney
import Foundation

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
    }, eventsPerRequest: Limits.collectedEvents, correctsClock: true, tooLargeStatus: 400,
    more: snowplowExamples)

  static let snowplowPixel = DialectFixture(
    dialect: SnowplowDialect(),
    request: { events, sent in
      CollectorRequest(
        method: "GET", path: "/i", query: JSON.query(snowplow(events[0], sent: sent)),
        received: testNow)
    }, correctsClock: true, isQuery: true, tooLargeStatus: 400, more: snowplowPixelExamples)

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
    }, hasMessageIDs: false, clockMilliseconds: 1_000, isQuery: true, more: matomoExamples)

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
    }, eventsPerRequest: Limits.collectedEvents, hasMessageIDs: false, clockMilliseconds: 1_000,
    more: matomoBulkExamples)

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
    }, eventsPerRequest: GA4Dialect.eventsPerRequest, keepsSurplus: true, hasMessageIDs: false,
    hasOnePerson: true,
    malformedStatus: 200, more: ga4Examples)

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
    }, eventsPerRequest: Limits.collectedEvents, more: cloudEventsExamples)

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

/// All features of the protocols, as clients send them.
extension DialectFixture {
  typealias Example = (what: String, request: CollectorRequest)

  /// An Iglu text with one entity or several, as a JSON text in JSON.
  private static func iglu(_ data: String) -> String {
    JSON.text("{\"schema\":\"iglu:com.example/outer/jsonschema/1-0-0\",\"data\":\(data)}")
  }

  private static func entity(_ schema: String, _ data: String) -> String {
    "{\"schema\":\"iglu:\(schema)/jsonschema/1-0-0\",\"data\":\(data)}"
  }

  private static var snowplowExamples: [Example] {
    let common = "\"aid\":\"key\",\"duid\":\"browser-1\",\"ip\":\"203.0.113.7\",\"p\":\"mob\""
    let shop = "com.snowplowanalytics.snowplow.ecommerce"
    let action = entity("\(shop)/snowplow_ecommerce_action", "{\"type\":\"transaction\"}")
    let entities = [
      entity("\(shop)/product", "{\"id\":\"sku-1\",\"name\":\"Shoe\",\"price\":20}"),
      entity("\(shop)/transaction", "{\"transaction_id\":1,\"revenue\":20,\"currency\":\"EUR\"}"),
      entity(
        "com.snowplowanalytics.snowplow/client_session", "{\"userId\":\"u\",\"sessionId\":\"s\"}"),
      entity("com.example/own", "{\"a\":{\"b\":[1,true]}}"),
    ]
    let events = [
      "\"e\":\"se\",\"se_ca\":\"c\",\"se_ac\":\"a\",\"se_la\":\"l\",\"se_va\":\"2.5\"",
      "\"e\":\"pp\",\"pp_miy\":\"0\",\"pp_may\":\"900\",\"vid\":\"3\",\"tz\":\"Europe/Amsterdam\"",
      "\"e\":\"ue\",\"ue_pr\":\(iglu(action)),\"co\":\(iglu("[\(entities.joined(separator: ","))]"))",
      "\"e\":\"tr\",\"tr_id\":\"T1\",\"tr_tt\":\"30\",\"tr_cu\":\"EUR\"",
      "\"e\":\"ti\",\"ti_id\":\"T1\",\"ti_sk\":\"a\",\"ti_pr\":\"15\",\"ti_qu\":\"2\"",
      "\"e\":\"ti\",\"ti_id\":\"T2\",\"ti_nm\":\"Hat\"",
      "\"e\":\"pv\",\"dtm\":\"1718409500890\",\"stm\":\"1718409500000\",\"own\":{\"a\":[1]}",
    ]
    let items = events.map { "{\(common),\($0)}" }.joined(separator: ",")
    return [
      (
        "all kinds of events in one batch",
        clientRequest("/com.snowplowanalytics.snowplow/tp2", "{\"data\":[\(items)]}")
      )
    ]
  }

  private static var snowplowPixelExamples: [Example] {
    let text = entity("com.example/own", "{\"a\":1}")
    let packed = Data("{\"schema\":\"iglu:x\",\"data\":\(text)}".utf8).base64EncodedString()
    return [
      (
        "a self-describing event in a picture's address",
        clientRequest(
          "/i", method: "GET",
          query: "e=ue&aid=key&duid=browser-1&ip=203.0.113.7&tr_id=1&lang=nl&ue_px="
            + packed.replacing("=", with: ""))
      )
    ]
  }

  private static let matomoQueries = [
    "e_c=Video&e_a=play&e_n=Intro&e_v=3&h=2&m=0&s=9", "search=boots&search_cat=A&search_count=3",
    "idgoal=0&ec_id=T1&revenue=20&ec_items=%5B%5B%22s%22%2C%22n%22%2C%5B%22c%22%5D%2C1%2C2%5D%5D",
    "idgoal=2&revenue=1.5", "c_n=Banner&c_p=a.png&c_i=click", "_pks=s&_pkn=n&_pkc=%5B%22c%22%5D",
    "url=%2Fa&_cvar=%7B%221%22%3A%5B%22k%22%2C%22v%22%5D%7D&uadata=%7B%22mobile%22%3Atrue%7D",
    "link=https%3A%2F%2Fb.example%2F&cdo=60&dimension1=x", "ping=1&cid=fedcba9876543210",
  ].map { "idsite=key&rec=1&_id=0123456789abcdef&cip=203.0.113.7&rand=7&" + $0 }

  private static var matomoExamples: [Example] {
    matomoQueries.map { ($0, clientRequest("/matomo.php", method: "GET", query: $0)) }
      + [("a form", clientRequest("/piwik.php", matomoQueries[0]))]
  }

  private static var matomoBulkExamples: [Example] {
    let object = """
      {"idsite":"key","rec":1,"_id":"a","cip":"203.0.113.7","idgoal":0,"revenue":5,\
      "ec_items":[["s","n","c",1,2]],"cvar":{"1":["k",2]},"own":{"a":[1]}}
      """
    let items = matomoQueries.map { JSON.text("?" + $0) } + [object]
    return [
      (
        "all kinds of actions",
        clientRequest("/piwik.php", "{\"requests\":[\(items.joined(separator: ","))]}")
      )
    ]
  }

  private static var ga4Examples: [Example] {
    let items = "[{\"item_id\":\"s\",\"item_name\":\"Shoe\",\"price\":20,\"quantity\":1}]"
    let events = [
      "{\"name\":\"campaign_details\",\"params\":{\"campaign\":\"c\",\"source\":\"s\",\"medium\":\"m\"}}",
      "{\"name\":\"view_item\",\"params\":{\"items\":\(items),\"session_id\":17}}",
      """
      {"name":"purchase","params":{"transaction_id":"T1","value":20,"currency":"EUR",\
      "items":\(items)},"timestamp_micros":"1718409500123456"}
      """, "{\"name\":\"search\",\"params\":{\"search_term\":\"boots\",\"page_title\":\"A\"}}",
    ]
    return [
      (
        "events and what is known of the person",
        clientRequest(
          "/mp/collect", query: "api_secret=key&firebase_app_id=1:2:android:3",
          """
          {"app_instance_id":"i","user_id":7,"ip_override":"203.0.113.7","consent":{"a":"GRANTED"},\
          "user_properties":{"tier":{"value":"gold"}},"user_data":{"a":["b"]},"user_agent":"Browser",\
          "device":{"category":"mobile","language":"nl"},"user_location":{"country_id":"NL"},\
          "timestamp_micros":1718409500123456,"events":[\(events.joined(separator: ","))]}
          """)
      ),
      (
        "one event without a list",
        clientRequest(
          "/mp/collect", query: "api_secret=key&measurement_id=G-1",
          "{\"client_id\":\"b\",\"events\":{\"name\":\"share\",\"params\":{\"index\":1}}}")
      ),
    ]
  }

  private static var cloudEventsExamples: [Example] {
    let headers = [
      "authorization": "Bearer key", "content-type": "application/json", "ce-specversion": "1.0",
      "ce-id": "1", "ce-source": "https://shop.example/%C3%A9", "ce-type": "nl.shop.own",
      "ce-time": "2024-06-14T23:00:00+02:00", "ce-subject": "order%200", "ce-own": "\"a\"",
    ]
    let data = """
      {"userId":"u","email":"a@example.org","ip":"203.0.113.7","revenue":"7.50","currency":"EUR",\
      "products":[{"name":"Shoe","ip":"203.0.113.7"}],"page":{"url":"https://a.example/b"}}
      """
    let core = "\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"a.b\""
    return [
      ("attributes in headers", clientRequest("/v1/cloudevents", headers: headers, data)),
      (
        "one event with packed data",
        clientRequest(
          "/v1/cloudevents", query: "writeKey=key",
          headers: ["content-type": "application/cloudevents+json"],
          "{\(core),\"subject\":\"customers/9\",\"data_base64\":\"eyJhIjoxfQ==\",\"ext\":true}")
      ),
    ]
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
