import Collector
import CustomerJourney
import Foundation
import HTTPTypes
import Hummingbird
import Insights
import JourneyEngine
import Simulator
import Store
import Testing

@testable import klantreis

@Suite("Accounts, from the outside")
struct CompanyTests {
  /// Ann and Bob of Acme, who look and ask; Cas, of whom only an address at Acme is known.
  private func project() throws -> TestProject {
    var quote = TestProject.touch("ann", "2024-03-04T09:00:00Z", "Quote Requested", .website)
    quote.properties = ["deal": .text("D1"), "expectedValue": .number(1200)]
    let project = try TestProject([
      TestProject.touch("ann", "2024-03-01T09:00:00Z", "Content Viewed", .website), quote,
      TestProject.touch("bob", "2024-03-02T09:00:00Z", "Product Viewed", .website),
      TestProject.touch("bob", "2024-03-03T09:00:00Z", "Demo Requested", .website),
      TestProject.touch("cas", "2024-03-05T09:00:00Z", "Page Viewed", .website),
      TestProject.touch("dirk", "2024-03-05T10:00:00Z", "Page Viewed", .website),
    ])
    func said(
      _ customer: String, _ account: String?, _ role: String?, email: String? = nil,
      company: String? = nil
    ) -> ProfileChange {
      var traits: [String: PropertyValue] = [:]
      if let role { traits["accountRole"] = .text(role) }
      if let company { traits["company"] = .text(company) }
      return ProfileChange(
        customer: customer, alsoKnownAs: email.map { ["email:\($0)"] } ?? [], traits: traits,
        account: account,
        accountTraits: account == nil
          ? [:] : ["name": .text("Acme <B.V.>"), "domain": .text("acme.bedrijf")],
        occurred: Timestamp(seconds: 1_700_000_000), messageID: "\(customer)-group", source: "crm",
        claimant: .server)
    }
    try project.workspace.store.append(
      [],
      profiles: [
        said("ann", "acme/1", "decision maker"), said("bob", "acme/1", "champion"),
        said("cas", nil, nil, email: "cas@acme.bedrijf"),
        said("dirk", nil, nil, company: "ACME"),
      ])
    return project
  }

  private func json(_ text: String) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test("the list and the page show score, phase, buying group and why, in both languages")
  func pages() async throws {
    let project = try project()
    try await project.serving { client in
      let list = try await client.get("/accounts?lang=en").text
      #expect(list.contains("Acme &lt;B.V.&gt;"))
      #expect(list.contains("href=\"/accounts/acme%2F1\""))
      #expect(list.contains("€1,200"))
      #expect(list.contains("aria-current=\"page\">Accounts"))
      #expect(!list.contains("<B.V.>"))
      let page = try await client.get("/accounts/acme%2F1", headers: [.acceptLanguage: "nl"]).text
      #expect(page.contains("Minstens twee rollen"))
      #expect(page.contains("budgethouder"))
      #expect(page.contains("niemand bekend"))
      #expect(page.contains("De reizen van 3 mensen naast elkaar"))
      #expect(page.contains("Het mailadres is van een domein dat alleen dit bedrijf heeft"))
      #expect(page.contains("Een server (crm) zei het"))
      #expect(try await client.get("/accounts/none").status == .notFound)
      #expect(try await client.get("/accounts?sort=nonsense").status == .ok)
      let card = try await client.get("/customers/ann", headers: [.acceptLanguage: "en"]).text
      #expect(card.contains("Acme &lt;B.V.&gt;") && card.contains("decision maker"))
    }
  }

  @Test("without accounts there is no entry for them")
  func none() async throws {
    let project = try TestProject()
    try await project.serving { client in
      let map = try await client.get("/?lang=en").text
      #expect(!map.contains("/accounts"))
      let answer = try json(try await client.get("/api/v1/accounts").text)
      #expect(answer["total"] as? Int == 0)
    }
  }

  @Test("a rule asks for the role, in batch and live, and follows what people change")
  func rule() async throws {
    let project = try project()
    let store = project.workspace.store
    func who(_ rule: String) throws -> Int? {
      let answer = try Question(.segment, ["who": [rule], "points": ["1"]])
        .answer(from: try project.workspace.snapshot())
      return (answer.report as? SegmentSize)?.members
    }
    #expect(try who("account.role is \"decision maker\"") == 1)
    #expect(try who("account.role in (sponsor, decision-maker)") == 2)
    #expect(try who("account.role is known") == 2)
    try project.workspace.addSegment(name: "deciders", rule: "account.role is \"decision maker\"")
    let watch = Watch(store: store)
    try watch.look(try project.workspace.snapshot(), now: Timestamp(seconds: 1_710_000_000))
    try store.setRoles(["decision maker"], of: "cas", in: "acme/1", at: .now)
    try store.removeMember("ann", from: "acme/1", at: .now)
    #expect(try who("account.role is \"decision maker\"") == 1)
    let moves = try watch.look(
      try project.workspace.snapshot(), now: Timestamp(seconds: 1_710_000_100))
    #expect(moves.flatMap(\.moves).count { $0.to == 1 && $0.from == 0 } >= 1)
    #expect(moves.flatMap(\.moves).count { $0.to == 0 && $0.from == 1 } >= 1)
    try store.undoMembership(of: "ann", in: "acme/1", at: .now)
    #expect(try who("account.role is \"decision maker\"") == 2)
  }

  @Test("leads wait on the review list, and what is decided there can be taken back")
  func leads() async throws {
    let project = try project()
    try await project.serving { client in
      let list = try await client.get("/accounts-leads", headers: [.acceptLanguage: "en"]).text
      #expect(list.contains("dirk") && list.contains("Gave “ACME” as the company"))
      let yes = try await client.post("/accounts-leads", "do=in&customer=dirk&account=acme%2F1")
      #expect(yes.status == 303)
      let after = try await client.get("/accounts-leads", headers: [.acceptLanguage: "en"]).text
      #expect(after.contains("Nobody waits"))
      let path = "/accounts/acme%2F1"
      _ = try await client.post(path, "do=out&customer=dirk")
      #expect(try await client.get(path + "?lang=en").text.contains("Taken out by hand"))
      _ = try await client.post(path, "do=undo&customer=dirk")
      let undone = try await client.get(path + "?lang=en").text
      #expect(!undone.contains("Taken out by hand"))
      #expect(try await client.post(path, "do=roles&customer=zed&roles=user").status == 404)
      #expect(try await client.post(path, "do=nonsense&customer=dirk").status == 400)
      _ = try await client.post(path, "do=until&customer=bob&until=2024-03-03")
      #expect(try await client.get(path + "?lang=en").text.contains("no longer"))
    }
  }

  @Test("the API tells one account with reasons, and changes who belongs to it")
  func api() async throws {
    let project = try project()
    try await project.serving { client in
      let answer = try json(try await client.get("/api/v1/accounts/acme%2F1?model=stdc").text)
      let account = try #require(answer["account"] as? [String: Any])
      #expect(account["members"] as? Int == 3)
      #expect(account["openDeals"] as? Int == 1)
      #expect(account["openValue"] as? Double == 1200)
      #expect((account["people"] as? [Any])?.count == 3)
      #expect((answer["evidence"] as? [Any])?.count == 3)
      let csv = try await client.get("/api/v1/accounts?format=csv")
      #expect(csv.text.contains("engagement"))
      let body = ByteBuffer(string: #"{"customer": "dirk"}"#)
      try await client.execute(uri: "/api/v1/accounts/acme%2F1/add", method: .post, body: body) {
        #expect($0.status == .ok)
      }
      let bad = ByteBuffer(string: "{}")
      try await client.execute(uri: "/api/v1/accounts/acme%2F1/add", method: .post, body: bad) {
        #expect($0.status == .badRequest)
      }
      try await client.execute(uri: "/api/v1/accounts/none/add", method: .post, body: body) {
        #expect($0.status == .notFound)
      }
      let after = try json(try await client.get("/api/v1/accounts/acme%2F1").text)
      #expect((after["account"] as? [String: Any])?["members"] as? Int == 4)
    }
  }

  @Test("a deal that is won is open no longer, and its value is the account's")
  func won() throws {
    let project = try project()
    var order = TestProject.touch(
      "bob", "2024-03-09T09:00:00Z", "Order Completed", .website, cents: 110_000)
    order.properties = ["deal": .text("D1")]
    try project.workspace.store.append([order])
    let report = try project.workspace.snapshot().accounts(try Question(.accounts, [:]))
    #expect(report.rows.map(\.openDeals) == [0])
    #expect(report.rows.map(\.wonValue) == [1100])
  }

  @Test("the simulated companies have groups, deals and leads, and every page says simulated")
  func demo() async throws {
    let project = try TestProject([])
    try project.workspace.simulate(BusinessSimulation(companies: 12, seed: 3))
    try project.workspace.simulate(BusinessSimulation(companies: 12, seed: 3))
    let report = try project.workspace.snapshot().accounts(try Question(.accounts, [:]))
    #expect(report.total == 12)
    #expect(report.rows.contains { $0.engagement > 5 } && report.rows.contains { $0.phase != nil })
    #expect(report.rows.contains { $0.openDeals > 0 } && report.rows.contains { $0.wonValue > 0 })
    try await project.serving { client in
      let list = try await client.get("/accounts?lang=en").text
      #expect(list.contains("Simulated"))
      let answer = try json(try await client.get("/api/v1/accounts").text)
      #expect(answer["simulated"] as? Bool == true)
    }
  }
}

/// The deals of a fictitious seller of hardware, which are not bundled.
@Suite("The deals of crm_sales")
struct CRMSalesTests {
  private static let folder: URL = {
    let environment = ProcessInfo.processInfo.environment["KLANTREIS_SHARED"]
    let shared =
      environment.map { URL(filePath: $0) }
      ?? URL(filePath: #filePath).appending(path: "../../../../shared").standardized
    return shared.appending(path: "data/crm_sales")
  }()

  private static var isThere: Bool {
    FileManager.default.fileExists(atPath: folder.appending(path: "ref_pandas.json").path())
  }

  @Test(
    "accounts, deals and revenue are those of the reference",
    .enabled(if: isThere, "the folder shared/data is not beside this checkout"))
  func reference() throws {
    let project = try TestProject([])
    let examples = URL(filePath: #filePath).appending(path: "../../../Examples/crm_sales")
      .standardized
    let runner = ImportRunner(
      workspace: project.workspace,
      options: .init(currency: Currency("USD") ?? .eur, now: .now, source: "crm"))
    try project.workspace.set(.currency, to: "USD")
    let files = Self.folder.appending(path: "CRM+Sales+Opportunities")
    for (file, mapping) in [("accounts", "accounts"), ("sales_pipeline", "pipeline")] {
      let outcome = try runner.run(
        path: files.appending(path: "\(file).csv").path(),
        mapping: .init(path: examples.appending(path: "\(mapping).yaml").path())
      ) { _, _ in }
      #expect(outcome.problem == nil)
    }
    let snapshot = try project.workspace.snapshot()
    let report = try snapshot.accounts(try Question(.accounts, [:]))
    #expect(report.total == 85)
    let known = try #require(
      try JSONSerialization.jsonObject(
        with: try Data(contentsOf: Self.folder.appending(path: "ref_pandas.json")))
        as? [String: Any])
    let reference = try #require(known["by_account_top"] as? [String: [String: Double]])
    for (name, numbers) in reference {
      let row = try #require(report.rows.first { $0.key == name })
      #expect(row.wonValue == numbers["revenue"], "\(name)")
    }
    let sectors = try #require(known["by_sector"] as? [String: [String: Double]])
    let accounts = Dictionary(
      uniqueKeysWithValues: try snapshot.facts.accounts().map { ($0.key, $0) })
    let bySector = Dictionary(grouping: report.rows) {
      accounts[$0.key]?.traits["sector"]?.description ?? ""
    }.mapValues { $0.reduce(0) { $0 + $1.wonValue } }
    #expect(bySector == sectors.compactMapValues { $0["revenue"] })
    let stages = try #require(known["stages"] as? [String: Int])
    // Of the deals that nobody won or lost, those of a company; the others have no company yet.
    let open = report.rows.reduce(0) { $0 + $1.openDeals }
    #expect(open > 0 && open <= stages["Engaging"] ?? 0)
  }
}
