import CustomerJourney
import Foundation
import Insights
import JourneyEngine
import Testing

/// The example of `docs/engine.md` is what stands there, and right.
@Suite struct ExampleTests {
  @Test("The page shows the insight that is tested here, of at most fifty lines")
  func page() throws {
    let here = URL(filePath: #filePath).deletingLastPathComponent()
    let code = try String(
      contentsOf: here.appending(path: "ReturningExample.swift"), encoding: .utf8)
    let page = try String(
      contentsOf: here.appending(path: "../../docs/engine.md"), encoding: .utf8)
    #expect(page.contains("```swift\n\(code)```"))
    #expect(code.split(separator: "\n", omittingEmptySubsequences: false).count <= 51)
  }

  @Test("It counts who came back, by the channel of the first touchpoint", arguments: [1, 5])
  func answer(parts: Int) {
    let source = PlacedTable(Plain.randomLog(seed: 41))
    var expected: [String: Returning.Row] = [:]
    for journey in source.journeys {
      let channel = journey[0].channel
      var row = expected[channel] ?? Returning.Row(channel: channel)
      row.customers += 1
      row.cameBack += journey.count > 1 ? 1 : 0
      expected[channel] = row
    }
    let found = source.answer(ReturningFold(table: source.table), parts: parts)
    #expect(Dictionary(uniqueKeysWithValues: found.rows.map { ($0.channel, $0) }) == expected)
  }
}
