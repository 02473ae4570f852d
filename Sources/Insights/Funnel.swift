import CustomerJourney
package import JourneyEngine

/// How many customers took each of some steps in order and in time: what `funnel` answers.
package struct Funnel: Codable, Sendable, Equatable {
  package var steps: [Step]
  package var withinSeconds: Int64
  /// Customers in the question, whether they took the first step or not.
  package var customers: Int

  package struct Step: Codable, Sendable, Equatable {
    package var name: String
    /// Customers who came this far or further.
    package var customers: Int
  }
}

/// Counts a ``Funnel`` with the meaning of ClickHouse's `windowFunnel(window)` without modes.
///
/// A chain begins at any touchpoint of the first step. Each next step is at the same time or later,
/// and at most the window after the chain's first; other touchpoints may lie between. Touchpoints of
/// the same moment count in any order. One touchpoint can be several steps when the steps share its
/// event, also two in a row. A customer counts for every step up to the deepest that any chain
/// reached.
package struct FunnelFold: Fold {
  private let steps: [EventStep]
  private let masks: EventMasks
  /// For each event code one more than the step that it is, and behind the last where it is none.
  /// Empty when an event is more than one step.
  private let places: [UInt8]
  private let withinSeconds: Int64

  /// Throws ``InsightError`` when there are no steps, more than ``Limits/funnelSteps``, or the
  /// window is negative.
  package init(steps: [EventStep], withinSeconds: Int64) throws {
    guard (1...Limits.funnelSteps).contains(steps.count) else {
      throw InsightError.funnelSteps(steps.count)
    }
    guard withinSeconds >= 0 else { throw InsightError.negativeWindow(seconds: withinSeconds) }
    self.steps = steps
    self.withinSeconds = withinSeconds
    masks = EventMasks(steps)
    var places = [UInt8](repeating: UInt8(steps.count + 1), count: 65_536)
    for (k, step) in steps.enumerated() {
      for event in step.events where event < 65_536 { places[Int(event)] = UInt8(k + 1) }
    }
    let events = steps.flatMap(\.events)
    self.places = Set(events).count == events.count ? places : []
  }

  package struct Partial: Sendable, Codable {
    /// Customers by the deepest step that they reached; the first are those who took none.
    var deepest: [Int]
  }

  package func start() -> Partial {
    Partial(deepest: Array(repeating: 0, count: steps.count + 1))
  }

  package var columns: Columns { [.events, .times] }

  package func update(_ partial: inout Partial, with journeys: JourneyBlock) {
    // Times lie far within a quarter of the numbers, so that none of this runs over.
    let window = min(withinSeconds, Int64.max / 4000) * 1000
    withUnsafeTemporaryAllocation(of: Int64.self, capacity: steps.count + 2) { chains in
      masks.withPointer { masks in
        places.withUnsafeBufferPointer { places in
          count(journeys, masks, places, window: window, chains, into: &partial.deepest)
        }
      }
    }
  }

  private func count(
    _ block: JourneyBlock, _ masks: UnsafePointer<UInt32>, _ places: UnsafeBufferPointer<UInt8>,
    window: Int64, _ chains: UnsafeMutableBufferPointer<Int64>, into deepest: inout [Int]
  ) {
    for k in 0..<block.journeyCount {
      let rows = block.span(k)
      if !places.isEmpty, let places = places.baseAddress, let room = chains.baseAddress,
        let depth = Self.quickDepth(
          block, rows, places, window: window, room, steps: chains.count - 2)
      {
        deepest[depth] += 1
      } else {
        let room = UnsafeMutableBufferPointer(rebasing: chains.prefix(chains.count - 2))
        deepest[Self.depth(block, rows, masks, window: window, room)] += 1
      }
    }
  }

  /// How deep one customer came, without a branch in the loop; nil when touchpoints of one moment
  /// are in another order than their steps.
  ///
  /// `chains[k + 1]` is the youngest chain that asked for step `k`, by the time of its first
  /// touchpoint; `chains[0]` is the touchpoint itself, where the first step may begin. A chain that
  /// asked too late is written down all the same: what is too late once stays so. A touchpoint that
  /// is no step goes to the place behind them all, which no step reads.
  private static func quickDepth(
    _ block: JourneyBlock, _ rows: Range<Int>, _ places: UnsafePointer<UInt8>, window: Int64,
    _ chains: UnsafeMutablePointer<Int64>, steps: Int
  ) -> Int? {
    for place in 0...(steps &+ 1) { chains[place] = .min }
    var reached: UInt64 = 0
    var outOfOrder = 0
    var moment = Int64.min
    var momentPlace = 0
    for row in rows {
      let time = block.times[row]
      let place = Int(places[Int(block.events[row])])
      chains[0] = time
      let chain = chains[place &- 1]
      chains[place] = chain
      reached |= (chain >= time &- window ? 1 : 0) &<< UInt64(place)
      outOfOrder |= (time == moment ? 1 : 0) & (place < momentPlace ? 1 : 0)
      moment = time
      momentPlace = place
    }
    guard outOfOrder == 0 else { return nil }
    // Bit 1 for the first step. Without one before it no step is reached.
    return (reached &>> 1 & (1 &<< UInt64(steps) &- 1)).nonzeroBitCount
  }

  /// How deep one customer came. `chains` is room for one number a step.
  ///
  /// For each step it remembers the youngest chain that reached it, by the time of its first
  /// touchpoint: where any chain is still in time, the youngest is. Going through the steps of one
  /// moment in their order lets touchpoints of the same moment follow each other in any order.
  private static func depth(
    _ block: JourneyBlock, _ rows: Range<Int>, _ masks: UnsafePointer<UInt32>, window: Int64,
    _ chains: UnsafeMutableBufferPointer<Int64>
  ) -> Int {
    var depth = 0
    var moment = Int64.min
    var momentMask: UInt32 = 0
    for row in rows {
      let mask = masks[Int(block.events[row])]
      if mask == 0 { continue }
      let time = block.times[row]
      momentMask = time == moment ? momentMask | mask : mask
      moment = time
      var open = momentMask
      while open != 0 {
        let step = open.trailingZeroBitCount
        open &= open &- 1
        if step > depth { break }
        let first = step == 0 ? time : chains[step - 1]
        if time &- first <= window {
          chains[step] = first
          if step == depth {
            depth += 1
            if depth == chains.count { return depth }
          }
        }
      }
    }
    return depth
  }

  package func merge(_ partial: inout Partial, with other: Partial) {
    precondition(partial.deepest.count == other.deepest.count, "partial results of the same steps")
    for depth in partial.deepest.indices { partial.deepest[depth] += other.deepest[depth] }
  }

  package func finish(_ partial: Partial) -> Funnel {
    Funnel(
      steps: steps.indices.map { k in
        .init(name: steps[k].name, customers: partial.deepest[(k + 1)...].reduce(0, +))
      }, withinSeconds: withinSeconds, customers: partial.deepest.reduce(0, +))
  }
}
