import CustomerJourney
import Foundation
import Insights
import JourneyEngine
import Store
import Synchronization

/// The journeys of a project at one moment, with the models that place them.
struct Snapshot: Sendable {
  let table: JourneyTable
  /// The store's last row that is in ``table``.
  let lastRow: Int64
  let zone: Zone
  let models: ModelCatalogue
  /// What the project is called; nil when nobody said.
  let title: String?
  /// True when the people in it do not exist.
  let isSimulated: Bool
  let facts: StoredFacts
  private let placements = PlacementCache()

  init(
    table: JourneyTable, lastRow: Int64, zone: Zone, models: ModelCatalogue, title: String?,
    isSimulated: Bool, facts: StoredFacts
  ) {
    self.table = table
    self.lastRow = lastRow
    self.zone = zone
    self.models = models
    self.title = title
    self.isSimulated = isSimulated
    self.facts = facts
    bounds = Self.bounds(of: table)
  }

  /// The first and last moment of all touchpoints; nil without any.
  let bounds: ClosedRange<Timestamp>?

  private static func bounds(of table: JourneyTable) -> ClosedRange<Timestamp>? {
    guard table.count > 0 else { return nil }
    var first = Int64.max
    var last = Int64.min
    for journey in 0..<table.journeyCount {
      let rows = table.rows(ofJourney: journey)
      first = min(first, table.times[rows.lowerBound])
      last = max(last, table.times[rows.upperBound - 1])
    }
    return Timestamp(milliseconds: first)...Timestamp(milliseconds: last)
  }

  /// The phase of every touchpoint in `model`, worked out once a snapshot.
  func placement(in model: JourneyModel) throws -> PhasePlacement {
    let placement = placements.placement(of: model.id) {
      PhasePlacement(model, in: table, facts: facts, among: models.models)
    }
    try facts.check()
    return placement
  }

  /// `2017-01-01 12:53:26` in the project's zone.
  func localTime(row: Int) -> String {
    let civil = zone.civil(Timestamp(milliseconds: table.times[row]))
    return "\(civil.dateText) \(civil.clockText)"
  }

  // MARK: Questions

  /// What a question is about, ready to be folded over.
  struct Asked {
    let model: JourneyModel
    let journeys: SelectedJourneys
    fileprivate let table: JourneyTable

    /// The names behind the codes that a fold by `by` meets.
    func names(of by: By) throws(ParameterError) -> Axis {
      guard let axis = Axis(by, of: table, phases: model.phases.map(\.id)) else {
        preconditionFailure("a model has phases")
      }
      return axis
    }
  }

  /// The journeys that a question's period and rules leave; with their phases where it needs them.
  func select(_ question: Question, placed: Bool) throws -> Asked {
    let model = try models.named(question["model"])
    let period = try Period(from: question["from"], to: question["to"], zone: zone)
    let selection = Selection(
      from: period.from, to: period.to, touchpoints: try rule("where", of: question),
      customers: try rule("who", of: question))
    // `this cycle` in a rule means the cycles of the question's model.
    let needsModel =
      placed || selection.touchpoints?.usesCycles == true
      || selection.customers?.usesCycles == true
    let asked = (selection.touchpoints?.models ?? []).union(selection.customers?.models ?? [])
    let journeys = SelectedJourneys(
      table, placement: needsModel ? try placement(in: model) : nil, selection: selection,
      facts: facts, placed: try models.models.filter { asked.contains($0.id) }.map(placement(in:)))
    try facts.check()
    return Asked(model: model, journeys: journeys, table: table)
  }

  private func rule(_ name: String, of question: Question) throws(ParameterError) -> Rule? {
    guard let text = question[name] else { return nil }
    do {
      return try Rule(
        parsing: text,
        in: RuleVocabulary.filter(models: models.models, currency: table.currency))
    } catch {
      throw ParameterError(
        name: name, value: nil, problem: error.message,
        characters: error.offset..<(error.offset + 1), pointed: error.description)
    }
  }

  func portrait(_ question: Question) throws -> PhasePortrait {
    let asked = try select(question, placed: true)
    let phase = question["phase"] ?? ""
    guard asked.model.index(ofPhase: phase) != nil else {
      throw NotFound(
        what: "The model \(asked.model.id) has no phase \u{201C}\(phase)\u{201D}.",
        advice: "It has \(asked.model.phases.map(\.id).joined(separator: ", ")).")
    }
    return asked.journeys.answer(
      try PhasePortraitFold(
        model: asked.model.id, phaseIDs: asked.model.phases.map(\.id), phase: phase, table: table))
  }

  /// One customer's journey. The period and `where` keep touchpoints as in other questions; phases,
  /// reasons and silence are those of the whole journey.
  func timeline(_ question: Question) throws -> CustomerTimeline {
    let model = try models.named(question["model"])
    let key = question["customer"] ?? ""
    guard let number = try facts.store.customer(key: key),
      let customer = UInt32(exactly: number), let journey = table.journey(ofCustomer: customer)
    else {
      throw NotFound(
        what: "There is no customer of that id with touchpoints.",
        advice:
          "Ids are those of your files, with the same capitals; the page Customers lists them.")
    }
    let rows = table.rows(ofJourney: journey)
    let placement = try placement(in: model)
    let cycles = placement.cycles(ofJourney: journey)
    let kept = try select(question, placed: true).journeys.rows(ofJourney: journey)
    let offset = try question.count("offset", from: 0) ?? 0
    let limit = min(
      try question.count("limit") ?? Limits.timelineTouchpoints, Limits.timelineTouchpoints)
    let page = kept.dropFirst(offset).prefix(limit)
    let touchpoints = try facts.store.touchpoints(rows: page.map { Int64(table.rowIDs[$0]) })
    guard touchpoints.count == page.count else {
      preconditionFailure("every row of the table is in the store")
    }
    return CustomerTimeline(
      customer: key, model: model, zone: zone, total: kept.count,
      firstTime: kept.first.map { Timestamp(milliseconds: table.times[$0]) },
      lastTime: kept.last.map { Timestamp(milliseconds: table.times[$0]) },
      moments: zip(page, touchpoints).map { row, touchpoint in
        let rule = placement.rules[row]
        return (
          touchpoint,
          Placement(
            phase: Int(placement.phases[row]),
            rule: rule == PhasePlacement.stayed ? nil : Int(rule),
            cycle: cycles[row - rows.lowerBound]),
          row == rows.lowerBound
            ? nil : Double(table.times[row] - table.times[row - 1]) / 1000
        )
      })
  }
}

/// Placements of one snapshot, each worked out when it is first asked for.
private final class PlacementCache: Sendable {
  private let known = Mutex<[String: PhasePlacement]>([:])

  func placement(of model: String, _ place: () -> PhasePlacement) -> PhasePlacement {
    // Held while placing: who asks meanwhile needs the same one.
    known.withLock { known in
      if let placement = known[model] { return placement }
      let placement = place()
      known[model] = placement
      return placement
    }
  }
}

/// What rules ask of customers and touchpoints besides the columns, read from the store when a rule
/// first asks.
final class StoredFacts: RuleFacts {
  let store: Store
  private let state = Mutex(State())

  private struct State {
    var traits: [Int64: [String: PropertyValue]]?
    var failure: (any Error)?
  }

  init(store: Store) { self.store = store }

  func facts(ofCustomer number: UInt32) -> CustomerFacts {
    state.withLock { state in
      if state.traits == nil {
        do {
          state.traits = try store.traits()
        } catch {
          state.traits = [:]
          state.failure = error
        }
      }
      return CustomerFacts(traits: state.traits?[Int64(number)] ?? [:])
    }
  }

  func forEachValue(ofProperty path: String, _ body: (UInt32, PropertyValue) -> Void) {
    do {
      for (row, value) in try store.propertyValues(path: path) {
        if let row = UInt32(exactly: row) { body(row, value) }
      }
    } catch {
      state.withLock { $0.failure = error }
    }
  }

  /// Throws when something that a rule asked for could not be read: its answer would be wrong.
  func check() throws {
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }
}
