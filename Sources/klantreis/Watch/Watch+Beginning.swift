import CustomerJourney
import JourneyEngine
import Store

extension Watch.State {
  /// Looks at everybody, and compares with what is stored. A subject that is new, or means something
  /// else than before, begins without changes: the definition moved, not the customers. Nil when
  /// somebody else has looked meanwhile.
  static func begin(
    _ snapshot: Snapshot, _ asked: [WatchedSubject], _ now: Timestamp, _ store: Store
  ) throws -> (state: Self, moves: [StandingMoves])? {
    let (mark, standings) = try store.standings()
    let profile = try store.changes(since: mark, upTo: snapshot.mark.change).profile
    let journeys = snapshot.journeys
    var subjects = asked
    var moves: [StandingMoves] = []
    for index in subjects.indices {
      subjects[index].makeRoom(forCustomer: Int(journeys.lastCustomer ?? 0))
      try subjects[index].fill(snapshot, now)
      let subject = subjects[index]
      guard
        let old = standings.first(where: {
          $0.subject == subject.subject && $0.definition == subject.definition
        })
      else { continue }
      var states = old.currentStates
      subjects[index].makeRoom(forCustomer: states.count - 1)
      states += repeatElement(0, count: subjects[index].states.count - states.count)
      var walk = Walk(subject, noticed: now)
      for (customer, state) in subjects[index].states.enumerated() where states[customer] != state {
        let journey = journeys.journey(ofCustomer: UInt32(customer))
        let end = journey.map { journeys.time(row: journeys.rows(ofJourney: $0).upperBound - 1) }
        walk.step(
          UInt32(customer), to: state, at: min(end ?? .max, now.milliseconds), in: &states)
      }
      moves.append(walk.moves)
    }
    var due = DueTimes(after: now.milliseconds)
    let delays = subjects.delays
    if !delays.isEmpty {
      journeys.forEachNextMoment(after: now.milliseconds, delays: delays) { customer, moment in
        due.set(customer, to: moment)
      }
    }
    let reached = Store.WatchMark(
      row: snapshot.mark.row, change: snapshot.mark.change, profile: profile)
    guard
      let kept = try store.keep(
        moves, whole: subjects.map(\.standing), subjects: subjects.map(\.subject), from: mark,
        to: reached)
    else { return nil }
    let state = Self(
      mark: kept, subjects: subjects, due: due, version: snapshot.factsVersion,
      lastTick: now.milliseconds, lastWhole: now.milliseconds)
    return (state, moves)
  }
}

extension Store.Standing {
  /// States with the later moves in them.
  var currentStates: [UInt8] {
    var states = states
    for move in later.lazy.flatMap(\.moves) {
      let customer = Int(move.customer)
      if states.count <= customer {
        states += repeatElement(0, count: customer + 1 - states.count)
      }
      states[customer] = move.to
    }
    return states
  }
}
