import CustomerJourney

/// Segment's HTTP tracking API, also for its browser library's short paths and for the clients that
/// were made after it.
package struct SegmentDialect: Dialect {
  package let name = "segment"
  package var paths: [String] {
    ["/v1/batch", "/v1/b"]
      + ["identify", "track", "page", "screen", "group", "alias"].flatMap {
        ["/v1/\($0)", "/v1/\($0.prefix(1))"]
      }
  }
  package var bodyBytes: Int { 512_000 }

  private static let eventBytes = 32_768
  private static let eventsPerBatch = 2_500

  package init() {}

  package func read(_ request: CollectorRequest) throws -> Delivery {
    try JSONDocument.read(request.body) { root in
      guard root.kind == .object else {
        throw Refusal.malformed(reason: "it is no JSON object")
      }
      var delivery = Delivery(keys: root["writeKey"]?.text.map { [$0] } ?? [])
      let sent = root["sentAt"].flatMap(Self.moment)
      guard let batch = root["batch"] else {
        delivery.add(0, root, type: Self.type(of: request.path), outer: nil, sent: sent)
        return delivery
      }
      guard batch.kind == .array else { throw Refusal.malformed(reason: "batch is no array") }
      let context = root["context"]
      var index = 0
      batch.forEachElement { item in
        delivery.add(index, item, type: nil, outer: context, sent: sent)
        index += 1
      }
      return delivery
    }
  }

  private static func type(of path: String) -> String? {
    path.split(separator: "/").last.map(String.init)
  }

  private static func moment(_ node: JSONNode) -> Timestamp? {
    node.text.flatMap { Timestamp(iso8601: $0) }
  }

  package func single(_ index: Int, of request: CollectorRequest) -> CollectorRequest { request }

  package func reply(
    to request: CollectorRequest, delivery: Delivery, outcome: DeliveryOutcome
  ) -> CollectorReply { .json("{\"success\":true}") }
}

extension Delivery {
  fileprivate mutating func add(
    _ index: Int, _ node: JSONNode, type: String?, outer: JSONNode?, sent: Timestamp?
  ) {
    var event = ClientEvent(index: index)
    event.sent = sent
    node.forEachMember { key, value in
      if key == "event" {
        event.name = value.text ?? ""
      } else if key == "userId" {
        event.userID = value.idText
      } else if key == "anonymousId" {
        event.anonymousID = value.idText
      } else if key == "messageId" {
        event.messageID = value.text
      } else if key == "timestamp" {
        event.occurred = value.text.flatMap { Timestamp(iso8601: $0) }
      } else if key == "properties" {
        event.properties.addMembers(of: value)
      }
    }
    events.append(event)
  }
}
