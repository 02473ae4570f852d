import Collector
import CustomerJourney
import Foundation
import Store
import Synchronization

/// Joins the front door and the store: knows the sources, hands batches to the intake, and tells
/// those who watch what came of them.
final class Reception: Sendable {
  let workspace: Workspace
  let intake: Intake
  let metrics = Metrics()
  let live = LiveFeed()
  let readiness: Readiness
  private let state: Mutex<State>

  private struct State {
    var sources: [String: CollectorSource] = [:]
    var normaliser = Normaliser()
    var readAt: ContinuousClock.Instant?
    /// The mappings in use, by their YAML, so that each is read once.
    var mappings: [String: SourceMapping] = [:]
    var geo: OpenedGeoDatabase?
  }

  /// How long a change of sources or settings may go unnoticed.
  private static let freshness: Duration = .milliseconds(500)

  init(workspace: Workspace) {
    self.workspace = workspace
    let store = workspace.store
    readiness = Readiness(probe: { try store.probe() })
    intake = Intake(
      store: store,
      noted: { [metrics, readiness] commit in
        metrics.note(commit)
        readiness.note(commit)
      })
    state = Mutex(State())
  }

  var door: FrontDoor {
    FrontDoor(
      FrontDoor.Surroundings(
        source: { [self] keys in source(of: keys) },
        normaliser: { [self] in normaliser },
        keep: { [self] batch in try await keep(batch) },
        noted: { [metrics, live] note in
          metrics.note(note)
          live.add(note)
        }))
  }

  /// Why events cannot be stored now; empty when they can.
  func problems() async -> [String] { await readiness.problems(of: intake) }

  var normaliser: Normaliser { current { $0.normaliser } }

  /// The source that has one of these keys and is on.
  func source(of keys: [String]) -> CollectorSource? {
    current { state in keys.lazy.compactMap { state.sources[$0] }.first }
  }

  private func current<Result: Sendable>(_ read: (State) -> Result) -> Result {
    state.withLock { state in
      let now = ContinuousClock.now
      if state.readAt.map({ now - $0 > Self.freshness }) ?? true {
        // Where the store cannot be read now, what was known before still holds.
        if let fresh = try? load(after: state) { state = fresh }
        state.readAt = now
      }
      return read(state)
    }
  }

  private func load(after old: State) throws -> State {
    var state = State()
    for source in try workspace.store.sources() where source.isOn {
      var mapping = SourceMapping()
      if let yaml = source.mapping {
        // It was checked when it was set; one that a later version no longer reads changes nothing.
        mapping = old.mappings[yaml] ?? (try? SourceMapping(yaml: yaml)) ?? SourceMapping()
        state.mappings[yaml] = mapping
      }
      state.sources[source.writeKey] = CollectorSource(name: source.name, mapping: mapping)
    }
    let settings = try workspace.store.settings()
    let code = settings[Workspace.Setting.currency.rawValue]
    state.normaliser.currency = code.flatMap { Currency($0) } ?? .eur
    state.geo = settings[Workspace.Setting.geo.rawValue].flatMap {
      OpenedGeoDatabase(path: $0, after: old.geo)
    }
    state.normaliser.context = ContextReader(
      geo: state.geo?.database,
      proxies: settings[Workspace.Setting.proxies.rawValue].flatMap { Int($0) } ?? 0)
    return state
  }

  private func keep(_ batch: CollectedBatch) async throws -> KeptOutcome {
    try await withCheckedContinuation { continuation in
      keep(batch) { continuation.resume(returning: $0) }
    }.get()
  }

  /// Makes a batch durable; `done` hears of it as ``Intake/store(_:then:)`` says.
  func keep(
    _ batch: CollectedBatch,
    then done: @escaping @Sendable (Result<KeptOutcome, any Error>) -> Void
  ) {
    intake.store(batch) { done(Self.outcome($0)) }
  }

  private static func outcome(
    _ stored: Result<Store.Appended, any Error>
  ) -> Result<KeptOutcome, any Error> {
    switch stored {
    case .success(let appended):
      .success(
        KeptOutcome(
          stored: appended.stored + appended.profiles, duplicates: appended.duplicates,
          knownTouchpoints: appended.knownTouchpoints))
    case .failure(IntakeError.full): .failure(Refusal.busy)
    case .failure(IntakeError.unstorable):
      .failure(Refusal.malformed(reason: "the store refuses what is in it"))
    case .failure: .failure(Refusal.unavailable)
    }
  }
}

/// A geo database, and which state of its file it is.
private struct OpenedGeoDatabase: Sendable {
  let database: GeoDatabase
  private let path: String
  private let modified: Date?

  /// Opens the file anew when it is another one than `old`. Where it cannot be opened now, as while
  /// somebody replaces it, `old` still holds.
  init?(path: String, after old: OpenedGeoDatabase?) {
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    let modified = attributes?[.modificationDate] as? Date
    if let old, old.path == path, modified == old.modified || modified == nil {
      self = old
    } else if let database = try? GeoDatabase(path: path) {
      (self.database, self.path, self.modified) = (database, path, modified)
    } else if let old, old.path == path {
      self = old
    } else {
      return nil
    }
  }
}
