import CustomerJourney

/// The journeys that a selection leaves, as a fold sees them: those of the base, then those of the
/// overlay.
package struct SelectedJourneys: JourneySource {
  package let journeys: Journeys
  private let parts: [SelectedPart]

  /// `placement` gives the blocks their phases; `placements` are in the models whose phases the
  /// rules ask for.
  package init(
    _ journeys: Journeys, placement: JourneyPlacement? = nil, selection: Selection = Selection(),
    facts: any RuleFacts = NoRuleFacts(), placements: [JourneyPlacement] = []
  ) {
    self.journeys = journeys
    let asked = (placement.map { [$0] } ?? []) + placements
    let instant =
      selection.to.map { $0.milliseconds &- 1 } ?? journeys.bounds?.upperBound ?? 0
    parts = journeys.parts.enumerated().map { index, part in
      SelectedPart(
        part, placement: placement?.parts[index], selection: selection, facts: facts,
        placements: asked.map { $0.parts[index] }, at: instant)
    }
  }

  package func ranges(parts count: Int) -> [Range<Int>] { journeys.ranges(parts: count) }

  package func forEachBlock(
    _ range: Range<Int>, reading columns: Columns, _ body: (JourneyBlock) -> Void
  ) {
    journeys.forEachPart(of: range) { index, own in
      parts[index].forEachBlock(own, reading: columns, body)
    }
  }

  /// The rules as passes over columns, those of the base; the other parts have the same.
  package var programs: [RuleProgram] { parts.first?.programs ?? [] }

  /// The rows of one journey that pass.
  package func rows(ofJourney journey: Int) -> [Int] {
    let all = journeys.rows(ofJourney: journey)
    var kept: [Int] = []
    journeys.forEachPart(of: journey..<(journey + 1)) { index, own in
      let first = journeys.parts[index].table.rows(ofJourney: own.lowerBound).lowerBound
      kept = parts[index].rows(ofJourney: own.lowerBound).map { all.lowerBound + $0 - first }
    }
    return kept
  }
}

extension Selection {
  /// Ids of the models whose phases its rules ask for.
  package var models: Set<String> {
    (touchpoints?.models ?? []).union(customers?.models ?? [])
  }

  /// True when a rule asks for the cycles of the question's model.
  package var usesCycles: Bool {
    touchpoints?.usesCycles == true || customers?.usesCycles == true
  }
}
