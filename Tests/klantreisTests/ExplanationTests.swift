import CustomerJourney
import Foundation
import Testing

@testable import klantreis

@Suite("Explaining what a question cost")
struct ExplanationTests {
  let project: TestProject

  init() throws { project = try TestProject() }

  private func explain(_ kind: QuestionKind, _ values: [String: [String]] = [:]) throws
    -> Explanation
  {
    var snapshot = try project.workspace.snapshot()
    let trace = QuestionTrace()
    snapshot.trace = trace
    let question = try Question(kind, values)
    _ = try question.answer(from: snapshot)
    return trace.explanation(of: question, snapshot)
  }

  @Test("it says what was looked through, and whether phases were known already")
  func placed() throws {
    let first = try explain(.map, ["model": ["stdc"]])
    #expect(first.touchpoints == 7)
    #expect(first.journeys == 3)
    #expect(first.parts.map(\.kind) == ["base"])
    #expect(first.columns == ["channel", "content", "time", "phase"])
    #expect(first.bytes == 7 * (1 + 4 + 8 + 1))
    #expect(first.steps.map(\.details).contains(["7 placed now, 0 were"]))
    #expect(try explain(.map).steps.map(\.details).contains(["0 placed now, 7 were"]))
    #expect(first.milliseconds == first.steps.reduce(0) { $0 + $1.milliseconds })
  }

  @Test("it says the passes of the rules and the columns that they read")
  func rules() throws {
    let explanation = try explain(
      .transitions,
      [
        "where": ["channel is website"],
        "who": [#"count(event is "Order Completed", within 30d) >= 2"#],
      ])
    let passes = explanation.steps.flatMap(\.details)
    #expect(passes.contains("look up channel (1 of its names pass)"))
    #expect(passes.contains("count within a window of time"))
    #expect(explanation.columns == ["event", "channel", "time"])
    #expect(explanation.text.contains("7 touchpoints of 3 customers"))
  }

  @Test("every question can be explained", arguments: QuestionKind.all.map(\.name))
  func all(name: String) throws {
    let values = [
      "phase": ["phase": ["care"]], "funnel": ["step": ["Product Viewed"]],
      "journey": ["customer": ["ann"]], "segment": ["who": ["gap > 1d"]],
    ]
    let kind = try #require(QuestionKind.named(name))
    let explanation = try explain(kind, values[name] ?? [:])
    #expect(!explanation.steps.isEmpty)
    #expect(try !JSONEncoder().encode(explanation).isEmpty)
  }
}
