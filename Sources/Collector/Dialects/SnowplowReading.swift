import CustomerJourney

/// One event of Snowplow's tracker protocol, read from its flat fields.
struct SnowplowReading {
  /// The values of `e`.
  enum Kind: String {
    case pageView = "pv"
    case pagePing = "pp"
    case structured = "se"
    case selfDescribing = "ue"
    case order = "tr"
    case orderItem = "ti"
  }

  private(set) var kind = Kind.pageView
  private(set) var event: ClientEvent
  private(set) var appID: String?
  private(set) var orderID: String?

  /// What an order keeps of its items.
  static let productFields: Set<String> = ["sku", "name", "category", "price", "quantity"]

  private var kindText: String?
  private var sent: Timestamp?
  private var trueTime: Timestamp?
  private var domainUser: String?
  private var networkUser: String?
  private var sessionUser: String?
  private var action: String?
  private var selfDescribed: String?
  private var entities: [String] = []

  init(_ item: JSONNode, index: Int) throws {
    guard item.kind == .object else { throw EventFault("is no JSON object") }
    event = ClientEvent(index: index)
    try item.forEachMember { key, value in
      guard !value.isNull else { return }
      let name = key.text
      guard let field = Self.fields[name] else { return event.properties.add(name, value) }
      guard let text = value.idText else {
        throw EventFault("has \(field.rawValue) that is no text")
      }
      try take(field, text)
    }
    try finish()
  }

  init(_ parameters: QueryParameters) throws {
    event = ClientEvent()
    for (name, text) in parameters.pairs {
      if let field = Self.fields[name] {
        try take(field, text)
      } else {
        event.properties.add(name, text)
      }
    }
    try finish()
  }

  // MARK: Fields

  private enum Field: String, CaseIterable {
    case kind = "e"
    case eventID = "eid"
    case appID = "aid"
    case platform = "p"
    case tracker = "tna"
    case deviceTime = "dtm"
    case sentTime = "stm"
    case trueTime = "ttm"
    case timeZone = "tz"
    case userID = "uid"
    case domainUser = "duid"
    case networkUser = "nuid"
    case trackerNetworkUser = "tnuid"
    case session = "sid"
    case visit = "vid"
    case url = "url"
    case title = "page"
    case referrer = "refr"
    case userAgent = "ua"
    case language = "lang"
    case address = "ip"
    case screen = "res"
    case viewport = "vp"
    case category = "se_ca"
    case action = "se_ac"
    case label = "se_la"
    case property = "se_pr"
    case value = "se_va"
    case selfDescribed = "ue_pr"
    case selfDescribedPacked = "ue_px"
    case entities = "co"
    case entitiesPacked = "cx"
    case orderID = "tr_id"
    case affiliation = "tr_af"
    case total = "tr_tt"
    case tax = "tr_tx"
    case shipping = "tr_sh"
    case city = "tr_ci"
    case state = "tr_st"
    case country = "tr_co"
    case currency = "tr_cu"
    case itemOrderID = "ti_id"
    case sku = "ti_sk"
    case itemName = "ti_nm"
    case itemCategory = "ti_ca"
    case price = "ti_pr"
    case quantity = "ti_qu"
    case itemCurrency = "ti_cu"
    case scrollMinX = "pp_mix"
    case scrollMaxX = "pp_max"
    case scrollMinY = "pp_miy"
    case scrollMaxY = "pp_may"
    // Of the tracker and the browser's window, and what tells a device from all others.
    case trackerVersion = "tv"
    case colours = "cd"
    case characters = "cs"
    case document = "ds"
    case cookies = "cookie"
    case fingerprint = "fp"
    case hardware = "mac"
  }

  private static let fields = Dictionary(
    uniqueKeysWithValues: Field.allCases.map { ($0.rawValue, $0) })

  private mutating func take(_ field: Field, _ text: String) throws(EventFault) {
    guard !text.isEmpty else { return }
    switch field {
    case .kind: kindText = text
    case .eventID: event.messageID = text
    case .appID: appID = text
    case .platform: event.channel = Self.channels[text]
    case .tracker: event.properties.add("tracker", text)
    case .deviceTime: event.occurred = try Wire.moment(milliseconds: text, "dtm")
    case .sentTime: sent = try Wire.moment(milliseconds: text, "stm")
    case .trueTime: trueTime = try Wire.moment(milliseconds: text, "ttm")
    case .timeZone: event.device.timeZone = text
    case .userID: event.userID = text
    case .domainUser: domainUser = text
    case .trackerNetworkUser: networkUser = text
    case .networkUser: networkUser = networkUser ?? text
    case .session: event.properties.add("session.id", text)
    case .visit: event.properties.add("session.number", .number(try Wire.number(text, "vid")))
    case .url: event.page.url = text
    case .title: event.page.title = text
    case .referrer: event.page.referrer = text
    case .userAgent: event.device.userAgent = text
    case .language: event.device.language = text
    case .address: event.device.address = text
    case .screen: event.properties.add("screen", text)
    case .viewport: event.properties.add("viewport", text)
    case .category, .itemCategory: event.properties.add("category", text)
    case .action: action = text
    case .label: event.properties.add("label", text)
    case .property: event.properties.add("property", text)
    case .value: event.properties.add("value", .number(try Wire.number(text, "se_va")))
    case .selfDescribed: selfDescribed = text
    case .selfDescribedPacked: selfDescribed = try Self.unpacked(text, "ue_px")
    case .entities: entities.append(text)
    case .entitiesPacked: entities.append(try Self.unpacked(text, "cx"))
    case .orderID, .itemOrderID:
      orderID = text
      event.properties.add("order_id", text)
    case .affiliation: event.properties.add("affiliation", text)
    case .total: pay(try Wire.number(text, "tr_tt"))
    case .tax: event.properties.add("tax", .number(try Wire.number(text, "tr_tx")))
    case .shipping: event.properties.add("shipping", .number(try Wire.number(text, "tr_sh")))
    case .city: event.properties.add("city", text)
    case .state: event.properties.add("state", text)
    case .country: event.properties.add("country", text)
    case .currency: pay(in: text)
    case .itemCurrency: event.properties.add("currency", text)
    case .sku: event.properties.add("sku", text)
    case .itemName: event.properties.add("name", text)
    case .price: event.properties.add("price", .number(try Wire.number(text, "ti_pr")))
    case .quantity: event.properties.add("quantity", .number(try Wire.number(text, "ti_qu")))
    case .scrollMinX: event.properties.add("scroll.minX", .number(try Wire.number(text, "pp_mix")))
    case .scrollMaxX: event.properties.add("scroll.maxX", .number(try Wire.number(text, "pp_max")))
    case .scrollMinY: event.properties.add("scroll.minY", .number(try Wire.number(text, "pp_miy")))
    case .scrollMaxY: event.properties.add("scroll.maxY", .number(try Wire.number(text, "pp_may")))
    case .trackerVersion, .colours, .characters, .document, .cookies, .fingerprint, .hardware:
      break
    }
  }

  /// A server's own platform says nothing of where the person was.
  private static let channels: [String: Channel] = [
    "web": .website, "mob": Channel("App"), "app": Channel("App"), "tv": Channel("App"),
    "cnsl": Channel("App"), "headset": Channel("App"),
  ]

  private static func unpacked(
    _ text: String, _ field: StaticString
  ) throws(EventFault) -> String {
    guard let bytes = Base64.bytes(text) else { throw EventFault("has \(field) that is no Base64") }
    return String(decoding: bytes, as: UTF8.self)
  }

  private mutating func pay(_ number: Double) {
    event.amount = ClientAmount(number: number, currency: currency)
  }

  private mutating func pay(in currency: String) {
    self.currency = currency
    event.amount?.currency = currency
  }

  private var currency: String?

  // MARK: The event

  private mutating func finish() throws {
    guard let kindText else { throw EventFault("has no e, the kind of event") }
    guard let kind = Kind(rawValue: kindText) else {
      throw EventFault("has an e that is none of pv, pp, se, ue, tr and ti")
    }
    self.kind = kind
    switch kind {
    case .pageView: event.name = EventName.pageViewed.name
    case .pagePing: event.name = EventName.pageRead.name
    case .structured:
      guard let action else { throw EventFault("has no se_ac, the structured event's action") }
      event.name = action
      if case .text(let label) = event.properties["label"] { event.content = label }
    case .selfDescribing: try describe()
    case .order: event.name = EventName.orderCompleted.name
    case .orderItem:
      event.name = "Order Item"
      if case .text(let name) = event.properties["name"] ?? event.properties["sku"] {
        event.content = name
      }
    }
    for text in entities { try takeEntities(text) }
    event.keepPage()
    event.anonymousID = domainUser ?? networkUser ?? sessionUser
    if domainUser != nil, let networkUser { event.addKey(CustomerKey.device, networkUser) }
    setTime()
  }

  private mutating func setTime() {
    if let trueTime {
      event.occurred = trueTime
      return
    }
    event.sent = sent
    // Some trackers cut the sending time to whole seconds, so that it lies before the event.
    if let sent, let said = event.occurred, sent < said,
      said.milliseconds.subtractingReportingOverflow(sent.milliseconds).partialValue < 1_000
    {
      event.sent = said
    }
  }

  /// `iglu:vendor/name/format/version`.
  private struct Schema {
    var vendor: String
    var name: String

    init?(_ text: String?) {
      guard let parts = text?.split(separator: "/"), parts.count == 4,
        parts[0].hasPrefix("iglu:")
      else { return nil }
      vendor = String(parts[0].dropFirst("iglu:".count))
      name = String(parts[1])
    }

    var isEcommerce: Bool { vendor == "com.snowplowanalytics.snowplow.ecommerce" }
  }

  private static let ecommerceActions: [String: String] = [
    "add_to_cart": "Product Added", "remove_from_cart": "Product Removed",
    "product_view": "Product Viewed", "list_view": "Product List Viewed",
    "list_click": "Product Clicked", "promo_view": "Promotion Viewed",
    "promo_click": "Promotion Clicked", "checkout_step": "Checkout Step Completed",
    "transaction": "Order Completed", "refund": "Order Refunded", "trns_error": "Payment Failed",
  ]

  private mutating func describe() throws {
    guard let selfDescribed else { throw EventFault("has neither ue_pr nor ue_px") }
    try Wire.json(selfDescribed, of: "ue_pr") { root in
      guard let inner = root["data"], let text = inner["schema"]?.text, let schema = Schema(text)
      else {
        throw EventFault("has ue_pr without a schema of the form iglu:vendor/name/format/version")
      }
      event.name = schema.name
      guard let data = inner["data"] else { return }
      if schema.isEcommerce, schema.name == "snowplow_ecommerce_action" {
        guard let type = data["type"]?.text else {
          throw EventFault("has an e-commerce action without a type")
        }
        event.name = Self.ecommerceActions[type] ?? type
        event.properties.add("originalEvent", type)
        if let list = data["name"]?.text { event.content = list }
        return
      }
      event.properties.add("schema", text)
      event.properties.addMembers(of: data)
      event.content = data["targetUrl"]?.text ?? data["formId"]?.text ?? data["name"]?.text
    }
  }

  /// Facts about the event that its tracker adds to it: session, device, products.
  private mutating func takeEntities(_ text: String) throws {
    try Wire.json(text, of: "co") { root in
      guard let list = root["data"], list.kind == .array else {
        throw EventFault("has co without an array named data")
      }
      var counts: [String: Int] = [:]
      try list.forEachElement { entity in
        guard let schema = Schema(entity["schema"]?.text), let data = entity["data"] else {
          throw EventFault("has co with an entity without schema or data")
        }
        let number = counts[schema.name, default: 0]
        counts[schema.name] = number + 1
        if schema.isEcommerce {
          takeEcommerce(schema.name, number, data)
        } else {
          if schema.name == "client_session" { takeSession(data) }
          let place = number == 0 ? schema.name : "\(schema.name).\(number)"
          event.properties.add("contexts.\(place)", data)
        }
      }
    }
  }

  private mutating func takeSession(_ data: JSONNode) {
    sessionUser = data["userId"]?.idText
    if event.properties["session.id"] == nil {
      event.properties.add("session.id", data["sessionId"]?.idText)
    }
    if event.properties["session.number"] == nil, let number = data["sessionIndex"]?.number {
      event.properties.add("session.number", .number(number))
    }
  }

  private mutating func takeEcommerce(_ name: String, _ number: Int, _ data: JSONNode) {
    switch name {
    case "product":
      event.properties.add("products.\(number)", data)
      if number == 0, event.content == nil {
        event.content = data["name"]?.text ?? data["id"]?.idText
      }
    case "transaction", "refund":
      if let paid = data["revenue"]?.number ?? data["refund_amount"]?.number {
        event.amount = ClientAmount(number: paid, currency: data["currency"]?.text)
      }
      event.properties.add("order_id", data["transaction_id"]?.idText)
      event.properties.addMembers(of: data)
    case "cart", "checkout_step", "transaction_error": event.properties.addMembers(of: data)
    default: event.properties.add(name, data)
    }
  }
}
