import CustomerJourney
import Foundation
import Testing

@Suite("Properties")
struct PropertiesTests {
  @Test(
    "of a path that is said twice the last holds, in short lists and in long ones",
    arguments: [2, 24, 25, 300])
  func last(count: Int) {
    let pairs = (0..<count).map { i in
      Properties.Pair(path: "p\(i / 2)", value: .number(Double(i)))
    }
    let properties = Properties(pairs)
    #expect(properties.count == (count + 1) / 2)
    for i in 0..<(count / 2) { #expect(properties["p\(i)"] == .number(Double(2 * i + 1))) }
  }

  @Test("two are equal when they say the same in any order, and hash alike")
  func order() {
    let a: Properties = ["a": .number(1), "b": .flag(true)]
    let b: Properties = ["b": .flag(true), "a": .number(1)]
    #expect(a == b)
    #expect(Set([a, b]).count == 1)
    #expect(a != ["a": .number(1)])
    #expect(a != ["a": .number(1), "c": .flag(true)])
  }

  @Test("a path is changed, added and taken away")
  func change() {
    var properties: Properties = ["a": .number(1)]
    properties["a"] = .text("x")
    properties["b"] = .flag(false)
    #expect(properties == ["a": .text("x"), "b": .flag(false)])
    properties["a"] = nil
    properties["none"] = nil
    #expect(properties.pairs == [Properties.Pair(path: "b", value: .flag(false))])
  }

  @Test("they are JSON's object, there and back, in the order in which they were said")
  func json() throws {
    let properties: Properties = ["b": .number(1), "a": .text("é\"\n")]
    var bytes: [UInt8] = []
    PropertyValue.append(properties, to: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == #"{"b":1,"a":"é\"\n"}"#)
    #expect(try JSONDecoder().decode(Properties.self, from: Data(bytes)) == properties)
    let again = try JSONEncoder().encode(properties)
    #expect(try JSONDecoder().decode(Properties.self, from: again) == properties)
  }
}
