import CustomerJourney

extension Wording {
  static let segmentEntries: [Entry] = [
    ("segments", "Segments", "Segmenten"),
    ("segment", "Segment", "Segment"),
    (
      "segmentsLead", "Groups of customers by a rule. A customer is in or out at once.",
      "Groepen klanten volgens een regel. Een klant hoort er meteen bij, of meteen niet meer."
    ),
    (
      "noSegments", "There are no segments yet. Type a rule below and see whom it finds.",
      "Er zijn nog geen segmenten. Typ hieronder een regel en zie wie ze vindt."
    ),
    ("segmentCustomers", "Customers", "Klanten"),
    ("segmentShare", "Share", "Aandeel"),
    ("segmentHistory", "Size over time", "Grootte door de tijd"),
    ("newSegment", "New segment", "Nieuw segment"),
    ("rule", "Rule", "Regel"),
    (
      "ruleHint", "As in the filters, for example ever(event is \"Order Completed\").",
      "Zoals in de filters, bijvoorbeeld ever(event is \"Order Completed\")."
    ),
    ("countIt", "Count", "Tel"),
    (
      "sizeWords", "{members} of {customers} customers ({share})",
      "{members} van {customers} klanten ({share})"
    ),
    ("keepSegment", "Keep segment", "Bewaar segment"),
    ("removeSegment", "Remove segment", "Verwijder segment"),
    (
      "removeSegmentText", "The rule is let go; customers and their journeys stay as they are.",
      "De regel verdwijnt; klanten en hun reizen blijven zoals ze zijn."
    ),
    ("segmentOnMap", "Their journey map", "Hun klantreiskaart"),
    ("segmentPeople", "Who they are", "Wie het zijn"),
    ("lastMoves", "Who came and went", "Wie kwam en wie ging"),
    (
      "noMoves", "Nobody entered or left since the server began to watch this rule.",
      "Sinds de server op deze regel let, is niemand erbij gekomen of weggegaan."
    ),
    ("entered", "entered", "erbij"),
    ("leftIt", "left", "weg"),
    ("whenItWas", "When", "Wanneer"),
    ("whatHappened", "What", "Wat"),
    ("aCustomerGone", "(gone)", "(weg)"),
  ]

  /// `1,234 of 20,000 customers (6.2 %)`.
  func segmentSize(_ members: Int, of customers: Int, format: Format) -> String {
    let share = customers > 0 ? Double(members) / Double(customers) : 0
    return self["sizeWords"].replacing("{members}", with: format.count(members))
      .replacing("{customers}", with: format.count(customers))
      .replacing("{share}", with: format.share(share))
  }
}
