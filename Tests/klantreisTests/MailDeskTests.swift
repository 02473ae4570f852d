import Access
import CustomerJourney
import Foundation
import Hummingbird
import Orchestration
import Store
import Synchronization
import Testing

@testable import klantreis

@Suite("The page on which mail is set up")
struct MailDeskTests {
  private static let path = "/messages/mail"
  private let guarded: GuardedProject
  private var workspace: Workspace { guarded.project.workspace }

  init() throws {
    guarded = try GuardedProject()
    try guarded.addUser("mia", .admin)
  }

  /// All fields as the browser sends them when nothing is ticked.
  private func form(_ said: [MailSetting: String]) -> [String: String] {
    var fields: [String: String] = [:]
    for setting in MailForm.groups.flatMap(\.fields) where !setting.isYesOrNo {
      fields[setting.rawValue] = ""
    }
    for (setting, value) in said { fields[setting.rawValue] = value }
    return fields
  }

  private func browsing(
    _ body: @escaping @Sendable (TestBrowser) async throws -> Void
  ) async throws {
    try await guarded.serving { client in
      let browser = TestBrowser(client)
      try await browser.logIn("mia")
      try await body(browser)
    }
  }

  /// What the log says of settings, the newest first.
  private func deeds() throws -> [String] {
    try workspace.store.activities(limit: 100).filter { $0.action == .settingChanged }
      .map { "\($0.actor): \($0.subject)" }
  }

  @Test("a form has every setting but the keys, once")
  func fields() {
    let fields = MailForm.groups.flatMap(\.fields)
    #expect(Set(fields).count == fields.count)
    #expect(
      Set(MailSetting.allCases).subtracting(fields) == [.selector, .dkim, .dkimEd25519])
  }

  @Test("what is set is what mail goes by, and the log says who set what")
  func saving() async throws {
    try await browsing { browser in
      let before = try await browser.get(Self.path)
      #expect(before.status == 200)
      #expect(before.text.contains("Nothing can be sent yet."))
      #expect(before.text.contains("Mail must be able to go out before it can be tested."))
      var fields = form([
        .server: " mx.shop.nl ", .security: "tls", .from: "info@shop.nl", .user: "shop",
        .password: "a <secret>", .address: "Street 1\r\n1000 AA Amsterdam",
        .url: "https://reis.shop.nl/",
      ])
      fields["tracking"] = "yes"
      let saved = try await browser.post(Self.path, fields, from: Self.path)
      #expect(saved.status == 303)
      let page = try await browser.get(try #require(saved.location))
      #expect(page.text.contains("Mail can be sent: from info@shop.nl, by mx.shop.nl:465."))
      #expect(page.text.contains("Saved."))
      let settings = try workspace.mailSettings()
      #expect(settings.server == MailServer("mx.shop.nl", security: .tls))
      #expect(settings.password == "a <secret>")
      #expect(settings.look.address == "Street 1\n1000 AA Amsterdam")
      #expect(settings.url == "https://reis.shop.nl")
      #expect(settings.isTracking)
      #expect(
        try Set(deeds())
          == Set(
            ["server", "security", "from", "user", "password", "address", "url", "tracking"].map {
              "mia: mail.\($0)"
            }))
    }
  }

  @Test("what stays as it was is no change, and an empty field takes away")
  func changes() throws {
    let old = [
      "mail.server": "mx.shop.nl", "mail.company": "Shop", "mail.tracking": "no",
      "mail.private-webhooks": "yes", "mail.password": "secret", "mail.dkim": "key",
    ]
    let fields = FormFields(
      TestBrowser.encoded(form([.server: "mx.shop.nl", .accent: "#102030"])))
    let changes = MailForm(fields, beside: old).changes
    #expect(
      Dictionary(uniqueKeysWithValues: changes.map { ($0.setting, $0.value) })
        == [.company: nil, .accent: "#102030", .privateWebhooks: nil])
  }

  @Test("each wrong value is told at its field, what was typed stays, and nothing is saved")
  func wrong() async throws {
    try await browsing { browser in
      let fields = form([
        .server: "mx.shop.nl", .from: "no <body>", .perDomain: "0", .password: "a <secret>",
        .authority: "/dev/zero",
      ])
      let page = try await browser.post(Self.path, fields, from: Self.path)
      #expect(page.status == 400)
      #expect(page.text.contains("value=\"no &lt;body&gt;\""))
      #expect(page.text.contains("value=\"mx.shop.nl\""))
      for (field, message) in [
        ("from", "This takes a mail address."), ("per-domain", "This takes a number from 1 to"),
        ("authority", "This takes the path of a file"), ("password", "Type it again"),
      ] {
        #expect(page.text.contains("id=\"\(field)-problem\">\(message)"), "\(field)")
      }
      #expect(!page.text.contains("id=\"server-problem\""))
      #expect(!page.text.contains("a &lt;secret&gt;"))
      let dutch = try await browser.post(
        Self.path, fields, from: Self.path, headers: [.acceptLanguage: "nl"])
      #expect(dutch.text.contains("id=\"from-problem\">Hier hoort een e-mailadres."))
      #expect(dutch.text.contains("Er is niets bewaard."))
      #expect(try workspace.store.settings().keys.allSatisfy { !$0.hasPrefix("mail.") })
      #expect(try deeds().isEmpty)
    }
  }

  @Test("secrets are on no page and in no line of the log; they stay, are replaced, or taken away")
  func secrets() async throws {
    let secrets = ["the old password 1", "the reports' secret, long enough"]
    try workspace.set(.server, to: "mx.shop.nl")
    try workspace.set(.from, to: "info@shop.nl")
    try workspace.set(.password, to: secrets[0])
    try workspace.set(.reportsSecret, to: secrets[1])
    try await browsing { browser in
      var fields = form([.server: "mx.shop.nl", .from: "info@shop.nl"])
      func expectSecrecy(_ page: TestBrowser.Page, _ more: String...) throws {
        let keys = try [MailSetting.dkim, .dkimEd25519].compactMap {
          try workspace.store.setting($0.key)
        }
        for secret in secrets + more + keys {
          // The first part of an RSA key is what its record shows to everybody.
          let lines = secret.split(separator: "\n")
          for line in lines.dropFirst(lines.count / 2) where !line.hasPrefix("-----") {
            #expect(!page.text.contains(line.replacing("'", with: "&#39;")))
            #expect(!page.text.contains(line))
            #expect(
              try !workspace.store.activities(limit: 100).contains { $0.subject.contains(line) })
          }
        }
      }
      try expectSecrecy(try await browser.get(Self.path))
      #expect(try await browser.post(Self.path, fields, from: Self.path).status == 303)
      #expect(try workspace.mailSettings().password == secrets[0])

      fields["password"] = "the new password 2"
      #expect(try await browser.post(Self.path, fields, from: Self.path).status == 303)
      #expect(try workspace.mailSettings().password == "the new password 2")
      #expect(try deeds() == ["mia: mail.password"])
      #expect(
        try await browser.post(
          Self.path + "/keys", ["selector": "k1"], from: Self.path
        ).status == 303)
      try expectSecrecy(try await browser.get(Self.path), "the new password 2")

      fields["password"] = ""
      fields["remove-password"] = "yes"
      #expect(try await browser.post(Self.path, fields, from: Self.path).status == 303)
      #expect(try workspace.mailSettings().password == nil)
      #expect(try workspace.store.setting(MailSetting.reportsSecret.key) == secrets[1])
    }
  }

  @Test(
    "the old password goes to no other server than it was given for",
    arguments: [
      (MailSetting.server, "mx.thief.example"), (.security, "none"),
    ])
  func passwordStays(setting: MailSetting, value: String) async throws {
    try workspace.set(.server, to: "mx.shop.nl")
    try workspace.set(.from, to: "info@shop.nl")
    try workspace.set(.password, to: "the old password 1")
    try await browsing { browser in
      var fields = form([.server: "mx.shop.nl", .from: "info@shop.nl"])
      fields[setting.rawValue] = value
      let page = try await browser.post(Self.path, fields, from: Self.path)
      #expect(page.status == 400)
      #expect(page.text.contains("id=\"password-problem\">The server or its encryption changes"))
      #expect(try workspace.mailSettings().server == MailServer("mx.shop.nl"))
      fields["password"] = "the old password 1"
      #expect(try await browser.post(Self.path, fields, from: Self.path).status == 303)
    }
  }

  @Test(
    "new keys get another name than the old",
    arguments: [("klantreis", "klantreis2"), ("k9", "k10"), ("2026", "2027"), ("a1b", "a1b2")])
  func selectors(old: String, new: String) {
    #expect(MailDesk.nextSelector(old) == new)
  }

  @Test("keys are made by a button, and again only by who says so")
  func keys() async throws {
    try workspace.set(.server, to: "mx.shop.nl")
    try workspace.set(.from, to: "info@shop.nl")
    try await browsing { browser in
      func make(_ fields: [String: String]) async throws -> TestBrowser.Page {
        try await browser.post(Self.path + "/keys", fields, from: Self.path)
      }
      #expect(try await make(["selector": "a.b"]).text.contains("This takes letters, digits"))
      #expect(try await make(["selector": "k1"]).status == 303)
      let record = try #require(try workspace.mailSettings().records.first { $0.kind == "DKIM" })
      let page = try await browser.get(Self.path)
      #expect(page.text.contains("k1._domainkey.shop.nl"))
      #expect(page.text.contains(record.value))
      let refused = try await make(["selector": "k2"])
      #expect(refused.status == 400)
      #expect(refused.text.contains("id=\"sure-problem\""))
      #expect(try workspace.mailSettings().records.contains(record))
      #expect(try await make(["selector": "k2", "sure": "yes"]).status == 303)
      #expect(try !workspace.mailSettings().records.contains(record))
      #expect(try deeds() == ["mia: mail.dkim", "mia: mail.dkim"])
    }
  }

  @Test("a test says why it was not sent and what to do, or that the server took it")
  func test() async throws {
    try await browsing { browser in
      func test(_ address: String) async throws -> TestBrowser.Page {
        try await browser.post(Self.path + "/test", ["to": address], from: Self.path)
      }
      #expect(try await test("me@shop.nl").status == 400)
      let server = try TinyMailServer()
      try workspace.set(.from, to: "info@shop.nl")
      try workspace.set(.security, to: "none")
      try workspace.set(.server, to: "127.0.0.1:\(server.port)")
      let bad = try await test("me <nowhere>")
      #expect(bad.text.contains("id=\"to-problem\" role=\"alert\">That is no mail address."))
      #expect(bad.text.contains("value=\"me &lt;nowhere&gt;\""))
      let good = try await test("me@shop.nl")
      #expect(good.status == 200)
      #expect(good.text.contains("href=\"\(Self.path)?lang=nl\""))
      #expect(good.text.contains("The server took the mail to me@shop.nl."))
      #expect(server.mail.contains("This is a test of"))
      let refused = try await test("nobody@shop.nl")
      #expect(refused.text.contains("the server said: 550 5.1.1 (address) is unknown"))
      #expect(refused.text.contains("The server refuses this mail"))
      server.stop()
      let gone = try await test("me@shop.nl")
      #expect(gone.text.contains("no connection to the server"))
      #expect(gone.text.contains("Check the server&#39;s name and port"))
    }
  }

  @Test("who may not change settings neither sees the page nor its link; no form, no change")
  func permission() async throws {
    try guarded.addUser("sam", .marketer)
    try await guarded.serving { client in
      let browser = TestBrowser(client)
      try await browser.logIn("sam")
      #expect(try await browser.get(Self.path).status == 403)
      #expect(try await !browser.get("/messages").text.contains(Self.path))
      let token = try #require(try await browser.get("/account").formToken)
      var fields = form([.server: "mx.shop.nl"])
      fields["form"] = token
      #expect(try await browser.post(Self.path, fields).status == 403)
      let mia = TestBrowser(client)
      try await mia.logIn("mia")
      #expect(try await mia.get("/messages").text.contains("href=\"\(Self.path)\""))
      #expect(try await mia.post(Self.path, form([.server: "mx.shop.nl"])).status == 403)
      #expect(try await mia.post(Self.path, [:], from: Self.path).status == 400)
      #expect(try workspace.store.setting(MailSetting.server.key) == nil)
    }
  }
}

/// A mail server on this machine that takes every mail but those to `nobody@…`.
private final class TinyMailServer: Sendable {
  let port: Int
  private let listener: Int32
  private let taken = Mutex("")
  /// What was taken so far.
  var mail: String { taken.withLock { $0 } }

  init() throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isBound = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length) == 0 && listen(listener, 8) == 0
          && getsockname(listener, $0, &length) == 0
      }
    }
    try #require(isBound)
    self.listener = listener
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        guard connection >= 0, let stream = fdopen(connection, "r+") else { return }
        talk(stream)
        fclose(stream)
      }
    }
  }

  deinit { close(listener) }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  private func talk(_ stream: UnsafeMutablePointer<FILE>) {
    func say(_ text: String) {
      fputs(text + "\r\n", stream)
      fflush(stream)
    }
    func line() -> String? {
      var buffer = [CChar](repeating: 0, count: 4_096)
      guard fgets(&buffer, Int32(buffer.count), stream) != nil else { return nil }
      return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
    say("220 tiny")
    while let said = line() {
      switch said.prefix(4).uppercased() {
      case "RCPT" where said.contains("nobody@"):
        say("550 5.1.1 <nobody@shop.nl> is unknown")
      case "DATA":
        say("354 go on")
        while let part = line(), part != ".\r\n" { taken.withLock { $0 += part } }
        say("250 taken")
      case "QUIT": return say("221 bye")
      default: say("250 fine")
      }
    }
  }
}
