/// A trait that nobody says: it is worked out from the customer's journey when somebody looks.
package struct CalculatedTrait: Hashable, Sendable {
  package var name: String
  /// As it was typed: `count where event is "Order Completed" within 365d`.
  package var definition: String
  package var created: Timestamp

  package init(name: String, definition: String, created: Timestamp) {
    self.name = name
    self.definition = definition
    self.created = created
  }

  /// Those that every project has. Own ones may not take these names; `phase.` and a model's id are
  /// the current phase in it.
  package enum BuiltIn: String, CaseIterable, Sendable {
    case firstOrigin, firstSeen, lastSeen, touchpoints, orders, value, averageOrderValue
    case favouriteChannel, favouriteHour, daysSinceLastOrder

    package static let phasePrefix = "phase."
  }

  /// The name as it is kept. Throws ``TraitProblem``.
  package static func checked(name: String) throws(TraitProblem) -> String {
    let words = name.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    guard !words.isEmpty else { throw .noName }
    guard words.count <= Limits.calculatedTraitName else { throw .longName }
    guard BuiltIn(rawValue: words) == nil, !words.hasPrefix(BuiltIn.phasePrefix) else {
      throw .nameTaken(words)
    }
    return words
  }
}

/// What a calculated trait is made of: a kind, the touchpoints that it is about, and how far back.
package struct Calculation: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case count, sum, average
    case first(Fact)
    case last(Fact)
    case mostFrequent(Fact)
    case daysSinceFirst, daysSinceLast
  }

  package enum Fact: String, CaseIterable, Sendable {
    case event, channel, origin, device, content, campaign, time, hour, weekday
  }

  package var kind: Kind
  /// At whose moments a touchpoint counts; nil for all.
  package var rule: Rule?
  /// The rule as it was typed.
  package var ruleText: String?
  package var within: RuleDuration?

  /// Reads `KIND [where RULE] [within TIME]`; `docs/profiles.md` has the kinds.
  package init(parsing text: String, in vocabulary: RuleVocabulary) throws(RuleError) {
    let characters = Array(text)
    func fault(_ message: String, at offset: Int, expected: [String] = []) -> RuleError {
      RuleError(message, expected: expected, at: min(offset, characters.count), in: characters)
    }
    guard text.unicodeScalars.count <= Limits.calculatedTraitCharacters else {
      throw fault(
        "a definition has at most \(Limits.calculatedTraitCharacters) characters", at: 0)
    }
    var end = characters.count
    if let place = Self.lastWithin(characters) {
      let time = String(characters[(place + 6)...]).trimmingSpace
      do {
        let rule = try Rule(parsing: "ever(true, within \(time))", in: RuleVocabulary())
        guard case .ever(_, .within(let duration)) = rule else {
          throw fault("this is no time", at: place + 6, expected: ["30d", "12h", "4w"])
        }
        within = duration
      } catch {
        throw fault("this is no time", at: place + 6, expected: ["30d", "12h", "4w"])
      }
      end = place
    } else {
      within = nil
    }
    let start = Self.place(of: "where", in: characters[..<end])
    let head = String(characters[..<(start ?? end)]).lowercased().split(
      whereSeparator: \.isWhitespace
    ).joined(separator: " ")
    guard let kind = Self.kinds[head] else {
      let nearest = Spelling.nearest(head, among: Self.kinds.keys.sorted())
      throw RuleError(
        head.isEmpty ? "it says nothing" : "“\(head)” is no kind of calculation",
        expected: [
          "count", "sum of value", "average of value", "first FACT", "last FACT",
          "most frequent FACT", "days since first", "days since last",
        ], suggestion: nearest.map { "“\($0)”" }, at: 0, in: characters)
    }
    self.kind = kind
    guard let start else {
      rule = nil
      ruleText = nil
      return
    }
    let ruleStart = start + 5
    let typed = String(characters[ruleStart..<end])
    do {
      rule = try Rule(parsing: typed, in: vocabulary)
      ruleText = typed.trimmingSpace
    } catch {
      throw fault(error.message, at: ruleStart + error.offset)
    }
  }

  private static let kinds: [String: Kind] = {
    var kinds: [String: Kind] = [
      "count": .count, "sum of value": .sum, "average of value": .average,
      "days since first": .daysSinceFirst, "days since last": .daysSinceLast,
    ]
    for fact in Fact.allCases {
      kinds["first \(fact.rawValue)"] = .first(fact)
      kinds["last \(fact.rawValue)"] = .last(fact)
      if fact != .time { kinds["most frequent \(fact.rawValue)"] = .mostFrequent(fact) }
    }
    return kinds
  }()

  /// Where the word stands outside of quotes and brackets; the first time.
  private static func place(of word: String, in text: ArraySlice<Character>) -> Int? {
    places(of: word, in: text).first
  }

  /// A window of a rule stands in brackets, so that one outside of them is the calculation's.
  private static func lastWithin(_ text: [Character]) -> Int? {
    places(of: "within", in: text[...]).last
  }

  private static func places(of word: String, in text: ArraySlice<Character>) -> [Int] {
    var (depth, isQuoted, places) = (0, false, [Int]())
    var at = text.startIndex
    while at < text.endIndex {
      let character = text[at]
      if isQuoted {
        if character == "\\" { at += 1 } else if character == "\"" { isQuoted = false }
      } else {
        switch character {
        case "\"": isQuoted = true
        case "(": depth += 1
        case ")": depth -= 1
        default:
          let end = at + word.count
          let isAlone =
            (at == text.startIndex || text[at - 1].isWhitespace || text[at - 1] == ")")
            && end < text.endIndex && text[end].isWhitespace
          if depth == 0, isAlone, String(text[at..<end]).lowercased() == word {
            places.append(at)
          }
        }
      }
      at += 1
    }
    return places
  }
}

extension String {
  fileprivate var trimmingSpace: String {
    var rest = self[...].drop(while: \.isWhitespace)
    while rest.last?.isWhitespace == true { rest.removeLast() }
    return String(rest)
  }
}
