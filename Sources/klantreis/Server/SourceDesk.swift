import Access
import Collector
import CustomerJourney
import Dashboard
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import ServiceLifecycle
import Store

/// The pages of sources: make one, turn it on and off, see what comes in and what was rejected, mend
/// its mapping, and read the rejected again.
struct SourceDesk: Sendable {
  let workspace: Workspace
  let live: LiveFeed
  let metrics: Metrics

  /// Browsers get news at most this often, and a sign of life when there is none for long.
  private static let pace: Duration = .milliseconds(200)
  private static let heartbeat: Duration = .seconds(15)

  func addRoutes(
    to routes: GuardedRoutes,
    pageContext: @escaping @Sendable (Request, ServerContext) async throws -> PageContext
  ) {
    routes.get("sources", needs: .edit) { request, context in
      Response.html(Pages.sourcesPage(try await list(), try await pageContext(request, context)))
    }
    routes.post("sources", needs: .edit) { request, context in
      let form = try await FormFields.body(of: request)
      return try await add(form, context, try await pageContext(request, context))
    }
    routes.get("sources/:name", needs: .edit) { request, context in
      let source = try await source(context)
      let page = try await page(of: source, request)
      return Response.html(Pages.sourcePage(page, try await pageContext(request, context)))
    }
    for (path, isOn) in [("on", true), ("off", false)] {
      routes.post("sources/:name/\(path)", needs: .edit) { request, context in
        var source = try await source(context)
        source.isOn = isOn
        return try await change(source, context, try await pageContext(request, context))
      }
    }
    routes.post("sources/:name/mapping", needs: .edit) { request, context in
      let form = try await FormFields.body(of: request)
      return try await map(
        try await source(context), to: form["mapping"] ?? "", request, context,
        try await pageContext(request, context))
    }
    routes.post("sources/:name/replay", needs: .edit) { request, context in
      let source = try await source(context)
      let form = try await FormFields.body(of: request)
      let kind = form["kind"].flatMap(RejectedEvent.Kind.init(rawValue:)) ?? .rejected
      let replay = Replay(workspace: workspace, source: source, kind: kind)
      let outcome = try await workspace.working { try replay.run(now: .now) }
      try await workspace.note(.rejectedReplayed, source.name, by: context)
      var page = try await page(of: source, request)
      page.replayed = SourcePage.Replayed(
        read: outcome.read, mended: outcome.mended, rejected: outcome.rejected)
      return Response.html(Pages.sourcePage(page, try await pageContext(request, context)))
    }
    routes.get("sources/:name/live", needs: .edit) { request, context in
      let source = try await source(context)
      return stream(
        of: source.name, request, zone: try workspace.zone(),
        try await pageContext(request, context))
    }
  }

  // MARK: Reading

  private func source(_ context: some RequestContext) async throws -> Source {
    let name = try context.pathPart("name")
    let found = try await workspace.working { try workspace.store.source(named: name) }
    guard let found else {
      throw NotFound(
        what: "There is no source \u{201C}\(name)\u{201D}.",
        advice: "Open one from the list of sources, or make it there.")
    }
    return found
  }

  private func list(name: String = "", key: String = "") async throws -> SourcesPage {
    try await workspace.working {
      let zone = try workspace.zone()
      return SourcesPage(
        rows: try workspace.knownSources().map { source in
          SourcesPage.Row(
            name: source.name, key: source.key, isOn: source.isOn,
            last: source.lastEvent.flatMap { Timestamp(iso8601: $0) }.map(zone.clock),
            rejected: source.rejected, bots: source.bots)
        }, name: name, key: key)
    }
  }

  private func page(of source: Source, _ request: Request) async throws -> SourcePage {
    let query = request.query
    let address = Self.address(of: request)
    return try await workspace.working {
      // Before the events are read: what comes in between is shown by the stream.
      let mark = live.mark(of: source.name)
      let zone = try workspace.zone()
      let counts = try workspace.store.rejectedCounts()
      func kept(_ kind: RejectedEvent.Kind, _ parameter: String) throws -> SourcePage.Kept {
        try self.kept(
          kind, of: source.name, before: query[parameter].flatMap { Int64($0) }, zone,
          total: counts.first { $0.source == source.name && $0.kind == kind }?.count ?? 0)
      }
      return SourcePage(
        name: source.name, key: source.writeKey, isOn: source.isOn, address: address,
        mapping: source.mapping ?? "", leftOut: metrics.leftOut(of: source.name),
        events: try workspace.store.lastTouchpoints(of: source.name, limit: Limits.lastEvents)
          .map { Self.event($0, zone) },
        mark: mark, rejected: try kept(.rejected, "before"), bots: try kept(.bot, "bots"))
    }
  }

  private func kept(
    _ kind: RejectedEvent.Kind, of source: String, before: Int64?, _ zone: Zone, total: Int
  ) throws -> SourcePage.Kept {
    // One more than is shown says whether there are older ones.
    let events = try workspace.store.rejectedEvents(
      of: source, kind: kind, before: before, limit: Limits.rejectedShown + 1)
    let shown = events.prefix(Limits.rejectedShown)
    return SourcePage.Kept(
      total: total,
      rows: shown.map { kept in
        SourcePage.Kept.Row(
          time: zone.clock(kept.event.received), dialect: kept.event.dialect,
          reason: kept.event.reason, isReplayed: kept.replayed != nil,
          request: Self.excerpt(kept.event.request))
      },
      older: events.count > shown.count ? shown.last?.id : nil)
  }

  /// The beginning of a kept request, as HTTP writes it.
  private static func excerpt(_ request: KeptRequest) -> String {
    let query = request.query.isEmpty ? "" : "?\(request.query)"
    let headers = request.headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
    let lines = ["\(request.method) \(request.path)\(query)"] + headers + ["", request.body]
    let text = lines.joined(separator: "\n").replacing("\0", with: "\u{FFFD}").trimmed
    let limit = Limits.keptCharactersShown
    return text.count <= limit ? text : "\(text.prefix(limit))\u{2026}"
  }

  private static func event(_ touchpoint: Touchpoint, _ zone: Zone) -> SourcePage.Event {
    let moment = (touchpoint.clientTime ?? touchpoint.occurred).milliseconds
    return SourcePage.Event(
      key: "\(moment)-\(touchpoint.messageID)", time: zone.clock(of: touchpoint),
      event: touchpoint.event.name, channel: touchpoint.channel.name,
      customer: touchpoint.customer, content: touchpoint.content ?? "",
      value: touchpoint.value?.amount, currency: touchpoint.value?.currency.code)
  }

  /// Where a client reaches this server, as the browser does.
  static func address(of request: Request) -> String {
    let isSecure = request.headers[.named("X-Forwarded-Proto")] == "https"
    return "\(isSecure ? "https" : "http")://\(request.head.authority ?? "127.0.0.1:8080")"
  }

  // MARK: Changing

  private func add(
    _ form: FormFields, _ server: ServerContext, _ context: PageContext
  ) async throws -> Response {
    let (name, key) = (form["name"] ?? "", (form["key"] ?? "").trimmed)
    func problem(_ field: String, _ error: any Error) async throws -> Response {
      var context = context
      context.problems.append(
        FieldProblem(field: field, message: "\(error)", text: field == "key" ? key : name))
      return .html(
        Pages.sourcesPage(try await list(name: name, key: key), context), status: .badRequest)
    }
    do {
      let source = try await workspace.working {
        try workspace.addSource(name: name, key: key.isEmpty ? nil : key)
      }
      try await workspace.note(.sourceAdded, source.name, by: server)
      return .seeOther(Pages.sourceLink(source.name, context))
    } catch let error as SourceTextProblem {
      return try await problem(error.isOfKey ? "key" : "name", error)
    } catch let error as SourceProblem {
      return try await problem(error == .keyTaken ? "key" : "name", error)
    }
  }

  private func change(
    _ source: Source, _ server: ServerContext, _ context: PageContext
  ) async throws -> Response {
    try await workspace.working { try workspace.store.change(source) }
    try await workspace.note(.sourceChanged, source.name, by: server)
    return .seeOther(Pages.sourceLink(source.name, context))
  }

  private func map(
    _ source: Source, to text: String, _ request: Request, _ server: ServerContext,
    _ context: PageContext
  ) async throws -> Response {
    // Browsers end lines in their own way.
    let yaml = text.replacing("\r\n", with: "\n")
    var changed = source
    do {
      changed.mapping = yaml.trimmed.isEmpty ? nil : try Workspace.checked(mapping: yaml)
    } catch {
      var context = context
      context.problems.append(
        FieldProblem(field: "mapping", message: "\(error)", text: yaml))
      var page = try await page(of: source, request)
      page.mapping = yaml
      return .html(Pages.sourcePage(page, context), status: .badRequest)
    }
    return try await change(changed, server, context)
  }

  // MARK: Live

  /// Server-Sent Events: each touchpoint of the source as it is stored.
  private func stream(
    of source: String, _ request: Request, zone: Zone, _ context: PageContext
  ) -> Response {
    guard live.hasRoom else {
      return Response(
        status: .serviceUnavailable,
        headers: [.retryAfter: String(Limits.retryAfterSeconds), .contentType: "text/plain"],
        body: .init(byteBuffer: ByteBuffer(string: "Too many browsers watch; come again.\n")))
    }
    let mark = request.headers[.named("Last-Event-ID")] ?? request.query["after"]
    let headers: HTTPFields = [
      .contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store",
      .named("X-Accel-Buffering"): "no",
    ]
    return Response(
      status: .ok, headers: headers,
      body: .init { writer in
        if let viewer = live.watch(source) {
          defer { live.leave(viewer) }
          let pulse = Task {
            while !Task.isCancelled {
              try await Task.sleep(for: Self.heartbeat)
              viewer.ring()
            }
          }
          defer { pulse.cancel() }
          try await withGracefulShutdownHandler {
            try await send(to: viewer, after: live.number(of: mark), zone, context, &writer)
          } onGracefulShutdown: {
            viewer.end()
          }
        }
        try await writer.finish(nil)
      })
  }

  private func send(
    to viewer: LiveFeed.Viewer, after start: UInt64, _ zone: Zone, _ context: PageContext,
    _ writer: inout any ResponseBodyWriter
  ) async throws {
    var seen = start
    viewer.ring()
    for await _ in viewer.bells {
      let entries = live.entries(of: viewer.source, after: seen)
      var text = entries.isEmpty ? ":\n\n" : ""
      for entry in entries {
        let json = Pages.liveEvent(Self.event(entry.touchpoint, zone), context)
        text += "id: \(live.mark(entry.number))\nevent: touchpoint\ndata: \(json)\n\n"
      }
      try await writer.write(ByteBuffer(string: text))
      guard let last = entries.last else { continue }
      seen = last.number
      try await Task.sleep(for: Self.pace)
    }
  }
}

extension SourceTextProblem {
  fileprivate var isOfKey: Bool {
    switch self {
    case .emptyKey, .longKey, .keyCharacters: true
    case .emptyName, .longName, .nameCharacters: false
    }
  }
}

extension Zone {
  /// What clocks in this zone show: `2017-01-01 12:53:26`.
  func clock(_ moment: Timestamp) -> String {
    let civil = civil(moment)
    return "\(civil.dateText) \(civil.clockText)"
  }

  /// What the person's clock showed, where it is known.
  fileprivate func clock(of touchpoint: Touchpoint) -> String {
    guard let minutes = touchpoint.utcOffsetMinutes else { return clock(touchpoint.occurred) }
    let local = touchpoint.occurred.milliseconds + Int64(minutes) * 60_000
    let civil = CivilTime.of(milliseconds: local).civil
    return "\(civil.dateText) \(civil.clockText)"
  }
}
