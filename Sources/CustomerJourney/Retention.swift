/// How long each kind of data is kept.
package struct Retention: Hashable, Sendable, Codable {
  package enum Kind: String, CaseIterable, Sendable, Codable {
    /// Touchpoints of visitors whom nobody knows, and of customers.
    case visitors, customers
    /// Events that were no touchpoint, and what of their requests is kept to read them again.
    case rejectedEvents, requests
    /// Rows of files that were not imported.
    case rejectedRows
    /// What was sent to customers and what was not, with what was filled in.
    case messages
    /// Backups that this program made.
    case backups
  }

  /// Days by kind; what is not in it is kept.
  package var days: [Kind: Int]

  package init(days: [Kind: Int] = Self.usual) { self.days = days }

  /// Only what nobody misses goes by itself in a new project.
  package static let usual: [Kind: Int] = [
    .rejectedEvents: 90, .requests: 30, .rejectedRows: 90, .backups: 90,
  ]

  package func cutOff(_ kind: Kind, at now: Timestamp) -> Timestamp? {
    days[kind].map { Timestamp(milliseconds: now.milliseconds - Int64($0) * 86_400_000) }
  }

  package init(from decoder: any Decoder) throws {
    let days = try decoder.singleValueContainer().decode([String: Int].self)
    self.days = days.reduce(into: [:]) { known, pair in
      if let kind = Kind(rawValue: pair.key), pair.value > 0 { known[kind] = pair.value }
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(
      Dictionary(uniqueKeysWithValues: days.map { ($0.key.rawValue, $0.value) }))
  }
}
