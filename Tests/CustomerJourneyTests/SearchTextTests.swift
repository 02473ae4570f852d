import Testing

@testable import CustomerJourney

@Suite("Words of a search")
struct SearchTextTests {
  @Test(
    "a text is cut into words without case and accents",
    arguments: [
      ("Anna de Vries", ["anna", "de", "vries"]), ("José  MÜLLER", ["jose", "muller"]),
      ("O'Neill-Smith", ["o", "neill", "smith"]), ("ORD-10045/2", ["ord", "10045", "2"]),
      ("", []), ("  -- ", []), ("東京 店", ["東京", "店"]), ("anna Anna ANNA", ["anna"]),
    ])
  func words(text: String, words: [String]) { #expect(SearchText.words(text) == words) }

  @Test(
    "a key is found by its parts, and by its domain unless half the country has it",
    arguments: [
      ("email:anna.devries@bakkerij.nl", ["anna", "devries", "bakkerij", "nl"]),
      ("email:anna@gmail.com", ["anna"]), ("phone:+31612345678", ["31612345678", "612345678"]),
      ("external:salesforce:0035-A", ["0035", "a"]), ("anonymous:8d2e", []), ("4711", []),
    ])
  func keys(key: String, words: [String]) { #expect(SearchText.words(ofKey: key) == words) }

  @Test(
    "however a phone number is written, it is the one",
    arguments: [
      "0612345678", "06-1234 5678", "+31 6 12345678", "0031 (0)6 12345678", "+31612345678",
    ])
  func phones(typed: String) throws {
    let asked = try #require(SearchText.asked(typed).first)
    #expect(asked == ["612345678"])
    let stored = SearchText.words(ofTrait: "phone", .text("+31 6 1234 5678"))
    #expect(asked.allSatisfy { word in stored.contains { $0.hasPrefix(word) } })
  }

  @Test("the beginning of an address or of a number asks for its beginning")
  func beginnings() {
    #expect(SearchText.asked("anna@") == [["anna"]])
    #expect(SearchText.asked("anna@gmail.com") == [["anna"]])
    #expect(SearchText.asked("@bakkerij") == [["bakkerij"]])
    #expect(SearchText.asked("0612") == [["612"], ["0612"]], "it may be an order's number too")
    #expect(SearchText.asked("10045") == [["10045"]])
    #expect(SearchText.asked(" -- ") == [])
  }

  @Test("long texts, many words and long words end at their limits")
  func limits() {
    let long = String(repeating: "x", count: 10_000)
    #expect(SearchText.words(long) == [String(repeating: "x", count: Limits.searchWordCharacters)])
    let many = (0..<1_000).map(String.init).joined(separator: " ")
    #expect(SearchText.words(many).count <= Limits.searchWords)
    #expect(SearchText.asked(many).map(\.count) == [Limits.searchWordsAsked])
    #expect(SearchText.words(ofTrait: "avatar", .text("https://shop.nl/a.png")) == [])
    #expect(SearchText.words(ofTrait: "vip", .flag(true)) == [])
  }
}
