import CustomerJourney
import Foundation
import HTTPTypes
import Hummingbird
import JourneyEngine
import Store
import Testing

@testable import klantreis

@Suite("Who is who, from the outside")
struct IdentityPageTests {
  /// Ann's browser, a visit before she logged in, and Bob.
  private func project() throws -> TestProject {
    var login = TestProject.touch("ann", "2024-03-01T09:00:00Z", "Product Viewed", .website)
    login.alsoKnownAs = ["anonymous:b1"]
    login.claimant = .browser
    return try TestProject([
      login,
      TestProject.touch("anonymous:b1", "2024-02-01T09:00:00Z", "Product Viewed", .website),
      TestProject.touch("bob", "2024-03-02T09:00:00Z", "Product Viewed", .website),
    ])
  }

  private func touchpoints(
    of key: String, _ client: any TestClientProtocol
  ) async throws -> Int? {
    let reply = try await client.get("/api/v1/journey?customer=\(key)")
    let answer = try JSONSerialization.jsonObject(with: Data(reply.text.utf8)) as? [String: Any]
    return answer?["total"] as? Int
  }

  @Test("a customer's page says who it is and why, and a button takes it back and gives it again")
  func page() async throws {
    let project = try project()
    try await project.serving { client in
      let page = try await client.get("/customers/ann", headers: [.acceptLanguage: "en"]).text
      #expect(page.contains("Who this is"))
      #expect(page.contains("A browser (test) named it together with ann"))
      #expect(page.contains("ann-2024-03-01T09:00:00Z"))
      #expect(try await touchpoints(of: "ann", client) == 2)
      let path = "/customers/ann/identities"
      let parted = try await client.post(path, "do=part&key=anonymous%3Ab1&other=ann")
      #expect(parted.status == 303)
      #expect(parted.location == "/customers/ann#who")
      #expect(try await touchpoints(of: "ann", client) == 1)
      #expect(try await touchpoints(of: "anonymous:b1", client) == 1)
      let after = try await client.get("/customers/ann", headers: [.acceptLanguage: "en"]).text
      #expect(after.contains("It is the same after all"))
      _ = try await client.post(path, "do=unpart&key=anonymous%3Ab1&other=ann")
      #expect(try await touchpoints(of: "ann", client) == 2)
    }
  }

  @Test("any key of a customer leads to the page of the customer")
  func anyKey() async throws {
    let project = try project()
    try await project.serving { client in
      let page = try await client.get("/customers/anonymous:b1", headers: [.acceptLanguage: "nl"])
      #expect(page.status == .ok)
      #expect(page.text.contains("<h1>Klant <bdi>ann</bdi></h1>"))
      #expect(page.text.contains("Wie dit is"))
      let found = try await client.get("/customers?q=anonymous:", headers: [.acceptLanguage: "en"])
      #expect(found.text.contains("/customers/ann"))
    }
  }

  @Test("the program's interface joins and parts, and says when there is nothing to do")
  func api() async throws {
    let project = try project()
    try await project.serving { client in
      func post(_ path: String, _ body: String) async throws -> (Int, String) {
        try await client.execute(
          uri: "/api/v1/customers/\(path)", method: .post,
          headers: [.contentType: "application/json"], body: .init(string: body)
        ) { (Int($0.status.code), String(buffer: $0.body)) }
      }
      let joined = try await post("ann/join", #"{"with": "bob"}"#)
      #expect(joined.0 == 200)
      #expect(joined.1.contains(#""customer":"ann""#))
      #expect(try await touchpoints(of: "bob", client) == 3)
      #expect(try await post("ann/join", #"{"with": "bob"}"#).0 == 409)
      #expect(try await post("ann/join", #"{"with": "nobody"}"#).0 == 404)
      #expect(try await post("ann/join", "bob").0 == 400)
      #expect(try await post("bob/part", #"{"with": "ann"}"#).0 == 200)
      #expect(try await touchpoints(of: "bob", client) == 1)
      #expect(try await client.get("/api/v1/customers/nobody/identities").status == .notFound)
    }
  }

  @Test("who looks like the same person is suggested, and not again once it was judged")
  func suggestions() async throws {
    let project = try project()
    for (number, key) in ["ann", "bob", "cas"].enumerated() {
      let name = ["Jansen", "Janssen", "Pieters"][number]
      try project.workspace.store.append(
        [],
        profiles: [
          ProfileChange(
            customer: key,
            traits: [
              "firstName": .text("Sanne"), "lastName": .text(name),
              "birthday": .text("1990-05-0\(number / 2 + 1)"), "city": .text("Utrecht"),
              "note": .text("<script>alert(1)</script>"),
            ], occurred: Timestamp(milliseconds: 0), source: "test")
        ])
    }
    try await project.serving { client in
      let page = try await client.get("/duplicates", headers: [.acceptLanguage: "en"])
      #expect(page.status == .ok)
      #expect(page.text.contains("janssen"))
      #expect(!page.text.contains("pieters"))
      #expect(!page.text.contains("<script>alert"))
      let answered = try await client.post(
        "/duplicates", "do=different&key=ann&other=bob")
      #expect(answered.status == 303)
      let after = try await client.get("/duplicates", headers: [.acceptLanguage: "en"])
      #expect(!after.text.contains("janssen"))
      _ = try await client.post("/duplicates", "do=same&key=ann&other=bob")
      #expect(try await touchpoints(of: "bob", client) == 3)
    }
  }

  @Test("an alarm about a public terminal is in the metrics")
  func metrics() async throws {
    let project = try TestProject(
      (0...Limits.ownersPerDay).map { person in
        var one = TestProject.touch(
          "u\(person)", "2024-03-01T09:\(10 + person):00Z", "Product Viewed", .website)
        one.alsoKnownAs = ["anonymous:kiosk"]
        return one
      })
    try await project.serving { client in
      let metrics = try await client.get("/metrics").text
      #expect(metrics.contains(#"klantreis_identity_alarms{reason="crowded"} 1"#))
      #expect(metrics.contains(#"klantreis_identity_alarms{reason="full"} 0"#))
    }
  }
}

@Suite("Who is who, from clients")
struct CollectedIdentityTests {
  /// A message of Segment's protocol, to a source with a public key (`k1`) or a secret one (`k2`).
  private func send(
    _ client: any TestClientProtocol, _ kind: String, _ body: String, key: String = "k1"
  ) async throws {
    let status = try await client.execute(
      uri: "/v1/\(kind)", method: .post,
      headers: [.authorization: "Bearer \(key)", .contentType: "application/json"],
      body: .init(string: body)
    ) { Int($0.status.code) }
    #expect(status == 200)
  }

  private func collecting() throws -> CollectingProject {
    let collecting = try CollectingProject()
    try collecting.project.workspace.addSource(name: "crm", key: "k2", mapping: "key: secret")
    return collecting
  }

  private func customers(_ collecting: CollectingProject) throws -> [String: Int] {
    let snapshot = try collecting.project.workspace.snapshot()
    let journeys = snapshot.journeys
    var counts: [String: Int] = [:]
    for customer in 1...50 as ClosedRange<Int64> {
      guard let journey = journeys.journey(ofCustomer: UInt32(customer)) else { continue }
      let key = try collecting.store.customerKeys([customer])[customer] ?? ""
      counts[key] = journeys.rows(ofJourney: journey).count
    }
    return counts
  }

  @Test("a visit, a sign-up with an address, a login and a late visit are one customer's")
  func oneCustomer() async throws {
    let collecting = try collecting()
    try await collecting.serving { client in
      try await send(
        client, "track",
        #"{"anonymousId":"b1","event":"Product Viewed","timestamp":"2024-05-01T10:00:00Z"}"#)
      try await send(
        client, "identify",
        #"{"anonymousId":"b1","traits":{"email":" Ann@Shop.NL"},"timestamp":"2024-05-01T10:05:00Z"}"#
      )
      try await send(
        client, "track",
        #"{"anonymousId":"b2","userId":"ann","event":"Order Completed","timestamp":"2024-05-03T10:00:00Z"}"#
      )
      try await send(
        client, "identify",
        #"{"userId":"ann","traits":{"email":"ann@shop.nl"},"timestamp":"2024-05-03T10:01:00Z"}"#,
        key: "k2")
      try await send(
        client, "track",
        #"{"anonymousId":"b2","event":"Product Viewed","timestamp":"2024-04-01T10:00:00Z"}"#)
    }
    #expect(try customers(collecting) == ["ann": 3])
  }

  @Test("null, guest and test addresses join nobody")
  func junk() async throws {
    let collecting = try collecting()
    try await collecting.serving { client in
      for (index, user) in ["ann", "bob"].enumerated() {
        for junk in ["null", "undefined", "0", "guest", "00000000-0000-0000-0000-000000000000"] {
          try await send(
            client, "track",
            #"{"userId":"\#(user)","anonymousId":"\#(junk)","event":"E","messageId":"\#(user)\#(junk)","timestamp":"2024-05-01T10:0\#(index):00Z"}"#
          )
        }
        for junk in ["test@shop.nl", "noreply@shop.nl", "a@example.com"] {
          try await send(
            client, "identify", #"{"userId":"\#(user)","traits":{"email":"\#(junk)"}}"#, key: "k2")
        }
      }
    }
    #expect(try customers(collecting) == ["ann": 5, "bob": 5])
    let links = try collecting.store.lastLinks(limit: 10)
    #expect(links.isEmpty)
  }

  @Test("with the key of the page nobody takes over a known customer or overwrites what is known")
  func spoofing() async throws {
    let collecting = try collecting()
    try await collecting.serving { client in
      try await send(
        client, "identify",
        #"{"userId":"ann","traits":{"email":"ann@shop.nl","tier":"gold"}}"#, key: "k2")
      try await send(
        client, "track", #"{"userId":"ann","event":"Order Completed"}"#, key: "k2")
      for body in [
        #"{"userId":"eve","traits":{"email":"ann@shop.nl"}}"#,
        #"{"userId":"ann","traits":{"email":"eve@evil.nl","tier":"tin"}}"#,
        #"{"userId":"email:ann@shop.nl","traits":{"tier":"tin"}}"#,
        #"{"anonymousId":"x","traits":{"email":"ann@shop.nl","tier":"tin"}}"#,
      ] { try await send(client, "identify", body) }
      try await send(client, "alias", #"{"userId":"eve","previousId":"ann"}"#)
      try await send(client, "alias", #"{"userId":"ann","previousId":"eve"}"#)
      try await send(client, "track", #"{"userId":"eve","event":"Product Viewed"}"#)
      try await send(client, "track", #"{"userId":"user:ann","event":"Product Viewed"}"#)
    }
    #expect(try customers(collecting) == ["ann": 1, "eve": 1, "user:user:ann": 1])
    let ann = try #require(try collecting.store.customer(key: "ann"))
    let traits = try #require(try collecting.store.traits(of: [ann])[ann])
    #expect(traits["tier"] == .text("gold"))
    #expect(traits["email"] == .text("ann@shop.nl"))
    let eve = try #require(try collecting.store.customer(key: "eve"))
    #expect(try collecting.store.traits(of: [eve])[eve]?["tier"] == nil)
  }

  @Test("ids of devices and other systems join too")
  func otherIDs() async throws {
    let collecting = try collecting()
    try await collecting.serving { client in
      let app =
        #""context":{"device":{"id":"d1","type":"ios"},"externalIds":[{"id":"9","type":"CRM"}]}"#
      try await send(client, "track", #"{"anonymousId":"a1","event":"Opened",\#(app)}"#, key: "k2")
      try await send(client, "track", #"{"userId":"ann","event":"Opened",\#(app)}"#, key: "k2")
    }
    #expect(try customers(collecting) == ["ann": 2])
    let known = try #require(try collecting.store.identities(of: "ann"))
    #expect(known.identities.map(\.kind) == ["user", "external", "device", "anonymous"])
  }
}
