import CustomerJourney

/// What the pages of sources say.
extension Wording {
  static let sourceEntries: [Entry] = [
    (
      "sourcesLead", "Every client that sends events here has a source with a key of its own.",
      "Elke client die hier gebeurtenissen aanlevert heeft een bron met een eigen sleutel."
    ),
    (
      "noSources",
      "There are no sources yet. Make one, and give its key to your website, app or shop.",
      "Er zijn nog geen bronnen. Maak er een, en geef de sleutel aan uw website, app of winkel."
    ),
    ("writeKey", "Write key", "Schrijfsleutel"),
    ("state", "State", "Stand"),
    ("on", "on", "aan"),
    ("off", "off", "uit"),
    ("onLong", "On: events are taken in", "Aan: gebeurtenissen worden opgenomen"),
    ("offLong", "Off: events are refused", "Uit: gebeurtenissen worden geweigerd"),
    ("turnOn", "Turn on", "Zet aan"),
    ("turnOff", "Turn off", "Zet uit"),
    ("lastEvent", "Last event", "Laatste gebeurtenis"),
    ("bots", "By bots", "Door bots"),
    ("newSource", "Make a source", "Maak een bron"),
    ("makeSource", "Make it", "Maak"),
    ("name", "Name", "Naam"),
    ("nameHint", "such as shop or newsletter", "zoals winkel of nieuwsbrief"),
    (
      "keyHint", "empty for a random one; or the app id or site id that your client has",
      "leeg voor een willekeurige; of het app-id of site-id dat uw client heeft"
    ),
    ("copy", "Copy", "Kopieer"),
    ("copied", "Copied", "Gekopieerd"),
    ("howToSend", "How to send events here", "Zo stuurt u gebeurtenissen hierheen"),
    (
      "moreClients", "RudderStack, Snowplow, Matomo, PostHog, GA4 and CloudEvents: docs/collect.md",
      "RudderStack, Snowplow, Matomo, PostHog, GA4 en CloudEvents: docs/collect.md"
    ),
    ("snippetTracker", "On a website", "Op een website"),
    ("snippetPython", "In a Python program", "In een Python-programma"),
    ("snippetCurl", "On the command line", "Op de opdrachtregel"),
    ("lastEvents", "Last events", "Laatste gebeurtenissen"),
    ("liveOn", "Live: new events appear by themselves.", "Live: nieuwe verschijnen vanzelf."),
    (
      "liveOff", "Not connected. Trying again.", "Geen verbinding. Wordt opnieuw geprobeerd."
    ),
    ("livePaused", "Paused.", "Gepauzeerd."),
    ("liveReload", "Load the page again for newer ones.", "Laad de pagina opnieuw voor nieuwere."),
    ("pause", "Pause", "Pauzeer"),
    ("resume", "Go on", "Ga door"),
    (
      "noEvents", "No events of this source yet. Send one as shown above; it appears here.",
      "Nog geen gebeurtenissen van deze bron. Stuur er een zoals hierboven; hij verschijnt hier."
    ),
    ("mappingHeading", "Its own names", "Eigen namen"),
    (
      "mappingText",
      "Says what the client's own names mean, for events from now on and for those that are read "
        + "again. docs/collect.md has the form.",
      "Zegt wat de eigen namen van de client betekenen, voor gebeurtenissen vanaf nu en voor die "
        + "welke opnieuw gelezen worden. docs/collect.md heeft de vorm."
    ),
    ("mappingField", "Mapping (YAML)", "Vertaling (YAML)"),
    ("save", "Save", "Bewaar"),
    ("rejectedEvents", "Rejected events", "Afgewezen gebeurtenissen"),
    (
      "rejectedText", "Kept as they came, so that they can be read again when the cause is mended.",
      "Bewaard zoals ze kwamen, om opnieuw te lezen als de oorzaak weg is. De redenen zijn in het "
        + "Engels."
    ),
    ("onThisPage", "On this page", "Op deze pagina"),
    ("mappingExample", "An example", "Een voorbeeld"),
    ("noRejected", "None.", "Geen."),
    ("botEvents", "Events by bots", "Gebeurtenissen door bots"),
    (
      "botText", "Sent by programs that visit pages by themselves; kept apart from journeys.",
      "Gestuurd door programma's die zelf pagina's bezoeken; apart gehouden van de reizen."
    ),
    ("noBots", "None.", "Geen."),
    ("whatCame", "What came in", "Wat er binnenkwam"),
    ("replayedMark", "read again and stored", "opnieuw gelezen en opgeslagen"),
    ("older", "Older ones", "Oudere"),
    ("replay", "Read again", "Lees opnieuw"),
    ("replayText", "What is good now is stored, once.", "Wat nu goed is wordt eenmaal opgeslagen."),
    (
      "replayBotsText", "Stores them once the mapping says bots: keep.",
      "Slaat ze op zodra er bots: keep in de vertaling staat."
    ),
  ]

  func leftOut(_ count: Int) -> String {
    let count = Format(language: language).count(count)
    return language == .dutch
      ? "Weggelaten door de vertaling sinds de server startte: \(count)."
      : "Left out by the mapping since the server started: \(count)."
  }

  func replayed(read: Int, mended: Int, rejected: Int) -> String {
    let format = Format(language: language)
    let (read, mended, rejected) = (
      format.count(read), format.count(mended), format.count(rejected)
    )
    return language == .dutch
      ? "\(read) opnieuw gelezen: \(mended) zijn nu goed, \(rejected) nog afgewezen."
      : "Read \(read) again: \(mended) are good now, \(rejected) still rejected."
  }
}
