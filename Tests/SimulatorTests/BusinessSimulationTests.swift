import CustomerJourney
import Simulator
import Testing

/// Companies that do not exist.
@Suite struct BusinessSimulationTests {
  @Test("The same seed gives the same companies, another gives others")
  func repeats() {
    let one = BusinessSimulation(companies: 20, seed: 5).run()
    #expect(one == BusinessSimulation(companies: 20, seed: 5).run())
    #expect(one != BusinessSimulation(companies: 20, seed: 6).run())
  }

  @Test("Every address is at a domain that nobody can have, and each message has its own id")
  func harmless() {
    let batch = BusinessSimulation(companies: 60, seed: 5).run()
    let addresses = batch.profiles.flatMap(\.alsoKnownAs)
    #expect(addresses.count > 100)
    #expect(addresses.allSatisfy { $0.hasSuffix(".bedrijf") || $0.hasSuffix("@gmail.com") })
    #expect(Set(batch.touchpoints.map(\.messageID)).count == batch.touchpoints.count)
    #expect(batch.touchpoints.allSatisfy { $0.source == Simulation.source })
    #expect(Set(batch.profiles.compactMap(\.account)).count == 60)
    let domains = batch.profiles.compactMap { $0.accountTraits["domain"]?.description }
    #expect(Set(domains).count == domains.count, "no two companies have one domain")
  }
}
