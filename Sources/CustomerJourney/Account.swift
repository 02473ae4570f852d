/// A company and its buying group (B2B), as all that was said and decided has it.
package struct Account: Hashable, Sendable, Identifiable {
  /// The store's number.
  package var id: Int64
  /// The client's own id of it.
  package var key: String
  package var traits: [String: PropertyValue]
  /// Of the mail addresses of its people, in order.
  package var domains: [String]
  /// By the customer's number.
  package var members: [Member]

  /// Somebody who belongs to it now or did.
  package struct Member: Hashable, Sendable {
    /// The store's number of the customer.
    package var customer: Int64
    /// Nil is without end, on either side.
    package var from: Timestamp?
    package var until: Timestamp?
    /// The canonical names of ``AccountSettings``, in order. Empty where nobody said one.
    package var roles: [String]

    package init(
      customer: Int64, from: Timestamp? = nil, until: Timestamp? = nil, roles: [String] = []
    ) {
      self.customer = customer
      self.from = from
      self.until = until
      self.roles = roles
    }

    package func isMember(at moment: Timestamp) -> Bool {
      (from.map { $0 <= moment } ?? true) && (until.map { moment < $0 } ?? true)
    }
  }

  package init(
    id: Int64, key: String, traits: [String: PropertyValue] = [:], domains: [String] = [],
    members: [Member] = []
  ) {
    self.id = id
    self.key = key
    self.traits = traits
    self.domains = domains
    self.members = members
  }

  /// What people call it; its key where nobody said.
  package var name: String {
    for trait in Self.nameTraits {
      if case .text(let text)? = traits[trait], !text.trimmed.isEmpty { return text.trimmed }
    }
    return key
  }

  package static let nameTraits = ["name", "company", "companyName", "company.name", "naam"]
  /// Traits whose text is a domain, or a page of the company's site.
  package static let domainTraits = [
    "domain", "domains", "website", "emailDomain", "email_domain", "domein",
  ]

  /// The domains that traits name, without those of free mail.
  package static func domains(
    inTraits traits: [String: PropertyValue], freeMail: FreeMail
  ) -> [String] {
    var found: Set<String> = []
    for trait in domainTraits {
      guard case .text(let text)? = traits[trait] else { continue }
      for part in text.split(whereSeparator: { ", ;".contains($0) }) {
        if let domain = MailDomain.normalised(String(part)), !freeMail.contains(domain) {
          found.insert(domain)
        }
      }
    }
    return found.sorted()
  }
}

/// Why somebody belongs to an account, or does not.
package struct AccountEvidence: Hashable, Sendable, Codable {
  package enum Way: String, Hashable, Sendable, Codable, CaseIterable {
    /// A message or a row of a file named both.
    case said
    /// The mail address is at a domain of this account and of no other.
    case domain
    /// A person here decided it.
    case hand
  }

  /// The identity of whom it is said.
  package var key: String
  package var way: Way
  /// Nil for what a person here decided, and for a domain.
  package var source: String?
  package var messageID: String?
  /// Who said so: a name of ``Claimant``.
  package var claimant: String
  /// When it was said first, or decided; nil for a domain.
  package var happened: Timestamp?
  /// False where a person here said that it does not count.
  package var counts: Bool

  private enum CodingKeys: String, CodingKey {
    case key, way, source, claimant, happened, counts
    case messageID = "messageId"
  }

  package init(
    key: String, way: Way, source: String? = nil, messageID: String? = nil, claimant: String,
    happened: Timestamp? = nil, counts: Bool = true
  ) {
    self.key = key
    self.way = way
    self.source = source
    self.messageID = messageID
    self.claimant = claimant
    self.happened = happened
    self.counts = counts
  }
}

/// Somebody who may belong to an account, for a person to decide.
package struct AccountLead: Hashable, Sendable {
  package enum Reason: String, Hashable, Sendable, Codable, CaseIterable {
    /// The domain of the mail address is one account's, and those do not join by themselves here.
    case domain
    /// Several accounts have the domain.
    case sharedDomain
    /// The domain ends in that of an account: `nl.acme.com`.
    case subdomain
    /// The company that somebody named is called like one account.
    case name
    /// Several are called so.
    case sharedName
  }

  package var customer: Int64
  package var customerKey: String
  /// The store's number and the name of the account that may be meant.
  package var account: Int64
  package var accountKey: String
  package var accountName: String
  package var reason: Reason
  /// What was compared: the domain, or the company's name as it was given.
  package var compared: String

  package init(
    customer: Int64, customerKey: String, account: Int64, accountKey: String, accountName: String,
    reason: Reason, compared: String
  ) {
    self.customer = customer
    self.customerKey = customerKey
    self.account = account
    self.accountKey = accountKey
    self.accountName = accountName
    self.reason = reason
    self.compared = compared
  }
}

/// Why something cannot be done to an account.
package enum AccountProblem: Error, Hashable, CustomStringConvertible {
  case unknownAccount, unknownCustomer, badKey, badDomain, freeMail, notMember, notOut, badPeriod
  case badRole

  package var description: String {
    switch self {
    case .unknownAccount:
      "There is no account with that key. `klantreis accounts list` has them, with their keys."
    case .unknownCustomer:
      "Nobody was ever named by that key. Keys are those of your files and clients, with the same "
        + "capitals."
    case .badKey:
      "An account needs a key of 1 to \(Limits.nameCharacters) characters: the number or name by "
        + "which your systems know the company."
    case .badDomain: "That is no domain. Write it as in mail addresses, for example acme.example."
    case .freeMail:
      "That is a domain of free mail, whose addresses say nothing of a company; it never counts."
    case .notMember: "This customer is no member of that account, so there is nothing to change."
    case .notOut: "Nobody took this customer out of that account, so there is nothing to take back."
    case .badPeriod: "The last day is before the first one, or no date. Write 2025-01-31."
    case .badRole:
      "A role is a name of 1 to \(Limits.accountRoleCharacters) characters, and a member has at "
        + "most \(Limits.rolesPerMember)."
    }
  }
}
