import Access
package import CustomerJourney

/// The list of messages: what was sent, what wasn't, and why.
package struct MessagesPage: Sendable {
  package struct Row: Sendable {
    package var id: Int64
    /// The customer's key; nil when that customer is gone.
    package var customer: String?
    package var play: String
    package var content: String
    package var channel: Channel
    package var state: MessageState
    package var reason: MessageReason?
    /// By the project's clock: `2017-01-03 12:53:26`.
    package var changed: String
    package var due: String?

    package init(
      id: Int64, customer: String?, play: String, content: String, channel: Channel,
      state: MessageState, reason: MessageReason?, changed: String, due: String?
    ) {
      self.id = id
      self.customer = customer
      self.play = play
      self.content = content
      self.channel = channel
      self.state = state
      self.reason = reason
      self.changed = changed
      self.due = due
    }
  }

  package var rows: [Row]
  /// How many there are of each state.
  package var counts: [MessageState: Int]
  /// The state that is looked at; nil for all.
  package var state: MessageState?
  package var page: Int
  /// What is still missing for mail, each a sentence of the program's; nil for who may not set it.
  package var advice: [LocalizedText]?

  package init(
    rows: [Row], counts: [MessageState: Int], state: MessageState? = nil, page: Int = 1,
    advice: [LocalizedText]? = nil
  ) {
    self.rows = rows
    self.counts = counts
    self.state = state
    self.page = page
    self.advice = advice
  }
}

extension Pages {
  /// Forms post to `/messages/ID/again`.
  package static func messagesPage(_ page: MessagesPage, _ context: PageContext) -> String {
    let (words, format) = (context.words, context.format)
    let all = page.counts.values.reduce(0, +)
    func tab(_ name: String, _ state: MessageState?, _ count: Int) -> Templates.Values {
      [
        "name": name, "count": format.count(count), "here": page.state == state,
        "href": context.link("/messages", with: [("state", state?.rawValue)]),
      ]
    }
    let tabs =
      [tab(words["allMessages"], nil, all)]
      + MessageState.allCases.compactMap { state in
        page.counts[state].map { tab(words["message.\(state.rawValue)"], state, $0) }
      }
    var values: Templates.Values = [
      "isEmpty": page.rows.isEmpty, "tabs": tabs, "contentsLink": context.link("/contents"),
      "mailLink": context.may(.manage) ? context.link(MailPage.path) : false as Any,
      "advice": page.advice.map { lines in
        ["lines": lines.map { ["text": $0(context.language)] as Templates.Values }]
          as Templates.Values
      } ?? false,
      "rows": page.rows.map { messageRow($0, context) },
    ]
    let length = Limits.messagesPerPage
    values["pager"] =
      pager(
        first: (page.page - 1) * length, shown: page.rows.count,
        total: page.state.map { page.counts[$0] ?? 0 } ?? all, page: page.page, context,
        with: [("state", page.state?.rawValue)]) ?? false as Any
    return Templates.page("messages", values, title: words["messages"], context: context)
  }
}

extension Pages {
  private static func messageRow(
    _ row: MessagesPage.Row, _ context: PageContext
  ) -> Templates.Values {
    let (words, format) = (context.words, context.format)
    func moment(_ local: String) -> String { "\(format.date(local)) \(format.clock(local))" }
    let mayRepeat = [.dead, .refused].contains(row.state) && context.may(.act)
    return [
      "id": String(row.id), "content": row.content, "play": row.play,
      "channel": row.channel.title(context.language),
      "customer": row.customer ?? false as Any,
      "customerHref": row.customer.map { context.customerLink($0) } ?? "",
      "state": words["message.\(row.state.rawValue)"], "mark": row.state.mark,
      "reason": row.reason.map { words.reason($0) } ?? false as Any,
      "changed": moment(row.changed),
      "due": row.due.map { words["dueAt"].replacing("{time}", with: moment($0)) } ?? false as Any,
      "again": mayRepeat ? context.link("/messages/\(row.id)/again") as Any : false,
    ]
  }

  /// What was sent to one customer and what was not, and why: a card for the customer's page, by the
  /// template `messagecard`. Nil where nothing was meant for the customer.
  static func messageCard(
    _ rows: [MessagesPage.Row], _ context: PageContext
  ) -> Templates.Values? {
    rows.isEmpty ? nil : ["rows": rows.map { messageRow($0, context) }]
  }
}

extension MessageState {
  /// How it is marked in a list.
  fileprivate var mark: String {
    switch self {
    case .waiting, .claimed: "is-waiting"
    case .sent, .delivered: "is-good"
    case .skipped: "is-quiet"
    case .bounced, .refused, .unknown, .dead: "is-bad"
    }
  }
}

/// The contents with their previews.
package struct ContentsPage: Sendable {
  package struct Row: Sendable {
    package var id: String
    package var name: LocalizedText
    /// Each with the languages that there are.
    package var channels: [(channel: MessageChannel, languages: [Language])]

    package init(
      id: String, name: LocalizedText, channels: [(channel: MessageChannel, languages: [Language])]
    ) {
      self.id = id
      self.name = name
      self.channels = channels
    }
  }

  package var rows: [Row]
  /// What is wrong with files that cannot be used.
  package var problems: [String]
  /// The customer to preview for, as typed.
  package var customer: String

  package init(rows: [Row], problems: [String] = [], customer: String = "") {
    self.rows = rows
    self.problems = problems
    self.customer = customer
  }
}

extension Pages {
  package static func contentsPage(_ page: ContentsPage, _ context: PageContext) -> String {
    let words = context.words
    let values: Templates.Values = [
      "messagesLink": context.link("/messages"), "action": context.link("/contents"),
      "mayChoose": context.may(.persons), "customer": page.customer,
      "problems": page.problems.map { ["text": $0] as Templates.Values },
      "rows": page.rows.map { row -> Templates.Values in
        [
          "id": row.id, "name": row.name(context.language),
          "previews": row.channels.flatMap { channel, languages -> [Templates.Values] in
            let choices = languages.isEmpty ? [nil] : languages.map(Optional.init)
            return choices.map { language in
              let name = words["channel.\(channel.rawValue)"]
              let said = language.map { "\(name), \($0 == .dutch ? "Nederlands" : "English")" }
              return [
                "name": said ?? name,
                "href": context.link(
                  "/contents/\(Query.encode(row.id))/preview",
                  with: [
                    ("channel", channel.rawValue), ("language", language?.rawValue),
                    ("customer", page.customer.isEmpty ? nil : page.customer),
                  ]),
              ]
            }
          },
        ]
      },
    ]
    return Templates.page("contents", values, title: words["contents"], context: context)
  }
}
