/// Facts by dotted path, such as `product.category`, in the order in which they were said.
///
/// Kept as the JSON that the store takes: an event has a dozen, which are written once and seldom
/// looked up, and texts of their own took longer than storing them. Two are equal when they say the
/// same in any order.
package struct Properties: Sendable {
  package struct Pair: Hashable, Sendable {
    package var path: String
    package var value: PropertyValue

    package init(path: String, value: PropertyValue) {
      self.path = path
      self.value = value
    }
  }

  /// No path stands in it twice.
  package private(set) var members: FlatJSON

  package init() { members = FlatJSON() }

  /// Members in which no path stands twice.
  package init(distinct members: FlatJSON) { self.members = members }

  /// Of a path that stands in `pairs` twice, the last holds.
  package init(_ pairs: [Pair]) {
    var seen: Set<String> = []
    var last: [Pair] = []
    for pair in pairs.reversed() where seen.insert(pair.path).inserted { last.append(pair) }
    self.init(distinct: last.reversed())
  }

  package init(_ dictionary: [String: PropertyValue]) {
    self.init(
      distinct: dictionary.map { Pair(path: $0.key, value: $0.value) }
        .sorted { $0.path < $1.path })
  }

  private init(distinct pairs: [Pair]) {
    members = FlatJSON()
    for pair in pairs { members.append(pair.path, pair.value) }
  }

  package var isEmpty: Bool { members.isEmpty }
  package var count: Int { members.count }
  /// All of them, read anew at each call.
  package var pairs: [Pair] { members.pairs }
  /// As they stand between the braces of a JSON object.
  package var json: [UInt8] { members.bytes }

  package subscript(_ path: String) -> PropertyValue? {
    get { members.value(path) }
    set {
      var path = path
      guard path.withUTF8({ members.holds($0) }) else {
        if let newValue { members.append(path, newValue) }
        return
      }
      self = Properties(
        distinct: pairs.compactMap { pair in
          pair.path == path ? newValue.map { Pair(path: path, value: $0) } : pair
        })
    }
  }

  /// As a dictionary, for those who look up many.
  package var dictionary: [String: PropertyValue] {
    Dictionary(pairs.map { ($0.path, $0.value) }, uniquingKeysWith: { _, last in last })
  }
}

extension Properties: Hashable {
  package static func == (a: Properties, b: Properties) -> Bool {
    a.json == b.json || a.count == b.count && a.dictionary == b.dictionary
  }

  package func hash(into hasher: inout Hasher) { hasher.combine(dictionary) }
}

extension Properties: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, PropertyValue)...) {
    self.init(elements.map { Pair(path: $0.0, value: $0.1) })
  }
}

extension Properties: Codable {
  package init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode([String: PropertyValue].self))
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(dictionary)
  }
}
