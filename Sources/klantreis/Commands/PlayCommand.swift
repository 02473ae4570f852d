import Access
import ArgumentParser
import CustomerJourney
import Foundation
import Orchestration
import Store

struct PlayCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "play", abstract: "Plays: what we do in the journey, and what it brings.",
    discussion: """
      Example:
        klantreis play list
        klantreis play dry-run abandoned-basket
        klantreis play on abandoned-basket --yes
        klantreis play results abandoned-basket
        klantreis play tasks

      A running server does what plays say; docs/plays.md has the form of a play's file.
      """,
    subcommands: [
      List.self, Show.self, Add.self, Check.self, On.self, Off.self, DryRunCommand.self, Try.self,
      Results.self, Policy.self, Tasks.self, Done.self,
    ], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The plays, whether they are on, and how many are on the way.",
      discussion: """
        Example:
          klantreis play list
        """)
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.open()
      let snapshot = try workspace.snapshot()
      let counts = try workspace.store.runCounts()
      for entry in snapshot.plays.entries {
        let onTheWay = counts.first { $0.play == entry.id && $0.reason == nil }?.count ?? 0
        Terminal.write(
          "\(entry.isOn ? "on " : "off")  \(Terminal.bold(entry.id))"
            + (onTheWay > 0 ? "  \(onTheWay) on the way" : "") + "\n")
        if let about = entry.program?.play.about.en { Terminal.write("     \(about)\n") }
        if let problem = entry.problem { Terminal.write("     cannot be used: \(problem)\n") }
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The file of a play, to read or to change.",
      discussion: """
        Example:
          klantreis play show welcome > welcome.yaml
        """)
    @Argument(help: "The play's id.") var id: String
    @OptionGroup var data: DataOptions

    func run() throws {
      guard let entry = try data.open().snapshot().plays[id] else { throw failure(.unknown(id)) }
      Terminal.write(entry.yaml)
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Keep a play's file; a changed one holds for who comes in from now on.",
      discussion: """
        Example:
          klantreis play add welcome.yaml
        """)
    @Argument(help: "The YAML file.") var file: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.open()
      let kept = try playing {
        try workspace.addPlay(
          yaml: String(contentsOfFile: file, encoding: .utf8),
          file: URL(filePath: file).lastPathComponent, at: .now)
      }
      try workspace.note(.playAdded, kept.id)
      Terminal.write("Kept \(kept.id), version \(kept.version).\n")
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what is wrong with a play's file.",
      discussion: """
        Example:
          klantreis play check welcome.yaml
        """)
    @Argument(help: "The YAML file.") var file: String

    func run() throws {
      let play = try playing {
        try Play(
          yaml: String(contentsOfFile: file, encoding: .utf8),
          file: URL(filePath: file).lastPathComponent)
      }
      Terminal.write("\(play.id): good, \(play.actions.count) actions.\n")
    }
  }

  struct On: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Switch a play on, after saying whom it would reach.",
      discussion: """
        Example:
          klantreis play on abandoned-basket --yes
        """)
    @Argument(help: "The play's id.") var id: String
    @Flag(help: "Really.") var yes = false
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.open()
      try playing { try workspace.switchOn(id, isSure: yes, at: .now) }
      try workspace.note(.playSwitchedOn, id)
      Terminal.write("\(id) is on. `klantreis serve` does what it says.\n")
    }
  }

  struct Off: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Switch a play off; who is on the way is let go.",
      discussion: """
        Example:
          klantreis play off abandoned-basket
        """)
    @Argument(help: "The play's id.") var id: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.open()
      try playing { try workspace.switchOff(id, at: .now) }
      try workspace.note(.playSwitchedOff, id)
      Terminal.write("\(id) is off.\n")
    }
  }

  struct DryRunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "dry-run", abstract: "Who would have got what in a period that is over.",
      discussion: """
        Example:
          klantreis play dry-run win-back --from 2026-01-01 --to 2026-01-31
        """)
    @Argument(help: "The play's id.") var id: String
    @Option(help: "The first day; 30 days before the end when left out.") var from: String?
    @Option(help: "The last day; that of the data when left out.") var to: String?
    @Flag(help: "As JSON.") var json = false
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      let snapshot = try workspace.snapshot()
      let period = try Period(from: from, to: to, zone: snapshot.zone)
      let began = ContinuousClock.now
      let answer = try playing {
        let (_, program) = try workspace.programs(id, snapshot)
        return try workspace.dryRun(program, snapshot, from: period.from, to: period.to)
      }
      guard !json else { return try Terminal.write(json: answer) }
      let took = ContinuousClock.now - began
      Terminal.write(
        "\(Terminal.bold(id)) from \(snapshot.zone.clock(answer.from)) to "
          + "\(snapshot.zone.clock(answer.to)): of \(answer.customers) customers \(answer.entered) would "
          + "have come in, \(answer.heldOut) of them held out; \(answer.reached) reached the goal by "
          + "themselves.\n")
      for step in answer.steps {
        let skipped = step.skipped.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
        Terminal.write(
          "  \(step.step): \(step.sent) of \(step.due)"
            + (skipped.isEmpty ? "" : "; not: \(skipped.joined(separator: ", "))") + "\n")
      }
      for exit in answer.exits { Terminal.write("  ended: \(exit.count) \(exit.reason)\n") }
      Terminal.note("worked out in \(took.formatted(.units(allowed: [.seconds, .milliseconds])))")
    }
  }

  struct Try: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Try a play on one customer, with a clock that runs ahead.",
      discussion: """
        Example:
          klantreis play try abandoned-basket ann --days 7
        """)
    @Argument(help: "The play's id.") var id: String
    @Argument(help: "The customer's id.") var customer: String
    @Option(help: "From this moment on; the last that brings the customer in when left out.")
    var from: String?
    @Option(help: "So many days.") var days = 14
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      let snapshot = try workspace.snapshot()
      guard (1...366).contains(days) else {
        throw Ending.wrongUse("--days \(days) is not from 1 to 366.")
      }
      let moment = from.flatMap { Timestamp(iso8601: $0, zone: snapshot.zone) }
      if let from, moment == nil { throw Ending.wrongUse("--from \(from) is not a moment.") }
      let moments = try playing {
        let (_, program) = try workspace.programs(id, snapshot)
        return try workspace.tryOut(program, on: customer, from: moment, days: days, snapshot)
      }
      if moments.isEmpty { Terminal.write("The customer does not come in.\n") }
      for moment in moments {
        Terminal.write("\(snapshot.zone.clock(moment.at))  \(moment.what.words)\n")
      }
    }
  }

  struct Results: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What came of a play, beside those who were held out; as JSON.",
      discussion: """
        Example:
          klantreis play results abandoned-basket
        """)
    @Argument(help: "The play's id.") var id: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      let snapshot = try workspace.snapshot()
      try Terminal.write(
        json: playing {
          let (_, program) = try workspace.programs(id, snapshot)
          return try workspace.playResults(program, snapshot, now: .now)
        })
    }
  }

  struct Policy: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The contact policy, as JSON; --set takes a file in its place.",
      discussion: """
        Example:
          klantreis play policy > policy.json
          klantreis play policy --set policy.json
        """)
    @Option(help: "A file with the new policy.") var set: String?
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.open()
      guard let set else { return Terminal.write(try workspace.contactPolicy().json + "\n") }
      try playing {
        try workspace.setContactPolicy(json: String(contentsOfFile: set, encoding: .utf8))
      }
      try workspace.note(.contactPolicyChanged, "")
      Terminal.write("The contact policy is kept.\n")
    }
  }
}

/// Ends a command with what is wrong with a play.
private func playing<Value>(_ body: () throws -> Value) throws -> Value {
  do {
    return try body()
  } catch let problem as PlayProblem {
    throw failure(problem)
  } catch let error as PlayError {
    throw Ending.failed(error.description)
  }
}

private func failure(_ problem: PlayProblem) -> Ending {
  if case .needsYes = problem {
    Ending.wrongUse(problem.description)
  } else {
    .failed(problem.description)
  }
}

extension PlaySimulation.What {
  fileprivate var words: String {
    switch self {
    case .entered: "comes in"
    case .heldOut: "comes in, and is held out"
    case .done(let deed): "\(deed.step): done"
    case .verdict(let deed, .send): "\(deed.step): sent, \(deed.action.template ?? "")"
    case .verdict(let deed, .skip(let bar)), .verdict(let deed, .wait(_, let bar)):
      "\(deed.step): not sent, \(bar.rawValue)"
    case .ended(let reason): "ends: \(reason)"
    }
  }
}
