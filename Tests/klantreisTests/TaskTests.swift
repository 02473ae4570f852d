import CustomerJourney
import Foundation
import GRDB
import HTTPTypes
import Hummingbird
import NIOCore
import Orchestration
import Testing

@testable import Store
@testable import klantreis

/// Work that plays give to persons, and plays for programs.
@Suite("Tasks, and plays by the API")
struct TaskTests {
  private static let now = Timestamp.now
  private let project: TestProject
  private var store: Store { project.workspace.store }

  init() throws {
    project = try TestProject([
      Touchpoint(
        customer: "eve", occurred: Self.now.adding(seconds: -900), event: .pageViewed,
        channel: .website, messageID: "first", source: "test")
    ])
    try store.keepPlay(
      "call",
      yaml: """
        id: call
        name: {en: Call, nl: Bel}
        about: Calls who buys.
        purpose: service
        enter: {event: event is "Order Completed"}
        again: after 1s
        goal: {event: event is "Order Completed", within: 7d}
        steps:
          - task: {en: Call <them>., nl: Bel op.}
        """, at: Self.now.adding(seconds: -900))
    try store.switchPlay("call", on: true, at: Self.now.adding(seconds: -900))
    try look()
    for (index, customer) in ["ann", "bob"].enumerated() {
      try store.append([
        Touchpoint(
          customer: customer, occurred: Self.now.adding(seconds: -60 + Int64(index)),
          event: .orderCompleted, channel: .website, messageID: customer, source: "test")
      ])
      try look()
    }
  }

  private func look() throws {
    project.workspace.lookAgain()
    try PlayKeeper(workspace: project.workspace).look(project.workspace.snapshot(), now: .now)
  }

  @Test("open tasks stand first, the oldest before, each once; a customer has only its own")
  func order() throws {
    let tasks = try store.playTasks(limit: 10)
    #expect(tasks.map(\.play) == ["call", "call"] && tasks.allSatisfy { $0.done == nil })
    let first = try #require(tasks.first)
    #expect(try store.customerKeys([first.customer])[first.customer] == "ann")
    #expect(try store.finishTask(first.id, at: .now))
    #expect(try !store.finishTask(first.id, at: .now), "once")
    #expect(try !store.finishTask(99, at: .now))
    #expect(try store.playTasks(limit: 10).map(\.id) == [tasks[1].id, first.id])
    #expect(try store.playTasks(openOnly: true, limit: 10).map(\.id) == [tasks[1].id])
    let ann = try #require(try store.customer(key: "ann"))
    #expect(try store.playTasks(ofCustomer: ann, limit: 10).map(\.id) == [first.id])
    #expect(try store.playTasks(limit: 1).count == 1)
  }

  @Test("they stand on the page of plays and on the customer's, and a button says that one is done")
  func pages() async throws {
    let id = try #require(try store.playTasks(limit: 1).first).id
    try await project.serving { client in
      let plays = try await client.get("/plays?lang=nl").text
      #expect(plays.contains("Bel op.") && plays.contains("/customers/ann"))
      #expect(plays.contains("/tasks/\(id)/done"))
      let english = try await client.get("/customers/ann?lang=en").text
      #expect(english.contains("Call &lt;them&gt;.") && !english.contains("Call <them>"))
      let done = try await client.post("/tasks/\(id)/done", "customer=ann")
      #expect(done.status == 303 && done.location == "/customers/ann#tasks")
      let again = try await client.post("/tasks/\(id)/done")
      #expect(again.status == 404)
      let after = try await client.get("/customers/ann?lang=en").text
      #expect(after.contains("Done on") && !after.contains("/tasks/\(id)/done"))
    }
    #expect(try deeds("action = 'taskDone'") == ["taskDone \(id)"])
  }

  private func deeds(_ condition: String) throws -> [String] {
    try store.pool.read {
      try String.fetchAll(
        $0, sql: "SELECT action || ' ' || subject FROM activity WHERE \(condition) ORDER BY id")
    }
  }

  private func json(
    _ client: any TestClientProtocol, _ method: HTTPRequest.Method, _ path: String,
    _ body: String = ""
  ) async throws -> (status: Int, body: [String: Any]) {
    let reply = try await client.execute(
      uri: "/api/v1/\(path)", method: method, body: ByteBuffer(string: body))
    let read = try JSONSerialization.jsonObject(with: Data(reply.body.readableBytesView))
    return (Int(reply.status.code), try #require(read as? [String: Any]))
  }

  @Test("programs list tasks and finish them")
  func taskAPI() async throws {
    let id = try #require(try store.playTasks(limit: 1).first).id
    try await project.serving { client in
      let open = try await json(client, .get, "tasks").body["tasks"] as? [[String: Any]]
      #expect(open?.compactMap { $0["customer"] as? String } == ["ann", "bob"])
      let left = try await json(client, .post, "tasks/\(id)/done").body["tasks"] as? [Any]
      #expect(left?.count == 1)
      #expect(try await json(client, .post, "tasks/\(id)/done").status == 404)
      let all = try await json(client, .get, "tasks?state=all").body["tasks"] as? [[String: Any]]
      #expect(all?.count == 2 && all?.last?["done"] is String)
      #expect(try await json(client, .get, "tasks?state=some").status == 400)
    }
  }

  @Test("programs read plays with their results, look back, and switch them on and off")
  func playAPI() async throws {
    try await project.serving { client in
      let plays = try await json(client, .get, "plays").body["plays"] as? [[String: Any]]
      #expect(
        plays?.contains { $0["id"] as? String == "call" && $0["isOn"] as? Bool == true } == true)
      let call = try await json(client, .get, "plays/call").body
      #expect((call["results"] as? [String: Any])?["entered"] as? Int == 2)
      #expect((call["yaml"] as? String)?.contains("id: call") == true)
      let dry = try await json(client, .get, "plays/call/dry-run").body
      #expect(dry["customers"] as? Int == 3 && dry["entered"] as? Int == 2)
      #expect(try await json(client, .get, "plays/call/dry-run?from=x").status == 400)
      #expect(try await json(client, .get, "plays/none").status == 404)

      #expect(try await json(client, .post, "plays/welcome/on").status == 400)
      let asked = try await json(client, .post, "plays/welcome/on", #"{"sure": false}"#)
      #expect(asked.status == 409 && asked.body["code"] as? String == "needs_yes")
      #expect(try store.plays().map(\.id) == ["call"])
      let on = try await json(client, .post, "plays/welcome/on", #"{"sure": true}"#)
      #expect((on.body["play"] as? [String: Any])?["isOn"] as? Bool == true)
      let off = try await json(client, .post, "plays/welcome/off")
      #expect((off.body["play"] as? [String: Any])?["isOn"] as? Bool == false)
    }
    #expect(
      try deeds("subject = 'welcome'") == ["playSwitchedOn welcome", "playSwitchedOff welcome"])
  }
}
