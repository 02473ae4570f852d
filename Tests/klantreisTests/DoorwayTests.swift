import Collector
import CustomerJourney
import Foundation
import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Synchronization
import Testing

@testable import klantreis

@Suite("The doorway of a connection")
struct DoorwayTests {
  /// A connection whose batches wait until the test says that they are kept.
  private struct Connection {
    let collecting: CollectingProject
    let channel: EmbeddedChannel
    private let waiting = Waiting()

    private final class Waiting: Sendable {
      typealias Done = @Sendable (Result<KeptOutcome, any Error>) -> Void
      let batches = Mutex<[(batch: CollectedBatch, done: Done)]>([])
    }

    init() throws {
      collecting = try CollectingProject()
      let door = collecting.server.reception.door
      channel = EmbeddedChannel(
        handler: Doorway(door: door) { [waiting] batch, done in
          waiting.batches.withLock { $0.append((batch, done)) }
        })
      try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    }

    func send(
      _ id: String, path: String = "/v1/track", method: HTTPRequest.Method = .post,
      fields: HTTPFields = [:], pieces: Int = 1
    ) throws {
      let body = Array(
        "{\"event\":\"A\",\"userId\":\"ann\",\"messageId\":\"\(id)\",\"writeKey\":\"k1\"}".utf8)
      var head = HTTPRequest(method: method, scheme: "http", authority: "a", path: path)
      head.headerFields = fields
      head.headerFields[.contentLength] = fields[.contentLength] ?? String(body.count)
      try channel.writeInbound(HTTPRequestPart.head(head))
      let size = max(1, body.count / pieces)
      for start in stride(from: 0, to: body.count, by: size) {
        let piece = body[start..<min(start + size, body.count)]
        try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(bytes: piece)))
      }
      try channel.writeInbound(HTTPRequestPart.end(nil))
    }

    /// The message ids that wait for the disk.
    var waitingIDs: [String] {
      waiting.batches.withLock { $0.flatMap { $0.batch.touchpoints.map(\.messageID) } }
    }

    /// The oldest batch is on the disk, or is not.
    func finish(_ result: Result<KeptOutcome, any Error> = .success(KeptOutcome(stored: 1))) {
      waiting.batches.withLock { $0.removeFirst() }.done(result)
      channel.embeddedEventLoop.run()
    }

    /// Whole answers since the last call.
    func answers() throws -> [(status: Int, fields: HTTPFields, body: String)] {
      var answers: [(status: Int, fields: HTTPFields, body: String)] = []
      while let part = try channel.readOutbound(as: HTTPResponsePart.self) {
        switch part {
        case .head(let head): answers.append((head.status.code, head.headerFields, ""))
        case .body(let body): answers[answers.count - 1].body += String(buffer: body)
        case .end: break
        }
      }
      return answers
    }

    /// What the router would get.
    func passed() throws -> [HTTPRequestPart] {
      var parts: [HTTPRequestPart] = []
      while let part = try channel.readInbound(as: HTTPRequestPart.self) { parts.append(part) }
      return parts
    }
  }

  @Test("an event is answered when it is kept and not before, in however many pieces it came")
  func keeps() throws {
    for pieces in [1, 2, 90] {
      let connection = try Connection()
      try connection.send("m1", fields: [.origin: "https://shop.example"], pieces: pieces)
      #expect(connection.waitingIDs == ["m1"])
      #expect(try connection.answers().isEmpty)
      connection.finish()
      let answer = try #require(try connection.answers().first)
      #expect(answer.status == 200)
      #expect(answer.body == "{\"success\":true}")
      #expect(answer.fields[.contentLength] == "16")
      #expect(answer.fields[.accessControlAllowOrigin] == "https://shop.example")
      #expect(answer.fields[.date]?.hasSuffix(" GMT") == true)
      #expect(try connection.passed().isEmpty)
    }
  }

  @Test("requests that come in a row are kept and answered one after the other, the router's too")
  func order() throws {
    let connection = try Connection()
    try connection.send("m1")
    try connection.send("m2")
    try connection.send("none", path: "/")
    try connection.send("m3")
    #expect(connection.waitingIDs == ["m1"])
    connection.finish()
    #expect(connection.waitingIDs == ["m2"])
    #expect(try connection.passed().isEmpty)
    connection.finish()
    #expect(try connection.answers().count == 2)
    // The router has its request, and the one behind it, since it answers first.
    #expect(try connection.passed().count == 6)
    #expect(connection.waitingIDs.isEmpty)
    for _ in 0..<2 {
      connection.channel.write(
        HTTPResponsePart.head(HTTPResponse(status: .ok)), promise: nil)
      connection.channel.writeAndFlush(HTTPResponsePart.end(nil), promise: nil)
    }
    #expect(try connection.answers().count == 2)
    try connection.send("m4")
    #expect(connection.waitingIDs == ["m4"], "nothing is the router's any more")
  }

  @Test("who sends without waiting for answers is not read from until there is one")
  func backPressure() throws {
    let connection = try Connection()
    let reads = ReadCounter()
    try connection.channel.pipeline.syncOperations.addHandler(reads, position: .first)
    connection.channel.read()
    #expect(reads.count == 1)
    try connection.send("m1")
    connection.channel.read()
    #expect(reads.count == 1)
    connection.finish()
    #expect(reads.count == 2)
  }

  @Test("who says no more after a request still hears the answer before the connection ends")
  func halfClosed() throws {
    let connection = try Connection()
    let ends = EndCounter()
    try connection.channel.pipeline.syncOperations.addHandler(ends, position: .last)
    try connection.send("m1")
    connection.channel.pipeline.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
    #expect(ends.count == 0)
    connection.finish()
    #expect(try connection.answers().count == 1)
    #expect(ends.count == 1)
  }

  @Test("a client that went away is no fault, and its event is kept")
  func gone() throws {
    let connection = try Connection()
    try connection.send("m1")
    try connection.channel.close().wait()
    connection.finish()
    #expect(connection.waitingIDs.isEmpty)
  }

  @Test(
    "what cannot be kept is refused in words",
    arguments: [(Refusal.busy, 429), (.unavailable, 503)])
  func refused(refusal: Refusal, status: Int) throws {
    let connection = try Connection()
    try connection.send("m1")
    connection.finish(.failure(refusal))
    let answer = try #require(try connection.answers().first)
    #expect(answer.status == status)
    #expect(answer.fields[.retryAfter] != nil)
    #expect(answer.body.contains("\"detail\""))
  }

  private static let others: [(path: String, method: HTTPRequest.Method, fields: HTTPFields)] = [
    ("/v1/track", .options, [:]), ("/v1/track", .put, [:]), ("/", .post, [:]),
    ("/v1/tracks", .post, [:]), ("http://a/v1/track", .post, [:]), ("/v1/track#a", .post, [:]),
    ("/v1/track", .post, [.expect: "100-continue"]), ("/v1/track", .post, [.connection: "close"]),
    ("/v1/track", .post, [.upgrade: "h2c"]), ("/v1/track", .post, [.transferEncoding: "chunked"]),
    ("/v1/track", .post, [.contentLength: String(Limits.doorwayBytes + 1)]),
    ("/v1/track", .post, [.contentLength: "many"]),
  ]

  @Test("what is not the common case is the router's", arguments: others)
  func passes(other: (path: String, method: HTTPRequest.Method, fields: HTTPFields)) throws {
    let connection = try Connection()
    try connection.send("m1", path: other.path, method: other.method, fields: other.fields)
    #expect(connection.waitingIDs.isEmpty)
    #expect(try connection.passed().count == 3)
    #expect(try connection.answers().isEmpty)
  }

  @Test("a slash at the end and a query change nothing")
  func spelling() throws {
    for path in ["/v1/track/", "/v1/track?writeKey=k1", "/v1/track/?a=1"] {
      let connection = try Connection()
      try connection.send("m1", path: path)
      #expect(connection.waitingIDs == ["m1"])
    }
  }

  @Test("the longer a look for news took the later is the next one, up to a limit")
  func rests() {
    #expect(
      NewsService.rest(after: .milliseconds(1), isPlaying: false) == .seconds(Limits.newsSeconds))
    #expect(NewsService.rest(after: .milliseconds(100), isPlaying: false) == .milliseconds(800))
    #expect(
      NewsService.rest(after: .seconds(9), isPlaying: false)
        == .seconds(Limits.newsSecondsUnderLoad))
    #expect(
      NewsService.rest(after: .seconds(9), isPlaying: true) == .seconds(Limits.newsSecondsOfPlays))
  }
}

private final class ReadCounter: ChannelOutboundHandler {
  typealias OutboundIn = HTTPResponsePart
  var count = 0

  func read(context: ChannelHandlerContext) {
    count += 1
    context.read()
  }
}

private final class EndCounter: ChannelInboundHandler {
  typealias InboundIn = HTTPRequestPart
  var count = 0

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelEvent { count += 1 }
  }
}
