import Collector
import CustomerJourney
import Foundation
import Store

/// Joins the importer and the store: reads a file batch by batch, stores what is good, and writes
/// what is not to a file with its reason.
struct ImportRunner {
  let workspace: Workspace
  let options: ImportOptions

  /// What came of a file.
  struct Outcome: Equatable, Sendable, Encodable {
    /// Rows of the file.
    var read = 0
    /// Touchpoints that are new.
    var stored = 0
    /// Touchpoints that were stored before.
    var duplicates = 0
    /// Rows that cannot be used.
    var rejected = 0
    /// Rows that are left out as meant: by the mapping, or because no person did it.
    var leftOut = 0
    /// How many were left out for each reason.
    var leftOutReasons: [String: Int] = [:]
    /// As what the file was read: `csv`, `segment`.
    var format: String?
    /// Rows that said something of a customer.
    var traits = 0
    /// Where the rejected rows stand with line and reason.
    var rejectedFile: String?
    /// The first rejected rows, without their text.
    var firstRejected: [Rejection] = []
    /// Why the file could not be read to its end; what was before that place is stored.
    var problem: String?

    /// Counts rows that are left out; past ``Limits/reasonsTold`` reasons only how many.
    mutating func leaveOut(_ count: Int, _ reason: String) {
      leftOut += count
      if leftOutReasons[reason] != nil || leftOutReasons.count < Limits.reasonsTold {
        leftOutReasons[reason, default: 0] += count
      }
    }

    struct Rejection: Equatable, Sendable, Encodable {
      var line: Int
      var reason: String
    }
  }

  /// Imports one file. Throws before anything is stored when the file cannot be used at all.
  /// `progress` gets the share of the file's bytes that were read, and the rows.
  func run(
    path: String, mapping: ImportMapping?, progress: (Double, Int) -> Void = { _, _ in }
  ) throws -> Outcome {
    var options = options
    options.batchRows = Limits.rowsPerCommit
    let started = options.now
    let file = try FileImport(path: path, mapping: mapping, options: options)
    let name = URL(filePath: path).lastPathComponent
    var outcome = Outcome()
    outcome.format = file.format.name
    let rejections = RejectionFile(folder: workspace.rejectedFolder, name: name, at: started)
    let reader = ReadAhead(file)
    do {
      while let batch = try reader.next() {
        try store(batch.rows, into: &outcome, rejections)
        let at = batch.progress
        outcome.read = at.rows
        progress(Double(at.bytesRead) / Double(max(1, at.bytesTotal)), at.rows)
      }
    } catch let error as ImportError {
      outcome.problem = error.description
    }
    outcome.rejectedFile = try rejections.finish()
    try workspace.store.record(
      ImportRun(
        file: name, source: file.source, started: started,
        finished: .now, read: outcome.read, stored: outcome.stored,
        duplicates: outcome.duplicates, rejected: outcome.rejected,
        rejectedFile: outcome.rejectedFile))
    return outcome
  }

  private func store(
    _ batch: [ImportedRow], into outcome: inout Outcome, _ rejections: RejectionFile
  ) throws {
    var touchpoints: [Touchpoint] = []
    var profiles: [ProfileChange] = []
    var consents: [ConsentClaim] = []
    touchpoints.reserveCapacity(batch.count)
    for row in batch {
      switch row {
      case .touchpoint(let touchpoint, _): touchpoints.append(touchpoint)
      case .profile(let change, _): profiles.append(change)
      case .consent(let claim): consents.append(claim)
      case .rejected(let rejected) where rejected.isExpected:
        outcome.leaveOut(1, rejected.reason)
      case .rejected(let rejected):
        outcome.rejected += 1
        if outcome.firstRejected.count < Limits.rejectionsShown {
          outcome.firstRejected.append(.init(line: rejected.line, reason: rejected.reason))
        }
        try rejections.add(rejected)
      }
    }
    var collected = CollectedBatch(touchpoints: touchpoints, profiles: profiles)
    collected.consents = consents
    let appended = try workspace.store.append([collected])[0]
    outcome.stored += appended.stored
    outcome.duplicates += appended.knownTouchpoints.count
    outcome.traits += profiles.count
  }
}

/// A CSV of rejected rows, made when there is a first one. Only its owner may read it: the rows hold
/// what customers' rows hold.
private final class RejectionFile {
  private let folder: URL
  private let name: String
  private var url: URL?
  private var handle: FileHandle?

  init(folder: URL, name: String, at moment: Timestamp) {
    self.folder = folder
    // A name that needs no care in any address, and is short enough for any file system.
    let plain = String(
      name.unicodeScalars.prefix(80).map { scalar in
        scalar.isASCII
          && (scalar.properties.isAlphabetic
            || "0123456789.-_".unicodeScalars
              .contains(scalar))
          ? Character(scalar) : "_"
      })
    self.name = "\(moment.iso8601.filter { $0.isNumber })-\(plain)"
  }

  func add(_ row: RejectedRow) throws {
    if handle == nil {
      try FileManager.default.createDirectory(
        at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      try open()
      try handle?.write(contentsOf: Data("part,line,reason,text\r\n".utf8))
    }
    let fields = [row.part, String(row.line), row.reason, row.text].map(Self.quoted)
    try handle?.write(contentsOf: Data((fields.joined(separator: ",") + "\r\n").utf8))
  }

  /// Makes a file of its own: files of the same name may be imported in the same moment.
  private func open() throws {
    for number in 1...1_000 {
      let file = folder.appending(path: number == 1 ? "\(name).csv" : "\(name)-\(number).csv")
      let descriptor = Foundation.open(file.path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
      if descriptor >= 0 {
        url = file
        handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        return
      }
      guard errno == EEXIST else { break }
    }
    throw Ending.failed(
      "The file for rejected rows cannot be made in \(folder.path): check that the data folder is "
        + "writable and not full. Nothing of these rows was stored.")
  }

  /// The file's path, or nil when nothing was rejected.
  func finish() throws -> String? {
    try handle?.close()
    return url?.path
  }

  /// Always in quotes; a text that a spreadsheet would run as a formula gets an apostrophe in front.
  private static func quoted(_ field: String) -> String {
    let safe = field.first.map { "=+-@\t\r".contains($0) } == true ? "'" + field : field
    return "\"" + safe.replacing("\"", with: "\"\"") + "\""
  }
}
