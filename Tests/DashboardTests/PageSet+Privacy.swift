import Access
import CustomerJourney
import Dashboard

extension PageSet {
  /// The pages about consent and privacy, those of customers among them.
  static func privacy(_ language: Language) -> [(path: String, html: String)] {
    func outside(_ path: String) -> PageContext {
      var context = context(path, language)
      context.reader = nil
      return context
    }
    let purposes = ConsentPurpose.usual
    let said = [
      ConsentEntry(
        key: "ann", purpose: "marketing", channel: .email, state: .given,
        happened: Timestamp(seconds: 1_750_000_000), means: .confirmation, by: "customer",
        page: "/confirm", words: "Offers <b>", version: "2"),
      ConsentEntry(
        key: "ann", purpose: "marketing", channel: Channel("SMS"), state: .pending,
        happened: Timestamp(seconds: 1_750_000_500), means: .request, by: "<b>Bo</b>"),
      ConsentEntry(
        key: "ann", purpose: "analytics", channel: .website, state: .refused,
        happened: Timestamp(seconds: 1_750_000_900), means: .tracker, by: "shop"),
    ]
    let standings = ConsentStanding.all(of: said, asked: purposes)
    var samples = Samples(seed: 11)
    var timeline = TimelinePage(
      timeline: samples.timeline(Samples.stdc, touchpoints: 4), model: Samples.stdc,
      profile: Samples.profile)
    timeline.messages = Array(Self.messageRows.prefix(7))
    timeline.consent = ConsentCard(
      key: "ann", standings: standings, entries: said, purposes: purposes)
    let receipt = ErasureReceipt(
      receipt: "E-7K2M9Q1XAB", asked: Timestamp(seconds: 1_750_000_000), by: "Ann <b>",
      keepsJourney: true, finished: Timestamp(seconds: 1_750_000_001),
      counts: ["identity": 4, "trait": 7, "touchpointKept": 31],
      backupsUntil: Timestamp(seconds: 1_757_000_000))
    var going = receipt
    going.receipt = "E-00000AAAAA"
    going.finished = nil
    let privacy = PrivacyPage(
      counts: standings.map { ($0.grant, 1_204, 311, 7) }, purposes: purposes,
      retention: Retention(), outlived: [.rejectedEvents: 12_040, .backups: 1],
      receipts: [receipt, going])
    let records = RecordsPage(
      written: ["controller": "Kaas <b> BV"], purposes: purposes, sources: ["shop", "crm"],
      traits: ["email", "name"], retention: Retention())
    let export = ExportPage(
      customer: "ann <b>", made: Timestamp(seconds: 1_750_000_000),
      sections: [
        .init(
          name: "Traits", columns: ["Trait", "Value", "Source", "Since"],
          rows: [["name", "<script>", "crm", "2025-01-01 01:00:00"]]),
        .init(name: "message", columns: [], rows: [["channel=email; play=<b>"]]),
        .init(name: "Empty", columns: ["Key"], rows: []),
      ], json: "/customers/ann/export?format=json")
    return [
      ("/customers/ann", Pages.timelinePage(timeline, context("/customers/ann", language))),
      ("/privacy", Pages.privacyPage(privacy, context("/privacy", language))),
      (
        "/privacy/records", Pages.recordsPage(records, context("/privacy/records", language))
      ),
      (
        "/customers/ann/erase",
        Pages.erasePage(ErasePage(key: "ann"), context("/customers/ann/erase", language))
      ),
      (
        "/customers/ann/erased",
        Pages.erasePage(
          ErasePage(key: "ann", receipt: receipt), context("/customers/ann/erased", language))
      ),
      (
        "/customers/ann/export",
        Pages.exportPage(export, context("/customers/ann/export", language))
      ),
      (
        "/preferences/x",
        Pages.publicPage(
          .preferences(token: "x", asked: purposes, standings: standings, isDone: true),
          outside("/preferences/x"))
      ),
      (
        "/unsubscribe/x",
        Pages.publicPage(
          .unsubscribe(
            token: "x", what: "Offers <b>", isDone: false, preferences: "/preferences/x"),
          outside("/unsubscribe/x"))
      ),
      (
        "/confirm/x",
        Pages.publicPage(
          .confirmation(token: "x", what: "Offers <b>", state: .asks), outside("/confirm/x"))
      ),
      ("/preferences/over", Pages.publicPage(.over, outside("/preferences/over"))),
    ]
  }
}
