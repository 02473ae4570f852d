import Access
import ArgumentParser
import CustomerJourney
import Foundation
import Insights
import Store

struct CustomersCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "customers",
    abstract: "Find customers, see what is known of them and why keys are one, join, split.",
    discussion: """
      Example:
        klantreis customers find "anna vries"
        klantreis customers show 4711
        klantreis customers merge 4711 4712
        klantreis customers split anonymous:8d2e 4711
        klantreis customers nobody email:info@shop.nl

      A key is the id of your files and clients as it is; others begin with what they are:
      email:, phone:, external:, device: or anonymous:. docs/identity.md has the rules.
      """,
    subcommands: [
      Find.self, Show.self, SetTrait.self, Merge.self, Split.self, Rejoin.self, Links.self,
      Nobody.self, Alarms.self,
      Suggestions.self,
    ])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "All that is known of a customer: keys and why each is one, phases, traits.",
      discussion: """
        Example:
          klantreis customers show 4711 --format json
        """)
    @Argument(help: "Any key of the customer.") var key: String
    @Option(help: "The form of the answer: text or json.") var format: ListFormat = .text
    @OptionGroup var data: DataOptions

    func run() throws {
      let snapshot = try data.openExisting().snapshot()
      let found = try snapshot.profile(of: key, at: snapshot.instant(of: Period()))
      switch format {
      case .json: try Terminal.write(json: found)
      case .text: Terminal.write((found.identities?.text ?? "") + found.text)
      }
    }
  }

  struct Merge: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Make two customers one. The stronger key stays; of two alike, the first.",
      discussion: """
        Example:
          klantreis customers merge 4711 4712
        """)
    @Argument(help: "A key of the customer whose key stays.") var key: String
    @Argument(help: "A key of the other customer.") var other: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      try workspace.store.join(other, into: key, at: .now)
      try workspace.note(.customersMerged, workspace.loggedNumber(ofCustomer: key))
      Terminal.write("\(try workspace.identities(of: key).customer) has all touchpoints now.\n")
    }
  }

  struct Split: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take back that two keys are one customer's, whoever said so.",
      discussion: """
        Example:
          klantreis customers split anonymous:8d2e 4711
        """)
    @Argument(help: "The key that is somebody else's.") var key: String
    @Argument(help: "The key that it was named with; `customers show` has it.") var other: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      try workspace.store.part(key, from: other, at: .now)
      try workspace.note(.customersSplit, workspace.loggedNumber(ofCustomer: key))
      let (one, two) = (try workspace.identities(of: key), try workspace.identities(of: other))
      Terminal.write(
        one.customer == two.customer
          ? "That no longer counts, and something else still makes both one: see `klantreis "
            + "customers show \(one.customer)`.\n"
          : "\(key) belongs to \(one.customer) now, and \(other) to \(two.customer).\n")
    }
  }

  struct Rejoin: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take back a split.",
      discussion: """
        Example:
          klantreis customers rejoin anonymous:8d2e 4711
        """)
    @Argument(help: "One of the keys that were parted.") var key: String
    @Argument(help: "The other.") var other: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      try workspace.store.unpart(key, from: other, at: .now)
      try workspace.note(.customersMerged, workspace.loggedNumber(ofCustomer: key))
      Terminal.write("\(key) belongs to \(try workspace.identities(of: key).customer) again.\n")
    }
  }

  struct Links: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What was said of two keys at once, the newest first, as lines of JSON.",
      discussion: """
        Example:
          klantreis customers links --limit 20
        """)
    @Option(help: "How many at most.") var limit = 100
    @OptionGroup var data: DataOptions

    func run() throws {
      guard (1...Limits.rowsPerAnswer).contains(limit) else {
        throw Ending.wrongUse("--limit \(limit) is not from 1 to \(Limits.rowsPerAnswer).")
      }
      for link in try data.openExisting().store.lastLinks(limit: limit) {
        try Terminal.write(json: link)
      }
    }
  }

  struct Nobody: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say that a key, or all addresses of a domain, name nobody: they join no two.",
      discussion: """
        Example:
          klantreis customers nobody email:info@shop.nl
          klantreis customers nobody @shop.nl
          klantreis customers nobody @shop.nl --somebody
        """)
    @Argument(help: "The key, or @ and the domain; nothing lists those that were said.")
    var text: String?
    @Flag(help: "Take that back.") var somebody = false
    @OptionGroup var data: DataOptions

    func run() throws {
      let store = try data.openExisting().store
      guard let text else {
        for line in try store.junk() { Terminal.write("\(line)\n") }
        return
      }
      try store.setJunk(text, to: !somebody)
      Terminal.write("\(text) \(somebody ? "may name somebody again" : "names nobody now").\n")
    }
  }

  struct Alarms: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Keys that were named with too many others to say whose they are.",
      discussion: """
        Example:
          klantreis customers alarms
        """)
    @OptionGroup var data: DataOptions

    func run() throws {
      for alarm in try data.openExisting().store.alarmedIdentities(limit: Limits.rowsPerAnswer) {
        Terminal.write("\(alarm.key)  \(alarm.reason.sentence)\n")
      }
    }
  }
}

extension Workspace {
  /// Who a customer is, by any key. Throws ``NotFound``.
  func identities(of key: String) throws -> CustomerIdentities {
    guard let found = try store.identities(of: key) else {
      throw NotFound(
        what: "Nobody was ever named by that key.",
        advice: "Keys are those of your files and clients, with the same capitals; what a browser "
          + "chose begins with anonymous:.")
    }
    return found
  }
}

extension AlarmReason {
  fileprivate var sentence: String {
    switch self {
    case .full:
      "has \(Limits.identitiesPerIdentity) weaker keys; more are kept as evidence and join nobody."
    case .crowded:
      "was named with more customers than one person's things are; it joins nobody."
    }
  }
}

extension CustomerIdentities {
  /// For people.
  fileprivate var text: String {
    var lines = [Terminal.bold(customer)]
    for identity in identities where identity.key != customer || identities.count == 1 {
      let periods = identity.periods.map { period in
        [period.from.map { "from \($0.iso8601)" }, period.to.map { "until \($0.iso8601)" }]
          .compactMap { $0 }.joined(separator: " ")
      }.filter { !$0.isEmpty }
      lines.append(
        "  \(identity.kind)  \(identity.key)"
          + (periods.isEmpty ? "" : "  (\(periods.joined(separator: ", ")))"))
      lines += identity.reasons.map { "    \($0.sentence)" }
    }
    if !apart.isEmpty {
      lines.append("  Does not count:")
      lines += apart.map { "    \($0.key): \($0.sentence)" }
    }
    lines += alarms.map { "  \($0.key) \($0.reason.sentence)" }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension CustomerIdentities.Reason {
  fileprivate var sentence: String {
    let who = source.map { "a \(claimant) of \($0)" } ?? "a person here"
    let what = source == nil ? "decided on" : "named it with"
    let end =
      switch state {
      case .counts: ""
      case .apart: "; a person here said that it is not so"
      case .unproven: "; its word is not enough for that"
      }
    return "\(who) \(what) \(other), \(happened.iso8601)"
      + (messageID.flatMap { $0.isEmpty ? nil : ", message \($0)" } ?? "") + end
  }
}
