import CustomerJourney

/// The part of time that a question is about, as people write it.
struct Period: Equatable, Sendable {
  /// Inclusive.
  var from: Timestamp?
  /// Exclusive.
  var to: Timestamp?

  static let all = Period()

  /// `from` and `to` are dates (`2017-06-30`, the last day included) or moments in ISO 8601; without
  /// a zone in the text they are read in `zone`.
  init(from: String?, to: String?, zone: Zone) throws(ParameterError) {
    self.from = try Self.moment(from, name: "from", zone: zone)
    self.to = try Self.moment(to, name: "to", zone: zone)
    if let from = self.from, let to = self.to, from >= to {
      throw ParameterError(
        name: "to", value: nil,
        problem: "The period ends before it begins. Give a later end or an earlier beginning.")
    }
  }

  init() {}

  private static func moment(
    _ text: String?, name: String, zone: Zone
  ) throws(ParameterError) -> Timestamp? {
    guard let text = text?.trimmed, !text.isEmpty else { return nil }
    guard let moment = Timestamp(iso8601: text, zone: zone) else {
      throw ParameterError(
        name: name, value: text,
        problem: "This is no date. Write it as 2017-06-30, or as 2017-06-30T18:00:00Z.")
    }
    guard name == "to", text.utf8.count == 10 else { return moment }
    // From midnight to midnight of the wall's calendar; the day itself may not begin at midnight.
    var day = zone.civil(moment)
    (day.hour, day.minute, day.second) = (0, 0, 0)
    return zone.moment(of: CivilTime.of(milliseconds: day.millisecondsAsUTC + 86_400_000).civil)
  }
}

/// A parameter of a question that cannot be used: which, why, and what would do.
struct ParameterError: Error, Equatable, CustomStringConvertible {
  var name: String
  /// As it was given; nil where repeating it would say nothing.
  var value: String?
  var problem: String
  /// Which characters of the value are meant, where it is not all of it.
  var characters: Range<Int>?
  /// The problem with its place pointed at in lines of their own, where there is no field to mark.
  var pointed: String?

  var description: String {
    value.map { "\(name): \u{201C}\($0)\u{201D}. \(problem)" } ?? "\(name): \(pointed ?? problem)"
  }
}
