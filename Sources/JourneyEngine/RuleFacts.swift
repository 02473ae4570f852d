package import CustomerJourney

/// What rules ask for that the columns do not hold. The store implements it; a program reads it once,
/// when it is compiled.
package protocol RuleFacts: Sendable {
  /// What is known of the customer with that number in the store.
  func facts(ofCustomer number: UInt32) -> CustomerFacts
  /// Calls `body` with the row of each touchpoint that has the property, and its value there.
  func forEachValue(ofProperty path: String, _ body: (UInt32, PropertyValue) -> Void)
  /// Calls `body` with the place of each of `customers` and what is known of that customer.
  func forEachFacts(of customers: Column<UInt32>, _ body: (Int, CustomerFacts) -> Void)
  /// As for all touchpoints; those of other rows than `rows` may be left out.
  func forEachValue(
    ofProperty path: String, in rows: Column<UInt32>, _ body: (UInt32, PropertyValue) -> Void)
}

extension RuleFacts {
  package func forEachFacts(of customers: Column<UInt32>, _ body: (Int, CustomerFacts) -> Void) {
    for (place, customer) in customers.values.enumerated() {
      body(place, facts(ofCustomer: customer))
    }
  }

  package func forEachValue(
    ofProperty path: String, in rows: Column<UInt32>, _ body: (UInt32, PropertyValue) -> Void
  ) {
    forEachValue(ofProperty: path, body)
  }
}

/// Nothing is known: every trait, role, consent and property.
package struct NoRuleFacts: RuleFacts {
  package init() {}
  package func facts(ofCustomer number: UInt32) -> CustomerFacts { .unknown }
  package func forEachValue(ofProperty path: String, _ body: (UInt32, PropertyValue) -> Void) {}
}
