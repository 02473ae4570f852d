import CustomerJourney
import Foundation
import Testing

@testable import Collector

/// 15 June 2024, so that tests do not grow old.
let testNow = Timestamp(milliseconds: 1_718_409_600_000)

let testOptions = ImportOptions(zone: .utc, now: testNow)

/// A folder of a test, gone with it.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "klantreis-test-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func write(_ name: String, _ data: Data) throws -> String {
    let file = "\(path)/\(name)"
    try data.write(to: URL(fileURLWithPath: file))
    return file
  }
}

/// All rows of one import, sorted by what they are.
struct Imported {
  var touchpoints: [Touchpoint] = []
  var lines: [Int] = []
  var traits: [(customer: String, traits: [String: PropertyValue])] = []
  var changes: [ProfileChange] = []
  var consents: [ConsentClaim] = []
  var rejected: [RejectedRow] = []
  var failure: (any Error)?

  mutating func add(_ rows: [ImportedRow]) {
    for row in rows {
      switch row {
      case .touchpoint(let touchpoint, let line):
        touchpoints.append(touchpoint)
        lines.append(line)
      case .profile(let change, _):
        traits.append((change.customer, change.traits))
        changes.append(change)
      case .consent(let claim): consents.append(claim)
      case .rejected(let row): rejected.append(row)
      }
    }
  }

  func count(_ event: EventName) -> Int { touchpoints.count { $0.event == event } }

  func sum(_ event: EventName) -> Int64 {
    touchpoints.reduce(0) { $0 + ($1.event == event ? $1.value?.minorUnits ?? 0 : 0) }
  }
}

/// Imports a file to its end, or to its failure.
func importAll(
  path: String, mapping: ImportMapping? = nil, options: ImportOptions = testOptions
) throws -> Imported {
  let file = try FileImport(path: path, mapping: mapping, options: options)
  var imported = Imported()
  do {
    while let batch = try file.next() { imported.add(batch) }
  } catch {
    imported.failure = error
  }
  return imported
}

func importAll(
  _ data: Data, name: String = "events.csv", mapping yaml: String? = nil,
  options: ImportOptions = testOptions
) throws -> Imported {
  let folder = try TemporaryFolder()
  return try importAll(
    path: try folder.write(name, data), mapping: try yaml.map { try ImportMapping(yaml: $0) },
    options: options)
}

func importAll(
  _ text: String, name: String = "events.csv", mapping yaml: String? = nil,
  options: ImportOptions = testOptions
) throws -> Imported {
  try importAll(Data(text.utf8), name: name, mapping: yaml, options: options)
}

/// The error with which a file is refused at once.
func refusal(_ data: Data, mapping yaml: String? = nil) throws -> ImportError? {
  do {
    _ = try importAll(data, mapping: yaml)
    return nil
  } catch let error as ImportError {
    return error
  }
}

/// The root of the package.
let packageFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent().deletingLastPathComponent().path

/// The shared data, when they are beside the checkout or where `KLANTREIS_SHARED` says.
let sharedData: String? = {
  let environment = ProcessInfo.processInfo.environment["KLANTREIS_SHARED"]
  let path = (environment ?? "\(packageFolder)/../shared") + "/data"
  return FileManager.default.fileExists(atPath: path) ? path : nil
}()
