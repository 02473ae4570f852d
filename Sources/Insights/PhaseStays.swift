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
  private(set) var durations: [DurationDigest]

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
    durations = Array(repeating: DurationDigest(), count: phaseCount * phaseCount)
  }

  /// `moved` hears of each move of the journeys `run`: the row where the customer entered another
  /// phase, and the journey's number within this partial result.
  @inline(__always)
  mutating func update(
    _ block: JourneyBlock, _ run: Range<Int>, placed: UnsafePointer<UInt8>,
    moved: (_ row: Int, _ journey: UInt32) -> Void
  ) {
    let firstRow = block.span(run.lowerBound).lowerBound
    let count = Int(block.starts[run.upperBound]) - firstRow
    let codes = UnsafeBufferPointer(start: placed + firstRow, count: count)
    precondition(codes.largest < phaseCount, "a phase of the model")
    precondition(durations.count == phaseCount * phaseCount, "a digest for each move")
    let phaseCount = phaseCount
    let moves = moves.noter(uses: count)
    let phases = phases.memory(atLeast: phaseCount)
    let dwell = dwell.memory(atLeast: phaseCount * Self.classSeconds.count)
    let classes = DwellClasses()
    var journey = UInt32(journeys)
    durations.withUnsafeMutableBufferPointer { durations in
      withUnsafeTemporaryAllocation(of: Int.self, capacity: count + 1) { starts in
        guard let starts = starts.baseAddress else { return }
        for k in run {
          journey &+= 1
          let last = Self.findStays(block.span(k), placed, into: starts)
          var phase = Int(placed[starts[0]])
          var seen: UInt32 = 1 &<< UInt32(phase)
          phases[phase].starts &+= 1
          phases[phase].entered &+= 1
          for stay in 0..<last {
            let row = starts[stay &+ 1]
            let next = Int(placed[row])
            let duration = block.times[row] &- block.times[starts[stay]]
            let move = phase &* phaseCount &+ next
            phases[phase].touchpoints &+= row &- starts[stay]
            phases[next].entered &+= 1
            dwell[phase &* Self.classSeconds.count &+ classes.index(milliseconds: duration)] &+= 1
            moves.note(UInt64(move), journey: journey)
            durations[move].add(milliseconds: duration)
            moved(row, journey)
            seen |= 1 &<< UInt32(next)
            phase = next
          }
          phases[phase].touchpoints &+= Int(block.starts[k &+ 1]) &- starts[last]
          phases[phase].ends &+= 1
          while seen != 0 {
            phases[seen.trailingZeroBitCount].customers &+= 1
            seen &= seen &- 1
          }
        }
      }
    }
    journeys += run.count
    touchpoints += count
  }

  /// Writes down the first row of each stay. Gives the number of the last stay, from 0.
  @inline(__always)
  private static func findStays(
    _ rows: Range<Int>, _ placed: UnsafePointer<UInt8>, into starts: UnsafeMutablePointer<Int>
  ) -> Int {
    starts[0] = rows.lowerBound
    var found = 1
    for row in (rows.lowerBound &+ 1)..<max(rows.upperBound, rows.lowerBound &+ 1) {
      // Written always, counted only when it starts a stay: no branch to guess.
      starts[found] = row
      found &+= placed[row] != placed[row &- 1] ? 1 : 0
    }
    return found &- 1
  }

  /// Finds the class of a duration by one comparison: no power of two has more than one border of
  /// ``classSeconds`` in it.
  private struct DwellClasses {
    /// By the highest bit of a duration in milliseconds: the class before the border, and the border.
    private static let octaves: [(before: Int, border: Int64)] = (0..<64).map { bit in
      let borders = classSeconds.map { $0 * 1000 }
      let from = bit == 63 ? Int64.min : Int64(1) << Int64(bit)
      let inside = borders.filter { $0 > from && $0 / 2 < from }
      precondition(inside.count < 2, "one border a power of two")
      let before = borders.lastIndex { $0 <= from } ?? 0
      return (before, inside.first ?? .max)
    }
    private let octaves = Self.octaves

    @inline(__always)
    func index(milliseconds: Int64) -> Int {
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
    for (k, digest) in other.durations.enumerated() { durations[k].merge(digest) }
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
