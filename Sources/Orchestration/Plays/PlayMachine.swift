package import CustomerJourney

/// A play with its number, ready to be run.
package struct PlayProgram: Hashable, Sendable {
  package let play: Play
  package let version: Int
  package let code: PlayCode
  /// Every rule that is asked, by which ``PlayWitness`` is asked.
  package let rules: [Rule]
  private let numbers: [Rule: Int]

  package init(_ play: Play, version: Int = 1) {
    self.play = play
    self.version = version
    code = PlayCode(play.steps)
    rules = play.rules
    numbers = Dictionary(
      rules.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// The place of one of the play's rules in ``rules``.
  package func number(_ rule: Rule) -> Int {
    guard let number = numbers[rule] else { preconditionFailure("a rule of this play") }
    return number
  }

  package static func == (a: Self, b: Self) -> Bool { a.play == b.play && a.version == b.version }
  package func hash(into hasher: inout Hasher) {
    hasher.combine(play.id)
    hasher.combine(version)
  }
}

/// What is known of one customer, as a play asks for it. Touchpoints are in the order of the journey.
package protocol PlayWitness {
  var count: Int { get }
  func time(_ index: Int) -> Timestamp
  /// The store's row.
  func row(_ index: Int) -> Int64
  /// Whether rule number `rule` of the program is true at a touchpoint.
  func holds(_ rule: Int, at index: Int) -> Bool
  /// Whether it is true of the customer at an instant.
  func holds(_ rule: Int, at instant: Timestamp) -> Bool
  /// A property as a text; nil where the touchpoint has none.
  func property(_ path: String, at index: Int) -> String?
  /// The customer's own zone, else the project's.
  var zone: Zone { get }
}

extension PlayWitness {
  /// The first touchpoint at or after a moment.
  package func first(from moment: Timestamp) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if time(middle) < moment { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// How a run goes on: a pure function of how it stands, what is known of the customer, and the time.
///
/// What ended a run is looked for in the whole journey since it began, and not only in what is new, so
/// that touchpoints that come late, and those of other identities that turn out to be the same
/// customer's, end it too.
package struct PlayMachine {
  package let program: PlayProgram
  private var play: Play { program.play }

  package init(_ program: PlayProgram) { self.program = program }

  // MARK: Coming in

  /// The run that begins by a touchpoint, or by the rule having become true at `moment`. Nil where
  /// nobody comes in. `earlier` are the customer's runs of this play.
  package func enter(
    identity: Int64, by index: Int?, at moment: Timestamp, earlier: [PlayRun],
    _ witness: some PlayWitness
  ) -> PlayRun? {
    var key = ""
    if let path = play.key {
      guard let index, let value = witness.property(path, at: index), !value.isEmpty else {
        return nil
      }
      key = value
    }
    let row = index.map { witness.row($0) } ?? 0
    let same = earlier.filter { $0.key == key }
    if row > 0, same.contains(where: { $0.entryRow == row }) { return nil }
    if same.contains(where: { $0.end == nil }) { return nil }
    if let last = same.map(\.entered).max() {
      switch play.again {
      case .never: return nil
      case .after(let time):
        guard last.milliseconds + time.milliseconds <= moment.milliseconds else { return nil }
      }
    }
    let rule = program.number(play.condition)
    guard index.map({ witness.holds(rule, at: $0) }) ?? witness.holds(rule, at: moment) else {
      return nil
    }
    let number = (same.filter { $0.identity == identity }.map(\.number).max() ?? 0) + 1
    let lot = Lot.of(play.id, identity)
    var run = PlayRun(
      play: play.id, version: program.version, identity: identity, key: key, number: number,
      entered: moment, entryRow: row, lot: lot, since: moment, due: moment)
    if Lot.share(lot, for: "holdout") < play.holdout.value {
      run.end = PlayRun.End(.holdout, at: moment)
      run.due = nil
    }
    return run
  }

  /// Whether a touchpoint brings somebody in.
  package func enters(at index: Int, _ witness: some PlayWitness) -> Bool {
    guard case .event(let rule) = play.entry else { return false }
    return witness.holds(program.number(rule), at: index)
  }

  // MARK: Going on

  /// Takes a run as far as it comes by `now`, and says what is to be done by it, in order.
  package func advance(
    _ run: inout PlayRun, _ witness: some PlayWitness, now: Timestamp
  ) -> [PlayDeed] {
    guard run.end == nil else { return [] }
    if let end = exit(of: run, witness, now: now) {
      finish(&run, end.reason, at: end.at)
      return []
    }
    restart(&run, witness, now: now)
    var deeds: [PlayDeed] = []
    while run.end == nil {
      guard run.place < program.code.ops.count else {
        finish(&run, .done, at: now)
        break
      }
      guard step(&run, witness, now: now, &deeds) else { break }
    }
    return deeds
  }

  /// What has ended a run by `now`; nil when it goes on.
  package func exit(
    of run: PlayRun, _ witness: some PlayWitness, now: Timestamp
  ) -> PlayRun.End? {
    var found: PlayRun.End?
    for (number, exit) in play.exits.enumerated() {
      let rule = program.number(exit.rule)
      if exit.isEvent {
        for index in witness.first(from: run.entered)..<witness.count {
          let time = witness.time(index)
          if time > now { break }
          guard run.entryRow == 0 || witness.row(index) != run.entryRow else { continue }
          if witness.holds(rule, at: index) {
            if found.map({ time < $0.at }) ?? true {
              found = PlayRun.End(.exit(number), at: time)
            }
            break
          }
        }
      } else if found == nil, witness.holds(rule, at: now) {
        found = PlayRun.End(.exit(number), at: now)
      }
    }
    return found
  }

  /// Begins the wait anew in which a run is, where what brought it in happened again since.
  private func restart(_ run: inout PlayRun, _ witness: some PlayWitness, now: Timestamp) {
    guard play.restarts, run.place < program.code.ops.count, let path = play.key,
      case .wait = program.code.ops[run.place]
    else { return }
    for index in (witness.first(from: run.since)..<witness.count).reversed() {
      let time = witness.time(index)
      guard time > run.since else { break }
      guard time <= now, witness.property(path, at: index) == run.key, enters(at: index, witness)
      else { continue }
      run.since = time
      break
    }
  }

  /// False when it waits.
  private func step(
    _ run: inout PlayRun, _ witness: some PlayWitness, now: Timestamp, _ deeds: inout [PlayDeed]
  ) -> Bool {
    switch program.code.ops[run.place] {
    case .wait(let time):
      return wait(
        &run, until: Timestamp(milliseconds: run.since.milliseconds + time.milliseconds), now)
    case .waitUntil(let time):
      return wait(&run, until: time.next(from: run.since, in: witness.zone), now)
    case .waitFor(let rule, let within, let otherwise):
      let number = program.number(rule)
      let until = Timestamp(milliseconds: run.since.milliseconds + within.milliseconds)
      for index in witness.first(from: run.since)..<witness.count {
        let time = witness.time(index)
        guard time <= min(until, now) else { break }
        if run.entryRow == 0 || witness.row(index) != run.entryRow, witness.holds(number, at: index)
        {
          go(&run, to: run.place + 1, at: now)
          return true
        }
      }
      guard until <= now else {
        run.due = until
        return false
      }
      go(&run, to: otherwise, at: now)
    case .branch(let rule, let otherwise):
      let holds = witness.holds(program.number(rule), at: now)
      go(&run, to: holds ? run.place + 1 : otherwise, at: now)
    case .split(let arms):
      var rest = Lot.share(run.lot, for: program.code.steps[run.place])
      let arm =
        arms.first { arm in
          rest -= arm.share.value
          return rest < 0
        } ?? arms.last
      guard let arm else {
        go(&run, to: run.place + 1, at: now)
        return true
      }
      run.variant += (run.variant.isEmpty ? "" : "/") + arm.name
      go(&run, to: arm.place, at: now)
    case .act(let action):
      deeds.append(
        PlayDeed(
          step: program.code.steps[run.place], pass: run.pass, action: action,
          due: run.due.map { min($0, now) } ?? now))
      go(&run, to: run.place + 1, at: now)
    case .jump(let place):
      if place <= run.place {
        run.pass += 1
        if run.pass >= Limits.playPasses {
          finish(&run, .endless, at: now)
          return false
        }
      }
      go(&run, to: place, at: now)
    case .end:
      finish(&run, .done, at: now)
      return false
    }
    return true
  }

  private func wait(_ run: inout PlayRun, until: Timestamp, _ now: Timestamp) -> Bool {
    run.due = until
    guard until <= now else { return false }
    go(&run, to: run.place + 1, at: now)
    return true
  }

  private func go(_ run: inout PlayRun, to place: Int, at now: Timestamp) {
    // What comes before the next wait happens at one moment, also when nobody looked for a while.
    run.place = place
    run.since = now
  }

  private func finish(_ run: inout PlayRun, _ reason: PlayRun.Reason, at moment: Timestamp) {
    run.end = PlayRun.End(reason, at: moment)
    run.due = nil
  }

  // MARK: Customers that turn out to be one

  /// Of runs with one key that go on at once, which happens when two customers turn out to be one, only
  /// the one that has come furthest goes on.
  package static func join(_ runs: inout [PlayRun], now: Timestamp) {
    var kept: [String: Int] = [:]
    for index in runs.indices where runs[index].end == nil {
      let name = "\(runs[index].play)\n\(runs[index].key)"
      guard let other = kept[name] else {
        kept[name] = index
        continue
      }
      let isFurther =
        (runs[index].pass, runs[index].place, -runs[index].entered.milliseconds, -runs[index].id)
        > (runs[other].pass, runs[other].place, -runs[other].entered.milliseconds, -runs[other].id)
      let over = isFurther ? other : index
      runs[over].end = PlayRun.End(.joined, at: now)
      runs[over].due = nil
      if isFurther { kept[name] = index }
    }
  }
}

/// Chance that is the same each time it is asked.
package enum Lot {
  /// FNV-1a, and then mixed so that neighbours end far apart.
  package static func of(_ play: String, _ identity: Int64) -> UInt64 {
    mixed(hash(play) ^ mixed(UInt64(bitPattern: identity) &+ 0x9E37_79B9_7F4A_7C15))
  }

  /// A share from 0 to just below 1, another for each question.
  package static func share(_ lot: UInt64, for question: String) -> Double {
    Double(mixed(lot ^ hash(question)) >> 11) / Double(1 << 53)
  }

  private static func hash(_ text: String) -> UInt64 {
    text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  private static func mixed(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
