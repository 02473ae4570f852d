import CustomerJourney
import Foundation
import Testing

@Suite("The documentation is right")
struct DocumentationTests {
  static func page(_ name: String) throws -> String {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    return try String(contentsOf: root.appending(path: "docs/\(name)"), encoding: .utf8)
  }

  @Test("every example in the table of forms is a rule")
  func forms() throws {
    let table = try #require(
      try Self.page("rules.md").components(separatedBy: "## All forms").last?
        .components(separatedBy: "A WINDOW follows").first)
    let rows = table.split(separator: "\n").filter { $0.hasPrefix("| ") }.dropFirst()
    #expect(rows.count > 25)
    var vocabulary = RuleParsingTests.vocabulary
    vocabulary.definitions["purchase"] = .always(true)
    for row in rows {
      let example = row.split(separator: "|")[1].trimmed.replacing("`", with: "")
      #expect(throws: Never.self, "\(example)") { try Rule(parsing: example, in: vocabulary) }
    }
  }

  @Test("the example of a model is one, and works as it says")
  func model() throws {
    let pieces = try Self.page("models.md").components(separatedBy: "```")
    let yaml = try #require(pieces.first { $0.hasPrefix("yaml\n") }).dropFirst(5)
    let model = try JourneyModel(yaml: String(yaml))
    let journey = SketchedJourney.touchpoints(
      "0 page; 1 tasting-attended @stall; 2 tasting-attended @stall; 3 purchase; 300 page")
    let phases = model.place(journey).map { model.phases[$0.phase].id }
    #expect(phases == ["passing", "passing", "keen", "regular", "passing"])
  }
}
