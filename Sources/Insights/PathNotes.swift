import CustomerJourney

/// Paths in the order in which they were seen, apart by the first bits of their hash.
///
/// Each part is a chain of chunks that lie in a few large blocks of memory. When the notes take more
/// than their room they are counted, so that memory follows the number of different paths and not
/// how often they were gone.
final class PathNotes: @unchecked Sendable {
  // Sendable by hand: written only while one `PathLog` holds them.
  static let partBits = 10
  static let parts = 1 << partBits
  /// Bytes.
  static let usualRoom = 256 << 20

  private let chains: UnsafeMutablePointer<Chain>
  private var blocks = MemoryBlocks()
  private var room: Int

  init(room: Int) {
    self.room = room
    chains = .allocate(capacity: Self.parts)
    chains.initialize(repeating: Chain(), count: Self.parts)
  }

  deinit { chains.deallocate() }

  /// The chunks of one part. A chunk begins with the next one's address and with its own end.
  private struct Chain {
    var first: UnsafeMutableRawPointer?
    var last: UnsafeMutableRawPointer?
    /// Where the next note goes, and how many bytes are left for it.
    var next: UnsafeMutableRawPointer?
    var left = 0
    var count = 0
    var chunkBytes = 256

    static let header = 16
    static let largestChunk = 16 << 10
  }

  /// A path that customers went along.
  ///
  /// In memory: the hash; the journey, the length and what else there is; the value and the counts
  /// when there are some; the bytes of the path with zeros up to a whole word.
  struct Note {
    var hash: UInt64
    /// Journeys count from 1 within one worker's result; 0 adds what customers did elsewhere.
    var journey: UInt32
    var customers: UInt32
    var conversions: UInt32
    var value: Int64
    /// Whole words, the last one filled with zeros.
    var path: UnsafeRawPointer
    var bytes: Int

    fileprivate static let hasValue: UInt64 = 1 << 61
    fileprivate static let isConverted: UInt64 = 1 << 62
    fileprivate static let hasCounts: UInt64 = 1 << 63
    fileprivate static let longest = (1 << 29) - 1
  }

  /// Of one part.
  func count(of part: Int) -> Int { chains[part].count }

  /// Notes that a journey went along a path once.
  @inline(__always)
  func add(_ path: PathReader.Path, journey: UInt32, converted: Bool, value: Int64) {
    var at = begin(
      path, journey: journey, room: 8,
      flags: (converted ? Note.isConverted : 0) | (value != 0 ? Note.hasValue : 0))
    if value != 0 {
      at.storeBytes(of: value, as: Int64.self)
      at += 8
    }
    end(path, at)
  }

  /// Notes what was counted; `journey` is the last one that is among it.
  func add(
    _ path: PathReader.Path, journey: UInt32, customers: UInt32, conversions: UInt32, value: Int64
  ) {
    let at = begin(path, journey: journey, room: 16, flags: Note.hasCounts | Note.hasValue)
    at.storeBytes(of: value, as: Int64.self)
    at.storeBytes(of: customers, toByteOffset: 8, as: UInt32.self)
    at.storeBytes(of: conversions, toByteOffset: 12, as: UInt32.self)
    end(path, at + 16)
  }

  /// Makes room, also for `room` bytes besides the path, and writes what each note begins with.
  @inline(__always)
  private func begin(
    _ path: PathReader.Path, journey: UInt32, room: Int, flags: UInt64
  ) -> UnsafeMutableRawPointer {
    precondition(path.bytes <= Note.longest, "a journey that fits in memory")
    let chain = chains + Self.part(of: path.hash)
    let needed = room + 16 + (path.bytes + 7) & ~7
    if chain.pointee.left < needed { makeRoom(for: needed, in: chain) }
    guard let at = chain.pointee.next else { preconditionFailure("room was made") }
    at.storeBytes(of: path.hash, as: UInt64.self)
    at.storeBytes(
      of: UInt64(journey) | UInt64(path.bytes) << 32 | flags, toByteOffset: 8, as: UInt64.self)
    return at + 16
  }

  /// Writes the path itself.
  @inline(__always)
  private func end(_ path: PathReader.Path, _ start: UnsafeMutableRawPointer) {
    let chain = chains + Self.part(of: path.hash)
    var at = start
    var from = path.start
    var left = path.bytes
    while left > 16 {
      at.storeBytes(of: from.loadUnaligned(as: UInt64.self), as: UInt64.self)
      at.storeBytes(
        of: from.loadUnaligned(fromByteOffset: 8, as: UInt64.self), toByteOffset: 8,
        as: UInt64.self)
      at += 16
      from += 16
      left &-= 16
    }
    at.storeBytes(of: path.lastLow, as: UInt64.self)
    at += 8
    if left > 8 {
      at.storeBytes(of: path.lastHigh, as: UInt64.self)
      at += 8
    }
    chain.pointee.left &-= at - (chain.pointee.next ?? at)
    chain.pointee.next = at
    chain.pointee.count &+= 1
  }

  private static func part(of hash: UInt64) -> Int { Int(hash >> UInt64(64 - partBits)) }

  /// Calls `body` with the notes of one part, in the order in which they were made.
  @inline(__always)
  func forEachNote(of part: Int, _ body: (Note) -> Void) {
    let chain = chains[part]
    var chunk = UnsafeRawPointer(chain.first)
    while let start = chunk {
      let isLast = start == UnsafeRawPointer(chain.last)
      let end =
        isLast
        ? chain.next.map { UnsafeRawPointer($0) }
        : start.load(fromByteOffset: 8, as: UnsafeRawPointer?.self)
      var at = start + Chain.header
      while let end, at < end { body(Self.note(&at)) }
      chunk = isLast ? nil : start.load(as: UnsafeRawPointer?.self)
    }
  }

  /// The note at `at`, which then stands behind it.
  @inline(__always)
  private static func note(_ at: inout UnsafeRawPointer) -> Note {
    let about = at.load(fromByteOffset: 8, as: UInt64.self)
    var note = Note(
      hash: at.load(as: UInt64.self), journey: UInt32(truncatingIfNeeded: about), customers: 1,
      conversions: about & Note.isConverted == 0 ? 0 : 1, value: 0, path: at,
      bytes: Int(about >> 32) & Note.longest)
    at += 16
    if about & Note.hasValue != 0 {
      note.value = at.load(as: Int64.self)
      at += 8
    }
    if about & Note.hasCounts != 0 {
      note.customers = at.load(as: UInt32.self)
      note.conversions = at.load(fromByteOffset: 4, as: UInt32.self)
      at += 8
    }
    note.path = at
    at += (note.bytes + 7) & ~7
    return note
  }

  private func makeRoom(for needed: Int, in chain: UnsafeMutablePointer<Chain>) {
    if blocks.bytes > room {
      countAll()
      if chain.pointee.left >= needed { return }
    }
    let bytes = max(chain.pointee.chunkBytes, needed + Chain.header)
    let chunk = blocks.take(bytes)
    if let last = chain.pointee.last {
      last.storeBytes(of: chunk, as: UnsafeMutableRawPointer?.self)
      last.storeBytes(
        of: chain.pointee.next, toByteOffset: 8, as: UnsafeMutableRawPointer?.self)
    } else {
      chain.pointee.first = chunk
    }
    chain.pointee.last = chunk
    chain.pointee.next = chunk + Chain.header
    chain.pointee.left = bytes - Chain.header
    chain.pointee.chunkBytes = min(chain.pointee.chunkBytes * 2, Chain.largestChunk)
  }

  /// Puts one note in place of all those of a path.
  private func countAll() {
    let counted = PathNotes(room: .max)
    var counts = PathCounts(width: 1)
    for part in 0..<Self.parts
    where counts.count(part, of: [PathSegment(notes: self, journeysBefore: 0)]) {
      for entry in counts.entries {
        counted.add(
          PathReader(codes: entry.path, end: entry.bytes, width: 1).path(0..<entry.bytes),
          journey: entry.lastJourney, customers: entry.customers, conversions: entry.conversions,
          value: entry.value)
      }
    }
    chains.update(from: counted.chains, count: Self.parts)
    swap(&blocks, &counted.blocks)
    room = max(room, blocks.bytes * 2)
  }
}
