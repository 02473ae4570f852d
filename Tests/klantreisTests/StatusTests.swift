import Collector
import CustomerJourney
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Synchronization
import Testing

@testable import Store
@testable import klantreis

@Suite("What machines ask of the server")
struct StatusTests {
  @Test("health and readiness answer under any name, metrics only under the server's own")
  func names() async throws {
    // Held, for its folder goes with it.
    let collecting = try CollectingProject()
    let token = try collecting.project.workspace.testToken()
    let responder = collecting.server.router().buildResponder()
    let context = ServerContext(
      source: ApplicationRequestContextSource(
        channel: EmbeddedChannel(), logger: Logger(label: "test")))
    for (authority, path, status) in [
      ("elsewhere.example", "/health", 200), ("elsewhere.example", "/ready", 200),
      ("elsewhere.example", "/metrics", 421), ("localhost:8080", "/metrics", 200),
      ("elsewhere.example", "/sources", 421),
    ] {
      let head = HTTPRequest(
        method: .get, scheme: "http", authority: authority, path: path,
        headerFields: path == "/metrics" ? [.authorization: "Bearer \(token)"] : [:])
      let reply = try await responder.respond(
        to: Request(head: head, body: .init(buffer: ByteBuffer())), context: context)
      #expect(Int(reply.status.code) == status, "\(authority)\(path)")
    }
    try collecting.store.probe()
  }

  @Test("metrics count requests and events by what became of them")
  func counts() async throws {
    let collecting = try CollectingProject()
    try await collecting.serving { client in
      for id in ["m1", "m2", "m2"] { try await client.track("Page Viewed", id: id) }
      try await client.track("Page Viewed", user: nil, id: "m3")
      #expect(try await client.track("Page Viewed", key: "wrong") == 401)
      let metrics = try await PrometheusText(client.get("/metrics").text)
      let events = "klantreis_events_total"
      func labels(_ outcome: String) -> [String: String] {
        ["dialect": "segment", "source": "shop", "outcome": outcome]
      }
      #expect(metrics[events, labels("stored")] == 2)
      #expect(metrics[events, labels("duplicate")] == 1)
      #expect(metrics[events, labels("rejected")] == 1)
      #expect(metrics[events, labels("bot")] == nil)
      #expect(
        metrics["klantreis_requests_total", ["dialect": "segment", "status": "200"]] == 4)
      #expect(metrics["klantreis_refused_total", ["reason": "unknown_key"]] == 1)
      #expect(metrics["klantreis_commit_events_sum", [:]] == 4)
      #expect(metrics["klantreis_queue_events", [:]] == 0)
      #expect(metrics["klantreis_queue_capacity_events", [:]] == Double(Limits.waitingEvents))
      #expect(metrics["klantreis_ready", [:]] == 1)
      #expect((metrics["klantreis_database_bytes", [:]] ?? 0) > 0)
      #expect(metrics["klantreis_build_info", ["version": Klantreis.version]] == 1)
    }
  }

  @Test("names in labels are escaped, and a bucket counts all that is at most its bound")
  func format() throws {
    let metrics = Metrics()
    let odd = "a\"b\\c\nd{}=,"
    metrics.note(
      FrontDoor.Note(
        dialect: odd, source: odd, status: 200,
        batch: CollectedBatch(rejected: [
          RejectedEvent(
            kind: .bot, source: odd, dialect: odd, reason: "", received: .now,
            request: KeptRequest(method: "GET", path: "/i"))
        ]), outcome: KeptOutcome(stored: 3, duplicates: 1)))
    for seconds in [0.001, 0.0011, 7] {
      metrics.note(Intake.Commit(events: 10, seconds: seconds, isGood: true))
    }
    metrics.note(Intake.Commit(events: 10, seconds: 1, isGood: false))
    let text = try PrometheusText(
      metrics.text(
        at: Metrics.Moment(
          queued: 1, capacity: 2, viewers: 0, upSeconds: 1.5, isReady: false, version: "x")))
    let labels = ["dialect": odd, "source": odd, "outcome": "bot"]
    #expect(text["klantreis_events_total", labels] == 1)
    #expect(text["klantreis_commit_seconds_bucket", ["le": "0.001"]] == 1)
    #expect(text["klantreis_commit_seconds_bucket", ["le": "0.002"]] == 2)
    #expect(text["klantreis_commit_seconds_bucket", ["le": "5"]] == 2)
    #expect(text["klantreis_commit_seconds_bucket", ["le": "+Inf"]] == 3)
    #expect(text["klantreis_commit_seconds_count", [:]] == 3)
    #expect(text["klantreis_failed_commits_total", [:]] == 1)
    #expect(text["klantreis_database_bytes", [:]] == nil, "what isn't known isn't told")
  }

  @Test("the server is ready while the store takes writes, and says why when it doesn't")
  func store() async throws {
    let project = try TestProject([])
    let intake = Intake(store: project.workspace.store)
    let probes = Mutex(0)
    let isBroken = Mutex(false)
    let readiness = Readiness {
      probes.withLock { $0 += 1 }
      if isBroken.withLock({ $0 }) { throw StoreError.unavailable(reason: "the disk is full") }
    }
    let start = ContinuousClock.now
    #expect(await readiness.problems(of: intake, at: start) == [])
    isBroken.withLock { $0 = true }
    #expect(await readiness.problems(of: intake, at: start + .milliseconds(500)) == [])
    #expect(probes.withLock { $0 } == 1, "no more than one probe a second")
    let broken = await readiness.problems(of: intake, at: start + .seconds(2))
    #expect(broken.count == 1)
    #expect(broken.first?.contains("the disk is full") == true)
    isBroken.withLock { $0 = false }
    #expect(await readiness.problems(of: intake, at: start + .seconds(4)) == [])
    readiness.stop()
    #expect(await readiness.problems(of: intake, at: start + .seconds(4)).count == 1)
  }

  @Test("a queue that is full is a reason not to be ready")
  func queue() async throws {
    let project = try TestProject([])
    let intake = Intake(store: project.workspace.store, capacity: 1)
    let readiness = Readiness {}
    async let waiting = intake.store(
      CollectedBatch(touchpoints: [
        TestProject.touch("a", "2024-03-01T09:00:00Z", "Page Viewed", .website)
      ]))
    while intake.depth == 0 { await Task.yield() }
    #expect(await readiness.problems(of: intake).first?.contains("full") == true)
    intake.start()
    #expect(try await waiting.stored == 1)
    #expect(await readiness.problems(of: intake) == [])
    await intake.close()
  }

  @Test("the probe of a good store leaves nothing behind, and one of a store that is gone fails")
  func probe() throws {
    let project = try TestProject([])
    let store = project.workspace.store
    let version = try store.dataVersion()
    try store.probe()
    #expect(try store.dataVersion() == version, "nobody sees a commit")
    #expect(try store.setting("probe") == nil)
    let files = try FileManager.default.contentsOfDirectory(atPath: project.folder.path)
    #expect(!files.contains { $0.hasPrefix(".probe") })
    try FileManager.default.removeItem(at: project.folder)
    #expect(throws: StoreError.self) { try store.probe() }
  }
}

/// Prometheus's text format, read strictly: a family has its help and type once and before its
/// samples, which stand together; nothing is twice; buckets grow and end with all.
struct PrometheusText {
  private var samples: [String: Double] = [:]

  struct Bad: Error, CustomStringConvertible {
    var description: String
  }

  init(_ text: String) throws {
    guard text.hasSuffix("\n") else { throw Bad(description: "no line feed at the end") }
    var family = ""
    var families: Set<String> = []
    var helped = ""
    var bucket = (name: "", value: -1.0, bound: -Double.infinity)
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      if let match = line.wholeMatch(of: /# HELP ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)/) {
        helped = String(match.1)
      } else if let match = line.wholeMatch(
        of: /# TYPE ([a-zA-Z_:][a-zA-Z0-9_:]*) (counter|gauge|histogram)/)
      {
        family = String(match.1)
        guard helped == family, families.insert(family).inserted else {
          throw Bad(description: "\(family) is begun twice or without help")
        }
      } else if let match = line.wholeMatch(
        of: /([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? ([0-9.e+-]+|\+Inf|NaN)/)
      {
        let name = String(match.1)
        let suffixes = ["", "_bucket", "_sum", "_count"]
        guard suffixes.contains(where: { name == family + $0 }), let value = Double(match.4) else {
          throw Bad(description: "\(name) stands outside its family")
        }
        let labels = try Self.labels(match.3.map(String.init) ?? "")
        guard samples.updateValue(value, forKey: Self.key(name, labels)) == nil else {
          throw Bad(description: "\(name) is twice")
        }
        if let le = labels["le"], let bound = le == "+Inf" ? .infinity : Double(le) {
          guard bucket.name != name || (value >= bucket.value && bound > bucket.bound) else {
            throw Bad(description: "\(name) does not grow")
          }
          bucket = (name, value, bound)
        }
      } else {
        throw Bad(description: "a line is neither comment nor sample: \(line)")
      }
    }
  }

  subscript(_ name: String, _ labels: [String: String]) -> Double? {
    samples[Self.key(name, labels)]
  }

  private static func key(_ name: String, _ labels: [String: String]) -> String {
    name + labels.sorted { $0.key < $1.key }.map { "|\($0.key)=\($0.value)" }.joined()
  }

  private static func labels(_ text: String) throws -> [String: String] {
    var labels: [String: String] = [:]
    var rest = text[...]
    while !rest.isEmpty {
      guard let match = rest.prefixMatch(of: /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\["\\n])*)",?/)
      else { throw Bad(description: "labels cannot be read: \(rest)") }
      let value = String(match.2).replacing("\\n", with: "\n").replacing("\\\"", with: "\"")
        .replacing("\\\\", with: "\\")
      guard labels.updateValue(value, forKey: String(match.1)) == nil else {
        throw Bad(description: "a label is twice")
      }
      rest = rest[match.range.upperBound...]
    }
    return labels
  }
}
