import Access
import CustomerJourney
import Dashboard
import Foundation
import HTTPTypes
import Hummingbird
import Orchestration
import Store

/// The pages of plays: what there is, switching on and off, looking back, trying out, and what came
/// of them.
struct PlayDesk: Sendable {
  let workspace: Workspace

  /// Messages on a play's page.
  private static let messages = 50

  func addRoutes(to routes: GuardedRoutes) {
    routes.get("plays", needs: .insights) { request, context in
      let visit = Visit(request, context)
      let seesPersons = try context.knownVisitor().may(.persons)
      return Response.html(
        try await workspace.asking { try list(visit, $0, seesPersons: seesPersons) })
    }
    routes.post("tasks/:id/done", needs: .act) { request, context in
      let form = try await FormFields.body(of: request)
      try await finish(try context.pathPart("id"), by: context)
      return Response.seeOther(
        (form["customer"].map { Pages.customerPath($0) } ?? "/plays") + "#tasks")
    }
    routes.get("plays/:id", needs: .insights) { request, context in
      let id = try context.pathPart("id")
      let visit = Visit(request, context)
      let mayTry = try context.knownVisitor().may(.persons)
      return Response.html(
        try await workspace.asking { try page(id, visit, $0, asks: false, mayTry: mayTry) })
    }
    routes.post("plays/:id/on", needs: .edit) { request, context in
      let id = try context.pathPart("id")
      let form = try await FormFields.body(of: request)
      do {
        try await workspace.working {
          try workspace.switchOn(id, isSure: form["sure"] == "yes", at: .now)
        }
      } catch PlayProblem.needsYes {
        let visit = Visit(request, context)
        return Response.html(
          try await workspace.asking { try page(id, visit, $0, asks: true, mayTry: false) })
      } catch let problem as PlayProblem {
        throw Self.told(problem)
      }
      try await workspace.note(.playSwitchedOn, id, by: context)
      return Response.seeOther(Pages.playPath(id))
    }
    routes.post("plays/:id/off", needs: .edit) { _, context in
      let id = try context.pathPart("id")
      do {
        try await workspace.working { try workspace.switchOff(id, at: .now) }
      } catch let problem as PlayProblem {
        throw Self.told(problem)
      }
      try await workspace.note(.playSwitchedOff, id, by: context)
      return Response.seeOther(Pages.playPath(id))
    }
  }

  private static func told(_ problem: PlayProblem) -> any Error {
    if case .unknown(let id) = problem {
      return NotFound(
        what: "There is no play \u{201C}\(id)\u{201D}.", advice: "Open one from the list of plays.")
    }
    return HTTPError(.conflict, message: problem.description)
  }

  // MARK: Pages

  private func list(_ visit: Visit, _ snapshot: Snapshot, seesPersons: Bool) throws -> String {
    let store = workspace.store
    let runs = try store.runCounts()
    let messages = try store.playMessageCounts()
    let rows = snapshot.plays.entries.map { entry in
      let counts = messages[entry.id] ?? [:]
      return PlaysPage.Row(
        id: entry.id, play: entry.program?.play, problem: entry.problem?.description,
        isOn: entry.isOn,
        onTheWay: runs.first { $0.play == entry.id && $0.reason == nil }?.count ?? 0,
        sent: MessageState.allCases.filter(\.mayHaveArrived).reduce(0) { $0 + (counts[$1] ?? 0) },
        skipped: counts[.skipped] ?? 0)
    }
    let tasks =
      seesPersons ? try shown(workspace.store.playTasks(limit: Limits.tasksPerPage), snapshot) : []
    return Pages.playsPage(PlaysPage(rows: rows, tasks: tasks), visit.context(snapshot))
  }

  private func shown(_ tasks: [PlayTask], _ snapshot: Snapshot) throws -> [TaskRow] {
    let keys = try workspace.store.customerKeys(Array(Set(tasks.map(\.customer))))
    return tasks.map { task in
      TaskRow(
        id: task.id, text: task.text, playID: task.play,
        play: snapshot.plays[task.play]?.program?.play.name ?? LocalizedText(en: task.play),
        customer: keys[task.customer], created: snapshot.zone.clock(task.created),
        done: task.done.map { snapshot.zone.clock($0) })
    }
  }

  /// For the customer's page.
  func tasks(ofCustomer key: String, _ snapshot: Snapshot) throws -> [TaskRow] {
    guard let customer = try workspace.store.customer(key: key) else { return [] }
    return try shown(
      workspace.store.playTasks(ofCustomer: customer, limit: Limits.tasksOfCustomer), snapshot)
  }

  /// Notes that a task was done. Throws ``NotFound`` where it is not open.
  func finish(_ id: String, by context: ServerContext) async throws {
    let isDone = try await workspace.working {
      try Int64(id).map { try workspace.store.finishTask($0, at: .now) } ?? false
    }
    guard isDone else {
      throw NotFound(
        what: "Nothing was changed.", advice: "There is no such task, or it was done already.")
    }
    try await workspace.note(.taskDone, id, by: context)
  }

  private func page(
    _ id: String, _ visit: Visit, _ snapshot: Snapshot, asks: Bool, mayTry: Bool
  ) throws -> String {
    let (entry, program): (PlayCatalogue.Entry, PlayProgram)
    do {
      (entry, program) = try workspace.programs(id, snapshot)
    } catch let problem as PlayProblem {
      throw Self.told(problem)
    }
    let store = workspace.store
    let results =
      entry.record == nil
      ? nil : try workspace.playResults(program, snapshot, now: .now)
    let onTheWay = try store.runCounts().first { $0.play == id && $0.reason == nil }?.count ?? 0
    var page = PlayPage(
      id: id, play: program.play, version: program.version, isOn: entry.isOn, yaml: entry.yaml,
      onTheWay: onTheWay, asksToSwitchOn: asks,
      results: results.flatMap { $0.entered > 0 ? PlayPage.Results($0) : nil },
      waiting: try waiting(id, snapshot))
    if asks || visit.value("dry") != nil { page.dryRun = try dryRun(program, snapshot) }
    if mayTry, let customer = visit.value("customer") {
      page.tryOut = try tryOut(
        program, customer, days: min(366, max(1, visit.value("days").flatMap(Int.init) ?? 14)),
        snapshot)
    }
    return Pages.playPage(page, visit.context(snapshot))
  }

  private func dryRun(
    _ program: PlayProgram, _ snapshot: Snapshot
  ) throws -> PlayPage.DryRunAnswer {
    let began = ContinuousClock.now
    let answer = try workspace.dryRun(program, snapshot)
    let took = (ContinuousClock.now - began).components
    return PlayPage.DryRunAnswer(
      from: snapshot.zone.clock(answer.from),
      to: snapshot.zone.clock(Timestamp(milliseconds: answer.to.milliseconds - 1)),
      customers: answer.customers, entered: answer.entered, heldOut: answer.heldOut,
      reached: answer.reached,
      steps: answer.steps.map { step in
        .init(
          step: step.step, due: step.due, sent: step.sent,
          skipped: step.skipped.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            .map { ($0.key, $0.value) })
      }, milliseconds: Int(took.seconds) * 1000 + Int(took.attoseconds / 1_000_000_000_000_000))
  }

  private func tryOut(
    _ program: PlayProgram, _ customer: String, days: Int, _ snapshot: Snapshot
  ) throws -> PlayPage.TryOut {
    do {
      let moments = try workspace.tryOut(program, on: customer, from: nil, days: days, snapshot)
      return PlayPage.TryOut(
        customer: customer, days: days,
        moments: moments.map { (snapshot.zone.clock($0.at), PlayPage.TryOut.What($0.what)) })
    } catch let problem as NotFound {
      return PlayPage.TryOut(customer: customer, days: days, problem: problem.description)
    }
  }

  private func waiting(_ play: String, _ snapshot: Snapshot) throws -> [PlayPage.Waiting] {
    let messages = try workspace.store.lastMessages(ofPlay: play, limit: Self.messages)
    let keys = try workspace.store.customerKeys(Array(Set(messages.map(\.intent.customer))))
    return messages.map { message in
      PlayPage.Waiting(
        customer: keys[message.intent.customer], step: message.intent.origin.step,
        state: message.standing.state.rawValue, reason: message.standing.reason?.code,
        time: snapshot.zone.clock(
          message.standing.state == .waiting ? message.standing.due : message.changed))
    }
  }
}

extension PlayPage.TryOut.What {
  init(_ what: PlaySimulation.What) {
    switch what {
    case .entered: self = .entered
    case .heldOut: self = .heldOut
    case .done(let deed): self = .done(step: deed.step)
    case .verdict(let deed, .send):
      self = .sent(step: deed.step, template: deed.action.template ?? "")
    case .verdict(let deed, .skip(let bar)), .verdict(let deed, .wait(_, let bar)):
      self = .notSent(step: deed.step, reason: bar.rawValue)
    case .ended(let reason): self = .ended(reason: reason.description)
    }
  }
}

extension PlayPage.Results {
  init(_ results: PlayResults) {
    func interval(_ interval: Lift.Interval?) -> (low: Double, estimate: Double, high: Double)? {
      interval.map { ($0.low, $0.estimate, $0.high) }
    }
    self.init(
      entered: results.entered, heldOut: results.heldOut, complete: results.complete,
      currency: results.currency,
      variants: results.variants.map { variant in
        Variant(
          name: variant.name, entered: variant.entered,
          sent: MessageState.allCases.filter(\.mayHaveArrived)
            .reduce(0) { $0 + (variant.messages[$1.rawValue] ?? 0) },
          opened: variant.opened, clicked: variant.clicked,
          converted: variant.lift.treated.converted, share: variant.lift.treated.share,
          heldOutShare: variant.lift.heldOut.share, difference: interval(variant.conversion),
          value: interval(variant.valuePerCustomer), verdict: Variant.Verdict(variant.verdict))
      })
  }
}

extension PlayPage.Results.Variant.Verdict {
  init(_ verdict: Lift.Verdict) {
    switch verdict {
    case .tooEarly: self = .tooEarly
    case .noDifference: self = .noDifference
    case .more: self = .more
    case .fewer: self = .fewer
    }
  }
}
