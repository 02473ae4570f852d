import CustomerJourney
import JourneyEngine
import Store
import Synchronization

/// Knows where every customer stands in each model and segment, and notes who moves: by a touchpoint,
/// by what becomes known, or because time passes.
///
/// What was noticed and how far was looked are committed together, so that each change is noted once,
/// whenever the process ends. Customers to whom nothing happens are only looked at when the time comes
/// at which a rule may think otherwise of them.
final class Watch: Sendable {
  private let store: Store
  private let held = Mutex<(state: State?, pause: Pause?)>((nil, nil))

  init(store: Store) { self.store = store }

  /// What could not be kept is not worked out again at once: the first look is one at everybody.
  private struct Pause {
    let error: any Error
    let since: Timestamp
    let seconds: Double

    /// A clock that was set back ends it too.
    func isOver(_ now: Timestamp) -> Bool {
      now < since || now >= since.adding(seconds: Int64(seconds))
    }

    func next(_ error: any Error, _ now: Timestamp) -> Pause {
      Pause(error: error, since: now, seconds: min(seconds * 2, Limits.watchPauseSeconds))
    }
  }

  struct State {
    var mark: Store.WatchMark
    var subjects: [WatchedSubject]
    var due: DueTimes
    /// Customers to be looked at once more, each with the moment that had come for it; nil where
    /// something happened.
    var again: [UInt32: Int64?] = [:]
    /// The snapshot that was looked at last, by its version.
    var version: Int64
    var lastTick: Int64
    var lastWhole: Int64
  }

  /// Looks at what is new in a snapshot and at whom time has come for. Returns what was noticed. When
  /// it cannot be kept, nothing was noticed, and a later look sees to it: after a second, and after
  /// each failure twice as long, up to ``Limits/watchPauseSeconds``. Until then the error is thrown
  /// again.
  @discardableResult
  func look(_ snapshot: Snapshot, now: Timestamp) throws -> [StandingMoves] {
    try held.withLock { held in
      if let pause = held.pause, !pause.isOver(now) { throw pause.error }
      do {
        let moves = try look(snapshot, now, &held.state)
        held.pause = nil
        return moves
      } catch {
        held.pause = held.pause?.next(error, now) ?? Pause(error: error, since: now, seconds: 1)
        throw error
      }
    }
  }

  private func look(
    _ snapshot: Snapshot, _ now: Timestamp, _ state: inout State?
  ) throws -> [StandingMoves] {
    let asked = WatchedSubject.all(snapshot)
    if state?.isAbout(asked) == true {
      if let moves = try state?.look(snapshot, now, store) { return moves }
      // Another process has looked; what it noticed is what holds.
      state = nil
      return []
    }
    let begun = try State.begin(snapshot, asked, now, store)
    state = begun?.state
    return begun?.moves ?? []
  }
}

// MARK: A look

extension Watch.State {
  fileprivate func isAbout(_ asked: [WatchedSubject]) -> Bool {
    subjects.count == asked.count
      && zip(subjects, asked).allSatisfy {
        $0.subject == $1.subject && $0.definition == $1.definition
      }
  }

  /// Nil when somebody else has looked meanwhile: then nothing was kept.
  fileprivate mutating func look(
    _ snapshot: Snapshot, _ now: Timestamp, _ store: Store
  ) throws -> [StandingMoves]? {
    let isTick = now.milliseconds - lastTick >= Int64(Limits.watchSeconds * 1000)
    guard isTick || version != snapshot.factsVersion else { return [] }
    let changes = try store.changes(since: mark, upTo: snapshot.mark.change)
    let touched =
      snapshot.journeys.customers(withRowsAfter: changes.row)
      + changes.customers.compactMap { UInt32(exactly: $0) }
    let isWhole = now.milliseconds - lastWhole >= Int64(Limits.standingsSeconds * 1000)
    if isTick {
      for (customer, moment) in due.take(upTo: now.milliseconds) {
        again.updateValue(moment, forKey: customer)
      }
    }
    for customer in touched { again.updateValue(nil, forKey: customer) }
    guard !again.isEmpty || isWhole else {
      (version, lastTick) = (snapshot.factsVersion, isTick ? now.milliseconds : lastTick)
      return []
    }
    let places = places(in: snapshot.journeys)
    var walks: [Walk] = []
    do {
      for index in subjects.indices {
        walks.append(Walk(subjects[index], noticed: now))
        try subjects[index].follow(places, in: snapshot, now, &walks[index])
      }
      try snapshot.facts.check()
      let mark = Store.WatchMark(
        row: snapshot.mark.row, change: snapshot.mark.change, profile: changes.profile)
      let moves = walks.map(\.moves)
      if isWhole || !touched.isEmpty || moves.contains(where: { !$0.moves.isEmpty }) {
        guard
          let kept = try store.keep(
            moves, whole: isWhole ? subjects.map(\.standing) : [],
            subjects: subjects.map(\.subject), from: self.mark, to: mark)
        else { return nil }
        self.mark = kept
        if isWhole { lastWhole = now.milliseconds }
      }
    } catch {
      // Where they stand is what is stored; they are looked at again.
      for (index, walk) in walks.enumerated() { subjects[index].takeBack(walk) }
      throw error
    }
    (version, lastTick) = (snapshot.factsVersion, isTick ? now.milliseconds : lastTick)
    setDueTimes(of: places, in: snapshot.journeys, now)
    // What is known of a customer may be a moment newer than what this snapshot knew of it.
    again = [:]
    if subjects.contains(where: \.asksForFacts) {
      for customer in touched { again.updateValue(nil, forKey: customer) }
    }
    return walks.map(\.moves)
  }

  private func places(in journeys: Journeys) -> [Walk.Place] {
    again.sorted { $0.key < $1.key }.map { customer, moment in
      let journey = journeys.journey(ofCustomer: customer)
      return Walk.Place(
        customer: customer, due: moment, journey: journey,
        end: journey.flatMap { journeys.end(ofJourney: $0, after: mark.row) })
    }
  }

  private mutating func setDueTimes(
    of places: [Walk.Place], in journeys: Journeys, _ now: Timestamp
  ) {
    let delays = subjects.delays
    guard !delays.isEmpty else { return }
    for place in places {
      let next = place.journey.flatMap {
        journeys.nextMoment(ofJourney: $0, after: now.milliseconds, delays: delays)
      }
      due.set(place.customer, to: next)
    }
  }
}

extension WatchedSubject {
  /// Moves the customers of `places` to where they stand now.
  fileprivate mutating func follow(
    _ places: [Walk.Place], in snapshot: Snapshot, _ now: Timestamp, _ walk: inout Walk
  ) throws {
    if let last = places.last { makeRoom(forCustomer: Int(last.customer)) }
    let journeys = snapshot.journeys
    switch meaning {
    case .model(let model):
      let placement = try snapshot.placement(in: model)
      for place in places where place.due == nil {
        walk.follow(place, journeys, placement, in: &states)
      }
    case .segment(let rule):
      let membership = try snapshot.membership(rule, after: membership)
      for place in places {
        let isIn =
          place.journey.map { membership.holds(ofJourney: $0, at: now.milliseconds) } ?? false
        let happened =
          place.due
          ?? place.journey.map {
            min(journeys.time(row: journeys.rows(ofJourney: $0).upperBound - 1), now.milliseconds)
          } ?? now.milliseconds
        walk.step(place.customer, to: isIn ? 1 : 0, at: happened, in: &states)
      }
      self.membership = membership
    }
  }

  fileprivate mutating func takeBack(_ walk: Walk) {
    for (customer, state) in walk.before.reversed() { states[Int(customer)] = state }
  }
}
