import CustomerJourney
import Foundation

/// Reads a file and hands out what its rows are, batch by batch, in memory that does not depend on
/// the file's size.
///
/// ```swift
/// let file = try FileImport(path: "orders.csv.gz", options: ImportOptions(now: now))
/// while let batch = try file.next() { … }
/// ```
///
/// The file holds rows with columns (CSV, JSON Lines, a JSON array, XES), a web server's log or
/// events as clients send them, plain or packed (gzip, bzip2, xz, zstd, or a zip or tar with one or
/// more of them). Use it from one task at a time.
package final class FileImport {
  /// Names the client in touchpoints that name none: what the mapping says, or the options, or the
  /// file's name without its endings.
  package var source: String { opener.source }
  /// What the first part of the file holds.
  package private(set) var format: ImportFormat = .csv
  private let fileName: String
  private let options: ImportOptions
  private let archive: ArchiveReader
  private let opener: PartOpener
  private var part: OpenPart?
  private var rows = 0
  /// Thrown when all that was good is handed out.
  private var failure: (any Error)?
  /// Parts that are no table, told in the next batch.
  private var refused: [ImportedRow] = []

  /// Opens the file and looks at its first rows. Throws ``ImportError`` when they cannot be used:
  /// nothing is read then.
  package convenience init(
    path: String, mapping: ImportMapping? = nil, options: ImportOptions
  ) throws {
    try self.init(path: path, mapping: mapping, options: options, byteLimit: nil)
  }

  private init(
    path: String, mapping: ImportMapping?, options: ImportOptions, byteLimit: Int64?
  ) throws {
    fileName = (path as NSString).lastPathComponent
    self.options = options
    archive = try ArchiveReader(path: path, byteLimit: byteLimit)
    opener = try PartOpener(fileName: fileName, mapping: mapping, options: options)
    try openNextPart()
  }

  package var progress: ImportProgress {
    ImportProgress(bytesRead: archive.bytesRead, bytesTotal: archive.bytesTotal, rows: rows)
  }

  /// The next rows, about ``ImportOptions/batchRows`` of them; nil at the end of the file.
  ///
  /// Throws ``ImportError`` where the file is damaged or a bomb, after all rows before that place
  /// were handed out.
  package func next() throws -> [ImportedRow]? {
    var batch = refused
    refused = []
    batch.reserveCapacity(options.batchRows + 16)
    while batch.count < options.batchRows, let part {
      if let count = part.reader.next(into: &batch) {
        rows += count
        continue
      }
      self.part = nil
      if let failure = part.reader.failure {
        self.failure = failure
      } else {
        do { try openNextPart() } catch { failure = error }
        batch += refused
        refused = []
      }
    }
    if !batch.isEmpty { return batch }
    if let failure {
      self.failure = nil
      throw failure
    }
    return nil
  }

  // MARK: Opening

  /// Goes to the next part that is a table. A part that is none is told as rejected, unless no part
  /// of the file is one.
  private func openNextPart() throws {
    var firstProblem: (any Error)?
    while let name = try archive.nextPart() {
      if archive.holdsParts {
        let last = (name as NSString).lastPathComponent
        if last.hasPrefix(".") || name.hasPrefix("__MACOSX/") { continue }
        if last == "[Content_Types].xml" {
          throw ImportError(
            .notText,
            "\(fileName) is a workbook; save its sheet as CSV (UTF-8) and import that.")
        }
      }
      do {
        let opened = try opener.open(name, of: archive)
        if !hasOpened { format = opened.format }
        hasOpened = true
        part = opened
        return
      } catch let error as ImportError where archive.holdsParts {
        if error.kind == .brokenArchive || error.kind == .bomb || archive.isPastLimit {
          throw error
        }
        firstProblem = firstProblem ?? error
        refused.append(
          .rejected(
            RejectedRow(
              part: name, line: 0, reason: "is not imported: \(error.description)", text: "")))
      }
    }
    guard !hasOpened else { return }
    throw firstProblem
      ?? ImportError(.empty, "\(fileName) is empty; check that the export went well.")
  }

  private var hasOpened = false

  // MARK: Looking first

  /// What an import would do with the first `rows` rows of the file, without doing it.
  ///
  /// Looks at ``Limits/previewBytes`` of the file at most, and says in a warning when the rows end
  /// there; throws ``ImportError`` when not even the columns can be found within them.
  package static func preview(
    path: String, mapping: ImportMapping? = nil, rows: Int = 20, options: ImportOptions
  ) throws -> ImportPreview {
    var options = options
    options.batchRows = max(1, rows)
    let file = try FileImport(
      path: path, mapping: mapping, options: options, byteLimit: Limits.previewBytes)
    var warnings = file.part?.warnings ?? []
    let part = file.part
    var shown: [ImportedRow] = []
    var leftOut = 0
    do {
      while shown.count < rows, leftOut < Limits.rowsPerCommit, let batch = try file.next() {
        // Most lines of a web server's log are no visits: a preview of those would show nothing.
        let kept = file.format.isTable ? batch : batch.filter { !$0.isLeftOut }
        leftOut += batch.count - kept.count
        shown += kept
      }
    } catch {
      guard file.archive.isPastLimit else { throw error }
      warnings.append(
        "Only the first \(Limits.previewBytes / 1_048_576) MiB were looked at for this preview; the "
          + "import reads all.")
    }
    if leftOut > 0 {
      warnings.append(
        "Of the first \(file.rows) rows \(leftOut) are left out as no person's visit.")
    }
    return ImportPreview(
      format: file.format, form: part?.form ?? "", columns: part?.columns ?? [],
      warnings: warnings, rows: Array(shown.prefix(rows)))
  }
}
