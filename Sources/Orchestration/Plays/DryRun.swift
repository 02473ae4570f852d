package import CustomerJourney
package import JourneyEngine
import Synchronization

/// Who would have got what from a play, had it been on in a period that is over.
package struct DryRun: Hashable, Sendable, Codable {
  package var play: String
  package var from: Timestamp
  package var to: Timestamp
  /// Customers that were looked at.
  package var customers = 0
  package var entered = 0
  package var heldOut = 0
  package var steps: [Step] = []
  package var exits: [Exit] = []
  /// Runs of which the goal was reached in time, without anything being done.
  package var reached = 0
  package var sample: [Sample] = []

  package struct Step: Hashable, Sendable, Codable {
    package var step: String
    package var due = 0
    package var sent = 0
    /// Why the others were not, by the word of the reason.
    package var skipped: [String: Int] = [:]
  }

  package struct Exit: Hashable, Sendable, Codable {
    package var reason: String
    package var count: Int
  }

  /// One customer who would have come in.
  package struct Sample: Hashable, Sendable, Codable {
    package var customer: UInt32
    package var entered: Timestamp
    package var sent: [String]
  }

  /// What the play asks of customers besides its rules.
  package struct Surroundings: Sendable {
    package var policy: ContactPolicy
    /// Rules under which nothing is sold.
    package var notSalesMoments: [Rule]
    package var zone: Zone

    package init(policy: ContactPolicy, notSalesMoments: [Rule], zone: Zone) {
      self.policy = policy
      self.notSalesMoments = notSalesMoments
      self.zone = zone
    }
  }

  package init(play: String, from: Timestamp, to: Timestamp) {
    self.play = play
    self.from = from
    self.to = to
  }

  /// Runs the play over all journeys from `from` to before `to`, on all cores.
  package init(
    _ program: PlayProgram, over journeys: Journeys, from: Timestamp, to: Timestamp,
    facts: any RuleFacts = NoRuleFacts(), placements: [JourneyPlacement] = [],
    in surroundings: Surroundings, threads: Int = Cores.count
  ) {
    self.init(play: program.play.id, from: from, to: to)
    let rules = program.rules + surroundings.notSalesMoments
    var tallies: [Tally] = []
    journeys.forEachProgram(rules, facts: facts, placements: placements) { compiled, runs in
      var properties: [UInt32: String] = [:]
      if let path = program.play.key {
        facts.forEachValue(ofProperty: path, in: compiled.table.rowIDs) { row, value in
          properties[row] = value.description
        }
      }
      let pieces = Self.pieces(runs, compiled.table, threads)
      let found = Mutex<[Int: Tally]>([:])
      let keys = properties
      Cores.perform(iterations: pieces.count) { index in
        var walk = Walk(
          program: program, compiled: compiled, from: from, to: to, surroundings, facts, keys)
        walk.look(at: pieces[index])
        let tally = walk.tally
        found.withLock { $0[index] = tally }
      }
      tallies += found.withLock { $0.sorted { $0.key < $1.key }.map(\.value) }
    }
    var total = Tally()
    for tally in tallies { total.add(tally) }
    customers = total.customers
    entered = total.entered
    heldOut = total.heldOut
    reached = total.reached
    steps = program.play.actions.map { total.steps[$0.step] ?? Step(step: $0.step) }
    exits = total.exits.map { Exit(reason: $0.key, count: $0.value) }
      .sorted { ($0.count, $1.reason) > ($1.count, $0.reason) }
    sample = Array(
      total.sample.sorted { ($0.entered, $0.customer) > ($1.entered, $1.customer) }
        .prefix(Limits.dryRunShown))
  }

  private static func pieces(
    _ runs: [Range<Int>], _ table: JourneyTable, _ threads: Int
  ) -> [Range<Int>] {
    let size = max(1, runs.reduce(0) { $0 + $1.count } / max(1, threads * 4))
    return runs.flatMap { run in
      stride(from: run.lowerBound, to: run.upperBound, by: size).map {
        $0..<min($0 + size, run.upperBound)
      }
    }
  }
}

extension DryRun {
  fileprivate struct Tally: Sendable {
    var customers = 0
    var entered = 0
    var heldOut = 0
    var reached = 0
    var steps: [String: Step] = [:]
    var exits: [String: Int] = [:]
    var sample: [Sample] = []

    mutating func add(_ other: Tally) {
      customers += other.customers
      entered += other.entered
      heldOut += other.heldOut
      reached += other.reached
      for (name, step) in other.steps {
        var mine = steps[name] ?? Step(step: name)
        mine.due += step.due
        mine.sent += step.sent
        mine.skipped.merge(step.skipped, uniquingKeysWith: +)
        steps[name] = mine
      }
      exits.merge(other.exits, uniquingKeysWith: +)
      sample += other.sample
    }
  }

  /// One thread's way through journeys.
  fileprivate struct Walk {
    let program: PlayProgram
    let compiled: RuleProgram
    let from: Timestamp
    let to: Timestamp
    let surroundings: Surroundings
    let facts: any RuleFacts
    let properties: [UInt32: String]
    let atRows = RuleScratch()
    let atInstants = RuleScratch()
    var tally = Tally()

    init(
      program: PlayProgram, compiled: RuleProgram, from: Timestamp, to: Timestamp,
      _ surroundings: Surroundings, _ facts: any RuleFacts, _ properties: [UInt32: String]
    ) {
      self.program = program
      self.compiled = compiled
      self.from = from
      self.to = to
      self.surroundings = surroundings
      self.facts = facts
      self.properties = properties
    }

    mutating func look(at journeys: Range<Int>) {
      let table = compiled.table
      var pieces: [Range<Int>] = []
      table.forEachPiece(of: journeys, rows: 16_384) { pieces.append($0) }
      let entry = program.number(program.play.entry.rule)
      for piece in pieces {
        compiled.evaluate(piece, in: atRows)
        let masks = (0..<(program.rules.count + surroundings.notSalesMoments.count)).map {
          compiled.mask($0, in: atRows)
        }
        let first = Int(table.starts[piece.lowerBound])
        for journey in piece {
          let rows = table.rows(ofJourney: journey)
          guard table.times[rows.lowerBound] < to.milliseconds else { continue }
          tally.customers += 1
          let witness = ColumnWitness(
            compiled, journey: journey, masks: masks, first: first, scratch: atInstants,
            properties: properties, zone: surroundings.zone)
          switch program.play.entry {
          case .event:
            // Most customers never come in, which is seen without running anything.
            guard
              (witness.first(from: from)..<witness.count).contains(where: {
                witness.holds(entry, at: $0) && witness.time($0) < to
              })
            else { continue }
            run(journey, witness, becameTrue: [])
          case .becomes:
            let moments = program.momentsOfBecomingTrue(entry, witness, from: from, to: to)
            if !moments.isEmpty { run(journey, witness, becameTrue: moments) }
          }
        }
      }
    }

    private mutating func run(_ journey: Int, _ witness: ColumnWitness, becameTrue: [Timestamp]) {
      let customer = compiled.table.customers[journey]
      let known = facts.facts(ofCustomer: customer)
      let first = program.rules.count
      let sales = surroundings.notSalesMoments.indices.map { first + $0 }
      var simulation = PlaySimulation(
        program, policy: surroundings.policy,
        hasConsent: { channel in
          known.consents.contains {
            $0.means(ConsentGrant(channel: channel.touchpointChannel, purpose: "marketing"))
          }
        },
        isSalesMoment: { moment in !sales.contains { witness.holds($0, at: moment) } })
      simulation.run(
        identity: Int64(customer), witness, from: from, to: to, becameTrue: becameTrue)
      note(simulation, customer, witness)
    }

    private mutating func note(
      _ simulation: PlaySimulation, _ customer: UInt32, _ witness: ColumnWitness
    ) {
      var sent: [String] = []
      for moment in simulation.moments {
        switch moment.what {
        case .entered: tally.entered += 1
        case .heldOut:
          tally.entered += 1
          tally.heldOut += 1
        case .done(let deed):
          tally.steps[deed.step, default: Step(step: deed.step)].due += 1
          tally.steps[deed.step, default: Step(step: deed.step)].sent += 1
        case .verdict(let deed, let verdict):
          var step = tally.steps[deed.step] ?? Step(step: deed.step)
          step.due += 1
          switch verdict {
          case .send:
            step.sent += 1
            sent.append(deed.step)
          case .skip(let bar), .wait(_, let bar): step.skipped[bar.rawValue, default: 0] += 1
          }
          tally.steps[deed.step] = step
        case .ended(let reason): tally.exits[reason.description, default: 0] += 1
        }
      }
      if let goal = program.play.goal {
        let rule = program.number(goal.rule)
        for run in simulation.runs {
          let until = run.entered.milliseconds + goal.within.milliseconds
          for index in witness.first(from: run.entered)..<witness.count {
            guard witness.time(index).milliseconds <= until else { break }
            if witness.row(index) != run.entryRow, witness.holds(rule, at: index) {
              tally.reached += 1
              break
            }
          }
        }
      }
      if let run = simulation.runs.first, tally.sample.count < Limits.dryRunShown {
        tally.sample.append(Sample(customer: customer, entered: run.entered, sent: sent))
      }
    }
  }
}
