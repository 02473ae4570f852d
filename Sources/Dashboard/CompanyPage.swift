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
      "leadsAction": context.link("/accounts-leads"),
      "name": standing.name, "key": standing.key, "hasOtherKey": standing.key != standing.name,
      "json": "/api/v1\(accountPath(standing.key))", "mayAct": context.may(.act),
      "phaseReason": phaseReason(page, context),
      "score": format.count(Int(standing.engagement.rounded())),
      "gauge": gauge(standing.engagement / 100),
      "hasScores": standing.points > 0, "hasPeople": !standing.people.isEmpty,
      "hasTraits": !page.account.traits.isEmpty, "hasLeads": !page.leads.isEmpty,
      "hasOut": !page.out.isEmpty,
    ]
    values["models"] = context.models.map { choice -> Templates.Values in
      [
        "href": context.link(context.path, with: [("model", choice.id)]),
        "name": choice.name(context.language), "chosen": choice.id == page.model.id,
      ]
    }
    values["facts"] = companyFacts(page, context)
    values["scoreSentence"] = words.accountScore(
      points: format.number(standing.points, decimals: 1),
      full: format.number(page.settings.fullPoints, decimals: 0),
      cap: format.number(page.settings.dailyCap, decimals: 0))
    values["windows"] = page.settings.windows.map { window -> Templates.Values in
      let days = format.number(window.days, decimals: 0)
      return [
        "words": words["accountWindow"].replacing("{days}", with: days)
          .replacing("{share}", with: format.share(window.share))
      ]
    }
    values["scores"] = scores(page, context)
    values["group"] = group(page, context)
    values["people"] = standing.people.map { person($0, page, context) }
    values["roleChoices"] = page.settings.roles.map { role -> Templates.Values in
      ["value": role.name, "name": role.title(context.language)]
    }
    values["legend"] = page.journey.channels.map { channel -> Templates.Values in
      ["hue": palette.hueClass(channel), "channel": Channel(channel).title(context.language)]
    }
    values["traits"] = page.account.traits.sorted { $0.key < $1.key }.map {
      fact($0.key, $0.value.description)
    }
    values["domains"] = page.account.domains.map { ["domain": $0] as Templates.Values }
    values["leads"] = page.leads.map { lead -> Templates.Values in
      let why = words["lead.\(lead.reason.rawValue)"]
      return [
        "customer": lead.customerKey, "account": lead.accountKey,
        "customerHref": context.customerLink(lead.customerKey),
        "why": why.replacing("{compared}", with: lead.compared),
      ]
    }
    values["out"] = page.out.sorted { $0.key < $1.key }.map { one -> Templates.Values in
      [
        "customer": one.value, "customerHref": context.customerLink(one.value),
        "reasons": (page.evidence[one.key] ?? []).map { accountReason($0, context) },
      ]
    }
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
    return rows.prefix(30).map { row -> Templates.Values in
      let (person, action) = row
      return [
        "customer": person.customer, "href": context.customerLink(person.customer),
        "event": EventName(action.event).title(context.language),
        "times": format.count(action.touchpoints),
        "weight": format.number(person.roleWeight, decimals: 2),
        "points": format.number(action.points, decimals: 1),
      ]
    }
  }

  /// The roles of the buying group, with who has each.
  private static func group(_ page: CompanyPage, _ context: PageContext) -> [Templates.Values] {
    let present = page.standing.people.filter(\.isMember)
    let own = Set(present.flatMap(\.roles)).subtracting(page.settings.roles.map(\.name)).sorted()
    let builtIn = page.settings.roles.map { (name: $0.name, isRequired: $0.isRequired) }
    return (builtIn + own.map { (name: $0, isRequired: false) }).map { role -> Templates.Values in
      let people = present.filter { $0.roles.contains(role.name) }
      return [
        "role": page.settings.title(ofRole: role.name, context.language),
        "required": role.isRequired, "isMissing": role.isRequired && people.isEmpty,
        "isEmpty": people.isEmpty,
        "people": people.map { person -> Templates.Values in
          ["customer": person.customer, "href": context.customerLink(person.customer)]
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
