import Access
import ArgumentParser
import CustomerJourney
import Foundation
import Insights
import Store

struct AccountsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accounts",
    abstract:
      "Companies (B2B): how they stand, who belongs to them, and what waits for a decision.",
    discussion: """
      Example:
        klantreis accounts
        klantreis accounts show acme
        klantreis accounts roles acme anna "decision maker"
        klantreis accounts leads

      docs/accounts.md says how accounts come about and what the score is made of.
      """,
    subcommands: [
      List.self, Show.self, Set.self, Domain.self, Add.self, Remove.self, Undo.self, End.self,
      Roles.self, Leads.self, Settings.self,
    ], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "All accounts with engagement, phase and buying group.",
      discussion: """
        Example:
          klantreis accounts list --sort open --format csv
        """)
    @Option(help: "Only those whose name, key or domain has this text.") var search: String?
    @Option(help: "In order of engagement, phase, completeness, open or name.") var sort: String?
    @Option(help: "How many at most.") var limit: Int?
    @OptionGroup var options: QuestionOptions

    func run() throws {
      try options.ask(
        .accounts, ["search": [search], "sort": [sort], "limit": [limit.map(String.init)]])
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "One account as JSON: people, roles, score, phase, and why.",
      discussion: """
        Example:
          klantreis accounts show acme
        """)
    @Argument(help: "The account's key.") var key: String
    @Option(help: "Journey model: stdc, five-a, ten-phases or an own one.") var model: String?
    @OptionGroup var data: DataOptions

    func run() throws {
      let question = try Question(.accounts, ["model": model.map { [$0] } ?? []])
      try Terminal.write(json: try data.openExisting().snapshot().accountDetail(key, question))
    }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make an account, or set traits of one.",
      discussion: """
        Example:
          klantreis accounts set acme --trait name="Acme B.V." --trait domain=acme.example
        """)
    @Argument(help: "The account's key.") var key: String
    @Option(name: .customLong("trait"), help: "NAME=VALUE, as often as wanted.") var traits:
      [String] =
        []
    @OptionGroup var data: DataOptions

    func run() throws {
      var values: [String: PropertyValue] = [:]
      for text in traits {
        guard let sign = text.firstIndex(of: "="), sign > text.startIndex else {
          throw Ending.wrongUse("--trait \(text) is not NAME=VALUE.")
        }
        let value = String(text[text.index(after: sign)...])
        values[String(text[..<sign])] = Double(value).map { .number($0) } ?? .text(value)
      }
      let workspace = try data.open()
      try workspace.store.setAccount(key: key, traits: values, at: .now)
      try workspace.note(.accountChanged, key)
      Terminal.write("\(key) is kept.\n")
    }
  }

  struct Domain: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say that mail addresses at a domain are an account's, or no longer.",
      discussion: """
        Example:
          klantreis accounts domain acme acme.example
        """)
    @Argument(help: "The account's key.") var key: String
    @Argument(help: "The domain.") var domain: String
    @Flag(help: "It is not, or no longer.") var remove = false
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      try workspace.store.setDomain(domain, of: key, to: !remove)
      try workspace.note(.accountChanged, key)
      Terminal.write("\(domain) is \(remove ? "no longer " : "")a domain of \(key).\n")
    }
  }

  struct Member: ParsableArguments {
    @Argument(help: "The account's key.") var key: String
    @Argument(help: "Any key of the customer.") var customer: String
    @OptionGroup var data: DataOptions

    func change(_ words: String, _ act: (Store) throws -> Void) throws {
      let workspace = try data.openExisting()
      try act(workspace.store)
      try workspace.note(.accountMemberChanged, workspace.loggedNumber(ofCustomer: customer))
      Terminal.write("\(customer) \(words) \(key).\n")
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make a customer a member of an account.",
      discussion: """
        Example:
          klantreis accounts add acme 4711
        """)
    @OptionGroup var member: Member

    func run() throws {
      try member.change("belongs to") {
        try $0.addMember(member.customer, to: member.key, at: .now)
      }
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take a customer out of an account, whoever said that it belongs to it.",
      discussion: """
        Example:
          klantreis accounts remove acme 4711
        """)
    @OptionGroup var member: Member

    func run() throws {
      try member.change("does not belong to") {
        try $0.removeMember(member.customer, from: member.key, at: .now)
      }
    }
  }

  struct Undo: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take back what was decided last of a customer and an account.",
      discussion: """
        Example:
          klantreis accounts undo acme 4711
        """)
    @OptionGroup var member: Member

    func run() throws {
      try member.change("is as it was in") {
        try $0.undoMembership(of: member.customer, in: member.key, at: .now)
      }
    }
  }

  struct End: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say when somebody ceased to belong to an account.",
      discussion: """
        Example:
          klantreis accounts end acme 4711 --until 2025-03-01
          klantreis accounts end acme 4711
        """)
    @OptionGroup var member: Member
    @Option(help: "The first day after; without it the end is taken back.") var until: String?

    func run() throws {
      let end = until.flatMap { Timestamp(iso8601: $0) }
      if until != nil, end == nil { throw AccountProblem.badPeriod }
      try member.change(end == nil ? "has no end in" : "belonged until then to") {
        try $0.endMembership(of: member.customer, in: member.key, at: end, now: .now)
      }
    }
  }

  struct Roles: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Give a member roles; without any, those of the traits count again.",
      discussion: """
        Example:
          klantreis accounts roles acme 4711 "decision maker" sponsor
        """)
    @OptionGroup var member: Member
    @Argument(help: "The roles.") var roles: [String] = []

    func run() throws {
      try member.change("has these roles in") {
        try $0.setRoles(
          roles.isEmpty ? nil : roles, of: member.customer, in: member.key, at: .now)
      }
    }
  }

  struct Leads: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Who may belong to which account, and why; decide with add and remove.",
      discussion: """
        Example:
          klantreis accounts leads
        """)
    @OptionGroup var data: DataOptions

    func run() throws {
      let leads = try data.openExisting().store.accountLeads(limit: Limits.accountLeads)
      if leads.isEmpty { Terminal.write("Nobody waits for a decision.\n") }
      for lead in leads {
        Terminal.write(
          "\(Terminal.bold(lead.customerKey))  \(lead.accountKey) (\(lead.accountName)): "
            + "\(lead.reason.rawValue), \(lead.compared)\n")
      }
    }
  }

  struct Settings: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What roles, actions and days weigh, as JSON; or keep others from a file.",
      discussion: """
        Example:
          klantreis accounts settings > accounts.json
          klantreis accounts settings --from accounts.json
        """)
    @Option(name: .customLong("from"), help: "A file in the form that is printed.") var file:
      String?
    @Flag(help: "Back to the built-in ones.") var reset = false
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.open()
      if let file {
        let settings = try Self.read(file)
        try workspace.store.set(settings)
        try workspace.note(.settingChanged, "accounts")
      } else if reset {
        try workspace.store.set(nil as AccountSettings?)
        try workspace.note(.settingChanged, "accounts")
      }
      try Terminal.write(json: workspace.store.accountSettings())
    }

    private static func read(_ path: String) throws -> AccountSettings {
      guard let bytes = FileManager.default.contents(atPath: path) else {
        throw Ending.failed("\(path) cannot be read; check the path.")
      }
      let settings: AccountSettings
      do {
        settings = try JSONDecoder().decode(AccountSettings.self, from: bytes)
      } catch {
        throw Ending.wrongUse(
          "\(path) does not have the form of `klantreis accounts settings`: \(error)")
      }
      if let problem = settings.problem { throw Ending.wrongUse("\(path): \(problem)") }
      return settings
    }
  }
}
