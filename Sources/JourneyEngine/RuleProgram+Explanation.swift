extension RuleProgram {
  /// What each pass does, in words, in the order in which they run.
  package var passes: [String] {
    steps.map { step in
      switch step {
      case .constant(let truth): truth ? "true everywhere" : "true nowhere"
      case .not: "the opposite of a pass"
      case .all(let sources): "all of \(sources.count) passes"
      case .any(let sources): "any of \(sources.count) passes"
      case .field(let field, let lookup):
        "look up \(field.dimension.rawValue) (\(lookup.count { $0 != 0 }) of its names pass)"
      case .phase: "look up phase"
      case .fact: "what is known of customers, read from the store"
      case .property: "a property, read from the store"
      case .value: "compare value"
      case .gap: "compare the time since the touchpoint before"
      case .count(_, let window, _): "count\(window.words)"
      case .sum(_, let window, _): "add up value\(window.words)"
      case .since(let end, _, _): "compare the time since the \(end)"
      }
    }
  }

  /// The columns that the passes read.
  package var columns: Set<JourneyColumn> {
    var columns: Set<JourneyColumn> = []
    for step in steps {
      switch step {
      case .field(let field, _): columns.insert(JourneyColumn(field.dimension))
      case .phase: columns.insert(.phase)
      case .property: columns.insert(.row)
      case .value, .sum: columns.insert(.value)
      case .gap, .since: columns.insert(.time)
      case .count, .constant, .not, .all, .any, .fact: break
      }
      if case .within = step.window { columns.insert(.time) }
    }
    return columns
  }
}

extension RuleProgram.Window {
  fileprivate var words: String {
    switch self {
    case .all: " so far"
    case .within: " within a window of time"
    case .after(let end, _): " since the \(end)"
    case .thisCycle: " in this cycle"
    }
  }
}

/// A column that a question may read.
package enum JourneyColumn: String, CaseIterable, Sendable {
  case event, channel, origin, device, content, campaign, time, value, phase, rule, row

  package init(_ dimension: Dimension) {
    switch dimension {
    case .event: self = .event
    case .channel: self = .channel
    case .origin: self = .origin
    case .device: self = .device
    case .content: self = .content
    case .campaign: self = .campaign
    }
  }

  /// Of one touchpoint.
  package var bytes: Int {
    switch self {
    case .channel, .origin, .device, .phase, .rule: 1
    case .event, .campaign: 2
    case .content, .row: 4
    case .time, .value: 8
    }
  }
}
