import CustomerJourney

/// Different paths, each with its customers, conversions and value.
///
/// A path is the bytes of its codes as they lie in the column, so that looking one up copies
/// nothing; a new one is copied to the end of one arena. The slots hold a piece of each hash beside
/// the position, so that a look at the wrong path is rare.
struct PathTable: Sendable {
  /// Bytes of one code.
  let width: Int
  private(set) var entries: [Entry] = []
  private var arena: [UInt8] = []
  /// A power of two. High half: of the hash; low half: position in ``entries`` plus one. 0 is free.
  private var slots: [UInt64] = Array(repeating: 0, count: 4096)

  struct Entry: Sendable {
    fileprivate var hash: UInt64
    fileprivate var offset: Int
    fileprivate var bytes: Int
    fileprivate var lastJourney: UInt64 = 0
    var customers = 0
    var conversions = 0
    /// Minor units; held at the ends of its range instead of running over.
    var value: Int64 = 0
  }

  init(width: Int) { self.width = width }

  /// Notes that a customer went along a path. `journey` counts from 1 within one partial result.
  mutating func note(
    _ path: UnsafeRawBufferPointer, journey: UInt64, converted: Bool, value: Int64
  ) {
    let position = position(of: path)
    entries.withUnsafeMutableBufferPointer { entries in
      if entries[position].lastJourney != journey {
        entries[position].lastJourney = journey
        entries[position].customers &+= 1
      }
      if converted { entries[position].conversions &+= 1 }
      entries[position].value = entries[position].value.saturatingAdding(value)
    }
  }

  /// Adds what other customers did.
  mutating func merge(_ other: PathTable) {
    precondition(width == other.width, "paths of the same codes")
    for entry in other.entries {
      other.withPath(of: entry) {
        add($0, customers: entry.customers, conversions: entry.conversions, value: entry.value)
      }
    }
  }

  mutating func add(
    _ path: UnsafeRawBufferPointer, customers: Int, conversions: Int, value: Int64
  ) {
    let position = position(of: path)
    entries[position].customers += customers
    entries[position].conversions += conversions
    entries[position].value = entries[position].value.saturatingAdding(value)
  }

  func codes(of entry: Entry) -> [UInt32] {
    withPath(of: entry) { path in
      stride(from: 0, to: path.count, by: width).map { at in
        switch width {
        case 1: UInt32(path[at])
        case 2: UInt32(path.loadUnaligned(fromByteOffset: at, as: UInt16.self))
        default: path.loadUnaligned(fromByteOffset: at, as: UInt32.self)
        }
      }
    }
  }

  func withPath<R>(of entry: Entry, _ body: (UnsafeRawBufferPointer) -> R) -> R {
    arena.withUnsafeBytes {
      body(UnsafeRawBufferPointer(rebasing: $0[entry.offset..<(entry.offset + entry.bytes)]))
    }
  }

  private mutating func position(of path: UnsafeRawBufferPointer) -> Int {
    if entries.count * 2 >= slots.count { growSlots() }
    let hash = Self.hash(path)
    let tag = hash & ~0xFFFF_FFFF
    let mask = slots.count &- 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      if slots[slot] & ~0xFFFF_FFFF == tag {
        let position = Int(slots[slot] & 0xFFFF_FFFF) &- 1
        if entries[position].hash == hash, isPath(entries[position], path) { return position }
      }
      slot = (slot &+ 1) & mask
    }
    entries.append(Entry(hash: hash, offset: arena.count, bytes: path.count))
    precondition(entries.count < Int(UInt32.max), "fewer paths than touchpoints in a table")
    slots[slot] = tag | UInt64(entries.count)
    arena.append(contentsOf: path)
    return entries.count &- 1
  }

  private func isPath(_ entry: Entry, _ path: UnsafeRawBufferPointer) -> Bool {
    guard entry.bytes == path.count else { return false }
    return withPath(of: entry) { known in
      var at = 0
      while at &+ 8 <= known.count {
        if known.loadUnaligned(fromByteOffset: at, as: UInt64.self)
          != path.loadUnaligned(fromByteOffset: at, as: UInt64.self)
        {
          return false
        }
        at &+= 8
      }
      while at < known.count {
        if known[at] != path[at] { return false }
        at &+= 1
      }
      return true
    }
  }

  private mutating func growSlots() {
    var slots = [UInt64](repeating: 0, count: slots.count * 4)
    let mask = slots.count - 1
    for (position, entry) in entries.enumerated() {
      var slot = Int(truncatingIfNeeded: entry.hash) & mask
      while slots[slot] != 0 { slot = (slot + 1) & mask }
      slots[slot] = (entry.hash & ~0xFFFF_FFFF) | UInt64(position + 1)
    }
    self.slots = slots
  }

  private static func hash(_ path: UnsafeRawBufferPointer) -> UInt64 {
    var hash = HashMix.processSeed ^ UInt64(path.count)
    var at = 0
    while at &+ 8 <= path.count {
      hash = HashMix.mix(hash ^ path.loadUnaligned(fromByteOffset: at, as: UInt64.self), hash)
      at &+= 8
    }
    var tail: UInt64 = 0
    while at < path.count {
      tail = tail &<< 8 | UInt64(path[at])
      at &+= 1
    }
    return HashMix.mix(hash ^ tail, HashMix.processSeed)
  }
}

extension PathTable: Codable {
  private enum CodingKeys: String, CodingKey {
    case width, paths, customers, conversions, values
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    width = try container.decode(Int.self, forKey: .width)
    let paths = try container.decode([[UInt32]].self, forKey: .paths)
    let customers = try container.decode([Int].self, forKey: .customers)
    let conversions = try container.decode([Int].self, forKey: .conversions)
    let values = try container.decode([Int64].self, forKey: .values)
    guard [1, 2, 4].contains(width), paths.count == customers.count,
      paths.count == conversions.count, paths.count == values.count
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .paths, in: container, debugDescription: "not a table of paths")
    }
    for (i, codes) in paths.enumerated() {
      let bytes = codes.flatMap { code in
        withUnsafeBytes(of: code.littleEndian) { Array($0.prefix(width)) }
      }
      bytes.withUnsafeBytes {
        add($0, customers: customers[i], conversions: conversions[i], value: values[i])
      }
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(width, forKey: .width)
    try container.encode(entries.map(codes(of:)), forKey: .paths)
    try container.encode(entries.map(\.customers), forKey: .customers)
    try container.encode(entries.map(\.conversions), forKey: .conversions)
    try container.encode(entries.map(\.value), forKey: .values)
  }
}
