extension JourneyModel {
  /// Where each touchpoint of one customer is in this model, and why.
  ///
  /// Straight from the definition, for one customer. `PhasePlacement` of the engine places all
  /// customers and is tested against this one. `touchpoints` are in order of (time, arrival);
  /// `models` are those whose phases the rules may ask for.
  package func place(
    _ touchpoints: [Touchpoint], facts: CustomerFacts = .unknown, currency: Currency = .eur,
    among models: [JourneyModel] = JourneyModel.builtIn
  ) -> [Placement] {
    var customer = RuleCustomer(touchpoints: touchpoints, facts: facts, currency: currency)
    for model in models where self.models.contains(model.id) {
      customer.add(model.place(touchpoints, facts: facts, currency: currency, among: models), model)
    }
    customer.cycles = Array(repeating: 0, count: touchpoints.count)
    for index in touchpoints.indices.dropFirst() {
      let starts = cycleStart?.holds(for: customer, at: index) ?? false
      customer.cycles[index] = customer.cycles[index - 1] + (starts ? 1 : 0)
    }
    var placements: [Placement] = []
    for index in touchpoints.indices {
      let cycle = customer.cycles[index]
      let current = placements.last.flatMap { $0.cycle == cycle ? $0.phase : nil }
      let decides = rules.firstIndex { rule in
        isAllowed(rule, from: current) && rule.when.holds(for: customer, at: index)
      }
      let phase = decides.flatMap { self.index(ofPhase: rules[$0].phase) } ?? current ?? 0
      placements.append(Placement(phase: phase, rule: decides, cycle: cycle))
    }
    return placements
  }

  /// Whether `rule` can decide for a customer who is in the phase `current`, or in none yet.
  package func isAllowed(_ rule: PlacingRule, from current: Int?) -> Bool {
    guard let from = rule.from else { return true }
    return current.map { from.contains(phases[$0].id) } ?? false
  }
}

extension RuleCustomer {
  /// Lets rules ask for the phases of `model`, in which this customer's touchpoints are at
  /// `placements`.
  package mutating func add(_ placements: [Placement], _ model: JourneyModel) {
    phases[model.id] = placements.map { model.phases[$0.phase].id }
  }
}
