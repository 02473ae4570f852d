package import CustomerJourney
import Yams

extension Play {
  /// Reads one play. `docs/plays.md` has the form; `vocabulary` are the names that its rules may use.
  package init(
    yaml: String, file: String = "play.yaml",
    in vocabulary: RuleVocabulary = .filter(hasCycles: false)
  ) throws(PlayError) {
    let reader = PlayReader(file: file, vocabulary)
    let play = reader.play(yaml)
    guard let play, reader.fields.problems.isEmpty else {
      throw PlayError(problems: reader.fields.sortedProblems)
    }
    self = play
  }
}

/// Reads one file.
private final class PlayReader {
  let fields: YAMLFields
  private let vocabulary: RuleVocabulary
  private var ids: [String: Node] = [:]
  private var steps = 0

  private static let keys = [
    "id", "name", "about", "cell", "purpose", "priority", "enter", "when", "again", "exit", "goal",
    "holdout", "steps",
  ]

  init(file: String, _ vocabulary: RuleVocabulary) {
    fields = YAMLFields(file: file)
    self.vocabulary = vocabulary
  }

  func play(_ yaml: String) -> Play? {
    guard let node = fields.compose(yaml, "a play", limit: Limits.playCharacters) else {
      return nil
    }
    let root = fields.members(
      node, at: "", allowed: Self.keys,
      required: ["id", "name", "about", "purpose", "enter", "steps"])
    let id = root["id"].flatMap { fields.identifier($0, at: "id") }
    let name = root["name"].flatMap { fields.localized($0, at: "name") }
    let about = root["about"].flatMap { fields.localized($0, at: "about") }
    let purpose = root["purpose"].flatMap { self.purpose($0) }
    let entry = root["enter"].flatMap { self.entry($0) }
    let list = root["steps"].map { self.list($0, at: "steps", depth: 1) } ?? []
    if let node = root["steps"], list.isEmpty, fields.problems.isEmpty {
      fields.report("a play has at least one step", at: "steps", node)
    }
    checkJumps(list, root["steps"])
    let exits = root["exit"].map { node in
      fields.list(node, at: "exit").enumerated().compactMap { self.exit($1, at: "exit[\($0)]") }
    }
    let holdout = root["holdout"].flatMap { fields.share($0, at: "holdout") }
    if let holdout, holdout.value > 0.5 {
      fields.report("at most half of them can be held out", at: "holdout", root["holdout"])
    }
    let cell = root["cell"].flatMap { self.cell($0) }
    let priority = root["priority"].flatMap { fields.whole($0, at: "priority", in: 0...100) }
    let condition = root["when"].flatMap { self.rule($0, at: "when") }
    let again = root["again"].flatMap { self.again($0) }
    let goal = root["goal"].flatMap { self.goal($0) }
    guard let id, let name, let about, let purpose, let entry else { return nil }
    return Play(
      id: id, name: name, about: about, cell: cell, purpose: purpose, priority: priority ?? 50,
      entry: entry.entry, key: entry.key, restarts: entry.restarts,
      condition: condition ?? .always(true), again: again ?? .never, exits: exits ?? [], goal: goal,
      holdout: holdout ?? RuleNumber(millionths: 0), steps: list)
  }

  // MARK: Parts

  private func purpose(_ node: Node) -> MessagePurpose? {
    if let purpose = node.scalar.flatMap({ MessagePurpose(rawValue: $0.string) }) { return purpose }
    fields.report("marketing or service should stand here", at: "purpose", node)
    return nil
  }

  private func cell(_ node: Node) -> MaturityCell? {
    if let cell = node.scalar.flatMap({ MaturityCell($0.string) }) { return cell }
    fields.report(
      "a cell is a level and a phase, such as engagement/do; levels are "
        + MaturityCell.Level.allCases.map(\.rawValue).joined(separator: ", ") + ", phases "
        + MaturityCell.Column.allCases.map(\.rawValue).joined(separator: ", "), at: "cell", node)
    return nil
  }

  private func entry(_ node: Node) -> (entry: Play.Entry, key: String?, restarts: Bool)? {
    let parts = fields.members(
      node, at: "enter", allowed: ["event", "becomes", "segment", "phase", "key", "restart"])
    let ways = ["event", "becomes", "segment", "phase"].filter { parts[$0] != nil }
    guard ways.count == 1, let way = ways.first, let value = parts[way] else {
      fields.report(
        "one of event, becomes, segment and phase should stand here", at: "enter", node)
      return nil
    }
    let key = parts["key"].flatMap { fields.text($0, at: "enter.key") }
    let restarts = parts["restart"].flatMap { fields.flag($0, at: "enter.restart") } ?? false
    if way != "event", key != nil || restarts {
      fields.report("only an event has a key or a restart", at: "enter", node)
    }
    guard let text = fields.text(value, at: "enter.\(way)") else { return nil }
    let entry: Play.Entry?
    switch way {
    case "event": entry = rule(value, at: "enter.event").map { .event($0) }
    case "becomes": entry = rule(value, at: "enter.becomes").map { .becomes($0) }
    case "segment":
      entry = rule("segment(\"\(text)\")", at: "enter.segment", value).map { .becomes($0) }
    default:
      let parts = text.split(separator: "/").map { String($0) }
      guard parts.count == 2 else {
        fields.report("a phase is a model and a phase: stdc/do", at: "enter.phase", value)
        return nil
      }
      entry = rule("phase(\"\(parts[0])\") is \"\(parts[1])\"", at: "enter.phase", value)
        .map { .becomes($0) }
    }
    guard let entry else { return nil }
    if case .always(true) = entry.rule.unnamed {
      fields.report(
        "this rule is true of everybody at every touchpoint; say which ones are meant",
        at: "enter.\(way)", value)
    }
    return (entry, key, restarts)
  }

  private func again(_ node: Node) -> Play.Again? {
    let text = node.scalar?.string ?? ""
    if text == "never" { return .never }
    guard text.hasPrefix("after ") else {
      fields.report("never, or “after” and a time, should stand here", at: "again", node)
      return nil
    }
    return fields.duration(String(text.dropFirst(6)), node, at: "again").map { .after($0) }
  }

  private func exit(_ node: Node, at key: String) -> Play.Exit? {
    let parts = fields.members(
      node, at: key, allowed: ["event", "rule", "because"], required: ["because"])
    let because = parts["because"].flatMap { fields.localized($0, at: "\(key).because") }
    guard (parts["event"] == nil) != (parts["rule"] == nil) else {
      fields.report("either event or rule should stand here", at: key, node)
      return nil
    }
    let way = parts["event"] == nil ? "rule" : "event"
    guard let value = parts[way], let rule = rule(value, at: "\(key).\(way)"), let because else {
      return nil
    }
    return Play.Exit(isEvent: way == "event", rule: rule, because: because)
  }

  private func goal(_ node: Node) -> Play.Goal? {
    let parts = fields.members(
      node, at: "goal", allowed: ["event", "within"], required: ["event", "within"])
    let rule = parts["event"].flatMap { self.rule($0, at: "goal.event") }
    let within = parts["within"].flatMap { fields.duration($0, at: "goal.within") }
    guard let rule, let within else { return nil }
    return Play.Goal(rule: rule, within: within)
  }

  private func rule(_ node: Node, at key: String) -> Rule? {
    fields.text(node, at: key).flatMap { rule($0, at: key, node) }
  }

  private func rule(_ text: String, at key: String, _ node: Node) -> Rule? {
    do throws(RuleError) {
      return try Rule(parsing: text, in: vocabulary)
    } catch {
      fields.report(error.description, at: key, node)
      return nil
    }
  }

  // MARK: Steps

  /// What a step can be, with the keys that belong to it.
  private static let kinds: [(key: String, with: [String])] = [
    ("wait", []), ("wait until", []), ("wait for", ["within", "then", "else"]),
    ("if", ["then", "else"]), ("split", []), ("message", ["channel"]), ("webhook", []),
    ("set", ["to"]), ("join", []), ("leave", []), ("task", []), ("slot", ["template", "for"]),
    ("go to", []), ("end", []),
  ]

  private func list(_ node: Node, at key: String, depth: Int) -> [PlayStep] {
    guard depth <= Limits.playDepth else {
      fields.report("steps stand at most \(Limits.playDepth) deep inside each other", at: key, node)
      return []
    }
    return fields.list(node, at: key).enumerated().compactMap {
      step($1, at: "\(key)[\($0)]", depth: depth)
    }
  }

  private func step(_ node: Node, at key: String, depth: Int) -> PlayStep? {
    steps += 1
    guard steps <= Limits.playSteps else {
      if steps == Limits.playSteps + 1 {
        fields.report("a play has at most \(Limits.playSteps) steps", at: key, node)
      }
      return nil
    }
    let isEnd = node.scalar?.string == "end"
    var allowed = ["id"]
    for kind in Self.kinds {
      for name in [kind.key] + kind.with where !allowed.contains(name) { allowed.append(name) }
    }
    let parts = isEnd ? ["end": node] : fields.members(node, at: key, allowed: allowed)
    let chosen = Self.kinds.filter { parts[$0.key] != nil }
    guard chosen.count == 1, let kind = chosen.first, let value = parts[kind.key] else {
      if isEnd || node.mapping != nil {
        fields.report(
          "a step is one of " + Self.kinds.map(\.key).joined(separator: ", "), at: key, node)
      }
      return nil
    }
    for name in parts.keys.sorted()
    where name != "id" && name != kind.key && !kind.with.contains(name) {
      fields.report("“\(name)” does not belong to “\(kind.key)”", at: key, parts[name])
    }
    let id = parts["id"].flatMap { fields.identifier($0, at: "\(key).id") } ?? Self.place(key)
    if ids.updateValue(node, forKey: id) != nil {
      fields.report("there are two steps “\(id)”", at: "\(key).id", node)
    }
    let does = self.does(kind.key, value, parts, at: key, node, depth: depth)
    return does.map { PlayStep(id: id, does: $0) }
  }

  /// `steps[2].then[0]` as `3.then.1`.
  private static func place(_ key: String) -> String {
    key.split(separator: ".").map { part in
      guard let open = part.firstIndex(of: "["),
        let number = Int(part[part.index(after: open)...].dropLast())
      else { return String(part) }
      let name = part[..<open]
      return name == "steps" ? "\(number + 1)" : "\(name).\(number + 1)"
    }.joined(separator: ".")
  }

  private func does(
    _ kind: String, _ value: Node, _ parts: [String: Node], at key: String, _ node: Node, depth: Int
  ) -> PlayStep.Kind? {
    func steps(_ name: String) -> [PlayStep] {
      parts[name].map { list($0, at: "\(key).\(name)", depth: depth + 1) } ?? []
    }
    func needed<Value>(_ name: String, _ read: (Node, String) -> Value?) -> Value? {
      if let part = parts[name] { return read(part, "\(key).\(name)") }
      fields.report("“\(name)” is missing", at: key, node)
      return nil
    }
    let place = "\(key).\(kind)"
    switch kind {
    case "wait": return fields.duration(value, at: place).map { .wait($0) }
    case "wait until":
      if let time = fields.text(value, at: place).flatMap({ TimeOfDay($0) }) {
        return .waitUntil(time)
      }
      fields.report("a time of day should stand here, in quotes: \"09:00\"", at: place, value)
      return nil
    case "wait for":
      guard let rule = rule(value, at: place),
        let within = needed("within", { fields.duration($0, at: $1) })
      else { return nil }
      return .waitFor(rule, within: within, then: steps("then"), otherwise: steps("else"))
    case "if":
      return rule(value, at: place).map {
        .branch($0, then: steps("then"), otherwise: steps("else"))
      }
    case "split": return split(value, at: place, depth: depth)
    case "message":
      let known: [MessageChannel] = [.email, .sms]
      let word = parts["channel"].flatMap { fields.text($0, at: "\(key).channel") } ?? "email"
      guard let channel = MessageChannel(rawValue: word), known.contains(channel) else {
        fields.report(
          "a message goes by " + known.map(\.rawValue).joined(separator: " or "),
          at: "\(key).channel", parts["channel"])
        return nil
      }
      return fields.text(value, at: place).map { .act(.message(channel: channel, template: $0)) }
    case "webhook":
      return fields.text(value, at: place).map { .act(.message(channel: .webhook, template: $0)) }
    case "set":
      guard let trait = fields.text(value, at: place),
        let to = needed("to", { fields.text($0, at: $1) })
      else { return nil }
      let said: PropertyValue
      switch to {
      case "true": said = .flag(true)
      case "false": said = .flag(false)
      default: said = Double(to).map { PropertyValue.number($0) } ?? PropertyValue.text(to)
      }
      return .act(.set(trait: trait, said))
    case "join", "leave":
      guard let name = fields.text(value, at: place) else { return nil }
      guard name.count <= Limits.segmentName else {
        fields.report(SegmentProblem.longName.description, at: place, value)
        return nil
      }
      return .act(.set(trait: Segment.trait(of: name), .flag(kind == "join")))
    case "task": return fields.localized(value, at: place).map { .act(.task($0)) }
    case "slot":
      guard let slot = fields.text(value, at: place),
        let template = needed("template", { fields.text($0, at: $1) }),
        let during = needed("for", { fields.duration($0, at: $1) })
      else { return nil }
      return .act(.slot(slot, template: template, during: during))
    case "go to": return fields.text(value, at: place).map { .goTo($0) }
    default: return .end
    }
  }

  private func split(_ node: Node, at key: String, depth: Int) -> PlayStep.Kind? {
    let arms = fields.list(node, at: key).enumerated().compactMap { index, node -> PlayArm? in
      let key = "\(key)[\(index)]"
      let parts = fields.members(
        node, at: key, allowed: ["name", "share", "steps"], required: ["name", "share"])
      guard let name = parts["name"].flatMap({ fields.identifier($0, at: "\(key).name") }),
        let share = parts["share"].flatMap({ fields.share($0, at: "\(key).share") })
      else { return nil }
      return PlayArm(
        name: name, share: share,
        steps: parts["steps"].map { list($0, at: "\(key).steps", depth: depth + 1) } ?? [])
    }
    guard fields.problems.isEmpty else { return .split(arms) }
    if Set(arms.map(\.name)).count < arms.count {
      fields.report("two arms of a split have one name", at: key, node)
    }
    let total = arms.reduce(0) { $0 + $1.share.millionths }
    if abs(total - 1_000_000) > 1_000 {
      fields.report("the shares of a split add up to 100%", at: key, node)
    }
    return .split(arms)
  }

  /// Every jump leads somewhere, and no way back does without a wait.
  private func checkJumps(_ list: [PlayStep], _ node: Node?) {
    guard fields.problems.isEmpty else { return }
    let program = PlayCode(list)
    for (target, id) in program.unknown {
      let nearest = Spelling.nearest(target, among: ids.keys.sorted()).map {
        "; did you mean “\($0)”?"
      }
      fields.report("there is no step “\(target)”\(nearest ?? "")", at: "steps", ids[id] ?? node)
    }
    if let id = program.endless {
      fields.report(
        "from “\(id)” the play comes back to itself without waiting; put a wait between",
        at: "steps",
        ids[id] ?? node)
    }
  }
}
