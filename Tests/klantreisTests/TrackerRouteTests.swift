import Collector
import HTTPTypes
import Hummingbird
import Testing

@testable import klantreis

@Suite("The tracker's address")
struct TrackerRouteTests {
  let project: TestProject

  init() throws { project = try TestProject([]) }

  @Test("it is served to every site, to be kept for an hour")
  func headers() async throws {
    try await project.serving { client in
      let reply = try await client.get(
        "/klantreis.js", headers: [.origin: "https://shop.example"])
      #expect(reply.status == .ok)
      #expect(reply.text == String(decoding: Tracker.script, as: UTF8.self))
      #expect(reply.headers[.contentType] == "text/javascript; charset=utf-8")
      #expect(reply.headers[.cacheControl] == "public, max-age=3600")
      #expect(reply.headers[.accessControlAllowOrigin] == "*")
      #expect(reply.headers[try #require(.init("Cross-Origin-Resource-Policy"))] == "cross-origin")
      #expect(reply.headers[.vary] == "Accept-Encoding")
    }
  }

  @Test(
    "it is packed where that is accepted",
    arguments: [
      ("gzip", true), ("br, GZIP;q=0.5", true), ("*", true), ("gzip;q=0", false),
      ("gzip; q=0.000, br", false), ("br", false), ("", false), ("x-gzipped", false),
    ])
  func packed(encodings: String, isPacked: Bool) async throws {
    try await project.serving { client in
      let reply = try await client.execute(
        uri: "/klantreis.js", method: .get, headers: [.acceptEncoding: encodings]
      ) { ($0.headers, Array($0.body.readableBytesView)) }
      #expect(reply.0[.contentEncoding] == (isPacked ? "gzip" : nil))
      #expect(reply.1 == (isPacked ? Tracker.packed : Tracker.script))
    }
  }

  @Test(
    "a browser that has it gets no second copy",
    arguments: [
      (Tracker.etag, true), ("\"old\", \(Tracker.etag)", true), ("*", true), ("\"old\"", false),
      ("W/\"old\"", false),
    ])
  func known(tags: String, isKnown: Bool) async throws {
    try await project.serving { client in
      let reply = try await client.get("/klantreis.js", headers: [.ifNoneMatch: tags])
      #expect(reply.status == (isKnown ? .notModified : .ok))
      #expect(reply.text.isEmpty == isKnown)
      #expect(reply.headers[.eTag] == Tracker.etag)
    }
  }
}
