import Access
import CustomerJourney
import Dashboard
import Foundation
import Hummingbird
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
      try await answer(try context.pathPart("id"))
    }
    for act in [Act.join, .part, .unpart] {
      group.post("customers/:id/\(act.rawValue)", needs: .act) { request, context in
        let key = try context.pathPart("id")
        let with = try await request.json(With.self, like: #"{"with": "KEY"}"#)
        try await perform(act, key, with.with, by: context)
        return try await answer(key)
      }
    }
  }

  private struct With: Decodable {
    var with: String
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
}
