import CustomerJourney

/// A journey in a line: `0 page; 1.5 view_item @App <cpc; 2 purchase 50`.
///
/// Each touchpoint is the day, the event, and if wanted `@channel`, `<origin`, `#score` and an amount
/// in euros. A `+` for the day means a minute after the one before.
enum SketchedJourney {
  static func touchpoints(_ sketch: String) -> [Touchpoint] {
    var touchpoints: [Touchpoint] = []
    var time: Int64 = 0
    for (index, part) in sketch.split(separator: ";").enumerated() {
      let words = part.split(separator: " ").map(String.init)
      if words[0] == "+" {
        time += 60_000
      } else {
        time = Int64((Double(words[0]) ?? .nan) * 86_400_000)
      }
      var touchpoint = Touchpoint(
        customer: "1", occurred: Timestamp(milliseconds: 1_600_000_000_000 + time),
        event: EventName(words[1]), channel: .website, messageID: String(index))
      for word in words.dropFirst(2) {
        let rest = String(word.dropFirst())
        switch word.first {
        case "@": touchpoint.channel = Channel(rest)
        case "<": touchpoint.origin = Origin(rest)
        case "#": touchpoint.properties["score"] = .text(rest)
        default:
          touchpoint.value = Money(
            minorUnits: Int64(((Double(word) ?? .nan) * 100).rounded()), currency: .eur)
        }
      }
      touchpoints.append(touchpoint)
    }
    return touchpoints
  }
}
