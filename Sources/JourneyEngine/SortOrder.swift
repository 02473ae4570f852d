/// In which order unsorted touchpoints become journeys: by (customer, time, row).
///
/// Customers by a radix sort of two passes, which keeps the order of arrival; that is nearly the
/// order of time already, so that a journey mostly needs a look and no sort of its own.
struct SortOrder {
  /// Positions in the unsorted columns.
  let order: [UInt32]
  /// Each customer once, ascending.
  let customers: [UInt32]
  /// Where each customer's touchpoints start in ``order``; one more for the end.
  let starts: [UInt32]

  init(customers unsorted: [UInt32], times: [Int64], rowIDs: [UInt32]) {
    precondition(unsorted.count < Int(UInt32.max), "more touchpoints than one table can hold")
    var order = Self.byCustomer(unsorted)
    var customers: [UInt32] = []
    var starts: [UInt32] = []
    for (position, index) in order.enumerated() {
      let customer = unsorted[Int(index)]
      if customers.last != customer {
        customers.append(customer)
        starts.append(UInt32(position))
      }
    }
    starts.append(UInt32(order.count))
    order.withUnsafeMutableBufferPointer { order in
      for k in customers.indices {
        let journey = UnsafeMutableBufferPointer(
          rebasing: order[Int(starts[k])..<Int(starts[k + 1])])
        Self.sortByTime(journey, times, rowIDs)
      }
    }
    self.order = order
    self.customers = customers
    self.starts = starts
  }

  /// The values of one column in this order; `unsorted` is empty afterwards.
  func gather<T: BitwiseCopyable & Sendable>(_ unsorted: inout [T]) -> Column<T> {
    defer { unsorted = [] }
    return Column(count: order.count) { sorted in
      unsorted.withUnsafeBufferPointer { unsorted in
        for (position, index) in order.enumerated() { sorted[position] = unsorted[Int(index)] }
      }
    }
  }

  /// One bit a touchpoint in this order, set for the positions `set` of the unsorted columns; empty
  /// when there are none.
  func gatherBits(_ set: [UInt32]) -> Column<UInt64> {
    guard !set.isEmpty else { return Column([]) }
    var unsorted = [UInt64](repeating: 0, count: (order.count + 63) / 64)
    for position in set { unsorted[Int(position / 64)] |= 1 << UInt64(position % 64) }
    var sorted = [UInt64](repeating: 0, count: unsorted.count)
    for (position, index) in order.enumerated() {
      let bit = unsorted[Int(index / 64)] >> UInt64(index % 64) & 1
      sorted[position / 64] |= bit << UInt64(position % 64)
    }
    return Column(sorted)
  }

  private static func byCustomer(_ customers: [UInt32]) -> [UInt32] {
    var order = [UInt32](unsafeUninitializedCapacity: customers.count) { memory, count in
      for i in customers.indices { memory[i] = UInt32(i) }
      count = customers.count
    }
    let largest = customers.max() ?? 0
    order = pass(order, customers, shift: 0)
    if largest > 0xFFFF { order = pass(order, customers, shift: 16) }
    return order
  }

  /// One pass of the radix sort: by 16 bits of the customer, stable.
  private static func pass(_ order: [UInt32], _ customers: [UInt32], shift: UInt32) -> [UInt32] {
    var next = [Int](repeating: 0, count: 65_537)
    for customer in customers { next[Int(customer &>> shift & 0xFFFF) + 1] += 1 }
    for digit in 1...65_536 { next[digit] += next[digit - 1] }
    return [UInt32](unsafeUninitializedCapacity: order.count) { sorted, count in
      for index in order {
        let digit = Int(customers[Int(index)] &>> shift & 0xFFFF)
        sorted[next[digit]] = index
        next[digit] += 1
      }
      count = order.count
    }
  }

  private static func sortByTime(
    _ journey: UnsafeMutableBufferPointer<UInt32>, _ times: [Int64], _ rowIDs: [UInt32]
  ) {
    func isBefore(_ a: UInt32, _ b: UInt32) -> Bool {
      let x = times[Int(a)]
      let y = times[Int(b)]
      return x != y ? x < y : rowIDs[Int(a)] < rowIDs[Int(b)]
    }
    for i in journey.indices.dropFirst() where isBefore(journey[i], journey[i - 1]) {
      var journey = journey
      journey.sort(by: isBefore)
      return
    }
  }
}
