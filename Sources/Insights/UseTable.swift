/// How often each of many things was used, and by how many customers.
///
/// A thing is a number below ``bound``: a code, or some codes packed together. Small bounds are
/// counted in plain arrays, large ones in a hash table. A fold sees one customer at a time, so a
/// customer is counted once by remembering which was the last: no sets.
struct UseTable: Sendable {
  /// Things below this are counted in arrays of this size.
  static let denseLimit = 1 << 16

  let bound: UInt64
  private var entries: [Entry]
  /// Empty while dense. Else a power of two of positions in ``entries`` plus one; 0 is free.
  private var slots: [UInt32]

  struct Entry: Sendable {
    var thing: UInt64
    var touchpoints = 0
    var customers = 0
    fileprivate var lastJourney: UInt64 = 0
  }

  init(bound: UInt64) {
    self.bound = bound
    if bound <= UInt64(Self.denseLimit) {
      entries = (0..<bound).map { Entry(thing: $0) }
      slots = []
    } else {
      entries = []
      slots = Array(repeating: 0, count: 1024)
    }
  }

  /// Notes one use. `journey` counts from 1 within one partial result.
  @inline(__always)
  mutating func note(_ thing: UInt64, journey: UInt64) {
    let position = position(of: thing)
    entries.withUnsafeMutableBufferPointer { entries in
      entries[position].touchpoints &+= 1
      if entries[position].lastJourney != journey {
        entries[position].lastJourney = journey
        entries[position].customers &+= 1
      }
    }
  }

  /// Adds what other customers did.
  mutating func merge(_ other: UseTable) {
    for entry in other.used {
      add(entry.thing, touchpoints: entry.touchpoints, customers: entry.customers)
    }
  }

  mutating func add(_ thing: UInt64, touchpoints: Int, customers: Int) {
    let position = position(of: thing)
    entries[position].touchpoints += touchpoints
    entries[position].customers += customers
  }

  /// What was used at all, in no particular order.
  var used: [Entry] { entries.filter { $0.touchpoints > 0 } }

  @inline(__always)
  private mutating func position(of thing: UInt64) -> Int {
    precondition(thing < bound, "a thing that this table was made for")
    return slots.isEmpty ? Int(thing) : hashedPosition(of: thing)
  }

  private mutating func hashedPosition(of thing: UInt64) -> Int {
    if entries.count * 2 >= slots.count { growSlots() }
    var slot = hashed(thing) & (slots.count - 1)
    while slots[slot] != 0 {
      let position = Int(slots[slot]) - 1
      if entries[position].thing == thing { return position }
      slot = (slot + 1) & (slots.count - 1)
    }
    entries.append(Entry(thing: thing))
    slots[slot] = UInt32(entries.count)
    return entries.count - 1
  }

  private mutating func growSlots() {
    slots = Array(repeating: 0, count: slots.count * 2)
    for (position, entry) in entries.enumerated() {
      var slot = hashed(entry.thing) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(position + 1)
    }
  }

  private func hashed(_ thing: UInt64) -> Int {
    Int(truncatingIfNeeded: HashMix.mix(thing, HashMix.processSeed) >> 20)
  }
}

extension UseTable: Codable {
  private enum CodingKeys: String, CodingKey {
    case bound, things, touchpoints, customers
  }

  init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(bound: try container.decode(UInt64.self, forKey: .bound))
    let things = try container.decode([UInt64].self, forKey: .things)
    let touchpoints = try container.decode([Int].self, forKey: .touchpoints)
    let customers = try container.decode([Int].self, forKey: .customers)
    guard things.count == touchpoints.count, things.count == customers.count,
      things.allSatisfy({ $0 < bound })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .things, in: container, debugDescription: "not a table of uses")
    }
    for (i, thing) in things.enumerated() {
      add(thing, touchpoints: touchpoints[i], customers: customers[i])
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    let used = used.sorted { $0.thing < $1.thing }
    try container.encode(bound, forKey: .bound)
    try container.encode(used.map(\.thing), forKey: .things)
    try container.encode(used.map(\.touchpoints), forKey: .touchpoints)
    try container.encode(used.map(\.customers), forKey: .customers)
  }
}

/// Spreads keys over hash tables.
enum HashMix {
  /// Drawn once a process, so that nobody outside can choose names that collide. Answers do not
  /// depend on it.
  static let processSeed = UInt64.random(in: .min ... .max)

  /// The two halves of a full product, folded.
  @inline(__always)
  static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = (a ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: b | 1)
    return product.high ^ product.low
  }
}
