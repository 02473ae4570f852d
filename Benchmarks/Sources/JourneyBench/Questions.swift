import CustomerJourney
import Insights
import JourneyEngine

/// The questions over one generated log, with and without a filter.
struct Questions {
  let table: JourneyTable
  private let journeys: Journeys
  private let placement: JourneyPlacement
  let threads: Int
  private let model: JourneyModel

  init(_ table: JourneyTable, threads: Int) throws {
    guard let model = JourneyModel.builtIn.first(where: { $0.id == "stdc" }) else {
      throw MissingModel()
    }
    self.table = table
    self.threads = threads
    self.model = model
    journeys = Journeys(table)
    placement = JourneyPlacement(model, in: journeys)
  }

  struct MissingModel: Error {}

  static let names = [
    "transitions", "transitionsByEvent", "funnel", "paths", "pathsUntil", "map", "portrait",
  ]

  /// Rules as people filter by, each with its name in the table.
  static let filters = [
    ("origin", #"origin is "Paid Search""#),
    ("count", #"count(event is "Product Viewed") >= 3"#),
    ("phase", "phase(stdc) is think"),
  ]

  static let segments = [
    ("ever", #"ever(event is "Order Completed")"#),
    ("recent", #"count(event is "Product Viewed", within 30d) >= 3"#),
    ("asleep", #"since(last true) > 60d and sum(value) >= 50 EUR"#),
  ]

  /// A segment that nobody asked for before, counted at moments evenly spread over all that there is.
  func count(segment rule: String, moments: Int) throws -> Measure {
    let rule = try Rule(parsing: rule, in: .filter())
    guard let bounds = journeys.bounds else { return Measure(milliseconds: 0, cpuMilliseconds: 0) }
    let step = (bounds.upperBound - bounds.lowerBound) / Int64(moments)
    let instants = (0..<moments).map { bounds.upperBound - Int64($0) * step }
    return Measure.runs(3) {
      Membership(rule, in: journeys).counts(at: instants, parts: threads)
    }.0
  }

  func journeys(where rule: String? = nil) throws -> SelectedJourneys {
    var selection = Selection()
    if let rule { selection.touchpoints = try Rule(parsing: rule, in: .filter()) }
    return SelectedJourneys(journeys, placement: placement, selection: selection)
  }

  /// How long a question takes, and of its answer what the peers' script says too.
  func measure(_ name: String, over journeys: SelectedJourneys) throws -> (Measure, [[Int]]) {
    let phases = model.phases.map(\.id)
    switch name {
    case "transitions":
      return measure(TransitionsFold(by: Axis(.channel, of: table)), journeys) { answer in
        answer.rows.filter { $0.from != "(start)" && $0.to != "(end)" }.prefix(5).map { [$0.count] }
      }
    case "transitionsByEvent":
      return measure(TransitionsFold(by: Axis(.event, of: table)), journeys) { _ in [] }
    case "funnel":
      let steps = GeneratedLog.eventNames.prefix(4).map { EventStep($0, in: table) }
      return measure(try FunnelFold(steps: steps, withinSeconds: 30 * 86_400), journeys) {
        [$0.steps.map(\.customers)]
      }
    case "paths":
      return measure(try PathsFold(by: Axis(.channel, of: table), top: 5), journeys) { answer in
        answer.rows.map { [$0.path.count, $0.customers] }
      }
    case "pathsUntil":
      let goal = EventStep("Order Completed", in: table)
      return measure(
        try PathsFold(by: Axis(.channel, of: table), until: goal, top: 5), journeys
      ) { _ in [] }
    case "map":
      return measure(
        JourneyMapFold(model: model.id, phaseIDs: phases, table: table), journeys
      ) { _ in [] }
    default:
      return measure(
        try PhasePortraitFold(model: model.id, phaseIDs: phases, phase: "think", table: table),
        journeys
      ) { _ in [] }
    }
  }

  private func measure<F: Fold>(
    _ fold: F, _ journeys: SelectedJourneys, _ answer: (F.Answer) -> [[Int]]
  ) -> (Measure, [[Int]]) {
    let (measure, found) = Measure.runs { journeys.answer(fold, parts: threads) }
    return (measure, answer(found))
  }

  /// All touchpoints placed anew, as after a change of the model.
  func replace() -> Measure {
    Measure.runs(3) { PhasePlacement(model, in: table, parts: threads) }.0
  }
}
