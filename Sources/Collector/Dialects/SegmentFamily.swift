import CustomerJourney

/// Reads the events of Segment's HTTP API and of those that took its form over.
///
/// A request is walked once. What its outer context says is read into a template, of which every
/// event begins as a copy and then lets its own context have the last word.
struct SegmentFamily {
  /// The kinds of event, by the last part of the path or the member `type`.
  enum Kind: String, CaseIterable {
    case track, page, screen, identify, group, alias
  }

  /// What differs between Segment and RudderStack, where both share a path.
  enum Variant: String {
    case segment, rudderstack
  }

  static let eventBytes = 32_768
  static let batchBytes = 512_000
  static let eventsPerBatch = 2_500
  /// A message id has fewer characters than this.
  static let messageIDCharacters = 100

  /// Of a request to a path of one kind of event; nil for a batch.
  var kind: Kind?
  /// RudderStack's own paths say by themselves who speaks.
  var variant = Variant.segment

  // MARK: A request

  func delivery(of body: [UInt8]) throws -> Delivery {
    do {
      return try JSONDocument.read(body) { root in try delivery(of: root, bytes: body.count) }
    } catch let problem as JSONProblem {
      throw Refusal.malformed(reason: "its body is no JSON: \(problem.reason)")
    }
  }

  private func delivery(of root: JSONNode, bytes: Int) throws -> Delivery {
    guard root.kind == .object else { throw Refusal.malformed(reason: "it is no JSON object") }
    var reading = Reading(
      template: Template(client: SegmentClient(variant: variant)),
      mustMeasure: bytes > Self.eventBytes)
    reading.delivery.keys = root["writeKey"]?.text.map { [$0] } ?? []
    if let kind {
      reading.add(0, root, kind: kind)
    } else {
      guard let batch = root["batch"], batch.kind == .array else {
        throw Refusal.malformed(reason: "it has no array named batch")
      }
      if let context = root["context"] {
        // It is kept with every event of the batch that is rejected.
        guard context.byteCount <= Self.eventBytes else {
          throw Refusal.malformed(reason: "its context is larger than \(Self.eventBytes) bytes")
        }
        reading.template.read(context)
      }
      reading.template.sent = root["sentAt"].flatMap { try? $0.time("sentAt") }?.moment
      reading.delivery.events.reserveCapacity(min(batch.toldCount, Self.eventsPerBatch))
      var index = 0
      try batch.forEachElement { item in
        guard index < Self.eventsPerBatch else {
          throw Refusal.tooMany(events: Self.eventsPerBatch)
        }
        reading.add(index, item, kind: nil)
        index += 1
      }
    }
    let isRudder = reading.isRudder || variant == .rudderstack
    guard isRudder || bytes <= Self.batchBytes else {
      throw Refusal.tooLarge(bytes: Self.batchBytes)
    }
    reading.delivery.variant = isRudder ? Variant.rudderstack.rawValue : nil
    return reading.delivery
  }

  /// Bodies with only the event of each index, without keys and addresses; empty where there is none.
  func singles(_ indices: [Int], of body: [UInt8]) -> [[UInt8]] {
    let secrets: Set<String> = ["ip", "writeKey"]
    let texts: [String]? = try? JSONDocument.read(body) { root in
      guard kind == nil else { return indices.map { _ in root.json(leavingOut: secrets) } }
      var items: [JSONNode] = []
      root["batch"]?.forEachElement { items.append($0) }
      var outer = ""
      for name in ["context", "sentAt"] as [StaticString] {
        if let node = root[name] { outer += ",\"\(name)\":\(node.json(leavingOut: secrets))" }
      }
      return indices.map { index in
        guard items.indices.contains(index) else { return "" }
        return "{\"batch\":[\(items[index].json(leavingOut: secrets))]\(outer)}"
      }
    }
    return texts?.map { Array($0.utf8) } ?? indices.map { _ in [] }
  }

  /// What all events of a request begin with.
  private struct Template {
    var event = ClientEvent()
    var client: SegmentClient
    var sent: Timestamp?
    /// True when nothing was read into ``event``.
    var isEmpty = true

    mutating func read(_ context: JSONNode) {
      isEmpty = false
      client.read(context, into: &event)
    }
  }

  private struct Reading {
    var template: Template
    /// A request that is no larger than one event may be needs no measuring of its events.
    let mustMeasure: Bool
    var delivery = Delivery()
    var isRudder = false

    init(template: Template, mustMeasure: Bool) {
      self.template = template
      self.mustMeasure = mustMeasure
    }

    mutating func add(_ index: Int, _ item: JSONNode, kind: Kind?) {
      // Made where it stays: an event has many texts, and moving and copying them took as long as
      // reading them.
      let place = delivery.events.count
      delivery.events.append(template.isEmpty ? ClientEvent() : template.event)
      do {
        guard item.kind == .object else { throw EventFault("is no object") }
        var members = SegmentMembers(item)
        if let kind { members.kind = kind }
        delivery.events[place].index = index
        var client = template.client
        try members.read(into: &delivery.events[place], client: &client, sent: template.sent)
        if client.isRudder { isRudder = true }
        let limit = client.isRudder ? Limits.eventBytes : SegmentFamily.eventBytes
        if mustMeasure, !item.isWithin(bytes: limit) {
          throw EventFault("is larger than \(limit) bytes")
        }
        return
      } catch let fault as EventFault {
        delivery.rejected.append((index, fault.reason))
      } catch {
        delivery.rejected.append((index, "cannot be read"))
      }
      delivery.events.removeLast()
    }
  }
}

/// The members of one event, found in one walk and read when all are known: they come in any order.
private struct SegmentMembers {
  var kind: SegmentFamily.Kind?
  private var type: JSONNode?
  private var name: JSONNode?
  private var event: JSONNode?
  private var category: JSONNode?
  private var userID: JSONNode?
  private var anonymousID: JSONNode?
  private var previousID: JSONNode?
  private var groupID: JSONNode?
  private var messageID: JSONNode?
  private var timestamp: JSONNode?
  private var originalTimestamp: JSONNode?
  private var sentAt: JSONNode?
  private var channel: JSONNode?
  private var context: JSONNode?
  private var properties: JSONNode?
  private var traits: JSONNode?

  init(_ item: JSONNode) {
    item.forEachMember { key, value in
      switch key.bytes.count {
      case 4: if key == "type" { type = value } else if key == "name" { name = value }
      case 5: if key == "event" { event = value }
      case 6:
        if key == "userId" {
          userID = value
        } else if key == "traits" {
          traits = value
        } else if key == "sentAt" {
          sentAt = value
        }
      case 7:
        if key == "context" {
          context = value
        } else if key == "channel" {
          channel = value
        } else if key == "groupId" {
          groupID = value
        }
      case 8: if key == "category" { category = value }
      case 9:
        if key == "messageId" { messageID = value } else if key == "timestamp" { timestamp = value }
      case 10:
        if key == "properties" {
          properties = value
        } else if key == "previousId" {
          previousID = value
        }
      case 11: if key == "anonymousId" { anonymousID = value }
      case 17: if key == "originalTimestamp" { originalTimestamp = value }
      default: break
      }
    }
  }

  func read(
    into event: inout ClientEvent, client: inout SegmentClient, sent: Timestamp?
  ) throws {
    let kind = try kind ?? statedKind()
    let context = try context?.object("a context")
    if let context { client.read(context, into: &event) }
    client.channel = channel?.helpfulText ?? client.channel
    event.userID = try userID?.id("a userId")
    event.anonymousID = try anonymousID?.id("an anonymousId")
    event.messageID = try statedMessageID()
    try readTimes(into: &event, isRudder: client.isRudder, sent: sent)
    event.channel = client.eventChannel
    switch kind {
    case .track:
      event.name = try self.event?.text("an event") ?? ""
      try readProperties(into: &event, isPage: false)
      // The published e-mail events come from whatever program sends the mails.
      if event.name.hasPrefix("Email ") { event.channel = .email }
    case .page, .screen:
      event.name = kind == .page ? EventName.pageViewed.name : "Screen Viewed"
      event.channel = event.channel ?? (kind == .page ? .website : Channel("App"))
      try readProperties(into: &event, isPage: true)
      let ownName = try name?.text("a name") ?? event.properties["name"]?.description
      if let ownName, !ownName.isEmpty { event.content = ownName }
      if event.properties["category"] == nil {
        event.properties.add("category", try category?.text("a category"))
      }
    case .identify:
      event.act = .identify
      // RudderStack's clients send the traits in the context, Segment's beside it.
      if let traits = context?["traits"] {
        event.traits.addMembers(of: traits)
      }
      if let traits = try traits?.object("traits") { event.traits.addMembers(of: traits) }
    case .group:
      event.act = .group
      guard let id = try groupID?.id("a groupId"), !id.isEmpty else {
        throw EventFault("has no groupId")
      }
      event.account = id
      if let traits = try traits?.object("traits") { event.accountTraits.addMembers(of: traits) }
    case .alias:
      event.act = .alias
      guard let id = try previousID?.id("a previousId"), !id.isEmpty else {
        throw EventFault("has no previousId")
      }
      event.previousID = id
    }
  }

  private func statedKind() throws -> SegmentFamily.Kind {
    // The most frequent one without making a text of it.
    if let bytes = type?.bytes, JSONKey(bytes: bytes) == "track" { return .track }
    guard let text = try type?.text("a type") else { throw EventFault("has no type") }
    guard let kind = SegmentFamily.Kind(rawValue: text) else {
      throw EventFault("has a type that is not track, page, screen, identify, group or alias")
    }
    return kind
  }

  private func statedMessageID() throws -> String? {
    guard let id = try messageID?.id("a messageId") else { return nil }
    let most = SegmentFamily.messageIDCharacters
    guard id.utf8.count < most || id.unicodeScalars.count < most else {
      throw EventFault("has a messageId of \(most) characters or more")
    }
    return id
  }

  /// Segment takes the difference of clocks out of the client's time; RudderStack does so only for
  /// what it calls the original timestamp, and keeps one that the client supplied.
  private func readTimes(into event: inout ClientEvent, isRudder: Bool, sent: Timestamp?) throws {
    let supplied = try timestamp?.time("a timestamp")
    let original = try originalTimestamp?.time("an originalTimestamp")
    guard let stated = isRudder ? supplied ?? original : original ?? supplied else { return }
    event.occurred = stated.moment
    event.utcOffsetMinutes = stated.utcOffsetMinutes
    if isRudder, supplied != nil { return }
    event.sent = sentAt.flatMap { try? $0.time("a sentAt") }?.moment ?? sent
  }

  private func readProperties(into event: inout ClientEvent, isPage: Bool) throws {
    guard let properties = try properties?.object("properties") else { return }
    var commerce = CommerceFacts()
    try properties.forEachMember { key, value in
      guard !event.properties.isTooLong else { return }
      event.properties.add(key.bytes, value)
      if isPage {
        SegmentClient.readPage(key, value, into: &event.page)
      } else {
        try commerce.note(key, value)
      }
    }
    guard !isPage else { return }
    event.amount = commerce.amount
    event.content =
      event.channel == .email || event.name.hasPrefix("Email ")
      ? event.properties["email_subject"]?.description : commerce.content(of: event.name)
  }
}
