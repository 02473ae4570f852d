import CustomerJourney
import Foundation
import Testing

/// Raw files of real data that stand in the folder `shared` beside the checkout.
enum SharedData {
  static let absent: Comment = "the folder shared/data is not beside this checkout"

  static func url(_ path: String) -> URL {
    let folder: URL
    if let shared = ProcessInfo.processInfo.environment["KLANTREIS_SHARED"] {
      folder = URL(filePath: shared).appending(path: "data")
    } else {
      folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "shared/data")
    }
    return folder.appending(path: path)
  }

  static func has(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: url(path).path())
  }

  struct Row {
    fileprivate let columns: [String: Int]
    fileprivate let fields: [String]

    func text(_ column: String) throws -> String {
      fields[try #require(columns[column], "no column \(column)")]
    }
    func number(_ column: String) throws -> UInt32 { try #require(UInt32(try text(column))) }
    func decimal(_ column: String) throws -> Double { try #require(Double(try text(column))) }
    func time(_ column: String) throws -> Int64 {
      try #require(Timestamp(iso8601: try text(column))).milliseconds
    }
  }

  /// A small reader of well-formed CSV with quotes; `gzip` unpacks what is packed.
  static func csv(_ path: String) throws -> [Row] {
    var bytes: Data
    if path.hasSuffix(".gz") {
      let gzip = Process()
      gzip.executableURL = URL(filePath: "/usr/bin/env")
      gzip.arguments = ["gzip", "-dc", url(path).path()]
      let pipe = Pipe()
      gzip.standardOutput = pipe
      try gzip.run()
      bytes = try pipe.fileHandleForReading.readToEnd() ?? Data()
      gzip.waitUntilExit()
    } else {
      bytes = try Data(contentsOf: url(path))
    }
    if bytes.last != 10 { bytes.append(10) }
    var lines: [[String]] = []
    var line: [String] = []
    var field: [UInt8] = []
    var isQuoted = false
    for byte in Array(bytes) {
      switch byte {
      case UInt8(ascii: "\""): isQuoted.toggle()
      case UInt8(ascii: ",") where !isQuoted, UInt8(ascii: "\n") where !isQuoted:
        if field.last == 13 { field.removeLast() }
        line.append(String(decoding: field, as: UTF8.self))
        field.removeAll(keepingCapacity: true)
        if byte == UInt8(ascii: "\n") {
          lines.append(line)
          line.removeAll(keepingCapacity: true)
        }
      default: field.append(byte)
      }
    }
    let header = lines.first ?? []
    let columns = Dictionary(zip(header, header.indices)) { first, _ in first }
    return lines.dropFirst().map { Row(columns: columns, fields: $0) }
  }
}
