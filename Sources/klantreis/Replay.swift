import Collector
import CustomerJourney
import Foundation
import Store

/// Reads rejected events again, with the mapping and the settings of now.
struct Replay: Sendable {
  let workspace: Workspace
  let source: Source
  var kind = RejectedEvent.Kind.rejected

  /// What came of it, in rejected events.
  struct Outcome: Equatable, Sendable, Encodable {
    /// Events that were read again.
    var read = 0
    /// Events that are good now, and of them the touchpoints and profile changes that are new.
    var mended = 0
    var stored = 0
    /// Touchpoints and profile changes that were stored before.
    var duplicates = 0
    /// Events that are still rejected.
    var rejected = 0
  }

  private static let chunk = 500

  /// Stores what is good now and marks it, in steps: when it is stopped halfway, it can be asked
  /// again and stores nothing twice.
  func run(now: Timestamp) throws -> Outcome {
    var outcome = Outcome()
    let known = CollectorSource(
      name: source.name,
      mapping: try source.mapping.map { try SourceMapping(yaml: $0) } ?? SourceMapping())
    let door = Reception(workspace: workspace).door
    var last: Int64 = 0
    while true {
      let events = try workspace.store.replayableEvents(
        of: source.name, kind: kind, after: last, limit: Self.chunk)
      guard let newest = events.last else { return outcome }
      last = newest.id
      var mended: [Int64] = []
      var batches: [CollectedBatch] = []
      for kept in events {
        outcome.read += 1
        guard var batch = Self.batch(of: kept, door, known) else {
          outcome.rejected += 1
          continue
        }
        if batch.rejected.isEmpty { mended.append(kept.id) } else { outcome.rejected += 1 }
        // They are kept already.
        batch.rejected = []
        batches.append(batch)
      }
      for appended in try workspace.store.append(batches) {
        outcome.stored += appended.stored + appended.profiles
        outcome.duplicates += appended.duplicates
      }
      try workspace.store.noteReplayed(mended, at: now)
      outcome.mended += mended.count
    }
  }

  /// What a kept event becomes now; nil when nothing of it can be read.
  private static func batch(
    of kept: Store.KeptEvent, _ door: FrontDoor, _ source: CollectorSource
  ) -> CollectedBatch? {
    guard !kept.event.request.isCut else { return nil }
    // As it came in then. Its row is its number: read again, an event without an id is the same.
    let request = CollectorRequest(
      kept.event.request, received: kept.event.received, number: UInt64(bitPattern: kept.id))
    guard let dialect = door.dialect(at: request.path), var delivery = try? dialect.read(request)
    else { return nil }
    let batch = door.batch(of: &delivery, in: request, dialect, source)
    return batch.isEmpty ? nil : batch
  }
}
