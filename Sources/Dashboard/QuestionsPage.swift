import CustomerJourney
import Insights
import JourneyEngine

/// A question to journeys and its answer: a form, and a chart with its table.
package enum QuestionsPage: Sendable {
  case funnel(FunnelQuestion, FunnelAnswer?)
  case paths(PathsQuestion, PathsAnswer?)
  case transitions(TransitionsQuestion, TransitionsAnswer?)

  package struct FunnelQuestion: Sendable {
    /// Event names in order.
    package var steps: [String]
    /// As the rule language writes durations: `10d`.
    package var within: String
    /// Names to choose from.
    package var events: [String]

    package init(steps: [String], within: String, events: [String]) {
      self.steps = steps
      self.within = within
      self.events = events
    }
  }

  package struct FunnelAnswer: Sendable {
    /// Customers who came at least so far, a number a step.
    package var steps: [(name: String, customers: Int)]

    package init(steps: [(name: String, customers: Int)]) { self.steps = steps }
  }

  package struct PathsQuestion: Sendable {
    /// The dimension: `channel`.
    package var by: String
    package var until: String
    package var events: [String]
    package var dimensions: [String]

    package init(by: String, until: String, events: [String], dimensions: [String]) {
      self.by = by
      self.until = until
      self.events = events
      self.dimensions = dimensions
    }
  }

  package struct PathsAnswer: Sendable {
    package var rows: [Row]
    /// Of the values; nil when there are none.
    package var currency: String?

    package struct Row: Sendable {
      package var path: [String]
      package var customers: Int
      package var conversions: Int
      package var value: Double

      package init(path: [String], customers: Int, conversions: Int, value: Double) {
        self.path = path
        self.customers = customers
        self.conversions = conversions
        self.value = value
      }
    }

    package init(rows: [Row], currency: String? = nil) {
      self.rows = rows
      self.currency = currency
    }
  }

  package struct TransitionsQuestion: Sendable {
    package var by: String
    package var dimensions: [String]

    package init(by: String, dimensions: [String]) {
      self.by = by
      self.dimensions = dimensions
    }
  }

  package struct TransitionsAnswer: Sendable {
    package var rows: [Row]

    package struct Row: Sendable {
      package var from: String
      package var to: String
      package var count: Int

      package init(from: String, to: String, count: Int) {
        self.from = from
        self.to = to
        self.count = count
      }
    }

    package init(rows: [Row]) { self.rows = rows }
  }
}

extension Pages {
  /// Rows and columns of the transitions' matrix; the rest is under the data link.
  private static let matrixSize = 12
  /// Steps of a path that are shown; longer ones show how many were left out.
  private static let pathSteps = 12

  package static func questionsPage(_ page: QuestionsPage, _ context: PageContext) -> String {
    let words = context.words
    var values: Templates.Values = [
      "filter": context.filter, "foreign": context.foreignNote,
      "kept": context.query.items().map { ["name": $0.name, "value": $0.value] },
      "tabs": ["funnel", "paths", "transitions"].map { name -> Templates.Values in
        let path = "/questions/\(name)"
        return [
          "href": context.link(path), "name": words[name], "here": context.path == path,
        ]
      },
      "action": context.path,
    ]
    let template: String
    switch page {
    case .funnel(let question, let answer):
      template = "funnel"
      values.merge(funnel(question, answer, context)) { $1 }
    case .paths(let question, let answer):
      template = "paths"
      values.merge(paths(question, answer, context)) { $1 }
    case .transitions(let question, let answer):
      template = "transitions"
      values.merge(transitions(question, answer, context)) { $1 }
    }
    return Templates.page(template, values, title: words[template], context: context)
  }

  private static func funnel(
    _ question: QuestionsPage.FunnelQuestion, _ answer: QuestionsPage.FunnelAnswer?,
    _ context: PageContext
  ) -> Templates.Values {
    let (words, format) = (context.words, context.format)
    let fields = max(3, min(Limits.funnelSteps, question.steps.count + 1))
    var values: Templates.Values = [
      "steps": (0..<fields).map { index -> Templates.Values in
        [
          "number": String(index + 1), "label": words.step(index + 1),
          "value": index < question.steps.count ? question.steps[index] : "",
        ]
      },
      "within": question.within,
      "events": question.events.map { ["event": $0] },
      "data": context.dataLinks(
        "funnel", with: question.steps.map { ("step", $0) } + [("within", question.within)]),
      "hasAnswer": answer != nil,
    ]
    values["stepProblem"] = context.problem(at: "step")
    values["withinProblem"] = context.problem(at: "within")
    guard let answer, let first = answer.steps.first else { return values }
    var worst: (index: Int, lost: Int)?
    for index in answer.steps.indices.dropFirst() {
      let lost = answer.steps[index - 1].customers - answer.steps[index].customers
      if lost > worst?.lost ?? 0 { worst = (index, lost) }
    }
    values["rows"] = answer.steps.enumerated().map { index, step -> Templates.Values in
      let before = index == 0 ? step.customers : answer.steps[index - 1].customers
      let ofFirst = Double(step.customers) / Double(max(1, first.customers))
      return [
        "name": EventName(step.name).title(context.language), "number": String(index + 1),
        "customers": format.count(step.customers),
        "ofFirst": format.share(ofFirst),
        "ofBefore": index == 0
          ? "–" : format.share(Double(step.customers) / Double(max(1, before))),
        "lost": index == 0 ? "–" : format.count(before - step.customers),
        "width": coordinate(100 * ofFirst),
        "isWorst": index == worst?.index,
      ]
    }
    values["summary"] = words.funnel(
      customers: format.count(first.customers),
      share: format.outOfHundred(
        Double(answer.steps.last?.customers ?? 0) / Double(max(1, first.customers))),
      worst: worst.map {
        (
          EventName(answer.steps[$0.index].name).title(context.language), format.count($0.lost)
        )
      })
    return values
  }

  private static func paths(
    _ question: QuestionsPage.PathsQuestion, _ answer: QuestionsPage.PathsAnswer?,
    _ context: PageContext
  ) -> Templates.Values {
    let format = context.format
    var values: Templates.Values = [
      "dimensions": dimensions(question.dimensions, chosen: question.by, context),
      "until": question.until, "events": question.events.map { ["event": $0] },
      "data": context.dataLinks(
        "paths", with: [("by", question.by), ("until", question.until)]),
      "hasAnswer": answer != nil,
    ]
    values["untilProblem"] = context.problem(at: "until")
    guard let answer else { return values }
    let palette = Palette(channels: question.by == "channel" ? names(answer.rows.map(\.path)) : [])
    let largest = answer.rows.map(\.customers).max() ?? 0
    let hasValue = answer.currency != nil
    values["isEmpty"] = answer.rows.isEmpty
    values["hasConversions"] = !question.until.isEmpty
    values["hasValue"] = hasValue
    values["rows"] = answer.rows.map { row -> Templates.Values in
      [
        "steps": row.path.prefix(pathSteps).map { name -> Templates.Values in
          [
            "name": title(name, by: question.by, context),
            "hue": question.by == "channel" ? palette.hueClass(name) : "hue-brand",
          ]
        },
        "more": row.path.count > pathSteps ? "+\(row.path.count - pathSteps)" as Any : false,
        "customers": format.count(row.customers),
        "width": coordinate(100 * Double(row.customers) / Double(max(1, largest))),
        "conversions": format.count(row.conversions),
        "value": format.money(row.value, answer.currency ?? Currency.eur.code),
      ]
    }
    return values
  }

  private static func transitions(
    _ question: QuestionsPage.TransitionsQuestion, _ answer: QuestionsPage.TransitionsAnswer?,
    _ context: PageContext
  ) -> Templates.Values {
    let format = context.format
    var values: Templates.Values = [
      "dimensions": dimensions(question.dimensions, chosen: question.by, context),
      "data": context.dataLinks("transitions", with: [("by", question.by)]),
      "hasAnswer": answer != nil,
    ]
    guard let answer else { return values }
    var outgoing: [String: Int] = [:]
    var incoming: [String: Int] = [:]
    var count: [[String]: Int] = [:]
    for row in answer.rows {
      outgoing[row.from, default: 0] += row.count
      incoming[row.to, default: 0] += row.count
      count[[row.from, row.to], default: 0] += row.count
    }
    /// The largest, with the start first and the end last.
    func largest(_ sums: [String: Int]) -> [String] {
      let top = sums.sorted { $0.value == $1.value ? $0.key < $1.key : $0.value > $1.value }
        .prefix(matrixSize).map(\.key)
      let ends = [Edge.start, Edge.end]
      return top.filter { $0 == ends[0] } + top.filter { !ends.contains($0) }
        + top.filter { $0 == ends[1] }
    }
    let (from, to) = (largest(outgoing), largest(incoming))
    values["isEmpty"] = answer.rows.isEmpty
    values["heads"] = to.map { ["name": title($0, by: question.by, context)] }
    values["rows"] = from.map { from -> Templates.Values in
      let total = max(1, outgoing[from] ?? 0)
      return [
        "name": title(from, by: question.by, context),
        "total": format.count(total),
        "cells": to.map { to -> Templates.Values in
          let amount = count[[from, to]] ?? 0
          let share = Double(amount) / Double(total)
          return [
            "count": amount == 0 ? "" : format.count(amount),
            "share": amount == 0 ? "–" : format.share(share),
            "heat": "heat-\(amount == 0 ? 0 : min(5, 1 + Int(share * 8)))",
          ]
        },
      ]
    }
    values["isCut"] = outgoing.count > matrixSize || incoming.count > matrixSize
    return values
  }

  private static func dimensions(
    _ all: [String], chosen: String, _ context: PageContext
  ) -> [Templates.Values] {
    all.map { ["id": $0, "name": context.words[$0], "chosen": $0 == chosen] }
  }

  private static func names(_ paths: [[String]]) -> [String] { Set(paths.joined()).sorted() }

  /// A name of a dimension in the reader's language.
  private static func title(_ name: String, by dimension: String, _ context: PageContext) -> String
  {
    let language = context.language
    switch (name, dimension) {
    case (Edge.start, _): return context.words["start"]
    case (Edge.end, _): return context.words["end"]
    case (Names.noneName, _): return context.words["unknown"]
    case (Names.othersName, _): return context.words["others"]
    case (_, "channel"): return Channel(name).title(language)
    case (_, "event"): return EventName(name).title(language)
    case (_, "origin"): return Origin(name).title(language)
    case (_, "device"): return Device(name).title(language)
    default: return name
    }
  }
}
