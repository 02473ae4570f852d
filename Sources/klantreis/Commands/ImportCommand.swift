import ArgumentParser
import Collector
import CustomerJourney
import Foundation
import Insights
import Store

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Import touchpoints from CSV or JSON Lines, also in gz or zip.",
    discussion: """
      Columns named customer, time, event, channel, … are found by themselves, in English and Dutch;
      for others write a mapping file (docs/import.md). Importing a file again stores nothing twice.

      Example:
        klantreis import orders.csv --dry-run
        klantreis import orders.csv.gz --mapping orders.yaml --data data
      """)

  @Argument(help: "CSV, TSV or JSON Lines; plain, gzipped, or one or more in a zip.")
  var files: [String]

  @Option(help: ArgumentHelp("A mapping in YAML; docs/import.md has the form.", valueName: "file"))
  var mapping: String?

  @Option(help: "What to call the client or system that the file comes from.")
  var source: String?

  @Option(help: "The time zone of clocks that state none. (default: the project's)")
  var zone: String?

  @Option(help: "The currency of amounts that state none. (default: the project's)")
  var currency: String?

  @Flag(
    name: .customLong("dry-run"), help: "Show what would be stored and rejected; store nothing.")
  var isDryRun = false

  @Option(help: "The form of the outcome: text or json.")
  var format: AnswerFormat = .text

  @OptionGroup var data: DataOptions

  func run() throws {
    guard format == .text || format == .json else {
      throw Ending.wrongUse("An import tells its outcome as text or json.")
    }
    for file in files where !FileManager.default.isReadableFile(atPath: file) {
      throw Ending.failed("\(file) cannot be read: check that it is there and yours to read.")
    }
    let mapping = try mapping.map { try ImportMapping(path: $0) }
    if isDryRun {
      let stored = Workspace.exists(in: data.folder) ? try data.open() : nil
      let options = try importOptions(stored)
      var isAnyRejected = false
      for file in files {
        let preview = try FileImport.preview(path: file, mapping: mapping, options: options)
        Terminal.write(PreviewText.text(preview, file: file))
        isAnyRejected = isAnyRejected || preview.rows.contains(where: \.isRejected)
      }
      if isAnyRejected { throw Ending.someRejected }
      return
    }
    let workspace = try data.open()
    try keepChoices(in: workspace)
    let runner = ImportRunner(workspace: workspace, options: try importOptions(workspace))
    var total = ImportRunner.Outcome()
    for file in files {
      let name = URL(filePath: file).lastPathComponent
      let bar = ProgressBar(name, unit: "rows")
      let outcome: ImportRunner.Outcome
      do {
        outcome = try runner.run(path: file, mapping: mapping) {
          bar.update(fraction: $0, count: $1)
        }
      } catch let error as ImportError {
        // The files before it are stored, and those after it may be good.
        outcome = ImportRunner.Outcome(problem: error.description)
      }
      bar.finish()
      if format == .text, outcome.read > 0 || outcome.problem == nil {
        Terminal.write(Self.text(outcome, name: name))
      }
      total.add(outcome)
      if let problem = outcome.problem { Terminal.note("klantreis: \(problem)") }
    }
    if format == .json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      Terminal.write(String(decoding: try encoder.encode(total), as: UTF8.self) + "\n")
    }
    if total.problem != nil { throw Ending(code: .failed, message: nil) }
    if total.rejected > 0 { throw Ending.someRejected }
  }

  private func importOptions(_ workspace: Workspace?) throws -> ImportOptions {
    let settings = try workspace?.store.settings() ?? [:]
    let zoneName = zone ?? settings[Workspace.Setting.zone.rawValue]
    let currencyCode = currency ?? settings[Workspace.Setting.currency.rawValue]
    guard let zone = zoneName.map({ Zone($0) }) ?? .amsterdam else {
      throw Ending.wrongUse(
        "There is no time zone \(zoneName ?? ""). Write it as Europe/Amsterdam.")
    }
    guard let currency = currencyCode.map({ Currency($0) }) ?? .eur else {
      throw Ending.wrongUse("\(currencyCode ?? "") is no currency code. Write it as EUR or GBP.")
    }
    return ImportOptions(zone: zone, currency: currency, now: .now, source: source)
  }

  /// A zone or currency given with the first import is the project's from then on.
  private func keepChoices(in workspace: Workspace) throws {
    for (setting, value) in [(Workspace.Setting.zone, zone), (.currency, currency)] {
      if let value, try workspace.store.setting(setting.rawValue) == nil {
        try workspace.set(setting, to: value)
      }
    }
  }

  static func text(_ outcome: ImportRunner.Outcome, name: String) -> String {
    var lines = [
      "\(name): \(outcome.read.grouped) rows read, \(outcome.stored.grouped) touchpoints stored"
    ]
    if outcome.duplicates > 0 { lines[0] += ", \(outcome.duplicates.grouped) known already" }
    if outcome.traits > 0 { lines[0] += ", traits in \(outcome.traits.grouped) of the rows" }
    if outcome.leftOut > 0 {
      lines[0] += ", \(outcome.leftOut.grouped) left out as the mapping says"
    }
    if outcome.rejected > 0 {
      lines[0] += ", \(outcome.rejected.grouped) rejected"
      for rejection in outcome.firstRejected {
        lines.append("  line \(rejection.line) \(rejection.reason)")
      }
      if outcome.rejected > outcome.firstRejected.count { lines.append("  …") }
      if let file = outcome.rejectedFile { lines.append("  all of them: \(file)") }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension ImportRunner.Outcome {
  /// Adds what came of another file.
  mutating func add(_ other: Self) {
    read += other.read
    stored += other.stored
    duplicates += other.duplicates
    rejected += other.rejected
    leftOut += other.leftOut
    traits += other.traits
    rejectedFile = other.rejectedFile ?? rejectedFile
    firstRejected += other.firstRejected
    problem = other.problem ?? problem
  }
}

/// A preview as a person reads it at the terminal.
enum PreviewText {
  static func text(_ preview: ImportPreview, file: String) -> String {
    var lines = ["\(file): \(preview.format)"]
    lines += preview.columns.map { "  \($0.use)" }
    lines += preview.warnings.map { "  ! \($0)" }
    var rejected: [String] = []
    var shown: [[String]] = []
    for row in preview.rows {
      switch row {
      case .touchpoint(let touchpoint, let line):
        shown.append([
          String(line), touchpoint.customer, touchpoint.occurred.iso8601, touchpoint.event.name,
          touchpoint.channel.name, touchpoint.content ?? "",
          touchpoint.value.map(String.init(describing:)) ?? "",
        ])
      case .traits(let customer, let traits, let line):
        let told = traits.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        shown.append([String(line), customer, "", "(traits)", "", told.joined(separator: " "), ""])
      case .rejected(let row):
        rejected.append("  line \(row.line) \(row.reason)")
      }
    }
    if !shown.isEmpty {
      let heads = ["line", "customer", "time", "event", "channel", "content", "value"]
      let widths = heads.indices.map { i in
        min(40, ([heads] + shown).map { $0[i].count }.max() ?? 0)
      }
      func cells(_ row: [String]) -> String {
        zip(row, widths).map { text, width in
          let cut = text.count > width ? String(text.prefix(width - 1)) + "…" : text
          return cut + String(repeating: " ", count: width - cut.count)
        }.joined(separator: "  ").trimmed
      }
      lines += ["", "The first rows would become:", "  " + cells(heads)]
      lines += shown.map { "  " + cells($0) }
    }
    if !rejected.isEmpty { lines += ["", "These would be rejected:"] + rejected }
    // Cells come from outside: what would steer the terminal is taken out.
    return lines.map(ReportTable.Cell.printable).joined(separator: "\n")
      + "\nNothing was stored.\n"
  }
}

extension ImportedRow {
  /// True for a row that an import would put into the file of rejected rows.
  fileprivate var isRejected: Bool {
    if case .rejected(let row) = self { !row.isExpected } else { false }
  }
}
