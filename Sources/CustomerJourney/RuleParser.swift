extension Rule {
  /// Reads a rule. `docs/rules.md` has the grammar.
  package init(parsing text: String, in vocabulary: RuleVocabulary) throws(RuleError) {
    var parser = try RuleParser(text, vocabulary: vocabulary)
    self = try parser.parse()
  }
}

/// What a bare name stands for while the definitions themselves are being read.
enum RuleDefinition {
  case rule(Rule)
  case unknown
  /// It is defined by way of itself: the names, from the first to itself again.
  case circular([String])
  /// Its own text is wrong, which is reported there.
  case broken
}

/// Recursive descent over tokens, one look ahead and no way back, so that reading takes time in
/// proportion to the text. Nesting is counted, so that no text can use up the stack.
struct RuleParser {
  let text: [Character]
  let vocabulary: RuleVocabulary
  /// Settings that were used.
  var settings: Set<String> = []
  let tokens: [RuleToken]
  var position = 0
  private var depth: Int
  var size = 0
  private let define: ((String, Int) -> RuleDefinition)?

  /// `define` answers what a bare name stands for, told how deep it is nested; without it the
  /// vocabulary's definitions do. `depth` is how deep the whole text is nested already.
  init(
    _ text: String, vocabulary: RuleVocabulary, depth: Int = 0,
    define: ((String, Int) -> RuleDefinition)? = nil
  ) throws(RuleError) {
    guard text.unicodeScalars.count <= Limits.ruleCharacters else {
      throw RuleError(
        "a rule has at most \(Limits.ruleCharacters) characters, this one has "
          + "\(text.unicodeScalars.count)", at: 0, in: Array(text.prefix(80)))
    }
    self.text = Array(text)
    self.vocabulary = vocabulary
    self.depth = depth
    self.define = define
    tokens = try RuleLexer.tokens(of: self.text)
  }

  mutating func parse() throws(RuleError) -> Rule {
    if case .end = token.kind {
      throw failure("the rule is empty", expected: Self.conditions)
    }
    let rule = try either()
    guard case .end = token.kind else {
      throw failure(
        "\(token.shown) cannot stand here",
        expected: ["“and”, “or” or the end of the rule"], suggestion: near(["and", "or"]))
    }
    return rule
  }

  // MARK: Rules

  mutating func either() throws(RuleError) -> Rule {
    var rules = [try both()]
    while skip("or") { rules.append(try both()) }
    if rules.count == 1 { return rules[0] }
    try grow(by: 1)
    return .any(rules)
  }

  private mutating func both() throws(RuleError) -> Rule {
    var rules = [try single()]
    while skip("and") { rules.append(try single()) }
    if rules.count == 1 { return rules[0] }
    try grow(by: 1)
    return .all(rules)
  }

  private mutating func single() throws(RuleError) -> Rule {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Limits.ruleDepth else {
      throw failure("rules are nested at most \(Limits.ruleDepth) deep")
    }
    try grow(by: 1)
    if skip(sign: "(") {
      let rule = try either()
      try close()
      return rule
    }
    guard case .word(let word) = token.kind else {
      throw failure(
        token.kind == .end
          ? "the rule stops where a condition should follow"
          : "\(token.shown) is no condition", expected: Self.conditions)
    }
    if let field = RuleField(rawValue: word.lowercased()) {
      position += 1
      return try test("“\(field.rawValue)”", of: .field(field)) { .field(field, $0) }
    }
    return try condition(word)
  }

  private mutating func condition(_ word: String) throws(RuleError) -> Rule {
    let start = position
    position += 1
    switch word.lowercased() {
    case "not": return .not(try single())
    case "true": return .always(true)
    case "false": return .always(false)
    case "value": return .value(try comparison(), try amount())
    case "gap": return .gap(try comparison(), try duration())
    case "count":
      try open("count")
      let rule = try either()
      let window = try trailingWindow()
      return .count(rule, window, try comparison(), try number())
    case "sum": return try sum()
    case "ever":
      try open("ever")
      let rule = try either()
      return .ever(rule, try trailingWindow())
    case "never":
      try open("never")
      let rule = try either()
      return .not(.ever(rule, try trailingWindow()))
    case "since":
      try open("since")
      let end = try firstOrLast()
      let rule = try either()
      try close()
      return .since(end, rule, try comparison(), try duration())
    case "property":
      let path = try argument("property", "the path of a property, such as product.category")
      return try test("the property", of: .value) { .property(path, $0) }
    case "trait":
      let name = try argument("trait", "the name of a trait, such as country")
      return try test("the trait", of: .value) { .trait(name, $0) }
    case "account.role":
      return try test("“account.role”", of: .role) { .role($0) }
    case "consent":
      try open("consent")
      let channel = Channel(try name(in: .channel))
      try expect(sign: ",", "a comma and the purpose")
      let purpose = try plainName()
      try close()
      return .consent(ConsentGrant(channel: channel, purpose: purpose))
    case "phase": return try phase()
    case "segment": return try segment()
    default:
      position = start
      return try defined(word)
    }
  }

  private mutating func sum() throws(RuleError) -> Rule {
    try open("sum")
    guard skip("value") else {
      throw failure("only values can be added up, not \(token.shown)", expected: ["“value”"])
    }
    var rule = Rule.always(true)
    var window = RuleWindow.all
    if skip(sign: ",") {
      if let first = try self.window() {
        window = first
        try close()
      } else {
        rule = try either()
        window = try trailingWindow()
      }
    } else {
      try close()
    }
    return .sum(rule, window, try comparison(), try amount())
  }

  private mutating func phase() throws(RuleError) -> Rule {
    try open("phase")
    let place = token
    let model = try plainName()
    guard let phases = vocabulary.models[model] else {
      let known = vocabulary.models.keys.sorted()
      throw failure(
        "there is no journey model “\(model)” whose phase can be asked for here", expected: known,
        suggestion: Spelling.nearest(model, among: known), at: place)
    }
    try close()
    return try test("the phase", of: .phase(model: model, phases)) { test in
      guard case .oneOf(let names) = test else { preconditionFailure("only names are asked for") }
      return .phase(model: model, phases: names)
    }
  }

  private mutating func segment() throws(RuleError) -> Rule {
    let place = tokens[min(position + 1, tokens.count - 1)]
    let name = try argument("segment", "the name of a segment")
    guard let rule = vocabulary.segments[name] else {
      let known = vocabulary.segments.keys.sorted()
      throw failure(
        "there is no segment “\(name)”", expected: known,
        suggestion: Spelling.nearest(name, among: known), at: place)
    }
    return try include(rule, as: RuleReference(.segment, name), at: place)
  }

  private mutating func defined(_ word: String) throws(RuleError) -> Rule {
    let place = token
    let definition =
      define?(word, depth) ?? vocabulary.definitions[word].map(RuleDefinition.rule) ?? .unknown
    position += 1
    switch definition {
    case .rule(let rule):
      return try include(rule, as: RuleReference(.definition, word), at: place)
    case .circular(let names):
      throw failure(
        "“\(word)” is defined by way of itself: \(names.joined(separator: " → "))", at: place)
    case .broken: throw failure("the definition of “\(word)” is wrong itself", at: place)
    case .unknown: break
    }
    if vocabulary.knows(word, in: .event) {
      throw failure(
        "“\(word)” alone is no condition", suggestion: "event is \(word)", at: place)
    }
    let names = vocabulary.definitions.keys.sorted() + Self.conditions
    throw failure(
      "“\(word)” is no condition", expected: Self.conditions,
      suggestion: Spelling.nearest(word, among: names), at: place)
  }

  private mutating func include(
    _ rule: Rule, as reference: RuleReference, at place: RuleToken
  ) throws(RuleError) -> Rule {
    guard depth + rule.depth <= Limits.ruleDepth else {
      throw failure(
        "with “\(reference.name)” written out, rules are nested more than \(Limits.ruleDepth) deep",
        at: place)
    }
    try grow(by: rule.size)
    return .named(reference, rule)
  }

  // MARK: Tests

  /// What a test looks at, which says what it can compare with.
  enum Subject {
    case field(RuleField)
    /// A property or trait, which can be a number.
    case value
    case role
    /// Always known, and one of these names.
    case phase(model: String, [String])
  }

  private mutating func test(
    _ shown: String, of subject: Subject, _ make: (RuleTest) -> Rule
  ) throws(RuleError) -> Rule {
    var onlyNames = false
    var words = ["is", "is not", "in (…)", "not in (…)"]
    if case .phase = subject { onlyNames = true }
    if !onlyNames { words += ["contains", "starts with", "is known", "is unknown"] }
    if case .value = subject {
      words += RuleComparison.allCases.map(\.rawValue)
      if case .sign(let sign) = token.kind, RuleComparison(rawValue: sign) != nil {
        return make(.number(try comparison(), try number()))
      }
    }
    if skip("is") {
      if !onlyNames, skip("known") { return make(.known) }
      if !onlyNames, skip("unknown") { return .not(make(.known)) }
      if skip("not") { return .not(make(.oneOf([try name(of: subject)]))) }
      return make(.oneOf([try name(of: subject)]))
    }
    if skip("not") {
      guard skip("in") else {
        throw failure("after “not” only “in” can follow", expected: ["in (…)"])
      }
      return .not(make(.oneOf(try list(of: subject))))
    }
    if skip("in") { return make(.oneOf(try list(of: subject))) }
    if !onlyNames, skip("contains") { return make(.contains(try plainName())) }
    if !onlyNames, skip("starts") {
      guard skip("with") else {
        throw failure("after “starts” comes “with”", expected: ["with"])
      }
      return make(.startsWith(try plainName()))
    }
    throw failure(
      "\(token.shown) cannot follow \(shown)", expected: words, suggestion: near(words))
  }

  private mutating func list(of subject: Subject) throws(RuleError) -> [String] {
    try expect(sign: "(", "“(” and a list of names")
    var names = [try name(of: subject)]
    while skip(sign: ",") { names.append(try name(of: subject)) }
    try grow(by: names.count)
    try close()
    return names
  }

  private mutating func name(of subject: Subject) throws(RuleError) -> String {
    switch subject {
    case .field(let field): return try name(in: field)
    case .value, .role: return try plainName()
    case .phase(let model, let phases):
      let place = token
      let phase = try plainName()
      guard phases.contains(phase) else {
        throw failure(
          "the model “\(model)” has no phase “\(phase)”", expected: phases,
          suggestion: Spelling.nearest(phase, among: phases), at: place)
      }
      return phase
    }
  }

  private mutating func name(in field: RuleField) throws(RuleError) -> String {
    let place = token
    let name = try plainName()
    if vocabulary.isClosed, !vocabulary.knows(name, in: field) {
      throw failure(
        "there is no \(field.rawValue) “\(name)”, built in or among the model's own",
        suggestion: Spelling.nearest(name, among: vocabulary.names(in: field)), at: place)
    }
    return field.canonical(name)
  }

  mutating func plainName() throws(RuleError) -> String {
    switch token.kind {
    case .word(let name), .quoted(let name):
      guard !name.trimmed.isEmpty else {
        throw failure("an empty text is no name", expected: ["is unknown"])
      }
      position += 1
      return name
    default:
      throw failure("\(token.shown) is no name", expected: ["a word, or a text in quotes"])
    }
  }
}
