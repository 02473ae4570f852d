import Access
import CustomerJourney
import Synchronization
import Testing

@testable import Orchestration

@Suite struct DeliveryTests {
  private static let now = Timestamp(seconds: 1_800_000_000)
  private static let key = Array("a key of this project, of 32 byte".utf8)

  private static func message(
    _ channel: MessageChannel = .email, purpose: MessagePurpose = .marketing,
    data: String = "{}"
  ) -> Message {
    Message(
      id: 7,
      intent: MessageIntent(
        origin: MessageOrigin(play: "basket", version: 1, key: "c", step: "first"), customer: 1,
        channel: channel, purpose: purpose, template: "basket", data: data, due: now),
      standing: MessageStanding(state: .claimed, due: now, claim: 1, leaseEnds: now),
      created: now, changed: now)
  }

  /// Everything is as it should be but for what a test changes.
  private struct World {
    var check = SendingCheck.send(asOf: nil)
    var email = MailAddress("ann@example.org")
    var phone: String? = "+31612345678"
    var closed = false
    var oneClick: String? = "https://k.nl/unsubscribe/x"
    var hasContent = true
    var tracks = false
    var webhooks: [String: Webhook] = [:]
    var perDomain = "120"
    var claimed: [Message] = []
    var failing: @Sendable (Message) throws -> Void = { _ in }
    var noted: @Sendable (MessageNote) -> Void = { _ in }
    let rates = DomainRates()

    func delivery() throws -> Delivery {
      let world = self
      let content = try Content(yaml: ContentTests.yaml, file: "b", vocabulary: .filter())
      var settings = [
        "mail.from": "info@shop.nl", "mail.server": "127.0.0.1", "mail.url": "https://k.nl",
        "mail.per-domain": perDomain,
      ]
      if tracks { settings["mail.tracking"] = "yes" }
      let values = ContentValue(
        json: #"{"firstName":"Ann","until":"now","cartUrl":"https://shop.nl/c","cartId":"1"}"#)
      return Delivery(
        Delivery.Surroundings(
          claim: { _, _, _ in world.claimed },
          note: { notes, _, _ in
            notes.forEach(world.noted)
            return notes.map { _ in nil }
          },
          check: { message, _ in
            try world.failing(message)
            return world.check
          },
          recipient: { _, _, _ in
            Recipient(
              email: world.email, phone: world.phone,
              reader: .init(values: values ?? .object([:])), allowsTracking: true,
              ways: .init(unsubscribe: "https://k.nl/unsubscribe/x"), oneClick: world.oneClick)
          },
          content: { _ in world.hasContent ? content : nil }, isClosed: { _ in world.closed },
          close: { _, _, _ in }, webhook: { world.webhooks[$0] }, now: { now }),
        settings: try MailSettings(settings), key: key, rates: rates)
    }
  }

  private static func said(_ prepared: Delivery.Prepared) -> String {
    switch prepared {
    case .mail(_, let to): "mail \(to.domain)"
    case .call(let webhook, _): "call \(webhook.name)"
    case .ended(.skipped(let reason)): "skipped \(reason.code)"
    case .ended(.putOff(_, let reason)): "put off \(reason.code)"
    case .ended(.failedForNow(let reason)): "failed \(reason.code)"
    case .ended(let happening): happening.name
    }
  }

  @Test("every message that is not sent has its reason")
  func reasons() throws {
    let why = MessageReason("cap-week")
    let sms = Webhook(name: "sms", url: "https://sms.nl", secret: "s")
    let cases: [(World, Message, String)] = [
      (World(), Self.message(), "mail example.org"),
      (World(check: .skip(why)), Self.message(), "skipped cap-week"),
      (World(check: .putOff(until: Self.now, why)), Self.message(), "put off cap-week"),
      (World(email: nil), Self.message(), "skipped no-address"),
      (World(closed: true), Self.message(), "skipped suppressed"),
      (World(oneClick: nil), Self.message(), "skipped no-way-out"),
      (World(oneClick: nil), Self.message(purpose: .service), "mail example.org"),
      (World(hasContent: false), Self.message(), "failed no-content"),
      (World(), Self.message(.sms), "failed no-gateway"),
      (World(phone: nil), Self.message(.sms), "skipped no-phone"),
      (World(webhooks: ["sms": sms]), Self.message(.sms), "call sms"),
      (World(), Self.message(.webhook), "failed no-webhook"),
      (
        World(webhooks: ["crm": sms]), Self.message(.webhook, data: #"{"webhook":"crm"}"#),
        "call sms"
      ),
      (World(), Self.message(.onsite), "skipped not-sent-from-here"),
    ]
    for (world, message, expected) in cases {
      #expect(Self.said(try world.delivery().prepare(message, at: Self.now).prepared) == expected)
    }
  }

  @Test("more than a domain takes in ten seconds is put off until it takes the next")
  func rate() throws {
    let delivery = try World(perDomain: "12").delivery()
    let said = try (0..<4).map { _ in
      Self.said(try delivery.prepare(Self.message(), at: Self.now).prepared)
    }
    #expect(said == ["mail example.org", "mail example.org", "put off rate", "put off rate"])
    var rate = DomainRate()
    func take(_ domain: String, after seconds: Int64 = 0) -> Timestamp? {
      rate.take(domain, perMinute: 60, at: Self.now.adding(seconds: seconds))
    }
    for _ in 0..<10 { #expect(take("a") == nil) }
    // Each gets a moment of its own, and finds room then.
    #expect(take("a") == Self.now.adding(seconds: 1))
    #expect(take("a") == Self.now.adding(seconds: 2))
    #expect(take("b") == nil)
    #expect(take("a", after: 1) == nil)
    #expect(take("a", after: 2) == nil)
    #expect(take("a", after: 2) == Self.now.adding(seconds: 3))
  }

  @Test("the rate of a domain holds over all that send, and over all that they claim")
  func rateOfAll() throws {
    let world = World(perDomain: "12")
    let said = try (0..<4).map { _ in
      Self.said(try world.delivery().prepare(Self.message(), at: Self.now).prepared)
    }
    #expect(said == ["mail example.org", "mail example.org", "put off rate", "put off rate"])
  }

  @Test("what goes wrong with one message is its reason, and loses nothing of the others")
  func oneThatCannotBeMade() throws {
    struct Broken: Error {}
    let noted = Mutex<[String]>([])
    var world = World()
    world.claimed = ([7, 8, 9] as [Int64]).map { id in
      var message = Self.message(.onsite)
      message.id = id
      message.standing.leaseEnds = nil
      return message
    }
    world.failing = { if $0.id == 8 { throw Broken() } }
    world.noted = { note in noted.withLock { $0.append("\(note.message) \(note.happening.name)") } }
    #expect(try world.delivery().sendDue() == 3)
    #expect(noted.withLock { $0 } == ["7 skipped", "8 failed for now", "9 skipped"])
    noted.withLock { $0 = [] }
    #expect(try world.delivery().sendDue(while: { false }) == 3)
    #expect(noted.withLock { $0 }.isEmpty)
  }

  @Test(
    "links are counted only where that is on, lead where they led, and ways out stay as they are")
  func tracked() throws {
    guard
      case .mail(let plain, _) = try World().delivery().prepare(Self.message(), at: Self.now)
        .prepared
    else { throw Unexpected() }
    #expect(!String(decoding: plain, as: UTF8.self).contains(TrackedLinks.openPath))
    let links = TrackedLinks(
      url: "https://k.nl", key: Self.key, message: 7, expires: Self.now.adding(seconds: 60))
    let html =
      #"<a href="https://shop.nl/c?a=1&amp;b=2">x</a><a href="https://k.nl/u">u</a></body>"#
    let tracked = links.tracked(html, leaving: .init(unsubscribe: "https://k.nl/u"))
    #expect(tracked.contains(#"<a href="https://k.nl/u">"#))
    #expect(tracked.contains("https://k.nl/m/o/"))
    let start = try #require(tracked.firstRange(of: "/m/c/")).upperBound
    let token = String(tracked[start...].prefix { $0 != "\"" })
    let click = try TrackedLinks.click(token: token, key: Self.key, now: Self.now)
    #expect(click.message == 7 && click.address == "https://shop.nl/c?a=1&b=2")
    #expect(throws: LinkProblem.expired) {
      try TrackedLinks.click(token: token, key: Self.key, now: Self.now.adding(seconds: 61))
    }
    #expect(throws: LinkProblem.unknown) {
      try TrackedLinks.click(token: "x" + token, key: Self.key, now: Self.now)
    }
  }

  private struct Unexpected: Error {}

  // MARK: Webhooks

  @Test("a call is signed over its timestamp and body")
  func signature() {
    let webhook = Webhook(name: "a", url: "https://a.nl", secret: "key")
    // HMAC-SHA256 of "1.{}" under "key", worked out with openssl.
    #expect(
      webhook.signature(timestamp: "1", body: "{}")
        == "sha256=" + Self.expectedSignature)
    #expect(
      webhook.signature(timestamp: "2", body: "{}") != webhook.signature(timestamp: "1", body: "{}")
    )
  }

  private static let expectedSignature =
    "1ba6b8171186efc613e8bcc0cbdab2748f24984d7c5a84faa2637afa0e40d224"

  @Test(
    "what a webhook answers is what becomes of the message",
    arguments: [
      (200, "sent"), (204, "sent"), (301, "refused"), (404, "refused"), (408, "failed for now"),
      (429, "failed for now"), (503, "failed for now"),
    ])
  func answers(_ code: Int, _ name: String) {
    #expect(Webhook.happening(code, problem: "", mayHaveArrived: true).name == name)
  }

  @Test("without an answer nobody knows, unless there was no connection")
  func silence() {
    #expect(Webhook.happening(nil, problem: "", mayHaveArrived: true).name == "unknown")
    #expect(Webhook.happening(nil, problem: "", mayHaveArrived: false).name == "failed for now")
  }

  @Test(
    "a private address in any form is refused",
    arguments: [
      "127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
      "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::",
      "fe80::1", "fc00::1", "fd12::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:7f00:1",
      "64:ff9b::7f00:1", "2002:7f00:1::", "2001:db8::1", "fe80::1%eth0", "nonsense", "",
    ])
  func privateAddresses(_ address: String) {
    #expect(PrivateAddress.contains(address))
  }

  @Test(
    "a public address is taken",
    arguments: ["8.8.8.8", "172.32.0.1", "192.169.0.1", "2a00:1450:400e::1", "::ffff:8.8.8.8"])
  func publicAddresses(_ address: String) { #expect(!PrivateAddress.contains(address)) }

  @Test(
    "a webhook to this machine is refused unless that is allowed, however it is written",
    arguments: [
      "http://127.0.0.1:9/", "http://localhost:9/", "http://2130706433:9/", "http://0x7f.1:9/",
      "http://[::1]:9/", "http://[::ffff:127.0.0.1]:9/",
    ])
  func refused(_ url: String) {
    let webhook = Webhook(name: "a", url: url, secret: "s")
    guard case .refused(let reason) = webhook.call(body: "{}", at: Self.now, allowsPrivate: false)
    else {
      // A name that this machine cannot resolve is not called either.
      #expect(WebTarget(url)?.resolved().isEmpty == true)
      return
    }
    #expect(reason.code == "private-address")
  }

  @Test(
    "an address that is no web address, or carries a login, is no webhook",
    arguments: ["ftp://a.nl", "file:///etc/passwd", "https://a:b@c.nl", "nonsense", "https://"])
  func badTargets(_ url: String) { #expect(WebTarget(url) == nil) }

  // MARK: Audiences

  @Test("audiences hold digests of what platforms normalise, and nobody without any")
  func audience() {
    let people: [(email: String?, phone: String?)] = [
      (" Ann.A+shop@Gmail.com ", "+31 6 12345678"), (nil, "06 12345678"), (nil, nil),
    ]
    let google = AudienceFile.google.csv(people)
    #expect(google.rows == 1)
    #expect(AudienceFile.google.email(" Ann.A+shop@Gmail.com ") == "anna@gmail.com")
    #expect(AudienceFile.meta.email(" Ann.A+shop@Gmail.com ") == "ann.a+shop@gmail.com")
    #expect(AudienceFile.google.phone("+31 6 12345678") == "+31612345678")
    #expect(AudienceFile.meta.phone("+31 6 12345678") == "31612345678")
    // SHA-256 of “anna@gmail.com”, worked out with sha256sum.
    #expect(
      google.text.contains("7dad900140d08b66a8e4f0aaeaf8f7dbb33d391f959e963d8fbd392719a11c99"))
    #expect(!google.text.contains("@"))
  }
}
