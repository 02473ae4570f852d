import Access
import CustomerJourney
import Foundation
import GRDB
import JourneyEngine
import Store
import Testing

@testable import klantreis

@Suite("Forgetting a person")
struct ErasureTests {
  /// A person with keys, traits, consents and events in every place that can have them, and others.
  private static let texts = [
    "zoe-4711-abc", "zoe@kaasland.nl", "+31687654321", "Zoë van Kaasland", "Dorpsstraat 881",
    "browser-77ffee11", "crm-0099123",
  ]

  private static func fill(_ project: TestProject) throws {
    let (workspace, store) = (project.workspace, project.workspace.store)
    var touchpoints = TestProject.sample
    for (number, content) in ["/start", "/me/zoe@kaasland.nl", "shoe"].enumerated() {
      var point = TestProject.touch(
        number == 1 ? "anonymous:browser-77ffee11" : "zoe-4711-abc",
        "2024-03-0\(number + 3)T10:20:30Z", number == 2 ? "Order Completed" : "Page Viewed",
        .website, content, cents: number == 2 ? 9_900 : nil)
      point.alsoKnownAs = number == 0 ? ["anonymous:browser-77ffee11"] : []
      point.properties = Properties(["mail": .text("zoe@kaasland.nl")])
      touchpoints.append(point)
    }
    var friend = TestProject.touch(
      "bob", "2024-03-09T10:00:00Z", "Product Shared", .website, "shoe")
    friend.properties = Properties(["to": .text("Zoe@Kaasland.NL"), "kind": .text("mail")])
    touchpoints.append(friend)
    _ = try store.append([
      CollectedBatch(
        touchpoints: touchpoints,
        profiles: [
          ProfileChange(
            customer: "zoe-4711-abc",
            alsoKnownAs: [
              "email:zoe@kaasland.nl", "phone:+31687654321", "external:crm:crm-0099123",
            ],
            traits: [
              "name": .text("Zoë van Kaasland"), "email": .text("zoe@kaasland.nl"),
              "address.street": .text("Dorpsstraat 881"), "plan": .text("gold"),
            ], occurred: .epoch, messageID: "identify-zoe-4711-abc", source: "shop",
            claimant: .server),
          ProfileChange(
            customer: "bob", traits: ["plan": .text("gold")], occurred: .epoch, source: "shop"),
        ],
        rejected: [
          RejectedEvent(
            kind: .rejected, source: "shop", dialect: "segment", reason: "has no event",
            received: .now,
            request: KeptRequest(
              method: "POST", path: "/v1/track", body: "{\"userId\":\"zoe-4711-abc\"}")),
          RejectedEvent(
            kind: .rejected, source: "shop", dialect: "segment", reason: "has no event",
            received: .now,
            request: KeptRequest(method: "POST", path: "/v1/track", body: "{\"userId\":\"bob\"}")),
        ])
    ])
    try store.add([
      ConsentEntry(
        key: "zoe-4711-abc", purpose: "marketing", channel: .email, state: .given,
        happened: .epoch, means: .noted, by: "staff", page: "phone call with zoe@kaasland.nl")
    ])
    try fillOtherRooms(store, project.folder)
    try store.addSegment(
      name: "Only her", rule: "trait(\"email\") is \"zoe@kaasland.nl\"", created: .now)
    let files = FileManager.default
    for folder in [workspace.rejectedFolder, workspace.uploadFolder.appending(path: "token")] {
      try files.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    try Data("row,reason\n1,zoe@kaasland.nl\n2,bob@kaasland.nl\n".utf8).write(
      to: workspace.rejectedFolder.appending(path: "orders.csv"))
    try Data("id,name\n1,Dorpsstraat 881\n".utf8).write(
      to: workspace.uploadFolder.appending(path: "token/new.csv"))
    // What an older program without secure_delete left in free places of pages.
    let old = try DatabaseQueue(path: project.folder.appending(path: Store.fileName).path)
    try old.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA secure_delete = OFF")
      try db.execute(
        sql: "INSERT INTO setting (name, value) VALUES ('old', ?)",
        arguments: [Array(repeating: "zoe@kaasland.nl", count: 200).joined(separator: " ")])
      try db.execute(sql: "DELETE FROM setting WHERE name = 'old'")
      // A table of words as a search has, which no foreign key ties to persons.
      try db.execute(
        sql: """
          CREATE TABLE word_index (word TEXT, identity INTEGER NOT NULL) STRICT;
          INSERT INTO word_index
            SELECT 'kaasland', id FROM identity WHERE key IN ('zoe-4711-abc', 'bob')
          """)
    }
    try old.close()
    // Journeys in a file, with the names of contents.
    _ = try Watch(store: store).look(try workspace.snapshot(), now: .now)
    workspace.keeper.writeBase()
  }

  /// What people here, companies, the search, messages and plays know of her.
  private static func fillOtherRooms(_ store: Store, _ folder: URL) throws {
    let zoe = try #require(try store.customer(key: "zoe-4711-abc"))
    try store.append(
      [],
      profiles: [
        ProfileChange(
          customer: "zoe-4711-abc", account: "acme", accountTraits: ["name": .text("Acme")],
          occurred: .epoch, messageID: "group-zoe-4711-abc", source: "shop", claimant: .server)
      ])
    try store.setRoles(["User"], of: "zoe-4711-abc", in: "acme", at: .now)
    try store.decide(
      .holds(.text("Lives at Dorpsstraat 881")), trait: "note", of: "zoe-4711-abc",
      noting: Deed(.traitChanged, "", by: "staff", at: .now))
    let index = SearchIndex(store: store)
    while try index.update() {}
    try store.plan(
      [
        MessageIntent(
          origin: MessageOrigin(play: "basket", version: 1, key: "cart-1", step: "first"),
          customer: zoe, channel: .email, purpose: .marketing, template: "basket-1",
          data: #"{"to":"zoe@kaasland.nl"}"#, due: .now)
      ], at: .now)
    try store.suppress(
      .init(
        digest: [UInt8](repeating: 7, count: 32), address: "zoe@kaasland.nl",
        reason: MessageReason("bounced"), at: .now))
    let writer = try DatabaseQueue(path: folder.appending(path: Store.fileName).path)
    try writer.write { db in
      try db.execute(
        sql: """
          INSERT INTO play_run (play, version, identity, key, number, entered, entry_row, lot, place,
            since, pass, due, variant)
          VALUES ('basket', 1, ?, 'cart of zoe-4711-abc', 1, 0, 0, 0, 0, 0, 0, 1, '');
          """, arguments: [zoe])
      try db.execute(
        sql: """
          INSERT INTO play_task (run, step, english, created)
          VALUES (?, 'call', 'Call +31687654321', 0)
          """, arguments: [db.lastInsertedRowID])
    }
  }

  /// Which texts stand in which file of a folder.
  private static func left(in folder: URL) throws -> [String] {
    let found = try #require(FileManager.default.enumerator(atPath: folder.path))
    var left: [String] = []
    for case let path as String in found {
      let file = folder.appending(path: path)
      guard (try? file.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true else {
        continue
      }
      let bytes = Data(
        try Data(contentsOf: file).map { (65...90).contains($0) ? $0 | 32 : $0 })
      for text in texts {
        for form in [text.lowercased(), text.lowercased().replacing("@", with: "%40")]
        where bytes.range(of: Data(form.utf8)) != nil {
          left.append("\(path) has \(form)")
        }
      }
    }
    return left
  }

  private struct Stop: Error {}

  @Test(
    "no file has a byte of the person afterwards, also when it was cut off at any step",
    arguments: [nil] + Eraser.Step.allCases.map { Optional($0) }, [true, false])
  func bytes(cutOffBefore step: Eraser.Step?, keepsJourney: Bool) throws {
    let project = try TestProject()
    try Self.fill(project)
    #expect(
      try Self.left(in: project.folder).count >= Self.texts.count, "there is something to find")
    var eraser = Eraser(workspace: project.workspace)
    if let step {
      eraser.before = { if $0 == step { throw Stop() } }
      #expect(throws: Stop.self) {
        try eraser.erase(
          "email:zoe@kaasland.nl", keepsJourney: keepsJourney, by: "owner", at: .now)
      }
      // The next start.
      _ = try Workspace(folder: project.folder)
    } else {
      try eraser.erase("email:zoe@kaasland.nl", keepsJourney: keepsJourney, by: "owner", at: .now)
    }
    try project.workspace.store.truncateLog()
    #expect(try Self.left(in: project.folder) == [])
    let receipt = try #require(try project.workspace.store.receipts().first)
    #expect(receipt.finished != nil)
    #expect(receipt.by == "owner")
    #expect(receipt.counts["identity"] == 5)
    #expect(receipt.counts["rejected_event"] == 1)
    #expect(receipt.counts["word_index"] == 1)
    for table in ["message", "play_run", "play_task", "account_evidence", "account_role"] {
      #expect(receipt.counts[table] == 1, "\(table)")
    }
    let closed = try project.workspace.store.suppressions(limit: 9)
    #expect(closed.count == 1, "the address stays closed")
    for finding in try project.workspace.store.verify() {
      #expect(finding.problems == [], "\(finding.rule)")
    }
  }

  @Test("what was cut off while a server runs, the server finishes within the hour")
  func finishedByTheServer() throws {
    let project = try TestProject()
    try Self.fill(project)
    let workspace = project.workspace
    let start = Timestamp.now
    let (version, ranAt) = try PrivacyService.look(workspace, nil, nil, at: start)
    var eraser = Eraser(workspace: workspace)
    eraser.before = { if $0 == .rows { throw Stop() } }
    #expect(throws: Stop.self) {
      try eraser.erase("email:zoe@kaasland.nl", keepsJourney: true, by: "owner", at: start)
    }
    let soon = start.adding(seconds: 60)
    _ = try PrivacyService.look(workspace, version, ranAt, at: soon)
    #expect(try workspace.store.receipts().first?.finished == nil, "it may still be under way")
    let later = start.adding(seconds: 3_600)
    _ = try PrivacyService.look(workspace, version, ranAt, at: later)
    #expect(try workspace.store.receipts().first?.finished == later)
    #expect(try Self.left(in: project.folder) == [])
  }

  @Test("a disk that takes nothing now keeps nobody from starting, and what is open stays open")
  func startOnAFullDisk() throws {
    let project = try TestProject()
    try Self.fill(project)
    let workspace = project.workspace
    var eraser = Eraser(workspace: workspace)
    for step in [Eraser.Step.files, .rows, .base, .database] {
      eraser.before = { if $0 == step { throw StoreError.unavailable(reason: "the disk is full") } }
      if step == .files {
        #expect(throws: StoreError.self) {
          try eraser.erase("email:zoe@kaasland.nl", keepsJourney: true, by: "owner", at: .now)
        }
      }
      try eraser.finishOpenIfPossible(at: .now)
      #expect(try workspace.store.openErasures().count == 1)
    }
    eraser.before = { _ in throw Stop() }
    #expect(throws: Stop.self) { try eraser.finishOpenIfPossible(at: .now) }
    // The next start can.
    _ = try Workspace(folder: project.folder)
    #expect(try workspace.store.openErasures() == [])
    #expect(try Self.left(in: project.folder) == [])
  }

  @Test("a journey of nobody keeps the counts and amounts right, others keep all of theirs")
  func statistics() throws {
    let project = try TestProject()
    try Self.fill(project)
    let workspace = project.workspace
    func totals() throws -> [Int64] {
      let journeys = try workspace.snapshot().journeys
      return [
        Int64(journeys.count), Int64(journeys.journeyCount),
        (0..<journeys.count).reduce(Int64(0)) { $0 + journeys.value(row: $1) },
      ]
    }
    let before = try totals()
    let receipt = try Eraser(workspace: workspace).erase(
      "zoe-4711-abc", keepsJourney: true, by: "owner", at: .now)
    #expect(try totals() == before)
    #expect(receipt.counts["touchpointKept"] == 3)
    #expect(try workspace.store.customer(key: "zoe-4711-abc") == nil)
    let bob = try #require(try workspace.store.customer(key: "bob"))
    #expect(try workspace.store.traits(of: [bob])[bob]?["plan"] == .text("gold"))
    let rows = try workspace.store.touchpointRows(ofCustomer: bob, limit: 10)
    let shared = try workspace.store.touchpoints(rows: rows).last
    #expect(shared?.properties["kind"] == .text("mail"), "what says nothing of her stays")
    let rejected = try String(
      contentsOf: workspace.rejectedFolder.appending(path: "orders.csv"), encoding: .utf8)
    #expect(rejected == "row,reason\n2,bob@kaasland.nl\n")
    #expect(throws: PrivacyProblem.unknown) {
      try Eraser(workspace: workspace).erase(
        "zoe-4711-abc", keepsJourney: true, by: "owner", at: .now)
    }
  }

  @Test("the other journeys alone are left when hers goes too")
  func removed() throws {
    let project = try TestProject()
    try Self.fill(project)
    try Eraser(workspace: project.workspace).erase(
      "zoe-4711-abc", keepsJourney: false, by: "owner", at: .now)
    #expect(
      try project.workspace.store.touchpointCount() == TestProject.sample.count + 1)
    #expect(try project.workspace.snapshot().journeys.count == TestProject.sample.count + 1)
  }

  @Test(
    "late events of an erased key are not stored, also by another process, until they may again")
  func late() throws {
    let project = try TestProject()
    try Self.fill(project)
    // A server that knows the number of the key by heart.
    let other = try Store(folder: project.folder)
    func touch(_ time: String) -> Touchpoint {
      TestProject.touch("zoe-4711-abc", time, "Page Viewed", .website)
    }
    try other.append([touch("2024-05-01T00:00:00Z")])
    try Eraser(workspace: project.workspace).erase(
      "zoe-4711-abc", keepsJourney: true, by: "owner", at: .now)
    let count = try other.touchpointCount()
    let kept = TestProject.touch("eve", "2024-05-02T00:00:00Z", "Page Viewed", .website)
    let appended = try other.append([touch("2024-05-02T00:00:00Z"), kept])
    #expect(appended.knownTouchpoints == [0])
    #expect(try other.touchpointCount() == count + 1)
    #expect(try other.customer(key: "zoe-4711-abc") == nil)
    try other.allowAgain("zoe-4711-abc", Deed(.erasedAllowed, by: "test", at: .now))
    try other.append([touch("2024-05-03T00:00:00Z")])
    #expect(try other.customer(key: "zoe-4711-abc") != nil)
  }

  @Test("of a browser that somebody else used too, what the other did stays the other's")
  func sharedBrowser() throws {
    var first = TestProject.touch("zoe-4711-abc", "2024-03-01T10:00:00Z", "Page Viewed", .website)
    first.alsoKnownAs = ["anonymous:shared-browser-1"]
    var second = TestProject.touch("bob", "2024-03-03T10:00:00Z", "Page Viewed", .website)
    second.alsoKnownAs = ["anonymous:shared-browser-1"]
    let hers = TestProject.touch(
      "anonymous:shared-browser-1", "2024-03-02T10:00:00Z", "Page Viewed", .website)
    let his = TestProject.touch(
      "anonymous:shared-browser-1", "2024-03-04T10:00:00Z", "Page Viewed", .website)
    let project = try TestProject([first, second, hers, his])
    let store = project.workspace.store
    try Eraser(workspace: project.workspace).erase(
      "zoe-4711-abc", keepsJourney: true, by: "owner", at: .now)
    let bob = try #require(try store.customer(key: "bob"))
    #expect(try store.touchpointRows(ofCustomer: bob, limit: 10).count == 2)
    #expect(try store.customer(key: "anonymous:shared-browser-1") == bob)
    for finding in try store.verify() { #expect(finding.problems == [], "\(finding.rule)") }
  }

  @Test("the page asks first, and only an owner may")
  func page() async throws {
    let guarded = try GuardedProject()
    try guarded.addUser("boss", .owner)
    try await guarded.serving { client in
      let browser = TestBrowser(client)
      try await browser.logIn("boss")
      let asks = try await browser.get("/customers/ann/erase")
      #expect(asks.status == 200)
      let unsure = try await browser.post(
        "/customers/ann/erase", ["journey": "keep"], from: "/customers/ann/erase")
      #expect(unsure.status == 400)
      #expect(try guarded.store.customer(key: "ann") != nil)
      let done = try await browser.post(
        "/customers/ann/erase", ["journey": "keep", "sure": "yes"], from: "/customers/ann/erase")
      #expect(done.status == 200)
      #expect(done.text.contains("E-"))
      #expect(try guarded.store.customer(key: "ann") == nil)
      #expect(try await browser.get("/privacy").text.contains("E-"))
    }
  }
}
