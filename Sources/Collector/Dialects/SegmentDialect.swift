import CustomerJourney

/// Segment's HTTP tracking API, also for its browser library's short paths and for the clients that
/// were made after it. RudderStack's share its paths; each request shows which one speaks.
package struct SegmentDialect: Dialect {
  package let name = "segment"
  package var paths: [String] { ["/v1/b", "/v1/batch"] + Self.kinds.keys.sorted() }
  package var bodyBytes: Int { Limits.collectedBytes }

  /// The kind of event of each path that doesn't take batches.
  private static let kinds: [String: SegmentFamily.Kind] = {
    var kinds: [String: SegmentFamily.Kind] = [:]
    for kind in SegmentFamily.Kind.allCases {
      kinds["/v1/\(kind.rawValue)"] = kind
      kinds["/v1/\(kind.rawValue.prefix(1))"] = kind
    }
    return kinds
  }()

  package init() {}

  private func family(_ request: CollectorRequest) -> SegmentFamily {
    SegmentFamily(kind: Self.kinds[request.path])
  }

  package func read(_ request: CollectorRequest) throws -> Delivery {
    try family(request).delivery(of: request.body)
  }

  package func singles(_ indices: [Int], of request: CollectorRequest) -> [CollectorRequest] {
    family(request).singles(indices, of: request.body).map { body in
      var single = request
      single.query = ""
      single.body = body
      return single
    }
  }

  package func reply(
    to request: CollectorRequest, delivery: Delivery, outcome: DeliveryOutcome
  ) -> CollectorReply {
    delivery.variant == SegmentFamily.Variant.rudderstack.rawValue
      ? .text("ok") : .json("{\"success\":true}")
  }
}
