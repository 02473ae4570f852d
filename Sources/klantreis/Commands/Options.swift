import ArgumentParser
import Foundation

/// Which data folder a command works on.
struct DataOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "The data folder; it is made when it isn't there. (default: $KLANTREIS_DATA, or ./data)",
      valueName: "dir"))
  var data: String?

  var folder: URL {
    let path = data ?? ProcessInfo.processInfo.environment["KLANTREIS_DATA"] ?? "data"
    return URL(filePath: path, directoryHint: .isDirectory)
  }

  func open() throws -> Workspace { try Workspace(folder: folder) }

  /// For commands that ask: an empty folder made by a slip of the hand would answer with nothing.
  func openExisting() throws -> Workspace {
    guard Workspace.exists(in: folder) else {
      throw Ending.failed(
        "There are no data in \(folder.path). Import a file with `klantreis import FILE`, or "
          + "make a source for a client with `klantreis sources add NAME`, or name the folder "
          + "with --data.")
    }
    return try open()
  }
}

/// What every question takes, and the form of its answer.
struct QuestionOptions: ParsableArguments {
  @OptionGroup var data: DataOptions

  @Option(help: ArgumentHelp("Journey model: stdc, five-a, ten-phases or an own one."))
  var model: String?

  @Option(
    name: .customLong("where"),
    help: ArgumentHelp(
      "Keep the touchpoints at whose moment this rule is true.", valueName: "rule"))
  var keep: String?

  @Option(
    help: ArgumentHelp(
      "Keep the customers of whom this rule is true at the end of the period.", valueName: "rule"))
  var who: String?

  @Option(help: ArgumentHelp("First day or moment of the period.", valueName: "date"))
  var from: String?

  @Option(help: ArgumentHelp("Last day of the period (included).", valueName: "date"))
  var to: String?

  @Option(help: "The form of the answer: text, json, csv or svg.")
  var format: AnswerFormat = .text

  @Flag(
    help: ArgumentHelp(
      "Instead of the answer: what was looked through for it, and how long each step took."))
  var explain = false

  /// Asks, and writes the answer to standard output.
  func ask(_ kind: QuestionKind, _ own: [String: [String?]] = [:]) throws {
    var values = own.mapValues { $0.compactMap { $0 } }
    for (name, value) in [
      ("model", model), ("where", keep), ("who", who), ("from", from), ("to", to),
    ] {
      values[name] = value.map { [$0] }
    }
    let question = try Question(kind, values)
    let workspace = try data.openExisting()
    let trace = explain ? QuestionTrace() : nil
    func open() throws -> Snapshot { try workspace.snapshot() }
    var snapshot =
      try trace?.step("open the journeys", open) { _ in
        workspace.keeper.status.opening
      } ?? open()
    snapshot.trace = trace
    if let problem = snapshot.models.problem {
      Terminal.note("klantreis: left out of the models:\n\(problem)")
    }
    let answer = try question.answer(from: snapshot)
    func write() throws -> Data { try answer.data(as: format) }
    let bytes = try trace?.step("write the answer", write) ?? write()
    if let trace {
      let explanation = trace.explanation(of: question, snapshot)
      switch format {
      case .json: try Terminal.write(json: explanation)
      case .text: Terminal.write(explanation.text)
      case .csv, .svg:
        throw Ending.wrongUse("--explain has the formats text and json, not \(format.rawValue).")
      }
      return
    }
    FileHandle.standardOutput.write(bytes)
  }
}

extension AnswerFormat: ExpressibleByArgument {}
