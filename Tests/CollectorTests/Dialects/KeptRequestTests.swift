import CustomerJourney
import Foundation
import Testing

@testable import Collector

/// What is kept of requests and events that nobody could use.
@Suite("What is kept of bad requests")
struct KeptRequestTests {
  static let fixtures = DialectFixture.all
  /// Of a form that can be found in anything that is kept.
  private static let key = "5ecre7-k3y"
  private static let address = "203.0.113.77"

  /// The same request with the key as long as people's are, and with an address wherever the
  /// dialect may be told one.
  private func spiked(_ request: CollectorRequest, _ dialect: any Dialect) -> CollectorRequest {
    var request = request
    func spike(_ text: String) -> String {
      text.replacing("\"\(TestDoor.key)\"", with: "\"\(Self.key)\"")
        .replacing("=\(TestDoor.key)", with: "=\(Self.key)")
        .replacing("203.0.113.7", with: Self.address)
    }
    request.query = spike(request.query)
    request.body = Array(spike(String(decoding: request.body, as: UTF8.self)).utf8)
    request.headers["authorization"] = "Bearer \(Self.key)"
    request.headers["x-forwarded-for"] = Self.address
    request.headers["cookie"] = Self.key
    request.remoteAddress = Self.address
    return request
  }

  private func expectNoSecret(_ batch: CollectedBatch, _ comment: Comment) {
    for event in batch.rejected {
      #expect(!"\(event)".contains(Self.key), comment)
      #expect(!"\(event)".contains(Self.address), comment)
    }
  }

  @Test(
    "holds neither key nor address, wherever a request was broken off", arguments: fixtures)
  func brokenOff(_ fixture: DialectFixture) async throws {
    let dialect = fixture.dialect
    let events = SampleEvent.several(min(3, fixture.eventsPerRequest))
    let door = TestDoor(key: Self.key)
    var kept = 0
    for request in [fixture.request(events, testNow)] + fixture.more.map(\.request) {
      let whole = spiked(request, dialect)
      let count = whole.body.count
      for length in stride(from: 1, through: count, by: max(1, count / 40)) {
        var broken = whole
        broken.body = Array(whole.body.prefix(length))
        let batch = await door.receive(broken).batch
        kept += batch.rejected.count
        expectNoSecret(batch, "\(length) of \(count) bytes")
      }
    }
    // What has its key only in a body that cannot be read is nobody's, and not kept at all.
    #expect(kept > 0 || fixture.isQuery)
  }

  @Test("holds neither key nor address of an event that is rejected", arguments: fixtures)
  func rejected(_ fixture: DialectFixture) async throws {
    let door = TestDoor(key: Self.key)
    let old = SampleEvent(time: Timestamp(milliseconds: -62_135_596_800_000))
    let bad = spiked(fixture.request([old], testNow), fixture.dialect)
    let batch = await door.receive(bad).batch
    #expect(batch.rejected.count == 1)
    expectNoSecret(batch, "a bad event")
  }

  @Test(
    "is without what was secret, in every form that it comes in",
    arguments: [
      ("{\"api_key\": \"5ecre7-k3y\", \"a\": 1", "{\"api_key\": \"\", \"a\": 1", "JSON"),
      ("{\"api_key\":\"5ecre7-k", "{\"api_key\":\"", "a value that is cut off"),
      ("{\"api_key\":\"5ec\\\"re7-k3y\"}", "{\"api_key\":\"\"}", "a quote in the value"),
      ("{\"api_key\":17,\"a\":1}", "{\"api_key\":,\"a\":1}", "a number"),
      ("{\"ip\":[\"203.0.113.77\"],\"a\":1}", "{\"ip\":", "what is nested"),
      (
        "{\"x\":\"{\\\"ip\\\":\\\"203.0.113.77\\\",\\\"b\\\":2}\"",
        "{\"x\":\"{\\\"ip\\\":\\\"\\\",\\\"b\\\":2}\"", "JSON in a text"
      ),
      (
        "{\"requests\":[\"?a=1&ip=203.0.113.77&b=2\",\"?ip=203.0.113.77\"",
        "{\"requests\":[\"?a=1&ip=&b=2\",\"?ip=\"", "queries in texts"
      ),
      ("a=1&api_key=5ecre7-k3y&b=2", "a=1&api_key=&b=2", "a form"),
      ("?a=1\\u0026ip=203.0.113.77\\u0026b=2", "?a=1\\u0026ip=\\u0026b=2", "an escaped ampersand"),
      ("{\"trip\":\"a\",\"skip\":1}&zip=2", "{\"trip\":\"a\",\"skip\":1}&zip=2", "other names"),
    ])
  func scrubbed(text: String, expected: String, what: String) {
    let request = clientRequest("/batch", text)
    let kept = request.kept(without: ["api_key", "ip"], isUnread: true)
    #expect(kept.body == expected, "\(what)")
    #expect(
      request.kept(without: ["api_key", "ip"]).body == text, "what was read is clean already")
  }

  @Test("has no header of an address")
  func headers() {
    let request = clientRequest(
      "/v1/cloudevents", headers: ["ce-clientip": "203.0.113.77", "ce-id": "1", "cookie": "c"])
    let kept = request.kept(without: CloudEventsDialect().secrets)
    #expect(kept.headers == ["ce-id": "1"])
  }

  // MARK: Many of one request

  @Test("a request of nothing but bad events is read once to keep them", arguments: fixtures)
  func many(_ fixture: DialectFixture) async throws {
    let year1: Int64 = -62_135_596_800
    var count = min(2_500, fixture.eventsPerRequest)
    func request() -> CollectorRequest {
      let events = (0..<count).map {
        SampleEvent(
          time: Timestamp(milliseconds: (year1 + Int64($0)) * 1_000), messageID: "\($0)",
          pageURL: "/")
      }
      return fixture.request(events, testNow)
    }
    // Segment's requests are shorter than the dialect's limit.
    while request().body.count > min(fixture.dialect.bodyBytes, 500_000) { count -= 100 }
    let bad = request()
    let began = ContinuousClock.now
    let (reply, batch) = await TestDoor().receive(bad)
    // A generous bound: read once for each event, it would take minutes.
    #expect(ContinuousClock.now - began < .seconds(20))
    #expect(reply.status == 200 || fixture.eventsPerRequest == 1)
    #expect(batch.rejected.count == count)
    #expect(batch.unkept.isEmpty)
    #expect(Set(batch.rejected.map(\.request)).count == count)
  }

  @Test("past the limit of bytes bad events are counted, with a reason, and the good ones stored")
  func tooMany() async throws {
    let context = String(repeating: "x", count: 30_000)
    let events = (0..<1_000).map { index in
      "{\"type\":\"track\",\"event\":\"A\",\"messageId\":\"m\(index)\""
        + (index == 0 ? ",\"userId\":\"ann\"}" : "}")
    }
    let body =
      "{\"writeKey\":\"key\",\"context\":{\"x\":\"\(context)\"},"
      + "\"batch\":[\(events.joined(separator: ","))]}"
    let (reply, batch) = await TestDoor().receive(clientRequest("/v1/batch", body))
    #expect(reply.status == 200)
    #expect(batch.touchpoints.count == 1)
    let kept = batch.rejected.dropLast()
    let bytes = kept.reduce(0) { $0 + $1.request.body.utf8.count }
    #expect(bytes >= Limits.rejectedRequestBytes)
    #expect(bytes < Limits.rejectedRequestBytes + Limits.rejectedBytes)
    #expect(kept.allSatisfy { !$0.request.isCut })
    let last = try #require(batch.rejected.last)
    #expect(last.request.isCut)
    let others = 999 - kept.count
    #expect(last.reason.contains("\(others) events"))
    #expect(batch.unkept == [.rejected: others - 1])
  }
}
