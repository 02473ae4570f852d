import CustomerJourney
import Testing

@Suite("Reading rules")
struct RuleParsingTests {
  static let vocabulary = RuleVocabulary(
    models: ["stdc": ["see", "think", "do", "care"]],
    settings: ["carePurchases": RuleNumber(millionths: 2_000_000)],
    definitions: ["bought": .field(.event, .oneOf(["Order Completed"]))],
    segments: ["big spenders": .always(true)], hasCycles: true)

  /// Every form of docs/rules.md, with how it prints.
  static let forms: [(text: String, printed: String)] = [
    ("event is purchase", "event is \"Order Completed\""),
    ("event is \"Order Completed\"", "event is \"Order Completed\""),
    ("event is not order-completed", "event is not \"Order Completed\""),
    ("channel in (email, sms)", "channel in (\"Email\", \"SMS\")"),
    ("channel is e-mail", "channel is \"Email\""),
    ("origin is paid-search", "origin is \"Paid Search\""),
    ("origin not in (direct, \"Email\")", "origin not in (\"Direct\", \"Email\")"),
    ("device is known", "device is known"),
    ("campaign is unknown", "campaign is unknown"),
    ("content contains \"shoes\"", "content contains \"shoes\""),
    ("content starts with \"/blog\"", "content starts with \"/blog\""),
    ("content is “say \\\"hi\\\"”", "content is \"say \\\"hi\\\"\""),
    ("value >= 50 EUR", "value >= 50 EUR"),
    ("value > 49.95 eur", "value > 49.95 EUR"),
    ("value ≤ 0", "value <= 0"),
    ("gap > 60d", "gap > 60d"),
    ("gap > 90 days", "gap > 90d"),
    ("gap > 1.5 weeks", "gap > 1.5w"),
    ("gap > $carePurchases hours", "gap > $carePurchases h"),
    (
      "count(event is \"Product Viewed\", within 30d) >= 3",
      "count(event is \"Product Viewed\", within 30d) >= 3"
    ),
    ("count(bought, this cycle) >= $carePurchases", "count(bought, this cycle) >= $carePurchases"),
    ("count(true, after first bought) = 0", "count(true, after first bought) = 0"),
    ("sum(value) >= 100 EUR", "sum(value) >= 100 EUR"),
    ("sum(value, within 30d) >= 100", "sum(value, within 30d) >= 100"),
    ("sum(value, bought, this cycle) != -5.5", "sum(value, bought, this cycle) != -5.5"),
    ("ever(bought)", "ever(bought)"),
    (
      "never(bought, after last channel is email)", "never(bought, after last channel is \"Email\")"
    ),
    ("since(last bought) > 60d", "since(last bought) > 60d"),
    ("since(first true) <= 2h", "since(first true) <= 2h"),
    ("property(product.category) is shoes", "property(\"product.category\") is \"shoes\""),
    ("property(score) >= 9", "property(\"score\") >= 9"),
    ("property(\"odd name\") is unknown", "property(\"odd name\") is unknown"),
    ("trait(country) in (NL, BE)", "trait(\"country\") in (\"NL\", \"BE\")"),
    ("consent(email, marketing)", "consent(\"Email\", \"marketing\")"),
    ("account.role is \"decision maker\"", "account.role is \"decision maker\""),
    ("phase(stdc) is think", "phase(\"stdc\") is \"think\""),
    ("phase(stdc) not in (do, care)", "phase(\"stdc\") not in (\"do\", \"care\")"),
    ("segment(\"big spenders\")", "segment(\"big spenders\")"),
    ("bought", "bought"),
    ("true and not false", "true and not false"),
    ("true or false and true", "true or false and true"),
    ("(true or false) and true", "(true or false) and true"),
    ("not (true and true)", "not (true and true)"),
    ("NOT Event IS Purchase AND gap>1d", "event is not \"Order Completed\" and gap > 1d"),
  ]

  @Test("every form is read, and prints as a rule that reads the same", arguments: forms)
  func form(_ row: (text: String, printed: String)) throws {
    let rule = try Rule(parsing: row.text, in: Self.vocabulary)
    #expect(rule.description == row.printed)
    #expect(try Rule(parsing: row.printed, in: Self.vocabulary) == rule)
  }

  static let mistakes: [(text: String, offset: Int, says: String)] = [
    ("", 0, "the rule is empty"),
    ("   ", 3, "the rule is empty"),
    ("evnt is x", 0, "did you mean event?"),
    ("bougth", 0, "did you mean bought?"),
    ("event", 5, "the end of the rule cannot follow “event”; valid here: is, is not"),
    ("event iz x", 6, "did you mean “is”?"),
    ("event is", 8, "the end of the rule is no name"),
    ("event is \"\"", 9, "an empty text"),
    ("event not x", 10, "after “not” only “in”"),
    ("event starts x", 13, "after “starts” comes “with”"),
    ("event in x", 9, "“(” and a list of names"),
    ("event in (x", 11, "stands where “)” should"),
    ("event in (x y)", 12, "stands where “)” should"),
    ("purchase", 0, "did you mean event is purchase?"),
    ("event is x adn true", 11, "did you mean “and”?"),
    ("event is x and", 14, "the rule stops where a condition should follow"),
    ("(true", 5, "stands where “)” should"),
    ("true)", 4, "“)” cannot stand here"),
    ("content is /shoes", 11, "needs quotes"),
    ("content is \"shoes", 11, "this quote is never closed"),
    ("value 5", 6, "stands where a comparison should"),
    ("value > lots", 8, "“lots” is no number"),
    ("value > 1.2345678", 8, "is no number"),
    ("value > 99999999999999", 8, "is no number"),
    ("value > 0x10", 8, "is no number"),
    ("value > 5 euros", 10, "“euros” is no currency"),
    ("gap > 60", 8, "needs a unit"),
    ("gap > 60 parsecs", 9, "“parsecs” is no unit of time"),
    ("gap > 60y", 6, "“y” is no unit of time"),
    ("gap > -5d", 6, "between nothing and a hundred years"),
    ("gap > 9999w", 6, "between nothing and a hundred years"),
    ("gap > $patience d", 6, "there is no setting “$patience”; valid here: carePurchases"),
    ("gap > $carePurchase d", 6, "did you mean carePurchases?"),
    ("gap > $", 6, "a setting needs a name"),
    ("count true > 1", 6, "“(” after “count”"),
    ("count(true, withn 30d) > 1", 12, "did you mean “within”?"),
    ("count(true, this circle) > 1", 17, "after “this” comes “cycle”"),
    ("count(true, after bought) > 1", 18, "should be “last” or “first”"),
    ("sum(amount) > 1", 4, "only values can be added up"),
    ("since(bought) > 1d", 6, "should be “last” or “first”"),
    ("phase(sdtc) is see", 6, "did you mean stdc?"),
    ("phase(stdc) is thnik", 15, "did you mean think?"),
    ("phase(stdc) is known", 15, "no phase “known”"),
    ("segment(\"big spender\")", 8, "did you mean big spenders?"),
    ("property() is x", 9, "property() needs the path"),
    ("trait(a) ~ 3", 9, "means nothing in a rule"),
    ("value ! 3", 6, "means nothing in a rule"),
    ("consent(email)", 13, "a comma and the purpose"),
  ]

  @Test("a mistake is pointed at, and the error says what would be right", arguments: mistakes)
  func mistake(_ row: (text: String, offset: Int, says: String)) {
    let error = #expect(throws: RuleError.self) { try Rule(parsing: row.text, in: Self.vocabulary) }
    #expect(error?.offset == row.offset)
    #expect(error?.message.contains(row.says) == true, "\(error?.message ?? "")")
  }

  @Test("an error shows the line and a caret under the place")
  func caret() {
    let error = #expect(throws: RuleError.self) {
      try Rule(parsing: "event is x\n  and chanel is y", in: Self.vocabulary)
    }
    #expect(error?.line == 2)
    #expect(error?.column == 7)
    #expect(error?.description.hasSuffix("\n    and chanel is y\n        ^") == true)
  }

  @Test("a closed vocabulary knows its own names and refuses others")
  func closed() throws {
    let vocabulary = RuleVocabulary(
      events: [EventName("Coupon printed")], channels: [Channel("Stand")], isClosed: true)
    for known in ["event is coupon-printed", "event is view_item", "channel is stand"] {
      #expect(throws: Never.self) { try Rule(parsing: known, in: vocabulary) }
    }
    let event = #expect(throws: RuleError.self) {
      try Rule(parsing: "event is \"Ordr Completed\"", in: vocabulary)
    }
    #expect(event?.message.contains("did you mean Order Completed?") == true)
    #expect(throws: RuleError.self) { try Rule(parsing: "channel is emial", in: vocabulary) }
    #expect(throws: Never.self) { try Rule(parsing: "event is anything", in: Self.vocabulary) }
  }

  @Test("cycles and currencies are refused where they mean nothing")
  func meaningless() {
    let noCycles = RuleVocabulary(currency: .eur)
    #expect(throws: RuleError.self) { try Rule(parsing: "ever(true, this cycle)", in: noCycles) }
    #expect(throws: RuleError.self) { try Rule(parsing: "value > 1 USD", in: noCycles) }
    #expect(throws: Never.self) { try Rule(parsing: "value > 1 EUR", in: noCycles) }
  }

  @Test("a rule may have as many characters as the limit, and not one more")
  func characters() {
    let padding = String(repeating: " ", count: Limits.ruleCharacters - 4)
    #expect(throws: Never.self) { try Rule(parsing: "true" + padding, in: Self.vocabulary) }
    #expect(throws: RuleError.self) { try Rule(parsing: "true " + padding, in: Self.vocabulary) }
  }

  @Test("nesting is limited, however it is written", arguments: ["(", "not ", "ever(", "not("])
  func depth(_ opening: String) {
    let closing = opening.hasSuffix("(") ? ")" : ""
    func nested(_ count: Int) -> String {
      String(repeating: opening, count: count) + "true" + String(repeating: closing, count: count)
    }
    let levels = opening == "not(" ? 2 : 1
    let most = (Limits.ruleDepth - 1) / levels
    #expect(throws: Never.self) { try Rule(parsing: nested(most), in: Self.vocabulary) }
    let error = #expect(throws: RuleError.self) {
      try Rule(parsing: nested(most + 1), in: Self.vocabulary)
    }
    #expect(error?.message.contains("nested at most") == true)
  }

  @Test("named rules that double in size at every step are stopped")
  func size() {
    var vocabulary = RuleVocabulary()
    var rule = Rule.always(true)
    var failed = false
    for step in 0..<40 {
      vocabulary.definitions["d\(step)"] = rule
      guard let next = try? Rule(parsing: "d\(step) and d\(step)", in: vocabulary) else {
        failed = true
        break
      }
      #expect(next.size <= Limits.ruleSize)
      rule = next
    }
    #expect(failed)
  }

  @Test("a long list of names counts as well")
  func longList() {
    let names = Array(repeating: "a", count: Limits.ruleSize).joined(separator: ",")
    #expect(throws: RuleError.self) {
      try Rule(parsing: "event in (\(names))", in: Self.vocabulary)
    }
  }

  @Test("settings can be given other numbers afterwards")
  func settings() throws {
    let rule = try Rule(
      parsing: "count(bought, within $carePurchases d) >= $carePurchases", in: Self.vocabulary)
    let changed = rule.with(settings: ["carePurchases": RuleNumber(millionths: 5_000_000)])
    guard
      case .count(_, .within(let window), .atLeast, let number) = changed
    else {
      Issue.record("another rule: \(changed)")
      return
    }
    #expect(window.milliseconds == 5 * 86_400_000)
    #expect(number.value == 5)
  }

  @Test("edits count insertions, deletions, replacements and swaps")
  func edits() {
    #expect(Spelling.nearest("emial", among: ["phone", "email"]) == "email")
    #expect(
      Spelling.nearest("Ordr Completed", among: ["Order Completed", "Order Cancelled"])
        == "Order Completed")
    #expect(Spelling.nearest("zzz", among: ["email"]) == nil)
  }
}
