/// One fact of many touchpoints, packed and immutable.
///
/// The values live in memory that an owner keeps alive: of the process, or a mapped file's. Reading it costs no retain and no bounds check beyond `precondition` in the subscript; hot loops
/// take ``base`` and stay inside `0..<count`.
package struct Column<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  // Sendable by hand: nothing writes to the memory after the column exists.
  package let base: UnsafePointer<Element>
  package let count: Int
  private let owner: AnyObject

  package init(_ values: [Element]) {
    self.init(count: values.count) { memory in
      values.withUnsafeBufferPointer { _ = memory.update(fromContentsOf: $0) }
    }
  }

  /// `fill` must write all `count` values.
  package init(count: Int, fill: (UnsafeMutableBufferPointer<Element>) -> Void) {
    let storage = ColumnStorage<Element>(count: count)
    fill(UnsafeMutableBufferPointer(start: storage.memory, count: count))
    self.init(storage, count: count)
  }

  /// Values that stand somewhere else, such as in a mapped file. `owner` keeps that memory alive and
  /// nobody writes to it.
  init(_ base: UnsafePointer<Element>, count: Int, keptBy owner: AnyObject) {
    self.base = base
    self.count = count
    self.owner = owner
  }

  private init(_ storage: ColumnStorage<Element>, count: Int) {
    base = UnsafePointer(storage.memory)
    self.count = count
    owner = storage
  }

  /// Two columns that one loop writes. `fill` must write all `count` values of both.
  package static func pair(
    count: Int, fill: (UnsafeMutablePointer<Element>, UnsafeMutablePointer<Element>) -> Void
  ) -> (Column, Column) {
    let first = ColumnStorage<Element>(count: count)
    let second = ColumnStorage<Element>(count: count)
    fill(first.memory, second.memory)
    return (Column(first, count: count), Column(second, count: count))
  }

  package subscript(row: Int) -> Element {
    precondition(row >= 0 && row < count, "row outside the column")
    return base[row]
  }

  package var values: UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: base, count: count)
  }
}

private final class ColumnStorage<Element: BitwiseCopyable> {
  let memory: UnsafeMutablePointer<Element>

  init(count: Int) { memory = .allocate(capacity: max(count, 1)) }

  deinit { memory.deallocate() }
}
