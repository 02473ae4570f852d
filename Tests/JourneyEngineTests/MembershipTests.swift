import CustomerJourney
import JourneyEngine
import Testing

/// Who is in a segment, against the rule as it is defined for one customer.
@Suite struct MembershipTests {
  /// Random journeys as the engine has them, and as plain customers.
  struct World {
    let plain: RandomJourneys
    let journeys: Journeys

    init(_ generator: inout SeededGenerator) {
      plain = RandomJourneys(customers: 9, using: &generator)
      journeys = Journeys(plain.table(using: &generator))
    }

    func live(_ customer: UInt32) -> RuleCustomer {
      RuleCustomer(
        touchpoints: plain.journeys[customer] ?? [], facts: plain.facts(ofCustomer: customer))
    }

    var moments: [Int64] {
      let times = plain.journeys.values.flatMap { $0.map(\.occurred.milliseconds) }
      return times.flatMap { [$0 - 1, $0, $0 + 86_400_000, $0 + 40 * 86_400_000] }
    }
  }

  static let rules = RandomRules(hasCycles: false, hasPhases: false)

  @Test("Every customer is in or out as the rule says of that one", arguments: testSeeds)
  func agreement(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<60 {
      let world = World(&generator)
      let rule = Self.rules.rule(depth: 3, using: &generator)
      let membership = Membership(rule, in: world.journeys, facts: world.plain)
      let moments = Array(world.moments.shuffled(using: &generator).prefix(4))
      let counts = membership.counts(at: moments, parts: 3)
      for (moment, count) in zip(moments, counts) {
        let instant = Timestamp(milliseconds: moment)
        var states = [UInt8](repeating: 9, count: 100)
        states.withUnsafeMutableBufferPointer { membership.write(at: moment, into: $0, parts: 2) }
        var expected = Membership.Count()
        for customer in world.plain.journeys.keys {
          let live = world.live(customer)
          let holds = rule.holds(for: live, at: instant)
          #expect(states[Int(customer)] == (holds ? 1 : 0), "seed \(seed): \(rule)")
          if let journey = world.journeys.journey(ofCustomer: customer) {
            #expect(membership.holds(ofJourney: journey, at: moment) == holds)
          }
          if let first = live.touchpoints.first, first.occurred <= instant {
            expected.customers += 1
            expected.members += holds ? 1 : 0
          }
        }
        #expect(count == expected, "seed \(seed): \(rule)")
        #expect(states.count { $0 == 9 } == 100 - world.plain.journeys.count)
      }
    }
  }

  @Test("Until the next moment nothing changes by itself", arguments: testSeeds)
  func nextMoments(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var changes = 0
    for _ in 0..<150 {
      let world = World(&generator)
      let rule = Self.rules.rule(depth: 3, using: &generator)
      // A touchpoint that is still to come counts when its moment has come.
      let delays = rule.delays.union([0]).sorted()
      for customer in world.plain.journeys.keys.sorted().prefix(3) {
        guard let journey = world.journeys.journey(ofCustomer: customer) else { continue }
        let live = world.live(customer)
        var now = world.moments.randomElement(using: &generator) ?? 0
        for _ in 0..<12 {
          let next = world.journeys.nextMoment(ofJourney: journey, after: now, delays: delays)
          let truth = rule.holds(for: live, at: Timestamp(milliseconds: now))
          let end = next ?? now + 4_000 * 86_400_000
          for moment in [end - 1, Int64.random(in: now..<end, using: &generator)] {
            #expect(
              rule.holds(for: live, at: Timestamp(milliseconds: moment)) == truth,
              "seed \(seed): \(rule)")
          }
          guard let next else { break }
          #expect(next > now)
          if rule.holds(for: live, at: Timestamp(milliseconds: next)) != truth { changes += 1 }
          now = next
        }
      }
    }
    #expect(changes > 0, "seed \(seed) had no rule that time changes, so it tests nothing")
  }
}
