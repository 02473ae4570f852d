import CustomerJourney
import Foundation
import Store
import Synchronization

/// Knows whether events can be stored now: for `/ready`, so that a load balancer or an operator
/// hears of a full disk before clients do.
final class Readiness: Sendable {
  private let probe: @Sendable () throws -> Void
  private let state = Mutex(State())

  private struct State {
    var isStopping = false
    /// When the last commit of clients' events was made.
    var committed: ContinuousClock.Instant?
    /// When one failed.
    var failed: ContinuousClock.Instant?
    var probeBegan: ContinuousClock.Instant?
    var isProbing = false
    var probeProblem: String?
  }

  /// What a commit or a probe says holds this long.
  private static let freshness: Duration = .seconds(1)
  /// A probe that takes longer says that the store is stuck.
  private static let patience: Duration = .seconds(5)

  /// `probe` tries whether the store takes a write, and throws when it doesn't.
  init(probe: @escaping @Sendable () throws -> Void) { self.probe = probe }

  /// From now on no new requests should come.
  func stop() { state.withLock { $0.isStopping = true } }

  func note(_ commit: Intake.Commit) {
    state.withLock { if commit.isGood { $0.committed = .now } else { $0.failed = .now } }
  }

  /// Why events cannot be stored now, each reason a sentence; empty when they can.
  func problems(
    of intake: Intake, at now: ContinuousClock.Instant = .now
  ) async -> [String] {
    var problems: [String] = []
    if state.withLock({ $0.isStopping }) { problems.append("The server stops.") }
    let depth = intake.depth
    if depth >= intake.capacity {
      problems.append("The queue is full: \(depth) events wait to be stored.")
    }
    if let problem = await storeProblem(of: intake, at: now) { problems.append(problem) }
    return problems
  }

  private func storeProblem(
    of intake: Intake, at now: ContinuousClock.Instant
  ) async -> String? {
    // Nobody knows better than a commit that just failed: a probe touches other places of the disk.
    if let problem = intake.problem,
      state.withLock({ $0.failed.map { now - $0 < Self.freshness } ?? false })
    {
      return "\(StoreError.unavailable(reason: problem))"
    }
    let hasFreshCommit =
      intake.problem == nil
      && state.withLock { $0.committed.map { now - $0 < Self.freshness } ?? false }
    if hasFreshCommit { return nil }
    let isDue = state.withLock { state in
      guard !state.isProbing else { return false }
      if let began = state.probeBegan, now - began < Self.freshness { return false }
      state.isProbing = true
      state.probeBegan = now
      return true
    }
    if isDue {
      let problem = await withCheckedContinuation { done in
        Self.probes.async { [probe] in
          do {
            try probe()
            done.resume(returning: String?.none)
          } catch {
            done.resume(returning: "\(error)")
          }
        }
      }
      state.withLock { state in
        state.isProbing = false
        state.probeProblem = problem
      }
    }
    return state.withLock { state in
      if state.isProbing, let began = state.probeBegan, now - began > Self.patience {
        return "The store has not answered for some seconds."
      }
      return state.probeProblem
    }
  }

  private static let probes = DispatchQueue(label: "probes")
}
