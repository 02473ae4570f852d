import Access
import CustomerJourney
package import Insights

/// The list of segments, with the form to try a rule and keep it.
package struct SegmentsPage: Sendable {
  package var rows: [Row]
  /// What was typed; problems are in the context at `name` and `who`.
  package var name: String
  package var rule: String
  /// The size of the typed rule, where it was counted.
  package var size: SegmentSize?

  package struct Row: Sendable {
    package var name: String
    package var rule: String
    /// Nil when the rule cannot be used now.
    package var size: SegmentSize?
    /// Why not.
    package var problem: String?

    package init(name: String, rule: String, size: SegmentSize? = nil, problem: String? = nil) {
      self.name = name
      self.rule = rule
      self.size = size
      self.problem = problem
    }
  }

  package init(rows: [Row], name: String = "", rule: String = "", size: SegmentSize? = nil) {
    self.rows = rows
    self.name = name
    self.rule = rule
    self.size = size
  }
}

/// One segment: its size over time, and who came and went.
package struct SegmentPage: Sendable {
  package var row: SegmentsPage.Row
  /// Newest first.
  package var moves: [Move]

  package struct Move: Sendable {
    /// Nil when the customer is gone.
    package var customer: String?
    package var isIn: Bool
    /// `2017-01-01 12:53:26` in the project's zone.
    package var time: String

    package init(customer: String?, isIn: Bool, time: String) {
      self.customer = customer
      self.isIn = isIn
      self.time = time
    }
  }

  package init(row: SegmentsPage.Row, moves: [Move]) {
    self.row = row
    self.moves = moves
  }
}

extension Pages {
  package static func segmentPath(_ name: String) -> String {
    "/segments/\(Query.encode(name))"
  }

  /// The form posts `name` and `who` to `/segments`, with `do=count` to count only.
  package static func segmentsPage(_ page: SegmentsPage, _ context: PageContext) -> String {
    let words = context.words
    var values: Templates.Values = [
      "isEmpty": page.rows.isEmpty, "action": context.link("/segments"), "name": page.name,
      "mayEdit": context.may(.edit),
      "rule": page.rule, "count": "/api/v1/segment", "sizeWords": words["sizeWords"],
      "rows": page.rows.map { row -> Templates.Values in
        [
          "name": row.name, "href": context.link(segmentPath(row.name)), "rule": row.rule,
          "problem": row.problem ?? false,
          "customers": row.size.map { context.format.count($0.members) } ?? "–",
          "share": row.size?.share.map(context.format.share) ?? "–",
          "spark": row.size.map { spark($0) } ?? "",
        ]
      },
    ]
    values["size"] = page.size.map {
      words.segmentSize($0.members, of: $0.customers, format: context.format)
    }
    values["nameProblem"] = context.problem(at: "name")
    values["ruleProblem"] = context.problem(at: "who")
    return Templates.page("segments", values, title: words["segments"], context: context)
  }

  package static func segmentPage(_ page: SegmentPage, _ context: PageContext) -> String {
    let (words, format) = (context.words, context.format)
    let row = page.row
    let filter = "segment(\"\(row.name)\")"
    var values: Templates.Values = [
      "segments": context.link("/segments"), "name": row.name, "rule": row.rule,
      "problem": row.problem ?? false,
      "remove": context.link("\(segmentPath(row.name))/remove"),
      "map": context.link("/", with: [("who", filter)]),
      "people": context.may(.persons)
        ? context.link("/customers", with: [("who", filter)]) : false,
      "mayEdit": context.may(.edit),
      "data": context.dataLinks("segment", with: [("who", filter)]),
      "hasMoves": !page.moves.isEmpty,
      "moves": page.moves.map { move -> Templates.Values in
        [
          "customer": context.may(.persons)
            ? move.customer ?? words["aCustomerGone"] : words["personHidden"],
          "href": context.may(.persons) ? move.customer.map(context.customerLink) ?? false : false,
          "what": words[move.isIn ? "entered" : "leftIt"], "isIn": move.isIn,
          "time": "\(format.date(move.time)) \(move.time.dropFirst(11))",
        ]
      },
    ]
    if let size = row.size {
      values["size"] = words.segmentSize(size.members, of: size.customers, format: format)
      let rows = size.history.map { moment in
        Bars.Row(
          name: format.date(moment.at.iso8601), amount: moment.members,
          note: moment.customers > 0
            ? format.share(Double(moment.members) / Double(moment.customers)) : nil)
      }
      values["history"] = ["rows": Bars.list(rows, context)] as Templates.Values
    }
    return Templates.page("segment", values, title: row.name, context: context)
  }

  /// A line of members over time, its floor at 0. The number stands beside it.
  private static func spark(_ size: SegmentSize) -> String {
    guard size.history.count > 1 else { return "" }
    let most = Double(max(1, size.history.map(\.members).max() ?? 1))
    let step = 100 / Double(size.history.count - 1)
    let points = size.history.enumerated().map { at, moment in
      "\(coordinate(Double(at) * step)),\(coordinate(26 - 24 * Double(moment.members) / most))"
    }
    var svg = Markup()
    svg.begin(
      "svg",
      [
        "class": "sparkline hue-brand", "viewBox": "0 0 100 28", "preserveAspectRatio": "none",
        "aria-hidden": "true",
      ])
    svg.empty(
      "polyline", ["points": points.joined(separator: " "), "vector-effect": "non-scaling-stroke"])
    svg.end()
    return svg.text
  }
}
