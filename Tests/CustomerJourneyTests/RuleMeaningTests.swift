import CustomerJourney
import Testing

@Suite("What rules mean")
struct RuleMeaningTests {
  /// `true` at exactly these touchpoints of the journey.
  static let rows: [(rule: String, journey: String, holds: String, because: String)] = [
    ("event is purchase", "0 page; 1 purchase; 2 page", ".x.", "it looks at that touchpoint"),
    ("event is \"order completed\"", "0 purchase", "x", "spellings of a name are one name"),
    ("event is not purchase", "0 page; 1 purchase", "x.", "the opposite of is"),
    ("channel in (e-mail, sms)", "0 page @Email; 1 page @App", "x.", "one of a list"),
    ("origin is email", "0 page; 1 page <newsletter", ".x", "unknown is no name"),
    ("origin is not email", "0 page; 1 page <newsletter", "x.", "what is unknown is not Email"),
    ("origin is known", "0 page; 1 page <cpc", ".x", "known"),
    ("origin is unknown", "0 page; 1 page <cpc", "x.", "unknown"),
    ("event contains VIEWED", "0 page; 1 purchase", "x.", "case does not matter"),
    ("value >= 50 EUR", "0 page; 1 purchase 50; 2 purchase 49.99", ".x.", "to the cent"),
    ("value < 1", "0 page; 1 purchase 50", "x.", "no value is 0"),
    ("value > 1 USD", "0 purchase 50", ".", "another currency never compares"),
    ("value < 1 USD", "0 purchase 50", ".", "another currency never compares, not even below"),
    ("gap > 1d", "0 page; 1 page; 3 page", "..x", "false at the first and at exactly a day"),
    ("gap < 1d", "0 page; 0 page; 3 page", ".x.", "of two at one moment the second has no gap"),
    ("count(event is page) >= 2", "0 page; 1 purchase; 2 page; 3 purchase", "..xx", "history"),
    ("count(event is page, within 2d) = 2", "0 page; 2 page; 3 page; 9 page", ".xx.", "inclusive"),
    (
      "count(true, after last event is purchase) = 1", "0 page; 1 purchase; 2 page; 3 page", "..x.",
      "strictly after"
    ),
    (
      "count(true, after first event is purchase) = 2", "0 purchase; 1 purchase; 2 page", "..x",
      "the second purchase counts too"
    ),
    (
      "count(true, after last event is purchase) = 0", "0 page; 1 purchase; 2 page", "xx.",
      "nothing comes after what never happened"
    ),
    ("ever(event is purchase)", "0 page; 1 purchase; 2 page", ".xx", "from then on"),
    ("never(event is purchase)", "0 page; 1 purchase; 2 page", "x..", "until then"),
    ("ever(event is purchase, within 1d)", "0 purchase; 1 page; 1.1 page", "xx.", "window"),
    (
      "sum(value, event is purchase) >= 100", "0 purchase 60; 1 page 60; 2 purchase 40", "..x",
      "only what the rule is true at"
    ),
    ("sum(value, within 1d) >= 100", "0 purchase 60; 1 page 40; 3 page 60", ".x.", "window"),
    (
      "since(last event is purchase) >= 1d", "0 page; 1 purchase; 2 page; 2.5 purchase", "..x.",
      "the latest; false when it never was"
    ),
    ("since(first event is purchase) >= 1d", "0 purchase; 0.5 purchase; 1 page", "..x", "first"),
    (
      "property(score) >= 9", "0 nps #8; 1 nps #9; 2 nps; 3 nps #high", ".x..",
      "texts that spell a number compare as numbers"
    ),
    ("property(score) != 9", "0 nps #8; 1 nps #9; 2 nps", "x..", "the unknown never compares"),
    ("property(score) is HIGH", "0 nps #high", "x", "case does not matter"),
    (
      "count(gap > 30m, within 30d) >= 2", "0 page; + page; 1 page; + page; 2 page", "....x",
      "a count of moments at which a condition on time was true"
    ),
    (
      "ever(count(event is page) >= 2)", "0 page; 1 purchase; 2 page; 3 purchase", "..xx",
      "rules inside see the history of their own moment"
    ),
    ("true and not false or false", "0 page", "x", "and before or"),
  ]

  @Test("at touchpoints", arguments: rows)
  func touchpoints(
    _ row: (rule: String, journey: String, holds: String, because: String)
  ) throws {
    let rule = try Rule(parsing: row.rule, in: RuleParsingTests.vocabulary)
    let touchpoints = SketchedJourney.touchpoints(row.journey)
    let customer = RuleCustomer(touchpoints: touchpoints)
    let holds = touchpoints.indices.map { rule.holds(for: customer, at: $0) ? "x" : "." }
    #expect(holds.joined() == row.holds, "\(row.because)")
  }

  @Test(
    "at an instant the latest touchpoint is looked at, and time goes on",
    arguments: [
      ("event is purchase", -1.0, false, "there is no touchpoint yet"),
      ("not event is purchase", -1, true, "and so it is not a purchase"),
      ("event is purchase", 1, true, "at the moment itself"),
      ("event is purchase", 1.5, true, "and until the next touchpoint"),
      ("event is purchase", 3, false, "the next is the latest now"),
      ("since(last event is purchase) > 10d", 12, true, "silence goes on"),
      ("since(last event is purchase) > 10d", 11, false, "exactly ten days is not more"),
      ("since(last event is purchase) > 0d", 0.5, false, "not bought yet"),
      ("count(true, within 2d) = 1", 4, true, "windows end at the instant"),
      ("count(true) = 0", -1, true, "no history, no count"),
      ("gap > 0d", 9, true, "the gap before the latest touchpoint"),
      ("trait(country) is nl", 0, true, "facts of the customer hold at any time"),
      ("consent(e-mail, Marketing)", 0, true, "however the purpose is spelled"),
      ("consent(sms, marketing)", 0, false, "another channel"),
      ("account.role is decision-maker", 0, true, "roles"),
      ("account.role is unknown", 0, false, "roles are known"),
      ("trait(age) > 30", 0, false, "unknown traits compare with nothing"),
      ("phase(stdc) is do", 1.5, true, "the latest touchpoint's phase"),
      ("phase(other) is do", 1.5, false, "a model that nobody placed"),
    ])
  func instants(rule: String, day: Double, holds: Bool, because: String) throws {
    var vocabulary = RuleParsingTests.vocabulary
    vocabulary.models["other"] = ["do"]
    let rule = try Rule(parsing: rule, in: vocabulary)
    let touchpoints = SketchedJourney.touchpoints("0 page; 1 purchase; 2 page")
    var customer = RuleCustomer(
      touchpoints: touchpoints,
      facts: CustomerFacts(
        traits: ["country": .text("NL")],
        consents: [ConsentGrant(channel: .email, purpose: "marketing")],
        accountRoles: ["decision maker"]))
    customer.phases["stdc"] = ["see", "do", "care"]
    let instant = Timestamp(milliseconds: 1_600_000_000_000 + Int64(day * 86_400_000))
    #expect(rule.holds(for: customer, at: instant) == holds, "\(because)")
  }

  @Test("this cycle is the touchpoints since the cycle's first")
  func cycles() throws {
    let rule = try Rule(
      parsing: "count(true, this cycle) = 1", in: RuleParsingTests.vocabulary)
    var customer = RuleCustomer(
      touchpoints: SketchedJourney.touchpoints("0 page; 1 page; 2 page; 3 page"))
    customer.cycles = [0, 0, 1, 1]
    #expect((0..<4).map { rule.holds(for: customer, at: $0) } == [true, false, true, false])
  }
}
