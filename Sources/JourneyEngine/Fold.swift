import CustomerJourney
import Synchronization

/// A question over all journeys: `start → update(journeys) → merge(other) → finish`.
///
/// A fold sees whole customers, so cores work on different ranges of customers and their partial
/// results are merged. Partial results are Codable, so that the same fold can run as the
/// per-partition step of a distributed engine. The answer must not depend on the number of parts;
/// a property test holds every fold to that.
package protocol Fold: Sendable {
  associatedtype Partial: Sendable & Codable
  associatedtype Answer: Sendable

  /// What ``update(_:with:)`` reads of a block besides whose journeys they are. A filter copies only
  /// these together; the others hold anything.
  var columns: Columns { get }

  func start() -> Partial
  func update(_ partial: inout Partial, with journeys: JourneyBlock)
  /// Adds what `other` saw. `other` saw blocks after those of `partial`; customers come in order only
  /// within a block.
  func merge(_ partial: inout Partial, with other: Partial)
  func finish(_ partial: Partial) -> Answer
}

/// Some columns of a ``JourneyBlock``.
package struct Columns: OptionSet, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }

  package static let times = Columns(rawValue: 1)
  package static let events = Columns(rawValue: 2)
  package static let channels = Columns(rawValue: 4)
  package static let origins = Columns(rawValue: 8)
  package static let devices = Columns(rawValue: 16)
  package static let contents = Columns(rawValue: 32)
  package static let campaigns = Columns(rawValue: 64)
  package static let values = Columns(rawValue: 128)
  package static let phases = Columns(rawValue: 256)
  package static let rules = Columns(rawValue: 512)
  package static let all = Columns(rawValue: 1023)
  /// The store's rows. No fold reads them; rules about properties do.
  package static let rowIDs = Columns(rawValue: 1024)

  package init(_ dimension: Dimension) {
    switch dimension {
    case .event: self = .events
    case .channel: self = .channels
    case .origin: self = .origins
    case .device: self = .devices
    case .content: self = .contents
    case .campaign: self = .campaigns
    }
  }

  /// Their names, as people are told, and the bytes of one touchpoint in each.
  package var named: [(name: String, bytes: Int)] {
    let known: [(Columns, String, Int)] = [
      (.events, "event", 2), (.channels, "channel", 1), (.origins, "origin", 1),
      (.devices, "device", 1), (.contents, "content", 4), (.campaigns, "campaign", 2),
      (.times, "time", 8), (.values, "value", 8), (.phases, "phase", 1), (.rules, "rule", 1),
      (.rowIDs, "row", 4),
    ]
    return known.filter { contains($0.0) }.map { ($0.1, $0.2) }
  }
}

/// Where a fold reads: a sequence of blocks for each part of the customers.
package protocol JourneySource: Sendable {
  /// Splits into at most `parts` pieces of about equal work.
  func ranges(parts: Int) -> [Range<Int>]
  /// Calls `body` with the blocks of one range, of which only `columns` are read.
  func forEachBlock(_ range: Range<Int>, reading columns: Columns, _ body: (JourneyBlock) -> Void)
}

extension JourneyTable: JourneySource {
  package func forEachBlock(
    _ range: Range<Int>, reading columns: Columns, _ body: (JourneyBlock) -> Void
  ) {
    body(block(range))
  }
}

extension JourneySource {
  /// The answer of `fold` over all journeys here, worked out on `parts` threads.
  package func answer<F: Fold>(_ fold: F, parts: Int = Cores.count) -> F.Answer {
    fold.finish(partial(fold, parts: parts))
  }

  /// The merged partial result, for storing or merging elsewhere.
  package func partial<F: Fold>(_ fold: F, parts: Int = Cores.count) -> F.Partial {
    let ranges = ranges(parts: parts)
    guard ranges.count > 1 else {
      var partial = fold.start()
      if let range = ranges.first {
        forEachBlock(range, reading: fold.columns) { fold.update(&partial, with: $0) }
      }
      return partial
    }
    let done = Mutex<[F.Partial?]>(Array(repeating: nil, count: ranges.count))
    Cores.perform(iterations: ranges.count) { i in
      var partial = fold.start()
      forEachBlock(ranges[i], reading: fold.columns) { fold.update(&partial, with: $0) }
      done.withLock { [partial] in $0[i] = partial }
    }
    let partials = done.withLock { $0 }.compactMap { $0 }
    precondition(partials.count == ranges.count, "every part has a partial result")
    var merged = partials[0]
    for partial in partials.dropFirst() { fold.merge(&merged, with: partial) }
    return merged
  }
}
