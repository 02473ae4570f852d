import CustomerJourney

/// CloudEvents 1.0.2 over HTTP: an event in headers and body, in a JSON text, or many in a list.
package struct CloudEventsDialect: Dialect {
  package let name = "cloudevents"
  package var paths: [String] { ["/v1/cloudevents"] }
  package let secrets = CloudEventData.addresses.union(["writeKey"])

  package init() {}

  package func keys(of request: CollectorRequest) -> [String] {
    [request.authorization, QueryParameters(request.query)["writeKey"]].compactMap { $0 }
  }

  package func read(_ request: CollectorRequest) throws -> Delivery {
    var delivery = Delivery()
    if Self.isBinary(request) {
      try Self.check(version: request.headers["ce-specversion"])
      try delivery.add(0) {
        guard request.body.count <= Limits.eventBytes else { throw Wire.tooLarge }
        return try CloudEventReading.binary(request)
      }
      return delivery
    }
    guard Self.isJSON(request) else {
      throw Refusal.malformed(
        reason: "its content-type is no form of CloudEvents that is read here")
    }
    return try Wire.json(request.body) { root in
      switch root.kind {
      case .object:
        try Self.check(version: root["specversion"]?.text)
        try delivery.add(0) {
          try Wire.measure(root, in: request.body)
          return try CloudEventReading.structured(root, index: 0)
        }
      case .array:
        try Wire.elements(root) { index, item in
          try delivery.add(index) {
            try Wire.measure(item, in: request.body)
            return try CloudEventReading.structured(item, index: index)
          }
        }
      default: throw Refusal.malformed(reason: "it is no JSON object and no list")
      }
      return delivery
    }
  }

  private static func check(version: String?) throws {
    guard version == CloudEventReading.version else {
      throw Refusal.malformed(reason: "its specversion is not \(CloudEventReading.version)")
    }
  }

  private static func mediaType(_ request: CollectorRequest) -> String {
    (request.headers["content-type"] ?? "").prefix { $0 != ";" }.trimmed.lowercased()
  }

  private static func isBinary(_ request: CollectorRequest) -> Bool {
    !mediaType(request).hasPrefix("application/cloudevents")
      && (request.headers["ce-specversion"] != nil || request.headers["ce-id"] != nil)
  }

  private static func isJSON(_ request: CollectorRequest) -> Bool {
    switch mediaType(request) {
    case "", "text/plain", "application/json", "application/cloudevents",
      "application/cloudevents+json", "application/cloudevents-batch",
      "application/cloudevents-batch+json":
      true
    default: false
    }
  }

  package func singles(_ indices: [Int], of request: CollectorRequest) -> [CollectorRequest] {
    var single = request
    single.query = ""
    let isBinary = Self.isBinary(request)
    let hasJSON = !isBinary || CloudEventData.isJSON(request.headers["content-type"])
    let bodies: [String]? =
      hasJSON
      ? try? Wire.json(request.body) { root in
        guard !isBinary, root.kind == .array else {
          return indices.map { _ in root.json(leavingOut: secrets) }
        }
        var items: [JSONNode] = []
        root.forEachElement { items.append($0) }
        return indices.map { index in
          guard items.indices.contains(index) else { return "" }
          return "[\(items[index].json(leavingOut: secrets))]"
        }
      } : nil
    guard let bodies else {
      // It says that it is JSON and isn't.
      if hasJSON { single.body = Scrubber(names: secrets, text: request.body).scrubbed() }
      return indices.map { _ in single }
    }
    return bodies.map { body in
      single.body = Array(body.utf8)
      return single
    }
  }

  package func reply(
    to request: CollectorRequest, delivery: Delivery, outcome: DeliveryOutcome
  ) -> CollectorReply {
    .json("{\"accepted\":\(outcome.accepted),\"rejected\":\(outcome.rejected)}")
  }
}

extension Delivery {
  fileprivate mutating func add(_ index: Int, _ event: () throws -> ClientEvent) throws {
    do {
      events.append(try event())
    } catch let fault as EventFault {
      rejected.append((index, fault.reason))
    }
  }
}
