/// One fact of many touchpoints, packed and immutable.
///
/// The values live in memory that an owner keeps alive: of the process, or a mapped file's. Reading it
/// costs no retain and no bounds check beyond `precondition` in the subscript; hot loops take ``base``
/// and stay inside `0..<count`.
package struct Column<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  // Sendable by hand: nothing writes to the memory after the column exists.
  package let base: UnsafePointer<Element>
  package let count: Int
  private let owner: AnyObject

  package init(_ values: [Element], in storage: ColumnStorage = .own) {
    self.init(count: values.count, in: storage) { memory in
      values.withUnsafeBufferPointer { _ = memory.update(fromContentsOf: $0) }
    }
  }

  /// `fill` must write all `count` values.
  package init(
    count: Int, in storage: ColumnStorage = .own,
    fill: (UnsafeMutableBufferPointer<Element>) -> Void
  ) {
    let room = ColumnRoom<Element>(count: count, in: storage)
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
  private let isFile: Bool

  init(count: Int, in storage: ColumnStorage = .own) {
    self.count = count
    let memory = storage.allocate(
      bytes: Self.bytes(count), alignment: MemoryLayout<Element>.alignment)
    base = memory.base.bindMemory(to: Element.self, capacity: count)
    isFile = memory.isFile
  }

  deinit { ColumnStorage.deallocate(base, bytes: Self.bytes(count), isFile: isFile) }

  private static func bytes(_ count: Int) -> Int { count * MemoryLayout<Element>.stride }

  var column: Column<Element> {
    if isFile { ColumnStorage.settle(base, bytes: Self.bytes(count)) }
    return Column(self)
  }
}
