import CustomerJourney
import Foundation
import JourneyEngine

// usage: JourneyBench [TOUCHPOINTS] [--threads N] [--peers] [--growth] [--only QUESTION]
// Prints how long each question takes over generated journeys, without and with a rule as filter, how
// long placing them in a model takes, and counting a segment. --peers asks DuckDB and ClickHouse the same, --growth asks a
// fifth of the journeys too. Each ratio stands beside its target.

var arguments = Array(CommandLine.arguments.dropFirst())
let withPeers = arguments.contains("--peers")
let withGrowth = arguments.contains("--growth")
var threads = Cores.count
if let at = arguments.firstIndex(of: "--threads"), at + 1 < arguments.count {
  threads = max(1, Int(arguments[at + 1]) ?? threads)
  arguments.removeSubrange(at...(at + 1))
}
var names = Questions.names
if let at = arguments.firstIndex(of: "--only"), at + 1 < arguments.count {
  names = names.filter { $0 == arguments[at + 1] }
}
let size = arguments.compactMap(Int.init).first ?? 20_000_000

@MainActor func load(_ touchpoints: Int, forPeers: Bool) throws -> (Questions, Peers?) {
  // The log is let go before the questions: only the table stays.
  let log = GeneratedLog(touchpoints: touchpoints)
  let peers = forPeers ? try Peers(log) : nil
  return (try Questions(log.table(), threads: threads), peers)
}

var small: [String: Double] = [:]
if withGrowth {
  let (questions, _) = try load(size / 5, forPeers: false)
  for name in names {
    small[name] = try questions.measure(name, over: questions.journeys()).0.milliseconds
  }
  small["place"] = questions.replace().milliseconds
}

let (questions, peers) = try load(size, forPeers: withPeers)
let count = Double(questions.table.count)
print(
  "\(questions.table.count) touchpoints of \(questions.table.journeyCount) customers on \(threads) threads"
)
line(["question", "time", "a touchpoint", "CPU time", "a touchpoint"])
var plain: [String: Measure] = [:]
var answers: [String: [[Int]]] = [:]

@MainActor func show(_ name: String, _ measure: Measure, _ note: String = "") {
  line([
    name, number(measure.milliseconds) + " ms",
    number(measure.milliseconds * 1e6 / count, 2) + " ns",
    number(measure.cpuMilliseconds) + " ms",
    number(measure.cpuMilliseconds * 1e6 / count, 2) + " ns", note,
  ])
}

if CommandLine.arguments.contains("--quick") {
  let what = CommandLine.arguments.last ?? ""
  for _ in 0..<5 {
    if what == "place" { show("place", questions.replace()); continue }
    for filter in [nil] + Questions.filters.map({ Optional($0.1) }) {
      let (measure, _) = try questions.measure(what, over: try questions.journeys(where: filter))
      show(what + " " + (filter ?? ""), measure)
      if filter == nil && !CommandLine.arguments.contains("--filters") { break }
    }
  }
  exit(0)
}
for name in names {
  let (measure, answer) = try questions.measure(name, over: questions.journeys())
  plain[name] = measure
  answers[name] = answer
  show(name, measure)
}
let placing = questions.replace()
plain["place"] = placing
show("place in a model", placing, "\(number(count / placing.milliseconds / 1000)) M/s")
if let map = plain["map"] {
  print(
    "map at 100 million, by proportion: \(number(map.milliseconds * 1e8 / count)) ms (target \u{2264} 1000)"
  )
}
print(
  "placing 100 million, by proportion: \(number(placing.milliseconds * 1e8 / count)) ms (target \u{2264} 2000)"
)

print("")
line(["new segment", "moments", "time", "CPU time", "at 10 million customers"])
for (name, rule) in Questions.segments {
  for moments in [1, 12] {
    let measure = try questions.count(segment: rule, moments: moments)
    let proportion = measure.milliseconds * 1e7 / Double(questions.table.journeyCount)
    line([
      name, "\(moments)", number(measure.milliseconds) + " ms",
      number(measure.cpuMilliseconds) + " ms",
      number(proportion) + " ms"
        + (moments == 1 ? " (target \u{2264} 1000)" : ""),
    ])
  }
}

print("")
line(["filter", "question", "time", "CPU time", "times unfiltered"])
for (name, rule) in Questions.filters {
  let journeys = try questions.journeys(where: rule)
  for question in names {
    let (measure, _) = try questions.measure(question, over: journeys)
    guard let own = plain[question] else { continue }
    line([
      name, question, number(measure.milliseconds) + " ms",
      number(measure.cpuMilliseconds) + " ms",
      "by CPU " + beside(measure.cpuMilliseconds / own.cpuMilliseconds, atMost: 2.5),
    ])
  }
}

if withGrowth {
  print("")
  line(["growth", "a fifth", "all", "times"])
  for name in names + ["place"] {
    guard let before = small[name], let after = plain[name]?.milliseconds else { continue }
    line([
      name, number(before) + " ms", number(after) + " ms", beside(after / before, atMost: 5.5),
    ])
  }
}

if let peers {
  defer { try? peers.remove() }
  let targets = ["transitions": 50.0, "funnel": 10, "paths": 8]
  print("")
  line(["question", "peer", "peer's time", "ours", "ratio"])
  for peer in try peers.ask(threads: threads) {
    guard let own = plain[peer.question], let target = targets[peer.question] else { continue }
    line([
      peer.question, peer.engine, number(peer.milliseconds) + " ms",
      number(own.milliseconds) + " ms",
      beside(peer.milliseconds / own.milliseconds, atLeast: target),
      answers[peer.question] == peer.answer
        ? "same answer" : "OTHER ANSWER \(answers[peer.question] ?? []) \(peer.answer)",
    ])
  }
}
