import Access
package import CustomerJourney
import Foundation

/// Sends what is due: claims, checks again, composes, hands over, and notes what became of it.
///
/// Knows no store: the executable gives it what it needs as ``Surroundings``.
package final class Delivery: Sendable {
  package struct Surroundings: Sendable {
    /// Claims up to so many messages that are due, until a moment.
    package var claim: @Sendable (Int, _ until: Timestamp, _ now: Timestamp) throws -> [Message]
    /// Notes what happened in one commit; nil for what no longer counts.
    package var note:
      @Sendable ([MessageNote], MessagePolicy, _ now: Timestamp) throws -> [MessageStanding?]
    /// Asked at the last moment, by plays and consent.
    package var check: @Sendable (Message, _ now: Timestamp) throws -> SendingCheck
    package var recipient: @Sendable (Message, MailSettings, _ now: Timestamp) throws -> Recipient?
    package var content: @Sendable (String) throws -> Content?
    package var isClosed: @Sendable (MailAddress) throws -> Bool
    package var close: @Sendable (MailAddress, MessageReason, _ now: Timestamp) throws -> Void
    /// A webhook by its name.
    package var webhook: @Sendable (String) throws -> Webhook?
    package var now: @Sendable () -> Timestamp

    package init(
      claim: @escaping @Sendable (Int, Timestamp, Timestamp) throws -> [Message],
      note:
        @escaping @Sendable ([MessageNote], MessagePolicy, Timestamp) throws ->
        [MessageStanding?],
      check: @escaping @Sendable (Message, Timestamp) throws -> SendingCheck,
      recipient: @escaping @Sendable (Message, MailSettings, Timestamp) throws -> Recipient?,
      content: @escaping @Sendable (String) throws -> Content?,
      isClosed: @escaping @Sendable (MailAddress) throws -> Bool,
      close: @escaping @Sendable (MailAddress, MessageReason, Timestamp) throws -> Void,
      webhook: @escaping @Sendable (String) throws -> Webhook?,
      now: @escaping @Sendable () -> Timestamp
    ) {
      self.claim = claim
      self.note = note
      self.check = check
      self.recipient = recipient
      self.content = content
      self.isClosed = isClosed
      self.close = close
      self.webhook = webhook
      self.now = now
    }
  }

  private let surroundings: Surroundings
  private let settings: MailSettings
  private let key: [UInt8]
  private let rates: DomainRates

  /// `key` is the project's secret for links.
  package init(
    _ surroundings: Surroundings, settings: MailSettings, key: [UInt8], rates: DomainRates
  ) {
    self.surroundings = surroundings
    self.settings = settings
    self.key = key
    self.rates = rates
  }

  /// What one message needs to leave, or what becomes of it instead.
  package enum Prepared: Sendable {
    case mail([UInt8], to: MailAddress)
    case call(Webhook, body: String)
    case ended(MessageHappening)
  }

  /// Sends what is due now with one connection, and returns how many messages were handled. Blocks.
  /// Between two messages it is asked whether to go on; what is left then is let go when its lease ends.
  package func sendDue(
    limit: Int = Limits.messagesPerClaim, while goesOn: () -> Bool = { true }
  ) throws -> Int {
    let began = surroundings.now()
    let lease = began.adding(seconds: Limits.messageLeaseSeconds)
    let messages = try surroundings.claim(limit, lease, began)
    guard !messages.isEmpty else { return 0 }
    let connection = SMTPConnection(settings)
    // What became of the last one is written with the handing over of the next: one commit a message.
    var notes: [MessageNote] = []
    for message in messages where goesOn() {
      let now = surroundings.now()
      // What is left of the claim is let go in time, so that nobody else sends it meanwhile.
      guard now.adding(seconds: Int64(Limits.sendSeconds)) < lease else { break }
      let claim = message.standing.claim
      let (prepared, asOf) = preparedOrFailed(message, at: now)
      if case .ended(let happening) = prepared {
        notes.append(MessageNote(message.id, claim: claim, happening))
        continue
      }
      notes.append(MessageNote(message.id, claim: claim, .handedOver, asOf: asOf))
      let standings = try surroundings.note(notes, settings.policy, now)
      notes = []
      guard standings.last??.isHandedOver == true else { continue }
      notes = send(prepared, connection).map { MessageNote(message.id, claim: claim, $0) }
    }
    if !notes.isEmpty { _ = try surroundings.note(notes, settings.policy, surroundings.now()) }
    return messages.count
  }

  /// What goes wrong with one message holds up no other, and loses nothing of what became of the last.
  private func preparedOrFailed(
    _ message: Message, at now: Timestamp
  ) -> (prepared: Prepared, asOf: CustomerMark?) {
    do {
      return try prepare(message, at: now)
    } catch {
      // The kind alone: what an error says may name somebody.
      return (.ended(.failedForNow(MessageReason("not-made", "\(type(of: error))"))), nil)
    }
  }

  /// What a message needs to leave now, or what becomes of it instead; and what was known of the
  /// customer when it was decided that it may.
  package func prepare(
    _ message: Message, at now: Timestamp
  ) throws -> (prepared: Prepared, asOf: CustomerMark?) {
    switch try surroundings.check(message, now) {
    case .putOff(let until, let reason): (.ended(.putOff(until: until, reason)), nil)
    case .skip(let reason): (.ended(.skipped(reason)), nil)
    case .send(let asOf): (try made(message, at: now), asOf)
    }
  }

  private func made(_ message: Message, at now: Timestamp) throws -> Prepared {
    guard let recipient = try surroundings.recipient(message, settings, now) else {
      return .ended(.skipped(MessageReason("no-customer")))
    }
    guard let content = try surroundings.content(message.intent.template) else {
      // Somebody may put it there; until then it is not lost.
      return .ended(.failedForNow(MessageReason("no-content", message.intent.template)))
    }
    let composing = Composing(look: settings.look)
    do {
      switch message.intent.channel {
      case .email: return try mail(message, content, recipient, composing, now)
      case .sms: return try text(message, content, recipient, composing)
      case .webhook: return try call(message, content, recipient, composing)
      case .onsite, .audience:
        // These are fetched by others; nothing leaves from here.
        return .ended(.skipped(MessageReason("not-sent-from-here")))
      }
    } catch let problem as ComposingProblem {
      return .ended(.skipped(problem.reason))
    }
  }

  private func mail(
    _ message: Message, _ content: Content, _ recipient: Recipient, _ composing: Composing,
    _ now: Timestamp
  ) throws -> Prepared {
    guard let address = recipient.email else {
      return .ended(.skipped(MessageReason("no-address")))
    }
    if try surroundings.isClosed(address) { return .ended(.skipped(MessageReason("suppressed"))) }
    if message.intent.purpose == .marketing, recipient.oneClick == nil {
      return .ended(.skipped(MessageReason("no-way-out", "set mail url first")))
    }
    var mail = try composing.mail(
      content, for: recipient.reader, variant: message.intent.variant, ways: recipient.ways)
    // The last check, for it counts.
    if let until = rates.take(
      address.domain, perMinute: settings.perDomainMinute, at: now)
    {
      return .ended(.putOff(until: until, MessageReason("rate")))
    }
    if settings.isTracking, recipient.allowsTracking, let url = settings.url {
      mail.html = TrackedLinks(
        url: url, key: key, message: message.id,
        expires: now.adding(seconds: Limits.trackedLinkSeconds)
      ).tracked(mail.html, leaving: recipient.ways)
    }
    let mark = MailMark.text(message.id, key: key)
    var mime = MailMessage(
      from: settings.sender, to: address, subject: mail.subject, html: mail.html, text: mail.text,
      date: now, messageID: "\(mark)@\(settings.sender.address.domain)",
      unsubscribe: recipient.oneClick, replyTo: settings.replyTo)
    mime.feedbackID = settings.feedback.map {
      "\(message.intent.origin.play):\(message.intent.template):\(mail.variant):\($0)"
    }
    return .mail(try mime.bytes(sign: settings.signer), to: address)
  }

  private func text(
    _ message: Message, _ content: Content, _ recipient: Recipient, _ composing: Composing
  ) throws -> Prepared {
    guard let phone = recipient.phone else { return .ended(.skipped(MessageReason("no-phone"))) }
    guard let gateway = try surroundings.webhook("sms") else {
      return .ended(.failedForNow(MessageReason("no-gateway", "add the webhook sms")))
    }
    let text = try composing.text(
      content, for: recipient.reader, variant: message.intent.variant)
    return .call(
      gateway,
      body: Self.json([
        "id": String(message.id), "to": phone, "text": text.text, "from": settings.sender.name,
        "language": text.language.rawValue,
      ]))
  }

  private func call(
    _ message: Message, _ content: Content, _ recipient: Recipient, _ composing: Composing
  ) throws -> Prepared {
    let name = ContentValue(json: message.intent.data)?["webhook"]?.filled ?? "default"
    guard let webhook = try surroundings.webhook(name) else {
      return .ended(.failedForNow(MessageReason("no-webhook", "add the webhook \(name)")))
    }
    if let payload = try composing.payload(content, for: recipient.reader) {
      return .call(webhook, body: payload)
    }
    return .call(
      webhook,
      body: Self.json([
        "id": String(message.id), "play": message.intent.origin.play,
        "step": message.intent.origin.step, "data": message.intent.data,
      ]))
  }

  private static func json(_ members: [String: String]) -> String {
    let parts = members.sorted { $0.key < $1.key }.map { name, value in
      var out = "\"\(name)\":\""
      ContentEscaping.write(value, .json, to: &out)
      return out + "\""
    }
    return "{\(parts.joined(separator: ","))}"
  }

  private func send(_ prepared: Prepared, _ connection: SMTPConnection) -> [MessageHappening] {
    switch prepared {
    case .mail(let bytes, let address):
      let outcome = connection.send(
        bytes, from: settings.bounces ?? settings.sender.address, to: address)
      if case .permanent(let reason, isGone: true) = outcome {
        do {
          try surroundings.close(address, reason, surroundings.now())
        } catch {
          // The refusal itself is noted; the next try to that address closes it.
        }
      }
      return [outcome.happening]
    case .call(let webhook, let body):
      let happening = webhook.call(
        body: body, at: surroundings.now(), allowsPrivate: settings.allowsPrivateWebhooks)
      // Who answered has it.
      return happening == .accepted ? [.accepted, .delivered] : [happening]
    case .ended(let happening): return [happening]
    }
  }
}
