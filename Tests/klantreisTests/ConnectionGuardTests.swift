import HTTPTypes
import NIOCore
import NIOEmbedded
import NIOHTTPTypes
import Testing

@testable import klantreis

/// Time passes by command here, so that no test waits.
@Suite("The guard of connections")
struct ConnectionGuardTests {
  private static func channel(_ path: String = "/v1/batch") throws -> EmbeddedChannel {
    let channel = EmbeddedChannel(
      handler: ConnectionGuard(
        patience: { head in head.path == "/import" ? 900 : 30 }, readerSeconds: 20))
    try channel.connect(to: SocketAddress(ipAddress: "127.0.0.1", port: 1)).wait()
    try channel.writeInbound(
      HTTPRequestPart.head(
        HTTPRequest(method: .post, scheme: "http", authority: "a", path: path)))
    return channel
  }

  @Test("a request whose body drips in is closed when its time is over, however it drips")
  func drip() throws {
    let channel = try Self.channel()
    for second in 1...29 {
      channel.embeddedEventLoop.advanceTime(by: .seconds(1))
      try channel.writeInbound(HTTPRequestPart.body(ByteBuffer(bytes: [UInt8(second)])))
    }
    #expect(channel.isActive)
    channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(!channel.isActive)
  }

  @Test("a request that came in whole may be answered for as long as it takes")
  func whole() throws {
    let channel = try Self.channel()
    try channel.writeInbound(HTTPRequestPart.end(nil))
    channel.embeddedEventLoop.advanceTime(by: .hours(1))
    #expect(channel.isActive)
    _ = try channel.finish()
  }

  @Test("an upload has longer")
  func upload() throws {
    let channel = try Self.channel("/import")
    channel.embeddedEventLoop.advanceTime(by: .seconds(899))
    #expect(channel.isActive)
    channel.embeddedEventLoop.advanceTime(by: .seconds(1))
    #expect(!channel.isActive)
  }

  @Test("a reader that takes nothing is dropped, one that goes on in time is not")
  func reader() throws {
    let channel = try Self.channel()
    try channel.writeInbound(HTTPRequestPart.end(nil))
    for isWritable in [false, true] {
      channel.isWritable = isWritable
      channel.pipeline.fireChannelWritabilityChanged()
      channel.embeddedEventLoop.advanceTime(by: .seconds(19))
    }
    channel.embeddedEventLoop.advanceTime(by: .hours(1))
    #expect(channel.isActive)
    channel.isWritable = false
    channel.pipeline.fireChannelWritabilityChanged()
    channel.embeddedEventLoop.advanceTime(by: .seconds(20))
    #expect(!channel.isActive)
  }
}
