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
    CollectorRequest(
      request.head, path: request.uri.path, query: request.uri.query ?? "", from: address)
  }

  private static func response(_ reply: CollectorReply, to request: Request) -> Response {
    Response(
      status: .init(code: reply.status), headers: reply.fields(to: request.head),
      body: .init(byteBuffer: ByteBuffer(bytes: reply.body)))
  }
}

extension CollectorRequest {
  init(
    _ head: HTTPRequest, path: String, query: String, body: [UInt8] = [], from address: String?
  ) {
    var headers: [String: String] = [:]
    headers.reserveCapacity(head.headerFields.count)
    for field in head.headerFields { headers[field.name.canonicalName] = field.value }
    self.init(
      method: head.method == .head ? "GET" : head.method.rawValue, path: path, query: query,
      headers: headers, body: body, remoteAddress: address, received: .now,
      number: .random(in: .min ... .max))
  }
}

extension CollectorReply {
  /// The head's fields of an answer to a request.
  func fields(to request: HTTPRequest) -> HTTPFields {
    var fields: HTTPFields = [.contentType: contentType]
    for (name, value) in headers {
      if let name = HTTPField.Name(name) { fields[name] = value }
    }
    // Clients live in pages of other sites. No cookie is ever read here.
    if let origin = request.headerFields[.origin] {
      fields[.accessControlAllowOrigin] = origin
      fields[.accessControlAllowCredentials] = "true"
      fields[.vary] = "Origin"
      if request.method == .options {
        fields[.accessControlAllowMethods] = "GET, POST, OPTIONS"
        fields[.accessControlAllowHeaders] =
          request.headerFields[.accessControlRequestHeaders] ?? "content-type, authorization"
        fields[.accessControlMaxAge] = "86400"
      }
    }
    return fields
  }
}
