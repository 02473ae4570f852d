import Foundation

/// Random numbers that a seed repeats, each customer's apart from the others'.
///
/// SplitMix64 by Steele, Lea and Flood (2014).
struct Chance {
  private var state: UInt64

  init(seed: UInt64, customer: UInt64) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 ^ customer &* 0xD1B5_4A32_D192_ED03
    _ = next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// From 0 up to and without 1.
  mutating func fraction() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func happens(_ chance: Double) -> Bool { fraction() < chance }

  mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }

  mutating func between(_ low: Int, _ high: Int) -> Int { low + below(high - low + 1) }

  mutating func one<Element>(of choices: [Element]) -> Element { choices[below(choices.count)] }

  /// Waiting times: exponential with that mean.
  mutating func wait(_ mean: Double) -> Double { -log(1 - fraction()) * mean }

  /// How often something happens that happens `mean` times on average: Poisson, by Knuth's products.
  mutating func count(_ mean: Double) -> Int {
    let limit = exp(-mean)
    var product = fraction()
    var count = 0
    while product > limit {
      product *= fraction()
      count += 1
    }
    return count
  }

  /// One of `choices` by weight.
  mutating func weighted(_ weights: [Double]) -> Int {
    var rest = fraction() * weights.reduce(0, +)
    for (at, weight) in weights.enumerated() {
      rest -= weight
      if rest < 0 { return at }
    }
    return weights.count - 1
  }
}
