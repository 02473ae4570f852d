import Foundation

/// How long something took.
struct Measure {
  /// The median of the runs.
  var milliseconds: Double
  /// Of all threads together, the median of the runs: what it takes when others use the machine too.
  var cpuMilliseconds: Double

  /// Runs once to warm up and then `runs` times; gives the answer of the first.
  static func runs<R>(_ runs: Int = 5, _ body: () throws -> R) rethrows -> (Measure, R) {
    let answer = try body()
    var times: [Double] = []
    var cpuTimes: [Double] = []
    for _ in 0..<runs {
      let (once, _) = try one(body)
      times.append(once.milliseconds)
      cpuTimes.append(once.cpuMilliseconds)
    }
    return (
      Measure(
        milliseconds: times.sorted()[runs / 2], cpuMilliseconds: cpuTimes.sorted()[runs / 2]),
      answer
    )
  }

  static func one<R>(_ body: () throws -> R) rethrows -> (Measure, R) {
    let clock = ContinuousClock()
    let cpu = cpuSeconds()
    let start = clock.now
    let result = try body()
    let elapsed = (clock.now - start) / .milliseconds(1)
    return (
      Measure(milliseconds: elapsed, cpuMilliseconds: (cpuSeconds() - cpu) * 1000), result
    )
  }

  private static func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

func line(_ cells: [String]) {
  let widths = [24, 13, 13, 13, 16, 12]
  print(
    zip(cells, widths).map { $0 + String(repeating: " ", count: max(1, $1 - $0.count)) }
      .joined())
}

func number(_ value: Double, _ decimals: Int = 1) -> String {
  String(format: "%.\(decimals)f", value)
}

/// `12.3 (target at least 10)`, with a mark where it is missed.
func beside(_ ratio: Double, atLeast target: Double) -> String {
  "\(number(ratio)) (target \u{2265} \(number(target, 0)))" + (ratio < target ? " MISSED" : "")
}

func beside(_ ratio: Double, atMost target: Double) -> String {
  "\(number(ratio, 2)) (target \u{2264} \(number(target)))" + (ratio > target ? " MISSED" : "")
}
