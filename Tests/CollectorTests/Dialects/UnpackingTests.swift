import CustomerJourney
import Testing

@testable import Collector

@Suite("Bodies that were packed, and JSON that is nearly JSON")
struct UnpackingTests {
  private let text = Array("klantreis".utf8)

  private func unpacked(_ body: [UInt8], limit: Int = 1_000) throws -> String {
    String(
      decoding: try Unpacking.unpacked(body, encoding: "gzip", limit: limit), as: UTF8.self)
  }

  @Test("a body of several members is read whole")
  func members() throws {
    #expect(try unpacked(Gzip.stored(text) + Gzip.stored(text)) == "klantreisklantreis")
    let empty = Gzip.stored([])
    #expect(try unpacked(empty + Gzip.stored(text) + empty) == "klantreis")
    #expect(
      try Unpacking.unpacked(Gzip.stored(text) + Gzip.stored(text), encoding: nil, limit: 18)
        == text + text)
  }

  @Test(
    "what follows the last member and is none is an error",
    arguments: [[0], [0x1F], [0x1F, 0x8B, 8], Array("garbage that follows".utf8)] as [[UInt8]])
  func garbage(tail: [UInt8]) throws {
    #expect(
      throws: Refusal.malformed(reason: "its packed body is damaged or cut off")
    ) { try unpacked(Gzip.stored(text) + tail) }
  }

  @Test("the limit holds for all members together")
  func limit() throws {
    let packed = Gzip.stored(text) + Gzip.stored(text)
    #expect(try unpacked(packed, limit: 18).count == 18)
    for limit in [17, 10, 9, 5] {
      #expect(throws: Refusal.tooLarge(bytes: limit)) { try unpacked(packed, limit: limit) }
    }
    let bombs = Gzip.stored(text) + Gzip.bomb(10_000_000)
    #expect(throws: Refusal.tooLarge(bytes: 100_000)) { try unpacked(bombs, limit: 100_000) }
  }

  @Test(
    "NaN and infinities are null, outside of texts only",
    arguments: [
      ("{\"a\":NaN,\"b\":[Infinity,-Infinity,-1]}", "{\"a\":null,\"b\":[null,null,-1]}"),
      ("[NaN,\"NaN, Infinity \\\" -Infinity\"]", "[null,\"NaN, Infinity \\\" -Infinity\"]"),
      ("{\"NaN\":NaN}", "{\"NaN\":null}"),
      ("NaN", "null"),
    ])
  func notNumbers(text: String, expected: String) throws {
    #expect(try JSONDocument.read(text) { $0.json() } == expected)
  }

  @Test(
    "words that are like them stay errors",
    arguments: ["[nan]", "[NaNa]", "[--Infinity]", "[1NaN]", "[+Infinity]", "[xNaN]", "{NaN:1}"])
  func otherWords(text: String) {
    #expect(throws: JSONProblem.self) { try JSONDocument.read(text) { _ in } }
  }
}
