package import Yams

/// Reads the nodes of a YAML file and keeps what is wrong with them, each with its line.
package final class YAMLFields {
  private let file: String
  package private(set) var problems: [FileProblem] = []

  package init(file: String) { self.file = file }

  package func report(_ message: String, at key: String, _ node: Node? = nil) {
    report(message, at: key, line: node?.mark?.line)
  }

  package func report(_ message: String, at key: String, line: Int?) {
    problems.append(FileProblem(file: file, line: line, key: key, message: message))
  }

  /// In order of line.
  package var sortedProblems: [FileProblem] {
    problems.enumerated().sorted { a, b in
      (a.element.line ?? 0, a.offset) < (b.element.line ?? 0, b.offset)
    }.map(\.element)
  }

  /// The file's root; `what` it is, of at most `limit` characters.
  package func compose(_ yaml: String, _ what: String, limit: Int) -> Node? {
    guard yaml.unicodeScalars.count <= limit else {
      report("\(what) has at most \(limit) characters", at: "")
      return nil
    }
    do {
      if let node = try Yams.compose(yaml: yaml) { return node }
      report("the file is empty", at: "")
    } catch let error as YamlError {
      let (line, message) =
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
          .composer(_, let problem, let mark, _):
          (mark.line as Int?, problem)
        case .duplicatedKeysInMapping(let names, let context):
          (context.mark.line, "these names stand there twice: \(names.joined(separator: ", "))")
        default: (nil, "the text cannot be read")
        }
      report("this is not YAML: \(message)", at: "", line: line)
    } catch {
      report("this is not YAML: \(error)", at: "")
    }
    return nil
  }

  package func text(
    _ node: Node, at key: String, limit: Int = Limits.ruleCharacters
  ) -> String? {
    guard let text = node.scalar?.string, !text.trimmed.isEmpty else {
      report("a text should stand here", at: key, node)
      return nil
    }
    guard text.unicodeScalars.count <= limit else {
      report("a text has at most \(limit) characters", at: key, node)
      return nil
    }
    return text
  }

  package func localized(_ node: Node, at key: String) -> LocalizedText? {
    if node.scalar != nil { return text(node, at: key).map { LocalizedText(en: $0) } }
    let parts = members(node, at: key, allowed: ["en", "nl"], required: ["en"])
    guard let english = parts["en"].flatMap({ text($0, at: "\(key).en") }) else { return nil }
    return LocalizedText(en: english, nl: parts["nl"].flatMap { text($0, at: "\(key).nl") })
  }

  package func list(_ node: Node, at key: String) -> [Node] {
    guard let list = node.sequence else {
      report("a list should stand here", at: key, node)
      return []
    }
    return Array(list)
  }

  /// By name; any name where none are `allowed`.
  package func members(
    _ node: Node, at key: String, allowed: [String]? = nil, required: [String] = []
  ) -> [String: Node] {
    guard let mapping = node.mapping else {
      report("names with values should stand here: “name: value”", at: key, node)
      return [:]
    }
    var members: [String: Node] = [:]
    for (name, value) in mapping {
      guard let name = name.scalar?.string else {
        report("a name should be a plain text", at: key, name)
        continue
      }
      if let allowed, !allowed.contains(name) {
        let nearest = Spelling.nearest(name, among: allowed).map { "; did you mean “\($0)”?" }
        report(
          "there is no key “\(name)” here\(nearest ?? ""); known are "
            + allowed.joined(separator: ", "), at: key, value)
        continue
      }
      members[name] = value
    }
    for name in required where members[name] == nil {
      report("“\(name)” is missing", at: key, node)
    }
    return members
  }

  package func identifier(_ node: Node, at key: String) -> String? {
    guard let id = text(node, at: key) else { return nil }
    guard
      (1...64).contains(id.count),
      id.allSatisfy({ $0.isLetter || $0.isNumber || "-_.".contains($0) })
    else {
      report("an id is at most 64 letters, digits, “-”, “_” and “.”", at: key, node)
      return nil
    }
    return id
  }

  package func flag(_ node: Node, at key: String) -> Bool? {
    switch node.scalar?.string.lowercased() {
    case "true", "yes": return true
    case "false", "no": return false
    default:
      report("yes or no should stand here", at: key, node)
      return nil
    }
  }

  package func whole(_ node: Node, at key: String, in range: ClosedRange<Int>) -> Int? {
    if let number = node.scalar.flatMap({ Int($0.string) }), range.contains(number) {
      return number
    }
    report(
      "a whole number from \(range.lowerBound) to \(range.upperBound) should stand here", at: key,
      node)
    return nil
  }

  /// `10%`, from 0 to 100.
  package func share(_ node: Node, at key: String) -> RuleNumber? {
    if let text = node.scalar?.string, text.hasSuffix("%"),
      let number = Double(text.dropLast().trimmed), (0...100).contains(number),
      let share = RuleNumber(number / 100)
    {
      return share
    }
    report("a share such as “10%” should stand here", at: key, node)
    return nil
  }

  /// `30m`, `1h`, `3d`, as rules write times.
  package func duration(_ node: Node, at key: String) -> RuleDuration? {
    duration(node.scalar?.string ?? "", node, at: key)
  }

  package func duration(_ written: String, _ node: Node, at key: String) -> RuleDuration? {
    let text = written.trimmed
    if !text.isEmpty {
      let digits = text.prefix { $0.isNumber || $0 == "." }
      if let number = Double(digits).flatMap({ RuleNumber($0) }),
        let unit = RuleDuration.Unit(rawValue: text.dropFirst(digits.count).trimmed),
        number.value > 0, number.value * Double(unit.milliseconds) <= 366 * 86_400_000
      {
        return RuleDuration(number, unit)
      }
    }
    report("a time of at most a year should stand here: 30m, 1h, 3d, 2w", at: key, node)
    return nil
  }
}
