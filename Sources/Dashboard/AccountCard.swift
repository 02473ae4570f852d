import Access
package import CustomerJourney

/// A company to which a customer belongs or belonged, and why.
package struct AccountPlace: Sendable {
  package var key: String
  package var name: String
  package var member: Account.Member
  package var evidence: [AccountEvidence]
  /// What roles are called.
  package var settings: AccountSettings

  package init(
    key: String, name: String, member: Account.Member, evidence: [AccountEvidence],
    settings: AccountSettings
  ) {
    self.key = key
    self.name = name
    self.member = member
    self.evidence = evidence
    self.settings = settings
  }
}

extension Pages {
  package static func accountPath(_ key: String) -> String { "/accounts/\(Query.encode(key))" }

  /// A card for a customer's page, by the template `accountcard`; nil for who belongs to no company.
  static func accountCard(_ places: [AccountPlace], _ context: PageContext) -> Templates.Values? {
    guard !places.isEmpty else { return nil }
    return [
      "rows": places.map { place -> Templates.Values in
        [
          "name": place.name, "href": context.link(accountPath(place.key)),
          "roles": roleTitles(place.member.roles, place.settings, context),
          "hasRoles": !place.member.roles.isEmpty,
          "period": accountPeriod(place.member.from, place.member.until, context),
          "reasons": place.evidence.map { accountReason($0, context) },
        ]
      }
    ]
  }

  static func roleTitles(
    _ roles: [String], _ settings: AccountSettings, _ context: PageContext
  ) -> [Templates.Values] {
    roles.map { ["role": settings.title(ofRole: $0, context.language)] }
  }

  static func accountPeriod(
    _ from: Timestamp?, _ until: Timestamp?, _ context: PageContext
  ) -> String {
    let words = context.words
    let ends = [
      from.map { words["period.from"].replacing("{from}", with: context.format.date($0.iso8601)) },
      until.map { words["period.to"].replacing("{to}", with: context.format.date($0.iso8601)) },
    ].compactMap { $0 }
    return ends.joined(separator: " ")
  }

  /// Why somebody belongs to a company, or does not, as a sentence.
  static func accountReason(
    _ reason: AccountEvidence, _ context: PageContext
  ) -> Templates.Values {
    let words = context.words
    let sentence: String =
      switch reason.way {
      case .said:
        words["accountSaid.\(reason.claimant)"].replacing("{source}", with: reason.source ?? "–")
      case .domain: words["accountByDomain"]
      case .hand: words[reason.counts ? "accountIn" : "accountOut"]
      }
    let details = [
      reason.key,
      reason.happened.map { context.format.date($0.iso8601) },
      reason.messageID.flatMap { $0.isEmpty ? nil : $0 }.map {
        words["message"].replacing("{id}", with: $0)
      },
    ]
    return [
      "sentence": sentence, "isOut": !reason.counts,
      "when": details.compactMap { $0 }.joined(separator: " · "),
    ]
  }
}
