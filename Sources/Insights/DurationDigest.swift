/// How long something took, many times, in little memory: enough for a median.
///
/// Up to ``exactCount`` durations are kept as they are, so that the median of few is exact. More
/// become a histogram whose classes are a millisecond wide below 512 ms and, above, 1/256 of the
/// power of two that they are in; a class counts as its middle, so that the median is at most
/// ``relativeError`` off. Where a duration falls does not depend on the others, so the number of
/// digests that were merged makes no difference. At most ``classCount`` classes, and as many as the
/// longest duration needs. Loops over many touchpoints add to ``DurationCounts`` instead.
package struct DurationDigest: Sendable, Equatable {
  package static let exactCount = 512
  /// Half a class at its narrowest place.
  package static let relativeError = 1.0 / 512
  static let classCount = 14_336

  package private(set) var count = 0
  /// In milliseconds; empty once there are too many.
  private(set) var exact: [Int64] = []
  private(set) var classes: [Int] = []

  package init() {}

  /// At most ``exactCount`` durations.
  init(exact: [Int64]) {
    precondition(exact.count <= Self.exactCount)
    self.exact = exact
    count = exact.count
  }

  /// More than ``exactCount`` durations: how many are in each class.
  init(classes: [Int]) {
    for (index, times) in classes.enumerated() where times > 0 {
      grow(to: index)
      self.classes[index] = times
      count += times
    }
    precondition(count > Self.exactCount)
  }

  var isExact: Bool { count <= Self.exactCount }

  /// A negative duration counts as 0: the order of touchpoints says that it was none.
  package mutating func add(milliseconds: Int64) {
    let duration = max(milliseconds, 0)
    count += 1
    if count <= Self.exactCount {
      exact.append(duration)
    } else {
      spill()
      note(duration, times: 1)
    }
  }

  package mutating func merge(_ other: DurationDigest) {
    count += other.count
    if count <= Self.exactCount {
      exact += other.exact
      return
    }
    spill()
    for duration in other.exact { note(duration, times: 1) }
    for (index, times) in other.classes.enumerated() where times > 0 {
      grow(to: index)
      classes[index] += times
    }
  }

  /// In seconds; of an even number the mean of the two in the middle. Nil when there are none.
  package var median: Double? {
    guard count > 0 else { return nil }
    let low = duration(atRank: (count - 1) / 2)
    let high = duration(atRank: count / 2)
    return (low + high) / 2000
  }

  package static func == (a: Self, b: Self) -> Bool {
    a.count == b.count && a.exact.sorted() == b.exact.sorted() && a.classes == b.classes
  }

  private func duration(atRank rank: Int) -> Double {
    if !exact.isEmpty { return Double(exact.sorted()[rank]) }
    var seen = 0
    for (index, times) in classes.enumerated() {
      seen += times
      if seen > rank { return Self.middle(ofClass: index) }
    }
    preconditionFailure("a rank within the count")
  }

  private mutating func spill() {
    for duration in exact { note(duration, times: 1) }
    exact = []
  }

  private mutating func note(_ duration: Int64, times: Int) {
    let index = Self.classIndex(of: duration)
    grow(to: index)
    classes[index] += times
  }

  private mutating func grow(to index: Int) {
    if index >= classes.count {
      // By whole octaves, so that the next duration mostly finds its class.
      let needed = (index / 256 + 1) * 256
      classes.append(contentsOf: repeatElement(0, count: needed - classes.count))
    }
  }

  /// Of a duration that is not negative.
  @inline(__always)
  static func classIndex(of duration: Int64) -> Int {
    guard duration >= 256 else { return Int(duration) }
    let octave = 55 - duration.leadingZeroBitCount
    return octave * 256 + Int(duration >> Int64(octave))
  }

  /// In milliseconds.
  private static func middle(ofClass index: Int) -> Double {
    guard index >= 512 else { return Double(index) }
    let octave = index / 256 - 1
    let first = Double(index - octave * 256)
    let width = Double(Int64(1) << Int64(octave))
    return first * width + (width - 1) / 2
  }
}

extension DurationDigest: Codable {
  private enum CodingKeys: String, CodingKey {
    case exact, classes, times
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    exact = try container.decode([Int64].self, forKey: .exact)
    count = exact.count
    let indices = try container.decode([Int].self, forKey: .classes)
    let times = try container.decode([Int].self, forKey: .times)
    guard indices.count == times.count, exact.isEmpty || indices.isEmpty,
      exact.count <= Self.exactCount, indices.allSatisfy({ (0..<Self.classCount).contains($0) }),
      times.allSatisfy({ UInt32(exactly: $0) != nil })
    else {
      throw DecodingError.dataCorruptedError(
        forKey: .classes, in: container, debugDescription: "not a digest of durations")
    }
    for (index, times) in zip(indices, times) {
      grow(to: index)
      classes[index] += times
      count += times
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    let used = classes.indices.filter { classes[$0] > 0 }
    try container.encode(exact, forKey: .exact)
    try container.encode(used, forKey: .classes)
    try container.encode(used.map { classes[$0] }, forKey: .times)
  }
}
