import CustomerJourney
import Synchronization

/// Batches that a test's front door kept.
final class Kept: Sendable {
  private let batch = Mutex(CollectedBatch())

  func add(_ more: CollectedBatch) {
    batch.withLock { batch in
      batch.touchpoints += more.touchpoints
      batch.profiles += more.profiles
      batch.rejected += more.rejected
      batch.leftOut += more.leftOut
      batch.unkept.merge(more.unkept) { $0 + $1 }
    }
  }

  func take() -> CollectedBatch {
    batch.withLock { batch in
      defer { batch = CollectedBatch() }
      return batch
    }
  }
}
