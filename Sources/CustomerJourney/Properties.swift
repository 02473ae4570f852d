/// Facts by dotted path, such as `product.category`, in the order in which they were said.
///
/// A list and not a dictionary: an event has a dozen, which are written once and seldom looked up,
/// and hashing them took longer than storing them. Two are equal when they say the same in any order.
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
  package private(set) var pairs: [Pair]

  package init() { pairs = [] }

  /// Of a path that stands in `pairs` twice, the last holds.
  package init(_ pairs: [Pair]) {
    // Looking back at a dozen short texts is faster than hashing them.
    let isLong = pairs.count > 24
    var seen: Set<String> = []
    self.pairs = pairs
    var at = pairs.count - 1
    while at >= 0 {
      let path = pairs[at].path
      let isKnown =
        isLong
        ? !seen.insert(path).inserted
        : self.pairs[(at + 1)...].contains { $0.path == path }
      if isKnown { self.pairs.remove(at: at) }
      at -= 1
    }
  }

  package init(_ dictionary: [String: PropertyValue]) {
    pairs = dictionary.map { Pair(path: $0.key, value: $0.value) }.sorted { $0.path < $1.path }
  }

  package var isEmpty: Bool { pairs.isEmpty }
  package var count: Int { pairs.count }

  package mutating func reserveCapacity(_ count: Int) { pairs.reserveCapacity(count) }

  package subscript(_ path: String) -> PropertyValue? {
    get { pairs.first { $0.path == path }?.value }
    set {
      let at = pairs.firstIndex { $0.path == path }
      switch (at, newValue) {
      case (let at?, let value?): pairs[at].value = value
      case (let at?, nil): pairs.remove(at: at)
      case (nil, let value?): pairs.append(Pair(path: path, value: value))
      case (nil, nil): break
      }
    }
  }

  /// As a dictionary, for those who look up many.
  package var dictionary: [String: PropertyValue] {
    Dictionary(pairs.map { ($0.path, $0.value) }, uniquingKeysWith: { _, last in last })
  }
}

extension Properties: Hashable {
  package static func == (a: Properties, b: Properties) -> Bool {
    a.pairs == b.pairs || a.pairs.count == b.pairs.count && a.dictionary == b.dictionary
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
