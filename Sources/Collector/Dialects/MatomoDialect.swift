import CustomerJourney

/// Matomo's tracking HTTP API: an event in the query or a form, or many in a JSON text.
package struct MatomoDialect: Dialect {
  package let name = "matomo"
  package var paths: [String] { ["/matomo.php", "/piwik.php"] }
  package var methods: [String] { ["GET", "POST"] }

  package init() {}

  package func keys(of request: CollectorRequest) -> [String] {
    let parameters = QueryParameters(request.query)
    return [request.authorization, parameters["token_auth"], parameters["idsite"]]
      .compactMap { $0 }
  }

  package func read(_ request: CollectorRequest) throws -> Delivery {
    guard Self.isBulk(request) else { return try single(request) }
    return try Wire.json(request.body) { root in
      var delivery = Delivery()
      if let token = root["token_auth"]?.text { delivery.keys = [token] }
      try Wire.elements(try Self.requests(of: root)) { index, item in
        var site: String?
        do {
          var reading = MatomoReading(index: index)
          defer { site = reading.site }
          try Wire.measure(item, in: request.body)
          try reading.take(item)
          delivery.events.append(try reading.finished(received: request.received))
        } catch let fault as EventFault {
          delivery.rejected.append((index, fault.reason))
        }
        if let site, !delivery.keys.contains(site), delivery.keys.count < Limits.keysPerEvent {
          delivery.keys.append(site)
        }
      }
      return delivery
    }
  }

  private static func isBulk(_ request: CollectorRequest) -> Bool {
    request.body.first { $0 > 32 } == UInt8(ascii: "{")
  }

  private static func requests(of root: JSONNode) throws -> JSONNode {
    guard let requests = root["requests"], requests.kind == .array else {
      throw Refusal.malformed(reason: "it has no array named requests")
    }
    return requests
  }

  private func single(_ request: CollectorRequest) throws -> Delivery {
    let parameters = [
      QueryParameters(request.query),
      QueryParameters(String(decoding: request.body, as: UTF8.self)),
    ]
    guard parameters.contains(where: { $0["idsite"] != nil || $0["rec"] != nil }) else {
      throw Refusal.malformed(reason: "it has neither idsite nor rec")
    }
    var delivery = Delivery(
      keys: parameters.flatMap { [$0["token_auth"], $0["idsite"]].compactMap { $0 } })
    do {
      guard request.body.count <= Limits.eventBytes else { throw Wire.tooLarge }
      var reading = MatomoReading(index: 0)
      for part in parameters { try reading.take(part) }
      delivery.events = [try reading.finished(received: request.received)]
    } catch let fault as EventFault {
      delivery.rejected = [(0, fault.reason)]
    }
    return delivery
  }

  /// The sender's address and the keys.
  package let secrets: Set<String> = ["cip", "token_auth", "idsite"]

  package func singles(_ indices: [Int], of request: CollectorRequest) -> [CollectorRequest] {
    var single = request
    single.query = Wire.query(request.query, leavingOut: secrets)
    guard Self.isBulk(request) else {
      let form = String(decoding: request.body, as: UTF8.self)
      single.body = Array(Wire.query(form, leavingOut: secrets).utf8)
      return indices.map { _ in single }
    }
    let items: [String]? = try? Wire.json(request.body) { root in
      var items: [JSONNode] = []
      try Self.requests(of: root).forEachElement { items.append($0) }
      return indices.map { items.indices.contains($0) ? kept(items[$0]) : "" }
    }
    return (items ?? indices.map { _ in "" }).map { item in
      single.body = Array("{\"requests\":[\(item)]}".utf8)
      return single
    }
  }

  private func kept(_ item: JSONNode) -> String {
    guard let text = item.text else { return item.json(leavingOut: secrets) }
    let query = Wire.query(String(MatomoReading.query(in: text)), leavingOut: secrets)
    return PropertyValue.text("?" + query).json
  }

  package func reply(
    to request: CollectorRequest, delivery: Delivery, outcome: DeliveryOutcome
  ) -> CollectorReply {
    if Self.isBulk(request) {
      return .json(
        "{\"status\":\"success\",\"tracked\":\(outcome.accepted),\"invalid\":\(outcome.rejected)}")
    }
    if outcome.accepted == 0 {
      return Refusal.malformed(reason: "it is kept among the rejected events of its source").reply
    }
    let wantsNoPicture =
      QueryParameters(request.query)["send_image"] == "0"
      || QueryParameters(String(decoding: request.body, as: UTF8.self))["send_image"] == "0"
    return wantsNoPicture
      ? CollectorReply(status: 204, contentType: "text/plain") : .pixel
  }
}
