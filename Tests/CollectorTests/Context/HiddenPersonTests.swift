import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite("Who does not want to be followed")
struct HiddenPersonTests {
  private func batch(
    _ body: String, path: String = "/v1/batch", headers: [String: String], key: String = "public",
    received: Timestamp = Timestamp(seconds: 1_800_000_000)
  ) async throws -> CollectedBatch {
    let kept = Kept()
    let door = FrontDoor(
      FrontDoor.Surroundings(
        source: { _ in
          var mapping = SourceMapping()
          if key == "secret" { mapping.hasSecretKey = true }
          return CollectorSource(name: "shop", mapping: mapping)
        }, normaliser: { Normaliser() },
        keep: { batch in
          await kept.add(batch)
          return KeptOutcome(stored: batch.count)
        }))
    var all = headers
    all["content-type"] = "application/json"
    _ = await door.receive(
      CollectorRequest(
        method: "POST", path: path, query: "", headers: all, body: Array(body.utf8),
        received: received, number: 1))
    return await kept.batch
  }

  private actor Kept {
    var batch = CollectedBatch()
    func add(_ new: CollectedBatch) { batch = new }
  }

  private static let event = """
    {"writeKey":"k","batch":[
    {"type":"track","event":"Product Viewed","messageId":"m1","userId":"zoe-4711","anonymousId":"browser-77ff",
     "context":{"traits":{"email":"zoe@kaasland.nl"},"externalIds":[{"id":"crm-99","type":"crm"}],
       "page":{"url":"https://shop.nl/a?mail=zoe@kaasland.nl&gclid=CLICK99","path":"/a"}CONTEXT}},
    {"type":"track","event":"Product Added","messageId":"m2","userId":"zoe-4711","anonymousId":"browser-77ff",
     "properties":{"name":"Old Gouda","price":12.5,"quantity":1,"customer_id":"zoe-4711","firstName":"Zoe",
       "address":{"street":"Dorpsstraat 881","city":"Edam"},"note":"for zoe@kaasland.nl please",
       "share_url":"https://shop.nl/x?to=zoe%40kaasland.nl","product":{"email":"zoe@kaasland.nl","sku":"G18"}},
     "context":{"page":{"path":"/me/zoe@kaasland.nl"}CONTEXT}},
    {"type":"identify","messageId":"m3","userId":"zoe-4711","anonymousId":"browser-77ff",
     "traits":{"email":"zoe@kaasland.nl"},"context":{"x":1CONTEXT}},
    {"type":"track","messageId":"m4","userId":"zoe-4711"}]}
    """

  private static let ids = [
    "zoe-4711", "browser-77ff", "zoe@kaasland.nl", "zoe%40kaasland.nl", "crm-99", "CLICK99",
    "\"Zoe\"",
    "Dorpsstraat",
  ]

  private func told(_ batch: CollectedBatch) -> String {
    var text = ""
    dump(batch, to: &text)
    for point in batch.touchpoints {
      text += String(decoding: point.properties.json, as: UTF8.self)
    }
    return text
  }

  @Test(
    "with Global Privacy Control, or a no to analytics, no id of a browser's person is kept",
    arguments: [
      ("", ["sec-gpc": "1"]), (",\"gpc\":true", [:]),
      (",\"consent\":{\"categoryPreferences\":{\"analytics\":false}}", [:]),
    ] as [(String, [String: String])])
  func hidden(context: String, headers: [String: String]) async throws {
    let agent = headers.merging(["user-agent": UserAgents.chrome]) { $1 }
    let batch = try await batch(
      Self.event.replacing("CONTEXT", with: context), headers: agent)
    #expect(batch.touchpoints.count == 2)
    #expect(batch.profiles.isEmpty)
    let text = told(batch)
    // An event that could not be read has no context that says no: only the header hides it.
    let ids = headers["sec-gpc"] == nil ? Array(Self.ids.dropFirst()) : Self.ids
    for id in ids { #expect(!text.contains(id), "\(id) is kept") }
    #expect(Set(batch.touchpoints.map(\.customer)).count == 1, "one visit stays one journey")
    #expect(batch.touchpoints[0].customer.hasPrefix("anonymous:hidden-"))
    #expect(batch.touchpoints[0].alsoKnownAs.isEmpty)
  }

  @Test("what a server says of a person is not a browser's wish, and without a wish ids stay")
  func others() async throws {
    let server = try await batch(
      Self.event.replacing("CONTEXT", with: ""),
      headers: ["sec-gpc": "1", "user-agent": UserAgents.chrome], key: "secret")
    #expect(server.touchpoints.map(\.customer) == ["zoe-4711", "zoe-4711"])
    let plain = try await batch(
      Self.event.replacing("CONTEXT", with: ""), headers: ["user-agent": UserAgents.chrome])
    #expect(plain.touchpoints.map(\.customer) == ["zoe-4711", "zoe-4711"])
    #expect(plain.profiles.count == 1)
  }

  @Test("a pseudonym is another one the next day, and in another process")
  func days() {
    let (one, other) = (DayPseudonyms(), DayPseudonyms())
    let noon = Timestamp(seconds: 1_800_014_400)
    let first = one.pseudonym(of: "b", on: noon)
    #expect(one.pseudonym(of: "b", on: noon.adding(seconds: 60)) == first)
    #expect(one.pseudonym(of: "c", on: noon) != first)
    #expect(one.pseudonym(of: "b", on: noon.adding(seconds: 86_400)) != first)
    #expect(other.pseudonym(of: "b", on: noon) != first)
  }

  @Test("what clients say of consents becomes claims, by channel and purpose")
  func claims() async throws {
    let body = """
      {"writeKey":"k","batch":[
      {"type":"track","event":"Consent Changed","messageId":"c1","userId":"a",
       "properties":{"purpose":"marketing","channel":"email","given":true,"text":"Yes, mail me","version":"3"}},
      {"type":"track","event":"Consent Changed","messageId":"c2","anonymousId":"b",
       "properties":{"analytics":true,"marketing":false}},
      {"type":"track","event":"Product Viewed","messageId":"c3","anonymousId":"b",
       "context":{"consent":{"categoryPreferences":{"analytics":true}}}}]}
      """
    let claims = try await batch(body, headers: ["user-agent": UserAgents.chrome]).consents
    #expect(claims.count == 4)
    #expect(claims[0].channel == .email && claims[0].purpose == "marketing" && claims[0].isGiven)
    #expect(claims[0].words == "Yes, mail me" && claims[0].version == "3" && claims[0].isSaid)
    #expect(
      Set(claims[1...2].map { "\($0.purpose) \($0.isGiven)" }) == [
        "analytics true", "marketing false",
      ])
    #expect(claims[1].channel == .website)
    #expect(!claims[3].isSaid && claims[3].isGiven)
  }

  @Test("GA4's consent becomes claims too")
  func ga4() async throws {
    let claims = try await batch(
      """
      {"client_id":"c.1","consent":{"ad_user_data":"GRANTED","ad_personalization":"DENIED"},
       "events":[{"name":"page_view"}]}
      """, path: "/mp/collect", headers: ["user-agent": UserAgents.chrome]
    ).consents
    #expect(
      Set(claims.map { "\($0.purpose) \($0.isGiven)" })
        == ["ad_user_data true", "ad_personalization false"])
  }
}
