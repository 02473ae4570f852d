import Access
import CustomerJourney
import Foundation
import HTTPTypes
import Hummingbird
import Orchestration
import Store

/// What links of mails lead to: anybody who has one may follow it, and it opens nothing else.
struct MessageLinks: Sendable {
  let workspace: Workspace
  let intake: Intake

  /// A picture of one transparent dot.
  private static let dot = Data(
    [
      0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0x21,
      0xF9, 4, 1, 0, 0, 0, 0, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B,
    ] as [UInt8])

  func addOpenRoutes<Context: RequestContext>(to router: Router<Context>) {
    router.get("m/o/:token") { _, context in
      // The picture comes whatever the token says: a broken one in a mail helps nobody.
      if let token = try? context.parameters.require("token") {
        try? await note(.opened) { key in
          let link = try SignedLink(token: token, purpose: .open, key: key, now: .now)
          return Int64(link.subject)
        }
      }
      return Response.data(Self.dot, type: "image/gif")
    }
    router.get("m/c/:token") { _, context in
      let token = try context.parameters.require("token")
      let click: (message: Int64, address: String)
      do {
        let key = try await workspace.aside { [workspace] in try workspace.linkKey() }
        click = try TrackedLinks.click(token: token, key: key, now: .now)
      } catch let problem as LinkProblem {
        let words =
          problem == .expired
          ? "This link was good once, and is too old now.\nDeze link is verlopen.\n"
          : "This link leads nowhere.\nDeze link leidt nergens heen.\n"
        return Response.data(
          Data(words.utf8), type: "text/plain; charset=utf-8", status: .notFound)
      }
      // Whoever clicked gets there, whether it can be counted or not.
      try? await note(.clicked(click.address)) { _ in click.message }
      return Response(
        status: .found, headers: [.location: click.address, .cacheControl: "no-store"])
    }
  }

  private func note(
    _ act: MessageAct, _ message: @escaping @Sendable ([UInt8]) throws -> Int64?
  ) async throws {
    let touchpoint = try await workspace.aside { [workspace] () -> Touchpoint? in
      guard let id = try message(try workspace.linkKey()),
        let message = try workspace.store.message(id)
      else { return nil }
      return try workspace.touchpoint(act, message, at: .now)
    }
    if let touchpoint { _ = try await intake.store(CollectedBatch(touchpoints: [touchpoint])) }
  }
}
