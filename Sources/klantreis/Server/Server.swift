import CustomerJourney
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import ServiceLifecycle
import Store
import UnixSignals

/// The collector, the dashboard and the API of one data folder. Tests use the same router as
/// `serve`.
struct Server: Sendable {
  let workspace: Workspace
  let reception: Reception
  /// Host names under which it may be reached besides this machine's own.
  let allowedHosts: Set<String>
  let logger: Logger
  let slots: SlotRoutes
  private let gate: Gate

  init(
    workspace: Workspace, allowedHosts: Set<String> = [], logger: Logger,
    access: Gate.Settings = Gate.Settings()
  ) {
    self.workspace = workspace
    gate = Gate(workspace: workspace, settings: access)
    self.allowedHosts = allowedHosts
    self.logger = logger
    reception = Reception(workspace: workspace)
    slots = SlotRoutes(workspace: workspace, reception: reception)
  }

  func router() -> Router<ServerContext> {
    let router = Router(context: ServerContext.self, options: .autoGenerateHeadEndpoints)
    let status = StatusRoutes(workspace: workspace, reception: reception)
    // Before the guards of the dashboard: clients come from other sites and under any name.
    CollectorRoutes(door: reception.door).addRoutes(to: router)
    status.addOpenRoutes(to: router)
    TrackerRoute().addRoute(to: router)
    slots.addRoutes(to: router)
    let playLinks = PlayLinkRoutes(workspace: workspace)
    playLinks.addShopRoutes(to: router)
    MessageLinks(workspace: workspace, intake: reception.intake).addOpenRoutes(to: router)
    MailReportRoute(workspace: workspace).addRoute(to: router)
    router.add(middleware: SecurityHeaders())
    router.add(middleware: RememberLanguage())
    playLinks.addOpenRoutes(to: router)
    router.add(middleware: ErrorPages(workspace: workspace, logger: logger))
    router.add(
      middleware: OwnPagesOnly(
        hosts: allowedHosts.union(["localhost", "127.0.0.1", "::1"])))
    Site.addAssets(to: router)
    LoginDesk(gate: gate).addOpenRoutes(to: router)
    PreferenceDesk(gate: gate).addOpenRoutes(to: router)
    // From here on nothing answers who is not logged in.
    router.add(middleware: LoginRequired(gate: gate))
    // Again, for here it is known who reads.
    router.add(middleware: ErrorPages(workspace: workspace, logger: logger))
    let routes = GuardedRoutes(router: router)
    status.addGuardedRoutes(to: routes)
    API(workspace: workspace).addRoutes(to: routes)
    LoginDesk(gate: gate).addRoutes(to: routes)
    AccountDesk(gate: gate).addRoutes(to: routes)
    UserDesk(gate: gate).addRoutes(to: routes)
    let imports = ImportDesk(workspace: workspace)
    imports.throwAwayOld()
    workspace.store.removeOldProbes()
    let sources = SourceDesk(
      workspace: workspace, live: reception.live, metrics: reception.metrics)
    Site(workspace: workspace, imports: imports, sources: sources).addRoutes(to: routes)
    return router
  }

  /// Runs until the process is told to stop; `onRunning` gets the port that it listens on.
  ///
  /// Told to stop (SIGTERM or SIGINT) it takes no more connections, answers the requests in flight,
  /// stores what waits, and returns. A second signal changes nothing.
  func run(host: String, port: Int, onRunning: @escaping @Sendable (Int) -> Void) async throws {
    let application = Application(
      router: router(),
      server: doorways,
      configuration: .init(
        address: .hostname(host, port: port), serverName: nil, backlog: 1_024,
        reuseAddress: true,
        availableConnectionsDelegate: .maximum(Self.connections(), logger: logger)),
      // Services stop in reverse order, so the intake closes when the server has answered all.
      services: [
        IntakeService(intake: reception.intake),
        NewsService(
          workspace: workspace, watch: Watch(store: workspace.store),
          plays: PlayKeeper(workspace: workspace), logger: logger),
        SearchService(workspace: workspace, logger: logger),
        DeliveryService(workspace: workspace, intake: reception.intake, logger: logger),
        PrivacyService(workspace: workspace, logger: logger),
      ],
      onServerRunning: { channel in onRunning(channel.localAddress?.port ?? port) },
      logger: logger)
    var configuration = ServiceGroupConfiguration(
      services: [AnnouncedService(service: application, readiness: reception.readiness)],
      gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    configuration.maximumGracefulShutdownDuration = .seconds(Limits.stopSeconds)
    try await ServiceGroup(configuration: configuration).run()
  }

  private var doorways: HTTPServerBuilder {
    HTTPServerBuilder { [reception] responder in
      let door = reception.door
      return DoorwayChannel(
        http: HTTP1Channel(
          responder: responder,
          configuration: .init(
            additionalChannelHandlers: [ConnectionGuard()],
            idleTimeout: .milliseconds(Int64(Limits.idleSeconds * 1_000)))),
        doorway: { Doorway(door: door, keep: reception.keep) })
    }
  }

  /// As many connections as the system has files for, besides those of the store.
  private static func connections() -> Int {
    var files = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files) == 0 else {
      return Limits.connections
    }
    if files.rlim_cur < files.rlim_max {
      files.rlim_cur = min(files.rlim_max, rlim_t(Limits.connections) * 2)
      _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
      _ = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &files)
    }
    let spare = Int(clamping: files.rlim_cur) - 128
    return min(Limits.connections, max(16, spare))
  }
}

/// Runs the intake, and at the end waits until all that was handed in is stored.
private struct IntakeService: Service {
  let intake: Intake

  func run() async throws {
    intake.start()
    try? await gracefulShutdown()
    await intake.close()
  }
}

/// Looks for what is new, so that no page waits for more than came since the last look, and notes who
/// entered or left a phase or a segment by it.
struct NewsService: Service {
  let workspace: Workspace
  let watch: Watch
  let plays: PlayKeeper
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var problem: String?
      var isPlaying = false
      while !Task.isCancelled {
        let began = ContinuousClock.now
        do {
          isPlaying = try await workspace.looking { [watch, plays] snapshot in
            try watch.look(snapshot, now: .now)
            try plays.look(snapshot, now: .now)
            return !snapshot.plays.running.isEmpty
          }
          problem = nil
        } catch {
          // Said once: questions fail with it until it is over.
          if problem != "\(error)" { logger.error("The journeys cannot be read: \(error)") }
          problem = "\(error)"
        }
        try? await Task.sleep(for: Self.rest(after: .now - began, isPlaying: isPlaying))
      }
    }
  }

  /// The longer a look took, the later the next one: so that looking takes no more than a share of a
  /// server that takes much in, and yet never lets anybody wait for long; least of all those to whom a
  /// play says something.
  static func rest(after look: Duration, isPlaying: Bool) -> Duration {
    let most = isPlaying ? Limits.newsSecondsOfPlays : Limits.newsSecondsUnderLoad
    return min(max(.seconds(Limits.newsSeconds), look * 8), .seconds(most))
  }
}

/// Takes what is new into the search, a little at a time, so that what comes in never waits for it.
private struct SearchService: Service {
  let workspace: Workspace
  let logger: Logger

  func run() async throws {
    await cancelWhenGracefulShutdown {
      let index = SearchIndex(store: workspace.store)
      var problem: String?
      while !Task.isCancelled {
        var isMore = false
        do {
          isMore = try await workspace.aside { try index.update() }
          problem = nil
        } catch {
          if problem != "\(error)" { logger.error("The search is not kept up to date: \(error)") }
          problem = "\(error)"
        }
        // Those who store something come in between.
        try? await Task.sleep(for: isMore ? .milliseconds(5) : .seconds(Limits.newsSeconds))
      }
    }
  }
}

/// Says at once that the server stops, while requests in flight are still answered.
private struct AnnouncedService<Inner: Service>: Service {
  let service: Inner
  let readiness: Readiness

  func run() async throws {
    try await withGracefulShutdownHandler {
      try await service.run()
    } onGracefulShutdown: {
      readiness.stop()
    }
  }
}
