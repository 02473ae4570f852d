import Collector
import CustomerJourney
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Store

/// Brings requests of clients to the front door, and its answers back.
struct CollectorRoutes: Sendable {
  let door: FrontDoor

  func addRoutes<Context: RemoteAddressRequestContext>(to router: Router<Context>) {
    for path in FrontDoor.paths {
      for method in [HTTPRequest.Method.get, .head, .post, .put, .patch, .delete, .options] {
        router.on(RouterPath(path), method: method) { request, context in
          await answer(request, from: context.remoteAddress?.ipAddress)
        }
      }
    }
  }

  private func answer(_ request: Request, from address: String?) async -> Response {
    var collected = Self.request(request, from: address)
    guard request.method != .options else { return Self.response(.text(""), to: request) }
    do {
      let buffer = try await request.body.collect(upTo: door.bodyBytes(at: collected.path))
      collected.body = Array(buffer.readableBytesView)
    } catch is NIOTooManyBytesError {
      return Self.response(door.tooLarge(collected), to: request)
    } catch {
      return Self.response(
        Refusal.malformed(reason: "its body broke off").reply, to: request)
    }
    return Self.response(await door.receive(collected), to: request)
  }

  private static func request(_ request: Request, from address: String?) -> CollectorRequest {
    var headers: [String: String] = [:]
    for field in request.headers { headers[field.name.canonicalName] = field.value }
    return CollectorRequest(
      method: request.method == .head ? "GET" : request.method.rawValue, path: request.uri.path,
      query: request.uri.query ?? "", headers: headers, remoteAddress: address, received: .now,
      number: .random(in: .min ... .max))
  }

  private static func response(_ reply: CollectorReply, to request: Request) -> Response {
    var headers: HTTPFields = [.contentType: reply.contentType]
    for (name, value) in reply.headers {
      if let name = HTTPField.Name(name) { headers[name] = value }
    }
    // Clients live in pages of other sites. No cookie is ever read here.
    if let origin = request.headers[.origin] {
      headers[.accessControlAllowOrigin] = origin
      headers[.accessControlAllowCredentials] = "true"
      headers[.vary] = "Origin"
      if request.method == .options {
        headers[.accessControlAllowMethods] = "GET, POST, OPTIONS"
        headers[.accessControlAllowHeaders] =
          request.headers[.accessControlRequestHeaders] ?? "content-type, authorization"
        headers[.accessControlMaxAge] = "86400"
      }
    }
    return Response(
      status: .init(code: reply.status), headers: headers,
      body: .init(byteBuffer: ByteBuffer(bytes: reply.body)))
  }
}
