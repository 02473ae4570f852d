import CustomerJourney

/// The lines of a text, without their ends; empty ones are passed by.
final class LineSplitter {
  enum Outcome {
    /// Lives until the next call.
    case line(Bytes)
    case rejected(reason: String)
    case end
  }

  /// From 1.
  private(set) var line = 0

  private let window: ByteWindow
  private var taken = 0

  init(window: ByteWindow) { self.window = window }

  func next() -> Outcome {
    while true {
      window.start += taken
      taken = 0
      guard let length = length() else {
        guard window.start < window.end else { return .end }
        line += 1
        window.skipLine()
        return .rejected(reason: "is longer than \(Limits.eventBytes) bytes")
      }
      if length == 0, window.start == window.end { return .end }
      line += 1
      taken = min(length + 1, window.end - window.start)
      var bytes = Bytes(start: window.base + window.start, count: length)
      if bytes.last == 13 { bytes = Bytes(rebasing: bytes.dropLast()) }
      if bytes.isEmpty { continue }
      if let problem = textProblem(bytes) { return .rejected(reason: problem) }
      return .line(bytes)
    }
  }

  /// Bytes up to the end of the line; nil when it is too long.
  private func length() -> Int? {
    var seen = 0
    while true {
      while window.start + seen < window.end {
        if window.base[window.start + seen] == 10 {
          return seen > Limits.eventBytes ? nil : seen
        }
        seen += 1
      }
      if seen > Limits.eventBytes { return nil }
      if !window.fill() { return seen }
    }
  }
}
