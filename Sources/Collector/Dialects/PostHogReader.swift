import CustomerJourney

/// Reads single events of PostHog's clients.
struct PostHogReader {
  /// By the client's clock; nil where its times are to be kept.
  let sent: Timestamp?
  let received: Timestamp
  /// A request that is no larger than one event may be needs no measuring of its events.
  let mustMeasure: Bool

  func read(_ index: Int, _ item: JSONNode, into delivery: inout Delivery) {
    do {
      guard item.kind == .object else { throw EventFault("is no object") }
      if mustMeasure, item.byteCount > Limits.eventBytes {
        throw EventFault("is larger than \(Limits.eventBytes) bytes")
      }
      let members = try Members(item)
      let event = try event(index, members)
      delivery.events.append(event)
      // An event may say in passing what is known of the person.
      if event.act == .touchpoint, !event.traits.isEmpty {
        var profile = event
        profile.act = .identify
        profile.properties = PropertyList()
        delivery.events.append(profile)
      }
    } catch let fault as EventFault {
      delivery.rejected.append((index, fault.reason))
    } catch {
      delivery.rejected.append((index, "cannot be read"))
    }
  }

  /// The members of an event, found in one walk.
  private struct Members {
    var event: JSONNode?
    var id: JSONNode?
    var uuid: JSONNode?
    var timestamp: JSONNode?
    var offset: JSONNode?
    var properties: JSONNode?
    var set: JSONNode?
    var setOnce: JSONNode?

    init(_ item: JSONNode) throws {
      item.forEachMember { key, value in
        switch key.bytes.count {
        case 4: if key == "uuid" { uuid = value } else if key == "$set" { set = value }
        case 5: if key == "event" { event = value }
        case 6: if key == "offset" { offset = value }
        case 9:
          if key == "timestamp" { timestamp = value } else if key == "$set_once" { setOnce = value }
        case 10: if key == "properties" { properties = value }
        case 11: if key == "distinct_id" { id = value }
        // As some clients have it.
        case 12: if key == "$distinct_id" { id = id ?? value }
        default: break
        }
      }
      properties = try properties?.object("properties")
    }
  }

  private func event(_ index: Int, _ members: Members) throws -> ClientEvent {
    var event = ClientEvent(index: index)
    event.name = try members.event?.text("an event") ?? ""
    guard !event.name.isEmpty else { throw EventFault("has no event") }
    var facts = PostHogFacts()
    event.act =
      switch event.name {
      case "$identify", "$set": .identify
      case "$create_alias": .alias
      case "$groupidentify": .group
      default: .touchpoint
      }
    var commerce = CommerceFacts()
    try members.properties?.forEachMember { key, value in
      guard try !facts.note(key, value, into: &event) else { return }
      guard event.act == .touchpoint, !event.properties.isTooLong else { return }
      event.properties.add(key.text, value)
      try commerce.note(key, value)
    }
    // What is set only once comes first, so that what is set has the last word.
    for node in [members.setOnce, facts.setOnce, members.set, facts.set] {
      if let node { event.traits.addMembers(of: node) }
    }
    try readIdentity(members.id ?? facts.id, facts, into: &event)
    event.messageID = try members.uuid?.id("a uuid") ?? facts.insertID
    try readTime(members, into: &event)
    facts.finish(&event)
    if event.act == .touchpoint {
      event.amount = commerce.amount
      event.content = event.content ?? commerce.content(of: event.name)
    }
    return event
  }

  /// A client has one id for a person whether it knows them or not; other facts tell which it is.
  private func readIdentity(
    _ node: JSONNode?, _ facts: PostHogFacts, into event: inout ClientEvent
  ) throws {
    let id = try node?.id("a distinct_id")
    switch event.act {
    case .alias:
      guard let alias = facts.alias, !alias.isEmpty else { throw EventFault("has no alias") }
      event.userID = alias
      event.previousID = id
    case .group:
      guard let key = facts.groupKey, !key.isEmpty else { throw EventFault("has no $group_key") }
      event.account = key
      if let set = facts.groupSet { event.accountTraits.addMembers(of: set) }
      // Servers' clients make an id of the group's own, where nobody in it speaks.
      event.userID = id.flatMap { $0.hasPrefix("$") && $0.hasSuffix("_\(key)") ? nil : $0 }
    case .identify, .touchpoint:
      let isKnown =
        facts.isIdentified
        ?? (facts.userID != nil || event.name == "$identify"
          || !(facts.isPersonless || id == facts.deviceID))
      guard isKnown else { return event.anonymousID = id }
      event.userID = facts.userID ?? id
      // Of a visitor who was not known yet the device's id was the person's.
      let before = facts.anonymousID ?? facts.deviceID
      if before != event.userID { event.anonymousID = before }
    }
  }

  private func readTime(_ members: Members, into event: inout ClientEvent) throws {
    if let stated = try members.timestamp?.time("a timestamp") {
      event.occurred = stated.moment
      event.utcOffsetMinutes = event.utcOffsetMinutes ?? stated.utcOffsetMinutes
      event.sent = sent
    } else if let offset = members.offset?.number, abs(offset) < 1e15 {
      let milliseconds = Int64(offset.rounded())
      if event.messageID != nil {
        // How long ago it was when it was sent, and nothing else, which a retry says differently: the
        // clock begins at zero, and the id alone tells a retry.
        event.occurred = .epoch
        event.sent = Timestamp(milliseconds: milliseconds)
      } else {
        event.occurred = Timestamp(milliseconds: received.milliseconds - milliseconds)
      }
    }
  }
}

/// What PostHog's own properties say, those with a dollar sign above all. They become fields of the
/// event and are not kept a second time.
private struct PostHogFacts {
  var id: JSONNode?
  var userID: String?
  var anonymousID: String?
  var deviceID: String?
  var alias: String?
  var isIdentified: Bool?
  var isPersonless = false
  var insertID: String?
  var set: JSONNode?
  var setOnce: JSONNode?
  var groupKey: String?
  var groupSet: JSONNode?
  private var eventType: String?
  private var elementText: String?
  private var isLink = false
  private var screen: String?
  private var clientChannel: Channel?

  /// True when the property was one of PostHog's own and needs no place among the others.
  mutating func note(
    _ key: JSONKey, _ value: JSONNode, into event: inout ClientEvent
  ) throws -> Bool {
    switch key.bytes.first {
    case UInt8(ascii: "$"): return try noteOwn(key, value, into: &event)
    case UInt8(ascii: "u"): return noteTag(key, value, into: &event)
    default: break
    }
    if key == "distinct_id" {
      id = value
    } else if key == "token" {
      return true
    } else if key == "alias", event.act == .alias {
      alias = try value.id("an alias")
    } else if key == "title" {
      event.page.title = event.page.title ?? value.helpfulText
      return false
    } else {
      return false
    }
    return true
  }

  private mutating func noteOwn(
    _ key: JSONKey, _ value: JSONNode, into event: inout ClientEvent
  ) throws -> Bool {
    switch key.bytes.count {
    case 3:
      guard key == "$ip" || key == "$os" else { return false }
      if key == "$ip" { event.device.address = value.helpfulText }
      if key == "$os" { event.device.system = value.helpfulText }
    case 4:
      if key == "$set" {
        set = value
      } else if key == "$lib" {
        clientChannel = Self.channel(value.text ?? "")
        return false
      } else {
        return false
      }
    case 6:
      guard key == "$title" else { return false }
      event.page.title = value.helpfulText
    case 8:
      if key == "$browser" {
        event.device.browser = value.helpfulText
      } else if key == "$user_id" {
        userID = try value.id("a $user_id")
      } else if key == "$el_text" {
        elementText = value.helpfulText
        return false
      } else {
        return false
      }
    case 9:
      if key == "$referrer" {
        // Its clients write a word where there was no page before.
        event.page.referrer = value.text.map { $0 == "$direct" ? "" : $0 }
      } else if key == "$pathname" {
        event.page.path = value.helpfulText
      } else if key == "$set_once" {
        setOnce = value
      } else if key == "$timezone" {
        event.device.timeZone = value.helpfulText
      } else if key == "$elements" {
        // The path of elements in the page, of which the first is what was clicked.
        var isFirst = true
        value.forEachElement { element in
          if isFirst, element["tag_name"]?.text == "a" { isLink = true }
          if isFirst { elementText = elementText ?? element["$el_text"]?.helpfulText }
          isFirst = false
        }
      } else {
        return false
      }
    case 10:
      if key == "$device_id" {
        deviceID = value.idText
      } else if key == "$insert_id" {
        insertID = value.idText
      } else if key == "$group_key" {
        groupKey = try value.id("a $group_key")
      } else if key == "$group_set" {
        groupSet = try value.object("a $group_set")
      } else if key == "$useragent" {
        event.device.userAgent = value.helpfulText
      } else {
        return false
      }
    case 11:
      guard key == "$event_type" || key == "$user_agent" else { return false }
      if key == "$event_type" { eventType = value.helpfulText }
      if key == "$user_agent" { event.device.userAgent = value.helpfulText }
    default: return try noteLong(key, value, into: &event)
    }
    return true
  }

  private mutating func noteLong(
    _ key: JSONKey, _ value: JSONNode, into event: inout ClientEvent
  ) throws -> Bool {
    switch key.bytes.count {
    case 12:
      guard key == "$current_url" || key == "$screen_name" || key == "$device_type" else {
        return false
      }
      if key == "$current_url" { event.page.url = value.helpfulText }
      if key == "$screen_name" { screen = value.helpfulText }
      if key == "$device_type" { event.device.kind = value.helpfulText?.lowercased() }
    case 14:
      if key == "$is_identified" { isIdentified = value.flag } else { return false }
    case 15:
      if key == "$raw_user_agent" {
        event.device.userAgent = value.helpfulText
      } else if key == "$elements_chain" {
        if let bytes = value.bytes, let first = bytes.first {
          isLink = first == UInt8(ascii: "a") && (bytes.count == 1 || !bytes[1].isLetter)
        }
      } else {
        return false
      }
    case 16:
      guard key == "$timezone_offset", let minutes = value.integer,
        abs(minutes) <= Limits.utcOffsetMinutes
      else { return false }
      // A browser counts from here to UTC.
      event.utcOffsetMinutes = Int(-minutes)
    case 17:
      guard key == "$anon_distinct_id" || key == "$browser_language" else { return false }
      if key == "$anon_distinct_id" { anonymousID = value.idText }
      if key == "$browser_language" { event.device.language = value.helpfulText }
    case 19:
      if key == "$geoip_country_code" {
        event.device.country = value.helpfulText
      } else {
        return false
      }
    case 23:
      if key == "$process_person_profile" {
        isPersonless = value.flag == false
      } else {
        return false
      }
    default: return false
    }
    return true
  }

  private mutating func noteTag(
    _ key: JSONKey, _ value: JSONNode, into event: inout ClientEvent
  ) -> Bool {
    guard let text = value.helpfulText else { return false }
    if key == "utm_source" {
      event.campaign.source = text
    } else if key == "utm_medium" {
      event.campaign.medium = text
    } else if key == "utm_campaign" {
      event.campaign.name = text
    } else if key == "utm_term" {
      event.campaign.term = text
    } else if key == "utm_content" {
      event.campaign.content = text
    } else if key == "utm_id" {
      event.campaign.id = text
    } else {
      return false
    }
    return true
  }

  /// What needs all properties to be known.
  func finish(_ event: inout ClientEvent) {
    event.channel = clientChannel
    switch event.name {
    case "$screen": event.content = screen
    case "$autocapture":
      // Of what a library records by itself only forms and links have a name of their own.
      if eventType == "submit" {
        event.name = "Form Submitted"
      } else if eventType == "click", isLink {
        event.name = "Link Clicked"
      }
      if event.name != "$autocapture" { event.properties.add("originalEvent", "$autocapture") }
      event.content = elementText
    default: break
    }
  }

  /// Nil for a server's library, which speaks for any channel.
  private static func channel(_ library: String) -> Channel? {
    switch library {
    case "web", "js", "posthog-js": .website
    case "posthog-ios", "posthog-android", "posthog-flutter", "posthog-react-native":
      Channel(canonical: "App")
    default: nil
    }
  }
}

extension UInt8 {
  fileprivate var isLetter: Bool { (self | 32) &- 97 < 26 }
}
