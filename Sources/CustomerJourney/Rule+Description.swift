extension Rule: CustomStringConvertible {
  /// The rule as text that parses to the same rule again, in the vocabulary it was parsed in.
  package var description: String {
    switch self {
    case .always(let truth): truth ? "true" : "false"
    case .not(let rule): Self.negation(of: rule)
    case .all(let rules): rules.map { $0.text(inside: .all) }.joined(separator: " and ")
    case .any(let rules): rules.map { $0.text(inside: .any) }.joined(separator: " or ")
    case .field(let field, let test): "\(field.rawValue) \(test)"
    case .value(let comparison, let amount): "value \(comparison.rawValue) \(amount)"
    case .gap(let comparison, let duration): "gap \(comparison.rawValue) \(duration)"
    case .count(let rule, let window, let comparison, let number):
      "count(\(rule)\(window)) \(comparison.rawValue) \(number)"
    case .sum(.always(true), let window, let comparison, let amount):
      "sum(value\(window)) \(comparison.rawValue) \(amount)"
    case .sum(let rule, let window, let comparison, let amount):
      "sum(value, \(rule)\(window)) \(comparison.rawValue) \(amount)"
    case .ever(let rule, let window): "ever(\(rule)\(window))"
    case .since(let end, let rule, let comparison, let duration):
      "since(\(end.rawValue) \(rule)) \(comparison.rawValue) \(duration)"
    case .property(let path, let test): "property(\(ruleQuoted(path))) \(test)"
    case .trait(let name, let test): "trait(\(ruleQuoted(name))) \(test)"
    case .role(let test): "account.role \(test)"
    case .consent(let grant):
      "consent(\(ruleQuoted(grant.channel.name)), \(ruleQuoted(grant.purpose)))"
    case .phase(let model, let phases):
      "phase(\(ruleQuoted(model))) \(RuleTest.oneOf(phases))"
    case .named(let reference, _):
      switch reference.kind {
      case .definition: reference.name
      case .segment: "segment(\(ruleQuoted(reference.name)))"
      }
    }
  }

  private enum Surrounding { case all, any, not }

  private func text(inside surrounding: Surrounding) -> String {
    switch (self, surrounding) {
    case (.any, _), (.all, .all), (.all, .not): "(\(self))"
    default: description
    }
  }

  private static func negation(of rule: Rule) -> String {
    switch rule {
    case .ever(let inner, let window): "never(\(inner)\(window))"
    case .field(let field, let test):
      test.negated.map { "\(field.rawValue) \($0)" } ?? "not \(rule)"
    case .role(let test): test.negated.map { "account.role \($0)" } ?? "not \(rule)"
    case .property(let path, let test):
      test.negated.map { "property(\(ruleQuoted(path))) \($0)" } ?? "not \(rule)"
    case .trait(let name, let test):
      test.negated.map { "trait(\(ruleQuoted(name))) \($0)" } ?? "not \(rule)"
    case .phase(let model, let phases):
      "phase(\(ruleQuoted(model))) \(RuleTest.oneOf(phases).negated ?? "")"
    default: "not \(rule.text(inside: .not))"
    }
  }
}

extension RuleTest: CustomStringConvertible {
  package var description: String {
    switch self {
    case .oneOf(let names) where names.count == 1: "is \(ruleQuoted(names[0]))"
    case .oneOf(let names): "in (\(names.map(ruleQuoted).joined(separator: ", ")))"
    case .contains(let part): "contains \(ruleQuoted(part))"
    case .startsWith(let part): "starts with \(ruleQuoted(part))"
    case .known: "is known"
    case .number(let comparison, let number): "\(comparison.rawValue) \(number)"
    }
  }

  /// How the opposite is written, where the language has a form of its own for it.
  fileprivate var negated: String? {
    switch self {
    case .oneOf(let names) where names.count == 1: "is not \(ruleQuoted(names[0]))"
    case .oneOf: "not \(self)"
    case .known: "is unknown"
    case .contains, .startsWith, .number: nil
    }
  }
}

extension RuleNumber: CustomStringConvertible {
  package var description: String {
    if let setting { return "$\(setting)" }
    let whole = millionths.magnitude / 1_000_000
    let sign = millionths < 0 ? "-" : ""
    var decimals = String(millionths.magnitude % 1_000_000)
    guard decimals != "0" else { return "\(sign)\(whole)" }
    decimals = String(repeating: "0", count: 6 - decimals.count) + decimals
    while decimals.hasSuffix("0") { decimals.removeLast() }
    return "\(sign)\(whole).\(decimals)"
  }
}

extension RuleAmount: CustomStringConvertible {
  package var description: String { currency.map { "\(number) \($0)" } ?? "\(number)" }
}

extension RuleDuration: CustomStringConvertible {
  package var description: String {
    number.setting == nil ? "\(number)\(unit.rawValue)" : "\(number) \(unit.rawValue)"
  }
}

extension RuleWindow: CustomStringConvertible {
  /// With the comma that goes before it.
  package var description: String {
    switch self {
    case .all: ""
    case .within(let duration): ", within \(duration)"
    case .after(let end, let rule): ", after \(end.rawValue) \(rule)"
    case .thisCycle: ", this cycle"
    }
  }
}

private func ruleQuoted(_ text: String) -> String {
  var quoted = "\""
  for character in text {
    if character == "\"" || character == "\\" { quoted.append("\\") }
    quoted.append(character)
  }
  return quoted + "\""
}
