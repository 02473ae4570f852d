import CustomerJourney

extension Wording {
  static let mailEntries: [Entry] = [
    ("mail", "Mail", "Mail"),
    (
      "mailLead", "Through which server messages go, from whom they come, and whether they arrive.",
      "Via welke server berichten gaan, van wie ze komen, en of ze aankomen."
    ),
    ("mailSetUp", "Set mail up", "Stel mail in"),
    ("mailSettings", "Mail settings", "Mail instellen"),
    ("mailState", "State", "Stand"),
    (
      "mailMissing", "What is still missing for mail that arrives:",
      "Wat nog ontbreekt voor mail die aankomt:"
    ),
    ("mailMend", "Go to it", "Ga erheen"),
    (
      "mailDone.saved", "Saved. Mails go by these settings from now on.",
      "Bewaard. Mails gaan vanaf nu zo."
    ),
    (
      "mailDone.keys", "New keys are made. Set their records below before you send much.",
      "Er zijn nieuwe sleutels. Zet eerst hun records hieronder, voor u veel verstuurt."
    ),
    (
      "mailNotSaved", "Nothing was saved. Look at:", "Er is niets bewaard. Kijk naar:"
    ),
    ("mailGroup.server", "Mail server", "Mailserver"),
    ("mailGroup.sender", "Sender", "Afzender"),
    ("mailGroup.look", "Look", "Uiterlijk"),
    ("mailGroup.sending", "Sending", "Versturen"),
    ("mailSecretSet", "set, not shown", "ingesteld, niet getoond"),
    ("mailSecretNotSet", "not set", "niet ingesteld"),
    ("mailSecretKeep", "Leave empty to keep it.", "Laat leeg om het te houden."),
    ("mailSecretRemove", "Take it away", "Haal het weg"),
    ("mailRecords", "DNS records", "DNS-records"),
    (
      "mailRecordsText",
      "By these, receivers see that mails are really yours. Set each as a TXT record where your "
        + "domain is managed, and wait until it can be seen before you send much.",
      "Hieraan zien ontvangers dat mails echt van u zijn. Zet elk als TXT-record waar uw domein "
        + "wordt beheerd, en wacht tot het te zien is voor u veel verstuurt."
    ),
    (
      "mailRecordsLater",
      "Fill in the server and the sender's address first: the records follow from them.",
      "Vul eerst de server en het adres van de afzender in: daar volgen de records uit."
    ),
    ("mailRecordName", "Name", "Naam"),
    ("mailRecordValue", "Value", "Waarde"),
    ("mailKeys", "Keys that sign mails (DKIM)", "Sleutels die mails ondertekenen (DKIM)"),
    (
      "mailKeysNone",
      "There are none yet: mails go out unsigned, and many receivers distrust them.",
      "Die zijn er nog niet: mails gaan ongetekend uit, en veel ontvangers wantrouwen ze."
    ),
    (
      "mailKeysThere",
      "Mails are signed. New keys sign at once: choose another name than now, so that mails on their "
        + "way can still be checked, and set the new records right away.",
      "Mails worden ondertekend. Nieuwe sleutels tekenen meteen: kies een andere naam dan nu, zodat "
        + "mails die onderweg zijn nog te controleren zijn, en zet de nieuwe records meteen."
    ),
    ("mailKeyName", "Name in DNS", "Naam in DNS"),
    (
      "mailKeySure", "Put them in the place of the keys that there are",
      "Zet ze in de plaats van de sleutels die er zijn"
    ),
    ("mailMakeKeys", "Make keys", "Maak sleutels"),
    ("mailComesBack", "What comes back", "Wat terugkomt"),
    ("mailTest", "Test", "Test"),
    (
      "mailTestText", "Sends one mail at once, by what is saved. It says what to look at.",
      "Stuurt meteen één mail, zoals het bewaard is. Daarin staat waar u op let."
    ),
    (
      "mailTestLater", "Mail must be able to go out before it can be tested.",
      "Eerst moet er mail uit kunnen, dan kan die getest worden."
    ),
    ("mailTestTo", "Your address", "Uw adres"),
    ("mailSendTest", "Send a test", "Stuur een test"),
    ("mailBadAddress", "That is no mail address.", "Dat is geen e-mailadres."),
    (
      "mailToDo.connection",
      "Check the server's name and port, the encryption and its certificate, and whether this machine "
        + "may reach it.",
      "Controleer naam en poort van de server, de versleuteling en het certificaat, en of deze "
        + "machine de server mag bereiken."
    ),
    (
      "mailToDo.unknown", "It may have arrived: look into the mailbox before you try again.",
      "Misschien is hij aangekomen: kijk in de postbus voor u het weer probeert."
    ),
    (
      "mailToDo.login", "Check the user and the password.",
      "Controleer de gebruiker en het wachtwoord."
    ),
    (
      "mailToDo.later", "The server asks to wait: try again in some minutes.",
      "De server vraagt te wachten: probeer het over enkele minuten weer."
    ),
    (
      "mailToDo.refused",
      "The server refuses this mail: check both addresses, and whether it may send for the sender.",
      "De server weigert deze mail: controleer beide adressen, en of hij voor de afzender mag versturen."
    ),
  ]

  func mailReady(from sender: String, by server: String) -> String {
    switch language {
    case .english: "Mail can be sent: from \(sender), by \(server)."
    case .dutch: "Er kan mail uit: van \(sender), via \(server)."
    }
  }

  func mailBack(to address: String) -> String {
    switch language {
    case .english:
      "Mails that cannot be delivered come back to \(address). Have a timer read that mailbox, so that "
        + "nothing more goes to addresses that do not exist:"
    case .dutch:
      "Wat niet bezorgd kan worden, komt terug bij \(address). Laat een timer die postbus lezen, zodat "
        + "er niets meer gaat naar adressen die niet bestaan:"
    }
  }

  func mailReports(at address: String, _ hasSecret: Bool) -> String {
    switch (language, hasSecret) {
    case (.english, true):
      "A mail service can post its reports to \(address), signed by the secret that is set."
    case (.english, false):
      "A mail service can post its reports to \(address) once the secret of reports is set."
    case (.dutch, true):
      "Een maildienst kan zijn meldingen sturen naar \(address), ondertekend met het ingestelde geheim."
    case (.dutch, false):
      "Een maildienst kan zijn meldingen sturen naar \(address), zodra het geheim van meldingen is ingesteld."
    }
  }

  func mailTestSent(to address: String) -> String {
    switch language {
    case .english: "The server took the mail to \(address). Look into that mailbox."
    case .dutch: "De server heeft de mail aan \(address) aangenomen. Kijk in die postbus."
    }
  }

  /// Why a test was not sent, in a sentence.
  func mailNotSent(_ reason: MessageReason) -> String {
    if reason.code == "no-answer" {
      return language == .dutch
        ? "Het is niet te zeggen of de mail verstuurd is: \(self.reason(reason))."
        : "Nobody can say whether the mail was sent: \(self.reason(reason))."
    }
    guard reason.code.hasPrefix("smtp-") else {
      return language == .dutch
        ? "De mail is niet verstuurd: \(self.reason(reason))."
        : "The mail was not sent: \(self.reason(reason))."
    }
    return language == .dutch
      ? "De mail is niet verstuurd; de server zei: \(reason.detail)"
      : "The mail was not sent; the server said: \(reason.detail)"
  }

  /// What to do when a test was not sent.
  func mailToDo(_ reason: MessageReason) -> String {
    let kind =
      switch (reason.code, reason.detail.prefix(3)) {
      case ("no-answer", _): "unknown"
      // RFC 4954: a login is needed, too weak, refused, or not encrypted.
      case (_, "530"), (_, "534"), (_, "535"), (_, "538"): "login"
      case (_, let code) where code.first == "4" && Int(code) != nil: "later"
      case (let code, _) where code.hasPrefix("smtp-"): "refused"
      default: "connection"
      }
    return self["mailToDo.\(kind)"]
  }
}
