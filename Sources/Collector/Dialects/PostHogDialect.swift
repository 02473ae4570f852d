import CustomerJourney

/// PostHog's capture API, in all the forms that its libraries have had: batches and single events, plain
/// or packed, as JSON or as a form's field. Asked for feature flags it has none.
package struct PostHogDialect: Dialect {
  package let name = "posthog"
  package let paths = eventPaths + flagPaths
  package let methods = ["GET", "POST"]
  /// Its library for Python fills a request up to 5 MiB.
  package let bodyBytes = 6_291_456
  /// A form's field `data` may hold all of them, packed.
  package let secrets: Set<String> = Self.hidden.union(["data"])

  private static let hidden: Set<String> = ["$ip", "ip", "api_key", "token"]

  private static let eventPaths = ["/batch", "/capture", "/e", "/engage", "/i/v0/e", "/track"]
  private static let flagPaths = ["/decide", "/flags"]

  package init() {}

  // MARK: Reading

  package func read(_ request: CollectorRequest) throws -> Delivery {
    if Self.flagPaths.contains(request.path) { return Delivery(isQuestion: true) }
    let query = QueryParameters(request.query)
    let body = try Self.payload(of: request, query)
    do {
      return try JSONDocument.read(body) { root in
        try Self.delivery(of: root, bytes: body.count, query, received: request.received)
      }
    } catch let problem as JSONProblem {
      throw Refusal.malformed(reason: "its body is no JSON: \(problem.reason)")
    }
  }

  private static func delivery(
    of root: JSONNode, bytes: Int, _ query: QueryParameters, received: Timestamp
  ) throws -> Delivery {
    var delivery = Delivery(keys: keys(in: root) + [query["token"]].compactMap { $0 })
    // A library of pages says in the address when it sent.
    let inQuery = query["_"].flatMap { Int64($0) }.map { Timestamp(milliseconds: $0) }
    let sent = root["sent_at"].flatMap { try? $0.time("sent_at") }?.moment ?? inQuery
    // What is brought over from elsewhere happened when it says.
    let isHistory = root["historical_migration"]?.flag ?? false
    let reader = PostHogReader(
      sent: isHistory ? nil : sent, received: received, mustMeasure: bytes > Limits.eventBytes)
    let list = items(of: root)
    guard root.kind == .array || root.kind == .object else {
      throw Refusal.malformed(reason: "it is no JSON object")
    }
    guard list != nil || root["batch"] == nil else {
      throw Refusal.malformed(reason: "batch is no array")
    }
    guard let list else {
      reader.read(0, root, into: &delivery)
      return delivery
    }
    var index = 0
    try list.forEachElement { item in
      guard index < Limits.collectedEvents else {
        throw Refusal.tooMany(events: Limits.collectedEvents)
      }
      if index == 0, delivery.keys.isEmpty { delivery.keys = keys(in: item) }
      reader.read(index, item, into: &delivery)
      index += 1
    }
    return delivery
  }

  /// The array of events; nil where the body is one event.
  private static func items(of root: JSONNode) -> JSONNode? {
    if root.kind == .array { return root }
    guard let batch = root["batch"], batch.kind == .array else { return nil }
    return batch
  }

  /// Beside the events, or in an event, or among its properties: each was right once.
  private static func keys(in node: JSONNode) -> [String] {
    [node["api_key"], node["token"], node["properties"]?["token"]].compactMap { $0?.text }
  }

  /// The JSON of a request, out of a form's field, base64 and packing where it is in them.
  private static func payload(
    of request: CollectorRequest, _ query: QueryParameters
  ) throws -> [UInt8] {
    var compression = query["compression"]
    var field: String?
    if request.method == "GET" {
      field = query["data"] ?? ""
    } else if request.body.starts(with: "data=".utf8)
      || request.body.starts(with: "compression=".utf8)
    {
      let form = QueryParameters(String(decoding: request.body, as: UTF8.self))
      field = form["data"] ?? ""
      compression = form["compression"] ?? compression
    }
    guard compression != "lz64" else {
      throw Refusal.malformed(reason: "it is packed with lz64, which is not read here")
    }
    guard let field else { return request.body }
    if field.utf8.first == UInt8(ascii: "{") || field.utf8.first == UInt8(ascii: "[") {
      return Array(field.utf8)
    }
    // A plus sign that nobody escaped has become a space on the way.
    guard let bytes = Base64.bytes(field.replacing(" ", with: "+")) else {
      throw Refusal.malformed(reason: "its field data is neither JSON nor base64")
    }
    return try Unpacking.unpacked(bytes, encoding: nil, limit: PostHogDialect().bodyBytes)
  }

  // MARK: Keeping one

  package func singles(_ indices: [Int], of request: CollectorRequest) -> [CollectorRequest] {
    let query = QueryParameters(request.query)
    let payload = (try? Self.payload(of: request, query)) ?? []
    let texts: [String]? = try? JSONDocument.read(payload) { root in
      guard let list = Self.items(of: root) else {
        return indices.map { _ in root.json(leavingOut: Self.hidden) }
      }
      var items: [JSONNode] = []
      list.forEachElement { items.append($0) }
      var outer = ""
      for name in ["sent_at", "historical_migration"] as [StaticString] {
        if let node = root[name], node.kind != .object, node.kind != .array {
          outer += ",\"\(name)\":\(node.json())"
        }
      }
      return indices.map { index in
        guard items.indices.contains(index) else { return "" }
        return "{\"batch\":[\(items[index].json(leavingOut: Self.hidden))]\(outer)}"
      }
    }
    var single = request
    single.method = "POST"
    single.query = query["_"].map { "_=\($0)" } ?? ""
    single.headers["content-type"] = "application/json"
    return (texts ?? indices.map { _ in "" }).map { text in
      single.body = Array(text.utf8)
      return single
    }
  }

  // MARK: Answering

  package func reply(
    to request: CollectorRequest, delivery: Delivery, outcome: DeliveryOutcome
  ) -> CollectorReply {
    guard delivery.isQuestion else { return .json("{\"status\":1}") }
    // The words of all versions of the question, for there are clients of each.
    return .json(
      """
      {"flags":{},"featureFlags":{},"featureFlagPayloads":{},"errorsWhileComputingFlags":false,\
      "config":{"enable_collect_everything":true},"supportedCompression":["gzip","gzip-js"],\
      "isAuthenticated":false,"sessionRecording":false,"requestId":null}
      """)
  }
}
