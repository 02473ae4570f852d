import CustomerJourney
import Foundation
import Synchronization
import Testing

@testable import Store

@Suite("The way into the store")
struct IntakeTests {
  let folder = TemporaryFolder()
  let store: Store
  /// Events of each commit.
  private let commits = Commits()

  private final class Commits: Sendable {
    let events = Mutex<[Int]>([])
  }

  init() throws { store = try Store(folder: folder.url) }

  private func begun() -> Intake {
    let intake = Intake(store: store) { [commits] commit in
      commits.events.withLock { $0.append(commit.events) }
    }
    intake.start()
    return intake
  }

  private static func batch(_ number: Int) -> CollectedBatch {
    CollectedBatch(touchpoints: [touchpoint("Ann", at: 1, id: "m\(number)")])
  }

  @Test("commits of few events do not come closer than they should")
  func pause() async throws {
    let intake = begun()
    let began = ContinuousClock.now
    let times = 50
    for number in 0..<times { #expect(try await intake.store(Self.batch(number)).stored == 1) }
    #expect(.now - began >= .seconds(Limits.secondsPerCommit) * (times - 1))
    await intake.close()
    #expect(commits.events.withLock { $0 } == Array(repeating: 1, count: times))
  }

  @Test("many that come at the same time share commits, and all are stored")
  func together() async throws {
    let intake = begun()
    let stored = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<2_000 {
        group.addTask { try await intake.store(Self.batch(number)).stored }
      }
      return try await group.reduce(0, +)
    }
    await intake.close()
    #expect(stored == 2_000)
    #expect(commits.events.withLock { $0.reduce(0, +) } == 2_000)
    #expect(commits.events.withLock { $0.count } < 2_000)
    #expect(try store.touchpointCount() == 2_000)
  }
}
