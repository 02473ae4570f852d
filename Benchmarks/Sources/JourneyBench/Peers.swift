import Foundation

/// DuckDB and ClickHouse on the same journeys, by the script `peers.py`.
struct Peers {
  struct Answer: Decodable {
    var engine: String
    var question: String
    var milliseconds: Double
    var answer: [[Int]]
  }

  let folder: URL

  /// Writes the journeys where the script finds them.
  init(_ log: GeneratedLog) throws {
    folder = FileManager.default.temporaryDirectory.appending(
      path: "journey-bench-\(ProcessInfo.processInfo.processIdentifier)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try log.write(to: folder)
  }

  func ask(threads: Int) throws -> [Answer] {
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
    return try String(decoding: output, as: UTF8.self).split(separator: "\n").map {
      try JSONDecoder().decode(Answer.self, from: Data($0.utf8))
    }
  }

  func remove() throws { try FileManager.default.removeItem(at: folder) }
}
