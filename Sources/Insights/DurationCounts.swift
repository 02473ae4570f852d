/// Many ``DurationDigest``s that a loop adds to, in memory that it may hold by pointer.
///
/// All classes of all digests have a counter from the start; those that nobody writes to take no
/// memory. The first durations of a digest are also kept as they are, for as long as there are few.
struct DurationCounts: Sendable {
  let digestCount: Int
  /// How many durations each digest has.
  private var counts: Counters<Int>
  /// By digest × classes + class. A table has fewer rows than 32 bits can count.
  private var classes: Counters<UInt32>
  /// By digest × ``DurationDigest/exactCount``, in milliseconds; of no meaning once there are more.
  private var exact: Counters<Int64>

  init(digestCount: Int) {
    self.digestCount = digestCount
    counts = Counters(count: digestCount)
    classes = Counters(count: digestCount * DurationDigest.classCount)
    exact = Counters(count: digestCount * DurationDigest.exactCount)
  }

  /// The memory for the length of a loop.
  struct Adder {
    fileprivate let counts: UnsafeMutablePointer<Int>
    fileprivate let classes: UnsafeMutablePointer<UInt32>
    fileprivate let exact: UnsafeMutablePointer<Int64>

    /// As ``DurationDigest/add(milliseconds:)``. `digest` is below ``DurationCounts/digestCount``.
    @inline(__always)
    func add(milliseconds: Int64, to digest: Int) {
      let duration = max(milliseconds, 0)
      let place = digest &* DurationDigest.classCount &+ DurationDigest.classIndex(of: duration)
      let count = counts[digest]
      if count < DurationDigest.exactCount {
        exact[digest &* DurationDigest.exactCount &+ count] = duration
      }
      counts[digest] = count &+ 1
      classes[place] &+= 1
    }
  }

  mutating func adder() -> Adder {
    Adder(
      counts: counts.memory(atLeast: digestCount),
      classes: classes.memory(atLeast: digestCount * DurationDigest.classCount),
      exact: exact.memory(atLeast: digestCount * DurationDigest.exactCount))
  }

  mutating func merge(_ other: DurationCounts) {
    precondition(digestCount == other.digestCount, "partial results of the same digests")
    for digest in 0..<digestCount where other.counts[digest] > 0 { add(other[digest], to: digest) }
  }

  private mutating func add(_ other: DurationDigest, to digest: Int) {
    let adder = adder()
    if other.isExact {
      for duration in other.exact { adder.add(milliseconds: duration, to: digest) }
      return
    }
    adder.counts[digest] += other.count
    let first = digest * DurationDigest.classCount
    for (index, times) in other.classes.enumerated() where times > 0 {
      adder.classes[first + index] += UInt32(times)
    }
  }

  subscript(digest: Int) -> DurationDigest {
    let count = counts[digest]
    if count <= DurationDigest.exactCount {
      let first = digest * DurationDigest.exactCount
      return DurationDigest(exact: (first..<(first + count)).map { exact[$0] })
    }
    let first = classes.values + digest * DurationDigest.classCount
    return DurationDigest(classes: (0..<DurationDigest.classCount).map { Int(first[$0]) })
  }
}

extension DurationCounts: Codable {
  init(from decoder: any Decoder) throws {
    let digests = try [DurationDigest](from: decoder)
    self.init(digestCount: digests.count)
    for (place, digest) in digests.enumerated() { add(digest, to: place) }
  }

  func encode(to encoder: any Encoder) throws {
    try (0..<digestCount).map { self[$0] }.encode(to: encoder)
  }
}
