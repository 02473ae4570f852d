import CustomerJourney
import Foundation
import GRDB
import HTTPTypes
import Insights
import JourneyEngine
import NIOCore
import Testing

@testable import Store
@testable import klantreis

/// Who enters and leaves phases and segments, noted once, by touchpoints and by time.
@Suite struct WatchTests {
  static let start = Timestamp(iso8601: "2026-03-01T12:00:00Z") ?? .epoch

  /// A project under watch, with a clock of its own.
  final class Watched {
    let project: TestProject
    private(set) var watch: Watch
    var now: Timestamp
    private var count = 0

    init(_ touchpoints: [Touchpoint] = [], now: Timestamp = WatchTests.start) throws {
      project = try TestProject(touchpoints)
      watch = Watch(store: project.workspace.store)
      self.now = now
    }

    var store: Store { project.workspace.store }

    /// As after a start of the program.
    func restart() { watch = Watch(store: store) }

    func happen(_ customer: String, _ event: String, at moment: Timestamp? = nil) throws {
      count += 1
      try store.append([
        Touchpoint(
          customer: customer, occurred: moment ?? now, event: EventName(event), channel: .website,
          messageID: "w\(count)", source: "test")
      ])
    }

    func wait(days: Int64) { now = now.adding(seconds: days * 86_400) }

    @discardableResult
    func look() throws -> [String] {
      let changes = try watch.look(try project.workspace.snapshot(), now: now)
        .flatMap { $0.changes(numberedFrom: 1) }
      let keys = try store.customerKeys(changes.map(\.customer))
      return changes.map { change in
        "\(keys[change.customer] ?? "?") \(change.subject) \(change.from ?? "-") → \(change.to ?? "-")"
      }.sorted()
    }

    /// Only what is about segments.
    func segments() throws -> [String] { try look().filter { $0.contains("segment:") } }

    /// Customers in a segment by what is stored.
    func members(of segment: String) throws -> Int? {
      let standing = try store.standings().standings.first { $0.subject == .segment(segment) }
      return standing?.currentStates.count { $0 != 0 }
    }

    func noted() throws -> [StandingChange] {
      try store.standingChanges(after: 0, limit: 10_000)
    }
  }

  @Test("A touchpoint puts a customer in a segment and out of it again")
  func touchpoints() throws {
    let watched = try Watched()
    try watched.project.workspace.addSegment(
      name: "Doubting",
      rule: #"ever(event is "Product Added") and not ever(event is "Order Completed")"#)
    #expect(try watched.look().isEmpty)
    try watched.happen("ann", "Product Added")
    #expect(try watched.segments() == ["ann segment:Doubting - → member"])
    #expect(try watched.segments().isEmpty)
    try watched.happen("ann", "Order Completed")
    #expect(try watched.segments() == ["ann segment:Doubting member → -"])
    #expect(try watched.members(of: "Doubting") == 0)
  }

  @Test("Time alone puts a customer in a segment, at its moment, and visits nobody else")
  func time() throws {
    let watched = try Watched()
    try watched.project.workspace.addSegment(name: "Asleep", rule: "since(last true) > 60d")
    try watched.happen("ann", "Page Viewed")
    try watched.happen("bob", "Page Viewed", at: watched.now.adding(seconds: 3_600))
    try watched.look()
    watched.wait(days: 60)
    #expect(try watched.segments().isEmpty)
    watched.now = watched.now.adding(seconds: 60)
    #expect(try watched.segments() == ["ann segment:Asleep - → member"])
    let change = try #require(try watched.noted().last)
    #expect(change.happened == Self.start.adding(seconds: 60 * 86_400).adding(milliseconds: 1))
    watched.wait(days: 1)
    #expect(try watched.segments() == ["bob segment:Asleep - → member"])
    try watched.happen("bob", "Page Viewed")
    #expect(try watched.segments() == ["bob segment:Asleep member → -"])
  }

  @Test("A window that a touchpoint slides out of ends a membership")
  func window() throws {
    let watched = try Watched()
    try watched.project.workspace.addSegment(
      name: "Busy", rule: #"count(event is "Page Viewed", within 7d) >= 2"#)
    try watched.happen("ann", "Page Viewed")
    watched.wait(days: 3)
    try watched.happen("ann", "Page Viewed")
    // The first look finds her there: the segment begins with whom it has.
    try watched.look()
    #expect(try watched.members(of: "Busy") == 1)
    watched.wait(days: 4)
    #expect(try watched.segments().isEmpty)
    watched.now = watched.now.adding(seconds: 30)
    #expect(try watched.segments() == ["ann segment:Busy member → -"])
  }

  @Test("Each phase on the way is noted, with the moment of the touchpoint that led there")
  func phases() throws {
    let watched = try Watched()
    try watched.look()
    let moments: [Int64] = [-300, -200, -100, -50]
    let events = ["Page Viewed", "Product Added", "Order Completed", "Order Delivered"]
    for (event, seconds) in zip(events, moments) {
      try watched.happen("ann", event, at: watched.now.adding(seconds: seconds))
    }
    try watched.look()
    let noted = try watched.noted().filter { $0.subject == .model("stdc") }
    #expect(noted.map(\.from) == [nil, "see", "do"])
    #expect(noted.map(\.to) == ["see", "do", "care"])
    // The order stays in the phase of the basket.
    #expect(noted.map(\.happened) == [-300, -200, -50].map { watched.now.adding(seconds: $0) })
  }

  @Test("A late touchpoint tells only where the story ends now")
  func late() throws {
    let watched = try Watched()
    try watched.happen("ann", "Page Viewed")
    try watched.look()
    try watched.happen("ann", "Order Completed", at: watched.now.adding(seconds: -7_200))
    let stdc = try watched.look().filter { $0.contains("model:stdc") }
    #expect(stdc == ["ann model:stdc see → care"])
  }

  @Test(
    "Whenever the program stops, each change is noted once", arguments: 1...6 as ClosedRange<UInt64>
  )
  func restarts(seed: UInt64) throws {
    var generator = SeededDice(state: seed)
    let watched = try Watched()
    try watched.project.workspace.addSegment(name: "Asleep", rule: "since(last true) > 5d")
    try watched.project.workspace.addSegment(
      name: "Buyers", rule: #"ever(event is "Order Completed") and not segment("Asleep")"#)
    let events = ["Page Viewed", "Product Added", "Order Completed"]
    try watched.look()
    for _ in 0..<60 {
      switch generator.next() % 6 {
      case 0: watched.restart()
      case 1: watched.now = watched.now.adding(seconds: Int64(generator.next() % 500_000))
      default:
        try watched.happen(
          "c\(generator.next() % 5)", events[Int(generator.next() % 3)],
          at: watched.now.adding(seconds: -Int64(generator.next() % 90_000)))
      }
      if generator.next() % 2 == 0 { try watched.look() }
    }
    try watched.look()
    // What was noted, one after the other, ends where everybody is; each begins where the last ended.
    let snapshot = try watched.project.workspace.snapshot()
    var standing: [String: String] = [:]
    for change in try watched.noted() {
      let place = "\(change.customer) \(change.subject)"
      #expect(standing[place] == change.from, "seed \(seed)")
      standing[place] = change.to
    }
    for entry in snapshot.segments.entries {
      let membership = try snapshot.membership(try #require(entry.rule))
      for customer in try watched.store.customers(keyPrefix: "c", limit: 100) {
        guard let journey = snapshot.journeys.journey(ofCustomer: UInt32(customer)) else {
          continue
        }
        let isIn = membership.holds(ofJourney: journey, at: watched.now.milliseconds)
        let place = "\(customer) \(StandingSubject.segment(entry.segment.name))"
        #expect((standing[place] != nil) == isIn, "seed \(seed): \(entry.segment.name)")
      }
    }
    for model in snapshot.models.models {
      let placement = try snapshot.placement(in: model)
      for customer in try watched.store.customers(keyPrefix: "c", limit: 100) {
        guard let journey = snapshot.journeys.journey(ofCustomer: UInt32(customer)) else {
          continue
        }
        let last = snapshot.journeys.rows(ofJourney: journey).upperBound - 1
        let phase = model.phases[placement.phase(row: last)].id
        #expect(standing["\(customer) \(StandingSubject.model(model.id))"] == phase, "seed \(seed)")
      }
    }
  }

  @Test("Two who watch the same folder note each change once between them")
  func two() throws {
    let watched = try Watched()
    let other = Watch(store: watched.store)
    try watched.look()
    try other.look(try watched.project.workspace.snapshot(), now: watched.now)
    for number in 1...5 {
      try watched.happen("c\(number)", "Page Viewed")
      let snapshot = try watched.project.workspace.snapshot()
      try watched.watch.look(snapshot, now: watched.now)
      try other.look(snapshot, now: watched.now)
      try watched.watch.look(snapshot, now: watched.now)
    }
    let noted = try watched.noted().filter { $0.subject == .model("stdc") }
    #expect(noted.count == 5)
    #expect(Set(noted.map(\.customer)).count == 5)
  }

  @Test("What becomes known of a customer moves that one, without a touchpoint")
  func traits() throws {
    let watched = try Watched()
    try watched.project.workspace.addSegment(name: "Dutch", rule: #"trait(country) is "NL""#)
    try watched.happen("ann", "Page Viewed")
    try watched.look()
    try watched.store.append(
      [],
      profiles: [
        ProfileChange(
          customer: "ann", traits: ["country": .text("NL")], occurred: watched.now,
          messageID: "p1", source: "test")
      ])
    var noted = try watched.segments()
    watched.now = watched.now.adding(seconds: 11)
    noted += try watched.segments()
    #expect(noted == ["ann segment:Dutch - → member"])
  }

  @Test("Who gets what another key did is looked at, and so is who loses it")
  func joined() throws {
    let watched = try Watched()
    try watched.project.workspace.addSegment(
      name: "Doubting", rule: #"ever(event is "Product Added")"#)
    try watched.happen("anonymous:b", "Product Added")
    try watched.happen("ann", "Page Viewed")
    try watched.look()
    try watched.store.join("anonymous:b", into: "ann", at: watched.now)
    #expect(
      try watched.segments() == [
        "ann segment:Doubting - → member", "anonymous:b segment:Doubting member → -",
      ])
    try watched.store.part("anonymous:b", from: "ann", at: watched.now.adding(seconds: 1))
    #expect(
      try watched.segments() == [
        "ann segment:Doubting member → -", "anonymous:b segment:Doubting - → member",
      ])
  }

  @Test("Another rule under the same name moves nobody by itself")
  func redefined() throws {
    let watched = try Watched()
    try watched.happen("ann", "Page Viewed")
    try watched.project.workspace.addSegment(name: "S", rule: "false")
    try watched.look()
    try watched.project.workspace.removeSegment(named: "S")
    try watched.look()
    try watched.project.workspace.addSegment(name: "S", rule: "true")
    #expect(try watched.segments().isEmpty)
    #expect(try watched.members(of: "S") == 1)
  }

  @Test("An erased customer leaves everything")
  func erased() throws {
    let watched = try Watched()
    try watched.project.workspace.addSegment(name: "All", rule: "true")
    try watched.happen("ann", "Page Viewed")
    try watched.look()
    try watched.store.pool.write { try $0.execute(sql: "DELETE FROM touchpoint") }
    let changes = try watched.look()
    #expect(changes.contains("ann segment:All member → -"))
    #expect(changes.contains("ann model:stdc see → -"))
  }

  @Test("Who acts on changes gets each once, also when acting fails")
  func consumers() throws {
    let watched = try Watched()
    try watched.look()
    func act() throws -> [Int64] {
      var got: [Int64] = []
      _ = try watched.store.consumeStandingChanges(as: "play", limit: 100) { got = $0.map(\.id) }
      return got
    }
    #expect(try act().isEmpty)
    try watched.happen("ann", "Page Viewed")
    try watched.look()
    struct Failure: Error {}
    #expect(throws: Failure.self) {
      _ = try watched.store.consumeStandingChanges(as: "play", limit: 100) { _ in throw Failure() }
    }
    let first = try act()
    #expect(first.count == 3)
    #expect(try act().isEmpty)
  }

  @Test("What could not be kept is noticed by the next look, once")
  func refused() throws {
    let watched = try Watched()
    try watched.project.workspace.addSegment(name: "Asleep", rule: "since(last true) > 60d")
    try watched.happen("ann", "Page Viewed")
    try watched.look()
    func sql(_ text: String) throws { try watched.store.pool.write { try $0.execute(sql: text) } }
    try sql(
      """
      CREATE TRIGGER refuse BEFORE INSERT ON standing_moves BEGIN
        SELECT RAISE(ABORT, 'not now');
      END
      """)
    try watched.happen("bob", "Product Added")
    watched.wait(days: 61)
    #expect(throws: (any Error).self) { try watched.look() }
    #expect(throws: (any Error).self) { try watched.look() }
    try sql("DROP TRIGGER refuse")
    watched.now = watched.now.adding(seconds: 1)
    let changes = try watched.look()
    #expect(changes.contains("bob model:stdc - → do"))
    #expect(changes.contains("ann segment:Asleep - → member"))
    #expect(changes.contains("bob segment:Asleep - → member"))
    let asleep = try watched.noted().filter { $0.subject == .segment("Asleep") }
    #expect(asleep.count == 2)
    // Ann's moment is that at which her time was up, not that of the look.
    let happened = try #require(asleep.first?.happened)
    let up = Self.start.adding(seconds: 60 * 86_400)
    #expect((up...up.adding(milliseconds: 1)).contains(happened))
    #expect(try watched.look().isEmpty)
  }

  @Test("While the store refuses, looks become rare: each may be one at everybody")
  func pauses() throws {
    let watched = try Watched()
    try watched.happen("ann", "Page Viewed")
    func sql(_ text: String) throws { try watched.store.pool.write { try $0.execute(sql: text) } }
    // The first look writes where everybody stands.
    func refuse() throws {
      try sql(
        """
        CREATE TRIGGER refuse BEFORE INSERT ON standing BEGIN
          SELECT RAISE(ABORT, 'not now');
        END
        """)
    }
    let begin = watched.now
    func look(at second: Int64) throws {
      watched.now = begin.adding(seconds: second)
      try watched.look()
    }
    try refuse()
    for (failure, next) in [(0, 1), (1, 3), (3, 7), (7, 15), (15, 31), (31, 61), (61, 91)] {
      #expect(throws: (any Error).self) { try look(at: Int64(failure)) }
      // It would succeed, and is not tried before its time.
      try sql("DROP TRIGGER refuse")
      #expect(throws: (any Error).self, "\(next - 1)") { try look(at: Int64(next - 1)) }
      try refuse()
    }
    try sql("DROP TRIGGER refuse")
    try look(at: 91)
    #expect(try watched.store.standings().standings.count >= 3)
    // A clock that was set back does not stop it.
    try watched.happen("bob", "Page Viewed")
    try refuse()
    try sql(
      """
      CREATE TRIGGER refuse_moves BEFORE INSERT ON standing_moves BEGIN
        SELECT RAISE(ABORT, 'not now');
      END
      """)
    #expect(throws: (any Error).self) { try look(at: 100) }
    try sql("DROP TRIGGER refuse; DROP TRIGGER refuse_moves")
    try look(at: -3_600)
  }

  @Test("Changes are read in pages of any size, each once and in order")
  func pagesOfChanges() throws {
    let watched = try Watched()
    try watched.look()
    for round in 0..<4 {
      for customer in 0...round {
        let event = round % 2 == 0 ? "Product Added" : "Order Completed"
        try watched.happen("c\(customer)", event)
      }
      try watched.look()
    }
    let all = try watched.noted()
    #expect(all.count > 12)
    #expect(all.map(\.id) == (1...Int64(all.count)).map { $0 })
    for size in [1, 2, 3, 5, 100] {
      var read: [StandingChange] = []
      while true {
        let page = try watched.store.standingChanges(after: read.last?.id ?? 0, limit: size)
        guard !page.isEmpty else { break }
        #expect(page.count <= size)
        read += page
      }
      #expect(read == all)
    }
    let stdc = all.filter { $0.subject == .model("stdc") }
    #expect(
      try watched.store.standingChanges(after: 2, limit: 100, of: .model("stdc"))
        == stdc.filter { $0.id > 2 })
    #expect(
      try watched.store.lastStandingChanges(of: .model("stdc"), limit: 3)
        == stdc.suffix(3).reversed())
  }

  @Test("Segments are filters, may ask for each other, and say what is wrong with them")
  func filters() throws {
    let project = try TestProject()
    let workspace = project.workspace
    try workspace.addSegment(name: "Buyers", rule: #"ever(event is "Order Completed")"#)
    try workspace.addSegment(name: "Big", rule: #"segment("Buyers") and sum(value) >= 50 EUR"#)
    let snapshot = try workspace.snapshot()
    let size = try snapshot.segmentSize(
      Question(.segment, ["who": [#"segment("Big")"#], "points": ["3"]]))
    #expect(size.members == 1 && size.customers == 3 && size.history.count == 3)
    let error = #expect(throws: SegmentProblem.self) {
      try workspace.removeSegment(named: "Buyers")
    }
    #expect(error == .inUse("Buyers", by: ["Big"]))
    #expect(throws: SegmentProblem.nameTaken("Big")) {
      try workspace.addSegment(name: "Big", rule: "true")
    }
    #expect(throws: SegmentProblem.noName) { try workspace.addSegment(name: " ", rule: "true") }
    #expect(throws: ParameterError.self) { try workspace.addSegment(name: "X", rule: "ever(") }
    #expect(throws: ParameterError.self) {
      try workspace.addSegment(name: "X", rule: "count(true, this cycle) > 1")
    }
  }

  @Test("What the program stores itself is in its next snapshot, however fresh the last one is")
  func ownWork() async throws {
    let project = try TestProject()
    let workspace = try Workspace(folder: project.folder, freshness: .seconds(3_600))
    #expect(try workspace.snapshot().segments.entries.isEmpty)
    try await workspace.working { _ = try workspace.addSegment(name: "S", rule: "true") }
    #expect(try workspace.snapshot().segments["S"] != nil)
  }

  @Test("The pages try a rule, keep it, show it and let it go")
  func pages() async throws {
    let project = try TestProject()
    try await project.serving { client in
      func post(_ path: String, _ form: String) async throws -> (Int, String, String?) {
        try await client.execute(
          uri: path, method: .post,
          headers: [.contentType: "application/x-www-form-urlencoded"],
          body: ByteBuffer(string: form)
        ) { (Int($0.status.code), String(buffer: $0.body), $0.headers[.location]) }
      }
      let rule = "ever(event+is+%22Order+Completed%22)"
      let counted = try await post("/segments", "who=\(rule)&name=&do=count")
      #expect(counted.1.contains("2 of 3 customers"))
      let wrong = try await post("/segments", "who=ever(&name=X")
      #expect(wrong.1.contains("rule-problem"))
      let kept = try await post("/segments", "who=\(rule)&name=Kopers+%26+%3Cco%3E")
      #expect(kept.0 == 303)
      let page = try await client.get(try #require(kept.2))
      #expect(page.text.contains("Kopers &amp; &lt;co&gt;"))
      let list = try await client.get("/segments")
      #expect(list.text.contains("Kopers &amp; &lt;co&gt;"))
      let json = try await client.get("/api/v1/segment?who=\(rule)&points=1")
      #expect(json.text.contains(#""members":2"#))
      #expect(try await client.get("/api/v1/changes?after=0").status == .ok)
      #expect(try await client.get("/api/v1/changes?after=x").status == .badRequest)
      let removed = try await post("\(try #require(kept.2))/remove", "")
      #expect(removed.0 == 303)
    }
  }
}

private struct SeededDice {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}

extension Timestamp {
  fileprivate func adding(milliseconds: Int64) -> Timestamp {
    Timestamp(milliseconds: self.milliseconds + milliseconds)
  }
}
