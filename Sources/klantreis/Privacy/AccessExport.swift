import CustomerJourney
import Foundation
import Insights
import JourneyEngine
import Store

/// All that is known of one customer, as the customer may have it.
struct AccessExport: Encodable, Sendable {
  var customer: String
  var made: Timestamp
  var identities: [CustomerIdentities.Identity]
  var traits: [Trait]
  var consents: [ConsentEntry]
  var standings: [Standing]
  var touchpoints: [TouchpointLine]
  /// True when there are more touchpoints than an answer has.
  var isCut: Bool
  /// Rows of other tables, by table.
  var others: [String: [[String: String]]]

  struct Trait: Encodable, Sendable {
    var key: String
    var name: String
    var value: PropertyValue?
    var source: String
    var since: Timestamp
  }

  struct Standing: Encodable, Sendable {
    var purpose: String
    var channel: Channel
    var isAllowed: Bool
    var since: Timestamp?
  }

  struct TouchpointLine: Encodable, Sendable {
    var time: Timestamp
    var key: String
    var event: String
    var channel: String
    var origin: String?
    var campaign: String?
    var device: String?
    var content: String?
    var value: Money?
    var source: String
    var messageID: String
    var properties: [String: PropertyValue]
  }

  /// Throws ``PrivacyProblem``.
  init(of key: String, in workspace: Workspace, at now: Timestamp) throws {
    let store = workspace.store
    guard let number = try store.customer(key: key), let who = try store.identities(of: key),
      !who.customer.hasPrefix("anonymous:erased-")
    else { throw PrivacyProblem.unknown }
    customer = who.customer
    made = now
    identities = who.identities
    traits = try store.traitsWithSources(ofCustomer: number).map { trait in
      Trait(
        key: trait.key, name: trait.name,
        value: try? JSONDecoder().decode(PropertyValue.self, from: Data(trait.json.utf8)),
        source: trait.source, since: trait.setAt)
    }
    consents = try store.consents(ofCustomer: number)
    standings = ConsentStanding.all(of: consents, asked: try store.purposes().purposes).map {
      Standing(
        purpose: $0.grant.purpose, channel: $0.grant.channel, isAllowed: $0.isAllowed,
        since: $0.deciding?.happened)
    }
    let rows = try store.touchpointRows(ofCustomer: number, limit: Limits.exportedTouchpoints + 1)
    isCut = rows.count > Limits.exportedTouchpoints
    touchpoints = try store.touchpoints(rows: Array(rows.prefix(Limits.exportedTouchpoints))).map {
      point in
      TouchpointLine(
        time: point.occurred, key: point.customer, event: point.event.name,
        channel: point.channel.name, origin: point.origin?.name, campaign: point.campaign,
        device: point.device?.name, content: point.content, value: point.value,
        source: point.source, messageID: point.messageID,
        properties: point.properties.dictionary)
    }
    others = try store.otherRows(ofCustomer: number)
  }

  func json() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}
