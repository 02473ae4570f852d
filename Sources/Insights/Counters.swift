/// Zeroed memory that a fold counts in: an array that a loop may hold by pointer.
///
/// A loop over millions of touchpoints asks once who owns the memory and then writes to it, where
/// an array would ask at each. Copies share memory until one of them writes.
struct Counters<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  // Sendable by hand: memory that two values share is copied before either writes.
  private var storage: Storage

  /// All zero bits must be an `Element`.
  init(count: Int) { storage = Storage(count: count) }

  var count: Int { storage.count }

  /// The memory, for the length of one loop: until this value is resized, copied or let go.
  mutating func memory(atLeast needed: Int) -> UnsafeMutablePointer<Element> {
    precondition(needed <= count, "as many counters as the loop writes to")
    if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage, count: count) }
    return storage.base
  }

  /// As they are, while this value lives unchanged.
  var values: UnsafePointer<Element> { UnsafePointer(storage.base) }

  subscript(index: Int) -> Element {
    get {
      precondition(index >= 0 && index < count, "a counter that is there")
      return storage.base[index]
    }
    set {
      precondition(index >= 0 && index < count, "a counter that is there")
      memory(atLeast: 0)[index] = newValue
    }
  }

  /// Keeps the counters that are there and adds zeros behind them.
  mutating func grow(to count: Int) {
    if count > self.count { storage = Storage(storage, count: count) }
  }

  private final class Storage {
    let base: UnsafeMutablePointer<Element>
    let count: Int

    init(count: Int) {
      self.count = count
      base = .allocate(capacity: max(count, 1))
      zero(from: 0)
    }

    init(_ other: Storage, count: Int) {
      self.count = count
      base = .allocate(capacity: max(count, 1))
      base.update(from: other.base, count: min(count, other.count))
      zero(from: min(count, other.count))
    }

    private func zero(from first: Int) {
      UnsafeMutableRawPointer(base + first).initializeMemory(
        as: UInt8.self, repeating: 0, count: (count - first) * MemoryLayout<Element>.stride)
    }

    deinit { base.deallocate() }
  }
}

extension Counters: Codable where Element: Codable {
  init(from decoder: any Decoder) throws {
    let elements = try [Element](from: decoder)
    self.init(count: elements.count)
    memory(atLeast: elements.count).update(from: elements, count: elements.count)
  }

  func encode(to encoder: any Encoder) throws {
    try (0..<count).map { self[$0] }.encode(to: encoder)
  }
}
