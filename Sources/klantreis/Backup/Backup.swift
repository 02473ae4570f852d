import Access
import Crypto
import CustomerJourney
import Foundation
import Store

/// Makes a backup: one file with a copy of the database of one moment and the project's other files,
/// each with its sum.
///
/// The file has its name only when it is whole and was read again; until then it is `FILE.partial`.
struct Backup {
  /// What is about to be done; tests stop there.
  enum Step: CaseIterable, Sendable { case copied, checked, written, read, named }

  var file: URL
  var passphrase: String?
  var cost = Sealer.standardCost
  var before: @Sendable (Step) throws -> Void = { _ in }

  static let chunkBytes = 1_048_576

  /// Returns what is in it.
  @discardableResult
  func make(of workspace: Workspace, at now: Timestamp) throws -> BackupManifest {
    let files = FileManager.default
    guard !files.fileExists(atPath: file.path) else { throw BackupProblem.exists(file.path) }
    let partial = URL(filePath: file.path + ".partial")
    let scratch = URL(filePath: file.path + ".copying", directoryHint: .isDirectory)
    // What a run that was killed left behind.
    for old in [partial, scratch] where files.fileExists(atPath: old.path) {
      try files.removeItem(at: old)
    }
    let needed = Disk.bytes(of: workspace.folder.appending(path: Store.fileName)) * 2
    try Disk.expect(needed, at: file.deletingLastPathComponent())
    try files.createDirectory(
      at: scratch, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer {
      try? files.removeItem(at: scratch)
      try? files.removeItem(at: partial)
    }
    try before(.copied)
    try workspace.store.copy(into: scratch)
    try before(.checked)
    let copy = try Store(folder: scratch)
    for finding in try copy.verify() where !finding.problems.isEmpty {
      throw BackupProblem.unsound(finding.rule)
    }
    let migrations = try copy.migrations()
    try copy.shut()
    let manifest = BackupManifest(
      version: Klantreis.version, made: now, migrations: migrations,
      files: try Self.sources(of: workspace, scratch).map { path, url in
        BackupManifest.File(
          path: path, bytes: Disk.bytes(of: url), sum: try Disk.sum(of: url))
      })
    try before(.written)
    try write(manifest, Self.sources(of: workspace, scratch), to: partial)
    try before(.read)
    guard try BackupReader(file: partial, passphrase: passphrase).check() == manifest else {
      throw BackupProblem.damaged("what was read again is not what was written")
    }
    try before(.named)
    // Never over a file that came meanwhile.
    guard link(partial.path, file.path) == 0 else {
      throw BackupProblem.system("\(file.path) cannot be made", errno)
    }
    try Disk.sync(file.deletingLastPathComponent())
    return manifest
  }

  /// Paths in the backup and where the bytes are, the database first.
  private static func sources(
    of workspace: Workspace, _ scratch: URL
  ) throws -> [(path: String, url: URL)] {
    let files = FileManager.default
    var all = [(Store.fileName, scratch.appending(path: Store.fileName))]
    for name in BackupManifest.loose.dropFirst() {
      let url = workspace.folder.appending(path: name)
      if Disk.isPlainFile(url) { all.append((name, url)) }
    }
    for folder in BackupManifest.folders {
      let names =
        (try? files.contentsOfDirectory(
          atPath: workspace.folder.appending(path: folder).path)) ?? []
      for name in names.sorted() {
        let (path, url) = (
          "\(folder)/\(name)", workspace.folder.appending(path: "\(folder)/\(name)")
        )
        if BackupManifest.isKnown(path), Disk.isPlainFile(url) { all.append((path, url)) }
      }
    }
    return all
  }

  private func write(
    _ manifest: BackupManifest, _ sources: [(path: String, url: URL)], to partial: URL
  ) throws {
    let output = try BackupOutput(path: partial.path, passphrase: passphrase, cost: cost)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let json = Array(try encoder.encode(manifest))
    try output.write(BackupManifest.mark)
    try output.write((0..<8).map { UInt8(truncatingIfNeeded: json.count >> ($0 * 8)) })
    try output.write(json)
    for (entry, source) in zip(manifest.files, sources) {
      var left = entry.bytes
      try Disk.read(source.url) { chunk in
        // A file that grows meanwhile is taken as it was.
        let part = chunk.prefix(Int(min(left, Int64(chunk.count))))
        left -= Int64(part.count)
        try output.write(part)
      }
      guard left == 0 else { throw BackupProblem.damaged("\(entry.path) became shorter meanwhile") }
    }
    try output.finish()
  }
}

/// Reads a backup: checks it, and writes its files into a folder.
struct BackupReader {
  var file: URL
  var passphrase: String?

  /// Reads all of it and compares every sum. Nothing is written.
  func check() throws -> BackupManifest {
    try read { _, _ in }
  }

  /// Writes the files into a folder that is empty and nobody else's. Every path was checked before.
  func unpack(into folder: URL) throws -> BackupManifest {
    var output: Int32 = -1
    var current: String?
    defer { if output >= 0 { close(output) } }
    func end() throws {
      guard output >= 0 else { return }
      guard fsync(output) == 0 else { throw BackupProblem.system("The disk takes nothing", errno) }
      close(output)
      output = -1
    }
    let manifest = try read { entry, chunk in
      if current != entry.path {
        try end()
        current = entry.path
        let url = folder.appending(path: entry.path)
        try FileManager.default.createDirectory(
          at: url.deletingLastPathComponent(), withIntermediateDirectories: true,
          attributes: [.posixPermissions: 0o700])
        output = open(url.path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard output >= 0 else { throw BackupProblem.system("\(url.path) cannot be made", errno) }
      }
      var done = 0
      while done < chunk.count {
        let count = chunk[done...].withUnsafeBytes {
          Foundation.write(output, $0.baseAddress, $0.count)
        }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { throw BackupProblem.system("The disk takes nothing", errno) }
        done += count
      }
    }
    try end()
    return manifest
  }

  /// Gives each piece of each file, at least one for each, also of an empty one.
  private func read(
    _ body: (BackupManifest.File, [UInt8]) throws -> Void
  ) throws -> BackupManifest {
    let input = try BackupInput(path: file.path, passphrase: passphrase)
    let length = try input.read(8).enumerated().reduce(UInt64(0)) {
      $0 | UInt64($1.element) << ($1.offset * 8)
    }
    guard length <= UInt64(Limits.manifestBytes) else {
      throw BackupProblem.damaged("its table of contents is too long")
    }
    let json = Data(try input.read(Int(length)))
    guard let manifest = try? JSONDecoder().decode(BackupManifest.self, from: json) else {
      throw BackupProblem.damaged("its table of contents cannot be read")
    }
    try manifest.check(size: input.size)
    for entry in manifest.files {
      var (sum, left) = (SHA256(), entry.bytes)
      repeat {
        let chunk = try input.read(Int(min(left, Int64(Backup.chunkBytes))))
        sum.update(data: chunk)
        left -= Int64(chunk.count)
        try body(entry, chunk)
      } while left > 0
      guard Disk.hexadecimal(sum.finalize()) == entry.sum else {
        throw BackupProblem.damaged("the sum of \(entry.path) is not right")
      }
    }
    try input.expectEnd()
    return manifest
  }
}

/// What backups ask of the file system.
enum Disk {
  static func bytes(of url: URL) -> Int64 {
    var status = stat()
    return lstat(url.path, &status) == 0 ? Int64(status.st_size) : 0
  }

  /// No link, no folder.
  static func isPlainFile(_ url: URL) -> Bool {
    var status = stat()
    return lstat(url.path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  static func sum(of url: URL) throws -> String {
    var hash = SHA256()
    try read(url) { hash.update(data: $0) }
    return hexadecimal(hash.finalize())
  }

  static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }

  static func read(_ url: URL, _ body: (Data) throws -> Void) throws {
    let handle = try FileHandle(forReadingFrom: url)
    defer { try? handle.close() }
    while let chunk = try handle.read(upToCount: Backup.chunkBytes), !chunk.isEmpty {
      try body(chunk)
    }
  }

  static func expect(_ needed: Int64, at folder: URL) throws {
    var status = statvfs()
    guard statvfs(folder.path, &status) == 0 else {
      throw BackupProblem.system("\(folder.path) cannot be used", errno)
    }
    let free = Int64(clamping: UInt64(status.f_bavail) * UInt64(status.f_frsize))
    guard free >= needed else { throw BackupProblem.noRoom(needed: needed, free: free) }
  }

  /// Makes what was named in a folder last through a loss of power.
  static func sync(_ folder: URL) throws {
    let handle = open(folder.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard handle >= 0 else { throw BackupProblem.system("\(folder.path) cannot be used", errno) }
    defer { close(handle) }
    guard fsync(handle) == 0 else {
      throw BackupProblem.system("\(folder.path) cannot be written", errno)
    }
  }
}
