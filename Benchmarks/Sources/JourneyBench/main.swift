import Foundation
import Insights
import JourneyEngine

// usage: JourneyBench [TOUCHPOINTS] [--threads N] [--peers]
// Prints how long each question takes over generated journeys, in nanoseconds a touchpoint; with
// --peers also how long DuckDB and ClickHouse take on the same journeys, and the ratio.

var arguments = Array(CommandLine.arguments.dropFirst())
let withPeers = arguments.contains("--peers")
var threads = Cores.count
if let at = arguments.firstIndex(of: "--threads"), at + 1 < arguments.count {
  threads = max(1, Int(arguments[at + 1]) ?? threads)
  arguments.removeSubrange(at...(at + 1))
}
let size = arguments.compactMap(Int.init).first ?? 5_000_000

/// The journeys with a phase for each touchpoint, by the kind of event.
struct PlacedJourneys: JourneySource {
  let table: JourneyTable
  let phases: Column<UInt8>

  func ranges(parts: Int) -> [Range<Int>] { table.ranges(parts: parts) }
  func forEachBlock(
    _ range: Range<Int>, reading columns: Columns, _ body: (JourneyBlock) -> Void
  ) {
    body(table.block(range, phases: phases))
  }
}

func milliseconds<R>(_ body: () throws -> R) rethrows -> (Double, R) {
  let clock = ContinuousClock()
  let start = clock.now
  let result = try body()
  let elapsed = (clock.now - start).components
  return (Double(elapsed.seconds) * 1000 + Double(elapsed.attoseconds) / 1e15, result)
}

func line(_ cells: [String]) {
  let widths = [22, 12, 16, 14, 10, 12]
  print(
    zip(cells, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }
      .joined())
}

let generated = GeneratedLog(touchpoints: size)
let (loading, table) = milliseconds { generated.table() }
let source = PlacedJourneys(
  table: table, phases: Column(table.events.values.map { UInt8(min(3, ($0 - 1) / 2)) }))
let phaseIDs = ["see", "think", "do", "care"]
print("\(table.count) touchpoints of \(table.journeyCount) customers on \(threads) threads")

var ours: [String: (milliseconds: Double, answer: [[Int]])] = [:]

/// The median of five runs after one to warm up.
@MainActor func measure<F: Fold>(_ name: String, _ fold: F, _ answer: (F.Answer) -> [[Int]]) {
  let runs = (0..<6).map { _ in milliseconds { source.answer(fold, parts: threads) } }
  let times = runs.dropFirst().map(\.0).sorted()
  ours[name] = (times[2], answer(runs[0].1))
  line([
    name, String(format: "%.1f ms", times[2]),
    String(format: "%.2f ns", times[2] * 1e6 / Double(table.count)),
  ])
}

line(["load and sort", String(format: "%.0f ms", loading)])
measure("transitions", TransitionsFold(by: Axis(.channel, of: table))) { answer in
  answer.rows.filter { $0.from != "(start)" && $0.to != "(end)" }.prefix(5).map { [$0.count] }
}
measure("transitionsByEvent", TransitionsFold(by: Axis(.event, of: table))) { _ in [] }
measure(
  "funnel",
  try FunnelFold(
    steps: (0..<4).map { EventStep("e\($0)", in: table) }, withinSeconds: 30 * 86_400)
) { [$0.steps.map(\.customers)] }
measure("paths", try PathsFold(by: Axis(.channel, of: table), top: 5)) { answer in
  answer.rows.map { [$0.path.count, $0.customers] }
}
measure(
  "pathsUntil",
  try PathsFold(by: Axis(.channel, of: table), until: EventStep("e5", in: table), top: 5)
) { _ in [] }
measure("map", JourneyMapFold(model: "stdc", phaseIDs: phaseIDs, table: table)) { _ in [] }
measure(
  "portrait",
  try PhasePortraitFold(model: "stdc", phaseIDs: phaseIDs, phase: "think", table: table)
) { _ in [] }

if withPeers {
  let folder = FileManager.default.temporaryDirectory.appending(
    path: "journey-bench-\(ProcessInfo.processInfo.processIdentifier)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  try generated.write(to: folder)
  let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appending(path: "peers.py")
  let python = Process()
  python.executableURL = URL(filePath: "/usr/bin/env")
  python.arguments = ["python3", script.path(), folder.path(), String(threads)]
  let pipe = Pipe()
  python.standardOutput = pipe
  try python.run()
  let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
  python.waitUntilExit()

  struct Peer: Decodable {
    var engine: String
    var question: String
    var milliseconds: Double
    var answer: [[Int]]
  }
  print("")
  line(["question", "peer", "peer's time", "ours", "ratio"])
  for text in String(decoding: output, as: UTF8.self).split(separator: "\n") {
    let peer = try JSONDecoder().decode(Peer.self, from: Data(text.utf8))
    guard let own = ours[peer.question] else { continue }
    line([
      peer.question, peer.engine, String(format: "%.1f ms", peer.milliseconds),
      String(format: "%.1f ms", own.milliseconds),
      String(format: "%.1f", peer.milliseconds / own.milliseconds),
      own.answer == peer.answer ? "same answer" : "OTHER ANSWER \(own.answer) \(peer.answer)",
    ])
  }
}
