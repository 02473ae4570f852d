/// Makes good JSON of what some clients write.
enum JSONMending {
  private static let notNumbers = ["NaN", "Infinity", "-Infinity"].map { Array($0.utf8) }

  /// Nil when there is nothing to mend.
  static func mended(_ bytes: [UInt8]) -> [UInt8]? {
    var out: [UInt8] = []
    out.reserveCapacity(bytes.count + 64)
    var isChanged = false
    var isInText = false
    var at = 0
    while at < bytes.count {
      let byte = bytes[at]
      if isInText {
        if byte == UInt8(ascii: "\\"), at + 1 < bytes.count {
          if bytes[at + 1] == UInt8(ascii: "u"), let unit = hex(bytes, at + 2),
            (0xD800...0xDFFF).contains(unit)
          {
            let low =
              at + 7 < bytes.count && bytes[at + 6] == UInt8(ascii: "\\")
                && bytes[at + 7] == UInt8(ascii: "u") ? hex(bytes, at + 8) : nil
            if unit < 0xDC00, let low, (0xDC00...0xDFFF).contains(low) {
              out += bytes[at..<(at + 12)]
              at += 12
            } else {
              out += Array("\\ufffd".utf8)
              isChanged = true
              at += 6
            }
            continue
          }
          out += [byte, bytes[at + 1]]
          at += 2
          continue
        }
        if byte == UInt8(ascii: "\"") { isInText = false }
      } else if byte == UInt8(ascii: "\"") {
        isInText = true
      } else if "NI-".utf8.contains(byte),
        let word = notNumbers.first(where: { bytes[at...].starts(with: $0) })
      {
        out += Array("null".utf8)
        isChanged = true
        at += word.count
        continue
      } else if byte == UInt8(ascii: "-") || isDigit(byte) {
        let start = at
        at += 1
        while at < bytes.count, isDigit(bytes[at]) { at += 1 }
        out += bytes[start..<at]
        let isInteger = at == bytes.count || ![46, 69, 101].contains(bytes[at])
        if isInteger, at - start > 18 {
          out += Array(".0".utf8)
          isChanged = true
        } else {
          // The rest of the number, so that an exponent's digits are not taken for an integer.
          while at < bytes.count, isDigit(bytes[at]) || [43, 45, 46, 69, 101].contains(bytes[at]) {
            out.append(bytes[at])
            at += 1
          }
        }
        continue
      }
      out.append(byte)
      at += 1
    }
    return isChanged ? out : nil
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- 48 < 10 }

  private static func hex(_ bytes: [UInt8], _ start: Int) -> UInt16? {
    guard start + 4 <= bytes.count else { return nil }
    var value: UInt16 = 0
    for byte in bytes[start..<(start + 4)] {
      guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
      value = value << 4 | UInt16(digit)
    }
    return value
  }
}
