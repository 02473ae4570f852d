import Access
import ArgumentParser
import CustomerJourney
import Foundation
import Store

struct ConsentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "consent", abstract: "What customers allow: show, note, and make their link.",
    discussion: """
      Example:
        klantreis consent show 4711
        klantreis consent note 4711 marketing Email refused --how "by phone"
        klantreis consent ask 4711 marketing Email
        klantreis consent link 4711
      """,
    subcommands: [Show.self, Note.self, Ask.self, Link.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What a customer allows now, and all that was said, with proof.")
    @Argument(help: "Any key of the customer.") var key: String
    @Option(help: "The form of the answer: text or json.") var format: ListFormat = .text
    @OptionGroup var data: DataOptions

    private struct Answer: Encodable {
      var customer: String
      var consents: [ConsentStanding]
      var entries: [ConsentEntry]
    }

    func run() throws {
      let known = try data.openExisting().consent(of: key)
      switch format {
      case .json:
        try Terminal.write(
          json: Answer(
            customer: known.key, consents: known.standings, entries: known.entries))
      case .text:
        for standing in known.standings {
          let grant = standing.grant
          let why = standing.deciding.map { "\($0.means.rawValue), \($0.happened.iso8601)" }
          Terminal.write(
            "\(standing.isAllowed ? "yes" : "no ")  \(grant.purpose), \(grant.channel)"
              + "  (\(why ?? "nothing was said"))\n")
        }
      }
    }
  }

  struct Note: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write down what a customer said.")
    @Argument(help: "Any key of the customer.") var key: String
    @Argument(help: "The purpose, as rules name it: marketing.") var purpose: String
    @Argument(help: "The channel: Email, SMS, Post, Phone, …") var channel: String
    @Argument(help: "given or refused.") var answer: String
    @Option(help: "Where and how the customer said it.") var how: String
    @OptionGroup var data: DataOptions

    func run() throws {
      guard let state = ConsentState(rawValue: answer), state != .pending else {
        throw Ending.wrongUse("Say given or refused, not \(answer).")
      }
      let workspace = try data.openExisting()
      let known = try workspace.consent(of: key)
      let words = known.asked.purposes.first { $0.id == purpose }
      try workspace.store.add(
        [
          ConsentEntry(
            key: known.key, purpose: purpose, channel: Channel(channel), state: state,
            happened: .now, means: .noted, by: Activity.commandLine, page: how,
            words: words.map { "\($0.name.en): \($0.text.en)" },
            version: String(known.asked.version))
        ],
        Deed(
          .consentNoted, try workspace.loggedNumber(ofCustomer: key), by: Activity.commandLine,
          at: .now))
      Terminal.write("\(purpose), \(Channel(channel)): \(state.rawValue)\n")
    }
  }

  struct Ask: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Ask the customer by mail to confirm a yes (double opt-in).")
    @Argument(help: "Any key of the customer.") var key: String
    @Argument(help: "The purpose, as rules name it: marketing.") var purpose: String
    @Argument(help: "The channel: Email, SMS, Post, Phone, …") var channel: String
    @Option(help: "The mail's language where the customer's is not known: en or nl.")
    var language: Language = .english
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      let path: String?
      do {
        path = try workspace.askConfirmation(
          ConsentGrant(channel: Channel(channel), purpose: purpose), of: key, language: language,
          at: .now
        ) { Deed(.consentNoted, $0, by: Activity.commandLine, at: .now) }
      } catch let problem as MailNotSent {
        throw Ending.failed("\(problem) Try again when it can.")
      }
      Terminal.write(
        path.map { "No mail can go to this customer. Give this link in another way:\n\($0)\n" }
          ?? "The mail is on its way; the yes counts when the customer confirms it.\n")
    }
  }

  struct Link: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make the link by which a customer changes this without login.")
    @Argument(help: "Any key of the customer.") var key: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      let known = try workspace.consent(of: key)
      let path = try ConsentLinks(workspace: workspace).path(.preferences, of: known.key, at: .now)
      Terminal.write("\(path ?? "")\n")
    }
  }
}

struct AccessExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "access-export", abstract: "All that is known of one customer, for the customer.",
    discussion: """
      Example:
        klantreis access-export 4711 > 4711.json
      """)
  @Argument(help: "Any key of the customer.") var key: String
  @OptionGroup var data: DataOptions

  func run() throws {
    let workspace = try data.openExisting()
    let export = try AccessExport(of: key, in: workspace, at: .now)
    try workspace.note(.exported, "customer \(workspace.loggedNumber(ofCustomer: key))")
    FileHandle.standardOutput.write(try export.json())
    Terminal.write("\n")
  }
}

struct EraseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "erase", abstract: "Forget a customer for good, in every file of the data folder.",
    discussion: """
      The receipt says when, by whom and how much went, and never who it was. The journey stays as one
      of nobody, so that counts stay right, unless you say --remove-journey. docs/privacy.md says more.

      Example:
        klantreis erase 4711 --yes
        klantreis erase 4711 --yes --remove-journey
        klantreis erase 4711 --allow-again       new events of this key are stored again
      """)
  @Argument(help: "Any key of the customer.") var key: String
  @Flag(help: "You are sure; without it nothing is done.") var yes = false
  @Flag(help: "The touchpoints go too.") var removeJourney = false
  @Flag(help: "Erases nobody: lets events of a key that was erased come in again.")
  var allowAgain = false
  @OptionGroup var data: DataOptions

  func run() throws {
    let workspace = try data.openExisting()
    if allowAgain {
      try workspace.store.allowAgain(
        key, Deed(.erasedAllowed, by: Activity.commandLine, at: .now))
      Terminal.write("New events of this key are stored again.\n")
      return
    }
    guard yes else {
      throw Ending.wrongUse("This cannot be undone. Say --yes when you are sure.")
    }
    let receipt = try Eraser(workspace: workspace).erase(
      key, keepsJourney: !removeJourney, by: Activity.commandLine, at: .now)
    try Terminal.write(json: receipt)
  }
}

struct RetentionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retention", abstract: "How long each kind of data is kept; remove what is older.",
    discussion: """
      A server removes what has outlived its term once an hour.

      Example:
        klantreis retention                       the terms, and what would go now
        klantreis retention visitors 395          days
        klantreis retention backups none          keep them
        klantreis retention --run                 remove it now
      """)
  @Argument(
    help: "visitors, customers, rejectedEvents, requests, rejectedRows, messages or backups.")
  var kind: String?
  @Argument(help: "Days, or none.") var days: String?
  @Flag(name: .customLong("run"), help: "Remove what has outlived its term now.")
  var isToRun = false
  @OptionGroup var data: DataOptions

  func run() throws {
    let workspace = try data.openExisting()
    let store = workspace.store
    if let kind {
      guard let known = Retention.Kind(rawValue: kind) else {
        throw Ending.wrongUse(
          "There is no kind \(kind): choose from "
            + "\(Retention.Kind.allCases.map(\.rawValue).joined(separator: ", ")).")
      }
      var retention = try store.retention()
      if let days {
        let count = Int(days)
        guard days == "none" || count.map({ (1...36_500).contains($0) }) == true else {
          throw Ending.wrongUse("Say days as a whole number from 1 to 36500, or none; not \(days).")
        }
        retention.days[known] = count
        try store.set(
          retention, Deed(.settingChanged, "retention", by: Activity.commandLine, at: .now))
      }
      Terminal.write("\(kind) = \(retention.days[known].map { "\($0) days" } ?? "kept")\n")
      return
    }
    let runner = RetentionRun(workspace: workspace)
    if isToRun {
      let counts = try runner.run(at: .now, by: Activity.commandLine)
      for (kind, count) in counts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
        Terminal.write("\(kind.rawValue): \(count) removed\n")
      }
      return
    }
    let (retention, outlived) = (try store.retention(), try runner.outlived(at: .now))
    for kind in Retention.Kind.allCases {
      Terminal.write(
        "\(kind.rawValue) = \(retention.days[kind].map { "\($0) days" } ?? "kept")"
          + (outlived[kind].map { ", \($0) would go now" } ?? "") + "\n")
    }
  }
}
