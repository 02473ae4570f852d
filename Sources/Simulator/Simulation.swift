package import CustomerJourney
import Foundation

/// A shop that doesn't exist, its customers, and everything they do there.
///
/// The same seed, scenario and period give the same touchpoints, byte for byte, on every machine.
package struct Simulation: Sendable {
  /// The source of every simulated touchpoint; with it they are recognised as such.
  package static let source = "simulation"
  package static let title = LocalizedText(
    en: "De Tuinkamer (simulated)", nl: "De Tuinkamer (gesimuleerd)")
  /// Customers or touchpoints that may be asked for.
  package static let sizes = 1...500_000_000
  /// Days that may pass.
  package static let lengths = 1...3_660

  package let scenario: Scenario
  /// First local day.
  package let first: CivilTime
  package let days: Int
  /// People that find the shop by themselves; others come because somebody invites them.
  package let customers: Int
  package let seed: UInt64
  private let span: Span

  /// `days` and `customers` must be at least 1.
  package init(
    _ scenario: Scenario = .shop, from first: CivilTime = CivilTime(year: 2025, month: 1, day: 1),
    days: Int = 365, customers: Int, seed: UInt64 = 1, zone: Zone = .amsterdam
  ) {
    precondition(days > 0 && customers > 0)
    self.scenario = scenario
    self.first = first
    self.days = days
    self.customers = customers
    self.seed = seed
    span = Span(from: first, days: days, zone: zone)
  }

  /// As many customers as make about that many touchpoints, by a sample of them.
  package func sized(touchpoints: Int) -> Simulation {
    let sample = Simulation(
      scenario, from: first, days: days, customers: 2_000, seed: seed, zone: span.zone)
    var made = 0
    for number in 0..<sample.customers { sample.people(number) { made += $0.touchpoints.count } }
    let each = max(1, Double(made) / Double(sample.customers))
    return Simulation(
      scenario, from: first, days: days, customers: max(1, Int(Double(touchpoints) / each)),
      seed: seed, zone: span.zone)
  }

  /// One person, as an insight never sees it.
  package struct Person: Sendable {
    package let customer: String
    package let persona: String
    package let isAmbassador: Bool
    /// In order of time.
    package let touchpoints: [Touchpoint]
    let tally: Tally
  }

  /// Calls `body` with everybody, about in the order in which they first come. Returns what is
  /// planted and what came of it.
  package func run(_ body: (Person) throws -> Void) rethrows -> PlantedTruth {
    var tally = Tally()
    for number in 0..<customers {
      try people(number) { person in
        tally.add(person.tally)
        try body(person)
      }
    }
    return PlantedTruth(self, span, tally)
  }

  /// A customer by number from 0, and all who come because of that one.
  private func people(_ number: Int, _ body: (Person) throws -> Void) rethrows {
    var chance = Chance(seed: seed, customer: UInt64(number))
    let length = Double(span.end.milliseconds - span.start.milliseconds)
    let birth = (Double(number) + chance.fraction()) / Double(customers) * length
    var waiting = [
      (
        key: "sim-\(number + 1)", moment: span.start.milliseconds + Int64(birth),
        seed: chance.next(), inviter: String?.none
      )
    ]
    while let next = waiting.popLast() {
      var chance = Chance(seed: seed, customer: next.seed)
      let persona = scenario.personas[chance.weighted(scenario.personas.map(\.weight))]
      var life = Life(
        key: next.key, persona: persona, scenario: scenario, span: span, chance: chance)
      life.live(from: next.moment, invitedBy: next.inviter)
      var tally = life.tally
      if next.inviter != nil, !life.touchpoints.isEmpty { tally.arrivals = 1 }
      try body(
        Person(
          customer: next.key, persona: persona.id, isAmbassador: life.isAmbassador,
          touchpoints: life.touchpoints, tally: tally))
      for (at, one) in life.invited.enumerated() where one.moment < span.end.milliseconds {
        waiting.append(("\(next.key).\(at + 1)", one.moment, one.seed, next.key))
      }
    }
  }
}
