import Access
import ArgumentParser
import CustomerJourney
import Foundation
import Hummingbird
import Insights

/// `/api/v1`: every question as a GET, with the parameters and the JSON of the command line.
struct API: Sendable {
  let workspace: Workspace

  func addRoutes(to routes: GuardedRoutes) {
    let group = routes.group("api/v1")
    for kind in QuestionKind.all {
      group.get(kind.name, needs: kind.permission) { request, context in
        // What single persons did leaves the house as a file.
        if kind.permission == .persons, request.query["format"] == AnswerFormat.csv.rawValue {
          try await workspace.note(.exported, kind.name, by: context)
        }
        return try await reply(kind, to: request)
      }
    }
    group.get("changes", needs: .persons) { request, _ in try await changes(request) }
    IdentityDesk(workspace: workspace).addAPIRoutes(to: group)
    ProfileDesk(workspace: workspace).addAPIRoutes(to: group)
    CompanyDesk(workspace: workspace).addAPIRoutes(to: group)
    PrivacyDesk(workspace: workspace).addAPIRoutes(to: group)
    PlayDesk(workspace: workspace).addAPIRoutes(to: group)
    group.get("openapi.json", needs: .insights) { _, _ in
      Response.data(
        try OpenAPI.document(version: Klantreis.configuration.version), type: "application/json")
    }
    group.get("**", needs: nil) { request, _ in
      throw NotFound(
        what: "There is no \(request.uri.path).",
        advice: "The questions are \(QuestionKind.all.map(\.name).joined(separator: ", "))."
          + " /api/v1/openapi.json describes them.")
    }
  }

  private func reply(_ kind: QuestionKind, to request: Request) async throws -> Response {
    var values = request.query.values
    let wanted = values.removeValue(forKey: "format")?.last ?? "json"
    guard let format = AnswerFormat(rawValue: wanted) else {
      throw ParameterError(
        name: "format", value: wanted,
        problem: "Choose from \(AnswerFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    let question = try Question(kind, values)
    let (bytes, isSimulated) = try await workspace.asking { snapshot in
      let answer = try question.answer(from: snapshot)
      return (try answer.data(as: format), answer.isSimulated)
    }
    var response = Response.data(
      bytes, type: format.contentType,
      download: format == .csv ? "\(isSimulated ? "simulated-" : "")\(kind.name).csv" : nil)
    // A picture that stands alone carries its own style, and nothing else.
    if format == .svg {
      response.headers[.contentSecurityPolicy] = "default-src 'none'; style-src 'unsafe-inline'"
    }
    return response
  }

  /// Who entered or left phases and segments: `?after=ID&limit=N`, oldest first.
  private func changes(_ request: Request) async throws -> Response {
    let parameters = request.uri.queryParameters
    let after = parameters["after"].map { Int64($0) } ?? 0
    let limit = parameters["limit"].map { Int($0) } ?? Limits.changesPerPage
    let subject = parameters["subject"].map { StandingSubject($0) }
    guard let after, let limit, (1...Limits.changesPerPage).contains(limit),
      parameters["subject"] == nil || subject.flatMap({ $0 }) != nil
    else {
      throw APIProblem(
        status: .badRequest, code: "bad_parameter",
        message: "The changes cannot be asked for like that.",
        detail: "after is the number of the last change that you have, limit is from 1 to "
          + "\(Limits.changesPerPage), subject is model:ID or segment:NAME.")
    }
    let changes = try await workspace.working {
      try workspace.noticed(after: after, limit: limit, of: subject.flatMap { $0 })
    }
    return try .json(ChangesAnswer(changes: changes, last: changes.last?.id ?? after))
  }

  private struct ChangesAnswer: Encodable {
    var changes: [NoticedChange]
    /// What to give as `after` next.
    var last: Int64
  }
}

/// Something that a question names is not there.
struct NotFound: Error, Equatable, CustomStringConvertible {
  var what: String
  var advice: String

  var description: String { "\(what) \(advice)" }
}

extension QuestionKind {
  /// What somebody must be allowed to ask it.
  var permission: Permission {
    [QuestionKind.journey.name, QuestionKind.accounts.name].contains(name) ? .persons : .insights
  }
}
