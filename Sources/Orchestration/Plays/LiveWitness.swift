package import CustomerJourney

/// One customer as the store knows it, asked by the definition of rules. For the few customers of whom
/// something is to be decided now.
package struct LiveWitness: PlayWitness {
  private let program: PlayProgram
  private let customer: RuleCustomer
  private let rows: [Int64]
  package let zone: Zone

  /// `rows` are the store's of the touchpoints.
  package init(_ program: PlayProgram, _ customer: RuleCustomer, rows: [Int64], zone: Zone) {
    self.program = program
    self.customer = customer
    self.rows = rows
    self.zone = zone
  }

  package var count: Int { customer.touchpoints.count }
  package func time(_ index: Int) -> Timestamp { customer.touchpoints[index].occurred }
  package func row(_ index: Int) -> Int64 { rows[index] }

  package func holds(_ rule: Int, at index: Int) -> Bool {
    program.rules[rule].holds(for: customer, at: index)
  }

  package func holds(_ rule: Int, at instant: Timestamp) -> Bool {
    program.rules[rule].holds(for: customer, at: instant)
  }

  package func property(_ path: String, at index: Int) -> String? {
    customer.touchpoints[index].properties[path]?.description
  }
}
