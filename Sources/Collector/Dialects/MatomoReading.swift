import CustomerJourney

/// One event of Matomo's tracking API, read from its parameters.
struct MatomoReading {
  private(set) var event: ClientEvent
  /// The source's key where no token says it.
  private(set) var site: String?

  private var isRecorded = false
  private var clock: (hour: Int?, minute: Int?) = (nil, nil)
  private var secondsAgo: Double?
  private var visitor: String?
  private var forcedVisitor: String?
  private var action: String?
  private var category: String?
  private var goal: String?
  private var orderID: String?
  private var items: String?
  private var search: String?
  private var download: String?
  private var link: String?
  private var contentName: String?
  private var interaction: String?
  private var isPing = false
  private var productSKU: String?
  private var productName: String?
  private var productCategory: String?
  private var crash: String?

  init(index: Int) { event = ClientEvent(index: index) }

  /// What follows the question mark of an item that is a text: `?idsite=1&rec=1`.
  static func query(in text: String) -> Substring {
    text.firstIndex(of: "?").map { text[text.index(after: $0)...] } ?? text[...]
  }

  // MARK: Parameters

  mutating func take(_ item: JSONNode) throws {
    if let text = item.text { return try take(QueryParameters(Self.query(in: text))) }
    guard item.kind == .object else { throw EventFault("is neither JSON object nor query") }
    try item.forEachMember { key, value in
      guard !value.isNull else { return }
      let text = value.idText ?? value.flag.map { $0 ? "1" : "0" }
      let name = key.text
      guard let parameter = Self.parameters[name] else {
        return event.properties.add(name, value)
      }
      // Lists stand as JSON texts in a query, and as they are in JSON.
      if let text { return try take(parameter, text) }
      guard parameter.isList else { throw EventFault("has \(parameter.rawValue) that is no text") }
      try take(parameter, value.json())
    }
  }

  mutating func take(_ parameters: QueryParameters) throws(EventFault) {
    for (name, text) in parameters.pairs where !text.isEmpty {
      if let parameter = Self.parameters[name] {
        try take(parameter, text)
      } else {
        event.properties.add(name, Wire.value(text))
      }
    }
  }

  private enum Parameter: String, CaseIterable {
    case site = "idsite"
    case record = "rec"
    case user = "uid"
    case visitor = "_id"
    case forcedVisitor = "cid"
    case time = "cdt"
    case secondsAgo = "cdo"
    case hour = "h"
    case minute = "m"
    case url = "url"
    case title = "action_name"
    case referrer = "urlref"
    case userAgent = "ua"
    case clientHints = "uadata"
    case language = "lang"
    case address = "cip"
    case country = "country"
    case screen = "res"
    case pageView = "pv_id"
    case campaign = "_rcn"
    case keyword = "_rck"
    case category = "e_c"
    case action = "e_a"
    case label = "e_n"
    case value = "e_v"
    case goal = "idgoal"
    case revenue = "revenue"
    case orderID = "ec_id"
    case items = "ec_items"
    case subtotal = "ec_st"
    case tax = "ec_tx"
    case shipping = "ec_sh"
    case discount = "ec_dt"
    case search = "search"
    case searchCategory = "search_cat"
    case searchCount = "search_count"
    case download = "download"
    case link = "link"
    case ping = "ping"
    case contentName = "c_n"
    case contentPiece = "c_p"
    case contentTarget = "c_t"
    case interaction = "c_i"
    case visitVariables = "_cvar"
    case pageVariables = "cvar"
    case productSKU = "_pks"
    case productName = "_pkn"
    case productCategory = "_pkc"
    case productPrice = "_pkp"
    case crash = "cra"
    // The key, the transport, what is new at every try, and what only tells a browser from others.
    case token = "token_auth"
    case random = "rand"
    case shortRandom = "r"
    case version = "apiv"
    case image = "send_image"
    case second = "s"
    case firstVisit = "_idts"
    case visits = "_idvc"
    case isNew = "_idn"
    case lastVisit = "_viewts"
    case lastOrder = "_ects"
    case referralTime = "_refts"
    case attributed = "_ref"
    case newVisit = "new_visit"
    case custom = "ca"
    case bots = "bots"
    case charset = "cs"
    case cookies = "cookie"
    case pdf = "pdf"
    case flash = "fla"
    case java = "java"
    case quickTime = "qt"
    case realPlayer = "realp"
    case mediaPlayer = "wma"
    case silverlight = "ag"

    var isList: Bool {
      switch self {
      case .items, .visitVariables, .pageVariables, .productCategory, .clientHints: true
      default: false
      }
    }
  }

  private static let parameters = Dictionary(
    uniqueKeysWithValues: Parameter.allCases.map { ($0.rawValue, $0) })

  private mutating func take(_ parameter: Parameter, _ text: String) throws(EventFault) {
    guard !text.isEmpty else { return }
    switch parameter {
    case .site: site = text
    case .record: isRecorded = text == "1"
    case .user: event.userID = text
    case .visitor: visitor = text
    case .forcedVisitor: forcedVisitor = text
    case .time: event.occurred = try Self.moment(text)
    case .secondsAgo: secondsAgo = try Wire.number(text, "cdo")
    case .hour: clock.hour = Int(text)
    case .minute: clock.minute = Int(text)
    case .url: event.page.url = text
    case .title: event.page.title = text
    case .referrer: event.page.referrer = text
    case .userAgent: event.device.userAgent = text
    case .clientHints: try takeClientHints(text)
    case .language: event.device.language = text
    case .address: event.device.address = text
    case .country: event.device.country = text
    case .screen: event.properties.add("screen", text)
    case .pageView: event.properties.add("pageView.id", text)
    case .campaign: event.campaign.name = text
    case .keyword: event.campaign.term = text
    case .category: category = text
    case .action: action = text
    case .label: event.properties.add("label", text)
    case .value: event.properties.add("value", .number(try Wire.number(text, "e_v")))
    case .goal: goal = text
    case .revenue: event.amount = ClientAmount(number: try Wire.number(text, "revenue"))
    case .orderID: orderID = text
    case .items: items = text
    case .subtotal: event.properties.add("subtotal", .number(try Wire.number(text, "ec_st")))
    case .tax: event.properties.add("tax", .number(try Wire.number(text, "ec_tx")))
    case .shipping: event.properties.add("shipping", .number(try Wire.number(text, "ec_sh")))
    case .discount: event.properties.add("discount", .number(try Wire.number(text, "ec_dt")))
    case .search: search = text
    case .searchCategory: event.properties.add("category", text)
    case .searchCount: event.properties.add("results", Wire.value(text))
    case .download: download = text
    case .link: link = text
    case .ping: isPing = text == "1"
    case .contentName: contentName = text
    case .contentPiece: event.properties.add("content.piece", text)
    case .contentTarget: event.properties.add("content.target", text)
    case .interaction: interaction = text
    case .visitVariables, .pageVariables: try takeVariables(text)
    case .productSKU: productSKU = text
    case .productName: productName = text
    case .productCategory: productCategory = text
    case .productPrice: event.properties.add("price", .number(try Wire.number(text, "_pkp")))
    case .crash: crash = text
    case .token, .random, .shortRandom, .version, .image, .second, .firstVisit, .visits, .isNew,
      .lastVisit, .lastOrder, .referralTime, .attributed, .newVisit, .custom, .bots, .charset,
      .cookies, .pdf, .flash, .java, .quickTime, .realPlayer, .mediaPlayer, .silverlight:
      break
    }
  }

  /// Seconds since 1970, or a date and time in UTC.
  private static func moment(_ text: String) throws(EventFault) -> Timestamp {
    if let seconds = Double(text), seconds.isFinite, abs(seconds) < 1e12 {
      return Timestamp(milliseconds: Int64((seconds * 1_000).rounded()))
    }
    guard let moment = Timestamp(iso8601: text) else {
      throw EventFault("has cdt that is neither seconds since 1970 nor a date and time")
    }
    return moment
  }

  /// `{"1":["name","value"]}`.
  private mutating func takeVariables(_ text: String) throws(EventFault) {
    do {
      try JSONDocument.read(text) { root in
        root.forEachMember { _, pair in
          var parts: [JSONNode] = []
          pair.forEachElement { parts.append($0) }
          guard parts.count == 2, let name = parts[0].idText, !name.isEmpty else { return }
          event.properties.add("custom.\(name)", parts[1])
        }
      }
    } catch {
      throw EventFault("has cvar that is no JSON")
    }
  }

  private mutating func takeClientHints(_ text: String) throws(EventFault) {
    do {
      try JSONDocument.read(text) { root in
        event.device.system = root["platform"]?.text
        if root["mobile"]?.flag == true { event.device.kind = "mobile" }
      }
    } catch {
      throw EventFault("has uadata that is no JSON")
    }
  }

  // MARK: The event

  /// The event that the parameters describe.
  mutating func finished(received: Timestamp) throws -> ClientEvent {
    guard isRecorded else { throw EventFault("has no rec=1, so nothing is to be recorded") }
    event.anonymousID = forcedVisitor ?? visitor
    setTime(received: received)
    try setAct()
    return event
  }

  private mutating func setTime(received: Timestamp) {
    if event.occurred == nil, let secondsAgo, abs(secondsAgo) < 1e12 {
      event.occurred = Timestamp(
        milliseconds: received.milliseconds - Int64((secondsAgo * 1_000).rounded()))
    }
    guard let hour = clock.hour, let minute = clock.minute, (0..<24).contains(hour),
      (0..<60).contains(minute)
    else { return }
    // The person's clock differs from UTC by quarters of an hour, up to half a day to either side;
    // the rest is the time that the request took.
    let utc = (event.occurred ?? received).milliseconds / 60_000 % 1_440
    let ahead = (hour * 60 + minute - Int(utc) + 2_880 + 7) % 1_440 / 15 * 15
    event.utcOffsetMinutes = ahead > 720 ? ahead - 1_440 : ahead
  }

  private mutating func setAct() throws {
    if goal == "0" || orderID != nil || (goal == nil && items != nil) {
      event.name = (orderID == nil ? EventName.cartUpdated : EventName.orderCompleted).name
      event.properties.add("order_id", orderID)
      try addItems()
    } else if let goal {
      event.name = EventName.goalReached.name
      event.properties.add("goal", Wire.value(goal))
    } else if let name = action ?? category {
      event.name = name
      event.properties.add("category", action == nil ? nil : category)
      if case .text(let label) = event.properties["label"] { event.content = label }
    } else if let search {
      event.name = "Products Searched"
      event.content = search
      event.properties.add("query", search)
    } else if let download {
      event.name = "File Downloaded"
      event.content = download
    } else if let link {
      event.name = "Link Clicked"
      event.content = link
    } else if let contentName {
      event.name = interaction == nil ? "Content Viewed" : EventName.contentClicked.name
      event.content = contentName
      event.properties.add("content.interaction", interaction)
    } else if isPing {
      event.name = EventName.pageRead.name
    } else if let crash {
      event.name = "Application Error"
      event.properties.add("message", crash)
    } else if productSKU != nil || productName != nil || productCategory != nil {
      viewProduct()
    } else if event.page.url != nil || event.page.title != nil {
      event.name = EventName.pageViewed.name
    } else {
      throw EventFault(
        "says nothing that happened: send url, action_name, e_a, search or idgoal")
    }
  }

  private mutating func viewProduct() {
    event.properties.add("sku", productSKU)
    event.properties.add("name", productName)
    if let productCategory {
      // One category as a text, several as a JSON list.
      let isList = try? JSONDocument.read(productCategory) { root in
        if root.kind == .array { event.properties.add("category", root) }
        return root.kind == .array
      }
      if isList != true { event.properties.add("category", productCategory) }
    }
    let product = productName ?? productSKU
    event.name = product == nil ? "Product List Viewed" : EventName.productViewed.name
    event.content = product ?? productCategory
  }

  /// `[["sku","name","category",price,quantity],…]`, where a category may be a list.
  private mutating func addItems() throws {
    guard let items else { return }
    try Wire.json(items, of: "ec_items") { root in
      guard root.kind == .array else { throw EventFault("has ec_items that is no list") }
      var index = 0
      try root.forEachElement { item in
        guard item.kind == .array else {
          throw EventFault("has an item in ec_items that is no list")
        }
        var field = 0
        item.forEachElement { value in
          if field < Self.itemFields.count {
            let path = "products.\(index).\(Self.itemFields[field])"
            // Prices and quantities come as numbers and as texts that spell them.
            if field >= 3, let text = value.text {
              event.properties.add(path, Wire.value(text))
            } else if value.text?.isEmpty != true {
              event.properties.add(path, value)
            }
          }
          field += 1
        }
        index += 1
      }
    }
  }

  private static let itemFields = ["sku", "name", "category", "price", "quantity"]
}
