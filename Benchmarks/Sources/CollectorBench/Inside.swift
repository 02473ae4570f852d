import Collector
import CustomerJourney
import Foundation
import Store

/// What one event costs on its way from a request's bytes to its row, by stage, on one thread and
/// without HTTP. Counts the processor's time, so that other work on the machine disturbs it little.
struct Inside {
  var events: Int
  var batch: Int
  var makeUp: Visits.MakeUp
  /// Requests that are stored in one commit, as many as wait under load.
  var group = 16
  var folder: URL

  func run() throws {
    let store = try Store(folder: folder.appending(path: "inside-\(makeUp.rawValue)"))
    let source = CollectorSource(name: "bench")
    let normaliser = Normaliser()
    let door = FrontDoor(
      FrontDoor.Surroundings(
        source: { _ in source }, normaliser: { normaliser }, keep: { _ in KeptOutcome() }))
    guard let dialect = door.dialect(at: "/v1/batch") else { throw BenchError("no dialect") }
    let supply = RequestSupply(
      requests: 32, eventsPerRequest: batch, path: "/v1/batch", key: "key", seed: 42,
      makeUp: makeUp)
    var stages = [(String, Double)]()
    func timed<Result>(_ name: String, _ work: () throws -> Result) rethrows -> Result {
      let began = cpuSeconds()
      let result = try work()
      let took = cpuSeconds() - began
      if let at = stages.firstIndex(where: { $0.0 == name }) {
        stages[at].1 += took
      } else {
        stages.append((name, took))
      }
      return result
    }
    var done = 0
    // The first fifth warms up: names, customers and memory are known then.
    let warm = events / 5
    while done < events {
      if done >= warm, done - group * batch < warm { stages = [] }
      let requests = (0..<group).map { _ in Self.request(supply.next().bytes) }
      var deliveries = try timed("read") { try requests.map { try dialect.read($0) } }
      var batches = timed("judge") {
        deliveries.indices.map {
          door.batch(of: &deliveries[$0], in: requests[$0], dialect, source)
        }
      }
      let appended = try timed("append") { try store.append(batches) }
      timed("drop") {
        deliveries = []
        batches = []
      }
      guard appended.reduce(0, { $0 + $1.stored }) == group * batch else {
        throw BenchError("not all is stored")
      }
      done += group * batch
    }
    let counted = Double(events - warm)
    for (name, seconds) in stages + [("all", stages.reduce(0) { $0 + $1.1 })] {
      told("  \(name)", "\((seconds / counted * 1e8).rounded() / 100) µs of CPU an event")
    }
  }

  /// Of a request as it goes over a connection.
  private static func request(_ bytes: [UInt8]) -> CollectorRequest {
    let end = Array("\r\n\r\n".utf8)
    let head = bytes.indices.first { bytes[$0...].starts(with: end) } ?? 0
    return CollectorRequest(
      method: "POST", path: "/v1/batch", headers: ["content-type": "application/json"],
      body: Array(bytes[(head + 4)...]), received: Timestamp(milliseconds: clockMilliseconds()))
  }

  private func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
