import Access
import ArgumentParser
import Collector
import CustomerJourney
import Foundation
import Store

struct SourcesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sources",
    abstract: "Sources: the clients that send events, each by its write key.",
    discussion: """
      Example:
        klantreis sources add shop
        klantreis sources
        klantreis sources rejected shop
        klantreis sources map shop shop.yaml
        klantreis sources replay shop

      A running server takes a change over within a second. How to point a client
      at it is in docs/collect.md.
      """,
    subcommands: [
      List.self, Add.self, On.self, Off.self, Map.self, Rejected.self, Replay.self,
    ],
    defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The sources, their keys, and when each was last heard of.",
      discussion: """
        Example:
          klantreis sources list
        """)
    @OptionGroup var data: DataOptions
    @Option(help: "The form of the answer: text or json.") var format = ListFormat.text

    /// What is missing of a column's width, and the gap to the next one.
    private static func space(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: width - text.count + 2)
    }

    func run() throws {
      let sources = try data.openExisting().knownSources()
      guard format == .text else { return try Terminal.write(json: sources) }
      if sources.isEmpty {
        Terminal.write("There are no sources yet. Make one with `klantreis sources add shop`.\n")
      }
      let nameWidth = sources.map(\.name.count).max() ?? 0
      let keyWidth = sources.map(\.key.count).max() ?? 0
      for source in sources {
        let heard = source.lastEvent.map { "last event \($0)" } ?? "no event lately"
        Terminal.write(
          Terminal.bold(source.name) + Self.space(source.name, nameWidth)
            + source.key + Self.space(source.key, keyWidth)
            + (source.isOn ? "on   " : "off  ") + heard
            + ", \(source.rejected.grouped) rejected, \(source.bots.grouped) by bots\n")
      }
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a source, and say its write key.",
      discussion: """
        Example:
          klantreis sources add shop
          klantreis sources add matomo --key 1
          klantreis sources add app --mapping app.yaml
        """)
    @Argument(help: "The source's name: shop.") var name: String
    @Option(
      help: ArgumentHelp(
        "What the client calls write key, API key, site id or app id. (default: a random one)"))
    var key: String?
    @Option(help: ArgumentHelp("A YAML file that says what the client's own names mean."))
    var mapping: String?
    @OptionGroup var data: DataOptions

    func run() throws {
      let mapping = try mapping.map { try SourcesCommand.mapping(file: $0) }
      let workspace = try data.open()
      let source = try workspace.addSource(name: name, key: key, mapping: mapping)
      try workspace.note(.sourceAdded, source.name)
      Terminal.write(
        """
        Added \(source.name). Its write key is
          \(source.writeKey)

        Start the server, if it doesn't run yet:
          klantreis serve\(folderOption)
        Send a first event from another terminal:
          curl http://127.0.0.1:8080/v1/track -u \(Self.quoted(source.writeKey + ":")) \\
            -H 'content-type: application/json' -d '{"userId":"1184","event":"Page Viewed"}'
        See it arrive:
          http://127.0.0.1:8080/sources

        A client takes http://127.0.0.1:8080 as its host and this key, whatever it calls it: write
        key, API key, app id or site id. docs/collect.md has an example for each.

        """)
    }

    /// As it has to be said again to mean this folder.
    private var folderOption: String { data.data.map { " --data \(Self.quoted($0))" } ?? "" }

    /// As a shell takes it for one word.
    private static func quoted(_ text: String) -> String {
      "'\(text.replacing("'", with: "'\\''"))'"
    }
  }

  struct On: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a source's events in again.",
      discussion: """
        Example:
          klantreis sources on shop
        """)
    @Argument(help: "The source's name.") var name: String
    @OptionGroup var data: DataOptions

    func run() throws { try SourcesCommand.turn(name, isOn: true, data) }
  }

  struct Off: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Refuse a source's events from now on; what is stored stays.",
      discussion: """
        Example:
          klantreis sources off shop
        """)
    @Argument(help: "The source's name.") var name: String
    @OptionGroup var data: DataOptions

    func run() throws { try SourcesCommand.turn(name, isOn: false, data) }
  }

  struct Map: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what a client's own names mean, from now on.",
      discussion: """
        Example:
          klantreis sources map shop shop.yaml
          klantreis sources map shop --none
        """)
    @Argument(help: "The source's name.") var name: String
    @Argument(help: "A YAML file; docs/collect.md has the form.") var file: String?
    @Flag(help: "Take the mapping away.") var none = false
    @OptionGroup var data: DataOptions

    func validate() throws {
      guard (file == nil) == none else {
        throw ValidationError("Name a file, or say --none to take the mapping away.")
      }
    }

    func run() throws {
      let workspace = try data.openExisting()
      var source = try workspace.source(name)
      source.mapping = try file.map { try SourcesCommand.mapping(file: $0) }
      try workspace.store.change(source)
      try workspace.note(.sourceChanged, source.name)
      Terminal.write(
        none
          ? "\(source.name) has no mapping any more.\n"
          : "\(source.name) has a new mapping. Read what was rejected again with "
            + "`klantreis sources replay \(source.name)`.\n")
    }
  }

  struct Rejected: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The newest rejected events of a source, each with the reason.",
      discussion: """
        Example:
          klantreis sources rejected shop
          klantreis sources rejected shop --kind bot
          klantreis sources rejected shop --format json

        The JSON holds the requests as they were kept, and so personal data.
        """)
    @Argument(help: "The source's name.") var name: String
    @Option(help: "rejected or bot.") var kind = RejectedEvent.Kind.rejected
    @Option(help: "The form of the answer: text or json.") var format = ListFormat.text
    @Option(help: "How many at most.") var limit = 100
    @OptionGroup var data: DataOptions

    func validate() throws {
      guard (1...Limits.rowsPerAnswer).contains(limit) else {
        throw ValidationError("--limit is a number from 1 to \(Limits.rowsPerAnswer).")
      }
    }

    func run() throws {
      let workspace = try data.openExisting()
      let source = try workspace.source(name)
      let events = try workspace.store.rejectedEvents(
        of: source.name, kind: kind, limit: limit)
      guard format == .text else {
        return try Terminal.write(json: events.map(Row.init))
      }
      if events.isEmpty {
        Terminal.write(
          kind == .bot
            ? "No events of \(source.name) were sent by bots.\n"
            : "No events of \(source.name) were rejected.\n")
      }
      for kept in events {
        let state = kept.replayed == nil ? "" : "  (replayed)"
        Terminal.write(
          "\(kept.id)  \(kept.event.received.iso8601)  \(kept.event.dialect)  \(kept.event.reason)"
            + "\(state)\n")
      }
    }

    private struct Row: Encodable {
      var id: Int64
      var received: String
      var dialect: String
      var reason: String
      var replayed: String?
      var request: KeptRequest

      init(_ kept: Store.KeptEvent) {
        id = kept.id
        received = kept.event.received.iso8601
        dialect = kept.event.dialect
        reason = kept.event.reason
        replayed = kept.replayed?.iso8601
        request = kept.event.request
      }
    }
  }

  struct Replay: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Read a source's rejected events again, with the mapping of now.",
      discussion: """
        Example:
          klantreis sources replay shop

        What is good now is stored, once, and marked. A server may run meanwhile.
        """)
    @Argument(help: "The source's name.") var name: String
    @Option(help: "rejected or bot.") var kind = RejectedEvent.Kind.rejected
    @Option(help: "The form of the answer: text or json.") var format = ListFormat.text
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      let replay = klantreis.Replay(
        workspace: workspace, source: try workspace.source(name), kind: kind)
      let outcome = try replay.run(now: .now)
      try workspace.note(.rejectedReplayed, name)
      if format == .json {
        try Terminal.write(json: outcome)
      } else {
        guard outcome.read > 0 else {
          return Terminal.write("There are no events of \(name) to read again.\n")
        }
        Terminal.write(
          "Read \(outcome.read.grouped) again: \(outcome.mended.grouped) are good now "
            + "(\(outcome.stored.grouped) stored, \(outcome.duplicates.grouped) known already), "
            + "\(outcome.rejected.grouped) still rejected.\n")
      }
      if outcome.rejected > 0 { throw Ending.someRejected }
    }
  }

  private static func turn(_ name: String, isOn: Bool, _ data: DataOptions) throws {
    let workspace = try data.openExisting()
    var source = try workspace.source(name)
    source.isOn = isOn
    try workspace.store.change(source)
    try workspace.note(.sourceChanged, source.name)
    Terminal.write(
      isOn
        ? "\(source.name) is on: its events are taken in.\n"
        : "\(source.name) is off: its key is refused; what is stored stays.\n")
  }

  private static func mapping(file: String) throws -> String {
    guard let text = try? String(contentsOf: URL(filePath: file), encoding: .utf8) else {
      throw Ending.failed("\(file) cannot be read as text: check the path and that it is UTF-8.")
    }
    return try Workspace.checked(mapping: text, name: URL(filePath: file).lastPathComponent)
  }
}

/// The forms of a list.
enum ListFormat: String, ExpressibleByArgument, CaseIterable {
  case text, json
}

extension RejectedEvent.Kind: ExpressibleByArgument {}
