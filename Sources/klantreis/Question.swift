import CustomerJourney
import Foundation
import Insights
import JourneyEngine

/// A question over the journeys, as the command line, the API and the pages all ask it: a name and
/// parameters, each with one or more values.
struct Question: Sendable {
  let kind: QuestionKind
  private let values: [String: [String]]

  /// Throws ``ParameterError`` for a parameter that the question does not have, is given twice
  /// without being a list, or is missing.
  init(_ kind: QuestionKind, _ values: [String: [String]]) throws(ParameterError) {
    self.kind = kind
    var kept: [String: [String]] = [:]
    for (name, given) in values {
      let given = given.filter { !$0.trimmed.isEmpty }
      guard let parameter = kind.allParameters.first(where: { $0.name == name }) else {
        let known = kind.allParameters.map(\.name)
        let nearest = Spelling.nearest(name, among: known).map { " Did you mean \($0)?" } ?? ""
        throw ParameterError(
          name: name, value: nil,
          problem: "The question \(kind.name) has no such parameter.\(nearest) It knows "
            + "\(known.joined(separator: ", ")).")
      }
      guard given.count <= 1 || parameter.isList else {
        throw ParameterError(
          name: name, value: nil,
          problem: "It is given \(given.count) times and must be given once.")
      }
      if !given.isEmpty { kept[name] = given }
    }
    for parameter in kind.allParameters where parameter.isRequired && kept[parameter.name] == nil {
      throw ParameterError(
        name: parameter.name, value: nil,
        problem: "It is missing. Give it as, for example, \(parameter.example).")
    }
    self.values = kept
  }

  subscript(name: String) -> String? { values[name]?.first }
  func list(_ name: String) -> [String] { values[name] ?? [] }

  /// A whole number.
  func count(_ name: String, from least: Int = 1) throws(ParameterError) -> Int? {
    guard let text = self[name] else { return nil }
    guard let number = Int(text), number >= least else {
      throw ParameterError(
        name: name, value: text, problem: "Give a whole number from \(least) on.")
    }
    return number
  }

  func answer(from snapshot: Snapshot) throws -> Answer {
    var answer = try kind.answer(self, snapshot)
    answer.isSimulated = snapshot.isSimulated
    return answer
  }
}

/// A parameter of a question, as help, checks and the API's description need it.
struct QuestionParameter: Sendable {
  let name: String
  let summary: String
  let example: String
  var isRequired = false
  /// May be given more than once.
  var isList = false
  /// A whole number.
  var isCount = false
  /// The values that are allowed, where they are few.
  var choices: [String] = []

  /// What every question takes.
  static let common: [QuestionParameter] = [
    QuestionParameter(
      name: "model", summary: "Journey model: stdc, five-a, ten-phases or an own one.",
      example: "stdc"),
    QuestionParameter(
      name: "where", summary: "Keep the touchpoints at whose moment this rule is true.",
      example: "channel is email"),
    QuestionParameter(
      name: "who",
      summary: "Keep the customers of whom this rule is true at the end of the period.",
      example: "count(event is \"Order Completed\") >= 2"),
    QuestionParameter(
      name: "from", summary: "First day or moment of the period.", example: "2017-01-01"),
    QuestionParameter(
      name: "to", summary: "Last day (included) or the moment at which the period ends.",
      example: "2017-12-31"),
  ]
}

/// What came out: a value for programs and tables, and its picture.
struct Answer: Sendable {
  let report: any Report
  /// A standalone SVG.
  let picture: @Sendable () -> String
  /// True when it is about people who do not exist; every form of it says so.
  var isSimulated = false

  init(_ report: some Report, picture: @escaping @Sendable () -> String) {
    self.report = report
    self.picture = picture
  }

  init(_ report: some DrawnReport) {
    self.init(report) { report.svg() }
  }
}

/// The forms in which an answer can be had.
enum AnswerFormat: String, CaseIterable, Sendable {
  case text, json, csv, svg

  var contentType: String {
    switch self {
    case .text: "text/plain; charset=utf-8"
    case .json: "application/json; charset=utf-8"
    case .csv: "text/csv; charset=utf-8"
    case .svg: "image/svg+xml"
    }
  }
}

extension Answer {
  func data(as format: AnswerFormat) throws -> Data {
    switch format {
    case .text:
      Data((isSimulated ? "Simulated: the people do not exist.\n\n" : "").utf8)
        + Data(report.text().utf8)
    // Rows with a remark among them are no rows any more: the name of the file says it.
    case .csv: Data(report.csv().utf8)
    case .json: isSimulated ? try Self.marked(json: report.json()) : try report.json()
    case .svg: Data((isSimulated ? Self.marked(svg: picture()) : picture()).utf8)
    }
  }

  /// Every report is an object.
  private static func marked(json: Data) -> Data {
    Data(#"{"simulated":true,"#.utf8) + json.dropFirst()
  }

  private static func marked(svg: String) -> String {
    guard let end = svg.range(of: "</svg>", options: .backwards) else { return svg }
    return svg[..<end.lowerBound]
      + ##"<text x="99%" y="14" text-anchor="end" font-size="12" fill="#9a4a06">Simulated</text>"##
      + svg[end.lowerBound...]
  }
}

/// A kind of question. Adding one is adding a row to ``all``.
struct QuestionKind: Sendable {
  let name: String
  let summary: String
  /// Besides the common ones.
  let parameters: [QuestionParameter]
  let answer: @Sendable (Question, Snapshot) throws -> Answer

  var allParameters: [QuestionParameter] { parameters + QuestionParameter.common }

  static func named(_ name: String) -> QuestionKind? { all.first { $0.name == name } }

  static let all: [QuestionKind] = [
    map, phase, transitions, paths, funnel, related, journey, segment, accounts,
  ]
}
