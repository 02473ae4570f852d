import CustomerJourney
import Dashboard

extension PageSet {
  /// Mail in all its states, with a field of every kind.
  static func mail(_ language: Language) -> [(path: String, html: String)] {
    func text(_ en: String, _ nl: String) -> LocalizedText { LocalizedText(en: en, nl: nl) }
    func groups(_ isSet: Bool) -> [MailPage.Group] {
      func field(
        _ id: String, _ label: LocalizedText, _ help: LocalizedText,
        _ kind: MailPage.Field.Kind = .text(usual: ""), _ value: String = ""
      ) -> MailPage.Field {
        .init(id: id, label: label, help: help, kind: kind, value: isSet ? value : "")
      }
      return [
        .init(
          id: "server",
          fields: [
            field(
              "server", text("Server", "Server"),
              text("host or host:port of your mail server", "host of host:poort van uw mailserver"),
              .text(usual: "smtp.example.org"), "mx.shop.nl:9<9"),
            field(
              "security", text("Encryption", "Versleuteling"),
              text("how the connection is encrypted", "hoe de verbinding versleuteld wordt"),
              .choice([
                ("", text("As is usual at the port", "Zoals gebruikelijk bij de poort")),
                ("tls", text("TLS: from the start (465)", "TLS: vanaf het begin (465)")),
              ]), "tls"),
            field(
              "user", text("User", "Gebruiker"),
              text("the name to log in with", "de naam om mee in te loggen"),
              .text(usual: ""), "shop"),
            field(
              "password", text("Password", "Wachtwoord"),
              text("the password to log in with", "het wachtwoord om mee in te loggen"),
              .secret(isSet: isSet)),
          ]),
        .init(
          id: "look",
          fields: [
            field(
              "company", text("Company", "Bedrijf"),
              text("the name below mails", "de naam onder mails"), .text(usual: ""), "Kaas <b> BV"),
            field(
              "address", text("Postal address", "Postadres"),
              text("the postal address below mails", "het postadres onder mails"), .lines,
              "Straat 1\n1000 AA <Amsterdam>"),
          ]),
        .init(
          id: "sending",
          fields: [
            field(
              "tracking", text("Count opens and clicks", "Tel openen en klikken"),
              text(
                "counts opens and clicks of who allows it",
                "telt openen en klikken van wie dat goedvindt"), .tick, "yes")
          ]),
      ]
    }
    let why = text("Says which servers may send.", "Zegt welke servers mogen versturen.")
    let key =
      "v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA"
      + String(
        repeating: "x7Q", count: 110)
    var ready = MailPage(
      sender: "info@shop.nl", server: "mx.shop.nl:465",
      advice: [("address", text("A postal <address> is missing.", "Een <postadres> ontbreekt."))],
      groups: groups(true),
      records: [
        .init(kind: "SPF", name: "shop.nl", value: "v=spf1 mx a:mx.shop.nl ~all", why: why),
        .init(kind: "DKIM", name: "k._domainkey.shop.nl", value: key, why: why),
      ], hasKeys: true, selector: "klantreis", bounces: "bounces@shop.nl",
      reports: "https://reis.shop.nl/m/reports", hasReportsSecret: true, recipient: "me@shop.nl",
      test: .sent("me@shop.nl"))
    let done = ready
    ready.test = .failed(MessageReason("smtp-5.7.8", "535 5.7.8 <no>"))
    ready.done = "keys"
    func page(
      _ path: String, _ page: MailPage, _ problems: [FieldProblem] = []
    ) -> (path: String, html: String) {
      (path, Pages.mailPage(page, context(path, language, problems: problems)))
    }
    return [
      page("/messages/mail", done),
      page("/messages/mail-failed", ready),
      page(
        "/messages/mail-none",
        MailPage(
          problem: text("Nothing can be sent yet.", "Er kan nog niets uit."),
          groups: groups(false), selector: "klantreis")),
      page(
        "/messages/mail-problem", done,
        ["server", "password", "selector", "sure", "to"].map {
          FieldProblem(field: $0, message: "This takes <\($0)>.", text: "")
        }),
    ]
  }
}
