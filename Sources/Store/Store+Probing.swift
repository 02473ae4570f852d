import Foundation
import GRDB

extension Store {
  /// Tries whether the store takes writes, and leaves nothing behind: the database lets a change be
  /// made, which is taken back so that nobody sees a commit, and the disk takes a small file.
  ///
  /// Throws ``StoreError/unavailable(reason:)``. Waits at most two seconds for another program's
  /// lock.
  package func probe() throws {
    guard FileManager.default.fileExists(atPath: pool.path) else {
      throw StoreError.unavailable(reason: "the database file is gone")
    }
    var configuration = Configuration()
    configuration.busyMode = .timeout(2)
    do {
      let queue = try DatabaseQueue(path: pool.path, configuration: configuration)
      try queue.inTransaction(.immediate) { db in
        try db.execute(sql: "INSERT OR REPLACE INTO setting (name, value) VALUES ('probe', '')")
        return .rollback
      }
    } catch {
      if let told = Self.told(error) as? StoreError { throw told }
      throw StoreError.unavailable(reason: "the database refuses a change")
    }
    try Self.probeDisk(in: URL(filePath: pool.path).deletingLastPathComponent())
  }

  /// A page and a bit more, as a commit needs at least.
  private static let probeBytes = 65_536
  private static let probePrefix = ".probe-"

  /// Removes the small files of probes that a kill cut short. One that is being written now loses
  /// nothing by it.
  package func removeOldProbes() {
    let folder = URL(filePath: pool.path).deletingLastPathComponent()
    let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    for name in names ?? [] where name.hasPrefix(Self.probePrefix) {
      unlink(folder.appending(path: name).path)
    }
  }

  private static func probeDisk(in folder: URL) throws {
    let path = folder.appending(path: "\(probePrefix)\(UUID().uuidString)").path
    let file = open(path, O_CREAT | O_WRONLY | O_EXCL, 0o600)
    guard file >= 0 else { throw unavailable(errno) }
    defer {
      close(file)
      unlink(path)
    }
    let bytes = [UInt8](repeating: 0, count: probeBytes)
    guard Glibc.write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else {
      throw unavailable(errno)
    }
  }

  private static func unavailable(_ code: Int32) -> StoreError {
    switch code {
    case EROFS, EACCES, EPERM: .unavailable(reason: "the data folder is read-only")
    case ENOSPC, EDQUOT: .unavailable(reason: "the disk is full")
    default: .unavailable(reason: "the disk takes no file")
    }
  }
}
