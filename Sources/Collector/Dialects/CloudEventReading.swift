import CustomerJourney

/// One event of CloudEvents 1.0.2, read from its attributes and its data.
struct CloudEventReading {
  static let version = "1.0"

  private var event: ClientEvent
  private var id = ""
  private var source = ""
  private var type = ""
  private var specversion = ""
  private var subject: String?
  private var dataType: String?
  private var userID: String?
  private var data = CloudEventData()

  private init(index: Int) { event = ClientEvent(index: index) }

  // MARK: Forms

  /// An event whose attributes are headers and whose data is the body.
  static func binary(_ request: CollectorRequest) throws -> ClientEvent {
    var reading = CloudEventReading(index: 0)
    // In order of name, so that the same event always reads the same.
    for (name, value) in request.headers.sorted(by: { $0.key < $1.key }) {
      if name.hasPrefix("ce-") {
        try reading.take(attribute: String(name.dropFirst(3)), .text(headerText(value)))
      }
    }
    reading.dataType = request.headers["content-type"]
    try reading.data.read(request.body, type: reading.dataType)
    return try reading.finished()
  }

  /// An event as a JSON object.
  static func structured(_ node: JSONNode, index: Int) throws -> ClientEvent {
    guard node.kind == .object else { throw EventFault("is no JSON object") }
    var reading = CloudEventReading(index: index)
    var data: JSONNode?
    var packed: JSONNode?
    try node.forEachMember { key, value in
      if value.isNull { return }
      if key == "data" {
        data = value
      } else if key == "data_base64" {
        packed = value
      } else {
        guard let scalar = value.scalar else {
          throw EventFault("has an attribute that is neither text nor number nor flag")
        }
        try reading.take(attribute: key.text, scalar)
      }
    }
    if let packed {
      guard let bytes = packed.text.flatMap({ Base64.bytes($0) }) else {
        throw EventFault("has data_base64 that is no Base64")
      }
      try reading.data.read(bytes, type: reading.dataType)
    } else if let data {
      try reading.data.read(data)
    }
    return try reading.finished()
  }

  /// A header's value without quotes around it and with `%C3%A9` as what it stands for.
  static func headerText(_ value: String) -> String {
    var bytes = Array(value.utf8)
    if bytes.count > 1, bytes.first == UInt8(ascii: "\""), bytes.last == UInt8(ascii: "\"") {
      var plain: [UInt8] = []
      var isEscaped = false
      for byte in bytes[1..<(bytes.count - 1)] {
        if byte == UInt8(ascii: "\\"), !isEscaped {
          isEscaped = true
        } else {
          plain.append(byte)
          isEscaped = false
        }
      }
      bytes = plain
    }
    // A plus is a plus here, unlike in a query.
    let text = String(decoding: bytes, as: UTF8.self)
    guard text.utf8.contains(UInt8(ascii: "%")) else { return text }
    return QueryParameters.decoded(text.replacing("+", with: "%2B"))
  }

  // MARK: Attributes

  private mutating func take(
    attribute name: String, _ value: PropertyValue
  ) throws(EventFault) {
    switch name {
    case "id": id = value.description
    case "source": source = value.description
    case "type": type = value.description
    case "specversion": specversion = value.description
    case "subject": subject = value.description
    case "datacontenttype": dataType = value.description
    case "time":
      guard
        let time = Timestamp.parseISO8601(value.description, zone: .utc)
      else { throw EventFault("has a time that is no RFC 3339 time") }
      event.occurred = time.moment
      if let minutes = time.utcOffsetMinutes, minutes != 0 { event.utcOffsetMinutes = minutes }
    case "userid", "customerid": userID = value.description
    case "anonymousid": event.anonymousID = value.description
    default: event.properties.add("cloudevent.\(name)", value)
    }
  }

  private mutating func finished() throws(EventFault) -> ClientEvent {
    guard specversion == Self.version else {
      throw EventFault("has a specversion other than \(Self.version)")
    }
    guard !id.isEmpty else { throw EventFault("has no id") }
    guard !source.isEmpty else { throw EventFault("has no source") }
    guard !type.isEmpty else { throw EventFault("has no type") }
    event.messageID = messageID
    event.name = CloudEventType.name(of: type)
    if event.name != type { event.properties.add("originalEvent", type) }
    event.properties.add("cloudevent.source", source)
    event.properties.add("cloudevent.subject", subject)
    data.give(to: &event)
    event.keepPage()
    nameCustomer()
    return event
  }

  /// An id tells a retry only within its source.
  private var messageID: String {
    let both = "\(source) \(id)"
    let isClear =
      !source.utf8.contains(32) && both.unicodeScalars.count <= Limits.messageIDCharacters
    return isClear ? both : Wire.digest(source, id)
  }

  /// The first of: an attribute, a member of the data, the address in it, the subject.
  private mutating func nameCustomer() {
    event.userID = userID ?? data.userID
    if event.anonymousID == nil { event.anonymousID = data.anonymousID }
    if event.userID == nil, event.anonymousID == nil, let email = data.email {
      event.userID = email
    } else {
      event.properties.add("email", data.email)
    }
    guard let subject, !subject.isEmpty else { return }
    if event.userID == nil, event.anonymousID == nil {
      let parts = subject.split(separator: "/", omittingEmptySubsequences: true)
      let isNamed = parts.count == 2 && Self.peoplesPaths.contains(parts[0].lowercased())
      event.userID = isNamed ? String(parts[1]) : subject
    } else if event.content == nil {
      event.content = subject
    }
  }

  private static let peoplesPaths: Set<String> = ["customer", "customers", "user", "users"]
}

/// The data of a CloudEvent: anything, in which the usual names are looked for.
struct CloudEventData {
  private(set) var userID: String?
  private(set) var anonymousID: String?
  private(set) var email: String?

  private var content: String?
  private var channel: String?
  private var userAgent: String?
  private var address: String?
  private var page = ClientPage()
  private var commerce = CommerceFacts()
  private var properties = PropertyList()

  /// Members that hold the sender's address, at any depth.
  static let addresses: Set<String> = [
    "ip", "ipAddress", "ip_address", "clientIp", "client_ip", "remoteAddress", "remote_address",
  ]

  static func isJSON(_ type: String?) -> Bool {
    guard let type = type?.prefix(while: { $0 != ";" }).trimmed.lowercased(), !type.isEmpty else {
      return true
    }
    return type == "application/json" || type == "text/json" || type.hasSuffix("+json")
  }

  private static func isText(_ type: String?) -> Bool {
    let type = (type ?? "").lowercased()
    return type.hasPrefix("text/") || type.contains("xml")
  }

  /// Reads JSON and text; other bytes say nothing that a journey can hold.
  mutating func read(_ bytes: [UInt8], type: String?) throws {
    if bytes.isEmpty { return }
    if Self.isJSON(type) {
      do {
        try JSONDocument.read(bytes) { try read($0) }
      } catch is JSONProblem {
        throw EventFault("has data that is no JSON, though its content type says so")
      }
    } else if Self.isText(type) {
      properties.add("data", String(decoding: bytes, as: UTF8.self))
    }
  }

  mutating func read(_ node: JSONNode) throws {
    guard node.kind == .object else { return add("data", node) }
    try node.forEachMember { key, value in
      if key == "userId" || key == "user_id" || key == "customerId" || key == "customer_id" {
        userID = userID ?? value.idText
      } else if key == "anonymousId" || key == "anonymous_id" {
        anonymousID = value.idText
      } else if key == "email" {
        email = value.text
      } else if key == "content" {
        content = value.text
        if value.text == nil { add("content", value) }
      } else if key == "channel" {
        channel = value.text
      } else if key == "userAgent" || key == "user_agent" {
        userAgent = value.text
      } else if key == "url" {
        page.url = value.text
        add("url", value)
      } else if key == "page", value.kind == .object {
        page = ClientPage(
          url: value["url"]?.text, path: value["path"]?.text, title: value["title"]?.text,
          referrer: value["referrer"]?.text)
      } else if Self.addresses.contains(key.text) {
        address = value.text
      } else {
        try commerce.note(key, value)
        takePerson(key, value)
        add(key.text, value)
      }
    }
  }

  private mutating func takePerson(_ key: JSONKey, _ value: JSONNode) {
    guard key == "customer" || key == "user" else { return }
    userID = userID ?? value["id"]?.idText
  }

  private mutating func add(_ path: String, _ node: JSONNode) {
    switch node.kind {
    case .object:
      node.forEachMember { key, value in
        let name = key.text
        if !Self.addresses.contains(name) { add("\(path).\(name)", value) }
      }
    case .array:
      var index = 0
      node.forEachElement { value in
        if !properties.isTooLong { add("\(path).\(index)", value) }
        index += 1
      }
    default: properties.add(path, node)
    }
  }

  func give(to event: inout ClientEvent) {
    for pair in properties.pairs { event.properties.add(pair.path, pair.value) }
    // The event's list took as many as this one has; one more tells that there were more.
    if properties.isTooLong { event.properties.add("data", .flag(true)) }
    event.page = page
    event.content = content ?? commerce.content(of: event.name)
    event.channel = channel.map { Channel($0) }
    event.device.userAgent = userAgent
    event.device.address = address
    event.amount = commerce.amount
  }
}

/// Names of kinds of events that begin with a turned-round domain: `com.example.order.completed`.
enum CloudEventType {
  private static let topLevels: Set<String> = [
    "com", "org", "net", "edu", "gov", "info", "dev", "app", "cloud", "shop",
  ]

  /// The name of the vocabulary that the type ends with, else all its words without the domain at the
  /// beginning and the version at the end.
  static func name(of type: String) -> String {
    var labels = type.split(separator: ".").map(words)
    if labels.count > 2, isTopLevel(labels[0]) { labels.removeFirst(2) }
    while labels.count > 1, let last = labels.last, isVersion(last) { labels.removeLast() }
    // A single last word counts only where nothing comes before it: in `pull_request.review` the
    // review is of no product.
    for start in labels.indices where start == 0 || labels.count - start > 1 {
      let name = labels[start...].joined(separator: " ")
      if EventName.vocabulary.contains(name) { return EventName(name).name }
    }
    let name = labels.joined(separator: " ")
    return name.isEmpty ? type : name
  }

  private static func isTopLevel(_ label: String) -> Bool {
    label.utf8.count == 2 || topLevels.contains(label.lowercased())
  }

  private static func isVersion(_ label: String) -> Bool {
    let digits = label.hasPrefix("v") ? label.dropFirst() : label[...]
    return !digits.isEmpty && digits.allSatisfy(\.isNumber)
  }

  /// `OrderCompleted` as `Order Completed`.
  private static func words(_ label: Substring) -> String {
    var words = ""
    var previous: Character?
    for character in label {
      if character.isUppercase, previous?.isLowercase == true { words.append(" ") }
      words.append(character)
      previous = character
    }
    return words
  }
}
