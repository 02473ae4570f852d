import CustomerJourney
import Foundation
import Insights
import JourneyEngine

// usage: BaseBench [TOUCHPOINTS] [FOLDER]
// Writes a base of generated touchpoints in one process, opens it in a new one, and prints how long
// the first journey map took and how much memory is held then. With --open only the second half.

func seconds<R>(_ body: () throws -> R) rethrows -> (Double, R) {
  let start = ContinuousClock.now
  let result = try body()
  let took = (ContinuousClock.now - start).components
  return (Double(took.seconds) + Double(took.attoseconds) / 1e18, result)
}

func report(_ what: String, _ seconds: Double, _ note: String = "") {
  print(String(format: "%8.2f s  ", seconds) + what + (note.isEmpty ? "" : ", \(note)"))
}

/// A line of `/proc/self/status`, in MB.
func memory(_ field: String) -> Int {
  let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = status.split(separator: "\n").first { $0.hasPrefix(field) }
  return line?.split(separator: " ").compactMap { Int($0) }.first.map { $0 / 1024 } ?? 0
}

func open(_ file: URL) throws {
  guard let model = JourneyModel.builtIn.first(where: { $0.id == "stdc" }) else { return }
  let begin = ContinuousClock.now
  let (opening, base) = try seconds { try BaseFile.load(from: file) }
  report("map the file and check it", opening, "\(base.bytes / 1_000_000) MB")
  let journeys = Journeys(base.table)
  let (placing, placement) = seconds { JourneyPlacement(model, in: journeys) }
  report("place all touchpoints", placing)
  let fold = JourneyMapFold(
    model: model.id, phaseIDs: model.phases.map(\.id), table: journeys)
  let selected = SelectedJourneys(journeys, placement: placement)
  let (folding, map) = seconds { selected.answer(fold) }
  report("draw the map", folding, "\(map.touchpoints) touchpoints of \(map.customers) customers")
  let all = (ContinuousClock.now - begin).components
  report("from the start to the first answer", Double(all.seconds) + Double(all.attoseconds) / 1e18)
  print("           \(memory("VmRSS")) MB resident, of which \(memory("RssAnon")) MB its own")
  try renew(journeys, placement.model)
}

/// What a touchpoint costs that comes while questions are asked.
func renew(_ base: Journeys, _ model: JourneyModel) throws {
  var journeys = base
  var random = SystemRandomNumberGenerator()
  var longest = 0.0
  var total = 0.0
  let rounds = 50
  for round in 0..<rounds {
    let (took, next) = seconds { () -> Journeys in
      var renewal = Journeys.Renewal(of: journeys)
      for row in 0..<1000 {
        renewal.append(
          JourneyTable.Row(
            customer: UInt32.random(in: 0..<UInt32(base.journeyCount), using: &random),
            time: 1_760_000_000_000, rowID: Int64(base.count + round * 1000 + row), event: 1,
            channel: 1))
      }
      let next = renewal.finish()
      _ = JourneyPlacement(model, in: next)
      return next
    }
    journeys = next
    longest = max(longest, took)
    total += took
  }
  report(
    "take in 1,000 touchpoints of as many customers, and place them", total / Double(rounds),
    String(format: "at most %.3f s, %d parts in the end", longest, journeys.parts.count))
  let fold = JourneyMapFold(model: model.id, phaseIDs: model.phases.map(\.id), table: journeys)
  let selected = SelectedJourneys(journeys, placement: JourneyPlacement(model, in: journeys))
  let (folding, _) = seconds { selected.answer(fold) }
  report("draw the map again", folding)
}

func write(_ touchpoints: Int, _ file: URL) throws {
  let (building, table) = seconds { GeneratedJourneys(touchpoints: touchpoints).table() }
  report("generate and sort", building, "\(table.count) touchpoints")
  let (writing, _) = try seconds {
    try BaseFile.write(Journeys(table), codes: NameCodes(), mark: StoreMark(), to: file)
  }
  report("write and sync the base", writing)
}

let arguments = CommandLine.arguments.dropFirst()
let places = arguments.filter { !$0.hasPrefix("--") && Int($0) == nil }
let folder =
  places.first.map { URL(filePath: $0, directoryHint: .isDirectory) }
  ?? FileManager.default.temporaryDirectory.appending(path: "base-bench")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
let file = folder.appending(path: BaseFile.name)
if arguments.contains("--open") {
  try open(file)
} else {
  try write(arguments.compactMap { Int($0) }.first ?? 5_000_000, file)
  let reader = Process()
  reader.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
  reader.arguments = ["--open", folder.path()]
  try reader.run()
  reader.waitUntilExit()
  if places.isEmpty { try FileManager.default.removeItem(at: folder) }
  exit(reader.terminationStatus)
}
