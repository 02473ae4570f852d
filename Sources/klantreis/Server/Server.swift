import CustomerJourney
import Foundation
import Hummingbird
import Logging
import NIOCore
import Store

/// The dashboard and the API of one data folder. Tests use the same router as `serve`.
struct Server: Sendable {
  let workspace: Workspace
  let reception: Reception
  /// Host names under which it may be reached besides this machine's own.
  let allowedHosts: Set<String>
  let logger: Logger

  init(workspace: Workspace, allowedHosts: Set<String> = [], logger: Logger) {
    self.workspace = workspace
    self.allowedHosts = allowedHosts
    self.logger = logger
    reception = Reception(workspace: workspace)
  }

  func router() -> Router<BasicRequestContext> {
    let router = Router(options: .autoGenerateHeadEndpoints)
    // Before the guards of the dashboard: clients come from other sites and under any name.
    CollectorRoutes(door: reception.door).addRoutes(to: router)
    router.add(middleware: SecurityHeaders())
    router.add(middleware: ErrorPages(workspace: workspace, logger: logger))
    router.add(
      middleware: OwnPagesOnly(
        hosts: allowedHosts.union(["localhost", "127.0.0.1", "::1"])))
    router.get("health") { _, _ in Response.data(Data("ok\n".utf8), type: "text/plain") }
    API(workspace: workspace).addRoutes(to: router)
    let imports = ImportDesk(workspace: workspace)
    imports.throwAwayOld()
    Site(workspace: workspace, imports: imports).addRoutes(to: router)
    return router
  }

  /// Runs until the process is told to stop; `onRunning` gets the port that it listens on.
  func run(host: String, port: Int, onRunning: @escaping @Sendable (Int) -> Void) async throws {
    let application = Application(
      router: router(),
      server: .http1(
        configuration: .init(
          additionalChannelHandlers: [RequestDeadline()],
          idleTimeout: .milliseconds(Int64(Limits.requestSeconds * 1_000)))),
      configuration: .init(
        address: .hostname(host, port: port), serverName: nil,
        reuseAddress: true),
      onServerRunning: { channel in onRunning(channel.localAddress?.port ?? port) },
      logger: logger)
    // The first page is not the one that waits for the journeys to be read.
    Task.detached { [workspace] in _ = try? workspace.snapshot() }
    reception.intake.start()
    try await application.runService()
    await reception.intake.close()
  }
}
