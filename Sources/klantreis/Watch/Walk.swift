import CustomerJourney
import JourneyEngine

/// Moves of one subject in the making.
struct Walk {
  private(set) var moves: StandingMoves
  /// How customers stood before who moved, so that it can be taken back.
  private(set) var before: [(customer: UInt32, state: UInt8)] = []

  init(_ subject: WatchedSubject, noticed: Timestamp) {
    moves = StandingMoves(subject: subject.subject, states: subject.names, noticed: noticed)
  }

  /// A customer who was touched or for whom time has come, and the journey if there is one.
  struct Place {
    let customer: UInt32
    /// The moment that has come; nil where something happened.
    let due: Int64?
    let journey: Int?
    /// The journey's rows that are new, when they are its last ones; nil when one is not.
    let end: Range<Int>?
  }

  mutating func step(
    _ customer: UInt32, to new: UInt8, at moment: Int64, in states: inout [UInt8]
  ) {
    let old = states[Int(customer)]
    guard old != new else { return }
    before.append((customer, old))
    states[Int(customer)] = new
    moves.moves.append(
      StandingMoves.Move(customer: customer, from: old, to: new, happened: moment))
  }

  /// From phase to phase by all that is new at the end of a journey. Where something came in between,
  /// what went before has become another story, and only where it ends now is told.
  mutating func follow(
    _ place: Place, _ journeys: Journeys, _ placement: JourneyPlacement, in states: inout [UInt8]
  ) {
    guard let journey = place.journey else {
      return step(place.customer, to: 0, at: moves.noticed.milliseconds, in: &states)
    }
    let rows = journeys.rows(ofJourney: journey)
    if let end = place.end {
      let stood = end.lowerBound > rows.lowerBound ? state(of: end.lowerBound - 1, placement) : 0
      if stood == states[Int(place.customer)] {
        for row in end {
          step(
            place.customer, to: state(of: row, placement), at: journeys.time(row: row), in: &states)
        }
        return
      }
    }
    let state = state(of: rows.upperBound - 1, placement)
    var entered = rows.upperBound - 1
    while entered > rows.lowerBound, self.state(of: entered - 1, placement) == state {
      entered -= 1
    }
    step(place.customer, to: state, at: journeys.time(row: entered), in: &states)
  }

  private func state(of row: Int, _ placement: JourneyPlacement) -> UInt8 {
    UInt8(placement.phase(row: row) + 1)
  }
}
