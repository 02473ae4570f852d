import CustomerJourney

/// The rows of some journeys as the passes see them: positions count from the first of the rows.
struct RuleRows {
  let first: Int
  let count: Int
  let journeyCount: Int
  let times: UnsafePointer<Int64>
  let values: UnsafePointer<Int64>
  private let starts: UnsafePointer<UInt32>

  init(_ table: JourneyTable, _ range: Range<Int>) {
    first = Int(table.starts[range.lowerBound])
    count = Int(table.starts[range.upperBound]) - first
    journeyCount = range.count
    times = table.times.base + first
    values = table.values.base + first
    starts = table.starts.base + range.lowerBound
  }

  @inline(__always) func start(_ journey: Int) -> Int { Int(starts[journey]) &- first }
  @inline(__always) func end(_ journey: Int) -> Int { Int(starts[journey &+ 1]) &- first }

  /// The last row of a journey at or before `instant`, -1 when there is none.
  func latest(_ journey: Int, at instant: Int64) -> Int {
    let start = start(journey)
    let end = end(journey)
    // Of most instants that are asked for, all is history.
    if times[end - 1] <= instant { return end - 1 }
    let after = firstRow(in: start..<end, later: instant)
    return after == start ? -1 : after - 1
  }

  /// The first of the rows that is later than `instant`, the end of them without one.
  @inline(__always)
  func firstRow(in rows: Range<Int>, later instant: Int64) -> Int {
    var low = rows.lowerBound
    var count = rows.count
    // Halves without a branch to guess.
    while count > 0 {
      let half = (count &+ 1) &>> 1
      low &+= times[low &+ half &- 1] <= instant ? half : 0
      count &-= half
    }
    return low
  }

  /// The first or last row up to `latest` at which the mask is set.
  func anchor(
    _ journey: Int, _ end: RuleEnd, _ mask: UnsafePointer<UInt8>, latest: Int
  ) -> Int? {
    guard latest >= 0 else { return nil }
    let history = start(journey)...latest
    switch end {
    case .first: return history.first { mask[$0] != 0 }
    case .last: return history.last { mask[$0] != 0 }
    }
  }
}

/// What a pass adds up: touchpoints in 64 bits, money in 128. A table has fewer than 2^32 rows, so
/// neither can overflow, and a window can take out again what it took in.
protocol RuleTotal: FixedWidthInteger & SignedInteger {}
extension Int64: RuleTotal {}
extension Int128: RuleTotal {}

/// Loops over bytes and columns, one step of a program each. Masks hold 0 or 1.
enum RulePass {
  typealias Mask = UnsafePointer<UInt8>
  typealias Output = UnsafeMutablePointer<UInt8>

  static func not(_ mask: Mask, _ count: Int, into output: Output) {
    for row in 0..<count { output[row] = mask[row] ^ 1 }
  }

  /// How many of some rows are set.
  static func ones(_ mask: Mask, _ rows: Range<Int>) -> Int64 {
    func sum(_ bytes: UInt64) -> Int64 {
      Int64(truncatingIfNeeded: (bytes &* 0x0101_0101_0101_0101) &>> 56)
    }
    func word(_ row: Int) -> UInt64 {
      UInt64(littleEndian: UnsafeRawPointer(mask + row).loadUnaligned(as: UInt64.self))
    }
    var total: Int64 = 0
    var row = rows.lowerBound
    while row &+ 8 <= rows.upperBound {
      total &+= sum(word(row))
      row &+= 8
    }
    let rest = rows.upperBound &- row
    guard rest > 0 else { return total }
    guard rows.upperBound >= 8 else {
      for row in row..<rows.upperBound { total &+= Int64(mask[row]) }
      return total
    }
    // The eight rows that end with the last, without those before.
    return total &+ sum(word(rows.upperBound &- 8) &>> UInt64(8 &* (8 &- rest)))
  }

  /// Of bytes that have a test each in their bits, one test.
  static func pick(_ bit: Int, of bytes: Mask, _ count: Int, into output: Output) {
    let bit = UInt8(truncatingIfNeeded: bit)
    for row in 0..<count { output[row] = bytes[row] &>> bit & 1 }
  }

  /// Makes a mask a bit of each byte of the output; of what was there before where `isFirst` is false.
  static func setBit(
    _ bit: Int, _ mask: Mask, _ count: Int, isFirst: Bool, into output: Output
  ) {
    let bit = UInt8(truncatingIfNeeded: bit)
    if isFirst {
      for row in 0..<count { output[row] = mask[row] &<< bit }
    } else {
      for row in 0..<count { output[row] |= mask[row] &<< bit }
    }
  }

  static func and(_ mask: Mask, _ count: Int, into output: Output) {
    for row in 0..<count { output[row] &= mask[row] }
  }

  static func or(_ mask: Mask, _ count: Int, into output: Output) {
    for row in 0..<count { output[row] |= mask[row] }
  }

  /// Codes of a column are below the size of its lookup table by the table's own making.
  @inline(__always)
  static func look<Code: FixedWidthInteger & UnsignedInteger>(
    _ codes: UnsafePointer<Code>, _ count: Int, in lookup: RuleLookup, into output: Output
  ) {
    if let run = lookup.run, let first = Code(exactly: run.lowerBound),
      let width = Code(exactly: run.count - 1)
    {
      // Neighbours in the dictionary: a loop that compilers turn into wide comparisons.
      for row in 0..<count { output[row] = codes[row] &- first <= width ? 1 : 0 }
      return
    }
    lookup.bytes.withUnsafeBufferPointer { lookup in
      guard let lookup = lookup.baseAddress else { return }
      for row in 0..<count { output[row] = lookup[Int(codes[row])] }
    }
  }

  static func bits(
    _ rowIDs: UnsafePointer<UInt32>, _ count: Int, of bits: [UInt64], into output: Output
  ) {
    bits.withUnsafeBufferPointer { bits in
      for row in 0..<count {
        let word = Int(rowIDs[row] >> 6)
        let bit = word < bits.count ? bits[word] >> UInt64(rowIDs[row] & 63) & 1 : 0
        output[row] = UInt8(truncatingIfNeeded: bit)
      }
    }
  }

  static func compare(
    _ values: UnsafePointer<Int64>, _ count: Int, _ bounds: RuleBounds, into output: Output
  ) {
    for row in 0..<count { output[row] = bounds.bit(values[row]) }
  }

  static func gaps(_ rows: RuleRows, _ bounds: RuleBounds, into output: Output) {
    let times = rows.times
    for row in 1..<max(rows.count, 1) { output[row] = bounds.bit(times[row] &- times[row - 1]) }
    for journey in 0..<rows.journeyCount where rows.start(journey) < rows.count {
      output[rows.start(journey)] = 0
    }
  }

  /// How many rows of the journey so far, or of the cycle, are set in the mask. `resets` has 1 where
  /// counting begins again.
  static func count(
    _ mask: Mask, _ count: Int, _ bounds: RuleBounds, resetting resets: Mask,
    into output: Output
  ) {
    if let few = FewCounted(bounds) {
      few.count(mask, count, resetting: resets, into: output)
      return
    }
    var total: Int64 = 0
    if let low = bounds.onlyLow {
      for row in 0..<count {
        total = (total & (Int64(resets[row]) &- 1)) &+ Int64(mask[row])
        output[row] = total >= low ? 1 : 0
      }
    } else {
      for row in 0..<count {
        total = (total & (Int64(resets[row]) &- 1)) &+ Int64(mask[row])
        output[row] = bounds.bit(total)
      }
    }
  }

  /// How many rows of a window that slides are set in the mask: at least `n` are when the `n`th latest
  /// is in it, so that no row is looked at again when it goes out. `moments` is room for twice as many
  /// moments as there are rows, and two.
  static func recent(
    _ rows: RuleRows, _ mask: Mask, _ milliseconds: Int64, _ bounds: RuleBounds,
    resetting resets: Mask, _ moments: UnsafeMutablePointer<Int64>, into output: Output
  ) {
    /// -1 where a journey is longer than the window, and 0 where it is not.
    @inline(__always)
    func excess(_ journey: Int) -> Int {
      let length = rows.times[rows.end(journey) &- 1] &- rows.times[rows.start(journey)]
      return Int((milliseconds &- length) &>> 63)
    }
    var longer = 0
    for journey in 0..<rows.journeyCount {
      longer &+= excess(journey) & (rows.end(journey) &- rows.start(journey))
    }
    // A journey that is no longer than the window is all in it, and counting it all costs less.
    guard longer < rows.count / 2, let few = FewCounted(bounds) else {
      return slide(rows, 0..<rows.count, mask, milliseconds, bounds, resets, moments, into: output)
    }
    few.count(mask, rows.count, resetting: resets, into: output)
    for journey in 0..<rows.journeyCount where longer > 0 && excess(journey) < 0 {
      slide(
        rows, rows.start(journey)..<rows.end(journey), mask, milliseconds, bounds, resets, moments,
        into: output)
    }
  }

  private static func slide(
    _ rows: RuleRows, _ range: Range<Int>, _ mask: Mask, _ milliseconds: Int64,
    _ bounds: RuleBounds, _ resets: Mask, _ moments: UnsafeMutablePointer<Int64>,
    into output: Output
  ) {
    // No more rows than there are can be in the window.
    let most = range.count + 1
    let low = min(Int(bounds.low), most)
    let above = bounds.high == .max ? most : min(Int(bounds.high) + 1, most)
    let before = max(low, above == most ? 1 : above, 1)
    // Before all moments: of a window that looks further back nothing is in it.
    moments.update(repeating: .min, count: before)
    let list = moments + before
    /// 1 when as many rows as `number` are in the window; `end` stands behind the latest of them.
    @inline(__always)
    func have(_ number: Int, _ end: UnsafeMutablePointer<Int64>, _ earliest: Int64) -> UInt8 {
      end[0 &- number] >= earliest ? 1 : 0
    }
    if low == most || above <= 0 {
      (output + range.lowerBound).update(repeating: 0, count: range.count)
    } else if low <= 0, above == most {
      (output + range.lowerBound).update(repeating: 1, count: range.count)
    } else if above == most {
      slide(rows, range, mask, milliseconds, resets, list, into: output) { have(low, $0, $1) }
    } else if low <= 0 {
      slide(rows, range, mask, milliseconds, resets, list, into: output) {
        have(above, $0, $1) ^ 1
      }
    } else {
      slide(rows, range, mask, milliseconds, resets, list, into: output) {
        have(low, $0, $1) & (have(above, $0, $1) ^ 1)
      }
    }
    guard bounds.inverted != 0 else { return }
    for row in range { output[row] ^= 1 }
  }

  /// Moments are counted so that each journey begins more than a window after the one before it has
  /// ended: then nothing of that one is in a window, and nobody need ask whose a moment is.
  @inline(__always)
  private static func slide(
    _ rows: RuleRows, _ range: Range<Int>, _ mask: Mask, _ milliseconds: Int64, _ resets: Mask,
    _ list: UnsafeMutablePointer<Int64>, into output: Output,
    _ answer: (_ end: UnsafeMutablePointer<Int64>, _ earliest: Int64) -> UInt8
  ) {
    let times = rows.times
    var end = list
    var shift: Int64 = 0
    var moment: Int64 = 0
    for row in range {
      let time = times[row]
      shift = resets[row] != 0 ? moment &+ milliseconds &+ 1 &- time : shift
      moment = time &+ shift
      // Written always, counted only when it is set: no branch to guess.
      end.pointee = moment
      end += Int(mask[row])
      output[row] = answer(end, moment &- milliseconds)
    }
  }

  /// Totals from the start of the journey, or of the cycle where `resets` says so.
  @inline(__always)
  static func running<Total: RuleTotal>(
    _ count: Int, _ bounds: RuleBounds, resetting resets: Mask, into output: Output,
    _ weight: (Int) -> Total
  ) {
    var total: Total = 0
    for row in 0..<count {
      if resets[row] != 0 { total = 0 }
      total &+= weight(row)
      output[row] = bounds.bit(total)
    }
  }

  /// Totals over a window that slides: each row comes in once and goes out once.
  @inline(__always)
  static func within<Total: RuleTotal>(
    _ rows: RuleRows, _ milliseconds: Int64, _ bounds: RuleBounds, into output: Output,
    _ weight: (Int) -> Total
  ) {
    let times = rows.times
    for journey in 0..<rows.journeyCount {
      var total: Total = 0
      var oldest = rows.start(journey)
      for row in oldest..<rows.end(journey) {
        total &+= weight(row)
        let earliest = times[row] &- milliseconds
        while times[oldest] < earliest {
          total &-= weight(oldest)
          oldest += 1
        }
        output[row] = bounds.bit(total)
      }
    }
  }

  /// Totals of what came strictly after the first or last row at which `anchors` is set.
  @inline(__always)
  static func after<Total: RuleTotal>(
    _ rows: RuleRows, _ end: RuleEnd, _ anchors: Mask, _ bounds: RuleBounds,
    into output: Output, _ weight: (Int) -> Total
  ) {
    let restarts = end == .last
    for journey in 0..<rows.journeyCount {
      var total: Total = 0
      var isCounting = false
      for row in rows.start(journey)..<rows.end(journey) {
        if anchors[row] != 0, restarts || !isCounting {
          isCounting = true
          total = 0
        } else if isCounting {
          total &+= weight(row)
        }
        output[row] = bounds.bit(total)
      }
    }
  }

  static func since(
    _ rows: RuleRows, _ end: RuleEnd, _ mask: Mask, _ bounds: RuleBounds, into output: Output
  ) {
    let times = rows.times
    let keepsFirst = end == .first
    for journey in 0..<rows.journeyCount {
      var anchor = -1
      for row in rows.start(journey)..<rows.end(journey) {
        if mask[row] != 0, anchor < 0 || !keepsFirst { anchor = row }
        output[row] = anchor < 0 ? 0 : bounds.bit(times[row] &- times[anchor])
      }
    }
  }
}
