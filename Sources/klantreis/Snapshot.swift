import CustomerJourney
import Foundation
import Insights
import JourneyEngine
import Store
import Synchronization

/// The journeys of a project at one moment, with the models that place them.
struct Snapshot: Sendable {
  var journeys: Journeys
  /// How far the store was read for them.
  let mark: StoreMark
  let zone: Zone
  let models: ModelCatalogue
  let segments: SegmentCatalogue
  let plays: PlayCatalogue
  /// What the project is called; nil when nobody said.
  let title: String?
  /// True when the people in it do not exist.
  let isSimulated: Bool
  let facts: StoredFacts
  /// Another number whenever ``facts`` may know something else.
  let factsVersion: Int64
  /// Writes down what questions cost; nil when nobody wants to know.
  var trace: QuestionTrace?

  /// The first and last moment of all touchpoints; nil without any.
  var bounds: ClosedRange<Timestamp>? {
    journeys.bounds.map {
      Timestamp(milliseconds: $0.lowerBound)...Timestamp(milliseconds: $0.upperBound)
    }
  }

  /// The phase of every touchpoint in `model`. Worked out when somebody first asks, and then for
  /// what is new.
  func placement(in model: JourneyModel) throws -> JourneyPlacement {
    func place() -> JourneyPlacement {
      JourneyPlacement(
        model, in: journeys, facts: facts, factsVersion: factsVersion, among: models.models)
    }
    let placement: JourneyPlacement
    if let trace {
      let known = JourneyPlacement.known(
        model, in: journeys, factsVersion: factsVersion, among: models.models)
      let all = journeys.parts.reduce(0) { $0 + $1.table.count }
      placement = trace.step("place touchpoints in the model \(model.id)", place) { _ in
        ["\(all - known) placed now, \(known) were"]
      }
    } else {
      placement = place()
    }
    try facts.check()
    return placement
  }

  /// `2017-01-01 12:53:26` in the project's zone.
  func localTime(row: Int) -> String {
    let civil = zone.civil(Timestamp(milliseconds: journeys.time(row: row)))
    return "\(civil.dateText) \(civil.clockText)"
  }

  // MARK: Questions

  /// What a question is about, ready to be folded over.
  struct Asked {
    let model: JourneyModel
    let journeys: SelectedJourneys
    fileprivate let trace: QuestionTrace?

    func answer<F: Fold>(_ fold: F) -> F.Answer {
      guard let trace else { return journeys.answer(fold) }
      trace.read(fold.columns)
      return trace.step("look through the journeys", { journeys.answer(fold) }) { _ in
        ["\(Cores.count) threads"]
      }
    }
    /// The names behind the codes that a fold by `by` meets.
    func names(of by: By) throws(ParameterError) -> Axis {
      guard let axis = Axis(by, of: journeys.journeys, phases: model.phases.map(\.id)) else {
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
    let needsModel = placed || selection.usesCycles
    let asked = selection.models
    let mine = needsModel ? try placement(in: model) : nil
    let others = try models.models.filter { asked.contains($0.id) }.map(placement(in:))
    func compile() -> SelectedJourneys {
      SelectedJourneys(
        journeys, placement: mine, selection: selection, facts: facts, placements: others)
    }
    let hasRules = selection.touchpoints != nil || selection.customers != nil
    let selected =
      (hasRules ? trace : nil)?.step("compile the rules", compile) { $0.programs.flatMap(\.passes) }
      ?? compile()
    for program in selected.programs { trace?.read(program.columns) }
    if selection.from != nil || selection.to != nil || selection.customers != nil {
      trace?.read(.times)
    }
    try facts.check()
    return Asked(model: model, journeys: selected, trace: trace)
  }

  private func rule(_ name: String, of question: Question) throws(ParameterError) -> Rule? {
    guard let text = question[name] else { return nil }
    do {
      return try Rule(
        parsing: text,
        in: RuleVocabulary.filter(
          models: models.models, segments: segments.rules, currency: journeys.currency))
    } catch {
      throw ParameterError(
        name: name, value: nil, problem: error.message,
        characters: error.offset..<(error.offset + 1), pointed: error.description)
    }
  }

  /// The size of the question's `who`, at moments evenly spread over the period.
  func segmentSize(_ question: Question) throws -> SegmentSize {
    guard let rule = try rule("who", of: question) else {
      throw ParameterError(
        name: "who", value: nil,
        problem: "It is missing. Give the rule, for example ever(event is \"Order Completed\").")
    }
    guard !rule.usesCycles else {
      throw ParameterError(
        name: "who", value: nil,
        problem: "\u{201C}this cycle\u{201D} depends on a model; a segment cannot ask for it.")
    }
    if question["where"] != nil {
      throw ParameterError(
        name: "where", value: question["where"],
        problem: "A segment is about customers: give the rule as who.")
    }
    let period = try Period(from: question["from"], to: question["to"], zone: zone)
    let points = try question.count("points") ?? 12
    guard points <= 60 else {
      throw ParameterError(
        name: "points", value: String(points), problem: "Give a number from 1 to 60.")
    }
    let bounds = bounds ?? .epoch ... .epoch
    let last = period.to.map { Timestamp(milliseconds: $0.milliseconds - 1) } ?? bounds.upperBound
    let first = min(period.from ?? bounds.lowerBound, last)
    let length = last.milliseconds - first.milliseconds
    let moments = (1...points).map { point in
      Timestamp(
        milliseconds: last.milliseconds - length / Int64(points) * Int64(points - point))
    }
    let membership = try membership(rule)
    func count() -> SegmentSize { SegmentSize(of: membership, at: moments) }
    let size =
      trace?.step("ask the rule of everybody at each moment", count) { _ in
        ["\(moments.count) moments"] + membership.passes
      } ?? count()
    trace?.read(membership.columns.union(.times))
    try facts.check()
    return size
  }

  func portrait(_ question: Question) throws -> PhasePortrait {
    let asked = try select(question, placed: true)
    let phase = question["phase"] ?? ""
    guard asked.model.index(ofPhase: phase) != nil else {
      throw NotFound(
        what: "The model \(asked.model.id) has no phase \u{201C}\(phase)\u{201D}.",
        advice: "It has \(asked.model.phases.map(\.id).joined(separator: ", ")).")
    }
    return asked.answer(
      try PhasePortraitFold(
        model: asked.model.id, phaseIDs: asked.model.phases.map(\.id), phase: phase,
        table: journeys))
  }

  /// One customer's journey. The period and `where` keep touchpoints as in other questions; phases,
  /// reasons and silence are those of the whole journey.
  func timeline(_ question: Question) throws -> CustomerTimeline {
    let model = try models.named(question["model"])
    let key = question["customer"] ?? ""
    guard let number = try facts.store.customer(key: key),
      let customer = UInt32(exactly: number), let journey = journeys.journey(ofCustomer: customer)
    else {
      throw NotFound(
        what: "There is no customer of that id with touchpoints.",
        advice:
          "Ids are those of your files, with the same capitals; the page Customers lists them.")
    }
    let name = try facts.store.customerKeys([number])[number] ?? key
    let rows = journeys.rows(ofJourney: journey)
    let placement = try placement(in: model)
    let cycles = placement.cycles(ofJourney: journey)
    let kept = try select(question, placed: true).journeys.rows(ofJourney: journey)
    let offset = try question.count("offset", from: 0) ?? 0
    let limit = min(
      try question.count("limit") ?? Limits.timelineTouchpoints, Limits.timelineTouchpoints)
    let page = kept.dropFirst(offset).prefix(limit)
    let touchpoints = try facts.store.touchpoints(rows: page.map { Int64(journeys.rowID(row: $0)) })
    guard touchpoints.count == page.count else {
      preconditionFailure("every row of a journey is in the store")
    }
    return CustomerTimeline(
      customer: name, model: model, zone: zone, total: kept.count,
      firstTime: kept.first.map { Timestamp(milliseconds: journeys.time(row: $0)) },
      lastTime: kept.last.map { Timestamp(milliseconds: journeys.time(row: $0)) },
      moments: zip(page, touchpoints).map { row, touchpoint in
        (
          touchpoint,
          Placement(
            phase: placement.phase(row: row), rule: placement.rule(row: row),
            cycle: cycles[row - rows.lowerBound]),
          row == rows.lowerBound
            ? nil : Double(journeys.time(row: row) - journeys.time(row: row - 1)) / 1000
        )
      })
  }
}

/// What rules ask of customers and touchpoints besides the columns, read from the store when a rule
/// first asks.
final class StoredFacts: RuleFacts {
  let store: Store
  private let state = Mutex(State())

  private struct State {
    var traits: [Int64: [String: PropertyValue]]?
    var roles: [Int64: Set<String>] = [:]
    var accounts: [Account]?
    var deals: AccountDeals?
    var consents: (known: [Int64: Set<ConsentGrant>], usual: Set<ConsentGrant>)?
    var failure: (any Error)?
  }

  init(store: Store) { self.store = store }

  func facts(ofCustomer number: UInt32) -> CustomerFacts {
    state.withLock { state in
      if state.traits == nil {
        do {
          state.traits = try store.traits()
          state.roles = try store.accountRoles(at: .now)
          state.consents = try store.consentGrants()
        } catch {
          state.traits = [:]
          state.failure = error
        }
      }
      return CustomerFacts(
        traits: state.traits?[Int64(number)] ?? [:],
        consents: state.consents.map { $0.known[Int64(number)] ?? $0.usual } ?? [],
        accountRoles: state.roles[Int64(number)] ?? [])
    }
  }

  func forEachFacts(of customers: Column<UInt32>, _ body: (Int, CustomerFacts) -> Void) {
    guard customers.count <= Self.few else {
      for (place, customer) in customers.values.enumerated() {
        body(place, facts(ofCustomer: customer))
      }
      return
    }
    do {
      let numbers = customers.values.map(Int64.init)
      let traits = try store.traits(of: numbers)
      let roles = try store.accountRoles(of: numbers, at: .now)
      let consents = try store.consentGrants(of: numbers)
      for (place, customer) in customers.values.enumerated() {
        body(
          place,
          CustomerFacts(
            traits: traits[Int64(customer)] ?? [:],
            consents: consents.known[Int64(customer)] ?? consents.usual,
            accountRoles: roles[Int64(customer)] ?? []))
      }
    } catch {
      state.withLock { $0.failure = error }
    }
  }

  func forEachValue(ofProperty path: String, _ body: (UInt32, PropertyValue) -> Void) {
    read(body) { try store.propertyValues(path: path) }
  }

  func forEachValue(
    ofProperty path: String, in rows: Column<UInt32>, _ body: (UInt32, PropertyValue) -> Void
  ) {
    guard rows.count <= Self.few else { return forEachValue(ofProperty: path, body) }
    read(body) { try store.propertyValues(path: path, rows: rows.values.map(Int64.init)) }
  }

  /// Up to so many customers or rows are looked up one by one; of more, all are read.
  private static let few = 20_000

  private func read(
    _ body: (UInt32, PropertyValue) -> Void, _ values: () throws -> [Int64: PropertyValue]
  ) {
    do {
      for (row, value) in try values() {
        if let row = UInt32(exactly: row) { body(row, value) }
      }
    } catch {
      state.withLock { $0.failure = error }
    }
  }

  /// All accounts, read once.
  func accounts() throws -> [Account] {
    try state.withLock { state in
      if let accounts = state.accounts { return accounts }
      let accounts = try store.accounts()
      state.accounts = accounts
      return accounts
    }
  }

  /// What `work` finds of deals, worked out once.
  func deals(_ work: () throws -> AccountDeals) throws -> AccountDeals {
    if let known = state.withLock({ $0.deals }) { return known }
    let deals = try work()
    state.withLock { $0.deals = deals }
    return deals
  }

  /// Throws when something that a rule asked for could not be read: its answer would be wrong.
  func check() throws {
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }
}
