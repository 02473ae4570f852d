import CustomerJourney
import Foundation
import GRDB
import JourneyEngine
import Synchronization
import Testing

@testable import Store
@testable import klantreis

@Suite("Keeping journeys and their base")
final class KeeperTests {
  let project: TestProject
  let lines = Lines()
  var base: URL { project.folder.appending(path: BaseFile.name) }

  init() throws { project = try TestProject() }

  /// What was said to people.
  final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
  }

  /// As a process that opens the folder.
  private func keeper(
    smallestBase: Int = 5, overlay: Int = 3, output: BaseFile.Output? = nil,
    inBackground: Bool = false,
    freeMemory: @escaping @Sendable () -> Int? = { nil }
  ) throws -> JourneyKeeper {
    JourneyKeeper(
      store: try Store(folder: project.folder), folder: project.folder,
      policy: JourneyKeeper.Policy(
        smallestBase: smallestBase, overlay: overlay, inBackground: inBackground,
        freeMemory: freeMemory),
      output: output, say: { [lines] in lines.add($0) })
  }

  @Test("a command that had to read all from the store leaves a base for the next")
  func written() throws {
    let first = try keeper()
    #expect(try first.journeys(in: .eur).count == 7)
    #expect(first.status.written == 1)
    #expect(first.status.rebuilt != nil)
    let second = try keeper()
    #expect(try second.journeys(in: .eur).count == 7)
    #expect(second.status.rebuilt == nil)
    #expect(second.status.baseTouchpoints == 7)
    #expect(second.status.written == 0)
    #expect(lines.all.isEmpty, "a first start is nothing to tell")
    let mode = try FileManager.default.attributesOfItem(atPath: base.path)[.posixPermissions]
    #expect((mode as? NSNumber)?.intValue == 0o600, "customers' data are their owner's to read")
  }

  @Test("who asks how it stands waits for nobody who reads")
  func statusMeanwhile() throws {
    try Data("no base".utf8).write(to: base)
    let asked = Mutex<JourneyKeeper?>(nil)
    let reasons = Lines()
    let reader = JourneyKeeper(
      store: try Store(folder: project.folder), folder: project.folder,
      // It is said in the middle of reading.
      say: { _ in reasons.add(asked.withLock { $0?.status.rebuilt } ?? "") })
    asked.withLock { $0 = reader }
    #expect(try reader.journeys(in: .eur).count == 7)
    #expect(reasons.all == [reader.status.rebuilt])
    asked.withLock { $0 = nil }
  }

  @Test("a small project has no base")
  func small() throws {
    _ = try keeper(smallestBase: 8).journeys(in: .eur)
    #expect(!FileManager.default.fileExists(atPath: base.path))
  }

  @Test(
    "a base that is not sound is made anew, and one line says why",
    arguments: [
      ("a flipped byte", "hash"), ("cut off", "bytes"), ("of another version", "damaged"),
      ("of another database", "another"), ("in another currency", "GBP"), ("empty", "empty"),
    ])
  func unsound(what: String, reason: String) throws {
    _ = try keeper().journeys(in: .eur)
    var data = try Data(contentsOf: base)
    switch what {
    case "a flipped byte": data[data.count / 2 + 1000] ^= 4
    case "cut off": data.removeLast(64)
    case "of another version": data[8] = 77
    case "empty": data = Data()
    case "of another database":
      let other = try TestProject(TestProject.sample + [TestProject.sample[0]])
      let store = try Store(folder: other.folder)
      let theirs = JourneyKeeper(
        store: store, folder: other.folder, policy: JourneyKeeper.Policy(smallestBase: 1))
      _ = try theirs.journeys(in: .eur)
      data = try Data(contentsOf: other.folder.appending(path: BaseFile.name))
    default: break
    }
    try data.write(to: base)
    let isForeign = what == "in another currency"
    let anew = try keeper()
    let journeys = try anew.journeys(in: isForeign ? Currency("GBP") : .eur)
    #expect(journeys.count == 7)
    #expect(journeys.foreignValues == (isForeign ? 3 : 0))
    #expect(lines.all.count == 1)
    let line = try #require(lines.all.first)
    #expect(line.contains(what == "of another version" ? "form 77" : reason), "\(line)")
    #expect(anew.status.written == 1)
    let next = try keeper()
    _ = try next.journeys(in: isForeign ? Currency("GBP") : .eur)
    #expect(next.status.rebuilt == nil)
  }

  @Test("a full disk while a new base is written leaves the old one in use, and it is said")
  func full() throws {
    _ = try keeper().journeys(in: .eur)
    let before = try Data(contentsOf: base)
    let poor = try keeper(output: { _, _, _, _ in
      errno = ENOSPC
      return -1
    })
    _ = try poor.journeys(in: .eur)
    try project.workspace.store.append([
      TestProject.touch("dan", "2024-04-01T00:00:00Z", "Product Viewed", .website)
    ])
    _ = try poor.journeys(in: .eur)
    poor.writeBase()
    #expect(poor.status.failed == 1)
    #expect(poor.status.problem?.contains("No space left") == true)
    #expect(lines.all.count == 1)
    #expect(lines.all[0].contains("stays in use"))
    #expect(try Data(contentsOf: base) == before)
    #expect(try poor.journeys(in: .eur).count == 8, "questions go on")
    #expect(try keeper().journeys(in: .eur).count == 8)
  }

  @Test("too little memory for a new base leaves the old one in use, and it is said")
  func memory() throws {
    _ = try keeper().journeys(in: .eur)
    let before = try Data(contentsOf: base)
    let free = Mutex<Int?>(1 << 20)
    let poor = try keeper(freeMemory: { free.withLock { $0 } })
    try project.workspace.store.append([
      TestProject.touch("dan", "2024-04-01T00:00:00Z", "Product Viewed", .website)
    ])
    _ = try poor.journeys(in: .eur)
    poor.writeBase()
    #expect(poor.status.failed == 1)
    #expect(poor.status.problem?.contains("the machine has 1 MB left") == true)
    #expect(lines.all.count == 1)
    #expect(lines.all[0].contains("stays in use"))
    #expect(try Data(contentsOf: base) == before)
    #expect(try poor.journeys(in: .eur).count == 8, "questions go on")
    free.withLock { $0 = nil }
    poor.writeBase()
    #expect(poor.status.written == 1)
    #expect(poor.status.problem == nil)
    #expect(try Data(contentsOf: base) != before)
  }

  #if os(Linux)
    @Test("what this machine has left is between nothing and all that it has")
    func freeMemory() throws {
      let free = try #require(FreeMemory.bytes())
      #expect(free > 0)
      #expect(free <= Int(ProcessInfo.processInfo.physicalMemory))
    }
  #endif

  @Test("what is stored while a new base is written is kept, and readers keep what they have")
  func meanwhile() throws {
    let store = project.workspace.store
    let hasStored = Mutex(false)
    let server = try keeper(
      smallestBase: .max, overlay: .max,
      output: { file, bytes, count, offset in
        let isFirst = hasStored.withLock { hasStored in
          defer { hasStored = true }
          return !hasStored
        }
        if isFirst {
          _ = try? store.append([
            TestProject.touch("bob", "2024-05-01T00:00:00Z", "Product Viewed", .website)
          ])
        }
        return pwrite(file, bytes, count, off_t(offset))
      }, inBackground: true)
    let old = try server.journeys(in: .eur)
    server.writeBase()
    #expect(server.status.written == 1)
    #expect(server.status.baseTouchpoints == 6, "bob is over the base")
    #expect(server.status.overlayTouchpoints == 2)
    #expect(server.status.bytesBeside == 2 * 31 + 8, "of bob's; the other columns are the file's")
    #expect(try server.journeys(in: .eur).count == 8)
    #expect(old.count == 7)
  }

  /// Cas goes, and the names that only he had.
  private func erase(_ store: Store) throws {
    try deleteTouchpoints(store)
    try store.pool.write { db in
      try db.execute(
        sql: "DELETE FROM name WHERE text IN ('spring mail', '<b>hat</b>', 'Message Opened')")
    }
  }

  private func deleteTouchpoints(_ store: Store) throws {
    try store.pool.write { db in
      try db.execute(
        sql: "DELETE FROM touchpoint WHERE customer = (SELECT id FROM identity WHERE key = 'cas')")
    }
  }

  private func has(_ text: String, _ file: URL) throws -> Bool {
    try Data(contentsOf: file).range(of: Data(text.utf8)) != nil
  }

  @Test("after a renewal the file has nothing of what was erased, and others go on with it")
  func renewal() throws {
    let server = try keeper(inBackground: true)
    _ = try server.journeys(in: .eur)
    server.writeBase()
    #expect(try has("spring mail", base))
    // One that was left when a process was killed.
    try Data("spring mail".utf8).write(to: BaseFile.fileBeside(base))
    try erase(project.workspace.store)
    // The number of the last name is given again.
    try project.workspace.store.append([
      TestProject.touch("dan", "2024-04-01T00:00:00Z", "Product Viewed", .website, "scarf")
    ])
    try server.renew()
    for name in ["spring mail", "<b>hat</b>", "Message Opened"] {
      #expect(try !has(name, base))
    }
    #expect(try has("scarf", base))
    #expect(!FileManager.default.fileExists(atPath: BaseFile.fileBeside(base).path))
    for keeper in [server, try keeper()] {
      let journeys = try keeper.journeys(in: .eur)
      #expect(journeys.count == 6)
      #expect(keeper.status.baseTouchpoints == 6)
      #expect(!journeys.names(.content).all.contains("spring mail"))
      let contents = (0..<journeys.count).map { journeys.name(.content, row: $0) }
      #expect(contents.sorted() == ["scarf", "shoe", "shoe", "shoe", "shoe", "sock"])
      let events = Set((0..<journeys.count).map { journeys.name(.event, row: $0) })
      #expect(events == ["Product Viewed", "Product Added", "Order Completed"])
    }
  }

  @Test("a renewal that cannot be written leaves no file, and it is said")
  func renewalOnFullDisk() throws {
    _ = try keeper().journeys(in: .eur)
    let poor = try keeper(output: { _, _, _, _ in
      errno = ENOSPC
      return -1
    })
    _ = try poor.journeys(in: .eur)
    try erase(project.workspace.store)
    try poor.renew()
    #expect(!FileManager.default.fileExists(atPath: base.path))
    #expect(!FileManager.default.fileExists(atPath: BaseFile.fileBeside(base).path))
    #expect(poor.status.problem?.contains("No space left") == true)
    #expect(lines.all.count == 1)
    #expect(lines.all[0].contains("was removed"))
    #expect(try poor.journeys(in: .eur).count == 5, "questions go on")
    #expect(try keeper().journeys(in: .eur).count == 5)
  }

  @Test("a small project has no file, and a renewal makes none")
  func renewalOfSmall() throws {
    let small = try keeper(smallestBase: 100)
    try small.renew()
    #expect(!FileManager.default.fileExists(atPath: base.path))
  }

  @Test("a process that has not heard of an erasure does not put its base over the one that has")
  func outdated() throws {
    let late = try keeper(inBackground: true)
    _ = try late.journeys(in: .eur)
    late.writeBase()
    let eraser = try keeper()
    try erase(project.workspace.store)
    try eraser.renew()
    late.writeBase()
    #expect(try !has("spring mail", base))
    #expect(late.status.problem == nil)
    #expect(try late.journeys(in: .eur).count == 5)
  }

  private func changes() throws -> Int {
    try project.workspace.store.pool.read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM journey_change") ?? -1
    }
  }

  @Test("changes of journeys go when a base has them, and who has read less begins with that base")
  func forgotten() throws {
    let late = try keeper(smallestBase: .max, inBackground: true)
    #expect(try late.journeys(in: .eur).count == 7)
    let server = try keeper()
    _ = try server.journeys(in: .eur)
    try deleteTouchpoints(project.workspace.store)
    #expect(try changes() > 0)
    _ = try server.journeys(in: .eur)
    server.writeBase()
    #expect(try changes() == 0)
    #expect(try late.journeys(in: .eur).count == 5)
    #expect(late.status.baseTouchpoints == 5, "it has taken the base of the other")
    #expect(try keeper().journeys(in: .eur).count == 5)
  }

  @Test("changes of journeys stay until those who watch have looked at them")
  func unwatched() throws {
    let workspace = project.workspace
    let watch = Watch(store: workspace.store)
    let now = Timestamp(iso8601: "2024-05-01T00:00:00Z") ?? .epoch
    try watch.look(try workspace.snapshot(), now: now)
    let server = try keeper()
    _ = try server.journeys(in: .eur)
    try erase(workspace.store)
    _ = try server.journeys(in: .eur)
    server.writeBase()
    #expect(try changes() > 0)
    let moves = try watch.look(try workspace.snapshot(), now: now.adding(seconds: 60))
    #expect(moves.flatMap(\.moves).allSatisfy { $0.to == 0 })
    #expect(moves.contains { !$0.moves.isEmpty })
    server.writeBase()
    #expect(try changes() == 0)
  }

  @Test("a server writes a new base by itself when much lies over the old one")
  func due() throws {
    _ = try keeper().journeys(in: .eur)
    let server = try keeper(overlay: 3, inBackground: true)
    _ = try server.journeys(in: .eur)
    for day in 1...4 {
      try project.workspace.store.append([
        TestProject.touch("eve", "2024-04-0\(day)T00:00:00Z", "App Opened", .website)
      ])
      _ = try server.journeys(in: .eur)
    }
    // Waits for what goes on in the background.
    server.writeBase()
    #expect(server.status.written >= 2)
    #expect(try server.journeys(in: .eur).count == 11)
    #expect(server.status.baseTouchpoints == 11)
  }
}
