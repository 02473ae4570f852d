import Access
import CustomerJourney
import Dashboard
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Store

/// Joining and parting customers, from a customer's page and by the API.
struct IdentityDesk: Sendable {
  let workspace: Workspace

  private enum Act: String {
    case join, part, unpart

    var deed: Activity.Action {
      switch self {
      case .join, .unpart: .customersMerged
      case .part: .customersSplit
      }
    }
  }

  func addRoutes(to routes: GuardedRoutes) {
    routes.post("customers/:id/identities", needs: .act) { request, context in
      let key = try context.pathPart("id")
      let form = try await FormFields.body(of: request)
      guard let act = form["do"].flatMap(Act.init), let one = form["key"], let other = form["other"]
      else { throw HTTPError(.badRequest, message: "The form says nothing that can be done.") }
      do {
        try await perform(act, one.trimmed, other.trimmed, by: context)
      } catch let problem as IdentityProblem {
        throw NotFound(what: "Nothing was changed.", advice: problem.description)
      }
      let customer = try await workspace.working { try workspace.identities(of: key).customer }
      return Response.seeOther(Pages.customerPath(customer) + "#who")
    }
  }

  func addAPIRoutes(to group: GuardedRoutes) {
    group.get("customers/:id/identities", needs: .persons) { _, context in
      await answering { try await answer(try context.pathPart("id")) }
    }
    for act in [Act.join, .part, .unpart] {
      group.post("customers/:id/\(act.rawValue)", needs: .act) { request, context in
        await answering {
          let key = try context.pathPart("id")
          let body = try await request.body.collect(upTo: Limits.requestBytes)
          guard let with = try? JSONDecoder().decode(With.self, from: Data(body.readableBytesView))
          else {
            throw Problem(
              status: .badRequest, code: "bad_body", message: "The body cannot be read.",
              detail: #"Send JSON as {"with": "KEY"}."#)
          }
          try await perform(act, key, with.with, by: context)
          return try await answer(key)
        }
      }
    }
  }

  private struct With: Decodable {
    var with: String
  }

  private struct Problem: Error {
    var status: HTTPResponse.Status
    var code: String
    var message: String
    var detail: String
  }

  private func perform(
    _ act: Act, _ key: String, _ other: String, by context: ServerContext
  ) async throws {
    try await workspace.working { [store = workspace.store] in
      switch act {
      case .join: try store.join(other, into: key, at: .now)
      case .part: try store.part(key, from: other, at: .now)
      case .unpart: try store.unpart(key, from: other, at: .now)
      }
    }
    let number = try await workspace.aside { try workspace.loggedNumber(ofCustomer: key) }
    try await workspace.note(act.deed, number, by: context)
  }

  private func answer(_ key: String) async throws -> Response {
    let found = try await workspace.working { try workspace.identities(of: key) }
    return try .json(found)
  }

  private func answering(_ body: () async throws -> Response) async -> Response {
    do {
      return try await body()
    } catch let problem as Problem {
      return API.error(
        problem.status, code: problem.code, message: problem.message, detail: problem.detail)
    } catch let missing as NotFound {
      return API.error(.notFound, code: "not_found", message: missing.what, detail: missing.advice)
    } catch let problem as IdentityProblem {
      return API.error(
        problem == .unknown ? .notFound : .conflict,
        code: problem == .unknown ? "not_found" : "nothing_to_do",
        message: "Nothing was changed.", detail: problem.description)
    } catch is NIOTooManyBytesError {
      return API.error(
        .contentTooLarge, code: "too_large", message: "The body is too large.",
        detail: "It has more than \(Limits.requestBytes) bytes.")
    } catch {
      return API.error(
        .internalServerError, code: "failed", message: "The customer could not be read.",
        detail: "\(error)")
    }
  }
}
