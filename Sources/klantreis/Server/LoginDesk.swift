import Access
import CustomerJourney
import Dashboard
import Foundation
import HTTPTypes
import Hummingbird
import Store

/// The pages by which people come in and go: login, the code of the app, and the link that a new user
/// got.
struct LoginDesk: Sendable {
  let gate: Gate
  private var workspace: Workspace { gate.workspace }

  init(gate: Gate) { self.gate = gate }

  /// The login page, which leads back to `next`.
  static func path(next: String?) -> String {
    next.map { "/login?next=\(Pages.encoded($0))" } ?? "/login"
  }

  /// Routes that answer who is not logged in.
  func addOpenRoutes(to router: Router<ServerContext>) {
    router.get("login") { request, _ in
      let next = Self.local(request.query["next"])
      if try await gate.session(of: request)?.isWhole == true { return Response.seeOther(next) }
      return try await loginPage(request, LoginPage(next: next))
    }
    router.post("login") { request, context in
      let form = try await FormFields.body(of: request)
      return try await logIn(form, request, context)
    }
    router.get("login/code") { request, _ in
      let next = Self.local(request.query["next"])
      guard let session = try await gate.session(of: request), !session.isWhole else {
        return Response.seeOther(Self.path(next: next))
      }
      return try await loginPage(request, LoginPage(asks: .code, next: next))
    }
    router.post("login/code") { request, context in
      let form = try await FormFields.body(of: request)
      return try await giveCode(form, request, context)
    }
    router.get("welcome") { request, context in try await welcome(request, context) }
    router.post("welcome") { request, context in
      let form = try await FormFields.body(of: request)
      return try await accept(form, request, context)
    }
  }

  func addRoutes(to routes: GuardedRoutes) {
    routes.post("logout", needs: nil) { request, context in
      let visitor = try context.knownVisitor()
      if let session = visitor.session {
        let (store, now) = (workspace.store, gate.now)
        try await workspace.aside {
          _ = try store.endSession(session.id, of: session.user, visitor.deed(.logout, at: now))
        }
      }
      var response = Response.seeOther("/login")
      gate.setCookie(nil, in: &response, for: request)
      return response
    }
  }

  // MARK: Login

  private func logIn(
    _ form: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let (name, next) = (form["name"] ?? "", Self.local(form["next"]))
    let address = try await gate.address(of: request, context.remoteAddress?.ipAddress)
    do {
      let (secret, session) = try await gate.logIn(
        name: name, password: form["password"] ?? "", device: Self.device(of: request),
        address: address)
      var response = Response.seeOther(
        session.isWhole ? next : "/login/code?next=\(Pages.encoded(next))")
      gate.setCookie(secret, in: &response, for: request)
      return response
    } catch let refusal as Gate.Refusal {
      return try await loginPage(
        request, LoginPage(next: next, name: name, problem: refusal.shown), refusal)
    }
  }

  private func giveCode(
    _ form: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let next = Self.local(form["next"])
    guard let session = try await gate.session(of: request), !session.isWhole else {
      return Response.seeOther(Self.path(next: next))
    }
    let address = try await gate.address(of: request, context.remoteAddress?.ipAddress)
    do {
      let secret = try await gate.complete(session, code: form["code"] ?? "", address: address)
      var response = Response.seeOther(next)
      gate.setCookie(secret, in: &response, for: request)
      return response
    } catch let refusal as Gate.Refusal {
      return try await loginPage(
        request, LoginPage(asks: .code, next: next, problem: refusal.shown), refusal)
    }
  }

  private func loginPage(
    _ request: Request, _ page: LoginPage, _ refusal: Gate.Refusal? = nil
  ) async throws -> Response {
    var page = page
    let store = workspace.store
    page.isFirst = try await workspace.aside { try !store.hasLogin() }
    var response = Response.html(
      Pages.loginPage(page, Visit(request).plainContext), status: refusal?.status ?? .ok)
    if case .wait(let seconds) = refusal { response.headers[.retryAfter] = String(seconds) }
    if refusal == .busy { response.headers[.retryAfter] = String(Limits.retryAfterSeconds) }
    return response
  }

  // MARK: Links

  private func welcome(_ request: Request, _ context: ServerContext) async throws -> Response {
    let secret = Secret(text: request.query["token"] ?? "")
    let (store, now) = (workspace.store, gate.now)
    let found = try await workspace.aside { try store.invitation(secret.digest, at: now) }
    guard let (user, enters) = found else {
      // The link of the demo a second time, in the browser that it let in.
      if try await gate.session(of: request)?.isWhole == true { return Response.seeOther("/") }
      return Response.html(
        Pages.welcomePage(WelcomePage(token: nil), Visit(request).plainContext), status: .gone)
    }
    guard enters, request.method == .get else {
      return Response.html(
        Pages.welcomePage(
          WelcomePage(token: secret.text, name: user.name, role: user.role),
          Visit(request).plainContext))
    }
    let address = try await gate.address(of: request, context.remoteAddress?.ipAddress)
    let accepted = try await workspace.aside {
      try store.accept(secret.digest, name: nil, hash: nil, address: address, at: now)
    }
    return try await enter(accepted, request, address)
  }

  private func accept(
    _ form: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let secret = Secret(text: form["token"] ?? "")
    let (name, password) = (form["name"] ?? "", form["password"] ?? "")
    let (store, now) = (workspace.store, gate.now)
    let visit = Visit(request)
    guard let found = try await workspace.aside({ try store.invitation(secret.digest, at: now) })
    else {
      return Response.html(
        Pages.welcomePage(WelcomePage(token: nil), visit.plainContext), status: .gone)
    }
    func again(_ field: String, _ message: String) -> Response {
      var context = visit.plainContext
      context.problems = [FieldProblem(field: field, message: message, text: "")]
      let page = WelcomePage(token: secret.text, name: name, role: found.user.role)
      return Response.html(Pages.welcomePage(page, context), status: .badRequest)
    }
    do {
      let checked = try User.checked(name: name)
      if let problem = Password.problem(password, name: checked) { throw problem }
      let address = try await gate.address(of: request, context.remoteAddress?.ipAddress)
      let hash = try await gate.hash(password)
      let user = try await workspace.aside {
        try store.accept(secret.digest, name: checked, hash: hash, address: address, at: now)
      }
      return try await enter(user, request, address)
    } catch let problem as UserProblem {
      return again("name", visit.plainContext.text(of: problem))
    } catch let problem as Password.Problem {
      return again("password", visit.plainContext.text(of: problem))
    }
  }

  private func enter(
    _ user: User, _ request: Request, _ address: String
  ) async throws -> Response {
    let (secret, _) = try await gate.begin(
      user, device: Self.device(of: request), address: address, at: gate.now)
    var response = Response.seeOther("/")
    response.headers[.cacheControl] = "no-store"
    gate.setCookie(secret, in: &response, for: request)
    return response
  }

  // MARK: Requests

  /// A path of this server and nothing else; the map when it is none.
  static func local(_ path: String?) -> String {
    guard let path, path.utf8.first == UInt8(ascii: "/"), path.utf8.count <= 4_096,
      path.unicodeScalars.dropFirst().first.map({ $0 != "/" && $0 != "\\" }) ?? true,
      path.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value < 0x7F && $0 != "\\" })
    else { return "/" }
    return path
  }

  /// What the browser says it is, for the list of sessions.
  private static func device(of request: Request) -> String {
    String((request.headers[.userAgent] ?? "").prefix(400))
  }
}

extension Gate.Refusal {
  fileprivate var status: HTTPResponse.Status {
    switch self {
    case .wrong: .unauthorized
    case .wait: .tooManyRequests
    case .busy: .serviceUnavailable
    }
  }

  var shown: LoginPage.Problem {
    switch self {
    case .wrong: .wrong
    case .wait(let seconds): .wait(seconds: seconds)
    case .busy: .busy
    }
  }
}
