import Collector
import CustomerJourney
import Foundation
import Store

/// A source with what is known of its traffic.
struct KnownSource: Sendable, Encodable {
  var name: String
  var key: String
  var isOn: Bool
  var hasMapping: Bool
  /// ISO 8601 in UTC; nil when none came lately.
  var lastEvent: String?
  /// Rejected events that were not read again with good outcome.
  var rejected: Int
  var bots: Int
}

extension Workspace {
  /// All sources, by name.
  func knownSources() throws -> [KnownSource] {
    let heard = try store.lastReceived()
    let counts = try store.rejectedCounts()
    return try store.sources().map { source in
      func count(_ kind: RejectedEvent.Kind) -> Int {
        counts.first { $0.source == source.name && $0.kind == kind }?.count ?? 0
      }
      return KnownSource(
        name: source.name, key: source.writeKey, isOn: source.isOn,
        hasMapping: source.mapping != nil, lastEvent: heard[source.name]?.iso8601,
        rejected: count(.rejected), bots: count(.bot))
    }
  }

  /// The project's time zone.
  func zone() throws -> Zone {
    try store.setting(Setting.zone.rawValue).flatMap { Zone($0) } ?? .amsterdam
  }

  func source(_ name: String) throws -> Source {
    if let source = try store.source(named: name.trimmed) { return source }
    let names = try store.sources().map(\.name).joined(separator: ", ")
    throw Ending.failed(
      "There is no source \(name). "
        + (names.isEmpty ? "Make one with `klantreis sources add NAME`." : "There are: \(names)."))
  }

  /// Makes a source; without a key it gets a random one.
  ///
  /// Throws ``SourceTextProblem``, ``SourceProblem``, or what is wrong with the mapping.
  @discardableResult
  func addSource(name: String, key: String? = nil, mapping: String? = nil) throws -> Source {
    var random = SystemRandomNumberGenerator()
    return try store.addSource(
      name: try Source.checked(name: name),
      writeKey: try key.map { try Source.checked(writeKey: $0) }
        ?? Source.randomKey(using: &random),
      created: .now, mapping: try mapping.map { try Self.checked(mapping: $0) })
  }

  /// The mapping when it can be read; throws what is wrong with it, with the line.
  static func checked(mapping: String, name: String = "the mapping") throws -> String {
    guard mapping.unicodeScalars.count <= Limits.sourceMappingCharacters else {
      throw ImportError(
        .mapping,
        "\(name) is longer than \(Limits.sourceMappingCharacters) characters; shorten it.")
    }
    _ = try SourceMapping(yaml: mapping)
    return mapping
  }
}
