package import CustomerJourney

/// What rules ask for that the columns do not hold. The store implements it; a program reads it once,
/// when it is compiled.
package protocol RuleFacts: Sendable {
  /// What is known of the customer with that number in the store.
  func facts(ofCustomer number: UInt32) -> CustomerFacts
  /// Calls `body` with the row of each touchpoint that has the property, and its value there.
  func forEachValue(ofProperty path: String, _ body: (UInt32, PropertyValue) -> Void)
}

/// Nothing is known: every trait, role, consent and property.
package struct NoRuleFacts: RuleFacts {
  package init() {}
  package func facts(ofCustomer number: UInt32) -> CustomerFacts { .unknown }
  package func forEachValue(ofProperty path: String, _ body: (UInt32, PropertyValue) -> Void) {}
}
