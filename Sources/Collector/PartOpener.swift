import CustomerJourney
import Foundation

/// Reads one part of a file, row by row.
protocol PartReader: AnyObject {
  /// Adds what comes next to `batch` and returns how many rows that was; nil at the end.
  func next(into batch: inout [ImportedRow]) -> Int?
  /// Why the part ended before its end.
  var failure: (any Error)? { get }
}

/// A part of a file that is being read, and what is to be said of it.
struct OpenPart {
  var reader: any PartReader
  var format: ImportFormat
  /// As people call it: "CSV with \";\" between columns, utf-8".
  var form: String
  var columns: [ImportPreview.Column] = []
  var warnings: [String]

  init(
    reader: any PartReader, format: ImportFormat, form: String, plan: RowPlan? = nil,
    warnings: [String]
  ) {
    self.reader = reader
    self.format = format
    self.form = form
    columns = plan?.columns ?? []
    self.warnings = warnings + (plan?.warnings ?? [])
  }
}

/// Finds out what a part of a file holds, and makes its reader.
struct PartOpener {
  let source: String
  private let saidSource: String?
  private let mapping: ImportMapping
  private let hasMapping: Bool
  private let options: ImportOptions
  private let join: JoinTable?
  private let fileName: String

  init(fileName: String, mapping: ImportMapping?, options: ImportOptions) throws {
    self.fileName = fileName
    hasMapping = mapping != nil
    let mapping = mapping ?? ImportMapping()
    saidSource = [mapping.source, options.source].lazy.compactMap { $0 }.first { !$0.isBlank }
    // `orders` of `orders.csv.gz`.
    let stem = fileName.split(separator: ".").first.map(String.init)
    source = saidSource ?? stem ?? fileName
    self.mapping = mapping
    self.options = options
    join = try mapping.join.map { try JoinTable($0, folder: mapping.folder) }
  }

  private var judge: EventJudge {
    EventJudge(
      normaliser: Normaliser(currency: options.currency, context: options.context),
      source: CollectorSource(
        name: source, mapping: options.sourceMappings[source] ?? SourceMapping()),
      now: options.now)
  }

  /// Throws ``ImportError`` when the part holds nothing that can be used.
  func open(_ name: String, of archive: ArchiveReader) throws -> OpenPart {
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
    let format = try format(head, shown, &warnings)
    switch format {
    case .csv: return try openCSV(name, shown, window, head, stream.encoding, warnings)
    case .json:
      return try openJSON(
        name, shown, window, head, isArray: first == UInt8(ascii: "["), warnings)
    case .xes: return try openXES(name, shown, window, head, warnings)
    case .combinedLog:
      let reader = LogPart(
        window: window, head: head, part: name, judge: judge, visitorKey: options.visitorKey,
        saidSource: saidSource)
      return OpenPart(
        reader: reader, format: format, form: "a web server's log", warnings: warnings)
    case .events(let dialectName):
      guard let dialect = FrontDoor.dialects.first(where: { $0.name == dialectName }) else {
        preconditionFailure("a format of events has its dialect")
      }
      let reader = EventPart(
        dialect: dialect, window: window, head: head, part: name, judge: judge)
      return OpenPart(
        reader: reader, format: format, form: "events of \(dialectName)", warnings: warnings)
    }
  }

  /// The format that was said, or the one that the bytes show.
  private func format(
    _ head: [UInt8], _ shown: String, _ warnings: inout [String]
  ) throws -> ImportFormat {
    if let format = options.format {
      guard format.isTable || !hasMapping else {
        throw ImportError(
          .mapping,
          "a mapping says what columns are, and \(format.name) has none; leave one of them out.")
      }
      return format
    }
    let isTable = hasMapping || mapping.delimiter != nil
    let format = try ImportFormat.find(in: head, file: shown, amongTables: isTable)
    if format != .csv, format != .json {
      warnings.append("Read as \(format.name); say it otherwise with --format.")
    }
    return format
  }

  private func openCSV(
    _ name: String, _ shown: String, _ window: ByteWindow, _ head: [UInt8],
    _ encoding: TextEncoding, _ warnings: [String]
  ) throws -> OpenPart {
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
    let plan = try plan(mapping, header, samples, shown, isOpen: false)
    let reader = TablePart(
      name: name, window: window, scanner: scanner, reader: try reader(plan, name),
      fields: header.count)
    return OpenPart(
      reader: reader, format: .csv,
      form: "CSV with \(delimiter) between columns, \(encoding.rawValue)", plan: plan,
      warnings: warnings)
  }

  private func openJSON(
    _ name: String, _ shown: String, _ window: ByteWindow, _ head: [UInt8], isArray: Bool,
    _ warnings: [String]
  ) throws -> OpenPart {
    let sampler = JSONScanner(window: ByteWindow(text: head), isArray: isArray)
    let samples = sample(sampler, isWhole: head.count < ByteWindow.blockBytes)
    let plan = try plan(mapping, sampler.columns, samples, shown, isOpen: true)
    let scanner = JSONScanner(
      window: window, isArray: isArray, columns: columns(of: sampler))
    let reader = TablePart(
      name: name, window: window, scanner: scanner, reader: try reader(plan, name))
    return OpenPart(
      reader: reader, format: .json, form: isArray ? "JSON array" : "JSON Lines", plan: plan,
      warnings: warnings)
  }

  private func openXES(
    _ name: String, _ shown: String, _ window: ByteWindow, _ head: [UInt8], _ warnings: [String]
  ) throws -> OpenPart {
    guard XESScanner.isXES(head) else {
      throw ImportError(
        .notText,
        "\(shown) is no XES, which is XML whose first element is log; leave --format out to have "
          + "its form found.")
    }
    let sampler = XESScanner(window: ByteWindow(text: head), file: shown)
    let samples = sample(sampler, isWhole: true)
    if samples.isEmpty, head.count < ByteWindow.blockBytes {
      throw sampler.failure
        ?? ImportError(.empty, "\(shown) holds no events; check that the export went well.")
    }
    let mapping = hasMapping ? mapping : XESScanner.mapping(for: sampler.columns)
    let plan = try plan(mapping, sampler.columns, samples, shown, isOpen: true)
    let scanner = XESScanner(window: window, file: shown, columns: columns(of: sampler))
    let reader = TablePart(
      name: name, window: window, scanner: scanner, reader: try reader(plan, name))
    return OpenPart(
      reader: reader, format: .xes, form: "XES, a log of processes", plan: plan,
      warnings: warnings)
  }

  /// Columns that a file without a header has so far; with a join none may come besides them, for
  /// those of the joined file stand there.
  private func columns(of sampler: any RowScanner) -> ColumnNames {
    ColumnNames(sampler.columns, isClosed: join != nil)
  }

  private func plan(
    _ mapping: ImportMapping, _ header: [String], _ samples: [[[UInt8]]], _ shown: String,
    isOpen: Bool
  ) throws -> RowPlan {
    do {
      return try RowPlan(
        mapping: mapping, header: header, joined: join?.columns ?? [], samples: samples,
        file: shown, isOpen: isOpen, options: options)
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
}
