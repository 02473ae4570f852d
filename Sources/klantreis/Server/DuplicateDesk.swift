import Access
import CustomerJourney
import Dashboard
import Hummingbird
import Store
import Synchronization

/// The review of customers who may be one.
struct DuplicateDesk: Sendable {
  let workspace: Workspace
  private let latest = Latest()

  /// The last list that was made, and of which state of the store.
  private final class Latest: Sendable {
    let state = Mutex<(version: Int64, found: Duplicates)?>(nil)
  }

  init(workspace: Workspace) { self.workspace = workspace }

  func addRoutes(to routes: GuardedRoutes) {
    routes.get("duplicates", needs: .persons) { request, context in
      let visit = Visit(request, context)
      return Response.html(
        try await workspace.asking { snapshot in
          let found = try duplicates(of: snapshot)
          return Pages.suggestionsPage(
            SuggestionsPage(pairs: found.pairs, isCut: found.isCut), visit.context(snapshot))
        })
    }
    routes.post("duplicates", needs: .act) { request, context in
      let form = try await FormFields.body(of: request)
      guard let key = form["key"], let other = form["other"],
        let isSame = ["same": true, "different": false][form["do"] ?? ""]
      else { throw HTTPError(.badRequest, message: "The form says nothing that can be done.") }
      do {
        try await workspace.working {
          try workspace.store.answerDuplicate(key, other, isSame: isSame, at: .now)
        }
        if isSame {
          let number = try await workspace.aside { try workspace.loggedNumber(ofCustomer: key) }
          try await workspace.note(.customersMerged, number, by: context)
        }
      } catch let problem as IdentityProblem {
        throw NotFound(what: "Nothing was changed.", advice: problem.description)
      }
      return Response.seeOther("/duplicates")
    }
  }

  private func duplicates(of snapshot: Snapshot) throws -> Duplicates {
    try latest.state.withLock { latest in
      if let latest, latest.version == snapshot.factsVersion { return latest.found }
      let found = try Duplicates(in: workspace.store)
      latest = (snapshot.factsVersion, found)
      return found
    }
  }
}
