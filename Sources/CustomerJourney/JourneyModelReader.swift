import Yams

/// A journey model as text, with the name that errors call it by.
package struct JourneyModelFile: Hashable, Sendable {
  package var name: String
  package var yaml: String

  package init(name: String, yaml: String) {
    self.name = name
    self.yaml = yaml
  }
}

extension JourneyModel {
  /// Reads one model. `docs/models.md` has the form; `others` are the models whose phases it can ask
  /// for.
  package init(
    yaml: String, file: String = "model.yaml", among others: [JourneyModel] = JourneyModel.builtIn
  ) throws(JourneyModelError) {
    self = try Self.read([JourneyModelFile(name: file, yaml: yaml)], among: others)[0]
  }

  /// Reads models that may ask for each other's phases, and reports all that is wrong at once.
  package static func read(
    _ files: [JourneyModelFile], among others: [JourneyModel] = JourneyModel.builtIn
  ) throws(JourneyModelError) -> [JourneyModel] {
    let readers = files.map(JourneyModelReader.init)
    var known = Dictionary(
      others.map { ($0.id, $0.phases.map(\.id)) }, uniquingKeysWith: { first, _ in first })
    for reader in readers {
      if known[reader.id] != nil {
        reader.report("there is another model “\(reader.id)”", at: "id")
      } else if !reader.id.isEmpty {
        known[reader.id] = reader.phases.map(\.id)
      }
    }
    let models = readers.map { $0.model(among: known) }
    for (reader, model) in zip(readers, models) {
      if let path = circle(from: model, among: models + others) {
        reader.report(
          "the model asks for its own phases by way of others: "
            + path.joined(separator: " → "), at: "rules")
      }
    }
    let problems = readers.flatMap(\.sortedProblems)
    guard problems.isEmpty else { throw JourneyModelError(problems: problems) }
    return models
  }

  /// The way from a model over those it asks for back to itself.
  private static func circle(from start: JourneyModel, among models: [JourneyModel]) -> [String]? {
    let byID = Dictionary(models.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var seen: Set<String> = []
    func path(from model: JourneyModel) -> [String]? {
      for id in model.models.sorted() {
        if id == start.id { return [model.id, id] }
        guard seen.insert(id).inserted, let next = byID[id] else { continue }
        if let rest = path(from: next) { return [model.id] + rest }
      }
      return nil
    }
    return path(from: start)
  }
}

/// Reads one file: first its id and phases, which others may need, then its rules.
final class JourneyModelReader {
  private let fields: YAMLFields
  private(set) var id = ""
  private(set) var phases: [JourneyModel.Phase] = []
  private var root: [String: Node] = [:]

  private var vocabulary = RuleVocabulary(isClosed: true)
  private var definitions: [String: Definition] = [:]
  /// Names of the definitions that are being read now, the outermost first.
  private var reading: [String] = []
  private var metBrokenDefinition = false
  private var usedSettings: Set<String> = []

  private enum Definition {
    case text(Node)
    case done(RuleDefinition)
  }

  private static let keys = [
    "id", "name", "settings", "events", "channels", "define", "cycle", "phases", "rules",
  ]

  init(_ file: JourneyModelFile) {
    fields = YAMLFields(file: file.name)
    guard let node = fields.compose(file.yaml, "a model", limit: Limits.modelCharacters) else {
      return
    }
    root = fields.members(
      node, at: "", allowed: Self.keys, required: ["id", "name", "phases", "rules"])
    if let node = root["id"] { id = identifier(node, at: "id") ?? "" }
    readPhases()
  }

  var sortedProblems: [FileProblem] { fields.sortedProblems }

  func report(_ message: String, at key: String, _ node: Node? = nil) {
    fields.report(message, at: key, node ?? root[key])
  }

  /// The model as far as it can be read; what is wrong is in ``sortedProblems``.
  func model(among models: [String: [String]]) -> JourneyModel {
    vocabulary.models = models
    vocabulary.models[id] = nil
    vocabulary.hasCycles = root["cycle"] != nil
    readNames()
    readSettings()
    readDefinitions()
    let cycleStart = readCycle()
    let rules = readRules()
    // A rule that cannot be read may be the one that uses it.
    let unused =
      fields.problems.isEmpty ? Set(vocabulary.settings.keys).subtracting(usedSettings) : []
    for name in unused.sorted() {
      report("no rule uses the setting “$\(name)”", at: "settings.\(name)", root["settings"])
    }
    return JourneyModel(
      id: id,
      name: root["name"].flatMap { fields.localized($0, at: "name") } ?? LocalizedText(en: id),
      events: vocabulary.events, channels: vocabulary.channels,
      settings: vocabulary.settings.mapValues(\.value), phases: phases, cycleStart: cycleStart,
      rules: rules)
  }

  // MARK: Parts of a model

  private func readPhases() {
    guard let list = root["phases"].map({ fields.list($0, at: "phases") }) else { return }
    if list.isEmpty, fields.problems.isEmpty {
      report("a model has at least one phase", at: "phases")
    }
    if list.count > Limits.phasesPerModel {
      report(
        "a model has at most \(Limits.phasesPerModel) phases, this one has \(list.count)",
        at: "phases")
      return
    }
    for (index, node) in list.enumerated() {
      let key = "phases[\(index)]"
      let parts = fields.members(
        node, at: key, allowed: ["id", "name", "question", "measures"],
        required: ["id", "name", "question"])
      guard let id = parts["id"].flatMap({ identifier($0, at: "\(key).id") }) else { continue }
      if phases.contains(where: { $0.id == id }) {
        report("there are two phases “\(id)”", at: "\(key).id", parts["id"])
      }
      let measures = parts["measures"].map { fields.list($0, at: "\(key).measures") } ?? []
      phases.append(
        JourneyModel.Phase(
          id: id,
          name: parts["name"].flatMap { fields.localized($0, at: "\(key).name") } ?? .init(en: id),
          question: parts["question"].flatMap { fields.localized($0, at: "\(key).question") }
            ?? .init(en: id),
          measures: measures.enumerated().compactMap { number, measure in
            fields.localized(measure, at: "\(key).measures[\(number)]")
          }))
    }
  }

  private func readNames() {
    let events = root["events"].map { fields.list($0, at: "events") } ?? []
    for (index, node) in events.enumerated() {
      guard let name = fields.text(node, at: "events[\(index)]") else { continue }
      vocabulary.events.append(EventName(name))
    }
    let channels = root["channels"].map { fields.list($0, at: "channels") } ?? []
    for (index, node) in channels.enumerated() {
      guard let name = fields.text(node, at: "channels[\(index)]") else { continue }
      vocabulary.channels.append(Channel(name))
    }
  }

  private func readSettings() {
    guard let node = root["settings"] else { return }
    for (name, value) in fields.members(node, at: "settings") {
      let key = "settings.\(name)"
      guard isName(name) else {
        report("a setting's name is letters, digits, “-”, “_” and “.”", at: key, value)
        continue
      }
      if let number = fields.text(value, at: key).flatMap({ RuleParser.decimal($0) }) {
        vocabulary.settings[name] = number
      } else {
        report("a setting is a number with at most six decimals", at: key, value)
      }
    }
  }

  private func readDefinitions() {
    guard let node = root["define"] else { return }
    let texts = fields.members(node, at: "define")
    if texts.count > Limits.definitionsPerModel {
      report(
        "a model defines at most \(Limits.definitionsPerModel) rules, this one \(texts.count)",
        at: "define")
      return
    }
    for (name, value) in texts {
      let key = "define.\(name)"
      if !isName(name) {
        report("a definition's name is letters, digits, “-”, “_” and “.”", at: key, value)
      } else if RuleVocabulary.reservedWords.contains(name.lowercased()) {
        report("“\(name)” means something in rules already; choose another name", at: key, value)
      } else {
        definitions[name] = .text(value)
        // So that a mistyped name finds this one while the definitions themselves are being read.
        vocabulary.definitions[name] = .always(false)
      }
    }
    for name in definitions.keys.sorted() { _ = definition(named: name, depth: 0) }
  }

  private func definition(named name: String, depth: Int) -> RuleDefinition {
    switch definitions[name] {
    case nil: return .unknown
    case .done(let definition): return definition
    case .text(let node):
      if let start = reading.firstIndex(of: name) { return .circular(reading[start...] + [name]) }
      reading.append(name)
      defer { reading.removeLast() }
      let rule = rule(node, at: "define.\(name)", depth: depth)
      let definition = rule.map(RuleDefinition.rule) ?? .broken
      definitions[name] = .done(definition)
      return definition
    }
  }

  private func readCycle() -> Rule? {
    guard let node = root["cycle"], let rule = rule(node, at: "cycle") else { return nil }
    if rule.usesCycles {
      report(
        "where a cycle begins cannot depend on “this cycle”; count over the whole history or "
          + "within a time", at: "cycle", node)
    }
    return rule
  }

  private func readRules() -> [JourneyModel.PlacingRule] {
    guard let list = root["rules"].map({ fields.list($0, at: "rules") }) else { return [] }
    if list.count > Limits.rulesPerModel {
      report(
        "a model has at most \(Limits.rulesPerModel) rules, this one has \(list.count)", at: "rules"
      )
      return []
    }
    var rules: [JourneyModel.PlacingRule] = []
    for (index, node) in list.enumerated() {
      let key = "rules[\(index)]"
      let parts = fields.members(
        node, at: key, allowed: ["phase", "from", "when", "because"],
        required: ["phase", "when", "because"])
      let phase = parts["phase"].flatMap { phaseID($0, at: "\(key).phase") }
      let from = parts["from"].map { node in
        (node.sequence.map { Array($0) } ?? [node]).compactMap { phaseID($0, at: "\(key).from") }
      }
      let when = parts["when"].flatMap { rule($0, at: "\(key).when") }
      let because = parts["because"].flatMap { fields.localized($0, at: "\(key).because") }
      guard let phase, let when, let because else { continue }
      rules.append(.init(phase: phase, from: from, when: when, because: because))
    }
    guard fields.problems.isEmpty else { return rules }
    for (index, phase) in phases.enumerated().dropFirst()
    where !rules.contains(where: { $0.phase == phase.id }) {
      report("no rule leads to the phase “\(phase.id)”", at: "phases[\(index)]", root["phases"])
    }
    return rules
  }

  // MARK: Values

  private func rule(_ node: Node, at key: String, depth: Int = 0) -> Rule? {
    guard let text = fields.text(node, at: key) else { return nil }
    do throws(RuleError) {
      var parser = try RuleParser(text, vocabulary: vocabulary, depth: depth) { name, depth in
        let definition = self.definition(named: name, depth: depth)
        if case .broken = definition { self.metBrokenDefinition = true }
        return definition
      }
      metBrokenDefinition = false
      defer { usedSettings.formUnion(parser.settings) }
      return try parser.parse()
    } catch {
      // What is wrong with the definition has been said where it stands.
      if !metBrokenDefinition { report(error.description, at: key, node) }
      return nil
    }
  }

  private func phaseID(_ node: Node, at key: String) -> String? {
    guard let id = fields.text(node, at: key) else { return nil }
    let known = phases.map(\.id)
    guard !known.contains(id) else { return id }
    let nearest = Spelling.nearest(id, among: known).map { "; did you mean “\($0)”?" } ?? ""
    report("there is no phase “\(id)”\(nearest)", at: key, node)
    return nil
  }

  private func identifier(_ node: Node, at key: String) -> String? {
    guard let id = fields.text(node, at: key) else { return nil }
    guard isName(id) else {
      report("an id is letters, digits, “-”, “_” and “.”", at: key, node)
      return nil
    }
    return id
  }

  private func isName(_ text: String) -> Bool {
    (1...64).contains(text.count) && text.allSatisfy(RuleLexer.isWord)
  }
}

extension JourneyModelFile {
  /// The model's id; nil when the file does not say one that can be read.
  package var modelID: String? {
    let id = JourneyModelReader(self).id
    return id.isEmpty ? nil : id
  }
}
