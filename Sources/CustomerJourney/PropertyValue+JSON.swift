extension PropertyValue {
  /// The object of `properties` as JSON text with sorted keys.
  package static func json(_ properties: [String: PropertyValue]) -> String {
    var out: [UInt8] = []
    append(Properties(properties), to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  /// Writes the object of `properties` as JSON, in their order.
  ///
  /// Written by hand because the store calls it for every touchpoint, where a general encoder took
  /// longer than everything else together.
  package static func append(_ properties: Properties, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "{"))
    var isFirst = true
    for pair in properties.pairs {
      if !isFirst { out.append(UInt8(ascii: ",")) }
      isFirst = false
      append(pair.path, to: &out)
      out.append(UInt8(ascii: ":"))
      pair.value.append(to: &out)
    }
    out.append(UInt8(ascii: "}"))
  }

  /// This value alone as JSON text.
  package var json: String {
    var out: [UInt8] = []
    append(to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  private func append(to out: inout [UInt8]) {
    switch self {
    case .text(let text): Self.append(text, to: &out)
    case .number(let number):
      // JSON has no number for infinities and NaN, so they become words.
      if number.isFinite {
        out += description.utf8
      } else {
        Self.append(description, to: &out)
      }
    case .flag(let flag): out += (flag ? "true" : "false").utf8
    }
  }

  private static func append(_ text: String, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "\""))
    var text = text
    text.withUTF8 { bytes in
      var isPlain = true
      for byte in bytes where byte < 32 || byte == 34 || byte == 92 { isPlain = false }
      if isPlain {
        out.append(contentsOf: bytes)
      } else {
        for byte in bytes { escape(byte, to: &out) }
      }
    }
    out.append(UInt8(ascii: "\""))
  }

  private static func escape(_ byte: UInt8, to out: inout [UInt8]) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
    case UInt8(ascii: "\n"): out += "\\n".utf8
    case UInt8(ascii: "\r"): out += "\\r".utf8
    case UInt8(ascii: "\t"): out += "\\t".utf8
    case 0..<32: out += ("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8
    default: out.append(byte)
    }
  }
}
