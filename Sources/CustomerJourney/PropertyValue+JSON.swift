extension PropertyValue {
  /// The object of `properties` as JSON text with sorted keys.
  ///
  /// Written by hand because the store calls it for every touchpoint of an import, where a general
  /// encoder took longer than everything else together.
  package static func json(_ properties: [String: PropertyValue]) -> String {
    var out = "{"
    for (i, key) in properties.keys.sorted().enumerated() {
      if i > 0 { out += "," }
      append(key, to: &out)
      out += ":"
      properties[key]?.append(to: &out)
    }
    return out + "}"
  }

  /// This value alone as JSON text.
  package var json: String {
    var out = ""
    append(to: &out)
    return out
  }

  private func append(to out: inout String) {
    switch self {
    case .text(let text): Self.append(text, to: &out)
    case .number(let number):
      // JSON has no number for infinities and NaN, so they become words.
      if number.isFinite { out += description } else { Self.append(description, to: &out) }
    case .flag(let flag): out += flag ? "true" : "false"
    }
  }

  private static func append(_ text: String, to out: inout String) {
    out += "\""
    if text.utf8.contains(where: { $0 < 32 || $0 == 34 || $0 == 92 }) {
      for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": out += "\\\""
        case "\\": out += "\\\\"
        case "\n": out += "\\n"
        case "\r": out += "\\r"
        case "\t": out += "\\t"
        case _ where scalar.value < 32:
          let hex = String(scalar.value, radix: 16)
          out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        default: out.unicodeScalars.append(scalar)
        }
      }
    } else {
      out += text
    }
    out += "\""
  }
}
