import CustomerJourney

/// What is wrong with one event, in words that go behind "the event": `has an event that is no text`.
/// Holds nothing of the event itself.
struct EventFault: Error {
  var reason: String
  init(_ reason: String) { self.reason = reason }
}

/// Members of an event by the kind that they must have. Null is as good as absent.
extension JSONNode {
  func text(_ field: StaticString) throws -> String? {
    if let text { return text }
    guard isNull else { throw EventFault("has \(field) that is no text") }
    return nil
  }

  /// An id: a text or a number.
  func id(_ field: StaticString) throws -> String? {
    if let text { return text }
    if kind == .number { return idText }
    guard isNull else { throw EventFault("has \(field) that is neither text nor number") }
    return nil
  }

  /// An object, or nil for null.
  func object(_ field: StaticString) throws -> JSONNode? {
    if kind == .object { return self }
    guard isNull else { throw EventFault("has \(field) that is no object") }
    return nil
  }

  /// An ISO 8601 text, or a number of seconds or, past the year 5138 in those, milliseconds since 1970.
  func time(_ field: StaticString) throws -> ClientTime? {
    if let bytes {
      // A member that is there but empty says as little as null.
      if bytes.isEmpty { return nil }
      guard let (moment, offset) = Timestamp.parseISO8601(bytes, zone: .utc) else {
        throw EventFault("has \(field) that is no ISO 8601 time")
      }
      return ClientTime(moment: moment, utcOffsetMinutes: offset == 0 ? nil : offset)
    }
    if let number {
      let milliseconds = abs(number) < 1e11 ? number * 1_000 : number
      guard abs(milliseconds) < 1e15 else { throw EventFault("has \(field) that is no time") }
      return ClientTime(moment: Timestamp(milliseconds: Int64(milliseconds.rounded())))
    }
    guard isNull else { throw EventFault("has \(field) that is no time") }
    return nil
  }

  /// A text that says something; nil for an empty one and for other values. For what helps when it is
  /// there and costs no event when it is not.
  var helpfulText: String? {
    guard let bytes, !bytes.isEmpty else { return nil }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A number, or a text that spells a finite one: amounts come as either.
  var spelledNumber: Double? {
    if let number { return number }
    guard let text, let number = Double(text), number.isFinite else { return nil }
    return number
  }
}

/// A moment by a client's clock.
struct ClientTime {
  var moment: Timestamp
  /// Where the text says it; a zero says only that the client writes UTC.
  var utcOffsetMinutes: Int?
}

/// The facts of a purchase among an event's properties, by the names that the Segment family gave them
/// and most clients use.
struct CommerceFacts {
  private var revenue: Double?
  private var total: Double?
  private var value: Double?
  private var currency: String?
  private var hasGoods = false
  private var isProduct = false
  private var name: String?
  private var onlyProduct: String?
  private var list: String?

  init() {}

  /// Takes from one member what it says; a property that means nothing here is passed over.
  mutating func note(_ key: JSONKey, _ node: JSONNode) throws {
    switch key.bytes.count {
    case 3: if key == "sku" { isProduct = true }
    case 4: if key == "name" { name = node.helpfulText }
    case 5:
      if key == "total" { total = node.spelledNumber }
      if key == "value" { value = node.spelledNumber }
    case 7:
      if key == "revenue", !node.isNull {
        guard let number = node.spelledNumber else {
          throw EventFault("has revenue that is no number")
        }
        revenue = number
      }
    case 8:
      if key == "currency" {
        currency = node.helpfulText
      } else if key == "order_id" {
        hasGoods = hasGoods || !node.isNull
      } else if key == "products" {
        hasGoods = true
        noteProducts(node)
      } else if key == "category" {
        list = node.helpfulText
      }
    case 10: if key == "product_id" { isProduct = true }
    default: break
    }
  }

  /// Of one product its name says what was bought; of several none does.
  private mutating func noteProducts(_ node: JSONNode) {
    var count = 0
    var only: String?
    node.forEachElement { product in
      if count == 0 { only = product["name"]?.helpfulText }
      count += 1
    }
    onlyProduct = count == 1 ? only : nil
  }

  /// A total or value is money only where a currency, an order or products stand beside it: others use
  /// the same words for anything.
  var amount: ClientAmount? {
    let said = revenue ?? (currency != nil || hasGoods ? total ?? value : nil)
    return said.map { ClientAmount(number: $0, currency: currency) }
  }

  /// The product's name, or that of the list of products.
  func content(of event: String) -> String? {
    if let name = isProduct ? name ?? onlyProduct : onlyProduct { return name }
    return event.hasPrefix("Product List") ? list : nil
  }
}
