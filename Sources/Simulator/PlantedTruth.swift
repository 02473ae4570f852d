import CustomerJourney

/// What was planted in a simulation and what came of it: what insights are held against.
///
/// Money in major units, times as in the simulated shop's zone.
package struct PlantedTruth: Hashable, Sendable, Codable {
  /// Always true: this file and the touchpoints beside it describe nobody.
  package var simulated = true
  package var seed: UInt64
  package var from: String
  package var days: Int
  /// Everybody, with those who were invited.
  package var customers: Int
  package var touchpoints: Int
  package var orders: Int
  package var revenue: Double
  package var currency: String
  package var personas: [Persona]
  package var origins: [Effect]
  package var contents: [Effect]
  package var paymentFault: PaymentFault?
  package var checkoutLoop: CheckoutLoop?
  package var drift: Drift?
  package var ambassadors: Ambassadors?
  package var scenario: Scenario

  package struct Persona: Hashable, Sendable, Codable {
    package var id: String
    package var customers: Int
  }

  /// What an origin or a content really brought.
  package struct Effect: Hashable, Sendable, Codable {
    package var name: String
    /// Visits from it, or in which it was seen.
    package var visits: Int
    /// The planted chance that one visit makes somebody buy.
    package var adds: Double
    /// Orders and revenue that would not have been without it.
    package var orders: Int
    package var revenue: Double
  }

  package struct PaymentFault: Hashable, Sendable, Codable {
    package var method: String
    /// First and last local day.
    package var from: String
    package var to: String
    package var payments: Int
    package var failed: Int
    package var ordersLost: Int
  }

  package struct CheckoutLoop: Hashable, Sendable, Codable {
    package var device: String
    package var checkouts: Int
    package var turnedBack: Int
    package var givenUp: Int
  }

  package struct Drift: Hashable, Sendable, Codable {
    /// The day on which it begins, and the one on which it is complete.
    package var from: String
    package var to: String
    package var factors: [String: Double]
  }

  package struct Ambassadors: Hashable, Sendable, Codable {
    package var customers: Int
    package var invitations: Int
    package var arrivals: Int
  }

  init(_ simulation: Simulation, _ span: Span, _ tally: Tally) {
    let scenario = simulation.scenario
    func day(_ number: Int) -> String {
      CivilTime.of(
        milliseconds: simulation.first.millisecondsAsUTC + Int64(number) * Span.day
      ).civil.dateText
    }
    func effect(_ name: String, _ adds: Double, _ cause: Tally.Cause?) -> Effect {
      Effect(
        name: name, visits: cause?.times ?? 0, adds: adds, orders: cause?.orders ?? 0,
        revenue: Double(cause?.revenue ?? 0) / 100)
    }
    seed = simulation.seed
    from = day(0)
    days = simulation.days
    customers = tally.customers
    touchpoints = tally.touchpoints
    orders = tally.orders
    revenue = Double(tally.revenue) / 100
    currency = Currency.eur.code
    personas = scenario.personas.map {
      Persona(id: $0.id, customers: tally.personas[$0.id] ?? 0)
    }
    origins = scenario.origins.map { effect($0.origin, $0.adds, tally.origins[$0.origin]) }
    contents = scenario.contents.map { effect($0.content, $0.adds, tally.contents[$0.content]) }
    paymentFault = scenario.paymentFault.map {
      PaymentFault(
        method: $0.method, from: day($0.firstDay), to: day($0.firstDay + $0.days - 1),
        payments: tally.payments.tried, failed: tally.payments.failed,
        ordersLost: tally.payments.ordersLost)
    }
    checkoutLoop = scenario.checkoutLoop.map {
      CheckoutLoop(
        device: $0.device, checkouts: tally.checkouts.started,
        turnedBack: tally.checkouts.turnedBack, givenUp: tally.checkouts.givenUp)
    }
    drift = scenario.drift.map {
      Drift(from: day($0.firstDay), to: day($0.firstDay + $0.days), factors: $0.factors)
    }
    ambassadors = scenario.ambassadors.map { _ in
      Ambassadors(
        customers: tally.ambassadors, invitations: tally.invitations, arrivals: tally.arrivals)
    }
    self.scenario = scenario
  }
}
