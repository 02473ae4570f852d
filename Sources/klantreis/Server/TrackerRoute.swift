import Collector
import HTTPTypes
import Hummingbird
import NIOCore

/// Serves the tracker's script to pages of any site.
struct TrackerRoute: Sendable {
  func addRoute<Context: RequestContext>(to router: Router<Context>) {
    router.get("klantreis.js") { request, _ in Self.reply(to: request) }
  }

  private static func reply(to request: Request) -> Response {
    var headers: HTTPFields = [
      .contentType: Tracker.contentType, .eTag: Tracker.etag, .vary: "Accept-Encoding",
      // Pages name no version of it, so that a new one must reach them within the hour.
      .cacheControl: "public, max-age=3600",
      .accessControlAllowOrigin: "*",
      .xContentTypeOptions: "nosniff",
    ]
    if let name = HTTPField.Name("Cross-Origin-Resource-Policy") { headers[name] = "cross-origin" }
    if matches(request.headers[.ifNoneMatch]) {
      return Response(status: .notModified, headers: headers)
    }
    var bytes = Tracker.script
    if takesGzip(request.headers[.acceptEncoding]), let packed = Tracker.packed {
      headers[.contentEncoding] = "gzip"
      bytes = packed
    }
    return Response(
      status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }

  private static func matches(_ tags: String?) -> Bool {
    guard let tags else { return false }
    return tags == "*" || tags.contains(Tracker.etag.drop { $0 != "\"" })
  }

  /// `gzip`, or `gzip;q=0.5`; not `gzip;q=0`.
  private static func takesGzip(_ encodings: String?) -> Bool {
    (encodings ?? "").lowercased().split(separator: ",").contains { part in
      let sides = part.filter { $0 != " " }.split(separator: ";")
      guard let name = sides.first, name == "gzip" || name == "*" else { return false }
      return !sides.dropFirst().contains { side in
        side.hasPrefix("q=") && Double(side.dropFirst(2)) == 0
      }
    }
  }
}
