package import CustomerJourney

extension Journeys {
  /// Compiles rules for each part of the journeys, and calls `body` with the program and the journeys
  /// of its table that are seen.
  package func forEachProgram(
    _ rules: [Rule], facts: any RuleFacts = NoRuleFacts(), placements: [JourneyPlacement] = [],
    _ body: (RuleProgram, [Range<Int>]) throws -> Void
  ) rethrows {
    for (index, part) in parts.enumerated() {
      let program = RuleProgram(
        rules, in: part.table, facts: facts, placements: placements.map { $0.parts[index] })
      var runs: [Range<Int>] = []
      part.forEachRun(of: 0..<part.table.journeyCount) { runs.append($0) }
      try body(program, runs)
    }
  }
}

extension JourneyTable {
  /// Calls `body` with pieces of a range of journeys of about so many rows each.
  package func forEachPiece(of range: Range<Int>, rows: Int, _ body: (Range<Int>) -> Void) {
    forEachRun(of: range, rows: rows, body)
  }
}
