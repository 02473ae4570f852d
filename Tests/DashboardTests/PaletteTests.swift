import CustomerJourney
import Foundation
import Testing

@testable import Dashboard

@Suite struct PaletteTests {
  @Test("Channels are drawn in colours that stand out from the card, light and dark")
  func contrast() {
    for hue in Palette.hues {
      #expect(Self.contrast(hue.light, "#ffffff") >= 4, "\(hue.light) on white")
      #expect(Self.contrast(hue.dark, "#191d23") >= 4, "\(hue.dark) on the dark card")
    }
  }

  @Test("Fourteen channels, built-in and own, all differ by hue or core")
  func distinct() {
    let channels = Samples.manyChannels
    let palette = Palette(channels: channels)
    let looks = Set(channels.map { "\(palette.hueClass($0)) \(palette.hasCore($0))" })
    #expect(looks.count == channels.count)
  }

  @Test("A built-in channel has one colour, whatever stands beside it")
  func stable() {
    let alone = Palette(channels: ["Email"])
    let among = Palette(channels: ["Partner portal", "Shop", "Email", "Fax"])
    #expect(alone.hueClass("Email") == among.hueClass("Email"))
  }

  @Test("A hundred own channels are all drawn, in the colours that there are")
  func many() {
    let channels = (0..<100).map { "Own channel \($0)" }
    let palette = Palette(channels: channels)
    #expect(Set(channels.map(palette.hueClass)).count == Palette.hues.count)
  }

  /// The contrast ratio of WCAG 2.2.
  private static func contrast(_ a: String, _ b: String) -> Double {
    let (x, y) = (luminance(a), luminance(b))
    return (max(x, y) + 0.05) / (min(x, y) + 0.05)
  }

  private static func luminance(_ hex: String) -> Double {
    let value = Int(hex.dropFirst(), radix: 16) ?? 0
    let parts = [value >> 16, value >> 8 & 255, value & 255].map { part -> Double in
      let share = Double(part) / 255
      return share <= 0.04045 ? share / 12.92 : pow((share + 0.055) / 1.055, 2.4)
    }
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
  }
}
