import Access
import CustomerJourney
import HTTPTypes
import Hummingbird
import NIOCore

/// Routes behind the login. There is no way to add one without saying what it needs.
struct GuardedRoutes {
  let router: Router<ServerContext>
  var prefix = ""

  typealias Handler = @Sendable (Request, ServerContext) async throws -> Response

  func group(_ path: String) -> GuardedRoutes {
    GuardedRoutes(router: router, prefix: "\(prefix)\(path)/")
  }

  /// A nil permission means that whoever is logged in may.
  func get(_ path: String, needs permission: Permission?, use handler: @escaping Handler) {
    on(.get, path, needs: permission, use: handler)
  }

  func post(_ path: String, needs permission: Permission?, use handler: @escaping Handler) {
    on(.post, path, needs: permission, use: handler)
  }

  private func on(
    _ method: HTTPRequest.Method, _ path: String, needs permission: Permission?,
    use handler: @escaping Handler
  ) {
    router.on(RouterPath(prefix + path), method: method) { request, context in
      let visitor = try context.knownVisitor()
      if let permission, !visitor.may(permission) { throw NotAllowed(permission: permission) }
      return try await handler(request, context)
    }
  }
}

/// Finds out who asks, and lets only who is known further.
///
/// What changes something and comes with a cookie must also carry the form token of that session:
/// another site can make a browser send the cookie, but cannot know the token.
struct LoginRequired: RouterMiddleware {
  typealias Context = ServerContext

  let gate: Gate

  func handle(
    _ request: Request, context: ServerContext,
    next: (Request, ServerContext) async throws -> Response
  ) async throws -> Response {
    var (request, context) = (request, context)
    guard let visitor = try await gate.visitor(of: request, from: context.remoteAddress?.ipAddress)
    else { return Self.refusal(request) }
    context.visitor = visitor
    if request.method != .get, request.method != .head, visitor.session != nil {
      guard try await Self.hasToken(visitor.formToken, &request) else {
        throw HTTPError(
          .forbidden,
          message:
            "This form is of another session, or too old; nothing was changed. Open the page "
            + "again and send it once more.")
      }
    }
    var response = try await next(request, context)
    if response.headers[.cacheControl] == nil { response.headers[.cacheControl] = "no-store" }
    return response
  }

  /// Whether the form token came along: as a field of the form, or in the address of an upload, whose
  /// body is too large to be looked through first.
  private static func hasToken(_ token: String, _ request: inout Request) async throws -> Bool {
    if let sent = request.query["form"] { return Secret.isSame(sent, token) }
    if (request.headers[.contentType] ?? "").lowercased().hasPrefix("multipart/") { return false }
    let body: ByteBuffer
    do {
      body = try await request.collectBody(upTo: Limits.requestBytes)
    } catch is NIOTooManyBytesError {
      throw HTTPError(.contentTooLarge, message: "The form is larger than a form can be.")
    }
    return Secret.isSame(FormFields(String(buffer: body))["form"] ?? "", token)
  }

  static func isForPrograms(_ request: Request) -> Bool {
    request.uri.path.hasPrefix("/api/") || request.uri.path == "/metrics"
      || request.headers[.authorization] != nil
  }

  /// A browser is led to the login, and back from there; a program is told.
  private static func refusal(_ request: Request) -> Response {
    guard isForPrograms(request) else {
      let isPage = request.method == .get || request.method == .head
      let here = isPage && request.uri.path != "/" ? request.uri.string : nil
      var response = Response.seeOther(LoginDesk.path(next: here))
      response.headers[.cacheControl] = "no-store"
      return response
    }
    var response = APIProblem(
      status: .unauthorized, code: "needs_login",
      message: "Nobody is logged in, or the token is not valid.",
      detail: "Send Authorization: Bearer TOKEN. `klantreis tokens add NAME` makes one."
    ).response
    response.headers[.wwwAuthenticate] = "Bearer"
    return response
  }
}
