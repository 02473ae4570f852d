import Access
import CustomerJourney
import Foundation
import JourneyEngine
import Store

/// Forgets persons: their rows, and every file of the data folder that says something of them.
///
/// The order is what makes it safe to be cut off at any moment: whom to forget is written down first, and
/// forgotten last. What a kill left undone is done at the next start (``finishOpen(at:)``).
struct Eraser {
  let workspace: Workspace
  /// What is about to be done; tests stop there.
  enum Step: CaseIterable, Sendable { case files, rows, base, database }
  var before: @Sendable (Step) throws -> Void = { _ in }

  private var store: Store { workspace.store }

  /// Forgets whoever has a key. Throws ``PrivacyProblem``.
  @discardableResult
  func erase(
    _ key: String, keepsJourney: Bool, by actor: String, address: String = "", at now: Timestamp
  )
    throws -> ErasureReceipt
  {
    let receipt = Self.newReceipt()
    let number = try workspace.loggedNumber(ofCustomer: key)
    try store.beginErasure(
      ofKey: key, keepsJourney: keepsJourney, receipt: receipt, newKey: Secret.random().text,
      Deed(.customerErased, number, by: actor, from: address, at: now))
    try finishOpen(at: now)
    guard let done = try store.receipts().first(where: { $0.receipt == receipt }) else {
      throw PrivacyProblem.unknown
    }
    return done
  }

  /// Finishes what is asked for and not done. Costs one look where there is nothing.
  func finishOpen(at now: Timestamp) throws {
    let open = try store.openErasures()
    guard !open.isEmpty else { return }
    for erasure in open {
      let texts = try store.erasedTexts(of: erasure)
      try before(.files)
      let files = texts.isEmpty ? [:] : try clean(texts)
      try before(.rows)
      try store.removeRows(of: erasure, files: files) { _ in Self.newKey() }
    }
    try before(.base)
    try workspace.forgetJourneys()
    try before(.database)
    try store.finishErasures(at: now)
    workspace.lookAgain()
  }

  /// The same for a start. Where the disk takes nothing now, nobody is kept from starting by it: a server
  /// tries again within the hour.
  func finishOpenIfPossible(at now: Timestamp) throws {
    do { try finishOpen(at: now) } catch StoreError.unavailable {}
  }

  /// A key of nobody.
  static func newKey() -> String {
    "anonymous:erased-" + UUID().uuidString.lowercased().replacing("-", with: "")
  }

  /// A number for the customer; it says only the day.
  private static func newReceipt() -> String {
    "E-" + String(UUID().uuidString.replacing("-", with: "").prefix(10))
  }

  // MARK: Files

  /// Takes all that says something of the person out of the files beside the database.
  private func clean(_ texts: ErasedTexts) throws -> [String: Int] {
    var counts: [String: Int] = [:]
    for file in files(in: workspace.rejectedFolder) where try has(texts, file) {
      counts["rejectedRows", default: 0] += try dropLines(with: texts, of: file)
    }
    for folder in files(in: workspace.uploadFolder) {
      let own = files(in: folder)
      // What is packed cannot be looked into without unpacking it; nobody confirmed it yet.
      guard try own.contains(where: { try Self.isPacked($0) || has(texts, $0) }) else { continue }
      try FileManager.default.removeItem(at: folder)
      counts["uploads", default: 0] += 1
    }
    for name in BackupManifest.loose.dropFirst() {
      let file = workspace.folder.appending(path: name)
      guard Disk.isPlainFile(file), try has(texts, file) else { continue }
      let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
      try write(Data(texts.replaced(in: text, with: "erased").utf8), to: file)
      counts["otherFiles", default: 0] += 1
    }
    for file in files(in: workspace.modelFolder) + files(in: workspace.contentFolder)
    where try has(texts, file) {
      let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
      try write(Data(texts.replaced(in: text, with: "erased").utf8), to: file)
      counts["otherFiles", default: 0] += 1
    }
    return counts
  }

  private func files(in folder: URL) -> [URL] {
    let found = try? FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    return (found ?? []).sorted { $0.path < $1.path }
  }

  private func has(_ texts: ErasedTexts, _ file: URL) throws -> Bool {
    guard Disk.isPlainFile(file) else { return false }
    return try Data(contentsOf: file, options: .alwaysMapped).withUnsafeBytes {
      texts.isFound(in: $0.bindMemory(to: UInt8.self))
    }
  }

  private static func isPacked(_ file: URL) throws -> Bool {
    guard let handle = try? FileHandle(forReadingFrom: file) else { return false }
    defer { try? handle.close() }
    let head = Array(try handle.read(upToCount: 4) ?? Data())
    return head.starts(with: [0x1F, 0x8B]) || head.starts(with: [0x50, 0x4B])
      || head.starts(with: [0x28, 0xB5, 0x2F, 0xFD]) || head.starts(with: [0x42, 0x5A, 0x68])
  }

  /// A rejected row may have line ends in its fields: with a line that says something of the person goes
  /// what stands around it up to the next row's first field.
  private func dropLines(with texts: ErasedTexts, of file: URL) throws -> Int {
    let lines = try Data(contentsOf: file).split(
      separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    var kept = Data()
    var dropped = 0
    for (index, line) in lines.enumerated() {
      let isFound = Array(line).withUnsafeBufferPointer { texts.isFound(in: $0) }
      if isFound, index > 0 {
        dropped += 1
        continue
      }
      kept += line
      if index < lines.count - 1 { kept.append(UInt8(ascii: "\n")) }
    }
    try write(kept, to: file)
    return dropped
  }

  private func write(_ data: Data, to file: URL) throws {
    try data.write(to: file, options: .atomic)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file.path)
    try Disk.sync(file.deletingLastPathComponent())
  }
}

extension Workspace {
  /// Lets go of what journeys in memory and in the file of the base say of who was erased, names of
  /// contents included.
  func forgetJourneys() throws {
    // Written anew from memory where there is a file; small ones without are read again from the store.
    if keeper.hasFile { try renewBase() }
    if !keeper.hasFile { try keeper.forget() }
    lookAgain()
  }
}
