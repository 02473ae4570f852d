import CustomerJourney

extension Wording {
  static let messageEntries: [Entry] = [
    ("messages", "Messages", "Berichten"),
    (
      "messagesLead", "What was sent, what wasn't, and why.",
      "Wat verstuurd is, wat niet, en waarom."
    ),
    (
      "noMessages", "There are no messages here.", "Hier zijn geen berichten."
    ),
    ("allMessages", "All", "Alle"),
    ("messageState", "State", "Stand"),
    ("what", "What", "Wat"),
    ("sendAgain", "Send again", "Verstuur opnieuw"),
    ("dueAt", "at {time}", "om {time}"),
    ("mailAdvice", "Mail is not complete yet", "De mail is nog niet compleet"),
    ("message.waiting", "waiting", "wacht"),
    ("message.claimed", "being sent", "wordt verstuurd"),
    ("message.sent", "sent", "verstuurd"),
    ("message.delivered", "delivered", "bezorgd"),
    ("message.bounced", "came back", "kwam terug"),
    ("message.refused", "refused", "geweigerd"),
    ("message.skipped", "not sent", "niet verstuurd"),
    ("message.unknown", "unknown", "onbekend"),
    ("message.dead", "given up", "opgegeven"),
    ("channel.email", "E-mail", "E-mail"),
    ("channel.sms", "Text message", "Sms"),
    ("channel.webhook", "Webhook", "Webhook"),
    ("channel.onsite", "On the website", "Op de website"),
    ("channel.audience", "Audience", "Doelgroep"),
    ("contents", "Contents", "Inhoud van berichten"),
    (
      "contentsLead",
      "What messages say, for each channel and language. See what somebody would get.",
      "Wat berichten zeggen, per kanaal en taal. Bekijk wat iemand zou krijgen."
    ),
    ("previewFor", "Preview for customer", "Voorbeeld voor klant"),
    (
      "previewForHint", "Any id of a customer; without one a sample is filled in.",
      "Een id van een klant; zonder id worden voorbeelden ingevuld."
    ),
    // Why a message stands where it stands.
    ("reason.no-consent", "no consent for this channel", "geen toestemming voor dit kanaal"),
    ("reason.suppressed", "the address is closed", "het adres is afgesloten"),
    ("reason.no-address", "no mail address is known", "er is geen e-mailadres bekend"),
    ("reason.no-phone", "no phone number is known", "er is geen telefoonnummer bekend"),
    ("reason.no-customer", "the customer is gone", "de klant is er niet meer"),
    (
      "reason.no-way-out", "readers could not unsubscribe",
      "lezers zouden zich niet kunnen uitschrijven"
    ),
    ("reason.no-content", "the content is missing", "de inhoud ontbreekt"),
    ("reason.bad-content", "the content has a mistake", "in de inhoud zit een fout"),
    (
      "reason.missing-value", "a value of the content is missing",
      "een waarde van de inhoud ontbreekt"
    ),
    ("reason.no-gateway", "there is no gateway for text messages", "er is geen gateway voor sms"),
    ("reason.no-webhook", "the webhook is missing", "de webhook ontbreekt"),
    (
      "reason.private-address", "the webhook is at a private address",
      "de webhook staat op een privéadres"
    ),
    ("reason.no-connection", "no connection to the server", "geen verbinding met de server"),
    (
      "reason.no-answer", "the connection ended before the answer",
      "de verbinding eindigde voor het antwoord"
    ),
    ("reason.rate", "this provider takes more later", "deze provider neemt later meer aan"),
    ("reason.complaint", "marked as spam", "als spam gemeld"),
    (
      "reason.stopped-while-sending", "the program stopped while it was sent",
      "het programma stopte tijdens het versturen"
    ),
    (
      "reason.stopped-before-sending", "the program stopped before it was sent",
      "het programma stopte voor het versturen"
    ),
  ]

  /// A reason in the reader's language where there are words for it, with what a server said.
  func reason(_ reason: MessageReason) -> String {
    let key = "reason.\(reason.code)"
    let known = self[key]
    let words = known == key ? reason.code : known
    return reason.detail.isEmpty ? words : "\(words): \(reason.detail)"
  }
}
