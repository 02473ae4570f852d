import CustomerJourney
import Synchronization

/// Offsets from UTC by the name of a zone: asking the system for one costs more than all else that
/// is read of an event.
enum ZoneOffsets {
  private struct Quarter: Hashable {
    var zone: String
    var number: Int64
  }

  private static let zones = Remembered<Zone?> { name in
    (1...64).contains(name.utf8.count) ? Zone(name) : nil
  }
  private static let known = Mutex<[Quarter: Int]>([:])

  /// Nil when there is no such zone. Clocks are only changed at whole quarters of an hour.
  static func minutes(zone name: String, at moment: Timestamp) -> Int? {
    let length: Int64 = 900_000
    let rest = moment.milliseconds % length
    let start = moment.milliseconds - (rest < 0 ? rest + length : rest)
    let quarter = Quarter(zone: name, number: start / length)
    if let minutes = known.withLock({ $0[quarter] }) { return minutes }
    guard let zone = zones.value(of: name) else { return nil }
    let minutes = zone.offsetSeconds(at: moment) / 60
    known.withLock { known in
      if known.count >= Limits.knownDays { known.removeAll(keepingCapacity: true) }
      known[quarter] = minutes
    }
    return minutes
  }
}
