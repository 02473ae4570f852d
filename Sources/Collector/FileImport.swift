import CustomerJourney
import Foundation

/// Reads a file of rows and hands out what they are, batch by batch, in memory that does not depend
/// on the file's size.
///
/// ```swift
/// let file = try FileImport(path: "orders.csv.gz", options: ImportOptions(now: now))
/// while let batch = try file.next() { … }
/// ```
///
/// The file is CSV, JSON Lines or a JSON array, plain or packed (gzip, bzip2, xz, zstd, or a zip or
/// tar with one or more of them). Use it from one task at a time.
package final class FileImport {
  /// A part of the file that is being read.
  private final class Part {
    let name: String
    let window: ByteWindow
    let scanner: any RowScanner
    let reader: RowReader
    /// Fields that a row of CSV must have; nil for JSON.
    let fields: Int?
    let format: String
    let columns: [ImportPreview.Column]
    let warnings: [String]
    /// The scanner when the part is JSON.
    let json: JSONScanner?

    init(
      name: String, window: ByteWindow, scanner: any RowScanner, reader: RowReader, fields: Int?,
      format: String, plan: RowPlan, warnings: [String]
    ) {
      self.name = name
      self.window = window
      self.scanner = scanner
      self.reader = reader
      self.fields = fields
      self.format = format
      columns = plan.columns
      self.warnings = warnings + plan.warnings
      json = scanner as? JSONScanner
    }
  }

  /// Names the client in touchpoints that name none: what the mapping says, or the options, or the
  /// file's name without its endings.
  package let source: String
  private let fileName: String
  private let saidSource: String?
  private let mapping: ImportMapping
  private let options: ImportOptions
  private let archive: ArchiveReader
  private let join: JoinTable?
  private var part: Part?
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
    let mapping = mapping ?? ImportMapping()
    saidSource = [mapping.source, options.source].lazy.compactMap { $0 }.first { !$0.isBlank }
    // `orders` of `orders.csv.gz`.
    let stem = fileName.split(separator: ".").first.map(String.init)
    source = saidSource ?? stem ?? fileName
    self.mapping = mapping
    self.options = options
    archive = try ArchiveReader(path: path, byteLimit: byteLimit)
    join = try mapping.join.map { try JoinTable($0, folder: mapping.folder) }
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
      switch part.scanner.next() {
      case .row:
        rows += 1
        read(part, &batch)
      case .rejected(let reason, let text):
        rows += 1
        batch.append(
          .rejected(
            RejectedRow(part: part.name, line: part.scanner.line, reason: reason, text: text)))
      case .end:
        part.reader.finish(into: &batch)
        self.part = nil
        if let failure = part.window.failure {
          self.failure = failure
        } else {
          do { try openNextPart() } catch { failure = error }
          batch += refused
          refused = []
        }
      }
    }
    if !batch.isEmpty { return batch }
    if let failure {
      self.failure = nil
      throw failure
    }
    return nil
  }

  private func read(_ part: Part, _ batch: inout [ImportedRow]) {
    let row = part.scanner.row
    if let fields = part.fields, row.count != fields {
      row.dropEmptyFields(beyond: fields)
      if row.count != fields {
        batch.append(
          .rejected(
            RejectedRow(
              part: part.name, line: part.scanner.line,
              reason: "has \(row.count) fields where the file has \(fields) columns",
              text: part.scanner.excerpt)))
        return
      }
    }
    part.reader.read(
      row, columns: part.json?.columns ?? [], line: part.scanner.line,
      excerpt: { part.scanner.excerpt }, into: &batch)
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
        part = try open(name)
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

  private func open(_ name: String) throws -> Part {
    let shown = name.isEmpty ? fileName : (name as NSString).lastPathComponent
    let stream = try TextStream(archive: archive, name: shown, chosen: mapping.encoding)
    let window = ByteWindow(source: stream)
    let head = window.head()
    guard let first = head.first(where: { ![32, 9, 10, 13].contains($0) }) else {
      if let failure = window.failure { throw failure }
      throw ImportError(.empty, "\(shown) is empty; check that the export went well.")
    }
    var warnings: [String] = []
    if stream.isGuess {
      warnings.append(
        "The text is not UTF-8, so it is read as Windows-1252. Say it otherwise with "
          + "\"encoding: …\".")
    }
    let isJSON =
      mapping.delimiter == nil && (first == UInt8(ascii: "{") || first == UInt8(ascii: "["))
    let part =
      isJSON
      ? try openJSON(name, shown, window, head, isArray: first == UInt8(ascii: "["), &warnings)
      : try openCSV(name, shown, window, head, stream.encoding, &warnings)
    hasOpened = true
    return part
  }

  private func openCSV(
    _ name: String, _ shown: String, _ window: ByteWindow, _ head: [UInt8],
    _ encoding: TextEncoding, _ warnings: inout [String]
  ) throws -> Part {
    let delimiter = mapping.delimiter ?? CSVScanner.delimiter(of: Array(head.prefix(32_768)))
    let scanner = CSVScanner(window: window, delimiter: delimiter)
    let sampler = CSVScanner(window: ByteWindow(text: head), delimiter: delimiter)
    var header: [String] = []
    if mapping.hasHeader {
      guard case .row = scanner.next() else {
        if let failure = window.failure { throw failure }
        throw ImportError(
          .columns, "\(shown) has a first line that cannot be read as the names of columns.")
      }
      _ = sampler.next()
      header = (0..<scanner.row.count).map { String(decoding: scanner.row[$0], as: UTF8.self) }
    }
    let samples = sample(sampler, isWhole: head.count < ByteWindow.blockBytes)
    if !mapping.hasHeader { header = (1...max(1, samples.first?.count ?? 1)).map(String.init) }
    if samples.isEmpty, window.start == window.end, !window.fill() {
      if let failure = window.failure { throw failure }
      throw ImportError(
        .empty, "\(shown) has a header but no rows; check that the export went well.")
    }
    scanner.expectedFields = header.count
    let plan = try plan(header, samples, shown, isJSON: false)
    return Part(
      name: name, window: window, scanner: scanner, reader: try reader(plan, name),
      fields: header.count,
      format: "CSV with \(delimiter) between columns, \(encoding.rawValue)",
      plan: plan, warnings: warnings)
  }

  private func openJSON(
    _ name: String, _ shown: String, _ window: ByteWindow, _ head: [UInt8], isArray: Bool,
    _ warnings: inout [String]
  ) throws -> Part {
    let sampler = JSONScanner(window: ByteWindow(text: head), isArray: isArray)
    let samples = sample(sampler, isWhole: head.count < ByteWindow.blockBytes)
    let plan = try plan(sampler.columns, samples, shown, isJSON: true)
    let columns = join == nil ? plan.header : sampler.columns
    let scanner = JSONScanner(
      window: window, isArray: isArray, columns: columns, isClosed: join != nil)
    return Part(
      name: name, window: window, scanner: scanner, reader: try reader(plan, name), fields: nil,
      format: isArray ? "JSON array" : "JSON Lines", plan: plan, warnings: warnings)
  }

  private func plan(
    _ header: [String], _ samples: [[[UInt8]]], _ shown: String, isJSON: Bool
  ) throws -> RowPlan {
    do {
      return try RowPlan(
        mapping: mapping, header: header, joined: join?.columns ?? [], samples: samples,
        file: shown, isJSON: isJSON, options: options)
    } catch let error as ImportError where error.kind == .columns {
      throw ImportError(
        .columns, error.description, columns: RowPlan.columns(of: header, samples: samples))
    }
  }

  private func reader(_ plan: RowPlan, _ name: String) throws -> RowReader {
    // A file keeps its ids under another name, so that one downloaded twice is stored once.
    try RowReader(
      plan: plan, mapping: mapping, source: source, ids: MessageIDs(source: saidSource ?? ""),
      part: name, join: join, options: options)
  }

  /// Fields of the first rows; the last of a head that is cut off is left out.
  private func sample(_ scanner: any RowScanner, isWhole: Bool) -> [[[UInt8]]] {
    var samples: [[[UInt8]]] = []
    while samples.count < Limits.sampledRows {
      switch scanner.next() {
      case .row: samples.append((0..<scanner.row.count).map { Array(scanner.row[$0]) })
      case .rejected: continue
      case .end:
        if !isWhole, samples.count > 1 { samples.removeLast() }
        return samples
      }
    }
    return samples
  }

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
    do {
      while shown.count < rows, let batch = try file.next() { shown += batch }
    } catch {
      guard file.archive.isPastLimit else { throw error }
      warnings.append(
        "Only the first \(Limits.previewBytes / 1_048_576) MiB were looked at for this preview; the "
          + "import reads all.")
    }
    return ImportPreview(
      format: part?.format ?? "", columns: part?.columns ?? [], warnings: warnings,
      rows: Array(shown.prefix(rows)))
  }
}
