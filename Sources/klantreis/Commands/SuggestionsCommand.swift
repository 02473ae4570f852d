import Access
import ArgumentParser
import CustomerJourney
import Foundation
import Store

extension CustomersCommand {
  struct Suggestions: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Customers who may be one person, by name, address and birthday.",
      discussion: """
        Example:
          klantreis customers suggestions --format json
          klantreis customers suggestions --same 4711 4712
          klantreis customers suggestions --different 4711 4713

        Nothing is joined before you say so, and a pair that you judged isn't asked again.
        """)
    @Flag(help: "The two keys are one person.") var same = false
    @Flag(help: "The two keys are two persons.") var different = false
    @Argument(help: "The two keys of a pair.") var keys: [String] = []
    @Option(help: "How many at most.") var limit = Limits.suggestions
    @Option(help: "The form of the answer: text or json.") var format: ListFormat = .text
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.openExisting()
      let store = workspace.store
      if same || different {
        guard same != different, keys.count == 2 else {
          throw Ending.wrongUse("Give two keys with either --same or --different.")
        }
        try store.answerDuplicate(keys[0], keys[1], isSame: same, at: .now)
        if same {
          try workspace.note(.customersMerged, workspace.loggedNumber(ofCustomer: keys[0]))
        }
        return Terminal.write("Noted.\n")
      }
      let found = try Duplicates(in: store, limit: max(0, limit))
      switch format {
      case .json: try Terminal.write(json: found.pairs)
      case .text:
        for pair in found.pairs {
          let agreeing = pair.traits.filter(\.agrees).map(\.name).joined(separator: ", ")
          let percent = Int((pair.probability * 100).rounded())
          Terminal.write("\(pair.key)  \(pair.other)  \(percent) %  \(agreeing)\n")
        }
      }
      if found.isCut {
        Terminal.note(
          "klantreis: only the first \(Limits.matchedCustomers) customers with a name were compared."
        )
      }
    }
  }
}
