import Foundation

/// Many touchpoints in blocks of their numbers, which several threads read and one takes in order.
///
/// SQLite takes far longer to find what a row says than anybody to put it into columns. Who takes the
/// blocks reads those itself that nobody has begun, so that it never waits for a helper that got no
/// connection.
final class TouchpointBlocks: @unchecked Sendable {
  // Sendable by hand: what changes is read and written under the lock.
  private let lock = NSCondition()
  private let rows: ClosedRange<Int64>
  private let rowsPerBlock: Int64
  /// Blocks that somebody began to read, and blocks that were taken: always the first so many.
  private var begun: Int64 = 0
  private var taken: Int64 = 0
  private var read: [Int64: Result<[StoredRow], any Error>] = [:]
  /// Memory of blocks that were taken, to be used again: megabytes that the system would clear anew.
  private var spare: [[StoredRow]] = []
  private var isClosed = false

  /// Blocks that may be there before they are taken: some megabytes each.
  private static let ahead: Int64 = 8

  init(_ rows: ClosedRange<Int64>, rowsPerBlock: Int64) {
    self.rows = rows
    self.rowsPerBlock = rowsPerBlock
  }

  private var count: Int64 { (rows.upperBound - rows.lowerBound) / rowsPerBlock + 1 }

  private func rows(ofBlock block: Int64) -> ClosedRange<Int64> {
    let first = rows.lowerBound + block * rowsPerBlock
    return first...min(first + rowsPerBlock - 1, rows.upperBound)
  }

  /// Reads blocks by `read` until there are none left or nobody takes them any more.
  func help(_ read: (ClosedRange<Int64>, inout [StoredRow]) throws -> Void) {
    while let block = begin() {
      var rows = lock.withLock { spare.popLast() } ?? []
      rows.reserveCapacity(Int(rowsPerBlock))
      let result = Result {
        try read(self.rows(ofBlock: block), &rows)
        return rows
      }
      rows = []
      lock.withLock {
        self.read[block] = result
        lock.broadcast()
      }
    }
  }

  private func begin() -> Int64? {
    lock.withLock {
      while !isClosed, begun < count, begun - taken >= Self.ahead { lock.wait() }
      guard !isClosed, begun < count else { return nil }
      begun += 1
      return begun - 1
    }
  }

  /// Gives all blocks in order: `take` gets what helpers read, and `read` the numbers of the others.
  func takeAll(
    reading read: (ClosedRange<Int64>) throws -> Void, taking take: ([StoredRow]) -> Void
  ) throws {
    defer { close() }
    for block in 0..<count {
      var rows: [StoredRow]?
      if let result = result(of: block) {
        rows = try result.get()
        rows.map(take)
      } else {
        try read(self.rows(ofBlock: block))
      }
      rows?.removeAll(keepingCapacity: true)
      lock.withLock {
        taken = block + 1
        if let rows { spare.append(rows) }
        lock.broadcast()
      }
    }
  }

  /// What a helper read; nil when none had begun, which is now up to the caller.
  private func result(of block: Int64) -> Result<[StoredRow], any Error>? {
    lock.withLock {
      if begun == block {
        begun += 1
        return nil
      }
      while true {
        if let result = read.removeValue(forKey: block) { return result }
        lock.wait()
      }
    }
  }

  private func close() {
    lock.withLock {
      isClosed = true
      read = [:]
      lock.broadcast()
    }
  }
}
