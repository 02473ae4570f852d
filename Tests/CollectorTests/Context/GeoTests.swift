import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite("Country, region and city by a database that the user gives")
struct GeoTests {
  private let folder: TemporaryFolder
  private let geo: GeoDatabase

  init() throws {
    folder = try TemporaryFolder()
    geo = try GeoDatabase(path: try folder.write("city.mmdb", DatabaseWriter.sample.file))
  }

  private func place(_ text: String) -> GeoDatabase.Place? {
    IPAddress(text).flatMap(geo.place)
  }

  @Test(
    "an address has its place in any way of writing",
    arguments: [
      ("81.2.69.160", "NL", "Utrecht"), ("81.2.69.160:51234", "NL", "Utrecht"),
      ("::ffff:81.2.69.1", "NL", "Utrecht"), (" 81.2.69.7 ", "NL", "Utrecht"),
      ("2001:db8::1", "BE", "Ghent"), ("[2001:DB8::1]:443", "BE", "Ghent"),
      ("2001:db8::1%eth0", "BE", "Ghent"), ("198.51.100.9", "FR", "Lyon"),
    ])
  func known(address: String, country: String, city: String) {
    #expect(place(address)?.country == country)
    #expect(place(address)?.city == city)
  }

  @Test(
    "private, unknown and broken addresses have none",
    arguments: [
      "10.0.0.1", "192.168.1.1", "127.0.0.1", "::1", "fe80::1", "8.8.8.8", "", "x", "999.1.1.1",
      "81.2.69", "unknown", "[", "[]", ":", "2001:db8:::1", String(repeating: "1", count: 1_000),
    ])
  func unknown(address: String) { #expect(place(address) == nil) }

  @Test("a file that is none, is cut off or knows no countries is refused in one sentence")
  func broken() throws {
    let whole = DatabaseWriter.sample.file
    var asn = DatabaseWriter(type: "GeoLite2-ASN")
    asn.add4(81, 2, 69, bits: 24, .map([("autonomous_system_number", .long(1))]))
    for (name, data) in [
      ("empty.mmdb", Data()), ("text.mmdb", Data("no database".utf8)),
      ("cut.mmdb", whole.prefix(whole.count / 2)), ("asn.mmdb", asn.file),
    ] {
      let path = try folder.write(name, data)
      let problem = #expect(throws: GeoDatabase.Problem.self) { try GeoDatabase(path: path) }
      #expect(problem?.description.hasPrefix("\(name) is ") == true)
      #expect(problem?.description.hasSuffix(".") == true)
    }
    #expect(throws: GeoDatabase.Problem.self) { try GeoDatabase(path: folder.path + "/none") }
  }

  @Test("a database whose inside is damaged gives nothing, and the program goes on")
  func damaged() throws {
    let whole = DatabaseWriter.sample.file
    var generator = SeededRandom(seed: 20_240_615)
    for round in 0..<200 {
      var data = whole
      for _ in 0..<8 { data[Int.random(in: 0..<(data.count - 200), using: &generator)] ^= 0xFF }
      let path = try folder.write("damaged-\(round).mmdb", data)
      guard let geo = try? GeoDatabase(path: path) else { continue }
      for text in ["81.2.69.160", "2001:db8::1", "198.51.100.9", "255.255.255.255"] {
        _ = IPAddress(text).flatMap(geo.place)
      }
    }
  }

  @Test("the person's address counts, and no address is kept")
  func whose() throws {
    let reader = Normaliser(context: ContextReader(geo: geo))
    func country(
      _ headers: [String: String], event: String? = nil, remote: String? = "198.51.100.9",
      proxies: Int = 0
    ) throws -> PropertyValue? {
      var normaliser = reader
      normaliser.context.proxies = proxies
      let touchpoint = try touchpoint(
        contextEvent { $0.device.address = event }, contextRequest(headers, address: remote),
        normaliser: normaliser)
      for value in touchpoint.properties.pairs.map(\.value) {
        #expect(!value.description.contains("81.2.69") && !value.description.contains("198.51"))
      }
      return touchpoint.properties["context.country"]
    }
    let browser = ["user-agent": UserAgents.chrome]
    #expect(try country(browser) == .text("FR"))
    #expect(try country(browser, event: "81.2.69.1") == .text("NL"))
    #expect(try country(browser, event: "10.0.0.1") == nil, "the event's own comes first")
    #expect(try country(["user-agent": "analytics-python/2.4.0"]) == nil, "a server's address")
    #expect(
      try country(["user-agent": "analytics-python/2.4.0"], event: "81.2.69.1") == .text("NL"))
    let forwarded = browser.merging(["x-forwarded-for": "2001:db8::1, 81.2.69.1, 10.0.0.1"]) {
      $1
    }
    #expect(try country(forwarded) == .text("FR"), "nobody said that a proxy is trusted")
    #expect(try country(forwarded, proxies: 1) == nil, "the last hop is private")
    #expect(try country(forwarded, proxies: 2) == .text("NL"))
    #expect(try country(forwarded, proxies: 3) == .text("BE"))
    #expect(try country(forwarded, proxies: 9) == .text("BE"), "no more hops than there are")
    #expect(try country(browser, proxies: 1) == .text("FR"), "the proxy added nothing")
  }

  @Test("region and city come along, and a country that the client says beats them")
  func facts() throws {
    let normaliser = Normaliser(context: ContextReader(geo: geo))
    var touchpoint = try touchpoint(
      contextEvent(), contextRequest(address: "81.2.69.1"), normaliser: normaliser)
    #expect(touchpoint.properties["context.region"] == .text("Utrecht"))
    #expect(touchpoint.properties["context.city"] == .text("Utrecht"))
    touchpoint = try CollectorTests.touchpoint(
      contextEvent { $0.device.country = "de" }, contextRequest(address: "81.2.69.1"),
      normaliser: normaliser)
    #expect(touchpoint.properties["context.country"] == .text("DE"))
    #expect(touchpoint.properties["context.city"] == nil)
  }
}
