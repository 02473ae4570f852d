import CustomerJourney
import Synchronization

/// The columns of a table as they are sorted together: each range of customers on a thread of its own.
struct FilledColumns {
  /// Each customer once, ascending.
  private(set) var customers: [UInt32] = []
  /// Where each customer's rows start; one more for the end.
  private(set) var starts: [UInt32] = []
  private(set) var hasValues = false
  /// Rows with a value in another currency, ascending.
  private(set) var foreign: [Int] = []

  let times: ColumnRoom<Int64>
  let values: ColumnRoom<Int64>
  let contents: ColumnRoom<UInt32>
  let rowIDs: ColumnRoom<UInt32>
  let events: ColumnRoom<UInt16>
  let campaigns: ColumnRoom<UInt16>
  let channels: ColumnRoom<UInt8>
  let origins: ColumnRoom<UInt8>
  let devices: ColumnRoom<UInt8>

  /// What one range of customers has.
  private struct Found {
    var customers: [UInt32] = []
    var starts: [UInt32] = []
    var hasValues = false
    var foreign: [Int] = []
  }

  init(_ rows: consuming GatheredRows, in storage: ColumnStorage) {
    let count = rows.count
    precondition(count < Int(UInt32.max), "more touchpoints than one table can hold")
    times = ColumnRoom(count: count, in: storage)
    values = ColumnRoom(count: count, in: storage)
    contents = ColumnRoom(count: count, in: storage)
    rowIDs = ColumnRoom(count: count, in: storage)
    events = ColumnRoom(count: count, in: storage)
    campaigns = ColumnRoom(count: count, in: storage)
    channels = ColumnRoom(count: count, in: storage)
    origins = ColumnRoom(count: count, in: storage)
    devices = ColumnRoom(count: count, in: storage)
    let ranges = rows.split()
    var firstRows: [Int] = []
    var before = 0
    for range in ranges {
      firstRows.append(before)
      before += range.count
    }
    let found = Mutex(Array(repeating: Found(), count: ranges.count))
    let next = Atomic(0)
    Cores.perform(iterations: min(Cores.count, ranges.count)) {
      [self, firstRows] _ in
      let room = SortingRoom()
      while true {
        let index = next.add(1, ordering: .relaxed).oldValue
        guard index < ranges.count else { return }
        ranges[index].withSorted(in: room) { sorted in
          let own = fill(from: firstRows[index], with: sorted)
          found.withLock { $0[index] = own }
        }
      }
    }
    for own in found.withLock({ $0 }) {
      customers += own.customers
      starts += own.starts
      foreign += own.foreign
      hasValues = hasValues || own.hasValues
    }
    starts.append(UInt32(count))
  }

  private func fill(from first: Int, with sorted: UnsafeBufferPointer<GatheredRow>) -> Found {
    var found = Found()
    var value: Int64 = 0
    for (place, row) in sorted.enumerated() {
      let position = first + place
      times.base[position] = row.time
      values.base[position] = row.value
      contents.base[position] = row.content
      rowIDs.base[position] = row.rowID
      events.base[position] = row.event
      campaigns.base[position] = row.campaign
      channels.base[position] = row.channel
      origins.base[position] = row.origin
      devices.base[position] = row.device
      value |= row.value
      if row.isForeign { found.foreign.append(position) }
      if place == 0 || sorted[place - 1].customer != row.customer {
        found.customers.append(row.customer)
        found.starts.append(UInt32(position))
      }
    }
    found.hasValues = value != 0
    return found
  }

  /// One bit a row, set for ``foreign``; empty when there are none.
  var foreignBits: Column<UInt64> {
    guard !foreign.isEmpty else { return Column([]) }
    var bits = [UInt64](repeating: 0, count: (times.count + 63) / 64)
    for position in foreign { bits[position / 64] |= 1 << UInt64(position % 64) }
    return Column(bits)
  }
}
