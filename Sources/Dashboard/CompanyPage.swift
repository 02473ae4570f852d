import Access
package import CustomerJourney
package import Insights

/// One account (B2B): its facts, its buying group, what its score is made of, and its journey.
package struct CompanyPage: Sendable {
  package var account: Account
  package var standing: AccountStanding
  package var evidence: [Int64: [AccountEvidence]]
  package var journey: AccountJourney
  package var model: JourneyModel
  package var settings: AccountSettings
  package var at: Timestamp
  /// People who may belong to it.
  package var leads: [AccountLead]
  /// Keys of those who were taken out by hand, by number.
  package var out: [Int64: String]

  package init(
    account: Account, standing: AccountStanding, evidence: [Int64: [AccountEvidence]],
    journey: AccountJourney, model: JourneyModel, settings: AccountSettings, at: Timestamp,
    leads: [AccountLead], out: [Int64: String]
  ) {
    self.account = account
    self.standing = standing
    self.evidence = evidence
    self.journey = journey
    self.model = model
    self.settings = settings
    self.at = at
    self.leads = leads
    self.out = out
  }
}

extension Pages {
  /// The forms post `do`, `customer` and what goes with it to the account's own path.
  package static func companyPage(_ page: CompanyPage, _ context: PageContext) -> String {
    let (words, format) = (context.words, context.format)
    let standing = page.standing
    let palette = Palette(channels: page.journey.channels)
    var values: Templates.Values = [
      "accounts": context.link("/accounts"), "action": context.link(accountPath(standing.key)),
      "name": standing.name, "key": standing.key, "hasOtherKey": standing.key != standing.name,
      "models": context.models.map { choice in
        [
          "href": context.link(context.path, with: [("model", choice.id)]),
          "name": choice.name(context.language), "chosen": choice.id == page.model.id,
        ] as Templates.Values
      },
      "facts": companyFacts(page, context),
      "phaseReason": phaseReason(page, context),
      "score": format.count(Int(standing.engagement.rounded())),
      "gauge": gauge(standing.engagement / 100),
      "scoreSentence": words.accountScore(
        points: format.number(standing.points, decimals: 1),
        full: format.number(page.settings.fullPoints, decimals: 0),
        cap: format.number(page.settings.dailyCap, decimals: 0)),
      "windows": page.settings.windows.map { window -> Templates.Values in
        [
          "words": words["accountWindow"]
            .replacing("{days}", with: format.number(window.days, decimals: 0))
            .replacing("{share}", with: format.share(window.share))
        ]
      },
      "scores": scores(page, context), "hasScores": standing.points > 0,
      "group": group(page, context),
      "hasPeople": !standing.people.isEmpty,
      "people": standing.people.map { person($0, page, context) },
      "missing": standing.missingRoles.map {
        ["role": page.settings.title(ofRole: $0, context.language)]
      },
      "hasMissing": !standing.missingRoles.isEmpty,
      "roleChoices": page.settings.roles.map {
        ["value": $0.name, "name": $0.title(context.language)]
      },
      "legend": page.journey.channels.map {
        ["hue": palette.hueClass($0), "channel": Channel($0).title(context.language)]
      },
      "traits": page.account.traits.sorted { $0.key < $1.key }.map {
        fact($0.key, $0.value.description)
      },
      "hasTraits": !page.account.traits.isEmpty,
      "domains": page.account.domains.map { ["domain": $0] },
      "hasLeads": !page.leads.isEmpty, "leadsAction": context.link("/accounts-leads"),
      "leads": page.leads.map { lead -> Templates.Values in
        [
          "customer": lead.customerKey, "account": lead.accountKey,
          "customerHref": context.customerLink(lead.customerKey),
          "why": words["lead.\(lead.reason.rawValue)"].replacing("{compared}", with: lead.compared),
        ]
      },
      "hasOut": !page.out.isEmpty,
      "out": page.out.sorted { $0.key < $1.key }.map { number, key -> Templates.Values in
        [
          "customer": key, "customerHref": context.customerLink(key),
          "reasons": (page.evidence[number] ?? []).map { accountReason($0, context) },
        ]
      },
      "mayAct": context.may(.act),
      "json": "/api/v1\(accountPath(standing.key))",
      "foreign": context.foreignNote,
    ]
    values["lanes"] = AccountLanes(page: page, palette: palette, context: context).svg()
    values["lanesLeftOut"] =
      page.journey.leftOut > 0 ? words.lanesLeftOut(page.journey.leftOut) : nil
    return Templates.page("company", values, title: standing.name, context: context)
  }

  private static func companyFacts(
    _ page: CompanyPage, _ context: PageContext
  ) -> [Templates.Values] {
    let (words, format, standing) = (context.words, context.format, page.standing)
    var facts = [
      fact(
        words["accountPhase"],
        standing.phase.map { phaseName($0, page, context) } ?? words["unknown"]),
      fact(words["accountMembers"], format.count(standing.members)),
      fact(words["accountComplete"], standing.completeness.map(format.share) ?? "–"),
    ]
    if standing.openDeals > 0 {
      facts.append(
        fact(
          words["accountOpen"],
          "\(format.money(standing.openValue, standing.currency)) · "
            + words.deals(standing.openDeals)))
    }
    if standing.wonValue != 0 {
      facts.append(fact(words["accountWon"], format.money(standing.wonValue, standing.currency)))
    }
    if let last = standing.lastTime {
      facts.append(fact(words["last"], format.date(last.iso8601)))
    }
    return facts
  }

  static func phaseName(_ id: String, _ page: CompanyPage, _ context: PageContext) -> String {
    page.model.index(ofPhase: id).map { page.model.phases[$0].name(context.language) } ?? id
  }

  /// Why the account is in its phase, or in none.
  private static func phaseReason(_ page: CompanyPage, _ context: PageContext) -> String {
    let words = context.words
    let reach = page.standing.phaseRoles.map { one in
      words["accountReach"]
        .replacing("{role}", with: page.settings.title(ofRole: one.role, context.language))
        .replacing("{phase}", with: phaseName(one.phase, page, context))
    }.joined(separator: ", ")
    guard let phase = page.standing.phase else {
      return reach.isEmpty
        ? words["accountNoRoles"] : words["accountOneRole"].replacing("{reach}", with: reach)
    }
    return words["accountPhaseReason"]
      .replacing("{phase}", with: phaseName(phase, page, context))
      .replacing("{reach}", with: reach)
  }

  /// What gave how many points: the actions of each person, the most first.
  private static func scores(_ page: CompanyPage, _ context: PageContext) -> [Templates.Values] {
    let format = context.format
    let rows = page.standing.people.flatMap { person in
      person.actions.map { (person, $0) }
    }.filter { $0.1.points > 0 }.sorted { $1.1.points < $0.1.points }
    let most = rows.first?.1.points ?? 1
    return rows.prefix(30).map { person, action in
      [
        "customer": person.customer, "href": context.customerLink(person.customer),
        "event": EventName(action.event).title(context.language),
        "times": format.count(action.touchpoints),
        "weight": format.number(person.roleWeight, decimals: 2),
        "points": format.number(action.points, decimals: 1),
        "width": coordinate(100 * action.points / most),
      ]
    }
  }

  /// The roles of the buying group, with who has each.
  private static func group(_ page: CompanyPage, _ context: PageContext) -> [Templates.Values] {
    let present = page.standing.people.filter(\.isMember)
    let own = Set(present.flatMap(\.roles)).subtracting(page.settings.roles.map(\.name)).sorted()
    let known = page.settings.roles.map { ($0.name, $0.title(context.language), $0.isRequired) }
    return (known + own.map { ($0, $0, false) }).map { name, title, isRequired in
      let people = present.filter { $0.roles.contains(name) }
      return [
        "role": title, "required": isRequired, "isMissing": isRequired && people.isEmpty,
        "isEmpty": people.isEmpty,
        "people": people.map {
          ["customer": $0.customer, "href": context.customerLink($0.customer)]
        },
      ]
    }
  }

  private static func person(
    _ person: AccountStanding.Person, _ page: CompanyPage, _ context: PageContext
  ) -> Templates.Values {
    let format = context.format
    let place = person.phase.flatMap { page.model.index(ofPhase: $0) }
    return [
      "customer": person.customer, "href": context.customerLink(person.customer),
      "roles": roleTitles(person.roles, page.settings, context),
      "hasRoles": !person.roles.isEmpty, "roleText": person.roles.joined(separator: ", "),
      "phase": place.map { page.model.phases[$0].name(context.language) } ?? "–",
      "depth": place.map { "depth-\(depth($0, of: page.model.phases.count))" } ?? "depth-none",
      "points": format.number(person.points, decimals: 1),
      "touchpoints": format.count(person.touchpoints),
      "last": person.lastTime.map { format.date($0.iso8601) } ?? "–",
      "isPast": !person.isMember,
      "period": accountPeriod(person.from, person.until, context),
      "reasons": (page.evidence[person.number] ?? []).map { accountReason($0, context) },
      "until": person.until.map { String($0.iso8601.prefix(10)) } ?? "",
    ]
  }
}
