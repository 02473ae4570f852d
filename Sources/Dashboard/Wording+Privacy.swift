import Access
import CustomerJourney

extension Wording {
  static let privacyEntries: [Entry] = [
    ("pvPrivacy", "Privacy", "Privacy"),
    (
      "pvLead", "What customers allowed, how long you keep what, and whom you have forgotten.",
      "Wat klanten toestaan, hoe lang u wat bewaart, en wie u bent vergeten."
    ),
    ("pvConsents", "What customers allow", "Wat klanten toestaan"),
    ("pvConsent", "Consent", "Toestemming"),
    ("pvPurpose", "Purpose", "Doel"),
    ("pvChannel", "Channel", "Kanaal"),
    ("pvYes", "Yes", "Ja"),
    ("pvNo", "No", "Nee"),
    ("pvPending", "Waiting", "Wacht"),
    ("pvAllowed", "allowed", "mag"),
    ("pvNotAllowed", "not allowed", "mag niet"),
    ("pvWaits", "waits for the customer", "wacht op de klant"),
    ("pvNothingSaid", "nothing was said", "niets gezegd"),
    ("pvNoAnswerNeeded", "needs no yes", "hoeft geen ja"),
    ("pvHistory", "All that was said, with proof", "Alles wat gezegd is, met bewijs"),
    ("pvNote", "Write down what the customer said", "Noteer wat de klant zei"),
    ("pvNoteSave", "Write it down", "Noteer"),
    ("pvAnswer", "Answer", "Antwoord"),
    ("pvSays", "says yes", "zegt ja"),
    ("pvSaysNo", "says no", "zegt nee"),
    ("pvExisting", "existing customer: all five hold", "bestaande klant: alle vijf gelden"),
    ("pvHow", "Where and how it was said", "Waar en hoe het gezegd is"),
    (
      "pvConditions", "For an existing customer all five must hold",
      "Voor een bestaande klant moeten alle vijf gelden"
    ),
    (
      "pv.paidOrder", "The address came with an order that had to be paid",
      "Het adres kwam bij een bestelling die betaald moest worden"
    ),
    ("pv.sameCompany", "The same company sends that sold", "Hetzelfde bedrijf stuurt dat verkocht"),
    ("pv.toldThen", "The customer was told then", "De klant is dat toen verteld"),
    ("pv.optOutThen", "The customer could say no then", "De klant kon toen nee zeggen"),
    (
      "pv.ownSimilarProducts", "It is about own, similar products",
      "Het gaat over eigen, vergelijkbare producten"
    ),
    ("pvAsk", "Ask by mail", "Vraag per mail"),
    (
      "pvAskText", "The customer gets a mail with a link. Only a press there makes it a yes.",
      "De klant krijgt een mail met een link. Pas een druk op de knop daar maakt het een ja."
    ),
    ("pvLink", "Link to the customer's own page", "Link naar de eigen pagina van de klant"),
    (
      "pvLinkText", "Send it only to this customer: it opens without login.",
      "Stuur die alleen aan deze klant: hij opent zonder inloggen."
    ),
    ("pvMakeLink", "Make the link", "Maak de link"),
    ("pvExport", "All that is known of this customer", "Alles wat van deze klant bekend is"),
    ("pvExportOf", "All that is known of", "Alles wat bekend is van"),
    (
      "pvExportLead", "For a customer who asks what you know.",
      "Voor een klant die vraagt wat u weet."
    ),
    ("pvBack", "Back to the customer", "Terug naar de klant"),
    ("pvErase", "Forget this customer", "Vergeet deze klant"),
    ("pvEraseNow", "Forget for good", "Vergeet voorgoed"),
    (
      "pvEraseText",
      "Names, addresses, all keys, all traits, consents and messages go out of every file here. This cannot be undone.",
      "Namen, adressen, alle sleutels, alle kenmerken, toestemmingen en berichten gaan hier uit elk bestand. Dit is niet terug te draaien."
    ),
    ("pvJourney", "The journey", "De reis"),
    (
      "pvKeep",
      "It stays as a journey of nobody, so that counts stay right. Times are kept to the hour, details go.",
      "Hij blijft als reis van niemand, zodat aantallen kloppen. Tijden blijven tot op het uur, details gaan weg."
    ),
    (
      "pvRemove", "Remove it too: counts become smaller",
      "Verwijder hem ook: aantallen worden kleiner"
    ),
    (
      "pvSure", "I am sure: this customer is to be forgotten",
      "Ik weet het zeker: deze klant moet vergeten worden"
    ),
    (
      "pvTickFirst", "Tick that you are sure; nothing was changed.",
      "Vink aan dat u het zeker weet; er is niets veranderd."
    ),
    (
      "pvLate", "Events that still come in by one of these keys are not stored.",
      "Gebeurtenissen die nog binnenkomen met een van deze sleutels, worden niet bewaard."
    ),
    (
      "pvBackupNote", "Backups made before still have this customer until their term is over.",
      "Reservekopieën van eerder hebben deze klant nog tot hun termijn voorbij is."
    ),
    ("pvDone", "The customer is forgotten", "De klant is vergeten"),
    ("pvReceipt", "Receipt", "Bewijs"),
    ("pvReceipts", "Forgotten customers", "Vergeten klanten"),
    (
      "pvReceiptsText", "A receipt says when, by whom and how much went, and never who it was.",
      "Een bewijs zegt wanneer, door wie en hoeveel er weg is, en nooit wie het was."
    ),
    ("pvNobody", "Nobody was forgotten yet.", "Er is nog niemand vergeten."),
    ("pvWhen", "When", "Wanneer"),
    ("pvByWhom", "By", "Door"),
    ("pvWhat", "What went", "Wat weg is"),
    ("pvState", "State", "Stand"),
    ("pvFinished", "done", "klaar"),
    ("pvGoingOn", "goes on at the next start", "gaat verder bij de volgende start"),
    ("pvBackupsUntil", "in backups until", "in reservekopieën tot"),
    ("pvTerms", "How long you keep what", "Hoe lang u wat bewaart"),
    (
      "pvTermsText", "Empty keeps it. What is older goes by itself, once an hour.",
      "Leeg bewaart het. Wat ouder is, gaat vanzelf weg, eens per uur."
    ),
    ("pvDays", "Days", "Dagen"),
    ("pvKind", "Kind of data", "Soort gegevens"),
    ("pvWouldGo", "Would go now", "Zou nu weggaan"),
    ("pvSaveTerms", "Keep these terms", "Bewaar deze termijnen"),
    ("pv.visitors", "What unknown visitors did", "Wat onbekende bezoekers deden"),
    ("pv.customers", "What known customers did", "Wat bekende klanten deden"),
    ("pv.rejectedEvents", "Events that were refused", "Gebeurtenissen die geweigerd zijn"),
    ("pv.requests", "Their whole requests", "De hele verzoeken daarvan"),
    ("pv.rejectedRows", "Files of refused rows", "Bestanden met geweigerde rijen"),
    ("pv.messages", "Messages, sent and not sent", "Berichten, verzonden en niet"),
    ("pv.backups", "Backups made here", "Reservekopieën die hier gemaakt zijn"),
    (
      "pvDeedsKept", "Who did what is kept for good: it proves what was done here.",
      "Wie wat deed blijft bewaard: dat bewijst wat hier gedaan is."
    ),
    ("pvPurposes", "What you ask customers about", "Waar u klanten naar vraagt"),
    (
      "pvPurposesText",
      "Customers read these words on their own page. What they say keeps the words that they read.",
      "Klanten lezen deze woorden op hun eigen pagina. Wat zij zeggen, bewaart de woorden die zij lazen."
    ),
    ("pvPurposeId", "Name in rules", "Naam in regels"),
    ("pvNameEn", "Name in English", "Naam in het Engels"),
    ("pvNameNl", "Name in Dutch", "Naam in het Nederlands"),
    ("pvTextEn", "Text in English", "Tekst in het Engels"),
    ("pvTextNl", "Text in Dutch", "Tekst in het Nederlands"),
    ("pvChannels", "Channels, with commas", "Kanalen, met komma's"),
    ("pvNeedsYes", "Needs a yes first", "Eerst is een ja nodig"),
    ("pvSavePurposes", "Keep these purposes", "Bewaar deze doelen"),
    ("pvNewPurpose", "Another purpose", "Nog een doel"),
    ("pvRecords", "Records of processing", "Register van verwerkingen"),
    (
      "pvRecordsLead",
      "What article 30 of the GDPR asks you to write down. What this installation knows is filled in.",
      "Wat artikel 30 van de AVG u vraagt op te schrijven. Wat deze installatie weet, is ingevuld."
    ),
    ("pvRecordsSave", "Keep what I wrote", "Bewaar wat ik schreef"),
    ("pv.controller", "Who is responsible, with address", "Wie verantwoordelijk is, met adres"),
    ("pv.officer", "Data protection officer", "Functionaris gegevensbescherming"),
    ("pv.ground", "Legal grounds", "Grondslagen"),
    ("pv.recipients", "Who else gets data", "Wie nog meer gegevens krijgt"),
    ("pv.transfers", "Sent out of the European Union", "Naar buiten de Europese Unie"),
    ("pv.measures", "Other safety measures", "Andere beveiliging"),
    ("pvRecPurposes", "Purposes", "Doelen"),
    ("pvRecSources", "Sources of the data", "Bronnen van de gegevens"),
    ("pvRecPersons", "Whose data", "Van wie de gegevens zijn"),
    (
      "pvRecPersonsText", "Customers, and visitors who are not known",
      "Klanten, en bezoekers die niet bekend zijn"
    ),
    ("pvRecData", "Which data", "Welke gegevens"),
    ("pvRecTerms", "Terms", "Bewaartermijnen"),
    ("pvRecMeasures", "Measures in this program", "Maatregelen in dit programma"),
    (
      "pvRecMeasuresText",
      "Login with roles, passwords by Argon2id, codes of an app. A log of who did what that cannot be changed. Files only their owner can read. No IP addresses of visitors.",
      "Inloggen met rollen, wachtwoorden met Argon2id, codes van een app. Een logboek van wie wat deed dat niet te wijzigen is. Bestanden die alleen de eigenaar kan lezen. Geen IP-adressen van bezoekers."
    ),
    ("pvRecKeys", "Ids, mail addresses and phone numbers", "Id's, mailadressen en telefoonnummers"),
    (
      "pvRecJourneys", "What they did, when, by which channel",
      "Wat zij deden, wanneer, via welk kanaal"
    ),
    ("pvRecTraits", "Traits", "Kenmerken"),
    ("pvNone", "none", "geen"),
    ("pvKept", "kept", "bewaard"),
    ("pvSaved", "Kept.", "Bewaard."),
    // The customer's own pages.
    ("pvMine", "What may we do?", "Wat mogen wij?"),
    (
      "pvMineLead", "Tick what you like. You can change it whenever you want.",
      "Vink aan wat u goed vindt. U kunt dit altijd veranderen."
    ),
    ("pvMineSave", "Keep my choices", "Bewaar mijn keuzes"),
    ("pvNothing", "Nothing any more", "Helemaal niets meer"),
    ("pvMineDone", "Your choices are kept.", "Uw keuzes zijn bewaard."),
    ("pvStop", "Unsubscribe", "Afmelden"),
    (
      "pvStopLead", "Press the button, and you get no more of it.",
      "Druk op de knop, en u krijgt dit niet meer."
    ),
    ("pvStopButton", "Stop sending me this", "Stuur mij dit niet meer"),
    ("pvStopped", "You get no more of it.", "U krijgt dit niet meer."),
    ("pvAllChoices", "All my choices", "Al mijn keuzes"),
    ("pvConfirm", "Please confirm", "Bevestig dit"),
    (
      "pvConfirmLead",
      "You asked for this. Press the button if that is right; do nothing if it isn't.",
      "U vroeg hierom. Druk op de knop als dat klopt; doe niets als dat niet zo is."
    ),
    ("pvConfirmButton", "Yes, I want this", "Ja, dit wil ik"),
    ("pvConfirmed", "Thank you, it is confirmed.", "Dank u, het is bevestigd."),
    (
      "pvAnswered", "This was answered already; nothing was changed.",
      "Hier is al op geantwoord; er is niets veranderd."
    ),
    ("pvOver", "This link is over", "Deze link werkt niet meer"),
    (
      "pvOverText", "It is too old, or not whole. The link in a newer message works.",
      "Hij is te oud, of niet compleet. De link in een nieuwer bericht werkt wel."
    ),
    ("pvMailSubject", "Please confirm", "Bevestig dit alstublieft"),
    (
      "pvMailText", "You get this mail because somebody asked for this with your address:",
      "U krijgt deze mail omdat iemand hierom vroeg met uw adres:"
    ),
    (
      "pvMailHow", "Is that right? Then open this page and press the button:",
      "Klopt dat? Open dan deze pagina en druk op de knop:"
    ),
    (
      "pvMailElse", "Do nothing if it isn't: then you get nothing.",
      "Klopt het niet, doe dan niets: dan krijgt u niets."
    ),
  ]

  /// Of a receipt: what a table or a kind of file is called. One that a later version adds keeps its name.
  func erased(_ kind: String) -> String {
    let names: [String: (String, String)] = [
      "identity": ("keys", "sleutels"), "trait": ("traits", "kenmerken"),
      "touchpoint": ("touchpoints removed", "contactmomenten verwijderd"),
      "touchpointKept": ("touchpoints now of nobody", "contactmomenten nu van niemand"),
      "profile_change": ("messages about the person", "meldingen over de persoon"),
      "consent_entry": ("lines of consent", "regels toestemming"),
      "identity_link": ("links between keys", "verbanden tussen sleutels"),
      "identity_sighting": (
        "times that keys were seen together", "keren dat sleutels samen gezien zijn"
      ),
      "rejected_event": ("refused events", "geweigerde gebeurtenissen"),
      "mentions": ("mentions in other rows", "vermeldingen in andere rijen"),
      "message": ("messages to the person", "berichten aan de persoon"),
      "message_change": ("states of messages", "standen van berichten"),
      "play_run": ("ways through plays", "wegen door plays"),
      "play_task": ("tasks", "taken"),
      "trait_decision": ("traits by hand", "kenmerken met de hand"),
      "search_word": ("words of the search", "woorden van het zoeken"),
      "search_entry": ("entries of the search", "regels van het zoeken"),
      "account_evidence": ("memberships", "lidmaatschappen"),
      "account_decision": ("decisions on memberships", "besluiten over lidmaatschappen"),
      "account_role": ("roles in companies", "rollen in bedrijven"),
      "standing": ("places in segments and phases", "plaatsen in segmenten en fasen"),
      "standing_change": ("moves in segments and phases", "verplaatsingen in segmenten en fasen"),
      "rejectedRows": ("refused rows in files", "geweigerde rijen in bestanden"),
      "uploads": ("uploads", "geüploade bestanden"),
      "otherFiles": ("other files", "andere bestanden"),
    ]
    guard let (english, dutch) = names[kind] else { return kind }
    return language == .dutch ? dutch : english
  }

  func consentMeans(_ means: ConsentMeans) -> String {
    let isDutch = language == .dutch
    return switch means {
    case .preferences: isDutch ? "op de eigen pagina" : "on the own page"
    case .unsubscribe: isDutch ? "met de link om af te melden" : "with the link to unsubscribe"
    case .confirmation:
      isDutch ? "bevestigd met de link in een mail" : "confirmed by the link in a mail"
    case .request: isDutch ? "gevraagd per mail" : "asked by mail"
    case .tracker: isDutch ? "op een pagina of in een app" : "on a page or in an app"
    case .server: isDutch ? "via een systeem" : "by a system"
    case .file: isDutch ? "uit een bestand" : "from a file"
    case .noted: isDutch ? "hier opgeschreven" : "written down here"
    case .existingCustomer:
      isDutch ? "bestaande klant, alle vijf voorwaarden" : "existing customer, all five conditions"
    }
  }

  func consentState(_ state: ConsentState) -> String {
    switch state {
    case .given: self["pvYes"]
    case .pending: self["pvPending"]
    case .refused: self["pvNo"]
    }
  }
}
