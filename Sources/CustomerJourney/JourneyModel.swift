/// A text in both languages of the product; English where the Dutch is missing.
package struct LocalizedText: Hashable, Sendable, Codable {
  package var en: String
  package var nl: String?

  package init(en: String, nl: String? = nil) {
    self.en = en
    self.nl = nl
  }

  package func callAsFunction(_ language: Language) -> String {
    language == .dutch ? nl ?? en : en
  }

  /// A plain text stands for both languages.
  package init(from decoder: any Decoder) throws {
    if let text = try? decoder.singleValueContainer().decode(String.self) {
      self.init(en: text)
    } else {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      self.init(
        en: try container.decode(String.self, forKey: .en),
        nl: try container.decodeIfPresent(String.self, forKey: .nl))
    }
  }
}

/// Named phases and the rules that place a touchpoint in one: a lens over the log.
package struct JourneyModel: Hashable, Sendable {
  /// How rules, commands and addresses name it: `stdc`.
  package var id: String
  package var name: LocalizedText
  /// Event names of its own, besides the built-in ones.
  package var events: [EventName]
  /// Channels of its own, besides the built-in ones.
  package var channels: [Channel]
  /// Numbers that its rules use and that people may change: `carePurchases`.
  package var settings: [String: Double]
  /// In the order of the journey; at most ``Limits/phasesPerModel``.
  package var phases: [Phase]
  /// When it is true at a touchpoint, that touchpoint begins a new cycle.
  package var cycleStart: Rule?
  /// Tried in this order; the first that is true decides. When none is, the touchpoint stays in the
  /// customer's phase, or is in the first phase when there is none yet.
  package var rules: [PlacingRule]

  package struct Phase: Hashable, Sendable, Codable {
    package var id: String
    package var name: LocalizedText
    /// What the company asks itself there: "How do they learn that we exist?"
    package var question: LocalizedText
    /// Measures to steer by.
    package var measures: [LocalizedText]

    package init(
      id: String, name: LocalizedText, question: LocalizedText, measures: [LocalizedText] = []
    ) {
      self.id = id
      self.name = name
      self.question = question
      self.measures = measures
    }
  }

  /// "In this phase, when this is true, because …".
  package struct PlacingRule: Hashable, Sendable {
    package var phase: String
    /// The phases in which the customer must be already; nil means any, or none yet.
    package var from: [String]?
    package var when: Rule
    /// The reason in words, as a person reads it beside the touchpoint.
    package var because: LocalizedText

    package init(phase: String, from: [String]? = nil, when: Rule, because: LocalizedText) {
      self.phase = phase
      self.from = from
      self.when = when
      self.because = because
    }
  }

  package init(
    id: String, name: LocalizedText, events: [EventName] = [], channels: [Channel] = [],
    settings: [String: Double] = [:], phases: [Phase], cycleStart: Rule? = nil, rules: [PlacingRule]
  ) {
    self.id = id
    self.name = name
    self.events = events
    self.channels = channels
    self.settings = settings
    self.phases = phases
    self.cycleStart = cycleStart
    self.rules = rules
  }

  package func index(ofPhase id: String) -> Int? { phases.firstIndex { $0.id == id } }

  /// The models that the program brings: See-Think-Do-Care, the five A's and the ten phases.
  package static let builtIn: [JourneyModel] = {
    let files = [
      ("stdc.yaml", PackageResources.stdc_yaml), ("five-a.yaml", PackageResources.five_a_yaml),
      ("ten-phases.yaml", PackageResources.ten_phases_yaml),
    ].map { JourneyModelFile(name: $0.0, yaml: String(decoding: $0.1, as: UTF8.self)) }
    do {
      return try read(files, among: [])
    } catch {
      preconditionFailure("a built-in journey model is wrong: \(error)")
    }
  }()

  /// The ids of other models whose phases the rules ask for.
  package var models: Set<String> {
    rules.reduce(cycleStart?.models ?? []) { $0.union($1.when.models) }
  }

  /// The same model with other numbers for some of its settings.
  package func with(settings new: [String: Double]) throws(JourneyModelError) -> JourneyModel {
    var numbers: [String: RuleNumber] = [:]
    var problems: [FileProblem] = []
    for (name, value) in new.sorted(by: { $0.key < $1.key }) {
      if settings[name] == nil {
        let nearest = Spelling.nearest(name, among: settings.keys.sorted())
        problems.append(
          .init(
            file: id, line: nil, key: "settings.\(name)",
            message: "the model has no such setting"
              + (nearest.map { "; did you mean \($0)?" } ?? "")))
      } else if let number = RuleNumber(value) {
        numbers[name] = number
      } else {
        problems.append(
          .init(
            file: id, line: nil, key: "settings.\(name)",
            message: "a setting is a number of at most \(Limits.amount)"))
      }
    }
    guard problems.isEmpty else { throw JourneyModelError(problems: problems) }
    var changed = self
    changed.settings.merge(new) { $1 }
    changed.cycleStart = cycleStart?.with(settings: numbers)
    changed.rules = rules.map { rule in
      var rule = rule
      rule.when = rule.when.with(settings: numbers)
      return rule
    }
    return changed
  }
}

/// Where a touchpoint is in a model, and why.
package struct Placement: Hashable, Sendable {
  /// Index into ``JourneyModel/phases``.
  package var phase: Int
  /// Index into ``JourneyModel/rules``; nil when no rule was true and the customer stayed.
  package var rule: Int?
  /// 0 is the customer's first cycle.
  package var cycle: Int

  package init(phase: Int, rule: Int?, cycle: Int) {
    self.phase = phase
    self.rule = rule
    self.cycle = cycle
  }
}
