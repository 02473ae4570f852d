/// A customer as a rule sees one.
package struct RuleCustomer: Sendable {
  /// The whole journey, in order of (time, arrival).
  package var touchpoints: [Touchpoint]
  package var facts: CustomerFacts
  /// The currency that values are counted in; a value in another counts as 0.
  package var currency: Currency
  /// Where each touchpoint is in the models whose phases a rule asks for: phase ids, by model id.
  package var phases: [String: [String]]
  /// The cycle of each touchpoint, from 0; empty when there is only one.
  package var cycles: [Int]

  package init(
    touchpoints: [Touchpoint], facts: CustomerFacts = .unknown, currency: Currency = .eur,
    phases: [String: [String]] = [:], cycles: [Int] = []
  ) {
    self.touchpoints = touchpoints
    self.facts = facts
    self.currency = currency
    self.phases = phases
    self.cycles = cycles
  }

  func cycle(_ index: Int) -> Int { index < cycles.count ? cycles[index] : 0 }

  func minorUnits(_ index: Int) -> Int64 {
    guard let value = touchpoints[index].value, value.currency == currency else { return 0 }
    return value.minorUnits
  }
}

extension Rule {
  /// Whether the rule is true at the moment of a touchpoint, with that one as the latest.
  package func holds(for customer: RuleCustomer, at index: Int) -> Bool {
    holds(customer, latest: index, at: customer.touchpoints[index].occurred)
  }

  /// Whether the rule is true at `instant`, with the touchpoints up to and at that instant as
  /// history.
  package func holds(for customer: RuleCustomer, at instant: Timestamp) -> Bool {
    let latest = customer.touchpoints.lastIndex { $0.occurred <= instant }
    return holds(customer, latest: latest, at: instant)
  }

  /// Straight from the definition: every count looks at the whole history again. The batch evaluator
  /// of the engine is the fast one, and is tested against this one.
  private func holds(_ customer: RuleCustomer, latest: Int?, at moment: Timestamp) -> Bool {
    switch self {
    case .always(let truth): return truth
    case .not(let rule): return !rule.holds(customer, latest: latest, at: moment)
    case .all(let rules):
      return rules.allSatisfy { $0.holds(customer, latest: latest, at: moment) }
    case .any(let rules):
      return rules.contains { $0.holds(customer, latest: latest, at: moment) }
    case .named(_, let rule): return rule.holds(customer, latest: latest, at: moment)

    case .field(let field, let test):
      guard let latest, let name = field.name(of: customer.touchpoints[latest]) else {
        return false
      }
      return test.ofNames(in: field)(name)
    case .property(let path, let test):
      guard let latest, let value = customer.touchpoints[latest].properties[path] else {
        return false
      }
      return test.ofValues(value)
    case .value(let comparison, let amount):
      guard let latest, let bound = amount.minorUnits(in: customer.currency) else { return false }
      return comparison.holds(Double(customer.minorUnits(latest)), bound)
    case .gap(let comparison, let duration):
      guard let latest, latest > 0 else { return false }
      let touchpoints = customer.touchpoints
      return comparison.holds(
        touchpoints[latest].occurred.milliseconds - touchpoints[latest - 1].occurred.milliseconds,
        duration.milliseconds)
    case .phase(let model, let phases):
      guard let latest, let places = customer.phases[model] else { return false }
      return phases.contains(places[latest])

    case .trait(let name, let test):
      return customer.facts.traits[name].map(test.ofValues) ?? false
    case .role(let test):
      return customer.facts.accountRoles.contains(where: test.ofRoles)
    case .consent(let wanted):
      return customer.facts.consents.contains { $0.means(wanted) }

    case .count(let rule, let window, let comparison, let number):
      let count = window.touchpoints(customer, latest: latest, at: moment)
        .count { rule.holds(for: customer, at: $0) }
      return comparison.holds(Double(count), number.value)
    case .sum(let rule, let window, let comparison, let amount):
      guard let bound = amount.minorUnits(in: customer.currency) else { return false }
      // Wide enough for any journey: the limit on one amount alone would let 923 of them overflow.
      let sum = window.touchpoints(customer, latest: latest, at: moment)
        .filter { rule.holds(for: customer, at: $0) }
        .reduce(Int128(0)) { $0 + Int128(customer.minorUnits($1)) }
      return comparison.holds(Double(sum), bound)
    case .ever(let rule, let window):
      return window.touchpoints(customer, latest: latest, at: moment)
        .contains { rule.holds(for: customer, at: $0) }
    case .since(let end, let rule, let comparison, let duration):
      guard let latest, let index = end.index(of: rule, customer, latest: latest) else {
        return false
      }
      return comparison.holds(
        moment.milliseconds - customer.touchpoints[index].occurred.milliseconds,
        duration.milliseconds)
    }
  }
}

extension RuleEnd {
  fileprivate func index(of rule: Rule, _ customer: RuleCustomer, latest: Int) -> Int? {
    switch self {
    case .first: (0...latest).first { rule.holds(for: customer, at: $0) }
    case .last: (0...latest).last { rule.holds(for: customer, at: $0) }
    }
  }
}

extension RuleWindow {
  /// Indices of the history's touchpoints that the window lets through.
  fileprivate func touchpoints(
    _ customer: RuleCustomer, latest: Int?, at moment: Timestamp
  ) -> [Int] {
    guard let latest else { return [] }
    let history = Array(0...latest)
    switch self {
    case .all: return history
    case .within(let duration):
      let earliest = moment.milliseconds - duration.milliseconds
      return history.filter { customer.touchpoints[$0].occurred.milliseconds >= earliest }
    case .after(let end, let rule):
      guard let anchor = end.index(of: rule, customer, latest: latest) else { return [] }
      return history.filter { $0 > anchor }
    case .thisCycle: return history.filter { customer.cycle($0) == customer.cycle(latest) }
    }
  }
}

extension ConsentGrant {
  /// The same purpose is meant however it is spelled.
  package func means(_ other: ConsentGrant) -> Bool {
    channel.key == other.channel.key
      && Vocabulary.key(purpose) == Vocabulary.key(other.purpose)
  }
}
