import CustomerJourney
import Foundation
import Testing

@testable import Collector

/// What holds for every dialect, whatever its protocol.
@Suite("Every dialect")
struct DialectContractTests {
  static let fixtures = DialectFixture.all

  private func samples(_ fixture: DialectFixture, _ count: Int = 3) -> [SampleEvent] {
    SampleEvent.several(min(count, fixture.eventsPerRequest))
  }

  // MARK: What is stored

  @Test("stores who, what, when and how much", arguments: fixtures)
  func facts(_ fixture: DialectFixture) async throws {
    let door = TestDoor()
    for kind in SampleEvent.Kind.allCases {
      let event = SampleEvent(kind: kind)
      let (reply, batch) = await door.receive(fixture.request([event], testNow))
      #expect(reply.status == 200)
      #expect(batch.rejected.map(\.reason) == [])
      let stored = try #require(batch.touchpoints.first)
      #expect(batch.touchpoints.count == 1)
      #expect(
        stored.customer == (fixture.hasUserIDs ? "customer-1" : CustomerKey.anonymous("browser-1")))
      if fixture.hasUserIDs {
        #expect(stored.alsoKnownAs == [CustomerKey.anonymous("browser-1")])
      }
      #expect(stored.event == event.storedEvent)
      #expect(
        abs(stored.occurred.milliseconds - event.time.milliseconds) < fixture.clockMilliseconds)
      #expect(stored.source == "shop")
      if kind == .pageView { #expect(stored.content == "/shoes") }
      #expect(stored.value?.minorUnits == (kind == .order ? 4_995 : nil))
    }
  }

  @Test("stores every event of a request, in order", arguments: fixtures)
  func order(_ fixture: DialectFixture) async throws {
    let events = samples(fixture, 100)
    let (reply, batch) = await TestDoor().receive(fixture.request(events, testNow))
    #expect(reply.status == 200)
    #expect(batch.touchpoints.map(\.event) == events.map(\.storedEvent))
    #expect(Set(batch.touchpoints.map(\.messageID)).count == events.count)
  }

  @Test(
    "knows a person without a name by the anonymous id, and keeps apart who has neither",
    arguments: fixtures)
  func identities(_ fixture: DialectFixture) async throws {
    let door = TestDoor()
    let unnamed = SampleEvent(userID: nil)
    let (_, batch) = await door.receive(fixture.request([unnamed], testNow))
    #expect(batch.touchpoints.map(\.customer) == [CustomerKey.anonymous("browser-1")])
    let nobody = SampleEvent(userID: nil, anonymousID: nil)
    let (_, refused) = await door.receive(fixture.request([nobody], testNow))
    #expect(refused.touchpoints.isEmpty)
    #expect(refused.rejected.count == 1)
  }

  @Test("corrects the clock of a client only where the protocol says so", arguments: fixtures)
  func clock(_ fixture: DialectFixture) async throws {
    // The client's clock is an hour slow.
    let sent = testNow.adding(seconds: -3_600)
    let event = SampleEvent(time: sent.adding(seconds: -60))
    let (_, batch) = await TestDoor().receive(fixture.request([event], sent))
    let stored = try #require(batch.touchpoints.first)
    let expected = fixture.correctsClock ? testNow.adding(seconds: -60) : event.time
    #expect(abs(stored.occurred.milliseconds - expected.milliseconds) < fixture.clockMilliseconds)
    #expect((stored.clientTime ?? stored.occurred) == event.time || fixture.clockMilliseconds > 1)
  }

  @Test("recognises a retry, by whatever its protocol has for it", arguments: fixtures)
  func retries(_ fixture: DialectFixture) async throws {
    let door = TestDoor()
    let events = samples(fixture)
    let (_, first) = await door.receive(fixture.request(events, testNow))
    var retry = fixture.request(events, testNow.adding(seconds: 10))
    retry.received = testNow.adding(seconds: 11)
    retry.number = 99
    let (_, second) = await door.receive(retry)
    func keys(_ batch: CollectedBatch) -> [String] {
      batch.touchpoints.map { "\(($0.clientTime ?? $0.occurred).milliseconds) \($0.messageID)" }
    }
    #expect(!keys(first).isEmpty)
    #expect(keys(first) == keys(second))
    #expect(Set(keys(first)).count == events.count)
  }

  // MARK: How it comes in

  @Test(
    "takes gzip, with and without saying so, plain text and a slash at the end",
    arguments: fixtures)
  func forms(_ fixture: DialectFixture) async throws {
    let door = TestDoor()
    let plain = fixture.request(samples(fixture), testNow)
    let expected = await door.receive(plain).batch
    #expect(!expected.touchpoints.isEmpty)
    var text = plain
    text.headers["content-type"] = "text/plain;charset=UTF-8"
    #expect(await door.receive(text).batch == expected)
    let slash = CollectorRequest(
      method: plain.method, path: plain.path + "/", query: plain.query, headers: plain.headers,
      body: plain.body, received: plain.received)
    #expect(await door.receive(slash).batch == expected)
    guard !fixture.isQuery else { return }
    var packed = plain
    packed.body = Gzip.stored(plain.body)
    #expect(await door.receive(packed).batch == expected)
    packed.headers["content-encoding"] = "gzip"
    #expect(await door.receive(packed).batch == expected)
  }

  @Test("answers every one of its clients' requests with 200", arguments: fixtures)
  func examples(_ fixture: DialectFixture) async throws {
    let door = TestDoor()
    for (what, request) in fixture.more {
      let (reply, batch) = await door.receive(request)
      #expect(reply.status == 200, "\(what)")
      #expect(batch.rejected.map(\.reason) == [], "\(what)")
    }
  }

  // MARK: What it refuses

  /// An error has all three words, for each client reads another of them.
  private func expectShape(_ reply: CollectorReply, status: Int, _ comment: Comment) throws {
    #expect(reply.status == status, comment)
    guard status >= 400 else { return }
    let json = try JSONSerialization.jsonObject(with: Data(reply.body)) as? [String: Any]
    for word in ["code", "message", "detail"] {
      #expect((json?[word] as? String)?.isEmpty == false, "\(word) of \(comment)")
    }
  }

  @Test("refuses a key that no source has, and a source that is off", arguments: fixtures)
  func keys(_ fixture: DialectFixture) async throws {
    // A source that is off is to the collector as one that isn't there.
    let (reply, batch) = await TestDoor(key: "another").receive(
      fixture.request(samples(fixture), testNow))
    try expectShape(reply, status: fixture.unknownKeyStatus, "unknown key")
    #expect(batch.isEmpty)
  }

  @Test("tells a client to come again when too much waits, and counts nothing", arguments: fixtures)
  func busy(_ fixture: DialectFixture) async throws {
    let (reply, batch) = await TestDoor(isFull: true).receive(
      fixture.request(samples(fixture), testNow))
    try expectShape(reply, status: 429, "busy")
    #expect(reply.headers["retry-after"] == "2")
    #expect(batch.isEmpty)
  }

  @Test("refuses other methods", arguments: fixtures)
  func methods(_ fixture: DialectFixture) async throws {
    var request = fixture.request(samples(fixture), testNow)
    request.method = "DELETE"
    try expectShape(await TestDoor().receive(request).reply, status: 405, "DELETE")
  }

  @Test("takes as many events as it may have and refuses one more", arguments: fixtures)
  func eventLimit(_ fixture: DialectFixture) async throws {
    let limit = fixture.eventsPerRequest
    guard limit > 1 else { return }
    let door = TestDoor()
    // Short ones, so that the bytes are not the limit that is met.
    let events = (0...limit).map { SampleEvent(messageID: "\($0)", pageURL: "/") }
    let full = fixture.request(Array(events.dropLast()), testNow)
    if full.body.count <= fixture.dialect.bodyBytes, full.body.count <= 512_000 {
      let (reply, batch) = await door.receive(full)
      #expect(reply.status == 200)
      #expect(batch.touchpoints.count == limit)
    }
    let (reply, batch) = await door.receive(fixture.request(events, testNow))
    guard !fixture.keepsSurplus else {
      #expect(batch.touchpoints.count == limit)
      #expect(batch.rejected.count == 1)
      return
    }
    try expectShape(reply, status: fixture.tooLargeStatus, "one event more")
    #expect(batch.isEmpty)
  }

  @Test(
    "refuses bodies that are too large, packed or not, and packed ones that are broken",
    arguments: fixtures)
  func bodyLimit(_ fixture: DialectFixture) async throws {
    guard !fixture.isQuery else { return }
    let door = TestDoor()
    var request = fixture.request(samples(fixture), testNow)
    let good = request.body
    let limit = fixture.dialect.bodyBytes
    request.body = good + [UInt8](repeating: 32, count: limit + 1 - good.count)
    try expectShape(await door.receive(request).reply, status: fixture.tooLargeStatus, "too large")
    request.headers["content-encoding"] = "gzip"
    request.body = Gzip.bomb(64_000_000)
    #expect(request.body.count < 500_000)
    try expectShape(await door.receive(request).reply, status: fixture.tooLargeStatus, "a bomb")
    let packed = Gzip.stored(good)
    for cut in [0, 5, 12, packed.count / 2, packed.count - 1] {
      request.body = Array(packed.prefix(cut))
      let (reply, batch) = await door.receive(request)
      let status = cut == 0 ? fixture.malformedStatus : 400
      try expectShape(reply, status: status, "cut at \(cut)")
      #expect(batch.touchpoints.isEmpty)
    }
    request.headers["content-encoding"] = "br"
    request.body = good
    try expectShape(await door.receive(request).reply, status: 400, "brotli")
    request.headers["content-encoding"] = nil
    #expect(await door.receive(request).reply.status == 200, "and it serves on")
  }

  static let nonsense: [(what: String, body: [UInt8])] = [
    ("nothing", []),
    ("no JSON", Array("hello".utf8)),
    ("an open object", Array("{\"batch\":[".utf8)),
    ("JSON of depth 10,000", Array(String(repeating: "[", count: 10_000).utf8)),
    (
      "closed JSON of depth 10,000",
      Array(
        (String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)).utf8)
    ),
    ("a bare word", Array("{\"batch\":[{\"event\":nan}]}".utf8)),
    ("invalid UTF-8", Array("{\"a\":\"".utf8) + [0xFF, 0xC0, 0x80] + Array("\"}".utf8)),
    ("a NUL", [0]),
    ("zeros", [UInt8](repeating: 0, count: 1_000)),
  ]

  @Test("refuses what cannot be read, and keeps it with its reason", arguments: fixtures)
  func malformed(_ fixture: DialectFixture) async throws {
    guard !fixture.isQuery else { return }
    let door = TestDoor()
    var request = fixture.request(samples(fixture), testNow)
    let good = request.body
    for (what, body) in Self.nonsense {
      request.body = body
      let (reply, batch) = await door.receive(request)
      try expectShape(reply, status: fixture.malformedStatus, "\(what)")
      #expect(batch.touchpoints.isEmpty, "\(what)")
    }
    request.body = good
    #expect(await door.receive(request).reply.status == 200, "and it serves on")
  }

  @Test("rejects single events, with a reason, and never the others", arguments: fixtures)
  func rejected(_ fixture: DialectFixture) async throws {
    let door = TestDoor()
    let huge = String(repeating: "i", count: 10_240)
    let cases: [(what: String, event: SampleEvent, reason: String)] = [
      ("a time of year 1", SampleEvent(time: Timestamp(milliseconds: -62_135_596_800_000)), "1900"),
      ("a time of 9999", SampleEvent(time: Timestamp(milliseconds: 253_402_300_799_000)), "a day"),
      ("ids of 10 KB", SampleEvent(userID: huge, anonymousID: huge), "more than"),
    ]
    for (what, event, reason) in cases {
      let isSpoilt = fixture.hasOnePerson && event.userID == huge
      let others = fixture.eventsPerRequest > 1 && !isSpoilt ? [SampleEvent(messageID: "good")] : []
      let (reply, batch) = await door.receive(fixture.request([event] + others, testNow))
      #expect(reply.status == 200 || fixture.eventsPerRequest == 1, "\(what)")
      #expect(batch.touchpoints.count == others.count, "\(what)")
      #expect(batch.rejected.count == 1, "\(what)")
      #expect(batch.rejected.first?.reason.contains(reason) == true, "\(what)")
      #expect(batch.rejected.first?.reason.contains(huge) == false)
      #expect(batch.rejected.first?.dialect == fixture.dialect.name)
    }
  }

  @Test("keeps NUL and halves of surrogate pairs from harming an id", arguments: fixtures)
  func characters(_ fixture: DialectFixture) async throws {
    guard fixture.hasUserIDs, !fixture.isQuery else { return }
    let door = TestDoor()
    var request = fixture.request([SampleEvent()], testNow)
    let text = String(decoding: request.body, as: UTF8.self)
    guard text.contains("\"customer-1\"") else { return }
    for escape in ["\\u0000", "\\ud800", "\\udc00"] {
      request.body = Array(text.replacing("\"customer-1\"", with: "\"c\(escape)1\"").utf8)
      let (reply, batch) = await door.receive(request)
      #expect(reply.status == 200)
      #expect(batch.touchpoints.map(\.customer) == ["c\u{FFFD}1"], "\(escape)")
    }
    request.body = Array(
      text.replacing("\"customer-1\"", with: "\"\(String(repeating: "x", count: 1_000_000))\"").utf8
    )
    let (_, batch) = await door.receive(request)
    #expect(batch.touchpoints.isEmpty)
  }

  // MARK: Reading again

  @Test(
    "keeps each event so that it reads the same again, without key and address",
    arguments: fixtures)
  func singles(_ fixture: DialectFixture) throws {
    let dialect = fixture.dialect
    func comparable(_ event: ClientEvent) -> String {
      var event = event
      event.index = 0
      event.device.address = nil
      return "\(event)"
    }
    let requests = [fixture.request(samples(fixture), testNow)] + fixture.more.map(\.request)
    for request in requests {
      var unpacked = request
      unpacked.body = try Unpacking.unpacked(
        request.body, encoding: nil, limit: dialect.bodyBytes)
      let delivery = try dialect.read(unpacked)
      for index in Set(delivery.events.map(\.index)) {
        let kept = dialect.single(index, of: unpacked).kept(without: dialect.secrets)
        let again = try dialect.read(
          CollectorRequest(kept, received: unpacked.received, number: unpacked.number))
        #expect(
          again.events.map(comparable)
            == delivery.events.filter { $0.index == index }.map(comparable))
        #expect(!kept.body.contains("203.0.113.7"))
        #expect(!kept.query.contains("203.0.113.7"))
        #expect(!kept.body.contains("\"\(TestDoor.key)\""))
        #expect(!kept.query.contains("=\(TestDoor.key)"))
      }
    }
  }
}
