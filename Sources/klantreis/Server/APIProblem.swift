import CustomerJourney
import Foundation
import Hummingbird
import Insights
import NIOCore
import Store

/// What a program is told when a request of `/api/v1` is not done: a status, a code that stays the same,
/// and sentences for people.
struct APIProblem: Error, Equatable {
  var status: HTTPResponse.Status
  var code: String
  var message: String
  var detail: String
}

/// An error that says itself how programs are told of it.
protocol ToldToPrograms: Error {
  var told: APIProblem { get }
}

extension APIProblem {
  /// Nil of an error that is nobody's request's fault.
  init?(_ error: any Error) {
    switch error {
    case let problem as APIProblem: self = problem
    case let error as any ToldToPrograms: self = error.told
    case is NIOTooManyBytesError:
      self.init(
        status: .contentTooLarge, code: "too_large", message: "The body is too large.",
        detail: "It has more than \(Limits.requestBytes) bytes.")
    case let error as HTTPError:
      self.init(
        status: error.status, code: error.status == .notFound ? "not_found" : "bad_request",
        message: error.status.reasonPhrase + ".",
        detail: error.body ?? "/api/v1/openapi.json describes what can be asked.")
    default: return nil
    }
  }

  /// Something goes wrong here; what, the log knows.
  static let failed = APIProblem(
    status: .internalServerError, code: "failed", message: "The request could not be answered.",
    detail: "Try again; when it stays so, look at the terminal where the server runs.")

  /// Nothing was changed, for there is no such thing or nothing to do.
  static func unchanged(isMissing: Bool, because detail: String) -> APIProblem {
    APIProblem(
      status: isMissing ? .notFound : .conflict, code: isMissing ? "not_found" : "nothing_to_do",
      message: "Nothing was changed.", detail: detail)
  }

  var response: Response {
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

extension Request {
  /// The body as JSON; `example` is what it could be.
  func json<Body: Decodable>(_ body: Body.Type, like example: String) async throws -> Body {
    let bytes = try await self.body.collect(upTo: Limits.requestBytes).readableBytesView
    guard let read = try? JSONDecoder().decode(Body.self, from: Data(bytes)) else {
      throw APIProblem(
        status: .badRequest, code: "bad_body", message: "The body cannot be read.",
        detail: "Send JSON as \(example).")
    }
    return read
  }
}

extension NotFound: ToldToPrograms {
  var told: APIProblem {
    APIProblem(status: .notFound, code: "not_found", message: what, detail: advice)
  }
}

extension ParameterError: ToldToPrograms {
  var told: APIProblem {
    APIProblem(
      status: .badRequest, code: "bad_parameter",
      message: "The parameter \(name) cannot be used.", detail: description)
  }
}

extension InsightError: ToldToPrograms {
  var told: APIProblem {
    APIProblem(
      status: .badRequest, code: "bad_question", message: "This question cannot be asked.",
      detail: description)
  }
}

extension IdentityProblem: ToldToPrograms {
  var told: APIProblem { .unchanged(isMissing: self == .unknown, because: description) }
}

extension TraitProblem: ToldToPrograms {
  var told: APIProblem { .unchanged(isMissing: self == .unknownCustomer, because: description) }
}

extension AccountProblem: ToldToPrograms {
  var told: APIProblem {
    .unchanged(isMissing: [.unknownAccount, .unknownCustomer].contains(self), because: description)
  }
}

extension PrivacyProblem: ToldToPrograms {
  var told: APIProblem {
    self == .unknown
      ? .unchanged(isMissing: true, because: description)
      : APIProblem(
        status: .badRequest, code: "bad_request", message: "Nothing was changed.",
        detail: description)
  }
}

extension PlayProblem: ToldToPrograms {
  var told: APIProblem {
    switch self {
    case .unknown:
      APIProblem(
        status: .notFound, code: "not_found", message: "There is no such play.",
        detail: description)
    case .needsYes(let reach):
      APIProblem(
        status: .conflict, code: "needs_yes", message: "Nothing was switched on.",
        detail: "In the last \(reach.days) days \(reach.entered) of \(reach.customers) customers "
          + "would have come in, and \(reach.messages) messages would have gone out. Send "
          + #"{"sure": true} to switch it on."#)
    default:
      APIProblem(
        status: .conflict, code: "cannot_run", message: "The play cannot be used so.",
        detail: description)
    }
  }
}
