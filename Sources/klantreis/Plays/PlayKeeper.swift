import CustomerJourney
import Foundation
import JourneyEngine
import Orchestration
import Store

/// Runs the plays that are on: looks who comes in by what is new, takes those further whose time has
/// come or to whom something happened, and keeps it in transactions of so much news each.
///
/// Customers who wait cost nothing until then. What was kept and how far was looked are committed
/// together, so that each thing is done once, whenever the process ends; and one that is ended again
/// and again still gets on.
struct PlayKeeper: Sendable {
  let workspace: Workspace
  /// Touchpoints, and as many changes of journeys, that one transaction takes.
  var newsAtOnce = Int64(Limits.playNewsAtOnce)
  private var store: Store { workspace.store }

  /// Looks at all that is new in the snapshot. Returns how many runs began, went on or ended; the next
  /// look sees to those whose time has come and that did not fit.
  @discardableResult
  func look(_ snapshot: Snapshot, now: Timestamp) throws -> Int {
    var count = 0
    while let mark = try store.playMark() {
      let upTo = (
        row: min(snapshot.mark.row, mark.watch.row + newsAtOnce),
        change: min(snapshot.mark.change, mark.watch.change + newsAtOnce)
      )
      count += try take(mark, upToRow: upTo.row, change: upTo.change, snapshot, now: now)
      if upTo == (snapshot.mark.row, snapshot.mark.change) { break }
    }
    return count
  }

  private func take(
    _ mark: Store.PlayMark, upToRow row: Int64, change: Int64, _ snapshot: Snapshot, now: Timestamp
  ) throws -> Int {
    let running = snapshot.plays.running
    let (touched, profile) = try store.touched(since: mark.watch, upToRow: row, change: change)
    let begun = running.filter { if case .becomes = $0.program.play.entry { true } else { false } }
    let newly = try store.newlyTrue(of: begun.map(\.record.id))
    let due = try store.dueCustomers(at: now, limit: Limits.dueRunsAtOnce)
    let reached = Store.WatchMark(row: row, change: change, profile: profile)
    let isNew =
      row != mark.watch.row || change != mark.watch.change || profile != mark.watch.profile
    guard isNew || !newly.changes.isEmpty || !due.isEmpty else { return 0 }
    let news = (mark.watch.row + 1)..<(max(row, mark.watch.row) + 1)

    var customers = Set(due)
    customers.formUnion(newly.changes.map(\.customer))
    customers.formUnion(try store.customersOnTheWay(among: touched))
    let events = EntryEvents(running.map(\.program.play), in: snapshot.journeys)
    for customer in touched where !customers.contains(customer) {
      if events.mayBegin(customer, by: news, snapshot.journeys) {
        customers.insert(customer)
      }
    }
    let runs = try store.runs(ofCustomers: Array(customers))
    let readers = try CustomerReader(
      customers, snapshot, rules: running.flatMap(\.program.rules), runs: runs,
      library: workspace.plays)
    let links = try workspace.playLinks()
    var outcomes: [Store.RunOutcome] = []
    for customer in customers.sorted() {
      var look = CustomerLook(
        customer: customer, runs: runs[customer] ?? [], readers: readers, snapshot: snapshot,
        library: workspace.plays, links: links, goods: workspace.relatedProducts, now: now)
      try look.begin(
        running, by: news,
        newly: newly.changes.filter { $0.customer == customer })
      try look.goOn()
      outcomes += look.outcomes
    }
    try snapshot.facts.check()
    try noteArrivals(touched, among: news, snapshot, links, now: now)
    let isKept = try store.keep(
      outcomes, from: mark, to: reached, standing: newly.upTo, at: now)
    return isKept ? outcomes.count : 0
  }
}

extension PlayKeeper {
  /// Notes at ambassadors whom they brought: who arrives by an ambassador's link counts once.
  private func noteArrivals(
    _ touched: [Int64], among news: Range<Int64>, _ snapshot: Snapshot, _ links: PlayLinks,
    now: Timestamp
  ) throws {
    let journeys = snapshot.journeys
    var arrivals: [Touchpoint] = []
    for customer in touched {
      guard let number = UInt32(exactly: customer),
        let journey = journeys.journey(ofCustomer: number)
      else { continue }
      for place in journeys.rows(ofJourney: journey)
      where news.contains(Int64(journeys.rowID(row: place))) {
        let campaign = journeys.name(.campaign, row: place)
        guard let identity = links.ambassador(campaign: campaign) else { continue }
        let moment = Timestamp(milliseconds: journeys.time(row: place))
        let ambassador = try store.owner(of: identity, at: moment)
        guard ambassador != customer,
          let key = try store.customerKeys([ambassador])[ambassador]
        else { continue }
        arrivals.append(
          Touchpoint(
            customer: key, occurred: moment, event: EventName("Referral Made"), channel: .website,
            messageID: "referral:\(identity):\(customer)", source: "plays", received: now,
            campaign: campaign, clientTime: .epoch, claimant: .server))
      }
    }
    // Told again, it is known by its id, and stored once.
    if !arrivals.isEmpty { try store.append(arrivals) }
  }
}

/// Which events may bring somebody into a play, as codes of the journeys' columns.
private struct EntryEvents {
  /// Nil when any may.
  private var names: Set<String>? = []

  init(_ plays: [Play], in journeys: Journeys) {
    for play in plays {
      guard case .event(let rule) = play.entry else { continue }
      guard let needed = rule.neededEvents else {
        names = nil
        return
      }
      names?.formUnion(needed)
    }
  }

  func mayBegin(_ customer: Int64, by news: Range<Int64>, _ journeys: Journeys) -> Bool {
    if let names, names.isEmpty { return false }
    guard let number = UInt32(exactly: customer), let journey = journeys.journey(ofCustomer: number)
    else { return false }
    return journeys.rows(ofJourney: journey).contains { place in
      news.contains(Int64(journeys.rowID(row: place)))
        && names.map { $0.contains(RuleField.event.key(journeys.name(.event, row: place))) } ?? true
    }
  }
}

/// Reads customers whole, as plays ask for them.
struct CustomerReader {
  let snapshot: Snapshot
  private let facts: [Int64: CustomerFacts]
  private let placements: [JourneyPlacement]

  init(
    _ customers: Set<Int64>, _ snapshot: Snapshot, rules: [Rule], runs: [Int64: [PlayRun]],
    library: PlayLibrary
  ) throws {
    self.snapshot = snapshot
    var rules = rules
    for run in Set(
      runs.values.joined().filter { $0.end == nil }.map { Version($0.play, $0.version) })
    {
      rules += try library.program(run.play, version: run.version, snapshot)?.rules ?? []
    }
    let models = rules.reduce(into: Set<String>()) { $0.formUnion($1.models) }
    placements = try snapshot.models.models.filter { models.contains($0.id) }
      .map(snapshot.placement(in:))
    let numbers = customers.compactMap { UInt32(exactly: $0) }.sorted()
    var facts: [Int64: CustomerFacts] = [:]
    snapshot.facts.forEachFacts(of: Column(numbers)) { place, known in
      facts[Int64(numbers[place])] = known
    }
    self.facts = facts
  }

  private struct Version: Hashable {
    let play: String
    let version: Int
    init(_ play: String, _ version: Int) { (self.play, self.version) = (play, version) }
  }

  struct Read {
    var customer: RuleCustomer
    var rows: [Int64]
    var zone: Zone

    func witness(_ program: PlayProgram) -> LiveWitness {
      LiveWitness(program, customer, rows: rows, zone: zone)
    }
  }

  /// Throws ``StaleJourney`` where the store knows other touchpoints by now.
  func read(_ customer: Int64) throws -> Read {
    let journeys = snapshot.journeys
    let known = facts[customer] ?? .unknown
    guard let number = UInt32(exactly: customer), let journey = journeys.journey(ofCustomer: number)
    else {
      return Read(
        customer: RuleCustomer(touchpoints: [], facts: known), rows: [], zone: snapshot.zone)
    }
    let places = journeys.rows(ofJourney: journey)
    let rows = places.map { Int64(journeys.rowID(row: $0)) }
    let touchpoints = try snapshot.facts.store.touchpoints(rows: rows)
    guard touchpoints.count == rows.count else { throw StaleJourney() }
    var phases: [String: [String]] = [:]
    for placement in placements {
      let ids = placement.model.phases.map(\.id)
      phases[placement.model.id] = places.map { ids[placement.phase(row: $0)] }
    }
    return Read(
      customer: RuleCustomer(
        touchpoints: touchpoints, facts: known, currency: journeys.currency, phases: phases),
      rows: rows, zone: zone(of: touchpoints, known))
  }

  /// Where the customer is: the zone that is known of them, else the clock of the last touchpoint that
  /// said it where that is another than the project's, else the project's.
  private func zone(of touchpoints: [Touchpoint], _ known: CustomerFacts) -> Zone {
    for name in ["timezone", "timeZone", "time_zone"] {
      if let zone = known.traits[name].flatMap({ Zone($0.description) }) { return zone }
    }
    guard let last = touchpoints.last(where: { $0.utcOffsetMinutes != nil }),
      let minutes = last.utcOffsetMinutes,
      minutes * 60 != snapshot.zone.offsetSeconds(at: last.occurred)
    else { return snapshot.zone }
    let hours = abs(minutes) / 60
    let rest = abs(minutes) % 60
    return Zone(
      "GMT\(minutes < 0 ? "-" : "+")\(hours < 10 ? "0" : "")\(hours)\(rest < 10 ? "0" : "")\(rest)")
      ?? snapshot.zone
  }
}

/// The store has changed since the snapshot was made; the next one has it.
struct StaleJourney: Error, CustomStringConvertible {
  var description: String { "The journey has changed meanwhile: look again." }
}

/// One customer in one look.
private struct CustomerLook {
  let customer: Int64
  var runs: [PlayRun]
  let readers: CustomerReader
  let snapshot: Snapshot
  let library: PlayLibrary
  let links: PlayLinks
  let goods: RelatedProducts
  let now: Timestamp
  private(set) var outcomes: [Store.RunOutcome] = []
  private var read: CustomerReader.Read?

  init(
    customer: Int64, runs: [PlayRun], readers: CustomerReader, snapshot: Snapshot,
    library: PlayLibrary, links: PlayLinks, goods: RelatedProducts, now: Timestamp
  ) {
    self.links = links
    self.goods = goods
    self.customer = customer
    self.runs = runs
    self.readers = readers
    self.snapshot = snapshot
    self.library = library
    self.now = now
  }

  private mutating func journey() throws -> CustomerReader.Read {
    if let read { return read }
    let new = try readers.read(customer)
    read = new
    return new
  }

  /// Brings the customer into plays, by what is new.
  mutating func begin(
    _ running: [(record: PlayRecord, program: PlayProgram)], by news: Range<Int64>,
    newly: [StandingChange]
  ) throws {
    let journey = try journey()
    let oldest = now.adding(seconds: -Limits.playEntrySeconds)
    for (record, program) in running {
      let machine = PlayMachine(program)
      let witness = journey.witness(program)
      // What a clock that is ahead calls the future is news all the same, and begins now.
      func entry(at moment: Timestamp) -> Timestamp? {
        moment >= record.switched && moment >= oldest ? min(moment, now) : nil
      }
      switch program.play.entry {
      case .event:
        let new = journey.rows.indices.filter { news.contains(journey.rows[$0]) }
        for index in new {
          guard let moment = entry(at: witness.time(index)), machine.enters(at: index, witness)
          else { continue }
          let identity = try snapshot.facts.store.identities(ofRows: [journey.rows[index]])
          let earlier = runs.filter { $0.play == program.play.id }
          if let run = machine.enter(
            identity: identity[journey.rows[index]] ?? customer, by: index,
            at: moment, earlier: earlier, witness)
          {
            runs.append(run)
          }
        }
      case .becomes:
        for change in newly where change.subject == .play(program.play.id) {
          guard let moment = entry(at: change.happened) else { continue }
          let earlier = runs.filter { $0.play == program.play.id }
          if let run = machine.enter(
            identity: customer, by: nil, at: moment, earlier: earlier, witness)
          {
            runs.append(run)
          }
        }
      }
    }
  }

  /// Takes every run as far as it comes.
  mutating func goOn() throws {
    let before = runs
    PlayMachine.join(&runs, now: now)
    for index in runs.indices {
      var outcome = Store.RunOutcome(run: runs[index])
      if runs[index].end == nil {
        let name = runs[index]
        if let program = try library.program(name.play, version: name.version, snapshot) {
          let witness = try journey().witness(program)
          let deeds = PlayMachine(program).advance(&runs[index], witness, now: now)
          outcome.run = runs[index]
          for deed in deeds { try add(deed, of: program.play, to: &outcome) }
        } else {
          runs[index].end = PlayRun.End(.gone, at: now)
          runs[index].due = nil
          outcome.run = runs[index]
        }
      }
      if runs[index].id == 0 || runs[index] != before[index] { outcomes.append(outcome) }
    }
  }

  private mutating func add(_ deed: PlayDeed, of play: Play, to outcome: inout Store.RunOutcome)
    throws
  {
    let run = outcome.run
    let step = deed.pass == 0 ? deed.step : "\(deed.step)#\(deed.pass)"
    let origin = MessageOrigin(
      play: play.id, version: run.version, key: RunName(run).text, step: step)
    switch deed.action {
    case .message(let channel, let template):
      outcome.messages.append(
        try intent(origin, channel, template, try told(of: run, play), play, deed.due))
    case .slot(let place, let template, let during):
      var data = try told(of: run, play)
      data.slot = place
      data.until = Timestamp(milliseconds: now.milliseconds + during.milliseconds)
      outcome.messages.append(try intent(origin, .onsite, template, data, play, deed.due))
    case .task(let text): outcome.tasks.append((step, text))
    case .set(let trait, let value):
      guard let key = try snapshot.facts.store.customerKeys([customer])[customer] else { return }
      outcome.profiles.append(
        ProfileChange(
          customer: key, traits: [trait: value], occurred: now,
          messageID: "play:\(play.id):\(RunName(run).text):\(step)".prefixed(to: 200),
          source: "play \(play.id)", claimant: .server))
    }
  }

  /// What a template may fill in of a run.
  private mutating func told(of run: PlayRun, _ play: Play) throws -> MessageData {
    var data = MessageData(
      play: run.play, key: run.key.isEmpty ? nil : run.key,
      variant: run.variant.isEmpty ? nil : run.variant)
    data.referralUrl = links.referral(of: run.identity)
    data.shopUrl = links.shop?.absoluteString
    let touchpoints = try journey().customer.touchpoints
    let orders = touchpoints.filter { $0.event == .orderCompleted }
    var goods = orders.last.map { Basket.products(of: $0) } ?? []
    if play.key == Basket.key, let basket = Basket(run.key, of: touchpoints) {
      data.tell(of: basket, links)
      data.basketUrl = links.basket(run.key, of: run.identity, at: now)
      goods = basket.products
    }
    // Others' baskets are what browsers said: what has no page in the shop is shown to nobody.
    if play.purpose == .marketing, links.shop != nil {
      let bought = orders.flatMap { Basket.products(of: $0) }.compactMap(\.name)
      let related = try self.goods.products(
        with: goods.compactMap(\.name), besides: Set(bought), snapshot)
      let shown = related.map { MessageData.Product($0, snapshot.journeys.currency, links) }
        .filter { $0.link != nil }
      if !shown.isEmpty { data.related = shown }
    }
    return data
  }

  private func intent(
    _ origin: MessageOrigin, _ channel: MessageChannel, _ template: String,
    _ data: MessageData, _ play: Play, _ due: Timestamp
  ) throws -> MessageIntent {
    MessageIntent(
      origin: origin, customer: customer, channel: channel, purpose: play.purpose,
      template: template, data: try data.json,
      // Service goes before sales, whatever the plays say.
      priority: play.purpose == .service ? 9 : min(8, play.priority * 8 / 100), due: due)
  }
}

extension String {
  fileprivate func prefixed(to count: Int) -> String { String(prefix(count)) }
}
