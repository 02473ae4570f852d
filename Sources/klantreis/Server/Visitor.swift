import Access
import CustomerJourney
import Dashboard
import Store

/// Who asks: somebody in a browser, or a program with a token.
struct Visitor: Sendable {
  /// As the log of who did what has it.
  var name: String
  var permissions: Set<Permission>
  /// Nil for a program.
  var session: Session?
  /// What forms of this session carry along; empty for a program, which sends no cookies.
  var formToken = ""
  var address: String

  var user: User? { session?.user }

  func may(_ permission: Permission) -> Bool { permissions.contains(permission) }

  /// What this visitor does now, as it is noted.
  func deed(_ action: Activity.Action, _ subject: String = "", at now: Timestamp = .now) -> Deed {
    Deed(action, subject, by: name, from: address, at: now)
  }

  /// What pages need to know of it.
  var reader: PageContext.Reader {
    PageContext.Reader(name: user?.name, permissions: permissions, formToken: formToken)
  }
}

extension ServerContext {
  /// Who asks. Routes that need no login have no visitor.
  func knownVisitor() throws -> Visitor {
    guard let visitor else { throw NeedsLogin() }
    return visitor
  }
}

extension Workspace {
  /// Notes what the visitor of a request did.
  func note(
    _ action: Activity.Action, _ subject: String, by context: ServerContext
  ) async throws {
    let deed = try context.knownVisitor().deed(action, subject)
    try await aside { [store] in try store.note(deed) }
  }

  /// The number by which the log of deeds names a customer, which tells nobody who it is.
  func loggedNumber(ofCustomer key: String) throws -> String {
    try store.customer(key: key).map(String.init) ?? ""
  }

  /// Notes what a command did.
  func note(_ action: Activity.Action, _ subject: String) throws {
    try store.note(Deed(action, subject, by: Activity.commandLine, at: .now))
  }
}

/// Nobody is logged in where somebody must be.
struct NeedsLogin: Error {}

/// Who asks may not do that.
struct NotAllowed: Error {
  var permission: Permission
}
