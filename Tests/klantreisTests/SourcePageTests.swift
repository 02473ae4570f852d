import CustomerJourney
import Foundation
import GRDB
import HTTPTypes
import Hummingbird
import Testing

@testable import Store
@testable import klantreis

@Suite("The pages of sources")
struct SourcePageTests {
  let collecting: CollectingProject

  init() throws { collecting = try CollectingProject() }

  @Test("an empty project says how to connect a client, and the list how to make a source")
  func empty() async throws {
    try await TestProject([]).serving { client in
      #expect(try await client.get("/").text.contains("href=\"/sources\""))
      let list = try await client.get("/sources", headers: [.acceptLanguage: "nl"])
      #expect(list.status == .ok)
      #expect(list.text.contains("Er zijn nog geen bronnen"))
      let nobody = try await client.get("/sources/nobody")
      #expect(nobody.status == .notFound)
    }
  }

  @Test("a source is made with a random key or with one's own, and its page says how to send")
  func make() async throws {
    try await collecting.serving { client in
      let random = try await client.post("/sources", "name=Web+%26+app&key=")
      #expect(random.status == 303)
      #expect(random.location == "/sources/Web%20%26%20app")
      let made = try #require(try collecting.store.source(named: "Web & app"))
      #expect(made.writeKey.count == 32)
      let own = try await client.post("/sources", "name=matomo&key=1")
      #expect(own.location == "/sources/matomo")
      let page = try await client.get("/sources/Web%20%26%20app").text
      #expect(page.contains(made.writeKey))
      #expect(page.contains("Web &amp; app"))
      #expect(page.contains("/v1/track -u"))
    }
  }

  @Test(
    "a name or key that cannot be is shown at its field, with what was typed",
    arguments: [
      ("name=&key=", "name-problem", "has no name"),
      ("name=a%2Fb", "name-problem", "a/b"),
      ("name=..", "name-problem", "begin with a letter"),
      ("name=shop", "name-problem", "already"),
      ("name=x&key=k1", "key-problem", "Another source"),
      ("name=x&key=a+b", "key-problem", "without spaces"),
      ("name=x&key=a%3Ab", "key-problem", "colons"),
      ("name=\(String(repeating: "n", count: 101))", "name-problem", "100 characters"),
      ("name=x&key=\(String(repeating: "k", count: 201))", "key-problem", "200 characters"),
    ])
  func badSource(form: String, field: String, hint: String) async throws {
    try await collecting.serving { client in
      let reply = try await client.post("/sources", form)
      #expect(reply.status == 400)
      #expect(reply.text.contains("id=\"\(field)\""))
      #expect(reply.text.contains(hint))
      #expect(try collecting.store.sources().count == 1)
    }
  }

  @Test("events that the mapping leaves out are counted on the page and in the metrics")
  func leftOut() async throws {
    var source = try collecting.project.workspace.source("shop")
    source.mapping = "ignore: Noise"
    try collecting.store.change(source)
    try await collecting.serving { client in
      #expect(try await !client.get("/sources/shop?lang=en").text.contains("Left out by"))
      for id in ["m1", "m2"] { #expect(try await client.track("Noise", id: id) == 200) }
      try await client.track("Page Viewed", id: "m3")
      let page = try await client.get("/sources/shop?lang=en").text
      #expect(page.contains("Left out by the mapping since the server started: 2."))
      let metrics = try await client.get("/metrics").text
      let labels = "dialect=\"segment\",source=\"shop\",outcome=\"left_out\""
      #expect(metrics.contains("klantreis_events_total{\(labels)} 2"))
    }
  }

  @Test("names and keys at their limits can be used")
  func longest() throws {
    let workspace = collecting.project.workspace
    let source = try workspace.addSource(
      name: String(repeating: "é", count: Limits.sourceNameCharacters),
      key: String(repeating: "~", count: Limits.writeKeyCharacters))
    #expect(try workspace.source(source.name) == source)
  }

  @Test("a source that is off refuses events; turned on again it takes them")
  func turn() async throws {
    try await collecting.serving { client in
      let off = try await client.post("/sources/shop/off")
      #expect(off.status == 303)
      #expect(try collecting.store.source(named: "shop")?.isOn == false)
      #expect(try await client.get("/sources/shop").text.contains("/sources/shop/on"))
      #expect(try await client.track("Page Viewed", id: "off") == 401)
      #expect(try await client.post("/sources/shop/on").status == 303)
      #expect(try collecting.store.source(named: "shop")?.isOn == true)
    }
  }

  @Test("a mapping is kept when it can be read; else the page says which line is wrong")
  func mapping() async throws {
    try await collecting.serving { client in
      let good = try await client.post(
        "/sources/shop/mapping", "mapping=events%3A%0D%0A++koop%3A+Order+Completed%0D%0A")
      #expect(good.status == 303)
      #expect(
        try collecting.store.source(named: "shop")?.mapping == "events:\n  koop: Order Completed\n")
      let bad = try await client.post(
        "/sources/shop/mapping", "mapping=channel%3A+Shop%0Aevnts%3A+%5B%5D")
      #expect(bad.status == 400)
      #expect(bad.text.contains("mapping-problem"))
      #expect(bad.text.contains("line 2"))
      #expect(bad.text.contains("evnts: []"), "what was typed stays in the form")
      #expect(try collecting.store.source(named: "shop")?.mapping?.contains("koop") == true)
      let none = try await client.post("/sources/shop/mapping", "mapping=++%0D%0A")
      #expect(none.status == 303)
      #expect(try collecting.store.source(named: "shop")?.mapping == nil)
    }
  }

  @Test("the page shows what came in and what was rejected, with its reason, and escapes both")
  func events() async throws {
    try await collecting.serving { client in
      #expect(try await client.get("/sources/shop").text.contains("No events of this source yet"))
      #expect(try await client.track("<i>Looked</i>", user: "<b>ann</b>", id: "m1") == 200)
      #expect(try await client.track("<u>lost</u>", user: nil, id: "m2") == 200)
      let page = try await client.get("/sources/shop").text
      #expect(page.contains("&lt;i&gt;Looked&lt;/i&gt;"))
      #expect(page.contains("names no customer"))
      #expect(page.contains("&lt;u&gt;lost"))
      #expect(!page.contains("<i>Looked") && !page.contains("<b>ann") && !page.contains("<u>"))
      let list = try await client.get("/sources").text
      #expect(list.contains("<td class=\"amount\">1</td><td class=\"amount roomy\">0</td>"))
    }
  }

  @Test("rejected events come in pages, and each is on one of them")
  func paging() async throws {
    let count = Limits.rejectedShown * 2 + 1
    _ = try collecting.store.append([
      CollectedBatch(
        rejected: (1...count).map { number in
          Self.rejected("reason \(number).", body: "{}")
        })
    ])
    try await collecting.serving { client in
      var path: String? = "/sources/shop"
      var seen: [Int] = []
      var pages = 0
      while let next = path {
        let text = try await client.get(next).text
        seen += text.matches(of: /<b lang="en">reason (\d+)\.<\/b>/).compactMap { Int($0.1) }
        path = text.firstMatch(of: /rel="next" href="([^"#]+)/).map { String($0.1) }
        pages += 1
      }
      #expect(pages == 3)
      #expect(seen == Array((1...count).reversed()))
    }
  }

  @Test("what a mended mapping makes good is stored once by a replay, and marked")
  func replay() async throws {
    try await collecting.serving { client in
      #expect(try await client.track("Order Completed", user: "ann", id: "good") == 200)
      _ = try collecting.store.append([
        CollectedBatch(rejected: [
          Self.rejected(
            "was bad", body: "{\"userId\":\"eva\",\"messageId\":\"r1\",\"event\":\"koop\"}"),
          Self.rejected("without an id", body: "{\"userId\":\"eva\",\"event\":\"kijk\"}"),
          Self.rejected("still bad", body: "{\"event\":\"koop\"}"),
          Self.rejected("cut", body: "{\"userId\":\"eva\",\"event\":\"koop\"}", isCut: true),
          Self.rejected("nonsense", body: "{"),
        ])
      ])
      _ = try await client.post("/sources/shop/mapping", "mapping=events%3A+%7Bkoop%3A+Bought%7D")
      let page = try await client.post("/sources/shop/replay", "kind=rejected").text
      #expect(page.contains("Read 5 again: 2 are good now, 3 still rejected."))
      #expect(page.contains("read again and stored"))
      #expect(try collecting.store.touchpointCount() == 3)
      let newest = try collecting.store.lastTouchpoints(of: "shop", limit: 2)
      #expect(Set(newest.map(\.event.name)) == ["Bought", "kijk"])
      let source = try collecting.project.workspace.source("shop")
      let again = try Replay(workspace: collecting.project.workspace, source: source).run(now: .now)
      #expect(again == Replay.Outcome(read: 3, rejected: 3))
    }
  }

  @Test("a replay that was stopped before it marked anything stores nothing twice")
  func replayTwice() throws {
    let workspace = collecting.project.workspace
    let source = try workspace.source("shop")
    func keep() throws {
      _ = try workspace.store.append([
        CollectedBatch(rejected: [
          Self.rejected("was bad", body: "{\"userId\":\"eva\",\"event\":\"kijk\"}")
        ])
      ])
    }
    try keep()
    let first = try Replay(workspace: workspace, source: source).run(now: .now)
    #expect(first == Replay.Outcome(read: 1, mended: 1, stored: 1))
    // As if the mark were lost in a crash.
    try workspace.store.pool.write { db in
      try db.execute(sql: "UPDATE rejected_event SET replayed = NULL")
    }
    let second = try Replay(workspace: workspace, source: source).run(now: .now)
    #expect(second == Replay.Outcome(read: 1, mended: 1, duplicates: 1))
  }

  @Test("of a long kept request the page shows the beginning")
  func excerpt() async throws {
    let body = String(repeating: "y", count: Limits.keptCharactersShown * 2)
    _ = try collecting.store.append([CollectedBatch(rejected: [Self.rejected("long", body: body)])])
    try await collecting.serving { client in
      let shown = try await client.get("/sources/shop").text.filter { $0 == "y" }.count
      #expect(shown > Limits.keptCharactersShown / 2)
      #expect(shown < Limits.keptCharactersShown * 3 / 2)
    }
  }

  @Test("forms of other sites change no source")
  func guarded() async throws {
    try await collecting.serving { client in
      for path in ["/sources", "/sources/shop/off", "/sources/shop/replay"] {
        let status = try await client.execute(
          uri: path, method: .post, headers: [.origin: "https://elsewhere.example"],
          body: .init(string: "name=evil")
        ) { $0.status }
        #expect(status == .forbidden)
      }
      #expect(try collecting.store.source(named: "shop")?.isOn == true)
    }
  }

  private static func rejected(
    _ reason: String, body: String, isCut: Bool = false
  ) -> RejectedEvent {
    RejectedEvent(
      kind: .rejected, source: "shop", dialect: "segment", reason: reason,
      received: Timestamp(seconds: 1_714_557_600),
      request: KeptRequest(
        method: "POST", path: "/v1/track", headers: ["content-type": "application/json"],
        body: body, isCut: isCut))
  }
}
