/// What is known of a customer besides the touchpoints; rules can ask for all of it.
package struct CustomerFacts: Hashable, Sendable, Codable {
  /// By name: `country`, `age`. A customer's own answer or a file's column.
  package var traits: [String: PropertyValue]
  /// Purposes that the customer agreed to.
  package var consents: Set<ConsentGrant>
  /// The customer's roles in accounts: `decision maker`.
  package var accountRoles: Set<String>

  package init(
    traits: [String: PropertyValue] = [:], consents: Set<ConsentGrant> = [],
    accountRoles: Set<String> = []
  ) {
    self.traits = traits
    self.consents = consents
    self.accountRoles = accountRoles
  }

  package static let unknown = CustomerFacts()
}

/// Permission to use one channel for one purpose: e-mail for marketing.
package struct ConsentGrant: Hashable, Sendable, Codable {
  package var channel: Channel
  package var purpose: String

  package init(channel: Channel, purpose: String) {
    self.channel = channel
    self.purpose = purpose
  }
}
