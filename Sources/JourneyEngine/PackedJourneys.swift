/// Columns of the touchpoints that passed a filter, and the room to work them out. One for each
/// thread.
final class PackedJourneys {
  private(set) var journeyCount = 0
  private var rowCount = 0
  private let masks = Room<UInt8>()
  private let customerMasks = Room<UInt8>()
  /// Rows of the table that passed.
  private let kept = Room<UInt32>()
  /// Of each eight rows of the run their masks, and how many rows passed before them.
  private let words = Room<UInt64>()
  private let before = Room<UInt32>()
  private let starts = Room<UInt32>()
  private let customers = Room<UInt32>()
  private let times = Room<Int64>()
  private let events = Room<UInt16>()
  private let channels = Room<UInt8>()
  private let origins = Room<UInt8>()
  private let devices = Room<UInt8>()
  private let contents = Room<UInt32>()
  private let campaigns = Room<UInt16>()
  private let values = Room<Int64>()
  private let phases = Room<UInt8>()
  private let rules = Room<UInt8>()

  /// Room for a byte a touchpoint and a byte a journey.
  var mask: UnsafeMutablePointer<UInt8> { masks.base }
  var customerMask: UnsafeMutablePointer<UInt8> { customerMasks.base }

  /// Memory that is only ever made anew: what was there is lost when it grows.
  private final class Room<Element: BitwiseCopyable> {
    private(set) var base = UnsafeMutablePointer<Element>.allocate(capacity: 1)
    private var capacity = 1

    deinit { base.deallocate() }

    func reserve(_ count: Int) {
      guard count > capacity else { return }
      base.deallocate()
      capacity = count
      base = .allocate(capacity: count)
    }
  }

  func reserve(rows: Int, journeys: Int) {
    masks.reserve(rows)
    customerMasks.reserve(journeys)
    words.reserve(rows / 8 + 1)
    before.reserve(rows / 8 + 1)
    // More for what is written before it is known to count.
    kept.reserve(rows + 8)
    starts.reserve(journeys + 1)
    customers.reserve(journeys + 1)
  }

  /// Finds the rows that `mask` lets through and the journeys that they make.
  func pack(
    _ table: JourneyTable, _ range: Range<Int>, _ rows: RuleRows, _ mask: UnsafePointer<UInt8>
  ) {
    let kept = kept.base
    let before = before.base
    let words = words.base
    var passed = 0
    SetBytes.table.withUnsafeBufferPointer { table in
      guard let table = table.baseAddress else { return }
      @inline(__always)
      func note(_ word: Int, _ bytes: UInt64) {
        let first = rows.first &+ word &* 8
        words[word] = bytes
        before[word] = UInt32(truncatingIfNeeded: passed)
        SetBytes.write(bytes, from: UInt32(truncatingIfNeeded: first), to: kept + passed, table)
        passed &+= SetBytes.ones(bytes)
      }
      let whole = rows.count / 8
      for word in 0..<whole { note(word, SetBytes.whole(mask, from: word &* 8)) }
      note(whole, SetBytes.eight(mask, from: whole &* 8, of: rows.count))
    }
    /// How many rows passed before `row`: the bytes below it are added up by one multiplication.
    func passedBefore(_ row: Int) -> UInt32 {
      let below = words[row &>> 3] & ((1 &<< UInt64(8 &* (row & 7))) &- 1)
      let sum = (below &* 0x0101_0101_0101_0101) &>> 56
      return before[row &>> 3] &+ UInt32(truncatingIfNeeded: sum)
    }
    let starts = starts.base
    let customers = customers.base
    let numbers = table.customers.base + range.lowerBound
    var found = 0
    var start: UInt32 = 0
    for journey in 0..<range.count {
      let end = passedBefore(rows.end(journey))
      starts[found] = start
      customers[found] = numbers[journey]
      // The sign of a difference: a comparison would be a branch, and one that nobody can guess.
      found &+= Int(truncatingIfNeeded: (UInt64(start) &- UInt64(end)) &>> 63)
      start = end
    }
    starts[found] = UInt32(truncatingIfNeeded: passed)
    journeyCount = found
    rowCount = passed
  }

  /// Copies those columns of what passed together.
  func copy(_ columns: Columns, of table: JourneyTable, _ placement: PhasePlacement?) {
    if columns.contains(.times) { copy(table.times, into: times) }
    if columns.contains(.events) { copy(table.events, into: events) }
    if columns.contains(.channels) { copy(table.channels, into: channels) }
    if columns.contains(.origins) { copy(table.origins, into: origins) }
    if columns.contains(.devices) { copy(table.devices, into: devices) }
    if columns.contains(.contents) { copy(table.contents, into: contents) }
    if columns.contains(.campaigns) { copy(table.campaigns, into: campaigns) }
    if columns.contains(.values) { copy(table.values, into: values) }
    guard let placement else { return }
    if columns.contains(.phases) { copy(placement.phases, into: phases) }
    if columns.contains(.rules) { copy(placement.rules, into: rules) }
  }

  private func copy<Element>(_ column: Column<Element>, into room: Room<Element>) {
    room.reserve(rowCount)
    let source = column.base
    let target = room.base
    let kept = kept.base
    for row in 0..<rowCount { target[row] = source[Int(kept[row])] }
  }

  func block(isPlaced: Bool) -> JourneyBlock {
    JourneyBlock(
      journeyCount: journeyCount, starts: starts.base, customers: customers.base,
      times: times.base, events: events.base, channels: channels.base, origins: origins.base,
      devices: devices.base, contents: contents.base, campaigns: campaigns.base,
      values: values.base, phases: isPlaced ? phases.base : nil,
      rules: isPlaced ? rules.base : nil)
  }
}
