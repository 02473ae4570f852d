import Access
package import CustomerJourney

/// Work that a play gave to a person, as pages show it.
package struct TaskRow: Sendable {
  package var id: Int64
  package var text: LocalizedText
  package var playID: String
  package var play: LocalizedText
  /// The customer's key; nil when that customer is gone.
  package var customer: String?
  /// By the project's clock.
  package var created: String
  /// Nil while it is open.
  package var done: String?

  package init(
    id: Int64, text: LocalizedText, playID: String, play: LocalizedText, customer: String?,
    created: String, done: String? = nil
  ) {
    self.id = id
    self.text = text
    self.playID = playID
    self.play = play
    self.customer = customer
    self.created = created
    self.done = done
  }
}

extension Pages {
  /// Work for persons, by the template `taskcard`; nil where there is none. Forms post to
  /// `/tasks/ID/done`, and lead back to the customer where the page is one's own.
  static func taskCard(
    _ rows: [TaskRow], ofCustomer customer: String? = nil, _ context: PageContext
  ) -> Templates.Values? {
    guard !rows.isEmpty else { return nil }
    let (words, format, language) = (context.words, context.format, context.language)
    func moment(_ local: String) -> String { "\(format.date(local)) \(format.clock(local))" }
    return [
      "rows": rows.map { row -> Templates.Values in
        let isOpen = row.done == nil
        var values: Templates.Values = [
          "text": row.text(language), "play": row.play(language),
          "playHref": context.link(playPath(row.playID)),
          "when": moment(row.done ?? row.created),
          "state": words[isOpen ? "taskOpen" : "taskIsDone"], "who": false, "finish": false,
          "back": customer ?? false as Any,
        ]
        if customer == nil {
          values["who"] = row.customer ?? words["aCustomerGone"]
          values["href"] = row.customer.map { context.customerLink($0) } ?? false as Any
        }
        if isOpen, context.may(.act) {
          values["finish"] = context.link("/tasks/\(row.id)/done")
        }
        return values
      }
    ]
  }
}
