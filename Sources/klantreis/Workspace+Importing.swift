import Collector
import CustomerJourney
import Store

extension Workspace {
  /// With what this project reads a file that comes in now: its zone and currency, its secret for
  /// visitors, its database of places and its sources' mappings.
  ///
  /// Throws ``GeoDatabase/Problem`` when there is a database of places and it cannot be opened: what
  /// is imported without it stays without places.
  func importOptions() throws -> ImportOptions {
    let settings = try store.settings()
    var options = ImportOptions(now: .now, visitorKey: try visitorKey())
    options.zone = settings[Setting.zone.rawValue].flatMap { Zone($0) } ?? .amsterdam
    options.currency = settings[Setting.currency.rawValue].flatMap { Currency($0) } ?? .eur
    options.context.geo = try settings[Setting.geo.rawValue].map { try GeoDatabase(path: $0) }
    for source in try store.sources() {
      // One that this version cannot read changes nothing, as at the front door.
      options.sourceMappings[source.name] = source.mapping.flatMap { try? SourceMapping(yaml: $0) }
    }
    return options
  }
}
