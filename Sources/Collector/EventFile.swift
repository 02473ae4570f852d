import CustomerJourney

/// How files hold events of the clients' protocols: each line, or element of a JSON array, is the
/// body or the query of one request, or one bare event as it stands in such a body.
enum EventFile {
  /// What one line is as a request to a dialect.
  struct Item {
    var request: CollectorRequest
    /// When the event came in, where the line says it: an archive of Segment does.
    var received: Timestamp?
  }

  /// How a dialect's bare event is put into a body.
  private struct Form {
    var path: String
    /// The members that only a whole body has.
    var bodyMembers: [StaticString]
    var before: String
    var after: String
  }

  private static func form(_ dialect: String) -> Form {
    switch dialect {
    case "posthog":
      Form(path: "/batch", bodyMembers: ["batch"], before: "{\"batch\":[", after: "]}")
    case "snowplow":
      Form(
        path: "/com.snowplowanalytics.snowplow/tp2", bodyMembers: ["data"],
        before:
          "{\"schema\":\"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4\","
          + "\"data\":[", after: "]}")
    case "matomo":
      Form(
        path: "/matomo.php", bodyMembers: ["requests"], before: "{\"requests\":[", after: "]}")
    case "ga4": Form(path: "/mp/collect", bodyMembers: ["events"], before: "", after: "")
    case "cloudevents": Form(path: "/v1/cloudevents", bodyMembers: [], before: "", after: "")
    default:
      Form(path: "/v1/batch", bodyMembers: ["batch"], before: "{\"batch\":[", after: "]}")
    }
  }

  /// Throws ``JSONProblem`` or ``Refusal``.
  static func item(
    _ bytes: Bytes, of dialect: any Dialect, at moment: Timestamp, number: Int
  ) throws -> Item {
    let form = form(dialect.name)
    let path = dialect.paths.contains(form.path) ? form.path : dialect.paths[0]
    var request = CollectorRequest(
      method: "POST", path: path, received: moment, number: UInt64(number))
    guard bytes.first == UInt8(ascii: "{") else {
      // A query, as it stands behind the question mark of a pixel's address.
      let text = String(decoding: bytes, as: UTF8.self)
      let mark = text.firstIndex(of: "?").map { text.index(after: $0) }
      request.method = "GET"
      request.query = String(text[(mark ?? text.startIndex)...])
      if dialect.name == "snowplow" { request.path = "/i" }
      return Item(request: request)
    }
    let whole = Array(bytes)
    return try JSONDocument.read(whole) { root in
      request.headers["content-type"] =
        dialect.name == "cloudevents" ? "application/cloudevents+json" : "application/json"
      let isBody = form.bodyMembers.contains { root[$0]?.kind == .array }
      if isBody || form.bodyMembers.isEmpty {
        request.body = whole
      } else if dialect.name == "ga4" {
        request.body = Array(wrapped(ga4: root).utf8)
      } else {
        request.body = Array(form.before.utf8) + whole + Array(form.after.utf8)
      }
      let received = isBody ? nil : root["receivedAt"] ?? root["received_at"]
      return Item(
        request: request,
        received: received?.text.flatMap { Timestamp(iso8601: $0) }.map { min($0, moment) })
    }
  }

  /// A bare event of GA4 that says beside its name whose it is.
  private static func wrapped(ga4 root: JSONNode) -> String {
    let outer: Set<String> = [
      "client_id", "app_instance_id", "user_id", "timestamp_micros", "user_properties", "consent",
    ]
    var members = ""
    root.forEachMember { key, value in
      guard outer.contains(key.text) else { return }
      members += PropertyValue.text(key.text).json + ":" + value.json() + ","
    }
    return "{\(members)\"events\":[\(root.json(leavingOut: outer))]}"
  }

  // MARK: Finding out whose events a file holds

  /// The dialect of the first object; nil when it is of none that is known.
  static func dialect(ofJSON head: [UInt8]) -> String? {
    let splitter = splitter(
      ByteWindow(text: head), head: head, limit: Limits.collectedBytes)
    guard case .object(let bytes) = splitter.next() else { return nil }
    let name = try? JSONDocument.read(Array(bytes)) { dialect(of: $0) }
    return name.flatMap { $0 }.flatMap(known)
  }

  /// The dialect of lines that are queries.
  static func dialect(ofQueries head: [UInt8]) -> String? {
    let line = String(
      decoding: head.drop { $0 == 10 || $0 == 13 }.prefix { $0 != 10 && $0 != 13 }, as: UTF8.self)
    guard line.contains("="), !line.contains(" "), !line.contains("\t") else { return nil }
    let query = line.firstIndex(of: "?").map { line[line.index(after: $0)...] } ?? line[...]
    let names = Set(QueryParameters(query).pairs.map(\.name))
    if names.contains("idsite") { return known("matomo") }
    return names.isSuperset(of: ["e", "p"]) ? known("snowplow") : nil
  }

  private static func known(_ name: String) -> String? {
    if FrontDoor.dialects.contains(where: { $0.name == name }) { return name }
    // RudderStack speaks Segment's protocol.
    return name == "rudderstack" ? known("segment") : nil
  }

  private static let segmentTypes: Set<String> = [
    "identify", "track", "page", "screen", "group", "alias",
  ]

  private static func dialect(of root: JSONNode) -> String? {
    if root["specversion"]?.text != nil, root["type"]?.text != nil { return "cloudevents" }
    if let schema = root["schema"]?.text, schema.contains("snowplowanalytics"),
      root["data"]?.kind == .array
    {
      return "snowplow"
    }
    if root["e"]?.text != nil, root["p"]?.text != nil { return "snowplow" }
    if root["requests"]?.kind == .array || root["idsite"] != nil { return "matomo" }
    let isOfGA4 = root["client_id"] ?? root["app_instance_id"]
    if isOfGA4 != nil, root["events"]?.kind == .array || root["params"]?.kind == .object {
      return "ga4"
    }
    guard let batch = root["batch"], batch.kind == .array else { return family(root) }
    var first: String?
    batch.forEachElement { item in first = first ?? family(item) }
    return first ?? (root["api_key"] == nil ? nil : "posthog")
  }

  /// Whose a bare event is: Segment's and RudderStack's have a type, PostHog's a distinct id.
  private static func family(_ event: JSONNode) -> String? {
    if event["event"]?.text != nil {
      let id =
        event["distinct_id"] ?? event["$distinct_id"] ?? event["properties"]?["distinct_id"]
      if id != nil { return "posthog" }
    }
    guard let type = event["type"]?.text, segmentTypes.contains(type),
      event["userId"] != nil || event["anonymousId"] != nil
    else { return nil }
    let library = event["context"]?["library"]?["name"]?.text?.lowercased() ?? ""
    return library.contains("rudder") || event["rudderId"] != nil ? "rudderstack" : "segment"
  }

  /// Objects end with their line, unless the first one shows that they don't.
  static func splitter(_ window: ByteWindow, head: [UInt8], limit: Int) -> JSONSplitter {
    let start = head.drop { [32, 9, 10, 13].contains($0) }
    let line = start.prefix { $0 != 10 && $0 != 13 }
    let isLinewise = start.first == UInt8(ascii: "{") && Self.isWhole(Array(line))
    return JSONSplitter(window: window, isArray: !isLinewise, limit: limit)
  }

  private static func isWhole(_ line: [UInt8]) -> Bool {
    // A line that the head cuts off is a long one.
    line.count >= ByteWindow.blockBytes - 4_096 || (try? JSONDocument.read(line) { _ in }) != nil
  }
}
