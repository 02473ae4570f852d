import Testing

@testable import CustomerJourney

@Suite("Definitions of calculated traits")
struct CalculationTests {
  private func read(_ text: String) throws -> Calculation {
    try Calculation(parsing: text, in: .filter())
  }

  @Test("kind, rule and time are told apart")
  func parts() throws {
    let all = try read(#"count where event is "Order Completed" within 365d"#)
    #expect(all.kind == .count)
    #expect(all.ruleText == #"event is "Order Completed""#)
    #expect(try #require(all.within).milliseconds == 365 * 86_400_000)
    let bare = try read("Most  Frequent channel")
    #expect(bare.kind == .mostFrequent(.channel))
    #expect(bare.rule == nil && bare.within == nil)
    let recent = try read("sum of value within 12 hours")
    #expect(recent.kind == .sum && recent.within?.milliseconds == 12 * 3_600_000)
  }

  @Test("a window of the rule itself, and words in quotes, belong to the rule")
  func windows() throws {
    let inner = try read("last content where count(event is purchase, within 30d) >= 2")
    #expect(inner.within == nil)
    #expect(inner.ruleText == "count(event is purchase, within 30d) >= 2")
    let both = try read("count where ever(channel is shop, within 30d) within 1w")
    #expect(try #require(both.within).milliseconds == 7 * 86_400_000)
    let quoted = try read(#"count where content is "a within 3d" and content is "b where c""#)
    #expect(quoted.within == nil)
    #expect(quoted.ruleText?.hasPrefix("content is") == true)
  }

  @Test(
    "what cannot be read says where and what would do",
    arguments: [
      ("", 0), ("cont where true", 0), ("most frequent time", 0), ("count where evnt is x", 12),
      ("count within soon", 12), ("count where", 0), ("count where true within", 0),
    ])
  func faults(text: String, offset: Int) throws {
    let error = try #require(throws: RuleError.self) { try read(text) }
    if offset > 0 { #expect(error.offset >= offset - 1) }
    #expect(!error.message.isEmpty)
  }

  @Test("at the limit of characters it is read, past it it is not")
  func limit() throws {
    let text = "count where content is \""
    let fill = String(repeating: "x", count: Limits.ruleCharacters - 20)
    #expect(throws: RuleError.self) {
      try read(text + fill + String(repeating: "y", count: 100) + "\"")
    }
    #expect(try read(text + "x\"").kind == .count)
  }

  @Test("own names are kept apart from those that are built in")
  func names() throws {
    #expect(try CalculatedTrait.checked(name: "  last   shoe ") == "last shoe")
    for taken in ["orders", "phase.stdc"] {
      #expect(throws: TraitProblem.nameTaken(taken)) { try CalculatedTrait.checked(name: taken) }
    }
    #expect(throws: TraitProblem.noName) { try CalculatedTrait.checked(name: " ") }
    let longest = String(repeating: "n", count: Limits.calculatedTraitName)
    #expect(try CalculatedTrait.checked(name: longest) == longest)
    #expect(throws: TraitProblem.longName) { try CalculatedTrait.checked(name: longest + "n") }
  }
}
