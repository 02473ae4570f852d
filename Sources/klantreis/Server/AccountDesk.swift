import Access
import CustomerJourney
import Dashboard
import Foundation
import Hummingbird
import Store

/// Somebody's own page: the password, the code of an app, and where one is logged in.
struct AccountDesk: Sendable {
  let gate: Gate
  private var workspace: Workspace { gate.workspace }

  init(gate: Gate) { self.gate = gate }

  func addRoutes(to routes: GuardedRoutes) {
    routes.get("account", needs: nil) { request, context in
      try await page(request, context)
    }
    routes.post("account/password", needs: nil) { request, context in
      try await setPassword(try await FormFields.body(of: request), request, context)
    }
    routes.post("account/code/new", needs: nil) { request, context in
      let user = try user(context)
      guard user.hasPassword, !user.hasCode else { return .seeOther("/account") }
      return try codePage(.random(), user, Visit(request, context), problem: nil)
    }
    routes.post("account/code", needs: nil) { request, context in
      try await turnCodeOn(try await FormFields.body(of: request), request, context)
    }
    routes.post("account/code/off", needs: nil) { request, context in
      try await turnCodeOff(try await FormFields.body(of: request), request, context)
    }
    routes.post("account/sessions/:id/end", needs: nil) { _, context in
      let visitor = try context.knownVisitor()
      let user = try user(context)
      let (store, now) = (workspace.store, gate.now)
      if let id = Int64(try context.pathPart("id")) {
        try await workspace.aside {
          _ = try store.endSession(id, of: user, visitor.deed(.sessionEnded, user.name, at: now))
        }
      }
      return .seeOther("/account")
    }
  }

  /// A program has no account.
  private func user(_ context: ServerContext) throws -> User {
    guard let user = try context.knownVisitor().user else {
      throw NotFound(
        what: "A token has no account.", advice: "Log in in a browser to see your own.")
    }
    return user
  }

  private func page(
    _ request: Request, _ context: ServerContext, done: AccountPage.Done? = nil,
    problem: FieldProblem? = nil
  ) async throws -> Response {
    let visitor = try context.knownVisitor()
    // As it is now: it may just have changed.
    let (store, now, asked) = (workspace.store, gate.now, try user(context))
    let (user, sessions, codes, zone) = try await workspace.aside { [workspace] in
      (
        try store.user(named: asked.name) ?? asked, try store.sessions(of: asked, at: now),
        try store.recoveryCodesLeft(of: asked), try workspace.zone()
      )
    }
    var pageContext = Visit(request, context).plainContext
    pageContext.problems = problem.map { [$0] } ?? []
    let page = AccountPage(
      user: user, recoveryCodes: codes,
      sessions: sessions.map {
        AccountPage.Device(
          id: $0.id, name: $0.device, address: $0.address, lastUsed: zone.clock($0.lastUsed),
          isThis: $0.id == visitor.session?.id)
      }, done: done)
    return .html(
      Pages.accountPage(page, pageContext), status: problem == nil ? .ok : .badRequest)
  }

  // MARK: Password

  private func setPassword(
    _ form: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let (visitor, user) = (try context.knownVisitor(), try user(context))
    let words = Visit(request, context).plainContext
    func again(_ field: String, _ text: String) async throws -> Response {
      try await page(
        request, context, problem: FieldProblem(field: field, message: text, text: ""))
    }
    guard try await isOwn(form["old"] ?? "", user, visitor) else {
      return try await again("old", words.wrongPassword)
    }
    let password = form["password"] ?? ""
    if let problem = Password.problem(password, name: user.name) {
      return try await again("password", words.text(of: problem))
    }
    let hash = try await gate.hash(password)
    let (store, now) = (workspace.store, gate.now)
    try await workspace.aside {
      try store.setPassword(
        hash: hash, of: user, keeping: visitor.session,
        visitor.deed(.passwordSet, user.name, at: now))
    }
    return try await page(request, context, done: .passwordSet)
  }

  /// Whether somebody typed their own password. It is asked again where much depends on it; whoever has
  /// none yet, as the owner of a demo, has nothing to give.
  private func isOwn(
    _ password: String, _ user: User, _ visitor: Visitor
  ) async throws -> Bool {
    let store = workspace.store
    let known = try await workspace.aside { try store.credentials(named: user.name) }
    guard let known, let hash = known.passwordHash else { return !user.hasPassword }
    return try await gate.isOwn(password, hash: hash, of: user, from: visitor.address)
  }

  // MARK: The app's code

  private func codePage(
    _ app: OneTimeCode, _ user: User, _ visit: Visit, problem: String?
  ) throws -> Response {
    var context = visit.plainContext
    if let problem {
      context.problems = [FieldProblem(field: "code", message: problem, text: "")]
    }
    return .html(
      Pages.codePage(
        CodePage(key: app.base32, groups: app.groups, link: app.link(user: user.name)), context),
      status: problem == nil ? .ok : .badRequest)
  }

  /// Turns the code on once the app has shown that it has the key.
  private func turnCodeOn(
    _ form: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let (visitor, user) = (try context.knownVisitor(), try user(context))
    let visit = Visit(request, context)
    guard user.hasPassword, !user.hasCode, let app = OneTimeCode(base32: form["key"] ?? "") else {
      return .seeOther("/account")
    }
    let (store, now) = (workspace.store, gate.now)
    guard let step = app.step(of: form["code"] ?? "", at: now, after: 0) else {
      return try codePage(app, user, visit, problem: visit.plainContext.wrongCode)
    }
    let codes = RecoveryCode.random()
    try await workspace.aside {
      try store.setCode(
        key: app.key, step: step, recovery: codes.map(RecoveryCode.digest), of: user,
        visitor.deed(.codeTurnedOn, user.name, at: now))
    }
    return try await page(request, context, done: .codeOn(recoveryCodes: codes))
  }

  private func turnCodeOff(
    _ form: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let (visitor, user) = (try context.knownVisitor(), try user(context))
    guard try await isOwn(form["old"] ?? "", user, visitor) else {
      let text = Visit(request, context).plainContext.wrongPassword
      return try await page(
        request, context, problem: FieldProblem(field: "off", message: text, text: ""))
    }
    let (store, now) = (workspace.store, gate.now)
    try await workspace.aside {
      try store.setCode(
        key: nil, step: 0, recovery: [], of: user,
        visitor.deed(.codeTurnedOff, user.name, at: now))
    }
    return try await page(request, context, done: .codeOff)
  }
}
