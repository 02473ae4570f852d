import Access
import ArgumentParser
import Collector
import CustomerJourney
import Foundation
import Insights
import Store

struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Import touchpoints from CSV, JSON Lines, XES, web server logs or clients' events.",
    discussion: """
      What a file holds is found from its first lines; --format says it otherwise. Columns named customer, time, event, channel, … are found by themselves, in English and Dutch;
      for others write a mapping file (docs/import.md). Importing a file again stores nothing twice.

      Example:
        klantreis import orders.csv --dry-run
        klantreis import orders.csv.gz --mapping orders.yaml --data data
        klantreis import access.log.gz --format combined-log
        klantreis import archive.jsonl --format segment --output json
      """)

  @Argument(help: "The files; plain, packed with gzip, or one or more in a zip.")
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

  @Option(
    help: ArgumentHelp(
      "What the file holds: \(ImportFormat.names.joined(separator: ", ")). (default: found from "
        + "its first lines) Here too text and json name the form of the outcome.",
      valueName: "format"))
  var format: [FormatOption] = []

  @Option(help: "The form of the outcome: text or json.")
  var output: OutcomeForm?

  @OptionGroup var data: DataOptions

  func run() throws {
    let (input, output) = try forms()
    for file in files where !FileManager.default.isReadableFile(atPath: file) {
      throw Ending.failed("\(file) cannot be read: check that it is there and yours to read.")
    }
    let mapping = try mapping.map { try ImportMapping(path: $0) }
    if isDryRun {
      let stored = Workspace.exists(in: data.folder) ? try data.open() : nil
      let options = try importOptions(stored, input)
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
    let runner = ImportRunner(workspace: workspace, options: try importOptions(workspace, input))
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
      if output == .text, outcome.read > 0 || outcome.problem == nil {
        Terminal.write(Self.text(outcome, name: name))
      }
      total.add(outcome)
      try workspace.note(.imported, name)
      if let problem = outcome.problem { Terminal.note("klantreis: \(problem)") }
    }
    if output == .json {
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      Terminal.write(String(decoding: try encoder.encode(total), as: UTF8.self) + "\n")
    }
    if total.problem != nil { throw Ending(code: .failed, message: nil) }
    if total.rejected > 0 { throw Ending.someRejected }
  }

  /// What the files hold, nil when nobody says it, and how the outcome is told.
  private func forms() throws -> (input: ImportFormat?, output: OutcomeForm) {
    var (input, output) = (ImportFormat?.none, self.output)
    for option in format {
      switch option {
      case .input(let format) where input == nil || input == format: input = format
      case .outcome(let form) where output == nil || output == form: output = form
      default: throw Ending.wrongUse("--format and --output say two different things of one.")
      }
    }
    return (input, output ?? .text)
  }

  private func importOptions(
    _ workspace: Workspace?, _ format: ImportFormat?
  ) throws -> ImportOptions {
    // A preview without a project has visitors of its own.
    var options = ImportOptions(now: .now)
    do {
      if let workspace { options = try workspace.importOptions() }
    } catch let problem as GeoDatabase.Problem {
      throw Ending.failed(
        "\(problem) Or import without places: `klantreis settings geo none`.")
    }
    if let zone {
      guard let known = Zone(zone) else {
        throw Ending.wrongUse("There is no time zone \(zone). Write it as Europe/Amsterdam.")
      }
      options.zone = known
    }
    if let currency {
      guard let known = Currency(currency) else {
        throw Ending.wrongUse("\(currency) is no currency code. Write it as EUR or GBP.")
      }
      options.currency = known
    }
    options.source = source
    options.format = format
    return options
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
    if outcome.leftOut > 0 { lines[0] += ", \(outcome.leftOut.grouped) left out" }
    if outcome.rejected > 0 { lines[0] += ", \(outcome.rejected.grouped) rejected" }
    if let format = outcome.format, ImportFormat(format)?.isTable == false {
      lines[0] += " (read as \(format))"
    }
    let reasons = outcome.leftOutReasons.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    lines += reasons.map { "  \($0.value.grouped) left out: \($0.key)" }
    if outcome.rejected > 0 {
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
    for (reason, count) in other.leftOutReasons { leaveOut(count, reason) }
    leftOut += other.leftOut - other.leftOutReasons.values.reduce(0, +)
    format = other.format ?? format
    traits += other.traits
    rejectedFile = other.rejectedFile ?? rejectedFile
    firstRejected += other.firstRejected
    problem = other.problem ?? problem
  }
}

/// How an import tells what came of it.
enum OutcomeForm: String, CaseIterable, ExpressibleByArgument {
  case text, json
}

/// A value of `--format`: what the file holds. The forms of the outcome are values too, as they are
/// of `--format` in every other command.
enum FormatOption: Equatable, ExpressibleByArgument {
  case input(ImportFormat)
  case outcome(OutcomeForm)

  init?(argument: String) {
    if let form = OutcomeForm(rawValue: argument) {
      self = .outcome(form)
    } else if let format = ImportFormat(argument) {
      self = .input(format)
    } else {
      return nil
    }
  }

  static var allValueStrings: [String] {
    ImportFormat.names + OutcomeForm.allCases.map(\.rawValue)
  }
}

/// A preview as a person reads it at the terminal.
enum PreviewText {
  static func text(_ preview: ImportPreview, file: String) -> String {
    var lines = ["\(file): \(preview.form)"]
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
      case .profile(let change, let line):
        let told = change.traits.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        shown.append([
          String(line), change.customer, "", "(traits)", "", told.joined(separator: " "), "",
        ])
      case .consent(let claim):
        shown.append([
          "", claim.customer, claim.happened.iso8601, "(consent)", claim.channel.name,
          "\(claim.purpose)=\(claim.isGiven)", "",
        ])
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
