import CustomerJourney

extension Samples {
  /// A customer with all kinds of keys and reasons.
  static var identities: CustomerIdentities {
    func moment(_ text: String) -> Timestamp { Timestamp(iso8601: text) ?? .epoch }
    func reason(
      _ key: String, _ other: String, _ claimant: Claimant, _ source: String?,
      _ state: CustomerIdentities.Reason.State = .counts
    ) -> CustomerIdentities.Reason {
      .init(
        key: key, other: other, claimant: claimant.name, source: source,
        messageID: source.map { _ in "7f3a-91" }, happened: moment("2025-11-03T10:15:00Z"),
        state: state)
    }
    let (head, mail) = ("household 1184", "email:anna.de.vries@shop.nl")
    let (phone, browser) = ("anonymous:8d2e6c1f-44a0-4a52-9a77-0d6b5f1c2e33", "anonymous:tablet")
    return CustomerIdentities(
      customer: head,
      identities: [
        .init(key: head, kind: "user", periods: [.init(from: nil, to: nil)], reasons: []),
        .init(
          key: mail, kind: "email", periods: [.init(from: nil, to: nil)],
          reasons: [reason(mail, head, .server, "crm")]),
        .init(
          key: phone, kind: "anonymous", periods: [.init(from: nil, to: nil)],
          reasons: [reason(phone, head, .browser, "shop"), reason(phone, mail, .browser, "shop")]),
        .init(
          key: browser, kind: "anonymous",
          periods: [
            .init(from: moment("2025-10-01T00:00:00Z"), to: moment("2025-11-20T00:00:00Z"))
          ],
          reasons: [reason(browser, head, .person, nil)]),
      ],
      apart: [
        reason("anonymous:library", head, .browser, "shop", .apart),
        reason(mail, "household <2>", .browser, "shop", .unproven),
      ], alarms: [.init(key: "anonymous:library", reason: .crowded)])
  }

  static var suggestions: [SuggestedPair] {
    let anna: [PersonRecord.Field: String] = [
      .given: "Anna", .surname: "de Vries", .birthday: "1984-03-07", .street: "Lindelaan",
      .number: "12", .city: "Utrecht", .postcode: "3511 AB",
    ]
    let again = anna.merging([.surname: "de Vris", .city: "<b>Utrecht</b>"]) { $1 }
    return [
      SuggestedPair(key: "household 1184", other: "4711", PersonRecord(anna), PersonRecord(again)),
      SuggestedPair(
        key: "4712", other: "4713", PersonRecord(anna),
        PersonRecord([.given: "Anna", .surname: "Vries", .birthday: "1984-07-03"])),
    ]
  }
}
