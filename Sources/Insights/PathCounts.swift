import CustomerJourney

/// Counts the paths of one part of ``PathNotes``, in a table small enough for a core's own memory,
/// which serves one part after the other.
struct PathCounts {
  /// Bytes of one code.
  let width: Int
  private var count = 0
  private var memory = Counters<Entry>(count: 0)
  /// A power of two. High half: of the hash; low half: position in ``memory`` plus one. 0 is free.
  private var slots = Counters<UInt64>(count: 0)

  init(width: Int) { self.width = width }

  /// A path with what was seen of it.
  struct Entry: @unchecked Sendable {
    // Sendable by hand: the address is of notes that live as long as anybody asks for it.
    /// Whole words, the last one filled with zeros.
    fileprivate(set) var path: UnsafeRawPointer
    fileprivate(set) var bytes: Int
    /// Minor units; held at the ends of its range instead of running over.
    fileprivate(set) var value: Int64
    fileprivate(set) var customers: UInt32
    fileprivate(set) var conversions: UInt32
    fileprivate(set) var lastJourney: UInt32
  }

  /// In no particular order.
  var entries: UnsafeBufferPointer<Entry> {
    UnsafeBufferPointer(start: memory.values, count: count)
  }

  func codes(of entry: Entry) -> [UInt32] {
    stride(from: 0, to: entry.bytes, by: width).map { at in
      switch width {
      case 1: UInt32(entry.path.load(fromByteOffset: at, as: UInt8.self))
      case 2: UInt32(entry.path.loadUnaligned(fromByteOffset: at, as: UInt16.self))
      default: entry.path.loadUnaligned(fromByteOffset: at, as: UInt32.self)
      }
    }
  }

  /// Counts that part of all segments; whether there was anything.
  mutating func count(_ part: Int, of segments: [PathSegment]) -> Bool {
    let notes = segments.reduce(0) { $0 + $1.notes.count(of: part) }
    guard notes > 0 else { return false }
    let writer = cleared(for: notes)
    var end = 0
    for segment in segments {
      segment.notes.forEachNote(of: part) { note in
        var note = note
        if note.journey != 0 { note.journey += segment.journeysBefore }
        writer.add(note, &end)
      }
    }
    count = end
    return true
  }

  /// At most two thirds of the slots are ever taken.
  private mutating func cleared(for notes: Int) -> Writer {
    precondition(notes < Int(UInt32.max), "fewer paths than touchpoints in a part")
    var size = 64
    while size * 2 < notes * 3 { size *= 2 }
    memory.growUnset(to: notes)
    if slots.count < size { slots = Counters(count: size) }
    let memory = memory.memory(atLeast: notes)
    let slots = slots.memory(atLeast: size)
    slots.update(repeating: 0, count: size)
    return Writer(entries: memory, slots: slots, mask: size - 1)
  }

  /// The table's memory for the length of a loop.
  private struct Writer {
    let entries: UnsafeMutablePointer<Entry>
    let slots: UnsafeMutablePointer<UInt64>
    let mask: Int

    /// `end` is how many entries are used.
    @inline(__always)
    func add(_ note: PathNotes.Note, _ end: inout Int) {
      // The first bits are the part, the same for all; the last ones choose the slot.
      let tag = note.hash << UInt64(PathNotes.partBits) & ~0xFFFF_FFFF
      var slot = Int(truncatingIfNeeded: note.hash) & mask
      while slots[slot] != 0 {
        if (slots[slot] ^ tag) >> 32 == 0 {
          let entry = entries + (Int(slots[slot] & 0xFFFF_FFFF) &- 1)
          if isPath(entry, note) {
            if note.journey == 0 || entry.pointee.lastJourney != note.journey {
              entry.pointee.lastJourney = note.journey
              entry.pointee.customers += note.customers
            }
            entry.pointee.conversions += note.conversions
            if note.value != 0 {
              entry.pointee.value = entry.pointee.value.saturatingAdding(note.value)
            }
            return
          }
        }
        slot = (slot &+ 1) & mask
      }
      (entries + end).initialize(
        to: Entry(
          path: note.path, bytes: note.bytes, value: note.value, customers: note.customers,
          conversions: note.conversions, lastJourney: note.journey))
      end &+= 1
      slots[slot] = tag | UInt64(end)
    }

    @inline(__always)
    private func isPath(_ entry: UnsafeMutablePointer<Entry>, _ note: PathNotes.Note) -> Bool {
      guard entry.pointee.bytes == note.bytes else { return false }
      var at = 0
      repeat {
        if entry.pointee.path.load(fromByteOffset: at, as: UInt64.self)
          != note.path.load(fromByteOffset: at, as: UInt64.self)
        {
          return false
        }
        at &+= 8
      } while at < note.bytes
      return true
    }
  }
}
