import CustomerJourney
import Dashboard
import Insights

extension Samples {
  private static func moment(_ text: String) -> Timestamp { Timestamp(iso8601: text) ?? .epoch }

  /// A customer of whom everything is known that a page shows.
  static var profile: CustomerProfile {
    func said(_ claimant: Claimant?, _ source: String, _ day: String) -> ProfileTrait.Saying {
      .init(at: moment(day), claimant: claimant?.name, source: source, identity: "household 1184")
    }
    func value(
      _ name: CalculatedTrait.BuiltIn, _ value: PropertyValue?, _ form: CalculatedValue.Form
    ) -> CalculatedValue { CalculatedValue(name: name.rawValue, value: value, form: form) }
    return CustomerProfile(
      customer: "household 1184", name: "Anna de Vries", at: moment("2025-12-31T12:00:00Z"),
      currency: "EUR",
      traits: [
        ProfileTrait(
          name: "email", value: .text("anna.de.vries@shop.nl"),
          said: said(.server, "crm", "2025-10-01"),
          earlier: [
            .init(value: .text("anna@old.nl"), said: said(nil, "shop", "2025-02-01")),
            .init(value: nil, said: said(.person, "Bea", "2025-01-01")),
          ]),
        ProfileTrait(
          name: "country", value: .text("NL"), said: said(.browser, "shop", "2025-03-04")),
        ProfileTrait(
          name: "age", value: .number(41), said: said(.file, "people.csv", "2025-01-02")),
        ProfileTrait(
          name: "<b>note</b>", value: .text("\"><img src=x>"),
          said: said(.person, "Ann", "2025-11-11")),
        ProfileTrait(name: "phone", value: nil, said: said(.person, "Ann", "2025-11-12")),
      ],
      calculated: [
        value(.firstOrigin, .text("Paid Search"), .origin),
        value(.firstSeen, .text("2025-01-03T09:00:00Z"), .time),
        value(.lastSeen, .text("2025-12-30T20:15:00Z"), .time),
        value(.touchpoints, .number(118), .count), value(.orders, .number(7), .count),
        value(.value, .number(1249.5), .money), value(.averageOrderValue, .number(178.5), .money),
        value(.favouriteChannel, .text("Website"), .channel),
        value(.favouriteHour, .number(20), .hour), value(.daysSinceLastOrder, .number(12), .days),
        CalculatedValue(name: "phase.stdc", value: .text("care"), form: .phase),
        CalculatedValue(name: "last shoe", value: .text("Runner 3"), form: .text),
        CalculatedValue(name: "busiest day", value: .number(6), form: .weekday),
        CalculatedValue(name: "broken", value: nil, form: .text, problem: "there is no segment"),
      ],
      phases: [
        .init(
          model: "stdc", phase: "care",
          because: LocalizedText(en: "Bought twice.", nl: "Kocht twee keer."),
          since: moment("2025-06-01T10:00:00Z")),
        .init(
          model: "five-a", phase: Samples.fiveA.phases[2].id,
          because: LocalizedText(en: "Looked a product up.", nl: "Zocht een product op."),
          since: moment("2025-12-30T20:15:00Z")),
      ],
      segments: [
        .init(name: "Regulars", since: moment("2025-09-01T00:00:00Z")),
        .init(name: "<i>Big</i>", since: nil),
      ],
      accounts: [.init(id: "42", name: "Vries & Zn"), .init(id: "43", name: nil)],
      identities: identities,
      last: [
        .init(
          time: moment("2025-12-31T11:59:30Z"), event: "Product Added", channel: "Website",
          content: "Runner 3", value: 89.95),
        .init(
          time: moment("2025-12-30T20:15:00Z"), event: "Message Opened", channel: "Email",
          content: "<script>", value: nil),
      ],
      basket: .init(
        changed: moment("2025-12-31T11:59:30Z"),
        items: [
          .init(content: "Runner 3", count: 2, value: 179.9),
          .init(content: "", count: 1, value: nil),
        ]))
  }

  /// One in whom everything is called `name`.
  static func named(_ name: String) -> CustomerProfile {
    let said = ProfileTrait.Saying(at: .epoch, claimant: nil, source: name, identity: name)
    return CustomerProfile(
      customer: name, name: name, at: .epoch, currency: name,
      traits: [
        ProfileTrait(
          name: name, value: .text(name), said: said,
          earlier: [.init(value: .text(name + "1"), said: said)])
      ],
      calculated: [CalculatedValue(name: name, value: .text(name), form: .text)],
      segments: [.init(name: name, since: nil)], accounts: [.init(id: name, name: name)],
      last: [.init(time: .epoch, event: name, channel: name, content: name, value: 1)],
      basket: .init(changed: .epoch, items: [.init(content: name, count: 2, value: 1)]))
  }

  /// A list with one customer who was found by `name`.
  static func found(by name: String) -> CustomersPage {
    var row = CustomersPage.Row(customer: name, touchpoints: 1, first: "", last: "")
    row.name = name + "1"
    row.because = [.init(.trait, name, name), .init(.account, name, name)]
    row.more = [CalculatedValue(name: name, value: .text(name), form: .text)]
    var page = CustomersPage(rows: [row], search: name, total: 1, model: Samples.stdc)
    (page.columns, page.choices) = ([name], [name])
    return page
  }

  static var calculatedTraits: CalculatedTraitsPage {
    CalculatedTraitsPage(
      own: [
        .init(name: "last shoe", definition: #"last content where content starts with "shoe""#),
        .init(name: "broken", definition: "count where segment(gone)", problem: "there is none"),
      ], name: "new", definition: "cont")
  }

  static var found: CustomersPage {
    var row = CustomersPage.Row(
      customer: "household 1184", touchpoints: 118, first: "2025-01-03 09:00:00",
      last: "2025-12-30 20:15:00", phase: "care", value: 1249.5, currency: "EUR")
    row.name = "Anna de Vries"
    row.because = [
      .init(.trait, "lastName", "de Vriès"), .init(.key, "email", "anna.de.vries@shop.nl"),
      .init(.order, "", "10045"), .init(.account, "", "Vries & <b>Zn</b>"),
    ]
    row.more = [
      CalculatedValue(name: "orders", value: .number(7), form: .count),
      CalculatedValue(name: "phase.stdc", value: .text("care"), form: .phase), nil,
    ]
    let unseen = CustomersPage.Row(
      customer: "email:vries@shop.nl", touchpoints: 0, first: "", last: "")
    var page = CustomersPage(
      rows: [row, unseen], search: "vries", total: 2, model: Samples.stdc)
    page.models = [Samples.stdc]
    page.columns = ["orders", "phase.stdc", "last shoe"]
    page.choices = ["orders", "value", "phase.stdc", "last shoe"]
    page.isCut = true
    return page
  }
}
