import Access
import CustomerJourney
import Dashboard
import Foundation
import GRDB
import HTTPTypes
import Hummingbird
import Insights
import JourneyEngine
import NIOCore
import Store
import Testing

@testable import klantreis

@Suite("Consent and privacy")
struct PrivacyTests {
  private static let email = ConsentGrant(channel: .email, purpose: "marketing")

  private static func entry(
    _ key: String, _ state: ConsentState, _ time: String, _ means: ConsentMeans = .server
  ) throws -> ConsentEntry {
    ConsentEntry(
      key: key, purpose: "marketing", channel: .email, state: state,
      happened: try #require(Timestamp(iso8601: time)), means: means, by: "shop")
  }

  private func holds(_ workspace: Workspace, _ key: String) throws -> Bool? {
    try workspace.consent(of: key).standings.first { $0.grant == Self.email }?.isAllowed
  }

  // MARK: Rules

  @Test(
    "a rule asks the ledger, for everybody and for a few, and a segment follows a consent at once")
  func rule() async throws {
    let project = try TestProject()
    let workspace = project.workspace
    try workspace.addSegment(name: "May mail", rule: "consent(\"email\", \"marketing\")")
    try workspace.store.add([Self.entry("ann", .given, "2024-04-01T00:00:00Z")])
    func members() throws -> Int {
      let question = try Question(.segment, ["who": ["consent(\"email\", \"marketing\")"]])
      return try workspace.snapshot().segmentSize(question).members
    }
    #expect(try members() == 1)
    let watch = Watch(store: workspace.store)
    let now = Timestamp.now
    _ = try await workspace.asking { try watch.look($0, now: now) }
    try workspace.store.add([Self.entry("bob", .given, "2024-04-02T00:00:00Z")])
    workspace.lookAgain()
    let came = try await workspace.asking {
      try watch.look($0, now: now.adding(seconds: 1))
    }
    let entered: [Int64] = came.filter { $0.subject == .segment("May mail") }
      .flatMap { looked in looked.moves.map { move in Int64(move.customer) } }
    #expect(entered == [try #require(try workspace.store.customer(key: "bob"))])
    #expect(try members() == 2)
    try workspace.store.add([Self.entry("ann", .refused, "2024-04-03T00:00:00Z")])
    workspace.lookAgain()
    #expect(try members() == 1)
  }

  @Test("after a merge the stricter word counts, and after a split each has its own again")
  func merge() throws {
    let project = try TestProject()
    let (workspace, store) = (project.workspace, project.workspace.store)
    try store.add([
      Self.entry("ann", .given, "2024-04-02T00:00:00Z"),
      Self.entry("bob", .refused, "2024-04-01T00:00:00Z"),
    ])
    #expect(try holds(workspace, "ann") == true)
    try store.join("bob", into: "ann", at: .now)
    #expect(try holds(workspace, "ann") == false)
    #expect(try holds(workspace, "bob") == false)
    try store.part("bob", from: "ann", at: .now)
    #expect(try holds(workspace, "ann") == true)
  }

  @Test("no line of the ledger is changed or taken out")
  func appendOnly() throws {
    let project = try TestProject()
    try project.workspace.store.add([Self.entry("ann", .given, "2024-04-02T00:00:00Z")])
    let file = project.folder.appending(path: Store.fileName)
    let writer = try DatabaseQueue(path: file.path)
    for change in ["UPDATE consent_entry SET state = 'refused'", "DELETE FROM consent_entry"] {
      #expect(throws: DatabaseError.self) { try writer.write { try $0.execute(sql: change) } }
    }
  }

  @Test("a trait of a file is a line of the ledger; a browser's yes to mail waits")
  func claims() throws {
    let project = try TestProject()
    let (workspace, store) = (project.workspace, project.workspace.store)
    try store.append(
      [],
      profiles: [
        ProfileChange(
          customer: "ann", traits: ["consent.email.marketing": .text("ja"), "plan": .text("gold")],
          occurred: .epoch, source: "file"),
        ProfileChange(
          customer: "bob", traits: ["consent.email.marketing": .flag(true)], occurred: .epoch,
          source: "shop", claimant: .browser),
      ])
    #expect(try holds(workspace, "ann") == true)
    #expect(try holds(workspace, "bob") == false)
    #expect(try workspace.consent(of: "bob").entries.map(\.state) == [.pending])
  }

  // MARK: Links

  @Test(
    "a link opens the own page, a press changes what is ticked, and nothing of the person is shown")
  func preferences() async throws {
    let project = try TestProject()
    let workspace = project.workspace
    let links = ConsentLinks(workspace: workspace)
    let path = try #require(try links.path(.preferences, of: "ann", at: .now))
    try await project.serving { client in
      let browser = TestBrowser(client)
      let page = try await browser.get(path)
      #expect(page.status == 200)
      #expect(page.text.contains("Offers and news"))
      #expect(!page.text.contains(">ann<") && !page.text.contains("/customers/ann"))
      // The address is a key: no other site hears of it, and no search engine keeps it.
      #expect(page.headers[.named("Referrer-Policy")] == "same-origin")
      #expect(page.headers[.named("X-Robots-Tag")] == "noindex")
      let dutch = try await browser.get(path, headers: [.acceptLanguage: "nl"])
      #expect(dutch.text.contains("Aanbiedingen en nieuws"))
      let kept = try await browser.post(path, ["grant": "marketing|Email", "do": "save"])
      #expect(kept.status == 200)
      #expect(try holds(workspace, "ann") == true)
      let proof = try workspace.consent(of: "ann").entries.filter { $0.state == .given }
      #expect(proof.map(\.means) == [.preferences])
      #expect(proof.first?.words?.contains("offers and news") == true)
      #expect(proof.first?.version == "1")
      _ = try await browser.post(path, ["do": "nothing", "grant": "marketing|Email"])
      #expect(try workspace.consent(of: "ann").standings.allSatisfy { !$0.isAllowed })
      #expect(try await browser.get("/preferences/x.y").status == 410)
      // A link for one thing opens no other.
      let token = String(path.dropFirst("/preferences/".count))
      #expect(try await browser.get("/unsubscribe/\(token)").status == 410)
      #expect(try await browser.get("/confirm/\(token)").status == 410)
    }
  }

  @Test("a link that is too old opens nothing, nor one of somebody who was erased")
  func expired() throws {
    let project = try TestProject()
    let links = ConsentLinks(workspace: project.workspace)
    let path = try #require(try links.path(.preferences, of: "ann", at: .epoch))
    let token = String(path.dropFirst("/preferences/".count))
    let later = Timestamp.epoch.adding(seconds: (Limits.preferenceLinkDays + 1) * 86_400)
    #expect(try links.opened(token, for: .preferences, at: .epoch)?.key == "ann")
    #expect(try links.opened(token, for: .preferences, at: later) == nil)
    try Eraser(workspace: project.workspace).erase(
      "ann", keepsJourney: true, by: "test", at: .now)
    #expect(try links.opened(token, for: .preferences, at: .epoch) == nil)
  }

  @Test("a GET of unsubscribe changes nothing, the one-click POST does, and again harmlessly")
  func unsubscribe() async throws {
    let project = try TestProject()
    let workspace = project.workspace
    try workspace.store.add([Self.entry("ann", .given, "2024-04-01T00:00:00Z")])
    let path = try #require(
      try ConsentLinks(workspace: workspace).path(
        .unsubscribe, of: "ann", channel: .email, about: "marketing", at: .now))
    try await project.serving { client in
      let open = (client as? TokenClient)?.client ?? client
      let page = try await open.get(path)
      #expect(page.status == .ok)
      #expect(try holds(workspace, "ann") == true)
      for _ in 0..<2 {
        let status = try await open.execute(
          uri: path, method: .post,
          headers: [.contentType: "application/x-www-form-urlencoded"],
          body: ByteBuffer(string: "List-Unsubscribe=One-Click")
        ) { $0.status }
        #expect(status == .ok)
        #expect(try holds(workspace, "ann") == false)
      }
      let lines = try workspace.consent(of: "ann").entries
      #expect(lines.filter { $0.means == .unsubscribe }.count == 1)
      let empty = try await open.execute(uri: path, method: .post) { $0.status }
      #expect(empty == .badRequest)
    }
  }

  @Test("a yes by mail waits for the press of a button, and an old link can't say it again")
  func confirmation() async throws {
    let guarded = try GuardedProject()
    let workspace = guarded.project.workspace
    try guarded.addUser("service", .service)
    try await guarded.serving { client in
      let staff = TestBrowser(client)
      try await staff.logIn("service")
      let asked = try await staff.post(
        "/customers/ann/consent", ["do": "ask", "grant": "marketing|Email"], from: "/account")
      let path = try #require(asked.text.firstMatch(of: #/(/confirm/[A-Za-z0-9._-]+)/#)).1
      #expect(try holds(workspace, "ann") == false)
      #expect(try workspace.consent(of: "ann").entries.map(\.state) == [.pending])
      let customer = TestBrowser(client)
      // The clock of links is the test's; what was asked just now must be before the press.
      guarded.clock.pass(
        seconds: Int64(Timestamp.now.seconds(since: guarded.clock.now)) + 1)
      #expect(try await customer.get(String(path)).status == 200)
      #expect(try holds(workspace, "ann") == false)
      #expect(try await customer.post(String(path), ["do": "confirm"]).status == 200)
      #expect(try holds(workspace, "ann") == true)
      let preferences = try #require(
        try ConsentLinks(workspace: workspace).path(.preferences, of: "ann", at: guarded.clock.now))
      guarded.clock.pass(seconds: 5)
      _ = try await customer.post(preferences, ["do": "nothing"])
      guarded.clock.pass(seconds: 5)
      let again = try await customer.post(String(path), ["do": "confirm"])
      #expect(again.text.contains("answered already"))
      #expect(try holds(workspace, "ann") == false)
    }
  }

  @Test("an address that sends too much is told to wait")
  func throttled() async throws {
    let throttle = PublicThrottle()
    for _ in 0..<Limits.publicRequestsPerMinute { #expect(throttle.lets("a", at: .epoch)) }
    #expect(!throttle.lets("a", at: .epoch))
    #expect(throttle.lets("b", at: .epoch))
    #expect(throttle.lets("a", at: Timestamp.epoch.adding(seconds: 60)))
  }

  @Test("an existing customer counts only with all five conditions")
  func existing() async throws {
    let guarded = try GuardedProject()
    try guarded.addUser("service", .service)
    try await guarded.serving { client in
      let staff = TestBrowser(client)
      try await staff.logIn("service")
      let form = [
        "do": "note", "grant": "marketing|Email", "answer": "existing", "how": "order 7",
        "condition": "paidOrder",
      ]
      let refused = try await staff.post("/customers/ann/consent", form, from: "/account")
      #expect(refused.status == 400)
      #expect(try guarded.project.workspace.consent(of: "ann").entries.isEmpty)
    }
    let desk = PrivacyDesk(workspace: guarded.project.workspace)
    try await desk.note(
      Self.email, "existing", conditions: Set(ExistingCustomerCondition.allCases.map(\.rawValue)),
      how: "order 7", of: "ann", by: Visitor(name: "x", permissions: [.act], address: ""))
    #expect(try holds(guarded.project.workspace, "ann") == true)
  }

  // MARK: Access

  @Test("an export has all identities, traits with source, consents with proof and touchpoints")
  func export() throws {
    let project = try TestProject()
    let store = project.workspace.store
    try store.append(
      [],
      profiles: [
        ProfileChange(
          customer: "ann", alsoKnownAs: ["email:ann@shop.example.nl"],
          traits: ["name": .text("=cmd|' /C calc'!A0")], occurred: .epoch, source: "crm")
      ])
    try store.add([Self.entry("ann", .given, "2024-04-01T00:00:00Z")])
    let export = try AccessExport(of: "email:ann@shop.example.nl", in: project.workspace, at: .now)
    #expect(export.customer == "ann")
    #expect(Set(export.identities.map(\.key)) == ["ann", "email:ann@shop.example.nl"])
    #expect(export.traits.map(\.source) == ["crm"])
    #expect(export.consents.count == 1)
    #expect(export.touchpoints.count == 4)
    let json = String(decoding: try export.json(), as: UTF8.self)
    #expect(json.contains("\"ann@") || json.contains("email:ann@shop.example.nl"))
    // A spreadsheet runs nothing of it.
    let zone = try project.workspace.zone()
    let cells = export.page(.dutch, zone: zone).sections.flatMap { $0.rows.flatMap { $0 } }
    #expect(cells.contains("'=cmd|' /C calc'!A0"))
    #expect(!cells.contains { $0.hasPrefix("=") })
    #expect(throws: PrivacyProblem.unknown) {
      try AccessExport(of: "nobody", in: project.workspace, at: .now)
    }
  }

  // MARK: Retention

  @Test("what has outlived its term goes, and only that; a dry run says so before")
  func retention() throws {
    let old = TestProject.touch(
      "anonymous:old-visitor-1", "2020-01-01T00:00:00Z", "Page Viewed", .website)
    let new = TestProject.touch(
      "anonymous:new-visitor-1", "2024-03-01T00:00:00Z", "Page Viewed", .website)
    let known = TestProject.touch("dora", "2020-01-01T00:00:00Z", "Page Viewed", .website)
    let project = try TestProject([old, new, known])
    let store = project.workspace.store
    let now = try #require(Timestamp(iso8601: "2024-06-01T00:00:00Z"))
    let run = RetentionRun(workspace: project.workspace)
    try run.run(at: now, by: "test")
    #expect(try store.touchpointCount() == 3, "nothing has a term by itself")
    try store.set(Retention(days: [.visitors: 395]), Deed(.settingChanged, by: "test", at: now))
    #expect(try run.outlived(at: now)[.visitors] == 1)
    #expect(try store.touchpointCount() == 3)
    #expect(try run.run(at: now, by: "test")[.visitors] == 1)
    #expect(try store.touchpointCount() == 2)
    #expect(try store.customer(key: "anonymous:old-visitor-1") == nil)
    #expect(try store.customer(key: "dora") != nil)
    #expect(try run.run(at: now, by: "test").isEmpty)
  }

  @Test("messages go with their history when their term is over, what waits does not")
  func messages() throws {
    let project = try TestProject()
    let store = project.workspace.store
    let customer = try #require(try store.customer(key: "ann"))
    let now = Timestamp.epoch.adding(seconds: 1_000)
    func plan(_ key: String) throws -> Int64 {
      let intent = MessageIntent(
        origin: MessageOrigin(play: "basket", version: 1, key: key, step: "first"),
        customer: customer, channel: .email, purpose: .marketing, template: "basket-1", due: now)
      return try #require(try store.plan([intent], at: now)[0])
    }
    let done = try plan("done")
    _ = try plan("waits")
    try store.note([MessageNote(done, .skipped(MessageReason("over")))], at: now)
    let run = RetentionRun(workspace: project.workspace)
    let later = now.adding(seconds: 86_400 * 10)
    #expect(try run.run(at: later, by: "test")[.messages] == nil, "kept by itself")
    try store.set(Retention(days: [.messages: 30]), Deed(.settingChanged, by: "test", at: now))
    #expect(try run.run(at: later, by: "test")[.messages] == nil)
    let over = now.adding(seconds: 86_400 * 31)
    #expect(try run.outlived(at: over)[.messages] == 1)
    #expect(try run.run(at: over, by: "test")[.messages] == 1)
    #expect(try store.messages(limit: 9).map(\.intent.origin.key) == ["waits"])
    for finding in try store.verify() { #expect(finding.problems == [], "\(finding.rule)") }
  }

  @Test("a backup goes when its term is over, and never another file of its name")
  func backups() throws {
    let project = try TestProject()
    let folder = project.folder.appending(path: "elsewhere")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let backup = folder.appending(path: "a.backup")
    let other = folder.appending(path: "b.backup")
    try Data(BackupManifest.mark + [1, 2]).write(to: backup)
    try Data("my notes".utf8).write(to: other)
    let store = project.workspace.store
    for file in [backup, other] {
      try store.noteBackup(
        path: file.path, made: .epoch, expires: Timestamp.epoch.adding(seconds: 10))
    }
    let run = RetentionRun(workspace: project.workspace)
    try run.run(at: Timestamp.epoch.adding(seconds: 9), by: "test")
    #expect(FileManager.default.fileExists(atPath: backup.path))
    try run.run(at: Timestamp.epoch.adding(seconds: 11), by: "test")
    #expect(!FileManager.default.fileExists(atPath: backup.path))
    #expect(FileManager.default.fileExists(atPath: other.path))
    #expect(try store.backupFiles().isEmpty)
  }
}
