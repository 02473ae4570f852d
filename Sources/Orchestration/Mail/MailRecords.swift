package import CustomerJourney

/// The DNS records by which receivers see that mails are really ours, as a checklist.
package struct MailRecord: Hashable, Sendable {
  /// `SPF`, `DKIM`, `DMARC`.
  package var kind: String
  /// The name at which the TXT record stands.
  package var name: String
  package var value: String
  /// What it is for, in a sentence.
  package var why: String
}

extension MailSettings {
  package var records: [MailRecord] {
    let domain = sender.address.domain
    var records = [
      MailRecord(
        kind: "SPF", name: domain, value: "v=spf1 mx a:\(server.host) ~all",
        why: "Says which servers may send for \(domain). Where there is a record already, add "
          + "a:\(server.host), or what the provider of your mail server says, to it.")
    ]
    for key in signer?.keys ?? [] {
      records.append(
        MailRecord(
          kind: "DKIM", name: "\(key.selector)._domainkey.\(domain)", value: key.record,
          why: "The public part of the key that mails are signed with."))
    }
    records.append(
      MailRecord(
        kind: "DMARC", name: "_dmarc.\(domain)",
        value: "v=DMARC1; p=none; rua=mailto:\((bounces ?? sender.address).text)",
        why: "Says what receivers do with mails that are not ours. Begin with p=none, read the "
          + "reports, then go to quarantine and reject."))
    return records
  }

  /// What is still missing for mail that arrives, each a sentence; empty when nothing is.
  package var advice: [LocalizedText] {
    var advice: [LocalizedText] = []
    func say(_ en: String, _ nl: String) { advice.append(LocalizedText(en: en, nl: nl)) }
    if signer == nil {
      say(
        "Mails are not signed: `klantreis mail key` makes keys.",
        "Mails worden niet ondertekend: `klantreis mail key` maakt sleutels.")
    }
    if url == nil {
      say(
        "Readers cannot leave: `klantreis mail set url https://…`; until then no marketing mail "
          + "goes out.",
        "Lezers kunnen zich niet afmelden: `klantreis mail set url https://…`; tot dan gaat er geen "
          + "reclame uit.")
    }
    if look.address.isEmpty {
      say(
        "Commercial mail needs a postal address: `klantreis mail set address …`.",
        "In reclame hoort een postadres: `klantreis mail set address …`.")
    }
    if server.security == .none, !["127.0.0.1", "localhost"].contains(server.host) {
      say(
        "The connection is not encrypted: `klantreis mail set security starttls`.",
        "De verbinding is niet versleuteld: `klantreis mail set security starttls`.")
    }
    if bounces == nil {
      say(
        "Mails that cannot be delivered come back to \(sender.address.text): `klantreis mail set "
          + "bounces ADDRESS` sends them elsewhere.",
        "Wat niet bezorgd kan worden, komt terug bij \(sender.address.text): `klantreis mail set "
          + "bounces ADRES` stuurt het elders heen.")
    }
    return advice
  }
}
