import CustomerJourney

extension Wording {
  static let companyEntries: [Entry] = [
    ("accounts", "Accounts", "Bedrijven"),
    ("oneAccount", "Account", "Bedrijf"),
    (
      "accountsLead", "Companies and the people who decide there together.",
      "Bedrijven, en de mensen die daar samen beslissen."
    ),
    ("searchAccounts", "Search by name, key or domain", "Zoek op naam, sleutel of domein"),
    (
      "noAccountsFound", "No account found. Check the spelling, or clear the search.",
      "Geen bedrijf gevonden. Controleer de spelling, of wis de zoekopdracht."
    ),
    ("accountOrderBy", "In order of", "Op volgorde van"),
    ("accountOrder.engagement", "Engagement", "Betrokkenheid"),
    ("accountOrder.phase", "Phase", "Fase"),
    ("accountOrder.completeness", "Completeness", "Volledigheid"),
    ("accountOrder.open", "Open value", "Open waarde"),
    ("accountOrder.name", "Name", "Naam"),
    ("accountEngagement", "Engagement", "Betrokkenheid"),
    ("accountPhase", "Phase of the account", "Fase van het bedrijf"),
    ("accountMembers", "People", "Mensen"),
    ("accountComplete", "Buying group complete", "Koopgroep volledig"),
    ("accountMissing", "Missing", "Ontbreekt"),
    ("accountOpen", "Open deals", "Open deals"),
    ("accountWon", "Won", "Gewonnen"),
    ("accountLeads", "Leads to decide on", "Leads om over te beslissen"),
    (
      "accountLeadsLead",
      "These people may work for one of the accounts. Nobody joins here until you say so.",
      "Deze mensen werken misschien voor een van de bedrijven. Niemand hoort erbij tot u dat zegt."
    ),
    (
      "noLeads", "Nobody waits for a decision.", "Er wacht niemand op een beslissing."
    ),
    (
      "leadsCut", "There are more; they come when these are decided.",
      "Er zijn er meer; die komen als deze beslist zijn."
    ),
    ("leadPerson", "Person", "Persoon"),
    ("leadYes", "Belongs to it", "Hoort erbij"),
    ("leadNo", "Does not", "Hoort er niet bij"),
    (
      "lead.domain", "The mail address is at {compared}, the domain of this account.",
      "Het mailadres is van {compared}, het domein van dit bedrijf."
    ),
    (
      "lead.sharedDomain", "The mail address is at {compared}, and several accounts have that.",
      "Het mailadres is van {compared}, en meer bedrijven hebben dat domein."
    ),
    (
      "lead.subdomain", "{compared} is below the domain of this account.",
      "{compared} valt onder het domein van dit bedrijf."
    ),
    (
      "lead.name", "Gave “{compared}” as the company, and this account is called so.",
      "Noemde “{compared}” als bedrijf, en dit bedrijf heet zo."
    ),
    (
      "lead.sharedName", "Gave “{compared}” as the company, and several accounts are called so.",
      "Noemde “{compared}” als bedrijf, en meer bedrijven heten zo."
    ),
    ("buyingGroup", "Buying group", "Koopgroep"),
    (
      "buyingGroupHint", "Usually 6 to 20 people decide together.",
      "Meestal beslissen 6 tot 20 mensen samen."
    ),
    ("accountRoleNames", "Roles", "Rollen"),
    ("roleRequired", "required", "vereist"),
    ("roleMissing", "nobody known", "niemand bekend"),
    ("roleNobody", "nobody", "niemand"),
    ("roleUnknown", "role unknown", "rol onbekend"),
    ("accountScoreHeading", "What the score is made of", "Waar de score uit bestaat"),
    ("accountAction", "What they did", "Wat ze deden"),
    ("accountTimes", "Times", "Keer"),
    ("accountWeight", "Weight of the role", "Gewicht van de rol"),
    ("accountPoints", "Points", "Punten"),
    (
      "accountWindow", "up to {days} days old: {share} of the points",
      "tot {days} dagen oud: {share} van de punten"
    ),
    (
      "noScore", "Nothing of late gave points.", "Niets van de laatste tijd gaf punten."
    ),
    ("accountJourney", "Everybody's journey", "Ieders reis"),
    (
      "accountLanesHint",
      "A lane for each person, by time. A line climbs with the phase; a large dot has a value.",
      "Een baan per persoon, door de tijd. Een lijn klimt met de fase; een grote stip heeft een "
        + "waarde."
    ),
    ("accountPeople", "People", "Mensen"),
    ("noPeople", "Nobody is known to belong to it.", "Er is niemand bekend die erbij hoort."),
    ("whyMember", "Why", "Waarom"),
    ("pastMember", "no longer", "niet meer"),
    ("changeMember", "Change", "Wijzig"),
    ("setRoles", "Set roles", "Stel rollen in"),
    (
      "rolesHint", "Between commas; empty gives back what the traits say.",
      "Met komma's ertussen; leeg geeft terug wat de kenmerken zeggen."
    ),
    ("setUntil", "Set the end", "Stel het einde in"),
    ("untilDate", "Belonged to it until", "Hoorde erbij tot"),
    ("takeOut", "Take out of this account", "Haal uit dit bedrijf"),
    ("takeBackOut", "Take back", "Maak ongedaan"),
    ("addMember", "Add somebody", "Voeg iemand toe"),
    ("addMemberHint", "Any key of a customer.", "Een sleutel van een klant."),
    ("accountAdd", "Add", "Voeg toe"),
    ("takenOut", "Taken out by hand", "Met de hand eruit gehaald"),
    ("accountFacts", "What is known of it", "Wat erover bekend is"),
    ("accountDomains", "Domains", "Domeinen"),
    ("newDomain", "Add a domain", "Voeg een domein toe"),
    ("accountRemove", "Remove", "Verwijder"),
    ("newAccount", "New account", "Nieuw bedrijf"),
    ("accountKey", "Key", "Sleutel"),
    ("accountSaid.browser", "A browser ({source}) said so", "Een browser ({source}) zei het"),
    ("accountSaid.server", "A server ({source}) said so", "Een server ({source}) zei het"),
    ("accountSaid.file", "A file ({source}) said so", "Een bestand ({source}) zei het"),
    ("accountSaid.person", "Entered by hand", "Met de hand ingevoerd"),
    (
      "accountByDomain", "The mail address is at a domain of this account only",
      "Het mailadres is van een domein dat alleen dit bedrijf heeft"
    ),
    ("accountIn", "Somebody here decided so", "Iemand hier besliste het"),
    ("accountOut", "Somebody here took it back", "Iemand hier nam het terug"),
    (
      "accountPhaseReason", "At least two roles have come to {phase}: {reach}.",
      "Minstens twee rollen zijn tot {phase} gekomen: {reach}."
    ),
    ("accountReach", "{role} to {phase}", "{role} tot {phase}"),
    (
      "accountNoRoles", "No phase: of nobody with touchpoints is the role known.",
      "Geen fase: van niemand met contactmomenten is de rol bekend."
    ),
    (
      "accountOneRole", "No phase yet: only one role is known, {reach}. It takes two.",
      "Nog geen fase: er is maar één rol bekend, {reach}. Er zijn er twee nodig."
    ),
    (
      "accountWeights", "These weights are ours, a beginning.",
      "Deze gewichten zijn van ons, een begin."
    ),
  ]

  func accounts(_ count: Int) -> String {
    let number = Format(language: language).count(count)
    return switch (language, count) {
    case (.english, 1): "1 account"
    case (.english, _): "\(number) accounts"
    case (.dutch, 1): "1 bedrijf"
    case (.dutch, _): "\(number) bedrijven"
    }
  }

  func deals(_ count: Int) -> String {
    let number = Format(language: language).count(count)
    return count == 1 ? "1 deal" : "\(number) deals"
  }

  func accountLeads(_ count: Int) -> String {
    let number = Format(language: language).count(count)
    return switch (language, count) {
    case (.english, 1): "1 lead waits for your decision"
    case (.english, _): "\(number) leads wait for your decision"
    case (.dutch, 1): "1 lead wacht op uw beslissing"
    case (.dutch, _): "\(number) leads wachten op uw beslissing"
    }
  }

  /// How a score comes about.
  func accountScore(points: String, full: String, cap: String) -> String {
    language == .dutch
      ? "\(points) punten van wat mensen deden; \(full) punten is een score van 100. Eén persoon "
        + "geeft op een dag hoogstens \(cap) punten, maal het gewicht van de rol."
      : "\(points) points of what people did; \(full) points are a score of 100. One person gives at "
        + "most \(cap) points on a day, times the weight of the role."
  }

  func lanes(people: Int, touchpoints: Int, during time: String) -> String {
    language == .dutch
      ? "De reizen van \(people) mensen naast elkaar: \(touchpoints) contactmomenten in \(time)."
      : "The journeys of \(people) people beside each other: \(touchpoints) touchpoints in \(time)."
  }

  func lanesLeftOut(_ count: Int) -> String {
    let number = Format(language: language).count(count)
    return language == .dutch
      ? "Nog \(number) mensen staan alleen in de lijst."
      : "\(number) more people are in the list only."
  }
}
