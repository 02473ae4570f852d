import Collector
import CustomerJourney
import Foundation
import Testing

@testable import klantreis

@Suite("The feed of live events")
struct LiveFeedTests {
  private static func note(_ ids: [String], known: [Int] = [], source: String = "shop")
    -> FrontDoor.Note
  {
    FrontDoor.Note(
      dialect: "segment", source: source, status: 200,
      batch: CollectedBatch(
        touchpoints: ids.map { id in
          Touchpoint(
            customer: "c", occurred: Timestamp(seconds: 1), event: EventName("Page Viewed"),
            channel: .website, messageID: id, source: source)
        }),
      outcome: KeptOutcome(stored: ids.count - known.count, knownTouchpoints: known))
  }

  private static func ids(_ feed: LiveFeed, after number: UInt64 = 0) -> [String] {
    feed.entries(of: "shop", after: number).map(\.touchpoint.messageID)
  }

  @Test("what was stored is shown in order, without what was there already")
  func order() {
    let feed = LiveFeed()
    feed.add(Self.note(["a", "b", "c"], known: [1]))
    feed.add(Self.note(["a"], known: [0]))
    feed.add(Self.note(["x"], source: "other"))
    feed.add(Self.note(["d"]))
    #expect(Self.ids(feed) == ["a", "c", "d"])
    #expect(Self.ids(feed, after: 2) == ["d"])
  }

  @Test("only the last are kept, however many came in one batch or in many")
  func bounded() {
    let feed = LiveFeed()
    let names = (0..<(Limits.lastEvents * 3)).map(String.init)
    feed.add(Self.note(names))
    #expect(Self.ids(feed) == Array(names.suffix(Limits.lastEvents)))
    for name in names { feed.add(Self.note([name])) }
    #expect(Self.ids(feed) == Array(names.suffix(Limits.lastEvents)))
  }

  @Test("a mark says where a browser is; one of another run begins anew")
  func marks() {
    let feed = LiveFeed()
    #expect(feed.number(of: feed.mark(of: "shop")) == 0)
    feed.add(Self.note(["a", "b"]))
    #expect(feed.number(of: feed.mark(of: "shop")) == 2)
    #expect(LiveFeed().number(of: feed.mark(of: "shop")) == 0)
    for bad in ["", "-", "x-y", "1-2-3", nil] { #expect(feed.number(of: bad) == 0) }
  }

  @Test("those who watch a source are woken for it alone, once for what they did not take yet")
  func bells() async throws {
    let feed = LiveFeed()
    let viewer = try #require(feed.watch("shop"))
    for _ in 0..<1_000 { feed.add(Self.note(["a"])) }
    feed.add(Self.note(["x"], source: "other"))
    viewer.end()
    var rings = 0
    for await _ in viewer.bells { rings += 1 }
    #expect(rings == 1)
    feed.leave(viewer)
    #expect(feed.viewers == 0)
  }

  @Test("no more browsers watch than may")
  func room() throws {
    let feed = LiveFeed(mostViewers: 2)
    let first = try #require(feed.watch("shop"))
    #expect(feed.watch("shop") != nil)
    #expect(!feed.hasRoom)
    #expect(feed.watch("other") == nil)
    feed.leave(first)
    #expect(feed.watch("shop") != nil)
  }
}
