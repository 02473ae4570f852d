import Access
import CustomerJourney
import Logging
import ServiceLifecycle
import Store

/// Once an hour finishes erasures that were cut off and removes what has outlived its term, and lets go
/// of journeys in memory when another process erased somebody.
struct PrivacyService: Service {
  let workspace: Workspace
  let logger: Logger

  /// As the log of who did what names the server itself.
  static let actor = "server"

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var version: Int64?
      var ranAt: Timestamp?
      while !Task.isCancelled {
        do {
          (version, ranAt) = try await workspace.aside { [workspace, version, ranAt] in
            try Self.look(workspace, version, ranAt, at: .now)
          }
        } catch {
          logger.error("What was erased or has outlived its term could not be removed: \(error)")
          ranAt = .now
        }
        try? await Task.sleep(for: .seconds(Limits.erasedLookSeconds))
      }
    }
  }

  static func look(
    _ workspace: Workspace, _ version: Int64?, _ ranAt: Timestamp?, at now: Timestamp
  ) throws -> (Int64?, Timestamp?) {
    let current = try workspace.store.erasedVersion()
    if let version, version != current { try workspace.forgetJourneys() }
    if let ranAt, now.seconds(since: ranAt) < Limits.retentionSeconds { return (current, ranAt) }
    try Eraser(workspace: workspace).finishOpen(at: now)
    try RetentionRun(workspace: workspace).run(at: now, by: actor)
    return (try workspace.store.erasedVersion(), now)
  }
}
