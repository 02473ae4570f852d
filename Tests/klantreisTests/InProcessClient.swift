import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import NIOEmbedded
import Synchronization

@testable import klantreis

/// Hands requests to the router that `serve` has, without a socket in between. The library's own client
/// for tests would bring TLS and HTTP/2 along, which take as long to build as all of the program.
protocol TestClientProtocol: Sendable {
  func executeRequest(
    uri: String, method: HTTPRequest.Method, headers: HTTPFields, body: ByteBuffer?
  ) async throws -> TestResponse
}

struct TestResponse: Sendable {
  var status: HTTPResponse.Status
  var headers: HTTPFields
  var body: ByteBuffer
}

extension TestClientProtocol {
  @discardableResult
  func execute<Value>(
    uri: String, method: HTTPRequest.Method, headers: HTTPFields = [:], body: ByteBuffer? = nil,
    _ look: (TestResponse) async throws -> Value = { $0 }
  ) async throws -> Value {
    try await look(
      try await executeRequest(uri: uri, method: method, headers: headers, body: body))
  }
}

/// The router of a server, as a client sees it.
struct InProcessClient: TestClientProtocol {
  private let responder: RouterResponder<ServerContext>

  init(_ router: Router<ServerContext>) { responder = router.buildResponder() }

  /// As much of a body as comes at once.
  private static let chunkBytes = 32_768

  func executeRequest(
    uri: String, method: HTTPRequest.Method, headers: HTTPFields, body: ByteBuffer?
  ) async throws -> TestResponse {
    var headers = headers
    if let body { headers[.contentLength] = String(body.readableBytes) }
    let request = Request(
      head: HTTPRequest(
        method: method, scheme: "http", authority: "localhost", path: uri, headerFields: headers),
      body: RequestBody(asyncSequence: Self.chunks(of: body)))
    let context = ServerContext(
      source: ApplicationRequestContextSource(
        channel: NIOAsyncTestingChannel(), logger: Logger(label: "test")))
    let response: Response
    do {
      response = try await responder.respond(to: request, context: context)
    } catch {
      response = Response(status: .internalServerError)
    }
    let collected = CollectedBody()
    try await response.body.write(collected)
    return TestResponse(
      status: response.status, headers: response.headers, body: collected.buffer)
  }

  private static func chunks(of body: ByteBuffer?) -> AsyncStream<ByteBuffer> {
    AsyncStream { stream in
      var rest = body ?? ByteBuffer()
      while let chunk = rest.readSlice(length: min(chunkBytes, rest.readableBytes)),
        chunk.readableBytes > 0
      {
        stream.yield(chunk)
      }
      stream.finish()
    }
  }
}

private final class CollectedBody: ResponseBodyWriter {
  private let bytes = Mutex(ByteBuffer())

  var buffer: ByteBuffer { bytes.withLock { $0 } }

  func write(_ buffer: ByteBuffer) async throws {
    bytes.withLock { _ = $0.writeImmutableBuffer(buffer) }
  }

  func finish(_ trailers: HTTPFields?) async throws {}
}
