package import CustomerJourney
import Foundation
import Synchronization

/// The way into the store for those who must know that what they hand in is on the disk: a bounded
/// queue, one writer, and one commit for all that waits.
///
/// What ``store(_:)`` returned for is durable. What it threw for is not stored, and its sender may
/// send it again.
package final class Intake: Sendable {
  private let store: Store
  /// Events that may wait.
  package let capacity: Int
  private let noted: @Sendable (Commit) -> Void
  private let state = Mutex(State())
  private let wakeUp = DispatchSemaphore(value: 0)

  /// Hears what became of a batch.
  package typealias Done = @Sendable (Result<Store.Appended, any Error>) -> Void

  private struct Waiting {
    var batch: CollectedBatch
    var done: Done
  }

  private struct State {
    var waiting: [Waiting] = []
    var events = 0
    var isClosed = false
    var isRunning = false
    var problem: String?
    var finished: [CheckedContinuation<Void, Never>] = []
  }

  /// One try to store what waited.
  package struct Commit: Sendable {
    package var events: Int
    package var seconds: Double
    /// False when the disk did not take it.
    package var isGood: Bool
  }

  /// `capacity` is the number of events that may wait; `noted` hears of every commit, on the
  /// intake's own thread.
  package init(
    store: Store, capacity: Int = Limits.waitingEvents,
    noted: @escaping @Sendable (Commit) -> Void = { _ in }
  ) {
    self.store = store
    self.capacity = capacity
    self.noted = noted
  }

  /// Events that wait to be stored.
  package var depth: Int { state.withLock { $0.events } }

  /// What kept the last commit from being made; nil when it was made.
  package var problem: String? { state.withLock { $0.problem } }

  /// Stores a batch and returns when it is on the disk.
  ///
  /// Throws ``IntakeError``.
  package func store(_ batch: CollectedBatch) async throws -> Store.Appended {
    try await withCheckedContinuation { continuation in
      store(batch) { continuation.resume(returning: $0) }
    }.get()
  }

  /// The same for those who don't wait: `done` hears of it on the intake's own thread, which it must
  /// not keep, or at once where there is nothing to be stored or it is refused.
  package func store(_ batch: CollectedBatch, then done: @escaping Done) {
    if batch.isEmpty { return done(.success(Store.Appended())) }
    let (refusal, isFirst): (IntakeError?, Bool) = state.withLock { state in
      if state.isClosed { return (.closed, false) }
      // One that is larger than the queue gets in when it is alone.
      guard state.events == 0 || state.events + batch.count <= capacity else {
        return (.full, false)
      }
      state.events += batch.count
      state.waiting.append(Waiting(batch: batch, done: done))
      return (nil, state.waiting.count == 1)
    }
    if let refusal { done(.failure(refusal)) }
    if isFirst { wakeUp.signal() }
  }

  /// Stores what is handed in, until ``close()``. Begins a thread of its own and returns at once.
  package func start() {
    let isFirst = state.withLock { state in
      defer { state.isRunning = true }
      return !state.isRunning
    }
    guard isFirst else { return }
    let thread = Thread { [self] in work() }
    thread.name = "intake"
    thread.start()
  }

  /// Takes nothing more in, and returns when all that waited is stored.
  package func close() async {
    await withCheckedContinuation { done in
      let isIdle = state.withLock { state in
        state.isClosed = true
        if state.isRunning { state.finished.append(done) }
        return !state.isRunning
      }
      if isIdle { done.resume() } else { wakeUp.signal() }
    }
  }

  private func work() {
    var next = ContinuousClock.now
    while true {
      // Each commit costs the disk and the processor the same, whether for one event or for ten: those
      // that come shortly after each other share one.
      let pause = next - .now
      if pause > .zero, isCalm { Thread.sleep(forTimeInterval: pause / .seconds(1)) }
      let (group, isLast) = state.withLock { state in (Self.takeGroup(&state), state.isClosed) }
      if !group.isEmpty {
        next = .now + .seconds(Limits.secondsPerCommit)
        write(group)
        continue
      }
      guard isLast else {
        // Whoever comes to an empty queue gives a signal.
        wakeUp.wait()
        continue
      }
      let finished = state.withLock { state in
        state.isRunning = false
        return exchange(&state.finished, with: [])
      }
      for waiter in finished { waiter.resume() }
      return
    }
  }

  /// True where few wait, and the program goes on.
  private var isCalm: Bool {
    state.withLock { !$0.isClosed && 1..<Limits.eventsOfHaste ~= $0.events }
  }

  private static func takeGroup(_ state: inout State) -> [Waiting] {
    var count = 0
    var events = 0
    while count < state.waiting.count, events < Limits.eventsPerCommit {
      events += state.waiting[count].batch.count
      count += 1
    }
    let group = Array(state.waiting.prefix(count))
    state.waiting.removeFirst(count)
    return group
  }

  private func write(_ group: [Waiting]) {
    let began = ContinuousClock.now
    var results: [Result<Store.Appended, any Error>]
    do {
      results = try store.append(group.map(\.batch)).map { .success($0) }
    } catch StoreError.unavailable(let reason) {
      results = group.map { _ in .failure(IntakeError.unavailable(reason: reason)) }
    } catch {
      // One of them cannot be stored; the others shall not suffer.
      results = group.map { one in
        do {
          return .success(try store.append([one.batch])[0])
        } catch StoreError.unavailable(let reason) {
          return .failure(IntakeError.unavailable(reason: reason))
        } catch {
          return .failure(IntakeError.unstorable)
        }
      }
    }
    let problem = results.lazy.compactMap { result -> String? in
      if case .failure(IntakeError.unavailable(let reason)) = result { reason } else { nil }
    }.first
    let events = group.reduce(0) { $0 + $1.batch.count }
    state.withLock { state in
      state.events -= events
      state.problem = problem
    }
    let (seconds, attoseconds) = (ContinuousClock.now - began).components
    noted(
      Commit(
        events: events, seconds: Double(seconds) + Double(attoseconds) / 1e18,
        isGood: problem == nil))
    for (one, result) in zip(group, results) { one.done(result) }
  }
}

/// Why a batch was not taken in.
package enum IntakeError: Error, Hashable {
  /// Too much waits already; come again in ``Limits/retryAfterSeconds``.
  case full
  /// The disk doesn't take it now; come again.
  case unavailable(reason: String)
  /// The program stops.
  case closed
  /// The store refuses what is in it.
  case unstorable
}
