import CustomerJourney
import Hummingbird
import NIOCore
import NIOHTTPTypes

/// Hangs up on who lets a request's body drip in, so that slow senders cannot hold connections.
///
/// A body may take ``Limits/requestSeconds``, and longer only while it keeps coming at
/// ``Limits/slowestBytesPerSecond``, as a large upload over a slow line does. Who drips the header,
/// or says nothing, is hung up on by the server's idle timeout, which counts no half headers.
final class RequestDeadline: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart

  private let patience: TimeAmount
  private var bytes = 0
  private var begun = NIODeadline.now()
  private var alarm: Scheduled<Void>?

  init(patience: TimeAmount = .milliseconds(Int64(Limits.requestSeconds * 1_000))) {
    self.patience = patience
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      bytes = 0
      begun = .now()
      setAlarm(context)
    case .body(let part): bytes += part.readableBytes
    case .end: cancelAlarm()
    }
    context.fireChannelRead(data)
  }

  func channelInactive(context: ChannelHandlerContext) {
    cancelAlarm()
    context.fireChannelInactive()
  }

  func handlerRemoved(context: ChannelHandlerContext) { cancelAlarm() }

  private func setAlarm(_ context: ChannelHandlerContext) {
    cancelAlarm()
    alarm = context.eventLoop.assumeIsolated().scheduleTask(in: patience) {
      self.alarm = nil
      let seconds = (NIODeadline.now() - self.begun).nanoseconds / 1_000_000_000
      if Int64(self.bytes) < seconds * Limits.slowestBytesPerSecond {
        context.close(promise: nil)
      } else {
        self.setAlarm(context)
      }
    }
  }

  private func cancelAlarm() {
    alarm?.cancel()
    alarm = nil
  }
}
