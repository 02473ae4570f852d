package import CustomerJourney

/// A play's steps as a row of places, one after another, with jumps where the file has steps inside
/// steps: a run is at one place.
package struct PlayCode: Hashable, Sendable {
  package enum Op: Hashable, Sendable {
    case wait(RuleDuration)
    case waitUntil(TimeOfDay)
    /// Goes on with the next place when a touchpoint comes, and else with another.
    case waitFor(Rule, RuleDuration, otherwise: Int)
    case branch(Rule, otherwise: Int)
    case split([Arm])
    case act(PlayAction)
    case jump(Int)
    case end
  }

  package struct Arm: Hashable, Sendable {
    package var name: String
    package var share: RuleNumber
    package var place: Int
  }

  package private(set) var ops: [Op] = []
  /// The step to which each place belongs.
  package private(set) var steps: [String] = []
  /// Jumps to steps that are not there: the name, and the step that jumps.
  package private(set) var unknown: [(target: String, from: String)] = []

  package init(_ list: [PlayStep]) {
    var jumps: [(place: Int, target: String, from: String)] = []
    var first: [String: Int] = [:]
    func add(_ op: Op, _ step: String) -> Int {
      ops.append(op)
      steps.append(step)
      return ops.count - 1
    }
    func write(_ list: [PlayStep]) {
      for step in list {
        first[step.id] = first[step.id] ?? ops.count
        switch step.does {
        case .wait(let time): _ = add(.wait(time), step.id)
        case .waitUntil(let time): _ = add(.waitUntil(time), step.id)
        case .act(let action): _ = add(.act(action), step.id)
        case .end: _ = add(.end, step.id)
        case .goTo(let target):
          jumps.append((add(.jump(0), step.id), target, step.id))
        case .branch(let rule, let then, let otherwise):
          let place = add(.branch(rule, otherwise: 0), step.id)
          ops[place] = .branch(rule, otherwise: both(then, otherwise, step.id))
        case .waitFor(let rule, let within, let then, let otherwise):
          let place = add(.waitFor(rule, within, otherwise: 0), step.id)
          ops[place] = .waitFor(rule, within, otherwise: both(then, otherwise, step.id))
        case .split(let arms):
          let place = add(.split([]), step.id)
          var places: [Arm] = []
          var ends: [Int] = []
          for arm in arms {
            places.append(Arm(name: arm.name, share: arm.share, place: ops.count))
            write(arm.steps)
            ends.append(add(.jump(0), step.id))
          }
          ops[place] = .split(places)
          for end in ends { ops[end] = .jump(ops.count) }
        }
      }
    }
    /// Writes both ways after each other, and says where the second begins.
    func both(_ then: [PlayStep], _ otherwise: [PlayStep], _ step: String) -> Int {
      write(then)
      let over = add(.jump(0), step)
      let second = ops.count
      write(otherwise)
      ops[over] = .jump(ops.count)
      return second
    }
    write(list)
    for jump in jumps {
      if let place = first[jump.target] {
        ops[jump.place] = .jump(place)
      } else {
        unknown.append((jump.target, jump.from))
      }
    }
  }

  package static func == (a: PlayCode, b: PlayCode) -> Bool { a.ops == b.ops && a.steps == b.steps }
  package func hash(into hasher: inout Hasher) { hasher.combine(ops) }

  /// Where a run may go from a place without waiting there.
  private func next(_ place: Int) -> [Int] {
    switch ops[place] {
    case .wait, .waitUntil, .waitFor, .end: []
    case .branch(_, let otherwise): [place + 1, otherwise]
    case .split(let arms): arms.map(\.place)
    case .act: [place + 1]
    case .jump(let target): [target]
    }
  }

  /// A step from which the play comes back to itself without waiting; nil when there is none.
  package var endless: String? {
    // 0 not seen, 1 on the way, 2 done.
    var marks = Array(repeating: 0, count: ops.count)
    func returns(_ start: Int) -> Int? {
      var way: [(place: Int, next: [Int])] = [(start, next(start))]
      marks[start] = 1
      while let last = way.last {
        guard let place = last.next.first else {
          marks[last.place] = 2
          way.removeLast()
          continue
        }
        way[way.count - 1].next.removeFirst()
        guard place < ops.count else { continue }
        if marks[place] == 1 { return place }
        if marks[place] == 0 {
          marks[place] = 1
          way.append((place, next(place)))
        }
      }
      return nil
    }
    for place in ops.indices where marks[place] == 0 {
      if let found = returns(place) { return steps[found] }
    }
    return nil
  }
}

extension Play {
  /// Every rule that the play asks, each once.
  package var rules: [Rule] {
    var rules: [Rule] = []
    func add(_ rule: Rule) { if !rules.contains(rule) { rules.append(rule) } }
    add(entry.rule)
    add(condition)
    for exit in exits { add(exit.rule) }
    if let goal { add(goal.rule) }
    for op in PlayCode(steps).ops {
      switch op {
      case .waitFor(let rule, _, _), .branch(let rule, _): add(rule)
      case .wait, .waitUntil, .split, .act, .jump, .end: break
      }
    }
    return rules
  }

  /// Every action, in the order of the file.
  package var actions: [(step: String, action: PlayAction)] {
    let code = PlayCode(steps)
    return zip(code.steps, code.ops).compactMap { step, op in
      if case .act(let action) = op { (step, action) } else { nil }
    }
  }

  /// Names of the segments into which it puts customers, or takes them out.
  package var segments: Set<String> {
    Set(
      actions.compactMap { _, action in
        if case .set(let trait, _) = action { Segment.name(ofTrait: trait) } else { nil }
      })
  }
}
