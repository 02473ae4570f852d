import CustomerJourney
import Foundation
import Testing

@Suite("Properties as JSON")
struct PropertyJSONTests {
  @Test("come back as they went, whatever characters they hold")
  func roundTrip() throws {
    var awkward = "\u{1F6B2} é \"quoted\" back\\slash /"
    for code in UInt8(0)..<32 { awkward.unicodeScalars.append(Unicode.Scalar(code)) }
    let properties: [String: PropertyValue] = [
      "text": .text(awkward), awkward: .text(""), "whole": .number(-12), "part": .number(0.1),
      "large": .number(1e300), "yes": .flag(true), "no": .flag(false),
    ]
    let json = PropertyValue.json(properties)
    #expect(
      try JSONDecoder().decode([String: PropertyValue].self, from: Data(json.utf8)) == properties)
  }

  @Test("have sorted keys, so that the same properties are the same text")
  func sorted() {
    #expect(
      PropertyValue.json(["b": .number(1), "a": .text("x"), "c": .flag(false)])
        == #"{"a":"x","b":1,"c":false}"#)
    #expect(PropertyValue.json([:]) == "{}")
    #expect(PropertyValue.number(.infinity).json == #""inf""#)
  }
}
