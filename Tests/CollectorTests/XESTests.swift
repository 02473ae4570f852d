import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite("XES") struct XESTests {
  private func log(_ body: String) -> String {
    """
    <?xml version="1.0" encoding="UTF-8"?>
    <!-- a comment with <tags> -->
    <log xes.version="1.0">
      <extension name="Concept" prefix="concept" uri="http://example.org/concept.xesext"/>
      <global scope="event"><string key="concept:name" value="__INVALID__"/></global>
      <classifier name="Activity" keys="concept:name"/>
      <string key="creator" value="test"/>
    \(body)
    </log>
    """
  }

  private let step = """
    <event><string key="concept:name" value="a &amp; b"/>
      <date key="time:timestamp" value="2024-03-01T11:00:00.500+01:00"/></event>
    """

  private func trace(_ events: String) -> String {
    "<trace><string key=\"concept:name\" value=\"c1\"/>\(events)</trace>"
  }

  @Test("events have the attributes of the standard and all others, nested ones by their path")
  func attributes() throws {
    let imported = try importAll(
      log(
        """
        <trace>
          <string key="concept:name" value="c1"/><string key='country' value='NL &#x2713;'/>
          <string key="channel" value="email"/>
          <event>
            <string key="concept:name" value="purchase"/>
            <date key="time:timestamp" value="2024-03-01T11:00:00.500+01:00"/>
            <string key="lifecycle:transition" value="complete"/>
            <string key="org:resource" value="Pete"><string key="team" value="North"/></string>
            <float key="cost:total" value="12.5"/><boolean key="paid" value="true"/>
            <list key="items"><values><string key="sku" value="s1"/></values></list>
          </event>
        </trace>
        """), name: "log.xes")
    let touchpoint = try #require(imported.touchpoints.first)
    #expect(imported.rejected == [])
    #expect(touchpoint.customer == "c1")
    #expect(touchpoint.event == .orderCompleted)
    #expect(touchpoint.channel == .email)
    #expect(touchpoint.occurred.milliseconds == 1_709_287_200_500)
    #expect(touchpoint.utcOffsetMinutes == 60)
    #expect(
      touchpoint.properties == [
        "lifecycle:transition": .text("complete"), "org:resource": .text("Pete"),
        "org:resource.team": .text("North"), "cost:total": .number(12.5), "paid": .flag(true),
        "items.sku": .text("s1"),
      ])
    #expect(imported.traits.map(\.traits) == [["country": .text("NL ✓")]])
    #expect(imported.lines == [11])
  }

  @Test("two equal events stay two, and are the same two when the file comes again")
  func ids() throws {
    let text = log(trace(step + step))
    let ids = try importAll(text, name: "log.xes").touchpoints.map(\.messageID)
    #expect(Set(ids).count == 2)
    #expect(try importAll(text, name: "other.xes").touchpoints.map(\.messageID) == ids)
  }

  @Test(
    "what cannot be used is rejected, and the rest is read",
    arguments: [
      ("<trace>STEP</trace>", "has no customer"),
      ("STEP", "stands in no trace"),
      ("TRACE<event><string key=\"concept:name\" value=\"x\"/></event></trace>", "has no time"),
      (
        "TRACE<event><date key=\"time:timestamp\" value=\"2024-03-01T11:00:00Z\"/></event></trace>",
        "has no event"
      ),
      (
        "TRACE<event><string key=\"concept:name\" value=\"x\"/>"
          + "<date key=\"time:timestamp\" value=\"soon\"/></event></trace>", "time:timestamp"
      ),
    ])
  func rejections(body: String, reason: String) throws {
    let filled = body.replacing("STEP", with: step)
      .replacing("TRACE", with: "<trace><string key=\"concept:name\" value=\"c2\"/>")
    let imported = try importAll(log(trace(step) + filled + trace(step)), name: "log.xes")
    #expect(imported.touchpoints.count == 2)
    #expect(imported.rejected.count == 1)
    #expect(imported.rejected.first?.reason.contains(reason) == true)
  }

  @Test(
    "a file that is not well formed is read up to that place, then the error is told",
    arguments: [
      ("<trace><event></trace>", "is not open"), ("<trace", "tag"), ("<!-- x", "comment"),
      ("<string key=\"a\" value=\"&bomb;\"/>", "reference"), ("<x a=1/>", "quotes"),
      (String(repeating: "<a>", count: Limits.xmlDepth + 1), "deeper than \(Limits.xmlDepth)"),
      ("<x \((0...Limits.xmlAttributes).map { "a\($0)='1'" }.joined(separator: " "))/>", "attrib"),
      ("<x a=\"\(String(repeating: "y", count: Limits.eventBytes + 300_000))\"/>", "tag of more"),
      ("<!DOCTYPE log [<!ENTITY a \"b\">]>", "document type"), ("<", "tag"), ("<>", "name"),
    ])
  func malformed(body: String, reason: String) throws {
    let imported = try importAll(log(trace(step) + body), name: "log.xes")
    #expect(imported.touchpoints.count == 1)
    let failure = try #require(imported.failure as? ImportError)
    #expect(failure.description.contains(reason), "\(failure.description)")
    #expect(failure.description.contains("line "))
  }

  @Test("as many levels and attributes as the limits are read")
  func withinLimits() throws {
    let deep =
      String(repeating: "<a>", count: Limits.xmlDepth - 1)
      + String(repeating: "</a>", count: Limits.xmlDepth - 1)
    let wide = "<x \((1...Limits.xmlAttributes).map { "a\($0)='1'" }.joined(separator: " "))/>"
    let imported = try importAll(log(deep + wide + trace(step)), name: "log.xes")
    #expect(imported.failure == nil)
    #expect(imported.touchpoints.count == 1)
  }

  @Test("other XML is refused, and so is a log without events")
  func refused() throws {
    #expect(try refusal(Data("<html><body/></html>".utf8))?.kind == .notText)
    #expect(
      try refusal(Data("<?xml version='1.0'?><!DOCTYPE log SYSTEM 'x'><log/>".utf8))?.kind
        == .notText)
    #expect(try refusal(Data(log("").utf8))?.kind == .empty)
  }

  @Test("damaged logs never stop the program")
  func fuzz() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    let text = log(trace(step + step) + trace(step))
    for _ in 0..<300 {
      let data = damaged(text, &random)
      let imported: Imported
      do { imported = try importAll(data, name: "log.xes") } catch is ImportError { continue }
      #expect(imported.touchpoints.count <= 8, "seed \(seed)")
    }
  }

  // MARK: Against pm4py

  private struct Reference: Decodable {
    var events: Int
    var cases: Int
    var activities: [String: Int]
    var dfg: [[Cell]]
    var n_variants: Int
    /// The most frequent ones with their numbers, at most twenty.
    var top_variants: [Variant]

    struct Variant: Decodable {
      var steps: [String]
      var cases: Int

      init(from decoder: any Decoder) throws {
        var values = try decoder.unkeyedContainer()
        steps = try values.decode([String].self)
        cases = try values.decode(Int.self)
      }
    }

    enum Cell: Decodable, Hashable {
      case name(String)
      case count(Int)
      init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let count = try? value.decode(Int.self) {
          self = .count(count)
        } else {
          self = .name(try value.decode(String.self))
        }
      }
    }
  }

  @Test(
    "directly following steps and variants are those of pm4py, from XES as from CSV",
    .enabled(if: sharedData != nil, "no shared data"),
    arguments: [
      (
        "running-example.xes", "running-example.csv", "running-example.yaml",
        "ref_pm4py-2.7.23.11_running-example.json"
      ),
      (
        "08_receipt.xes.gz", "receipt.csv", "receipt.yaml", "ref_pm4py-2.7.23.11_receipt.json"
      ),
    ])
  func pm4py(
    xes: String, csv: String, mapping: String, reference: String
  ) throws {
    let data = try #require(sharedData) + "/pm4py_logs"
    // Python writes NaN where there is no deviation, which only JSON5 has.
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    let expected = try decoder.decode(
      Reference.self, from: Data(contentsOf: URL(fileURLWithPath: "\(data)/\(reference)")))
    let plain = try importAll(path: "\(data)/\(xes)")
    #expect(plain.rejected == [])
    #expect(plain.failure == nil)
    #expect(plain.touchpoints.count == expected.events)
    Self.compare(plain, expected)
    // The mapping for the table of the same log reads the log too, with the same outcome.
    let file = try ImportMapping(path: "\(packageFolder)/Examples/pm4py_logs/\(mapping)")
    let table = try importAll(path: "\(data)/\(csv)", mapping: file)
    Self.compare(table, expected)
    let mapped = try importAll(path: "\(data)/\(xes)", mapping: file)
    #expect(Self.facts(mapped) == Self.facts(table))
    #expect(Self.journeys(mapped) == Self.journeys(plain))
  }

  private static func compare(_ imported: Imported, _ expected: Reference) {
    let journeys = journeys(imported)
    #expect(journeys.count == expected.cases)
    #expect(
      Dictionary(grouping: journeys.values.joined(), by: \.self).mapValues(\.count)
        == expected.activities)
    let variants = Dictionary(grouping: journeys.values, by: \.self).mapValues(\.count)
    #expect(variants.count == expected.n_variants)
    for variant in expected.top_variants { #expect(variants[variant.steps] == variant.cases) }
    var follows: [[Reference.Cell]: Int] = [:]
    for steps in journeys.values {
      for (from, to) in zip(steps, steps.dropFirst()) {
        follows[[.name(from), .name(to)], default: 0] += 1
      }
    }
    #expect(follows.count == expected.dfg.count)
    for row in expected.dfg {
      #expect(follows[Array(row.prefix(2))].map { Reference.Cell.count($0) } == row.last)
    }
  }

  /// The steps of each customer in order of time and arrival.
  private static func journeys(_ imported: Imported) -> [String: [String]] {
    Dictionary(grouping: imported.touchpoints.enumerated(), by: \.element.customer).mapValues {
      $0.sorted {
        ($0.element.occurred, $0.offset) < ($1.element.occurred, $1.offset)
      }.map(\.element.event.name)
    }
  }

  private static func facts(_ imported: Imported) -> [String] {
    imported.touchpoints.map { touchpoint in
      let value = touchpoint.value.map(String.init(describing:)) ?? ""
      let resource = touchpoint.properties["resource"]?.description ?? ""
      return [
        touchpoint.customer, touchpoint.occurred.iso8601, touchpoint.event.name,
        touchpoint.channel.name, value, resource,
      ].joined(separator: "|")
    }.sorted()
  }
}
