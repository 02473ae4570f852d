import CustomerJourney
import Foundation
import Simulator
import Store

extension Workspace {
  /// What was planted in this project, when it is a simulated one.
  var truthFile: URL { folder.appending(path: "simulation.truth.json") }
  /// Who everybody in it is: persona and ambassador.
  private var peopleFile: URL { folder.appending(path: "simulation.people.csv") }

  /// Stores a simulation in this project, which must be empty or hold the same one.
  ///
  /// One that was cut off goes on where it stopped: what was stored is recognised. `progress` hears
  /// of the share that is done and the touchpoints so far. Throws ``Ending``, and the store's errors.
  func simulate(
    _ simulation: Simulation, progress: (Double, Int) -> Void = { _, _ in }
  ) throws -> PlantedTruth {
    let recipe = try simulation.recipe
    guard
      try store.setting(Setting.simulation.rawValue) == recipe
        || store.touchpointCount() == 0
    else {
      throw Ending.failed(
        "\(folder.path) holds other data, and simulated people would mix with them. Choose an "
          + "empty folder with --data.")
    }
    // First of all, so that no page ever shows them without saying so.
    try set(.simulation, to: recipe)
    try set(.title, to: Simulation.title.en)
    try set(.zone, to: Zone.amsterdam.name)
    try set(.currency, to: Currency.eur.code)
    let people = try LineFile(peopleFile)
    people.add("customer,persona,ambassador")
    var waiting: [Touchpoint] = []
    var stored = 0
    var done = 0
    let truth = try simulation.run { person in
      people.add("\(person.customer),\(person.persona),\(person.isAmbassador)")
      waiting += person.touchpoints
      done += 1
      guard waiting.count >= Limits.eventsPerCommit else { return }
      try people.save()
      try store.append(waiting)
      stored += waiting.count
      waiting.removeAll(keepingCapacity: true)
      // Those who were invited come on top; the bar may wait for them at its end.
      progress(min(1, Double(done) / Double(simulation.customers)), stored)
    }
    try store.append(waiting)
    try people.close()
    try truth.write(to: truthFile)
    return truth
  }
}

extension Workspace {
  /// Stores companies that do not exist, once, in a project that is empty or holds the same ones.
  func simulate(_ simulation: BusinessSimulation) throws {
    let recipe = "b2b, seed \(simulation.seed), \(simulation.companies) companies"
    guard
      try store.setting(Setting.simulation.rawValue) == recipe || store.touchpointCount() == 0
    else {
      throw Ending.failed(
        "\(folder.path) holds other data, and simulated people would mix with them. Choose an "
          + "empty folder with --data.")
    }
    try set(.simulation, to: recipe)
    try set(.title, to: BusinessSimulation.title.en)
    try set(.zone, to: Zone.amsterdam.name)
    try set(.currency, to: Currency.eur.code)
    _ = try store.append([simulation.run()])
  }
}

extension Simulation {
  /// Tells one simulation from another.
  fileprivate var recipe: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      let plants = String(decoding: try encoder.encode(scenario), as: UTF8.self)
      return "seed \(seed), \(customers) customers, \(days) days from \(first.dateText), \(plants)"
    }
  }
}

extension PlantedTruth {
  fileprivate func write(to file: URL) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    try (encoder.encode(self) + Data("\n".utf8)).write(to: file, options: .atomic)
  }
}

/// A simulation as a file of JSON Lines, one touchpoint each, in the columns that `import` knows.
struct SimulationFile {
  let file: URL
  let truth: URL

  init(path: String) {
    file = URL(filePath: path)
    truth = file.deletingPathExtension().appendingPathExtension("truth.json")
  }

  func write(
    _ simulation: Simulation, progress: (Double, Int) -> Void
  ) throws -> PlantedTruth {
    let lines = try LineFile(file)
    var done = 0
    var count = 0
    let truth = try simulation.run { person in
      for touchpoint in person.touchpoints { lines.add(touchpoint.importable) }
      done += 1
      count += person.touchpoints.count
      if done % 1_000 == 0 {
        try lines.save()
        progress(min(1, Double(done) / Double(simulation.customers)), count)
      }
    }
    try lines.close()
    try truth.write(to: self.truth)
    return truth
  }
}

extension Touchpoint {
  /// As one JSON object with the columns that an import finds by itself.
  fileprivate var importable: [UInt8] {
    var cells = Properties([
      .init(path: "customer", value: .text(customer)),
      .init(path: "time", value: .text(occurred.iso8601)),
      .init(path: "event", value: .text(event.name)),
      .init(path: "channel", value: .text(channel.name)),
      .init(path: "message_id", value: .text(messageID)),
      .init(path: "source", value: .text(source)),
    ])
    for (name, text) in [
      ("origin", origin?.name), ("campaign", campaign), ("device", device?.name),
      ("content", content),
    ] {
      cells[name] = text.map(PropertyValue.text)
    }
    if let value {
      cells["value"] = .number(value.amount)
      cells["currency"] = .text(value.currency.code)
    }
    cells["utc_offset"] = utcOffsetMinutes.map { .number(Double($0)) }
    for pair in properties.pairs where cells[pair.path] == nil { cells[pair.path] = pair.value }
    var line: [UInt8] = []
    PropertyValue.append(cells, to: &line)
    return line
  }
}

/// A text file that is written line by line.
private final class LineFile {
  private let handle: FileHandle
  private var waiting: [UInt8] = []

  init(_ file: URL) throws {
    guard FileManager.default.createFile(atPath: file.path, contents: nil),
      let handle = FileHandle(forWritingAtPath: file.path)
    else {
      throw Ending.failed(
        "\(file.path) cannot be written: check that its folder exists and may be written to.")
    }
    self.handle = handle
  }

  func add(_ line: some Sequence<UInt8>) {
    waiting += line
    waiting.append(UInt8(ascii: "\n"))
  }

  func add(_ line: String) { add(line.utf8) }

  func save() throws {
    try handle.write(contentsOf: waiting)
    waiting.removeAll(keepingCapacity: true)
  }

  func close() throws {
    try save()
    try handle.close()
  }
}
