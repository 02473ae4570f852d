import CustomerJourney

/// When to look at whom again, in steps of ``Limits/watchSeconds``.
struct DueTimes {
  private var buckets: [Int64: [(customer: UInt32, moment: Int64)]] = [:]
  /// The bucket in which a customer stands, by number; 0 is none.
  private var bucketOf: [UInt32] = []
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
      bucketOf[place] = 0
      return
    }
    // An entry that was left in an earlier bucket is passed over when its time comes.
    guard bucketOf[place] != bucket else { return }
    bucketOf[place] = bucket
    buckets[Int64(bucket), default: []].append((customer, moment))
  }

  /// Those whose time has come, each once.
  mutating func take(upTo now: Int64) -> [(UInt32, Int64)] {
    var due: [(UInt32, Int64)] = []
    let last = now / Self.step
    guard last > taken else { return [] }
    for bucket in buckets.keys.filter({ $0 <= last }).sorted() {
      for entry in buckets.removeValue(forKey: bucket) ?? []
      where bucketOf[Int(entry.customer)] == UInt32(bucket) {
        bucketOf[Int(entry.customer)] = 0
        due.append((entry.customer, entry.moment))
      }
    }
    taken = last
    return due
  }
}
