import CustomerJourney
import Testing

@testable import Collector

@Suite("GA4's Measurement Protocol")
struct GA4Tests {
  private let dialect = GA4Dialect()

  private func post(
    _ body: String, path: String = "/mp/collect",
    query: String = "api_secret=key&measurement_id=G-1"
  ) -> CollectorRequest { clientRequest(path, query: query, body) }

  /// A request with one event.
  private func one(_ name: String, _ parameters: String = "{}") -> CollectorRequest {
    post(
      """
      {"client_id":"browser-1","timestamp_micros":1718400000123456,\
      "events":[{"name":"\(name)","params":\(parameters)}]}
      """)
  }

  @Test("A page view has its page, person, moment and session")
  func pageView() throws {
    let event = try dialect.event(
      of: post(
        """
        {"client_id":"browser-1","user_id":"customer-1","timestamp_micros":"1718400000123456",\
        "user_agent":"Browser","ip_override":"192.0.2.1","consent":{"ad_user_data":"DENIED"},\
        "user_location":{"country_id":"NL"},"device":{"category":"mobile","language":"nl"},\
        "events":[{"name":"page_view","params":{"page_location":"https://shop.example/a",\
        "page_title":"A","page_referrer":"","session_id":17,"engagement_time_msec":100}}]}
        """))
    #expect(event.name == "page_view")
    #expect(event.userID == "customer-1")
    #expect(event.anonymousID == "browser-1")
    #expect(event.occurred == Timestamp(milliseconds: 1_718_400_000_123))
    #expect(event.page == ClientPage(url: "https://shop.example/a", title: "A", referrer: ""))
    #expect(event.properties["url"] == "https://shop.example/a")
    #expect(event.properties["referrer"] == nil)
    #expect(event.device.userAgent == "Browser")
    #expect(event.device.address == "192.0.2.1")
    #expect(event.device.country == "NL")
    #expect(event.device.kind == "mobile")
    #expect(event.device.language == "nl")
    #expect(event.properties["session.id"] == "17")
    #expect(event.properties["engagement_time_msec"] == .number(100))
    #expect(event.properties["consent.ad_user_data"] == "DENIED")
    #expect(event.channel == nil)
  }

  @Test(
    "E-commerce names become names of the vocabulary",
    arguments: [
      ("view_item_list", "Product List Viewed"), ("view_item", "Product Viewed"),
      ("select_item", "Product Clicked"), ("add_to_cart", "Product Added"),
      ("remove_from_cart", "Product Removed"), ("view_cart", "Cart Viewed"),
      ("begin_checkout", "Checkout Started"), ("add_shipping_info", "Checkout Step Completed"),
      ("add_payment_info", "Payment Info Entered"), ("purchase", "Order Completed"),
      ("refund", "Order Refunded"), ("generate_lead", "Lead Generated"),
      ("sign_up", "Signed Up"), ("login", "Signed In"), ("share", "Product Shared"),
      ("search", "Products Searched"), ("user_engagement", "Page Read"),
      ("select_content", "Content Clicked"), ("page_view", "Page Viewed"),
    ])
  func names(original: String, name: String) async {
    let taken = await TestDoor().receive(one(original))
    #expect(taken.batch.touchpoints.map(\.event.name) == [name])
    #expect(taken.batch.touchpoints.first?.properties["originalEvent"] == .text(original))
  }

  @Test("A purchase has its amount and items, and is the same message when it is told again")
  func purchase() async throws {
    let parameters = """
      {"transaction_id":"T1","value":49.95,"currency":"USD","tax":3,\
      "items":[{"item_id":"sku-1","item_name":"Shoe","price":20,"quantity":2}]}
      """
    let door = TestDoor()
    let first = await door.receive(one("purchase", parameters)).batch
    let touchpoint = try #require(first.touchpoints.first)
    #expect(touchpoint.value == Currency("USD").map { Money(minorUnits: 4_995, currency: $0) })
    #expect(touchpoint.properties["items.0.item_name"] == "Shoe")
    #expect(touchpoint.properties["transaction_id"] == "T1")
    let again = await door.receive(
      one("purchase", "{\"transaction_id\":\"T1\",\"value\":49.95}")
    ).batch
    #expect(again.touchpoints.map(\.messageID) == [touchpoint.messageID])
    let other = await door.receive(one("purchase", "{\"transaction_id\":\"T2\"}")).batch
    #expect(other.touchpoints.map(\.messageID) != [touchpoint.messageID])
    let elsewhere = await door.receive(
      post(
        """
        {"client_id":"browser-1","timestamp_micros":1718400000123456,\
        "events":[{"name":"purchase","params":{"transaction_id":"T1"}}]}
        """, query: "api_secret=key&measurement_id=G-2")
    ).batch
    #expect(elsewhere.touchpoints.map(\.messageID) != [touchpoint.messageID])
  }

  @Test(
    "A value is money where a currency stands beside it or the event is about money",
    arguments: [
      ("score", "{\"value\":3}", nil),
      ("score", "{\"value\":3,\"currency\":\"EUR\"}", 3),
      ("purchase", "{\"value\":\"3.5\"}", 3.5),
      ("refund", "{\"value\":3}", 3),
    ] as [(String, String, Double?)])
  func amounts(name: String, parameters: String, amount: Double?) throws {
    let event = try dialect.event(of: one(name, parameters))
    #expect(event.amount?.number == amount)
    #expect((event.properties["value"] == nil) == (amount != nil))
  }

  @Test(
    "What was seen is found in the parameter that says it",
    arguments: [
      ("search", "{\"search_term\":\"boots\"}", "boots"),
      ("view_item", "{\"items\":[{\"item_id\":7,\"item_name\":\"Shoe\"}]}", "Shoe"),
      ("view_item", "{\"items\":[{\"item_id\":7}]}", "7"),
      ("purchase", "{\"items\":[{\"item_id\":7}]}", nil),
      ("view_item_list", "{\"item_list_name\":\"Sale\",\"items\":[{\"item_id\":7}]}", "Sale"),
      ("select_promotion", "{\"promotion_name\":\"Spring\"}", "Spring"),
      ("file_download", "{\"file_name\":\"a.pdf\"}", "a.pdf"),
      ("screen_view", "{\"screen_name\":\"Home\"}", "Home"),
    ] as [(String, String, String?)])
  func contents(name: String, parameters: String, content: String?) throws {
    #expect(try dialect.event(of: one(name, parameters)).content == content)
  }

  @Test("A campaign's parameters are its tags, and elsewhere they are properties")
  func campaign() throws {
    let parameters = "{\"campaign\":\"spring\",\"source\":\"news\",\"medium\":\"email\"}"
    let event = try dialect.event(of: one("campaign_details", parameters))
    #expect(event.campaign == CampaignTags(source: "news", medium: "email", name: "spring"))
    let other = try dialect.event(of: one("own", parameters))
    #expect(other.campaign.isEmpty)
    #expect(other.properties["source"] == "news")
  }

  @Test("User properties say what is known of the person, after the events")
  func userProperties() async {
    let taken = await TestDoor().receive(
      post(
        """
        {"client_id":"b","user_properties":{"tier":{"value":"gold"},"age":7},\
        "events":[{"name":"login"}]}
        """))
    #expect(taken.batch.touchpoints.count == 1)
    #expect(taken.batch.profiles.map(\.traits) == [["tier": .text("gold"), "age": .number(7)]])
    #expect(taken.batch.profiles.map(\.customer) == ["anonymous:b"])
  }

  @Test("An app's events take place in the app")
  func app() throws {
    let event = try dialect.event(
      of: post(
        "{\"app_instance_id\":\"i\",\"events\":[{\"name\":\"login\"}]}",
        query: "api_secret=key&firebase_app_id=1:2:android:3"))
    #expect(event.channel == Channel("App"))
    #expect(event.anonymousID == "i")
  }

  @Test("An event's own time comes before the request's, and one event may stand without its list")
  func times() throws {
    let event = try dialect.event(
      of: post(
        """
        {"client_id":"b","events":{"name":"share","timestamp_micros":1718400000000000},\
        "timestamp_micros":1}
        """))
    #expect(event.name == "share")
    #expect(event.occurred == Timestamp(seconds: 1_718_400_000))
  }

  @Test("All keys open, the secret before the stream's id")
  func keys() {
    #expect(
      dialect.keys(of: post("", query: "measurement_id=G-1&api_secret=s")) == ["s", "G-1"])
    #expect(dialect.keys(of: post("", query: "firebase_app_id=1:2")) == ["1:2"])
  }

  @Test(
    "An event that cannot be read is rejected with its reason, and the one beside it is kept",
    arguments: [
      ("7", "is no JSON object"), ("{}", "has no name"),
      ("{\"name\":\"\"}", "has a name that is no text"),
      ("{\"name\":7}", "has a name that is no text"),
      (
        "{\"name\":\"\(String(repeating: "n", count: 41))\"}",
        "has a name of more than 40 characters"
      ),
      ("{\"name\":\"a\",\"params\":[]}", "has params that is no object"),
      ("{\"name\":\"a\",\"params\":{\"value\":\"much\"}}", "has value that is no number"),
      ("{\"name\":\"a\",\"params\":{\"value\":{}}}", "has value that is no number"),
      (
        "{\"name\":\"a\",\"params\":{\"currency\":[]}}",
        "has currency that is neither text nor number"
      ),
      (
        "{\"name\":\"a\",\"params\":{\"page_location\":{}}}",
        "has page_location that is neither text nor number"
      ),
      (
        "{\"name\":\"a\",\"timestamp_micros\":\"soon\"}",
        "has timestamp_micros that is no whole number"
      ),
      ("{\"name\":\"a\",\"timestamp_micros\":1.5}", "has timestamp_micros that is no whole number"),
    ])
  func faults(event: String, reason: String) throws {
    let delivery = try dialect.read(
      post("{\"client_id\":\"b\",\"events\":[\(event),{\"name\":\"login\"}]}"))
    #expect(delivery.rejected.map(\.reason) == [reason])
    #expect(delivery.events.map(\.index) == [1])
  }

  @Test("The name of 40 characters is the longest, and the 25th event the last")
  func limits() throws {
    let name = String(repeating: "é", count: 40)
    #expect(try dialect.event(of: one(name)).name == name)
    let events = [String](repeating: "{\"name\":\"a\"}", count: 27).joined(separator: ",")
    let delivery = try dialect.read(post("{\"client_id\":\"b\",\"events\":[\(events)]}"))
    #expect(delivery.events.count == 25)
    #expect(delivery.rejected.map(\.index) == [25, 26])
    let many = [String](repeating: "{\"name\":\"a\"}", count: 101).joined(separator: ",")
    #expect(throws: Refusal.tooMany(events: 25)) {
      try dialect.read(post("{\"client_id\":\"b\",\"events\":[\(many)]}"))
    }
  }

  @Test(
    "What is wrong for all events rejects each of them",
    arguments: [
      ("\"client_id\":{}", "has client_id that is neither text nor number"),
      ("\"client_id\":\"b\",\"user_id\":true", "has user_id that is neither text nor number"),
      (
        "\"client_id\":\"b\",\"timestamp_micros\":[]",
        "has timestamp_micros that is no whole number"
      ),
      ("\"client_id\":\"b\",\"user_properties\":[1]", "has user_properties that is no object"),
    ])
  func commonFaults(member: String, reason: String) async {
    let taken = await TestDoor().receive(
      post("{\(member),\"events\":[{\"name\":\"a\"},{\"name\":\"b\"}]}"))
    #expect(taken.reply.status == 200)
    #expect(taken.batch.rejected.map(\.reason) == [reason, reason])
  }

  @Test(
    "Content is never an error of the request, and is kept with its reason",
    arguments: [
      "nonsense", "[]", "7", "{}", "{\"events\":7}", "{\"client_id\":\"b\",\"events\":[]}",
    ])
  func neverAnError(body: String) async {
    let taken = await TestDoor().receive(post(body))
    #expect(taken.reply.status == 200)
    #expect(taken.reply.body.isEmpty)
    #expect(taken.batch.rejected.count == 1)
    #expect(taken.batch.touchpoints.isEmpty)
  }

  @Test("A wrong secret is an error")
  func wrongKey() async {
    let taken = await TestDoor().receive(
      post("{\"client_id\":\"b\",\"events\":[{\"name\":\"a\"}]}", query: "api_secret=other"))
    #expect(taken.reply.status == 401)
  }

  @Test(
    "The debug route names what is wrong, and stores nothing",
    arguments: [
      ("{\"client_id\":\"b\",\"events\":[{\"name\":\"login\",\"params\":{}}]}", []),
      ("nonsense", ["VALUE_INVALID"]), ("[]", ["VALUE_INVALID"]),
      ("{\"client_id\":\"b\"}", ["VALUE_REQUIRED events"]),
      ("{\"client_id\":\"b\",\"events\":[]}", ["VALUE_REQUIRED events"]),
      ("{\"client_id\":\"b\",\"events\":{}}", ["VALUE_INVALID events"]),
      ("{\"events\":[{\"name\":\"a\"}]}", ["VALUE_REQUIRED client_id"]),
      ("{\"client_id\":7,\"events\":[{\"name\":\"a\"}]}", ["VALUE_INVALID client_id"]),
      (
        "{\"client_id\":\"b\",\"timestamp_micros\":\"x\",\"events\":[{\"name\":\"a\"}]}",
        ["VALUE_INVALID timestamp_micros"]
      ),
      ("{\"client_id\":\"b\",\"events\":[{}]}", ["VALUE_REQUIRED events"]),
      ("{\"client_id\":\"b\",\"events\":[{\"name\":\"_bad\"}]}", ["NAME_INVALID events"]),
      ("{\"client_id\":\"b\",\"events\":[{\"name\":\"a b\"}]}", ["NAME_INVALID events"]),
      (
        "{\"client_id\":\"b\",\"events\":[{\"name\":\"\(String(repeating: "n", count: 41))\"}]}",
        ["NAME_INVALID events"]
      ),
      ("{\"client_id\":\"b\",\"events\":[{\"name\":\"first_open\"}]}", ["NAME_RESERVED events"]),
      ("{\"client_id\":\"b\",\"events\":[{\"name\":\"google_x\"}]}", ["NAME_RESERVED events"]),
      (
        "{\"client_id\":\"b\",\"events\":[{\"name\":\"a\",\"params\":7}]}",
        ["VALUE_INVALID events.params"]
      ),
      (
        "{\"client_id\":\"b\",\"events\":[{\"name\":\"a\",\"params\":{\"value\":\"1\"}}]}",
        ["VALUE_REQUIRED events.params.currency", "VALUE_INVALID events.params.value"]
      ),
      (
        "{\"client_id\":\"b\",\"events\":[{\"name\":\"a\",\"params\":{\"currency\":\"euro\"}}]}",
        ["VALUE_INVALID events.params.currency"]
      ),
      (
        "{\"client_id\":\"b\",\"events\":[{\"name\":\"a\",\"params\":{\"items\":{}}}]}",
        ["VALUE_INVALID events.params.items"]
      ),
      (
        """
        {"client_id":"b","events":[{"name":"a","params":\
        {"long":"\(String(repeating: "x", count: 101))"}}]}
        """, ["VALUE_OUT_OF_BOUNDS events.params.long"]
      ),
      (
        """
        {"client_id":"b","user_properties":{"p":{"value":"\(String(repeating: "x", count: 37))"}},\
        "events":[{"name":"a"}]}
        """, ["VALUE_OUT_OF_BOUNDS user_properties.p"]
      ),
      (
        "{\"client_id\":\"b\",\"events\":["
          + [String](repeating: "{\"name\":\"a\"}", count: 26).joined(separator: ",") + "]}",
        ["EXCEEDED_MAX_ENTITIES events"]
      ),
      (
        "{\"client_id\":\"b\",\"events\":[{\"name\":\"a\",\"params\":{"
          + (0...25).map { "\"p\($0)\":1" }.joined(separator: ",") + "}}]}",
        ["EXCEEDED_MAX_ENTITIES events.params"]
      ),
    ] as [(String, [String])])
  func debug(body: String, wanted: [String]) async throws {
    let taken = await TestDoor().receive(
      post(body, path: "/debug/mp/collect", query: "measurement_id=G-none"))
    #expect(taken.reply.status == 200)
    #expect(taken.batch.isEmpty)
    let found = try JSONDocument.read(taken.reply.body) { root in
      var found: [String] = []
      let messages = try #require(root["validationMessages"])
      #expect(messages.kind == .array)
      messages.forEachElement { message in
        #expect(message["description"]?.text?.isEmpty == false)
        let path = message["fieldPath"]?.text ?? "?"
        let code = message["validationCode"]?.text ?? "?"
        found.append(path.isEmpty ? code : "\(code) \(path)")
      }
      return found
    }
    #expect(found == wanted)
  }

  @Test("A single event reads back as it was, without address and secret")
  func singles() throws {
    let whole = post(
      """
      {"client_id":"b","ip_override":"192.0.2.1","timestamp_micros":1718400000123456,\
      "user_properties":{"tier":{"value":"gold"}},"consent":{"ad_user_data":"GRANTED"},\
      "events":[{"name":"a","params":{"x":1}},{"name":7},{"name":"purchase",\
      "params":{"transaction_id":"T1","value":1.5,"currency":"EUR","items":[{"item_id":"s"}]}}]}
      """, query: "api_secret=key&firebase_app_id=1")
    try dialect.expectSinglesReadBack(whole)
    for index in 0...3 {
      let single = dialect.single(index, of: whole)
      #expect(!single.query.contains("key"))
      #expect(!String(decoding: single.body, as: UTF8.self).contains("192.0.2.1"))
    }
  }
}
