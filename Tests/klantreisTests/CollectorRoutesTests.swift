import Collector
import CustomerJourney
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Store
import Testing

@testable import klantreis

@Suite("The front door over HTTP")
struct CollectorRoutesTests {
  let project: TestProject

  init() throws {
    project = try TestProject([])
    try project.workspace.store.addSource(name: "shop", writeKey: "key", created: .now)
    let off = try project.workspace.store.addSource(name: "old", writeKey: "off", created: .now)
    var changed = off
    changed.isOn = false
    try project.workspace.store.change(changed)
  }

  /// Runs `body` with a client of the server while it stores.
  private func receiving(
    _ body: @escaping @Sendable (any TestClientProtocol) async throws -> Void
  ) async throws {
    let server = Server(workspace: project.workspace, logger: Logger(label: "test"))
    server.reception.intake.start()
    try await body(InProcessClient(server.router()))
    await server.reception.intake.close()
  }

  @Test("pages of other sites may send to every path", arguments: FrontDoor.paths)
  func preflight(path: String) async throws {
    try await receiving { client in
      for path in [path, path + "/"] {
        let headers: HTTPFields = [
          .origin: "https://shop.example", .accessControlRequestMethod: "POST",
          .accessControlRequestHeaders: "content-type,x-own",
        ]
        try await client.execute(uri: path, method: .options, headers: headers) { reply in
          #expect(reply.status == .ok)
          #expect(reply.headers[.accessControlAllowOrigin] == "https://shop.example")
          #expect(reply.headers[.accessControlAllowCredentials] == "true")
          #expect(reply.headers[.accessControlAllowHeaders] == "content-type,x-own")
          #expect(reply.headers[.accessControlAllowMethods]?.contains("POST") == true)
        }
      }
    }
  }

  @Test("what is answered with 200 is on the disk, once, however often it is sent")
  func stores() async throws {
    let body = """
      {"batch":[{"type":"track","event":"Product Viewed","userId":"ann","messageId":"m1",\
      "timestamp":"2024-03-01T09:00:00Z"}],"writeKey":"key","sentAt":"2024-03-01T09:00:00Z"}
      """
    let store = project.workspace.store
    try await receiving { client in
      for path in ["/v1/batch", "/v1/batch/", "/v1/b"] {
        try await client.execute(
          uri: path, method: .post, headers: [.origin: "https://shop.example"],
          body: ByteBuffer(string: body)
        ) { reply in
          #expect(reply.status == .ok)
          #expect(String(buffer: reply.body) == "{\"success\":true}")
          #expect(reply.headers[.accessControlAllowOrigin] == "https://shop.example")
        }
        let stored = try store.lastTouchpoints(of: "shop", limit: 10)
        #expect(stored.map(\.messageID) == ["m1"])
      }
    }
  }

  @Test(
    "an unknown key, and that of a source that is off, are refused in words",
    arguments: ["another", "off"])
  func keys(key: String) async throws {
    try await receiving { client in
      let body = "{\"event\":\"A\",\"userId\":\"ann\",\"writeKey\":\"\(key)\"}"
      try await client.execute(uri: "/v1/track", method: .post, body: ByteBuffer(string: body)) {
        reply in
        #expect(reply.status == .unauthorized)
        let text = String(buffer: reply.body)
        for word in ["\"code\"", "\"message\"", "\"detail\""] { #expect(text.contains(word)) }
      }
    }
  }

  @Test("the address that a browser sends from tells its country, and is not kept")
  func country() async throws {
    let path = project.folder.appending(path: "city.mmdb")
    try DatabaseWriter.sample.file.write(to: path)
    try project.workspace.store.set(Workspace.Setting.geo.rawValue, to: path.path)
    let server = Server(workspace: project.workspace, logger: Logger(label: "test"))
    server.reception.intake.start()
    let channel = EmbeddedChannel()
    channel.remoteAddress = try SocketAddress(ipAddress: "81.2.69.160", port: 51_234)
    let browser =
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
      + "Safari/537.36"
    let head = HTTPRequest(
      method: .post, scheme: "http", authority: "localhost", path: "/v1/track",
      headerFields: [.authorization: "Bearer key", .userAgent: browser])
    let body = ByteBuffer(string: "{\"event\":\"A\",\"userId\":\"ann\",\"messageId\":\"m1\"}")
    let reply = try await server.router().buildResponder().respond(
      to: Request(head: head, body: .init(buffer: body)),
      context: ServerContext(
        source: ApplicationRequestContextSource(channel: channel, logger: Logger(label: "test"))))
    #expect(reply.status == .ok)
    await server.reception.intake.close()
    let stored = try #require(
      try project.workspace.store.lastTouchpoints(of: "shop", limit: 1).first)
    #expect(stored.properties["context.country"] == .text("NL"))
    #expect(!"\(stored)".contains("81.2.69"))
  }

  @Test("a body past every limit is refused before it is read to its end")
  func tooLarge() async throws {
    try await receiving { client in
      let body = ByteBuffer(repeating: 32, count: Limits.collectedBytes + 1)
      try await client.execute(uri: "/v1/batch", method: .post, body: body) { reply in
        #expect(reply.status.code == 413)
        #expect(String(buffer: reply.body).contains("\"detail\""))
      }
    }
  }
}
