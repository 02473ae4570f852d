import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite("Files of clients' events") struct EventFileTests {
  private func options(_ format: String? = nil) -> ImportOptions {
    var options = testOptions
    options.format = format.flatMap { ImportFormat($0) }
    return options
  }

  private static let track =
    #"{"type":"track","userId":"u1","event":"Product Viewed","messageId":"m1","#
    + #""timestamp":"2024-03-01T10:00:00Z","properties":{"size":42}}"#

  /// What stands in a file of each dialect, as bodies and as bare events: each is a page that u1 or
  /// a1 saw at the same moment.
  static let samples: [(dialect: String, lines: [String])] = [
    (
      "segment",
      [
        track, #"{"batch":[\#(track)],"sentAt":"2024-03-01T10:00:05Z"}"#,
        #"{"type":"page","anonymousId":"a1","name":"Home","messageId":"m2","channel":"server","#
          + #""timestamp":"2024-03-01T10:00:00.000Z","originalTimestamp":"2024-03-01T09:00:00Z","#
          + #""sentAt":"2024-03-01T09:00:01Z","receivedAt":"2024-03-01T10:00:01Z"}"#,
      ]
    ),
    (
      "rudderstack",
      [
        #"{"type":"track","userId":"u1","event":"Product Viewed","messageId":"m1","rudderId":"r","#
          + #""context":{"library":{"name":"RudderLabs"}},"timestamp":"2024-03-01T10:00:00Z"}"#
      ]
    ),
    (
      "ga4",
      [
        #"{"client_id":"a1","timestamp_micros":"1709287200000000","#
          + #""events":[{"name":"page_view","params":{"page_location":"https://shop.nl/"}}]}"#,
        #"{"client_id":"a1","timestamp_micros":1709287200000000,"name":"view_item","params":{}}"#,
      ]
    ),
    (
      "snowplow",
      [
        #"{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":["#
          + #"{"e":"pv","p":"web","eid":"e1","duid":"a1","dtm":"1709287200000","#
          + #""url":"https://shop.nl/"}]}"#,
        #"{"e":"pv","p":"web","eid":"e2","duid":"a1","dtm":"1709287200000","url":"https://shop.nl/b"}"#,
      ]
    ),
    (
      "matomo",
      [
        "idsite=1&rec=1&_id=0123456789abcdef&cdt=1709287200&url=https%3A%2F%2Fshop.nl%2F"
          + "&action_name=Home"
      ]
    ),
    (
      "matomo",
      [
        #"{"requests":["?idsite=1&rec=1&_id=0123456789abcdef&cdt=1709287200&url=https://shop.nl/"]}"#
      ]
    ),
    (
      "posthog",
      [
        #"{"event":"$pageview","distinct_id":"a1","properties":{"$current_url":"https://shop.nl/"},"#
          + #""timestamp":"2024-03-01T10:00:00Z","uuid":"018df9a2-0000-7000-8000-000000000001"}"#,
        #"{"api_key":"k","batch":[{"event":"$pageview","distinct_id":"a1","properties":{},"#
          + #""timestamp":"2024-03-01T10:00:00Z","uuid":"018df9a2-0000-7000-8000-000000000002"}]}"#,
      ]
    ),
    (
      "cloudevents",
      [
        #"{"specversion":"1.0","id":"c1","source":"/shop","type":"Product Viewed","#
          + #""time":"2024-03-01T10:00:00Z","subject":"u1","data":{"size":42}}"#
      ]
    ),
  ]

  /// Those whose dialect the front door has.
  static var spoken: [(dialect: String, lines: [String])] {
    samples.filter { sample in FrontDoor.dialects.contains { $0.name == sample.dialect } }
  }

  @Test("every dialect of the front door has a sample here")
  func samplesAreComplete() {
    for dialect in FrontDoor.dialects {
      #expect(Self.samples.contains { $0.dialect == dialect.name }, "\(dialect.name)")
    }
  }

  @Test("lines of every dialect are found out and read at the time that they state")
  func everyDialect() throws {
    for (dialect, lines) in Self.spoken {
      for text in [lines.joined(separator: "\n"), lines.joined(separator: "\r\n") + "\r\n\r\n"] {
        let folder = try TemporaryFolder()
        let path = try folder.write("archive.jsonl", Data(text.utf8))
        let preview = try FileImport.preview(path: path, options: testOptions)
        #expect(preview.format == .events(dialect))
        #expect(preview.warnings == ["Read as \(dialect); say it otherwise with --format."])
        let imported = try importAll(path: path)
        #expect(imported.rejected == [], "\(dialect)")
        #expect(imported.touchpoints.count == lines.count, "\(dialect)")
        for touchpoint in imported.touchpoints {
          #expect(touchpoint.occurred.iso8601 == "2024-03-01T10:00:00Z", "\(dialect)")
          // Only the archive says when an event came in, and that its client's clock was behind.
          let corrected = [nil, "2024-03-01T09:00:00Z"]
          #expect(corrected.contains(touchpoint.clientTime?.iso8601), "\(dialect)")
          #expect(touchpoint.source == "archive")
        }
      }
    }
  }

  @Test("what an event in a file says of consent is read as if it were sent")
  func consents() throws {
    let said = Self.track.replacing(
      #""properties":{"size":42}"#,
      with: #""properties":{"purpose":"marketing","channel":"email","given":true,"text":"Yes"}"#
    ).replacing("Product Viewed", with: "Consent Changed")
    let imported = try importAll(said, options: options("segment"))
    #expect(imported.touchpoints.count == 1)
    let claim = try #require(imported.consents.first)
    #expect(claim.customer == "u1" && claim.purpose == "marketing" && claim.isGiven)
    #expect(claim.channel == .email && claim.words == "Yes")
    #expect(claim.happened.iso8601 == "2024-03-01T10:00:00Z")
  }

  @Test("the elements of an array are read as lines are, however they are broken")
  func arrays() throws {
    for (dialect, lines) in Self.spoken where lines.allSatisfy({ $0.hasPrefix("{") }) {
      let broken = lines.map { $0.replacing("\",\"", with: "\",\n  \"") }
      for text in ["[\(lines.joined(separator: ","))]", "[\n\(broken.joined(separator: ",\n"))\n]"]
      {
        let imported = try importAll(text, options: options(dialect))
        #expect(imported.touchpoints.count == lines.count, "\(dialect)")
        #expect(imported.rejected == [], "\(dialect)")
      }
      // One body in a file of its own.
      #expect(try importAll(broken[0]).touchpoints.count == 1, "\(dialect)")
    }
  }

  @Test("a file read twice has the same ids, also when it says none")
  func twice() throws {
    for (dialect, lines) in Self.spoken {
      let text = lines.joined(separator: "\n").replacing(#""messageId":"m1","#, with: "")
      func ids() throws -> [String] {
        try importAll(text, options: options(dialect)).touchpoints.map {
          "\($0.clientTime ?? $0.occurred) \($0.messageID)"
        }
      }
      let first = try ids()
      let second = try ids()
      #expect(first == second, "\(dialect)")
      #expect(!first.isEmpty)
    }
  }

  @Test("what cannot be used is rejected with its line and reason, the rest is read")
  func rejections() throws {
    let imported = try importAll(
      [
        Self.track, "{\"type\":\"track\",", Self.track.replacing("u1", with: ""), "[1,2]",
        Self.track.replacing("\"timestamp\":\"2024-03-01T10:00:00Z\",", with: ""),
        Self.track.replacing("2024-03-01", with: "2099-03-01"),
        Self.track.replacing("m1", with: "m9"),
      ].joined(separator: "\n"), name: "archive.jsonl", options: options("segment"))
    #expect(imported.lines == [1, 7])
    #expect(imported.rejected.map(\.line) == [2, 3, 4, 5, 6])
    let reasons = imported.rejected.map(\.reason)
    #expect(reasons[0].hasPrefix("is no JSON"))
    #expect(reasons[3].contains("has no time of its own"))
    #expect(reasons[4].contains("more than a day from now"))
    #expect(imported.rejected.allSatisfy { !$0.text.isEmpty && !$0.reason.contains("u1") })
  }

  @Test("a line may be as long as a request, and no longer")
  func longLines() throws {
    func line(_ bytes: Int) -> String {
      let empty = Self.track.replacing("\"size\":42", with: "\"note\":\"\"")
      return empty.replacing(
        "\"note\":\"\"",
        with: "\"note\":\"\(String(repeating: "x", count: bytes - empty.utf8.count))\"")
    }
    let text = [line(Limits.collectedBytes + 1), Self.track].joined(separator: "\n")
    let over = try importAll(text, options: options("segment"))
    #expect(over.lines == [2])
    #expect(over.rejected.map(\.line) == [1])
  }

  @Test(
    "a file of rows stays one",
    arguments: [
      (#"{"customer":"c1","time":"2024-01-01","event":"view_item"}"#, ImportFormat.json),
      (#"{"userId":"c1","time":"2024-01-01","type":"view_item"}"#, .json),
      ("customer,time,event\nc1,2024-01-01,view_item", .csv),
      ("customer;time;event;url\nc1;2024-01-01;view_item;/?e=1&p=2", .csv),
    ])
  func rows(text: String, format: ImportFormat) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("rows.txt", Data(text.utf8))
    let preview = try FileImport.preview(path: path, options: testOptions)
    #expect(preview.format == format)
    #expect(preview.rows.count == 1)
  }

  @Test("a mapping and a format without columns exclude each other")
  func mapping() throws {
    #expect(throws: ImportError.self) {
      _ = try importAll(Self.track, mapping: "source: x", options: options("segment"))
    }
    // With a mapping alone the events are rows.
    let yaml = "columns: {customer: userId, time: timestamp, event: event}"
    #expect(try importAll(Self.track, mapping: yaml).touchpoints.map(\.customer) == ["u1"])
  }

  @Test("what a source's own names mean holds for its file, however it is packed, and for no other")
  func sourceMapping() throws {
    let late = Self.track.replacing(
      "\"timestamp\":\"2024-03-01T10:00:00Z\",\"properties\":{\"size\":42",
      with: "\"properties\":{\"size\":42,\"at\":\"2024-03-02T10:00:00Z\"")
    let text = [
      Self.track, late.replacing("m1", with: "m2"),
      Self.track.replacing("Product Viewed", with: "Ping").replacing("m1", with: "m3"),
    ].joined(separator: "\n")
    var options = options("segment")
    options.sourceMappings["archive"] = try SourceMapping(
      yaml: """
        events: {Product Viewed: Product Added}
        ignore: [Ping]
        value: properties.size
        time: properties.at
        """)
    let mapped = try importAll(text, name: "archive.jsonl.old", options: options)
    #expect(mapped.touchpoints.map(\.event.name) == ["Product Added", "Product Added"])
    #expect(
      mapped.touchpoints.map(\.occurred.iso8601) == [
        "2024-03-01T10:00:00Z", "2024-03-02T10:00:00Z",
      ])
    #expect(mapped.touchpoints.map(\.value?.minorUnits) == [4_200, 4_200])
    #expect(mapped.rejected.map(\.line) == [3])
    #expect(mapped.rejected.allSatisfy { $0.isExpected })
    let other = try importAll(text, name: "other.jsonl", options: options)
    #expect(other.count(EventName("Product Added")) == 0)
    options.source = "archive"
    let said = try importAll(text, name: "other.jsonl", options: options)
    #expect(said.count(EventName("Product Added")) == 2)
  }

  @Test("damaged files never stop the reading, and every line is accounted for")
  func fuzz() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    for (dialect, lines) in Self.spoken {
      for _ in 0..<60 {
        let text = damaged((lines + lines).joined(separator: "\n"), &random)
        let found = try? importAll(text, options: options(dialect))
        let imported = try #require(found, "\(dialect), seed \(seed)")
        #expect(imported.failure == nil, "seed \(seed)")
        #expect(
          imported.rejected.count + imported.touchpoints.count + imported.traits.count > 0,
          "\(dialect), seed \(seed)")
      }
    }
  }
}

/// The text with a few bytes changed, taken out or doubled; its first byte stays.
func damaged(_ text: String, _ random: inout SeededGenerator) -> Data {
  var bytes = Array(text.utf8)
  for _ in 0..<Int.random(in: 1...6, using: &random) {
    let at = Int.random(in: 1..<bytes.count, using: &random)
    let until = min(bytes.count, at + Int.random(in: 1...20, using: &random))
    switch Int.random(in: 0..<4, using: &random) {
    case 0: bytes[at] = UInt8.random(in: 1...255, using: &random)
    case 1: bytes.removeSubrange(at..<until)
    case 2: bytes.insert(contentsOf: bytes[at..<until], at: at)
    default: bytes[at] = Array("\"{}[]<>&;=\\\n ".utf8).randomElement(using: &random) ?? 34
    }
    if bytes.count < 3 { break }
  }
  return Data(bytes)
}
