import CustomerJourney
import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// Closes connections that hold a place without use: a request whose body drips in for longer than
/// it may, and a reader that takes nothing of its answer.
///
/// Connections without a request are closed by the server's idle timeout.
final class ConnectionGuard: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let patience: @Sendable (HTTPRequest) -> Double
  private let readerSeconds: Double
  private var request: Scheduled<Void>?
  private var reader: Scheduled<Void>?

  /// `patience` says how many seconds a request has to come in whole.
  init(
    patience: @escaping @Sendable (HTTPRequest) -> Double = ConnectionGuard.patience,
    readerSeconds: Double = Limits.idleSeconds
  ) {
    self.patience = patience
    self.readerSeconds = readerSeconds
  }

  /// Uploads of files to the dashboard have longer than all else.
  static func patience(_ head: HTTPRequest) -> Double {
    head.path == "/import" ? Limits.uploadSeconds : Limits.requestSeconds
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head(let head):
      request?.cancel()
      request = close(context, in: patience(head))
    case .body: break
    case .end:
      request?.cancel()
      request = nil
    }
    context.fireChannelRead(data)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    reader?.cancel()
    reader = context.channel.isWritable ? nil : close(context, in: readerSeconds)
    context.fireChannelWritabilityChanged()
  }

  func channelInactive(context: ChannelHandlerContext) {
    forget()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { forget() }

  private func forget() {
    request?.cancel()
    reader?.cancel()
    request = nil
    reader = nil
  }

  private func close(_ context: ChannelHandlerContext, in seconds: Double) -> Scheduled<Void> {
    let channel = context.channel
    return context.eventLoop.scheduleTask(in: .milliseconds(Int64(seconds * 1_000))) {
      channel.close(promise: nil)
    }
  }
}
