package import CustomerJourney
import JourneyEngine

/// One customer of the engine's columns, asked by a compiled program. For looking back over everybody.
package struct ColumnWitness: PlayWitness {
  private let program: RuleProgram
  private let journey: Int
  private let rows: Range<Int>
  /// Bytes of the rules at the rows of a piece of journeys, which begins at `first`.
  private let masks: [UnsafePointer<UInt8>]
  private let first: Int
  private let scratch: RuleScratch
  private let properties: [UInt32: String]
  package let zone: Zone

  /// `masks` must stay while this is asked. `scratch` is used for instants, and for nothing else.
  init(
    _ program: RuleProgram, journey: Int, masks: [UnsafePointer<UInt8>], first: Int,
    scratch: RuleScratch, properties: [UInt32: String], zone: Zone
  ) {
    self.program = program
    self.journey = journey
    rows = program.table.rows(ofJourney: journey)
    self.masks = masks
    self.first = first
    self.scratch = scratch
    self.properties = properties
    self.zone = zone
  }

  package var count: Int { rows.count }

  package func time(_ index: Int) -> Timestamp {
    Timestamp(milliseconds: program.table.times[rows.lowerBound + index])
  }

  package func row(_ index: Int) -> Int64 { Int64(program.table.rowIDs[rows.lowerBound + index]) }

  package func holds(_ rule: Int, at index: Int) -> Bool {
    masks[rule][rows.lowerBound + index - first] != 0
  }

  package func holds(_ rule: Int, at instant: Timestamp) -> Bool {
    var answer: UInt8 = 0
    program.evaluate(
      rule: rule, journey..<(journey + 1), at: instant.milliseconds, in: scratch, into: &answer)
    return answer != 0
  }

  package func property(_ path: String, at index: Int) -> String? {
    properties[program.table.rowIDs[rows.lowerBound + index]]
  }
}
