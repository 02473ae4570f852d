import CustomerJourney
import Insights

/// Numbers, dates, durations and money as readers of one language expect them.
///
/// A number never breaks from its unit: the space between is a no-break one.
struct Format: Sendable {
  let language: Language

  private var thousands: Character { language == .dutch ? "." : "," }
  private var decimal: String { language == .dutch ? "," : "." }

  /// `12,345,678` or `12.345.678`.
  func count(_ number: Int) -> String {
    ReportTable.Cell.grouped(number, separator: thousands, minus: "−")
  }

  /// As ``count(_:)``, from a million on in short: `12.3M`, `12,3 mln`. For narrow columns.
  func shortCount(_ number: Int) -> String {
    guard number.magnitude >= 1_000_000 else { return count(number) }
    let isBillions = number.magnitude >= 1_000_000_000
    let amount = Double(number) / (isBillions ? 1e9 : 1e6)
    let unit: String
    switch language {
    case .english: unit = isBillions ? "B" : "M"
    case .dutch: unit = isBillions ? "\u{A0}mld" : "\u{A0}mln"
    }
    return self.number(amount, decimals: 1) + unit
  }

  func number(_ number: Double, decimals: Int) -> String {
    guard number.isFinite, abs(number) < 9e15 else { return "–" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let scaled = (abs(number) * scale).rounded()
    guard scaled < 9e18 else { return count(Int(number)) }
    let units = Int(scaled)
    let sign = number < 0 && units > 0 ? "−" : ""
    guard decimals > 0 else { return sign + count(units) }
    let fraction = String(units % Int(scale))
    return sign + count(units / Int(scale)) + decimal
      + String(repeating: "0", count: decimals - fraction.count) + fraction
  }

  /// A share of 0…1 in whole percents; what is not quite nothing or everything says so.
  func share(_ share: Double) -> String {
    guard share.isFinite else { return "–" }
    if share > 0, share < 0.01 { return "<1%" }
    if share > 0.99, share < 1 { return ">99%" }
    return "\(count(Int((share * 100).rounded())))%"
  }

  /// A share as people say it: `13 in 100`.
  func outOfHundred(_ share: Double) -> String {
    let text = share > 0 && share < 0.01 ? "<1" : count(Int((share * 100).rounded()))
    return language == .dutch ? "\(text) op de 100" : "\(text) in 100"
  }

  /// In the largest unit that fits, short: `45 min`, `2 h`, `3 d`, `2.5 y`.
  func duration(_ seconds: Double) -> String {
    let (amount, unit) = Self.scale(seconds)
    let decimals = unit == .year || (unit == .hour && amount < 3 && !isWhole(amount)) ? 1 : 0
    let names: (String, String)
    switch unit {
    case .second: names = ("s", "s")
    case .minute: names = ("min", "min")
    case .hour: names = ("h", "u")
    case .day: names = ("d", "d")
    case .year: names = ("y", "jr")
    }
    let name = language == .dutch ? names.1 : names.0
    return number(amount, decimals: isWhole(amount) ? 0 : decimals) + "\u{A0}" + name
  }

  /// In words: `43 days`, `1 hour`.
  func durationInWords(_ seconds: Double) -> String {
    let (amount, unit) = Self.scale(seconds)
    let decimals = unit == .year && !isWhole(amount) ? 1 : 0
    let isOne = decimals == 0 && amount.rounded() == 1
    let name: String
    switch (unit, language) {
    case (.second, .english): name = isOne ? "second" : "seconds"
    case (.second, .dutch): name = isOne ? "seconde" : "seconden"
    case (.minute, .english): name = isOne ? "minute" : "minutes"
    case (.minute, .dutch): name = isOne ? "minuut" : "minuten"
    case (.hour, .english): name = isOne ? "hour" : "hours"
    case (.hour, .dutch): name = "uur"
    case (.day, .english): name = isOne ? "day" : "days"
    case (.day, .dutch): name = isOne ? "dag" : "dagen"
    case (.year, .english): name = isOne ? "year" : "years"
    case (.year, .dutch): name = "jaar"
    }
    return number(amount, decimals: decimals) + "\u{A0}" + name
  }

  private enum Unit { case second, minute, hour, day, year }

  private static func scale(_ seconds: Double) -> (Double, Unit) {
    let size = max(0, seconds)
    switch size {
    case ..<59.5: return (size, .second)
    case ..<3570: return (size / 60, .minute)
    case ..<84_600: return (size / 3600, .hour)
    case ..<34_560_000: return (size / 86_400, .day)
    default: return (size / 31_557_600, .year)
    }
  }

  private func isWhole(_ amount: Double) -> Bool { abs(amount - amount.rounded()) < 0.05 }

  /// `€1,234.50` or `€ 1.234,50`; another currency by its code. From 10,000 on without cents.
  func money(_ amount: Double, _ currency: String) -> String {
    let decimals = abs(amount) >= 10_000 ? 0 : Currency(currency)?.decimals ?? 2
    let text = number(amount, decimals: decimals)
    switch (currency, language) {
    case ("EUR", .english): return "€" + text
    case ("EUR", .dutch): return "€\u{A0}" + text
    default: return currency + "\u{A0}" + text
    }
  }

  /// `3 Jan 2017` of `2017-01-03…`; other text stays as it is.
  func date(_ iso: String) -> String {
    let parts = iso.prefix(10).split(separator: "-")
    guard parts.count == 3, let month = Int(parts[1]), (1...12).contains(month),
      let day = Int(parts[2])
    else { return iso }
    return "\(day)\u{A0}\(months[month - 1])\u{A0}\(parts[0])"
  }

  /// The clock of `2017-01-03 12:53:26`: `12:53`; empty where there is none.
  func clock(_ local: String) -> String { String(local.dropFirst(11).prefix(5)) }

  private var months: [String] {
    language == .dutch
      ? ["jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"]
      : ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
  }
}
