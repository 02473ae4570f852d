import CustomerJourney
import Foundation
import Synchronization

/// What a person at a terminal sees; piped output has no colour and no bar.
enum Terminal {
  static let outputIsTerminal = isatty(STDOUT_FILENO) == 1
  static let errorIsTerminal = isatty(STDERR_FILENO) == 1

  static func write(_ text: String) { FileHandle.standardOutput.write(Data(text.utf8)) }
  /// One line of JSON, its keys in order.
  static func write(json value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    write(String(decoding: try encoder.encode(value), as: UTF8.self) + "\n")
  }

  static func note(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

  static func bold(_ text: String) -> String {
    outputIsTerminal ? "\u{1B}[1m\(text)\u{1B}[0m" : text
  }
}

/// A bar with rate and time left, on standard error, for work that takes over a second.
final class ProgressBar: Sendable {
  private struct State {
    var lastDrawn: ContinuousClock.Instant?
    var drawn = false
  }

  private let title: String
  private let unit: String
  private let started = ContinuousClock.now
  private let isOn: Bool
  private let state = Mutex(State())

  init(_ title: String, unit: String, isOn: Bool = Terminal.errorIsTerminal) {
    self.title = title
    self.unit = unit
    self.isOn = isOn
  }

  /// `fraction` is 0…1 of the whole, `count` what is done in `unit`.
  func update(fraction: Double, count: Int) {
    guard isOn else { return }
    let now = ContinuousClock.now
    let due = state.withLock { state in
      if let last = state.lastDrawn, now - last < .milliseconds(100) { return false }
      guard now - started > .milliseconds(300) else { return false }
      state.lastDrawn = now
      state.drawn = true
      return true
    }
    guard due else { return }
    FileHandle.standardError.write(
      Data("\r\u{1B}[2K".utf8)
        + Data(
          Self.line(
            title: title, unit: unit, fraction: fraction, count: count,
            seconds: (now - started).seconds
          ).utf8))
  }

  /// Takes the bar away, so that what follows begins on a clean line.
  func finish() {
    guard state.withLock({ $0.drawn }) else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[2K".utf8))
  }

  static func line(
    title: String, unit: String, fraction: Double, count: Int, seconds: Double
  ) -> String {
    let share = min(max(fraction, 0), 1)
    let filled = Int((share * 24).rounded(.down))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    let rate = seconds > 0 ? Int(Double(count) / seconds) : 0
    var line = "\(title) \(bar) \(Int(share * 100)) %  \(count.grouped) \(unit)"
    line += "  \(rate.grouped)/s"
    if share > 0.01, share < 1 {
      let left = Int((seconds / share - seconds).rounded(.up))
      line += left >= 60 ? "  \(left / 60) min \(left % 60) s left" : "  \(left) s left"
    }
    return line
  }
}

extension Int {
  /// `1,234,567`.
  var grouped: String {
    var digits = Array(String(magnitude))
    var position = digits.count - 3
    while position > 0 {
      digits.insert(",", at: position)
      position -= 3
    }
    return (self < 0 ? "-" : "") + String(digits)
  }
}

extension Duration {
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) / 1e18
  }
}

extension Timestamp {
  /// The machine's clock; everything below the commands gets its moment as an argument.
  static var now: Timestamp { Timestamp(Date()) }
}
