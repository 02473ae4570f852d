/// A statement that is true or false of a customer at an instant.
///
/// At a touchpoint's moment, and at any later instant until the next one, a rule sees the customer's
/// history: the touchpoints up to and including the latest, in order of (time, arrival). Conditions
/// on facts of a touchpoint look at that latest touchpoint. `docs/rules.md` lists every form.
package indirect enum Rule: Hashable, Sendable {
  case always(Bool)
  case not(Rule)
  /// True when all are; two or more.
  case all([Rule])
  /// True when at least one is; two or more.
  case any([Rule])
  case field(RuleField, RuleTest)
  /// The latest touchpoint's value, 0 where it has none.
  case value(RuleComparison, RuleAmount)
  /// Time between the latest touchpoint and the one before; false at the first.
  case gap(RuleComparison, RuleDuration)
  /// How many touchpoints of the window the inner rule is true at.
  case count(Rule, RuleWindow, RuleComparison, RuleNumber)
  /// The values of the touchpoints of the window at which the inner rule is true, added up.
  case sum(Rule, RuleWindow, RuleComparison, RuleAmount)
  case ever(Rule, RuleWindow)
  /// Time since the first or last touchpoint at which the inner rule was true; false when it never
  /// was.
  case since(RuleEnd, Rule, RuleComparison, RuleDuration)
  /// A property of the latest touchpoint, by its dotted path.
  case property(String, RuleTest)
  case trait(String, RuleTest)
  case role(RuleTest)
  case consent(ConsentGrant)
  /// The latest touchpoint is in one of these phases of the model.
  case phase(model: String, phases: [String])
  /// A rule that has a name elsewhere; it means what the inner rule means.
  case named(RuleReference, Rule)
}

/// A fact of a touchpoint that has a name as its value.
package enum RuleField: String, Hashable, Sendable, CaseIterable {
  case event, channel, origin, device, content, campaign

  /// The name that a rule's text means in this field, as a touchpoint carries it.
  package func canonical(_ text: String) -> String {
    switch self {
    case .event: EventName(text).name
    case .channel: Channel(text).name
    case .origin: Origin(text).name
    case .device: Device(text).name
    case .content, .campaign: text
    }
  }

  /// Names with the same key are the same: spaces, dashes and case do not matter in a vocabulary,
  /// only case does not in what a company names itself.
  package func key(_ name: String) -> String {
    switch self {
    case .event, .channel, .origin, .device: Vocabulary.key(canonical(name))
    case .content, .campaign: name.lowercased()
    }
  }

  /// Nil where the touchpoint says nothing.
  package func name(of touchpoint: Touchpoint) -> String? {
    switch self {
    case .event: touchpoint.event.name
    case .channel: touchpoint.channel.name
    case .origin: touchpoint.origin?.name
    case .device: touchpoint.device?.name
    case .content: touchpoint.content
    case .campaign: touchpoint.campaign
    }
  }
}

/// What is asked of a name, property, trait or role. All are false of what is unknown.
package enum RuleTest: Hashable, Sendable {
  case oneOf([String])
  case contains(String)
  case startsWith(String)
  case known
  /// Of properties and traits only.
  case number(RuleComparison, RuleNumber)

  /// The test of names in `field`.
  ///
  /// Ready for many, as ``ofRoles`` and ``ofValues`` are: what it compares with is worked out once
  /// and not again for each.
  package func ofNames(in field: RuleField) -> (String) -> Bool { ofTexts(key: field.key) }

  package var ofRoles: (String) -> Bool { ofTexts(key: Vocabulary.key) }

  package var ofValues: (PropertyValue) -> Bool {
    guard case .number(let comparison, let bound) = self else {
      let test = ofTexts { $0.lowercased() }
      return { test($0.description) }
    }
    return { $0.number.map { comparison.holds($0, bound.value) } ?? false }
  }

  private func ofTexts(key: @escaping (String) -> String) -> (String) -> Bool {
    switch self {
    case .oneOf(let names):
      let keys = Set(names.map(key))
      return { keys.contains(key($0)) }
    case .contains(let part):
      let part = part.lowercased()
      return { $0.lowercased().contains(part) }
    case .startsWith(let part):
      let part = part.lowercased()
      return { $0.lowercased().hasPrefix(part) }
    case .known: return { _ in true }
    case .number: return { _ in false }
    }
  }
}

package enum RuleComparison: String, Hashable, Sendable, CaseIterable {
  case atLeast = ">="
  case atMost = "<="
  case unequal = "!="
  case greater = ">"
  case less = "<"
  case equal = "="

  package func holds<Value: Comparable>(_ a: Value, _ b: Value) -> Bool {
    switch self {
    case .atLeast: a >= b
    case .atMost: a <= b
    case .unequal: a != b
    case .greater: a > b
    case .less: a < b
    case .equal: a == b
    }
  }
}

/// A decimal number of at most six decimals, or the setting of a model that holds one.
package struct RuleNumber: Hashable, Sendable {
  /// Whole millionths, so that 0.1 is 0.1.
  package var millionths: Int64
  /// Where the number came from: `carePurchases`.
  package var setting: String?

  package init(millionths: Int64, setting: String? = nil) {
    self.millionths = millionths
    self.setting = setting
  }

  /// Rounded to six decimals. Nil outside ±``Limits/amount``.
  package init?(_ value: Double, setting: String? = nil) {
    guard abs(value) <= Double(Limits.amount) else { return nil }
    self.init(millionths: Int64((value * 1_000_000).rounded()), setting: setting)
  }

  package var value: Double { Double(millionths) / 1_000_000 }
}

package struct RuleAmount: Hashable, Sendable {
  /// In major units.
  package var number: RuleNumber
  /// Nil means the currency in which the data are counted.
  package var currency: Currency?

  package init(number: RuleNumber, currency: Currency? = nil) {
    self.number = number
    self.currency = currency
  }

  /// In minor units of the data's currency, possibly with a fraction; nil when this amount is in
  /// another, which makes a comparison false.
  package func minorUnits(in counted: Currency) -> Double? {
    guard currency == nil || currency == counted else { return nil }
    return Double(number.millionths) * Double(counted.minorUnits) / 1_000_000
  }
}

package struct RuleDuration: Hashable, Sendable {
  package var number: RuleNumber
  package var unit: Unit

  package enum Unit: String, Hashable, Sendable, CaseIterable {
    case seconds = "s"
    case minutes = "m"
    case hours = "h"
    case days = "d"
    case weeks = "w"

    package var milliseconds: Int64 {
      switch self {
      case .seconds: 1000
      case .minutes: 60_000
      case .hours: 3_600_000
      case .days: 86_400_000
      case .weeks: 604_800_000
      }
    }
  }

  package init(_ number: RuleNumber, _ unit: Unit) {
    self.number = number
    self.unit = unit
  }

  /// Never more than ``Limits/ruleDurationMilliseconds``, whatever a setting says.
  package var milliseconds: Int64 {
    let limit = Double(Limits.ruleDurationMilliseconds)
    let exact = number.value * Double(unit.milliseconds)
    return Int64(min(max(exact, 0), limit).rounded())
  }
}

/// Which of the history's touchpoints a count, sum or `ever` looks at.
package enum RuleWindow: Hashable, Sendable {
  case all
  /// At most this long ago.
  case within(RuleDuration)
  /// Later in the order than the first or last touchpoint at which the rule was true; nothing when
  /// it never was.
  case after(RuleEnd, Rule)
  /// Those of the customer's current cycle.
  case thisCycle
}

package enum RuleEnd: String, Hashable, Sendable, CaseIterable {
  case first, last
}

package struct RuleReference: Hashable, Sendable {
  package enum Kind: Hashable, Sendable { case definition, segment }
  package var kind: Kind
  package var name: String

  package init(_ kind: Kind, _ name: String) {
    self.kind = kind
    self.name = name
  }
}

extension Rule {
  /// The rules that this one is made of, one level down.
  package var parts: [Rule] {
    switch self {
    case .not(let rule), .named(_, let rule), .since(_, let rule, _, _): [rule]
    case .all(let rules), .any(let rules): rules
    case .count(let rule, let window, _, _), .sum(let rule, let window, _, _),
      .ever(let rule, let window):
      if case .after(_, let anchor) = window { [rule, anchor] } else { [rule] }
    case .always, .field, .value, .gap, .property, .trait, .role, .consent, .phase: []
    }
  }

  /// 1 for a rule without parts.
  package var depth: Int { 1 + (parts.map(\.depth).max() ?? 0) }

  /// How many rules this one is made of, itself included, named ones written out.
  package var size: Int { parts.reduce(1) { $0 + $1.size } }

  /// Ids of the models whose phases this rule asks for.
  package var models: Set<String> {
    var models: Set<String> = []
    visit { if case .phase(let model, _) = $0 { models.insert(model) } }
    return models
  }

  /// How long after a touchpoint, in milliseconds, the rule may become true or false of a customer to
  /// whom nothing happens. Empty when time alone changes nothing.
  package var delays: Set<Int64> {
    switch self {
    case .not(let rule), .named(_, let rule): return rule.delays
    case .all(let rules), .any(let rules):
      return rules.reduce(into: []) { $0.formUnion($1.delays) }
    case .since(_, _, _, let duration):
      // At the moment itself for "at least", just after it for "more than".
      return [duration.milliseconds, duration.milliseconds + 1]
    case .count(_, .within(let duration), _, _), .sum(_, .within(let duration), _, _),
      .ever(_, .within(let duration)):
      return [duration.milliseconds + 1]
    case .count, .sum, .ever, .always, .field, .value, .gap, .property, .trait, .role, .consent,
      .phase:
      return []
    }
  }

  /// The rules that have a name and are used here, directly or through another; each once.
  package var named: [(name: String, rule: Rule)] {
    var found: [String: Rule] = [:]
    visit { if case .named(let reference, let rule) = $0 { found[reference.name] = rule } }
    return found.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// What a named rule stands for; itself for others.
  package var unnamed: Rule {
    if case .named(_, let rule) = self { rule.unnamed } else { self }
  }

  /// Names of the segments that it asks for, directly or through another.
  package var segments: Set<String> {
    var names: Set<String> = []
    visit { rule in
      if case .named(let reference, _) = rule, reference.kind == .segment {
        names.insert(reference.name)
      }
    }
    return names
  }

  /// True when it asks for a property of touchpoints.
  package var usesProperties: Bool {
    var uses = false
    visit { if case .property = $0 { uses = true } }
    return uses
  }

  package var usesCycles: Bool {
    var uses = false
    visit { rule in
      switch rule {
      case .count(_, .thisCycle, _, _), .sum(_, .thisCycle, _, _), .ever(_, .thisCycle):
        uses = true
      default: break
      }
    }
    return uses
  }

  /// True when it asks what is known of the customer besides touchpoints, which may change without
  /// any touchpoint.
  package var usesCustomerFacts: Bool {
    var uses = false
    visit { rule in
      switch rule {
      case .trait, .role, .consent: uses = true
      default: break
      }
    }
    return uses
  }

  private func visit(_ body: (Rule) -> Void) {
    body(self)
    for part in parts { part.visit(body) }
  }

  /// The same rule with other values of its settings; settings not named keep theirs.
  package func with(settings: [String: RuleNumber]) -> Rule {
    func number(_ old: RuleNumber) -> RuleNumber {
      guard let setting = old.setting, let new = settings[setting] else { return old }
      return RuleNumber(millionths: new.millionths, setting: setting)
    }
    func duration(_ old: RuleDuration) -> RuleDuration {
      RuleDuration(number(old.number), old.unit)
    }
    func amount(_ old: RuleAmount) -> RuleAmount {
      RuleAmount(number: number(old.number), currency: old.currency)
    }
    func test(_ old: RuleTest) -> RuleTest {
      if case .number(let comparison, let bound) = old {
        .number(comparison, number(bound))
      } else {
        old
      }
    }
    func window(_ old: RuleWindow) -> RuleWindow {
      switch old {
      case .all, .thisCycle: old
      case .within(let time): .within(duration(time))
      case .after(let end, let anchor): .after(end, anchor.with(settings: settings))
      }
    }
    func inner(_ rule: Rule) -> Rule { rule.with(settings: settings) }
    return switch self {
    case .always, .field, .role, .consent, .phase: self
    case .not(let rule): .not(inner(rule))
    case .all(let rules): .all(rules.map(inner))
    case .any(let rules): .any(rules.map(inner))
    case .value(let comparison, let bound): .value(comparison, amount(bound))
    case .gap(let comparison, let bound): .gap(comparison, duration(bound))
    case .count(let rule, let when, let comparison, let bound):
      .count(inner(rule), window(when), comparison, number(bound))
    case .sum(let rule, let when, let comparison, let bound):
      .sum(inner(rule), window(when), comparison, amount(bound))
    case .ever(let rule, let when): .ever(inner(rule), window(when))
    case .since(let end, let rule, let comparison, let bound):
      .since(end, inner(rule), comparison, duration(bound))
    case .property(let path, let old): .property(path, test(old))
    case .trait(let name, let old): .trait(name, test(old))
    case .named(let reference, let rule): .named(reference, inner(rule))
    }
  }
}
