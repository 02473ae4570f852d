import Crypto
package import CustomerJourney

/// Turns what clients sent into touchpoints and profile changes, the same way for every dialect:
/// times and clocks, limits, one vocabulary, context, origin, and the source's own mapping.
package struct Normaliser: Sendable {
  /// Of amounts that name no currency.
  package var currency: Currency
  package var context: ContextReader

  package init(currency: Currency = .eur, context: ContextReader = ContextReader()) {
    self.currency = currency
    self.context = context
  }

  /// What one event became.
  package enum Verdict: Sendable {
    case touchpoint(Touchpoint)
    case profile(ProfileChange)
    case rejected(RejectedEvent.Kind, reason: String)
  }

  /// Judges one event. Never throws: what cannot be used is rejected with a reason that holds
  /// nothing of the event.
  package func judge(
    _ event: ClientEvent, of request: CollectorRequest, source: CollectorSource
  ) -> Verdict {
    do {
      return try accepted(event, of: request, source: source)
    } catch {
      return .rejected(error.kind, reason: error.reason)
    }
  }

  private struct Fault: Error {
    var kind = RejectedEvent.Kind.rejected
    var reason: String
    init(_ reason: String, kind: RejectedEvent.Kind = .rejected) {
      self.kind = kind
      self.reason = reason
    }
  }

  private func accepted(
    _ original: ClientEvent, of request: CollectorRequest, source: CollectorSource
  ) throws(Fault) -> Verdict {
    var event = original
    source.mapping.apply(to: &event)
    let (customer, alsoKnownAs) = try keys(event)
    let time = try time(event, received: request.received)
    for list in [event.properties, event.traits, event.accountTraits] where list.isTooLong {
      throw Fault("has more than \(Limits.propertiesPerEvent) properties; send fewer")
    }
    let messageID = try messageID(event, customer: customer, request)
    guard event.act == .touchpoint else {
      return .profile(
        ProfileChange(
          customer: customer, alsoKnownAs: alsoKnownAs, traits: values(event.traits),
          account: try event.account.map { id throws(Fault) in try name(id, "account") },
          accountTraits: values(event.accountTraits), occurred: time.occurred,
          clientTime: time.client, received: request.received, messageID: messageID,
          source: source.name))
    }
    let known = try name(event.name, "event")
    let facts = context.facts(of: event, request)
    if let bot = facts.bot { throw Fault("was sent by a program: \(bot)", kind: .bot) }
    let visit = context.origin(of: event, mapping: source.mapping)
    var properties = values(event.properties)
    for (path, value) in facts.properties { properties[path] = .text(value) }
    let eventName = EventName(known)
    if eventName.name != known { properties["originalEvent"] = .text(known) }
    return .touchpoint(
      Touchpoint(
        customer: customer, occurred: time.occurred, event: eventName,
        channel: event.channel ?? source.mapping.channel ?? .website, messageID: messageID,
        source: source.name, received: request.received,
        utcOffsetMinutes: event.utcOffsetMinutes ?? facts.utcOffsetMinutes(at: time.occurred),
        origin: visit.origin,
        campaign: try visit.campaign.map { text throws(Fault) in try name(text, "campaign") },
        device: facts.device,
        content: try content(event).map { text throws(Fault) in try name(text, "content") },
        value: try value(event), properties: properties, alsoKnownAs: alsoKnownAs,
        clientTime: time.client))
  }

  // MARK: Who

  /// Words that programs write where there is no id; they would make one customer of many.
  private static let noIDs: Set<String> = [
    "", "null", "undefined", "none", "nil", "nan", "0", "-1", "guest", "anonymous", "unknown",
    "[object object]", "true", "false", "00000000-0000-0000-0000-000000000000",
  ]

  private func id(_ text: String?, _ what: String) throws(Fault) -> String? {
    guard let text = text?.trimmed else { return nil }
    guard text.utf8.count <= Limits.nameCharacters else {
      throw Fault("has a \(what) of more than \(Limits.nameCharacters) characters")
    }
    guard text.utf8.count > 36 || !Self.noIDs.contains(text.lowercased()) else { return nil }
    return Self.withoutNUL(text)
  }

  private func keys(
    _ event: ClientEvent
  ) throws(Fault) -> (customer: String, alsoKnownAs: [String]) {
    let user = try id(event.userID, "user id")
    let anonymous = try id(event.anonymousID, "anonymous id").map(CustomerKey.anonymous)
    guard let customer = user ?? anonymous else {
      throw Fault("names no customer: send a user id or an anonymous id")
    }
    var others: [String] = []
    if user != nil, let anonymous { others.append(anonymous) }
    if let previous = try id(event.previousID, "previous id") {
      // The client doesn't say which kind it was.
      others += [previous, CustomerKey.anonymous(previous)].filter { $0 != customer }
    }
    return (customer, others)
  }

  // MARK: When

  private func time(
    _ event: ClientEvent, received: Timestamp
  ) throws(Fault) -> (occurred: Timestamp, client: Timestamp?) {
    guard let said = event.occurred else {
      // With an id of its own a retry is recognised whenever it comes.
      return (received, event.messageID == nil ? nil : .epoch)
    }
    var occurred = said
    if let sent = event.sent {
      let (age, overflow) = sent.milliseconds.subtractingReportingOverflow(said.milliseconds)
      if !overflow, age >= 0 {
        let (moment, overflow) = received.milliseconds.subtractingReportingOverflow(age)
        if !overflow { occurred = Timestamp(milliseconds: moment) }
      }
    }
    guard occurred.milliseconds >= Limits.earliestMilliseconds else {
      throw Fault("happened before 1900: its time is wrong")
    }
    guard occurred.milliseconds <= received.milliseconds + Limits.futureMilliseconds else {
      throw Fault("happened more than a day from now: its time is wrong")
    }
    return (occurred, occurred == said ? nil : said)
  }

  private func messageID(
    _ event: ClientEvent, customer: String, _ request: CollectorRequest
  ) throws(Fault) -> String {
    if let id = event.messageID, !id.isEmpty {
      guard id.unicodeScalars.count <= Limits.messageIDCharacters else {
        throw Fault("has a message id of more than \(Limits.messageIDCharacters) characters")
      }
      return Self.withoutNUL(id)
    }
    // Without an id, what says the same of the same moment by the client's clock is a retry. Where
    // the client has no clock either, every request is new.
    var hash = SHA256()
    func add(_ text: String) {
      hash.update(data: Array(text.utf8))
      hash.update(data: [0])
    }
    for part in [customer, event.name, event.page.url ?? "", "\(event.index)"] { add(part) }
    if event.occurred == nil { add("\(request.number)") }
    for (path, value) in event.properties.pairs + event.traits.pairs {
      add(path)
      add(value.description)
    }
    return hash.finalize().prefix(16).map { byte in
      (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
  }

  // MARK: What

  private func name(_ text: String, _ what: String) throws(Fault) -> String {
    let name = Self.withoutNUL(text.trimmed)
    guard !name.isEmpty else { throw Fault("has no \(what)") }
    guard name.utf8.count <= Limits.nameCharacters else {
      throw Fault("has \(what) of more than \(Limits.nameCharacters) characters")
    }
    return name
  }

  private func content(_ event: ClientEvent) -> String? {
    if let content = event.content, !content.trimmed.isEmpty { return content }
    if let path = event.page.path, !path.isEmpty { return path }
    return event.page.url.flatMap(PageAddress.path)
  }

  private func value(_ event: ClientEvent) throws(Fault) -> Money? {
    guard let amount = event.amount else { return nil }
    var currency = currency
    if let code = amount.currency?.trimmed.uppercased(), !code.isEmpty {
      guard let named = Currency(code) else { throw Fault("has a currency that doesn't exist") }
      currency = named
    }
    guard amount.number.isFinite, abs(amount.number) <= Double(Limits.amount) else {
      throw Fault("has an amount of more than \(Limits.amount)")
    }
    return Money(
      minorUnits: Int64((amount.number * Double(currency.minorUnits)).rounded()),
      currency: currency)
  }

  private func values(_ list: PropertyList) -> [String: PropertyValue] {
    var values: [String: PropertyValue] = [:]
    values.reserveCapacity(list.pairs.count)
    for (path, value) in list.pairs {
      if case .text(let text) = value {
        values[Self.withoutNUL(path)] = .text(Self.withoutNUL(text))
      } else {
        values[Self.withoutNUL(path)] = value
      }
    }
    return values
  }

  /// SQLite ends a text at NUL.
  private static func withoutNUL(_ text: String) -> String {
    text.utf8.contains(0) ? text.replacing("\0", with: "\u{FFFD}") : text
  }
}

/// The path of a page's address: what identifies its content, without host, query and fragment.
package enum PageAddress {
  package static func path(_ url: String) -> String? {
    var rest = url[...]
    guard let scheme = rest.firstRange(of: "://") else {
      return rest.first == "/" ? String(rest.prefix { $0 != "?" && $0 != "#" }) : nil
    }
    rest = rest[scheme.upperBound...]
    guard let slash = rest.firstIndex(of: "/") else { return "/" }
    return String(rest[slash...].prefix { $0 != "?" && $0 != "#" })
  }
}
