import Foundation

/// Writes small databases in MaxMind's format, version 2.0, as its specification describes it: a
/// search tree of 24-bit records, the data, and the metadata.
struct DatabaseWriter {
  indirect enum Value {
    case text(String)
    case number(UInt16)
    case long(UInt32)
    case longest(UInt64)
    case map([(String, Value)])
    case list([Value])

    var bytes: [UInt8] {
      switch self {
      case .text(let text): return Self.head(2, text.utf8.count) + Array(text.utf8)
      case .number(let number):
        return Self.head(5, 2) + [UInt8(number >> 8), UInt8(number & 255)]
      case .long(let number):
        return Self.head(6, 4)
          + stride(from: 24, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: number >> UInt32($0))
          }
      case .longest(let number):
        return Self.head(9, 8)
          + stride(from: 56, through: 0, by: -8).map {
            UInt8(truncatingIfNeeded: number >> UInt64($0))
          }
      case .map(let pairs):
        return Self.head(7, pairs.count) + pairs.flatMap { Value.text($0.0).bytes + $0.1.bytes }
      case .list(let values): return Self.head(11, values.count) + values.flatMap(\.bytes)
      }
    }

    /// The type and the size; types above 7 have a byte of their own.
    private static func head(_ type: UInt8, _ count: Int) -> [UInt8] {
      let (size, more): (UInt8, [UInt8]) =
        count < 29 ? (UInt8(count), []) : (29, [UInt8(count - 29)])
      return type > 7 ? [size, type - 7] + more : [type << 5 | size] + more
    }
  }

  private enum Branch {
    case none
    case node(Int)
    case data(Int)
  }

  private var nodes: [[Branch]] = [[.none, .none]]
  private var data: [UInt8] = []
  let type: String

  init(type: String) { self.type = type }

  /// `prefix` is of 128 bits as IPv6 has them; an IPv4 network stands at `::/96`.
  mutating func add(_ prefix: [UInt8], bits: Int, _ value: Value) {
    let place = data.count
    data += value.bytes
    var node = 0
    for bit in 0..<bits {
      let side = Int(prefix[bit / 8] >> UInt8(7 - bit % 8) & 1)
      if bit == bits - 1 {
        nodes[node][side] = .data(place)
      } else if case .node(let next) = nodes[node][side] {
        node = next
      } else {
        nodes.append([.none, .none])
        nodes[node][side] = .node(nodes.count - 1)
        node = nodes.count - 1
      }
    }
  }

  mutating func add4(_ a: UInt8, _ b: UInt8, _ c: UInt8, bits: Int, _ value: Value) {
    add([UInt8](repeating: 0, count: 12) + [a, b, c, 0], bits: 96 + bits, value)
  }

  var file: Data {
    var bytes: [UInt8] = []
    for node in nodes {
      for branch in node {
        let record =
          switch branch {
          case .none: nodes.count
          case .node(let number): number
          case .data(let place): nodes.count + 16 + place
          }
        bytes += [UInt8(record >> 16 & 255), UInt8(record >> 8 & 255), UInt8(record & 255)]
      }
    }
    bytes += [UInt8](repeating: 0, count: 16) + data
    bytes += [0xAB, 0xCD, 0xEF] + Array("MaxMind.com".utf8)
    bytes +=
      Value.map([
        ("binary_format_major_version", .number(2)), ("binary_format_minor_version", .number(0)),
        ("build_epoch", .longest(1_700_000_000)), ("database_type", .text(type)),
        ("description", .map([("en", .text("test"))])), ("ip_version", .number(6)),
        ("languages", .list([.text("en")])), ("node_count", .long(UInt32(nodes.count))),
        ("record_size", .number(24)),
      ]).bytes
    return Data(bytes)
  }

  static func city(_ country: String, _ region: String, _ city: String) -> Value {
    func name(_ text: String) -> Value { .map([("names", .map([("en", .text(text))]))]) }
    return .map([
      ("city", name(city)), ("country", .map([("iso_code", .text(country))])),
      ("subdivisions", .list([name(region)])),
    ])
  }

  /// 81.2.69.0/24 is in Utrecht, 2001:db8::/32 in Ghent, 198.51.100.0/24 flat in Lyon.
  static var sample: DatabaseWriter {
    var writer = DatabaseWriter(type: "Test-City")
    writer.add4(81, 2, 69, bits: 24, city("NL", "Utrecht", "Utrecht"))
    writer.add4(
      198, 51, 100, bits: 24,
      .map([("country", .text("FR")), ("region", .text("Rhône")), ("city", .text("Lyon"))]))
    writer.add(
      [0x20, 0x01, 0x0D, 0xB8] + [UInt8](repeating: 0, count: 12), bits: 32,
      city("BE", "Flanders", "Ghent"))
    return writer
  }
}
