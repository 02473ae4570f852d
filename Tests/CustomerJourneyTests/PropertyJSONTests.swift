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

  @Test("numbers are written as people and JSON write them, the short way too")
  func numbers() throws {
    let ends: [Double] = [
      0, -0.0, 0.01, -0.01, 0.1, 0.005, 0.29, 1.005, 8.41, 1e13, 9_999_999_999_999.99, 1e15, 1e16,
      -1e15, 123_456_789_012_345, 1e-7, 4_503_599_627_370_497.5, .pi, 1e300, .leastNonzeroMagnitude,
    ]
    let cents = (-30_000...30_000).map { Double($0) / 100 }
    let near = (0..<2_000).flatMap { [(Double($0) / 100).nextUp, (Double($0) / 100).nextDown] }
    for number in ends + cents + near {
      var written: [UInt8] = []
      FlatJSON.write(number, to: &written)
      let text = String(decoding: written, as: UTF8.self)
      #expect(text == PropertyValue.number(number).description)
      #expect(Double(text) == number)
    }
  }

  @Test("a path is found by its bytes, not by what stands in values or begins alike")
  func lookUp() {
    let pairs: [(String, PropertyValue)] = [
      ("a", .text("\"b\":1,")), ("b", .number(2)), ("ab", .text("\\")), ("", .flag(true)),
      ("a\"b", .text(",\"ab\":")), ("long path with \u{e9}", .text("")), ("b", .number(3)),
    ]
    var json = FlatJSON()
    for (path, value) in pairs { json.append(path, value) }
    #expect(json.count == pairs.count)
    #expect(json.pairs.map(\.path) == pairs.map(\.0))
    #expect(json.pairs.map(\.value) == pairs.map(\.1))
    for (path, value) in pairs where path != "b" { #expect(json.value(path) == value) }
    #expect(json.value("b") == .number(3), "the last holds")
    for path in ["c", "a\"", "long path", "1", "true"] { #expect(json.value(path) == nil) }
  }
}
