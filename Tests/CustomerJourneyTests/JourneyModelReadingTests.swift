import CustomerJourney
import Testing

@Suite("Reading journey models")
struct JourneyModelReadingTests {
  static let shop = """
    id: shop
    name: {en: Shop, nl: Winkel}
    settings:
      few: 2
    events: [Tasting]
    channels: [Stall]
    define:
      tastes: event is Tasting and channel is stall
      keen: count(tastes) >= $few or phase(stdc) is think
    cycle: gap > 180d
    phases:
      - {id: pass, name: Passing by, question: Who?}
      - {id: buy, name: Buying, question: {en: What?, nl: Wat?}, measures: [Baskets]}
    rules:
      - {phase: buy, from: pass, when: keen, because: Tasted twice}
    """

  @Test("a model of one's own is read with all its parts")
  func whole() throws {
    let model = try JourneyModel(yaml: Self.shop)
    #expect(model.id == "shop")
    #expect(model.name(.dutch) == "Winkel")
    #expect(model.settings == ["few": 2])
    #expect(model.events == [EventName("Tasting")])
    #expect(model.channels == [Channel("Stall")])
    #expect(model.phases.map(\.id) == ["pass", "buy"])
    #expect(model.phases[1].question(.dutch) == "Wat?")
    #expect(model.phases[1].measures == [LocalizedText(en: "Baskets")])
    #expect(model.cycleStart?.description == "gap > 180d")
    #expect(model.rules[0].from == ["pass"])
    #expect(model.rules[0].when.description == "keen")
    #expect(model.models == ["stdc"])
    let journey = SketchedJourney.touchpoints("0 tasting @stall; 1 tasting @stall; 2 page")
    #expect(model.place(journey).map(\.phase) == [0, 1, 1])
  }

  /// The shop with one piece of text replaced.
  static let mistakes: [(old: String, new: String, line: Int?, key: String, says: String)] = [
    ("id: shop\n", "", 1, "", "“id” is missing"),
    ("id: shop", "id: my shop", 1, "id", "an id is letters"),
    ("id: shop", "id: stdc", 1, "id", "there is another model “stdc”"),
    ("id: shop", "idd: shop", 1, "", "did you mean “id”?"),
    ("{en: Shop, nl: Winkel}", "{nl: Winkel}", 2, "name", "“en” is missing"),
    ("few: 2", "few: many", 4, "settings.few", "a setting is a number"),
    ("$few", "2", 4, "settings.few", "no rule uses the setting “$few”"),
    ("$few", "$fwe", 9, "define.keen", "did you mean few?"),
    ("Tasting]", "Tastin]", 8, "define.tastes", "did you mean Tastin?"),
    ("channel is stall", "channel is stal", 8, "define.tastes", "did you mean Stall?"),
    ("tastes: event", "since: event", 8, "define.since", "means something in rules already"),
    (
      "tastes: event is Tasting", "tastes: keen", 8, "define.tastes",
      "“keen” is defined by way of itself"
    ),
    ("phase(stdc) is think", "phase(stdc) is thin", 9, "define.keen", "did you mean think?"),
    ("phase(stdc) is think", "phase(shop) is buy", 9, "define.keen", "no journey model “shop”"),
    ("gap > 180d", "ever(true, this cycle)", 10, "cycle", "cannot depend on “this cycle”"),
    ("gap > 180d", "gap > 180", 10, "cycle", "a time needs a unit"),
    ("id: pass", "id: buy", 13, "phases[1].id", "there are two phases “buy”"),
    ("from: pass", "from: psas", 15, "rules[0].from", "did you mean “pass”?"),
    ("phase: buy", "phase: buyy", 15, "rules[0].phase", "did you mean “buy”?"),
    ("{phase: buy", "{phase: pass", 12, "phases[1]", "no rule leads to the phase “buy”"),
    ("when: keen", "when: kene", 15, "rules[0].when", "did you mean keen?"),
    ("when: keen, ", "", 15, "rules[0]", "“when” is missing"),
    (", because: Tasted twice", "", 15, "rules[0]", "“because” is missing"),
    ("because: Tasted", "becuase: Tasted", 15, "rules[0]", "did you mean “because”?"),
    (", question: Who?", "", 12, "phases[0]", "“question” is missing"),
    ("measures: [Baskets]", "measures: Baskets", 13, "phases[1].measures", "a list should stand"),
    ("events: [Tasting]", "events: [[Tasting]]", 5, "events[0]", "a text should stand here"),
    ("name: {en", "id: again\nname: {en", nil, "", "twice"),
    ("phases:", "phases: [", 11, "", "this is not YAML"),
  ]

  @Test("each mistake is named with its line and its key", arguments: mistakes)
  func mistake(
    _ row: (old: String, new: String, line: Int?, key: String, says: String)
  ) throws {
    let pieces = Self.shop.split(separator: row.old, maxSplits: 1, omittingEmptySubsequences: false)
    try #require(pieces.count == 2)
    let yaml = pieces[0] + row.new + pieces[1]
    let error = #expect(throws: JourneyModelError.self) {
      try JourneyModel(yaml: String(yaml), file: "shop.yaml")
    }
    let problem = error?.problems.first { $0.message.contains(row.says) }
    #expect(problem != nil, "\(error?.description ?? "")")
    if let line = row.line { #expect(problem?.line == line || row.says == "this is not YAML") }
    #expect(problem?.key == row.key)
    #expect(problem?.file == "shop.yaml")
  }

  @Test("all mistakes are reported at once, and none that only follows from another")
  func together() {
    let yaml = Self.shop.replacing("event is Tasting", with: "event iz Tasting")
      .replacing("phase: buy", with: "phase: bye").replacing("gap > 180d", with: "gap > x")
    let error = #expect(throws: JourneyModelError.self) { try JourneyModel(yaml: yaml) }
    #expect(error?.problems.map(\.key) == ["define.tastes", "cycle", "rules[0].phase"])
    #expect(error?.problems.map(\.line) == [8, 10, 15])
  }

  @Test(
    "a file that is no model is refused", arguments: ["", "   ", "just text", "- a", "a: 1", "[]"])
  func noModel(_ yaml: String) {
    #expect(throws: JourneyModelError.self) { try JourneyModel(yaml: yaml) }
  }

  @Test("models that ask for each other's phases in a circle are refused")
  func circle() {
    func model(_ id: String, asks other: String) -> JourneyModelFile {
      JourneyModelFile(
        name: "\(id).yaml",
        yaml: """
          id: \(id)
          name: \(id)
          phases: [{id: one, name: One, question: Who?}]
          rules: [{phase: one, when: phase(\(other)) is one, because: so}]
          """)
    }
    let error = #expect(throws: JourneyModelError.self) {
      try JourneyModel.read([model("a", asks: "b"), model("b", asks: "c"), model("c", asks: "a")])
    }
    #expect(error?.problems.count == 3)
    #expect(error?.problems.first?.message.contains("a → b → c → a") == true)
    #expect(throws: Never.self) {
      try JourneyModel.read([
        model("a", asks: "b"),
        JourneyModelFile(
          name: "b.yaml",
          yaml: Self.shop.replacing("id: shop", with: "id: b")
            .replacing("id: pass", with: "id: one").replacing("from: pass", with: "from: one")),
      ])
    }
  }

  @Test("a model has as many phases and rules as the limits, and not one more")
  func limits() {
    func yaml(phases: Int, rules: Int) -> String {
      let list = (0..<phases).map { "  - {id: p\($0), name: P, question: Q}" }
      let deciding = (0..<rules).map {
        "  - {phase: p\($0 % phases), when: true, because: so}"
      }
      return (["id: many", "name: Many", "phases:"] + list + ["rules:"] + deciding)
        .joined(separator: "\n")
    }
    let phases = Limits.phasesPerModel
    let rules = Limits.rulesPerModel
    #expect(throws: Never.self) { try JourneyModel(yaml: yaml(phases: phases, rules: rules)) }
    #expect(throws: JourneyModelError.self) {
      try JourneyModel(yaml: yaml(phases: phases + 1, rules: rules))
    }
    #expect(throws: JourneyModelError.self) {
      try JourneyModel(yaml: yaml(phases: phases, rules: rules + 1))
    }
    let padding = String(repeating: "#", count: Limits.modelCharacters)
    #expect(throws: JourneyModelError.self) {
      try JourneyModel(yaml: yaml(phases: 1, rules: 1) + "\n" + padding)
    }
  }

  @Test(
    "definitions are as many as the limit, and a long chain of them ends in an error, not a crash")
  func definitions() {
    func yaml(_ count: Int, chained: Bool) -> String {
      let define = (0..<count).map { index in
        "  d\(index): " + (chained && index + 1 < count ? "not d\(index + 1)" : "true")
      }
      return Self.shop.replacing(
        "define:\n", with: "define:\n" + define.joined(separator: "\n") + "\n")
    }
    let most = Limits.definitionsPerModel - 2
    #expect(throws: Never.self) { try JourneyModel(yaml: yaml(most, chained: false)) }
    #expect(throws: JourneyModelError.self) {
      try JourneyModel(yaml: yaml(most + 1, chained: false))
    }
    #expect(throws: Never.self) { try JourneyModel(yaml: yaml(20, chained: true)) }
    #expect(throws: JourneyModelError.self) { try JourneyModel(yaml: yaml(most, chained: true)) }
  }

  @Test("an unknown setting is refused with the one that was probably meant")
  func settings() throws {
    let model = try JourneyModel(yaml: Self.shop)
    let error = #expect(throws: JourneyModelError.self) { try model.with(settings: ["fwe": 1]) }
    #expect(error?.problems.first?.message.contains("did you mean few?") == true)
    #expect(throws: JourneyModelError.self) { try model.with(settings: ["few": .infinity]) }
  }
}
