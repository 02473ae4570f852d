import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite("Matomo's tracking API")
struct MatomoTests {
  private let dialect = MatomoDialect()

  private func get(_ query: String) -> CollectorRequest {
    request("/matomo.php", method: "GET", query: "idsite=key&rec=1&_id=0123456789abcdef&" + query)
  }

  private func bulk(_ items: String...) -> CollectorRequest {
    request("/matomo.php", "{\"requests\":[\(items.joined(separator: ","))]}")
  }

  @Test("A page view has its page, person, device and moment")
  func pageView() throws {
    let event = try dialect.event(
      of: get(
        """
        action_name=Shoes%20%2F%20Red&url=https%3A%2F%2Fshop.example%2Fshoes&urlref=https%3A%2F%2Fs\
        .example%2F&uid=customer-1&cdt=1718400000&ua=Browser&lang=nl&cip=192.0.2.1&res=800x600\
        &pv_id=abc123&rand=42&dimension2=gold&_rcn=spring&_rck=boots&country=nl
        """))
    #expect(event.name == "Page Viewed")
    #expect(event.userID == "customer-1")
    #expect(event.anonymousID == "0123456789abcdef")
    #expect(event.occurred == Timestamp(seconds: 1_718_400_000))
    #expect(event.messageID == nil)
    #expect(event.page.title == "Shoes / Red")
    #expect(event.page.url == "https://shop.example/shoes")
    #expect(event.page.referrer == "https://s.example/")
    #expect(event.device.userAgent == "Browser")
    #expect(event.device.language == "nl")
    #expect(event.device.address == "192.0.2.1")
    #expect(event.device.country == "nl")
    #expect(event.campaign.name == "spring")
    #expect(event.campaign.term == "boots")
    #expect(event.properties["dimension2"] == "gold")
    #expect(event.properties["pageView.id"] == "abc123")
    #expect(event.properties["rand"] == nil)
    #expect(event.properties["idsite"] == nil)
  }

  @Test("The visitor that the client insists on comes before the one it remembers")
  func visitors() throws {
    #expect(
      try dialect.event(of: get("url=/a&cid=fedcba9876543210")).anonymousID == "fedcba9876543210")
  }

  @Test(
    "Times are seconds since 1970 or a date and time in UTC",
    arguments: [
      ("1718400000", 1_718_400_000_000), ("1718400000.5", 1_718_400_000_500),
      ("2024-06-14%2021:20:00", 1_718_400_000_000), ("2024-06-14T21:20:00Z", 1_718_400_000_000),
    ])
  func times(text: String, milliseconds: Int64) throws {
    #expect(
      try dialect.event(of: get("url=/a&cdt=\(text)")).occurred
        == Timestamp(milliseconds: milliseconds))
  }

  @Test("What happened some seconds ago is counted back from now")
  func secondsAgo() throws {
    #expect(try dialect.event(of: get("url=/a&cdo=90")).occurred == testNow.adding(seconds: -90))
  }

  @Test(
    "The person's own clock tells the offset from UTC",
    arguments: [
      // It is midnight in UTC.
      ("h=2&m=0&s=9", 120), ("h=2&m=3&s=0", 120), ("h=1&m=57&s=0", 120), ("h=19&m=0&s=0", -300),
      ("h=5&m=30&s=0", 330), ("h=0&m=0&s=0", 0), ("h=12&m=0&s=0", 720),
    ])
  func offsets(query: String, minutes: Int) throws {
    #expect(try dialect.event(of: get("url=/a&" + query)).utcOffsetMinutes == minutes)
  }

  @Test(
    "A clock that doesn't exist says nothing", arguments: ["h=25&m=0", "h=x&m=0", "h=2", "m=2"])
  func noOffset(query: String) throws {
    #expect(try dialect.event(of: get("url=/a&" + query)).utcOffsetMinutes == nil)
  }

  @Test(
    "Each kind of action has its name and content",
    arguments: [
      ("e_c=Video&e_a=play&e_n=Intro&e_v=3", "play", "Intro"),
      ("e_c=Video", "Video", nil),
      ("search=boots&search_cat=Shoes&search_count=0", "Products Searched", "boots"),
      ("download=https%3A%2F%2Fa.example%2Fb.pdf", "File Downloaded", "https://a.example/b.pdf"),
      ("link=https%3A%2F%2Fb.example%2F", "Link Clicked", "https://b.example/"),
      ("c_n=Banner&c_p=red.png&c_t=%2Fsale", "Content Viewed", "Banner"),
      ("c_n=Banner&c_p=red.png&c_i=click", "Content Clicked", "Banner"),
      ("ping=1&url=%2Fa", "Page Read", nil),
      ("idgoal=3&revenue=5", "Goal Reached", nil),
      ("idgoal=0&revenue=5", "Cart Updated", nil),
      ("idgoal=0&ec_id=T1&revenue=5", "Order Completed", nil),
      ("_pks=sku-1&_pkn=Shoe&_pkp=9.95&url=%2Fa", "Product Viewed", "Shoe"),
      ("_pks=sku-1&url=%2Fa", "Product Viewed", "sku-1"),
      ("_pkc=Shoes&url=%2Fa", "Product List Viewed", "Shoes"),
      ("cra=Oops&ca=1", "Application Error", nil),
      ("action_name=Home", "Page Viewed", nil),
    ] as [(String, String, String?)])
  func kinds(query: String, name: String, content: String?) throws {
    let event = try dialect.event(of: get(query))
    #expect(event.name == name)
    #expect(event.content == content)
  }

  @Test("An order has its amount and items")
  func order() throws {
    let items =
      "[[\"sku-1\",\"Shoe\",[\"Shoes\",\"Red\"],20.5,2],[\"sku-2\",\"\",\"\",\"9.95\",\"1\"]]"
    let escaped = try #require(items.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
    let event = try dialect.event(
      of: get(
        "idgoal=0&ec_id=T1&revenue=55.95&ec_st=50.95&ec_tx=5&ec_sh=4.5&ec_dt=1&ec_items=\(escaped)")
    )
    #expect(event.amount == ClientAmount(number: 55.95))
    #expect(event.properties["order_id"] == "T1")
    #expect(event.properties["subtotal"] == .number(50.95))
    #expect(event.properties["tax"] == .number(5))
    #expect(event.properties["shipping"] == .number(4.5))
    #expect(event.properties["discount"] == .number(1))
    #expect(event.properties["products.0.category.1"] == "Red")
    #expect(event.properties["products.0.price"] == .number(20.5))
    #expect(event.properties["products.1.price"] == .number(9.95))
    #expect(event.properties["products.1.name"] == nil)
  }

  @Test("Own variables and the browser's hints are read from their JSON")
  func nested() throws {
    let event = try dialect.event(
      of: bulk(
        """
        {"idsite":"key","rec":1,"_id":"a","url":"https://a.example/","cvar":{"1":["Kind","new"]},\
        "uadata":{"platform":"Android","mobile":true},"ip":"192.0.2.7","plan":{"name":"x"}}
        """))
    #expect(event.properties["custom.Kind"] == "new")
    #expect(event.properties["plan.name"] == "x")
    #expect(event.device.system == "Android")
    #expect(event.device.kind == "mobile")
  }

  @Test(
    "An event that cannot be read is rejected with its reason",
    arguments: [
      ("url=/a&cdt=soon", "has cdt that is neither seconds since 1970 nor a date and time"),
      ("idgoal=0&ec_id=1&revenue=much", "has revenue that is no number"),
      ("idgoal=0&ec_id=1&revenue=inf", "has revenue that is no number"),
      ("e_a=x&e_v=1,5", "has e_v that is no number"),
      ("idgoal=0&ec_items=%7B", "has ec_items that is no JSON"),
      ("idgoal=0&ec_items=7", "has ec_items that is no list"),
      ("idgoal=0&ec_items=%5B7%5D", "has an item in ec_items that is no list"),
      ("url=/a&cvar=%5B", "has cvar that is no JSON"),
      ("url=/a&uadata=%5B", "has uadata that is no JSON"),
      ("lang=nl", "says nothing that happened: send url, action_name, e_a, search or idgoal"),
      ("url=/a&rec=0", "has no rec=1, so nothing is to be recorded"),
    ])
  func faults(query: String, reason: String) throws {
    #expect(try dialect.fault(of: get(query)) == reason)
  }

  @Test("What was not tracked is answered with 400, and kept with its reason")
  func notTracked() async {
    let door = TestDoor()
    let taken = await door.receive(get("url=/a&cdt=soon"))
    #expect(taken.reply.status == 400)
    #expect(taken.batch.rejected.count == 1)
    #expect(taken.batch.rejected.first?.request.query.contains("cdt=soon") == true)
    #expect(await door.receive(request("/piwik.php", method: "GET")).reply.status == 400)
  }

  @Test("A picture is sent unless the client wants none")
  func pictures() async {
    let door = TestDoor()
    #expect(await door.receive(get("url=/a")).reply == .pixel)
    let none = await door.receive(get("url=/a&send_image=0")).reply
    #expect(none.status == 204)
    #expect(none.body.isEmpty)
    let form = await door.receive(
      request("/piwik.php", "idsite=key&rec=1&_id=a&url=%2Fb+c&send_image=0"))
    #expect(form.reply.status == 204)
    #expect(form.batch.touchpoints.map(\.content) == ["/b c"])
  }

  @Test("A bulk request says how many were tracked and how many not")
  func bulkReply() async {
    let door = TestDoor()
    let taken = await door.receive(
      bulk(
        "\"?idsite=key&rec=1&_id=a&url=https%3A%2F%2Fa.example%2Fx\"",
        "{\"idsite\":\"key\",\"rec\":1,\"_id\":\"a\",\"url\":\"https://a.example/y\",\"e_v\":null}",
        "\"?idsite=key&rec=1&url=%2Fnobody\"", "7",
        "{\"idsite\":\"key\",\"rec\":1,\"url\":[1]}"))
    #expect(taken.reply.status == 200)
    #expect(
      String(decoding: taken.reply.body, as: UTF8.self)
        == "{\"status\":\"success\",\"tracked\":2,\"invalid\":3}")
    #expect(taken.batch.touchpoints.map(\.content) == ["/x", "/y"])
    #expect(
      Set(taken.batch.rejected.map(\.reason)) == [
        "names no customer: send a user id or an anonymous id",
        "is neither JSON object nor query", "has url that is no text",
      ])
  }

  @Test("A bulk request without a list, or with too many, is refused")
  func bulkRefusals() async {
    let door = TestDoor()
    for body in ["{}", "{\"requests\":7}", "{\"requests\":"] {
      #expect(await door.receive(request("/matomo.php", body)).reply.status == 400)
    }
    let many = "{\"requests\":[" + String(repeating: "7,", count: 10_000) + "7]}"
    #expect(await door.receive(request("/matomo.php", many)).reply.status == 413)
  }

  @Test("The token is the key, and without one the site's number")
  func keys() async {
    let door = TestDoor()
    let rest = "&rec=1&_id=a&url=%2Fa"
    for query in ["idsite=1&token_auth=key", "idsite=key", "idsite=key&token_auth=other"] {
      let taken = await door.receive(request("/matomo.php", method: "GET", query: query + rest))
      #expect(taken.batch.touchpoints.count == 1)
      let form = await door.receive(request("/matomo.php", query + rest))
      #expect(form.batch.touchpoints.count == 1)
    }
    let strange = await door.receive(
      request("/matomo.php", method: "GET", query: "idsite=2" + rest))
    #expect(strange.reply.status == 401)
    let bulk = await door.receive(
      request("/matomo.php", "{\"token_auth\":\"key\",\"requests\":[\"?idsite=1\(rest)\"]}"))
    #expect(bulk.batch.touchpoints.count == 1)
  }

  @Test("A new try of the same event is the same message, though its random number is new")
  func retries() async {
    let door = TestDoor()
    let first = await door.receive(get("url=%2Fa&cdt=1718400000&rand=1"))
    let second = await door.receive(get("url=%2Fa&cdt=1718400000&rand=2"))
    #expect(first.batch.touchpoints.map(\.messageID) == second.batch.touchpoints.map(\.messageID))
    let other = await door.receive(get("url=%2Fb&cdt=1718400000&rand=1"))
    #expect(first.batch.touchpoints.map(\.messageID) != other.batch.touchpoints.map(\.messageID))
  }

  @Test("A single event reads back as it was, without address and token")
  func singles() throws {
    let whole = get("url=%2Fa+b&cip=192.0.2.1&token_auth=secret&e_a=x")
    try dialect.expectSinglesReadBack(whole)
    #expect(!dialect.single(0, of: whole).query.contains("secret"))
    try dialect.expectSinglesReadBack(
      request("/matomo.php", "idsite=key&rec=1&url=%2Fa&cip=192.0.2.1&token_auth=secret"))
    let many = bulk(
      "\"?idsite=key&rec=1&cip=192.0.2.1&url=%2Fa\"", "7",
      "{\"idsite\":\"key\",\"rec\":1,\"cip\":\"192.0.2.1\",\"url\":\"/b\",\"cvar\":{\"1\":[\"a\",1]}}"
    )
    try dialect.expectSinglesReadBack(many)
    for index in 0..<3 {
      let text = String(decoding: dialect.single(index, of: many).body, as: UTF8.self)
      #expect(!text.contains("192.0.2.1"))
    }
  }
}
