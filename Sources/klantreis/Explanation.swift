import CustomerJourney
import Foundation
import JourneyEngine
import Synchronization

/// What a question cost: what was looked through, in which steps, and how long each took.
struct Explanation: Sendable, Encodable {
  var question: String
  var milliseconds: Double
  /// What the question had before it: all journeys.
  var journeys: Int
  var touchpoints: Int
  var parts: [Part]
  /// Columns that were read, by the answer and by rules.
  var columns: [String]
  var bytes: Int
  var steps: [Step]

  /// The base, or a part of the overlay.
  struct Part: Sendable, Encodable {
    var kind: String
    var journeys: Int
    var touchpoints: Int
  }

  struct Step: Sendable, Encodable {
    var name: String
    var milliseconds: Double
    var details: [String]
  }

  /// For people.
  var text: String {
    var lines = [
      "\(question): \(Self.time(milliseconds)) for \(Self.number(touchpoints)) touchpoints of "
        + "\(Self.number(journeys)) customers"
    ]
    for part in parts {
      lines.append(
        "  \(part.kind): \(Self.number(part.touchpoints)) touchpoints of "
          + "\(Self.number(part.journeys)) customers")
    }
    lines.append(
      "  columns read: \(columns.joined(separator: ", ")) (\(Self.number(bytes / 1_000_000)) MB)")
    for step in steps {
      let time = Self.time(step.milliseconds)
      lines.append(
        "\(String(repeating: " ", count: max(0, 10 - time.count)))\(time)  \(step.name)")
      lines += step.details.map { "            \($0)" }
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func time(_ milliseconds: Double) -> String {
    String(format: "%.1f ms", milliseconds)
  }

  private static func number(_ number: Int) -> String {
    var digits = String(number)
    var groups: [Substring] = []
    while digits.count > 3 {
      groups.insert(digits.suffix(3), at: 0)
      digits.removeLast(3)
    }
    return ([Substring(digits)] + groups).joined(separator: ",")
  }
}

/// Writes down the steps of one question.
final class QuestionTrace: Sendable {
  private struct State {
    var steps: [Explanation.Step] = []
    var columns: Columns = []
  }

  private let state = Mutex(State())

  /// Runs a step and notes how long it took; `details` are asked for afterwards.
  func step<Result>(
    _ name: String, _ body: () throws -> Result, details: (Result) -> [String] = { _ in [] }
  ) rethrows -> Result {
    let began = ContinuousClock.now
    let result = try body()
    let took = (ContinuousClock.now - began).milliseconds
    state.withLock {
      $0.steps.append(.init(name: name, milliseconds: took, details: details(result)))
    }
    return result
  }

  func read(_ columns: Columns) {
    state.withLock { $0.columns.formUnion(columns) }
  }

  func explanation(
    of question: Question, _ snapshot: Snapshot
  ) -> Explanation {
    let state = state.withLock { $0 }
    let journeys = snapshot.journeys
    let columns = state.columns.named
    return Explanation(
      question: question.kind.name,
      milliseconds: state.steps.reduce(0) { $0 + $1.milliseconds },
      journeys: journeys.journeyCount, touchpoints: journeys.count,
      parts: journeys.parts.enumerated().map { index, part in
        .init(
          kind: index == 0 ? "base" : "overlay", journeys: part.journeyCount,
          touchpoints: part.count)
      }, columns: columns.map(\.name),
      bytes: journeys.count * columns.reduce(0) { $0 + $1.bytes }, steps: state.steps)
  }
}

extension JourneyKeeper.Status {
  /// Where the journeys of a process that just began come from.
  var opening: [String] {
    guard let rebuilt else {
      return [
        "\(baseTouchpoints) touchpoints mapped and checked in the file of the base",
        "\(overlayTouchpoints) read from the database, or put together with what was",
      ]
    }
    return [
      "\(baseTouchpoints + overlayTouchpoints) touchpoints read from the database",
      "the file of the base was not used: \(rebuilt)",
    ]
  }
}

extension Duration {
  fileprivate var milliseconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) * 1000 + Double(attoseconds) / 1e15
  }
}
