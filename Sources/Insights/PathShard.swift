import CustomerJourney

/// The paths whose hashes begin alike.
///
/// A new path is copied to the end of one arena. The slots hold a piece of each hash beside the
/// position, so that a look at the wrong path is rare; that two paths with one hash are the same is
/// always looked up in the bytes.
struct PathShard: Sendable {
  private(set) var count = 0
  /// Of which the first ``count`` are in use.
  private var memory = Counters<Entry>(count: 0)
  private var arena = Counters<UInt8>(count: 0)
  private var arenaUsed = 0
  /// A power of two. High half: of the hash; low half: position in ``memory`` plus one. 0 is free.
  private var slots = Counters<UInt64>(count: 0)

  struct Entry: Sendable {
    fileprivate var hash: UInt64 = 0
    fileprivate var offset = 0
    fileprivate var bytes = 0
    /// Minor units; held at the ends of its range instead of running over.
    var value: Int64 = 0
    var customers: UInt32 = 0
    var conversions: UInt32 = 0
    fileprivate var lastJourney: UInt32 = 0
  }

  /// In no particular order.
  var entries: some Sequence<Entry> { (0..<count).lazy.map { memory[$0] } }

  func codes(of entry: Entry, width: Int) -> [UInt32] {
    let path = UnsafeRawPointer(arena.values) + entry.offset
    return stride(from: 0, to: entry.bytes, by: width).map { at in
      switch width {
      case 1: UInt32(path.load(fromByteOffset: at, as: UInt8.self))
      case 2: UInt32(path.loadUnaligned(fromByteOffset: at, as: UInt16.self))
      default: path.loadUnaligned(fromByteOffset: at, as: UInt32.self)
      }
    }
  }

  /// Notes the pieces with those indices.
  mutating func note(
    _ pieces: UnsafeBufferPointer<PathTable.Piece>, _ order: UnsafeBufferPointer<UInt16>
  ) {
    makeRoom(for: order.count, bytes: order.reduce(0) { $0 &+ pieces[Int($1)].bytes })
    let writer = writer()
    var end = (entries: count, bytes: arenaUsed)
    withUnsafeTemporaryAllocation(of: Int.self, capacity: order.count) { guesses in
      // Slots and entries lie far apart in memory. Looking at all of them first, where no look waits
      // for another, takes less than one by one.
      for (at, index) in order.enumerated() {
        guesses[at] = writer.guess(pieces[Int(index)].hash)
      }
      for (at, index) in order.enumerated() {
        guesses[at] = writer.checked(guesses[at], pieces[Int(index)].hash)
      }
      for (at, index) in order.enumerated() {
        writer.add(pieces[Int(index)], guess: guesses[at], &end)
      }
    }
    count = end.entries
    arenaUsed = end.bytes
  }

  /// Adds what other customers did.
  mutating func merge(_ other: PathShard) {
    let paths = UnsafeRawPointer(other.arena.values)
    let batch = 64
    let order = (0..<UInt16(batch)).map { $0 }
    withUnsafeTemporaryAllocation(of: PathTable.Piece.self, capacity: batch) { pieces in
      order.withUnsafeBufferPointer { order in
        for first in stride(from: 0, to: other.count, by: batch) {
          let count = min(batch, other.count - first)
          for at in 0..<count {
            let entry = other.memory[first + at]
            pieces[at] = PathTable.Piece(
              hash: entry.hash, start: paths + entry.offset, bytes: entry.bytes, journey: 0,
              customers: entry.customers, conversions: entry.conversions, value: entry.value)
          }
          note(UnsafeBufferPointer(pieces), UnsafeBufferPointer(rebasing: order[..<count]))
        }
      }
    }
  }

  /// The shard's memory for the length of a loop.
  private struct Writer {
    let entries: UnsafeMutablePointer<Entry>
    let arena: UnsafeMutablePointer<UInt8>
    let slots: UnsafeMutablePointer<UInt64>
    let mask: Int

    @inline(__always)
    func slot(of hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & mask }

    /// The entry that the first slot of a hash names, -1 for none.
    @inline(__always)
    func guess(_ hash: UInt64) -> Int {
      let slot = slots[slot(of: hash)]
      return (slot ^ hash) >> 32 == 0 ? Int(slot & 0xFFFF_FFFF) &- 1 : -1
    }

    @inline(__always)
    func checked(_ guess: Int, _ hash: UInt64) -> Int {
      guess >= 0 && entries[guess].hash == hash ? guess : -1
    }

    /// `guess` is an entry with this hash, or -1; `end` is what is used of the entries and the arena.
    @inline(__always)
    func add(
      _ piece: PathTable.Piece, guess: Int, _ end: inout (entries: Int, bytes: Int)
    ) {
      let isKnown = guess >= 0 && isPath(guess, piece)
      let entry = entries + (isKnown ? guess : position(of: piece, &end))
      if piece.journey == 0 || entry.pointee.lastJourney != piece.journey {
        entry.pointee.lastJourney = piece.journey
        entry.pointee.customers += piece.customers
      }
      entry.pointee.conversions += piece.conversions
      if piece.value != 0 {
        entry.pointee.value = entry.pointee.value.saturatingAdding(piece.value)
      }
    }

    @inline(__always)
    private func position(
      of piece: PathTable.Piece, _ end: inout (entries: Int, bytes: Int)
    ) -> Int {
      let tag = piece.hash & ~0xFFFF_FFFF
      var slot = slot(of: piece.hash)
      while slots[slot] != 0 {
        if slots[slot] & ~0xFFFF_FFFF == tag {
          let position = Int(slots[slot] & 0xFFFF_FFFF) &- 1
          if isPath(position, piece) { return position }
        }
        slot = (slot &+ 1) & mask
      }
      entries[end.entries] = Entry(hash: piece.hash, offset: end.bytes, bytes: piece.bytes)
      UnsafeMutableRawPointer(arena + end.bytes).copyMemory(
        from: piece.start, byteCount: piece.bytes)
      end.entries &+= 1
      end.bytes &+= piece.bytes
      slots[slot] = tag | UInt64(end.entries)
      return end.entries &- 1
    }

    @inline(__always)
    private func isPath(_ position: Int, _ piece: PathTable.Piece) -> Bool {
      let entry = entries[position]
      guard entry.hash == piece.hash, entry.bytes == piece.bytes else { return false }
      let known = UnsafeRawPointer(arena + entry.offset)
      let bytes = piece.bytes
      func isSame<Word: FixedWidthInteger & BitwiseCopyable>(_ at: Int, as: Word.Type) -> Bool {
        known.loadUnaligned(fromByteOffset: at, as: Word.self)
          == piece.start.loadUnaligned(fromByteOffset: at, as: Word.self)
      }
      // The last word may overlap the one before it.
      if bytes >= 8 {
        var at = 0
        while at &+ 8 < bytes {
          if !isSame(at, as: UInt64.self) { return false }
          at &+= 8
        }
        return isSame(bytes &- 8, as: UInt64.self)
      }
      if bytes >= 4 {
        return isSame(0, as: UInt32.self) && isSame(bytes &- 4, as: UInt32.self)
      }
      return (0..<bytes).allSatisfy { isSame($0, as: UInt8.self) }
    }
  }

  private mutating func writer() -> Writer {
    Writer(
      entries: memory.memory(atLeast: count), arena: arena.memory(atLeast: arenaUsed),
      slots: slots.memory(atLeast: 1), mask: slots.count - 1)
  }

  /// At most half of the slots are ever taken.
  private mutating func makeRoom(for entries: Int, bytes: Int) {
    if count + entries > memory.count {
      memory.growUnset(to: max(count + entries, memory.count * 2))
    }
    if arenaUsed + bytes > arena.count {
      arena.growUnset(to: max(arenaUsed + bytes, arena.count * 2))
    }
    precondition(count + entries < Int(UInt32.max), "fewer paths than touchpoints in a table")
    guard (count + entries) * 2 > slots.count else { return }
    var size = 64
    while size < (count + entries) * 3 { size *= 2 }
    slots = Counters(count: size)
    let grown = slots.memory(atLeast: size)
    for position in 0..<count {
      let hash = memory[position].hash
      var slot = Int(truncatingIfNeeded: hash) & (size - 1)
      while grown[slot] != 0 { slot = (slot + 1) & (size - 1) }
      grown[slot] = (hash & ~0xFFFF_FFFF) | UInt64(position + 1)
    }
  }
}
