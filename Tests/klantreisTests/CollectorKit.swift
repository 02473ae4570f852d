import Collector
import CustomerJourney
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Store
import Testing

@testable import klantreis

/// A project with the source `shop` (key `k1`), and a server whose intake runs.
struct CollectingProject {
  let project: TestProject
  let server: Server
  var store: Store { project.workspace.store }

  init(_ touchpoints: [Touchpoint] = []) throws {
    project = try TestProject(touchpoints)
    try project.workspace.addSource(name: "shop", key: "k1")
    server = Server(workspace: project.workspace, logger: Logger(label: "test"))
  }

  func serving(
    _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
  ) async throws {
    server.reception.intake.start()
    let token = try project.workspace.testToken()
    try await body(TokenClient(client: InProcessClient(server.router()), token: token))
    await server.reception.intake.close()
  }
}

extension TestClientProtocol {
  /// One event of Segment's protocol; returns the status.
  @discardableResult
  func track(
    _ event: String, user: String? = "c1", id: String? = nil, key: String = "k1"
  ) async throws -> Int {
    let who = user.map { "\"userId\":\"\($0)\"," } ?? ""
    let message = id.map { "\"messageId\":\"\($0)\"," } ?? ""
    let body =
      "{\(who)\(message)\"event\":\"\(event)\",\"timestamp\":\"2024-05-01T10:00:00Z\"}"
    return try await execute(
      uri: "/v1/track", method: .post,
      headers: [.authorization: "Bearer \(key)", .contentType: "application/json"],
      body: .init(string: body)
    ) { Int($0.status.code) }
  }

  /// A form as a browser sends it; returns status, text and where it leads.
  func post(
    _ path: String, _ form: String = ""
  ) async throws -> (status: Int, text: String, location: String?) {
    try await execute(
      uri: path, method: .post,
      headers: [.contentType: "application/x-www-form-urlencoded", .acceptLanguage: "en"],
      body: .init(string: form)
    ) { (Int($0.status.code), String(buffer: $0.body), $0.headers[.location]) }
  }
}
