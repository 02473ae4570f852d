import Access
import CustomerJourney
import Dashboard
import Foundation
import HTTPTypes
import Hummingbird
import Insights
import JourneyEngine
import Store

/// The pages of segments: try a rule and see whom it finds, keep it under a name, see who comes and
/// goes, let it go.
struct SegmentDesk: Sendable {
  let workspace: Workspace

  /// Moments in a list's small lines, and on a segment's own page.
  private static let sparkPoints = 12
  private static let pagePoints = 24
  /// Those who came and went last, on a segment's own page.
  private static let moves = 50

  func addRoutes(to routes: GuardedRoutes) {
    routes.get("segments", needs: .insights) { request, context in
      try await list(Visit(request, context), name: "", rule: "")
    }
    routes.post("segments", needs: .edit) { request, context in
      let form = try await FormFields.body(of: request)
      let (name, rule) = (form["name"] ?? "", form["who"] ?? "")
      guard form["do"] != "count" else {
        return try await list(Visit(request, context), name: name, rule: rule)
      }
      do {
        let segment = try await workspace.working {
          try workspace.addSegment(name: name, rule: rule)
        }
        try await workspace.note(.segmentAdded, segment.name, by: context)
        return Response.seeOther(Pages.segmentPath(segment.name))
      } catch let problem as SegmentProblem {
        var visit = Visit(request, context)
        visit.note(ParameterError(name: "name", value: name, problem: problem.description))
        return try await list(visit, name: name, rule: rule)
      } catch let problem as ParameterError {
        var visit = Visit(request, context)
        visit.note(problem, typed: rule)
        return try await list(visit, name: name, rule: rule)
      }
    }
    routes.get("segments/:name", needs: .insights) { request, context in
      let name = try context.pathPart("name")
      let visit = Visit(request, context)
      return Response.html(try await workspace.asking { try page(name, visit, $0) })
    }
    routes.post("segments/:name/remove", needs: .edit) { request, context in
      let name = try context.pathPart("name")
      do {
        try await workspace.working { try workspace.removeSegment(named: name) }
        try await workspace.note(.segmentRemoved, name, by: context)
      } catch let problem as SegmentProblem {
        var visit = Visit(request, context)
        visit.note(ParameterError(name: "name", value: nil, problem: problem.description))
        return try await list(visit, name: "", rule: "")
      }
      return Response.seeOther("/segments")
    }
  }

  private func list(_ visit: Visit, name: String, rule: String) async throws -> Response {
    let html = try await workspace.asking { snapshot in
      var visit = visit
      var size: SegmentSize?
      if visit.isGood, !rule.trimmed.isEmpty {
        do {
          size = try snapshot.segmentSize(Question(.segment, ["who": [rule], "points": ["1"]]))
        } catch let problem as ParameterError {
          visit.note(problem, typed: rule)
        }
      }
      let page = SegmentsPage(
        rows: try snapshot.segments.entries.map {
          try row($0, snapshot, points: Self.sparkPoints)
        }, name: name, rule: rule, size: size)
      return Pages.segmentsPage(page, visit.context(snapshot))
    }
    return Response.html(html)
  }

  private func page(_ name: String, _ visit: Visit, _ snapshot: Snapshot) throws -> String {
    guard let entry = snapshot.segments[name] else {
      throw NotFound(
        what: "There is no segment \u{201C}\(name)\u{201D}.",
        advice: "Open one from the list of segments, or make it there.")
    }
    let changes = try workspace.store.lastStandingChanges(
      of: .segment(name), limit: Self.moves)
    let keys = try workspace.store.customerKeys(Array(Set(changes.map(\.customer))))
    return Pages.segmentPage(
      SegmentPage(
        row: try row(entry, snapshot, points: Self.pagePoints),
        moves: changes.map { change in
          SegmentPage.Move(
            customer: keys[change.customer], isIn: change.to != nil,
            time: snapshot.zone.clock(change.happened))
        }), visit.context(snapshot))
  }

  private func row(
    _ entry: SegmentCatalogue.Entry, _ snapshot: Snapshot, points: Int
  ) throws -> SegmentsPage.Row {
    var row = SegmentsPage.Row(
      name: entry.segment.name, rule: entry.segment.rule, problem: entry.problem)
    guard entry.rule != nil, snapshot.journeys.count > 0 else { return row }
    row.size = try snapshot.segmentSize(
      Question(.segment, ["who": [entry.segment.rule], "points": [String(points)]]))
    return row
  }
}
