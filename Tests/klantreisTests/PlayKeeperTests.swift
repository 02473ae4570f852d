import CustomerJourney
import GRDB
import Insights
import Orchestration
import Testing

@testable import Store
@testable import klantreis

/// Plays run for real: the store, who is who, and the machine together.
@Suite struct PlayKeeperTests {
  static let start = Timestamp(iso8601: "2026-03-02T12:00:00Z") ?? .epoch

  /// A project in which a play is on, with a clock of its own.
  final class Shop {
    let project: TestProject
    let watch: Watch
    var now = PlayKeeperTests.start
    private var count = 0

    init(_ plays: [String] = ["abandoned-basket"]) throws {
      project = try TestProject([])
      watch = Watch(store: project.workspace.store)
      // The first thing that is known, so that there is a journey to look at.
      try happen("someone", "Page Viewed")
      for id in plays {
        let built = try #require(BuiltInPlays.all.first { $0.id == id })
        // Nobody is held out: what is tested is what is sent.
        let yaml = built.yaml.replacing("holdout: 10%", with: "holdout: 0%")
        try store.keepPlay(id, yaml: yaml, at: now)
        try store.switchPlay(id, on: true, at: now)
      }
      try look()
    }

    var store: Store { project.workspace.store }

    func happen(
      _ customer: String, _ event: String, cart: String? = nil, at moment: Timestamp? = nil,
      also other: String? = nil, properties: Properties = [:], content: String? = nil
    ) throws {
      count += 1
      var properties = properties
      if let cart { properties["cart_id"] = .text(cart) }
      try store.append([
        Touchpoint(
          customer: customer, occurred: moment ?? now, event: EventName(event), channel: .website,
          messageID: "m\(count)", source: "test", content: content, properties: properties,
          alsoKnownAs: other.map { [$0] } ?? [], claimant: .server)
      ])
    }

    func wait(minutes: Int64) { now = now.adding(seconds: minutes * 60) }

    func look() throws {
      let snapshot = try project.workspace.snapshot()
      try watch.look(snapshot, now: now)
      try PlayKeeper(workspace: project.workspace).look(snapshot, now: now)
    }

    /// Steps of messages that were written down, with their state, oldest first.
    func messages() throws -> [String] {
      try store.messages(limit: 1_000).reversed().map {
        "\($0.intent.origin.step) \($0.standing.state.rawValue)"
          + ($0.standing.reason.map { " \($0.code)" } ?? "")
      }
    }

    func runs(_ play: String = "abandoned-basket") throws -> [Store.OwnedRun] {
      try store.runs(of: play, limit: 1_000)
    }
  }

  @Test("A basket that is left brings a message an hour later, once")
  func basket() throws {
    let shop = try Shop()
    try shop.happen("ann", "Product Added", cart: "c1")
    try shop.look()
    #expect(try shop.runs().map(\.run.due) == [shop.now.adding(seconds: 3600)])
    shop.wait(minutes: 59)
    try shop.look()
    #expect(try shop.messages().isEmpty)
    shop.wait(minutes: 1)
    try shop.look()
    try shop.look()
    #expect(try shop.messages() == ["hour waiting"])
    let message = try #require(try shop.store.messages(limit: 1).first)
    #expect(message.intent.template == "basket-1")
    #expect(message.intent.data.contains(#""key":"c1""#))
    shop.wait(minutes: 23 * 60)
    try shop.look()
    #expect(try shop.messages() == ["hour waiting", "day waiting"])
  }

  @Test("A purchase lets go what waits to be sent, with the reason")
  func purchase() throws {
    let shop = try Shop()
    try shop.happen("ann", "Product Added", cart: "c1")
    try shop.look()
    shop.wait(minutes: 60)
    try shop.look()
    try shop.happen("ann", "Order Completed")
    try shop.look()
    #expect(try shop.messages() == ["hour skipped exit-0"])
    #expect(try shop.runs().map(\.run.end?.reason) == [.exit(0)])
    shop.wait(minutes: 10_000)
    try shop.look()
    #expect(try shop.messages() == ["hour skipped exit-0"])
  }

  @Test("A purchase on another device counts as soon as it is known to be the same customer")
  func linked() throws {
    let shop = try Shop()
    try shop.happen("anonymous:phone", "Product Added", cart: "c1")
    try shop.look()
    shop.wait(minutes: 10)
    try shop.happen("ann", "Order Completed")
    try shop.look()
    #expect(try shop.runs().map(\.run.end) == [nil])
    try shop.happen("ann", "Page Viewed", also: "anonymous:phone")
    try shop.look()
    #expect(try shop.runs().map(\.run.end?.reason) == [.exit(0)])
    shop.wait(minutes: 200)
    try shop.look()
    #expect(try shop.messages().isEmpty)
  }

  @Test("What happened before a play was switched on, and long ago, brings nobody in")
  func old() throws {
    let shop = try Shop()
    try shop.happen("ann", "Product Added", cart: "c1", at: Self.start.adding(seconds: -60))
    shop.wait(minutes: 3 * 1440)
    try shop.happen("bob", "Product Added", cart: "c2", at: shop.now.adding(seconds: -90_000))
    try shop.happen("cas", "Product Added", cart: "c3", at: shop.now.adding(seconds: -80_000))
    try shop.look()
    #expect(try shop.runs().map(\.run.key) == ["c3"])
  }

  @Test("What a clock that is ahead calls the future brings somebody in now")
  func ahead() throws {
    let shop = try Shop()
    try shop.happen("ann", "Product Added", cart: "c1", at: shop.now.adding(seconds: 3_000))
    try shop.look()
    #expect(try shop.runs().map(\.run.entered) == [shop.now])
    shop.wait(minutes: 61)
    try shop.look()
    #expect(try shop.runs().count == 1)
  }

  @Test("A play that begins by time alone begins when the time comes")
  func winBack() throws {
    let shop = try Shop(["win-back"])
    try shop.happen("ann", "Order Completed")
    try shop.look()
    shop.wait(minutes: 121 * 1440)
    try shop.look()
    #expect(try shop.runs("win-back").count == 1)
    shop.wait(minutes: 1440)
    try shop.look()
    #expect(try shop.messages() == ["new waiting"])
    try shop.look()
    #expect(try shop.runs("win-back").count == 1)
  }

  @Test("Who is on the way keeps the version; who comes in later gets the new one")
  func versions() throws {
    let shop = try Shop()
    try shop.happen("ann", "Product Added", cart: "c1")
    try shop.look()
    let yaml = try #require(try shop.store.plays().first).yaml
    let version = try shop.store.keepPlay(
      "abandoned-basket", yaml: yaml.replacing("message: basket-1", with: "message: other"),
      at: shop.now)
    #expect(version == 2)
    try shop.happen("bob", "Product Added", cart: "c2")
    try shop.look()
    shop.wait(minutes: 61)
    try shop.look()
    let messages = try shop.store.messages(limit: 10)
    #expect(Set(messages.map(\.intent.template)) == ["basket-1", "other"])
    #expect(Set(messages.map(\.intent.origin.version)) == [1, 2])
  }

  @Test("Switched off, nobody comes in, nobody goes on and nothing waits")
  func off() throws {
    let shop = try Shop()
    try shop.happen("ann", "Product Added", cart: "c1")
    try shop.look()
    shop.wait(minutes: 61)
    try shop.look()
    try shop.store.switchPlay("abandoned-basket", on: false, at: shop.now)
    #expect(try shop.messages() == ["hour skipped switched-off"])
    try shop.happen("bob", "Product Added", cart: "c2")
    try shop.look()
    shop.wait(minutes: 3_000)
    try shop.look()
    #expect(try shop.runs().count == 1)
    #expect(try shop.messages().count == 1)
  }

  @Test("Tasks are for people, and traits are set once")
  func deeds() throws {
    let shop = try Shop([])
    try shop.store.keepPlay(
      "vip",
      yaml: """
        id: vip
        name: VIP
        about: Marks who buys.
        purpose: service
        enter: {event: event is "Order Completed"}
        steps:
          - set: tier
            to: gold
          - {id: call, task: Call them.}
        """, at: shop.now)
    try shop.store.switchPlay("vip", on: true, at: shop.now)
    try shop.happen("ann", "Order Completed")
    try shop.look()
    try shop.look()
    let ann = try #require(try shop.store.customer(key: "ann"))
    #expect(try shop.store.traits(of: [ann])[ann]?["tier"] == .text("gold"))
    let tasks = try shop.store.pool.read {
      try String.fetchAll($0, sql: "SELECT english FROM play_task")
    }
    #expect(tasks == ["Call them."])
  }

  @Test(
    "News taken one touchpoint at a time brings in whom it brings in at once",
    arguments: [1, 3, 100])
  func lots(newsAtOnce: Int64) throws {
    let shop = try Shop(["abandoned-basket", "welcome"])
    for number in 0..<6 {
      try shop.happen("c\(number)", "Signed Up")
      try shop.happen("c\(number)", "Product Added", cart: "first \(number)")
      shop.wait(minutes: 1)
      if number.isMultiple(of: 2) { try shop.happen("c\(number)", "Order Completed") }
      shop.wait(minutes: 1)
      try shop.happen("c\(number)", "Product Added", cart: "second \(number)")
    }
    let snapshot = try shop.project.workspace.snapshot()
    try shop.watch.look(snapshot, now: shop.now)
    var keeper = PlayKeeper(workspace: shop.project.workspace)
    keeper.newsAtOnce = newsAtOnce
    try keeper.look(snapshot, now: shop.now)
    #expect(try keeper.look(snapshot, now: shop.now) == 0)
    let mark = try #require(try shop.store.playMark())
    #expect(mark.watch.row == snapshot.mark.row)
    let baskets = try shop.runs().map { "\($0.run.key) \($0.run.end == nil ? "open" : "over")" }
    let expected = (0..<6).flatMap { number in
      ["first \(number) \(number.isMultiple(of: 2) ? "over" : "open")", "second \(number) open"]
    }
    #expect(baskets.sorted() == expected.sorted())
    #expect(try shop.runs("welcome").count == 6)
  }

  @Test("A basket's message names what others bought with it, as the shop last showed it")
  func related() throws {
    let shop = try Shop()
    try shop.store.set(Workspace.Setting.shop.rawValue, to: "https://shop.example")
    func product(_ name: String, price: Double) -> Properties {
      [
        "product_id": .text("p-\(name)"), "name": .text(name), "price": .number(price),
        "url": .text("https://shop.example/\(name)"),
      ]
    }
    func add(_ customer: String, _ name: String, cart: String, price: Double = 5) throws {
      try shop.happen(
        customer, "Product Added", cart: cart, properties: product(name, price: price),
        content: name)
    }
    for number in 0..<4 {
      // Somebody's product that is not of the shop.
      try shop.happen(
        "c\(number)", "Product Added", cart: "c\(number)",
        properties: [
          "product_id": .text("x"), "name": .text("bait"), "url": .text("https://bait.example/"),
        ], content: "bait")
      for name in ["mug", "tea", "spoon"] { try add("c\(number)", name, cart: "c\(number)") }
      try shop.happen("c\(number)", "Order Completed")
    }
    // Without others that were bought alone nothing is more often together than by chance.
    for number in 4..<8 {
      try add("c\(number)", "lamp", cart: "c\(number)")
      try shop.happen("c\(number)", "Order Completed")
    }
    try shop.happen(
      "somebody", "Product Viewed", properties: product("tea", price: 4.5), content: "tea")
    // She has a spoon.
    try add("ann", "spoon", cart: "a1")
    try shop.happen(
      "ann", "Order Completed",
      properties: ["products.0.name": .text("spoon"), "products.0.product_id": .text("p-spoon")])
    shop.wait(minutes: 1)
    try add("ann", "mug", cart: "a2")
    try shop.look()
    shop.wait(minutes: 60)
    try shop.look()
    let message = try #require(
      try shop.store.messages(limit: 100).first { $0.intent.data.contains("\"key\":\"a2\"") })
    #expect(
      message.intent.data.contains(
        """
        "related":[{"id":"p-tea","link":"https://shop.example/tea","name":"tea","price":"€ 4.50","quantity":1}]
        """))
  }

  @Test("A play puts customers into a segment, which is there from when it is switched on")
  func segment() throws {
    let shop = try Shop([])
    let workspace = shop.project.workspace
    let yaml = """
      id: winter
      name: Winter
      about: Keeps a list.
      purpose: service
      enter: {event: event is "Signed Up"}
      steps:
        - join: Winter list
        - wait: 7d
        - leave: Winter list
      """
    _ = try workspace.addPlay(yaml: yaml, file: "winter.yaml", at: shop.now)
    try workspace.switchOn("winter", isSure: true, at: shop.now)
    func members() throws -> Int? {
      let question = try Question(
        .segment, ["who": ["segment(\"Winter list\")"], "points": ["1"]])
      return (try question.answer(from: try workspace.snapshot()).report as? SegmentSize)?.members
    }
    #expect(try members() == 0)
    try shop.happen("ann", "Signed Up")
    try shop.look()
    #expect(try members() == 1)
    shop.wait(minutes: 7 * 24 * 60)
    try shop.look()
    #expect(try members() == 0)

    // Who is in a segment with a rule of its own is not a play's to say.
    try workspace.addSegment(name: "Buyers", rule: "ever(event is \"Order Completed\")")
    let other = yaml.replacing("winter", with: "buyers").replacing("Winter list", with: "Buyers")
    _ = try workspace.addPlay(yaml: other, file: "buyers.yaml", at: shop.now)
    #expect {
      try workspace.switchOn("buyers", isSure: true, at: shop.now)
    } throws: {
      "\($0)".contains("\u{201C}Buyers\u{201D} is decided by its rule")
    }
  }

  @Test("When somebody else has looked meanwhile, nothing is kept twice")
  func together() throws {
    let shop = try Shop()
    try shop.happen("ann", "Product Added", cart: "c1")
    let snapshot = try shop.project.workspace.snapshot()
    let mark = try #require(try shop.store.playMark())
    try PlayKeeper(workspace: shop.project.workspace).look(snapshot, now: shop.now)
    #expect(try shop.runs().count == 1)
    #expect(
      try !shop.store.keep([], from: mark, to: mark.watch, standing: 0, at: shop.now))
  }

  @Test("At the moment of sending it is asked again whether it still holds")
  func check() throws {
    let shop = try Shop()
    try shop.happen("ann", "Product Added", cart: "c1")
    try shop.look()
    shop.wait(minutes: 60)
    try shop.look()
    let message = try #require(try shop.store.messages(limit: 1).first)
    let check = PlayGate(workspace: shop.project.workspace)
    let workspace = shop.project.workspace
    #expect(
      try check.verdict(on: message, workspace.snapshot(), now: shop.now) == .skip(.noConsent))
    // Bought a moment ago, and no look has seen it yet.
    try shop.happen("ann", "Order Completed")
    #expect(try check.verdict(on: message, workspace.snapshot(), now: shop.now) == .skip(.over))
  }

  @Test("Whose time has come is found by an index, and a basket that was given up is let go")
  func waiting() throws {
    let shop = try Shop()
    let steps = try shop.store.pool.read {
      try Row.fetchAll(
        $0,
        sql:
          "EXPLAIN QUERY PLAN SELECT identity FROM play_run r WHERE r.due <= 1 ORDER BY r.due LIMIT 9"
      ).map { $0["detail"] as String }
    }
    #expect(steps.count == 1 && steps[0].contains("play_run_due"), "\(steps)")
    try shop.happen("ann", "Product Added", cart: "c1", properties: ["product_id": .text("g")])
    try shop.happen("ann", "Product Removed", cart: "c1", properties: ["product_id": .text("g")])
    try shop.look()
    shop.wait(minutes: 61)
    try shop.look()
    let message = try #require(try shop.store.messages(limit: 1).first)
    let gate = PlayGate(workspace: shop.project.workspace)
    #expect(
      try gate.verdict(on: message, shop.project.workspace.snapshot(), now: shop.now)
        == .skip(.over))
  }

  @Test(
    "Whatever happens in whatever order, no message comes twice and none after an exit",
    arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func anything(seed: UInt64) throws {
    let shop = try Shop()
    var dice = Dice(seed)
    let people = ["ann", "bob"]
    /// Devices of each, of which the shop does not know yet whose they are.
    let devices = [0: ["anonymous:a1", "anonymous:a2"], 1: ["anonymous:b1"]]
    var known: [String: String] = [:]
    /// What the oracle knows: each purchase with its moment and the key under which it came.
    var bought: [(key: String, at: Timestamp)] = []
    var late: [() throws -> Void] = []
    var seen: Set<Int64> = []
    func owner(_ key: String) -> String { known[key] ?? key }
    for _ in 0..<120 {
      let person = dice.below(2)
      let keys = [people[person]] + (devices[person] ?? [])
      let key = keys[dice.below(keys.count)]
      switch dice.below(9) {
      case 0, 1, 2: try shop.happen(key, "Product Added", cart: "c\(person)\(dice.below(2))")
      case 3:
        try shop.happen(key, "Order Completed")
        bought.append((key, shop.now))
      case 4:
        // It comes in later than it happened.
        let moment = shop.now
        late.append {
          try shop.happen(key, "Order Completed", at: moment)
          bought.append((key, moment))
        }
      case 5: if !late.isEmpty { try late.remove(at: dice.below(late.count))() }
      case 6:
        if key != people[person] {
          try shop.happen(people[person], "Page Viewed", also: key)
          known[key] = people[person]
        }
      default: shop.wait(minutes: Int64(dice.below(500)))
      }
      guard dice.below(3) > 0 else { continue }
      try shop.look()
      let messages = try shop.store.messages(limit: 10_000)
      for message in messages where !seen.contains(message.id) {
        seen.insert(message.id)
        let owned = try #require(try shop.store.run(of: message), "seed \(seed)")
        let key = try #require(
          try shop.store.customerKeys([owned.customer])[owned.customer])
        let after = bought.filter { owner($0.key) == owner(key) && $0.at >= owned.run.entered }
        #expect(after.isEmpty, "seed \(seed): \(message.intent.origin) after a purchase")
      }
      let told = messages.map { message in
        "\(message.intent.origin.key) \(message.intent.origin.step)"
      }
      #expect(Set(told).count == told.count, "seed \(seed)")
      // Of one customer and basket, one run at most is on the way.
      let onTheWay = try shop.runs().filter { $0.run.end == nil }
        .map { "\($0.customer) \($0.run.key)" }
      #expect(Set(onTheWay).count == onTheWay.count, "seed \(seed): \(onTheWay)")
    }
    #expect(!seen.isEmpty, "seed \(seed)")
  }
}

private struct Dice: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}
