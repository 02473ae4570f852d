import Access
import ArgumentParser
import Collector
import CustomerJourney
import Foundation
import Store

struct ModelsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "models", abstract: "Journey models: list, show, check, add, and their settings.",
    discussion: """
      Example:
        klantreis models
        klantreis models set stdc carePurchases 2
        klantreis models check mine.yaml
        klantreis models add mine.yaml
      """,
    subcommands: [List.self, Show.self, Check.self, Add.self, Set.self],
    defaultSubcommand: List.self)

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The models and their phases.",
      discussion: """
        Example:
          klantreis models list
        """)
    @OptionGroup var data: DataOptions

    func run() throws {
      let catalogue = try data.models()
      if let problem = catalogue.problem { Terminal.note("klantreis: left out:\n\(problem)") }
      for model in catalogue.models {
        let phases = model.phases.map(\.id).joined(separator: " → ")
        Terminal.write("\(Terminal.bold(model.id))  \(model.name(.english))\n  \(phases)\n")
        for (name, value) in model.settings.sorted(by: { $0.key < $1.key }) {
          Terminal.write("  \(name) = \(PropertyValue.number(value))\n")
        }
      }
    }
  }

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "A model's phases and the rules that place a touchpoint in each.",
      discussion: """
        Example:
          klantreis models show stdc
        """)
    @Argument(help: "The model's id.") var model: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let model = try data.models().named(model)
      Terminal.write("\(Terminal.bold(model.name(.english))) (\(model.id))\n\n")
      for phase in model.phases {
        Terminal.write(
          "\(Terminal.bold(phase.name(.english))) (\(phase.id))  \(phase.question(.english))\n")
      }
      if let cycle = model.cycleStart { Terminal.write("\nA new cycle begins when \(cycle)\n") }
      Terminal.write("\nRules, the first that is true decides:\n")
      for (i, rule) in model.rules.enumerated() {
        let from = rule.from.map { " from \($0.joined(separator: ", "))" } ?? ""
        Terminal.write(
          "\(i + 1). \(Terminal.bold(rule.phase))\(from) when \(rule.when)\n"
            + "   \(rule.because(.english))\n")
      }
    }
  }

  struct Check: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Say what is wrong with a model's file, if anything.",
      discussion: """
        Example:
          klantreis models check mine.yaml
        """)
    @Argument(help: "A YAML file; docs/models.md has the form.") var file: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let model = try ModelsCommand.read(file, among: data.models())
      Terminal.write(
        "\(file) is a good model: \(model.id) with \(model.phases.count) phases and "
          + "\(model.rules.count) rules.\n")
    }
  }

  struct Add: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put a model into the project; one of the same id is replaced.",
      discussion: """
        Example:
          klantreis models add mine.yaml
        """)
    @Argument(help: "A YAML file; docs/models.md has the form.") var file: String
    @OptionGroup var data: DataOptions

    func run() throws {
      let model = try ModelsCommand.read(file, among: data.models())
      let workspace = try data.open()
      try workspace.addModel(id: model.id, yaml: ModelsCommand.text(file))
      try workspace.note(.modelAdded, model.id)
      Terminal.write("Added \(model.id). Ask with --model \(model.id).\n")
    }
  }

  struct Set: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Change a number that a model's rules use.",
      discussion: """
        Example:
          klantreis models set stdc carePurchases 2
        """)
    @Argument(help: "The model's id.") var model: String
    @Argument(help: "The setting's name; `klantreis models` lists them.") var setting: String
    @Argument(help: "The new number.") var value: Double
    @OptionGroup var data: DataOptions

    func run() throws {
      let workspace = try data.open()
      let model = try workspace.models().named(model)
      guard model.settings[setting] != nil else {
        let known = model.settings.keys.sorted().joined(separator: ", ")
        throw Ending.wrongUse(
          "The model \(model.id) has no setting \(setting). "
            + (known.isEmpty ? "It has none at all." : "It has \(known)."))
      }
      _ = try model.with(settings: [setting: value])
      try workspace.store.set(
        ModelSetting(model: model.id, setting: setting).name, to: String(value))
      try workspace.note(.settingChanged, "\(model.id) \(setting)")
      Terminal.write("\(model.id): \(setting) = \(PropertyValue.number(value))\n")
    }
  }

  private static func text(_ file: String) throws -> String {
    do {
      return try String(contentsOf: URL(filePath: file), encoding: .utf8)
    } catch {
      throw Ending.failed("\(file) cannot be read as text: check the path and that it is UTF-8.")
    }
  }

  /// Reads a model that may ask for the phases of the project's others, but not of the own one that
  /// it takes the place of.
  private static func read(
    _ file: String, among catalogue: ModelCatalogue
  ) throws -> JourneyModel {
    let yaml = try text(file)
    let id = JourneyModelFile(name: file, yaml: yaml).modelID
    let others = catalogue.models.filter { model in
      model.id != id || JourneyModel.builtIn.contains { $0.id == model.id }
    }
    return try JourneyModel(yaml: yaml, file: file, among: others)
  }
}

extension DataOptions {
  /// The project's models, or the built-in ones where there is no project yet.
  fileprivate func models() throws -> ModelCatalogue {
    guard Workspace.exists(in: folder) else {
      return try ModelCatalogue(
        folder: folder.appending(path: "models"), settings: [:], first: nil)
    }
    return try open().models()
  }
}

struct SettingsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settings",
    abstract: "Show or change the project's time zone, currency, model and places.",
    discussion: """
      Example:
        klantreis settings
        klantreis settings zone Europe/Brussels
        klantreis settings currency GBP
        klantreis settings model ten-phases
        klantreis settings geo GeoLite2-City.mmdb
        klantreis settings geo none
        klantreis settings proxies 1
      """)

  @Argument(help: "zone, currency, model, title, geo or proxies.") var name: String?
  @Argument(help: "The new value.") var value: String?
  @OptionGroup var data: DataOptions

  func run() throws {
    let workspace = try data.openExisting()
    guard let name else {
      for (name, value) in try workspace.store.settings().sorted(by: { $0.key < $1.key })
      where !Workspace.isSecret(name) {
        Terminal.write("\(name) = \(value)\n")
      }
      return
    }
    guard let setting = Workspace.Setting(rawValue: name), ![.demo, .simulation].contains(setting)
    else {
      throw Ending.wrongUse(
        "There is no setting \(name): choose zone, currency, model, title, geo, proxies or shop.")
    }
    guard let value else {
      Terminal.write("\(try workspace.store.setting(name) ?? "(not set)")\n")
      return
    }
    try workspace.set(setting, to: value)
    try workspace.note(.settingChanged, name)
    Terminal.write("\(name) = \(value)\n")
  }
}

extension Workspace {
  func models() throws -> ModelCatalogue {
    let settings = try store.settings()
    return try ModelCatalogue(
      folder: modelFolder, settings: settings, first: settings[Setting.model.rawValue])
  }

  func addModel(id: String, yaml: String) throws {
    try FileManager.default.createDirectory(at: modelFolder, withIntermediateDirectories: true)
    try Data(yaml.utf8).write(to: modelFolder.appending(path: "\(id).yaml"), options: .atomic)
    // Says to a running server that something changed.
    try store.set("models.changed", to: String(Timestamp.now.milliseconds))
  }

  /// Checks the value first: a project never has a zone or a model that doesn't exist.
  func set(_ setting: Setting, to value: String) throws {
    switch setting {
    case .zone:
      guard Zone(value) != nil else {
        throw Ending.wrongUse(
          "There is no time zone \(value). Write it as Europe/Amsterdam or America/New_York.")
      }
    case .currency:
      guard Currency(value) != nil else {
        throw Ending.wrongUse("\(value) is no currency code. Write it as EUR, USD or GBP.")
      }
    case .model: _ = try models().named(value)
    case .geo:
      guard value != "none" else { return try store.set(setting.rawValue, to: nil) }
      let path = URL(filePath: value).standardizedFileURL.path
      do {
        _ = try GeoDatabase(path: path)
      } catch let problem as GeoDatabase.Problem {
        throw Ending.wrongUse(problem.description)
      }
      // A server that runs elsewhere shall find it too.
      return try store.set(setting.rawValue, to: path)
    case .proxies:
      guard let count = Int(value), (0...Limits.proxies).contains(count) else {
        throw Ending.wrongUse(
          "\(value) is no number of proxies. Write how many trusted proxies stand before the "
            + "server, from 0 to \(Limits.proxies).")
      }
    case .shop:
      guard let url = URL(string: value), ["https", "http"].contains(url.scheme), url.host != nil
      else {
        throw Ending.wrongUse(
          "\(value) is no address of a shop. Write it as https://shop.example.com/.")
      }
    case .title, .demo, .simulation: break
    }
    try store.set(setting.rawValue, to: value)
  }
}
