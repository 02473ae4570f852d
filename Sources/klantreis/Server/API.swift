import ArgumentParser
import CustomerJourney
import Foundation
import Hummingbird
import Insights

/// `/api/v1`: every question as a GET, with the parameters and the JSON of the command line.
struct API: Sendable {
  let workspace: Workspace

  func addRoutes<Context: RequestContext>(to router: Router<Context>) {
    let group = router.group("api/v1")
    for kind in QuestionKind.all {
      group.get(RouterPath(kind.name)) { request, _ in await reply(kind, to: request) }
    }
    group.get("openapi.json") { _, _ in
      Response.data(
        try OpenAPI.document(version: Klantreis.configuration.version), type: "application/json")
    }
    group.get("**") { request, _ in
      Self.error(
        .notFound, code: "not_found", message: "There is no \(request.uri.path).",
        detail: "The questions are \(QuestionKind.all.map(\.name).joined(separator: ", "))."
          + " /api/v1/openapi.json describes them.")
    }
  }

  private func reply(_ kind: QuestionKind, to request: Request) async -> Response {
    var values = request.query.values
    do {
      let wanted = values.removeValue(forKey: "format")?.last ?? "json"
      guard let format = AnswerFormat(rawValue: wanted) else {
        throw ParameterError(
          name: "format", value: wanted,
          problem:
            "Choose from \(AnswerFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
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
    } catch let error as ParameterError {
      return Self.error(
        .badRequest, code: "bad_parameter", message: "The parameter \(error.name) cannot be used.",
        detail: String(describing: error))
    } catch let error as InsightError {
      return Self.error(
        .badRequest, code: "bad_question", message: "This question cannot be asked.",
        detail: String(describing: error))
    } catch let error as NotFound {
      return Self.error(
        .notFound, code: "not_found", message: error.what, detail: error.advice)
    } catch {
      return Self.error(
        .internalServerError, code: "failed", message: "The question could not be answered.",
        detail: String(describing: error))
    }
  }

  static func error(
    _ status: HTTPResponse.Status, code: String, message: String, detail: String
  ) -> Response {
    let body: JSONValue = [
      "code": .text(code), "message": .text(message), "detail": .text(detail),
    ]
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return .data(
      (try? encoder.encode(body)) ?? Data(), type: "application/json; charset=utf-8",
      status: status)
  }
}

/// Something that a question names is not there.
struct NotFound: Error, Equatable, CustomStringConvertible {
  var what: String
  var advice: String

  var description: String { "\(what) \(advice)" }
}
