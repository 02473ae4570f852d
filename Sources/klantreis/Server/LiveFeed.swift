import Collector
import CustomerJourney
import Synchronization

/// The last touchpoints of each source since the server started, and those who watch them come in.
///
/// Adding costs one lock and never waits for anybody: who watches is only woken, and takes what is
/// there when it is able to. What a slow one missed in between it has missed.
final class LiveFeed: Sendable {
  struct Entry: Sendable {
    /// Counts from 1 in each source.
    var number: UInt64
    var touchpoint: Touchpoint
  }

  /// Somebody who watches one source.
  struct Viewer: Sendable {
    let source: String
    fileprivate let id: UInt64
    /// Says that there may be something new. Ends when the server stops.
    let bells: AsyncStream<Void>
    fileprivate let bell: AsyncStream<Void>.Continuation

    /// Wakes this one alone.
    func ring() { bell.yield() }
    /// Ends ``bells``.
    func end() { bell.finish() }
  }

  /// What was stored of one request. Kept as it came: copying fifty touchpoints of every batch took
  /// longer than reading it.
  private struct Stored {
    /// Of the first new touchpoint.
    var number: UInt64
    var touchpoints: [Touchpoint]
    /// Indexes of those that were there before.
    var known: [Int]

    var count: Int { touchpoints.count - known.count }

    /// The last of the new ones, with their numbers, the oldest first.
    func last(_ most: Int) -> [Entry] {
      let known = Set(known)
      let places = touchpoints.indices.filter { !known.contains($0) }
      return zip(places, number...).suffix(most).map { place, number in
        Entry(number: number, touchpoint: touchpoints[place])
      }
    }
  }

  private struct State {
    /// The newest last; enough for ``Limits/lastEvents``.
    var rings: [String: [Stored]] = [:]
    var counts: [String: UInt64] = [:]
    var viewers: [UInt64: Viewer] = [:]
    var lastViewer: UInt64 = 0
  }

  private let state = Mutex(State())
  /// Tells this run of the server from another, whose entries were counted otherwise.
  private let run = UInt64.random(in: 1 ... .max)
  private let mostViewers: Int

  init(mostViewers: Int = Limits.liveViewers) { self.mostViewers = mostViewers }

  /// Shows what was stored, but for what was there already.
  func add(_ note: FrontDoor.Note) {
    guard let source = note.source else { return }
    let touchpoints = note.batch.touchpoints
    guard touchpoints.count > note.outcome.knownTouchpoints.count else { return }
    let bells = state.withLock { state in
      let stored = Stored(
        number: state.counts[source, default: 0] + 1, touchpoints: touchpoints,
        known: note.outcome.knownTouchpoints)
      state.counts[source, default: 0] += UInt64(stored.count)
      var ring = state.rings.removeValue(forKey: source) ?? []
      ring.append(stored)
      var later = ring.dropFirst().reduce(0) { $0 + $1.count }
      while later >= Limits.lastEvents {
        ring.removeFirst()
        later -= ring[0].count
      }
      state.rings[source] = ring
      return state.viewers.isEmpty ? [] : state.viewers.values.filter { $0.source == source }
    }
    for viewer in bells { viewer.ring() }
  }

  /// Begins to watch; nil when too many do.
  func watch(_ source: String) -> Viewer? {
    let (bells, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    return state.withLock { state in
      guard state.viewers.count < mostViewers else { return nil }
      state.lastViewer += 1
      let viewer = Viewer(source: source, id: state.lastViewer, bells: bells, bell: bell)
      state.viewers[viewer.id] = viewer
      return viewer
    }
  }

  func leave(_ viewer: Viewer) { state.withLock { _ = $0.viewers.removeValue(forKey: viewer.id) } }

  /// False when no more can watch.
  var hasRoom: Bool { viewers < mostViewers }

  var viewers: Int { state.withLock { $0.viewers.count } }

  /// Those after a number, the oldest first; never more than ``Limits/lastEvents``.
  func entries(of source: String, after number: UInt64) -> [Entry] {
    let ring = state.withLock { $0.rings[source] ?? [] }
    return ring.reversed().reduce(into: [Entry]()) { entries, stored in
      guard entries.count < Limits.lastEvents else { return }
      entries = stored.last(Limits.lastEvents - entries.count) + entries
    }.filter { $0.number > number }
  }

  // MARK: Where a browser is

  /// The place after the newest entry, as a browser hands it back.
  func mark(of source: String) -> String {
    mark(state.withLock { $0.counts[source] ?? 0 })
  }

  func mark(_ number: UInt64) -> String { "\(String(run, radix: 36))-\(number)" }

  /// The number of a mark; 0 when it is of another run of the server, or none.
  func number(of mark: String?) -> UInt64 {
    let parts = (mark ?? "").split(separator: "-")
    guard parts.count == 2, parts[0] == String(run, radix: 36) else { return 0 }
    return UInt64(parts[1]) ?? 0
  }
}
