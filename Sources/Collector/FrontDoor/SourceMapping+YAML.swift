import CustomerJourney

extension SourceMapping {
  /// Reads a mapping from YAML; an empty text is a mapping that changes nothing. `name` is what
  /// errors call it.
  ///
  /// Throws ``ImportError`` of kind `mapping`, which names the line and says what is valid.
  package init(yaml: String, name: String = "the mapping") throws {
    self.init()
    guard yaml.utf8.count <= Limits.sourceMappingCharacters else {
      throw ImportError(
        .mapping, "\(name) is longer than \(Limits.sourceMappingCharacters) characters.")
    }
    let saysNothing = yaml.split(whereSeparator: \.isNewline).allSatisfy { line in
      let line = line.trimmed
      return line.isEmpty || line.hasPrefix("#")
    }
    if saysNothing { return }
    let root = try MappingNode(yaml: yaml, name: name)
    let keys =
      ["channel", "events", "ignore"] + Fact.allCases.map(\.rawValue)
      + ["origins", "bots", "key"]
    for (key, node) in try root.entries(allowed: keys) {
      switch key {
      case "channel": channel = Channel(try node.shortText())
      case "events":
        for (own, ours) in try node.entries(allowed: nil) { events[own] = try ours.shortText() }
      case "ignore": ignored = Set(try node.listOrOne().map { try $0.text() })
      case "bots":
        keepsBots = try node.parsed("keep, or apart as it is without this") {
          ["keep": true, "apart": false][$0]
        }
      case "key":
        hasSecretKey = try node.parsed("secret, or public as it is without this") {
          ["secret": true, "public": false][$0]
        }
      case "origins": origins = try node.originRules()
      default:
        if let fact = Fact(rawValue: key) { places[fact] = try node.place() }
      }
    }
    let both = ignored.intersection(events.keys).sorted()
    if let name = both.first {
      throw root.error("both renames and ignores \"\(name)\"; keep one of the two")
    }
  }
}

extension MappingNode {
  fileprivate func shortText() throws -> String {
    try parsed("a text of 1 to \(Limits.nameCharacters) characters") { text in
      text.trimmed.isEmpty || text.utf8.count > Limits.nameCharacters ? nil : text
    }
  }

  fileprivate func place() throws -> SourceMapping.Place {
    try parsed("properties.NAME or traits.NAME, such as properties.member_id") { text in
      for (start, isTrait) in [("properties.", false), ("traits.", true)]
      where text.hasPrefix(start) && text.utf8.count > start.utf8.count {
        return SourceMapping.Place(isTrait: isTrait, path: String(text.dropFirst(start.count)))
      }
      return nil
    }
  }

  fileprivate func originRules() throws -> [OriginRule] {
    let rules = try list()
    guard rules.count <= Limits.originRules else {
      throw error("has more than \(Limits.originRules) rules; put names together with *")
    }
    return try rules.map { try $0.originRule() }
  }

  private func originRule() throws -> OriginRule {
    var origin: String?
    var conditions: [OriginRule.Condition] = []
    let fields = OriginRule.Field.allCases.map(\.rawValue)
    for (key, node) in try entries(allowed: ["origin"] + fields) {
      if let field = OriginRule.Field(rawValue: key) {
        conditions.append(.init(field: field, pattern: Wildcard(try node.shortText())))
      } else {
        origin = try node.shortText()
      }
    }
    guard let origin, !conditions.isEmpty else {
      throw error(
        "needs in each rule an origin and at least one of " + fields.joined(separator: ", "))
    }
    return OriginRule(
      origin: origin.lowercased() == "same visit" ? nil : Origin(origin), conditions: conditions)
  }
}
