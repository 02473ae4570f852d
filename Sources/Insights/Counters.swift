#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

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
    let old = self.count
    guard count > old else { return }
    growUnset(to: count)
    UnsafeMutableRawPointer(storage.base + old).initializeMemory(
      as: UInt8.self, repeating: 0, count: (count - old) * MemoryLayout<Element>.stride)
  }

  /// Keeps the counters that are there; those behind them hold anything until they are written.
  mutating func growUnset(to count: Int) {
    guard count > self.count else { return }
    if isKnownUniquelyReferenced(&storage) {
      storage.grow(to: count)
    } else {
      storage = Storage(storage, count: count)
    }
  }

  /// By the C library's calls, which hand out zeros and grow large memory without touching it.
  private final class Storage {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var count: Int

    init(count: Int) {
      let memory = calloc(max(count, 1), MemoryLayout<Element>.stride)
      base = Self.bound(memory, count)
      self.count = count
    }

    convenience init(_ other: Storage, count: Int) {
      self.init(count: count)
      base.update(from: other.base, count: min(count, other.count))
    }

    func grow(to count: Int) {
      base = Self.bound(realloc(base, count * MemoryLayout<Element>.stride), count)
      self.count = count
    }

    private static func bound(
      _ memory: UnsafeMutableRawPointer?, _ count: Int
    ) -> UnsafeMutablePointer<Element> {
      guard let memory else { preconditionFailure("out of memory for \(count) counters") }
      return memory.bindMemory(to: Element.self, capacity: max(count, 1))
    }

    deinit { free(base) }
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
