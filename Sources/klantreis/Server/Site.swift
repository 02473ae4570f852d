import Access
import CustomerJourney
import Dashboard
import Foundation
import HTTPTypes
import Hummingbird
import Insights
import JourneyEngine
import Store

/// The dashboard's pages: reads the address, asks the questions, hands the values to the pages.
struct Site: Sendable {
  let workspace: Workspace
  let imports: ImportDesk
  let sources: SourceDesk

  /// Touchpoints on one page of a customer's journey.
  private static let timelineLength = 100

  /// What pages are drawn with; there is nothing of the project in it.
  static func addAssets(to router: Router<ServerContext>) {
    for (path, asset) in Assets.all {
      router.get(RouterPath(path)) { request, _ in reply(asset, to: request) }
    }
  }

  func addRoutes(to routes: GuardedRoutes) {
    routes.get("", needs: .insights) { request, context in
      try await page(request, context) { try map($0, $1) }
    }
    routes.get("phase/:id", needs: .insights) { request, context in
      let id = try context.pathPart("id")
      return try await page(request, context) { try phase(id, $0, $1) }
    }
    routes.get("customers", needs: .persons) { request, context in
      try await page(request, context) { try customers($0, $1) }
    }
    routes.get("customers/:id", needs: .persons) { request, context in
      let id = try context.pathPart("id")
      if let day = request.query["on"], let place = try await place(of: day, in: id, request) {
        return Response.seeOther(place)
      }
      return try await page(request, context) { try timeline(id, $0, $1) }
    }
    routes.get("questions/:name", needs: .insights) { request, context in
      let name = try context.pathPart("name")
      return try await page(request, context) { try question(name, $0, $1) }
    }
    routes.get("questions", needs: .insights) { _, _ in Response.seeOther("/questions/funnel") }
    imports.addRoutes(to: routes, pageContext: { try await context(of: $0, $1) })
    sources.addRoutes(to: routes, pageContext: { try await context(of: $0, $1) })
    SegmentDesk(workspace: workspace).addRoutes(to: routes)
    PlayDesk(workspace: workspace).addRoutes(to: routes)
    IdentityDesk(workspace: workspace).addRoutes(to: routes)
    ProfileDesk(workspace: workspace).addRoutes(to: routes)
    DuplicateDesk(workspace: workspace).addRoutes(to: routes)
    MessageDesk(workspace: workspace).addRoutes(to: routes)
    MailDesk(workspace: workspace).addRoutes(to: routes)
    CompanyDesk(workspace: workspace).addRoutes(to: routes)
    PrivacyDesk(workspace: workspace).addRoutes(to: routes)
  }

  // MARK: Pages

  private func map(_ visit: Visit, _ snapshot: Snapshot) throws -> String {
    guard snapshot.journeys.count > 0 else { return Pages.emptyPage(visit.context(snapshot)) }
    let (answer, context) = try visit.ask(.map, snapshot) { JourneyMap.self }
    return Pages.mapPage(
      MapPage(map: answer, model: try snapshot.models.named(answer.model)), context)
  }

  private func phase(_ id: String, _ visit: Visit, _ snapshot: Snapshot) throws -> String {
    let (answer, context) = try visit.ask(.phase, snapshot, ["phase": [id]]) { PhasePortrait.self }
    return Pages.phasePage(
      PhasePage(portrait: answer, model: try snapshot.models.named(answer.model)), context)
  }

  private func timeline(_ id: String, _ visit: Visit, _ snapshot: Snapshot) throws -> String {
    let pageLength = Self.timelineLength
    let number = visit.pageNumber
    let instant = snapshot.instant(
      of: try Period(from: nil, to: visit.good("to"), zone: snapshot.zone))
    let profile = try snapshot.profile(of: id, at: instant)
    guard let narrowing = try narrowing(id, visit, snapshot) else {
      let model = try snapshot.models.named(visit.good("model"))
      let timeline = CustomerTimeline(
        customer: profile.customer, model: model, zone: snapshot.zone, total: 0, firstTime: nil,
        lastTime: nil, moments: [])
      return Pages.timelinePage(
        TimelinePage(
          timeline: timeline, model: model, profile: profile, models: snapshot.models.models),
        visit.context(snapshot))
    }
    let rule = narrowing.rule
    let (answer, context) = try visit.ask(
      .journey, snapshot,
      [
        "customer": [id], "offset": [String((number - 1) * pageLength)],
        "limit": [String(pageLength)],
      ], narrowedBy: rule
    ) { CustomerTimeline.self }
    var page = TimelinePage(
      timeline: answer, model: try snapshot.models.named(answer.model), page: number,
      firstIndex: (number - 1) * pageLength, profile: profile, narrowing: narrowing,
      companies: try snapshot.accountPlaces(ofCustomer: id), models: snapshot.models.models)
    page.consent = try workspace.consentCard(of: id)
    page.messages = try MessageDesk(workspace: workspace).rows(ofCustomer: id, snapshot)
    page.tasks = try PlayDesk(workspace: workspace).tasks(ofCustomer: id, snapshot)
    return Pages.timelinePage(page, context)
  }

  /// What a journey can be narrowed to, and is; nil without a journey.
  private func narrowing(
    _ id: String, _ visit: Visit, _ snapshot: Snapshot
  ) throws -> TimelinePage.Narrowing? {
    guard let number = try workspace.store.customer(key: id).flatMap({ UInt32(exactly: $0) }),
      let journey = snapshot.journeys.journey(ofCustomer: number)
    else { return nil }
    var (channels, events): (Set<String>, Set<String>) = ([], [])
    for row in snapshot.journeys.rows(ofJourney: journey) {
      channels.insert(snapshot.journeys.name(.channel, row: row))
      events.insert(snapshot.journeys.name(.event, row: row))
    }
    return TimelinePage.Narrowing(
      channels: channels.sorted(), events: events.sorted(),
      channel: visit.value("channel").flatMap { channels.contains($0) ? $0 : nil },
      event: visit.value("event").flatMap { events.contains($0) ? $0 : nil })
  }

  /// The address of the first touchpoint on or after a day, with the rest of the question as it is; nil
  /// when the day cannot be read.
  private func place(of day: String, in id: String, _ request: Request) async throws -> String? {
    let visit = Visit(request)
    let kept = request.query.fields.filter {
      !["on", "page"].contains($0.name) && !$0.value.isEmpty
    }
    return try await workspace.asking { snapshot -> String? in
      guard let moment = Timestamp(iso8601: day, zone: snapshot.zone),
        let narrowing = try narrowing(id, visit, snapshot),
        let number = try workspace.store.customer(key: id).flatMap({ UInt32(exactly: $0) }),
        let journey = snapshot.journeys.journey(ofCustomer: number)
      else { return nil }
      let question = try? visit.question(
        .journey, ["customer": [id]], narrowedBy: narrowing.rule)
      guard let question, let asked = try? snapshot.select(question, placed: true) else {
        return nil
      }
      let rows = asked.journeys.rows(ofJourney: journey)
      let index =
        rows.firstIndex { snapshot.journeys.time(row: $0) >= moment.milliseconds }
        ?? max(0, rows.count - 1)
      var fields = kept.map { ($0.name, $0.value) }
      let page = index / Self.timelineLength + 1
      if page > 1 { fields.append(("page", String(page))) }
      let query = fields.map { "\(Self.encoded($0.0))=\(Self.encoded($0.1))" }
        .joined(separator: "&")
      return Pages.customerPath(id) + (query.isEmpty ? "" : "?\(query)")
        + "#touchpoint-\(index + 1)"
    }
  }

  private static func encoded(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
  }

  private func customers(_ visit: Visit, _ snapshot: Snapshot) throws -> String {
    // The list has the filter of the map and asks nothing more.
    let question = try visit.question(.map)
    let period = try Period(from: question["from"], to: question["to"], zone: snapshot.zone)
    let list = try CustomerList(
      try snapshot.select(question, placed: true), snapshot: snapshot,
      .init(
        search: visit.value("q") ?? "", columns: Array(visit.values("column").prefix(Self.columns)),
        page: visit.pageNumber, isFiltered: question.isFiltered),
      at: snapshot.instant(of: period))
    return Pages.customersPage(list.page, visit.context(snapshot))
  }

  /// Calculated traits that the list shows at most.
  private static let columns = 12

  private func question(_ name: String, _ visit: Visit, _ snapshot: Snapshot) throws -> String {
    let events = snapshot.journeys.names(.event).all.dropFirst().sorted()
    let dimensions = By.allCases.map(\.rawValue)
    switch name {
    case "funnel":
      let within = visit.value("within") ?? "30d"
      let steps = visit.values("step")
      let form = QuestionsPage.FunnelQuestion(steps: steps, within: within, events: events)
      guard !steps.isEmpty else {
        return Pages.questionsPage(.funnel(form, nil), visit.context(snapshot))
      }
      let (answer, context) = try visit.ask(
        .funnel, snapshot, ["step": steps, "within": [within]]
      ) { Funnel.self }
      return Pages.questionsPage(
        .funnel(form, .init(steps: answer.steps.map { ($0.name, $0.customers) })), context)
    case "paths":
      let by = visit.value("by") ?? By.channel.rawValue
      let until = visit.value("until")
      let (answer, context) = try visit.ask(
        .paths, snapshot, ["by": [by], "until": until.map { [$0] } ?? []]
      ) { Paths.self }
      return Pages.questionsPage(
        .paths(
          QuestionsPage.PathsQuestion(
            by: by, until: until ?? "", events: events, dimensions: dimensions),
          QuestionsPage.PathsAnswer(
            rows: answer.rows.map {
              QuestionsPage.PathsAnswer.Row(
                path: $0.path, customers: $0.customers, conversions: $0.conversions,
                value: $0.value)
            }, currency: snapshot.journeys.currency.code)), context)
    case "transitions":
      let by = visit.value("by") ?? By.channel.rawValue
      let (answer, context) = try visit.ask(
        .transitions, snapshot, ["by": [by]]
      ) { Transitions.self }
      return Pages.questionsPage(
        .transitions(
          .init(by: by, dimensions: dimensions),
          QuestionsPage.TransitionsAnswer(
            rows: answer.rows.map {
              QuestionsPage.TransitionsAnswer.Row(from: $0.from, to: $0.to, count: $0.count)
            })), context)
    default:
      throw NotFound(
        what: "There is no question \u{201C}\(name)\u{201D}.",
        advice: "The pages are funnel, paths and transitions.")
    }
  }

  // MARK: Around a page

  /// Makes one page from one snapshot. A filter that cannot be used is shown at its field, and the
  /// page answers without it.
  private func page(
    _ request: Request, _ context: ServerContext,
    _ make: @escaping @Sendable (Visit, Snapshot) throws -> String
  ) async throws -> Response {
    let visit = Visit(request, context)
    let (html, isGood) = try await workspace.asking { snapshot in
      var visit = visit
      while true {
        do {
          return (try make(visit, snapshot), visit.isGood)
        } catch let error as ParameterError where !visit.hasProblem(at: error.name) {
          visit.note(error)
        }
      }
    }
    return Response.html(html, status: isGood ? .ok : .badRequest)
  }

  /// The context of a page that asks nothing.
  private func context(
    of request: Request, _ context: ServerContext
  ) async throws -> PageContext {
    let visit = Visit(request, context)
    return try await workspace.asking { visit.context($0) }
  }

  private static func reply(_ asset: Assets.Asset, to request: Request) -> Response {
    let headers: HTTPFields = [
      .contentType: asset.contentType, .eTag: asset.etag,
      // The address has the version in it.
      .cacheControl: "public, max-age=31536000, immutable",
    ]
    if request.headers[.ifNoneMatch] == asset.etag {
      return Response(status: .notModified, headers: headers)
    }
    return Response(
      status: .ok, headers: headers, body: .init(byteBuffer: .init(bytes: asset.bytes)))
  }
}

extension TimelinePage.Narrowing {
  /// As a rule; nil when all of the journey is meant.
  fileprivate var rule: String? {
    func quoted(_ name: String) -> String {
      "\"\(name.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\""
    }
    let parts = [
      channel.map { "channel is \(quoted($0))" }, event.map { "event is \(quoted($0))" },
    ].compactMap { $0 }
    return parts.isEmpty ? nil : parts.joined(separator: " and ")
  }
}
