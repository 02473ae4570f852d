import CustomerJourney
import Testing

@testable import Dashboard

@Suite struct FormatTests {
  static let english = Format(language: .english)
  static let dutch = Format(language: .dutch)

  @Test(
    "Numbers have the separators of the language",
    arguments: [
      (0, "0", "0", "no separator"), (999, "999", "999", "none below a thousand"),
      (1000, "1,000", "1.000", "one"), (12_345_678, "12,345,678", "12.345.678", "two"),
      (-1234, "−1,234", "−1.234", "a real minus sign"),
      (
        Int.min, "−9,223,372,036,854,775,808", "−9.223.372.036.854.775.808", "the smallest there is"
      ),
    ])
  func counts(number: Int, english: String, dutch: String, reason: String) {
    #expect(Self.english.count(number) == english)
    #expect(Self.dutch.count(number) == dutch)
  }

  @Test(
    "Millions are short where columns are narrow",
    arguments: [
      (999_999, "999,999", "999.999", "still in full"),
      (12_345_678, "12.3M", "12,3\u{A0}mln", "millions"),
      (2_500_000_000, "2.5B", "2,5\u{A0}mld", "billions"),
    ])
  func shortCounts(number: Int, english: String, dutch: String, reason: String) {
    #expect(Self.english.shortCount(number) == english)
    #expect(Self.dutch.shortCount(number) == dutch)
  }

  @Test(
    "Shares are whole percents that do not hide the little that is there",
    arguments: [
      (0.0, "0%", "nothing"), (0.0004, "<1%", "not nothing"), (0.356, "36%", "rounded"),
      (0.9999, ">99%", "not everything"), (1.0, "100%", "everything"),
      (1.4, "140%", "a customer can go twice"), (Double.nan, "–", "no share of nobody"),
    ])
  func shares(share: Double, text: String, reason: String) {
    #expect(Self.english.share(share) == text)
  }

  @Test(
    "Durations are in the largest unit that fits",
    arguments: [
      (0.0, "0 s", "0 s", "0 seconds"), (45.0, "45 s", "45 s", "45 seconds"),
      (60.0, "1 min", "1 min", "1 minute"), (5400.0, "1.5 h", "1,5 u", "2 hours"),
      (7200.0, "2 h", "2 u", "2 hours"), (86_400.0, "1 d", "1 d", "1 day"),
      (43 * 86_400.0, "43 d", "43 d", "43 days"),
      (2.5 * 31_557_600, "2.5 y", "2,5 jr", "2.5 years"),
    ])
  func durations(seconds: Double, english: String, dutch: String, words: String) {
    func plain(_ text: String) -> String { String(text.map { $0 == "\u{A0}" ? " " : $0 }) }
    #expect(plain(Self.english.duration(seconds)) == english)
    #expect(plain(Self.dutch.duration(seconds)) == dutch)
    #expect(plain(Self.english.durationInWords(seconds)) == words)
  }

  @Test(
    "Money has its sign, its decimals and its cents",
    arguments: [
      (1234.5, "EUR", "€1,234.50", "€\u{A0}1.234,50", "euros"),
      (-3.0, "EUR", "€−3.00", "€\u{A0}−3,00", "money that goes back"),
      (1_000_000.4, "EUR", "€1,000,000", "€\u{A0}1.000.000", "no cents when large"),
      (1234.5, "USD", "USD\u{A0}1,234.50", "USD\u{A0}1.234,50", "another currency by its code"),
      (1234.0, "JPY", "JPY\u{A0}1,234", "JPY\u{A0}1.234", "a currency without cents"),
      (9.99999e300, "EUR", "€–", "€\u{A0}–", "no number that anybody can read"),
    ])
  func money(amount: Double, currency: String, english: String, dutch: String, reason: String) {
    #expect(Self.english.money(amount, currency) == english)
    #expect(Self.dutch.money(amount, currency) == dutch)
  }

  @Test("Dates and clocks are read from local times; other text stays as it is")
  func dates() {
    #expect(Self.english.date("2017-03-01 12:53:26") == "1\u{A0}Mar\u{A0}2017")
    #expect(Self.dutch.date("2017-03-01") == "1\u{A0}mrt\u{A0}2017")
    #expect(Self.english.date("yesterday") == "yesterday")
    #expect(Self.english.date("2017-13-01") == "2017-13-01")
    #expect(Self.english.clock("2017-03-01 12:53:26") == "12:53")
    #expect(Self.english.clock("2017-03-01") == "")
  }
}
