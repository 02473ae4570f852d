import Access
import Foundation
import Hummingbird
import Store

/// What machines ask about this server: `/health`, `/ready` and `/metrics`.
struct StatusRoutes: Sendable {
  let workspace: Workspace
  let reception: Reception
  private let started = ContinuousClock.now

  init(workspace: Workspace, reception: Reception) {
    self.workspace = workspace
    self.reception = reception
  }

  /// Whether the process lives and whether events can be stored may be asked under any name: load
  /// balancers ask by address.
  func addOpenRoutes<Context: RequestContext>(to router: Router<Context>) {
    router.get("health") { _, _ in Response.data(Data("ok\n".utf8), type: "text/plain") }
    router.get("ready") { _, _ in
      let problems = await reception.problems()
      let answer = Answer(ready: problems.isEmpty, reasons: problems)
      return Response.data(
        try JSONEncoder().encode(answer), type: "application/json",
        status: answer.ready ? .ok : .serviceUnavailable)
    }
  }

  /// Names of sources are in the metrics, so they are as guarded as the dashboard.
  func addGuardedRoutes(to routes: GuardedRoutes) {
    routes.get("metrics", needs: .insights) { _, _ in
      Response.data(
        Data(await metrics().utf8), type: "text/plain; version=0.0.4; charset=utf-8")
    }
  }

  private struct Answer: Encodable {
    var ready: Bool
    var reasons: [String]
  }

  private func metrics() async -> String {
    let database = workspace.folder.appending(path: Store.fileName)
    return reception.metrics.text(
      at: Metrics.Moment(
        queued: reception.intake.depth, capacity: reception.intake.capacity,
        viewers: reception.live.viewers, upSeconds: (ContinuousClock.now - started).seconds,
        isReady: await reception.problems().isEmpty,
        version: Klantreis.version,
        residentBytes: Metrics.Moment.residentBytes(),
        databaseBytes: Metrics.Moment.bytes(of: database),
        walBytes: Metrics.Moment.bytes(of: URL(filePath: database.path + "-wal")),
        journeys: workspace.keeper.status,
        identityAlarms: try? workspace.store.identityAlarms()))
  }
}
