import Access
import CustomerJourney
import Foundation
import JourneyEngine
import Orchestration
import Store

/// What a project sends: its secret for links, settings, contents, webhooks.
extension Workspace {
  /// Under which the store keeps the secret that links are signed with.
  static let linkKeyName = "link key"

  /// The project's secret, 32 bytes; made once.
  func linkKey() throws -> [UInt8] {
    let text =
      try store.setting(Self.linkKeyName)
      ?? store.setting(Self.linkKeyName, orSet: Secret.random().text)
    return Array(Secret(text: text).digest.prefix(32))
  }

  /// True for settings that are never shown.
  static func isSecret(_ name: String) -> Bool {
    [visitorKeyName, linkKeyName, "erasure key"].contains(name)
      || MailSetting.allCases.contains { $0.key == name && $0.isSecret }
      || (name.hasPrefix(webhookPrefix) && name.hasSuffix(secretSuffix))
  }

  /// Throws ``MailSettingProblem``.
  func mailSettings() throws -> MailSettings { try MailSettings(store.settings()) }

  /// Where the world reaches this server, without a slash at the end; nil while nobody said.
  func publicURL() throws -> String? { try store.setting(MailSetting.url.key) }

  func set(_ setting: MailSetting, to value: String?) throws {
    try store.set(setting.key, to: try value.map { try setting.checked($0) })
  }

  /// New DKIM keys, in the place of those that there are; all is kept together, or nothing. Throws
  /// ``MailSettingProblem``.
  func makeMailKeys(selector: String, _ deed: Deed) throws {
    try store.set(
      [
        MailSetting.selector.key: try MailSetting.selector.checked(selector),
        MailSetting.dkim.key: try DKIMKey.newRSA(),
        MailSetting.dkimEd25519.key: DKIMKey.newEd25519(),
      ], [deed])
  }

  // MARK: Contents

  /// Where a project's own contents stand, one YAML file each.
  var contentFolder: URL { folder.appending(path: "content") }

  /// All contents, by id, and what is wrong with those that cannot be read.
  func contents(_ snapshot: Snapshot) throws -> ContentCatalogue {
    let own =
      (try? FileManager.default.contentsOfDirectory(
        at: contentFolder, includingPropertiesForKeys: [.contentModificationDateKey, .fileSizeKey]))
      ?? []
    let files = own.filter { ["yaml", "yml"].contains($0.pathExtension) }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }.prefix(Limits.contents)
    return try contentLibrary.catalogue(Array(files), snapshot) { vocabulary(snapshot) }
  }

  /// What rules of contents may ask for: that of segments.
  func vocabulary(_ snapshot: Snapshot) -> RuleVocabulary {
    RuleVocabulary.filter(
      models: snapshot.models.models, segments: snapshot.segments.rules, hasCycles: false,
      currency: snapshot.journeys.currency)
  }

  // MARK: Webhooks

  static let webhookPrefix = "webhook "
  private static let secretSuffix = " secret"

  func webhook(_ name: String) throws -> Webhook? {
    guard let url = try store.setting(Self.webhookPrefix + name),
      let secret = try store.setting(Self.webhookPrefix + name + Self.secretSuffix)
    else { return nil }
    return Webhook(name: name, url: url, secret: secret)
  }

  func webhookNames() throws -> [String] {
    try store.settings().keys
      .filter { $0.hasPrefix(Self.webhookPrefix) && !$0.hasSuffix(Self.secretSuffix) }
      .map { String($0.dropFirst(Self.webhookPrefix.count)) }.sorted()
  }

  /// Nil takes it away.
  func set(_ name: String, webhook: Webhook?) throws {
    try store.set(Self.webhookPrefix + name, to: webhook?.url)
    try store.set(Self.webhookPrefix + name + Self.secretSuffix, to: webhook?.secret)
  }

  // MARK: Recipients

  /// Whom a message goes to, by what is known now of the customer whose the identity is now; nil when
  /// nobody is left.
  func recipient(
    of customer: Int64, data: String, language: Language? = nil, _ snapshot: Snapshot,
    at now: Timestamp
  ) throws -> Recipient? {
    guard let key = try store.customerKeys([customer])[customer],
      let identities = try store.identities(of: key), let owner = try store.customer(key: key)
    else { return nil }
    let traits = try store.traits(of: [owner])[owner] ?? [:]
    func text(_ name: String) -> String? {
      if case .text(let text)? = traits[name], !text.isEmpty { text } else { nil }
    }
    let keys = identities.identities.map(\.key)
    func identity(_ kind: IdentityKind) -> String? {
      keys.first { CustomerKey.kind(of: $0) == kind }.map {
        String($0.dropFirst(kind.prefix.count))
      }
    }
    let country = text("address.country") ?? text("country")
    let number = UInt32(exactly: owner)
    let ways = try ways(outOf: identities.customer, at: now)
    // Of this customer alone: a mail costs the same however many others there are.
    let grants = try store.consentGrants(of: [owner])
    return Recipient(
      email: (text("email") ?? identity(.email)).flatMap { MailAddress($0) },
      phone: text("phone").flatMap { PhoneNumber.normalised($0, country: country) }
        ?? identity(.phone),
      reader: Composing.Reader(traits: traits, data: data, language: language) { rule in
        guard let number, let journey = snapshot.journeys.journey(ofCustomer: number),
          let membership = try? snapshot.membership(rule)
        else { return false }
        return membership.holds(ofJourney: journey, at: now.milliseconds)
      },
      allowsTracking: (grants.known[owner] ?? grants.usual)
        .contains(ConsentGrant(channel: .email, purpose: "analytics")),
      ways: ways, oneClick: ways.unsubscribe)
  }

  /// The addresses by which a customer leaves all mails that need a yes, and chooses among them. None
  /// while nobody said where the world reaches this server.
  private func ways(outOf customer: String, at now: Timestamp) throws -> Composing.Ways {
    guard let url = try publicURL() else { return Composing.Ways() }
    let links = ConsentLinks(workspace: self)
    return Composing.Ways(
      unsubscribe: try links.path(.unsubscribe, of: customer, channel: .email, at: now).map {
        url + $0
      },
      preferences: try links.path(.preferences, of: customer, at: now).map { url + $0 })
  }

  /// Sends a mail that somebody waits for on a page. Blocks. Throws ``MailNotSent``.
  func sendNow(subject: String, text: String, to address: MailAddress) throws {
    let settings = try mailSettings()
    let mail = MailMessage(
      from: settings.sender, to: address, subject: subject, html: nil, text: text, date: .now,
      messageID: "\(UUID().uuidString.lowercased())@\(settings.sender.address.domain)",
      replyTo: settings.replyTo)
    let outcome = SMTPConnection(settings).send(
      try mail.bytes(sign: settings.signer), from: settings.bounces ?? settings.sender.address,
      to: address)
    switch outcome {
    case .accepted: return
    case .temporary(let reason), .permanent(let reason, _), .unknown(let reason):
      throw MailNotSent(reason: reason)
    }
  }

  /// Sends a mail by which somebody sees whether ours arrive, with what to look at in it. Blocks.
  /// Throws ``MailNotSent`` and ``MailSettingProblem``.
  func sendTest(to address: MailAddress, language: Language) throws {
    let settings = try mailSettings()
    let checks =
      [
        LocalizedText(
          en: "SPF, DKIM and DMARC say “pass” in the headers (Show original).",
          nl: "SPF, DKIM en DMARC zeggen “pass” in de headers (Origineel weergeven).")
      ] + settings.advice.map(\.text)
    let text = LocalizedText(
      en: "This is a test of \(settings.look.company).\n\nLook whether:\n",
      nl: "Dit is een test van \(settings.look.company).\n\nKijk of:\n")
    try sendNow(
      subject: "Test", text: text(language) + checks.map { "- \($0(language))\n" }.joined(),
      to: address)
  }

  /// Finds a closed address again.
  func digest(of address: MailAddress) throws -> [UInt8] {
    MailMark.digest(of: address.text, key: try linkKey())
  }

  /// Takes a report in: what became of a message, and whether its address is closed by that. False
  /// when it is none on a mail of ours.
  func take(report mail: String, at now: Timestamp) throws -> Bool {
    guard let report = MailReport(mail: mail, key: try linkKey()) else { return false }
    return try take(report, at: now)
  }

  /// The same of a report that was read; taking one twice does no harm. False when the message is gone.
  func take(_ report: MailReport, at now: Timestamp) throws -> Bool {
    guard let message = try store.message(report.message) else { return false }
    if let happening = report.happening {
      try store.note([MessageNote(message.id, happening)], at: now)
    }
    if report.closesAddress,
      let key = try store.customerKeys([message.intent.customer])[message.intent.customer],
      let identities = try store.identities(of: key),
      let owner = try store.customer(key: identities.customer)
    {
      let trait = try store.traits(of: [owner])[owner]?["email"]
      let texts =
        [trait?.description].compactMap(\.self)
        + identities.identities.map(\.key).filter { CustomerKey.kind(of: $0) == .email }
        .map { String($0.dropFirst(IdentityKind.email.prefix.count)) }
      // The one that the message went to is the customer's first; the report names it, too.
      for address in texts.prefix(1).compactMap({ MailAddress($0) }) {
        try store.suppress(
          .init(
            digest: try digest(of: address), address: address.text, reason: report.reason, at: now))
      }
    }
    if report.kind == .complaint { try store.append([try touchpoint(.spam, message, at: now)]) }
    return true
  }
}

extension Composing.Reader {
  /// A customer with these traits, for a message with data of its own.
  init(
    traits: [String: PropertyValue], data: String, language: Language?,
    holds: @escaping @Sendable (Rule) -> Bool
  ) {
    let said = ["language", "locale"].lazy.compactMap { name -> String? in
      if case .text(let text)? = traits[name], !text.isEmpty { text } else { nil }
    }.first
    self.init(
      values: ContentValue.object(traits.mapValues { ContentValue($0) })
        .overlaid(by: ContentValue(json: data) ?? .object([:])),
      language: language ?? said.flatMap { Language(rawValue: $0.prefix(2).lowercased()) },
      holds: holds)
  }
}

/// The server did not take a mail, or nobody knows whether it did.
struct MailNotSent: Error, CustomStringConvertible {
  let reason: MessageReason

  var description: String {
    "The mail server did not take the mail: \(reason.code) \(reason.detail)".trimmed
  }
}

/// What customers do with messages.
enum MessageAct {
  case opened, clicked(String), spam

  var event: EventName {
    switch self {
    case .opened: EventName("Message Opened")
    case .clicked: EventName("Message Clicked")
    case .spam: EventName("Message Marked as Spam")
    }
  }
}

extension Workspace {
  /// The touchpoint of a message's change, with an id that is the same however often it is made.
  func touchpoint(of change: Store.UntoldChange) -> Touchpoint? {
    guard let event = change.change.state.event else { return nil }
    return touchpoint(
      event, change.message, of: change.customer,
      id: "message-\(change.message.id)-\(change.number)", at: change.change.at)
  }

  /// The touchpoint of what a customer did. Opening counts once, a click once a link and minute.
  func touchpoint(
    _ act: MessageAct, _ message: Message, at now: Timestamp
  ) throws -> Touchpoint {
    let key = try store.customerKeys([message.intent.customer])[message.intent.customer] ?? ""
    let id: String
    switch act {
    case .opened: id = "message-\(message.id)-opened"
    case .spam: id = "message-\(message.id)-spam"
    case .clicked(let url):
      let digest = MailMark.digest(of: url, key: []).prefix(6)
        .map { String($0, radix: 16) }.joined()
      id = "message-\(message.id)-click-\(digest)-\(now.milliseconds / 60_000)"
    }
    var touchpoint = touchpoint(act.event, message, of: key, id: id, at: now)
    if case .clicked(let url) = act { touchpoint.properties["url"] = .text(url) }
    return touchpoint
  }

  private func touchpoint(
    _ event: EventName, _ message: Message, of customer: String, id: String, at: Timestamp
  ) -> Touchpoint {
    let intent = message.intent
    return Touchpoint(
      customer: customer, occurred: at, event: event, channel: intent.channel.touchpointChannel,
      messageID: id, source: "klantreis", campaign: intent.origin.play, content: intent.template,
      properties: Properties([
        "step": .text(intent.origin.step), "purpose": .text(intent.purpose.rawValue),
        "message": .number(Double(message.id)),
      ]),
      // The id alone tells one from another.
      clientTime: .epoch, claimant: .server)
  }
}
