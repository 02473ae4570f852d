import CustomerJourney
import Testing

@Suite("Money")
struct MoneyTests {
  @Test(
    "sums of minor units stay at the ends of their range",
    arguments: [
      (1, 2, 3, "an ordinary sum"), (.max, 1, .max, "past the largest"),
      (1, .max, .max, "the same from the other side"), (.min, -1, .min, "past the smallest"),
      (.max, .min, -1, "ends that meet do not run over"), (.min, .min, .min, "both smallest"),
    ] as [(Int64, Int64, Int64, String)])
  func saturating(a: Int64, b: Int64, sum: Int64, because: String) {
    #expect(a.saturatingAdding(b) == sum, "\(because)")
  }
}
