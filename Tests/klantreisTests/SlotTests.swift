import CustomerJourney
import Foundation
import GRDB
import HTTPTypes
import Hummingbird
import NIOCore
import Orchestration
import Testing

@testable import Store
@testable import klantreis

/// What places on the shop's pages hold for a visitor, and who is told it.
@Suite("Slots")
struct SlotTests {
  private static let now = Timestamp.now
  private let collecting: CollectingProject
  private var workspace: Workspace { collecting.project.workspace }
  private var store: Store { workspace.store }

  init() throws {
    func touch(_ key: String, also other: [String] = [], by claimant: Claimant) -> Touchpoint {
      Touchpoint(
        customer: key, occurred: Self.now.adding(seconds: -600), event: .pageViewed,
        channel: .website, messageID: "\(key)-\(claimant)-\(other)", source: "test",
        alsoKnownAs: other, claimant: claimant)
    }
    collecting = try CollectingProject([
      touch("anonymous:stranger", by: .browser),
      // Says so itself, and nobody else.
      touch("ann", by: .server), touch("ann", also: ["anonymous:claims"], by: .browser),
      touch("ann", also: ["anonymous:vouched"], by: .browser),
      touch("ann", also: ["anonymous:vouched"], by: .server),
    ])
    let folder = workspace.contentFolder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try """
    id: hello
    name: Hello
    onsite:
      en:
        subject: Hello
        blocks:
          - heading: "Hello {{#name}}{{name}}{{/name}}{{^name}}you{{/name}}"
          - button: {text: Look, link: "https://shop.example/a?b=1&c=2"}
          - button: {text: Bad, link: "{{#bad}}{{bad}}{{/bad}}"}
        variants:
          - {name: known, when: 'ever(event is "Order Completed")', subject: x, html: "<p>Again</p>"}
      nl: {subject: Hallo, html: "<p>Hallo</p>"}
    """.write(to: folder.appending(path: "hello.yaml"), atomically: true, encoding: .utf8)
    try workspace.addSource(name: "server", key: "s1", mapping: "key: secret")
  }

  /// Writes a message for a place down, as a play's step does.
  @discardableResult
  private func hold(
    _ customer: String, _ place: String = "home", key: String = "1", priority: Int = 5,
    purpose: MessagePurpose = .service, template: String = "hello", more: String = "",
    until: Timestamp = SlotTests.now.adding(seconds: 86_400)
  ) throws -> Int64 {
    let number = try #require(try store.customer(key: customer))
    let data =
      #"{"slot":"\#(place)","until":"\#(until.iso8601)","bad":"javascript:x"\#(more)}"#
    let intent = MessageIntent(
      origin: MessageOrigin(play: "by hand", version: 1, key: key, step: template),
      customer: number, channel: .onsite, purpose: purpose, template: template, data: data,
      priority: priority, due: Self.now.adding(seconds: -60))
    return try #require(try store.plan([intent], at: Self.now)[0])
  }

  private func ask(
    _ client: any TestClientProtocol, _ who: String, slots: [String] = ["home"],
    key: String = "k1", locale: String = "en-GB", headers: HTTPFields = [:]
  ) async throws -> (status: Int, slots: [String: String], headers: HTTPFields) {
    let places = slots.map { "\"\($0)\"" }.joined(separator: ",")
    let body = """
      {"writeKey":"\(key)","sentAt":"2026-01-01T00:00:00Z","batch":[
        {\(who),"locale":"\(locale)","slots":[\(places)]}]}
      """
    let reply = try await client.execute(
      uri: "/v1/slots", method: .post, headers: headers, body: ByteBuffer(string: body))
    await collecting.server.slots.settled()
    return (
      Int(reply.status.code),
      (try? JSONDecoder().decode([String: String].self, from: Data(reply.body.readableBytesView)))
        ?? [:], reply.headers
    )
  }

  @Test(
    "a place gets what is held for the visitor, escaped, in the page's language, with good links")
  func content() async throws {
    try hold("anonymous:stranger", more: #","name":"<b>you</b>""#)
    try await collecting.serving { client in
      let origin: HTTPFields = [.origin: "https://shop.example"]
      let reply = try await ask(client, #""anonymousId":"stranger""#, headers: origin)
      #expect(reply.status == 200)
      #expect(
        reply.slots == [
          "home":
            #"<h2 class="klantreis-heading">Hello &lt;b&gt;you&lt;/b&gt;</h2>"#
            + #"<p><a class="klantreis-button" href="https://shop.example/a?b=1&amp;c=2">Look</a></p>"#
        ])
      #expect(reply.headers[.accessControlAllowOrigin] == "https://shop.example")
      #expect(reply.headers[.accessControlAllowCredentials] == nil)
      #expect(reply.headers[.cacheControl] == "no-store")
      let dutch = try await ask(client, #""anonymousId":"stranger""#, locale: "nl")
      #expect(dutch.slots == ["home": "<p>Hallo</p>"])
    }
  }

  @Test("shown often, it is sent and delivered once, and makes its touchpoints once")
  func once() async throws {
    let id = try hold("anonymous:stranger")
    try await collecting.serving { client in
      for _ in 0..<3 {
        let slots = try await ask(client, #""anonymousId":"stranger""#).slots
        #expect(slots["home"] != nil)
      }
    }
    #expect(try store.message(id)?.standing.state == .delivered)
    #expect(
      try store.messageHistory(id).map(\.state) == [.waiting, .sent, .delivered])
    let told = try store.untoldChanges(limit: 10).compactMap { workspace.touchpoint(of: $0) }
    #expect(told.map(\.event.name) == ["Message Sent", "Message Delivered"])
    #expect(told.allSatisfy { $0.channel == .website && $0.customer == "anonymous:stranger" })
  }

  @Test("a link in it leads over the server, which counts the click and goes on to where it led")
  func click() async throws {
    try workspace.set(.url, to: "https://stats.example")
    let id = try hold("anonymous:stranger")
    try await collecting.serving { client in
      let html = try #require(try await ask(client, #""anonymousId":"stranger""#).slots["home"])
      #expect(!html.contains("<img"), "nothing is loaded that a page may forbid")
      let link = try #require(html.firstMatch(of: /href="https:\/\/stats\.example([^"]+)"/))
      let reply = try await client.get(String(link.1))
      #expect(reply.status == .found)
      #expect(reply.headers[.location] == "https://shop.example/a?b=1&c=2")
    }
    #expect(try clicks() == ["anonymous:stranger"], "\(id)")
  }

  private func clicks() throws -> [String] {
    try store.pool.read {
      try String.fetchAll(
        $0, sql: "SELECT customer FROM v_touchpoint WHERE event = 'Message Clicked'")
    }
  }

  @Test("a page's key is told nothing of a customer whom it merely names")
  func named() async throws {
    try hold("ann", more: #","name":"Ann""#)
    try await collecting.serving { client in
      for who in [
        #""userId":"ann""#, #""anonymousId":"ann""#, #""userId":"ann","anonymousId":"stranger""#,
        #""anonymousId":"claims""#, #""userId":"ann","anonymousId":"claims""#,
      ] {
        let reply = try await ask(client, who)
        #expect(reply.status == 200 && reply.slots.isEmpty, "\(who)")
      }
      // A server has said whose this browser is, and a server may ask for whom it likes.
      let vouched = try await ask(client, #""anonymousId":"vouched""#).slots
      #expect(vouched["home"]?.contains("Ann") == true)
      #expect(try await ask(client, #""userId":"ann""#, key: "s1").slots.count == 1)
      // Claimed in front of our eyes with the page's key.
      try await client.execute(
        uri: "/v1/identify", method: .post,
        headers: [.authorization: "Bearer k1", .contentType: "application/json"],
        body: ByteBuffer(string: #"{"userId":"ann","anonymousId":"thief"}"#))
      let thief = try store.customer(key: "anonymous:thief")
      let ann = try store.customer(key: "ann")
      #expect(thief == ann)
      #expect(try await ask(client, #""anonymousId":"thief""#).slots.isEmpty)
    }
  }

  @Test("nothing chosen, no consent, an end, another place, or a wish for privacy: nothing is said")
  func nothing() async throws {
    try hold("anonymous:stranger", "ended", key: "2", until: Self.now.adding(seconds: -1))
    try hold("anonymous:stranger", "sold", key: "3", purpose: .marketing)
    try hold("anonymous:stranger", "home", key: "4")
    try hold("anonymous:stranger", "gone", key: "5", template: "not-there")
    try await collecting.serving { client in
      let asked = ["ended", "sold", "gone", "other"]
      #expect(try await ask(client, #""anonymousId":"stranger""#, slots: asked).slots.isEmpty)
      #expect(try await ask(client, #""anonymousId":"nobody""#).slots.isEmpty)
      let privacy = try #require(HTTPField.Name("Sec-GPC"))
      #expect(
        try await ask(client, #""anonymousId":"stranger""#, headers: [privacy: "1"]).slots.isEmpty)
      // With a yes to marketing on the website the third is shown.
      try store.add([
        ConsentEntry(
          key: "anonymous:stranger", purpose: "marketing", channel: .website, state: .given,
          happened: Self.now, means: .server, by: "shop")
      ])
      let reply = try await ask(client, #""anonymousId":"stranger""#, slots: asked)
      #expect(reply.slots.keys.sorted() == ["sold"])
    }
    #expect(try store.skipLateSlots(at: Self.now) == 1)
    #expect(
      try store.messages(.init(state: .skipped), limit: 9).map(\.standing.reason?.code) == ["late"])
  }

  @Test("what cannot be made is not shown, and says why; of two the higher goes first")
  func choice() async throws {
    let low = try hold("anonymous:stranger", key: "1", priority: 1)
    try """
    id: broken
    name: Broken
    onsite: {en: {subject: x, html: "<p>{{nowhere}}</p>"}}
    """.write(
      to: workspace.contentFolder.appending(path: "broken.yaml"), atomically: true, encoding: .utf8)
    let broken = try hold("anonymous:stranger", key: "2", priority: 9, template: "broken")
    let high = try hold("anonymous:stranger", key: "3", priority: 8)
    try await collecting.serving { client in
      let slots = try await ask(client, #""anonymousId":"stranger""#).slots
      #expect(slots.count == 1)
    }
    #expect(try store.message(broken)?.standing.reason?.code == "missing-value")
    #expect(try store.message(high)?.standing.state == .delivered)
    #expect(try store.message(low)?.standing.state == .waiting)
  }

  @Test("a play's step holds a place until the customer does what it was for")
  func play() async throws {
    let yaml = """
      id: greet
      name: Greet
      about: Greets who looks.
      purpose: service
      enter: {event: event is "Product Viewed"}
      exit:
        - {event: event is "Order Completed", because: bought}
      steps:
        - slot: home
          template: hello
          for: 3d
      """
    try store.keepPlay("greet", yaml: yaml, at: Self.now.adding(seconds: -900))
    try store.switchPlay("greet", on: true, at: Self.now.adding(seconds: -900))
    try look()
    try happen("Product Viewed")
    try look()
    try await collecting.serving { client in
      #expect(try await ask(client, #""anonymousId":"stranger""#).slots.count == 1)
      try happen("Order Completed")
      try look()
      #expect(try await ask(client, #""anonymousId":"stranger""#).slots.isEmpty)
    }
    let message = try #require(try store.messages(limit: 1).first)
    #expect(message.intent.channel == .onsite && message.standing.state == .delivered)
  }

  private func happen(_ event: String) throws {
    try store.append([
      Touchpoint(
        customer: "anonymous:stranger", occurred: Self.now, event: EventName(event),
        channel: .website, messageID: event, source: "test", claimant: .browser)
    ])
  }

  private func look() throws {
    workspace.lookAgain()
    try PlayKeeper(workspace: workspace).look(workspace.snapshot(), now: .now)
  }

  @Test(
    "what the front door would refuse is refused here",
    arguments: [
      (#"{"writeKey":"k1","batch":[]}"#, 400), (#"{"writeKey":"k1"}"#, 400), ("x", 400),
      (#"{"writeKey":"no","batch":[{"anonymousId":"a","slots":["home"]}]}"#, 401),
      (
        #"{"writeKey":"k1","batch":[{"anonymousId":"a","slots":["#
          + Array(repeating: "\"a\"", count: Limits.slotsPerPage + 1).joined(separator: ",")
          + "]}]}", 400
      ),
      (
        #"{"writeKey":"k1","x":""# + String(repeating: "x", count: Limits.slotRequestBytes) + "\"}",
        413
      ),
    ])
  func refused(body: String, status: Int) async throws {
    try await collecting.serving { client in
      let reply = try await client.execute(
        uri: "/v1/slots", method: .post, headers: [.origin: "https://shop.example"],
        body: ByteBuffer(string: body))
      #expect(Int(reply.status.code) == status)
      #expect(reply.headers[.accessControlAllowOrigin] == "https://shop.example")
      let preflight = try await client.execute(
        uri: "/v1/slots", method: .options, headers: [.origin: "https://shop.example"])
      #expect(preflight.status == .ok)
      #expect(preflight.headers[.accessControlAllowMethods]?.contains("POST") == true)
    }
  }
}
