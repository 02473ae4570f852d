import CustomerJourney

/// All that the dashboard says, in both languages.
struct Wording: Sendable {
  let language: Language

  /// The word or sentence by its key; templates have them as `t.key`.
  subscript(key: String) -> String { table[key] ?? key }

  var table: [String: String] { language == .dutch ? Self.dutch : Self.english }

  static let english = Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.english) })
  static let dutch = Dictionary(uniqueKeysWithValues: entries.map { ($0.key, $0.dutch) })

  typealias Entry = (key: String, english: String, dutch: String)

  private static let entries: [Entry] =
    sourceEntries + segmentEntries + identityEntries + accessEntries + profileEntries
    + messageEntries + mailEntries + playEntries + companyEntries + privacyEntries + [
      // Around every page.
      ("skip", "Skip to the content", "Naar de inhoud"),
      (
        "simulated", "Simulated: these people do not exist.",
        "Gesimuleerd: deze mensen bestaan niet."
      ),
      ("mainNavigation", "Main", "Hoofdmenu"),
      ("language", "Language", "Taal"),
      ("map", "Map", "Kaart"),
      ("questions", "Questions", "Vragen"),
      ("customers", "Customers", "Klanten"),
      ("import", "Import", "Importeren"),
      ("sources", "Sources", "Bronnen"),
      ("pages", "Pages", "Pagina's"),
      ("previous", "Previous", "Vorige"),
      ("next", "Next", "Volgende"),
      ("data", "Data", "Gegevens"),
      ("image", "Picture (SVG)", "Plaatje (SVG)"),
      ("toTheMap", "To the map", "Naar de kaart"),
      // The filter.
      ("filter", "Filter", "Filter"),
      ("filterIsOn", "Filter is on", "Filter staat aan"),
      ("model", "Model", "Model"),
      ("period", "Period", "Periode"),
      ("from", "From", "Van"),
      ("to", "Until", "Tot en met"),
      ("show", "Show", "Toon"),
      ("clear", "Clear filter", "Wis filter"),
      ("allTime", "all time", "alle tijd"),
      ("filterByRule", "Filter by rule", "Filter met een regel"),
      ("who", "Customers for whom", "Klanten voor wie geldt"),
      ("whoHint", "is true of their whole journey", "over hun hele reis"),
      ("where", "Touchpoints where", "Contactmomenten waar"),
      ("whereHint", "keeps only these", "houdt alleen deze over"),
      // The map.
      ("journeyMap", "Journey map", "Klantreiskaart"),
      ("phases", "Phases", "Fasen"),
      ("channels", "Channels", "Kanalen"),
      ("nextStep", "What they do next", "Wat ze daarna doen"),
      ("content", "Content", "Inhoud"),
      ("timeInPhase", "Time in phase", "Tijd in de fase"),
      ("out", "out", "weg"),
      ("onTo", "on to", "verder naar"),
      ("backTo", "back to", "terug naar"),
      ("again", "again", "opnieuw"),
      ("nothingSeen", "nothing seen", "niets gezien"),
      ("noAttention", "no attention yet", "nog geen aandacht"),
      ("noContent", "no content known", "geen inhoud bekend"),
      ("legendLine", "channel, as thick as it is used", "kanaal, zo dik als het gebruikt wordt"),
      ("legendFlow", "customers changing channel", "klanten die van kanaal wisselen"),
      ("legendBack", "customers going back", "klanten die teruggaan"),
      (
        "legendGap", "customers are here, this channel no longer",
        "klanten zijn hier, dit kanaal niet meer"
      ),
      ("legendOut", "journeys that end here", "reizen die hier eindigen"),
      ("legend", "How to read this map", "Zo leest u deze kaart"),
      ("fewerChannels", "Fold the smallest channels", "Vouw de kleinste kanalen in"),
      ("asTable", "The map as a table", "De kaart als tabel"),
      ("phase", "Phase", "Fase"),
      ("channel", "Channel", "Kanaal"),
      ("ofAll", "Of all", "Van alle"),
      ("median", "Median time", "Mediane tijd"),
      ("touchpoints", "Touchpoints", "Contactmomenten"),
      ("stays", "Times entered", "Keer binnengekomen"),
      ("customersAndTouchpoints", "customers · touchpoints", "klanten · contactmomenten"),
      ("phaseByPhase", "Phase by phase", "Fase voor fase"),
      // A phase.
      ("medianTime", "Median time here", "Mediane tijd hier"),
      ("value", "Value", "Waarde"),
      ("origins", "Origins", "Herkomst"),
      ("devices", "Devices", "Apparaten"),
      ("events", "What happened", "Wat er gebeurde"),
      ("campaigns", "Campaigns", "Campagnes"),
      ("cameFrom", "Where they came from", "Waar ze vandaan kwamen"),
      ("wentTo", "Where they went", "Waar ze naartoe gingen"),
      ("journeyStarts", "their journey starts here", "hun reis begint hier"),
      ("journeyEnds", "their journey ends here", "hun reis eindigt hier"),
      ("whyHere", "Why touchpoints are in this phase", "Waarom contactmomenten in deze fase staan"),
      ("reason", "Reason", "Reden"),
      ("share", "Share", "Aandeel"),
      ("stayed", "stayed in the phase: no rule decided", "bleef in de fase: geen regel besliste"),
      ("measures", "Steer by", "Stuur op"),
      ("unknown", "unknown", "onbekend"),
      ("others", "others", "overige"),
      (
        "barsNote", "Customers in each row; behind the dot touchpoints or median time.",
        "Klanten per rij; achter de punt contactmomenten of mediane tijd."
      ),
      (
        "phaseEmpty",
        "Nobody is in this phase with this question. Choose a longer period or a wider rule, or add "
          + "data about it.",
        "Niemand is in deze fase met deze vraag. Kies een langere periode of een ruimere regel, of "
          + "voeg er gegevens over toe."
      ),
      // A customer.
      ("customer", "Customer", "Klant"),
      ("first", "First seen", "Eerst gezien"),
      ("last", "Last seen", "Laatst gezien"),
      ("during", "During", "Gedurende"),
      ("source", "Source", "Bron"),
      ("origin", "Origin", "Herkomst"),
      ("campaign", "Campaign", "Campagne"),
      ("device", "Device", "Apparaat"),
      ("event", "Event", "Gebeurtenis"),
      ("details", "Details", "Details"),
      ("glance", "The journey at a glance", "De reis in één oogopslag"),
      ("journey", "Touchpoints", "Contactmomenten"),
      ("noTouchpoints", "No touchpoints on this page.", "Geen contactmomenten op deze pagina."),
      ("search", "Search", "Zoek"),
      ("current", "Phase now", "Fase nu"),
      (
        "noCustomers", "No customer found. Check the spelling, or clear the search and the filter.",
        "Geen klant gevonden. Controleer de spelling, of wis de zoekopdracht en het filter."
      ),
      // Import.
      ("importAFile", "Import a file", "Importeer een bestand"),
      (
        "importLead",
        "Any export with a customer, a time and what happened will do: "
          + "orders, e-mails, visits, calls.",
        "Elke export met een klant, een tijd en wat er gebeurde is goed: bestellingen, e-mails, "
          + "bezoeken, telefoontjes."
      ),
      ("file", "File", "Bestand"),
      (
        "fileKinds",
        "CSV, JSON Lines, XES, a web server's log or events of a client, also as gz or zip, up to",
        "CSV, JSON Lines, XES, het log van een webserver of events van een client, ook als gz of "
          + "zip, tot"
      ),
      ("dropHere", "or drop it here", "of sleep het hierheen"),
      ("look", "Look at it first", "Bekijk het eerst"),
      (
        "nothingYet", "Nothing is stored until you have seen what it becomes.",
        "Er wordt niets opgeslagen tot u hebt gezien wat het wordt."
      ),
      (
        "readAs", "What this file holds was found out: it is read as",
        "Wat er in dit bestand staat is gevonden: het is gelezen als"
      ),
      ("columnsHeading", "What the columns are", "Wat de kolommen zijn"),
      ("column", "Column", "Kolom"),
      ("examples", "Examples", "Voorbeelden"),
      ("is", "Is", "Is"),
      ("constantsHeading", "For all rows", "Voor alle rijen"),
      (
        "constantsText", "For what no column says.", "Voor wat geen kolom zegt."
      ),
      ("fromColumn", "comes from a column", "komt uit een kolom"),
      ("lookAgain", "Look again", "Bekijk opnieuw"),
      ("storeIt", "Import all rows", "Importeer alle rijen"),
      ("firstRows", "The first rows as touchpoints", "De eerste rijen als contactmomenten"),
      ("time", "Time", "Tijd"),
      ("rejectedRows", "Rejected rows", "Afgewezen rijen"),
      ("line", "Line", "Regel"),
      ("why", "Why", "Waarom"),
      ("imported", "Imported", "Geïmporteerd"),
      ("rowsRead", "Rows read", "Rijen gelezen"),
      ("rowsStored", "Stored", "Opgeslagen"),
      ("rowsKnown", "Known already", "Al bekend"),
      ("rowsLeftOut", "Left out", "Weggelaten"),
      ("rowsRejected", "Rejected", "Afgewezen"),
      ("leftOutRows", "Rows left out", "Weggelaten rijen"),
      ("howMany", "Rows", "Rijen"),
      ("seeTheMap", "See the map", "Bekijk de kaart"),
      ("another", "Import another file", "Importeer nog een bestand"),
      ("allRejected", "All rejected rows with their reasons", "Alle afgewezen rijen met hun reden"),
      // Questions.
      ("funnel", "Funnel", "Trechter"),
      ("paths", "Paths", "Paden"),
      ("transitions", "Transitions", "Overgangen"),
      (
        "funnelLead", "How many customers take these steps in this order?",
        "Hoeveel klanten zetten deze stappen in deze volgorde?"
      ),
      (
        "pathsLead", "Which ways do customers take, and which of them end in what you want?",
        "Welke wegen nemen klanten, en welke eindigen in wat u wilt?"
      ),
      (
        "transitionsLead", "What comes straight after what?", "Wat komt direct na wat?"
      ),
      ("within", "Within", "Binnen"),
      ("withinHint", "such as 12h, 10d or 8w", "zoals 12h, 10d of 8w"),
      ("ask", "Ask", "Vraag"),
      ("step", "Step", "Stap"),
      ("ofFirst", "Of the first step", "Van de eerste stap"),
      ("ofBefore", "Of the step before", "Van de stap ervoor"),
      ("lost", "Lost", "Verloren"),
      ("mostLost", "most are lost here", "hier gaan de meesten verloren"),
      ("by", "By", "Per"),
      ("until", "Until the event", "Tot de gebeurtenis"),
      ("path", "Path", "Pad"),
      ("conversions", "Conversions", "Conversies"),
      ("fromTo", "From ↓ to →", "Van ↓ naar →"),
      ("total", "Total", "Totaal"),
      ("start", "start", "begin"),
      ("end", "end", "einde"),
      ("noAnswer", "No journeys fit this question.", "Er zijn geen reizen bij deze vraag."),
      (
        "cut", "Only the largest are shown; the data have all.",
        "Alleen de grootste staan hier; de gegevens hebben alle."
      ),
      (
        "matrixNote", "Shares are of what comes straight after the name at the left.",
        "Aandelen zijn van wat direct na de naam links komt."
      ),
      // Messages.
      ("whatToDo", "What to do:", "Wat u kunt doen:"),
      ("notFound", "Not found", "Niet gevonden"),
      ("wentWrong", "That did not work", "Dat lukte niet"),
      ("emptyHeading", "No journeys yet", "Nog geen reizen"),
      (
        "emptyWhat", "There are no touchpoints in this data folder. Four ways to get some:",
        "Er staan nog geen contactmomenten in deze map. Vier manieren om ze te krijgen:"
      ),
      ("emptyImport", "Import a file of your own", "Importeer een eigen bestand"),
      (
        "emptyImportText",
        "An export of your shop, mail program or till: you see what becomes of it first.",
        "Een export van uw winkel, mailprogramma of kassa: u ziet eerst wat ervan wordt."
      ),
      ("emptySource", "Connect a client", "Sluit een client aan"),
      (
        "emptySourceText",
        "Your website, app or shop sends its events here, with the client that you have already.",
        "Uw website, app of winkel stuurt zijn gebeurtenissen hierheen, met de client die u al hebt."
      ),
      ("emptyDemo", "Look at a real shop", "Bekijk een echte winkel"),
      (
        "emptyDemoText", "A year of 2,469 households of a grocer, with campaigns and baskets.",
        "Een jaar van 2.469 huishoudens van een kruidenier, met campagnes en mandjes."
      ),
      ("emptyCommand", "On the command line", "Op de opdrachtregel"),
      (
        "emptyCommandText", "For large files and for every night.",
        "Voor grote bestanden en voor elke nacht."
      ),
    ]
}
