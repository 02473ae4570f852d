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

  /// Judges one event: puts what it became into `batch`, or says why it is rejected, with a reason that
  /// holds nothing of the event.
  ///
  /// Takes what becomes part of the touchpoint out of the event, and makes the touchpoint where it
  /// stays, for copies of all their texts took a fifth of the time.
  package func judge(
    taking event: inout ClientEvent, of request: CollectorRequest,
    facts: ContextReader.RequestFacts, source: CollectorSource, into batch: inout CollectedBatch
  ) -> (kind: RejectedEvent.Kind, reason: String)? {
    do {
      if source.mapping.leavesOut(event) {
        batch.leftOut += 1
        return nil
      }
      // The client's own name of it.
      let name = event.name
      if !source.mapping.isPlain { source.mapping.apply(to: &event) }
      try accept(&event, named: name, of: request, facts, source: source, into: &batch)
      return nil
    } catch {
      return (error.kind, error.reason)
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

  /// `original` is the client's own name of it, before the source's mapping.
  private func accept(
    _ event: inout ClientEvent, named original: String, of request: CollectorRequest,
    _ sender: ContextReader.RequestFacts, source: CollectorSource,
    into batch: inout CollectedBatch
  ) throws(Fault) {
    let facts = context.facts(of: event, in: sender)
    if let bot = facts.bot, !source.mapping.keepsBots {
      throw Fault("was sent by a program: \(bot.rawValue)", kind: .bot)
    }
    let isBrowser = source.mapping.claimant == .browser
    if isBrowser, sender.privacyControl || event.refusesTracking(named: original) {
      guard event.hidePerson(on: request.received) else {
        batch.leftOut += 1
        return
      }
    }
    let (customer, alsoKnownAs) = try keys(event)
    let time = try time(event, received: request.received)
    guard
      !event.properties.isTooLong, !event.traits.isTooLong, !event.accountTraits.isTooLong
    else { throw Fault("has more than \(Limits.propertiesPerEvent) properties; send fewer") }
    let messageID = try messageID(event, customer: customer, request)
    guard event.act == .touchpoint else {
      let traits = event.traits.taken().dictionary
      let accountTraits = event.accountTraits.taken().dictionary
      guard [traits, accountTraits].allSatisfy({ $0.values.allSatisfy(\.isShortTrait) }) else {
        throw Fault("has a trait of more than \(Limits.traitBytes) bytes; send shorter ones")
      }
      let account = try event.account.map { id throws(Fault) in try name(id, "account") }
      claim(event, customer, time.occurred, nil, request, source, into: &batch)
      batch.profiles.append(
        ProfileChange(
          customer: customer, alsoKnownAs: alsoKnownAs, traits: traits,
          account: account, accountTraits: accountTraits,
          occurred: time.occurred, clientTime: time.client, received: request.received,
          messageID: messageID, source: source.name, claimant: source.mapping.claimant))
      return
    }
    let known = try name(event.name, "event")
    claim(event, customer, time.occurred, known, request, source, into: &batch)
    let arrival = Arrival.of(event, rules: source.mapping.origins)
    let campaign = try optionalName(arrival.tags.name, "campaign")
    let content = try content(event)
    let value = try value(event)
    event.properties.settle()
    facts.add(to: &event.properties)
    arrival.add(to: &event.properties)
    // Where it happened, when it is about something else than the page.
    if event.content != nil, let page = page(event) {
      event.properties.set("context.page", .text(page))
    }
    let eventName = Self.eventNames.value(of: known)
    let said = Self.cleaned(original)
    if eventName.name != said { event.properties.set("originalEvent", .text(said)) }
    batch.touchpoints.append(
      Touchpoint(
        customer: customer, occurred: time.occurred, event: eventName,
        channel: event.channel ?? source.mapping.channel ?? .website, messageID: messageID,
        source: source.name, received: request.received,
        utcOffsetMinutes: Self.utcOffsetMinutes(event, at: time.occurred),
        origin: arrival.origin, campaign: campaign, device: facts.device, content: content,
        value: value, properties: event.properties.taken(), alsoKnownAs: alsoKnownAs,
        clientTime: time.client, claimant: source.mapping.claimant))
  }

  // MARK: What the person allows

  /// Puts what the event says of consents beside it: an event that tells of a change, and what others
  /// tell of their time.
  private func claim(
    _ event: ClientEvent, _ customer: String, _ occurred: Timestamp, _ name: String?,
    _ request: CollectorRequest, _ source: CollectorSource, into batch: inout CollectedBatch
  ) {
    let isChange = name.map { Self.eventNames.value(of: $0).name == "Consent Changed" } ?? false
    guard isChange || !event.consents.isEmpty, !event.privacyControl else { return }
    let place = event.channel ?? source.mapping.channel ?? .website
    func text(_ path: String) -> String? {
      guard case .text(let text) = event.properties[path] else { return nil }
      return String(Self.cleaned(text).prefix(Limits.consentProofCharacters))
    }
    func add(_ purpose: String, _ isGiven: Bool, on channel: Channel) {
      let purpose = Self.cleaned(purpose)
      guard !purpose.isEmpty, purpose.utf8.count <= Limits.nameCharacters,
        channel.name.utf8.count <= Limits.nameCharacters
      else { return }
      batch.consents.append(
        ConsentClaim(
          customer: customer, purpose: purpose, channel: channel, isGiven: isGiven,
          happened: occurred, received: request.received, source: source.name,
          claimant: source.mapping.claimant,
          page: isChange ? text("page") ?? event.page.url.flatMap(PageAddress.path) : nil,
          words: isChange ? text("text") : nil, version: isChange ? text("version") : nil,
          isSaid: isChange))
    }
    var said: [(purpose: String, isGiven: Bool)] = []
    if isChange, let purpose = text("purpose"), case .flag(let isGiven) = event.properties["given"]
    {
      return add(purpose, isGiven, on: text("channel").map { Channel($0) } ?? place)
    }
    if isChange {
      for pair in event.properties.flags where !pair.path.contains(".") {
        said.append((pair.path, pair.flag))
      }
    }
    if said.isEmpty { said = event.consents }
    for (purpose, isGiven) in said.prefix(Limits.consentPurposes) {
      add(purpose, isGiven, on: place)
    }
  }

  // MARK: Who

  private func id(_ text: String?, _ what: StaticString) throws(Fault) -> String? {
    guard let text else { return nil }
    let id = Self.cleaned(text)
    guard id.utf8.count <= Limits.nameCharacters else {
      throw Fault("has a \(what) of more than \(Limits.nameCharacters) characters")
    }
    return JunkIdentity.isJunk(id) ? nil : id
  }

  private func keys(
    _ event: ClientEvent
  ) throws(Fault) -> (customer: String, alsoKnownAs: [String]) {
    let user = try id(event.userID, "user id").map(CustomerKey.user)
    let anonymous = try id(event.anonymousID, "anonymous id").map(CustomerKey.anonymous)
    guard let customer = user ?? anonymous else {
      // What is said of a company need be nobody's.
      if event.act == .group { return ("", []) }
      throw Fault("names no customer: send a user id or an anonymous id")
    }
    var others: [String] = []
    if user != nil, let anonymous { others.append(anonymous) }
    if let previous = try id(event.previousID, "previous id") {
      // The client doesn't say which kind it was.
      for key in [CustomerKey.user(previous), CustomerKey.anonymous(previous)]
      where key != customer && !others.contains(key) {
        others.append(key)
      }
    }
    if !event.traits.isEmpty { others += CustomerKey.keys(inTraits: { event.traits[$0] }) }
    if !event.otherKeys.isEmpty { others += event.otherKeys }
    return (customer, others)
  }

  // MARK: When

  private func time(
    _ event: ClientEvent, received: Timestamp
  ) throws(Fault) -> (occurred: Timestamp, client: Timestamp?) {
    guard let said = event.occurred else {
      // With an id of its own a retry is recognised whenever it comes.
      return (received, (event.messageID ?? "").isEmpty ? nil : .epoch)
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
    guard occurred.milliseconds - Limits.futureMilliseconds <= received.milliseconds else {
      throw Fault("happened more than a day from now: its time is wrong")
    }
    return (occurred, occurred == said ? nil : said)
  }

  private static func utcOffsetMinutes(_ event: ClientEvent, at moment: Timestamp) -> Int? {
    if let minutes = event.utcOffsetMinutes, minutes.magnitude <= Limits.utcOffsetMinutes {
      return minutes
    }
    return event.device.timeZone.flatMap { ZoneOffsets.minutes(zone: $0, at: moment) }
  }

  private func messageID(
    _ event: ClientEvent, customer: String, _ request: CollectorRequest
  ) throws(Fault) -> String {
    if let id = event.messageID, !id.isEmpty {
      // Bytes are counted faster, and are never fewer.
      guard
        id.utf8.count <= Limits.messageIDCharacters
          || id.unicodeScalars.count <= Limits.messageIDCharacters
      else {
        throw Fault("has a message id of more than \(Limits.messageIDCharacters) characters")
      }
      return id.withoutNUL
    }
    // Without an id, what says the same of the same moment by the client's clock is a retry. Where
    // the client has no clock either, every request is new.
    var bytes: [UInt8] = []
    bytes.reserveCapacity(512)
    func add(_ text: String?) {
      // Neither byte is in UTF-8, so that no text can look like the end of another or like none.
      if let text { bytes.append(contentsOf: text.utf8) } else { bytes.append(0xFE) }
      bytes.append(0xFF)
    }
    for part in [
      customer, event.previousID, event.account, event.name, event.page.url, event.content,
      event.amount?.currency, "\(event.act)", String(event.index),
    ] { add(part) }
    if let amount = event.amount { add(String(amount.number)) }
    if event.occurred == nil { add(String(request.number)) }
    for list in [event.properties, event.traits, event.accountTraits] {
      for pair in list.pairs {
        add(pair.path)
        add(pair.value.description)
      }
      add(nil)
    }
    let digits: StaticString = "0123456789abcdef"
    return String(unsafeUninitializedCapacity: 32) { text in
      for (at, byte) in SHA256.hash(data: bytes).prefix(16).enumerated() {
        text[at * 2] = digits.utf8Start[Int(byte >> 4)]
        text[at * 2 + 1] = digits.utf8Start[Int(byte & 15)]
      }
      return 32
    }
  }

  // MARK: What

  /// Finding the built-in name of a spelling costs more than all else.
  private static let eventNames = Remembered<EventName> { EventName($0) }

  private func name(_ text: String, _ what: StaticString) throws(Fault) -> String {
    let name = Self.cleaned(text)
    guard !name.isEmpty else { throw Fault("has no \(what)") }
    return try checked(name, what)
  }

  private func checked(_ name: String, _ what: StaticString) throws(Fault) -> String {
    guard name.utf8.count <= Limits.nameCharacters else {
      throw Fault("has \(what) of more than \(Limits.nameCharacters) characters")
    }
    return name
  }

  private func optionalName(_ text: String?, _ what: StaticString) throws(Fault) -> String? {
    guard let text else { return nil }
    let name = Self.cleaned(text)
    return name.isEmpty ? nil : try checked(name, what)
  }

  /// What the client states, else the page's path; of a longer path its beginning, since a person
  /// did see a page there.
  private func content(_ event: ClientEvent) throws(Fault) -> String? {
    try optionalName(event.content, "content") ?? page(event)
  }

  /// The path of the event's page; nil where it has none.
  private func page(_ event: ClientEvent) -> String? {
    guard
      let path = event.page.path.flatMap({ $0.isEmpty ? nil : $0 })
        ?? event.page.url.flatMap(PageAddress.path)
    else { return nil }
    let cleaned = Self.cleaned(path)
    guard cleaned.utf8.count > Limits.nameCharacters else {
      return cleaned.isEmpty ? nil : cleaned
    }
    return String(decoding: cleaned.utf8.prefix(Limits.nameCharacters - 3), as: UTF8.self)
  }

  private func value(_ event: ClientEvent) throws(Fault) -> Money? {
    guard let amount = event.amount else { return nil }
    var currency = currency
    if let said = amount.currency, said != currency.code {
      let code = said.trimmed
      if !code.isEmpty {
        guard let named = Currency(code) else { throw Fault("has a currency that doesn't exist") }
        currency = named
      }
    }
    guard amount.number.isFinite, abs(amount.number) <= Double(Limits.amount) else {
      throw Fault("has an amount of more than \(Limits.amount)")
    }
    return Money(
      minorUnits: Int64((amount.number * Double(currency.minorUnits)).rounded()),
      currency: currency)
  }

  /// Without white space at its ends, and without NUL.
  private static func cleaned(_ text: String) -> String {
    let isClean = text.utf8.withContiguousStorageIfAvailable { bytes in
      guard let first = bytes.first, let last = bytes.last else { return true }
      // All white space of ASCII is at most 32, and all other is not ASCII.
      return first > 32 && first < 128 && last > 32 && last < 128 && !bytes.holds(0)
    }
    return isClean == true ? text : text.trimmed.withoutNUL
  }
}
