import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite struct StoreAccepts {
  @Test(
    "rows that the store would refuse are rejected with a reason, the others are kept",
    arguments: [
      (String(repeating: "i", count: 201), "1", "x", "an id of more than 200 characters"),
      ("i", "\u{A0}", "x", "has no event"),
      ("i", "nothing", "x", "has no event"),
      ("i", "1", "none", "has no channel"),
    ]
  ) func rejected(id: String, event: String, channel: String, reason: String) throws {
    let imported = try importAll(
      "customer,time,event,channel,message_id\nc1,2024-01-01,\(event),\(channel),\(id)\n"
        + "c2,2024-01-01,1,\u{A0},\(String(repeating: "é", count: 200))\n",
      mapping: """
        columns: {customer: customer, time: time, event: event, channel: channel, id: message_id}
        events: {nothing: " "}
        channels: {none: " "}
        """)
    #expect(imported.rejected.count == 1)
    #expect(imported.rejected.first?.reason.contains(reason) == true)
    #expect(imported.touchpoints.map(\.customer) == ["c2"])
    #expect(imported.touchpoints.first?.channel == .website, "an empty cell says nothing")
  }

  @Test("the number of a moment counts with the id that it follows", arguments: [198, 199])
  func idOfMoment(length: Int) throws {
    let imported = try importAll(
      "customer,time,id\nc1,2024-01-01,\(String(repeating: "i", count: length))\n",
      mapping: "columns: {customer: customer, id: id}\nmoments: [{time: time, event: x}]")
    #expect(imported.touchpoints.count == (length == 198 ? 1 : 0))
    #expect(imported.rejected.count == (length == 198 ? 0 : 1))
  }

  @Test(
    "an offset from UTC is at most eighteen hours, in its column and in a time",
    arguments: [
      ("1080", "2024-01-01", 1_080), ("-1080", "2024-01-01", -1_080), ("1081", "2024-01-01", nil),
      ("-9223372036854775808", "2024-01-01", nil), ("", "2024-01-01T12:00+18:00", 1_080),
      ("", "2024-01-01T12:00-18:00", -1_080), ("", "2024-01-01T12:00+18:01", nil),
      ("", "2024-01-01T12:00+18:59", nil),
    ] as [(String, String, Int?)]
  ) func offsets(cell: String, time: String, expected: Int?) throws {
    let imported = try importAll(
      "customer,time,event,utc_offset_minutes\nc1,\(time),x,\(cell)\n")
    #expect(imported.touchpoints.map(\.utcOffsetMinutes) == (expected == nil ? [] : [expected]))
    #expect(imported.rejected.count == (expected == nil ? 1 : 0))
    if cell.isEmpty {
      #expect(Timestamp.parseISO8601(time, zone: .utc)?.utcOffsetMinutes == expected)
    }
  }

  @Test("a source of spaces is none", arguments: ["source: \" \"", "source: shop"])
  func source(mapping: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "orders.csv.txt", Data("customer,time,event\nc,2024-01-01,x\n".utf8))
    let file = try FileImport(
      path: path, mapping: try ImportMapping(yaml: mapping), options: testOptions)
    let expected = mapping == "source: shop" ? "shop" : "orders"
    #expect(file.source == expected)
    guard case .touchpoint(let touchpoint, _)? = try file.next()?.first else {
      Issue.record("the row is no touchpoint")
      return
    }
    #expect(touchpoint.source == expected)
  }

  @Test("the first and the last moment that a touchpoint can have are kept, those beside them not")
  func moments() throws {
    let first = Limits.earliestMilliseconds
    let last = testNow.milliseconds + Limits.futureMilliseconds
    let times = [first - 1, first, last, last + 1].map { Timestamp(milliseconds: $0).iso8601 }
    let imported = try importAll(
      "customer,time,event\n" + times.map { "c,\($0),x\n" }.joined())
    #expect(imported.touchpoints.map(\.occurred.milliseconds) == [first, last])
    #expect(imported.rejected.map(\.line) == [2, 5])
  }
}

@Suite struct JSONLimits {
  private let good = #"{"customer":"c1","time":"2024-01-02","event":"view_item"}"#

  private func row(keys: Int, prefix: String = "k") -> String {
    let more = (0..<keys).map { ",\"\(prefix)\($0)\":1" }.joined()
    return good.dropLast() + more + "}"
  }

  @Test("values are nested to the limit and no deeper", arguments: [0, 1])
  func depth(over: Int) throws {
    // The object of the row is the first level.
    let levels = Limits.jsonDepth - 1 + over
    let nested =
      good.dropLast() + ",\"a\":" + String(repeating: "[", count: levels) + "1"
      + String(repeating: "]", count: levels) + "}"
    let imported = try importAll("\(nested)\n\(good)\n", name: "e.jsonl")
    #expect(imported.touchpoints.count == 2 - over)
    #expect(imported.rejected.map(\.line) == (over == 0 ? [] : [1]))
  }

  @Test("a path is as long as a name may be, longer ones reject their row at once")
  func paths() throws {
    let longest = String(repeating: "k", count: Limits.nameCharacters - 2)
    for key in [longest, longest + "k"] {
      let imported = try importAll(
        "\(good)\n\(good.dropLast()),\"\(key)\":[1]}\n", name: "e.jsonl")
      #expect(imported.rejected.count == (key == longest ? 0 : 1))
    }
    let endless = String(repeating: "k", count: 400_000)
    let array = String(repeating: "1,", count: 1_000) + "1"
    let imported = try importAll(
      "\(good)\n\(good.dropLast()),\"\(endless)\":[\(array)]}\n\(good)\n", name: "e.jsonl")
    #expect(imported.touchpoints.count == 2)
    #expect(imported.rejected.first?.reason.contains("key or path of more than") == true)
  }

  @Test("a row with more properties than the limit is rejected, wherever its keys come first")
  func properties() throws {
    let full = row(keys: Limits.propertiesPerEvent)
    let over = row(keys: Limits.propertiesPerEvent + 1)
    for rows in [[full, over, good], [over, good, full]] {
      let imported = try importAll(rows.joined(separator: "\n"), name: "e.jsonl")
      #expect(imported.touchpoints.count == 2)
      #expect(imported.touchpoints.contains { $0.properties.count == Limits.propertiesPerEvent })
      #expect(imported.rejected.map(\.line) == [rows.firstIndex(of: over).map { $0 + 1 } ?? 0])
      #expect(imported.rejected.first?.reason.contains("more than 256 properties") == true)
    }
    // Keys that come after the head from which the columns are known.
    let late = String(repeating: good + "\n", count: 6_000) + over + "\n" + full + "\n"
    let imported = try importAll(late, name: "e.jsonl")
    #expect(imported.rejected.map(\.line) == [6_001])
    #expect(imported.touchpoints.last?.properties.count == Limits.propertiesPerEvent)
  }

  @Test("first rows that have many different keys together are read")
  func sparse() throws {
    let rows = (0..<4).map { row(keys: 100, prefix: "row\($0)_") }
    let imported = try importAll(rows.joined(separator: "\n"), name: "e.jsonl")
    #expect(imported.rejected == [])
    #expect(imported.touchpoints.map(\.properties.count) == [100, 100, 100, 100])
  }

  @Test("a row with more keys than a file's columns is rejected and takes no column from others")
  func columns() throws {
    let keys = (0...Limits.columnsPerFile).map { "\"k\($0)\":1" }.joined(separator: ",")
    let imported = try importAll(
      "{\(keys),\(good.dropFirst())\n\(good)\n\(row(keys: 2, prefix: "other"))\n", name: "e.jsonl")
    #expect(imported.rejected.map(\.line) == [1])
    #expect(imported.touchpoints.map(\.properties.count) == [0, 2])
  }
}

@Suite struct GroupLimits {
  private let mapping = """
    columns: {customer: c, time: t, value: v}
    constants: {event: Order Completed}
    group: {by: g}
    """

  @Test("as many groups are open as the limit says, one more closes the oldest", arguments: [0, 1])
  func open(over: Int) throws {
    let groups = Array(0..<Limits.openGroups + over) + [0]
    let rows = groups.map { "c,2024-01-01,1,g\($0)\n" }.joined()
    let imported = try importAll("c,t,v,g\n\(rows)", mapping: mapping)
    #expect(imported.touchpoints.count == Limits.openGroups + 2 * over)
  }

  @Test("a group without an end becomes touchpoints of as many rows as the limit says")
  func endless() throws {
    let rows = String(repeating: "c,2024-01-01,1,g\n", count: Limits.groupRows + 1)
    let imported = try importAll("c,t,v,g\n\(rows)", mapping: mapping)
    #expect(
      imported.touchpoints.map { $0.properties["lines"] } == [
        .number(Double(Limits.groupRows)), .number(1),
      ])
  }
}

@Suite struct HostileFiles {
  @Test("quotes that swallow thousands of lines each cost no more than their length")
  func swallowedLines() throws {
    let names = ["customer", "time", "event"] + (0..<2_000).map { "p\($0)" }
    var text = names.joined(separator: ",") + "\n"
    let count = 10_000
    text += String(repeating: "a\",\"\n", count: count)
    text += (["c1", "2024-01-01", "x"] + (0..<2_000).map { _ in "" }).joined(separator: ",") + "\n"
    let scanner = CSVScanner(window: ByteWindow(text: Array(text.utf8)), delimiter: .comma)
    #expect(scanner.next() == .row)
    scanner.expectedFields = names.count
    var rejected = 0
    while case .rejected = scanner.next() { rejected += 1 }
    #expect(rejected == count)
    #expect(scanner.line == count + 2, "the good row after them")
    #expect(scanner.row.count == names.count)
    #expect(scanner.next() == .end)
    let bound = Limits.rescannedBytes + text.utf8.count + Limits.eventBytes
    #expect(scanner.rescanned <= bound, "else each line costs the next 2,000")
  }

  @Test("a preview of a line without an end stops at its limit, and says so")
  func endlessLine() throws {
    let folder = try TemporaryFolder()
    var data = Data("customer,time,event\nc1,2024-01-01,x\n".utf8)
    let head = data.count
    data.append(Data(repeating: 120, count: Int(Limits.previewBytes) + 1_000_000))
    data.append(Data("\nc2,2024-01-01,x\n".utf8))
    let preview = try FileImport.preview(
      path: try folder.write("rows.csv", data), options: testOptions)
    #expect(
      !preview.rows.contains {
        if case .touchpoint(let t, _) = $0 { t.customer == "c2" } else { false }
      })
    #expect(preview.rows.count == 2)
    #expect(preview.warnings.contains { $0.contains("Only the first 16 MiB") })
    let whole = try importAll(data)
    #expect(whole.touchpoints.map(\.customer) == ["c1", "c2"])

    let nothing = try folder.write("line.csv", data.dropFirst(head))
    #expect {
      _ = try FileImport.preview(path: nothing, options: testOptions)
    } throws: {
      ($0 as? ImportError)?.description.contains("no row that ends within 16 MiB") == true
    }
  }
}

@Suite struct GuessedIDs {
  @Test("a column is only taken as the id of a message when its name surely says so")
  func names() throws {
    let imported = try importAll(
      "customer,time,event,event_id\nc1,2024-01-01,x,EXPO24\nc2,2024-01-01,x,EXPO24\n")
    #expect(Set(imported.touchpoints.map(\.messageID)).count == 2)
    #expect(imported.touchpoints[0].properties["event_id"] == .text("EXPO24"))
  }

  @Test("a guessed id that repeats at one time in different rows is not used, a retry is known")
  func repeats() throws {
    let header = "customer,time,event,message_id\n"
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "m.csv", Data("\(header)c1,2024-01-01,x,EXPO24\nc2,2024-01-01,x,EXPO24\n".utf8))
    let imported = try importAll(path: path)
    #expect(Set(imported.touchpoints.map(\.messageID)).count == 2)
    #expect(imported.touchpoints[0].properties["message_id"] == .text("EXPO24"))
    let preview = try FileImport.preview(path: path, options: testOptions)
    #expect(preview.warnings.contains { $0.contains("message_id repeats in different rows") })

    let said = try importAll(
      path: path,
      mapping: try ImportMapping(
        yaml: "columns: {customer: customer, time: time, event: event, id: message_id}"))
    #expect(said.touchpoints.map(\.messageID) == ["EXPO24", "EXPO24"])
    let retry = "c1,2024-01-01,x,m-1\n"
    let retried = try importAll("\(header)\(retry)\(retry)c1,2024-01-02,x,m-1\n")
    #expect(retried.touchpoints.map(\.messageID) == ["m-1", "m-1", "m-1"])
  }
}
