import Access
import ArgumentParser
import CustomerJourney
import Foundation
import Store

struct SegmentsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "segments", abstract: "Segments: rules with a name, kept up to date.",
    discussion: """
      Example:
        klantreis segments add "Big spenders" 'sum(true, within 365d) >= 500 EUR'
        klantreis map --who 'segment("Big spenders")'
        klantreis segments changes --subject "segment:Big spenders"

      While `serve` runs it notes who enters or leaves a segment or a phase, also
      when only time passes. `klantreis segment` tells the size of any rule.
      """,
    subcommands: [List.self, Add.self, Remove.self, Changes.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The segments and their rules.",
      discussion: """
        Example:
          klantreis segments list
        """)
    @OptionGroup var data: DataOptions

    func run() throws {
      let snapshot = try data.openExisting().snapshot()
      if snapshot.segments.entries.isEmpty {
        Terminal.write(
          "There are no segments yet. Make one with `klantreis segments add NAME RULE`.\n")
      }
      for entry in snapshot.segments.entries {
        Terminal.write("\(Terminal.bold(entry.segment.name))  \(entry.segment.rule)\n")
        if let problem = entry.problem { Terminal.write("  cannot be used: \(problem)\n") }
      }
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give a rule a name.",
      discussion: """
        Example:
          klantreis segments add Sleeping 'since(last true) > 60d'
        """)
    @Argument(help: "The name.") var name: String
    @Argument(help: "The rule; docs/rules.md has the form.") var rule: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.open()
      let segment = try workspace.addSegment(name: name, rule: rule)
      try workspace.note(.segmentAdded, segment.name)
      Terminal.write(
        "Added \(segment.name). Ask with --who 'segment(\"\(segment.name)\")'.\n")
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a segment go. What was noticed of it stays.",
      discussion: """
        Example:
          klantreis segments remove Sleeping
        """)
    @Argument(help: "The name.") var name: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      try workspace.removeSegment(named: name)
      try workspace.note(.segmentRemoved, name)
      Terminal.write("Removed \(name).\n")
    }
  }

  struct Changes: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Who entered or left phases and segments, oldest first, as lines of JSON.",
      discussion: """
        Example:
          klantreis segments changes --after 1200
        """)
    @Option(help: "Only after the change of this number.") var after: Int64 = 0
    @Option(help: "How many at most.") var limit = Limits.changesPerPage
    @Option(help: "Only of this one: model:stdc, or segment:NAME.") var subject: String?
    @OptionGroup var data: DataOptions

    func run() throws {
      let wanted = subject.map { StandingSubject($0) }
      if case .some(.none) = wanted {
        throw Ending.wrongUse(
          "--subject \(subject ?? "") is neither model:ID nor segment:NAME.")
      }
      guard (1...Limits.changesPerPage).contains(limit) else {
        throw Ending.wrongUse("--limit \(limit) is not from 1 to \(Limits.changesPerPage).")
      }
      for change in try data.openExisting().noticed(
        after: after, limit: limit, of: wanted.flatMap { $0 })
      {
        try Terminal.write(json: change)
      }
    }
  }
}

/// A change of standing as programs get it.
struct NoticedChange: Encodable, Sendable {
  var id: Int64
  var subject: String
  /// The customer's key; nil when that customer is gone.
  var customer: String?
  var from: String?
  var to: String?
  var happened: Timestamp
  var noticed: Timestamp
}

extension Workspace {
  /// Changes after a number, oldest first, with the customers' keys.
  func noticed(
    after id: Int64, limit: Int, of subject: StandingSubject? = nil
  ) throws -> [NoticedChange] {
    let changes = try store.standingChanges(after: id, limit: limit, of: subject)
    let keys = try store.customerKeys(Array(Set(changes.map(\.customer))))
    return changes.map { change in
      NoticedChange(
        id: change.id, subject: change.subject.description, customer: keys[change.customer],
        from: change.from, to: change.to, happened: change.happened, noticed: change.noticed)
    }
  }
}
