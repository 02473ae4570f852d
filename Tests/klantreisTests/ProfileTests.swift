import Access
import CustomerJourney
import Foundation
import HTTPTypes
import Hummingbird
import Insights
import JourneyEngine
import Store
import Testing

@testable import klantreis

@Suite("Customers' profiles")
struct ProfileTests {
  private func touch(
    _ time: String, _ event: String, _ channel: Channel = .website, _ content: String? = nil,
    cents: Int64? = nil, offset: Int? = nil
  ) -> Touchpoint {
    var one = TestProject.touch("eva", time, event, channel, content, cents: cents)
    one.utcOffsetMinutes = offset
    return one
  }

  private var journey: [Touchpoint] {
    [
      touch("2024-03-01T23:30:00Z", "Product Viewed", .website, "shoe", offset: -300),
      touch("2024-03-02T23:40:00Z", "Product Added", .website, "shoe", cents: 5000, offset: -300),
      touch("2024-03-02T23:50:00Z", "Order Completed", .website, "shoe", cents: 5000, offset: -300),
      touch("2024-03-05T10:00:00Z", "Order Completed", .shop, "sock", cents: 2500),
      touch("2024-03-06T10:00:00Z", "Product Added", .shop, "hat", cents: 3000),
      touch("2024-03-06T10:01:00Z", "Product Added", .shop, "hat", cents: 3000),
      touch("2024-03-06T10:02:00Z", "Product Removed", .shop, "hat", cents: 3000),
      touch("2024-03-06T10:03:00Z", "Product Added", .shop, "scarf", cents: 1000),
      touch("2024-03-06T10:04:00Z", "Product Removed", .shop, "scarf", cents: 1000),
    ]
  }

  private func project() throws -> TestProject { try TestProject(TestProject.sample + journey) }

  private func profile(
    _ project: TestProject, _ key: String = "eva", at time: String? = nil
  ) throws -> CustomerProfile {
    let snapshot = try project.workspace.snapshot()
    let instant = time.flatMap { Timestamp(iso8601: $0) } ?? snapshot.instant(of: Period())
    return try snapshot.profile(of: key, at: instant)
  }

  @Test("built-in calculated traits say what their definitions say")
  func builtIn() throws {
    let profile = try profile(try project())
    func value(_ trait: CalculatedTrait.BuiltIn) -> PropertyValue? {
      profile.calculated(trait)?.value
    }
    #expect(value(.firstSeen) == .text("2024-03-01T23:30:00Z"))
    #expect(value(.lastSeen) == .text("2024-03-06T10:04:00Z"))
    #expect(value(.touchpoints) == .number(9))
    #expect(value(.orders) == .number(2))
    #expect(value(.averageOrderValue) == .number(37.5))
    #expect(value(.favouriteChannel) == .text("Shop"))
    #expect(value(.favouriteHour) == .number(11), "by the project's clock, an hour past UTC")
    #expect(value(.firstOrigin) == nil, "none was known")
    #expect(value(.daysSinceLastOrder) == .number(15), "to the last touchpoint of all, 20 March")
    let early = try self.profile(try project(), at: "2024-03-02T23:55:00Z")
    #expect(early.calculated(.favouriteHour)?.value == .number(18), "by the person's own clock")
    #expect(early.calculated(.orders)?.value == .number(1))
    #expect(early.calculated(.favouriteChannel)?.value == .text("Website"))
  }

  @Test(
    "own calculated traits of every kind",
    arguments: [
      ("count", PropertyValue.number(9)), (#"count where event is "Order Completed""#, .number(2)),
      (#"sum of value where event is "Order Completed""#, .number(75)),
      (#"average of value where event is "Product Added""#, .number(30)),
      (#"first content where event is "Product Added""#, .text("shoe")),
      ("last content", .text("scarf")), ("most frequent event", .text("Product Added")),
      ("most frequent weekday", .number(3)),
      ("last time where channel is website", .text("2024-03-02T23:50:00Z")),
      ("count within 15d", .number(5)), ("days since first", .number(18)),
      ("days since last where channel is website", .number(17)),
      ("most frequent campaign", nil), ("count where false", .number(0)),
      ("last content where false", nil), ("sum of value where value > 45 EUR", .number(100)),
      ("count where property(size) is xl", .number(0)),
      ("count where count(channel is shop) >= 2", .number(5)),
      (#"count where trait(city) is Delft"#, .number(9)),
    ] as [(String, PropertyValue?)])
  func own(definition: String, expected: PropertyValue?) throws {
    let project = try project()
    try project.workspace.store.append(
      [],
      profiles: [
        ProfileChange(
          customer: "eva", traits: ["city": .text("Delft")], occurred: Timestamp(seconds: 1),
          source: "crm")
      ])
    try project.workspace.addCalculatedTrait(name: "own", definition: definition)
    let profile = try profile(project)
    let value = try #require(profile.calculated.first { $0.name == "own" })
    #expect(value.problem == nil)
    #expect(value.value == expected)
  }

  @Test("rules are asked the same of one journey alone and of all: property test", arguments: 0..<3)
  func agree(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let events = ["Product Viewed", "Order Completed", "Page Viewed"]
    let channels: [Channel] = [.website, .shop, .email]
    let touchpoints = (0..<60).map { number in
      var one = TestProject.touch(
        ["a", "b", "c"].randomElement(using: &random) ?? "a",
        Timestamp(seconds: 1_700_000_000 + Int64.random(in: 0..<5_000_000, using: &random)).iso8601,
        events.randomElement(using: &random) ?? "x",
        channels.randomElement(using: &random) ?? .shop,
        "c\(number % 4)", cents: Int64.random(in: 0..<3, using: &random) * 500)
      one.messageID = "m\(number)"
      return one
    }
    let project = try TestProject(touchpoints)
    // The first of each pair is asked over columns, the second of the journey alone: a property that
    // nobody has changes nothing.
    for rule in [
      #"event is "Order Completed""#, "count(channel is shop) >= 3", "gap > 4d", "value > 4 EUR",
      #"ever(event is "Page Viewed", within 20d)"#, "since(last channel is email) > 3d",
    ] {
      for kind in ["count", "sum of value", "last content", "most frequent channel"] {
        let workspace = project.workspace
        let names = ["x \(seed)", "y \(seed)"]
        try workspace.addCalculatedTrait(name: names[0], definition: "\(kind) where \(rule)")
        try workspace.addCalculatedTrait(
          name: names[1], definition: "\(kind) where (\(rule)) or property(none) is known")
        for key in ["a", "b", "c"] {
          let all = try profile(project, key).calculated
          let values = names.map { name in all.first { $0.name == name }?.value }
          #expect(values[0] == values[1], "seed \(seed), \(key), \(kind) where \(rule)")
        }
        for name in names { try workspace.store.removeCalculatedTrait(named: name) }
      }
    }
  }

  @Test("phases with their reason, segments with since when, the basket, and what happened last")
  func stands() throws {
    let project = try project()
    try project.workspace.addSegment(
      name: "Buyers", rule: #"count(event is "Order Completed") >= 2"#)
    try project.workspace.addSegment(name: "Fresh", rule: "ever(true, within 3d)")
    try project.workspace.addSegment(
      name: "Quiet", rule: #"since(last event is "Order Completed") > 10d"#)
    let profile = try profile(project)
    #expect(profile.phases.map(\.model) == project.workspaceModels)
    #expect(profile.phases.allSatisfy { !$0.because.en.isEmpty && $0.since <= profile.at })
    #expect(profile.segments.map(\.name) == ["Buyers", "Quiet"])
    #expect(profile.segments.first?.since == Timestamp(iso8601: "2024-03-05T10:00:00Z"))
    #expect(profile.segments.last?.since == Timestamp(iso8601: "2024-03-15T10:00:00.001Z"))
    let basket = try #require(profile.basket)
    #expect(basket.items == [.init(content: "hat", count: 1, value: 30)])
    #expect(profile.last.count == 5)
    #expect(profile.last.first?.content == "scarf")
    #expect(try self.profile(project, "ann").basket == nil, "an order empties it")
  }

  @Test("the page shows it all, and says nothing of who may not be seen")
  func page() async throws {
    let project = try project()
    let store = project.workspace.store
    try store.append(
      [],
      profiles: [
        ProfileChange(
          customer: "eva", traits: ["firstName": .text("Eva"), "lastName": .text("<b>Bos</b>")],
          occurred: Timestamp(seconds: 1_700_000_000), source: "crm", claimant: .server),
        ProfileChange(
          customer: "nina", traits: ["name": .text("Nina")],
          occurred: Timestamp(seconds: 1_700_000_000),
          source: "crm", claimant: .server),
      ])
    try project.workspace.addCalculatedTrait(name: "last thing", definition: "last content")
    try await project.serving { client in
      for (language, words) in [
        (
          "en",
          [
            "Customer since", "Open basket", "hat", "last thing", "Favourite channel", "crm ·",
          ]
        ),
        ("nl", ["Klant sinds", "Open mandje", "Berekende kenmerken", "Favoriet kanaal"]),
      ] {
        let page = try await client.get("/customers/eva", headers: [.acceptLanguage: language])
        #expect(page.status == .ok)
        for word in words {
          #expect(page.text.contains(word), "\(language): \(word)")
        }
        #expect(page.text.contains("Eva &lt;b&gt;Bos&lt;/b&gt;"))
        #expect(!page.text.contains("<b>Bos</b>"))
      }
      let nina = try await client.get("/customers/nina", headers: [.acceptLanguage: "en"])
      #expect(
        nina.status == .ok && nina.text.contains("Nothing is known of what this customer did"))
      #expect(try await client.get("/customers/nobody").status == .notFound)
    }
  }

  @Test("the journey is narrowed to a channel and an event, and a day is jumped to")
  func narrowing() async throws {
    let many = (0..<230).map { number in
      var one = TestProject.touch(
        "max", Timestamp(seconds: 1_700_000_000 + Int64(number) * 86_400).iso8601,
        number % 2 == 0 ? "Page Viewed" : "Product \"Q\" \\ Viewed",
        number % 3 == 0 ? .shop : .website)
      one.messageID = "m\(number)"
      return one
    }
    try await TestProject(many).serving { client in
      func shown(_ query: String) async throws -> Int {
        let page = try await client.get("/customers/max?\(query)", headers: [.acceptLanguage: "en"])
        #expect(page.status == .ok, "\(query)")
        return page.text.components(separatedBy: "id=\"touchpoint-").count - 1
      }
      #expect(try await shown("") == 100)
      #expect(try await shown("channel=Shop") == 77)
      #expect(try await shown("channel=Shop&event=Page%20Viewed") == 39)
      #expect(try await shown("event=Product%20%22Q%22%20%5C%20Viewed&page=2") == 15)
      #expect(
        try await shown("channel=Nowhere") == 100, "what the journey has not is not asked for")
      #expect(try await shown("channel=Shop&where=event%20is%20%22Page%20Viewed%22") == 39)
      let wrong = try await client.get("/customers/max?channel=Shop&where=evnt%20is%20x")
      #expect(wrong.status == .badRequest, "and answered without the rule")
      #expect(wrong.text.components(separatedBy: "id=\"touchpoint-").count - 1 == 77)
      let jump = try await client.get("/customers/max?on=2024-03-01&model=stdc")
      #expect(jump.status == .seeOther)
      #expect(jump.headers[.location] == "/customers/max?model=stdc&page=2#touchpoint-109")
      let late = try await client.get("/customers/max?on=2199-01-01")
      #expect(late.headers[.location] == "/customers/max?page=3#touchpoint-230")
      #expect(try await client.get("/customers/max?on=rubbish").status == .ok)
    }
  }

  @Test("a trait is set, denied and taken back on the page, by who may act")
  func byHand() async throws {
    let guarded = try GuardedProject()
    try guarded.addUser("serge", .service)
    try guarded.addUser("anne", .analyst)
    try await guarded.serving { client in
      let serge = TestBrowser(client)
      try await serge.logIn("serge")
      let path = "/customers/ann/traits"
      func page() async throws -> String { try await serge.get("/customers/ann").text }
      let set = try await serge.post(
        path, ["name": "phone", "value": "<i>1</i>", "do": "set"], from: "/customers/ann")
      #expect(set.status == 303 && set.location == "/customers/ann#traits")
      #expect(try await page().contains("&lt;i&gt;1&lt;/i&gt;"))
      #expect(try await page().contains("by hand, serge"))
      _ = try await serge.post(path, ["name": "phone", "do": "remove"], from: "/customers/ann")
      #expect(try await page().contains("is not so"))
      _ = try await serge.post(path, ["name": "phone", "do": "back"], from: "/customers/ann")
      #expect(try await !page().contains("is not so"))
      let again = try await serge.post(
        path, ["name": "phone", "do": "back"], from: "/customers/ann")
      #expect(again.status == 404)
      let nothing = try await serge.post(
        path, ["name": "phone", "value": " ", "do": "set"], from: "/customers/ann")
      #expect(nothing.status == 400)
      #expect(
        try guarded.store.activities(limit: 20).filter { $0.action == .traitChanged }.count == 3)
      let anne = TestBrowser(client)
      try await anne.logIn("anne")
      let form = try #require(try await anne.get("/account").formToken)
      let refused = try await anne.post(
        path, ["form": form, "name": "a", "value": "b", "do": "set"])
      #expect(refused.status == 403)
    }
  }

  @Test("calculated traits are made and removed on their page, and wrong ones are explained there")
  func calculatedPage() async throws {
    let project = try project()
    try await project.serving { client in
      let made = try await client.post("/traits", "do=add&name=last+hat&definition=last+content")
      #expect(made.status == 303)
      let page = try await client.get("/traits", headers: [.acceptLanguage: "en"]).text
      #expect(page.contains("last hat") && page.contains("<code>last content</code>"))
      let wrong = try await client.post("/traits", "do=add&name=x&definition=count+where+evnt+is+y")
      #expect(wrong.status == 400)
      #expect(wrong.text.contains("<mark>e</mark>vnt is y"))
      let taken = try await client.post("/traits", "do=add&name=orders&definition=count")
      #expect(taken.status == 400)
      let list = try await client.get(
        "/customers?column=last+hat&column=orders&column=nothing", headers: [.acceptLanguage: "en"]
      ).text
      #expect(
        list.contains(">last hat</th>") && list.contains(">Orders</th>") && list.contains("scarf"))
      #expect(!list.contains(">nothing</th>"))
      let names = try await client.get("/api/v1/traits").text
      #expect(names.contains(#"{"definition":"last content","name":"last hat"}"#))
      #expect(try await client.post("/traits", "do=remove&name=last+hat").status == 303)
      #expect(try await client.post("/traits", "do=remove&name=last+hat").status == 400)
    }
  }

  @Test("customers are searched by page, API and as a file that no spreadsheet runs")
  func searching() async throws {
    let project = try project()
    let hostile = ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", "=\u{301}1"]
    try project.workspace.store.append(
      [],
      profiles: hostile.enumerated().map { number, name in
        ProfileChange(
          customer: "h\(number)", traits: ["name": .text("\(name) formula")],
          occurred: Timestamp(seconds: 1_700_000_000), source: "crm", claimant: .server)
      })
    let index = SearchIndex(store: project.workspace.store)
    while try index.update() {}
    try await project.serving { client in
      let page = try await client.get("/customers?q=formula", headers: [.acceptLanguage: "en"]).text
      #expect(page.contains("/customers/h0") && page.contains("<b>formula</b>"))
      let answer =
        try JSONSerialization.jsonObject(
          with: Data(try await client.get("/api/v1/customers?q=formula&limit=3").text.utf8))
        as? [String: Any]
      #expect(answer?["total"] as? Int == hostile.count)
      #expect((answer?["customers"] as? [Any])?.count == 3)
      let csv = try await client.get("/api/v1/customers?q=formula&format=csv&column=orders")
      #expect(csv.headers[.contentDisposition]?.contains("customers.csv") == true)
      for line in csv.text.split(separator: "\r\n").dropFirst() {
        let name = line.split(separator: ",", omittingEmptySubsequences: false)[1]
        let bare = name.drop { $0 == "\"" }
        #expect(!"=+-@\t\r".unicodeScalars.contains(bare.unicodeScalars.first ?? "x"), "\(line)")
      }
      let filtered = try await client.get(
        "/api/v1/customers?q=formula&who=count(true)%20%3E%200&format=csv"
      ).text
      #expect(!filtered.contains("h0"), "a filter leaves customers with touchpoints only")
      for query in ["limit=0", "limit=x", "format=svg", "page=0", "nothing=1"] {
        #expect(
          try await client.get("/api/v1/customers?\(query)").status == .badRequest, "\(query)")
      }
      let header = try await client.get("/", headers: [.acceptLanguage: "en"]).text
      #expect(header.contains("action=\"/customers\" role=\"search\""))
    }
  }

  @Test("the API changes traits and answers with the whole profile")
  func apiTraits() async throws {
    let project = try project()
    try await project.serving { client in
      func post(_ key: String, _ body: String) async throws -> (Int, String) {
        try await client.execute(
          uri: "/api/v1/customers/\(key)/traits", method: .post,
          headers: [.contentType: "application/json"], body: .init(string: body)
        ) { (Int($0.status.code), String(buffer: $0.body)) }
      }
      let set = try await post("eva", #"{"set":{"vip":true,"level":3}}"#)
      #expect(set.0 == 200 && set.1.contains(#""name":"vip""#))
      let read = try JSONDecoder().decode(
        CustomerProfile.self, from: Data(try await client.get("/api/v1/customers/eva").text.utf8))
      #expect(read.traits.map(\.value) == [.number(3), .flag(true)])
      #expect(try await post("eva", #"{"remove":["vip"],"takeBack":["level"]}"#).0 == 200)
      #expect(try await post("eva", #"{"takeBack":["level"]}"#).0 == 409)
      #expect(try await post("nobody", #"{"set":{"a":1}}"#).0 == 404)
      #expect(try await post("eva", "rubbish").0 == 400)
      #expect(try await client.get("/api/v1/customers/nobody").status == .notFound)
    }
  }
}

extension TestProject {
  fileprivate var workspaceModels: [String] {
    (try? workspace.snapshot().models.models.map(\.id)) ?? []
  }
}

/// A generator that gives the same numbers for the same seed.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}
