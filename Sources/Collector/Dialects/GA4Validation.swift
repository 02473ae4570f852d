import CustomerJourney

/// Checks a body as the debug route of GA4's Measurement Protocol does.
///
/// Source of the rules and codes: the protocol's public reference and its page on validating events.
enum GA4Validation {
  private enum Code: String {
    case valueInvalid = "VALUE_INVALID"
    case valueRequired = "VALUE_REQUIRED"
    case nameInvalid = "NAME_INVALID"
    case nameReserved = "NAME_RESERVED"
    case valueOutOfBounds = "VALUE_OUT_OF_BOUNDS"
    case exceededMaxEntities = "EXCEEDED_MAX_ENTITIES"
  }

  private struct Message {
    var path: String
    var text: String
    var code: Code

    var json: String {
      PropertyValue.json([
        "fieldPath": .text(path), "description": .text(text),
        "validationCode": .text(code.rawValue),
      ])
    }
  }

  private static let mostMessages = 100
  private static let mostProperties = 25
  private static let userPropertyNameCharacters = 24
  private static let userPropertyCharacters = 36
  private static let parameterCharacters = 100

  private static let reservedEvents: Set<String> = [
    "ad_activeview", "ad_click", "ad_exposure", "ad_query", "ad_reward", "adunit_exposure",
    "app_background", "app_clear_data", "app_exception", "app_remove", "app_store_refund",
    "app_store_subscription_cancel", "app_store_subscription_convert",
    "app_store_subscription_renew", "app_update", "app_upgrade", "dynamic_link_app_open",
    "dynamic_link_app_update", "dynamic_link_first_open", "error", "firebase_campaign",
    "firebase_in_app_message_action", "firebase_in_app_message_dismiss",
    "firebase_in_app_message_impression", "first_open", "first_visit", "in_app_purchase",
    "notification_dismiss", "notification_foreground", "notification_open",
    "notification_receive", "notification_send", "os_update", "session_start",
    "user_engagement",
  ]
  private static let reservedPrefixes = ["_", "firebase_", "ga_", "google_", "gtag."]

  /// `{"validationMessages":[…]}`; an empty list says that all is well.
  static func reply(to body: [UInt8]) -> String {
    let messages: [Message]
    do {
      messages = try JSONDocument.read(body) { Self.messages(on: $0) }
    } catch {
      messages = [Message(path: "", text: "The body is no JSON.", code: .valueInvalid)]
    }
    return "{\"validationMessages\":["
      + messages.prefix(mostMessages).map(\.json).joined(separator: ",") + "]}"
  }

  private static func messages(on root: JSONNode) -> [Message] {
    guard root.kind == .object else {
      return [Message(path: "", text: "The body is no JSON object.", code: .valueInvalid)]
    }
    var found: [Message] = []
    let names = ["client_id", "app_instance_id", "user_id"]
    for (name, node) in zip(names, [root["client_id"], root["app_instance_id"], root["user_id"]]) {
      if let node, !node.isNull, node.kind != .text {
        found.append(Message(path: name, text: "\(name) must be a text.", code: .valueInvalid))
      }
    }
    if (root["client_id"] ?? root["app_instance_id"])?.idText?.isEmpty != false {
      found.append(
        Message(
          path: "client_id", text: "One of client_id and app_instance_id is required.",
          code: .valueRequired))
    }
    if let time = root["timestamp_micros"], time.integer == nil, Int64(time.text ?? "") == nil {
      found.append(
        Message(
          path: "timestamp_micros", text: "timestamp_micros must be a whole number.",
          code: .valueInvalid))
    }
    if let properties = root["user_properties"] { found += messages(onUserProperties: properties) }
    return found + messages(onEvents: root["events"])
  }

  private static func messages(onUserProperties node: JSONNode) -> [Message] {
    var found: [Message] = []
    if node.count > mostProperties {
      found.append(
        Message(
          path: "user_properties", text: "At most \(mostProperties) user properties are taken.",
          code: .exceededMaxEntities))
    }
    node.forEachMember { key, value in
      let name = key.text
      let path = "user_properties.\(name)"
      if let message = nameMessage(
        name, path: path, what: "The user property", characters: userPropertyNameCharacters)
      {
        found.append(message)
      }
      if let text = value["value"]?.text, text.unicodeScalars.count > userPropertyCharacters {
        found.append(
          Message(
            path: path,
            text: "A user property has at most \(userPropertyCharacters) characters.",
            code: .valueOutOfBounds))
      }
    }
    return found
  }

  private static func messages(onEvents events: JSONNode?) -> [Message] {
    guard let events, !events.isNull else {
      return [Message(path: "events", text: "events is required.", code: .valueRequired)]
    }
    guard events.kind == .array else {
      return [Message(path: "events", text: "events must be a list.", code: .valueInvalid)]
    }
    var found: [Message] = []
    let count = events.count
    if count == 0 {
      found.append(
        Message(path: "events", text: "At least one event is required.", code: .valueRequired))
    }
    if count > GA4Dialect.eventsPerRequest {
      found.append(
        Message(
          path: "events", text: "At most \(GA4Dialect.eventsPerRequest) events are taken.",
          code: .exceededMaxEntities))
    }
    var index = 0
    events.forEachElement { event in
      if found.count < mostMessages { found += messages(onEvent: event, at: index) }
      index += 1
    }
    return found
  }

  private static func messages(onEvent event: JSONNode, at index: Int) -> [Message] {
    let who = "Event at index: [\(index)]"
    guard let name = event["name"]?.text, !name.isEmpty else {
      return [
        Message(path: "events", text: "\(who) has no name.", code: .valueRequired)
      ]
    }
    var found: [Message] = []
    if let message = nameMessage(
      name, path: "events", what: who, characters: GA4Dialect.nameCharacters)
    {
      found.append(message)
    } else if reservedEvents.contains(name) {
      found.append(
        Message(path: "events", text: "\(who) has a reserved name.", code: .nameReserved))
    }
    guard let parameters = event["params"], !parameters.isNull else { return found }
    let path = "events.params"
    guard parameters.kind == .object else {
      return found + [
        Message(path: path, text: "\(who) has params that are no object.", code: .valueInvalid)
      ]
    }
    if parameters.count > mostProperties {
      found.append(
        Message(
          path: path, text: "\(who) has more than \(mostProperties) parameters.",
          code: .exceededMaxEntities))
    }
    if parameters["value"] != nil, parameters["currency"]?.text?.isEmpty != false {
      found.append(
        Message(
          path: "\(path).currency", text: "\(who) has a value and no currency.",
          code: .valueRequired))
    }
    parameters.forEachMember { key, value in
      found += messages(onParameter: key.text, value, of: who, path: path)
    }
    return found
  }

  /// Parameters that are longer than others: addresses and titles of pages.
  private static let longParameters = [
    "page_location": 1_000, "page_referrer": 420, "page_title": 300,
  ]

  private static func messages(
    onParameter name: String, _ value: JSONNode, of who: String, path: String
  ) -> [Message] {
    var found: [Message] = []
    let path = "\(path).\(name)"
    // What Google's own libraries send begins with ga_.
    if !name.hasPrefix("ga_"),
      let message = nameMessage(
        name, path: path, what: "A parameter of \(who)", characters: GA4Dialect.nameCharacters)
    {
      found.append(message)
    }
    if name == "value", value.number == nil {
      found.append(
        Message(path: path, text: "\(who) has a value that is no number.", code: .valueInvalid))
    }
    if name == "currency", value.text.flatMap({ Currency($0) }) == nil {
      found.append(
        Message(
          path: path, text: "\(who) has a currency that is no ISO 4217 code.", code: .valueInvalid))
    }
    if name == "items", value.kind != .array {
      found.append(
        Message(path: path, text: "\(who) has items that are no list.", code: .valueInvalid))
    }
    if let text = value.text,
      text.unicodeScalars.count > longParameters[name] ?? parameterCharacters
    {
      found.append(
        Message(
          path: path, text: "\(who) has a parameter that is too long.", code: .valueOutOfBounds))
    }
    return found
  }

  private static func nameMessage(
    _ name: String, path: String, what: String, characters: Int
  ) -> Message? {
    if reservedPrefixes.contains(where: { name.hasPrefix($0) }), !name.hasPrefix("_") {
      return Message(path: path, text: "\(what) has a reserved prefix.", code: .nameReserved)
    }
    guard let first = name.first, first.isLetter else {
      return Message(
        path: path,
        text: "\(what) has an invalid name. Names must start with an alphabetic character.",
        code: .nameInvalid)
    }
    guard name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else {
      return Message(
        path: path,
        text: "\(what) has an invalid name. Names hold letters, digits and underscores only.",
        code: .nameInvalid)
    }
    guard name.unicodeScalars.count <= characters else {
      return Message(
        path: path,
        text: "\(what) has an invalid name. Names have at most \(characters) characters.",
        code: .nameInvalid)
    }
    return nil
  }
}
