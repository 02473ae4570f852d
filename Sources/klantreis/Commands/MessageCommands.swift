import Access
import ArgumentParser
import CustomerJourney
import Foundation
import JourneyEngine
import Orchestration
import Store

extension MessageState: ExpressibleByArgument {}
extension AudienceFile: ExpressibleByArgument {}
extension MessageChannel: ExpressibleByArgument {}
extension Language: ExpressibleByArgument {}

struct MessagesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "messages", abstract: "Messages: what is sent, what is not, and why.",
    discussion: """
      Example:
        klantreis messages
        klantreis messages list --state skipped
        klantreis messages show 12
        klantreis messages again 12
      """, subcommands: [List.self, Show.self, Again.self, Plan.self],
    defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The newest messages, as lines of JSON, and how many there are of each state.",
      discussion: """
        Example:
          klantreis messages list --state dead
        """)
    @Option(help: "Only of this state.") var state: MessageState?
    @Option(help: "Only of this play.") var play: String?
    @Option(help: "How many at most.") var limit = Limits.messagesPerPage
    @OptionGroup var data: DataOptions

    func run() throws {
      let store = try data.openExisting().store
      let filter = Store.MessageFilter(state: state, play: play)
      for message in try store.messages(filter, limit: max(1, min(limit, 10_000))) {
        try Terminal.write(json: ShownMessage(message, customer: nil))
      }
      let counts = try store.messageCounts(filter)
      Terminal.note(
        MessageState.allCases.compactMap { state in
          counts[state].map { "\($0) \(state.rawValue)" }
        }.joined(separator: ", "))
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "One message with its history.",
      discussion: """
        Example:
          klantreis messages show 12
        """)
    @Argument(help: "The message's number.") var number: Int64
    @OptionGroup var data: DataOptions

    func run() throws {
      let store = try data.openExisting().store
      guard let message = try store.message(number) else {
        throw Ending.failed("There is no message \(number). `klantreis messages` lists them.")
      }
      let keys = try store.customerKeys([message.intent.customer])
      try Terminal.write(json: ShownMessage(message, customer: keys[message.intent.customer]))
      for change in try store.messageHistory(number) {
        Terminal.write(
          "\(change.at.iso8601)  \(change.state.rawValue)"
            + (change.reason.map { "  \($0.code)  \($0.detail)" } ?? "") + "\n")
      }
    }
  }

  struct Again: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Have a dead or refused message tried once more.",
      discussion: """
        Example:
          klantreis messages again 12
        """)
    @Argument(help: "The message's number.") var number: Int64
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      guard try workspace.store.note([MessageNote(number, .again)], at: .now)[0] != nil else {
        throw Ending.failed(
          "The message \(number) is not there, or neither dead nor refused: nothing was changed.")
      }
      try workspace.note(.messageRepeated, String(number))
      Terminal.write("The message \(number) waits to be sent.\n")
    }
  }

  struct Plan: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write a message to one customer down; a running server sends it.",
      discussion: """
        The same key never makes a second message.

        Example:
          klantreis messages plan basket 1184 --key cart-7 --data-json '{"basketUrl":"https://…"}'
        """)
    @Argument(help: "The content's id.") var content: String
    @Argument(help: "Any key of the customer.") var customer: String
    @Option(help: "Tells this message from others of the same content.") var key: String
    @Option(help: "email, sms or webhook.") var channel: MessageChannel = .email
    @Flag(help: "It belongs to what the customer bought: needs no consent for marketing.")
    var service = false
    @Option(name: .customLong("data-json"), help: "Values for the content, as a JSON object.")
    var json = "{}"
    @OptionGroup var data: DataOptions

    func run() throws {
      let store = try data.openExisting().store
      guard let number = try store.customer(key: customer) else {
        throw Ending.failed("There is no customer of that key: nothing was written down.")
      }
      let now = Timestamp.now
      let id = try store.plan(
        [
          MessageIntent(
            origin: MessageOrigin(play: "by hand", version: 1, key: key, step: content),
            customer: number, channel: channel, purpose: service ? .service : .marketing,
            template: content, data: json, due: now)
        ], at: now)[0]
      guard let id else {
        Terminal.write("This message was written down before; nothing was changed.\n")
        return
      }
      Terminal.write("Message \(id) waits to be sent.\n")
    }
  }
}

/// A message as programs get it.
struct ShownMessage: Encodable, Sendable {
  var id: Int64
  var customer: String?
  var play: String
  var version: Int
  var key: String
  var step: String
  var channel: String
  var purpose: String
  var content: String
  var state: String
  var reason: String?
  var detail: String?
  var due: Timestamp
  var changed: Timestamp

  init(_ message: Message, customer: String?) {
    let (intent, standing) = (message.intent, message.standing)
    id = message.id
    self.customer = customer
    play = intent.origin.play
    version = intent.origin.version
    key = intent.origin.key
    step = intent.origin.step
    channel = intent.channel.rawValue
    purpose = intent.purpose.rawValue
    content = intent.template
    state = standing.state.rawValue
    reason = standing.reason?.code
    detail = standing.reason?.detail
    due = standing.due
    changed = message.changed
  }
}

struct ContentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "content", abstract: "Contents: what messages say, per channel and language.",
    discussion: """
      A project's contents are YAML files in its folder content/; docs/messages.md has the form.

      Example:
        klantreis content
        klantreis content check
        klantreis content preview basket --customer 1184 --language nl > basket.html
      """, subcommands: [List.self, Check.self, Preview.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The contents, with their channels and languages.",
      discussion: """
        Example:
          klantreis content list
        """)
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      let contents = try workspace.contents(try workspace.snapshot())
      for content in contents.all {
        let channels = content.channels.map { channel in
          let languages = content.languages(of: channel).map(\.rawValue)
          return channel.rawValue
            + (languages.isEmpty ? "" : " (\(languages.joined(separator: ", ")))")
        }
        Terminal.write(
          "\(Terminal.bold(content.id))  \(content.name.en)  \(channels.joined(separator: ", "))\n")
      }
      for problem in contents.problems { Terminal.note("klantreis: \(problem)") }
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what is wrong with the project's contents, or with one file.",
      discussion: """
        Example:
          klantreis content check content/basket.yaml
        """)
    @Argument(help: "A YAML file; without it all in the project's folder.") var file: String?
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      let snapshot = try workspace.snapshot()
      if let file {
        guard let yaml = try? String(contentsOf: URL(filePath: file), encoding: .utf8) else {
          throw Ending.failed(
            "\(file) cannot be read as text: check the path and that it is UTF-8.")
        }
        let content = try Content(
          yaml: yaml, file: file, vocabulary: workspace.vocabulary(snapshot))
        Terminal.write("\(content.id) is good.\n")
        return
      }
      let contents = try workspace.contents(snapshot)
      guard contents.problems.isEmpty else {
        throw Ending.failed(contents.problems.map(\.description).joined(separator: "\n"))
      }
      Terminal.write("\(contents.all.count) contents are good.\n")
    }
  }

  struct Preview: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What somebody would get: HTML of a mail, or the text of another channel.",
      discussion: """
        Example:
          klantreis content preview basket --text
          klantreis content preview basket --channel sms --language nl
        """)
    @Argument(help: "The content's id.") var id: String
    @Option(help: "Any key of a customer; without it the content's own sample.")
    var customer: String?
    @Option(help: "email, sms, webhook or onsite.") var channel: MessageChannel = .email
    @Option(help: "nl or en.") var language: Language?
    @Option(help: "The variant; without it the one that fits.") var variant: String?
    @Flag(help: "A mail's plain text instead of its HTML.") var text = false
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      let snapshot = try workspace.snapshot()
      let shown = try workspace.preview(
        id, customer: customer, channel: channel, language: language, variant: variant, snapshot,
        at: .now)
      Terminal.write((text ? shown.text : shown.html ?? shown.text) + "\n")
    }
  }
}

/// What somebody would get.
struct ContentPreview: Sendable {
  var subject: String?
  var html: String?
  var text: String
  var variant: String
  var language: Language?
}

extension Workspace {
  /// Makes a content for a customer, or for its own sample, without sending anything. Throws
  /// ``ComposingProblem`` as sending would, and ``Ending`` when there is no such content or customer.
  func preview(
    _ id: String, customer key: String?, channel: MessageChannel, language: Language?,
    variant: String?, _ snapshot: Snapshot, at now: Timestamp
  ) throws -> ContentPreview {
    guard let content = try contents(snapshot)[id] else {
      throw Ending.failed("There is no content \(id). `klantreis content` lists them.")
    }
    var reader = Composing.Reader(values: content.sample, language: language)
    if let key {
      guard let number = try store.customer(key: key),
        let recipient = try recipient(
          of: number, data: "{}", language: language, snapshot, at: now)
      else { throw Ending.failed("There is no customer of that key.") }
      // What only the play knows, such as the basket, is the sample's.
      reader = recipient.reader
      reader.values = content.sample.overlaid(by: reader.values)
    }
    let composing = Composing(look: MailLook(try store.settings()))
    switch channel {
    case .email, .onsite:
      let mail = try composing.mail(
        content, for: reader, variant: variant,
        ways: .init(unsubscribe: "https://klantreis.example/unsubscribe/…", preferences: nil),
        isOnsite: channel == .onsite)
      return ContentPreview(
        subject: mail.subject, html: mail.html, text: mail.text, variant: mail.variant,
        language: mail.language)
    case .sms:
      let text = try composing.text(content, for: reader, variant: variant)
      return ContentPreview(text: text.text, variant: text.variant, language: text.language)
    case .webhook, .audience:
      return ContentPreview(
        text: try composing.payload(content, for: reader) ?? "{}", variant: "standard")
    }
  }
}

struct AudienceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audience",
    abstract: "A segment as an audience file of an ad platform: addresses as digests.",
    discussion: """
      Only customers who allow it are in it: the rule `--consent` must be true of them too.

      Example:
        klantreis audience "Big spenders" --for google --out audience.csv
      """)

  @Argument(help: "The segment's name.") var segment: String
  @Option(name: .customLong("for"), help: "google or meta.") var platform: AudienceFile
  @Option(help: "The file to write.") var out: String
  @Option(help: ArgumentHelp("Who may be in it.", valueName: "rule"))
  var consent = "consent(\"online-ad\", marketing)"
  @OptionGroup var data: DataOptions

  func run() throws {
    let workspace = try data.openExisting()
    let snapshot = try workspace.snapshot()
    guard snapshot.segments[segment]?.rule != nil else {
      throw Ending.failed("There is no segment \(segment) that can be used.")
    }
    let rule: Rule
    do {
      rule = try Rule(
        parsing: "segment(\"\(segment)\") and (\(consent))", in: workspace.vocabulary(snapshot))
    } catch {
      throw Ending.wrongUse("--consent cannot be read: \(error.description)")
    }
    let people = try workspace.addresses(of: rule, snapshot, at: .now)
    let file = platform.csv(people)
    try Data(file.text.utf8).write(to: URL(filePath: out), options: .atomic)
    try workspace.note(.audienceExported, segment)
    Terminal.write("Wrote \(file.rows) people to \(out).\n")
  }
}

extension Workspace {
  /// Addresses and numbers of those of whom a rule is true.
  func addresses(
    of rule: Rule, _ snapshot: Snapshot, at now: Timestamp
  ) throws -> [(email: String?, phone: String?)] {
    guard let last = snapshot.journeys.lastCustomer else { return [] }
    var states = [UInt8](repeating: 0, count: Int(last) + 1)
    let membership = try snapshot.membership(rule)
    states.withUnsafeMutableBufferPointer { membership.write(at: now.milliseconds, into: $0) }
    try snapshot.facts.check()
    let members = states.indices.filter { states[$0] == 1 }.map { Int64($0) }
    let traits = try store.traits(of: members)
    let keys = try store.customerKeys(members)
    return members.map { member in
      func text(_ name: String) -> String? {
        if case .text(let text)? = traits[member]?[name] { text } else { nil }
      }
      let key = keys[member] ?? ""
      let kind = CustomerKey.kind(of: key)
      let rest = String(key.dropFirst(kind.prefix.count))
      return (
        text("email") ?? (kind == .email ? rest : nil),
        text("phone") ?? (kind == .phone ? rest : nil)
      )
    }
  }
}

struct WebhooksCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhooks", abstract: "Addresses that get messages as signed JSON.",
    discussion: """
      The webhook named sms gets text messages; docs/messages.md has the form.

      Example:
        klantreis webhooks set crm https://crm.example.org/hook
      """, subcommands: [List.self, Set.self, Remove.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The webhooks.",
      discussion: """
        Example:
          klantreis webhooks list
        """)
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      for name in try workspace.webhookNames() {
        if let webhook = try workspace.webhook(name) {
          Terminal.write("\(Terminal.bold(name))  \(webhook.url)\n")
        }
      }
    }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Add or change a webhook; its secret is shown once.",
      discussion: """
        Example:
          klantreis webhooks set sms https://gateway.example.org/send
        """)
    @Argument(help: "The name.") var name: String
    @Argument(help: "The address.") var url: String
    @OptionGroup var data: DataOptions

    func run() throws {
      guard name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" }), !name.isEmpty,
        url.hasPrefix("https://") || url.hasPrefix("http://")
      else {
        throw Ending.wrongUse(
          "A name is letters, digits and “-”; the address begins with https://.")
      }
      let workspace = try data.open()
      let secret = Secret.random()
      try workspace.set(name, webhook: Webhook(name: name, url: url, secret: secret.text))
      try workspace.note(.webhookChanged, name)
      Terminal.write(
        "Webhook \(name) is set. It signs with this secret, shown only now:\n  \(secret.text)\n")
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a webhook away.",
      discussion: """
        Example:
          klantreis webhooks remove crm
        """)
    @Argument(help: "The name.") var name: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      guard try workspace.webhook(name) != nil else {
        throw Ending.failed("There is no webhook \(name).")
      }
      try workspace.set(name, webhook: nil)
      try workspace.note(.webhookChanged, name)
      Terminal.write("Removed \(name).\n")
    }
  }
}
