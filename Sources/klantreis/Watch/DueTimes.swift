import CustomerJourney

/// When to look at whom again, in steps of ``Limits/watchSeconds``.
struct DueTimes {
  private var buckets: [Int64: [(customer: UInt32, moment: Int64)]] = [:]
  /// The bucket in which a customer stands, by number; 0 is none.
  private var bucketOf: [UInt32] = []
  /// Customers in some bucket, and entries of all buckets, with those that are passed over.
  private var customers = 0
  private(set) var entries = 0
  private var taken: Int64
  private static let step = Int64(Limits.watchSeconds * 1000)

  init(after now: Int64) { taken = now / Self.step }

  /// The first bucket that is due at or after the moment.
  private static func bucket(_ moment: Int64) -> Int64 { (moment + step - 1) / step }

  mutating func set(_ customer: UInt32, to moment: Int64?) {
    let place = Int(customer)
    if bucketOf.count <= place {
      guard moment != nil else { return }
      bucketOf += repeatElement(0, count: max(place + 1 - bucketOf.count, bucketOf.count))
    }
    guard let moment, let bucket = UInt32(exactly: max(Self.bucket(moment), taken + 1)) else {
      if bucketOf[place] != 0 { customers -= 1 }
      bucketOf[place] = 0
      return
    }
    // An entry that was left in another bucket is passed over when its time comes.
    guard bucketOf[place] != bucket else { return }
    if bucketOf[place] == 0 { customers += 1 }
    bucketOf[place] = bucket
    buckets[Int64(bucket), default: []].append((customer, moment))
    entries += 1
    if entries > customers + customers / 2 + Self.spare { dropOld() }
  }

  /// Entries beside three for two customers from which on those that are passed over are dropped.
  static let spare = 10_000

  /// Who does something every day has a new moment every day: without this an entry for each of them
  /// would stay for as long as the longest rule waits.
  private mutating func dropOld() {
    entries = 0
    for bucket in buckets.keys {
      let number = UInt32(bucket)
      let kept = (buckets[bucket] ?? []).filter { entry in
        // Who left a bucket and came back stands in it twice.
        guard bucketOf[Int(entry.customer)] == number else { return false }
        bucketOf[Int(entry.customer)] = 0
        return true
      }
      for entry in kept { bucketOf[Int(entry.customer)] = number }
      entries += kept.count
      buckets[bucket] = kept.isEmpty ? nil : kept
    }
  }

  /// Those whose time has come, each once.
  mutating func take(upTo now: Int64) -> [(UInt32, Int64)] {
    var due: [(UInt32, Int64)] = []
    let last = now / Self.step
    guard last > taken else { return [] }
    for bucket in buckets.keys.filter({ $0 <= last }).sorted() {
      let entries = buckets.removeValue(forKey: bucket) ?? []
      self.entries -= entries.count
      for entry in entries where bucketOf[Int(entry.customer)] == UInt32(bucket) {
        bucketOf[Int(entry.customer)] = 0
        customers -= 1
        due.append((entry.customer, entry.moment))
      }
    }
    taken = last
    return due
  }
}
