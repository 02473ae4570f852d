import CustomerJourney
import Insights
import JourneyEngine
import Store

/// Works out calculated traits of customers, from their journeys in memory.
///
/// A rule is compiled once for all customers of a page. One about properties or about what is known of
/// customers would have to be read for everybody; it is asked of each journey alone, by the evaluator
/// that has the definition word for word.
final class CalculatedTraits {
  private let snapshot: Snapshot
  let instant: Timestamp
  /// Names and definitions; nil in place of one that cannot be read now, with the reason.
  private let own: [(trait: CalculatedTrait, calculation: Calculation?, problem: String?)]
  private var selections: [String: SelectedJourneys] = [:]

  init(_ snapshot: Snapshot, at instant: Timestamp) throws {
    self.snapshot = snapshot
    self.instant = instant
    let vocabulary = snapshot.traitVocabulary
    own = try snapshot.facts.store.calculatedTraits().map {
      trait -> (trait: CalculatedTrait, calculation: Calculation?, problem: String?) in
      do throws(RuleError) {
        return (trait, try Calculation(parsing: trait.definition, in: vocabulary), nil)
      } catch {
        return (trait, nil, error.message)
      }
    }
  }

  /// All names that there are, in the order of the page.
  var names: [String] {
    CalculatedTrait.BuiltIn.allCases.map(\.rawValue)
      + snapshot.models.models.map { CalculatedTrait.BuiltIn.phasePrefix + $0.id }
      + own.map { $0.trait.name }
  }

  /// One of a journey; nil when there is none of that name.
  func value(_ name: String, ofJourney journey: Int) throws -> CalculatedValue? {
    if let builtIn = CalculatedTrait.BuiltIn(rawValue: name) {
      return try value(builtIn, rows: rows(ofJourney: journey))
    }
    if name.hasPrefix(CalculatedTrait.BuiltIn.phasePrefix) {
      let id = String(name.dropFirst(CalculatedTrait.BuiltIn.phasePrefix.count))
      guard let model = snapshot.models[id] else { return nil }
      let last = rows(ofJourney: journey).last
      let phase = try last.map { try model.phases[snapshot.placement(in: model).phase(row: $0)].id }
      return CalculatedValue(name: name, value: phase.map { .text($0) }, form: .phase)
    }
    guard let entry = own.first(where: { $0.trait.name == name }) else { return nil }
    guard let calculation = entry.calculation else {
      return CalculatedValue(name: name, value: nil, form: .text, problem: entry.problem)
    }
    return try value(name, calculation, ofJourney: journey)
  }

  /// The rows up to the instant.
  func rows(ofJourney journey: Int) -> Range<Int> {
    let all = snapshot.journeys.rows(ofJourney: journey)
    var end = all.upperBound
    while end > all.lowerBound, snapshot.journeys.time(row: end - 1) > instant.milliseconds {
      end -= 1
    }
    return all.lowerBound..<end
  }

  // MARK: Built in

  private func value(
    _ trait: CalculatedTrait.BuiltIn, rows: Range<Int>
  ) throws -> CalculatedValue {
    let journeys = snapshot.journeys
    func made(_ value: PropertyValue?, _ form: CalculatedValue.Form) -> CalculatedValue {
      CalculatedValue(name: trait.rawValue, value: value, form: form)
    }
    func orders() -> [Int] { rows.filter { journeys.name(.event, row: $0) == Self.order } }
    switch trait {
    case .firstOrigin:
      let origin = rows.lazy.map { journeys.name(.origin, row: $0) }.first { $0 != Names.noneName }
      return made(origin.map { .text($0) }, .origin)
    case .firstSeen: return made(rows.first.map(time), .time)
    case .lastSeen: return made(rows.last.map(time), .time)
    case .touchpoints: return made(.number(Double(rows.count)), .count)
    case .orders: return made(.number(Double(orders().count)), .count)
    case .value: return made(.number(money(rows)), .money)
    case .averageOrderValue:
      let completed = orders()
      return made(
        completed.isEmpty ? nil : .number(cents(money(completed) / Double(completed.count))), .money
      )
    case .favouriteChannel:
      return made(
        mostFrequent(rows) { journeys.name(.channel, row: $0) }.map { .text($0) }, .channel)
    case .favouriteHour:
      let offsets = try offsets(of: rows)
      return made(
        mostFrequent(rows) { clock(row: $0, offsets).hour }.map { .number(Double($0)) }, .hour)
    case .daysSinceLastOrder: return made(orders().last.map(days), .days)
    }
  }

  private static let order = "Order Completed"

  // MARK: Own

  private func value(
    _ name: String, _ calculation: Calculation, ofJourney journey: Int
  ) throws -> CalculatedValue {
    let journeys = snapshot.journeys
    var kept = try self.kept(by: calculation, ofJourney: journey)
    if let within = calculation.within {
      let earliest = instant.milliseconds - within.milliseconds
      kept.removeAll { journeys.time(row: $0) < earliest }
    }
    func made(_ value: PropertyValue?, _ form: CalculatedValue.Form) -> CalculatedValue {
      CalculatedValue(name: name, value: value, form: form)
    }
    switch calculation.kind {
    case .count: return made(.number(Double(kept.count)), .count)
    case .sum: return made(.number(money(kept)), .money)
    case .average:
      let valued = kept.filter { journeys.value(row: $0) != 0 }
      return made(
        valued.isEmpty ? nil : .number(cents(money(valued) / Double(valued.count))), .money)
    case .daysSinceFirst: return made(kept.first.map(days), .days)
    case .daysSinceLast: return made(kept.last.map(days), .days)
    case .first(let fact): return made(try fact.of(kept, in: self) { $0.first }, fact.form)
    case .last(let fact): return made(try fact.of(kept, in: self) { $0.last }, fact.form)
    case .mostFrequent(let fact):
      return made(try fact.of(kept, in: self, choose: mostFrequent), fact.form)
    }
  }

  /// The rows at whose moments the rule is true.
  private func kept(by calculation: Calculation, ofJourney journey: Int) throws -> [Int] {
    let rows = rows(ofJourney: journey)
    guard let rule = calculation.rule, let text = calculation.ruleText else { return Array(rows) }
    if rule.usesProperties || rule.usesCustomerFacts, rows.count <= Limits.touchpointsAlone,
      rule.models.isEmpty, !rule.usesCycles
    {
      let journeys = snapshot.journeys
      let number = Int64(journeys.customer(ofJourney: journey))
      let store = snapshot.facts.store
      let customer = RuleCustomer(
        touchpoints: try store.touchpoints(rows: rows.map { Int64(journeys.rowID(row: $0)) }),
        facts: CustomerFacts(traits: try store.traits(of: [number])[number] ?? [:]),
        currency: journeys.currency)
      guard customer.touchpoints.count == rows.count else { return [] }
      return rows.filter { rule.holds(for: customer, at: $0 - rows.lowerBound) }
    }
    let selected: SelectedJourneys
    if let known = selections[text] {
      selected = known
    } else {
      selected = try snapshot.select(Question(.map, ["where": [text]]), placed: false).journeys
      selections[text] = selected
    }
    return selected.rows(ofJourney: journey).filter { rows.contains($0) }
  }

  // MARK: Of rows

  fileprivate func time(row: Int) -> PropertyValue {
    .text(Timestamp(milliseconds: snapshot.journeys.time(row: row)).iso8601)
  }

  private func days(row: Int) -> PropertyValue {
    .number(
      Double((instant.milliseconds - snapshot.journeys.time(row: row)) / 86_400_000))
  }

  private func money(_ rows: some Sequence<Int>) -> Double {
    let sum = rows.reduce(Int64(0)) { $0.saturatingAdding(snapshot.journeys.value(row: $1)) }
    return Money(minorUnits: sum, currency: snapshot.journeys.currency).amount
  }

  private func cents(_ amount: Double) -> Double {
    let units = Double(snapshot.journeys.currency.minorUnits)
    return (amount * units).rounded() / units
  }

  /// What most of the rows have; of several the one that came last. What says nothing is not counted.
  private func mostFrequent<Name: Hashable>(
    _ rows: some Sequence<Int>, _ name: (Int) -> Name?
  ) -> Name? {
    var found: [Name: (count: Int, last: Int)] = [:]
    for row in rows {
      guard let name = name(row), (name as? String) != Names.noneName else { continue }
      found[name] = ((found[name]?.count ?? 0) + 1, row)
    }
    return found.max { ($0.value.count, $0.value.last) < ($1.value.count, $1.value.last) }?.key
  }

  fileprivate func mostFrequent(_ values: [PropertyValue]) -> PropertyValue? {
    mostFrequent(values.indices) { values[$0] }
  }

  fileprivate func name(_ dimension: Dimension, row: Int) -> PropertyValue? {
    let name = snapshot.journeys.name(dimension, row: row)
    return name == Names.noneName ? nil : .text(name)
  }

  fileprivate func offsets(of rows: some Collection<Int>) throws -> [Int64: Int] {
    try snapshot.facts.store.utcOffsets(
      rows: rows.map { Int64(snapshot.journeys.rowID(row: $0)) })
  }

  /// By the person's clock where it is known, else by the project's.
  fileprivate func clock(row: Int, _ offsets: [Int64: Int]) -> CivilTime {
    let moment = Timestamp(milliseconds: snapshot.journeys.time(row: row))
    guard let offset = offsets[Int64(snapshot.journeys.rowID(row: row))] else {
      return snapshot.zone.civil(moment)
    }
    return CivilTime.of(milliseconds: moment.milliseconds + Int64(offset) * 1000).civil
  }
}

extension Calculation.Fact {
  fileprivate var form: CalculatedValue.Form {
    switch self {
    case .event: .event
    case .channel: .channel
    case .origin: .origin
    case .device: .device
    case .content, .campaign: .text
    case .time: .time
    case .hour: .hour
    case .weekday: .weekday
    }
  }

  private var dimension: Dimension? {
    switch self {
    case .event: .event
    case .channel: .channel
    case .origin: .origin
    case .device: .device
    case .content: .content
    case .campaign: .campaign
    case .time, .hour, .weekday: nil
    }
  }

  /// Of the rows that say it, the one that is chosen.
  fileprivate func of(
    _ rows: [Int], in traits: CalculatedTraits, choose: ([PropertyValue]) -> PropertyValue?
  ) throws -> PropertyValue? {
    if let dimension { return choose(rows.compactMap { traits.name(dimension, row: $0) }) }
    if self == .time { return choose(rows.map(traits.time)) }
    let offsets = try traits.offsets(of: rows)
    return choose(
      rows.map { row -> PropertyValue in
        let clock = traits.clock(row: row, offsets)
        return .number(Double(self == .hour ? clock.hour : clock.weekday))
      })
  }
}

extension Snapshot {
  /// What rules of calculated traits may ask for.
  var traitVocabulary: RuleVocabulary {
    .filter(models: models.models, segments: segments.rules, currency: journeys.currency)
  }

  /// When a question that says no period is asked: at the last touchpoint of all.
  func instant(of period: Period) -> Timestamp {
    period.to.map { Timestamp(milliseconds: $0.milliseconds - 1) } ?? bounds?.upperBound ?? .epoch
  }
}

extension Workspace {
  /// Keeps a calculated trait. Throws ``TraitProblem``, and ``ParameterError`` when the definition
  /// cannot be read.
  @discardableResult
  func addCalculatedTrait(name: String, definition: String) throws -> CalculatedTrait {
    let name = try CalculatedTrait.checked(name: name)
    do {
      _ = try Calculation(parsing: definition, in: try snapshot().traitVocabulary)
    } catch let error as RuleError {
      throw ParameterError(
        name: "definition", value: nil, problem: error.message,
        characters: error.offset..<(error.offset + 1), pointed: error.description)
    }
    let trait = CalculatedTrait(name: name, definition: definition.trimmed, created: .now)
    try store.add(trait)
    return trait
  }
}
