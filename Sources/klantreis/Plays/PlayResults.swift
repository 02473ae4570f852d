import CustomerJourney
import JourneyEngine
import Orchestration
import Store

/// What came of a play: who came in, what they got, and what they did, each variant beside those who
/// were held out.
struct PlayResults: Hashable, Sendable, Encodable {
  struct Variant: Hashable, Sendable, Encodable {
    /// Empty for a play without splits.
    var name: String
    var entered: Int
    var messages: [String: Int]
    var opened: Int
    var clicked: Int
    var lift: Lift
    var verdict: Lift.Verdict
    var conversion: Lift.Interval?
    var valuePerCustomer: Lift.Interval?
  }

  var play: String
  var entered: Int
  var heldOut: Int
  /// Runs whose time for the goal is over: only these are compared.
  var complete: Int
  var currency: String
  var variants: [Variant]
}

extension Workspace {
  func playResults(
    _ program: PlayProgram, _ snapshot: Snapshot, now: Timestamp
  ) throws -> PlayResults {
    let play = program.play
    let facts = try store.runFacts(of: play.id)
    let journeys = snapshot.journeys
    let goal = try play.goal.map {
      try GoalSeeker($0, of: Set(facts.compactMap { UInt32(exactly: $0.customer) }), snapshot)
    }
    var groups: [String: (treated: Lift.Group, facts: [Store.RunFact])] = [:]
    var heldOut = Lift.Group()
    var complete = 0
    let within = play.goal?.within.milliseconds ?? 0
    for fact in facts {
      let isHeldOut = fact.isHeldOut
      if !isHeldOut { groups[fact.variant, default: (.init(), [])].facts.append(fact) }
      guard let goal, fact.entered.milliseconds + within <= now.milliseconds else { continue }
      complete += 1
      let bought = goal.value(of: fact, journeys)
      if isHeldOut {
        heldOut.add(bought)
      } else {
        groups[fact.variant, default: (.init(), [])].treated.add(bought)
      }
    }
    let variants = groups.sorted { $0.key < $1.key }.map { name, group in
      let lift = Lift(treated: group.treated, heldOut: heldOut)
      let answered = AnswerSeeker.count(group.facts, journeys)
      return PlayResults.Variant(
        name: name, entered: group.facts.count,
        messages: group.facts.reduce(into: [:]) { total, fact in
          for (state, count) in fact.messages { total[state, default: 0] += count }
        }, opened: answered.opened, clicked: answered.clicked, lift: lift, verdict: lift.verdict,
        conversion: lift.conversion, valuePerCustomer: lift.valuePerCustomer)
    }
    return PlayResults(
      play: play.id, entered: facts.count, heldOut: facts.count(where: \.isHeldOut),
      complete: complete, currency: journeys.currency.code, variants: variants)
  }
}

/// Looks whether customers reached a goal.
private struct GoalSeeker {
  private let goal: Play.Goal
  /// Rows of the store at which the goal's rule is true.
  private let rows: Set<UInt32>

  init(_ goal: Play.Goal, of customers: Set<UInt32>, _ snapshot: Snapshot) throws {
    self.goal = goal
    let placements = try snapshot.models.models.filter { goal.rule.models.contains($0.id) }
      .map(snapshot.placement(in:))
    var rows: Set<UInt32> = []
    snapshot.journeys.forEachProgram([goal.rule], facts: snapshot.facts, placements: placements) {
      program, runs in
      let scratch = RuleScratch()
      let table = program.table
      for run in runs {
        table.forEachPiece(of: run, rows: 16_384) { piece in
          guard piece.contains(where: { customers.contains(table.customers[$0]) }) else { return }
          program.evaluate(piece, in: scratch)
          let mask = program.mask(0, in: scratch)
          let first = Int(table.starts[piece.lowerBound])
          for journey in piece where customers.contains(table.customers[journey]) {
            for row in table.rows(ofJourney: journey) where mask[row - first] != 0 {
              rows.insert(table.rowIDs[row])
            }
          }
        }
      }
    }
    try snapshot.facts.check()
    self.rows = rows
  }

  /// The value of all touchpoints that reach the goal in time; nil where none does.
  func value(of fact: Store.RunFact, _ journeys: Journeys) -> Double? {
    guard let number = UInt32(exactly: fact.customer),
      let journey = journeys.journey(ofCustomer: number)
    else { return nil }
    let until = fact.entered.milliseconds + goal.within.milliseconds
    var found: Double?
    for row in journeys.rows(ofJourney: journey) {
      let time = journeys.time(row: row)
      guard time >= fact.entered.milliseconds, time <= until,
        Int64(journeys.rowID(row: row)) != fact.entryRow, rows.contains(journeys.rowID(row: row))
      else { continue }
      found = (found ?? 0) + Double(journeys.value(row: row))
    }
    return found
  }
}

/// Counts who opened or followed what they were sent.
private enum AnswerSeeker {
  static func count(_ facts: [Store.RunFact], _ journeys: Journeys) -> (opened: Int, clicked: Int) {
    var counts = (opened: 0, clicked: 0)
    for fact in facts where !fact.messages.isEmpty {
      guard let number = UInt32(exactly: fact.customer),
        let journey = journeys.journey(ofCustomer: number)
      else { continue }
      var isOpened = false
      var isClicked = false
      for row in journeys.rows(ofJourney: journey)
      where journeys.time(row: row) >= fact.entered.milliseconds
        && journeys.name(.campaign, row: row) == fact.play
      {
        switch journeys.name(.event, row: row) {
        case "Message Opened": isOpened = true
        case "Message Clicked": isClicked = true
        default: break
        }
      }
      counts.opened += isOpened || isClicked ? 1 : 0
      counts.clicked += isClicked ? 1 : 0
    }
    return counts
  }
}
