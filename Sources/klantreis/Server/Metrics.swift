import Collector
import CustomerJourney
import Foundation
import Store
import Synchronization

/// Counts what the front door does, for `/metrics`. A request costs one lock.
final class Metrics: Sendable {
  private let state = Mutex(State())

  private struct State {
    var requests: [Answer: Int] = [:]
    var events: [Event: Int] = [:]
    var refused: [String: Int] = [:]
    var commitSeconds = Histogram(bounds: [
      0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5,
    ])
    var commitEvents = Histogram(bounds: [1, 10, 100, 1_000, 2_000, 5_000, 10_000])
    var failedCommits = 0
  }

  private struct Answer: Hashable {
    var dialect: String
    var status: Int
  }

  private struct Event: Hashable {
    var dialect: String
    var source: String
    var outcome: String
  }

  /// What is measured at the moment when somebody asks.
  struct Moment {
    var queued: Int
    var capacity: Int
    var viewers: Int
    var upSeconds: Double
    var isReady: Bool
    var version: String
    /// Nil where the system doesn't say.
    var residentBytes: Int?
    var databaseBytes: Int?
    var walBytes: Int?
    var journeys = JourneyKeeper.Status()
    /// How many identities are at a limit; nil where the store cannot say.
    var identityAlarms: [AlarmReason: Int]?
  }

  func note(_ note: FrontDoor.Note) {
    let bots = note.batch.rejected.count { $0.kind == .bot }
    let unkept = note.batch.unkept
    let outcomes = [
      ("stored", note.outcome.stored), ("duplicate", note.outcome.duplicates),
      ("rejected", note.batch.rejected.count - bots + (unkept[.rejected] ?? 0)),
      ("bot", bots + (unkept[.bot] ?? 0)), (Self.leftOut, note.batch.leftOut),
    ]
    state.withLock { state in
      state.requests[Answer(dialect: note.dialect, status: note.status), default: 0] += 1
      if let refusal = note.refusal { state.refused[refusal, default: 0] += 1 }
      guard let source = note.source else { return }
      for (outcome, count) in outcomes where count > 0 {
        state.events[
          Event(dialect: note.dialect, source: source, outcome: outcome), default: 0] += count
      }
    }
  }

  private static let leftOut = "left_out"

  /// Events of a source that its mapping left out since the server started.
  func leftOut(of source: String) -> Int {
    state.withLock { state in
      state.events.reduce(0) { sum, entry in
        let isOne = entry.key.source == source && entry.key.outcome == Self.leftOut
        return isOne ? sum + entry.value : sum
      }
    }
  }

  func note(_ commit: Intake.Commit) {
    state.withLock { state in
      guard commit.isGood else { return state.failedCommits += 1 }
      state.commitSeconds.add(commit.seconds)
      state.commitEvents.add(Double(commit.events))
    }
  }

  /// All of it in Prometheus's text format, version 0.0.4.
  func text(at moment: Moment) -> String {
    let state = state.withLock { $0 }
    var out = Exposition()
    out.family(
      "klantreis_requests_total", .counter, "Requests that clients' protocols answered.",
      state.requests.map { answer, count in
        ([("dialect", answer.dialect), ("status", String(answer.status))], Double(count))
      })
    out.family(
      "klantreis_events_total", .counter, "Events by what became of them.",
      state.events.map { event, count in
        (
          [("dialect", event.dialect), ("source", event.source), ("outcome", event.outcome)],
          Double(count)
        )
      })
    out.family(
      "klantreis_refused_total", .counter, "Requests that were not taken in, by reason.",
      state.refused.map { reason, count in ([("reason", reason)], Double(count)) })
    out.value("klantreis_queue_events", "Events that wait to be stored.", moment.queued)
    out.value("klantreis_queue_capacity_events", "Events that may wait.", moment.capacity)
    out.histogram("klantreis_commit_seconds", "How long commits took.", state.commitSeconds)
    out.histogram("klantreis_commit_events", "Events of each commit.", state.commitEvents)
    out.family(
      "klantreis_failed_commits_total", .counter, "Commits that the disk did not take.",
      [([], Double(state.failedCommits))])
    out.value("klantreis_ready", "1 when events can be stored.", moment.isReady ? 1 : 0)
    out.value("klantreis_live_viewers", "Browsers that watch a source live.", moment.viewers)
    out.value("process_resident_memory_bytes", "Memory in use.", moment.residentBytes)
    out.value("klantreis_database_bytes", "Size of the database file.", moment.databaseBytes)
    out.value("klantreis_wal_bytes", "Size of the write-ahead log.", moment.walBytes)
    out.value(
      "klantreis_base_touchpoints", "Touchpoints in the file of the base.",
      moment.journeys.baseTouchpoints)
    out.value(
      "klantreis_overlay_touchpoints", "Touchpoints in memory over the base.",
      moment.journeys.overlayTouchpoints)
    out.value(
      "klantreis_journeys_bytes", "What journeys take beside the file of the base.",
      moment.journeys.bytesBeside)
    if let alarms = moment.identityAlarms {
      out.family(
        "klantreis_identity_alarms", .gauge,
        "Identities that were named with too many others; what was said of them joins nobody.",
        AlarmReason.allCases.map { ([("reason", $0.rawValue)], Double(alarms[$0] ?? 0)) })
    }
    out.family(
      "klantreis_bases_written_total", .counter, "Bases that were written.",
      [([], Double(moment.journeys.written))])
    out.family(
      "klantreis_failed_bases_total", .counter,
      "Bases that could not be written; the one before stays in use.",
      [([], Double(moment.journeys.failed))])
    out.family(
      "klantreis_uptime_seconds", .gauge, "Seconds since the server started.",
      [([], moment.upSeconds)])
    out.family(
      "klantreis_build_info", .gauge, "Always 1; the label has the version.",
      [([("version", moment.version)], 1)])
    return out.text
  }
}

/// How many values were at most each of some bounds.
struct Histogram: Sendable {
  let bounds: [Double]
  /// Of each bound alone, and at last of what is past all.
  private(set) var counts: [Int]
  private(set) var sum = 0.0

  init(bounds: [Double]) {
    self.bounds = bounds
    counts = Array(repeating: 0, count: bounds.count + 1)
  }

  mutating func add(_ value: Double) {
    counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
    sum += value
  }
}

/// Writes Prometheus's text format: families with help and type, labels escaped.
private struct Exposition {
  enum Kind: String {
    case counter, gauge, histogram
  }

  private(set) var text = ""

  typealias Sample = (labels: [(String, String)], value: Double)

  /// Samples come out in order of their labels, so that two answers can be compared.
  mutating func family(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
    begin(name, kind, help)
    let lines = samples.map { "\(name)\(Self.labels($0.labels)) \(Self.number($0.value))\n" }
    text += lines.sorted().joined()
  }

  /// A number of this moment; nothing when it isn't known.
  mutating func value(_ name: String, _ help: String, _ value: Int?) {
    guard let value else { return }
    family(name, .gauge, help, [([], Double(value))])
  }

  mutating func histogram(_ name: String, _ help: String, _ histogram: Histogram) {
    begin(name, .histogram, help)
    var total = 0
    for (bound, count) in zip(histogram.bounds + [.infinity], histogram.counts) {
      total += count
      text += "\(name)_bucket\(Self.labels([("le", Self.number(bound))])) \(total)\n"
    }
    text += "\(name)_sum \(Self.number(histogram.sum))\n\(name)_count \(total)\n"
  }

  private mutating func begin(_ name: String, _ kind: Kind, _ help: String) {
    text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  private static func labels(_ labels: [(String, String)]) -> String {
    guard !labels.isEmpty else { return "" }
    let pairs = labels.map { name, value in
      let escaped = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
        .replacing("\n", with: "\\n")
      return "\(name)=\"\(escaped)\""
    }
    return "{\(pairs.joined(separator: ","))}"
  }

  private static func number(_ value: Double) -> String {
    if value == .infinity { return "+Inf" }
    return value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : String(value)
  }
}

extension Metrics.Moment {
  /// Bytes of memory that this process holds; nil where the system doesn't tell in `/proc`.
  static func residentBytes() -> Int? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8),
      let pages = text.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
    else { return nil }
    return pages * sysconf(Int32(_SC_PAGESIZE))
  }

  static func bytes(of file: URL) -> Int? {
    let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
    return (attributes?[.size] as? NSNumber)?.intValue
  }
}
