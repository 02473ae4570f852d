import CustomerJourney
import Testing

@Suite("Looking texts and bytes up")
struct TextLookUpTests {
  /// Texts of all lengths around a word's eight bytes, many of them alike but for one byte.
  private static let texts: [String] = (0..<40).flatMap { length in
    ["", "\0", "a", "é", "\u{1F6B2}"].flatMap { end in
      ["x", "y"].map { String(repeating: $0, count: length) + end }
    }
  }

  @Test("an index numbers each text as it came, and knows no other")
  func numbers() {
    var index = TextIndex()
    var numbers: [String: Int] = [:]
    for text in Self.texts where numbers[text] == nil {
      #expect(index.number(of: text) == nil)
      #expect(index.add(text) == numbers.count)
      numbers[text] = numbers.count
    }
    #expect(index.count == numbers.count)
    for (text, number) in numbers { #expect(index.number(of: text) == number) }
    #expect(index.number(of: "none of them") == nil)
  }

  @Test("bytes are found, told apart and seen to be plain as one by one", arguments: texts)
  func bytes(_ text: String) {
    let bytes = Array(text.utf8)
    bytes.withUnsafeBufferPointer { buffer in
      for byte in [0, 34, 97, 120, 169] as [UInt8] {
        #expect(buffer.holds(byte) == bytes.contains(byte))
      }
      #expect(buffer.isPlainJSON == !bytes.contains { $0 < 32 || $0 == 34 || $0 == 92 })
      for at in bytes.indices {
        for other in [0x1F, 0x20, 0x22, 0x5C, 0x7F, 0x80, 0xFF] as [UInt8]
        where bytes[at] != other {
          var changed = bytes
          changed[at] = other
          changed.withUnsafeBufferPointer { changed in
            #expect(!buffer.isSame(as: changed))
            #expect(changed.isPlainJSON == !changed.contains { $0 < 32 || $0 == 34 || $0 == 92 })
            #expect(changed.holds(other))
          }
        }
      }
      #expect(buffer.isSame(as: buffer))
    }
  }

  @Test("properties are looked up by paths that differ little, or need escapes")
  func paths() {
    let texts = Array(Set(Self.texts.map { $0.replacing("y", with: "\"\\\n") })).sorted()
    var properties = Properties()
    for (number, path) in texts.enumerated() { properties[path] = .number(Double(number)) }
    #expect(properties.count == texts.count)
    for (number, path) in texts.enumerated() {
      #expect(properties[path] == .number(Double(number)))
      #expect(properties.pairs[number].path == path)
    }
    properties[texts[7]] = .text("\u{0}\u{1F}\"")
    #expect(properties[texts[7]] == .text("\u{0}\u{1F}\""))
    #expect(properties.count == texts.count)
  }
}
