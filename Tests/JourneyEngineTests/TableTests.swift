import CustomerJourney
import JourneyEngine
import Testing

@Suite struct TableTests {
  /// Random numbers that a seed repeats.
  struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state ^ state >> 29) &* 0x9FB2_1C65_1E98_DF25
    }
  }

  @Test(
    "Touchpoints in any order are sorted by customer, time and arrival",
    arguments: [
      (1, 5, "few customers"), (2, 70_000, "customers past 16 bits"),
      (3, Int(UInt32.max), "customers of 32 bits"), (4, 1, "one customer"),
    ])
  func sorts(seed: UInt64, customers: Int, reason: String) {
    var random = Seeded(state: seed)
    var builder = JourneyTable.Builder()
    var rows: [JourneyTable.Row] = []
    for i in 0..<3000 {
      let row = JourneyTable.Row(
        customer: UInt32.random(in: 0...UInt32(customers - 1), using: &random),
        time: Int64.random(in: -20...20, using: &random), rowID: Int64(3000 - i),
        event: builder.code(.event, "event \(i % 400)"), channel: builder.code(.channel, "c"),
        content: builder.code(.content, "content \(i)"), value: Int64(i))
      rows.append(row)
      builder.append(row)
    }
    let table = builder.build()
    rows.sort { ($0.customer, $0.time, $0.rowID) < ($1.customer, $1.time, $1.rowID) }
    #expect(table.count == 3000)
    for (i, row) in rows.enumerated() {
      #expect(table.times[i] == row.time, "\(reason), seed \(seed)")
      #expect(table.values[i] == row.value)
      #expect(table.rowIDs[i] == UInt32(row.rowID))
      #expect(table.code(.event, row: i) == row.event)
      #expect(table.code(.content, row: i) == row.content)
      #expect(table.name(.origin, row: i) == Names.noneName)
    }
    #expect(Array(table.customers.values) == Set(rows.map(\.customer)).sorted())
    for k in 0..<table.journeyCount {
      for row in table.rows(ofJourney: k) { #expect(rows[row].customer == table.customers[k]) }
      #expect(table.journey(ofCustomer: table.customers[k]) == k)
    }
    #expect(table.starts[table.journeyCount] == 3000)
  }

  @Test("An empty table has no journeys and can be asked for some")
  func empty() {
    let table = JourneyTable.Builder().build()
    #expect(table.count == 0 && table.journeyCount == 0)
    #expect(table.journey(ofCustomer: 1) == nil)
    #expect(table.ranges(parts: 8).isEmpty)
    #expect(table.block(0..<0).journeyCount == 0)
  }

  @Test(
    "Ranges cover every journey once, in order, and share the work",
    arguments: [1, 2, 3, 7, 64, 5000])
  func ranges(parts: Int) {
    var random = Seeded(state: 9)
    var builder = JourneyTable.Builder()
    let event = builder.code(.event, "e")
    let channel = builder.code(.channel, "c")
    for i in 0..<4000 {
      // One customer has a quarter of all touchpoints.
      let customer = i % 4 == 0 ? 500 : UInt32.random(in: 0..<1000, using: &random)
      builder.append(
        .init(customer: customer, time: Int64(i), rowID: Int64(i), event: event, channel: channel))
    }
    let table = builder.build()
    let ranges = table.ranges(parts: parts)
    #expect(ranges.count <= parts)
    #expect(ranges.flatMap { Array($0) } == Array(0..<table.journeyCount))
    #expect(ranges.allSatisfy { !$0.isEmpty })
    let most = ranges.map { range in
      Int(table.starts[range.upperBound]) - Int(table.starts[range.lowerBound])
    }.max()
    #expect((most ?? 0) <= 4000 / parts + 1100)
  }

  @Test(
    "Names past a dimension's limit share one name",
    arguments: [
      (Dimension.channel, 254), (.origin, 254), (.device, 254), (.event, 65_534),
      (.campaign, 65_534),
    ])
  func limits(dimension: Dimension, limit: Int) {
    var builder = JourneyTable.Builder()
    let channel = builder.code(.channel, "first")
    var codes: [UInt32] = []
    for i in 0..<(limit + 10) {
      let code = builder.code(dimension, i == 0 ? "first" : "name \(i)")
      codes.append(code)
      var row = JourneyTable.Row(
        customer: 1, time: Int64(i), rowID: Int64(i), event: 0, channel: channel)
      switch dimension {
      case .event: row.event = code
      case .channel: row.channel = code
      case .origin: row.origin = code
      case .device: row.device = code
      case .content: row.content = code
      case .campaign: row.campaign = code
      }
      builder.append(row)
    }
    #expect(Set(codes.prefix(limit)).count == limit)
    let table = builder.build()
    for i in 0..<limit {
      #expect(table.name(dimension, row: i) == (i == 0 ? "first" : "name \(i)"))
    }
    for i in limit..<(limit + 10) {
      #expect(table.name(dimension, row: i) == Names.othersName)
    }
    #expect(table.names(dimension).count == limit + 2)
  }

  @Test("Saying nothing has one code, also when it is said in words")
  func nothing() {
    var builder = JourneyTable.Builder()
    #expect(builder.code(.origin, nil) == Names.none)
    #expect(builder.code(.origin, Names.noneName) == Names.none)
    #expect(builder.code(.origin, "é") == builder.code(.origin, "e\u{301}"))
  }

  @Test("Amounts in another currency are counted apart and not added up")
  func currencies() throws {
    var builder = JourneyTable.Builder()
    let dollar = try #require(Currency("USD"))
    for (i, money) in [
      Money(minorUnits: 5, currency: .eur), Money(minorUnits: 7, currency: dollar),
    ]
    .enumerated() {
      builder.append(
        Touchpoint(
          customer: "a", occurred: Timestamp(seconds: Int64(i)), event: .orderCompleted,
          channel: .shop, messageID: "\(i)", value: money), customer: 4)
    }
    let table = builder.build()
    #expect(Array(table.values.values) == [5, 0])
    #expect(table.foreignValues == 1)
    #expect(table.name(.event, row: 1) == "Order Completed")
  }
}
