package import CustomerJourney

/// A play over one customer's journey from one moment to another, by the same machine that runs it
/// for real: what would have happened, and when.
package struct PlaySimulation {
  /// One thing that happens.
  package struct Moment: Hashable, Sendable {
    package var at: Timestamp
    package var what: What
  }

  package enum What: Hashable, Sendable {
    case entered
    case heldOut
    case done(PlayDeed)
    case verdict(PlayDeed, MessageVerdict)
    case ended(PlayRun.Reason)
  }

  package private(set) var moments: [Moment] = []
  package private(set) var runs: [PlayRun] = []
  private let machine: PlayMachine
  private let policy: ContactPolicy
  private let hasConsent: (MessageChannel) -> Bool
  private let isSalesMoment: (Timestamp) -> Bool
  private var contacts: [ContactHistory.Contact] = []
  private var waiting: [(run: Int, deed: PlayDeed, at: Timestamp)] = []

  /// `isSalesMoment` says whether something may be sold at a moment.
  package init(
    _ program: PlayProgram, policy: ContactPolicy, hasConsent: @escaping (MessageChannel) -> Bool,
    isSalesMoment: @escaping (Timestamp) -> Bool
  ) {
    machine = PlayMachine(program)
    self.policy = policy
    self.hasConsent = hasConsent
    self.isSalesMoment = isSalesMoment
  }

  /// Lets everything happen from `from` to just before `to`. `becameTrue` are the moments at which the
  /// rule became true by which customers come in.
  package mutating func run(
    identity: Int64, _ witness: some PlayWitness, from: Timestamp, to: Timestamp,
    becameTrue: [Timestamp] = []
  ) {
    var index = witness.first(from: from)
    var entries = becameTrue.filter { $0 >= from && $0 < to }[...]
    while true {
      let touch = index < witness.count ? witness.time(index) : nil
      let own = [runs.compactMap(\.due).min(), waiting.map(\.at).min(), entries.first]
        .compactMap(\.self).min()
      guard let now = [touch, own].compactMap(\.self).min(), now < to else { break }
      // What is due at the same moment as a touchpoint sees it.
      if let touch, touch == now {
        if machine.enters(at: index, witness) {
          enter(identity, by: index, at: now, witness)
        }
        index += 1
        if index < witness.count, witness.time(index) == now { continue }
      }
      if entries.first == now {
        entries = entries.dropFirst()
        enter(identity, by: nil, at: now, witness)
      }
      let ended = advance(witness, now)
      // What a run does last goes before it is over.
      send(witness, now)
      moments += ended
    }
  }

  private mutating func enter(
    _ identity: Int64, by index: Int?, at now: Timestamp, _ witness: some PlayWitness
  ) {
    guard
      let run = machine.enter(identity: identity, by: index, at: now, earlier: runs, witness)
    else { return }
    runs.append(run)
    moments.append(Moment(at: now, what: run.end == nil ? .entered : .heldOut))
  }

  /// Returns which runs ended.
  private mutating func advance(_ witness: some PlayWitness, _ now: Timestamp) -> [Moment] {
    var ended: [Moment] = []
    for index in runs.indices where runs[index].end == nil {
      for deed in machine.advance(&runs[index], witness, now: now) {
        if deed.action.channel == nil {
          moments.append(Moment(at: now, what: .done(deed)))
        } else {
          waiting.append((index, deed, now))
        }
      }
      if let end = runs[index].end { ended.append(Moment(at: now, what: .ended(end.reason))) }
    }
    return ended
  }

  private mutating func send(_ witness: some PlayWitness, _ now: Timestamp) {
    for index in waiting.indices where waiting[index].at <= now {
      let (run, deed, _) = waiting[index]
      let verdict = self.verdict(runs[run], deed, witness, now)
      if case .wait(let until, _) = verdict {
        waiting[index].at = until
        continue
      }
      waiting[index].at = Self.never
      moments.append(Moment(at: now, what: .verdict(deed, verdict)))
      if verdict == .send, let channel = deed.action.channel {
        contacts.append(
          .init(channel: channel, purpose: machine.program.play.purpose, at: now))
      }
    }
    waiting.removeAll { $0.at == Self.never }
  }

  private static let never = Timestamp(milliseconds: .max)

  private func verdict(
    _ run: PlayRun, _ deed: PlayDeed, _ witness: some PlayWitness, _ now: Timestamp
  ) -> MessageVerdict {
    if machine.exit(of: run, witness, now: now) != nil { return .skip(.over) }
    guard let channel = deed.action.channel else { return .send }
    let play = machine.program.play
    return policy.decide(
      ContactCandidate(
        channel: channel, purpose: play.purpose, priority: play.priority, due: deed.due,
        zone: witness.zone, hasConsent: hasConsent(channel), isSalesMoment: isSalesMoment(now)),
      ContactHistory(contacts: contacts), now: now)
  }
}

extension PlayProgram {
  /// The moments from `from` to before `to` at which rule number `rule` becomes true of a customer.
  ///
  /// Between touchpoints only the rule's delays can change its truth, so these are all that is asked.
  package func momentsOfBecomingTrue(
    _ rule: Int, _ witness: some PlayWitness, from: Timestamp, to: Timestamp
  ) -> [Timestamp] {
    let delays = rules[rule].delays.union([0])
    var instants: Set<Int64> = []
    for index in 0..<witness.count {
      for delay in delays {
        let moment = witness.time(index).milliseconds + delay
        if moment >= from.milliseconds, moment < to.milliseconds { instants.insert(moment) }
      }
    }
    var was = witness.holds(rule, at: Timestamp(milliseconds: from.milliseconds - 1))
    var found: [Timestamp] = []
    for instant in instants.sorted() {
      let moment = Timestamp(milliseconds: instant)
      let holds = witness.holds(rule, at: moment)
      if holds, !was { found.append(moment) }
      was = holds
    }
    return found
  }
}
