import CustomerJourney
import JourneyEngine

/// Who was in which phase, for how long, and went where: what the map and a phase's portrait share.
///
/// A stay is the touchpoints in a row of one customer in one phase. It lasts from its first
/// touchpoint to the first of the next stay; the last stay of a journey has not ended.
struct PhaseStays: Sendable, Codable {
  /// Where the classes of durations begin, in seconds: a minute, ten, an hour, six, a day, three, a
  /// week, two, 30 days, 90, 180, a year.
  static let classSeconds: [Int64] = [
    0, 60, 600, 3600, 21_600, 86_400, 259_200, 604_800, 1_209_600, 2_592_000, 7_776_000,
    15_552_000, 31_536_000,
  ]

  let phaseCount: Int
  var journeys = 0
  var touchpoints = 0
  /// By phase.
  private(set) var phases: Counters<Counts>
  /// By phase × ``classSeconds`` + class: stays that ended.
  private var dwell: Counters<Int>
  /// By phase from × ``phaseCount`` + phase to: moves and the customers who made them.
  private(set) var moves: UseTable
  /// As ``moves``: from entering the one to entering the other.
  private var durations: DurationCounts

  struct Counts: Sendable, Codable {
    var customers = 0
    var touchpoints = 0
    var entered = 0
    /// Customers whose first and whose last touchpoint is here.
    var starts = 0
    var ends = 0
  }

  init(phaseCount: Int) {
    precondition(phaseCount <= Limits.phasesPerModel, "a bit for each phase")
    self.phaseCount = phaseCount
    phases = Counters(count: phaseCount)
    dwell = Counters(count: phaseCount * Self.classSeconds.count)
    moves = UseTable(bound: UInt64(phaseCount * phaseCount))
    durations = DurationCounts(digestCount: phaseCount * phaseCount)
  }

  /// Counts the stays that `found` found in the journeys `run` of a block. `moved` hears of each move:
  /// the row where a customer entered another phase, and the journey's number.
  @inline(__always)
  mutating func update(
    _ block: JourneyBlock, _ run: Range<Int>, placed: UnsafePointer<UInt8>, _ found: StayRun,
    moved: (_ row: Int, _ journey: UInt32) -> Void
  ) {
    let codes = UnsafeBufferPointer(start: placed + found.firstRow, count: found.rowCount)
    precondition(codes.largest < phaseCount, "a phase of the model")
    precondition(durations.digestCount == phaseCount * phaseCount, "a digest for each move")
    noteStays(block, run, placed, found)
    noteMoves(block, placed, found, moved)
    journeys += run.count
    touchpoints += found.rowCount
  }

  private mutating func noteStays(
    _ block: JourneyBlock, _ run: Range<Int>, _ placed: UnsafePointer<UInt8>, _ found: StayRun
  ) {
    let counts = phases.memory(atLeast: phaseCount)
    for k in run {
      counts[Int(placed[Int(block.starts[k])])].starts &+= 1
      counts[Int(placed[Int(block.starts[k &+ 1]) &- 1])].ends &+= 1
    }
    let phases = placed + found.firstRow
    let stays = found.stays
    let journeys = found.journeys
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: phaseCount) { last in
      guard let last = last.baseAddress else { return }
      // Journeys have numbers from 1 on, and none goes on in another run.
      last.initialize(repeating: 0, count: phaseCount)
      for stay in 0..<found.stayCount {
        let row = Int(stays[stay])
        let phase = Int(phases[row])
        let journey = journeys[row]
        counts[phase].entered &+= 1
        counts[phase].touchpoints &+= Int(stays[stay &+ 1]) &- row
        counts[phase].customers &+= last[phase] == journey ? 0 : 1
        last[phase] = journey
      }
    }
  }

  @inline(__always)
  private mutating func noteMoves(
    _ block: JourneyBlock, _ placed: UnsafePointer<UInt8>, _ found: StayRun,
    _ moved: (_ row: Int, _ journey: UInt32) -> Void
  ) {
    let phaseCount = phaseCount
    let phases = placed + found.firstRow
    let times = block.times + found.firstRow
    let stays = found.stays
    let numbers = found.moves
    let journeys = found.journeys
    let noter = moves.noter(uses: found.moveCount)
    let durations = durations.adder()
    let dwell = dwell.memory(atLeast: phaseCount * Self.classSeconds.count)
    DwellClasses.octaves.withUnsafeBufferPointer { octaves in
      guard let octaves = octaves.baseAddress else { return }
      noter.noteEach(found.moveCount) { move in
        let stay = Int(numbers[move])
        let row = Int(stays[stay])
        let before = Int(stays[stay &- 1])
        let from = Int(phases[before])
        let way = from &* phaseCount &+ Int(phases[row])
        let duration = times[row] &- times[before]
        let dwellClass = DwellClasses.index(milliseconds: duration, octaves)
        dwell[from &* Self.classSeconds.count &+ dwellClass] &+= 1
        durations.add(milliseconds: duration, to: way)
        moved(row, journeys[row])
        return (UInt64(truncatingIfNeeded: way), journeys[row])
      }
    }
  }

  /// Finds the class of a duration by one comparison: no power of two has more than one border of
  /// ``classSeconds`` in it.
  private enum DwellClasses {
    /// By the highest bit of a duration in milliseconds: the class before the border, and the border.
    static let octaves: [(before: Int, border: Int64)] = (0..<64).map { bit in
      let borders = classSeconds.map { $0 * 1000 }
      let from = bit == 63 ? Int64.min : Int64(1) << Int64(bit)
      let inside = borders.filter { $0 > from && $0 / 2 < from }
      precondition(inside.count < 2, "one border a power of two")
      let before = borders.lastIndex { $0 <= from } ?? 0
      return (before, inside.first ?? .max)
    }

    @inline(__always)
    static func index(
      milliseconds: Int64, _ octaves: UnsafePointer<(before: Int, border: Int64)>
    ) -> Int {
      let octave = octaves[63 &- (max(milliseconds, 0) | 1).leadingZeroBitCount]
      return octave.before &+ (milliseconds >= octave.border ? 1 : 0)
    }
  }

  mutating func merge(_ other: PhaseStays) {
    precondition(phaseCount == other.phaseCount, "partial results of the same model")
    journeys += other.journeys
    touchpoints += other.touchpoints
    for phase in 0..<phaseCount {
      let counts = other.phases[phase]
      phases[phase].customers += counts.customers
      phases[phase].touchpoints += counts.touchpoints
      phases[phase].entered += counts.entered
      phases[phase].starts += counts.starts
      phases[phase].ends += counts.ends
    }
    for k in 0..<dwell.count { dwell[k] += other.dwell[k] }
    moves.merge(other.moves)
    durations.merge(other.durations)
  }

  /// Over all stays in `phase` that ended.
  func medianDwellSeconds(_ phase: Int) -> Double? {
    var all = DurationDigest()
    for next in 0..<phaseCount { all.merge(durations[phase * phaseCount + next]) }
    return all.median
  }

  /// The moves out of `phase`, most customers first, with the journeys that end there last.
  func after(_ phase: Int, ids: [String]) -> [JourneyMap.Next] {
    neighbours(ids, edge: Edge.end, edgeCustomers: phases[phase].ends) {
      phase * phaseCount + $0
    }
  }

  /// The moves into `phase`, most customers first, with the journeys that start there last.
  func before(_ phase: Int, ids: [String]) -> [JourneyMap.Next] {
    neighbours(ids, edge: Edge.start, edgeCustomers: phases[phase].starts) {
      $0 * phaseCount + phase
    }
  }

  func dwell(_ phase: Int) -> [JourneyMap.DwellClass] {
    Self.classSeconds.enumerated().map { k, seconds in
      .init(fromSeconds: Double(seconds), stays: dwell[phase * Self.classSeconds.count + k])
    }
  }

  private func neighbours(
    _ ids: [String], edge: String, edgeCustomers: Int, _ move: (Int) -> Int
  ) -> [JourneyMap.Next] {
    var customers = [Int](repeating: 0, count: phaseCount * phaseCount)
    for entry in moves.used { customers[Int(entry.thing)] = entry.customers }
    var found = (0..<phaseCount).filter { customers[move($0)] > 0 }.map { other in
      (
        order: other,
        next: JourneyMap.Next(
          to: ids[other], customers: customers[move(other)],
          medianSeconds: durations[move(other)].median)
      )
    }
    found.sort { ($1.next.customers, $0.order) < ($0.next.customers, $1.order) }
    var all = found.map(\.next)
    if edgeCustomers > 0 {
      all.append(.init(to: edge, customers: edgeCustomers, medianSeconds: nil))
    }
    return all
  }
}
