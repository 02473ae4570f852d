/// Counts rows of a journey so far where only small numbers matter, 64 rows at a time.
///
/// That at least one row was set is handed on from row to row until a journey begins, as an adder
/// hands on a carry; so one addition does it for all rows of a word. The rows that are set and find
/// one before them are what the next addition hands on: at least two; and so on.
struct FewCounted {
  /// Numbers up to this are counted so; each takes an addition.
  static let most = 8

  /// The least number that is let through, and the least above those; nil where there is none.
  private let low: Int
  private let above: Int?
  private let inverted: Bool

  /// Nil where larger numbers matter.
  init?(_ bounds: RuleBounds) {
    guard bounds.low <= Self.most, bounds.high == .max || bounds.high < Self.most else {
      return nil
    }
    low = max(0, Int(bounds.low))
    above = bounds.high == .max ? nil : max(0, Int(bounds.high) + 1)
    inverted = bounds.inverted != 0
  }

  /// As ``RulePass/count(_:_:_:resetting:into:)``.
  func count(
    _ mask: RulePass.Mask, _ count: Int, resetting resets: RulePass.Mask,
    into output: RulePass.Output
  ) {
    let depth = max(low, above ?? 0)
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: Self.most + 1) { carries in
      guard let carries = carries.baseAddress else { return }
      carries.initialize(repeating: 0, count: Self.most + 1)
      SetBytes.spread.withUnsafeBufferPointer { spread in
        guard let spread = spread.baseAddress else { return }
        for first in stride(from: 0, to: count, by: 64) {
          let rows = min(64, count &- first)
          let set = SetBytes.bits(mask + first, rows)
          let goesOn = ~SetBytes.bits(resets + first, rows)
          // That at least none was set holds always.
          var enough = low == 0 ? ~0 : 0 as UInt64
          var tooMany = above == 0 ? ~0 : 0 as UInt64
          var new = set
          for number in 0..<depth {
            let passes = new | goesOn
            let sum = passes &+ new &+ carries[number]
            let before = (sum ^ passes ^ new) & goesOn
            let have = new | before
            carries[number] = have &>> 63
            enough = number &+ 1 == low ? have : enough
            tooMany = number &+ 1 == above ? have : tooMany
            new = set & before
          }
          let answer = enough & ~tooMany
          SetBytes.write(inverted ? ~answer : answer, rows, to: output + first, spread)
        }
      }
    }
  }
}
