package import CustomerJourney
import Synchronization

/// The phase of every touchpoint of ``Journeys`` in one model, and the rule that decided it.
package struct JourneyPlacement: Sendable {
  package let model: JourneyModel
  /// One for each part of the journeys.
  let parts: [PhasePlacement]
  let journeys: Journeys

  /// Places the parts that were not placed in this model before; the others are taken as they are.
  ///
  /// `models` are those whose phases the rules may ask for. `factsVersion` is another number whenever
  /// `facts` may know something else of customers: a model that asks for that is placed anew then.
  package init(
    _ model: JourneyModel, in journeys: Journeys, facts: any RuleFacts = NoRuleFacts(),
    factsVersion: Int64 = 0, among models: [JourneyModel] = JourneyModel.builtIn
  ) {
    let key = PlacementCache.Key(model, among: models, factsVersion: factsVersion)
    self.model = model
    self.journeys = journeys
    parts = journeys.parts.map { part in
      part.placements.placement(key, facts) {
        PhasePlacement(model, in: part.table, facts: facts, among: models)
      }
    }
  }

  /// Touchpoints whose phases were known already in this model.
  package static func known(
    _ model: JourneyModel, in journeys: Journeys, factsVersion: Int64,
    among models: [JourneyModel]
  ) -> Int {
    let key = PlacementCache.Key(model, among: models, factsVersion: factsVersion)
    return journeys.parts.reduce(0) { $0 + ($1.placements.has(key) ? $1.table.count : 0) }
  }

  /// Index into the model's phases.
  package func phase(row: Int) -> Int {
    let place = place(ofRow: row)
    return Int(parts[place.part].phases[place.row])
  }

  /// Index into the model's rules; nil when no rule was true and the customer stayed in the phase.
  package func rule(row: Int) -> Int? {
    let place = place(ofRow: row)
    let rule = parts[place.part].rules[place.row]
    return rule == PhasePlacement.stayed ? nil : Int(rule)
  }

  private func place(ofRow row: Int) -> (part: Int, row: Int) {
    var local = row
    for part in parts.indices {
      let count = parts[part].phases.count
      if local < count { return (part, local) }
      local -= count
    }
    preconditionFailure("a row that is there")
  }

  /// The cycle of each touchpoint of a journey, from 0.
  package func cycles(ofJourney journey: Int) -> [Int] {
    var local = journey
    for (part, placement) in zip(journeys.parts, parts) {
      if local < part.table.journeyCount { return placement.cycles(ofJourney: local) }
      local -= part.table.journeyCount
    }
    preconditionFailure("a journey that is there")
  }
}

/// Placements of one table, the newest of each model, worked out when somebody first asks.
final class PlacementCache: Sendable {
  /// What a placement depends on besides the table.
  struct Key: Hashable {
    let model: JourneyModel
    /// Models whose phases the model asks for, directly or through another.
    let others: [JourneyModel]
    /// Nil when no rule asks what is known of customers.
    let factsVersion: Int64?

    init(_ model: JourneyModel, among models: [JourneyModel], factsVersion: Int64) {
      var asked = model.models
      var others: [JourneyModel] = []
      while let other = models.first(where: { model in
        asked.contains(model.id) && !others.contains { $0.id == model.id }
      }) {
        others.append(other)
        asked.formUnion(other.models)
      }
      let rules = ([model] + others).flatMap {
        $0.rules.map(\.when) + ($0.cycleStart.map { [$0] } ?? [])
      }
      self.model = model
      self.others = others
      self.factsVersion = rules.contains(where: \.usesCustomerFacts) ? factsVersion : nil
    }
  }

  private struct Entry {
    let key: Key
    /// For placing another table in the same model; nil when they may know something else by then.
    let facts: (any RuleFacts)?
    let placement: PhasePlacement
  }

  private let known = Mutex<[String: Entry]>([:])

  func placement(
    _ key: Key, _ facts: any RuleFacts, _ place: () -> PhasePlacement
  ) -> PhasePlacement {
    // Held while placing: who asks meanwhile needs the same one.
    known.withLock { known in
      if let entry = known[key.model.id], entry.key == key { return entry.placement }
      let placement = place()
      known[key.model.id] = Entry(
        key: key, facts: key.factsVersion == nil ? facts : nil, placement: placement)
      return placement
    }
  }

  var count: Int { known.withLock { $0.count } }

  func has(_ key: Key) -> Bool { known.withLock { $0[key.model.id]?.key == key } }

  /// Places `journeys` in the models that somebody asked for here.
  func placeAgain(_ journeys: Journeys) {
    for entry in known.withLock({ Array($0.values) }) {
      guard let facts = entry.facts else { continue }
      _ = JourneyPlacement(entry.key.model, in: journeys, facts: facts, among: entry.key.others)
    }
  }
}

extension Journeys {
  /// Places journeys that are to take the place of these in the models that were asked for here, so
  /// that the first question after that does not wait for it.
  package func placeAgain(in journeys: Journeys) {
    parts.first?.placements.placeAgain(journeys)
  }

  /// Bytes of memory that a new base takes while this one is in use: phases and rules in the models that
  /// were asked for, a place for each journey that moved, and room to work. The columns are a mapped
  /// file, whose pages the system lets go when it needs them; so are phases and rules, where the disk has
  /// room for them, but that is not known before.
  package var memoryOfNewBase: Int {
    let moved = parts.dropFirst().reduce(0) { $0 + $1.journeyCount }
    return count * 2 * (parts.first?.placements.count ?? 0) + moved * 64 + (32 << 20)
  }

  /// Bytes that these journeys take beside the file of the base: the columns of all tables but `filed`,
  /// whose are that file, and the phases and rules of every table. The long ones stand in files too
  /// (``ColumnStorage``).
  package func bytesBeside(filed: JourneyTable?) -> Int {
    parts.reduce(0) { bytes, part in
      bytes + (part.table === filed ? 0 : part.table.columnBytes)
        + part.table.count * 2 * part.placements.count
    }
  }
}
