import CustomerJourney
import Foundation
import HTTPTypes
import Insights
import Simulator
import Store
import Testing

@testable import klantreis

/// Insights find in a simulated shop what was planted, and nothing where nothing was.
@Suite struct PlantedTruthTests {
  /// A simulated project in a folder that is gone when the test is over.
  final class Shop: Sendable {
    let project: TestProject
    let snapshot: Snapshot
    let truth: PlantedTruth

    init(_ scenario: Scenario) throws {
      project = try TestProject([])
      truth = try project.workspace.simulate(
        Simulation(scenario, customers: 5_000, seed: 11))
      snapshot = try project.workspace.snapshot()
    }

    func ask<Value>(_ kind: QuestionKind, _ values: [String: [String]]) throws -> Value {
      try #require(Question(kind, values).answer(from: snapshot).report as? Value)
    }

    /// How many customers of a rule bought, and how many there are.
    func buyers(who rule: String) throws -> Share {
      let values = ["step": ["Page Viewed", "Order Completed"], "within": ["366d"], "who": [rule]]
      let funnel: Funnel = try ask(.funnel, values)
      return Share(of: funnel.steps[0].customers, are: funnel.steps[1].customers)
    }

    /// Payments that end in an order.
    func paid(from: String, to: String) throws -> Share {
      let funnel: Funnel = try ask(
        .funnel,
        [
          "step": ["Payment Info Entered", "Order Completed"], "within": ["1h"], "from": [from],
          "to": [to],
        ])
      return Share(of: funnel.steps[0].customers, are: funnel.steps[1].customers)
    }

    /// Checkouts on a device after which the basket comes again.
    func turnedBack(on device: String) throws -> Share {
      let transitions: Transitions = try ask(
        .transitions, ["by": ["event"], "where": ["device is \(device)"]])
      let after = transitions.rows.filter { $0.from == "Checkout Started" }
      return Share(
        of: after.reduce(0) { $0 + $1.count },
        are: after.filter { $0.to == "Cart Viewed" }.reduce(0) { $0 + $1.count })
    }

    /// Visits that came from an origin.
    func arrivals(from origin: String, _ from: String, _ to: String) throws -> Share {
      let transitions: Transitions = try ask(
        .transitions,
        ["by": ["origin"], "where": ["event is \"Page Viewed\""], "from": [from], "to": [to]])
      let all = transitions.rows.filter { $0.to != "(end)" }
      return Share(
        of: all.reduce(0) { $0 + $1.count },
        are: all.filter { $0.to == origin }.reduce(0) { $0 + $1.count })
    }

    func ambassadors() throws -> Int? {
      let map: JourneyMap = try ask(.map, ["model": ["ten-phases"]])
      return map.phases.first { $0.id == "ambassador" }?.customers
    }
  }

  struct Share {
    let all: Int
    let some: Int
    init(of all: Int, are some: Int) {
      self.all = all
      self.some = some
    }

    var value: Double { Double(some) / Double(max(1, all)) }

    /// How many standard errors this is above another, by the pooled share of both.
    func above(_ other: Share) -> Double {
      let pooled = Double(some + other.some) / Double(all + other.all)
      let error =
        (pooled * (1 - pooled) * (1 / Double(all) + 1 / Double(other.all))).squareRoot()
      // Never or always in both: there is no difference.
      return error == 0 ? 0 : (value - other.value) / error
    }
  }

  static let shop = Result { try Shop(.shop) }
  static let plain = Result { try Shop(Scenario.shop.without(Scenario.Plant.allCases)) }

  /// Chance alone goes beyond this once in some 15,000 times.
  static let clear = 4.0

  @Test("The funnel shows the week in which payments failed, and only where they did")
  func paymentFault() throws {
    let shop = try Self.shop.get()
    let fault = try #require(shop.truth.paymentFault)
    let before = try shop.paid(from: "2025-03-01", to: "2025-05-20")
    let during = try shop.paid(from: fault.from, to: fault.to)
    #expect(before.above(during) > Self.clear, "\(before) \(during)")
    let plain = try Self.plain.get()
    let calm = try plain.paid(from: "2025-03-01", to: "2025-05-20")
    #expect(abs(calm.above(try plain.paid(from: fault.from, to: fault.to))) < Self.clear)
  }

  @Test("Transitions show that phones are sent back from the checkout, and only where they are")
  func checkoutLoop() throws {
    let shop = try Self.shop.get()
    let phones = try shop.turnedBack(on: "Phone")
    #expect(phones.above(try shop.turnedBack(on: "Desktop")) > Self.clear, "\(phones)")
    let plain = try Self.plain.get()
    #expect(
      abs(try plain.turnedBack(on: "Phone").above(plain.turnedBack(on: "Desktop"))) < Self.clear)
  }

  @Test("Origins shift after the drift, and only where there is one")
  func drift() throws {
    let shop = try Self.shop.get()
    let spring = ("2025-01-15", "2025-07-15")
    let autumn = ("2025-09-20", "2025-12-31")
    let social = try shop.arrivals(from: "Organic Social", autumn.0, autumn.1)
    #expect(
      social.above(try shop.arrivals(from: "Organic Social", spring.0, spring.1)) > Self.clear)
    let search = try shop.arrivals(from: "Paid Search", spring.0, spring.1)
    #expect(search.above(try shop.arrivals(from: "Paid Search", autumn.0, autumn.1)) > Self.clear)
    let plain = try Self.plain.get()
    let calm = try plain.arrivals(from: "Organic Social", autumn.0, autumn.1)
    let earlier = try plain.arrivals(from: "Organic Social", spring.0, spring.1)
    #expect(abs(calm.above(earlier)) < Self.clear)
  }

  @Test("The guide that sells is told from the page that doesn't, and two idle pages are not")
  func content() throws {
    let guide = #"ever(content is "Koopgids tuinmeubelen")"#
    let about = #"ever(content is "Over De Tuinkamer")"#
    let shop = try Self.shop.get()
    let sold = try shop.buyers(who: "\(guide) and not \(about)")
    #expect(sold.above(try shop.buyers(who: "\(about) and not \(guide)")) > Self.clear, "\(sold)")
    let plain = try Self.plain.get()
    let idle = try plain.buyers(who: "\(guide) and not \(about)")
    #expect(abs(idle.above(try plain.buyers(who: "\(about) and not \(guide)"))) < Self.clear)
  }

  @Test("The ambassadors of the map are the planted ones, to the last")
  func ambassadors() throws {
    let shop = try Self.shop.get()
    let planted = try #require(shop.truth.ambassadors)
    #expect(planted.customers > 0)
    #expect(try shop.ambassadors() == planted.customers)
    #expect(try Self.plain.get().ambassadors() == 0)
  }

  @Test("Every form of an answer and every page says that the people are simulated")
  func labelled() async throws {
    let shop = try Self.shop.get()
    let answer = try Question(.map, [:]).answer(from: shop.snapshot)
    let json = try JSONSerialization.jsonObject(with: answer.data(as: .json)) as? [String: Any]
    #expect(json?["simulated"] as? Bool == true)
    #expect(String(decoding: try answer.data(as: .text), as: UTF8.self).hasPrefix("Simulated"))
    #expect(String(decoding: try answer.data(as: .svg), as: UTF8.self).contains(">Simulated<"))
    try await shop.project.serving { client in
      for path in ["/", "/questions/funnel", "/customers", "/import", "/sources", "/phase/do"] {
        let page = try await client.get(path)
        #expect(page.text.contains("these people do not exist"), "\(path)")
      }
      let name = try await client.get("/api/v1/paths?format=csv").headers[.contentDisposition]
      #expect(name?.contains("simulated-paths.csv") == true)
    }
    try await TestProject().serving { client in
      let page = try await client.get("/")
      #expect(!page.text.contains("these people do not exist"))
    }
  }

  @Test("A simulation stays out of a folder with real people, and goes on where it stopped")
  func folders() throws {
    let real = try TestProject()
    #expect(throws: Ending.self) { try real.workspace.simulate(Simulation(customers: 5)) }
    let project = try TestProject([])
    let simulation = Simulation(customers: 40)
    let truth = try project.workspace.simulate(simulation)
    #expect(try project.workspace.simulate(simulation) == truth)
    #expect(try project.workspace.store.touchpointCount() == truth.touchpoints)
    #expect(throws: Ending.self) {
      try project.workspace.simulate(Simulation(customers: 41))
    }
  }

  @Test("A file of a simulation is imported with the same touchpoints")
  func file() throws {
    let project = try TestProject([])
    let path = project.folder.appending(path: "shop.jsonl").path
    let truth = try SimulationFile(path: path).write(Simulation(customers: 60)) { _, _ in }
    let runner = ImportRunner(
      workspace: project.workspace, options: try project.workspace.importOptions())
    let outcome = try runner.run(path: path, mapping: nil)
    #expect(outcome.stored == truth.touchpoints && outcome.rejected == 0)
  }
}
