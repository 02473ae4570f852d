import CustomerJourney

/// A question that cannot be asked.
package enum InsightError: Error, Equatable, CustomStringConvertible {
  case funnelSteps(Int)
  case negativeWindow(seconds: Int64)
  case rows(Int)
  case unknownPhase(String, known: [String])

  package var description: String {
    switch self {
    case .funnelSteps(let count):
      "A funnel has 1 to \(Limits.funnelSteps) steps and this one has \(count): name each step "
        + "once, in order, and leave out what is too much."
    case .negativeWindow(let seconds):
      "A funnel's window of \(seconds) s is negative: give how long after the first step the last "
        + "may come, such as 10d."
    case .rows(let count):
      "An answer has 1 to \(Limits.rowsPerAnswer) rows and \(count) were asked for: ask for a "
        + "number between those."
    case .unknownPhase(let phase, let known):
      "The model has no phase \"\(phase)\": its phases are \(known.joined(separator: ", "))."
    }
  }
}
