import CustomerJourney
import JourneyEngine
import Orchestration
import Store

/// One model or segment, and where every customer stands in it.
struct WatchedSubject {
  enum Meaning {
    case model(JourneyModel)
    case segment(Rule)
  }

  let subject: StandingSubject
  let meaning: Meaning
  /// All that decides where customers are put, as a text that is the same in every process.
  let definition: String
  /// What a state means that is not 0, from 1 on.
  let names: [String]
  /// By the customer's number; 0 is nowhere.
  var states: [UInt8] = []
  var membership: Membership?

  /// All that is watched by a snapshot.
  static func all(_ snapshot: Snapshot) -> [WatchedSubject] {
    let models = snapshot.models.models.map { model in
      WatchedSubject(
        subject: .model(model.id), meaning: .model(model),
        definition: model.definition(among: snapshot.models.models),
        names: model.phases.map(\.id))
    }
    let segments = snapshot.segments.entries.compactMap { entry in
      entry.rule.map { rule in
        WatchedSubject(
          subject: .segment(entry.segment.name), meaning: .segment(rule),
          definition: rule.definition(among: snapshot.models.models),
          names: [StandingChange.member])
      }
    }
    let plays = snapshot.plays.running.compactMap { record, program -> WatchedSubject? in
      guard case .becomes(let rule) = program.play.entry else { return nil }
      return WatchedSubject(
        subject: .play(record.id), meaning: .segment(rule),
        definition: rule.definition(among: snapshot.models.models),
        names: [StandingChange.member])
    }
    return models + segments + plays
  }

  var standing: Store.Standing {
    Store.Standing(subject: subject, definition: definition, states: states)
  }

  mutating func makeRoom(forCustomer last: Int) {
    if states.count <= last {
      states += repeatElement(0, count: last + 1 - states.count)
    }
  }

  /// Puts everybody where they stand now.
  mutating func fill(_ snapshot: Snapshot, _ now: Timestamp) throws {
    switch meaning {
    case .model(let model):
      let placement = try snapshot.placement(in: model)
      states.withUnsafeMutableBufferPointer { states in
        placement.writeCurrentPhases(into: states, from: 1)
      }
    case .segment(let rule):
      let membership = try snapshot.membership(rule)
      states.withUnsafeMutableBufferPointer { states in
        membership.write(at: now.milliseconds, into: states)
      }
      self.membership = membership
    }
    try snapshot.facts.check()
  }

  /// Milliseconds after a touchpoint at which time alone may change something. A touchpoint of a clock
  /// that runs ahead counts when its moment has come, which is a delay of none.
  fileprivate var delays: Set<Int64> {
    if case .segment(let rule) = meaning { rule.delays.union([0]) } else { [] }
  }

  var asksForFacts: Bool {
    switch meaning {
    case .segment(let rule): rule.usesCustomerFacts
    case .model(let model): model.rules.contains { $0.when.usesCustomerFacts }
    }
  }
}

extension [WatchedSubject] {
  var delays: [Int64] {
    reduce(into: Set<Int64>()) { $0.formUnion($1.delays) }.sorted()
  }
}

extension Snapshot {
  /// A rule ready to be asked of customers. `previous` is the same rule's of an earlier snapshot.
  func membership(_ rule: Rule, after previous: Membership? = nil) throws -> Membership {
    Membership(
      rule, in: journeys, facts: facts,
      placements: try models.models.filter { rule.models.contains($0.id) }.map(placement(in:)),
      after: previous)
  }
}

extension JourneyModel {
  /// All that decides where this model puts customers, as a text that is the same in every process.
  fileprivate func definition(among models: [JourneyModel]) -> String {
    let own =
      phases.map(\.id) + (cycleStart.map { ["cycle \($0)"] } ?? [])
      + rules.map { "\($0.phase) from \($0.from ?? []) when \($0.when.writtenOut)" }
    let others = models.filter { self.models.contains($0.id) && $0.id != id }
    return (own + others.map { $0.definition(among: []) }).joined(separator: "\n")
  }
}

extension Rule {
  fileprivate func definition(among models: [JourneyModel]) -> String {
    let others = models.filter { self.models.contains($0.id) }
    return ([writtenOut] + others.map { $0.definition(among: models) }).joined(separator: "\n")
  }

  /// With the rules of the names that it uses behind it.
  fileprivate var writtenOut: String {
    ([description] + named.map { "\($0.name): \($0.rule)" }).joined(separator: "\n")
  }
}
