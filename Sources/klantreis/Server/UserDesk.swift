import Access
import CustomerJourney
import Dashboard
import Foundation
import Hummingbird
import Store

/// The pages of users, of tokens, and of who did what.
struct UserDesk: Sendable {
  let gate: Gate
  private var workspace: Workspace { gate.workspace }

  init(gate: Gate) { self.gate = gate }

  func addRoutes(to routes: GuardedRoutes) {
    routes.get("users", needs: .manage) { request, context in try await users(request, context) }
    routes.post("users", needs: .manage) { request, context in
      try await invite(try await FormFields.body(of: request), request, context)
    }
    routes.post("users/:id/role", needs: .manage) { request, context in
      let form = try await FormFields.body(of: request)
      return try await change(request, context) { user, visitor, store, now in
        let role = try Self.role(in: form, for: visitor)
        let subject = "\(user.name): \(role.rawValue)"
        try store.setRole(role, of: user, visitor.deed(.userRoleChanged, subject, at: now))
      }
    }
    routes.post("users/:id/remove", needs: .manage) { request, context in
      try await change(request, context) { user, visitor, store, now in
        try store.removeUser(user, visitor.deed(.userRemoved, user.name, at: now))
      }
    }
    routes.post("users/:id/link", needs: .manage) { request, context in
      let user = try await target(context)
      return try await link(for: user, request, context)
    }
    routes.get("tokens", needs: .manage) { request, context in try await tokens(request, context) }
    routes.post("tokens", needs: .manage) { request, context in
      try await addToken(try await FormFields.body(of: request), request, context)
    }
    routes.post("tokens/:name/remove", needs: .manage) { request, context in
      let (name, visitor) = (try context.pathPart("name"), try context.knownVisitor())
      let (store, now) = (workspace.store, gate.now)
      do {
        try await workspace.aside {
          try store.removeToken(named: name, visitor.deed(.tokenRemoved, name, at: now))
        }
      } catch let problem as UserProblem {
        return try await tokens(request, context, problem: ("name", problem))
      }
      return .seeOther("/tokens")
    }
    routes.get("activity", needs: .manage) { request, context in
      try await activity(request, context)
    }
  }

  /// The role that a form names, when the visitor may give it.
  private static func role(in form: FormFields, for visitor: Visitor) throws -> Role {
    guard let role = form["role"].flatMap(Role.init(rawValue:)) else {
      throw HTTPError(.badRequest, message: "The form names no role.")
    }
    guard mayGive(role, visitor) else { throw NotAllowed(permission: .manage) }
    return role
  }

  private static func mayGive(_ role: Role, _ visitor: Visitor) -> Bool {
    visitor.user?.role.manages.contains(role) ?? false
  }

  // MARK: Users

  private func users(
    _ request: Request, _ context: ServerContext, made: UsersPage.Link? = nil,
    typed: String = "", problem: UserProblem? = nil
  ) async throws -> Response {
    let visitor = try context.knownVisitor()
    let (workspace, store) = (workspace, workspace.store)
    let (users, zone) = try await workspace.aside { (try store.users(), try workspace.zone()) }
    var pageContext = Visit(request, context).plainContext
    if let problem {
      pageContext.problems = [
        FieldProblem(field: "name", message: pageContext.text(of: problem), text: typed)
      ]
    }
    let page = UsersPage(
      rows: users.map { user in
        UsersPage.Row(
          user: user, lastLogin: user.lastLogin.map(zone.clock),
          isSelf: user.id == visitor.user?.id, mayChange: Self.mayGive(user.role, visitor))
      },
      roles: Role.allCases.filter { Self.mayGive($0, visitor) }, name: typed, made: made)
    return .html(
      Pages.usersPage(page, pageContext), status: problem == nil ? .ok : .badRequest)
  }

  private func invite(
    _ form: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let (visitor, typed) = (try context.knownVisitor(), form["name"] ?? "")
    let role = try Self.role(in: form, for: visitor)
    let (store, now) = (workspace.store, gate.now)
    do {
      let name = try User.checked(name: typed)
      let user = try await workspace.aside {
        try store.addUser(
          name: name, role: role,
          visitor.deed(.userInvited, "\(name): \(role.rawValue)", at: now))
      }
      return try await link(for: user, request, context)
    } catch let problem as UserProblem {
      return try await users(request, context, typed: typed, problem: problem)
    }
  }

  /// Makes a link and shows it once.
  private func link(
    for user: User, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let visitor = try context.knownVisitor()
    guard Self.mayGive(user.role, visitor) else { throw NotAllowed(permission: .manage) }
    let (workspace, now, secret) = (workspace, gate.now, Secret.random())
    try await workspace.aside {
      try workspace.store.addInvitation(
        digest: secret.digest, of: user, enters: false,
        expires: now.adding(seconds: Limits.inviteSeconds),
        visitor.deed(.userInvited, user.name, at: now))
    }
    return try await users(
      request, context,
      made: UsersPage.Link(
        name: user.name,
        address: SourceDesk.address(of: request) + Workspace.welcomePath(secret)))
  }

  private func target(_ context: ServerContext) async throws -> User {
    let (id, store) = (Int64(try context.pathPart("id")), workspace.store)
    let user = try await workspace.aside { try store.users().first { $0.id == id } }
    guard let user else {
      throw NotFound(what: "There is no such user.", advice: "Choose one from the list of users.")
    }
    return user
  }

  private func change(
    _ request: Request, _ context: ServerContext,
    _ body: @escaping @Sendable (User, Visitor, Store, Timestamp) throws -> Void
  ) async throws -> Response {
    let (visitor, user) = (try context.knownVisitor(), try await target(context))
    guard Self.mayGive(user.role, visitor) else { throw NotAllowed(permission: .manage) }
    let (store, now) = (workspace.store, gate.now)
    do {
      try await workspace.aside { try body(user, visitor, store, now) }
    } catch let problem as UserProblem {
      return try await users(request, context, problem: problem)
    }
    return .seeOther("/users")
  }

  // MARK: Tokens

  private func tokens(
    _ request: Request, _ context: ServerContext, made: TokensPage.Made? = nil,
    typed: String = "", problem: (field: String, problem: UserProblem)? = nil
  ) async throws -> Response {
    let (workspace, store, now) = (workspace, workspace.store, gate.now)
    let (tokens, zone) = try await workspace.aside { (try store.tokens(), try workspace.zone()) }
    var pageContext = Visit(request, context).plainContext
    if let problem {
      pageContext.problems = [
        FieldProblem(
          field: problem.field, message: pageContext.text(of: problem.problem), text: typed)
      ]
    }
    let page = TokensPage(
      rows: tokens.map { token in
        TokensPage.Row(
          name: token.name, scope: token.scope, madeBy: token.madeBy?.name,
          expires: zone.clock(token.expires), isOver: token.expires <= now,
          lastUsed: token.lastUsed.map(zone.clock))
      }, name: typed, made: made)
    return .html(
      Pages.tokensPage(page, pageContext), status: problem == nil ? .ok : .badRequest)
  }

  private func addToken(
    _ form: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let (visitor, typed) = (try context.knownVisitor(), form["name"] ?? "")
    let (workspace, now) = (workspace, gate.now)
    do {
      guard let days = Int(form["days"] ?? "") else { throw UserProblem.badDays }
      let scope = form["scope"].flatMap(TokenScope.init(rawValue:)) ?? .read
      let (secret, name) = try await workspace.aside {
        try workspace.addToken(
          name: typed, scope: scope, days: days, madeBy: visitor.user,
          visitor.deed(.tokenAdded, at: now))
      }
      return try await tokens(
        request, context, made: TokensPage.Made(name: name, token: secret.text))
    } catch let problem as UserProblem {
      let field = problem == .badDays ? "days" : "name"
      return try await tokens(request, context, typed: typed, problem: (field, problem))
    }
  }

  // MARK: Who did what

  private func activity(_ request: Request, _ context: ServerContext) async throws -> Response {
    let before = request.query["before"].flatMap { Int64($0) }
    let (workspace, limit) = (workspace, Limits.activityPerPage)
    let (lines, zone) = try await workspace.aside {
      (try workspace.store.activities(before: before, limit: limit + 1), try workspace.zone())
    }
    let shown = lines.prefix(limit)
    return .html(
      Pages.activityPage(
        ActivityPage(
          rows: shown.map {
            ActivityPage.Row(
              time: zone.clock($0.at), actor: $0.actor, action: $0.action, subject: $0.subject,
              address: $0.address)
          }, older: lines.count > limit ? shown.last?.id : nil),
        Visit(request, context).plainContext))
  }
}
