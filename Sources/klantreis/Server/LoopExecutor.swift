import Hummingbird
import HummingbirdCore
import Logging
import NIOCore

/// Connections whose requests are handled on the thread of the event loop that received them.
///
/// On the threads of the language a request changes its thread when its bytes came in, when it is
/// stored and when it is answered, which took longer than reading a single event.
struct LoopChannel: ServerChildChannel {
  let channel: HTTP1Channel

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<HTTP1Channel.Value> {
    self.channel.setup(channel: channel, logger: logger)
  }

  func handle(value: HTTP1Channel.Value, logger: Logger) async {
    await withTaskExecutorPreference(LoopExecutor(loop: value.channel.eventLoop)) {
      await channel.handle(value: value, logger: logger)
    }
  }
}

/// Lets what may take long, all but collecting, run on the language's own threads, so that it never
/// keeps an event loop from its other connections.
struct OffTheLoop<Context: RequestContext>: RouterMiddleware {
  func handle(
    _ request: Request, context: Context,
    next: (Request, Context) async throws -> Response
  ) async throws -> Response {
    try await withTaskExecutorPreference(globalConcurrentExecutor) {
      try await next(request, context)
    }
  }
}

/// Runs tasks on the thread of an event loop.
private final class LoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  init(loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { [self] in job.runSynchronously(on: asUnownedTaskExecutor()) }
  }
}
