import CustomerJourney
import Foundation
import Hummingbird
import Logging
import Store

@testable import klantreis

/// A small project in a folder that is gone when the test is over.
final class TestProject: Sendable {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "klantreis-project-\(UUID().uuidString)")
  let workspace: Workspace

  /// Three customers: Ann looks and buys twice, Bob only looks, Cas gets a mail and buys.
  static let sample: [Touchpoint] = [
    touch("ann", "2024-03-01T09:00:00Z", "Product Viewed", .website, "shoe", origin: "Paid Search"),
    touch("ann", "2024-03-01T09:05:00Z", "Product Added", .website, "shoe"),
    touch("ann", "2024-03-01T09:06:00Z", "Order Completed", .website, "shoe", cents: 4995),
    touch("ann", "2024-03-20T12:00:00Z", "Order Completed", .shop, "sock", cents: 1200),
    touch("bob", "2024-03-02T20:00:00Z", "Product Viewed", .website, "shoe"),
    touch("cas", "2024-03-05T08:00:00Z", "Message Opened", .email, "spring mail"),
    touch("cas", "2024-03-06T18:30:00Z", "Order Completed", .shop, "<b>hat</b>", cents: 2500),
  ]

  static func touch(
    _ customer: String, _ time: String, _ event: String, _ channel: Channel,
    _ content: String? = nil, cents: Int64? = nil, origin: String? = nil
  ) -> Touchpoint {
    Touchpoint(
      customer: customer, occurred: Timestamp(iso8601: time) ?? Timestamp(milliseconds: 0),
      event: EventName(event), channel: channel, messageID: "\(customer)-\(time)",
      source: "test", origin: origin.map(Origin.init), content: content,
      value: cents.map { Money(minorUnits: $0, currency: .eur) })
  }

  init(_ touchpoints: [Touchpoint] = sample) throws {
    workspace = try Workspace(folder: folder)
    try workspace.store.append(touchpoints)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Runs `body` with a client of this project's server, in process, that has a token.
  func serving(
    _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
  ) async throws {
    let server = Server(workspace: workspace, logger: Logger(label: "test"))
    let token = try workspace.testToken()
    try await body(TokenClient(client: InProcessClient(server.router()), token: token))
  }
}

extension TestClientProtocol {
  /// A GET as a browser sends it.
  func get(
    _ path: String, headers: HTTPFields = [:]
  ) async throws -> (status: HTTPResponse.Status, text: String, headers: HTTPFields) {
    try await execute(uri: path, method: .get, headers: headers) {
      ($0.status, String(buffer: $0.body), $0.headers)
    }
  }
}
