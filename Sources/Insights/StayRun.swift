import JourneyEngine

/// Where stays begin in journeys that stand together, and which of them follow another: found once by
/// flat loops, for all that counts stays and moves.
///
/// Rows are counted from the first of the journeys. One for each thread, used again from run to run.
final class StayRun {
  private(set) var firstRow = 0
  private(set) var rowCount = 0
  private(set) var stayCount = 0
  private(set) var moveCount = 0
  private var capacity = 0
  /// 1 where a journey begins, and one more behind the last row.
  private var begins = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
  /// 1 where a stay begins.
  private var borders = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
  private var journeyMemory = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
  private var stayMemory = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)
  private var moveMemory = UnsafeMutablePointer<UInt32>.allocate(capacity: 1)

  /// By row: the number of its journey within a partial result, from 1.
  var journeys: UnsafePointer<UInt32> { UnsafePointer(journeyMemory) }
  /// By stay: its first row. One more, for the end of the last.
  var stays: UnsafePointer<UInt32> { UnsafePointer(stayMemory) }
  /// The stays that a customer came to from another.
  var moves: UnsafePointer<UInt32> { UnsafePointer(moveMemory) }

  deinit { free() }

  private func free() {
    begins.deallocate()
    borders.deallocate()
    journeyMemory.deallocate()
    stayMemory.deallocate()
    moveMemory.deallocate()
  }

  private func reserve(rows: Int) {
    guard rows > capacity else { return }
    free()
    capacity = rows
    begins = .allocate(capacity: rows + 1)
    borders = .allocate(capacity: rows)
    journeyMemory = .allocate(capacity: rows)
    // More for what is written before it is known to count, and the end.
    stayMemory = .allocate(capacity: rows + 9)
    moveMemory = .allocate(capacity: rows + 1)
  }

  /// Finds the stays of the journeys `run`. `placed` has the phases of the block's rows; `before` is
  /// how many journeys the partial result has.
  func find(
    _ block: JourneyBlock, _ run: Range<Int>, placed: UnsafePointer<UInt8>, before: Int
  ) {
    firstRow = Int(block.starts[run.lowerBound])
    rowCount = Int(block.starts[run.upperBound]) - firstRow
    reserve(rows: rowCount)
    markBegins(block, run, begins)
    number(begins, rowCount, from: UInt32(before), into: journeyMemory)
    markBorders(placed + firstRow, begins, rowCount, into: borders)
    stayCount = SetBytes.find(borders, rowCount, into: stayMemory)
    stayMemory[stayCount] = UInt32(truncatingIfNeeded: rowCount)
    moveCount = findMoves(stayMemory, stayCount, begins, into: moveMemory)
  }

  // The loops get their memory as arguments: they need not ask this object for it in each round.

  private func markBegins(
    _ block: JourneyBlock, _ run: Range<Int>, _ begins: UnsafeMutablePointer<UInt8>
  ) {
    let first = Int(block.starts[run.lowerBound])
    begins.update(repeating: 0, count: Int(block.starts[run.upperBound]) - first + 1)
    for k in run.lowerBound...run.upperBound { begins[Int(block.starts[k]) &- first] = 1 }
  }

  private func number(
    _ begins: UnsafePointer<UInt8>, _ count: Int, from before: UInt32,
    into numbers: UnsafeMutablePointer<UInt32>
  ) {
    var journey = before
    for row in 0..<count {
      journey &+= UInt32(begins[row])
      numbers[row] = journey
    }
  }

  private func markBorders(
    _ phases: UnsafePointer<UInt8>, _ begins: UnsafePointer<UInt8>, _ count: Int,
    into borders: UnsafeMutablePointer<UInt8>
  ) {
    borders[0] = 1
    for row in 1..<max(count, 1) {
      borders[row] = (phases[row] != phases[row &- 1] ? 1 : 0) | begins[row]
    }
  }

  /// Gives how many there are.
  private func findMoves(
    _ stays: UnsafePointer<UInt32>, _ count: Int, _ begins: UnsafePointer<UInt8>,
    into moves: UnsafeMutablePointer<UInt32>
  ) -> Int {
    var found = 0
    for stay in 0..<count {
      // Written always, counted only when it is one: no branch to guess.
      moves[found] = UInt32(truncatingIfNeeded: stay)
      found &+= 1 &- Int(begins[Int(stays[stay])])
    }
    return found
  }
}
