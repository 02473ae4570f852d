import HTTPTypes
import Hummingbird

/// Sends the headers that keep a page to itself: no third party, no inline script, no frames.
struct SecurityHeaders<Context: RequestContext>: RouterMiddleware {
  static var policy: String {
    [
      "default-src 'none'", "style-src 'self'", "img-src 'self' data:", "script-src 'self'",
      "form-action 'self'", "connect-src 'self'", "base-uri 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")
  }

  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    var response = try await next(request, context)
    if response.headers[.contentSecurityPolicy] == nil {
      response.headers[.contentSecurityPolicy] = Self.policy
    }
    response.headers[.xContentTypeOptions] = "nosniff"
    response.headers[.named("Referrer-Policy")] = "same-origin"
    response.headers[.named("Cross-Origin-Opener-Policy")] = "same-origin"
    if Gate.isSecure(request) {
      response.headers[.strictTransportSecurity] = "max-age=31536000"
    }
    return response
  }
}

/// Lets in only requests that were meant for this address and, where they change something, that
/// come from its own pages.
///
/// A page elsewhere on the web could otherwise make a visitor's browser log in as somebody else or
/// send forms here, or point its own name at this address. The form tokens of ``LoginRequired`` are
/// the other wall.
struct OwnPagesOnly<Context: RequestContext>: RouterMiddleware {
  /// Host names under which this server is reached, in lower case, without port.
  let hosts: Set<String>

  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    guard let authority = request.head.authority, hosts.contains(Self.host(authority)) else {
      throw HTTPError(
        .misdirectedRequest,
        message: "This server answers only under the names that it was started with: "
          + "\(hosts.sorted().joined(separator: ", ")). Add one with --allow-host.")
    }
    if request.method != .get, request.method != .head {
      let site = request.headers[.named("Sec-Fetch-Site")]
      let origin = request.headers[.origin]
      let isOwn =
        (site == nil || site == "same-origin" || site == "none")
        && (origin == nil || origin == "http://\(authority)" || origin == "https://\(authority)")
      guard isOwn else {
        throw HTTPError(
          .forbidden, message: "A form of another site was sent here; nothing was changed.")
      }
    }
    return try await next(request, context)
  }

  static func host(_ authority: String) -> String {
    let lower = authority.lowercased()
    if lower.hasPrefix("[") { return String(lower.prefix { $0 != "]" }.dropFirst()) }
    return String(lower.prefix { $0 != ":" })
  }
}

extension HTTPField.Name {
  /// A field that the library has no word for.
  static func named(_ name: StaticString) -> HTTPField.Name {
    guard let field = HTTPField.Name("\(name)") else {
      preconditionFailure("\(name) is no name of a field")
    }
    return field
  }
}
