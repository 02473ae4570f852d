import CustomerJourney

extension Wording {
  static let identityEntries: [Entry] = [
    ("whoThisIs", "Who this is", "Wie dit is"),
    ("kind.user", "Customer id", "Klant-id"),
    ("kind.external", "Id elsewhere", "Id elders"),
    ("kind.email", "E-mail", "E-mail"),
    ("kind.phone", "Phone", "Telefoon"),
    ("kind.device", "Device", "Apparaat"),
    ("kind.anonymous", "Browser", "Browser"),
    ("standsForAll", "stands for all of them", "staat voor alles"),
    ("somebodyElse", "This is somebody else", "Dit is iemand anders"),
    ("joinAgain", "It is the same after all", "Toch dezelfde"),
    ("doesNotCount", "Said, and does not count", "Gezegd, maar telt niet"),
    ("joinCustomer", "This is also another customer", "Dit is ook een andere klant"),
    (
      "joinCustomerText",
      "Give a key of that customer. Both journeys become one at once, and you can take it back.",
      "Geef een sleutel van die klant. Beide reizen worden meteen één; je kunt het terugdraaien."
    ),
    ("theirKey", "Key of the other customer", "Sleutel van de andere klant"),
    ("join", "Join", "Voeg samen"),
    (
      "why.browser", "A browser ({source}) named it together with {other}",
      "Een browser ({source}) noemde het samen met {other}"
    ),
    (
      "why.server", "A server ({source}) named it together with {other}",
      "Een server ({source}) noemde het samen met {other}"
    ),
    (
      "why.file", "A file ({source}) named it together with {other}",
      "Een bestand ({source}) noemde het samen met {other}"
    ),
    (
      "why.person", "Joined with {other} by hand", "Met de hand samengevoegd met {other}"
    ),
    ("message", "message {id}", "bericht {id}"),
    ("state.apart", "parted by hand", "met de hand gescheiden"),
    (
      "state.unproven", "a browser's word is not enough for this",
      "het woord van een browser is hiervoor niet genoeg"
    ),
    ("period.from", "from {from}", "vanaf {from}"),
    ("period.to", "until {to}", "tot {to}"),
    ("suggestions", "Who may be one", "Wie dezelfde kunnen zijn"),
    (
      "suggestionsLead",
      "Customers whose names, addresses and birthdays are alike. Nothing is joined before you say so.",
      "Klanten met bijna dezelfde naam, hetzelfde adres of dezelfde verjaardag. Pas als jij het zegt, worden ze samengevoegd."
    ),
    (
      "noSuggestions", "No two customers look alike, or nothing is known to compare them by.",
      "Er zijn geen klanten die op elkaar lijken, of er is niets bekend om ze te vergelijken."
    ),
    (
      "suggestionsCut", "Only the first {count} customers with a name are compared.",
      "Alleen de eerste {count} klanten met een naam zijn vergeleken."
    ),
    ("areSame", "The same person", "Dezelfde persoon"),
    ("areDifferent", "Two persons", "Twee personen"),
    ("trait.given", "First name", "Voornaam"),
    ("trait.surname", "Last name", "Achternaam"),
    ("trait.birthday", "Birthday", "Geboortedatum"),
    ("trait.street", "Street", "Straat"),
    ("trait.number", "Number", "Huisnummer"),
    ("trait.city", "City", "Plaats"),
    ("trait.postcode", "Postcode", "Postcode"),
    ("trait.phone", "Phone", "Telefoon"),
    ("trait.email", "E-mail", "E-mail"),
    (
      "alarm.full", "{key} has so many other keys that no more are taken.",
      "{key} heeft zoveel andere sleutels dat er geen meer bij komen."
    ),
    (
      "alarm.crowded", "{key} was used by more customers than one person's things are.",
      "{key} is door meer klanten gebruikt dan bij één persoon past."
    ),
  ]
}
