import Access
import ArgumentParser
import CustomerJourney
import Foundation
import Insights
import Store

extension CustomersCommand {
  struct Find: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Find customers by anything that is known of them.",
      discussion: """
        Example:
          klantreis customers find "anna vries"
          klantreis customers find 10045 --column orders --column favouriteChannel
        """)
    @Argument(help: "The beginning of a key, or of words: names, addresses, companies, orders.")
    var text: String
    @Option(help: "A calculated trait to show; may be given more than once.") var column: [String] =
      []
    @Option(help: "How many at most.") var limit = 20
    @Option(help: "The form of the answer: text, json or csv.") var format: AnswerFormat = .text
    @OptionGroup var data: DataOptions

    func run() throws {
      guard (1...Limits.customersFound).contains(limit) else {
        throw Ending.wrongUse("--limit \(limit) is not from 1 to \(Limits.customersFound).")
      }
      let workspace = try data.openExisting()
      // A server does this by itself; without one nobody has.
      let index = SearchIndex(store: workspace.store)
      while try index.update() {}
      let snapshot = try workspace.snapshot()
      let answer = try CustomerList(
        try snapshot.select(Question(.map, [:]), placed: true), snapshot: snapshot,
        .init(search: text, columns: column, perPage: limit),
        at: snapshot.instant(of: Period())
      ).answer
      switch format {
      case .text: Terminal.write(answer.text())
      case .json: Terminal.write(String(decoding: try answer.json(), as: UTF8.self))
      case .csv: Terminal.write(answer.csv())
      case .svg: throw Ending.wrongUse("--format is text, json or csv.")
      }
    }
  }

  struct SetTrait: ParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set",
      abstract: "Say what a trait of a customer is; your word counts more than a client's.",
      discussion: """
        Example:
          klantreis customers set 4711 phone +31612345678
          klantreis customers set 4711 phone --not-so
          klantreis customers set 4711 phone --take-back
        """)
    @Argument(help: "Any key of the customer.") var key: String
    @Argument(help: "The trait's name.") var name: String
    @Argument(help: "Its value.") var value: String?
    @Flag(help: "Whatever clients say, it is not so.") var notSo = false
    @Flag(help: "Let what clients say count again.") var takeBack = false
    @OptionGroup var data: DataOptions

    func run() throws {
      let decision: TraitDecision
      switch (value, notSo, takeBack) {
      case (let value?, false, false): decision = .holds(.text(value))
      case (nil, true, false): decision = .isNotSo
      case (nil, false, true): decision = .takenBack
      default: throw Ending.wrongUse("Give a value, or --not-so, or --take-back.")
      }
      let workspace = try data.openExisting()
      try workspace.store.decide(
        decision, trait: name, of: key,
        noting: Deed(
          .traitChanged, try workspace.loggedNumber(ofCustomer: key), by: Activity.commandLine,
          at: .now))
      Terminal.write("The trait \(name) was changed.\n")
    }
  }
}

struct TraitsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "traits", abstract: "Calculated traits: worked out from each customer's journey.",
    discussion: """
      Example:
        klantreis traits add "orders this year" 'count where event is "Order Completed" within 365d'
        klantreis traits list
        klantreis traits remove "orders this year"
      """,
    subcommands: [List.self, Add.self, Remove.self], defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The calculated traits that there are.",
      discussion: """
        Example:
          klantreis traits list
        """)
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      let snapshot = try workspace.snapshot()
      let own = try workspace.store.calculatedTraits()
      for name in try CalculatedTraits(snapshot, at: snapshot.instant(of: Period())).names {
        let definition = own.first { $0.name == name }?.definition
        Terminal.write(name + (definition.map { "  \($0)" } ?? "  (built in)") + "\n")
      }
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Keep a calculation under a name.",
      discussion: """
        Example:
          klantreis traits add "last shoe" 'last content where content starts with "shoe"'
        """)
    @Argument(help: "What people will call it.") var name: String
    @Argument(help: "The calculation: KIND [where RULE] [within TIME]; docs/profiles.md has all.")
    var definition: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      let trait = try workspace.addCalculatedTrait(name: name, definition: definition)
      try workspace.note(.calculatedTraitAdded, trait.name)
      Terminal.write("\(trait.name) is worked out from now on.\n")
    }
  }

  struct Remove: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Let a calculated trait go.",
      discussion: """
        Example:
          klantreis traits remove "last shoe"
        """)
    @Argument(help: "Its name.") var name: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      try workspace.store.removeCalculatedTrait(named: name)
      try workspace.note(.calculatedTraitRemoved, name)
      Terminal.write("\(name) is gone.\n")
    }
  }
}

extension CustomerProfile {
  /// For people at a terminal: what is known besides the keys.
  var text: String {
    var lines: [String] = []
    if let name { lines.append("  name  \(name)") }
    for phase in phases {
      lines.append(
        "  phase.\(phase.model)  \(phase.phase) since \(phase.since.iso8601): \(phase.because(.english))"
      )
    }
    for value in calculated where value.value != nil && value.form != .phase {
      lines.append("  \(value.name)  \(value.text ?? "")")
    }
    for segment in segments {
      lines.append(
        "  segment  \(segment.name)" + (segment.since.map { " since \($0.iso8601)" } ?? ""))
    }
    for account in accounts { lines.append("  company  \(account.name ?? account.id)") }
    for trait in traits {
      let value = trait.value?.description ?? "(is not so)"
      lines.append(
        "  trait \(trait.name)  \(value)  (\(trait.said.claimant ?? "") \(trait.said.source), \(trait.said.at.iso8601))"
      )
      lines += trait.earlier.map {
        "    before: \($0.value?.description ?? "(is not so)")  (\($0.said.source), \($0.said.at.iso8601))"
      }
    }
    for item in basket?.items ?? [] {
      lines.append("  in the basket  \(item.content) × \(item.count)")
    }
    return lines.map { ReportTable.Cell.printable($0) + "\n" }.joined()
  }
}
