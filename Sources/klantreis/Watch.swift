import CustomerJourney
import JourneyEngine
import Store
import Synchronization

/// Knows where every customer stands in each model and segment, and notes who moves: by a touchpoint,
/// by what becomes known, or because time passes.
///
/// What was noticed and how far was looked are committed together, so that each change is noted once,
/// whenever the process ends. Customers to whom nothing happens are only looked at when the time comes
/// at which a rule may think otherwise of them.
final class Watch: Sendable {
  private let store: Store
  private let state = Mutex<State?>(nil)

  init(store: Store) { self.store = store }

  private struct State {
    var mark: Store.WatchMark
    var subjects: [Subject]
    var due: DueTimes
    /// Customers to be looked at once more.
    var again: Set<Int64> = []
    /// The snapshot that was looked at last, by its version.
    var version: Int64
    var lastTick: Int64
    var lastWhole: Int64
  }

  /// One model or segment.
  fileprivate struct Subject {
    enum Meaning {
      case model(JourneyModel)
      case segment(Rule)
    }

    let subject: StandingSubject
    let meaning: Meaning
    let definition: String
    /// What a state means that is not 0, from 1 on.
    let names: [String]
    /// By the customer's number; 0 is nowhere.
    var states: [UInt8] = []
    var membership: Membership?

    mutating func makeRoom(forCustomer last: Int) {
      if states.count <= last {
        states += repeatElement(0, count: last + 1 - states.count)
      }
    }
  }

  /// Looks at what is new in a snapshot and at whom time has come for. Returns what was noticed.
  @discardableResult
  func look(_ snapshot: Snapshot, now: Timestamp) throws -> [StandingChange] {
    try state.withLock { state in
      do {
        return try Self.look(snapshot, now, &state, store)
      } catch {
        // What is in memory may be ahead of what is stored.
        state = nil
        throw error
      }
    }
  }

  /// How many customers stand in each phase, or are in a segment; nil where nobody has looked yet.
  func sizes(of subject: StandingSubject) -> [String: Int]? {
    state.withLock { state in
      state?.subjects.first { $0.subject == subject }.map { found in
        var counts = Array(repeating: 0, count: found.names.count + 1)
        for state in found.states { counts[Int(state)] += 1 }
        return Dictionary(uniqueKeysWithValues: zip(found.names, counts.dropFirst()))
      }
    }
  }

  // MARK: A look

  private static func look(
    _ snapshot: Snapshot, _ now: Timestamp, _ held: inout State?, _ store: Store
  ) throws -> [StandingChange] {
    let asked = Self.subjects(snapshot)
    guard var state = held,
      state.subjects.map(\.definition) == asked.map(\.definition),
      state.subjects.map(\.subject) == asked.map(\.subject)
    else { return try begin(snapshot, asked, now, &held, store) }
    let isTick = now.milliseconds - state.lastTick >= Int64(Limits.watchSeconds * 1000)
    guard isTick || state.version != snapshot.factsVersion else { return [] }

    let (touched, profile) = try store.touched(
      since: state.mark, upToRow: snapshot.mark.row, change: snapshot.mark.change)
    var moments: [UInt32: Int64] = [:]
    if isTick {
      state.lastTick = now.milliseconds
      for (customer, moment) in state.due.take(upTo: now.milliseconds) {
        moments[customer] = moment
      }
    }
    let isWhole = now.milliseconds - state.lastWhole >= Int64(Limits.standingsSeconds * 1000)
    state.version = snapshot.factsVersion
    guard !touched.isEmpty || !state.again.isEmpty || !moments.isEmpty || isWhole else {
      held = state
      return []
    }
    var customers = moments
    for customer in touched.union(state.again).compactMap({ UInt32(exactly: $0) }) {
      customers[customer] = .min
    }
    // What is known of a customer may be a moment newer than what this snapshot knew of it.
    state.again = state.subjects.contains(where: \.asksForFacts) ? touched : []
    let changes = try changes(
      of: customers, before: state.mark.row, in: snapshot, now, &state)
    let mark = Store.WatchMark(
      row: snapshot.mark.row, change: snapshot.mark.change, profile: profile)
    let isMoving = !changes.isEmpty || !touched.isEmpty || isWhole
    if isMoving {
      guard
        let kept = try store.keep(
          changes, whole: isWhole ? state.subjects.map(\.standing) : [],
          subjects: asked.map(\.subject), from: state.mark, to: mark)
      else {
        // Another process has looked; what it noticed is what holds.
        held = nil
        return []
      }
      state.mark = kept
      if isWhole { state.lastWhole = now.milliseconds }
    }
    held = state
    return changes
  }

  /// What becomes of customers who were touched (moment `Int64.min`) or for whom time has come.
  private static func changes(
    of customers: [UInt32: Int64], before row: Int64, in snapshot: Snapshot, _ now: Timestamp,
    _ state: inout State
  ) throws -> [StandingChange] {
    let journeys = snapshot.journeys
    let places = customers.map { customer, moment in
      (customer: customer, moment: moment, journey: journeys.journey(ofCustomer: customer))
    }.sorted { $0.customer < $1.customer }
    var changes: [StandingChange] = []
    for index in state.subjects.indices {
      if let last = places.last { state.subjects[index].makeRoom(forCustomer: Int(last.customer)) }
      let subject = state.subjects[index]
      var walk = Walk(subject.subject, names: subject.names, noticed: now)
      switch subject.meaning {
      case .model(let model):
        let placement = try snapshot.placement(in: model)
        for place in places where place.moment == .min {
          let old = subject.states[Int(place.customer)]
          walk.follow(
            place.customer, from: old, journey: place.journey, newSince: row, journeys, placement)
        }
      case .segment(let rule):
        let membership = try snapshot.membership(rule, after: subject.membership)
        for place in places {
          let isIn =
            place.journey.map { membership.holds(ofJourney: $0, at: now.milliseconds) } ?? false
          let last = place.journey.map {
            journeys.time(row: journeys.rows(ofJourney: $0).upperBound - 1)
          }
          let happened = place.moment == .min ? min(last ?? .max, now.milliseconds) : place.moment
          walk.step(
            place.customer, from: subject.states[Int(place.customer)], to: isIn ? 1 : 0,
            at: happened)
        }
        state.subjects[index].membership = membership
      }
      for (customer, new) in walk.states { state.subjects[index].states[Int(customer)] = new }
      changes += walk.changes
    }
    try snapshot.facts.check()
    let delays = state.subjects.delays
    if !delays.isEmpty {
      for place in places {
        let next = place.journey.flatMap {
          journeys.nextMoment(ofJourney: $0, after: now.milliseconds, delays: delays)
        }
        state.due.set(place.customer, to: next)
      }
    }
    return changes
  }

  // MARK: The beginning

  /// Looks at everybody, and compares with what is stored. A subject that is new, or means something
  /// else than before, begins without changes: the definition moved, not the customers.
  private static func begin(
    _ snapshot: Snapshot, _ asked: [Subject], _ now: Timestamp, _ held: inout State?, _ store: Store
  ) throws -> [StandingChange] {
    let (mark, standings) = try store.standings()
    let (_, profile) = try store.touched(
      since: mark, upToRow: snapshot.mark.row, change: snapshot.mark.change)
    let journeys = snapshot.journeys
    let last = Int(journeys.lastCustomer ?? 0)
    var subjects = asked
    var changes: [StandingChange] = []
    for index in subjects.indices {
      subjects[index].makeRoom(forCustomer: last)
      try fill(&subjects[index], snapshot, now)
      let subject = subjects[index]
      guard
        let old = standings.first(where: {
          $0.subject == subject.subject && $0.definition == subject.definition
        })
      else { continue }
      let before = old.states(named: subject.names)
      if before.count > subject.states.count {
        subjects[index].makeRoom(forCustomer: before.count - 1)
      }
      var walk = Walk(subject.subject, names: subject.names, noticed: now)
      for (customer, state) in subjects[index].states.enumerated() {
        let was = customer < before.count ? before[customer] : 0
        guard was != state else { continue }
        let journey = journeys.journey(ofCustomer: UInt32(customer))
        let end = journey.map { journeys.time(row: journeys.rows(ofJourney: $0).upperBound - 1) }
        walk.step(
          UInt32(customer), from: was, to: state, at: min(end ?? .max, now.milliseconds))
      }
      changes += walk.changes
    }
    var due = DueTimes(after: now.milliseconds)
    let delays = subjects.delays
    if !delays.isEmpty {
      journeys.forEachNextMoment(after: now.milliseconds, delays: delays) { customer, moment in
        due.set(customer, to: moment)
      }
    }
    let reached = Store.WatchMark(
      row: snapshot.mark.row, change: snapshot.mark.change, profile: profile)
    guard
      let kept = try store.keep(
        changes, whole: subjects.map(\.standing), subjects: subjects.map(\.subject), from: mark,
        to: reached)
    else { return [] }
    held = State(
      mark: kept, subjects: subjects, due: due, version: snapshot.factsVersion,
      lastTick: now.milliseconds, lastWhole: now.milliseconds)
    return changes
  }

  private static func fill(
    _ subject: inout Subject, _ snapshot: Snapshot, _ now: Timestamp
  ) throws {
    switch subject.meaning {
    case .model(let model):
      let placement = try snapshot.placement(in: model)
      subject.states.withUnsafeMutableBufferPointer { states in
        placement.writeCurrentPhases(into: states, from: 1)
      }
    case .segment(let rule):
      let membership = try snapshot.membership(rule)
      subject.states.withUnsafeMutableBufferPointer { states in
        membership.write(at: now.milliseconds, into: states)
      }
      subject.membership = membership
    }
    try snapshot.facts.check()
  }

  private static func subjects(_ snapshot: Snapshot) -> [Subject] {
    let models = snapshot.models.models.map { model in
      Subject(
        subject: .model(model.id), meaning: .model(model),
        definition: model.definition(among: snapshot.models.models),
        names: model.phases.map(\.id))
    }
    let segments = snapshot.segments.entries.compactMap { entry in
      entry.rule.map { rule in
        Subject(
          subject: .segment(entry.segment.name), meaning: .segment(rule),
          definition: rule.definition(among: snapshot.models.models),
          names: [StandingChange.member])
      }
    }
    return models + segments
  }
}

extension Watch.Subject {
  fileprivate var standing: Store.Standing {
    Store.Standing(subject: subject, definition: definition, states: states)
  }

  /// Milliseconds after a touchpoint at which time alone may change something. A touchpoint of a clock
  /// that runs ahead counts when its moment has come, which is a delay of none.
  fileprivate var delays: Set<Int64> {
    if case .segment(let rule) = meaning { rule.delays.union([0]) } else { [] }
  }
}

extension Watch.Subject {
  fileprivate var asksForFacts: Bool {
    switch meaning {
    case .segment(let rule): rule.usesCustomerFacts
    case .model(let model): model.rules.contains { $0.when.usesCustomerFacts }
    }
  }
}

extension [Watch.Subject] {
  fileprivate var delays: [Int64] {
    reduce(into: Set<Int64>()) { $0.formUnion($1.delays) }.sorted()
  }
}

extension Store.Standing {
  /// States with the later changes in them.
  fileprivate func states(named names: [String]) -> [UInt8] {
    var states = states
    for change in later {
      let customer = Int(change.customer)
      if states.count <= customer {
        states += repeatElement(0, count: customer + 1 - states.count)
      }
      states[customer] = change.to.flatMap(names.firstIndex).map { UInt8($0 + 1) } ?? 0
    }
    return states
  }
}

/// Changes of one subject in the making.
private struct Walk {
  let subject: StandingSubject
  let names: [String]
  let noticed: Timestamp
  private(set) var changes: [StandingChange] = []
  /// Where customers stand in the end who moved.
  private(set) var states: [(customer: UInt32, state: UInt8)] = []

  init(_ subject: StandingSubject, names: [String], noticed: Timestamp) {
    self.subject = subject
    self.names = names
    self.noticed = noticed
  }

  mutating func step(_ customer: UInt32, from old: UInt8, to new: UInt8, at moment: Int64) {
    guard old != new else { return }
    func name(_ state: UInt8) -> String? { state == 0 ? nil : names[Int(state) - 1] }
    changes.append(
      StandingChange(
        subject: subject, customer: Int64(customer), from: name(old), to: name(new),
        happened: Timestamp(milliseconds: moment), noticed: noticed))
    states.append((customer, new))
  }

  /// From phase to phase by all that is new at the end of a journey. Where something came in between,
  /// what went before has become another story, and only where it ends now is told.
  mutating func follow(
    _ customer: UInt32, from old: UInt8, journey: Int?, newSince row: Int64,
    _ journeys: Journeys, _ placement: JourneyPlacement
  ) {
    guard let journey else {
      return step(customer, from: old, to: 0, at: noticed.milliseconds)
    }
    let rows = journeys.rows(ofJourney: journey)
    var first = rows.upperBound
    while first > rows.lowerBound, Int64(journeys.rowID(row: first - 1)) > row { first -= 1 }
    let isTail =
      rows.prefix(first - rows.lowerBound).allSatisfy { Int64(journeys.rowID(row: $0)) <= row }
    let stood = first > rows.lowerBound ? UInt8(placement.phase(row: first - 1) + 1) : 0
    if isTail, stood == old {
      var state = old
      for row in first..<rows.upperBound {
        let phase = UInt8(placement.phase(row: row) + 1)
        step(customer, from: state, to: phase, at: journeys.time(row: row))
        state = phase
      }
    } else {
      let state = UInt8(placement.phase(row: rows.upperBound - 1) + 1)
      var entered = rows.upperBound - 1
      while entered > rows.lowerBound, placement.phase(row: entered - 1) + 1 == Int(state) {
        entered -= 1
      }
      step(customer, from: old, to: state, at: journeys.time(row: entered))
    }
  }
}

/// When to look at whom again, in steps of ``Limits/watchSeconds``.
private struct DueTimes {
  private var buckets: [Int64: [(customer: UInt32, moment: Int64)]] = [:]
  /// The bucket in which a customer stands, by number; 0 is none.
  private var bucketOf: [UInt32] = []
  private var taken: Int64
  private static let step = Int64(Limits.watchSeconds * 1000)

  init(after now: Int64) { taken = now / Self.step }

  /// The first bucket that is due at or after the moment.
  private static func bucket(_ moment: Int64) -> Int64 { (moment + step - 1) / step }

  mutating func set(_ customer: UInt32, to moment: Int64?) {
    let place = Int(customer)
    if bucketOf.count <= place {
      guard moment != nil else { return }
      bucketOf += repeatElement(0, count: max(place + 1 - bucketOf.count, bucketOf.count))
    }
    guard let moment, let bucket = UInt32(exactly: max(Self.bucket(moment), taken + 1)) else {
      bucketOf[place] = 0
      return
    }
    // An entry that was left in an earlier bucket is passed over when its time comes.
    guard bucketOf[place] != bucket else { return }
    bucketOf[place] = bucket
    buckets[Int64(bucket), default: []].append((customer, moment))
  }

  /// Those whose time has come, each once.
  mutating func take(upTo now: Int64) -> [(UInt32, Int64)] {
    var due: [(UInt32, Int64)] = []
    let last = now / Self.step
    guard last > taken else { return [] }
    for bucket in buckets.keys.filter({ $0 <= last }).sorted() {
      for entry in buckets.removeValue(forKey: bucket) ?? []
      where bucketOf[Int(entry.customer)] == UInt32(bucket) {
        bucketOf[Int(entry.customer)] = 0
        due.append((entry.customer, entry.moment))
      }
    }
    taken = last
    return due
  }
}

extension Snapshot {
  /// A rule ready to be asked of customers. `previous` is the same rule's of an earlier snapshot.
  func membership(_ rule: Rule, after previous: Membership? = nil) throws -> Membership {
    Membership(
      rule, in: journeys, facts: facts,
      placements: try models.models.filter { rule.models.contains($0.id) }.map(placement(in:)),
      after: previous)
  }
}

extension JourneyModel {
  /// All that decides where this model puts customers, as a text that is the same in every process.
  fileprivate func definition(among models: [JourneyModel]) -> String {
    let own =
      phases.map(\.id) + (cycleStart.map { ["cycle \($0)"] } ?? [])
      + rules.map { "\($0.phase) from \($0.from ?? []) when \($0.when.writtenOut)" }
    let others = models.filter { self.models.contains($0.id) && $0.id != id }
    return (own + others.map { $0.definition(among: []) }).joined(separator: "\n")
  }
}

extension Rule {
  fileprivate func definition(among models: [JourneyModel]) -> String {
    let others = models.filter { self.models.contains($0.id) }
    return ([writtenOut] + others.map { $0.definition(among: models) }).joined(separator: "\n")
  }

  /// With the rules of the names that it uses behind it.
  fileprivate var writtenOut: String {
    ([description] + named.map { "\($0.name): \($0.rule)" }).joined(separator: "\n")
  }
}
