import CustomerJourney

/// The Measurement Protocol of Google Analytics 4, with its route that only checks.
package struct GA4Dialect: Dialect {
  package let name = "ga4"
  package var paths: [String] { ["/mp/collect", Self.debugPath] }
  /// The protocol's 130 KB.
  package var bodyBytes: Int { 133_120 }

  private static let debugPath = "/debug/mp/collect"

  /// Events of one request; those past it are rejected, and past four times as many the request.
  static let eventsPerRequest = 25
  private static let mostEvents = 100
  /// Characters of an event's name.
  static let nameCharacters = 40

  package init() {}

  package func keys(of request: CollectorRequest) -> [String] {
    let parameters = QueryParameters(request.query)
    return [
      parameters["api_secret"], parameters["measurement_id"], parameters["firebase_app_id"],
      request.authorization,
    ].compactMap { $0 }
  }

  package func read(_ request: CollectorRequest) throws -> Delivery {
    if request.path == Self.debugPath { return Delivery(isQuestion: true) }
    let parameters = QueryParameters(request.query)
    return try Wire.json(request.body) { root in
      guard root.kind == .object else { throw Refusal.malformed(reason: "it is no JSON object") }
      var sender = GA4Sender(
        stream: parameters["measurement_id"] ?? parameters["firebase_app_id"] ?? "",
        isApp: parameters["firebase_app_id"] != nil)
      let fault = sender.take(root)
      var delivery = Delivery()
      var count = 0
      try Self.forEachEvent(of: root) { index, node in
        guard index < Self.mostEvents else {
          throw Refusal.tooMany(events: Self.eventsPerRequest)
        }
        count = index + 1
        do {
          if let fault { throw fault }
          guard index < Self.eventsPerRequest else {
            throw EventFault(
              "comes after the \(Self.eventsPerRequest) events that one request may have")
          }
          delivery.events.append(try sender.event(node, index: index))
        } catch let fault as EventFault {
          delivery.rejected.append((index, fault.reason))
        }
      }
      if let fault, count == 0 {
        delivery.rejected.append((0, fault.reason))
      } else if fault == nil, let profile = sender.profile(index: count) {
        delivery.events.append(profile)
      } else if count == 0 {
        throw Refusal.malformed(reason: "it has no events")
      }
      return delivery
    }
  }

  /// Some clients send a single event without the list around it.
  private static func forEachEvent(
    of root: JSONNode, _ body: (Int, JSONNode) throws -> Void
  ) throws {
    guard let events = root["events"], !events.isNull else { return }
    switch events.kind {
    case .array: try Wire.elements(events, body)
    case .object: try body(0, events)
    default: throw Refusal.malformed(reason: "events is no list")
    }
  }

  /// The key and the sender's address. The stream's id stays, by which purchases are recognised.
  package let secrets: Set<String> = ["api_secret", "ip_override"]

  package func singles(_ indices: [Int], of request: CollectorRequest) -> [CollectorRequest] {
    let bodies: [String]? = try? Wire.json(request.body) { root in
      var events: [JSONNode] = []
      try Self.forEachEvent(of: root) { events.append($1) }
      var shared: [String] = []
      var ofProfile: [String] = []
      root.forEachMember { key, value in
        let name = key.text
        guard name != "events", !secrets.contains(name) else { return }
        let member = PropertyValue.text(name).json + ":" + value.json(leavingOut: secrets)
        if name == "user_properties" || name == "user_data" {
          ofProfile.append(member)
        } else {
          shared.append(member)
        }
      }
      return indices.map { index in
        // The profile comes after the last event, and alone.
        let own =
          events.indices.contains(index)
          ? ["\"events\":[\(events[index].json(leavingOut: secrets))]"] : ofProfile
        return "{\((shared + own).joined(separator: ","))}"
      }
    }
    var single = request
    single.query = Wire.query(request.query, leavingOut: secrets)
    return (bodies ?? indices.map { _ in "" }).map { body in
      single.body = Array(body.utf8)
      return single
    }
  }

  package func reply(
    to request: CollectorRequest, delivery: Delivery, outcome: DeliveryOutcome
  ) -> CollectorReply {
    guard request.path == Self.debugPath else { return .text("") }
    return .json(GA4Validation.reply(to: request.body))
  }

  /// What is wrong with the content is never an error of the request in this protocol: what cannot
  /// be read is kept among the rejected events. A body that was damaged on its way is another thing.
  package func reply(to request: CollectorRequest, refusal: Refusal) -> CollectorReply {
    let unpacked = try? Unpacking.unpacked(
      request.body, encoding: request.headers["content-encoding"], limit: bodyBytes)
    if case .malformed = refusal, unpacked != nil { return .text("") }
    return refusal.reply
  }
}

/// What a request says of all its events: who and when, and where it was.
private struct GA4Sender {
  /// The stream's public id.
  let stream: String
  private var common = ClientEvent()
  private var traits = PropertyList()

  init(stream: String, isApp: Bool) {
    self.stream = stream
    if isApp { common.channel = Channel("App") }
  }

  /// Reads the members around the events. What is wrong in one of them is wrong for all events.
  mutating func take(_ root: JSONNode) -> EventFault? {
    do {
      try root.forEachMember { key, value in
        if key == "client_id" {
          common.anonymousID = try value.id("client_id") ?? common.anonymousID
        } else if key == "app_instance_id" {
          common.anonymousID = try value.id("app_instance_id") ?? common.anonymousID
        } else if key == "user_id" {
          common.userID = try value.id("user_id")
        } else if key == "timestamp_micros" {
          common.occurred = try Self.moment(value)
        } else if key == "user_properties" {
          try takeUserProperties(value)
        } else if key == "user_data" {
          traits.add("user_data", value)
        } else if key == "consent" {
          common.properties.add("consent", value)
          // GRANTED or DENIED, of what Google does with the data.
          value.forEachMember { key, answer in
            if let text = answer.text?.uppercased(), text == "GRANTED" || text == "DENIED" {
              common.allow(key.text, text == "GRANTED")
            }
          }
        } else if key == "user_agent" {
          common.device.userAgent = try value.id("user_agent")
        } else if key == "ip_override" {
          common.device.address = try value.id("ip_override")
        } else if key == "user_location" {
          common.device.country = value["country_id"]?.text
        } else if key == "device" {
          takeDevice(value)
        }
      }
      return nil
    } catch {
      return error as? EventFault ?? EventFault("cannot be read")
    }
  }

  /// `{"name":{"value":…}}`, and also `{"name":…}`.
  private mutating func takeUserProperties(_ node: JSONNode) throws {
    guard node.kind == .object || node.isNull else {
      throw EventFault("has user_properties that is no object")
    }
    node.forEachMember { key, value in
      traits.add(key.text, value["value"] ?? value)
    }
  }

  private mutating func takeDevice(_ node: JSONNode) {
    common.device.kind = node["category"]?.text
    common.device.language = node["language"]?.text
    common.device.system = node["operating_system"]?.text
    common.device.browser = node["browser"]?.text
    common.properties.add("screen", node["screen_resolution"]?.text)
  }

  private static func moment(_ node: JSONNode) throws(EventFault) -> Timestamp? {
    if node.isNull { return nil }
    guard let micros = node.integer ?? node.text.flatMap({ Int64($0) }) else {
      throw EventFault("has timestamp_micros that is no whole number")
    }
    return Timestamp(milliseconds: micros / 1_000)
  }

  /// What the request says of the person apart from what happened.
  func profile(index: Int) -> ClientEvent? {
    guard !traits.isEmpty else { return nil }
    var event = ClientEvent(index: index)
    event.act = .identify
    event.userID = common.userID
    event.anonymousID = common.anonymousID
    event.occurred = common.occurred
    event.traits = traits
    return event
  }

  func event(_ node: JSONNode, index: Int) throws -> ClientEvent {
    guard node.kind == .object else { throw EventFault("is no JSON object") }
    var event = common
    event.index = index
    var parameters: JSONNode?
    try node.forEachMember { key, value in
      if key == "name" {
        guard let name = value.text, !name.isEmpty else {
          throw EventFault("has a name that is no text")
        }
        guard name.unicodeScalars.count <= GA4Dialect.nameCharacters else {
          throw EventFault("has a name of more than \(GA4Dialect.nameCharacters) characters")
        }
        event.name = name
      } else if key == "timestamp_micros" {
        event.occurred = try Self.moment(value) ?? event.occurred
      } else if key == "params", !value.isNull {
        guard value.kind == .object else { throw EventFault("has params that is no object") }
        parameters = value
      }
    }
    guard !event.name.isEmpty else { throw EventFault("has no name") }
    if let parameters { try take(parameters, into: &event) }
    event.keepPage()
    return event
  }

  private static let ofOneProduct: Set<String> = [
    "view_item", "add_to_cart", "remove_from_cart", "add_to_wishlist", "select_item",
  ]

  private func take(_ parameters: JSONNode, into event: inout ClientEvent) throws {
    let ownCampaign = event.name == "campaign_details"
    let ofOneProduct = Self.ofOneProduct.contains(event.name)
    var value: Double?
    var currency: String?
    var transaction: String?
    try parameters.forEachMember { key, node in
      if node.isNull { return }
      if key == "value" {
        value = try node.number("value")
      } else if key == "currency" {
        currency = try node.id("currency")
      } else if key == "page_location" {
        event.page.url = try node.id("page_location")
      } else if key == "page_title" {
        event.page.title = try node.id("page_title")
      } else if key == "page_referrer" {
        event.page.referrer = try node.id("page_referrer")
      } else if key == "page_path" {
        event.page.path = try node.id("page_path")
      } else if key == "screen_name" || key == "firebase_screen" {
        event.content = try node.id("screen_name")
      } else if key == "session_id" || key == "ga_session_id" {
        event.properties.add("session.id", try node.id("session_id"))
      } else if key == "session_number" || key == "ga_session_number" {
        event.properties.add("session.number", node)
      } else if key == "language" {
        event.device.language = try node.id("language")
      } else if key == "screen_resolution" {
        event.properties.add("screen", try node.id("screen_resolution"))
      } else if ownCampaign, Self.take(key, node, into: &event.campaign) {
        return
      } else {
        if key == "transaction_id" { transaction = try node.id("transaction_id") }
        if event.content == nil, let content = Self.content(key, node, ofOneProduct: ofOneProduct) {
          event.content = content
        }
        event.properties.add(key.text, node)
      }
    }
    // Without a currency a value counts anything, but in events that are about money.
    if let value, currency != nil || event.name == "purchase" || event.name == "refund" {
      event.amount = ClientAmount(number: value, currency: currency)
    } else {
      if let value { event.properties.add("value", .number(value)) }
      event.properties.add("currency", currency)
    }
    // A purchase is told twice when a person opens the thank-you page again.
    if let transaction, !transaction.isEmpty, event.name == "purchase" {
      event.messageID = Wire.digest(
        "ga4", stream, event.userID ?? event.anonymousID ?? "", transaction)
    }
  }

  /// True when the parameter is one of a campaign's.
  private static func take(
    _ key: JSONKey, _ node: JSONNode, into campaign: inout CampaignTags
  ) -> Bool {
    let text = node.text
    if key == "campaign" {
      campaign.name = text
    } else if key == "campaign_id" {
      campaign.id = text
    } else if key == "source" {
      campaign.source = text
    } else if key == "medium" {
      campaign.medium = text
    } else if key == "term" {
      campaign.term = text
    } else if key == "content" {
      campaign.content = text
    } else {
      return false
    }
    return true
  }

  /// What a parameter says of what was seen.
  private static func content(
    _ key: JSONKey, _ node: JSONNode, ofOneProduct: Bool
  ) -> String? {
    if key == "search_term" || key == "item_list_name" || key == "promotion_name"
      || key == "file_name" || key == "link_url"
    {
      return node.text
    }
    guard ofOneProduct, key == "items" else { return nil }
    var first: JSONNode?
    node.forEachElement { first = first ?? $0 }
    return first?["item_name"]?.text ?? first?["item_id"]?.idText
  }
}
