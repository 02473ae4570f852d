import CustomerJourney
import Foundation
import JourneyEngine

/// About as many touchpoints as asked for, of a tenth as many customers, by customer and time.
///
/// Lengths of journeys are geometric with mean 10, gaps exponential with mean two days, channels,
/// events, origins and content skewed. The same number gives the same log.
struct GeneratedLog {
  /// The touchpoints of customer `k` begin at `starts[k]`.
  var starts: [Int] = []
  /// Seconds since 1970; within a customer no two are the same.
  var seconds: [Int64] = []
  var channels: [UInt8] = []
  var events: [UInt8] = []
  private var origins: [UInt8] = []
  private var contents: [UInt16] = []

  /// The first four are the funnel's steps; 5 is the one that has a value.
  static let eventNames = [
    "Page Viewed", "Product Viewed", "Product Added", "Checkout Started", "Message Sent",
    "Order Completed", "Session Started", "Message Opened", "Product List Viewed",
    "Ad Impression", "Products Searched", "Message Clicked", "Cart Viewed", "Ad Clicked",
    "Review Read", "Payment Info Entered", "Product Compared", "Support Requested",
    "Product Removed", "Signed Up", "Video Watched", "Coupon Applied", "Form Submitted",
    "Payment Failed",
  ]
  private static let channelWeights: [Double] = [20, 15, 12, 10, 9, 8, 7, 6, 5, 4, 3, 1]
  private static let originNames = [
    "Direct", "Paid Search", "Organic Search", "Email", "Paid Social", "Referral",
  ]
  private static let originWeights: [Double] = [30, 20, 20, 15, 10, 5]

  init(touchpoints: Int) {
    var random = Generator(state: 7)
    let drawChannel = Self.table(Self.channelWeights)
    let drawEvent = Self.table((1...24).map { 1 / Double($0) })
    let drawOrigin = Self.table(Self.originWeights)
    let drawContent = Self.table((1...500).map { 1 / Double($0) })
    let room = touchpoints + touchpoints / 50
    seconds.reserveCapacity(room)
    channels.reserveCapacity(room)
    events.reserveCapacity(room)
    origins.reserveCapacity(room)
    contents.reserveCapacity(room)
    for _ in 0..<(touchpoints / 10) {
      starts.append(seconds.count)
      var time = 1_700_000_000 + Int64(random.unit() * 300 * 86_400)
      repeat {
        let draw = random.next()
        seconds.append(time)
        channels.append(UInt8(drawChannel[Int(draw & 4095)]))
        events.append(UInt8(drawEvent[Int(draw >> 12 & 4095)]))
        origins.append(UInt8(drawOrigin[Int(draw >> 24 & 4095)]))
        contents.append(drawContent[Int(draw >> 36 & 4095)])
        time += Int64(-Foundation.log(1 - random.unit()) * 2 * 86_400) + 1
      } while random.unit() >= 0.1
    }
    starts.append(seconds.count)
  }

  func table() -> JourneyTable {
    var builder = JourneyTable.Builder()
    builder.expect(touchpoints: seconds.count)
    let channelCodes = (0..<12).map { builder.code(.channel, "channel \($0)") }
    let eventCodes = Self.eventNames.map { builder.code(.event, $0) }
    let originCodes = Self.originNames.map { builder.code(.origin, $0) }
    let contentCodes = (0..<500).map { builder.code(.content, "/page/\($0)") }
    for customer in 0..<(starts.count - 1) {
      for i in starts[customer]..<starts[customer + 1] {
        builder.append(
          JourneyTable.Row(
            customer: UInt32(customer), time: seconds[i] * 1000, rowID: Int64(i),
            event: eventCodes[Int(events[i])], channel: channelCodes[Int(channels[i])],
            origin: originCodes[Int(origins[i])], content: contentCodes[Int(contents[i])],
            value: events[i] == 5 ? 6000 : 0))
      }
    }
    return builder.build()
  }

  /// One file a column, as raw numbers: what the peers' script reads.
  func write(to folder: URL) throws {
    func write<T>(_ column: [T], _ name: String) throws {
      try column.withUnsafeBytes { try Data($0).write(to: folder.appending(path: name)) }
    }
    var customers: [UInt32] = []
    customers.reserveCapacity(seconds.count)
    for customer in 0..<(starts.count - 1) {
      let count = starts[customer + 1] - starts[customer]
      customers.append(contentsOf: repeatElement(UInt32(customer), count: count))
    }
    try write(customers, "customer")
    try write(seconds, "time")
    try write(channels, "channel")
    try write(events, "event")
  }

  /// 4,096 outcomes in proportion to the weights, for drawing by one look.
  private static func table(_ weights: [Double]) -> [UInt16] {
    let total = weights.reduce(0, +)
    var outcomes: [UInt16] = []
    var sum = 0.0
    for (i, weight) in weights.enumerated() {
      sum += weight
      let end = i == weights.count - 1 ? 4096 : Int(sum / total * 4096)
      while outcomes.count < end { outcomes.append(UInt16(i)) }
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
