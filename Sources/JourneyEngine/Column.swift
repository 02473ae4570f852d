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
    let room = ColumnRoom<Element>(count: count)
    fill(UnsafeMutableBufferPointer(start: room.base, count: count))
    self.init(room)
  }

  /// Values that stand somewhere else, such as in a mapped file. `owner` keeps that memory alive and
  /// nobody writes to it.
  init(_ base: UnsafePointer<Element>, count: Int, keptBy owner: AnyObject) {
    self.base = base
    self.count = count
    self.owner = owner
  }

  fileprivate init(_ room: ColumnRoom<Element>) {
    base = UnsafePointer(room.base)
    count = room.count
    owner = room
  }

  package subscript(row: Int) -> Element {
    precondition(row >= 0 && row < count, "row outside the column")
    return base[row]
  }

  package var values: UnsafeBufferPointer<Element> {
    UnsafeBufferPointer(start: base, count: count)
  }
}

/// Memory of a column that is to be. All of it must be written before somebody reads ``column``, and
/// nothing after that; threads write to places of their own.
final class ColumnRoom<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  let base: UnsafeMutablePointer<Element>
  let count: Int

  init(count: Int) {
    self.count = count
    base = .allocate(capacity: max(count, 1))
  }

  deinit { base.deallocate() }

  var column: Column<Element> { Column(self) }
}
