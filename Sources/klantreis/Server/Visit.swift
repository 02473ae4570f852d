import CustomerJourney
import Dashboard
import Foundation
import HTTPTypes
import Hummingbird
import Insights
import JourneyEngine

/// One request for a page: what its address and its headers say.
struct Visit: Sendable {
  let path: String
  let language: Language
  private let parameters: [String: [String]]
  private let choseLanguage: Bool
  /// Who asks; nil on the pages before the login.
  private let visitor: Visitor?
  private var problems: [FieldProblem] = []

  /// What the form on top of a page sends.
  private static let filter = ["model", "from", "to", "who", "where"]

  init(_ request: Request, _ context: ServerContext) {
    self.init(request, context.visitor)
  }

  init(_ request: Request, _ visitor: Visitor? = nil) {
    self.visitor = visitor
    path = request.uri.path
    parameters = request.query.values.compactMapValues { values in
      let given = values.filter { !$0.isEmpty }
      return given.isEmpty ? nil : given
    }
    let chosen = parameters["lang"]?.last.flatMap(Language.init(rawValue:))
    choseLanguage = chosen != nil
    language = chosen ?? Self.language(in: request.headers)
  }

  private static func language(in headers: HTTPFields) -> Language {
    let cookies = (headers[.cookie] ?? "").split(separator: ";").map(\.trimmed)
    for cookie in cookies where cookie.hasPrefix("lang=") {
      if let language = Language(rawValue: String(cookie.dropFirst(5))) { return language }
    }
    // The browser lists languages in order of liking; the first that we speak is it.
    for entry in (headers[.acceptLanguage] ?? "").lowercased().split(separator: ",") {
      if let language = Language(rawValue: String(entry.trimmed.prefix(2))) { return language }
    }
    return .english
  }

  func value(_ name: String) -> String? { parameters[name]?.last }
  func values(_ name: String) -> [String] { parameters[name] ?? [] }

  /// A value in which nothing was found wrong.
  func good(_ name: String) -> String? { hasProblem(at: name) ? nil : value(name) }

  var pageNumber: Int { value("page").flatMap(Int.init).map { min(max(1, $0), 1_000_000) } ?? 1 }

  var isGood: Bool { problems.isEmpty }
  func hasProblem(at field: String) -> Bool { problems.contains { $0.field == field } }

  /// Leaves a bad parameter out of the question from now on. It stays in its form, with what is
  /// wrong beside it.
  mutating func note(_ error: ParameterError, typed text: String? = nil) {
    problems.append(
      FieldProblem(
        field: error.name, message: error.problem, text: text ?? value(error.name) ?? "",
        characters: error.characters))
  }

  /// Asks a question with this visit's filter. The answer is of the type that `type` names.
  func ask<Value: Report>(
    _ kind: QuestionKind, _ snapshot: Snapshot, _ own: [String: [String]] = [:],
    narrowedBy rule: String? = nil, _ type: () -> Value.Type
  ) throws -> (Value, PageContext) {
    let answer = try question(kind, own, narrowedBy: rule).answer(from: snapshot)
    guard let value = answer.report as? Value else {
      preconditionFailure("the question \(kind.name) answers with \(Value.self)")
    }
    return (value, context(snapshot))
  }

  /// A question with this visit's filter, but for what was found wrong in it.
  func question(
    _ kind: QuestionKind, _ own: [String: [String]] = [:], narrowedBy rule: String? = nil
  ) throws(ParameterError) -> Question {
    var values = own
    for name in Self.filter { values[name] = value(name).map { [$0] } }
    for problem in problems { values[problem.field] = nil }
    if let rule {
      values["where"] = [(values["where"]?.last).map { "(\($0)) and \(rule)" } ?? rule]
    }
    return try Question(kind, values)
  }

  func context(_ snapshot: Snapshot) -> PageContext {
    let bounds = snapshot.bounds
    return PageContext(
      language: language, path: path,
      query: Query(
        model: value("model"), from: value("from"), to: value("to"), who: value("who"),
        keep: value("where"), allChannels: value("channels") == "all"),
      models: snapshot.models.models.map { .init(id: $0.id, name: $0.name) },
      dataFirst: bounds.map { snapshot.zone.civil($0.lowerBound) },
      dataLast: bounds.map { snapshot.zone.civil($0.upperBound) },
      problems: problems, currency: snapshot.journeys.currency,
      foreignValues: snapshot.journeys.foreignValues, isSimulated: snapshot.isSimulated,
      reader: visitor?.reader, hasAccounts: snapshot.hasAccounts)
  }

  /// For pages that show no journeys.
  var plainContext: PageContext {
    PageContext(language: language, path: path, problems: problems, reader: visitor?.reader)
  }

  func rememberLanguage(in response: inout Response) {
    guard choseLanguage else { return }
    response.headers.append(
      HTTPField(
        name: .setCookie,
        value: "lang=\(language.rawValue); Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly"))
  }
}

/// Keeps the language that an address chooses, on whichever page that was.
struct RememberLanguage<Context: RequestContext>: RouterMiddleware {
  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    Visit(request).rememberLanguage(in: &response)
    return response
  }
}
