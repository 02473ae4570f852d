import CustomerJourney
import Foundation
import JourneyEngine
import Store
import Synchronization
import Testing

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
    #expect(try server.journeys(in: .eur).count == 8)
    #expect(old.count == 7)
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
