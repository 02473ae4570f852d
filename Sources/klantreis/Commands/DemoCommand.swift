import ArgumentParser
import Collector
import CustomerJourney
import Foundation
import Simulator
import Store

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo", abstract: "Load a real shop's data once, and serve its journey map.",
    discussion: """
      Sets: grocer, a year of a grocer's 2,469 households; gifts, half a million invoice lines of an
      online gift shop; both are public data, Examples/ names their sources. shop, a web shop whose
      people are simulated, with something to find for every question. b2b, companies that are
      simulated, with buying groups, deals and leads.

      The link that it prints logs you in once, as the owner. Choose a password on your own page when
      others can reach the server.

      Example:
        klantreis demo
        klantreis demo --set gifts --port 8081
      """)

  @Option(name: .customLong("set"), help: "Which data: grocer, gifts, shop or b2b.")
  var name = "grocer"

  @Option(
    help: ArgumentHelp(
      "The data folder. (default: data/demo-SET beside Examples)", valueName: "dir"))
  var data: String?

  @Flag(name: .customLong("load-only"), help: "Load the data and stop, without serving.")
  var loadOnly = false

  @OptionGroup var server: ServerOptions

  /// The simulated companies of the demo.
  private static let business = (name: "b2b", simulation: BusinessSimulation(seed: 2025))
  /// The simulated shop of the demo.
  private static let shop = (name: "shop", simulation: Simulation(customers: 12_000, seed: 2025))

  func run() async throws {
    let home = Self.home
    let file = home.appending(path: "Examples/\(name)/set.yaml")
    let isShop = name == Self.shop.name
    let isBusiness = name == Self.business.name
    guard
      isShop || isBusiness
        || name.allSatisfy({ $0.isLetter || $0 == "-" || $0 == "_" })
          && FileManager.default.fileExists(atPath: file.path)
    else {
      throw Ending.wrongUse(
        "There is no demo \u{201C}\(name)\u{201D}: choose \(Self.sets(home).joined(separator: ", "))."
      )
    }
    let folder =
      data.map { URL(filePath: $0, directoryHint: .isDirectory) }
      ?? home.appending(path: "data/demo-\(name)")
    let workspace =
      loadOnly ? try Workspace(folder: folder) : try Workspace(serving: folder)
    if isShop {
      try simulate(workspace)
    } else if isBusiness {
      if try workspace.store.setting(Workspace.Setting.demo.rawValue) != name {
        Terminal.note("Simulating companies, once; they and their people do not exist.")
        try workspace.simulate(Self.business.simulation)
        try workspace.set(.demo, to: name)
      }
    } else {
      try load(ImportSet(path: file.path), into: workspace)
    }
    if !loadOnly { try await server.serve(workspace, entersOnce: true) }
  }

  private func simulate(_ workspace: Workspace) throws {
    guard try workspace.store.setting(Workspace.Setting.demo.rawValue) != name else { return }
    Terminal.note("Simulating a web shop, once; its people do not exist.")
    let bar = ProgressBar("Simulating", unit: "touchpoints")
    _ = try workspace.simulate(Self.shop.simulation) { bar.update(fraction: $0, count: $1) }
    bar.finish()
    try workspace.set(.demo, to: name)
  }

  /// Loads what isn't loaded yet. A load that was cut off goes on where it stopped: what was stored
  /// is recognised.
  private func load(_ set: ImportSet, into workspace: Workspace) throws {
    let loaded = try workspace.store.setting(Workspace.Setting.demo.rawValue)
    guard loaded != name else { return }
    let isLoading = "loading \(name)"
    if loaded != isLoading, try workspace.store.touchpointCount() > 0 {
      throw Ending.failed(
        "\(workspace.folder.path) holds other data, and the demo would mix with them. Choose an "
          + "empty folder with --data.")
    }
    try workspace.set(.demo, to: isLoading)
    Terminal.note("Loading \(set.title(.english)) (\(set.licence)), once.")
    if set.modelIsFile {
      let yaml = try String(contentsOfFile: set.model, encoding: .utf8)
      let model = try JourneyModel(yaml: yaml, file: set.model)
      try workspace.addModel(id: model.id, yaml: yaml)
      try workspace.set(.model, to: model.id)
    } else {
      try workspace.set(.model, to: set.model)
    }
    try workspace.set(.zone, to: set.zone.name)
    try workspace.set(.currency, to: set.currency.code)
    try workspace.set(.title, to: set.title(.english))
    let runner = ImportRunner(
      workspace: workspace,
      options: ImportOptions(zone: set.zone, currency: set.currency, now: .now, source: name))
    for file in set.files {
      let bar = ProgressBar(file.name, unit: "rows")
      let outcome = try runner.run(path: file.path, mapping: file.mapping) {
        bar.update(fraction: $0, count: $1)
      }
      bar.finish()
      Terminal.note(ImportCommand.text(outcome, name: file.name).trimmed)
      if let problem = outcome.problem { throw Ending.failed(problem) }
    }
    try workspace.set(.demo, to: name)
  }

  /// The checkout, where `Examples` is.
  private static var home: URL {
    let environment = ProcessInfo.processInfo.environment
    return URL(
      filePath: environment["KLANTREIS_HOME"] ?? FileManager.default.currentDirectoryPath,
      directoryHint: .isDirectory)
  }

  private static func sets(_ home: URL) -> [String] {
    let examples = home.appending(path: "Examples")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: examples.path)) ?? []
    let sets = names.filter {
      FileManager.default.fileExists(atPath: examples.appending(path: "\($0)/set.yaml").path)
    }
    return (sets + [shop.name, business.name]).sorted()
  }
}
