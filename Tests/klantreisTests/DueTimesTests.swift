import CustomerJourney
import Testing

@testable import klantreis

@Suite("When to look at whom again")
struct DueTimesTests {
  private static let step = Int64(Limits.watchSeconds * 1000)

  @Test("who is due is given once, whatever was said before", arguments: 0..<20)
  func random(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var times = DueTimes(after: 0)
    // The steps in which customers stand.
    var expected: [UInt32: Int64] = [:]
    var now: Int64 = 0
    for _ in 0..<40 {
      for _ in 0..<2_000 {
        let customer = UInt32.random(in: 0..<50, using: &random)
        if Int.random(in: 0..<10, using: &random) == 0 {
          times.set(customer, to: nil)
          expected[customer] = nil
        } else {
          let steps = Int64.random(in: 1...30, using: &random)
          times.set(customer, to: (now + steps) * Self.step)
          expected[customer] = now + steps
        }
      }
      now += 1
      let due = times.take(upTo: now * Self.step)
      #expect(due.map(\.0).sorted() == expected.filter { $0.value <= now }.keys.sorted())
      expected = expected.filter { $0.value > now }
    }
    let rest = times.take(upTo: (now + 100) * Self.step)
    #expect(rest.map(\.0).sorted() == expected.keys.sorted())
    #expect(times.entries == 0)
  }

  @Test("a moment that is put off again and again takes the place of one")
  func putOff() {
    var times = DueTimes(after: 0)
    for day in 1...500 {
      for customer: UInt32 in 0..<100 { times.set(customer, to: Int64(day) * 86_400_000) }
      #expect(times.entries <= 100 + 50 + DueTimes.spare)
    }
    #expect(times.take(upTo: 499 * 86_400_000).isEmpty)
    let due = times.take(upTo: 500 * 86_400_000)
    #expect(due.map(\.0).sorted() == Array(0..<100))
    #expect(due.allSatisfy { $0.1 == 500 * 86_400_000 })
  }
}
