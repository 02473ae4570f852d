import Access
import CustomerJourney
import Foundation
import JourneyEngine
import Orchestration
import Store

/// A play cannot be kept, or switched on.
enum PlayProblem: Error, CustomStringConvertible {
  case unknown(String)
  case cannotRun(String, PlayError)
  case tooMany
  case circle(String, String)
  /// A play would put customers into a segment whose own rule decides who is in it.
  case segmentOfRule(String)
  /// A segment that it puts customers into cannot be made.
  case noSegment(SegmentProblem)
  /// So many would come in at once; said back, it goes on.
  case needsYes(PlayReach)

  var description: String {
    switch self {
    case .unknown(let id):
      "There is no play \u{201C}\(id)\u{201D}: `klantreis play list` has them."
    case .cannotRun(let id, let error): "The play \(id) cannot be used:\n\(error)"
    case .tooMany: "There are \(Limits.plays) plays already: that is as many as there can be."
    case .circle(let one, let other):
      one == other
        ? "The play \(one) would begin itself, by a trait that it sets or a message that it sends: let its "
          + "entry ask for something else."
        : "The plays \(one) and \(other) would begin each other, by traits that they set or messages "
          + "that they send: let one of them ask for something else."
    case .segmentOfRule(let name):
      "Who is in the segment \u{201C}\(name)\u{201D} is decided by its rule, not by plays: choose another "
        + "name, or let its rule ask for \(Segment.rule(ofPlays: name)) too."
    case .noSegment(let problem): problem.description
    case .needsYes(let reach):
      "In the last \(reach.days) days \(reach.entered) of \(reach.customers) customers would have come "
        + "in, and \(reach.messages) messages would have gone out. Say --yes to switch it on."
    }
  }
}

/// How many a play would reach, shown before it is switched on.
struct PlayReach: Hashable, Sendable {
  var days: Int
  var customers: Int
  var entered: Int
  var messages: Int
  /// Of all that the play would do in that time.
  var dryRun: DryRun
}

extension Workspace {
  private static let reachDays = 30

  func programs(_ id: String, _ snapshot: Snapshot) throws -> (PlayCatalogue.Entry, PlayProgram) {
    guard let entry = snapshot.plays[id] else { throw PlayProblem.unknown(id) }
    guard let program = entry.program else {
      throw PlayProblem.cannotRun(id, entry.problem ?? PlayError(problems: []))
    }
    return (entry, program)
  }

  /// Keeps a play's file. Returns its id and version.
  func addPlay(yaml: String, file: String, at now: Timestamp) throws -> (id: String, version: Int) {
    let snapshot = try snapshot()
    let play = try Play(
      yaml: yaml, file: file,
      in: .filter(
        models: snapshot.models.models, segments: snapshot.segments.rules, hasCycles: false,
        currency: snapshot.journeys.currency))
    if snapshot.plays[play.id]?.isOn == true { try checkCircles(with: play, snapshot) }
    guard let version = try store.keepPlay(play.id, yaml: yaml, at: now) else {
      throw PlayProblem.tooMany
    }
    return (play.id, version)
  }

  /// Throws ``PlayProblem/circle(_:_:)`` when a play and those that are on would go on for ever.
  private func checkCircles(with play: Play, _ snapshot: Snapshot) throws {
    let others = snapshot.plays.running.map(\.program.play).filter { $0.id != play.id }
    if let circle = PlayCatalogue.circles(others + [play]).first {
      throw PlayProblem.circle(circle.0, circle.1)
    }
  }

  /// Who would have got what in a period. Its end is that of the data when nothing is said, and its
  /// length 30 days.
  func dryRun(
    _ program: PlayProgram, _ snapshot: Snapshot, from: Timestamp? = nil, to: Timestamp? = nil
  ) throws -> DryRun {
    let end =
      to ?? snapshot.bounds.map { Timestamp(milliseconds: $0.upperBound.milliseconds + 1) } ?? .now
    let begin = from ?? end.adding(seconds: -Int64(Self.reachDays) * 86_400)
    let (policy, notSales) = try contactPolicy(snapshot)
    let models = (program.rules + notSales).reduce(into: Set<String>()) { $0.formUnion($1.models) }
    let placements = try snapshot.models.models.filter { models.contains($0.id) }
      .map(snapshot.placement(in:))
    let dryRun = DryRun(
      program, over: snapshot.journeys, from: begin, to: end, facts: snapshot.facts,
      placements: placements,
      in: DryRun.Surroundings(policy: policy, notSalesMoments: notSales, zone: snapshot.zone))
    try snapshot.facts.check()
    return dryRun
  }

  /// How many the play would reach, by what happened in the last days of the data.
  func reach(_ program: PlayProgram, _ snapshot: Snapshot) throws -> PlayReach {
    let dryRun = try dryRun(program, snapshot)
    return PlayReach(
      days: Self.reachDays, customers: dryRun.customers, entered: dryRun.entered,
      messages: dryRun.steps.reduce(0) { $0 + $1.sent }, dryRun: dryRun)
  }

  /// Switches a play on. Throws ``PlayProblem/needsYes(_:)`` the first time, with what it would do.
  func switchOn(_ id: String, isSure: Bool, at now: Timestamp) throws {
    let snapshot = try snapshot()
    let (entry, program) = try programs(id, snapshot)
    try checkCircles(with: program.play, snapshot)
    for name in program.play.segments {
      guard let rule = snapshot.segments[name]?.rule else { continue }
      guard rule.traits.contains(Segment.trait(of: name)) else {
        throw PlayProblem.segmentOfRule(name)
      }
    }
    guard isSure else { throw PlayProblem.needsYes(try reach(program, snapshot)) }
    for name in program.play.segments.sorted() where snapshot.segments[name] == nil {
      do {
        try addSegment(name: name, rule: Segment.rule(ofPlays: name))
      } catch let problem as SegmentProblem {
        throw PlayProblem.noSegment(problem)
      }
    }
    if entry.record == nil {
      guard try store.keepPlay(id, yaml: entry.yaml, at: now) != nil else {
        throw PlayProblem.tooMany
      }
    }
    try store.switchPlay(id, on: true, at: now)
  }

  func switchOff(_ id: String, at now: Timestamp) throws {
    guard try snapshot().plays[id] != nil else { throw PlayProblem.unknown(id) }
    try store.switchPlay(id, on: false, at: now)
  }

  // MARK: Trying it on one customer

  /// What the play does with one customer from a moment on, by what is known now; as if nothing more
  /// happened. Nil where the customer does not come in.
  func tryOut(
    _ program: PlayProgram, on key: String, from: Timestamp?, days: Int, _ snapshot: Snapshot
  ) throws -> [PlaySimulation.Moment] {
    guard let customer = try store.customer(key: key) else {
      throw NotFound(
        what: "There is no customer of that id.", advice: "The page Customers lists them.")
    }
    let reader = try CustomerReader(
      [customer], snapshot, rules: program.rules, runs: [:], library: plays)
    let read = try reader.read(customer)
    let (policy, notSales) = try contactPolicy(snapshot)
    let witness = read.witness(program)
    // From the last touchpoint that brings the customer in, or from the last one of all.
    let machine = PlayMachine(program)
    let entering = (0..<witness.count).last { machine.enters(at: $0, witness) }
    let last = entering.map { witness.time($0) } ?? read.customer.touchpoints.last?.occurred
    let begin = from ?? last ?? .now
    let end = begin.adding(seconds: Int64(days) * 86_400)
    var becameTrue: [Timestamp] = []
    if case .becomes(let rule) = program.play.entry {
      becameTrue = program.momentsOfBecomingTrue(
        program.number(rule), witness, from: begin, to: end)
    }
    let facts = read.customer.facts
    var simulation = PlaySimulation(
      program, policy: policy,
      hasConsent: { channel in
        facts.consents.contains {
          $0.means(ConsentGrant(channel: channel.touchpointChannel, purpose: "marketing"))
        }
      },
      isSalesMoment: { moment in
        !notSales.contains { $0.holds(for: read.customer, at: moment) }
      })
    simulation.run(identity: customer, witness, from: begin, to: end, becameTrue: becameTrue)
    return simulation.moments
  }
}
