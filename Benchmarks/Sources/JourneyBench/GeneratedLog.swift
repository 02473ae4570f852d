import Foundation
import JourneyEngine

/// About as many touchpoints as asked for, of a tenth as many customers, in order of arrival.
///
/// Lengths of journeys are geometric with mean 10, gaps exponential with mean two days, channels and
/// events skewed. The same number gives the same log.
struct GeneratedLog {
  var customers: [UInt32] = []
  /// Seconds since 1970; within a customer no two are the same.
  var seconds: [Int64] = []
  var channels: [UInt8] = []
  var events: [UInt8] = []

  private static let channelWeights: [Double] = [20, 15, 12, 10, 9, 8, 7, 6, 5, 4, 3, 1]
  private static let eventWeights = (1...24).map { 1 / Double($0) }

  init(touchpoints: Int) {
    var random = Generator(state: 7)
    let drawChannel = Self.table(Self.channelWeights)
    let drawEvent = Self.table(Self.eventWeights)
    var rows: [(customer: UInt32, seconds: Int64, channel: UInt8, event: UInt8)] = []
    rows.reserveCapacity(touchpoints + touchpoints / 20)
    for customer in 0..<UInt32(touchpoints / 10) {
      var time = 1_700_000_000 + Int64(random.unit() * 300 * 86_400)
      repeat {
        rows.append(
          (
            customer, time, drawChannel[Int(random.next() >> 52)],
            drawEvent[Int(random.next() >> 52)]
          ))
        time += Int64(-Foundation.log(1 - random.unit()) * 2 * 86_400) + 1
      } while random.unit() >= 0.1
    }
    rows.sort { ($0.seconds, $0.customer) < ($1.seconds, $1.customer) }
    customers = rows.map(\.customer)
    seconds = rows.map(\.seconds)
    channels = rows.map(\.channel)
    events = rows.map(\.event)
  }

  func table() -> JourneyTable {
    var builder = JourneyTable.Builder()
    builder.reserve(customers.count)
    let channelCodes = (0..<12).map { builder.code(.channel, "c\($0)") }
    let eventCodes = (0..<24).map { builder.code(.event, "e\($0)") }
    let contentCodes = (0..<500).map { builder.code(.content, "page \($0)") }
    for i in customers.indices {
      builder.append(
        JourneyTable.Row(
          customer: customers[i], time: seconds[i] * 1000, rowID: Int64(i),
          event: eventCodes[Int(events[i])], channel: channelCodes[Int(channels[i])],
          content: contentCodes[Int(customers[i]) &* 31 % 500], value: events[i] == 5 ? 6000 : 0))
    }
    return builder.build()
  }

  /// One file a column, as raw numbers: what the peers' script reads.
  func write(to folder: URL) throws {
    func write<T>(_ column: [T], _ name: String) throws {
      try column.withUnsafeBytes { try Data($0).write(to: folder.appending(path: name)) }
    }
    try write(customers, "customer")
    try write(seconds, "time")
    try write(channels, "channel")
    try write(events, "event")
  }

  /// 4,096 outcomes in proportion to the weights, for drawing by one look.
  private static func table(_ weights: [Double]) -> [UInt8] {
    let total = weights.reduce(0, +)
    var outcomes: [UInt8] = []
    var sum = 0.0
    for (i, weight) in weights.enumerated() {
      sum += weight
      let end = i == weights.count - 1 ? 4096 : Int(sum / total * 4096)
      while outcomes.count < end { outcomes.append(UInt8(i)) }
    }
    return outcomes
  }

  private struct Generator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }

    mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }
  }
}
