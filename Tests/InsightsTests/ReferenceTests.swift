import CustomerJourney
import Foundation
import Insights
import JourneyEngine
import Testing

/// Our answers beside those of DuckDB, ClickHouse and retentioneering (`Tests/References`) and pm4py.
@Suite struct ReferenceTests {
  struct References: Decodable {
    var generated: Log
    /// The same with a moment of its own for each touchpoint.
    var apart: Log
    var grocer: Log
    var gifts: Log

    struct Log: Decodable {
      var touchpoints: Int
      var transitions: [Pairs]
      var paths: [Ways]
      var funnels: [Steps]
    }
    struct Pairs: Decodable {
      var by: By
      var distinct: Int
      var squares: Int
      var rows: [Row]
      struct Row: Decodable, Equatable {
        var from: String
        var to: String
        var count: Int
        init(from: String, to: String, count: Int) {
          self.from = from
          self.to = to
          self.count = count
        }
        init(from decoder: any Decoder) throws {
          var row = try decoder.unkeyedContainer()
          from = try row.decode(String.self)
          to = try row.decode(String.self)
          count = try row.decode(Int.self)
        }
      }
    }
    struct Ways: Decodable {
      var by: By
      var until: String?
      var distinct: Int
      var squares: Int
      var conversions: Int
      var rows: [Row]
      struct Row: Decodable, Equatable {
        var path: [String]
        var customers: Int
        var conversions: Int
        var cents: Int
        init(_ row: Paths.Row) {
          path = row.path
          customers = row.customers
          conversions = row.conversions
          cents = Int((row.value * 100).rounded())
        }
        init(from decoder: any Decoder) throws {
          var row = try decoder.unkeyedContainer()
          path = try row.decode([String].self)
          customers = try row.decode(Int.self)
          conversions = try row.decode(Int.self)
          cents = try row.decode(Int.self)
        }
      }
    }
    struct Steps: Decodable {
      var steps: [String]
      var withinSeconds: Int64
      var customers: [Int]
    }
  }

  static func references() throws -> References {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "References/results.json")
    return try JSONDecoder().decode(References.self, from: Data(contentsOf: file))
  }

  private func compare(_ log: [Plain], with reference: References.Log) throws {
    #expect(log.count == reference.touchpoints)
    let source = PlacedTable(log)
    for expected in reference.transitions {
      let found = source.answer(TransitionsFold(by: source.axis(expected.by)))
      #expect(found.distinctTransitions == expected.distinct)
      let rows = found.rows.map {
        References.Pairs.Row(from: $0.from, to: $0.to, count: $0.count)
      }
      #expect(Array(rows.prefix(expected.rows.count)) == expected.rows)
      if found.rows.count == found.distinctTransitions {
        #expect(found.rows.reduce(0) { $0 + $1.count * $1.count } == expected.squares)
      }
    }
    for expected in reference.paths {
      let until = expected.until.map { EventStep($0, in: source.table) }
      let top = source.answer(try PathsFold(by: source.axis(expected.by), until: until))
      #expect(top.rows.map(References.Ways.Row.init) == expected.rows)
      let all = source.answer(
        try PathsFold(by: source.axis(expected.by), until: until, top: Limits.rowsPerAnswer))
      #expect(all.distinctPaths == expected.distinct)
      #expect(all.rows.reduce(0) { $0 + $1.customers * $1.customers } == expected.squares)
      #expect(all.rows.reduce(0) { $0 + $1.conversions } == expected.conversions)
    }
    for expected in reference.funnels {
      let found = source.answer(
        try FunnelFold(
          steps: expected.steps.map { EventStep($0, in: source.table) },
          withinSeconds: expected.withinSeconds))
      #expect(
        found.steps.map(\.customers) == expected.customers,
        "\(expected.steps) within \(expected.withinSeconds) s")
    }
  }

  private static func generatedLog() -> [Plain] {
    var random = SplitMix64(seed: 2026)
    var log: [Plain] = []
    for customer in 0..<600 {
      var time: Int64 = 1_700_000_000_000
      for _ in 0..<(1 + random.below(14)) {
        time += Int64(random.below(2) * random.below(4)) * 1000
        let event = random.below(5)
        let cents = event == 4 ? Int64(random.below(5000)) : 0
        log.append(
          Plain(
            customer: UInt32(customer), time: time, event: "e\(event)",
            channel: "c\(random.below(4))", cents: cents))
      }
    }
    return log
  }

  @Test("DuckDB and ClickHouse say the same of generated journeys with many ties")
  func generated() throws {
    try compare(Self.generatedLog(), with: Self.references().generated)
  }

  @Test("retentioneering says the same of funnels without a window, where no moments are the same")
  func apart() throws {
    let log = Self.generatedLog().enumerated().map { place, touchpoint in
      var touchpoint = touchpoint
      touchpoint.time = 1_700_000_000_000 + Int64(place) * 1000
      return touchpoint
    }
    try compare(log, with: Self.references().apart)
  }

  @Test(
    "DuckDB and ClickHouse say the same of a grocer's households",
    .enabled(if: SharedData.has("complete_journey"), SharedData.absent))
  func grocer() throws {
    let folder = "complete_journey/derived/"
    var log: [Plain] = []
    for row in try SharedData.csv(folder + "baskets.csv.gz") {
      log.append(
        Plain(
          customer: try row.number("household_id"), time: try row.time("timestamp"),
          event: "Order Completed", channel: "Shop",
          cents: Int64((try row.decimal("sales_value") * 100).rounded())))
    }
    var starts: [String: Int64] = [:]
    for row in try SharedData.csv(folder + "campaign_descriptions.csv") {
      starts[try row.text("campaign_id")] = try row.time("start_date")
    }
    for row in try SharedData.csv(folder + "campaigns.csv") {
      let campaign = try row.text("campaign_id")
      log.append(
        Plain(
          customer: try row.number("household_id"), time: try #require(starts[campaign]),
          event: "Message Sent", channel: "Post", content: campaign))
    }
    for row in try SharedData.csv(folder + "coupon_redemptions.csv") {
      log.append(
        Plain(
          customer: try row.number("household_id"), time: try row.time("redemption_date"),
          event: "Coupon Redeemed", channel: "Shop", content: try row.text("campaign_id")))
    }
    try compare(log, with: Self.references().grocer)
  }

  @Test(
    "DuckDB and ClickHouse say the same of a gift shop's half million lines",
    .enabled(if: SharedData.has("online_retail"), SharedData.absent))
  func gifts() throws {
    var log: [Plain] = []
    for row in try SharedData.csv("online_retail/online_retail.csv.gz")
    where try row.text("CustomerID") != "" {
      log.append(
        Plain(
          customer: try row.number("CustomerID"), time: try row.time("InvoiceDate"),
          event: try row.decimal("Quantity") > 0 ? "Order Completed" : "Order Refunded",
          channel: "Website", content: try row.text("StockCode")))
    }
    try compare(log, with: Self.references().gifts)
  }

  @Test(
    "pm4py sees the same directly-follows relations in process logs",
    .enabled(if: SharedData.has("pm4py_logs"), SharedData.absent),
    arguments: [
      ("receipt.csv", "ref_pm4py-2.7.23.11_receipt.json"),
      ("running-example.csv", "ref_pm4py-2.7.23.11_running-example.json"),
    ])
  func directlyFollows(log: String, reference: String) throws {
    struct Reference: Decodable {
      var dfg: [References.Pairs.Row]
      var start_activities: [String: Int]
      var end_activities: [String: Int]
    }
    // The file has standard deviations of one number, which are no JSON: they are not read here.
    let text = try String(contentsOf: SharedData.url("pm4py_logs/" + reference), encoding: .utf8)
    let expected = try JSONDecoder().decode(
      Reference.self, from: Data(text.replacing("NaN", with: "null").utf8))
    var cases: [String: UInt32] = [:]
    var touchpoints: [Plain] = []
    for row in try SharedData.csv("pm4py_logs/" + log) {
      let name = try row.text("case:concept:name")
      let number = cases[name] ?? UInt32(cases.count)
      cases[name] = number
      touchpoints.append(
        Plain(
          customer: number, time: try row.time("time:timestamp"),
          event: try row.text("concept:name"), channel: "Desk"))
    }
    let source = PlacedTable(touchpoints)
    let found = source.answer(TransitionsFold(by: source.axis(.event)))
    var counts: [[String]: Int] = [:]
    for row in expected.dfg { counts[[row.from, row.to]] = row.count }
    for (name, count) in expected.start_activities { counts[["(start)", name]] = count }
    for (name, count) in expected.end_activities { counts[[name, "(end)"]] = count }
    #expect(
      Dictionary(uniqueKeysWithValues: found.rows.map { ([$0.from, $0.to], $0.count) }) == counts)
  }
}
