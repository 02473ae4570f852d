import Collector
import CustomerJourney
import Foundation
import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes

/// Answers clients' events on the connection itself: reads and judges where the bytes came in, and
/// writes when the intake has stored them.
///
/// Router, task and stream of a request took longer than its event. What is not the common case, such
/// as a preflight, a body without a length or a large one, goes on to the router, which answers all
/// that this does in the same words.
final class Doorway: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  typealias Keep =
    @Sendable (
      CollectedBatch, @escaping @Sendable (Result<KeptOutcome, any Error>) -> Void
    ) -> Void

  private enum State {
    case between
    /// A request of ours comes in.
    case taking(Taken)
    /// It waits for the disk. What comes meanwhile is held, so that answers keep their order.
    case answering
    /// A request comes in that is the router's.
    case passing
  }

  private struct Taken {
    var head: HTTPRequest
    var path: String
    var query: String
  }

  private let door: FrontDoor
  private let keep: Keep
  private var state = State.between
  private var body = ByteBuffer()
  /// Requests that the router has not answered yet.
  private var passed = 0
  private var held = CircularBuffer<HTTPRequestPart>()
  private var isReadHeld = false
  private var heldEvents: [ChannelEvent] = []
  private var address: String?
  private var date = DateField()

  init(door: FrontDoor, keep: @escaping Keep) {
    self.door = door
    self.keep = keep
  }

  func handlerAdded(context: ChannelHandlerContext) {
    address = context.remoteAddress?.ipAddress
  }

  // MARK: What comes in

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    let part = unwrapInboundIn(data)
    if case .answering = state {
      held.append(part)
    } else {
      take(part, context)
    }
  }

  private func take(_ part: HTTPRequestPart, _ context: ChannelHandlerContext) {
    switch (state, part) {
    case (.between, .head(let head)):
      if passed == 0, let taken = taken(head) {
        state = .taking(taken)
      } else {
        state = .passing
        passed += 1
        context.fireChannelRead(wrapInboundOut(part))
      }
    case (.taking, .body(var buffer)):
      // The common one comes in a piece.
      if body.readableBytes == 0 { body = buffer } else { body.writeBuffer(&buffer) }
    case (.taking(let taken), .end): receive(taken, context)
    case (.passing, .end):
      state = .between
      context.fireChannelRead(wrapInboundOut(part))
    default: context.fireChannelRead(wrapInboundOut(part))
    }
  }

  /// Nil for a request that is the router's.
  private func taken(_ head: HTTPRequest) -> Taken? {
    guard head.method == .post || head.method == .get, let whole = head.path,
      whole.utf8.first == UInt8(ascii: "/"), !whole.utf8.contains(UInt8(ascii: "#"))
    else { return nil }
    let fields = head.headerFields
    guard fields[.expect] == nil, fields[.upgrade] == nil, fields[.connection] != "close",
      fields[.transferEncoding] == nil
    else { return nil }
    let length = fields[.contentLength].map { Int($0) } ?? 0
    guard let length, length <= Limits.doorwayBytes else { return nil }
    let parts = whole.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    let path = String(parts[0])
    let isOurs =
      door.dialect(at: path) != nil
      || path.hasSuffix("/") && door.dialect(at: String(path.dropLast())) != nil
    guard isOurs else { return nil }
    return Taken(head: head, path: path, query: parts.count > 1 ? String(parts[1]) : "")
  }

  private func receive(_ taken: Taken, _ context: ChannelHandlerContext) {
    let request = CollectorRequest(
      taken.head, path: taken.path, query: taken.query, body: Array(body.readableBytesView),
      from: address)
    body = ByteBuffer()
    switch door.judge(request) {
    case .answered(let reply): write(reply, to: taken.head, context)
    case .judged(let judged):
      state = .answering
      let own = NIOLoopBound((self, context), eventLoop: context.eventLoop)
      keep(judged.batch) { [door, head = taken.head, loop = context.eventLoop] kept in
        loop.execute {
          let (doorway, context) = own.value
          doorway.write(door.answer(judged, kept), to: head, context)
          doorway.goOn(context)
        }
      }
    }
  }

  // MARK: What goes out

  private func write(
    _ reply: CollectorReply, to request: HTTPRequest, _ context: ChannelHandlerContext
  ) {
    state = .between
    var fields = reply.fields(to: request)
    fields[.contentLength] = String(reply.body.count)
    fields[.date] = date.text(at: Timestamp.now.milliseconds / 1000)
    let head = HTTPResponse(status: .init(code: reply.status), headerFields: fields)
    context.write(wrapOutboundOut(.head(head)), promise: nil)
    if !reply.body.isEmpty {
      context.write(
        wrapOutboundOut(.body(context.channel.allocator.buffer(bytes: reply.body))), promise: nil)
    }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
  }

  /// Takes what was held, up to the next request that waits for the disk.
  private func goOn(_ context: ChannelHandlerContext) {
    let mayPass = !held.isEmpty
    while !isAnswering, !held.isEmpty { take(held.removeFirst(), context) }
    guard !isAnswering else { return }
    if mayPass { context.fireChannelReadComplete() }
    for event in exchange(&heldEvents, with: []) { context.fireUserInboundEventTriggered(event) }
    if isReadHeld {
      isReadHeld = false
      context.read()
    }
  }

  private var isAnswering: Bool {
    if case .answering = state { true } else { false }
  }

  /// Who doesn't wait for answers is not read from.
  func read(context: ChannelHandlerContext) {
    if isAnswering { isReadHeld = true } else { context.read() }
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    // Who says no more after a request still hears the answer.
    if isAnswering, let event = event as? ChannelEvent {
      heldEvents.append(event)
    } else {
      context.fireUserInboundEventTriggered(event)
    }
  }

  func write(
    context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
  ) {
    if case .end = unwrapOutboundIn(data) { passed -= 1 }
    context.write(data, promise: promise)
  }
}

/// The field `date` of answers, made once a second.
private struct DateField {
  private var second: Int64 = .min
  private var text = ""

  mutating func text(at now: Int64) -> String {
    guard now != second else { return text }
    second = now
    var moment = time_t(now)
    var parts = tm()
    gmtime_r(&moment, &parts)
    text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 32) { out in
      let count = strftime(
        out.baseAddress, out.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
      return String(decoding: out.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    return text
  }
}

/// A connection of HTTP/1 with a ``Doorway`` before the router.
struct DoorwayChannel: ServerChildChannel {
  let http: HTTP1Channel
  let doorway: @Sendable () -> Doorway

  func setup(channel: any NIOCore.Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
    http.setup(channel: channel, logger: logger).flatMapThrowing { value in
      let pipeline = channel.pipeline.syncOperations
      // Behind what counts requests, so that a connection with one of ours is neither idle nor closed
      // before its answer when the server stops.
      let state = try pipeline.handler(type: HTTPConnectionStateHandler.self)
      try pipeline.addHandler(doorway(), position: .after(state))
      return value
    }
  }

  func handle(value: HTTP1Channel.Value, logger: Logger) async {
    await http.handle(value: value, logger: logger)
  }
}
