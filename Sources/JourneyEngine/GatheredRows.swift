#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// A touchpoint between the store and a table: its value in each column, side by side in 36 bytes.
struct GatheredRow: BitwiseCopyable {
  let customer: UInt32
  // In halves, so that rows need no room between them to begin at a multiple of eight.
  private let timeHalves: (low: UInt32, high: UInt32)
  private let valueHalves: (low: UInt32, high: UInt32)
  let rowID: UInt32
  let content: UInt32
  let event: UInt16
  let campaign: UInt16
  let channel: UInt8
  let origin: UInt8
  let device: UInt8
  let isForeign: Bool

  init(_ row: JourneyTable.Row) {
    customer = row.customer
    timeHalves = Self.halves(row.time)
    valueHalves = Self.halves(row.value)
    rowID = UInt32(row.rowID)
    content = row.content
    event = UInt16(row.event)
    campaign = UInt16(row.campaign)
    channel = UInt8(row.channel)
    origin = UInt8(row.origin)
    device = UInt8(row.device)
    isForeign = row.isForeign
  }

  @inline(__always) var time: Int64 { Self.whole(timeHalves) }
  @inline(__always) var value: Int64 { Self.whole(valueHalves) }

  @inline(__always)
  private static func halves(_ number: Int64) -> (low: UInt32, high: UInt32) {
    (UInt32(truncatingIfNeeded: number), UInt32(truncatingIfNeeded: number &>> 32))
  }

  @inline(__always)
  private static func whole(_ halves: (low: UInt32, high: UInt32)) -> Int64 {
    Int64(bitPattern: UInt64(halves.high) &<< 32 | UInt64(halves.low))
  }

  /// The order of a table: by customer, time and arrival.
  @inline(__always)
  static func < (a: Self, b: Self) -> Bool {
    if a.customer != b.customer { return a.customer < b.customer }
    return a.time != b.time ? a.time < b.time : a.rowID < b.rowID
  }
}

/// Touchpoints in any order, until they are sorted into a table.
///
/// Where many are expected, those of a range of customers stand together. Sorting then has no more
/// before it than a core's cache holds, cores sort beside each other, and what was sorted is let go
/// while the columns fill, so that both are never there at once.
struct GatheredRows: ~Copyable {
  private(set) var count = 0
  private var ranges: [RangeOfRows] = []
  /// A range is as many customers as these bits can number.
  private let rangeBits: UInt64

  /// Where many stand, if there is one.
  private let file: UnnamedFile?

  /// From so many touchpoints on ranges are worth their while.
  private static let many = 1 << 18

  init(expecting touchpoints: Int = 0, in storage: ColumnStorage = .own) {
    let isMany = touchpoints >= Self.many
    rangeBits = isMany ? 12 : 32
    file = isMany ? storage.file(forBytes: touchpoints * MemoryLayout<GatheredRow>.stride) : nil
  }

  mutating func append(_ row: GatheredRow) {
    let range = Int(UInt64(row.customer) &>> rangeBits)
    while ranges.count <= range { ranges.append(RangeOfRows()) }
    ranges[range].append(row, in: file)
    count += 1
  }

  var customers: Set<UInt32> {
    var customers: Set<UInt32> = []
    for range in ranges {
      range.forEachChunk { for row in $0 { customers.insert(row.customer) } }
    }
    return customers
  }

  /// Ascending by customer; each can be sorted by a thread of its own.
  consuming func split() -> [RangeOfRows] { ranges }
}

/// The touchpoints of a range of customers, in the order of their arrival.
final class RangeOfRows: @unchecked Sendable {
  // Sendable by hand: one thread appends, and after that one thread sorts.
  private var chunks: [UnsafeMutablePointer<GatheredRow>] = []
  /// Free places at the end of the last chunk.
  private var free = 0

  /// Whole pages of them.
  private static let rowsPerChunk = 4096

  /// Of the system's own, since other threads give it back than took it, and it is to be free at once.
  private static let chunkBytes = rowsPerChunk * MemoryLayout<GatheredRow>.stride

  deinit { letGo() }

  var count: Int { chunks.count * Self.rowsPerChunk - free }

  func append(_ row: GatheredRow, in file: UnnamedFile?) {
    if free == 0 {
      chunks.append(Self.makeChunk(in: file))
      free = Self.rowsPerChunk
    }
    chunks[chunks.count - 1][Self.rowsPerChunk - free] = row
    free -= 1
  }

  @inline(__always)
  func forEachChunk(_ body: (UnsafeBufferPointer<GatheredRow>) -> Void) {
    for (index, chunk) in chunks.enumerated() {
      let rows = Self.rowsPerChunk - (index == chunks.count - 1 ? free : 0)
      body(UnsafeBufferPointer(start: chunk, count: rows))
    }
  }

  private static func makeChunk(in file: UnnamedFile?) -> UnsafeMutablePointer<GatheredRow> {
    let memory =
      file?.take(chunkBytes)
      ?? mmap(nil, chunkBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      preconditionFailure("out of memory for \(rowsPerChunk) touchpoints")
    }
    return memory.bindMemory(to: GatheredRow.self, capacity: rowsPerChunk)
  }

  private func letGo() {
    for chunk in chunks { munmap(chunk, Self.chunkBytes) }
    chunks = []
    free = 0
  }

  /// Gives the rows in the order of a table, and is empty after that.
  ///
  /// Counting puts together the rows of each customer, or of a few neighbours where there are more
  /// numbers than rows, and keeps the order of arrival. That is nearly the order of time already, so
  /// that most need a look and no sort of their own.
  func withSorted(in room: SortingRoom, _ body: (UnsafeBufferPointer<GatheredRow>) -> Void) {
    let count = count
    let sorted = room.rows(count)
    var lowest = UInt32.max
    var highest: UInt32 = 0
    forEachChunk { rows in
      for row in rows {
        lowest = min(lowest, row.customer)
        highest = max(highest, row.customer)
      }
    }
    guard lowest <= highest else { return body(UnsafeBufferPointer(sorted)) }
    var bits: UInt32 = 0
    while Int((highest - lowest) &>> bits) > 2 * count { bits += 1 }
    // By group: how many rows stand before it; after the rows were put there, where it ends.
    var ends = [UInt32](repeating: 0, count: Int((highest - lowest) &>> bits) + 2)
    ends.withUnsafeMutableBufferPointer { ends in
      forEachChunk { rows in
        for row in rows { ends[Int((row.customer &- lowest) &>> bits) + 1] &+= 1 }
      }
      for group in 1..<ends.count { ends[group] &+= ends[group - 1] }
      forEachChunk { rows in
        for row in rows {
          let group = Int((row.customer &- lowest) &>> bits)
          sorted[Int(ends[group])] = row
          ends[group] &+= 1
        }
      }
      letGo()
      var first = 0
      for group in 0..<(ends.count - 1) {
        let end = Int(ends[group])
        Self.sort(UnsafeMutableBufferPointer(rebasing: sorted[first..<end]))
        first = end
      }
    }
    body(UnsafeBufferPointer(sorted))
  }

  private static func sort(_ rows: UnsafeMutableBufferPointer<GatheredRow>) {
    for row in rows.indices.dropFirst() where rows[row] < rows[row - 1] {
      var rows = rows
      rows.sort(by: <)
      return
    }
  }
}

/// Memory to sort in, used again from range to range. One for each thread.
final class SortingRoom {
  private var memory = UnsafeMutableBufferPointer<GatheredRow>.allocate(capacity: 0)

  deinit { memory.deallocate() }

  func rows(_ count: Int) -> UnsafeMutableBufferPointer<GatheredRow> {
    if count > memory.count {
      memory.deallocate()
      memory = .allocate(capacity: count)
    }
    return UnsafeMutableBufferPointer(rebasing: memory[..<count])
  }
}
