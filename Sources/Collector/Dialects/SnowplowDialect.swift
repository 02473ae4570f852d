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
    let orders = Set(readings.lazy.filter { $0.kind == .order }.compactMap(\.orderID))
    var items: [SnowplowReading] = []
    var places: [String: Int] = [:]
    for reading in readings {
      if let id = reading.orderID, orders.contains(id) {
        if reading.kind == .orderItem {
          items.append(reading)
          continue
        }
        places[id] = delivery.events.count
      }
      delivery.add(reading)
    }
    var products: [String: Int] = [:]
    for item in items {
      guard let id = item.orderID, let place = places[id] else { continue }
      let number = products[id, default: 0]
      products[id] = number + 1
      for pair in item.event.properties.pairs
      where SnowplowReading.productFields.contains(pair.path) {
        delivery.events[place].properties.add("products.\(number).\(pair.path)", pair.value)
      }
    }
    return delivery
  }

  /// The sender's address and the key.
  package let secrets: Set<String> = ["ip", "aid"]

  package func singles(_ indices: [Int], of request: CollectorRequest) -> [CollectorRequest] {
    var single = request
    guard request.path == Self.batchPath else {
      single.query = Wire.query(request.query, leavingOut: secrets)
      return indices.map { _ in single }
    }
    let bodies: [String]? = try? Wire.json(request.body) { root in
      var items: [JSONNode] = []
      // The last order of an id is the one that takes the items.
      var orders: [String: Int] = [:]
      var products: [String: [JSONNode]] = [:]
      try Self.data(of: root).forEachElement { item in
        if item["e"]?.text == "tr", let id = item["tr_id"]?.idText { orders[id] = items.count }
        if item["e"]?.text == "ti", let id = item["ti_id"]?.idText {
          products[id, default: []].append(item)
        }
        items.append(item)
      }
      return indices.map { index in
        guard items.indices.contains(index) else { return "" }
        var wanted = [items[index]]
        if let id = items[index]["tr_id"]?.idText, orders[id] == index {
          wanted += products[id] ?? []
        }
        let texts = wanted.map { $0.json(leavingOut: secrets) }
        return "{\"data\":[\(texts.joined(separator: ","))]}"
      }
    }
    single.query = ""
    return (bodies ?? indices.map { _ in "" }).map { body in
      single.body = Array(body.utf8)
      return single
    }
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
