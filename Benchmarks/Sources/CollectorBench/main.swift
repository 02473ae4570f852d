// How fast the front door is, from outside, beside two floors measured in the same run: SQLite that
// inserts the same rows and does nothing else, and nginx that writes a log line for a pixel.
//
//   swift run -c release CollectorBench [--events 2000000] [--program ../.build/release/klantreis]
//     [--batch 100] [--connections 96]
//
// With `--inside EVENTS` it tells instead what an event costs in each stage between a request's bytes
// and its row, without HTTP and on one thread.
//
// Events have 14 properties with those of their context, some 600 bytes and a random message id. Who
// they are of is one of two make-ups, each sent after the other to a project of its own; `--make-up
// typical` sends only one:
// - typical: 100,000 visitors at the same time, each with ten events on average under one anonymous
//   id; four of ten anonymous visits are of a browser that was there before. Of three in ten events
//   the visitor is logged in: half of those visits from a browser known before, one in ten from a new
//   browser of a known customer, two in ten from a browser that looked around before, the rest of new
//   customers.
// - strangers: every event is of somebody logged in, one of 100,000 at random with a browser each.
import Foundation
import FoundationNetworking

func option(_ name: String, _ otherwise: String) -> String {
  let arguments = CommandLine.arguments
  guard let at = arguments.firstIndex(of: "--\(name)"), at + 1 < arguments.count else {
    return otherwise
  }
  return arguments[at + 1]
}

let events = Int(option("events", "2000000")) ?? 2_000_000
let batch = Int(option("batch", "100")) ?? 100
let connections = Int(option("connections", "96")) ?? 96
let singles = Int(option("singles", "200000")) ?? 200_000
let makeUps = Visits.MakeUp(rawValue: option("make-up", "")).map { [$0] } ?? Visits.MakeUp.allCases
let program = option("program", "../.build/release/klantreis")
let key = "benchmark-key"

let folder = FileManager.default.temporaryDirectory.appending(
  path: "klantreis-bench-\(ProcessInfo.processInfo.processIdentifier)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }

func told(_ name: String, _ value: String) {
  print("\(name.padding(toLength: 44, withPad: " ", startingAt: 0)) \(value)")
  fflush(nil)
}

func perSecond(_ rate: Double) -> String {
  let whole = Int(rate.rounded())
  return whole >= 10_000 ? "\(whole / 1000) 000 a second" : "\(whole) a second"
}

/// A port that was free a moment ago.
func freePort() throws -> UInt16 {
  let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(made) }
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
  var length = socklen_t(MemoryLayout<sockaddr_in>.size)
  let isBound = withUnsafeMutablePointer(to: &address) { pointer in
    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      bind(made, $0, length) == 0 && getsockname(made, $0, &length) == 0
    }
  }
  guard isBound else { throw BenchError("no port is free") }
  return UInt16(bigEndian: address.sin_port)
}

/// Runs a command of the program and returns what it prints.
@discardableResult
func run(_ arguments: [String]) throws -> String {
  let process = Process()
  let output = Pipe()
  process.executableURL = URL(filePath: program)
  process.arguments = arguments
  process.standardOutput = output
  try process.run()
  let printed = try output.fileHandleForReading.readToEnd() ?? Data()
  process.waitUntilExit()
  guard process.terminationStatus == 0 else {
    throw BenchError("klantreis \(arguments.joined(separator: " ")) failed")
  }
  return String(decoding: printed, as: UTF8.self)
}

func waitUntilOpen(_ port: UInt16) throws {
  let began = now()
  while now() - began < 30 {
    let made = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(made) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(made, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    if result == 0 { return }
    usleep(20_000)
  }
  throw BenchError("nothing listens on port \(port)")
}

/// Resident megabytes of a process, those of them that are its own and not pages of a file, and CPU
/// seconds.
func use(of process: Process) -> (megabytes: Int, own: Int, seconds: Double) {
  let id = process.processIdentifier
  let status = (try? String(contentsOfFile: "/proc/\(id)/status", encoding: .utf8)) ?? ""
  func megabytes(_ name: String) -> Int {
    let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
    let number = line?.split(whereSeparator: \.isWhitespace).dropFirst().first
    return (number.flatMap { Int($0) } ?? 0) / 1024
  }
  let stat = (try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)) ?? ""
  let fields = stat.split(separator: ")").last.map { $0.split(separator: " ") } ?? []
  let ticks =
    fields.count > 12 ? (Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0) : 0
  return (megabytes("VmRSS:"), megabytes("RssAnon:"), ticks / Double(sysconf(Int32(_SC_CLK_TCK))))
}

/// Megabytes that are a server's own when it has done all that is to be done after the last event, or
/// after a minute.
func ownAtRest(_ server: Process) -> Int {
  var calm = 0
  var last = use(of: server).seconds
  for _ in 0..<60 where calm < 3 {
    sleep(1)
    let seconds = use(of: server).seconds
    calm = seconds - last < 0.1 ? calm + 1 : 0
    last = seconds
  }
  return use(of: server).own
}

/// Megabytes that journeys take beside the file of the base, as the server says itself.
func journeys(of port: UInt16, _ token: String) throws -> Int {
  guard let url = URL(string: "http://127.0.0.1:\(port)/metrics") else { return 0 }
  var request = URLRequest(url: url)
  request.setValue("Bearer \(token)", forHTTPHeaderField: "Authorization")
  nonisolated(unsafe) var text = ""
  let isDone = DispatchSemaphore(value: 0)
  URLSession.shared.dataTask(with: request) { data, _, _ in
    text = String(decoding: data ?? Data(), as: UTF8.self)
    isDone.signal()
  }.resume()
  isDone.wait()
  let line = text.split(separator: "\n").first { $0.hasPrefix("klantreis_journeys_bytes ") }
  guard let bytes = line?.split(separator: " ").last.flatMap({ Int($0) }) else {
    throw BenchError("the server does not say what journeys take")
  }
  return bytes >> 20
}

// MARK: Stage by stage

if let events = Int(option("inside", "")) {
  for makeUp in makeUps {
    print("\(makeUp.rawValue) events:")
    try Inside(events: events, batch: batch, makeUp: makeUp, folder: folder).run()
  }
  try FileManager.default.removeItem(at: folder)
  exit(EXIT_SUCCESS)
}

// MARK: The floors

let bare = try Peers.bareInserts(rows: 1_000_000, folder: folder)
told("SQLite alone, the same rows", perSecond(bare))

var pixel: Double?
let nginxPort = try freePort()
if let nginx = try Peers.startNginx(folder: folder, port: nginxPort) {
  try waitUntilOpen(nginxPort)
  let request = Array("GET /pixel.gif?e=pv&eid=0123456789 HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
  let outcome = Load(port: nginxPort, connections: 64, requests: singles)
    .run { (request, 1) }
  nginx.terminate()
  nginx.waitUntilExit()
  pixel = Double(outcome.requests) / outcome.seconds
  told("nginx, a pixel with a log line", perSecond(pixel ?? 0))
} else {
  print("nginx is not installed: no floor for single requests (apt-get install nginx-light)")
}

// MARK: Klantreis

for makeUp in makeUps { try measure(makeUp, pixel: pixel) }

/// A server with a project of its own gets batches, and after typical ones single events.
func measure(_ makeUp: Visits.MakeUp, pixel: Double?) throws {
  print("\(makeUp.rawValue) events:")
  let data = folder.appending(path: makeUp.rawValue)
  try run(["sources", "add", "bench", "--key", key, "--data", data.path])
  let words = try run(["tokens", "add", "bench", "--data", data.path])
    .split(whereSeparator: \.isWhitespace)
  guard let token = words.first(where: { $0.hasPrefix("klantreis_") }).map(String.init) else {
    throw BenchError("no token was made")
  }
  let port = try freePort()
  let server = Process()
  server.executableURL = URL(filePath: program)
  server.arguments = ["serve", "--data", data.path, "--port", String(port)]
  server.standardOutput = FileHandle.nullDevice
  try server.run()
  defer {
    server.terminate()
    server.waitUntilExit()
  }
  try waitUntilOpen(port)
  var stored = try sendBatches(makeUp, to: server, port, token: token)
  if makeUp == .typical { stored += sendSingles(to: port, pixel: pixel) }
  told("memory of its own at rest", "\(ownAtRest(server)) MB")

  // Is it all there?
  let file = data.appending(path: "klantreis.sqlite")
  let rows = try Peers.count("SELECT count(*) FROM touchpoint", in: file)
  told("acknowledged and stored", "\(stored) and \(rows)")
  guard rows == stored else {
    throw BenchError("what was acknowledged is not what is stored")
  }
}

/// Returns how many events were acknowledged.
func sendBatches(
  _ makeUp: Visits.MakeUp, to server: Process, _ port: UInt16, token: String
) throws -> Int {
  let batches = RequestSupply(
    requests: 32, eventsPerRequest: batch, path: "/v1/batch", key: key, seed: 42, makeUp: makeUp)
  told("bytes an event", String(batches.bytesPerEvent))
  // Once before the clock runs: files and memory are there then.
  let warm = Load(port: port, connections: connections, requests: 200).run(next: batches.next)
  var memory: [Int] = []
  let before = use(of: server)
  var lastPrinted = 0.0
  let outcome = Load(port: port, connections: connections, requests: events / batch).run(
    next: batches.next,
    progress: { outcome in
      let use = use(of: server)
      memory.append(use.own)
      guard outcome.seconds - lastPrinted >= 10 else { return }
      lastPrinted = outcome.seconds
      print(
        "  … \(outcome.events) events, \(perSecond(Double(outcome.events) / outcome.seconds)), "
          + "\(use.own) MB of its own, \(use.megabytes - use.own) MB of files")
      fflush(nil)
    })
  let after = use(of: server)
  let rate = Double(outcome.events) / outcome.seconds
  told("Klantreis, batches of \(batch), durable", perSecond(rate))
  told("  share of SQLite alone", "\(Int((rate / bare * 100).rounded())) %")
  told(
    "  CPU of the server an event",
    "\(((after.seconds - before.seconds) / Double(outcome.events) * 1e7).rounded() / 10) µs")
  told(
    "  answer to a batch, median and 99th of 100",
    "\(Int(outcome.percentile(0.5) * 1000)) and \(Int(outcome.percentile(0.99) * 1000)) ms")
  told("  failed", String(outcome.failed))
  let tenths = (0..<10).compactMap { tenth -> String? in
    let own = memory[(memory.count * tenth / 10)..<(memory.count * (tenth + 1) / 10)].sorted()
    return own.last.map { "\(own[own.count / 2])–\($0)" }
  }
  told("  memory of its own, median–most by tenth", "\(tenths.joined(separator: " ")) MB")
  told("  pages of files in memory at the end", "\(after.megabytes - after.own) MB")
  told("  journeys beside the base at the end", "\(try journeys(of: port, token)) MB")
  return warm.events + outcome.events
}

/// Returns how many events were acknowledged.
func sendSingles(to port: UInt16, pixel: Double?) -> Int {
  let single = RequestSupply(
    requests: 256, eventsPerRequest: 1, path: "/v1/track", key: key, seed: 43)
  let most = Load(port: port, connections: 256, requests: singles).run(next: single.next)
  var stored = most.events
  let rate = Double(most.requests) / most.seconds
  told("Klantreis, single events, durable", perSecond(rate))
  if let pixel { told("  share of nginx's pixel", "\(Int((rate / pixel * 100).rounded())) %") }
  told("  failed", String(most.failed))
  for half in [5_000, rate / 2] {
    let calm = Load(
      port: port, connections: 512, requests: Int(half * 10), rate: half
    ).run(next: single.next)
    stored += calm.events
    told(
      "  at \(perSecond(half)): median, 99th, worst",
      "\(Int(calm.percentile(0.5) * 1000)), \(Int(calm.percentile(0.99) * 1000)) and "
        + "\(Int(calm.percentile(1) * 1000)) ms")
  }
  return stored
}
