import Collector
import CustomerJourney
import Foundation
import Store
import Synchronization

/// Joins the front door and the store: knows the sources, and hands batches to the intake.
final class Reception: Sendable {
  let workspace: Workspace
  let intake: Intake
  private let state: Mutex<State>

  private struct State {
    var sources: [String: CollectorSource] = [:]
    var normaliser = Normaliser()
    var readAt: ContinuousClock.Instant?
  }

  /// How long a change of sources or settings may go unnoticed.
  private static let freshness: Duration = .milliseconds(500)

  init(workspace: Workspace) {
    self.workspace = workspace
    intake = Intake(store: workspace.store)
    state = Mutex(State())
  }

  var door: FrontDoor {
    FrontDoor(
      FrontDoor.Surroundings(
        source: { [self] keys in source(of: keys) },
        normaliser: { [self] in current { $0.normaliser } },
        keep: { [self] batch in try await keep(batch) }))
  }

  private func source(of keys: [String]) -> CollectorSource? {
    current { state in keys.lazy.compactMap { state.sources[$0] }.first }
  }

  private func current<Result: Sendable>(_ read: (State) -> Result) -> Result {
    state.withLock { state in
      let now = ContinuousClock.now
      if state.readAt.map({ now - $0 > Self.freshness }) ?? true {
        // Where the store cannot be read now, what was known before still holds.
        if let fresh = try? load() { state = fresh }
        state.readAt = now
      }
      return read(state)
    }
  }

  private func load() throws -> State {
    var state = State()
    for source in try workspace.store.sources() where source.isOn {
      state.sources[source.writeKey] = CollectorSource(name: source.name)
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
