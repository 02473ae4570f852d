import CustomerJourney
import Testing

@testable import Collector

/// A request to one path, with a body that is a text.
func request(
  _ path: String, method: String = "POST", query: String = "", headers: [String: String] = [:],
  _ body: String = ""
) -> CollectorRequest {
  CollectorRequest(
    method: method, path: path, query: query, headers: headers, body: Array(body.utf8),
    received: testNow)
}

extension Dialect {
  /// The only event of a request that holds one.
  func event(of request: CollectorRequest) throws -> ClientEvent {
    let delivery = try read(request)
    #expect(delivery.rejected.map(\.reason) == [])
    #expect(delivery.events.count == 1)
    return try #require(delivery.events.first)
  }

  /// Why the only event of a request cannot be read.
  func fault(of request: CollectorRequest) throws -> String {
    let delivery = try read(request)
    #expect(delivery.events.isEmpty)
    #expect(delivery.rejected.count == 1)
    return try #require(delivery.rejected.first?.reason)
  }

  /// Checks that every event of a request is read from its single request as it was from the whole,
  /// but for the sender's address.
  func expectSinglesReadBack(_ whole: CollectorRequest) throws {
    let delivery = try read(whole)
    #expect(!delivery.events.isEmpty)
    for event in delivery.events {
      let single = single(event.index, of: whole)
      let again = try read(single)
      #expect(again.events.count == 1)
      guard var found = again.events.first else { continue }
      var wanted = event
      wanted.device.address = nil
      wanted.index = 0
      #expect(found.device.address == nil)
      found.index = 0
      #expect(String(describing: found) == String(describing: wanted))
    }
    for (index, reason) in delivery.rejected {
      let again = try read(self.single(index, of: whole))
      #expect(again.rejected.map(\.reason) == [reason])
    }
  }
}

extension PropertyValue {
  /// For short expectations: `"42"` of a number and of a text.
  static func == (value: PropertyValue?, text: String) -> Bool { value?.description == text }
}
