import CustomerJourney
import Simulator
import Testing

/// The simulated shop says what it planted, and did plant it.
@Suite struct SimulationTests {
  /// Everybody of a simulation, and what it says of them.
  struct Run {
    var people: [Simulation.Person] = []
    let truth: PlantedTruth

    init(_ simulation: Simulation) {
      var people: [Simulation.Person] = []
      truth = simulation.run { people.append($0) }
      self.people = people
    }

    var touchpoints: [Touchpoint] { people.flatMap(\.touchpoints) }
    func count(_ event: String) -> Int { touchpoints.count { $0.event.name == event } }
  }

  static let shop = Run(Simulation(customers: 4_000, seed: 7))
  static let plain = Run(
    Simulation(Scenario.shop.without(Scenario.Plant.allCases), customers: 4_000, seed: 7))

  @Test("The same options give the same touchpoints, another seed gives others")
  func repeats() {
    let again = Run(Simulation(customers: 300, seed: 7))
    let other = Run(Simulation(customers: 300, seed: 8))
    #expect(Run(Simulation(customers: 300, seed: 7)).touchpoints == again.touchpoints)
    #expect(again.truth != other.truth)
    #expect(again.touchpoints != other.touchpoints)
  }

  @Test("Every touchpoint is labelled, within the period, and in its person's order")
  func labelled() {
    let zone = Zone.amsterdam
    let start = zone.moment(of: CivilTime(year: 2025, month: 1, day: 1))
    let end = zone.moment(of: CivilTime(year: 2026, month: 1, day: 1))
    for person in Self.shop.people {
      #expect(person.customer.hasPrefix("sim-"))
      for (one, next) in zip(person.touchpoints, person.touchpoints.dropFirst()) {
        #expect(one.occurred <= next.occurred)
      }
      for one in person.touchpoints {
        #expect(one.source == Simulation.source)
        #expect(one.customer == person.customer)
        // A newsletter of the first visit may have gone out the evening before.
        #expect(one.occurred >= start.adding(seconds: -86_400) && one.occurred < end)
      }
    }
    let ids = Set(Self.shop.touchpoints.map(\.messageID))
    #expect(ids.count == Self.shop.touchpoints.count)
  }

  @Test("The truth counts what is there")
  func counts() {
    let run = Self.shop
    #expect(run.truth.customers == run.people.count)
    #expect(run.truth.touchpoints == run.touchpoints.count)
    #expect(run.truth.orders == run.count("Order Completed"))
    let cents = run.touchpoints.reduce(0) { $0 + ($1.value?.minorUnits ?? 0) }
    #expect((run.truth.revenue * 100).rounded() == Double(cents))
    for persona in run.truth.personas {
      #expect(persona.customers == run.people.count { $0.persona == persona.id })
    }
    for content in run.truth.contents {
      #expect(content.visits == run.touchpoints.count { $0.content == content.name })
    }
    for origin in run.truth.origins where origin.name != "Affiliates" {
      let visits = run.touchpoints.count {
        $0.event == .pageViewed && $0.origin?.name == origin.name
      }
      #expect(origin.visits == visits, "\(origin.name)")
    }
    #expect(run.truth.ambassadors?.customers == run.people.count(where: \.isAmbassador))
    #expect(run.truth.ambassadors?.invitations == run.count("Referral Made"))
    let invited = run.people.filter { $0.customer.contains(".") && !$0.touchpoints.isEmpty }
    #expect(run.truth.ambassadors?.arrivals == invited.count)
    #expect(!invited.isEmpty)
    for one in invited {
      #expect(one.touchpoints.contains { $0.properties["referredBy"] != nil })
    }
  }

  @Test("What adds nothing brought nothing, however often it was there")
  func placebos() throws {
    for name in ["Display", "Affiliates"] {
      let origin = try #require(Self.shop.truth.origins.first { $0.name == name })
      #expect(origin.visits > 50)
      #expect(origin.orders == 0 && origin.revenue == 0)
    }
    let email = try #require(Self.shop.truth.origins.first { $0.name == "Email" })
    #expect(email.orders > 0)
  }

  @Test("Without plants there is nothing of them to be found")
  func plainShop() {
    let truth = Self.plain.truth
    #expect(truth.paymentFault == nil && truth.checkoutLoop == nil && truth.drift == nil)
    #expect(truth.ambassadors == nil && truth.personas.count == 1)
    #expect(Self.plain.count("Referral Made") == 0)
    #expect(truth.contents.allSatisfy { $0.orders == 0 && $0.visits > 0 })
    #expect(Set(truth.origins.map(\.adds)).count == 1)
  }

  @Test("A size in touchpoints is met within a tenth", arguments: [20_000, 60_000])
  func sized(touchpoints: Int) {
    let simulation = Simulation(customers: 1, seed: 3).sized(touchpoints: touchpoints)
    let made = simulation.run { _ in }.touchpoints
    #expect(abs(made - touchpoints) < touchpoints / 10, "\(made)")
  }

  @Test("People are about by day, in the shop's own zone")
  func hours() {
    let hours = Self.shop.touchpoints.filter { $0.event == .pageViewed }.map {
      Zone.amsterdam.civil($0.occurred).hour
    }
    let night = hours.count { (1...5).contains($0) }
    #expect(night * 20 < hours.count)
  }
}
