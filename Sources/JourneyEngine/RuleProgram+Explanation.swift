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
        "look up \(field.dimension.rawValue) (\(lookup.bytes.count { $0 != 0 }) of its names pass)"
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
  package var columns: Columns {
    var columns: Columns = []
    for step in steps {
      switch step {
      case .field(let field, _): columns.insert(Columns(field.dimension))
      case .phase: columns.insert(.phases)
      case .property: columns.insert(.rowIDs)
      case .value, .sum: columns.insert(.values)
      case .gap, .since: columns.insert(.times)
      case .count, .constant, .not, .all, .any, .fact: break
      }
      if case .within = step.window { columns.insert(.times) }
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
