import CustomerJourney
import Testing

@testable import Orchestration

/// How a customer goes through a play.
@Suite struct PlayMachineTests {
  private let start = PlayKit.start
  private let basket = """
    - wait: 1h
    - {id: first, message: basket-1}
    - wait: 23h
    - {id: second, message: basket-2}
    """

  @Test("A basket that is left gets its messages an hour and a day later")
  func sequence() throws {
    let story = PlayKit.story(
      try PlayKit.program(steps: basket), [PlayKit.touch("Product Added", start, cart: "c1")])
    #expect(
      story == ["03-02 13:00 in", "03-02 14:00 first", "03-03 13:00 second", "03-03 13:00 done"])
  }

  @Test("The timer starts again when the basket changes, and no message comes twice by it")
  func restart() throws {
    let story = PlayKit.story(
      try PlayKit.program(steps: basket),
      [0, 30, 55, 200].map { PlayKit.touch("Product Added", start, cart: "c1", minutes: $0) })
    // The first hour counts from 13:55; the day counts from the change at 16:20.
    #expect(
      story == ["03-02 13:00 in", "03-02 14:55 first", "03-03 15:20 second", "03-03 15:20 done"])
  }

  @Test("Another basket of the same customer has a run of its own")
  func keys() throws {
    let story = PlayKit.story(
      try PlayKit.program(steps: "- wait: 1h\n- {id: first, message: basket-1}"),
      [
        PlayKit.touch("Product Added", start, cart: "c1"),
        PlayKit.touch("Product Added", start, cart: "c2", minutes: 10),
        PlayKit.touch("Product Added", start, minutes: 20),
      ])
    #expect(
      story == [
        "03-02 13:00 in", "03-02 13:10 in", "03-02 14:00 first", "03-02 14:00 done",
        "03-02 14:10 first", "03-02 14:10 done",
      ])
  }

  @Test(
    "A purchase ends it at once, whenever it comes", arguments: [0, 1, 59, 60, 61, 1439, 1440])
  func exit(minutes: Int64) throws {
    let story = PlayKit.story(
      try PlayKit.program(steps: basket),
      [
        PlayKit.touch("Product Added", start, cart: "c1"),
        PlayKit.touch("Order Completed", start, minutes: minutes),
      ])
    let sent = story.filter { $0.hasSuffix("first") || $0.hasSuffix("second") }.count
    // At the moment of the message itself the purchase comes first.
    #expect(sent == (minutes <= 60 ? 0 : minutes <= 1440 ? 1 : 2))
    #expect(story.last?.hasSuffix("exit 0") == true)
  }

  @Test("A purchase of which we hear late ends it when we hear of it")
  func late() throws {
    let program = try PlayKit.program(steps: basket)
    let machine = PlayMachine(program)
    let added = PlayKit.touch("Product Added", start, cart: "c1")
    let before = PlayKit.witness(program, [added])
    var run = try #require(
      machine.enter(identity: 1, by: 0, at: start, earlier: [], before))
    #expect(machine.advance(&run, before, now: start).isEmpty)
    let after = PlayKit.witness(
      program, [added, PlayKit.touch("Order Completed", start, minutes: 5)])
    #expect(machine.advance(&run, after, now: start.adding(seconds: 7200)).isEmpty)
    #expect(run.end == PlayRun.End(.exit(0), at: start.adding(seconds: 300)))
  }

  @Test("Waiting until a time of day goes by the customer's clock, also over its changes")
  func daylight() throws {
    let program = try PlayKit.program(
      steps:
        "- wait until: \"09:00\"\n- {id: a, message: m}\n- wait: 1h\n- wait until: \"02:30\"\n- {id: b, message: m}"
    )
    // In the night of 29 March 2026 Amsterdam's clocks go from 2:00 to 3:00.
    let added = PlayKit.touch("Product Added", PlayKit.at("2026-03-27T08:30:00Z"), cart: "c")
    let story = PlayKit.story(program, [added], days: 60)
    #expect(story.filter { $0.hasSuffix(" a") } == ["03-28 09:00 a"])
    #expect(story.filter { $0.hasSuffix(" b") } == ["03-29 03:30 b"])
    let tokyo = try #require(Zone("Asia/Tokyo"))
    #expect(
      PlayKit.story(program, [added], days: 60, zone: tokyo).contains("03-28 09:00 a"))
  }

  @Test("Waiting for an event goes one way when it comes and the other when it does not")
  func waitFor() throws {
    let program = try PlayKit.program(
      steps: """
        - wait for: event is "Checkout Started"
          within: 2h
          then:
            - {id: came, message: m}
          else:
            - {id: late, message: m}
        """)
    let added = PlayKit.touch("Product Added", start, cart: "c1")
    #expect(
      PlayKit.story(program, [added, PlayKit.touch("Checkout Started", start, minutes: 90)])
        == ["03-02 13:00 in", "03-02 14:30 came", "03-02 14:30 done"])
    #expect(
      PlayKit.story(program, [added, PlayKit.touch("Checkout Started", start, minutes: 130)])
        == ["03-02 13:00 in", "03-02 15:00 late", "03-02 15:00 done"])
  }

  @Test("Shares of a split and the holdout hold, and each customer keeps the same")
  func chance() throws {
    let program = try PlayKit.program(
      "holdout: 10%\nenter: {event: event is \"Product Added\", key: cart_id}",
      steps: """
        - split:
            - {name: a, share: 30%, steps: [{id: a, message: m}]}
            - {name: b, share: 70%, steps: [{id: b, message: m}]}
        """)
    var counts: [String: Int] = [:]
    for identity in 1...4_000 as ClosedRange<Int64> {
      let story = PlayKit.story(
        program, [PlayKit.touch("Product Added", start, cart: "c1")], identity: identity)
      #expect(
        story
          == PlayKit.story(
            program, [PlayKit.touch("Product Added", start, cart: "c1")], identity: identity))
      counts[String(story.dropFirst().first?.suffix(1) ?? "h"), default: 0] += 1
    }
    // Four standard deviations of 4,000 draws.
    #expect(abs((counts["h"] ?? 0) - 400) < 76)
    #expect(abs((counts["a"] ?? 0) - 1_080) < 113)
    #expect(abs((counts["b"] ?? 0) - 2_520) < 123)
  }

  @Test("Whoever was in comes in again only after the time that the play says")
  func again() throws {
    let moments: [Int64] = [0, 3 * 1440, 8 * 1440]
    let touchpoints = moments.map { PlayKit.touch("Product Added", start, cart: "c1", minutes: $0) }
    func entries(_ again: String) throws -> Int {
      let program = try PlayKit.program(
        "again: \(again)\nenter: {event: event is \"Product Added\", key: cart_id}",
        steps: "- wait: 1h\n- {id: m, message: m}")
      return PlayKit.story(program, touchpoints).count { $0.hasSuffix(" in") }
    }
    #expect(try entries("never") == 1)
    #expect(try entries("after 7d") == 2)
    #expect(try entries("after 2d") == 3)
  }

  @Test("A play that goes round with a wait ends by itself")
  func endless() throws {
    let program = try PlayKit.program(
      steps: "- id: again\n  wait: 1h\n- {id: m, message: m}\n- go to: again")
    let story = PlayKit.story(program, [PlayKit.touch("Product Added", start, cart: "c1")])
    #expect(story.count { $0.hasSuffix(" m") } == Limits.playPasses)
    #expect(story.last?.hasSuffix("endless") == true)
  }

  @Test("Of two runs of what turns out to be one customer, the one that is further goes on")
  func joined() {
    func run(_ id: Int64, place: Int, key: String = "c1") -> PlayRun {
      PlayRun(
        id: id, play: "p", version: 1, identity: id, key: key, entered: start, lot: 0, place: place,
        since: start, due: start)
    }
    var runs = [run(1, place: 1), run(2, place: 3), run(3, place: 0, key: "c2")]
    PlayMachine.join(&runs, now: start)
    #expect(runs.map { $0.end?.reason } == [.joined, nil, nil])
    PlayMachine.join(&runs, now: start)
    #expect(runs.map { $0.end?.reason } == [.joined, nil, nil])
  }

  @Test("A rule that becomes true by time alone is met at that moment")
  func becoming() throws {
    let program = try PlayKit.program(
      "enter: {becomes: since(last event is \"Product Viewed\") > 2d}",
      steps: "- {id: m, message: m}")
    let witness = PlayKit.witness(
      program,
      [PlayKit.touch("Product Viewed", start), PlayKit.touch("Product Viewed", start, minutes: 60)])
    let moments = program.momentsOfBecomingTrue(
      0, witness, from: start, to: start.adding(seconds: 10 * 86_400))
    #expect(moments == [Timestamp(milliseconds: start.milliseconds + 3_600_000 + 172_800_001)])
  }
}
