import CustomerJourney
import Testing

@testable import JourneyEngine

@Suite("Base and overlay")
struct JourneysTests {
  /// `customers` customers with two touchpoints each, at day `customer` and the day after.
  private func base(customers: UInt32) -> Journeys {
    var builder = JourneyTable.Builder()
    let event = builder.code(.event, "Page Viewed")
    for customer in 0..<customers {
      for day in 0..<2 {
        builder.append(
          JourneyTable.Row(
            customer: customer, time: (Int64(customer) + Int64(day)) * 86_400_000,
            rowID: Int64(customer) * 2 + Int64(day), event: event, channel: 0))
      }
    }
    return Journeys(builder.build())
  }

  private func after(
    _ journeys: Journeys, erasing erased: [UInt32] = [], adding rows: [(UInt32, Int64)] = []
  ) -> Journeys {
    var renewal = Journeys.Renewal(of: journeys, smallBase: 0)
    _ = renewal.reread(erased)
    for (index, (customer, time)) in rows.enumerated() {
      renewal.append(
        JourneyTable.Row(
          customer: customer, time: time, rowID: Int64(1_000_000 + journeys.count + index),
          event: 1, channel: 0))
    }
    return renewal.finish()
  }

  @Test("who is touched moves to the overlay whole, and counts once")
  func touched() throws {
    let old = base(customers: 1000)
    let new = after(old, adding: [(7, 1), (5000, 2), (7, 3)])
    #expect(new.parts.map(\.count) == [1998, 5])
    #expect(new.journeyCount == 1001)
    #expect(new.count == 2003)
    let journey = try #require(new.journey(ofCustomer: 7))
    #expect(
      new.rows(ofJourney: journey).map { new.time(row: $0) } == [
        1, 3, 7 * 86_400_000, 8 * 86_400_000,
      ])
    #expect(new.customer(ofJourney: journey) == 7)
    #expect(old.count == 2000, "who holds the old journeys keeps them")
    #expect(old.parts[0].table === new.parts[0].table, "the base is not copied")
  }

  @Test("who is erased is gone, also when nobody else came")
  func erased() {
    let new = after(base(customers: 3), erasing: [1, 77])
    #expect(new.journey(ofCustomer: 1) == nil)
    #expect(new.journeyCount == 2)
    let none = after(new, erasing: [0, 2])
    #expect(none.count == 0)
    #expect(none.bounds == nil)
    #expect(none.ranges(parts: 3).isEmpty)
  }

  @Test("the first and last moment are those of what is left")
  func bounds() {
    let day: Int64 = 86_400_000
    let all = base(customers: 100)
    #expect(all.bounds == 0...(100 * day))
    #expect(after(all, erasing: [0]).bounds == day...(100 * day))
    #expect(after(all, erasing: [99, 98, 0]).bounds == day...(98 * day))
    #expect(after(all, adding: [(99, 500 * day)]).bounds == 0...(500 * day))
    #expect(after(after(all, erasing: [99]), adding: [(99, 5)]).bounds == 0...(99 * day))
  }

  @Test("runs leave out what is masked, wherever it is", arguments: testSeeds)
  func runs(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<50 {
      let count = Int.random(in: 1...300, using: &generator)
      var part = JourneyPart(base(customers: UInt32(count)).parts[0].table)
      let share = generator.one(of: [0, 0.02, 0.5, 0.98, 1])
      let masked = (0..<count).filter { _ in generator.chance(share) }
      for journey in masked { part.mask(journey) }
      let start = Int.random(in: 0..<count, using: &generator)
      let range = start..<Int.random(in: start...count, using: &generator)
      var seen: [Int] = []
      var runs: [Range<Int>] = []
      part.forEachRun(of: range) { run in
        seen += run
        runs.append(run)
      }
      #expect(seen == range.filter { !masked.contains($0) }, "seed \(seed)")
      #expect(zip(runs, runs.dropFirst()).allSatisfy { $0.upperBound < $1.lowerBound })
      #expect(part.journeyCount == count - masked.count)
    }
  }

  @Test("ranges cover every journey of every part once", arguments: testSeeds)
  func ranges(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    let journeys = RandomJourneys(customers: 30, using: &generator).table(using: &generator)
      .grown(using: &generator)
    let all = journeys.parts.reduce(0) { $0 + $1.table.journeyCount }
    for parts in [1, 2, 3, 7, 100] {
      let ranges = journeys.ranges(parts: parts)
      #expect(ranges.count <= parts)
      #expect(ranges.flatMap { Array($0) } == Array(0..<all), "seed \(seed), \(parts) parts")
    }
  }

  @Test("many small renewals leave few parts, each at least twice as large as the next")
  func parts() {
    var journeys = base(customers: 20_000)
    for round in 0..<400 {
      journeys = after(journeys, adding: [(UInt32(round * 7 % 20_000), Int64(round))])
      let counts = journeys.parts.dropFirst().map(\.count)
      #expect(zip(counts, counts.dropFirst()).allSatisfy { $0 >= 2 * $1 })
    }
    #expect(journeys.parts.count < 12)
    #expect(journeys.count == 40_400)
  }

  @Test(
    "a base is placed once, whatever is put over it, and anew when the facts it asks for change")
  func placedOnce() throws {
    let old = base(customers: 50)
    let new = after(old, adding: [(3, 1)])
    let plain = try #require(JourneyModel.builtIn.first)
    func known(_ model: JourneyModel, _ version: Int64) -> Int {
      JourneyPlacement.known(model, in: new, factsVersion: version, among: JourneyModel.builtIn)
    }
    _ = JourneyPlacement(plain, in: old, factsVersion: 1)
    #expect(known(plain, 2) == 100)
    let rewritten = base(customers: 60)
    old.placeAgain(in: rewritten)
    #expect(
      JourneyPlacement.known(plain, in: rewritten, factsVersion: 3, among: JourneyModel.builtIn)
        == 120, "a new base has its phases before somebody asks")
    var asking = plain
    asking.rules[0].when = .any([asking.rules[0].when, .role(.oneOf(["buyer"]))])
    #expect(known(asking, 1) == 0, "another model of the same name")
    _ = JourneyPlacement(asking, in: old, factsVersion: 1)
    #expect(known(asking, 1) == 100)
    #expect(known(asking, 2) == 0)
    #expect(known(plain, 2) == 0, "the newest of a model is kept")
  }
}
