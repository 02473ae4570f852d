import Access
package import CustomerJourney

/// The list of plays.
package struct PlaysPage: Sendable {
  package struct Row: Sendable {
    package var id: String
    /// Nil when the file cannot be used now.
    package var play: Play?
    package var problem: String?
    package var isOn: Bool
    package var onTheWay: Int
    package var sent: Int
    package var skipped: Int

    package init(
      id: String, play: Play?, problem: String? = nil, isOn: Bool, onTheWay: Int = 0, sent: Int = 0,
      skipped: Int = 0
    ) {
      self.id = id
      self.play = play
      self.problem = problem
      self.isOn = isOn
      self.onTheWay = onTheWay
      self.sent = sent
      self.skipped = skipped
    }
  }

  package var rows: [Row]
  /// Work for persons; empty for who may not see customers.
  package var tasks: [TaskRow]

  package init(rows: [Row], tasks: [TaskRow] = []) {
    self.rows = rows
    self.tasks = tasks
  }
}

/// One play: its picture, what it would have done, what it does, and what it brings.
package struct PlayPage: Sendable {
  package var id: String
  package var play: Play
  package var version: Int
  package var isOn: Bool
  package var yaml: String
  package var onTheWay: Int
  /// Nil until somebody asks.
  package var dryRun: DryRunAnswer?
  /// True asks whether it should really be switched on.
  package var asksToSwitchOn: Bool
  package var results: Results?
  package var waiting: [Waiting]
  package var tryOut: TryOut?

  package struct DryRunAnswer: Sendable {
    package var from: String
    package var to: String
    package var customers: Int
    package var entered: Int
    package var heldOut: Int
    package var reached: Int
    package var steps: [Step]
    package var milliseconds: Int

    package struct Step: Sendable {
      package var step: String
      package var due: Int
      package var sent: Int
      package var skipped: [(reason: String, count: Int)]

      package init(step: String, due: Int, sent: Int, skipped: [(reason: String, count: Int)]) {
        self.step = step
        self.due = due
        self.sent = sent
        self.skipped = skipped
      }
    }

    package init(
      from: String, to: String, customers: Int, entered: Int, heldOut: Int, reached: Int,
      steps: [Step], milliseconds: Int
    ) {
      self.from = from
      self.to = to
      self.customers = customers
      self.entered = entered
      self.heldOut = heldOut
      self.reached = reached
      self.steps = steps
      self.milliseconds = milliseconds
    }
  }

  package struct Results: Sendable {
    package var entered: Int
    package var heldOut: Int
    package var complete: Int
    package var currency: String
    package var variants: [Variant]

    package struct Variant: Sendable {
      package enum Verdict: Sendable { case tooEarly, noDifference, more, fewer }

      package var name: String
      package var entered: Int
      package var sent: Int
      package var opened: Int
      package var clicked: Int
      package var converted: Int
      /// Of those whose time for the goal is over.
      package var share: Double?
      package var heldOutShare: Double?
      package var difference: (low: Double, estimate: Double, high: Double)?
      /// Minor units a customer.
      package var value: (low: Double, estimate: Double, high: Double)?
      package var verdict: Verdict

      package init(
        name: String, entered: Int, sent: Int, opened: Int, clicked: Int, converted: Int,
        share: Double?, heldOutShare: Double?,
        difference: (low: Double, estimate: Double, high: Double)?,
        value: (low: Double, estimate: Double, high: Double)?, verdict: Verdict
      ) {
        self.name = name
        self.entered = entered
        self.sent = sent
        self.opened = opened
        self.clicked = clicked
        self.converted = converted
        self.share = share
        self.heldOutShare = heldOutShare
        self.difference = difference
        self.value = value
        self.verdict = verdict
      }
    }

    package init(
      entered: Int, heldOut: Int, complete: Int, currency: String, variants: [Variant]
    ) {
      self.entered = entered
      self.heldOut = heldOut
      self.complete = complete
      self.currency = currency
      self.variants = variants
    }
  }

  /// A message that waits or was not sent, with the reason.
  package struct Waiting: Sendable {
    /// Nil when the customer is gone.
    package var customer: String?
    package var step: String
    package var state: String
    package var reason: String?
    /// In the project's zone.
    package var time: String

    package init(customer: String?, step: String, state: String, reason: String?, time: String) {
      self.customer = customer
      self.step = step
      self.state = state
      self.reason = reason
      self.time = time
    }
  }

  package struct TryOut: Sendable {
    package var customer: String
    package var days: Int
    package var problem: String?
    /// Moments in the project's zone with what happens then.
    package var moments: [(time: String, what: What)]

    package enum What: Sendable {
      case entered, heldOut
      case done(step: String)
      case sent(step: String, template: String)
      case notSent(step: String, reason: String)
      case ended(reason: String)
    }

    package init(
      customer: String, days: Int, problem: String? = nil,
      moments: [(time: String, what: What)] = []
    ) {
      self.customer = customer
      self.days = days
      self.problem = problem
      self.moments = moments
    }
  }

  package init(
    id: String, play: Play, version: Int, isOn: Bool, yaml: String, onTheWay: Int = 0,
    dryRun: DryRunAnswer? = nil, asksToSwitchOn: Bool = false, results: Results? = nil,
    waiting: [Waiting] = [], tryOut: TryOut? = nil
  ) {
    self.id = id
    self.play = play
    self.version = version
    self.isOn = isOn
    self.yaml = yaml
    self.onTheWay = onTheWay
    self.dryRun = dryRun
    self.asksToSwitchOn = asksToSwitchOn
    self.results = results
    self.waiting = waiting
    self.tryOut = tryOut
  }
}

extension Pages {
  package static func playPath(_ id: String) -> String { "/plays/\(Query.encode(id))" }

  package static func playsPage(_ page: PlaysPage, _ context: PageContext) -> String {
    let (words, format, language) = (context.words, context.format, context.language)
    let rows = page.rows.map { row -> Templates.Values in
      [
        "name": row.play?.name(language) ?? row.id, "href": context.link(playPath(row.id)),
        "about": row.play?.about(language) ?? "", "problem": row.problem ?? false,
        "cell": row.play?.cell.map(words.cell) ?? false,
        "isOn": row.isOn, "state": words[row.isOn ? "playOn" : "playOff"],
        "onTheWay": format.count(row.onTheWay), "sent": format.count(row.sent),
        "skipped": format.count(row.skipped), "hasCounts": row.isOn || row.sent + row.skipped > 0,
      ]
    }
    var values: Templates.Values = ["rows": rows]
    values["tasks"] = taskCard(page.tasks, context)
    return Templates.page("plays", values, title: words["plays"], context: context)
  }

  package static func playPage(_ page: PlayPage, _ context: PageContext) -> String {
    let (words, format, language) = (context.words, context.format, context.language)
    let play = page.play
    let path = playPath(page.id)
    let counts = page.dryRun?.steps.map { ($0.step, format.count($0.sent)) } ?? []
    let picture = PlayPicture.draw(
      play, counts: Dictionary(counts, uniquingKeysWith: { first, _ in first }), context)
    var values: Templates.Values = [
      "plays": context.link("/plays"), "name": play.name(language), "about": play.about(language),
      "isOn": page.isOn, "state": words[page.isOn ? "playOn" : "playOff"], "picture": picture,
      "isWide": PlayPicture.columns(page.play.steps) > 2,
      "facts": words.playFacts(play, format: format), "version": words.playVersion(page.version),
      "onTheWay": words.playOnTheWay(page.onTheWay, format: format), "yaml": page.yaml,
    ]
    values["cell"] = play.cell.map(words.cell) ?? false
    values["mayEdit"] = context.may(.edit)
    values["mayTry"] = context.may(.persons)
    values["self"] = context.link(path)
    values["on"] = context.link("\(path)/on")
    values["off"] = context.link("\(path)/off")
    values["asks"] = page.asksToSwitchOn
    values["needsDryRun"] = page.dryRun == nil
    values["runDry"] = context.link(path, with: [("dry", "yes")])
    values["hasWaiting"] = !page.waiting.isEmpty
    values["waiting"] = page.waiting.map { waiting($0, words, format, context) }
    values["tryCustomer"] = page.tryOut?.customer ?? ""
    values["tryDays"] = String(page.tryOut?.days ?? 14)
    values["tryProblem"] = page.tryOut?.problem ?? false
    values["dryRun"] = page.dryRun.map { dryRun($0, words, format) } ?? false
    values["results"] = page.results.map { results($0, words, format) } ?? false
    values["moments"] = page.tryOut.map { moments($0, words, format) } ?? false
    return Templates.page("play", values, title: play.name(language), context: context)
  }

  private static func waiting(
    _ waiting: PlayPage.Waiting, _ words: Wording, _ format: Format, _ context: PageContext
  ) -> Templates.Values {
    var values: Templates.Values = [
      "customer": words["personHidden"], "href": false, "step": waiting.step,
      "state": words.messageState(waiting.state),
      "reason": waiting.reason.map(words.sendingBar) ?? "",
      "time": "\(format.date(waiting.time)) \(format.clock(waiting.time))",
    ]
    if context.may(.persons) {
      values["customer"] = waiting.customer ?? words["aCustomerGone"]
      if let customer = waiting.customer { values["href"] = context.customerLink(customer) }
    }
    return values
  }

  private static func moments(
    _ tryOut: PlayPage.TryOut, _ words: Wording, _ format: Format
  ) -> [Templates.Values] {
    tryOut.moments.map { moment in
      let time = "\(format.date(moment.time)) \(format.clock(moment.time))"
      return ["time": time, "what": words.tried(moment.what)]
    }
  }

  private static func dryRun(
    _ answer: PlayPage.DryRunAnswer, _ words: Wording, _ format: Format
  ) -> Templates.Values {
    [
      "sentence": words.dryRun(answer, format: format),
      "steps": answer.steps.map { step -> Templates.Values in
        [
          "step": step.step, "due": format.count(step.due), "sent": format.count(step.sent),
          "skipped": step.skipped.map { "\(format.count($0.count)) \(words.sendingBar($0.reason))" }
            .joined(separator: ", "),
        ]
      },
    ]
  }

  private static func results(
    _ results: PlayPage.Results, _ words: Wording, _ format: Format
  ) -> Templates.Values {
    [
      "sentence": words.playEntered(results.entered, heldOut: results.heldOut, format: format),
      "hasVariants": !results.variants.isEmpty,
      "variants": results.variants.map { variant -> Templates.Values in
        [
          "name": variant.name.isEmpty ? words["playEverybody"] : variant.name,
          "entered": format.count(variant.entered), "sent": format.count(variant.sent),
          "opened": format.count(variant.opened), "clicked": format.count(variant.clicked),
          "converted": format.count(variant.converted),
          "share": variant.share.map(format.share) ?? "–",
          "heldOutShare": variant.heldOutShare.map(format.share) ?? "–",
          "verdict": words.lift(variant, currency: results.currency, format: format),
        ]
      },
    ]
  }
}
