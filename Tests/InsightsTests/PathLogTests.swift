import Testing

@testable import Insights

/// Notes of paths against a plain dictionary.
@Suite struct PathLogTests {
  struct Seen: Equatable {
    var customers = 0
    var conversions = 0
    var value: Int64 = 0
  }

  /// Journeys of random paths, some of which a journey goes twice.
  struct Log {
    var codes: [UInt8] = []
    var paths: [(journey: Int, rows: Range<Int>, converted: Bool, value: Int64)] = []

    init(journeys: Int, using dice: inout some RandomNumberGenerator) {
      for journey in 1...journeys {
        for _ in 0..<Int.random(in: 1...4, using: &dice) {
          let length = Bool.random(using: &dice) ? 1 : Int.random(in: 1...40, using: &dice)
          let first = codes.count
          codes += (0..<length).map { _ in UInt8.random(in: 0...2, using: &dice) }
          paths.append(
            (
              journey, first..<codes.count, Bool.random(using: &dice),
              Bool.random(using: &dice) ? 0 : Int64.random(in: -500...500, using: &dice)
            ))
        }
      }
    }

    func note(in log: inout PathLog, after journeys: Int = 0) {
      codes.withUnsafeBytes { bytes in
        guard let start = bytes.baseAddress else { return }
        let writer = log.writer(of: start, end: codes.count)
        for path in paths {
          writer.note(
            path.rows, journey: UInt32(journeys + path.journey), converted: path.converted,
            value: path.value)
        }
      }
    }

    func add(to seen: inout [[UInt8]: Seen]) {
      var gone: Set<[Int]> = []
      for path in paths {
        let bytes = Array(codes[path.rows])
        let isNew = gone.insert([path.journey] + bytes.map(Int.init)).inserted
        seen[bytes, default: Seen()].customers += isNew ? 1 : 0
        seen[bytes, default: Seen()].conversions += path.converted ? 1 : 0
        seen[bytes, default: Seen()].value += path.value
      }
    }
  }

  private func read(_ log: PathLog) -> [[UInt8]: Seen] {
    let parts = log.counted(into: [[UInt8]: Seen]()) { seen, counts in
      for entry in counts.entries {
        let codes = counts.codes(of: entry).map { UInt8($0) }
        #expect(seen[codes] == nil, "each path is counted once")
        seen[codes] = Seen(
          customers: Int(entry.customers), conversions: Int(entry.conversions), value: entry.value)
      }
    }
    return parts.reduce(into: [:]) { $0.merge($1) { a, _ in a } }
  }

  @Test("counts what a dictionary counts, with any room", arguments: [0, 70_000, 300_000, 1 << 30])
  func counts(room: Int) {
    var dice = SystemRandomNumberGenerator()
    let first = Log(journeys: 3000, using: &dice)
    let second = Log(journeys: 2000, using: &dice)
    let third = Log(journeys: 1000, using: &dice)
    var seen: [[UInt8]: Seen] = [:]
    for log in [first, second, third] { log.add(to: &seen) }

    var mine = PathLog(width: 1, room: room)
    first.note(in: &mine)
    var other = PathLog(width: 1, room: room)
    second.note(in: &other)
    mine.merge(other, after: 3000)
    third.note(in: &mine, after: 5000)
    #expect(read(mine) == seen)
  }

  @Test("a copy does not see what is noted after it")
  func copies() {
    var dice = SystemRandomNumberGenerator()
    let first = Log(journeys: 200, using: &dice)
    let second = Log(journeys: 100, using: &dice)
    var mine = PathLog(width: 1)
    first.note(in: &mine)
    let copy = mine
    second.note(in: &mine, after: 200)
    var seen: [[UInt8]: Seen] = [:]
    first.add(to: &seen)
    #expect(read(copy) == seen)
    second.add(to: &seen)
    #expect(read(mine) == seen)
  }
}
