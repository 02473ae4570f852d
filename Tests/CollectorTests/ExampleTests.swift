import CustomerJourney
import Foundation
import Testing

@testable import Collector

/// The examples, held against figures that other tools computed from the same files.
@Suite struct Examples {
  private let examples = "\(packageFolder)/Examples"
  private let now = Timestamp(milliseconds: 1_718_409_600_000)

  private func options(_ set: ImportSet) -> ImportOptions {
    ImportOptions(zone: set.zone, currency: set.currency, now: now)
  }

  private func shared(_ file: String, _ mapping: String) throws -> Imported {
    let data = try #require(sharedData)
    return try importAll(
      path: "\(data)/\(file)", mapping: try ImportMapping(path: "\(examples)/\(mapping)"))
  }

  @Test("a grocer's year has its baskets, campaigns, coupons and households")
  func grocer() throws {
    let set = try ImportSet(path: "\(examples)/grocer/set.yaml")
    #expect(set.title.nl == "Een jaar bij een kruidenier")
    #expect(set.modelIsFile)
    var all = Imported()
    for file in set.files {
      let imported = try importAll(path: file.path, mapping: file.mapping, options: options(set))
      #expect(imported.rejected == [], "\(file.name)")
      #expect(imported.failure == nil)
      all.touchpoints += imported.touchpoints
      all.traits += imported.traits
    }
    #expect(all.count(.orderCompleted) == 155_848)
    #expect(all.sum(.orderCompleted) == 459_603_958)
    #expect(all.count(EventName("Message Sent")) == 6_589)
    #expect(all.count(EventName("Coupon Redeemed")) == 2_102)
    #expect(all.traits.count == 801)
    let baskets = all.touchpoints.filter { $0.event == .orderCompleted }
    #expect(Set(baskets.map(\.customer)).count == 2_469)
    #expect(baskets[0].occurred.iso8601 == "2017-01-01T11:53:26Z")
    #expect(baskets[0].content == "Store 330")
    #expect(baskets[0].value?.description == "USD 0.50")
    #expect(
      Set(all.touchpoints.map { "\($0.occurred.milliseconds) \($0.messageID)" }).count
        == all.touchpoints.count)
    let campaigns = Set(all.touchpoints.compactMap(\.campaign))
    #expect(campaigns.count == 27)
    #expect(campaigns.contains("Campaign 18 · Type A"))
    let first = try #require(
      all.touchpoints.first { $0.campaign == "Campaign 18 · Type A" && $0.channel.name == "Post" })
    #expect(first.occurred.iso8601 == "2017-10-30T04:00:00Z", "midnight in New York")
  }

  @Test("a gift shop's lines become one order or return an invoice, with its total")
  func gifts() throws {
    let set = try ImportSet(path: "\(examples)/gifts/set.yaml")
    let file = set.files[0]
    let imported = try importAll(path: file.path, mapping: file.mapping, options: options(set))
    #expect(imported.failure == nil)
    #expect(imported.rejected.count == 135_080)
    #expect(imported.rejected.allSatisfy { $0.isExpected })
    #expect(imported.count(.orderCompleted) == 22_190 - 3_654)
    #expect(imported.count(.orderRefunded) == 3_654)
    #expect(imported.sum(.orderCompleted) == 891_140_790)
    #expect(imported.sum(.orderRefunded) == -61_134_209)
    let lines = imported.touchpoints.reduce(0) { $0 + ($1.properties["lines"]?.number ?? 0) }
    #expect(lines == 406_829)
    #expect(Set(imported.touchpoints.map(\.customer)).count == 4_372)
    #expect(imported.touchpoints.allSatisfy { $0.value?.currency.code == "GBP" })
  }

  @Test(
    "REES46 has its views, carts and purchases", .enabled(if: sharedData != nil, "no shared data"))
  func rees46() throws {
    let imported = try shared("rees46/2019-Oct.csv", "rees46/events.yaml")
    // The last line of the file is cut off inside a customer number: a view of 17,056.
    #expect(imported.rejected.map(\.line) == [17_436])
    #expect(imported.count(.productViewed) == 17_055)
    #expect(imported.count(.productAdded) == 165)
    #expect(imported.count(.orderCompleted) == 214)
    #expect(imported.sum(.orderCompleted) == 5_944_263)
    #expect(Set(imported.touchpoints.map(\.customer)).count == 4_504)
    #expect(Set(imported.touchpoints.map(\.messageID)).count == 17_434, "five rows stand twice")
  }

  @Test(
    "CDNOW's columns of spaces are purchases", .enabled(if: sharedData != nil, "no shared data"))
  func cdnow() throws {
    let imported = try shared("cdnow/CDNOW_sample.txt", "cdnow/sample.yaml")
    #expect(imported.rejected == [])
    #expect(imported.count(.orderCompleted) == 6_919)
    #expect(imported.sum(.orderCompleted) == 24_409_194)
    #expect(Set(imported.touchpoints.map(\.customer)).count == 2_357)
    #expect(imported.touchpoints[0].occurred.iso8601 == "1997-01-01T05:00:00Z")
  }

  @Test(
    "a row of the pipeline is a deal's begin and its end",
    .enabled(if: sharedData != nil, "no shared data"))
  func pipeline() throws {
    let imported = try shared(
      "crm_sales/CRM+Sales+Opportunities/sales_pipeline.csv", "crm_sales/pipeline.yaml")
    #expect(imported.count(.orderCompleted) == 4_238)
    #expect(imported.sum(.orderCompleted) == 1_000_553_400)
    #expect(imported.count(EventName("Deal Lost")) == 2_473)
    #expect(imported.count(EventName("Sales Contacted")) == 4_238 + 2_473 + 1_589)
    #expect(imported.rejected.count == 500, "prospects have no moment yet")
    #expect(imported.rejected.allSatisfy { $0.reason.contains("none of the moments") })
  }

  @Test(
    "a desk's log has its steps and channels", .enabled(if: sharedData != nil, "no shared data"))
  func receipt() throws {
    let imported = try shared("pm4py_logs/receipt.csv", "pm4py_logs/receipt.yaml")
    #expect(imported.rejected == [])
    #expect(imported.touchpoints.count == 8_577)
    #expect(Set(imported.touchpoints.map(\.customer)).count == 1_434)
    let byChannel = Dictionary(grouping: imported.touchpoints, by: \.channel.name)
    #expect(
      byChannel.mapValues(\.count) == [
        "Website": 7_478, "Shop": 657, "Post": 308, "Email": 128, "Internal": 6,
      ])
    #expect(imported.touchpoints[0].utcOffsetMinutes == 120)
  }

  @Test("the textbook's log has six cases", .enabled(if: sharedData != nil, "no shared data"))
  func runningExample() throws {
    let imported = try shared("pm4py_logs/running-example.csv", "pm4py_logs/running-example.yaml")
    #expect(imported.rejected == [])
    #expect(imported.touchpoints.count == 42)
    #expect(Set(imported.touchpoints.map(\.customer)).count == 6)
  }

  @Test("a web server's log in JSON has its pages and downloads")
  func nginx() throws {
    func line(_ path: String, _ visitor: String, _ facts: String) -> String {
      #"{"time":"2024-03-01T10:00:00+01:00","path":"\#(path)","visitor":"\#(visitor)",\#(facts)}"#
    }
    let page = #""method":"GET","status":200,"type":"text/html","user":"""#
    let lines = [
      line("/shoes", "v1", page),
      line("/account", "v1", page.replacing(#""user":"""#, with: #""user":"jan""#)),
      line("/a.pdf", "v1", page.replacing("text/html", with: "application/pdf")),
      line("/a.png", "v1", page.replacing("text/html", with: "image/png")),
      line("/gone", "v1", page.replacing("200", with: "404")),
      line("/form", "v1", page.replacing("GET", with: "POST")), line("/shoes", "", page),
    ]
    let imported = try importAll(
      lines.joined(separator: "\n"), name: "pages.log",
      mapping: String(contentsOfFile: "\(examples)/web_logs/nginx.yaml", encoding: .utf8))
    #expect(imported.touchpoints.map(\.customer) == ["v1", "jan", "v1"])
    #expect(imported.count(.pageViewed) == 2)
    #expect(imported.count(EventName("File Downloaded")) == 1)
    #expect(imported.touchpoints[0].occurred.iso8601 == "2024-03-01T09:00:00Z")
    #expect(imported.rejected.map(\.line) == [4, 5, 6, 7])
    #expect(imported.rejected.allSatisfy { $0.isExpected })
  }
}
