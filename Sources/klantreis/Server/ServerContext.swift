import Hummingbird
import NIOCore

/// What a request brings along: besides the usual, the address that it came from.
struct ServerContext: RequestContext, RemoteAddressRequestContext {
  var coreContext: CoreRequestContextStorage
  /// Nil where the connection has none, as in tests.
  let remoteAddress: SocketAddress?
  /// Who asks; nil on the routes that need no login.
  var visitor: Visitor?

  init(source: ApplicationRequestContextSource) {
    coreContext = CoreRequestContextStorage(source: source)
    remoteAddress = source.channel.remoteAddress
  }
}
