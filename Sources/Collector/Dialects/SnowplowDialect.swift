import CustomerJourney

/// Snowplow's tracker protocol: batches of flat objects by POST, single events in the query of a
/// picture.
package struct SnowplowDialect: Dialect {
  package let name = "snowplow"
  package var paths: [String] { [Self.batchPath, "/i"] }
  package var methods: [String] { ["GET", "POST"] }
  package var bodyBytes: Int { 1_000_000 }

  private static let batchPath = "/com.snowplowanalytics.snowplow/tp2"

  package init() {}

  package func read(_ request: CollectorRequest) throws -> Delivery {
    guard request.path == Self.batchPath else { return try pixel(request) }
    return try Wire.json(request.body) { root in
      let data = try Self.data(of: root)
      var delivery = Delivery()
      var readings: [SnowplowReading] = []
      try Wire.elements(data) { index, item in
        do {
          readings.append(try SnowplowReading(item, index: index))
        } catch let fault as EventFault {
          delivery.rejected.append((index, fault.reason))
        }
      }
      return finished(readings, delivery)
    }
  }

  private static func data(of root: JSONNode) throws -> JSONNode {
    guard let data = root["data"], data.kind == .array else {
      throw Refusal.malformed(reason: "it has no array of events named data")
    }
    return data
  }

  private func pixel(_ request: CollectorRequest) throws -> Delivery {
    let parameters = QueryParameters(request.query)
    guard !parameters.pairs.isEmpty else {
      throw Refusal.malformed(reason: "its address has no parameters")
    }
    var delivery = Delivery()
    do {
      return finished([try SnowplowReading(parameters)], delivery)
    } catch let fault as EventFault {
      if let key = parameters["aid"] { delivery.keys = [key] }
      delivery.rejected.append((0, fault.reason))
      return delivery
    }
  }

  /// The items of an order that came with it become its products; those that came alone stay.
  private func finished(_ readings: [SnowplowReading], _ started: Delivery) -> Delivery {
    var delivery = started
    var orders: [String: Int] = [:]
    for reading in readings where reading.kind == .order {
      if let id = reading.orderID { orders[id] = delivery.events.count }
      delivery.add(reading)
    }
    var products = [Int](repeating: 0, count: delivery.events.count)
    for reading in readings where reading.kind != .order {
      if reading.kind == .orderItem, let place = reading.orderID.flatMap({ orders[$0] }) {
        for (path, value) in reading.event.properties.pairs
        where SnowplowReading.productFields.contains(path) {
          delivery.events[place].properties.add("products.\(products[place]).\(path)", value)
        }
        products[place] += 1
      } else {
        delivery.add(reading)
      }
    }
    return delivery
  }

  private static let addresses: Set<String> = ["ip"]

  package func single(_ index: Int, of request: CollectorRequest) -> CollectorRequest {
    var single = request
    guard request.path == Self.batchPath else {
      single.query = Wire.query(request.query, leavingOut: Self.addresses)
      return single
    }
    let body: String? = try? Wire.json(request.body) { root in
      var items: [String] = []
      var order: String?
      let data = try Self.data(of: root)
      try Wire.elements(data) { at, item in
        guard at == index else { return }
        items.append(item.json(leavingOut: Self.addresses))
        if item["e"]?.text == "tr" { order = item["tr_id"]?.idText }
      }
      if let order {
        data.forEachElement { item in
          if item["e"]?.text == "ti", item["ti_id"]?.idText == order {
            items.append(item.json(leavingOut: Self.addresses))
          }
        }
      }
      return "{\"data\":[\(items.joined(separator: ","))]}"
    }
    single.query = ""
    single.body = Array((body ?? "").utf8)
    return single
  }

  package func reply(
    to request: CollectorRequest, delivery: Delivery, outcome: DeliveryOutcome
  ) -> CollectorReply { request.path == Self.batchPath ? .text("ok") : .pixel }

  /// The clients send again for ever what is answered with 413.
  package func reply(to request: CollectorRequest, refusal: Refusal) -> CollectorReply {
    var reply = refusal.reply
    if reply.status == 413 { reply.status = 400 }
    return reply
  }
}

extension Delivery {
  fileprivate mutating func add(_ reading: SnowplowReading) {
    if let key = reading.appID, !keys.contains(key), keys.count < Limits.keysPerEvent {
      keys.append(key)
    }
    events.append(reading.event)
  }
}
