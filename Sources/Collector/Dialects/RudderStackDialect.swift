import CustomerJourney

/// The paths that only RudderStack's clients use: the beacon of a page that is left, and pixels of
/// mails and places without scripts. The paths that it shares are ``SegmentDialect``'s.
package struct RudderStackDialect: Dialect {
  package let name = "rudderstack"
  package let paths = ["/beacon/v1/batch", "/pixel/v1/page", "/pixel/v1/track"]
  package let methods = ["GET", "POST"]
  package let secrets: Set<String> = ["context.ip", "ip", "writeKey"]

  package init() {}

  package func keys(of request: CollectorRequest) -> [String] {
    [QueryParameters(request.query)["writeKey"], request.authorization].compactMap { $0 }
  }

  private func pixelKind(_ request: CollectorRequest) -> SegmentFamily.Kind? {
    switch request.path {
    case "/pixel/v1/page": .page
    case "/pixel/v1/track": .track
    default: nil
    }
  }

  package func read(_ request: CollectorRequest) throws -> Delivery {
    let kind = pixelKind(request)
    let family = SegmentFamily(kind: kind, variant: .rudderstack)
    guard kind != nil else { return try family.delivery(of: request.body) }
    return try family.delivery(of: Array(Self.json(QueryParameters(request.query)).utf8))
  }

  package func singles(_ indices: [Int], of request: CollectorRequest) -> [CollectorRequest] {
    var single = request
    guard pixelKind(request) != nil else {
      single.query = ""
      return SegmentFamily(variant: .rudderstack).singles(indices, of: request.body).map { body in
        single.body = body
        return single
      }
    }
    single.body = []
    single.query = Wire.query(request.query, leavingOut: secrets)
    return indices.map { _ in single }
  }

  package func reply(
    to request: CollectorRequest, delivery: Delivery, outcome: DeliveryOutcome
  ) -> CollectorReply {
    pixelKind(request) == nil ? .text("ok") : .pixel
  }

  /// A pixel's query says in dotted names what a body says in nested objects:
  /// `context.page.url=…&properties.size=42`.
  static func json(_ query: QueryParameters) -> String {
    object(query.pairs.map { ($0.name[...], $0.value) }, depth: 0)
  }

  /// The context has objects within it; what stands deeper keeps its dots, as properties do anyway.
  private static let deepest = 2

  private static func object(_ pairs: [(name: Substring, value: String)], depth: Int) -> String {
    var values: [(name: String, json: String)] = []
    var nested: [(name: String, pairs: [(name: Substring, value: String)])] = []
    var places: [String: Int] = [:]
    for (name, value) in pairs {
      guard depth < deepest, let dot = name.firstIndex(of: "."),
        depth > 0 || ["context", "properties", "traits"].contains(name[..<dot])
      else {
        values.append((String(name), PropertyValue.text(value).json))
        continue
      }
      let head = String(name[..<dot])
      let rest = (name: name[name.index(after: dot)...], value: value)
      if let place = places[head] {
        nested[place].pairs.append(rest)
      } else {
        places[head] = nested.count
        nested.append((head, [rest]))
      }
    }
    for (name, pairs) in nested { values.append((name, object(pairs, depth: depth + 1))) }
    return "{"
      + values.map { "\(PropertyValue.text($0.name).json):\($0.json)" }.joined(separator: ",") + "}"
  }
}
