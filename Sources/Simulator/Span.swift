import CustomerJourney

/// The days that are simulated, and the hours at which people are about.
struct Span: Sendable {
  /// Local midnight at which it begins.
  let start: Timestamp
  let end: Timestamp
  let days: Int
  let zone: Zone

  init(from first: CivilTime, days: Int, zone: Zone) {
    start = zone.moment(of: first)
    let last = CivilTime.of(milliseconds: first.millisecondsAsUTC + Int64(days) * Self.day).civil
    end = zone.moment(of: last)
    self.days = days
    self.zone = zone
  }

  static let day: Int64 = 86_400_000
  static let minute: Int64 = 60_000

  /// Days since the beginning, with fractions.
  func dayNumber(_ moment: Int64) -> Double {
    Double(moment - start.milliseconds) / Double(Self.day)
  }

  /// Of the hours of a day, how much people do then.
  private static let hours: [Double] = [
    1, 0.5, 0.3, 0.2, 0.2, 0.4, 1, 2, 3, 4, 4.5, 4.5, 5, 4.5, 4.5, 4.5, 4.5, 4, 4, 6, 8, 8, 6, 3,
  ]

  /// A moment on that local day at which somebody would be about, never before `moment`.
  func awake(_ moment: Int64, _ chance: inout Chance) -> Int64 {
    let offset = Int64(zone.offsetSeconds(at: Timestamp(milliseconds: moment))) * 1000
    let local = moment + offset
    let midnight = local - (local % Self.day + Self.day) % Self.day
    let hour = Int64(chance.weighted(Self.hours))
    let within = hour * 60 * Self.minute + Int64(chance.below(3_600_000))
    let chosen = midnight + within - offset
    return chosen >= moment ? chosen : chosen + Self.day
  }
}
