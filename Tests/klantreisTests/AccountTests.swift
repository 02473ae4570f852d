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

@Suite("Accounts, users and tokens")
struct AccountTests {
  let guarded: GuardedProject

  init() throws { guarded = try GuardedProject() }

  /// Turns the code on as a person would; returns the app and the recovery codes.
  private func turnCodeOn(
    _ browser: TestBrowser
  ) async throws -> (app: OneTimeCode, recovery: [String]) {
    let page = try await browser.post("/account/code/new", from: "/account")
    let key = try #require(page.text.firstMatch(of: /name="key" value="([A-Z2-7]{32})"/)?.1)
    let app = try #require(OneTimeCode(base32: String(key)))
    #expect(page.text.contains(app.groups))
    let form = try #require(page.formToken)
    let wrong = try await browser.post(
      "/account/code", ["key": app.base32, "code": "000000", "form": form])
    #expect(wrong.status == 400)
    let code = app.code(step: OneTimeCode.step(at: guarded.clock.now))
    let done = try await browser.post(
      "/account/code", ["key": app.base32, "code": code, "form": form])
    let codes = done.text.matches(of: /<code>([a-z2-9-]{14})<\/code>/).map { String($0.1) }
    #expect(codes.count == Limits.recoveryCodes)
    return (app, codes)
  }

  @Test(
    "with a code the password alone opens nothing, a code counts once, and so does a recovery code")
  func code() async throws {
    try guarded.addUser("ann", .owner)
    try await guarded.serving { client in
      let browser = TestBrowser(client)
      try await browser.logIn("ann")
      let (app, recovery) = try await turnCodeOn(browser)
      func code() -> String { app.code(step: OneTimeCode.step(at: guarded.clock.now)) }
      func half() async throws -> TestBrowser {
        let other = TestBrowser(client)
        let asked = try await other.logIn("ann", next: "/segments")
        #expect(asked.location == "/login/code?next=%2Fsegments")
        return other
      }
      let other = try await half()
      for path in ["/", "/account", "/api/v1/map"] {
        let status = try await other.get(path).status
        #expect(status == 303 || status == 401, "\(path) with half a login")
      }
      // The code with which it was turned on was used.
      let used = try await other.post("/login/code", ["code": code(), "next": "/"])
      #expect(used.status == 401)
      guarded.clock.pass(seconds: 30)
      let before = other.cookieHeader
      let entered = try await other.post("/login/code", ["code": code(), "next": "/segments"])
      #expect(entered.location == "/segments")
      #expect(other.cookieHeader != before, "what was known before the code is worth nothing")
      let stale = try await client.get("/", headers: [.cookie: before]).status
      #expect(stale == .seeOther)
      let third = try await half()
      let again = try await third.post("/login/code", ["code": code()]).status
      #expect(again == 401, "the same code again")
      let lost = try await third.post("/login/code", ["code": recovery[3].uppercased()]).status
      #expect(lost == 303)
      let fourth = try await half()
      let reused = try await fourth.post("/login/code", ["code": recovery[3]]).status
      #expect(reused == 401)
      let account = try await third.get("/account").text
      #expect(account.contains("9 recovery codes"))
      // It is turned off only with the password.
      let kept = try await third.post("/account/code/off", ["old": "wrong"], from: "/account")
      #expect(kept.status == 400)
      let off = try await third.post(
        "/account/code/off", ["old": GuardedProject.password], from: "/account")
      #expect(off.status == 200)
      #expect(try guarded.store.user(named: "ann")?.hasCode == false)
    }
  }

  @Test("codes are guessed as slowly as passwords, and half a login is over in five minutes")
  func guesses() async throws {
    try guarded.addUser("ann", .owner)
    try await guarded.serving { client in
      let browser = TestBrowser(client)
      try await browser.logIn("ann")
      let (app, _) = try await turnCodeOn(browser)
      guarded.clock.pass(seconds: 60)
      let other = TestBrowser(client)
      try await other.logIn("ann")
      var statuses: [Int] = []
      for _ in 0..<6 {
        statuses.append(try await other.post("/login/code", ["code": "000000"]).status)
      }
      #expect(statuses.contains(429))
      #expect(statuses.filter { $0 == 401 }.count <= 5)
      guarded.clock.pass(seconds: 301)
      let code = app.code(step: OneTimeCode.step(at: guarded.clock.now))
      let late = try await other.post("/login/code", ["code": code])
      #expect(late.location?.hasPrefix("/login?") == true)
    }
  }

  @Test("users are invited, get another role and are removed, and at once it counts")
  func users() async throws {
    try guarded.addUser("ann", .owner)
    try await guarded.serving { client in
      let ann = TestBrowser(client)
      try await ann.logIn("ann")
      let invited = try await ann.post(
        "/users", ["name": "bob", "role": "marketer"], from: "/users")
      let link = try #require(invited.text.firstMatch(of: /http[^<]*(\/welcome\?token=[\w-]+)/)?.1)
      let later = try await ann.get("/users").text
      #expect(!later.contains("welcome?token"), "a link is shown once")
      let bob = TestBrowser(client)
      let token = String(link.dropFirst("/welcome?token=".count))
      let welcome = try await bob.post(
        "/welcome", ["token": token, "name": "bob", "password": "het paard staat in de gang"])
      #expect(welcome.status == 303)
      let people = try await bob.get("/customers").status
      #expect(people == 200)
      let id = try #require(try guarded.store.user(named: "bob")?.id)
      _ = try await ann.post("/users/\(id)/role", ["role": "analyst"], from: "/users")
      let analyst = try await bob.get("/customers").status
      #expect(analyst == 403)
      _ = try await ann.post("/users/\(id)/remove", from: "/users")
      let gone = try await bob.get("/").status
      #expect(gone == 303)
    }
    let problems = try guarded.store.verify().flatMap(\.problems)
    #expect(problems.isEmpty, "\(problems)")
  }

  @Test("an admin makes no owner and touches none, and the last owner stays")
  func lastOwner() async throws {
    let owner = try guarded.addUser("ann", .owner)
    try guarded.addUser("adm", .admin)
    try await guarded.serving { client in
      let (ann, adm) = (TestBrowser(client), TestBrowser(client))
      try await ann.logIn("ann")
      try await adm.logIn("adm")
      for (path, fields) in [
        ("/users", ["name": "eve", "role": "owner"]),
        ("/users/\(owner.id)/role", ["role": "analyst"]), ("/users/\(owner.id)/remove", [:]),
        ("/users/\(owner.id)/link", [:]),
      ] {
        let status = try await adm.post(path, fields, from: "/users").status
        #expect(status == 403, "\(path)")
      }
      for (path, fields) in [
        ("/users/\(owner.id)/role", ["role": "analyst"]), ("/users/\(owner.id)/remove", [:]),
      ] {
        let status = try await ann.post(path, fields, from: "/users").status
        #expect(status == 400, "\(path)")
      }
    }
    #expect(try guarded.store.user(named: "ann")?.role == .owner)
  }

  @Test("a token is shown once, works until it is over or ended, and goes with its maker")
  func tokens() async throws {
    try guarded.addUser("ann", .owner)
    let eve = try guarded.addUser("eve", .admin)
    try await guarded.serving { client in
      func status(_ token: String, _ path: String = "/api/v1/map") async throws -> Int {
        try await client.execute(
          uri: path, method: .get, headers: [.authorization: "Bearer \(token)"]
        ) { Int($0.status.code) }
      }
      func make(_ browser: TestBrowser, _ name: String, _ scope: String) async throws -> String {
        let page = try await browser.post(
          "/tokens", ["name": name, "scope": scope, "days": "10"], from: "/tokens")
        return String(try #require(page.text.firstMatch(of: /klantreis_[\w-]{43}/)?.output))
      }
      let (ann, her) = (TestBrowser(client), TestBrowser(client))
      try await ann.logIn("ann")
      try await her.logIn("eve")
      let first = try await make(ann, "board", "read")
      let later = try await ann.get("/tokens").text
      #expect(later.contains("board") && !later.contains(first))
      let read = try await status(first)
      #expect(read == 200)
      let person = try await status(first, "/api/v1/journey?customer=ann")
      #expect(person == 403)
      let used = try #require(try guarded.store.tokens().first { $0.name == "board" })
      #expect(used.lastUsed == guarded.clock.now)
      let hers = try await make(her, "hers", "persons")
      let before = try await status(hers, "/api/v1/journey?customer=ann")
      #expect(before == 200)
      try guarded.store.setRole(
        .analyst, of: eve, Deed(.userRoleChanged, by: "test", at: guarded.clock.now))
      let less = try await status(hers, "/api/v1/journey?customer=ann")
      #expect(less == 403, "a token may no more than who made it")
      try guarded.store.removeUser(eve, Deed(.userRemoved, by: "test", at: guarded.clock.now))
      let gone = try await status(hers)
      #expect(gone == 401)
      guarded.clock.pass(seconds: 10 * 86_400)
      let over = try await status(first)
      #expect(over == 401)
      try await ann.logIn("ann")
      _ = try await ann.post("/tokens/board/remove", from: "/tokens")
      #expect(try guarded.store.tokens().isEmpty)
    }
  }

  @Test("who did what cannot be changed, and what was changed anyway is noticed")
  func activity() async throws {
    try guarded.addUser("ann", .owner)
    try await guarded.serving { client in
      let browser = TestBrowser(client)
      try await browser.logIn("ann")
      _ = try await browser.post("/sources", ["name": "shop"], from: "/sources")
      _ = try await browser.post("/segments", ["name": "All", "who": "true"], from: "/segments")
      let page = try await browser.get("/activity")
      for text in ["made source", "shop", "made segment", "All", "logged in"] {
        #expect(page.text.contains(text), "\(text)")
      }
    }
  }

  @Test("no page and no line of the log shows a secret, whatever went wrong")
  func secrets() async throws {
    try guarded.addUser("ann", .owner)
    let lines = Mutex<[String]>([])
    var logger = Logger(label: "test") { _ in
      CapturingLog { line in lines.withLock { $0.append(line) } }
    }
    logger.logLevel = .trace
    var shown: [String] = []
    let secrets = Mutex<[String]>([GuardedProject.password])
    let pages = Mutex<[String]>([])
    try await guarded.serving(logger: logger) { client in
      let browser = TestBrowser(client)
      try await browser.logIn("ann", "my secret guess 1")
      try await browser.logIn("my secret guess 2", "x")
      try await browser.logIn("ann")
      let (app, recovery) = try await turnCodeOn(browser)
      let made = try await browser.post(
        "/tokens", ["name": "t", "scope": "read", "days": "1"], from: "/tokens"
      ).text
      let token = String(try #require(made.firstMatch(of: /klantreis_[\w-]{43}/)?.output))
      let cookie = String(browser.cookieHeader.split(separator: "=")[1])
      secrets.withLock {
        $0 += recovery + [app.base32, app.groups, token, cookie, "my secret guess"]
      }
      for path in [
        "/", "/account", "/users", "/tokens", "/activity", "/sources", "/segments", "/nowhere",
        "/api/v1/map", "/metrics", "/questions/funnel?step=%ff", "/customers/nobody",
      ] {
        let page = try await browser.get(path)
        pages.withLock { $0.append(page.text + "\(page.headers)") }
      }
      _ = try await client.get("/api/v1/map", headers: [.authorization: "Bearer \(token)x"])
      let refused = try await browser.post(
        "/account/password", ["old": "my secret guess 3"], from: "/account")
      pages.withLock { $0.append(refused.text) }
    }
    shown = pages.withLock { $0 } + lines.withLock { $0 }
    shown += try guarded.store.activities(limit: 100).map { "\($0)" }
    for secret in secrets.withLock({ $0 }) {
      #expect(!shown.contains { $0.contains(secret) }, "\(secret) is shown")
    }
    // And none stands in the store as it is; of the app's key the bytes do, or no code could be checked.
    let folder = guarded.project.folder
    let files = try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    for file in files where !file.hasDirectoryPath {
      let bytes = try Data(contentsOf: file)
      for secret in secrets.withLock({ $0 }) {
        #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(file.lastPathComponent)")
      }
    }
  }
}

/// Hands each line of the log to a test.
private struct CapturingLog: LogHandler {
  var logLevel = Logger.Level.trace
  var metadata: Logger.Metadata = [:]
  let take: @Sendable (String) -> Void

  init(take: @escaping @Sendable (String) -> Void) { self.take = take }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    take("\(event.message) \(event.metadata ?? [:]) \(metadata)")
  }
}
