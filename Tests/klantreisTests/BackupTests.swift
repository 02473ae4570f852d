import Access
import CustomerJourney
import Foundation
import Hummingbird
import JourneyEngine
import Store
import Testing

@testable import klantreis

@Suite("Backup and restore")
struct BackupTests {
  let project: TestProject
  let scratch = FileManager.default.temporaryDirectory
    .appending(path: "klantreis-backup-\(UUID().uuidString)", directoryHint: .isDirectory)
  private static let light = Password.Cost(passes: 1, memoryBytes: 8_192)
  private static let now = Timestamp(seconds: 1_800_000_000)

  init() throws {
    project = try TestProject()
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    let workspace = project.workspace
    try workspace.addModel(
      id: "mine", yaml: try #require(JourneyModel.builtIn.first.map { _ in Self.model }))
    try FileManager.default.createDirectory(
      at: workspace.rejectedFolder, withIntermediateDirectories: true)
    try Data("line,reason\n".utf8).write(to: workspace.rejectedFolder.appending(path: "a b.csv"))
    try workspace.addSegment(name: "Buyers", rule: "ever(event is \"Order Completed\")")
  }

  private static let model = """
    id: mine
    name: {en: Mine, nl: Mijn}
    phases:
      - {id: only, name: {en: Only, nl: Alleen}, question: {en: "?", nl: "?"}}
    rules:
      - {phase: only, when: "true", because: {en: "always", nl: "altijd"}}
    """

  private var file: URL { scratch.appending(path: "it.backup") }

  private func backup(_ passphrase: String? = nil) -> Backup {
    Backup(file: file, passphrase: passphrase, cost: Self.light)
  }

  private func restore(_ folder: URL, _ passphrase: String? = nil, replace: Bool = false) -> Restore
  {
    Restore(file: file, passphrase: passphrase, folder: folder, isReplacing: replace)
  }

  /// Names and bytes of all files of a folder.
  private static func contents(_ folder: URL) throws -> [String: Data] {
    var all: [String: Data] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      let url = folder.appending(path: name)
      if Disk.isPlainFile(url) { all[name] = try Data(contentsOf: url) }
    }
    return all
  }

  /// The answers of every question.
  private static func answers(_ workspace: Workspace) throws -> [String] {
    let asked: [(QuestionKind, [String: [String]])] = [
      (.map, [:]), (.map, ["model": ["mine"]]), (.phase, ["phase": ["care"], "model": ["stdc"]]),
      (.transitions, ["by": ["event"]]), (.paths, ["by": ["channel"]]),
      (.funnel, ["step": ["Product Viewed", "Order Completed"]]),
      (.related, ["least": ["1"]]), (.journey, ["customer": ["ann"]]),
      (.segment, ["who": ["segment(\"Buyers\")"]]),
      (.accounts, [:]),
    ]
    #expect(
      Set(asked.map(\.0.name)) == Set(QuestionKind.all.map(\.name)), "every question is asked")
    let snapshot = try workspace.snapshot()
    return try asked.map { kind, values in
      String(
        decoding: try Question(kind, values).answer(from: snapshot).data(as: .json), as: UTF8.self)
    }
  }

  @Test(
    "what is restored elsewhere answers every question as before",
    arguments: [nil, "een zin die niemand raadt"])
  func roundTrip(passphrase: String?) throws {
    let before = try Self.answers(project.workspace)
    let manifest = try backup(passphrase).make(of: project.workspace, at: Self.now)
    #expect(
      manifest.files.map(\.path) == ["klantreis.sqlite", "models/mine.yaml", "rejected/a b.csv"])
    // Whatever is stored afterwards is not in it.
    try project.workspace.store.append([
      TestProject.touch("late", "2024-06-01T09:00:00Z", "Product Viewed", .website)
    ])
    let folder = scratch.appending(path: "elsewhere/data")
    let outcome = try restore(folder, passphrase).run(at: Self.now)
    #expect(outcome.manifest == manifest)
    let restored = try Workspace(folder: folder)
    #expect(try Self.answers(restored) == before)
    #expect(try restored.store.verify().flatMap(\.problems).isEmpty)
    #expect(try restored.verifyBase().problems.isEmpty)
    #expect(try restored.store.activities(limit: 1).first?.action == .restored)
    let names = try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted()
    #expect(names == ["elsewhere", "it.backup"], "nothing half is left")
    let bytes = try Data(contentsOf: file)
    let isReadable = bytes.range(of: Data("Product Viewed".utf8)) != nil
    #expect(isReadable == (passphrase == nil))
  }

  @Test("old sessions and links open nothing after a restore, passwords do")
  func sessions() async throws {
    let guarded = try GuardedProject()
    let user = try guarded.addUser("ann", .owner)
    let secret = Secret.random()
    try guarded.store.addSession(
      digest: secret.digest, of: user, isWhole: true, device: "", address: "",
      Deed(.login, "ann", by: "ann", at: guarded.clock.now))
    try backup().make(of: guarded.project.workspace, at: Self.now)
    let folder = scratch.appending(path: "new")
    _ = try restore(folder).run(at: Self.now)
    let store = try Store(folder: folder)
    #expect(try store.session(secret.digest, at: guarded.clock.now) == nil)
    #expect(try store.user(named: "ann")?.hasPassword == true)
  }

  @Test("a backup overwrites no file, a restore no folder unless told, and then keeps the old one")
  func keeps() throws {
    try backup().make(of: project.workspace, at: Self.now)
    #expect(throws: BackupProblem.exists(file.path)) {
      try backup().make(of: project.workspace, at: Self.now)
    }
    let folder = scratch.appending(path: "data", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: folder.appending(path: "note.txt"))
    #expect(throws: BackupProblem.folderFull(folder.path)) {
      try restore(folder).run(at: Self.now)
    }
    let aside = try #require(try restore(folder, replace: true).run(at: Self.now).aside)
    #expect(try Self.contents(aside) == ["note.txt": Data("mine".utf8)])
    #expect(try Workspace(folder: folder).store.touchpointCount() == 7)
    #expect(throws: BackupProblem.folderInUse(project.folder.path)) {
      try restore(project.folder, replace: true).run(at: Self.now)
    }
  }

  private struct Stopped: Error {}

  @Test(
    "whatever stops a backup, there is no file that is not whole", arguments: Backup.Step.allCases)
  func stoppedBackup(step: Backup.Step) throws {
    var stopped = backup()
    stopped.before = { if $0 == step { throw Stopped() } }
    #expect(throws: Stopped.self) { try stopped.make(of: project.workspace, at: Self.now) }
    #expect(!FileManager.default.fileExists(atPath: file.path))
    // What a kill leaves behind is in nobody's way.
    for name in [".partial", ".copying"] {
      try Data("half".utf8).write(to: URL(filePath: file.path + name))
    }
    try backup().make(of: project.workspace, at: Self.now)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["it.backup"])
  }

  @Test(
    "whatever stops a restore, the folder is as it was", arguments: Restore.Step.allCases)
  func stoppedRestore(step: Restore.Step) throws {
    try backup().make(of: project.workspace, at: Self.now)
    let folder = scratch.appending(path: "data", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: folder.appending(path: "note.txt"))
    var stopped = restore(folder, replace: true)
    stopped.before = { if $0 == step { throw Stopped() } }
    #expect(throws: Stopped.self) { try stopped.run(at: Self.now) }
    #expect(try Self.contents(folder) == ["note.txt": Data("mine".utf8)])
    let left = scratch.appending(path: "data.restoring")
    try FileManager.default.createDirectory(at: left, withIntermediateDirectories: true)
    try Data("half".utf8).write(to: left.appending(path: "klantreis.sqlite"))
    _ = try restore(folder, replace: true).run(at: Self.now)
    #expect(try Workspace(folder: folder).store.touchpointCount() == 7)
  }

  @Test("a machine that stopped just after the change loses no old folder")
  func stoppedAfterTheChange() throws {
    try backup().make(of: project.workspace, at: Self.now)
    // As it is then: the old project has the name of the unfinished one.
    let left = scratch.appending(path: "data.restoring", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: left, withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: left.appending(path: "note.txt"))
    try Data().write(to: left.appending(path: Restore.markOfOld))
    let folder = scratch.appending(path: "data", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data("newer".utf8).write(to: folder.appending(path: "note.txt"))
    _ = try restore(folder, replace: true).run(at: Self.now)
    let asides = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
      .filter { $0.hasPrefix("data.before-") }
    let notes = try asides.map { name in
      try Self.contents(scratch.appending(path: name, directoryHint: .isDirectory))
    }
    #expect(Set(notes.map { $0["note.txt"] }) == [Data("mine".utf8), Data("newer".utf8)])
    #expect(notes.allSatisfy { $0.count == 1 })
  }

  @Test(
    "no byte of a backup can change, none can be missing and none added",
    arguments: [nil, "p4ssphrase long"])
  func damage(passphrase: String?) throws {
    try backup(passphrase).make(of: project.workspace, at: Self.now)
    let good = try Data(contentsOf: file)
    func problem(_ bytes: Data) throws -> (any Error)? {
      try bytes.write(to: file)
      do {
        _ = try BackupReader(file: file, passphrase: passphrase).check()
        return nil
      } catch {
        return error
      }
    }
    #expect(try problem(good) == nil)
    var generator = SystemRandomNumberGenerator()
    let seed = generator.next()
    var random = SeededNumbers(seed: seed)
    // Not where a sealed file says how much work the passphrase is.
    let first = passphrase == nil ? 0 : 60
    for _ in 0..<60 {
      var bytes = good
      bytes[Int.random(in: first..<good.count, using: &random)] ^= UInt8.random(
        in: 1...255, using: &random)
      #expect(try problem(bytes) != nil, "seed \(seed)")
      #expect(
        try problem(good.prefix(Int.random(in: 0..<good.count, using: &random))) != nil,
        "seed \(seed)")
    }
    #expect(try problem(good.dropLast()) != nil)
    #expect(try problem(good + [0]) != nil)
    #expect(try problem(Data()) != nil)
    if passphrase != nil {
      try good.write(to: file)
      #expect(throws: BackupProblem.needsPassphrase) { try BackupReader(file: file).check() }
      #expect(throws: BackupProblem.wrongPassphrase) {
        try BackupReader(file: file, passphrase: "p4ssphrase lonk").check()
      }
    }
  }

  @Test(
    "no path of a backup leads anywhere but to a known place in the folder",
    arguments: [
      "../evil", "/etc/evil", "models/../../evil", "models/..", "models/", "models", "evil",
      "models/a/b", "models/.hidden", "rejected/a\0b", "models\\a", "models/a\\..\\b", "", "/",
      "./klantreis.sqlite", "klantreis.sqlite/", "Models/a", "models//a", "klantreis.sqlite-wal",
      "journeys.base", "uploads/x",
    ])
  func paths(path: String) throws {
    #expect(!BackupManifest.isKnown(path))
    let bytes = Array("boo".utf8)
    var manifest = try backup().make(of: project.workspace, at: Self.now)
    manifest.files.append(
      .init(path: path, bytes: 3, sum: "not looked at"))
    try write(manifest, Data(contentsOf: file), adding: bytes)
    let folder = scratch.appending(path: "data")
    #expect(throws: BackupProblem.strangePath(path)) { try restore(folder).run(at: Self.now) }
    #expect(!FileManager.default.fileExists(atPath: folder.path))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["it.backup"])
  }

  @Test(
    "a table of contents that lies is refused before anything is written",
    arguments: ["twice", "negative", "endless", "no database", "form", "migration"])
  func lies(lie: String) throws {
    var manifest = try backup().make(of: project.workspace, at: Self.now)
    switch lie {
    case "twice": manifest.files.append(manifest.files[1])
    case "negative": manifest.files[1].bytes = -1
    case "endless": manifest.files[1].bytes = .max
    case "no database": manifest.files.removeFirst()
    case "form": manifest.form = 2
    default: manifest.migrations.append("999 of tomorrow")
    }
    try write(manifest, Data(contentsOf: file), adding: [])
    let folder = scratch.appending(path: "data")
    #expect(throws: BackupProblem.self) { try restore(folder).run(at: Self.now) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path) == ["it.backup"])
  }

  @Test("a folder that is a link is not followed")
  func links() throws {
    try backup().make(of: project.workspace, at: Self.now)
    let (real, link) = (scratch.appending(path: "real"), scratch.appending(path: "link"))
    try FileManager.default.createDirectory(at: real, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: real)
    #expect(throws: BackupProblem.self) { try restore(link, replace: true).run(at: Self.now) }
    #expect(try Self.contents(real).isEmpty)
    // Nor does a backup take up what a link in the folder leads to.
    try FileManager.default.createSymbolicLink(
      at: project.workspace.modelFolder.appending(path: "passwd.yaml"),
      withDestinationURL: URL(filePath: "/etc/passwd"))
    try FileManager.default.removeItem(at: file)
    let manifest = try backup().make(of: project.workspace, at: Self.now)
    #expect(!manifest.files.map(\.path).contains("models/passwd.yaml"))
  }

  @Test("while touchpoints are stored, a backup is of one moment")
  func whileStoring() async throws {
    let workspace = project.workspace
    let storing = Task {
      var turn = 0
      while !Task.isCancelled {
        turn += 1
        try workspace.store.append([
          TestProject.touch("w\(turn)", "2024-06-01T09:00:00Z", "Product Viewed", .website)
        ])
        await Task.yield()
      }
    }
    defer { storing.cancel() }
    let counted = try workspace.store.touchpointCount()
    try backup().make(of: workspace, at: Self.now)
    let folder = scratch.appending(path: "data")
    _ = try restore(folder).run(at: Self.now)
    let restored = try Workspace(folder: folder)
    #expect(try restored.store.touchpointCount() >= counted)
    #expect(try restored.store.verify().flatMap(\.problems).isEmpty)
  }

  @Test("verify notices a file of journeys that says something else, and rebuild mends it")
  func base() throws {
    let folder = project.folder
    let keeper = JourneyKeeper(
      store: project.workspace.store, folder: folder,
      policy: JourneyKeeper.Policy(smallestBase: 1))
    _ = try keeper.journeys(in: nil)
    keeper.writeBase()
    #expect(try Workspace(folder: folder).verifyBase().problems.isEmpty)
    let base = folder.appending(path: BaseFile.name)
    var bytes = try Data(contentsOf: base)
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: base)
    #expect(try Workspace(folder: folder).verifyBase().problems.count == 1)
    let rebuilt = try Workspace(folder: folder).rebuild()
    #expect(rebuilt == (7, false))
    #expect(try Workspace(folder: folder).verifyBase().problems.isEmpty)
  }

  /// The same files behind another table of contents.
  private func write(_ manifest: BackupManifest, _ old: Data, adding bytes: [UInt8]) throws {
    let start = BackupManifest.mark.count
    let length = (0..<8).reduce(0) { $0 | Int(old[start + $1]) << ($1 * 8) }
    let json = Array(try JSONEncoder().encode(manifest))
    var new = Data(BackupManifest.mark)
    new += (0..<8).map { UInt8(truncatingIfNeeded: json.count >> ($0 * 8)) }
    new += json
    new += old[(start + 8 + length)...]
    new += bytes
    try new.write(to: file)
  }
}

private struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
