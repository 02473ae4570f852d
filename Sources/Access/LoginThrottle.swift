package import CustomerJourney

/// Slows down who guesses passwords: after some failures each next try must wait longer, both for one
/// name, from wherever, and for one address, whatever the name.
///
/// A pure machine: the clock is an argument. Names that do not exist count as those that do.
package struct LoginThrottle: Sendable {
  /// Failures that cost nothing, and how the wait grows after them.
  private struct Rule {
    var free: Int
    var firstSeconds: Double
    var mostSeconds: Double

    func wait(after failures: Int) -> Double {
      failures < free
        ? 0 : min(mostSeconds, firstSeconds * Double(1 << min(20, failures - free)))
    }
  }

  private static let ofName = Rule(free: 5, firstSeconds: 2, mostSeconds: 900)
  private static let ofAddress = Rule(free: 20, firstSeconds: 2, mostSeconds: 900)
  /// After so long without a failure all is forgotten.
  private static let memorySeconds: Double = 86_400

  private struct Failures {
    var count: Int
    var last: Timestamp
  }

  private var names: [String: Failures] = [:]
  private var addresses: [String: Failures] = [:]

  package init() {}

  /// Whole seconds until this name may be tried from this address; 0 when now.
  package func wait(name: String, address: String, at now: Timestamp) -> Int {
    max(
      Self.wait(names[Self.key(name)], Self.ofName, now),
      Self.wait(addresses[Self.network(address)], Self.ofAddress, now))
  }

  /// Counts a try as a failure. A try is counted before the password is looked at, or many at once
  /// would all be the first.
  package mutating func failed(name: String, address: String, at now: Timestamp) {
    Self.count(&names, Self.key(name), now)
    Self.count(&addresses, Self.network(address), now)
  }

  /// Takes the try back that was none. Only who is in wholly sets the name free, for a known password
  /// shall not help to guess the code; and no right one between wrong ones sets an address free.
  package mutating func succeeded(name: String, address: String, isWhole: Bool = true) {
    if isWhole { names[Self.key(name)] = nil } else { names[Self.key(name)]?.count -= 1 }
    addresses[Self.network(address)]?.count -= 1
  }

  private static func wait(_ failures: Failures?, _ rule: Rule, _ now: Timestamp) -> Int {
    guard let failures else { return 0 }
    let passed = now.seconds(since: failures.last)
    guard passed < memorySeconds else { return 0 }
    return max(0, Int((rule.wait(after: failures.count) - passed).rounded(.up)))
  }

  private static func count(
    _ all: inout [String: Failures], _ key: String, _ now: Timestamp
  ) {
    let before = all[key].flatMap { now.seconds(since: $0.last) < memorySeconds ? $0.count : nil }
    all[key] = Failures(count: (before ?? 0) + 1, last: now)
    guard all.count > Limits.throttled else { return }
    // Half of them go, those that failed longest ago: one walk for many failures.
    let kept = all.sorted { $0.value.last > $1.value.last }.prefix(Limits.throttled / 2)
    all = Dictionary(uniqueKeysWithValues: kept.map { ($0.key, $0.value) })
  }

  private static func key(_ name: String) -> String {
    String(name.lowercased().prefix(Limits.userNameCharacters))
  }

  /// A household has a whole /64 of IPv6: its addresses count as one.
  private static func network(_ address: String) -> String {
    guard address.contains(":"), !address.contains(".") else { return address }
    let halves = address.prefix { $0 != "%" }.components(separatedBy: "::")
    var groups = halves[0].split(separator: ":").map(String.init)
    if halves.count > 1 {
      let tail = halves[1].split(separator: ":").map(String.init)
      groups += Array(repeating: "0", count: max(0, 8 - groups.count - tail.count)) + tail
    }
    return groups.prefix(4).joined(separator: ":")
  }
}

extension Substring {
  fileprivate func components(separatedBy separator: String) -> [Substring] {
    guard let range = firstRange(of: separator) else { return [self] }
    return [self[..<range.lowerBound], self[range.upperBound...]]
  }
}
