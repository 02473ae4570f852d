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
    /// By their text, so that one is read once and not at every look.
    var mappings: [String: SourceMapping] = [:]
    var normaliser = Normaliser()
    var readAt: ContinuousClock.Instant?
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

  private func source(of keys: [String]) -> CollectorSource? {
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
      var known = CollectorSource(name: source.name)
      if let yaml = source.mapping {
        // It was checked when it was stored; one of a newer version is left out.
        let mapping = old.mappings[yaml] ?? (try? SourceMapping(yaml: yaml)) ?? SourceMapping()
        state.mappings[yaml] = mapping
        known.mapping = mapping
      }
      state.sources[source.writeKey] = known
    }
    let code = try workspace.store.setting(Workspace.Setting.currency.rawValue)
    state.normaliser.currency = code.flatMap { Currency($0) } ?? .eur
    return state
  }

  private func keep(_ batch: CollectedBatch) async throws -> KeptOutcome {
    do {
      let appended = try await intake.store(batch)
      return KeptOutcome(
        stored: appended.stored + appended.profiles, duplicates: appended.duplicates,
        knownTouchpoints: appended.knownTouchpoints)
    } catch IntakeError.full {
      throw Refusal.busy
    } catch IntakeError.unstorable {
      throw Refusal.malformed(reason: "the store refuses what is in it")
    } catch {
      throw Refusal.unavailable
    }
  }
}
