package import CustomerJourney

/// What settings are called, in both languages. The command line says the English.
extension MailSetting {
  /// Its name on a page.
  package var label: LocalizedText {
    switch self {
    case .server: LocalizedText(en: "Server", nl: "Server")
    case .security: LocalizedText(en: "Encryption", nl: "Versleuteling")
    case .authority: LocalizedText(en: "Own certificates", nl: "Eigen certificaten")
    case .user: LocalizedText(en: "User", nl: "Gebruiker")
    case .password: LocalizedText(en: "Password", nl: "Wachtwoord")
    case .from: LocalizedText(en: "Sender's address", nl: "Adres van de afzender")
    case .name: LocalizedText(en: "Sender's name", nl: "Naam van de afzender")
    case .replyTo: LocalizedText(en: "Answers go to", nl: "Antwoorden gaan naar")
    case .bounces: LocalizedText(en: "What comes back goes to", nl: "Wat terugkomt, gaat naar")
    case .url: LocalizedText(en: "Address of this server", nl: "Adres van deze server")
    case .company: LocalizedText(en: "Company", nl: "Bedrijf")
    case .address: LocalizedText(en: "Postal address", nl: "Postadres")
    case .logo: LocalizedText(en: "Logo", nl: "Logo")
    case .accent: LocalizedText(en: "Colour", nl: "Kleur")
    case .selector: LocalizedText(en: "Name in DNS", nl: "Naam in DNS")
    case .dkim: LocalizedText(en: "RSA key", nl: "RSA-sleutel")
    case .dkimEd25519: LocalizedText(en: "Ed25519 key", nl: "Ed25519-sleutel")
    case .perDomain: LocalizedText(en: "Mails a minute", nl: "Mails per minuut")
    case .connections: LocalizedText(en: "Connections", nl: "Verbindingen")
    case .tracking: LocalizedText(en: "Count opens and clicks", nl: "Tel openen en klikken")
    case .repeatService: LocalizedText(en: "Repeat service mail", nl: "Herhaal servicemail")
    case .feedback: LocalizedText(en: "Feedback-ID", nl: "Feedback-ID")
    case .reportsSecret: LocalizedText(en: "Secret of reports", nl: "Geheim van meldingen")
    case .privateWebhooks: LocalizedText(en: "Private webhooks", nl: "Privéwebhooks")
    }
  }

  /// What it is, in a line.
  package var help: LocalizedText {
    switch self {
    case .server:
      LocalizedText(
        en: "host or host:port of your mail server", nl: "host of host:poort van uw mailserver")
    case .security:
      LocalizedText(
        en: "how the connection is encrypted: starttls, tls or none",
        nl: "hoe de verbinding versleuteld wordt: starttls, tls of none")
    case .authority:
      LocalizedText(
        en: "a file (PEM) with who vouches for your mail server",
        nl: "een bestand (PEM) met wie voor uw mailserver instaat")
    case .user: LocalizedText(en: "the name to log in with", nl: "de naam om mee in te loggen")
    case .password:
      LocalizedText(en: "the password to log in with", nl: "het wachtwoord om mee in te loggen")
    case .from:
      LocalizedText(en: "the address that mails come from", nl: "het adres waar mails van komen")
    case .name:
      LocalizedText(en: "the name that mails come from", nl: "de naam waar mails van komen")
    case .replyTo: LocalizedText(en: "where answers go", nl: "waar antwoorden heen gaan")
    case .bounces:
      LocalizedText(
        en: "where mails that cannot be delivered come back",
        nl: "waar mails terugkomen die niet bezorgd kunnen worden")
    case .url:
      LocalizedText(
        en: "the address under which the world reaches this server: https://…",
        nl: "het adres waaronder de wereld deze server bereikt: https://…")
    case .company: LocalizedText(en: "the name below mails", nl: "de naam onder mails")
    case .address:
      LocalizedText(en: "the postal address below mails", nl: "het postadres onder mails")
    case .logo:
      LocalizedText(
        en: "the address of a picture above mails", nl: "het adres van een plaatje boven mails")
    case .accent:
      LocalizedText(
        en: "the colour of buttons, as #2456c9", nl: "de kleur van knoppen, als #2456c9")
    case .selector:
      LocalizedText(en: "the selector of the DKIM keys", nl: "de selector van de DKIM-sleutels")
    case .dkim: LocalizedText(en: "an RSA key (PEM)", nl: "een RSA-sleutel (PEM)")
    case .dkimEd25519:
      LocalizedText(
        en: "an Ed25519 key (32 bytes in base64)", nl: "een Ed25519-sleutel (32 bytes in base64)")
    case .perDomain:
      LocalizedText(en: "mails a minute to one domain", nl: "mails per minuut naar één domein")
    case .connections:
      LocalizedText(
        en: "connections to the mail server at once",
        nl: "verbindingen met de mailserver tegelijk")
    case .tracking:
      LocalizedText(
        en: "counts opens and clicks of who allows it",
        nl: "telt openen en klikken van wie dat goedvindt")
    case .repeatService:
      LocalizedText(
        en: "repeats service mail when nobody knows whether it arrived",
        nl: "herhaalt servicemail als niemand weet of die aankwam")
    case .feedback:
      LocalizedText(
        en: "the sender's name in Feedback-ID", nl: "de naam van de afzender in Feedback-ID")
    case .reportsSecret:
      LocalizedText(
        en: "signs the reports on bounces and complaints that a mail service posts",
        nl: "ondertekent meldingen van een maildienst over wat terugkwam en over klachten")
    case .privateWebhooks:
      LocalizedText(
        en: "lets webhooks call addresses of this machine and its local network",
        nl: "laat webhooks adressen van deze machine en haar lokale netwerk aanroepen")
    }
  }

  /// What it takes, as the end of a sentence.
  var wanted: LocalizedText {
    switch self {
    case .server:
      LocalizedText(
        en: "a host, with a port where it isn't 587: smtp.example.org:465",
        nl: "een host, met een poort als die niet 587 is: smtp.example.org:465")
    case .security: LocalizedText(en: "starttls, tls or none", nl: "starttls, tls of none")
    case .authority:
      LocalizedText(
        en: "the path of a file with certificates (PEM) on this machine",
        nl: "het pad van een bestand met certificaten (PEM) op deze machine")
    case .from, .replyTo, .bounces: LocalizedText(en: "a mail address", nl: "een e-mailadres")
    case .url, .logo:
      LocalizedText(
        en: "an address that begins with https://", nl: "een adres dat met https:// begint")
    case .accent: LocalizedText(en: "a colour as #2456c9", nl: "een kleur als #2456c9")
    case .selector: LocalizedText(en: "letters, digits and “-”", nl: "letters, cijfers en “-”")
    case .dkim, .dkimEd25519: LocalizedText(en: "a private key", nl: "een privésleutel")
    case .perDomain:
      LocalizedText(en: "a number from 1 to 100000", nl: "een getal van 1 tot en met 100000")
    case .connections:
      LocalizedText(en: "a number from 1 to 16", nl: "een getal van 1 tot en met 16")
    case .tracking, .repeatService, .privateWebhooks:
      LocalizedText(en: "yes or no", nl: "ja of nee (yes of no)")
    case .reportsSecret:
      LocalizedText(
        en: "a text of one line with at least \(Limits.reportsSecretBytes) bytes",
        nl: "een tekst van één regel met ten minste \(Limits.reportsSecretBytes) bytes")
    case .address:
      LocalizedText(
        en: "a text of at most \(Limits.mailSettingBytes) bytes",
        nl: "een tekst van ten hoogste \(Limits.mailSettingBytes) bytes")
    case .user, .password, .name, .company, .feedback:
      LocalizedText(
        en: "a text of one line, of at most \(Limits.mailSettingBytes) bytes",
        nl: "een tekst van één regel, van ten hoogste \(Limits.mailSettingBytes) bytes")
    }
  }
}

/// Something about mail cannot be set, or is not yet.
package enum MailSettingProblem: Error, Hashable, CustomStringConvertible {
  case badKey
  case badValue(MailSetting)
  case missing([MailSetting])

  package var description: String {
    switch self {
    case .badKey:
      "The key cannot be read: give the PEM file of an RSA key of 1024 bits or more, or 32 bytes in "
        + "base64 for Ed25519. `klantreis mail key` makes new ones."
    case .badValue(let setting): "The setting \(setting.rawValue) takes \(setting.wanted.en)."
    case .missing(let settings):
      "Mail cannot be sent yet, for "
        + settings.map { "\($0.rawValue) (\($0.help.en))" }.joined(separator: " and ")
        + " is not set: `klantreis mail set \(settings.first?.rawValue ?? "from") VALUE`."
    }
  }

  /// For a page, where the fields have names and no command is needed.
  package var onPage: LocalizedText {
    switch self {
    case .badKey:
      LocalizedText(
        en: "A key that mails are signed with cannot be read: make new ones.",
        nl: "Een sleutel waarmee mails ondertekend worden, is niet te lezen: maak nieuwe.")
    case .badValue(let setting):
      LocalizedText(
        en: "This takes \(setting.wanted.en).",
        nl: "Hier hoort \(setting.wanted(.dutch)).")
    case .missing(let settings):
      LocalizedText(
        en: "Nothing can be sent yet. Still missing: "
          + settings.map { "“\($0.label.en)”" }.joined(separator: " and ") + ".",
        nl: "Er kan nog niets uit. Nog in te vullen: "
          + settings.map { "‘\($0.label(.dutch))’" }.joined(separator: " en ") + ".")
    }
  }
}
