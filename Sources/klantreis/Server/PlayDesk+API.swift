import Access
import CustomerJourney
import Foundation
import Hummingbird
import Orchestration
import Store

/// Plays and the work that they give, for programs.
extension PlayDesk {
  func addAPIRoutes(to group: GuardedRoutes) {
    group.get("plays", needs: .insights) { _, _ in
      try .json(["plays": try await workspace.asking { try listed($0) }])
    }
    group.get("plays/:id", needs: .insights) { _, context in
      try await detail(try context.pathPart("id"))
    }
    group.get("plays/:id/dry-run", needs: .insights) { request, context in
      let id = try context.pathPart("id")
      let seesPersons = try context.knownVisitor().may(.persons)
      let (from, to) = (request.query["from"], request.query["to"])
      var answer = try await workspace.asking { snapshot in
        let period = try Period(from: from, to: to, zone: snapshot.zone)
        let (_, program) = try workspace.programs(id, snapshot)
        return try workspace.dryRun(program, snapshot, from: period.from, to: period.to)
      }
      if !seesPersons { answer.sample = [] }
      return try .json(answer)
    }
    group.post("plays/:id/on", needs: .edit) { request, context in
      let id = try context.pathPart("id")
      let said = try await request.json(
        SwitchingOn.self, like: #"{"sure": true}; with false it says whom it would reach"#)
      try await workspace.working { try workspace.switchOn(id, isSure: said.sure, at: .now) }
      try await workspace.note(.playSwitchedOn, id, by: context)
      return try await detail(id)
    }
    group.post("plays/:id/off", needs: .edit) { _, context in
      let id = try context.pathPart("id")
      try await workspace.working { try workspace.switchOff(id, at: .now) }
      try await workspace.note(.playSwitchedOff, id, by: context)
      return try await detail(id)
    }
    group.get("tasks", needs: .persons) { request, _ in
      let state = request.query["state"] ?? "open"
      guard ["open", "all"].contains(state) else {
        throw ParameterError(name: "state", value: state, problem: "Choose from open, all.")
      }
      return try .json([
        "tasks": try await workspace.aside { try workspace.shownTasks(openOnly: state == "open") }
      ])
    }
    group.post("tasks/:id/done", needs: .act) { _, context in
      let id = try context.pathPart("id")
      try await finish(id, by: context)
      return try .json([
        "tasks": try await workspace.aside { try workspace.shownTasks(openOnly: true) }
      ])
    }
  }

  private struct SwitchingOn: Decodable {
    var sure: Bool
  }

  /// A play in a list.
  private struct ListedPlay: Encodable {
    var id: String
    var name: LocalizedText
    var about: LocalizedText?
    /// Level and phase of the maturity matrix: `engagement/do`.
    var cell: String?
    var isOn: Bool
    /// Nil of a built-in play that was never switched on.
    var version: Int?
    /// Why its file cannot be used now.
    var problem: String?
    var onTheWay: Int
    /// How many of its messages are in each state.
    var messages: [String: Int]
  }

  private struct PlayDetail: Encodable {
    var play: ListedPlay
    var yaml: String
    /// Nil while nobody came in.
    var results: PlayResults?
  }

  private func listed(_ snapshot: Snapshot) throws -> [ListedPlay] {
    let runs = try workspace.store.runCounts()
    let messages = try workspace.store.playMessageCounts()
    return snapshot.plays.entries.map { entry in
      let play = entry.program?.play
      return ListedPlay(
        id: entry.id, name: play?.name ?? LocalizedText(en: entry.id), about: play?.about,
        cell: play?.cell?.description, isOn: entry.isOn,
        version: entry.record?.version, problem: entry.problem?.description,
        onTheWay: runs.first { $0.play == entry.id && $0.reason == nil }?.count ?? 0,
        messages: Dictionary(
          uniqueKeysWithValues: (messages[entry.id] ?? [:]).map { ($0.key.rawValue, $0.value) }))
    }
  }

  private func detail(_ id: String) async throws -> Response {
    let detail = try await workspace.asking { snapshot in
      guard let entry = snapshot.plays[id],
        let play = try listed(snapshot).first(where: { $0.id == id })
      else { throw PlayProblem.unknown(id) }
      var results: PlayResults?
      if entry.record != nil, let program = entry.program {
        let found = try workspace.playResults(program, snapshot, now: .now)
        results = found.entered > 0 ? found : nil
      }
      return PlayDetail(play: play, yaml: entry.yaml, results: results)
    }
    return try .json(detail)
  }
}
