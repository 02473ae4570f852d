/// Windows, numbers and times, and the steps that all of the parser is made of.
extension RuleParser {
  // MARK: Windows, numbers, times

  /// The window after a comma and the closing parenthesis, or just that.
  mutating func trailingWindow() throws(RuleError) -> RuleWindow {
    var result = RuleWindow.all
    if skip(sign: ",") {
      guard let window = try window() else {
        throw failure(
          "\(token.shown) is no window", expected: Self.windows,
          suggestion: near(["within", "after", "this cycle"]))
      }
      result = window
    }
    try close()
    return result
  }

  mutating func window() throws(RuleError) -> RuleWindow? {
    let place = token
    if skip("within") { return .within(try duration()) }
    if skip("after") {
      let end = try firstOrLast()
      return .after(end, try either())
    }
    guard skip("this") else { return nil }
    guard skip("cycle") else {
      throw failure("after “this” comes “cycle”", expected: ["cycle"])
    }
    guard vocabulary.hasCycles else {
      throw failure(
        "“this cycle” has no meaning here: only a journey model says where a cycle begins, and "
          + "where it begins cannot depend on itself", at: place)
    }
    return .thisCycle
  }

  mutating func firstOrLast() throws(RuleError) -> RuleEnd {
    guard case .word(let word) = token.kind, let end = RuleEnd(rawValue: word.lowercased()) else {
      throw failure("\(token.shown) should be “last” or “first”", expected: ["last", "first"])
    }
    position += 1
    return end
  }

  mutating func comparison() throws(RuleError) -> RuleComparison {
    guard case .sign(let sign) = token.kind, let comparison = RuleComparison(rawValue: sign) else {
      throw failure(
        "\(token.shown) stands where a comparison should",
        expected: RuleComparison.allCases.map(\.rawValue))
    }
    position += 1
    return comparison
  }

  mutating func number() throws(RuleError) -> RuleNumber {
    switch token.kind {
    case .setting(let name):
      guard let value = vocabulary.settings[name] else {
        throw failure(
          "there is no setting “$\(name)”", expected: vocabulary.settings.keys.sorted(),
          suggestion: Spelling.nearest(name, among: vocabulary.settings.keys.sorted()))
      }
      settings.insert(name)
      position += 1
      return RuleNumber(millionths: value.millionths, setting: name)
    case .word(let word):
      guard let number = Self.decimal(word) else {
        throw failure(
          "“\(word)” is no number; a number is digits, with a point before at most six decimals "
            + "and not past \(Limits.amount)")
      }
      position += 1
      return number
    default: throw failure("\(token.shown) stands where a number should")
    }
  }

  mutating func amount() throws(RuleError) -> RuleAmount {
    let number = try number()
    guard case .word(let word) = token.kind, !["and", "or"].contains(word.lowercased()) else {
      return RuleAmount(number: number)
    }
    guard let currency = Currency(word) else {
      throw failure(
        "“\(word)” is no currency", expected: ["a code such as EUR, “and”, “or”, or the end"])
    }
    if let counted = vocabulary.currency, counted != currency {
      throw failure(
        "these data are counted in \(counted), so an amount in \(currency) never compares")
    }
    position += 1
    return RuleAmount(number: number, currency: currency)
  }

  mutating func duration() throws(RuleError) -> RuleDuration {
    let place = token
    let number: RuleNumber
    let unit: String
    if case .word(let word) = token.kind,
      let letters = word.firstIndex(where: \.isLetter), letters != word.startIndex
    {
      guard let digits = Self.decimal(String(word[..<letters])) else {
        throw failure("“\(word)” is no time", expected: Self.times)
      }
      number = digits
      unit = String(word[letters...])
    } else {
      number = try self.number()
      guard case .word(let word) = token.kind else {
        throw failure("a time needs a unit after its number", expected: Self.times)
      }
      unit = word
    }
    guard let known = Self.unit(unit) else {
      throw failure("“\(unit)” is no unit of time", expected: Self.times)
    }
    let limit = Double(Limits.ruleDurationMilliseconds)
    guard number.millionths >= 0, number.value * Double(known.milliseconds) <= limit else {
      throw failure("a time is between nothing and a hundred years", at: place)
    }
    position += 1
    return RuleDuration(number, known)
  }

  static func unit(_ word: String) -> RuleDuration.Unit? {
    switch word.lowercased() {
    case "s", "sec", "second", "seconds": .seconds
    case "m", "min", "minute", "minutes": .minutes
    case "h", "hour", "hours": .hours
    case "d", "day", "days": .days
    case "w", "week", "weeks": .weeks
    default: nil
    }
  }

  /// Digits with at most six decimals and perhaps a minus, read without a binary fraction.
  static func decimal(_ text: some StringProtocol) -> RuleNumber? {
    let isNegative = text.hasPrefix("-")
    let pieces = text.dropFirst(isNegative ? 1 : 0)
      .split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = pieces.first, (1...13).contains(whole.utf8.count) else { return nil }
    let decimals = pieces.count == 2 ? pieces[1] : "0"
    guard (1...6).contains(decimals.utf8.count),
      whole.utf8.allSatisfy({ (48...57).contains($0) }),
      decimals.utf8.allSatisfy({ (48...57).contains($0) }),
      let units = Int64(whole),
      let parts = Int64(decimals + String(repeating: "0", count: 6 - decimals.utf8.count))
    else { return nil }
    let millionths = units * 1_000_000 + parts
    guard millionths <= Limits.amount * 1_000_000 else { return nil }
    return RuleNumber(millionths: isNegative ? -millionths : millionths)
  }

  // MARK: Tokens

  var token: RuleToken { tokens[position] }

  mutating func skip(_ keyword: String) -> Bool {
    guard case .word(let word) = token.kind, word.lowercased() == keyword else { return false }
    position += 1
    return true
  }

  mutating func skip(sign: String) -> Bool {
    guard token.kind == .sign(sign) else { return false }
    position += 1
    return true
  }

  mutating func expect(sign: String, _ what: String) throws(RuleError) {
    guard skip(sign: sign) else {
      throw failure("\(token.shown) stands where \(what) should")
    }
  }

  mutating func open(_ function: String) throws(RuleError) {
    try expect(sign: "(", "“(” after “\(function)”")
  }

  mutating func close() throws(RuleError) {
    guard skip(sign: ")") else {
      throw failure(
        "\(token.shown) stands where “)” should", expected: ["“)”, “and”, “or”"],
        suggestion: near(["and", "or"]))
    }
  }

  mutating func argument(_ function: String, _ what: String) throws(RuleError) -> String {
    try open(function)
    guard token.kind != .sign(")") else { throw failure("\(function)() needs \(what)") }
    let name = try plainName()
    try close()
    return name
  }

  mutating func grow(by count: Int) throws(RuleError) {
    size += count
    guard size <= Limits.ruleSize else {
      throw failure(
        "a rule is made of at most \(Limits.ruleSize) conditions and names, named rules written out"
      )
    }
  }

  func near(_ words: [String]) -> String? {
    guard case .word(let word) = token.kind else { return nil }
    return Spelling.nearest(word, among: words).map { "“\($0)”" }
  }

  func failure(
    _ problem: String, expected: [String] = [], suggestion: String? = nil,
    at place: RuleToken? = nil
  ) -> RuleError {
    RuleError(
      problem, expected: expected, suggestion: suggestion, at: (place ?? token).offset, in: text)
  }

  static let conditions =
    RuleField.allCases.map(\.rawValue) + [
      "value", "gap", "count(…)", "sum(…)", "ever(…)", "never(…)", "since(…)", "property(…)",
      "trait(…)", "account.role", "consent(…)", "phase(…)", "segment(…)", "true", "false", "not",
      "(…)",
    ]
  static let windows = ["within 30d", "after last …", "after first …", "this cycle"]
  static let times = ["30s", "15m", "12h", "30d", "4w"]
}

extension RuleDuration {
  /// A time as rules write it: `10d`, `36h`, `2 weeks`. Nil when the text is something else.
  package init?(_ text: String) {
    guard let parsed = try? Rule(parsing: "gap > \(text)", in: RuleVocabulary()),
      case .gap(_, let duration) = parsed
    else { return nil }
    self = duration
  }
}
