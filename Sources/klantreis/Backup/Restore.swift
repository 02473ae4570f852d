import Access
import CRename
import CustomerJourney
import Foundation
import Store

/// Puts a backup back as a data folder.
///
/// All is checked before anything is written; then the folder is made beside the one that is wanted,
/// looked through, and takes its place in one step. Whatever happens on the way, the wanted folder is
/// the old one or the new one, whole.
struct Restore {
  /// What is about to be done; tests stop there.
  enum Step: CaseIterable, Sendable { case checked, unpacked, verified, settled, placed }

  var file: URL
  var passphrase: String?
  var folder: URL
  /// Put a folder that holds something aside, instead of refusing.
  var isReplacing = false
  var before: @Sendable (Step) throws -> Void = { _ in }

  struct Outcome {
    var manifest: BackupManifest
    /// Where the old folder is now.
    var aside: URL?
  }

  func run(at now: Timestamp) throws -> Outcome {
    let files = FileManager.default
    try checkFolder()
    try before(.checked)
    let reader = BackupReader(file: file, passphrase: passphrase)
    let manifest = try reader.check()
    let known = Store.knownMigrations
    if let newer = manifest.migrations.first(where: { !known.contains($0) }) {
      throw BackupProblem.newer(newer)
    }
    let parent = folder.deletingLastPathComponent()
    try files.createDirectory(at: parent, withIntermediateDirectories: true)
    try Disk.expect(manifest.files.reduce(0) { $0 + $1.bytes } + 16_777_216, at: parent)
    let made = beside("restoring")
    try clear(made, at: now)
    try files.createDirectory(
      at: made, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? files.removeItem(at: made) }
    try before(.unpacked)
    guard try reader.unpack(into: made) == manifest else {
      throw BackupProblem.damaged("it changed while it was read")
    }
    try before(.verified)
    let store = try Store(folder: made)
    for finding in try store.verify() where !finding.problems.isEmpty {
      throw BackupProblem.unsound(finding.rule)
    }
    try before(.settled)
    try store.settleAfterRestore(
      Deed(.restored, file.lastPathComponent, by: Activity.commandLine, at: now))
    try store.shut()
    try Disk.sync(made)
    try before(.placed)
    let aside = try place(made, at: now)
    try Disk.sync(parent)
    return Outcome(manifest: manifest, aside: aside)
  }

  private func beside(_ word: String) -> URL {
    folder.deletingLastPathComponent()
      .appending(path: "\(folder.lastPathComponent).\(word)", directoryHint: .isDirectory)
  }

  private var isEmpty: Bool {
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    return names?.isEmpty ?? true
  }

  private func checkFolder() throws {
    var status = stat()
    guard lstat(folder.path, &status) == 0 else { return }
    // A link could lead anywhere, and would be replaced instead of what it leads to.
    guard status.st_mode & S_IFMT == S_IFDIR else {
      throw BackupProblem.system("\(folder.path) is no folder", ENOTDIR)
    }
    guard isEmpty || isReplacing else { throw BackupProblem.folderFull(folder.path) }
    guard Store.isUnused(in: folder) else { throw BackupProblem.folderInUse(folder.path) }
  }

  /// Gives the new folder its name, in one step. Returns where the old one is, when it held something.
  private func place(_ made: URL, at now: Timestamp) throws -> URL? {
    if isEmpty {
      // An empty folder is replaced by the rename itself.
      guard rename(made.path, folder.path) == 0 else {
        throw BackupProblem.system("\(folder.path) cannot be made", errno)
      }
      return nil
    }
    // Nothing is ever without a folder of this name: both change places.
    let mark = folder.appending(path: Self.markOfOld)
    guard FileManager.default.createFile(atPath: mark.path, contents: nil) else {
      throw BackupProblem.system("\(folder.path) cannot be written to", errno)
    }
    try Disk.sync(folder)
    guard swapped(made.path, folder.path) else {
      let reason = errno
      try? FileManager.default.removeItem(at: mark)
      throw BackupProblem.system("\(folder.path) cannot be replaced", reason)
    }
    return try setAside(made, at: now)
  }

  /// In the old folder from before it is changed for the new one: should the machine stop between that
  /// and the old one's new name, the next run knows what it finds.
  static let markOfOld = "replaced"

  private func setAside(_ old: URL, at now: Timestamp) throws -> URL {
    let moment = now.iso8601.filter { $0.isNumber || $0 == "T" }
    let names = ["before-\(moment)"] + (2...9).map { "before-\(moment)-\($0)" }
    let files = FileManager.default
    let free = names.map(beside).first { !files.fileExists(atPath: $0.path) }
    guard let aside = free, rename(old.path, aside.path) == 0 else {
      throw BackupProblem.system("\(beside(names[0]).path) cannot be made", errno)
    }
    try? files.removeItem(at: aside.appending(path: Self.markOfOld))
    return aside
  }

  /// Makes way for a new folder: what a run that was stopped left is unfinished and goes, or is the old
  /// project and gets the name that it should have had.
  private func clear(_ made: URL, at now: Timestamp) throws {
    let files = FileManager.default
    guard files.fileExists(atPath: made.path) else { return }
    if files.fileExists(atPath: made.appending(path: Self.markOfOld).path) {
      _ = try setAside(made, at: now)
    } else {
      try files.removeItem(at: made)
    }
  }

  private func swapped(_ a: String, _ b: String) -> Bool {
    renameat2(AT_FDCWD, a, AT_FDCWD, b, klantreis_rename_exchange) == 0
  }
}
