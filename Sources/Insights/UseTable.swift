/// How often each of many things was used, and by how many customers.
///
/// A thing is a number below ``bound``: a code, or some codes packed together. Small bounds are
/// counted by thing, large ones in a hash table. A fold sees one customer at a time, so a customer
/// is counted once by remembering which was the last: no sets.
struct UseTable: Sendable {
  /// Things below this have a counter each.
  static let denseLimit = 1 << 16

  let bound: UInt64
  /// By thing while dense, else in the order in which things were first met.
  private var counters: Counters<Counter>
  /// The thing of each counter in use; empty while dense.
  private var things = Counters<UInt64>(count: 0)
  /// Empty while dense. Else a power of two of positions in ``counters`` plus one; 0 is free.
  private var slots = Counters<UInt32>(count: 0)
  private let seed = HashMix.seeds.first
  /// One number, in memory so that a ``Noter`` counts it on.
  private var found = Counters<Int>(count: 1)

  /// Sixteen bytes, so that four share a line of the cache. Customers have 32-bit numbers.
  fileprivate struct Counter {
    var touchpoints = 0
    var customers: UInt32 = 0
    var lastJourney: UInt32 = 0
  }

  struct Use: Sendable {
    var thing: UInt64
    var touchpoints: Int
    var customers: Int
  }

  init(bound: UInt64) {
    self.bound = bound
    if bound <= UInt64(Self.denseLimit) {
      counters = Counters(count: Int(bound))
    } else {
      counters = Counters(count: 0)
      makeRoom(for: 512)
    }
  }

  /// The table's memory for the length of a loop.
  struct Noter {
    fileprivate let bound: UInt64
    fileprivate let counters: UnsafeMutablePointer<Counter>
    fileprivate let things: UnsafeMutablePointer<UInt64>
    fileprivate let slots: UnsafeMutablePointer<UInt32>
    /// -1 while dense.
    fileprivate let slotMask: Int
    fileprivate let found: UnsafeMutablePointer<Int>
    fileprivate let seed: UInt64

    /// Notes one use. `journey` counts from 1 within one partial result.
    @inline(__always)
    func note(_ thing: UInt64, journey: UInt32) {
      precondition(thing < bound, "a thing that this table was made for")
      note(at: counters + (slotMask < 0 ? Int(thing) : position(of: thing)), journey)
    }

    /// Notes one use for each number below `count`: of the thing and by the journey that `use` gives.
    /// All uses by one journey must come together, and in one call.
    @inline(__always)
    func noteEach(_ count: Int, _ use: (Int) -> (thing: UInt64, journey: UInt32)) {
      // Loops of their own, so that none asks at each use which kind of table this is.
      if slotMask < 0, bound <= 64 {
        noteFew(count, use)
      } else if slotMask < 0 {
        for number in 0..<count {
          let (thing, journey) = use(number)
          precondition(thing < bound, "a thing that this table was made for")
          note(at: counters + Int(truncatingIfNeeded: thing), journey)
        }
      } else {
        for number in 0..<count {
          let (thing, journey) = use(number)
          note(thing, journey: journey)
        }
      }
    }

    /// What the journey has used already is a bit each of one word.
    @inline(__always)
    private func noteFew(_ count: Int, _ use: (Int) -> (thing: UInt64, journey: UInt32)) {
      var seen: UInt64 = 0
      var last: UInt32 = 0
      for number in 0..<count {
        let (thing, journey) = use(number)
        precondition(thing < bound, "a thing that this table was made for")
        seen = journey == last ? seen : 0
        last = journey
        let counter = counters + Int(truncatingIfNeeded: thing)
        counter.pointee.touchpoints &+= 1
        counter.pointee.customers &+= UInt32(truncatingIfNeeded: ~seen &>> thing & 1)
        seen |= 1 &<< thing
      }
    }

    @inline(__always)
    private func note(at counter: UnsafeMutablePointer<Counter>, _ journey: UInt32) {
      counter.pointee.touchpoints &+= 1
      counter.pointee.customers &+= counter.pointee.lastJourney == journey ? 0 : 1
      counter.pointee.lastJourney = journey
    }

    fileprivate func position(of thing: UInt64) -> Int {
      var slot = UseTable.hashed(thing, seed) & slotMask
      while slots[slot] != 0 {
        let position = Int(slots[slot]) &- 1
        if things[position] == thing { return position }
        slot = (slot &+ 1) & slotMask
      }
      let position = found.pointee
      things[position] = thing
      found.pointee = position &+ 1
      slots[slot] = UInt32(truncatingIfNeeded: position &+ 1)
      return position
    }
  }

  /// Room to note at most `uses` uses, until this table is changed in another way.
  mutating func noter(uses: Int) -> Noter {
    if slots.count > 0 { makeRoom(for: uses) }
    return Noter(
      bound: bound, counters: counters.memory(atLeast: slots.count == 0 ? Int(bound) : uses),
      things: things.memory(atLeast: 0), slots: slots.memory(atLeast: 0),
      slotMask: slots.count - 1, found: found.memory(atLeast: 1), seed: seed)
  }

  /// Adds what other customers did.
  mutating func merge(_ other: UseTable) { add(other.used) }

  mutating func add(_ uses: [Use]) {
    let noter = noter(uses: uses.count)
    for use in uses {
      precondition(use.thing < bound, "a thing that this table was made for")
      let counter =
        noter.counters + (slots.count == 0 ? Int(use.thing) : noter.position(of: use.thing))
      counter.pointee.touchpoints += use.touchpoints
      counter.pointee.customers += UInt32(use.customers)
    }
  }

  /// What was used at all, in no particular order.
  var used: [Use] {
    let isDense = slots.count == 0
    return (0..<(isDense ? counters.count : found[0])).compactMap { position in
      let counter = counters[position]
      guard counter.touchpoints > 0 else { return nil }
      return Use(
        thing: isDense ? UInt64(position) : things[position], touchpoints: counter.touchpoints,
        customers: Int(counter.customers))
    }
  }

  /// At most half of the slots are ever taken.
  private mutating func makeRoom(for uses: Int) {
    let needed = found[0] + uses
    precondition(needed < Int(UInt32.max), "fewer things than touchpoints in a table")
    guard needed > things.count else { return }
    let capacity = max(needed, things.count * 2)
    counters.grow(to: capacity)
    things.grow(to: capacity)
    guard capacity * 2 > slots.count else { return }
    var count = 1024
    while count < capacity * 2 { count *= 2 }
    slots = Counters(count: count)
    let memory = slots.memory(atLeast: count)
    for position in 0..<found[0] {
      var slot = Self.hashed(things[position], seed) & (count - 1)
      while memory[slot] != 0 { slot = (slot + 1) & (count - 1) }
      memory[slot] = UInt32(position + 1)
    }
  }

  private static func hashed(_ thing: UInt64, _ seed: UInt64) -> Int {
    Int(truncatingIfNeeded: HashMix.mix(thing, seed) >> 20)
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
      things.allSatisfy({ $0 < bound }), touchpoints.allSatisfy({ $0 >= 0 }),
      customers.allSatisfy({ UInt32(exactly: $0) != nil })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .things, in: container, debugDescription: "not a table of uses")
    }
    add(
      things.indices.map {
        Use(thing: things[$0], touchpoints: touchpoints[$0], customers: customers[$0])
      })
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
  static let seeds = (
    first: UInt64.random(in: .min ... .max), second: UInt64.random(in: .min ... .max)
  )

  /// The two halves of a full product, folded.
  @inline(__always)
  static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = (a ^ 0x9E37_79B9_7F4A_7C15).multipliedFullWidth(by: b | 1)
    return product.high ^ product.low
  }
}
