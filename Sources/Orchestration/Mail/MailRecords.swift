package import CustomerJourney

/// The DNS records by which receivers see that mails are really ours, as a checklist.
package struct MailRecord: Hashable, Sendable {
  /// `SPF`, `DKIM`, `DMARC`.
  package var kind: String
  /// The name at which the TXT record stands.
  package var name: String
  package var value: String
  /// What it is for, in a sentence.
  package var why: LocalizedText
}

/// Something that is still missing for mail that arrives.
package struct MailAdvice: Hashable, Sendable {
  /// What mends it.
  package var setting: MailSetting
  package var text: LocalizedText

  package static let noURL = MailAdvice(
    setting: .url,
    text: LocalizedText(
      en: "Readers cannot leave, so no marketing mail goes out: say where the world reaches this "
        + "server.",
      nl: "Lezers kunnen zich niet afmelden, dus er gaat geen reclame uit: zeg waar de wereld deze "
        + "server bereikt."))

  /// What mends it on the command line.
  package var command: String {
    setting == .dkim ? "klantreis mail key" : "klantreis mail set \(setting.rawValue) VALUE"
  }
}

extension MailSettings {
  package var records: [MailRecord] {
    let domain = sender.address.domain
    let isAddress = server.host.utf8.allSatisfy { $0 == 46 || (48...57).contains($0) }
    let place = "\(isAddress ? "ip4" : "a"):\(server.host)"
    var records = [
      MailRecord(
        kind: "SPF", name: domain, value: "v=spf1 mx \(place) ~all",
        why: LocalizedText(
          en: "Says which servers may send for \(domain). Where there is a record already, add "
            + "\(place), or what the provider of your mail server says, to it.",
          nl:
            "Zegt welke servers voor \(domain) mogen versturen. Is er al een record, voeg daar dan "
            + "\(place) aan toe, of wat de aanbieder van uw mailserver zegt."))
    ]
    for key in signer?.keys ?? [] {
      records.append(
        MailRecord(
          kind: "DKIM", name: "\(key.selector)._domainkey.\(domain)", value: key.record,
          why: LocalizedText(
            en: "The public part of the key that mails are signed with.",
            nl: "Het openbare deel van de sleutel waarmee mails ondertekend worden.")))
    }
    records.append(
      MailRecord(
        kind: "DMARC", name: "_dmarc.\(domain)",
        value: "v=DMARC1; p=none; rua=mailto:\((bounces ?? sender.address).text)",
        why: LocalizedText(
          en: "Says what receivers do with mails that are not ours. Begin with p=none, read the "
            + "reports, then go to quarantine and reject.",
          nl: "Zegt wat ontvangers doen met mails die niet van ons zijn. Begin met p=none, lees de "
            + "rapporten, en ga dan naar quarantine en reject.")))
    return records
  }

  /// What is still missing for mail that arrives; empty when nothing is.
  package var advice: [MailAdvice] {
    var advice: [MailAdvice] = []
    func say(_ setting: MailSetting, _ en: String, _ nl: String) {
      advice.append(MailAdvice(setting: setting, text: LocalizedText(en: en, nl: nl)))
    }
    if signer == nil {
      say(
        .dkim, "Mails are not signed: make keys.",
        "Mails worden niet ondertekend: maak sleutels.")
    }
    if url == nil { advice.append(.noURL) }
    if look.address.isEmpty {
      say(
        .address, "Commercial mail needs a postal address.", "In reclame hoort een postadres.")
    }
    if server.security == .none, !["127.0.0.1", "localhost"].contains(server.host) {
      say(
        .security, "The connection is not encrypted: choose starttls or tls.",
        "De verbinding is niet versleuteld: kies starttls of tls.")
    }
    if bounces == nil {
      say(
        .bounces,
        "Mails that cannot be delivered come back to \(sender.address.text): a mailbox of their own "
          + "is easier to read.",
        "Wat niet bezorgd kan worden, komt terug bij \(sender.address.text): een eigen postbus is "
          + "makkelijker te lezen.")
    }
    return advice
  }
}
