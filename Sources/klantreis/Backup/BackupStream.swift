import Access
import CustomerJourney
import Foundation

/// Writes a backup from its beginning to its end, sealed or not.
final class BackupOutput {
  private let file: Int32
  private let path: String
  private var sealer: Sealer?
  private var waiting: [UInt8] = []

  /// Makes the file, which must not be there.
  init(path: String, passphrase: String?, cost: Password.Cost) throws {
    self.path = path
    file = open(path, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { throw BackupProblem.system("\(path) cannot be made", errno) }
    guard let passphrase else { return }
    let sealer = try Sealer(passphrase: passphrase, cost: cost)
    self.sealer = sealer
    try put(sealer.head)
  }

  deinit { close(file) }

  func write(_ bytes: some Collection<UInt8>) throws {
    guard let sealer else { return try put(Array(bytes)) }
    waiting += bytes
    // The last chunk is not known before the end, so one always waits.
    while waiting.count > Sealer.chunkBytes {
      let chunk = Array(waiting.prefix(Sealer.chunkBytes))
      waiting.removeFirst(Sealer.chunkBytes)
      try put(sealer.seal(chunk, isLast: false))
    }
  }

  /// Writes what is left, and returns when the disk has all.
  func finish() throws {
    if let sealer { try put(sealer.seal(waiting, isLast: true)) }
    guard fsync(file) == 0 else { throw BackupProblem.system("\(path) cannot be written", errno) }
  }

  private func put(_ bytes: [UInt8]) throws {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes {
        Foundation.write(file, $0.baseAddress, $0.count)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw BackupProblem.system("\(path) cannot be written", errno) }
      done += count
    }
  }
}

/// Reads a backup from its beginning to its end, and notices any byte that is not as it was written.
final class BackupInput {
  private let file: Int32
  private let path: String
  private var unsealer: Unsealer?
  private var ready: [UInt8] = []
  private var at = 0
  private var isOver = false
  let size: Int64

  init(path: String, passphrase: String?) throws {
    self.path = path
    file = open(path, O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { throw BackupProblem.system("\(path) cannot be read", errno) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      close(file)
      throw BackupProblem.noBackup(path)
    }
    size = Int64(status.st_size)
    let mark = try take(BackupManifest.mark.count)
    if mark == BackupManifest.mark { return }
    guard mark == Sealer.mark else { throw BackupProblem.noBackup(path) }
    guard let passphrase else { throw BackupProblem.needsPassphrase }
    let head = mark + (try take(Sealer.headBytes - mark.count))
    do {
      unsealer = try Unsealer(head: head, passphrase: passphrase)
      try more()
    } catch SealProblem.noMemory {
      throw BackupProblem.system("The passphrase cannot be tried", ENOMEM)
    } catch is SealProblem {
      throw BackupProblem.wrongPassphrase
    }
    guard try read(BackupManifest.mark.count) == BackupManifest.mark else {
      throw BackupProblem.noBackup(path)
    }
  }

  deinit { close(file) }

  /// So many bytes, and never fewer.
  func read(_ count: Int) throws -> [UInt8] {
    guard unsealer != nil else { return try take(count) }
    do {
      while ready.count - at < count {
        guard !isOver else { throw BackupProblem.damaged("it ends too early") }
        try more()
      }
    } catch is SealProblem {
      throw BackupProblem.damaged("a part of it is not as it was written")
    }
    defer { at += count }
    return Array(ready[at..<(at + count)])
  }

  /// Throws when anything follows where the end should be, or the end itself was cut off.
  func expectEnd() throws {
    if unsealer != nil {
      do {
        if !isOver, at == ready.count { try more() }
      } catch is SealProblem {
        throw BackupProblem.damaged("its end is not as it was written")
      }
      guard isOver, at == ready.count else { throw BackupProblem.damaged("its end is missing") }
    }
    var byte: UInt8 = 0
    guard Foundation.read(file, &byte, 1) == 0 else {
      throw BackupProblem.damaged("something follows its end")
    }
  }

  private func more() throws {
    guard let unsealer else { return }
    let sealed = try upTo(Sealer.sealedChunkBytes)
    let (chunk, isLast) = try unsealer.open(sealed)
    ready = Array(ready[at...]) + chunk
    at = 0
    isOver = isLast
  }

  private func take(_ count: Int) throws -> [UInt8] {
    let bytes = try upTo(count)
    guard bytes.count == count else { throw BackupProblem.damaged("it ends too early") }
    return bytes
  }

  private func upTo(_ count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    var done = 0
    while done < count {
      let got = bytes[done...].withUnsafeMutableBytes {
        Foundation.read(file, $0.baseAddress, $0.count)
      }
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw BackupProblem.system("\(path) cannot be read", errno) }
      if got == 0 { break }
      done += got
    }
    return Array(bytes.prefix(done))
  }
}
