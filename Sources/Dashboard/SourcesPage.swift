import CustomerJourney
import Foundation

/// The list of sources, with the form to make one.
package struct SourcesPage: Sendable {
  package var rows: [Row]
  /// What was typed in the form that could not be used; its problems are in the context at `name`
  /// and `key`.
  package var name: String
  package var key: String

  package struct Row: Sendable {
    package var name: String
    package var key: String
    package var isOn: Bool
    /// Local time of the newest event; nil when none came lately.
    package var last: String?
    package var rejected: Int
    package var bots: Int

    package init(
      name: String, key: String, isOn: Bool = true, last: String? = nil, rejected: Int = 0,
      bots: Int = 0
    ) {
      self.name = name
      self.key = key
      self.isOn = isOn
      self.last = last
      self.rejected = rejected
      self.bots = bots
    }
  }

  package init(rows: [Row], name: String = "", key: String = "") {
    self.rows = rows
    self.name = name
    self.key = key
  }
}

/// One source: its key, how to send to it, what came in last, and what was rejected.
package struct SourcePage: Sendable {
  package var name: String
  package var key: String
  package var isOn: Bool
  /// Where clients send: `http://127.0.0.1:8080`.
  package var address: String
  /// The YAML in the form; its problem is in the context at `mapping`.
  package var mapping: String
  /// Events that the mapping left out since the server started.
  package var leftOut: Int
  /// The newest first.
  package var events: [Event]
  /// The place in the live stream after these events.
  package var mark: String
  package var rejected: Kept
  package var bots: Kept
  package var replayed: Replayed?

  /// A touchpoint as it stands in the list of last events.
  package struct Event: Sendable {
    /// Tells it from others in the list.
    package var key: String
    /// `2017-01-01 12:53:26`, by the person's clock where known, else the project's.
    package var time: String
    package var event: String
    package var channel: String
    package var customer: String
    package var content: String
    /// In major units.
    package var value: Double?
    package var currency: String?

    package init(
      key: String, time: String, event: String, channel: String, customer: String,
      content: String = "", value: Double? = nil, currency: String? = nil
    ) {
      self.key = key
      self.time = time
      self.event = event
      self.channel = channel
      self.customer = customer
      self.content = content
      self.value = value
      self.currency = currency
    }
  }

  /// One page of events that were kept apart.
  package struct Kept: Sendable {
    package var total: Int
    package var rows: [Row]
    /// Where the next page begins; nil at the end.
    package var older: Int64?

    package struct Row: Sendable {
      /// Local time at which it came in.
      package var time: String
      package var dialect: String
      package var reason: String
      package var isReplayed: Bool
      /// The beginning of the request as it was kept.
      package var request: String

      package init(
        time: String, dialect: String, reason: String, isReplayed: Bool = false, request: String
      ) {
        self.time = time
        self.dialect = dialect
        self.reason = reason
        self.isReplayed = isReplayed
        self.request = request
      }
    }

    package init(total: Int = 0, rows: [Row] = [], older: Int64? = nil) {
      self.total = total
      self.rows = rows
      self.older = older
    }
  }

  /// What came of reading rejected events again.
  package struct Replayed: Sendable {
    package var read: Int
    package var mended: Int
    package var rejected: Int

    package init(read: Int, mended: Int, rejected: Int) {
      self.read = read
      self.mended = mended
      self.rejected = rejected
    }
  }

  package init(
    name: String, key: String, isOn: Bool = true, address: String, mapping: String = "",
    leftOut: Int = 0, events: [Event] = [], mark: String = "", rejected: Kept = Kept(),
    bots: Kept = Kept(),
    replayed: Replayed? = nil
  ) {
    self.name = name
    self.key = key
    self.isOn = isOn
    self.address = address
    self.mapping = mapping
    self.leftOut = leftOut
    self.events = events
    self.mark = mark
    self.rejected = rejected
    self.bots = bots
    self.replayed = replayed
  }
}

extension Pages {
  /// The path of a source's page.
  package static func sourcePath(_ name: String) -> String { "/sources/\(Query.encode(name))" }

  /// The same, with the model and the period of the address that was asked.
  package static func sourceLink(_ name: String, _ context: PageContext) -> String {
    context.link(sourcePath(name))
  }

  /// The form posts `name` and `key` to `/sources`.
  package static func sourcesPage(_ page: SourcesPage, _ context: PageContext) -> String {
    let (words, format) = (context.words, context.format)
    var values: Templates.Values = [
      "isEmpty": page.rows.isEmpty, "action": context.link("/sources"), "name": page.name,
      "key": page.key,
      "rows": page.rows.map { row -> Templates.Values in
        [
          "name": row.name, "href": context.link(sourcePath(row.name)), "key": row.key,
          "state": words[row.isOn ? "on" : "off"], "isOn": row.isOn,
          "last": row.last.map { "\(format.date($0)) \(format.clock($0))" } ?? "–",
          "rejected": format.count(row.rejected), "bots": format.count(row.bots),
        ]
      },
    ]
    values["nameProblem"] = context.problem(at: "name")
    values["keyProblem"] = context.problem(at: "key")
    return Templates.page("sources", values, title: words["sources"], context: context)
  }

  /// Forms post to `/sources/NAME/on`, `off`, `mapping` (field `mapping`) and `replay` (field
  /// `kind`); the stream of events is at `/sources/NAME/live`.
  package static func sourcePage(_ page: SourcePage, _ context: PageContext) -> String {
    let words = context.words
    let path = sourcePath(page.name)
    var values: Templates.Values = [
      "sources": context.link("/sources"), "name": page.name, "key": page.key, "isOn": page.isOn,
      "state": words[page.isOn ? "onLong" : "offLong"],
      "turn": context.link("\(path)/\(page.isOn ? "off" : "on")"),
      "turnText": words[page.isOn ? "turnOff" : "turnOn"],
      "snippets": snippets(page, words), "snippetsOpen": page.events.isEmpty,
      "live": "\(path)/live?after=\(Query.encode(page.mark))&lang=\(context.language.rawValue)",
      "limit": String(Limits.lastEvents),
      "hasEvents": !page.events.isEmpty, "events": page.events.map { liveValues($0, context) },
      "blank": [liveValues(nil, context)],
      "mapping": page.mapping, "example": mappingExample,
      // What comes of it is told far below the top.
      "mappingAction": context.link("\(path)/mapping") + "#mapping-card",
      "lists": [
        list(page.rejected, "rejected", "before", path, context),
        list(page.bots, "bot", "bots", path, context),
      ],
    ]
    values["mappingProblem"] = context.problem(at: "mapping")
    if page.leftOut > 0 { values["leftOut"] = words.leftOut(page.leftOut) }
    values["replayed"] = page.replayed.map {
      words.replayed(read: $0.read, mended: $0.mended, rejected: $0.rejected)
    }
    return Templates.page("source", values, title: page.name, context: context)
  }

  /// An event as the stream sends it to the page's script: JSON with the texts of a row by part.
  package static func liveEvent(_ event: SourcePage.Event, _ context: PageContext) -> String {
    let row = liveRow(event, context)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let json = try? encoder.encode(row) else {
      preconditionFailure("texts can always be written as JSON")
    }
    return String(decoding: json, as: UTF8.self)
  }

  private static func liveRow(
    _ event: SourcePage.Event, _ context: PageContext
  ) -> [String: String] {
    let format = context.format
    return [
      "key": event.key, "time": "\(format.date(event.time)) \(event.time.dropFirst(11))",
      "event": EventName(event.event).title(context.language),
      "channel": Channel(event.channel).title(context.language), "customer": event.customer,
      "href": context.customerLink(event.customer), "content": event.content,
      "value": event.value.map { format.money($0, event.currency ?? Currency.eur.code) } ?? "",
    ]
  }

  /// Nil gives the empty row that the script fills.
  private static func liveValues(
    _ event: SourcePage.Event?, _ context: PageContext
  ) -> Templates.Values {
    let empty = SourcePage.Event(key: "", time: "", event: "", channel: "", customer: "")
    return liveRow(event ?? empty, context)
  }

  private static func list(
    _ kept: SourcePage.Kept, _ kind: String, _ parameter: String, _ path: String,
    _ context: PageContext
  ) -> Templates.Values {
    let (words, format) = (context.words, context.format)
    var values: Templates.Values = [
      "kind": kind, "heading": words[kind == "bot" ? "botEvents" : "rejectedEvents"],
      "text": words[kind == "bot" ? "botText" : "rejectedText"],
      "none": words[kind == "bot" ? "noBots" : "noRejected"],
      "replayText": words[kind == "bot" ? "replayBotsText" : "replayText"],
      "count": format.count(kept.total), "hasAny": !kept.rows.isEmpty,
      "canReplay": kept.total > 0, "replay": context.link("\(path)/replay"),
      "rows": kept.rows.map { row -> Templates.Values in
        let reason = words.reason(row.reason)
        return [
          "time": "\(format.date(row.time)) \(row.time.dropFirst(11))", "dialect": row.dialect,
          "reason": reason.text, "reasonLanguage": reason.language.rawValue,
          "isReplayed": row.isReplayed, "request": row.request,
        ]
      },
    ]
    values["older"] = kept.older.map { context.link(path, with: [(parameter, String($0))]) }
    return values
  }

  /// What a mapping looks like; `docs/collect.md` has all of its form.
  private static let mappingExample = """
    events: {Bon: Order Completed, kassa_open: Till Opened}
    ignore: [heartbeat]
    customer: properties.member_id
    value: properties.total
    currency: properties.currency
    channel: Shop
    """

  /// A few lines for the commonest clients, with this source's own key and address.
  private static func snippets(_ page: SourcePage, _ words: Wording) -> [Templates.Values] {
    let curl = """
      curl \(page.address)/v1/track -u '\(page.key):' -H 'content-type: application/json' \\
        -d '{"userId":"1184","event":"Order Completed","properties":{"revenue":49.95}}'
      """
    let python = """
      import segment.analytics as analytics  # pip install segment-analytics-python
      analytics.write_key = "\(page.key)"
      analytics.host = "\(page.address)"
      analytics.track("1184", "Order Completed", {"revenue": 49.95, "currency": "EUR"})
      analytics.flush()
      """
    let tracker = """
      <script async src="\(page.address)/klantreis.js" data-key="\(page.key)"></script>
      """
    return [
      ["title": words["snippetTracker"], "code": tracker],
      ["title": words["snippetPython"], "code": python],
      ["title": words["snippetCurl"], "code": curl],
    ]
  }
}
