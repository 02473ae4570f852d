import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite("Snowplow's tracker protocol")
struct SnowplowTests {
  private let dialect = SnowplowDialect()
  private static let path = "/com.snowplowanalytics.snowplow/tp2"

  /// One event with these fields besides the usual ones.
  private func batch(_ fields: String...) -> CollectorRequest {
    let items = fields.map { "{\"aid\":\"key\",\"duid\":\"browser-1\",\($0)}" }
    return request(
      Self.path,
      """
      {"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",\
      "data":[\(items.joined(separator: ","))]}
      """)
  }

  /// A self-describing JSON text as a JSON text in JSON.
  private static func described(_ schema: String, _ data: String) -> String {
    PropertyValue.text(
      """
      {"schema":"iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0",\
      "data":{"schema":"iglu:\(schema)/jsonschema/1-0-0","data":\(data)}}
      """
    ).json
  }

  private static func entities(_ entities: (schema: String, data: String)...) -> String {
    let list = entities.map {
      "{\"schema\":\"iglu:\($0.schema)/jsonschema/1-0-0\",\"data\":\($0.data)}"
    }
    return PropertyValue.text(
      "{\"schema\":\"iglu:contexts\",\"data\":[\(list.joined(separator: ","))]}"
    ).json
  }

  @Test("A page view has its page, person, device and message id")
  func pageView() throws {
    let event = try dialect.event(
      of: batch(
        """
        "e":"pv","eid":"e-1","p":"web","url":"https://shop.example/a?b=1","page":"Shoes",\
        "refr":"https://search.example/","uid":"customer-1","ua":"Browser","lang":"nl-NL",\
        "tz":"Europe/Amsterdam","res":"1920x1080","ip":"192.0.2.1","sid":"s-1","vid":"3"
        """))
    #expect(event.name == "Page Viewed")
    #expect(event.messageID == "e-1")
    #expect(event.userID == "customer-1")
    #expect(event.anonymousID == "browser-1")
    #expect(event.channel == .website)
    #expect(event.page.url == "https://shop.example/a?b=1")
    #expect(event.page.title == "Shoes")
    #expect(event.page.referrer == "https://search.example/")
    #expect(event.device.userAgent == "Browser")
    #expect(event.device.language == "nl-NL")
    #expect(event.device.timeZone == "Europe/Amsterdam")
    #expect(event.device.address == "192.0.2.1")
    #expect(event.properties["screen"] == "1920x1080")
    #expect(event.properties["session.id"] == "s-1")
    #expect(event.properties["session.number"] == .number(3))
    #expect(!event.properties.pairs.contains { $0.value == "192.0.2.1" })
  }

  @Test(
    "The id of the browser comes before those of the network",
    arguments: [
      ("\"nuid\":\"n\",\"tnuid\":\"t\"", "browser-1"),
      ("\"duid\":null,\"nuid\":\"n\",\"tnuid\":\"t\"", "browser-1"),
    ])
  func identity(fields: String, wanted: String) throws {
    #expect(try dialect.event(of: batch("\"e\":\"pv\",\(fields)")).anonymousID == wanted)
  }

  @Test("Without a browser's id the network's stands for the person, the tracker's before others")
  func networkIdentity() throws {
    let pixel = { query in
      request("/i", method: "GET", query: "e=pv&aid=key&\(query)")
    }
    #expect(try dialect.event(of: pixel("nuid=n&tnuid=t")).anonymousID == "t")
    #expect(try dialect.event(of: pixel("tnuid=t&nuid=n")).anonymousID == "t")
    #expect(try dialect.event(of: pixel("nuid=n")).anonymousID == "n")
  }

  @Test("The device's clock is corrected by when it sent, and a true time is not")
  func clock() async {
    let said = testNow.adding(seconds: -7_200).milliseconds
    let door = TestDoor()
    let skewed = await door.receive(
      batch("\"e\":\"pv\",\"eid\":\"a\",\"dtm\":\"\(said)\",\"stm\":\"\(said + 5_000)\""))
    #expect(skewed.batch.touchpoints.map(\.occurred) == [testNow.adding(seconds: -5)])
    #expect(skewed.batch.touchpoints.map(\.clientTime) == [Timestamp(milliseconds: said)])

    let exact = await door.receive(
      batch(
        "\"e\":\"pv\",\"eid\":\"b\",\"dtm\":\"\(testNow.milliseconds)\",\"stm\":\"\(said)\","
          + "\"ttm\":\"\(said)\""))
    #expect(exact.batch.touchpoints.map(\.occurred) == [Timestamp(milliseconds: said)])
  }

  @Test("A sending time that was cut to whole seconds counts as the moment of the event")
  func wholeSeconds() async {
    let said = testNow.adding(seconds: -3_600).milliseconds + 890
    let door = TestDoor()
    let taken = await door.receive(
      batch("\"e\":\"pv\",\"eid\":\"a\",\"dtm\":\"\(said)\",\"stm\":\"\(said - 890)\""))
    #expect(taken.batch.touchpoints.map(\.occurred) == [testNow])
  }

  @Test("A structured event is named by its action")
  func structured() throws {
    let event = try dialect.event(
      of: batch(
        """
        "e":"se","se_ca":"video","se_ac":"play","se_la":"Intro","se_pr":"hd","se_va":"2.5"
        """))
    #expect(event.name == "play")
    #expect(event.content == "Intro")
    #expect(event.properties["category"] == "video")
    #expect(event.properties["property"] == "hd")
    #expect(event.properties["value"] == .number(2.5))
  }

  @Test("A page ping tells how far the page was read")
  func pagePing() throws {
    let event = try dialect.event(of: batch("\"e\":\"pp\",\"pp_miy\":\"0\",\"pp_may\":\"900\""))
    #expect(event.name == "Page Read")
    #expect(event.properties["scroll.maxY"] == .number(900))
  }

  @Test("A self-describing event is named by its schema, plain and packed, padded or not")
  func selfDescribing() throws {
    let text = """
      {"schema":"iglu:x","data":{"schema":"iglu:com.acme/invite_sent/jsonschema/1-0-0",\
      "data":{"to":{"kind":"friend?>"},"count":2}}}
      """
    let padded = Data(text.utf8).base64EncodedString()
    let urlSafe = padded.replacing("+", with: "-").replacing("/", with: "_")
      .replacing("=", with: "")
    let fields = [
      "\"ue_pr\":\(PropertyValue.text(text).json)", "\"ue_px\":\"\(padded)\"",
      "\"ue_px\":\"\(urlSafe)\"",
    ]
    for field in fields {
      let event = try dialect.event(of: batch("\"e\":\"ue\",\(field)"))
      #expect(event.name == "invite_sent")
      #expect(event.properties["to.kind"] == "friend?>")
      #expect(event.properties["count"] == .number(2))
    }
  }

  @Test(
    "Schemas of Snowplow's own trackers become names of the vocabulary",
    arguments: [
      ("link_click", "{\"targetUrl\":\"https://b.example/\"}", "Link Clicked"),
      ("submit_form", "{\"formId\":\"newsletter\"}", "Form Submitted"),
      ("site_search", "{\"terms\":[\"red\",\"shoes\"]}", "Products Searched"),
      ("screen_view", "{\"name\":\"Home\"}", "Screen Viewed"),
      ("ad_impression", "{\"impressionId\":\"1\"}", "ad_impression"),
    ])
  func knownSchemas(schema: String, data: String, name: String) throws {
    let described = Self.described("com.snowplowanalytics.snowplow/\(schema)", data)
    let event = try dialect.event(of: batch("\"e\":\"ue\",\"ue_pr\":\(described)"))
    #expect(EventName(event.name).name == name)
  }

  @Test(
    "E-commerce actions become names of the vocabulary",
    arguments: [
      ("add_to_cart", "Product Added"), ("remove_from_cart", "Product Removed"),
      ("product_view", "Product Viewed"), ("list_view", "Product List Viewed"),
      ("list_click", "Product Clicked"), ("promo_view", "Promotion Viewed"),
      ("promo_click", "Promotion Clicked"), ("checkout_step", "Checkout Step Completed"),
      ("transaction", "Order Completed"), ("refund", "Order Refunded"),
      ("trns_error", "Payment Failed"),
    ])
  func ecommerceActions(type: String, name: String) throws {
    let described = Self.described(
      "com.snowplowanalytics.snowplow.ecommerce/snowplow_ecommerce_action",
      "{\"type\":\"\(type)\"}")
    let event = try dialect.event(of: batch("\"e\":\"ue\",\"ue_pr\":\(described)"))
    #expect(event.name == name)
    #expect(event.properties["originalEvent"] == .text(type))
    #expect(EventName.vocabulary.names.contains(name))
  }

  @Test("E-commerce entities give products, amount and order")
  func ecommerceEntities() throws {
    let vendor = "com.snowplowanalytics.snowplow.ecommerce"
    let described = Self.described(
      "\(vendor)/snowplow_ecommerce_action", "{\"type\":\"transaction\"}")
    let entities = Self.entities(
      ("\(vendor)/product", "{\"id\":\"sku-1\",\"name\":\"Shoe\",\"price\":20}"),
      ("\(vendor)/product", "{\"id\":\"sku-2\",\"price\":9.95}"),
      (
        "\(vendor)/transaction",
        "{\"transaction_id\":\"T1\",\"revenue\":29.95,\"currency\":\"USD\",\"total_quantity\":2}"
      ))
    let event = try dialect.event(
      of: batch("\"e\":\"ue\",\"ue_pr\":\(described),\"co\":\(entities)"))
    #expect(event.amount == ClientAmount(number: 29.95, currency: "USD"))
    #expect(event.properties["order_id"] == "T1")
    #expect(event.properties["products.0.name"] == "Shoe")
    #expect(event.properties["products.1.price"] == .number(9.95))
    #expect(event.content == "Shoe")
  }

  @Test("Other entities stand under their name, and a session's person is known by them")
  func otherEntities() throws {
    let entities = Self.entities(
      (
        "com.snowplowanalytics.snowplow/client_session",
        "{\"userId\":\"device-1\",\"sessionId\":\"s-9\",\"sessionIndex\":4}"
      ), ("com.acme/weather", "{\"sky\":\"grey\"}"), ("com.acme/weather", "{\"sky\":\"blue\"}"))
    let event = try dialect.event(
      of: request(
        Self.path, "{\"data\":[{\"e\":\"pv\",\"p\":\"mob\",\"aid\":\"key\",\"co\":\(entities)}]}"))
    #expect(event.anonymousID == "device-1")
    #expect(event.channel == Channel("App"))
    #expect(event.properties["session.id"] == "s-9")
    #expect(event.properties["session.number"] == .number(4))
    #expect(event.properties["contexts.weather.sky"] == "grey")
    #expect(event.properties["contexts.weather.1.sky"] == "blue")
  }

  @Test("An order takes the items that came with it, and an item alone is an event of its own")
  func orders() throws {
    let delivery = try dialect.read(
      batch(
        """
        "e":"tr","eid":"o","tr_id":"T1","tr_tt":"30.5","tr_cu":"EUR","tr_tx":"5"
        """, "\"e\":\"ti\",\"ti_id\":\"T1\",\"ti_sk\":\"a\",\"ti_pr\":\"10\",\"ti_qu\":\"2\"",
        "\"e\":\"ti\",\"ti_id\":\"T1\",\"ti_sk\":\"b\",\"ti_nm\":\"Sock\"",
        "\"e\":\"ti\",\"ti_id\":\"T2\",\"ti_sk\":\"c\",\"ti_nm\":\"Hat\""))
    #expect(delivery.events.map(\.name) == ["Order Completed", "Order Item"])
    let order = try #require(delivery.events.first)
    #expect(order.amount == ClientAmount(number: 30.5, currency: "EUR"))
    #expect(order.properties["order_id"] == "T1")
    #expect(order.properties["tax"] == .number(5))
    #expect(order.properties["products.0.sku"] == "a")
    #expect(order.properties["products.0.quantity"] == .number(2))
    #expect(order.properties["products.1.name"] == "Sock")
    #expect(delivery.events.last?.content == "Hat")
    #expect(delivery.events.last?.amount == nil)
  }

  @Test("The currency counts wherever it stands")
  func currencyOrder() throws {
    for fields in ["\"tr_tt\":\"3\",\"tr_cu\":\"USD\"", "\"tr_cu\":\"USD\",\"tr_tt\":\"3\""] {
      let event = try dialect.event(of: batch("\"e\":\"tr\",\"tr_id\":\"1\",\(fields)"))
      #expect(event.amount == ClientAmount(number: 3, currency: "USD"))
    }
  }

  @Test(
    "An event that cannot be read is rejected with its reason, and the one beside it is kept",
    arguments: [
      ("\"e\":\"zz\"", "has an e that is none of pv, pp, se, ue, tr and ti"),
      ("\"eid\":\"a\"", "has no e, the kind of event"),
      ("\"e\":{\"a\":1}", "has e that is no text"),
      ("\"e\":\"pv\",\"uid\":[1]", "has uid that is no text"),
      ("\"e\":\"pv\",\"url\":true", "has url that is no text"),
      ("\"e\":\"pv\",\"dtm\":\"soon\"", "has dtm that is no time in milliseconds"),
      ("\"e\":\"se\",\"se_ca\":\"x\"", "has no se_ac, the structured event's action"),
      ("\"e\":\"se\",\"se_ac\":\"x\",\"se_va\":\"nan\"", "has se_va that is no number"),
      ("\"e\":\"ue\"", "has neither ue_pr nor ue_px"),
      ("\"e\":\"ue\",\"ue_px\":\"***\"", "has ue_px that is no Base64"),
      ("\"e\":\"ue\",\"ue_pr\":\"{\"", "has ue_pr that is no JSON"),
      (
        "\"e\":\"ue\",\"ue_pr\":\"[]\"",
        "has ue_pr without a schema of the form iglu:vendor/name/format/version"
      ),
      ("\"e\":\"pv\",\"co\":\"{}\"", "has co without an array named data"),
      (
        "\"e\":\"pv\",\"co\":\"{\\\"data\\\":[7]}\"",
        "has co with an entity without schema or data"
      ),
    ])
  func faults(fields: String, reason: String) throws {
    let delivery = try dialect.read(batch(fields, "\"e\":\"pv\""))
    #expect(delivery.rejected.map(\.reason) == [reason])
    #expect(delivery.rejected.map(\.index) == [0])
    #expect(delivery.events.map(\.index) == [1])
  }

  @Test("What is no list of events is refused with 400, as is what is too large")
  func refusals() async {
    let door = TestDoor()
    for body in ["", "[]", "{}", "{\"data\":{}}", "nonsense"] {
      #expect(await door.receive(request(Self.path, body)).reply.status == 400)
    }
    let large = request(Self.path, "\"" + String(repeating: "x", count: 1_000_000) + "\"")
    let reply = await door.receive(large).reply
    #expect(reply.status == 400)
    #expect(String(decoding: reply.body, as: UTF8.self).contains("\"code\":\"too_large\""))
    let many = "{\"data\":[" + String(repeating: "7,", count: 10_000) + "7]}"
    #expect(await door.receive(request(Self.path, many)).reply.status == 400)
  }

  @Test("A batch is answered with ok, a picture's address with the picture")
  func replies() async {
    let door = TestDoor()
    let batch = await door.receive(batch("\"e\":\"pv\",\"eid\":\"1\""))
    #expect(batch.reply.status == 200)
    #expect(batch.reply.body == Array("ok".utf8))
    #expect(batch.batch.touchpoints.count == 1)
    let pixel = await door.receive(
      request("/i", method: "GET", query: "e=pv&aid=key&duid=b&url=https%3A%2F%2Fa.example%2Fx%20y")
    )
    #expect(pixel.reply == .pixel)
    #expect(pixel.batch.touchpoints.map(\.content) == ["/x y"])
  }

  @Test("The app's id is the key")
  func key() async {
    let door = TestDoor()
    let strange = request(Self.path, "{\"data\":[{\"e\":\"pv\",\"aid\":\"other\",\"duid\":\"b\"}]}")
    #expect(await door.receive(strange).reply.status == 401)
  }

  @Test("A single event reads back as it was, without the address")
  func singles() throws {
    try dialect.expectSinglesReadBack(
      batch(
        "\"e\":\"pv\",\"ip\":\"192.0.2.1\",\"own\":{\"deep\":[1,\"a\"]}",
        "\"e\":\"tr\",\"tr_id\":\"T1\",\"tr_tt\":\"3\"",
        "\"e\":\"ti\",\"ti_id\":\"T1\",\"ti_sk\":\"a\"",
        "\"e\":\"ti\",\"ti_id\":\"T2\",\"ti_sk\":\"b\"", "\"e\":\"zz\""))
    try dialect.expectSinglesReadBack(
      request("/i", method: "GET", query: "e=pv&ip=192.0.2.1&aid=key&duid=b&own=%C3%A9+x"))
  }
}
