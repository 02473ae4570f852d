import CustomerJourney
import GRDB
import Insights
import JourneyEngine
import Testing

@testable import Store
@testable import klantreis

/// Everything that a store has, read plainly: the reference for what base and overlay say.
struct PlainJourneys {
  struct Step {
    var row: Int64
    var touchpoint: Touchpoint
  }

  /// By the customer's number, in order of (time, row).
  let journeys: [Int64: [Step]]
  /// The same in one table that was never anything else.
  let table: JourneyTable

  /// The phase of each touchpoint of a customer in ``model``, by its definition.
  let places: [Int64: [Placement]]
  let model: JourneyModel

  init(_ store: Store, placedIn model: JourneyModel) throws {
    let (numbers, names) = try store.pool.read { db in
      (
        try Row.fetchAll(db, sql: "SELECT id, customer FROM touchpoint ORDER BY id").map {
          (row: $0[0] as Int64, customer: $0[1] as Int64)
        },
        try Row.fetchAll(db, sql: "SELECT kind, text FROM name ORDER BY id").map {
          (kind: $0[0] as String, text: $0[1] as String)
        }
      )
    }
    let touchpoints = try store.touchpoints(rows: numbers.map(\.row))
    var builder = JourneyTable.Builder()
    for name in names {
      if let dimension = Dimension(rawValue: name.kind) { _ = builder.code(dimension, name.text) }
    }
    var found: [Int64: [Step]] = [:]
    for (number, touchpoint) in zip(numbers, touchpoints) {
      found[number.customer, default: []].append(Step(row: number.row, touchpoint: touchpoint))
      builder.append(touchpoint, customer: UInt32(number.customer), rowID: number.row)
    }
    journeys = found.mapValues {
      $0.sorted { ($0.touchpoint.occurred, $0.row) < ($1.touchpoint.occurred, $1.row) }
    }
    table = builder.build()
    let traits = try store.traits()
    self.model = model
    places = Dictionary(
      uniqueKeysWithValues: journeys.map { customer, journey in
        let facts = CustomerFacts(traits: traits[customer] ?? [:])
        return (customer, model.place(journey.map(\.touchpoint), facts: facts))
      })
  }

  func expectTransitions(_ answer: Transitions, _ note: Comment) {
    var counts: [[String]: Int] = [:]
    for journey in journeys.values {
      let names = ["(start)"] + journey.map(\.touchpoint.channel.name) + ["(end)"]
      for (from, to) in zip(names, names.dropFirst()) { counts[[from, to], default: 0] += 1 }
    }
    #expect(
      Dictionary(uniqueKeysWithValues: answer.rows.map { ([$0.from, $0.to], $0.count) }) == counts,
      note)
    #expect(answer.customers == journeys.count, note)
  }

  func expectPaths(_ answer: Paths, _ note: Comment) {
    var customers: [[String]: Int] = [:]
    var cents: [[String]: Int64] = [:]
    for journey in journeys.values {
      let path = journey.map(\.touchpoint.channel.name)
      customers[path, default: 0] += 1
      cents[path, default: 0] += journey.reduce(0) { sum, step in
        sum + (step.touchpoint.value.map { $0.currency == .eur ? $0.minorUnits : 0 } ?? 0)
      }
    }
    #expect(answer.rows.count == customers.count, note)
    for row in answer.rows {
      #expect(row.customers == customers[row.path], note)
      #expect(row.value == Double(cents[row.path] ?? 0) / 100, note)
    }
    let foreign = journeys.values.joined().count {
      $0.touchpoint.value.map { $0.currency != .eur } ?? false
    }
    #expect(answer.foreignValues == foreign, note)
  }

  /// Two steps: any first with a second at the same time or later, and in time.
  func expectFunnel(_ answer: Funnel, within milliseconds: Int64, _ note: Comment) {
    let depths = journeys.values.map { journey in
      let times = answer.steps.map { step in
        journey.filter { $0.touchpoint.event.name == step.name }
          .map(\.touchpoint.occurred.milliseconds)
      }
      let isThrough = times[0].contains { first in
        times[1].contains { $0 >= first && $0 <= first + milliseconds }
      }
      return times[0].isEmpty ? 0 : isThrough ? 2 : 1
    }
    #expect(answer.steps.map(\.customers) == [1, 2].map { k in depths.count { $0 >= k } }, note)
  }

  func expectMap(_ answer: JourneyMap, _ note: Comment) {
    var touchpoints = model.phases.map { _ in 0 }
    var customers = touchpoints
    var entered = touchpoints
    for places in places.values {
      let phases = places.map(\.phase)
      for phase in Set(phases) { customers[phase] += 1 }
      for (index, phase) in phases.enumerated() {
        touchpoints[phase] += 1
        if index == 0 || phases[index - 1] != phase { entered[phase] += 1 }
      }
    }
    #expect(answer.phases.map(\.touchpoints) == touchpoints, note)
    #expect(answer.phases.map(\.customers) == customers, note)
    #expect(answer.phases.map(\.entered) == entered, note)
    #expect(answer.customers == journeys.count, note)
  }

  func expectPortrait(_ answer: PhasePortrait, _ note: Comment) {
    var channels: [String: Int] = [:]
    var count = 0
    for (customer, journey) in journeys {
      for (step, place) in zip(journey, places[customer] ?? [])
      where model.phases[place.phase].id == answer.phase {
        channels[step.touchpoint.channel.name, default: 0] += 1
        count += 1
      }
    }
    #expect(answer.touchpoints == count, note)
    #expect(
      Dictionary(uniqueKeysWithValues: answer.channels.map { ($0.name, $0.touchpoints) })
        == channels, note)
  }

  func expectTimeline(
    _ answer: CustomerTimeline, _ customer: Int64, _ note: Comment
  ) {
    let journey = journeys[customer] ?? []
    let places = places[customer] ?? []
    #expect(answer.total == journey.count, note)
    #expect(answer.touchpoints.map(\.time) == journey.map(\.touchpoint.occurred), note)
    #expect(answer.touchpoints.map(\.event) == journey.map(\.touchpoint.event.name), note)
    #expect(answer.touchpoints.map(\.content) == journey.map(\.touchpoint.content), note)
    #expect(answer.touchpoints.map(\.phase) == places.map { model.phases[$0.phase].id }, note)
    #expect(answer.touchpoints.map(\.rule) == places.map(\.rule), note)
    #expect(answer.touchpoints.map(\.cycle) == places.map(\.cycle), note)
  }
}
