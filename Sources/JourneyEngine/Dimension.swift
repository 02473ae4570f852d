import CustomerJourney

/// A fact of a touchpoint that journeys can be looked at by.
package enum Dimension: String, CaseIterable, Sendable, Codable {
  case event, channel, origin, device, content, campaign

  /// The most different names that its column can hold, besides "said nothing"; later ones share
  /// ``Names/othersName``.
  package var limit: Int {
    switch self {
    case .channel, .origin, .device: 254
    case .event, .campaign: 65_534
    case .content: 4_294_967_294
    }
  }
}

/// The names behind the codes of one column. Code 0 is "said nothing".
package struct Names: Sendable {
  package static let none: UInt32 = 0
  /// What a column shows for touchpoints that say nothing.
  package static let noneName = "(none)"
  /// What stands for every name past the dimension's limit.
  package static let othersName = "(other)"

  package private(set) var all: [String] = [noneName]
  // A touchpoint that says "(none)" in words says nothing.
  private var codes: [String: UInt32] = [noneName: none]
  private let limit: Int

  package init(_ dimension: Dimension) { limit = dimension.limit }

  package var count: Int { all.count }
  package subscript(code: UInt32) -> String { all[Int(code)] }
  package func code(of name: String) -> UInt32? { codes[name] }

  /// The code of `name`, new if it was not there. Past the limit: the code that all others share.
  package mutating func intern(_ name: String) -> UInt32 {
    if let code = codes[name] { return code }
    if all.count <= limit { return add(name) }
    return codes[Names.othersName] ?? add(Names.othersName)
  }

  private mutating func add(_ name: String) -> UInt32 {
    let code = UInt32(all.count)
    all.append(name)
    codes[name] = code
    return code
  }
}
