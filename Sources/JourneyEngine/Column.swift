/// One fact of many touchpoints, packed and immutable.
///
/// The values live in memory that ``owner`` keeps alive: an array's today, a mapped file's tomorrow.
/// Reading it costs no retain and no bounds check beyond `precondition` in the subscript; hot loops
/// take ``base`` and stay inside `0..<count`.
package struct Column<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  // Sendable by hand: nothing writes to the memory after the column exists.
  package let base: UnsafePointer<Element>
  package let count: Int
  private let owner: AnyObject

  package init(_ values: [Element]) {
    let storage = ColumnStorage(copying: values)
    base = UnsafePointer(storage.memory)
    count = values.count
    owner = storage
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

  init(copying values: [Element]) {
    memory = .allocate(capacity: max(values.count, 1))
    memory.update(from: values, count: values.count)
  }

  deinit { memory.deallocate() }
}
