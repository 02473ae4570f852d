import CustomerJourney
import Foundation
import Insights
import JourneyEngine
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct ReportTests {
  static let source = PlacedTable(Plain.randomLog(seed: 4))

  static func reports() throws -> [any Report] {
    let model = JourneyModel(
      id: "stdc", name: LocalizedText(en: "S"),
      phases: PlacedTable.phaseIDs.map {
        .init(id: $0, name: LocalizedText(en: $0), question: LocalizedText(en: "?"))
      }, rules: [])
    let moments = (0..<3).map {
      Touchpoint(
        customer: "a", occurred: Timestamp(seconds: $0), event: .pageViewed, channel: .website,
        messageID: "\($0)", content: "<script>=1+1</script>")
    }
    return [
      source.answer(TransitionsFold(by: source.axis(.event))),
      source.answer(try PathsFold(by: source.axis(.event))),
      source.answer(
        try FunnelFold(steps: [EventStep("=cmd", in: source.table)], withinSeconds: 864_000)),
      source.answer(
        JourneyMapFold(model: "stdc", phaseIDs: PlacedTable.phaseIDs, table: source.table)),
      source.answer(
        try PhasePortraitFold(
          model: "stdc", phaseIDs: PlacedTable.phaseIDs, phase: "do", table: source.table)),
      CustomerTimeline(
        customer: "a", model: model, zone: .utc, total: moments.count,
        firstTime: moments.first?.occurred, lastTime: moments.last?.occurred,
        moments: moments.map { ($0, Placement(phase: 0, rule: nil, cycle: 0), nil) }),
    ]
  }

  @Test("Answers have the documented JSON, and the same bytes each time")
  func json() throws {
    func keys(_ report: any Report) throws -> [String: Any] {
      #expect(try report.json() == report.json())
      return try #require(
        try JSONSerialization.jsonObject(with: report.json()) as? [String: Any])
    }
    func row(_ object: [String: Any], _ list: String) throws -> [String: Any] {
      try #require((object[list] as? [[String: Any]])?.first)
    }
    let reports = try Self.reports()
    let transitions = try keys(reports[0])
    #expect(transitions["by"] as? String == "event")
    #expect(try Set(row(transitions, "rows").keys) == ["from", "to", "count"])
    let paths = try keys(reports[1])
    #expect(try Set(row(paths, "rows").keys) == ["path", "customers", "conversions", "value"])
    #expect(try row(paths, "rows")["path"] is [String])
    let funnel = try keys(reports[2])
    #expect(funnel["withinSeconds"] as? Int == 864_000)
    #expect(try Set(row(funnel, "steps").keys) == ["name", "customers"])
    let map = try keys(reports[3])
    #expect(map["model"] as? String == "stdc")
    let phases = try #require(map["phases"] as? [[String: Any]])
    for phase in phases {
      #expect(
        Set(phase.keys).isSuperset(of: [
          "id", "customers", "touchpoints", "entered", "medianDwellSeconds", "next", "channels",
          "content",
        ]))
    }
    #expect(phases.last?["medianDwellSeconds"] is NSNull)
    #expect(try Set(row(phases[0], "next").keys) == ["to", "customers", "medianSeconds"])
    #expect(try Set(row(phases[0], "channels").keys) == ["channel", "touchpoints", "customers"])
    let again = try JSONDecoder().decode(JourneyMap.self, from: reports[3].json())
    #expect(try again.json() == reports[3].json())
  }

  @Test("CSV quotes what needs it and disarms names that a spreadsheet would run")
  func csv() throws {
    let table = ReportTable(
      [("Name", "name"), ("Number", "number")],
      rows: [
        [.name("=cmd|' /C calc'!A0"), .count(-5)], [.name("+1"), .amount(-2.5)],
        [.name("-x"), .share(0.25)], [.name("@SUM(A1)"), .seconds(60)], [.name("\tx"), .missing],
        [.name("a,\"b\"\r\nc"), .count(1_234_567)], [.name("gewoon = goed"), .amount(3)],
      ])
    #expect(
      table.csv() == """
        name,number\r
        '=cmd|' /C calc'!A0,-5\r
        '+1,-2.5\r
        '-x,0.25\r
        '@SUM(A1),60\r
        '\tx,\r
        "a,""b""\r
        c",1234567\r
        gewoon = goed,3\r\n
        """)
    for report in try Self.reports() {
      let columns = report.table.columns.count
      #expect(report.table.rows.allSatisfy { $0.count == columns })
      #expect(report.csv().hasSuffix("\r\n"))
    }
  }

  @Test("Text stands in columns and shows no control characters")
  func text() {
    let table = ReportTable(
      [("Phase", "phase"), ("Customers", "customers"), ("Time", "seconds")],
      rows: [
        [.name("see"), .count(1234), .seconds(3600 * 25)],
        [.name("\u{1B}[31mré\u{202E}d"), .count(5), .missing],
      ], notes: ["note"])
    #expect(
      table.text() == """
        Phase      Customers     Time
        ─────────  ─────────  ───────
        see            1,234  1 d 1 h
        \u{FFFD}[31mré\u{FFFD}d          5        –
        note

        """)
  }

  @Test("Reports with money say which amounts are not counted", arguments: [0, 1, 1234])
  func foreignAmounts(count: Int) throws {
    var builder = JourneyTable.Builder()
    for index in 0..<3 {
      builder.append(
        Touchpoint(
          customer: "a", occurred: Timestamp(seconds: Int64(index)), event: .pageViewed,
          channel: .website, messageID: "\(index)"), customer: 1)
    }
    for index in 0..<count {
      builder.append(
        JourneyTable.Row(
          customer: 1, time: 3000, rowID: Int64(4 + index), event: 1, channel: 1, isForeign: true))
    }
    let table = builder.build()
    let phases = Column([UInt8](repeating: 0, count: table.count))
    let block = table.block(0..<1, phases: phases)
    func answer<F: Fold>(_ fold: F) -> F.Answer {
      var partial = fold.start()
      fold.update(&partial, with: block)
      return fold.finish(partial)
    }
    let reports: [any Report] = [
      answer(
        try PathsFold(by: Axis(.channel, of: table), foreignValues: table.foreignValues)),
      answer(
        try PhasePortraitFold(model: "m", phaseIDs: ["see"], phase: "see", table: table)),
    ]
    let notes = [
      1: "1 amount in the data is in another currency than EUR and is not counted.",
      1234: "1,234 amounts in the data are in another currency than EUR and are not counted.",
    ]
    for report in reports {
      #expect(
        report.table.notes.filter { $0.contains("currency") } == notes[count].map { [$0] } ?? [])
      #expect(report.text().contains("another currency") == (count > 0))
    }
  }

  @Test(
    "Durations are told in the two units that matter",
    arguments: [
      (0, "0 s"), (0.25, "250 ms"), (59, "59 s"), (61, "1 min 1 s"), (7200, "2 h"),
      (90_061, "1 d 1 h"), (31_536_000, "365 d"),
    ] as [(Double, String)])
  func duration(seconds: Double, text: String) {
    let table = ReportTable([("T", "t")], rows: [[.seconds(seconds)]])
    #expect(table.text().split(separator: "\n").last.map { $0.drop { $0 == " " } } == text[...])
  }

  @Test("Pictures are well-formed whatever the names say")
  func svg() throws {
    var charts = try Self.reports().compactMap { ($0 as? any DrawnReport)?.chart }
    #expect(charts.count == 5)
    charts.append(
      BarChart(
        title: "<b>&\"'\u{0}\u{FFFF}", measure: "]]>",
        bars: (0..<40).map {
          .init(name: "</text><script>\($0)", value: Double($0), label: "\($0)")
        }
      ))
    charts.append(BarChart(title: "Nothing", measure: "customers", bars: []))
    charts.append(
      BarChart(title: "Zero", measure: "m", bars: [.init(name: "a", value: 0, label: "0")]))
    for chart in charts {
      let svg = chart.svg()
      let parser = XMLParser(data: Data(svg.utf8))
      #expect(parser.parse(), "\(String(describing: parser.parserError))")
      #expect(!svg.contains("<script") && !svg.contains("nan") && !svg.contains("inf"))
    }
    #expect(charts[5].svg().contains("10 more are not shown."))
    #expect(charts[6].svg().contains("No touchpoints answer this question."))
  }

  @Test("A timeline tells phase, reason, clock and silence, whatever page of it is shown")
  func timeline() throws {
    let because = LocalizedText(en: "Bought", nl: "Kocht")
    let model = JourneyModel(
      id: "m", name: LocalizedText(en: "M"),
      phases: ["see", "care"].map {
        .init(id: $0, name: LocalizedText(en: $0), question: LocalizedText(en: "?"))
      }, rules: [.init(phase: "care", when: .always(true), because: because)])
    let summer = try #require(Timestamp(iso8601: "2017-07-01T22:30:00Z"))
    let touchpoints = [
      Touchpoint(
        customer: "k", occurred: summer, event: .pageViewed, channel: .website, messageID: "1"),
      Touchpoint(
        customer: "k", occurred: summer.adding(seconds: 90), event: .orderCompleted,
        channel: .shop, messageID: "2", utcOffsetMinutes: -300, content: "thee",
        value: Money(minorUnits: 1250, currency: .eur), properties: ["kleur": .text("groen")]),
      Touchpoint(
        customer: "k", occurred: summer.adding(seconds: 90), event: .pageViewed, channel: .website,
        messageID: "3"),
    ]
    let placements = [
      Placement(phase: 0, rule: nil, cycle: 0), Placement(phase: 1, rule: 0, cycle: 0),
      Placement(phase: 1, rule: nil, cycle: 1),
    ]
    func page(_ rows: Range<Int>) -> CustomerTimeline {
      CustomerTimeline(
        customer: "k", model: model, zone: .amsterdam, total: 3, firstTime: summer,
        lastTime: summer.adding(seconds: 90),
        moments: rows.map { (touchpoints[$0], placements[$0], [nil, 90, 0][$0]) })
    }
    let all = page(0..<3)
    #expect(all.total == 3 && all.touchpoints.count == 3)
    #expect(all.firstTime == summer && all.lastTime == summer.adding(seconds: 90))
    #expect(all.touchpoints.map(\.localTime).first == "2017-07-02 00:30:00")
    #expect(all.touchpoints[1].localTime == "2017-07-01 17:31:30")
    #expect(all.touchpoints.map(\.gapSeconds) == [nil, 90, 0])
    #expect(all.touchpoints.map(\.phase) == ["see", "care", "care"])
    #expect(all.touchpoints[1].because == because && all.touchpoints[1].rule == 0)
    #expect(all.touchpoints[2].rule == nil && !all.touchpoints[2].because.en.isEmpty)
    #expect(all.touchpoints.map(\.cycle) == [0, 0, 1])
    #expect(all.touchpoints[1].value == 12.5 && all.touchpoints[1].currency == "EUR")
    #expect(page(1..<2).touchpoints == [all.touchpoints[1]])
    #expect(page(1..<2).total == 3)
    #expect(page(3..<3).touchpoints.isEmpty)
  }
}
