import Access
import CustomerJourney
import Dashboard
import Foundation
import HTTPTypes
import Hummingbird
import Store
import Synchronization

/// Pages that customers open with a link of ours, without login: what may be done, no more of it, and a
/// confirmation.
///
/// A GET changes nothing, since programs that look for harm in mails follow links.
struct PreferenceDesk: Sendable {
  let gate: Gate
  private let throttle = PublicThrottle()
  private var workspace: Workspace { gate.workspace }
  private var links: ConsentLinks { ConsentLinks(workspace: workspace) }

  init(gate: Gate) { self.gate = gate }

  func addOpenRoutes(to router: Router<ServerContext>) {
    router.get("preferences/:token") { request, context in
      try await serving(request, context) { try await preferences($0, request, isDone: false) }
    }
    router.post("preferences/:token") { request, context in
      try await serving(request, context) { token in
        try await choose(token, try await FormFields.body(of: request), request)
      }
    }
    router.get("unsubscribe/:token") { request, context in
      try await serving(request, context) { try await unsubscribe($0, request, isDone: false) }
    }
    router.post("unsubscribe/:token") { request, context in
      try await serving(request, context) { token in
        // RFC 8058: `List-Unsubscribe=One-Click`, or the button of our page.
        let form = try await FormFields.body(of: request)
        let isOneClick = form["List-Unsubscribe"]?.lowercased() == "one-click"
        guard isOneClick || form["do"] == "stop" else {
          throw HTTPError(.badRequest, message: "The form says nothing that can be done.")
        }
        return try await unsubscribe(token, request, isDone: true)
      }
    }
    router.get("confirm/:token") { request, context in
      try await serving(request, context) { try await confirm($0, request, isPressed: false) }
    }
    router.post("confirm/:token") { request, context in
      try await serving(request, context) { token in
        guard try await FormFields.body(of: request)["do"] == "confirm" else {
          throw HTTPError(.badRequest, message: "The form says nothing that can be done.")
        }
        return try await confirm(token, request, isPressed: true)
      }
    }
  }

  private func serving(
    _ request: Request, _ context: ServerContext, _ body: (String) async throws -> Response
  ) async throws -> Response {
    let address = try await gate.address(of: request, context.remoteAddress?.ipAddress)
    guard throttle.lets(address, at: gate.now) else {
      throw HTTPError(
        .tooManyRequests, message: "Too many requests came from this address; wait a minute.")
    }
    var response = try await body(try context.pathPart("token"))
    response.headers[.named("X-Robots-Tag")] = "noindex"
    return response
  }

  private func page(_ page: PublicPage, _ request: Request) -> Response {
    let isOver = if case .over = page { true } else { false }
    return .html(
      Pages.publicPage(page, Visit(request).plainContext), status: isOver ? .gone : .ok)
  }

  // MARK: Preferences

  private func preferences(
    _ token: String, _ request: Request, isDone: Bool
  ) async throws -> Response {
    let (links, now, workspace) = (links, gate.now, workspace)
    let known = try await workspace.aside {
      try links.opened(token, for: .preferences, at: now).map { try workspace.consent(of: $0.key) }
    }
    guard let known else { return page(.over, request) }
    return page(
      .preferences(
        token: token, asked: known.asked.purposes, standings: known.standings, isDone: isDone),
      request)
  }

  private func choose(
    _ token: String, _ form: FormFields, _ request: Request
  ) async throws -> Response {
    let (links, now, workspace) = (links, gate.now, workspace)
    let language = Visit(request).language
    let chosen = Set(form.values["grant"] ?? [])
    let isNothing = form["do"] == "nothing"
    let found = try await workspace.working {
      guard let (key, _) = try links.opened(token, for: .preferences, at: now) else { return false }
      let known = try workspace.consent(of: key)
      let asked = known.standings.filter { standing in
        known.asked.purposes.contains { purpose in
          purpose.id == standing.grant.purpose
        }
      }
      try workspace.answer(
        (isNothing ? known.standings : asked).map { standing in
          let name = "\(standing.grant.purpose)|\(standing.grant.channel.name)"
          return (standing.grant, !isNothing && chosen.contains(name))
        }, of: key, by: isNothing ? .unsubscribe : .preferences, page: "/preferences",
        language: language, at: now)
      return true
    }
    guard found else { return page(.over, request) }
    return try await preferences(token, request, isDone: true)
  }

  // MARK: No more of it

  private func unsubscribe(
    _ token: String, _ request: Request, isDone: Bool
  ) async throws -> Response {
    let (links, now, workspace) = (links, gate.now, workspace)
    let context = Visit(request).plainContext
    let shown = try await workspace.working { () -> (what: String, preferences: String?)? in
      guard let (key, subject) = try links.opened(token, for: .unsubscribe, at: now) else {
        return nil
      }
      let asked = try workspace.store.purposes().purposes
      // Without more words it is about all that needs a yes, on this channel.
      let channel = subject.channel ?? .email
      let purposes = asked.filter { purpose in
        subject.purpose.map { $0 == purpose.id } ?? purpose.needsOptIn
      }
      let ids = purposes.isEmpty ? subject.purpose.map { [$0] } ?? [] : purposes.map(\.id)
      if isDone {
        try workspace.answer(
          ids.map { (ConsentGrant(channel: channel, purpose: $0), false) }, of: key,
          by: .unsubscribe, page: "/unsubscribe", language: context.language, at: now)
      }
      return (
        context.consentSentence(subject.purpose == nil ? nil : purposes.first, channel),
        try links.path(.preferences, of: key, at: now)
      )
    }
    guard let shown else { return page(.over, request) }
    return page(
      .unsubscribe(
        token: token, what: shown.what, isDone: isDone, preferences: shown.preferences), request)
  }

  // MARK: Confirmation

  private func confirm(
    _ token: String, _ request: Request, isPressed: Bool
  ) async throws -> Response {
    let (links, now, workspace) = (links, gate.now, workspace)
    let context = Visit(request).plainContext
    let shown = try await workspace.working {
      () -> (what: String, state: PublicPage.Confirmation)? in
      guard let (key, subject) = try links.opened(token, for: .confirmation, at: now),
        let channel = subject.channel, let about = subject.purpose
      else { return nil }
      let known = try workspace.consent(of: key)
      let grant = ConsentGrant(channel: channel, purpose: about)
      let said = known.entries.filter { $0.grant.means(grant) }
      guard let asked = said.last(where: { $0.means == .request }) else { return nil }
      let purpose = known.asked.purposes.first { $0.id == about }
      let what = context.consentSentence(purpose, channel)
      // A link that was used before says nothing more: the customer may have thought otherwise since.
      if said.contains(where: { $0.means.isAct && $0.happened > asked.happened }) {
        return (what, .answered)
      }
      guard isPressed else { return (what, .asks) }
      try workspace.store.add([
        ConsentEntry(
          key: key, purpose: about, channel: channel, state: .given, happened: now,
          means: .confirmation, by: "customer", page: "/confirm", words: asked.words,
          version: asked.version)
      ])
      return (what, .done)
    }
    guard let shown else { return page(.over, request) }
    return page(.confirmation(token: token, what: shown.what, state: shown.state), request)
  }
}

/// Lets each address send so many requests in a minute.
final class PublicThrottle: Sendable {
  private let state = Mutex<(minute: Int64, counts: [String: Int])>((0, [:]))

  func lets(_ address: String, at now: Timestamp) -> Bool {
    state.withLock { state in
      let minute = now.milliseconds / 60_000
      if state.minute != minute { state = (minute, [:]) }
      // Who has many addresses fills no memory with them.
      guard state.counts.count < Limits.throttled || state.counts[address] != nil else {
        return false
      }
      state.counts[address, default: 0] += 1
      return state.counts[address, default: 0] <= Limits.publicRequestsPerMinute
    }
  }
}
