import CustomerJourney
import Foundation
import Insights
import JourneyEngine

/// The generator of the reference script, so that both draw the same journeys.
struct SplitMix64: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// One touchpoint as plainly as can be: what naive references and loaders work with.
struct Plain {
  var customer: UInt32
  var time: Int64
  var event: String
  var channel: String
  var origin: String?
  var content: String?
  var campaign: String?
  var cents: Int64 = 0
  /// Index in the model of the tests.
  var phase: UInt8 = 0
  /// ``JourneyBlock/stayed`` where no rule decided.
  var rule: UInt8 = JourneyBlock.stayed
}

/// A log as a table that was placed in a model, and as plain journeys.
struct PlacedTable: JourneySource {
  let table: JourneyTable
  let phases: Column<UInt8>
  let rules: Column<UInt8>
  /// In order of customer; each in order of (time, place in the log).
  let journeys: [[Plain]]
  static let phaseIDs = ["see", "think", "do", "care", "never"]

  init(_ log: [Plain]) {
    var builder = JourneyTable.Builder()
    for (i, row) in log.enumerated() {
      builder.append(
        JourneyTable.Row(
          customer: row.customer, time: row.time, rowID: Int64(i),
          event: builder.code(.event, row.event), channel: builder.code(.channel, row.channel),
          origin: builder.code(.origin, row.origin), content: builder.code(.content, row.content),
          campaign: builder.code(.campaign, row.campaign), value: row.cents))
    }
    table = builder.build()
    let byCustomer = Dictionary(grouping: log.enumerated(), by: \.element.customer)
    let sorted = byCustomer.keys.sorted().map { customer in
      (byCustomer[customer] ?? []).sorted {
        ($0.element.time, $0.offset) < ($1.element.time, $1.offset)
      }.map(\.element)
    }
    journeys = sorted
    phases = Column(sorted.flatMap { $0.map(\.phase) })
    rules = Column(sorted.flatMap { $0.map(\.rule) })
  }

  func ranges(parts: Int) -> [Range<Int>] { table.ranges(parts: parts) }

  func forEachBlock(
    _ range: Range<Int>, reading columns: Columns, _ body: (JourneyBlock) -> Void
  ) {
    // In two blocks, since a fold must not expect all journeys of a part at once.
    let middle = (range.lowerBound + range.upperBound) / 2
    body(table.block(range.lowerBound..<middle, phases: phases, rules: rules))
    body(table.block(middle..<range.upperBound, phases: phases, rules: rules))
  }

  func axis(_ by: By) -> Axis {
    by.dimension.map { Axis($0, of: table) } ?? Axis(phases: Self.phaseIDs)
  }
}

/// A table of which a fold sees only the columns that it says it reads: the others hold one and the
/// same code everywhere, and moments and values that mean nothing.
struct HidingTable: JourneySource {
  let table: PlacedTable

  func ranges(parts: Int) -> [Range<Int>] { table.ranges(parts: parts) }

  func forEachBlock(
    _ range: Range<Int>, reading columns: Columns, _ body: (JourneyBlock) -> Void
  ) {
    let count = table.table.count
    let bytes = Column([UInt8](repeating: 1, count: count))
    let halves = Column([UInt16](repeating: 1, count: count))
    let words = Column([UInt32](repeating: 1, count: count))
    let numbers = Column((0..<count).map { Int64($0 % 7) - 1_000_000 })
    table.forEachBlock(range, reading: columns) { block in
      body(
        JourneyBlock(
          journeyCount: block.journeyCount, starts: block.starts, customers: block.customers,
          times: columns.contains(.times) ? block.times : numbers.base,
          events: columns.contains(.events) ? block.events : halves.base,
          channels: columns.contains(.channels) ? block.channels : bytes.base,
          origins: columns.contains(.origins) ? block.origins : bytes.base,
          devices: columns.contains(.devices) ? block.devices : bytes.base,
          contents: columns.contains(.contents) ? block.contents : words.base,
          campaigns: columns.contains(.campaigns) ? block.campaigns : halves.base,
          values: columns.contains(.values) ? block.values : numbers.base,
          phases: columns.contains(.phases) ? block.phases : bytes.base,
          rules: columns.contains(.rules) ? block.rules : bytes.base))
    }
  }
}

extension Plain {
  static let eventNames = ["Pagina é", "Product Viewed", "Order Completed", "搜索", "=cmd"]

  /// A log in no order, with many touchpoints of the same moment, customers with one touchpoint,
  /// names beyond ASCII and, when asked, more content than fits a small table.
  static func randomLog(seed: UInt64, customers: Int = 60, contents: Int = 7) -> [Plain] {
    var random = SplitMix64(seed: seed)
    var log: [Plain] = []
    for customer in 0..<customers {
      var time: Int64 = 1_600_000_000_000 + Int64(random.below(1000)) * 86_400_000
      for _ in 0..<(random.below(4) == 0 ? 1 : 1 + random.below(15)) {
        let scale: Int64 = [0, 0, 1, 1000, 60_000, 3_600_000, 86_400_000][random.below(7)]
        time += scale * Int64(random.below(9))
        let event = random.below(eventNames.count)
        log.append(
          Plain(
            customer: UInt32(customer * 7919 % 100_003), time: time, event: eventNames[event],
            channel: "kanaal \(random.below(4))",
            origin: random.below(3) == 0 ? nil : "origin \(random.below(3))",
            content: random.below(4) == 0 ? nil : "content \(random.below(contents))",
            campaign: random.below(2) == 0 ? nil : "campaign \(random.below(3))",
            cents: event == 2 ? Int64(random.below(10_000)) - 100 : 0,
            phase: UInt8(random.below(4)),
            rule: random.below(3) == 0 ? JourneyBlock.stayed : UInt8(random.below(6))))
      }
    }
    // The order of arrival within a moment decides, so whole customers change places, not rows.
    return Dictionary(grouping: log, by: \.customer).values.sorted {
      ($0[0].time, $0[0].customer) < ($1[0].time, $1[0].customer)
    }.flatMap { $0 }
  }

  func name(_ by: By) -> String {
    switch by {
    case .event: event
    case .channel: channel
    case .origin: origin ?? Names.noneName
    case .device: Names.noneName
    case .content: content ?? Names.noneName
    case .campaign: campaign ?? Names.noneName
    case .phase: PlacedTable.phaseIDs[Int(phase)]
    }
  }
}
