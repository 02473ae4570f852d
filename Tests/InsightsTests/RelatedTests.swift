import CustomerJourney
import Foundation
import Insights
import JourneyEngine
import Testing

@Suite struct RelatedTests {
  @Test("pairs are counted as the definition says", arguments: 1...6 as ClosedRange<UInt64>)
  func naive(seed: UInt64) throws {
    let source = PlacedTable(Plain.randomLog(seed: seed, customers: 120, contents: 9))
    let event = source.journeys.flatMap { $0.map(\.event) }.first ?? ""
    let step = EventStep(event, in: source.table)
    let names = source.table.names(.event).all
    let meant = Set(step.events.map { names[Int($0)] })
    let answer = source.answer(
      RelatedFold(event: step, least: 1, top: 10_000, table: source.table), parts: 3)

    // Every basket as a set of contents, straight from the definition.
    var baskets: [Set<String>] = []
    for journey in source.journeys {
      let lines = journey.filter { meant.contains($0.event) && !($0.content ?? "").isEmpty }
      for (_, group) in Dictionary(grouping: lines, by: \.time) {
        baskets.append(Set(group.compactMap(\.content)))
      }
    }
    #expect(answer.baskets == baskets.count, "seed \(seed)")
    var expected = 0
    for one in Set(baskets.flatMap { $0 }) {
      for other in Set(baskets.flatMap { $0 }) where other != one {
        let both = baskets.filter { $0.contains(one) && $0.contains(other) }.count
        guard both > 0 else { continue }
        expected += 1
        let row = try #require(answer.rows.first { $0.content == one && $0.related == other })
        let (a, b) = (
          baskets.filter { $0.contains(one) }.count, baskets.filter { $0.contains(other) }.count
        )
        #expect(row.baskets == both)
        #expect(abs(row.support - Double(both) / Double(baskets.count)) < 1e-12)
        #expect(abs(row.confidence - Double(both) / Double(a)) < 1e-12)
        #expect(
          abs(row.lift - Double(both) * Double(baskets.count) / Double(a * b)) < 1e-9)
      }
    }
    #expect(answer.rows.count == expected, "seed \(seed)")
  }

  @Test("what is put in a basket before counts, unless it is taken out or never bought")
  func baskets() {
    var log: [Plain] = []
    func add(_ customer: UInt32, _ time: Int64, _ event: String, _ content: String?) {
      var line = Plain.randomLog(seed: 1, customers: 1)[0]
      (line.customer, line.time, line.event, line.content) = (customer, time, event, content)
      log.append(line)
    }
    // Bought: {mug, tea}, then {mug, spoon}; the towel was taken out, the lamp is still in the basket.
    add(1, 1, "Product Added", "mug")
    add(1, 2, "Product Added", "towel")
    add(1, 3, "Product Added", "tea")
    add(1, 4, "Product Removed", "towel")
    add(1, 5, "Order Completed", nil)
    add(1, 6, "Product Added", "spoon")
    add(1, 7, "Order Completed", "mug")
    add(1, 8, "Product Added", "lamp")
    // Nothing is left over for the next customer.
    add(2, 9, "Order Completed", "tea")
    let table = PlacedTable(log)
    func answer(_ adding: EventStep?) -> Related {
      table.answer(
        RelatedFold(
          event: EventStep("Order Completed", in: table.table), adding: adding,
          removing: EventStep("Product Removed", in: table.table), least: 1, table: table.table))
    }
    let related = answer(EventStep("Product Added", in: table.table))
    #expect(related.baskets == 3)
    #expect(
      related.rows.map { "\($0.content) \($0.related) \($0.baskets)" }.sorted()
        == ["mug spoon 1", "mug tea 1", "spoon mug 1", "tea mug 1"])
    let orders = answer(nil)
    #expect(orders.baskets == 2)
    #expect(orders.rows.isEmpty)
  }

  @Test("a basket of more contents than can be paired is left out, and said so")
  func crowded() {
    func log(_ contents: Int) -> [Plain] {
      (0..<contents).map { index in
        var line = Plain.randomLog(seed: 1, customers: 1)[0]
        line.customer = 1
        line.time = 0
        line.event = "Order Completed"
        line.content = "content \(index)"
        return line
      }
    }
    for (contents, crowded) in [(Limits.basketContents, 0), (Limits.basketContents + 1, 1)] {
      let source = PlacedTable(log(contents))
      let answer = source.answer(
        RelatedFold(
          event: EventStep("Order Completed", in: source.table), least: 1, table: source.table))
      #expect(answer.crowded == crowded)
      #expect(answer.baskets == 1 - crowded)
      #expect(answer.table.notes.count == 1 + crowded)
    }
  }
}
