import Access
import ArgumentParser
import CustomerJourney
import Foundation
import Simulator

struct SimulateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Make up a Dutch web shop's customers, with a known truth to find in them.",
    discussion: """
      Writes touchpoints of people who do not exist, and beside them what was planted: what each
      origin and content really brings, personas, a week of failing payments, a checkout that sends
      phones back, a drift, ambassadors. The same options give the same touchpoints.

      Example:
        klantreis simulate --customers 20000 --data try
        klantreis simulate --touchpoints 1000000 --out shop.jsonl
        klantreis simulate --without payment-fault drift --data nothing-wrong
      """)

  @Option(help: "People that find the shop by themselves. (default: 10000)")
  var customers: Int?

  @Option(help: "About so many touchpoints, instead of --customers.")
  var touchpoints: Int?

  @Option(help: "First day.")
  var from = "2025-01-01"

  @Option(help: "Days that pass.")
  var days = 365

  @Option(help: "Another number makes other people.")
  var seed: UInt64 = 1

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "What is not planted: \(Scenario.Plant.allCases.map(\.rawValue).joined(separator: ", ")), "
        + "or everything.", valueName: "plant"))
  var without: [String] = []

  @Option(
    help: ArgumentHelp(
      "Write JSON Lines to this file, which `import` reads, and not to a data folder.",
      valueName: "file"))
  var out: String?

  @OptionGroup var data: DataOptions

  func run() throws {
    let simulation = try simulation()
    let bar = ProgressBar("Simulating", unit: "touchpoints")
    let truth: PlantedTruth
    let place: String
    if let out {
      truth = try SimulationFile(path: out).write(simulation) {
        bar.update(fraction: $0, count: $1)
      }
      place = SimulationFile(path: out).truth.path
    } else {
      let workspace = try data.open()
      truth = try workspace.simulate(simulation) { bar.update(fraction: $0, count: $1) }
      try workspace.note(.simulated, "\(truth.customers) customers")
      place = workspace.truthFile.path
    }
    bar.finish()
    Terminal.write(
      "Simulated \(truth.touchpoints.grouped) touchpoints of \(truth.customers.grouped) people who "
        + "do not exist, with \(truth.orders.grouped) orders. What is planted is in \(place).\n")
  }

  private func simulation() throws -> Simulation {
    guard customers == nil || touchpoints == nil else {
      throw Ending.wrongUse("Give --customers or --touchpoints, not both.")
    }
    for (name, number) in [("customers", customers), ("touchpoints", touchpoints)] {
      if let number, !Simulation.sizes.contains(number) {
        throw Ending.wrongUse(
          "--\(name) \(number) is not from 1 to \(Simulation.sizes.upperBound.grouped).")
      }
    }
    guard Simulation.lengths.contains(days) else {
      throw Ending.wrongUse("--days \(days) is not from 1 to \(Simulation.lengths.upperBound).")
    }
    guard let first = Timestamp(iso8601: from), from.utf8.count == 10,
      first.milliseconds >= Limits.earliestMilliseconds
    else {
      throw Ending.wrongUse("--from \(from) is no day such as 2025-01-01.")
    }
    var plants: [Scenario.Plant] = []
    for name in without {
      if name == "everything" {
        plants = Scenario.Plant.allCases
      } else if let plant = Scenario.Plant(rawValue: name) {
        plants.append(plant)
      } else {
        throw Ending.wrongUse(
          "--without \(name) is not one of "
            + "\(Scenario.Plant.allCases.map(\.rawValue).joined(separator: ", ")), everything.")
      }
    }
    let simulation = Simulation(
      Scenario.shop.without(plants),
      from: CivilTime.of(milliseconds: first.milliseconds).civil, days: days,
      customers: customers ?? 10_000, seed: seed)
    return touchpoints.map(simulation.sized(touchpoints:)) ?? simulation
  }
}
