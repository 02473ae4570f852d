import Crypto
import CustomerJourney
import Foundation

/// Makes the ids of rows that have none, out of the source, the row's content, and how often that
/// content stood before in the file.
///
/// So a second import of the file finds every id there already, and rows that stand twice in it stay
/// two. An id is 90 bits of SHA-256 as 15 letters: it must differ only from others of the same
/// moment, and it fits in a string without memory of its own.
struct MessageIDs {
  /// What identifies content; equal for equal content only.
  struct Digest: Hashable {
    fileprivate let high: UInt64
    fileprivate let low: UInt64

    fileprivate init(_ digest: SHA256.Digest) {
      (high, low) = digest.withUnsafeBytes {
        ($0.load(as: UInt64.self), $0.load(fromByteOffset: 8, as: UInt64.self))
      }
    }

    fileprivate func append(to buffer: inout [UInt8]) {
      withUnsafeBytes(of: (high, low)) { buffer.append(contentsOf: $0) }
    }
  }

  private let source: [UInt8]
  private var buffer: [UInt8] = []
  private let seen = OccurrenceCounter()

  init(source: String) { self.source = Array(source.utf8) }

  /// The digest of the first `columns` fields of a row.
  mutating func digest(of row: RowFields, columns: Int) -> Digest {
    begin()
    for column in 0..<min(columns, row.count) {
      let field = row[column]
      withUnsafeBytes(of: UInt32(truncatingIfNeeded: field.count)) {
        buffer.append(contentsOf: $0)
      }
      buffer.append(contentsOf: field)
    }
    return hash()
  }

  /// The digest of a row that has no columns.
  mutating func digest(of bytes: Bytes) -> Digest {
    begin()
    buffer.append(contentsOf: bytes)
    return hash()
  }

  /// The digest of rows that became one touchpoint.
  mutating func digest(of digests: [Digest]) -> Digest {
    begin()
    for digest in digests { digest.append(to: &buffer) }
    return hash()
  }

  /// How often this content stood before. Counts as seen now.
  func occurrence(of digest: Digest) -> Int { seen.count(digest.high) }

  /// The id of the `moment`-th touchpoint of a row with this content.
  mutating func id(_ digest: Digest, occurrence: Int, moment: Int) -> String {
    var result = digest
    if occurrence > 0 || moment > 0 {
      buffer.removeAll(keepingCapacity: true)
      digest.append(to: &buffer)
      withUnsafeBytes(of: (Int64(occurrence), Int64(moment))) { buffer.append(contentsOf: $0) }
      result = hash()
    }
    return String(unsafeUninitializedCapacity: 15) { letters in
      for at in 0..<15 {
        let bits = at < 10 ? result.high >> UInt64(6 * at) : result.low >> UInt64(6 * (at - 10))
        letters[at] = Self.alphabet[Int(bits & 63)]
      }
      return 15
    }
  }

  private mutating func begin() {
    buffer.removeAll(keepingCapacity: true)
    withUnsafeBytes(of: UInt32(truncatingIfNeeded: source.count)) { buffer.append(contentsOf: $0) }
    buffer.append(contentsOf: source)
  }

  private func hash() -> Digest {
    var hasher = SHA256()
    buffer.withUnsafeBytes { hasher.update(bufferPointer: $0) }
    return Digest(hasher.finalize())
  }

  private static let alphabet = Array(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
}

/// Counts equal rows among about the last two million different ones, in 24 MB at most.
///
/// Exact copies stand close together in real exports. A copy further away than the counter reaches
/// gets the id of the first one, so that it is stored once; the same file always counts the same.
private final class OccurrenceCounter {
  private static let buckets = 1 << 18
  private static let slots = 8

  private let hashes: UnsafeMutablePointer<UInt64>
  private let counts: UnsafeMutablePointer<UInt32>
  private let memory: UnsafeMutableRawPointer?

  init() {
    // Zeroed memory that the system hands out page by page: small files touch little of it.
    let entries = Self.buckets * Self.slots
    memory = calloc(entries, 12)
    guard let memory else { fatalError("no memory for counting equal rows") }
    hashes = memory.bindMemory(to: UInt64.self, capacity: entries)
    counts = (memory + entries * 8).bindMemory(to: UInt32.self, capacity: entries)
  }

  deinit { free(memory) }

  func count(_ hash: UInt64) -> Int {
    let wanted = hash == 0 ? 1 : hash
    let first = Int(truncatingIfNeeded: wanted & UInt64(Self.buckets - 1)) * Self.slots
    var free: Int?
    for slot in first..<first + Self.slots {
      if hashes[slot] == wanted {
        counts[slot] &+= 1
        return Int(counts[slot])
      }
      if hashes[slot] == 0, free == nil { free = slot }
    }
    let slot = free ?? first + Int(truncatingIfNeeded: wanted >> 40) % Self.slots
    hashes[slot] = wanted
    counts[slot] = 0
    return 0
  }
}
