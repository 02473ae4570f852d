import Access
import CustomerJourney

extension Pages {
  package static func customerPath(_ key: String) -> String { "/customers/\(Query.encode(key))" }

  /// Who a customer is: the keys by kind, why each is this customer's, and buttons that take it back.
  /// The forms post `do`, `key` and `other` to the customer's page.
  static func identityCard(
    _ who: CustomerIdentities, _ context: PageContext
  ) -> Templates.Values {
    let words = context.words
    return [
      "action": context.link(customerPath(who.customer) + "/identities"),
      "customer": who.customer, "mayAct": context.may(.act),
      "rows": who.identities.map { identity -> Templates.Values in
        [
          "kind": words["kind.\(identity.kind)"], "name": name(identity.key),
          "isHead": identity.key == who.customer && who.identities.count > 1,
          "period": identity.periods.compactMap { period($0, context) }.joined(separator: ", "),
          "reasons": identity.reasons.map { reason($0, context) },
        ]
      },
      "hasApart": !who.apart.isEmpty,
      "apart": who.apart.map { one -> Templates.Values in
        var values = reason(one, context)
        values["kind"] = words["kind.\(CustomerKey.kind(of: one.key).name)"]
        values["name"] = name(one.key)
        values["state"] = words["state.\(one.state.rawValue)"]
        values["canRejoin"] = one.state == .apart && context.may(.act)
        return values
      },
      "alarms": who.alarms.map {
        words["alarm.\($0.reason.rawValue)"].replacing("{key}", with: name($0.key))
      },
    ]
  }

  /// Without what only says the kind.
  private static func name(_ key: String) -> String {
    String(key.dropFirst(CustomerKey.kind(of: key).prefix.count))
  }

  private static func reason(
    _ reason: CustomerIdentities.Reason, _ context: PageContext
  ) -> Templates.Values {
    let words = context.words
    let sentence = words["why.\(reason.claimant)"]
      .replacing("{source}", with: reason.source ?? "–")
      .replacing("{other}", with: name(reason.other))
    let details = [
      context.format.date(reason.happened.iso8601),
      reason.messageID.flatMap { $0.isEmpty ? nil : $0 }.map {
        words["message"].replacing("{id}", with: $0)
      },
    ]
    return [
      "sentence": sentence,
      "when": details.compactMap { $0 }.joined(separator: " · "),
      "key": reason.key, "other": reason.other, "otherName": name(reason.other),
    ]
  }

  private static func period(
    _ period: CustomerIdentities.Period, _ context: PageContext
  ) -> String? {
    let words = context.words
    let ends = [
      period.from.map {
        words["period.from"].replacing("{from}", with: context.format.date($0.iso8601))
      },
      period.to.map { words["period.to"].replacing("{to}", with: context.format.date($0.iso8601)) },
    ].compactMap { $0 }
    return ends.isEmpty ? nil : ends.joined(separator: " ")
  }
}
