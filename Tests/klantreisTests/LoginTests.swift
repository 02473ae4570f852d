import Access
import CustomerJourney
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Store
import Synchronization
import Testing

@testable import klantreis

@Suite("Logging in")
struct LoginTests {
  let guarded: GuardedProject

  init() throws { guarded = try GuardedProject() }

  private var actions: [Activity.Action] {
    get throws { try guarded.store.activities(limit: 100).map(\.action) }
  }

  // MARK: The first time

  @Test("the demo's link lets its owner in with one click, and works once")
  func demo() async throws {
    let secret = try #require(
      try guarded.project.workspace.firstLink(enters: true, at: guarded.clock.now))
    try await guarded.serving { client in
      let path = Workspace.welcomePath(secret)
      let looked = try await client.execute(uri: path, method: .head) { $0.headers[.setCookie] }
      #expect(looked == nil, "who only asks for the head uses nothing up")
      let browser = TestBrowser(client)
      let entered = try await browser.get(path)
      #expect(entered.status == 303)
      #expect(entered.location == "/")
      let map = try await browser.get("/")
      #expect(map.status == 200)
      #expect(map.text.contains("owner"))
      let again = try await browser.get(path)
      #expect(again.location == "/", "a second click in the same browser is no dead end")
      let other = try await TestBrowser(client).get(path)
      #expect(other.status == 410)
      #expect(other.text.contains("users invite"))
    }
  }

  @Test("a link is over after a day, and a new one ends the one before")
  func links() async throws {
    let workspace = guarded.project.workspace
    let first = try #require(try workspace.firstLink(enters: true, at: guarded.clock.now))
    let second = try #require(try workspace.firstLink(enters: true, at: guarded.clock.now))
    #expect(try guarded.store.users().count == 1, "the owner is made once")
    try await guarded.serving { client in
      let old = try await client.get(Workspace.welcomePath(first)).status
      #expect(old.code == 410)
      guarded.clock.pass(seconds: Limits.inviteSeconds)
      let late = try await client.get(Workspace.welcomePath(second)).status
      #expect(late.code == 410)
    }
  }

  @Test("the first owner chooses a name and a password; from then on no link is given")
  func welcome() async throws {
    let workspace = guarded.project.workspace
    let secret = try #require(try workspace.firstLink(enters: false, at: guarded.clock.now))
    try await guarded.serving { client in
      let browser = TestBrowser(client)
      let closed = try await browser.get("/login")
      #expect(closed.text.contains("users invite --owner"))
      let page = try await browser.get(Workspace.welcomePath(secret))
      #expect(page.status == 200)
      #expect(browser.cookieNames.isEmpty)
      for (name, password, hint) in [
        ("Ann", "kort", "12"), ("", GuardedProject.password, "name"),
        ("Ann", "wachtwoord123", "guessed"),
      ] {
        let reply = try await browser.post(
          "/welcome", ["token": secret.text, "name": name, "password": password])
        #expect(reply.status == 400)
        #expect(reply.text.contains(hint))
      }
      let done = try await browser.post(
        "/welcome",
        ["token": secret.text, "name": "Ann", "password": GuardedProject.password])
      #expect(done.location == "/")
      let map = try await browser.get("/").status
      #expect(map == 200)
      let again = try await browser.post(
        "/welcome", ["token": secret.text, "name": "Eve", "password": "een ander wachtwoord"])
      #expect(again.status == 410)
    }
    #expect(try guarded.store.users().map(\.name) == ["Ann"])
    #expect(try workspace.firstLink(enters: true, at: guarded.clock.now) == nil)
  }

  // MARK: Passwords

  @Test("a right password lets in and leads to where one was going, a wrong one says nothing more")
  func passwords() async throws {
    try guarded.addUser("Ann", .marketer)
    try await guarded.serving { client in
      let browser = TestBrowser(client)
      let sent = try await browser.get("/customers?q=a%20b&page=2")
      #expect(sent.location == "/login?next=%2Fcustomers%3Fq%3Da%2520b%26page%3D2")
      var texts: [String] = []
      for (name, password) in [("Ann", "not this one"), ("nobody", GuardedProject.password)] {
        let reply = try await browser.post(
          "/login", ["name": name, "password": password, "next": "/customers"])
        #expect(reply.status == 401)
        #expect(browser.cookieNames.isEmpty)
        texts.append(reply.text.replacing(name, with: ""))
      }
      #expect(texts[0] == texts[1], "a wrong name and a wrong password look the same")
      let reply = try await browser.logIn("ann", next: "/customers?q=a%20b&page=2")
      #expect(reply.location == "/customers?q=a%20b&page=2")
      #expect(reply.headers[.cacheControl] != "public")
    }
    #expect(try guarded.store.activities(limit: 10).map(\.subject).contains("nobody") == false)
    #expect(try actions.filter { $0 == .loginFailed }.count == 2)
  }

  @Test(
    "a login never leads to another site",
    arguments: [
      "https://evil.example", "//evil.example", "/\\evil.example", "\\/evil.example", "evil",
      "/\t/evil.example", "/a\r\nSet-Cookie: x=y", "javascript:alert(1)", "",
    ])
  func next(path: String) async throws {
    #expect(LoginDesk.local(path) == "/")
  }

  @Test("after five wrong tries one waits, is told how long, and even the right password waits")
  func throttled() async throws {
    try guarded.addUser("ann", .marketer)
    try await guarded.serving { client in
      let browser = TestBrowser(client)
      for _ in 0..<5 { try await browser.logIn("ann", "not this one") }
      let told = try await browser.logIn("ann")
      #expect(told.status == 429)
      #expect(told.headers[.retryAfter] == "2")
      #expect(told.text.contains("Wait 2 seconds"))
      #expect(browser.cookieNames.isEmpty)
      guarded.clock.pass(seconds: 2)
      let entered = try await browser.logIn("ann")
      #expect(entered.status == 303)
    }
    #expect(try actions.filter { $0 == .loginFailed }.count == 5, "who waits fills no log")
  }

  @Test("many tries at once are not all the first")
  func atOnce() async throws {
    try guarded.addUser("ann", .marketer)
    try await guarded.serving { client in
      let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
        for _ in 0..<15 {
          group.addTask { try await TestBrowser(client).logIn("ann", "not this one").status }
        }
        return try await group.reduce(into: [Int]()) { $0.append($1) }
      }
      #expect(statuses.filter { $0 == 401 }.count == 5)
      #expect(statuses.filter { $0 == 429 }.count == 10)
    }
  }

  @Test("a password is hashed anew when its cost has risen")
  func rehash() async throws {
    try guarded.addUser("ann", .owner)
    let before = try #require(try guarded.store.credentials(named: "ann")?.passwordHash)
    var settings = guarded.settings
    settings.cost = Password.Cost(passes: 2, memoryBytes: 16_384)
    let gate = Gate(workspace: guarded.project.workspace, settings: settings)
    _ = try await gate.logIn(
      name: "ann", password: GuardedProject.password, device: "", address: "")
    let after = try #require(try guarded.store.credentials(named: "ann")?.passwordHash)
    #expect(after != before)
    #expect(!Password.isDated(after, cost: settings.cost))
  }

  // MARK: Sessions

  @Test("the cookie is out of reach of scripts, other sites and, by https, other hosts")
  func cookies() async throws {
    try guarded.addUser("ann", .owner)
    try await guarded.serving { client in
      let browser = TestBrowser(client)
      let plain = try await browser.logIn("ann").headers[.setCookie] ?? ""
      #expect(plain.hasPrefix("klantreis-"))
      for part in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] { #expect(plain.contains(part)) }
      #expect(!plain.contains("Secure"))
      let hsts = try await browser.get("/").headers[.strictTransportSecurity]
      #expect(hsts == nil)
      let secure = TestBrowser(client)
      let https: HTTPFields = [.named("X-Forwarded-Proto"): "https"]
      let cookie =
        try await secure.post(
          "/login", ["name": "ann", "password": GuardedProject.password], headers: https
        ).headers[.setCookie] ?? ""
      #expect(cookie.hasPrefix("__Host-klantreis-"))
      #expect(cookie.hasSuffix("; Secure"))
      let page = try await secure.get("/", headers: https)
      #expect(page.status == 200)
      #expect(page.headers[.strictTransportSecurity] == "max-age=31536000")
      #expect(page.headers[.cacheControl] == "no-store")
      // By http that cookie counts for nothing.
      let without = try await secure.get("/").status
      #expect(without == 303)
    }
  }

  @Test(
    "a session ends when it is idle for a week, after a month, by logging out, and by a new password"
  )
  func endings() async throws {
    try guarded.addUser("ann", .owner)
    try await guarded.serving { client in
      func isIn(_ browser: TestBrowser) async throws -> Bool {
        try await browser.get("/").status == 200
      }
      let browser = TestBrowser(client)
      let second = TestBrowser(client)
      try await browser.logIn("ann")
      try await second.logIn("ann")
      for _ in 0..<4 {
        guarded.clock.pass(seconds: 6 * 86_400)
        let stays = try await isIn(browser)
        #expect(stays, "use keeps it alive")
      }
      let idle = try await isIn(second)
      #expect(!idle)
      guarded.clock.pass(seconds: 6 * 86_400)
      let old = try await isIn(browser)
      #expect(!old, "a month is the most")
      try await browser.logIn("ann")
      try await second.logIn("ann")
      let stolen = browser.cookieHeader
      _ = try await browser.post("/logout", from: "/account")
      #expect(browser.cookieNames.isEmpty)
      let replayed = try await client.get("/", headers: [.cookie: stolen]).status
      #expect(replayed == .seeOther, "the server forgot it, not only the browser")
      try await browser.logIn("ann")
      let changed = try await browser.post(
        "/account/password", ["old": GuardedProject.password, "password": "een nieuw wachtwoord"],
        from: "/account")
      #expect(changed.status == 200)
      let own = try await isIn(browser)
      #expect(own)
      let others = try await isIn(second)
      #expect(!others, "all other sessions end")
      let before = try await second.logIn("ann").status
      #expect(before == 401)
      let after = try await second.logIn("ann", "een nieuw wachtwoord").status
      #expect(after == 303)
    }
  }

  @Test("sessions are listed, and each but another's can be ended")
  func list() async throws {
    try guarded.addUser("ann", .analyst)
    try guarded.addUser("bob", .analyst)
    try await guarded.serving { client in
      let (ann, phone, bob) = (TestBrowser(client), TestBrowser(client), TestBrowser(client))
      try await ann.logIn("ann")
      _ = try await phone.post(
        "/login", ["name": "ann", "password": GuardedProject.password],
        headers: [.userAgent: "Mozilla/5.0 (iPhone) AppleWebKit Version/18 Safari/604.1"])
      try await bob.logIn("bob")
      let page = try await ann.get("/account")
      #expect(page.text.contains("Safari, iPhone"))
      let end = try #require(
        page.text.firstMatch(of: /action="(\/account\/sessions\/\d+\/end)"/)?.1)
      _ = try await bob.post(String(end), from: "/account")
      let stays = try await phone.get("/").status
      #expect(stays == 200, "another's session is out of reach")
      _ = try await ann.post(String(end), from: "/account")
      let ended = try await phone.get("/").status
      #expect(ended == 303)
    }
  }

  // MARK: Forms

  @Test("a form without the token of its session changes nothing")
  func formTokens() async throws {
    try guarded.addUser("ann", .owner)
    try guarded.addUser("bob", .owner)
    try await guarded.serving { client in
      let (ann, bob) = (TestBrowser(client), TestBrowser(client))
      try await ann.logIn("ann")
      try await bob.logIn("bob")
      let other = try #require(try await bob.get("/account").formToken)
      for form in ["", "form=", "form=\(other)"] {
        for path in ["/segments", "/sources", "/users", "/tokens", "/logout", "/import/confirm"] {
          let status = try await client.execute(
            uri: path, method: .post,
            headers: [
              .cookie: ann.cookieHeader, .contentType: "application/x-www-form-urlencoded",
            ], body: .init(string: "name=x&who=true&role=analyst&scope=read&days=9&\(form)")
          ) { $0.status }
          #expect(status == .forbidden, "\(path) with \(form)")
        }
      }
      let upload = try await client.execute(
        uri: "/import", method: .post,
        headers: [.cookie: ann.cookieHeader, .contentType: "multipart/form-data; boundary=x"],
        body: .init(string: "--x--\r\n")
      ) { $0.status }
      #expect(upload == .forbidden)
      let form = try #require(
        try await ann.get("/import").text
          .firstMatch(of: /action="\/import\?form=([^"]+)"/)?.1)
      let known = try await client.execute(
        uri: "/import?form=\(form)", method: .post,
        headers: [.cookie: ann.cookieHeader, .contentType: "multipart/form-data; boundary=x"],
        body: .init(string: "--x--\r\n")
      ) { $0.status }
      #expect(known == .badRequest, "it was looked at")
      let segment = try await ann.post(
        "/segments", ["name": "All", "who": "true"], from: "/segments"
      ).status
      #expect(segment == 303)
    }
    #expect(try guarded.store.segments().map(\.name) == ["All"])
    #expect(try guarded.store.sources().isEmpty)
    #expect(try guarded.store.users().count == 2)
  }
}
