import Access
import Collector
import CustomerJourney
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Store
import Synchronization
import Testing

@testable import klantreis

/// A client that shows a token with each request that shows nothing else, but not at the front door,
/// where clients show their write keys.
struct TokenClient: TestClientProtocol {
  let client: any TestClientProtocol
  let token: String

  func executeRequest(
    uri: String, method: HTTPRequest.Method, headers: HTTPFields, body: ByteBuffer?
  ) async throws -> TestResponse {
    var headers = headers
    let path = String(uri.prefix { $0 != "?" })
    if headers[.authorization] == nil, headers[.cookie]?.contains("klantreis-") != true,
      !FrontDoor.paths.contains(path)
    {
      headers[.authorization] = "Bearer \(token)"
    }
    return try await client.executeRequest(uri: uri, method: method, headers: headers, body: body)
  }
}

extension Workspace {
  /// A token that may do all that a token can.
  func testToken(_ scope: TokenScope = .write) throws -> String {
    try addToken(
      name: "test \(UUID().uuidString)", scope: scope, days: 1, madeBy: nil,
      Deed(.tokenAdded, by: "test", at: .now)
    ).secret.text
  }
}

/// A browser: keeps its cookies, and sends a form with the token that stands on the page.
final class TestBrowser: Sendable {
  struct Page: Sendable {
    var status: Int
    var text: String
    var headers: HTTPFields

    var location: String? { headers[.location] }
    /// What forms of the page carry along.
    var formToken: String? {
      text.firstMatch(of: /name="form" value="([^"]+)"/).map { String($0.1) }
    }
  }

  let client: any TestClientProtocol
  private let cookies = Mutex<[String: String]>([:])

  init(_ client: any TestClientProtocol) {
    self.client = (client as? TokenClient)?.client ?? client
  }

  var cookieNames: [String] { cookies.withLock { $0.keys.sorted() } }
  var cookieHeader: String {
    cookies.withLock { $0.map { "\($0.key)=\($0.value)" }.joined(separator: "; ") }
  }

  func get(_ path: String, headers: HTTPFields = [:]) async throws -> Page {
    try await send(.get, path, headers: headers, body: nil)
  }

  /// Sends a form; `from` is the page on which it stands.
  func post(
    _ path: String, _ fields: [String: String] = [:], from page: String? = nil,
    headers: HTTPFields = [:]
  ) async throws -> Page {
    var fields = fields
    if let page { fields["form"] = try await get(page).formToken }
    return try await send(.post, path, headers: headers, body: Self.encoded(fields))
  }

  static func encoded(_ fields: [String: String]) -> String {
    let plain = CharacterSet(
      charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_")
    return fields.map { name, value in
      "\(name)=\(value.addingPercentEncoding(withAllowedCharacters: plain) ?? "")"
    }.joined(separator: "&")
  }

  private func send(
    _ method: HTTPRequest.Method, _ path: String, headers: HTTPFields, body: String?
  ) async throws -> Page {
    var headers = headers
    let cookie = cookieHeader
    if !cookie.isEmpty { headers[.cookie] = cookie }
    if headers[.acceptLanguage] == nil { headers[.acceptLanguage] = "en" }
    if body != nil { headers[.contentType] = "application/x-www-form-urlencoded" }
    let page = try await client.execute(
      uri: path, method: method, headers: headers, body: body.map { ByteBuffer(string: $0) }
    ) { Page(status: Int($0.status.code), text: String(buffer: $0.body), headers: $0.headers) }
    for cookie in page.headers[values: .setCookie] {
      let pair = cookie.prefix { $0 != ";" }.split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      cookies.withLock {
        $0[String(pair[0])] = pair[1].isEmpty ? nil : String(pair[1])
      }
    }
    return page
  }
}

/// A project with a clock that stands still until it is moved, and passwords that cost little.
struct GuardedProject {
  static let password = "de kat zat op het dak"

  let project: TestProject
  let clock = TestClock()
  var store: Store { project.workspace.store }

  init(_ touchpoints: [Touchpoint] = TestProject.sample) throws {
    project = try TestProject(touchpoints)
  }

  var settings: Gate.Settings {
    Gate.Settings(
      clock: { [clock] in clock.now }, cost: Password.Cost(passes: 1, memoryBytes: 8_192))
  }

  /// A user with ``password``.
  @discardableResult
  func addUser(_ name: String, _ role: Role) throws -> User {
    let user = try store.addUser(
      name: name, role: role, Deed(.userInvited, name, by: "test", at: clock.now))
    let hash = try #require(Password.hash(Self.password, cost: settings.cost))
    try store.setPassword(
      hash: hash, of: user, keeping: nil, Deed(.passwordSet, name, by: "test", at: clock.now))
    return try #require(try store.user(named: name))
  }

  func serving(
    logger: Logger = Logger(label: "test"),
    _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
  ) async throws {
    let server = Server(workspace: project.workspace, logger: logger, access: settings)
    try await body(InProcessClient(server.router()))
  }
}

final class TestClock: Sendable {
  private let moment = Mutex(Timestamp(seconds: 1_800_000_000))
  var now: Timestamp { moment.withLock { $0 } }
  func pass(seconds: Int64) { moment.withLock { $0 = $0.adding(seconds: seconds) } }
}

extension TestBrowser {
  @discardableResult
  func logIn(
    _ name: String, _ password: String = GuardedProject.password, next: String = "/"
  ) async throws -> Page {
    try await post("/login", ["name": name, "password": password, "next": next])
  }
}
