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
  package var advice: [String] {
    var advice: [String] = []
    if signer == nil { advice.append("Mails are not signed: `klantreis mail key` makes keys.") }
    if url == nil {
      advice.append(
        "Readers cannot leave: `klantreis mail set url https://…`; until then no marketing mail "
          + "goes out.")
    }
    if look.address.isEmpty {
      advice.append("Commercial mail needs a postal address: `klantreis mail set address …`.")
    }
    if server.security == .none, !["127.0.0.1", "localhost"].contains(server.host) {
      advice.append("The connection is not encrypted: `klantreis mail set security starttls`.")
    }
    if bounces == nil {
      advice.append(
        "Mails that cannot be delivered come back to \(sender.address.text): `klantreis mail set "
          + "bounces ADDRESS` sends them elsewhere.")
    }
    return advice
  }
}
