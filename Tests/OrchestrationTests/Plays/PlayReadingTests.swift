import CustomerJourney
import Testing

@testable import Orchestration

/// What a play's file says, and what is said of one that is wrong.
@Suite struct PlayReadingTests {
  @Test("The built-in plays can be read, each with a place in the matrix and both languages")
  func builtIn() throws {
    #expect(BuiltInPlays.all.count == 8)
    for built in BuiltInPlays.all {
      let play = try Play(yaml: built.yaml, file: built.id)
      #expect(play.id == built.id)
      #expect(play.cell != nil)
      #expect(play.name.nl != nil && play.about.nl != nil)
      #expect(!play.actions.isEmpty)
    }
  }

  @Test(
    "What is wrong is said with its line and what would be right",
    arguments: [
      ("- wiat: 1h", "line 9", "did you mean “wait”"),
      ("- wait: 1x", "line 9", "30m, 1h, 3d"),
      ("- wait: 1h\n- go to: frist\n- {id: first, message: m}", "steps", "did you mean “first”"),
      ("- {id: a, message: m}\n- go to: a", "line 9", "without waiting"),
      ("- if: event iz x\n  then: [{message: m}]", "line 9", "did you mean “is”"),
      ("- {message: m, channel: fax}", "line 9", "email or sms"),
      ("- {id: a, message: m}\n- {id: a, message: m}", "line 10", "two steps “a”"),
      ("- split: [{name: a, share: 40%}, {name: b, share: 40%}]", "line 9", "add up to 100%"),
      ("- wait until: 9 o'clock", "line 9", "09:00"),
      ("- {message: m, then: []}", "line 9", "does not belong"),
    ])
  func mistakes(steps: String, line: String, hint: String) {
    let error = #expect(throws: PlayError.self) { try Play(yaml: PlayKit.yaml(steps: steps)) }
    let text = error?.description ?? ""
    #expect(text.contains(line), "\(text)")
    #expect(text.contains(hint), "\(text)")
  }

  @Test("A rule that is true of everybody brings nobody in, and is refused")
  func everybody() {
    let error = #expect(throws: PlayError.self) {
      try Play(yaml: PlayKit.yaml("enter: {event: \"true\"}", steps: "- {message: m}"))
    }
    #expect(error?.description.contains("true of everybody") == true)
  }

  @Test("A circle without a wait is found through branches and splits")
  func circles() throws {
    let branch = """
      - id: top
        if: value > 1
        then:
          - {message: m}
          - go to: top
      """
    #expect(throws: PlayError.self) { try Play(yaml: PlayKit.yaml(steps: branch)) }
    let waiting = branch.replacing("    - {message: m}", with: "    - wait: 1d\n    - {message: m}")
    #expect(throws: Never.self) { try Play(yaml: PlayKit.yaml(steps: waiting)) }
  }

  @Test("There is a limit on steps and on how deep they stand")
  func limits() {
    let many = (0...Limits.playSteps).map { _ in "- wait: 1h" }.joined(separator: "\n")
    #expect(throws: PlayError.self) { try Play(yaml: PlayKit.yaml(steps: many)) }
    var deep = "[{message: m}]"
    for _ in 0...Limits.playDepth { deep = "[{if: value > 1, then: \(deep)}]" }
    #expect(throws: PlayError.self) {
      try Play(yaml: PlayKit.yaml(steps: "- {if: value > 1, then: \(deep)}"))
    }
  }
}
