import Access
import Collector
import CustomerJourney
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import Store
import Testing

@testable import klantreis

@Suite("Who may do what")
struct PermissionRouteTests {
  let guarded: GuardedProject

  init() throws {
    guarded = try GuardedProject()
    try guarded.project.workspace.addSource(name: "shop", key: "k1")
  }

  /// All that answers who is not logged in, besides the front door.
  private static let open: Set = [
    "GET /klantreis.js", "GET /health", "GET /ready", "GET /login", "POST /login",
    "GET /m/o/{token}", "GET /m/c/{token}",
    "GET /preferences/{token}", "POST /preferences/{token}", "GET /unsubscribe/{token}",
    "POST /unsubscribe/{token}", "GET /confirm/{token}", "POST /confirm/{token}",
    "GET /login/code", "POST /login/code", "GET /welcome", "POST /welcome",
    "GET /assets/klantreis.css", "GET /assets/klantreis.js", "GET /assets/favicon.svg",
    "GET /v1/basket/{token}", "GET /klantreis-basket.js", "GET /basket/{token}",
    "GET /from/{token}", "POST /v1/slots", "OPTIONS /v1/slots",
    "POST /m/reports",
  ]

  /// What each other route needs; nil is a login and no more.
  private static let needs: [String: Permission?] = [
    "GET /": .insights, "GET /phase/{id}": .insights, "GET /questions": .insights,
    "GET /questions/{name}": .insights, "GET /metrics": .insights,
    "GET /customers": .persons, "GET /customers/{id}": .persons,
    "POST /customers/{id}/traits": .act, "GET /traits": .insights, "POST /traits": .edit,
    "GET /api/v1/customers": .persons, "GET /api/v1/customers/{id}": .persons,
    "POST /api/v1/customers/{id}/traits": .act, "GET /api/v1/traits": .insights,
    "POST /customers/{id}/identities": .act, "GET /duplicates": .persons,
    "POST /duplicates": .act,
    "GET /api/v1/customers/{id}/identities": .persons,
    "POST /api/v1/customers/{id}/join": .act, "POST /api/v1/customers/{id}/part": .act,
    "POST /api/v1/customers/{id}/unpart": .act,
    "GET /accounts": .persons, "POST /accounts": .act, "GET /accounts/{id}": .persons,
    "POST /accounts/{id}": .act, "GET /accounts-leads": .persons, "POST /accounts-leads": .act,
    "GET /api/v1/accounts": .persons, "GET /api/v1/accounts/{id}": .persons,
    "POST /api/v1/accounts/{id}/add": .act, "POST /api/v1/accounts/{id}/remove": .act,
    "POST /api/v1/accounts/{id}/undo": .act,
    "GET /privacy": .persons, "POST /privacy/retention": .keep, "POST /privacy/purposes": .keep,
    "GET /privacy/records": .persons, "POST /privacy/records": .keep,
    "POST /customers/{id}/consent": .act, "GET /customers/{id}/export": .keep,
    "GET /customers/{id}/erase": .keep, "POST /customers/{id}/erase": .keep,
    "GET /api/v1/customers/{id}/consents": .persons,
    "POST /api/v1/customers/{id}/consents": .act,
    "GET /api/v1/customers/{id}/export": .keep, "POST /api/v1/customers/{id}/erase": .keep,
    "GET /segments": .insights, "GET /segments/{name}": .insights, "POST /segments": .edit,
    "POST /segments/{name}/remove": .edit,
    "GET /plays": .insights, "GET /plays/{id}": .insights, "POST /plays/{id}/on": .edit,
    "POST /plays/{id}/off": .edit, "POST /tasks/{id}/done": .act,
    "GET /api/v1/plays": .insights, "GET /api/v1/plays/{id}": .insights,
    "GET /api/v1/plays/{id}/dry-run": .insights, "POST /api/v1/plays/{id}/on": .edit,
    "POST /api/v1/plays/{id}/off": .edit, "GET /api/v1/tasks": .persons,
    "POST /api/v1/tasks/{id}/done": .act,
    "GET /messages/mail": .manage, "POST /messages/mail": .manage,
    "POST /messages/mail/keys": .manage,
    "POST /messages/mail/test": .manage,
    "GET /messages": .persons, "POST /messages/{id}/again": .act, "GET /contents": .insights,
    "GET /contents/{id}/preview": .insights,
    "GET /import": .edit, "POST /import": .edit, "POST /import/preview": .edit,
    "POST /import/confirm": .edit, "GET /import/rejected/{name}": .edit,
    "GET /sources": .edit, "POST /sources": .edit, "GET /sources/{name}": .edit,
    "POST /sources/{name}/on": .edit, "POST /sources/{name}/off": .edit,
    "POST /sources/{name}/mapping": .edit, "POST /sources/{name}/replay": .edit,
    "GET /sources/{name}/live": .edit,
    "GET /api/v1/map": .insights, "GET /api/v1/phase": .insights,
    "GET /api/v1/transitions": .insights, "GET /api/v1/paths": .insights,
    "GET /api/v1/funnel": .insights, "GET /api/v1/related": .insights,
    "GET /api/v1/segment": .insights,
    "GET /api/v1/journey": .persons, "GET /api/v1/changes": .persons,
    "GET /api/v1/openapi.json": .insights, "GET /api/v1/**": nil,
    "GET /account": nil, "POST /logout": nil, "POST /account/password": nil,
    "POST /account/code": nil, "POST /account/code/new": nil,
    "POST /account/code/off": nil, "POST /account/sessions/{id}/end": nil,
    "GET /users": .manage, "POST /users": .manage, "POST /users/{id}/role": .manage,
    "POST /users/{id}/remove": .manage, "POST /users/{id}/link": .manage,
    "GET /tokens": .manage, "POST /tokens": .manage, "POST /tokens/{name}/remove": .manage,
    "GET /activity": .manage,
  ]

  /// Every route of the router that is not of the front door, as `GET /phase/{id}`, with an address.
  private var routes: [(name: String, method: HTTPRequest.Method, path: String)] {
    let server = Server(
      workspace: guarded.project.workspace, logger: Logger(label: "test"),
      access: guarded.settings)
    let frontDoor = Set(FrontDoor.paths.map { RouterPath($0).description })
    return server.router().routes.filter {
      $0.method != .head && !frontDoor.contains($0.path.description)
    }.map { route in
      let path = route.path.description
      let name = path.hasPrefix("/") ? path : "/" + path
      let address = name.replacing("{name}", with: "shop").replacing("{id}", with: "care")
        .replacing("**", with: "nothing")
      return ("\(route.method) \(name)", route.method, address)
    }
  }

  @Test("every route of the router is in the table, and every line of the table is a route")
  func complete() {
    #expect(Set(routes.map(\.name)) == Self.open.union(Self.needs.keys))
    #expect(Self.open.isDisjoint(with: Self.needs.keys))
  }

  @Test("without login only the open routes answer; a page leads to the login, a program is told")
  func withoutLogin() async throws {
    let routes = routes
    try await guarded.serving { client in
      for (name, method, path) in routes {
        for headers: HTTPFields in [
          [:], [.cookie: "klantreis-0=x"], [.authorization: "Bearer klantreis_x"],
          [.authorization: "Basic eDp5"],
        ] {
          let reply = try await client.execute(uri: path, method: method, headers: headers)
          let text = String(buffer: reply.body)
          if Self.open.contains(name) {
            #expect(reply.headers[.location]?.hasPrefix("/login") != true || name.contains("code"))
            continue
          }
          let isForPrograms =
            path.hasPrefix("/api") || path == "/metrics" || headers[.authorization] != nil
          if isForPrograms {
            #expect(reply.status == .unauthorized, "\(name)")
            #expect(reply.headers[.wwwAuthenticate] == "Bearer")
          } else {
            #expect(reply.status == .seeOther, "\(name)")
            #expect(reply.headers[.location]?.hasPrefix("/login") == true, "\(name)")
          }
          for secret in ["ann", "stdc", "Product Viewed", "shop\"", "k1"] {
            #expect(!text.contains(secret), "\(name) says \(secret)")
          }
        }
      }
      let nowhere = try await client.get("/no/such/page")
      #expect(nowhere.status == .seeOther, "not even what is there is told")
      let login = try await client.get("/login").text
      for secret in ["ann", "stdc", "/segments", "/customers"] {
        #expect(!login.contains(secret), "the login shows \(secret)")
      }
    }
  }

  @Test("each role gets exactly what the table says", arguments: Role.allCases)
  func roles(role: Role) async throws {
    try guarded.addUser("someone", role)
    let routes = routes
    try await guarded.serving { client in
      let browser = TestBrowser(client)
      try await browser.logIn("someone")
      let form = try #require(try await browser.get("/account").formToken)
      for (name, method, path) in routes where !Self.open.contains(name) {
        guard name != "POST /logout", !name.hasSuffix("/live") else { continue }
        let permission = try #require(Self.needs[name], "\(name)")
        let isAllowed = permission.map(role.permissions.contains) ?? true
        let status =
          method == .get
          ? try await browser.get(path).status
          : try await browser.post(path, ["form": form]).status
        #expect((status != 403) == isAllowed, "\(role) \(name): \(status)")
        #expect(status != 401 && status < 500, "\(role) \(name): \(status)")
      }
    }
  }

  @Test("a token gets what its scope says", arguments: TokenScope.allCases)
  func tokens(scope: TokenScope) async throws {
    let token = try guarded.project.workspace.testToken(scope)
    let routes = routes
    // Its clock is the test's.
    guarded.clock.pass(seconds: Int64(Timestamp.now.seconds(since: guarded.clock.now)))
    try await guarded.serving { client in
      for (name, method, path) in routes where !Self.open.contains(name) {
        guard !name.hasSuffix("/live") else { continue }
        let permission = try #require(Self.needs[name], "\(name)")
        let isAllowed = permission.map(scope.permissions.contains) ?? true
        let status = try await client.execute(
          uri: path, method: method, headers: [.authorization: "Bearer \(token)"]
        ) { $0.status }
        #expect((status != .forbidden) == isAllowed, "\(scope) \(name): \(status)")
        #expect(status != .unauthorized && status.code < 500, "\(scope) \(name): \(status)")
      }
    }
  }

  @Test("an analyst finds no customer on any page that an analyst may open")
  func analyst() async throws {
    let workspace = guarded.project.workspace
    try workspace.addSegment(name: "Buyers", rule: "ever(event is \"Order Completed\")")
    let watch = Watch(store: workspace.store)
    for turn in 0..<2 {
      // The second look sees who came since the first.
      _ = try await workspace.asking { try watch.look($0, now: .now) }
      if turn == 0 {
        try workspace.store.append([
          TestProject.touch("dora", "2024-03-01T09:00:00Z", "Order Completed", .website)
        ])
      }
    }
    try guarded.addUser("seer", .marketer)
    try guarded.addUser("someone", .analyst)
    let routes = routes
    try await guarded.serving { client in
      let browser = TestBrowser(client)
      try await browser.logIn("someone")
      let seer = TestBrowser(client)
      try await seer.logIn("seer")
      let seen = try await seer.get("/segments/Buyers").text
      #expect(seen.contains("/customers/dora"), "there is something to hide")
      let hidden = try await browser.get("/segments/Buyers").text
      #expect(hidden.contains("hidden for your role"))
      for (name, method, path) in routes where method == .get && Self.needs[name] == .insights {
        let page = try await browser.get(
          path.replacing("/segments/shop", with: "/segments/Buyers"))
        let words = Set(page.text.split { !$0.isLetter }.map(String.init))
        for person in ["ann", "bob", "cas", "dora"] {
          #expect(!words.contains(person), "\(name) names \(person)")
        }
        #expect(!page.text.contains("href=\"/customers"), "\(name) leads to a closed door")
      }
    }
  }
}
