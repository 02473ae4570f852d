import CustomerJourney
import Foundation
import Hummingbird
import NIOCore
import Store
import Testing

@testable import klantreis

@Suite("The API")
struct APITests {
  let project: TestProject

  init() throws { project = try TestProject() }

  /// One good request of every kind of question.
  private static let requests: [(kind: String, query: String)] = [
    ("map", "model=stdc"), ("phase", "phase=care&model=stdc"), ("transitions", "by=channel"),
    ("paths", "by=event&until=Order%20Completed&top=5"),
    ("funnel", "step=Product%20Viewed&step=Order%20Completed&within=10d"),
    ("related", "least=1"),
    ("journey", "customer=ann&model=ten-phases"), ("segment", "who=true&points=3"),
    ("accounts", "sort=open&limit=5"),
  ]

  @Test("every question is described, every description is a route, and every answer has its shape")
  func described() async throws {
    try await project.serving { client in
      let document = try json(try await client.get("/api/v1/openapi.json").text)
      #expect(document["openapi"] as? String == "3.1.0")
      let paths = try #require(document["paths"] as? [String: [String: [String: Any]]])
      let described = paths.keys.sorted()
      let asked = Self.requests.map(\.kind).sorted().map { "/api/v1/" + $0 }
      let routes = QuestionKind.all.map(\.name).sorted().map { "/api/v1/" + $0 }
      let others =
        ["/api/v1/changes", "/api/v1/customers", "/api/v1/customers/{key}", "/api/v1/traits"]
        + ["identities", "traits", "join", "part", "unpart"].map { "/api/v1/customers/{key}/\($0)" }
        + ["consents", "export", "erase"].map { "/api/v1/customers/{key}/\($0)" }
        + ["", "/add", "/remove", "/undo"].map { "/api/v1/accounts/{key}\($0)" }
        + ["s", "s/{id}", "s/{id}/dry-run", "s/{id}/on", "s/{id}/off"].map { "/api/v1/play\($0)" }
        + ["/api/v1/tasks", "/api/v1/tasks/{id}/done"]
      #expect(described == (asked + others).sorted())
      #expect(described == (routes + others).sorted())
      #expect(try json(try await client.get("/api/v1/changes").text)["last"] as? Int == 0)
      let identities = try #require(paths["/api/v1/customers/{key}/identities"]?["get"])
      let form = try #require(
        dig(identities, "responses", "200", "content", "application/json", "schema")
          as? [String: Any])
      let known = try json(try await client.get("/api/v1/customers/ann/identities").text)
      #expect(mismatch(known, form, at: "identities") == nil)
      for (path, address) in [
        ("/api/v1/customers", "/api/v1/customers?q=ann&column=orders"),
        ("/api/v1/customers/{key}", "/api/v1/customers/ann"), ("/api/v1/traits", "/api/v1/traits"),
        ("/api/v1/plays", "/api/v1/plays"), ("/api/v1/tasks", "/api/v1/tasks?state=all"),
        ("/api/v1/plays/{id}/dry-run", "/api/v1/plays/welcome/dry-run?from=2024-03-01"),
      ] {
        let get = try #require(paths[path]?["get"])
        let form = try #require(
          dig(get, "responses", "200", "content", "application/json", "schema") as? [String: Any])
        let reply = try await client.get(address)
        #expect(reply.status == .ok, "\(address)")
        #expect(mismatch(try json(reply.text), form, at: path) == nil)
      }
      let consents = try #require(paths["/api/v1/customers/{key}/consents"]?["get"])
      let ledger = try #require(
        dig(consents, "responses", "200", "content", "application/json", "schema")
          as? [String: Any])
      let said = try await client.execute(
        uri: "/api/v1/customers/ann/consents", method: .post,
        body: ByteBuffer(
          string:
            "{\"purpose\":\"marketing\",\"channel\":\"Email\",\"answer\":\"given\",\"how\":\"by phone\"}"
        )
      ) { String(buffer: $0.body) }
      #expect(said.contains("by phone"))
      let allowed = try json(try await client.get("/api/v1/customers/ann/consents").text)
      #expect(mismatch(allowed, ledger, at: "consents") == nil)
      for (kind, query) in Self.requests {
        let reply = try await client.get("/api/v1/\(kind)?\(query)")
        #expect(reply.status == .ok, "\(kind)")
        let get = try #require(paths["/api/v1/\(kind)"]?["get"])
        let schema = try #require(
          dig(get, "responses", "200", "content", "application/json", "schema") as? [String: Any])
        let answer = try json(reply.text)
        #expect(mismatch(answer, schema, at: kind) == nil)
        // And every described parameter is taken.
        for parameter in try #require(get["parameters"] as? [[String: Any]]) {
          let name = try #require(parameter["name"] as? String)
          let isKnown = QuestionKind.named(kind)?.allParameters.contains { $0.name == name }
          #expect(isKnown == true || name == "format", "\(kind) \(name)")
        }
      }
    }
  }

  @Test(
    "a program is told in its own form what cannot be done, whatever went wrong",
    arguments: [
      ("customers/ann/join", "{", 400, "bad_body"),
      ("customers/ann/join", String(repeating: " ", count: 2_000_000), 413, "too_large"),
      ("customers/ann/join", #"{"with": "nobody"}"#, 404, "not_found"),
      ("customers/ann/join", #"{"with": "ann"}"#, 409, "nothing_to_do"),
      ("customers/%ff/join", #"{"with": "ann"}"#, 404, "not_found"),
      ("customers/ann/traits", "[]", 400, "bad_body"),
      ("customers/nobody/traits", #"{"set": {"phone": "1"}}"#, 404, "not_found"),
      ("customers/nobody/consents", "{}", 400, "bad_body"),
      ("customers/nobody/erase", "", 403, "not_allowed"),
      ("accounts/none/add", #"{"customer": "nobody"}"#, 404, "not_found"),
      ("plays/none/on", #"{"sure": true}"#, 404, "not_found"),
      ("tasks/none/done", "", 404, "not_found"),
    ])
  func problems(path: String, body: String, status: Int, code: String) async throws {
    try await project.serving { client in
      let uri = "/api/v1/\(path)"
      let (found, said) = try await client.execute(
        uri: uri, method: .post, body: ByteBuffer(string: body)
      ) { (Int($0.status.code), String(buffer: $0.body)) }
      #expect(found == status)
      let answer = try json(said)
      #expect(answer["code"] as? String == code)
      #expect((answer["message"] as? String)?.isEmpty == false)
      #expect((answer["detail"] as? String)?.isEmpty == false)
    }
  }

  @Test("the funnel has the documented form and counts")
  func funnel() async throws {
    try await project.serving { client in
      let reply = try await client.get("/api/v1/funnel?\(Self.requests[4].query)")
      let answer = try json(reply.text)
      #expect(answer["withinSeconds"] as? Int == 864_000)
      let steps = try #require(answer["steps"] as? [[String: Any]])
      #expect(steps.map { $0["name"] as? String } == ["Product Viewed", "Order Completed"])
      #expect(steps.map { $0["customers"] as? Int } == [2, 1])
    }
  }

  @Test("a filter of touchpoints and a filter of customers are two things")
  func filters() async throws {
    try await project.serving { client in
      let twice = "count(event%20is%20%22Order%20Completed%22)%20%3E%3D%202"
      let expected: [(query: String, touchpoints: Int)] = [
        ("", 7), ("where=channel%20is%20shop", 2), ("who=\(twice)", 4), ("where=\(twice)", 1),
        ("from=2024-03-02&to=2024-03-05", 2),
      ]
      for (query, touchpoints) in expected {
        let answer = try json(try await client.get("/api/v1/map?model=stdc&\(query)").text)
        #expect(answer["touchpoints"] as? Int == touchpoints, "\(query)")
      }
    }
  }

  @Test(
    "what cannot be used is said: which parameter, why, and what would do",
    arguments: [
      ("map?modle=stdc", 400, "model"),
      ("map?model=stcd", 400, "stdc"),
      ("map?from=2024-02-30", 400, "from"),
      ("map?from=2024-03-02&to=2024-03-01", 400, "before it begins"),
      ("map?who=count(event", 400, "who"),
      ("map?format=pdf", 400, "svg"),
      ("map?model=stdc&model=five-a", 400, "once"),
      ("transitions?by=colour", 400, "campaign"),
      ("paths?top=0", 400, "whole number"),
      ("funnel", 400, "step"),
      ("funnel?step=a&within=soon", 400, "10d"),
      ("phase?phase=sea&model=stdc", 404, "see"),
      ("journey?customer=nobody", 404, "Customers"),
      ("nothing", 404, "transitions"),
    ])
  func errors(path: String, status: Int, hint: String) async throws {
    try await project.serving { client in
      let reply = try await client.get("/api/v1/\(path)")
      #expect(Int(reply.status.code) == status)
      let answer = try json(reply.text)
      #expect(Set(answer.keys) == ["code", "message", "detail"])
      let words = "\(answer["message"] ?? "") \(answer["detail"] ?? "")"
      #expect(words.contains(hint), "\(words)")
    }
  }

  @Test(
    "an answer can be had as text, JSON, CSV and, where there is one, as a picture",
    arguments: [
      ("json", "application/json; charset=utf-8", "{"), ("csv", "text/csv; charset=utf-8", "from"),
      ("text", "text/plain; charset=utf-8", "From"), ("svg", "image/svg+xml", "<svg"),
    ])
  func formats(format: String, type: String, beginning: String) async throws {
    try await project.serving { client in
      let reply = try await client.get("/api/v1/transitions?by=channel&format=\(format)")
      #expect(reply.headers[.contentType] == type)
      #expect(reply.text.hasPrefix(beginning))
    }
  }

  @Test("a journey comes a page at a time, with the reasons and the silence of the whole")
  func pagesOfAJourney() async throws {
    try await project.serving { client in
      func journey(_ query: String) async throws -> (total: Int?, moments: [NSDictionary]) {
        let reply = try await client.get("/api/v1/journey?customer=ann&model=stdc&\(query)")
        let answer = try json(reply.text)
        let moments = try #require(answer["touchpoints"] as? [NSDictionary])
        return (answer["total"] as? Int, moments)
      }
      let all = try await journey("").moments
      #expect(all.count == 4)
      #expect(all[1]["gapSeconds"] as? Double == 300)
      let middle = try await journey("offset=1&limit=2")
      #expect(middle.moments == Array(all[1...2]))
      #expect(middle.total == 4)
      let past = try await journey("offset=4").moments
      #expect(past.isEmpty)
      let inShop = try await journey("where=channel%20is%20shop").moments
      #expect(inShop == [all[3]])
    }
  }

  @Test("what is stored after the server began is in the next answer")
  func live() async throws {
    try await project.serving { client in
      func count() async throws -> Int? {
        try json(try await client.get("/api/v1/map?model=stdc").text)["touchpoints"] as? Int
      }
      let before = try await count()
      #expect(before == 7)
      // As another process would, by a store of its own.
      try Workspace(folder: project.folder).store.append([
        TestProject.touch("dee", "2024-04-01T00:00:00Z", "Own Thing", .website)
      ])
      let after = try await count()
      #expect(after == 8)
      let whole = try await client.get("/api/v1/transitions?by=event&format=csv").text
      #expect(whole.contains("Own Thing"))
    }
  }
}

private func json(_ text: String) throws -> [String: Any] {
  try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
}

private func dig(_ object: [String: Any], _ keys: String...) -> Any? {
  keys.reduce(object as Any?) { ($0 as? [String: Any])?[$1] }
}

/// Where a value is not as its schema says; nil when it is.
private func mismatch(_ value: Any, _ schema: [String: Any], at path: String) -> String? {
  if let choices = schema["anyOf"] as? [[String: Any]] {
    let isAny = choices.contains { mismatch(value, $0, at: path) == nil }
    return isAny ? nil : "\(path) is none of what it may be"
  }
  switch schema["type"] as? String {
  case "null": return value is NSNull ? nil : "\(path) is something"
  case "object":
    guard let object = value as? [String: Any] else { return "\(path) is no object" }
    for key in schema["required"] as? [String] ?? [] where object[key] == nil {
      return "\(path).\(key) is missing"
    }
    for (key, inner) in schema["properties"] as? [String: [String: Any]] ?? [:] {
      if let value = object[key], let wrong = mismatch(value, inner, at: "\(path).\(key)") {
        return wrong
      }
    }
    return nil
  case "array":
    guard let list = value as? [Any] else { return "\(path) is no list" }
    guard let inner = schema["items"] as? [String: Any] else { return "\(path) has no items" }
    for (i, value) in list.enumerated() {
      if let wrong = mismatch(value, inner, at: "\(path)[\(i)]") { return wrong }
    }
    return nil
  case "string": return value is String ? nil : "\(path) is no text"
  case "integer": return value is Int ? nil : "\(path) is no whole number"
  case "boolean": return value is Bool ? nil : "\(path) is no flag"
  case "number": return value is NSNumber ? nil : "\(path) is no number"
  default: return "\(path) has no type"
  }
}
