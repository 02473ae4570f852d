extension PropertyValue {
  /// The object of `properties` as JSON text with sorted keys.
  package static func json(_ properties: [String: PropertyValue]) -> String {
    var out: [UInt8] = []
    append(Properties(properties), to: &out)
    return String(decoding: out, as: UTF8.self)
  }

  /// Writes the object of `properties` as JSON, in their order.
  package static func append(_ properties: Properties, to out: inout [UInt8]) {
    out.append(UInt8(ascii: "{"))
    out.append(contentsOf: properties.json)
    out.append(UInt8(ascii: "}"))
  }

  /// This value alone as JSON text.
  package var json: String {
    var out: [UInt8] = []
    switch self {
    case .text(var text): _ = text.withUTF8 { FlatJSON.write($0, to: &out) }
    case .number(let number): FlatJSON.write(number, to: &out)
    case .flag(let flag): out.append(contentsOf: (flag ? "true" : "false").utf8)
    }
    return String(decoding: out, as: UTF8.self)
  }
}
