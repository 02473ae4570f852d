import CustomerJourney

extension Wording {
  static let profileEntries: [Entry] = [
    ("findCustomer", "Find a customer", "Zoek een klant"),
    ("findHint", "Find a customer…", "Zoek een klant…"),
    (
      "searchAnything", "Search by name, mail, phone, key, company or order",
      "Zoek op naam, e-mail, telefoon, sleutel, bedrijf of bestelling"
    ),
    (
      "searchHint", "The beginning of each word is enough; the order of words does not matter.",
      "Het begin van elk woord is genoeg; de volgorde van de woorden maakt niet uit."
    ),
    (
      "searchCut", "There are more than were looked at. More letters find fewer.",
      "Er zijn er meer dan er zijn bekeken. Met meer letters vind je er minder."
    ),
    ("columns", "Choose columns", "Kies kolommen"),
    ("customerSince", "Customer since", "Klant sinds"),
    ("calculated.firstOrigin", "Came by", "Kwam via"),
    ("calculated.firstSeen", "First seen", "Eerst gezien"),
    ("calculated.lastSeen", "Last seen", "Laatst gezien"),
    ("calculated.touchpoints", "Touchpoints", "Contactmomenten"),
    ("calculated.orders", "Orders", "Bestellingen"),
    ("calculated.value", "Value", "Waarde"),
    ("calculated.averageOrderValue", "Per order", "Per bestelling"),
    ("calculated.favouriteChannel", "Favourite channel", "Favoriet kanaal"),
    ("calculated.favouriteHour", "Favourite hour", "Favoriete uur"),
    ("calculated.daysSinceLastOrder", "Last order", "Laatste bestelling"),
    (
      "meaning.firstOrigin", "The first origin that a touchpoint had.",
      "De eerste herkomst die een contactmoment had."
    ),
    ("meaning.firstSeen", "The first touchpoint.", "Het eerste contactmoment."),
    ("meaning.lastSeen", "The last touchpoint.", "Het laatste contactmoment."),
    ("meaning.touchpoints", "How many touchpoints there are.", "Hoeveel contactmomenten er zijn."),
    ("meaning.orders", "How often an order was completed.", "Hoe vaak een bestelling is afgerond."),
    (
      "meaning.value", "The values of all touchpoints together.",
      "De waarden van alle contactmomenten samen."
    ),
    (
      "meaning.averageOrderValue", "The value of orders, by their number.",
      "De waarde van bestellingen, gedeeld door hun aantal."
    ),
    (
      "meaning.favouriteChannel", "The channel of most touchpoints; of several the latest.",
      "Het kanaal van de meeste contactmomenten; van meerdere het laatste."
    ),
    (
      "meaning.favouriteHour",
      "The hour of most touchpoints, by the person's own clock where it is known.",
      "Het uur van de meeste contactmomenten, op de klok van de klant waar die bekend is."
    ),
    (
      "meaning.daysSinceLastOrder", "Days since the last order.",
      "Dagen sinds de laatste bestelling."
    ),
    (
      "meaning.phase", "The phase in a model at the last touchpoint.",
      "De fase in een model bij het laatste contactmoment."
    ),
    ("weekday.1", "Monday", "maandag"),
    ("weekday.2", "Tuesday", "dinsdag"),
    ("weekday.3", "Wednesday", "woensdag"),
    ("weekday.4", "Thursday", "donderdag"),
    ("weekday.5", "Friday", "vrijdag"),
    ("weekday.6", "Saturday", "zaterdag"),
    ("weekday.7", "Sunday", "zondag"),
    ("whereNow", "Where the customer is now", "Waar de klant nu is"),
    ("lastHappened", "What happened last", "Wat er het laatst gebeurde"),
    ("toJourney", "The whole journey", "De hele reis"),
    ("toLast", "To the end of the journey", "Naar het einde van de reis"),
    (
      "nothingDone", "Nothing is known of what this customer did.",
      "Er is niet bekend wat deze klant heeft gedaan."
    ),
    ("openBasket", "Open basket", "Open mandje"),
    ("inSegments", "Segments", "Segmenten"),
    ("inNoSegment", "In none now.", "Nu in geen enkel segment."),
    ("accountsOf", "Company", "Bedrijf"),
    ("orderNumber", "Order", "Bestelling"),
    ("justNow", "just now", "zojuist"),
    ("longSince", "for a long time", "al lang"),
    ("traits", "Traits", "Kenmerken"),
    (
      "noTraits", "Nobody said anything of this customer yet.",
      "Niemand heeft nog iets over deze klant gezegd."
    ),
    ("isNotSo", "is not so", "klopt niet"),
    ("earlierAndChange", "Earlier and change", "Eerder en wijzigen"),
    ("changeTrait", "Change", "Wijzig"),
    ("newValue", "Value", "Waarde"),
    ("removeTrait", "Is not so", "Klopt niet"),
    ("takeBack", "Take back what we said", "Draai onze wijziging terug"),
    ("addTrait", "Add a trait", "Voeg een kenmerk toe"),
    (
      "addTraitText",
      "What you say here counts more than what clients say, until you take it back. It is noted who said it.",
      "Wat je hier zegt telt zwaarder dan wat systemen zeggen, tot je het terugdraait. Er wordt genoteerd wie het zei."
    ),
    ("traitName", "Name", "Naam"),
    ("calculatedTraits", "Calculated traits", "Berekende kenmerken"),
    (
      "calculatedText",
      "Worked out from the journey whenever somebody looks, so they are always right. The list of customers can show them as columns.",
      "Berekend uit de reis zodra iemand kijkt, dus altijd juist. De lijst met klanten kan ze als kolommen tonen."
    ),
    ("howCalculated", "Calculated traits", "Berekende kenmerken"),
    ("ownCalculated", "Your own", "Eigen"),
    ("builtInCalculated", "Built in", "Ingebouwd"),
    ("noCalculated", "There are none yet.", "Er zijn er nog geen."),
    ("calculation", "Calculation", "Berekening"),
    (
      "calculationHint",
      "A kind, then where and a rule, then within and a time; both may be left out.",
      "Een soort, dan where en een regel, dan within en een tijd; beide mogen weg."
    ),
    ("addCalculated", "Add", "Voeg toe"),
    ("remove", "Remove", "Verwijder"),
    ("narrowJourney", "Narrow the journey", "Kies uit de reis"),
    ("allChannels", "All channels", "Alle kanalen"),
    ("allEvents", "All events", "Alle gebeurtenissen"),
    ("jumpTo", "Jump to", "Ga naar"),
    ("showAll", "Show all", "Toon alles"),
  ]

  private var isDutch: Bool { language == .dutch }

  func days(_ number: Int, _ shown: String) -> String {
    let unit = isDutch ? (number == 1 ? "dag" : "dagen") : (number == 1 ? "day" : "days")
    return "\(shown)\u{A0}\(unit)"
  }

  /// `9–10 h`.
  func hour(_ hour: Int) -> String { "\(hour)–\(hour + 1)\u{A0}\(isDutch ? "u" : "h")" }

  func ago(_ time: String) -> String { isDutch ? "\(time) geleden" : "\(time) ago" }

  func since(_ date: String) -> String { isDutch ? "sinds \(date)" : "since \(date)" }

  func lastChanged(_ ago: String) -> String {
    isDutch ? "laatst gewijzigd: \(ago)" : "last changed \(ago)"
  }

  /// Whose word a trait is, and when.
  func said(_ claimant: String, by source: String, at date: String) -> String {
    let who =
      switch (claimant, isDutch) {
      case ("browser", false): "a browser of \(source)"
      case ("browser", true): "een browser van \(source)"
      case ("server", false), ("log", false): source
      case ("server", true), ("log", true): source
      case ("file", false): "a file, \(source)"
      case ("file", true): "een bestand, \(source)"
      case (_, false): "by hand, \(source)"
      case (_, true): "met de hand, \(source)"
      }
    return "\(who) · \(date)"
  }
}
