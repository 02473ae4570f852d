import Access
import CustomerJourney
import Foundation
import Store

/// Removes what has outlived its term, or says what would go.
struct RetentionRun {
  let workspace: Workspace

  /// How many of each kind have outlived their term; nil where nothing has one.
  func outlived(at now: Timestamp) throws -> [Retention.Kind: Int] {
    let retention = try workspace.store.retention()
    var counts: [Retention.Kind: Int] = [:]
    for kind in Retention.Kind.allCases {
      switch kind {
      case .rejectedRows: counts[kind] = oldRejected(retention, now).count
      case .backups: counts[kind] = try oldBackups(now).count
      default:
        counts[kind] = try retention.cutOff(kind, at: now).map {
          try workspace.store.outlived(kind, before: $0)
        }
      }
    }
    return counts
  }

  /// Removes it, in small steps so that clients needn't wait. Returns how much of each kind went.
  @discardableResult
  func run(at now: Timestamp, by actor: String) throws -> [Retention.Kind: Int] {
    let store = workspace.store
    let retention = try store.retention()
    var counts: [Retention.Kind: Int] = [:]
    for kind in Retention.Kind.allCases {
      guard let cutOff = retention.cutOff(kind, at: now) else { continue }
      while true {
        let removed = try store.removeOutlived(kind, before: cutOff)
        if removed == 0 { break }
        counts[kind, default: 0] += removed
      }
    }
    if counts[.visitors] != nil {
      while try store.forgetEmptyVisitors(newKey: { _ in Eraser.newKey() }) > 0 {}
    }
    for file in oldRejected(retention, now) {
      try FileManager.default.removeItem(at: file)
      counts[.rejectedRows, default: 0] += 1
    }
    for backup in try oldBackups(now) {
      let url = URL(filePath: backup.path)
      // Only what still is a backup: another file may have the name by now.
      if Backup.isBackup(url) {
        try FileManager.default.removeItem(at: url)
        counts[.backups, default: 0] += 1
      }
      try store.forgetBackup(path: backup.path)
    }
    if !counts.isEmpty {
      let what = counts.sorted { $0.key.rawValue < $1.key.rawValue }
        .map { "\($0.key.rawValue) \($0.value)" }.joined(separator: ", ")
      try store.note(Deed(.outlivedRemoved, what, by: actor, at: now))
    }
    return counts
  }

  private func oldRejected(_ retention: Retention, _ now: Timestamp) -> [URL] {
    guard let cutOff = retention.cutOff(.rejectedRows, at: now) else { return [] }
    let files = try? FileManager.default.contentsOfDirectory(
      at: workspace.rejectedFolder, includingPropertiesForKeys: [.contentModificationDateKey])
    return (files ?? []).filter { file in
      let values = try? file.resourceValues(forKeys: [.contentModificationDateKey])
      guard let changed = values?.contentModificationDate else { return false }
      return Int64(changed.timeIntervalSince1970 * 1000) < cutOff.milliseconds
    }
  }

  private func oldBackups(_ now: Timestamp) throws -> [Store.BackupFile] {
    try workspace.store.backupFiles().filter { $0.expires <= now }
  }
}

extension Backup {
  /// Whether a file begins as backups do.
  static func isBackup(_ file: URL) -> Bool {
    guard Disk.isPlainFile(file), let handle = try? FileHandle(forReadingFrom: file) else {
      return false
    }
    defer { try? handle.close() }
    let head = Array((try? handle.read(upToCount: 32)) ?? Data())
    return head.starts(with: BackupManifest.mark)
      || head.starts(with: Array("KLANTREIS-SEALED-1\n".utf8))
  }
}
