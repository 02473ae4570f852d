import CustomerJourney
import Foundation

/// The journey models of a project: those that are built in and its own, with their settings as the
/// project has chosen them. The first is what a question gets that names none.
struct ModelCatalogue: Sendable, Equatable {
  private(set) var models: [JourneyModel]
  /// What is wrong with own models that could not be read; the others are used without them.
  let problem: JourneyModelError?

  /// Reads `folder/*.yaml`. `settings` are the project's, of which `model.<id>.<name>` are meant.
  /// The model with the id `first` goes to the front.
  init(folder: URL, settings: [String: String], first: String?) throws {
    let own = Self.readAll(try Self.files(in: folder))
    problem = own.problem
    var models = JourneyModel.builtIn + own.models
    for (name, value) in settings {
      guard let key = ModelSetting(name), let number = Double(value),
        let index = models.firstIndex(where: { $0.id == key.model }),
        // A setting of a version of the model that is gone says nothing any more.
        models[index].settings[key.setting] != nil
      else { continue }
      models[index] = try models[index].with(settings: [key.setting: number])
    }
    if let index = models.firstIndex(where: { $0.id == first }) {
      models.insert(models.remove(at: index), at: 0)
    }
    self.models = models
  }

  /// Reads what can be read: files that are wrong are left out, and those that need them.
  private static func readAll(
    _ files: [JourneyModelFile]
  ) -> (models: [JourneyModel], problem: JourneyModelError?) {
    var files = files
    var problems: [FileProblem] = []
    while !files.isEmpty {
      do throws(JourneyModelError) {
        return (
          try JourneyModel.read(files),
          problems.isEmpty ? nil : JourneyModelError(problems: problems)
        )
      } catch {
        problems += error.problems
        let wrong = Set(error.problems.map(\.file))
        let good = files.filter { !wrong.contains($0.name) }
        files = good.count < files.count ? good : []
      }
    }
    return ([], problems.isEmpty ? nil : JourneyModelError(problems: problems))
  }

  private static func files(in folder: URL) throws -> [JourneyModelFile] {
    guard FileManager.default.fileExists(atPath: folder.path) else { return [] }
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { ["yaml", "yml"].contains($0.pathExtension) }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
      .map {
        JourneyModelFile(
          name: $0.lastPathComponent, yaml: try String(contentsOf: $0, encoding: .utf8))
      }
  }

  subscript(id: String) -> JourneyModel? { models.first { $0.id == id } }

  /// The model that a question names, or the first when it names none.
  func named(_ id: String?) throws(ParameterError) -> JourneyModel {
    guard let id else {
      guard let first = models.first else { preconditionFailure("models are built in") }
      return first
    }
    guard let model = self[id] else {
      let ids = models.map(\.id)
      let nearest = Spelling.nearest(id, among: ids).map { " Did you mean \($0)?" } ?? ""
      throw ParameterError(
        name: "model", value: id,
        problem:
          "There is no such journey model.\(nearest) There are \(ids.joined(separator: ", ")).")
    }
    return model
  }
}

/// The name under which the store keeps a number of a model: `model.stdc.carePurchases`.
struct ModelSetting: Equatable {
  var model: String
  var setting: String

  init(model: String, setting: String) {
    self.model = model
    self.setting = setting
  }

  init?(_ name: String) {
    let parts = name.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count == 3, parts[0] == "model" else { return nil }
    self.init(model: String(parts[1]), setting: String(parts[2]))
  }

  var name: String { "model.\(model).\(setting)" }
}
