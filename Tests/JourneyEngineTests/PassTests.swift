import CustomerJourney
import Testing

@testable import JourneyEngine

/// Passes over long rows of bytes, against the same said in a loop of one row at a time.
@Suite("Passes over columns")
struct PassTests {
  static let lengths = [0, 1, 7, 8, 9, 63, 64, 65, 127, 128, 200, 1000]

  private static func bytes(
    _ count: Int, _ chance: Double, using generator: inout SeededGenerator
  ) -> [UInt8] {
    (0..<count).map { _ in generator.chance(chance) ? 1 : 0 }
  }

  @Test("the ones among bytes are found, whatever their number and place", arguments: testSeeds)
  func ones(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for length in Self.lengths {
      for chance in [0, 0.1, 0.5, 1] {
        let bytes = Self.bytes(length, chance, using: &generator)
        var places = [UInt32](repeating: 9, count: length + 9)
        let found = SetBytes.find(bytes, length, into: &places)
        let expected = bytes.indices.filter { bytes[$0] == 1 }.map(UInt32.init)
        #expect(Array(places.prefix(found)) == expected, "seed \(seed), \(length) bytes")
      }
    }
  }

  @Test("counting 64 rows at a time is counting one by one", arguments: testSeeds)
  func few(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    for length in Self.lengths {
      for chance in [0.02, 0.3, 0.9] {
        let mask = Self.bytes(length, chance, using: &generator)
        let resets = Self.bytes(length, generator.chance(0.5) ? 0.01 : 0.2, using: &generator)
        for comparison in RuleComparison.allCases {
          for bound in [-1.0, 0, 1, 2, 2.5, 3, 7, 8] {
            let bounds = RuleBounds(comparison, bound)
            var total: Int64 = 0
            let expected = (0..<length).map { row -> UInt8 in
              total = (resets[row] == 1 ? 0 : total) + Int64(mask[row])
              return bounds.bit(total)
            }
            // What is behind the rows belongs to others.
            var output = [UInt8](repeating: 7, count: length + 8)
            guard let few = FewCounted(bounds) else {
              #expect(bound > 6, "\(comparison) \(bound) is few")
              continue
            }
            few.count(mask, length, resetting: resets, into: &output)
            #expect(
              output == expected + [UInt8](repeating: 7, count: 8),
              "seed \(seed), \(length) rows, \(comparison) \(bound)")
          }
        }
      }
    }
  }

  @Test("a window knows how many rows are in it by the moment of one of them", arguments: testSeeds)
  func recent(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for length in Self.lengths.dropFirst() {
      var builder = JourneyTable.Builder()
      var time: Int64 = 0
      var customer: UInt32 = 1
      // Of journeys that a window holds whole, there are many or few.
      let ends = generator.one(of: [0.01, 0.1, 0.4])
      for row in 0..<length {
        time += Int64(generator.next() % 4) * 10
        customer += generator.chance(ends) ? 1 : 0
        builder.append(
          JourneyTable.Row(
            customer: customer, time: time, rowID: Int64(row), event: 1, channel: 1))
      }
      let table = builder.build()
      let rows = RuleRows(table, 0..<table.journeyCount)
      let mask = Self.bytes(length, 0.6, using: &generator)
      var resets = [UInt8](repeating: 0, count: length)
      for journey in 0..<rows.journeyCount { resets[rows.start(journey)] = 1 }
      for comparison in RuleComparison.allCases {
        for bound in [-1.0, 0, 1, 2, 3, 5, 20] {
          let bounds = RuleBounds(comparison, bound)
          let expected = (0..<length).map { row -> UInt8 in
            let journey = (0..<rows.journeyCount).last { rows.start($0) <= row } ?? 0
            let inside = (rows.start(journey)...row).filter {
              mask[$0] == 1 && rows.times[$0] >= rows.times[row] - 100
            }
            return bounds.bit(Int64(inside.count))
          }
          var moments = [Int64](repeating: 0, count: 2 * length + 2)
          var output = [UInt8](repeating: 7, count: length)
          RulePass.recent(
            rows, mask, 100, bounds, resetting: resets, &moments, into: &output)
          #expect(output == expected, "seed \(seed), \(length) rows, \(comparison) \(bound)")
        }
      }
    }
  }
}
