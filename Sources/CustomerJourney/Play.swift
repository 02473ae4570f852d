/// What we do in the journey of a customer (oplossing): who comes in, what happens then, when it is
/// over, and how it is measured. `docs/plays.md` has the form of its file.
package struct Play: Hashable, Sendable, Identifiable {
  package var id: String
  package var name: LocalizedText
  /// What it does, in one sentence.
  package var about: LocalizedText
  /// Its place in the maturity matrix; nil for one that has none.
  package var cell: MaturityCell?
  package var purpose: MessagePurpose
  /// Of two plays that want the same customer at once, the higher one goes first.
  package var priority: Int
  package var entry: Entry
  /// What a run is about; nil is the customer. A property of the touchpoint that enters, such as
  /// `cart_id`: then a customer has a run for each.
  package var key: String?
  /// A later touchpoint that enters the same key starts the wait anew in which the run is.
  package var restarts: Bool
  /// Must be true of the customer to come in.
  package var condition: Rule
  package var again: Again
  package var exits: [Exit]
  package var goal: Goal?
  /// The share of runs to whom nothing is done, so that the others can be compared with them.
  package var holdout: RuleNumber
  package var steps: [PlayStep]

  package enum Entry: Hashable, Sendable {
    /// At each touchpoint of which the rule is true.
    case event(Rule)
    /// When the rule becomes true of the customer: by a touchpoint, or because time passes.
    case becomes(Rule)

    package var rule: Rule {
      switch self {
      case .event(let rule), .becomes(let rule): rule
      }
    }
  }

  /// Whether somebody who was in comes in again.
  package enum Again: Hashable, Sendable {
    case never
    /// So long after the last time.
    case after(RuleDuration)
  }

  /// Ends a run at once, wherever it is.
  package struct Exit: Hashable, Sendable {
    /// True: at a touchpoint after the entry of which the rule is true. False: as soon as it is true
    /// of the customer.
    package var isEvent: Bool
    package var rule: Rule
    package var because: LocalizedText

    package init(isEvent: Bool, rule: Rule, because: LocalizedText) {
      self.isEvent = isEvent
      self.rule = rule
      self.because = because
    }
  }

  /// What the play is for: a touchpoint of which the rule is true, so soon after the entry.
  package struct Goal: Hashable, Sendable {
    package var rule: Rule
    package var within: RuleDuration

    package init(rule: Rule, within: RuleDuration) {
      self.rule = rule
      self.within = within
    }
  }

  package init(
    id: String, name: LocalizedText, about: LocalizedText, cell: MaturityCell? = nil,
    purpose: MessagePurpose, priority: Int = 50, entry: Entry, key: String? = nil,
    restarts: Bool = false, condition: Rule = .always(true), again: Again = .never,
    exits: [Exit] = [], goal: Goal? = nil, holdout: RuleNumber = RuleNumber(millionths: 0),
    steps: [PlayStep]
  ) {
    self.id = id
    self.name = name
    self.about = about
    self.cell = cell
    self.purpose = purpose
    self.priority = priority
    self.entry = entry
    self.key = key
    self.restarts = restarts
    self.condition = condition
    self.again = again
    self.exits = exits
    self.goal = goal
    self.holdout = holdout
    self.steps = steps
  }
}

/// One step of a play, with what follows from it inside.
package struct PlayStep: Hashable, Sendable {
  /// Unique in the play; the step's place where the file gives it none.
  package var id: String
  package var does: Kind

  package indirect enum Kind: Hashable, Sendable {
    case wait(RuleDuration)
    /// Until clocks show this in the customer's zone.
    case waitUntil(TimeOfDay)
    /// Until a touchpoint of which the rule is true, at most so long.
    case waitFor(Rule, within: RuleDuration, then: [PlayStep], otherwise: [PlayStep])
    case branch(Rule, then: [PlayStep], otherwise: [PlayStep])
    /// By chance, the same for a customer each time.
    case split([PlayArm])
    case act(PlayAction)
    case goTo(String)
    case end
  }

  package init(id: String, does: Kind) {
    self.id = id
    self.does = does
  }

  /// The steps inside it, one level down.
  package var inner: [[PlayStep]] {
    switch does {
    case .waitFor(_, _, let then, let otherwise), .branch(_, let then, let otherwise):
      [then, otherwise]
    case .split(let arms): arms.map(\.steps)
    case .wait, .waitUntil, .act, .goTo, .end: []
    }
  }
}

package struct PlayArm: Hashable, Sendable {
  package var name: String
  package var share: RuleNumber
  package var steps: [PlayStep]

  package init(name: String, share: RuleNumber, steps: [PlayStep]) {
    self.name = name
    self.share = share
    self.steps = steps
  }
}

package enum PlayAction: Hashable, Sendable {
  /// By a template's name.
  case message(channel: MessageChannel, template: String)
  case set(trait: String, PropertyValue)
  /// Work for a person.
  case task(LocalizedText)
  /// Content for a place on the site, for a while.
  case slot(String, template: String, during: RuleDuration)

  /// What a message of it goes out by; nil for what is done here.
  package var channel: MessageChannel? {
    switch self {
    case .message(let channel, _): channel
    case .slot: .onsite
    case .set, .task: nil
    }
  }

  package var template: String? {
    switch self {
    case .message(_, let template), .slot(_, let template, _): template
    case .set, .task: nil
    }
  }
}

/// A clock's hour and minute.
package struct TimeOfDay: Hashable, Sendable, Codable, CustomStringConvertible {
  package var hour: Int
  package var minute: Int

  package init(hour: Int, minute: Int = 0) {
    self.hour = hour
    self.minute = minute
  }

  /// Reads `09:00`.
  package init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 2, parts.allSatisfy({ $0.count <= 2 && $0.allSatisfy(\.isNumber) }),
      let hour = Int(parts[0]), let minute = Int(parts[1]), (0..<24).contains(hour),
      (0..<60).contains(minute)
    else { return nil }
    self.init(hour: hour, minute: minute)
  }

  package var minutes: Int { hour * 60 + minute }

  package var description: String {
    (hour < 10 ? "0" : "") + "\(hour)" + (minute < 10 ? ":0" : ":") + "\(minute)"
  }

  /// The first moment at or after `moment` at which clocks in the zone show this. A time that the
  /// clocks skip in spring comes when they have skipped it; of one that they repeat the first is meant.
  package func next(from moment: Timestamp, in zone: Zone) -> Timestamp {
    let today = zone.civil(moment)
    for day in 0...2 {
      let at = zone.moment(of: civil(today.daysSince1970 + day))
      if at >= moment { return at }
    }
    return moment
  }

  private func civil(_ day: Int) -> CivilTime {
    var civil = CivilTime.of(milliseconds: Int64(day) * 86_400_000).civil
    civil.hour = hour
    civil.minute = minute
    return civil
  }
}

/// A place in the matrix of digital maturity: how far a company is, and where the customer is.
package struct MaturityCell: Hashable, Sendable, Codable, CustomStringConvertible {
  package enum Level: String, Hashable, Sendable, Codable, CaseIterable {
    case foundation, optimization, engagement, orchestration
  }
  package enum Column: String, Hashable, Sendable, Codable, CaseIterable {
    case see, think, `do`, care
  }

  package var level: Level
  package var column: Column

  package init(level: Level, column: Column) {
    self.level = level
    self.column = column
  }

  /// Reads `engagement/do`.
  package init?(_ text: String) {
    let parts = text.split(separator: "/").map { String($0) }
    guard parts.count == 2, let level = Level(rawValue: parts[0]),
      let column = Column(rawValue: parts[1])
    else { return nil }
    self.init(level: level, column: column)
  }

  package var description: String { "\(level.rawValue)/\(column.rawValue)" }
}
