import CustomerJourney
import Foundation
import HTTPTypes
import JourneyEngine
import Orchestration
import Store
import Testing

@testable import klantreis

/// Plays as people see them, and the links that customers follow.
@Suite struct PlayPageTests {
  private static let now = Timestamp.now

  private func basketProject() throws -> TestProject {
    let cart: Properties = [
      "cart_id": .text("c1"), "product_id": .text("gouda"), "name": .text("Old <Gouda>"),
      "price": .number(12.5), "quantity": .number(2), "currency": .text("EUR"),
      "url": .text("https://evil.example/checkout?step=2"),
    ]
    return try TestProject([
      Touchpoint(
        customer: "ann", occurred: Self.now.adding(seconds: -7200), event: .productAdded,
        channel: .website, messageID: "a", properties: cart),
      Touchpoint(
        customer: "ann", occurred: Self.now.adding(seconds: -7100),
        event: EventName("Checkout Started"), channel: .website, messageID: "b",
        properties: [
          "cart_id": .text("c1"), "url": .text("https://evil.example/checkout?step=2"),
        ]),
      Touchpoint(
        customer: "bob", occurred: Self.now, event: .pageViewed, channel: .website, messageID: "c"),
    ])
  }

  @Test("The list and every built-in play have a page, in both languages")
  func pages() async throws {
    let project = try TestProject()
    try await project.serving { client in
      for language in ["en", "nl"] {
        let list = try await client.get("/plays?lang=\(language)")
        #expect(list.status == .ok)
        for play in BuiltInPlays.all {
          #expect(list.text.contains("/plays/\(play.id)"))
          let page = try await client.get("/plays/\(play.id)?lang=\(language)&dry=yes")
          #expect(page.status == .ok)
          #expect(page.text.contains("play-picture"))
        }
      }
      #expect(try await client.get("/plays/nothing").status == .notFound)
    }
  }

  @Test("A dry run says who would have got what, and why others not")
  func dryRun() throws {
    let project = try basketProject()
    let snapshot = try project.workspace.snapshot()
    let (_, program) = try project.workspace.programs("abandoned-basket", snapshot)
    let dryRun = try project.workspace.dryRun(program, snapshot)
    #expect(dryRun.entered == 1)
    #expect(dryRun.customers == 2)
    let first = try #require(dryRun.steps.first)
    // Ann may be held out, by chance that is always the same; else there is no consent.
    #expect(first.sent == 0)
    #expect(first.skipped == (dryRun.heldOut == 1 ? [:] : ["no-consent": 1]))
  }

  @Test("Switching on asks first, and says whom it would reach")
  func guarded() throws {
    let project = try basketProject()
    let problem = #expect(throws: PlayProblem.self) {
      try project.workspace.switchOn("abandoned-basket", isSure: false, at: Self.now)
    }
    guard case .needsYes(let reach) = problem else {
      Issue.record("it asks")
      return
    }
    #expect(reach.entered == 1)
    #expect(try project.workspace.store.plays().isEmpty)
    try project.workspace.switchOn("abandoned-basket", isSure: true, at: Self.now)
    #expect(try project.workspace.store.plays().map(\.isOn) == [true])
  }

  @Test("Plays that begin each other, or themselves, are not switched on together")
  func circles() throws {
    let project = try TestProject()
    func yaml(_ id: String, enter: String, does: String) -> String {
      """
      id: \(id)
      name: \(id)
      about: Circles.
      purpose: service
      enter: {\(enter)}
      again: after 1h
      steps:
        - \(does)
      """
    }
    func set(_ trait: String) -> String { "{set: \(trait), to: \"yes\"}" }
    func add(_ id: String, enter: String, does: String) throws {
      _ = try project.workspace.addPlay(
        yaml: yaml(id, enter: enter, does: does), file: id, at: Self.now)
    }
    func isRefused(_ deed: () throws -> Void) -> Bool {
      do {
        try deed()
        return false
      } catch PlayProblem.circle {
        return true
      } catch {
        Issue.record("\(error)")
        return false
      }
    }
    func isRefused(_ id: String) -> Bool {
      isRefused { try project.workspace.switchOn(id, isSure: true, at: Self.now) }
    }
    try add("a", enter: "becomes: trait(x) is yes", does: set("y"))
    try add("b", enter: "becomes: trait(y) is yes", does: set("x"))
    try add("self", enter: "becomes: trait(z) is yes", does: set("z"))
    try add("mails", enter: #"event: event is "Message Sent""#, does: "message: order-1")
    try add(
      "follows", enter: #"event: event is "Message Sent" and campaign is "a""#,
      does: "message: order-1")
    #expect(!isRefused("a"))
    #expect(isRefused("b") && isRefused("self") && isRefused("mails"))
    // What follows a message of another play is no circle.
    #expect(!isRefused("follows"))
    // Neither is a chain, until its end leads back to its beginning.
    try add("b", enter: "becomes: trait(y) is yes", does: set("v"))
    #expect(!isRefused("b"))
    try add("c", enter: "becomes: trait(v) is yes", does: set("x"))
    #expect(isRefused("c"))
    try add("c", enter: "becomes: trait(v) is yes", does: set("u"))
    #expect(!isRefused("c"))
    #expect(
      isRefused { try add("c", enter: "becomes: trait(v) is yes", does: set("x")) },
      "nor while it is on")
  }

  @Test("A basket's link leads to the shop's own host only, and gives the basket to its page")
  func basketLink() async throws {
    let project = try basketProject()
    let workspace = project.workspace
    try workspace.store.set("mail.url", to: "https://stats.example.com")
    try workspace.set(.shop, to: "https://shop.example.com/")
    let ann = try #require(try workspace.store.customer(key: "ann"))
    let links = try workspace.playLinks()
    let link = try #require(links.basket("c1", of: ann, at: Self.now))
    let token = try #require(link.split(separator: "/").last).description
    let expired = try #require(
      links.basket(
        "c1", of: ann, at: Self.now.adding(seconds: -(Limits.basketLinkDays + 1) * 86_400))
    ).split(separator: "/").last?.description
    try await project.serving { client in
      let lead = try await client.get("/basket/\(token)")
      #expect(lead.status == .seeOther)
      #expect(
        lead.headers[.location]
          == "https://shop.example.com/checkout?step=2&klantreis_basket=\(token)")
      let basket = try await client.get("/v1/basket/\(token)")
      #expect(basket.status == .ok)
      #expect(basket.headers[.accessControlAllowOrigin] == "*")
      #expect(basket.text.contains(#""quantity":2"#))
      #expect(basket.text.contains(#""step":"1""#))
      for bad in ["x", String(token.dropLast()), expired ?? ""] {
        #expect(try await client.get("/v1/basket/\(bad)").status == .notFound)
        let lead = try await client.get("/basket/\(bad)")
        #expect(lead.headers[.location] == "https://shop.example.com/")
      }
      #expect(try await client.get("/klantreis-basket.js").text.contains("klantreis:basket"))
    }
  }

  @Test("Who comes in by an ambassador's link counts for that one, once; a made-up one counts not")
  func ambassadors() throws {
    let project = try basketProject()
    let workspace = project.workspace
    try workspace.switchOn("referral", isSure: true, at: Self.now)
    let ann = try #require(try workspace.store.customer(key: "ann"))
    let campaign = try workspace.playLinks().campaign(of: ann)
    for (number, (who, name)) in [
      ("cas", campaign), ("cas", campaign), ("dirk", "ambassador-\(ann)-made-up"),
      ("ann", campaign),
    ].enumerated() {
      try workspace.store.append([
        Touchpoint(
          customer: who, occurred: Self.now.adding(seconds: Int64(number)), event: .pageViewed,
          channel: .website, messageID: "arrive\(number)", campaign: name)
      ])
    }
    let keeper = PlayKeeper(workspace: workspace)
    try keeper.look(try workspace.snapshot(), now: Self.now.adding(seconds: 60))
    try keeper.look(try workspace.snapshot(), now: Self.now.adding(seconds: 61))
    let journeys = try workspace.snapshot().journeys
    let journey = try #require(journeys.journey(ofCustomer: UInt32(ann)))
    let made = journeys.rows(ofJourney: journey).filter {
      journeys.name(.event, row: $0) == "Referral Made"
    }
    #expect(made.count == 1)
  }

  @Test("The contact policy is kept only when it makes sense")
  func policy() throws {
    let project = try TestProject()
    let workspace = project.workspace
    var policy = ContactPolicy.usual
    policy.caps = [.init(channel: .email, count: 2, per: .week)]
    try workspace.setContactPolicy(json: try policy.json)
    #expect(try workspace.contactPolicy() == policy)
    for wrong in [
      "{}", "[]", try policy.json.replacing(#""count" : 2"#, with: #""count" : -1"#),
      try policy.json.replacing("Support Requested", with: #"x" nonsense "#),
    ] {
      #expect(throws: Ending.self) { try workspace.setContactPolicy(json: wrong) }
    }
    #expect(try workspace.contactPolicy() == policy)
  }
}
