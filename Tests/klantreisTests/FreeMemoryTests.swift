import CJemalloc
import Testing

@testable import klantreis

@Suite("Memory")
struct FreeMemoryTests {
  /// What the allocator says of itself.
  private func value<Value: BitwiseCopyable>(_ name: String, _ none: Value) throws -> Value {
    var value = none
    var size = MemoryLayout<Value>.size
    try #require(mallctl(name, &value, &size, nil, 0) == 0)
    return value
  }

  @Test("is the allocator's that the program is linked with")
  func allocator() throws {
    let before = try value("thread.allocated", UInt64(0))
    let bytes = [UInt8](repeating: 1, count: 1 << 20)
    let after = try value("thread.allocated", UInt64(0))
    #expect(after - before >= UInt64(bytes.count))
  }

  @Test("is given back by a thread that the allocator begins")
  func thread() throws {
    FreeMemory.giveBackWhileIdle()
    #expect(try value("background_thread", false))
  }
}
