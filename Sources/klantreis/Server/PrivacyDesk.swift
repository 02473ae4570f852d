import Access
import CustomerJourney
import Dashboard
import Foundation
import HTTPTypes
import Hummingbird
import Store

/// The pages about consent and privacy, and what can be done for one customer there and by the API.
struct PrivacyDesk: Sendable {
  let workspace: Workspace

  private static let recordsName = "records of processing"

  func addRoutes(to routes: GuardedRoutes) {
    routes.get("privacy", needs: .persons) { request, context in
      try await overview(request, context)
    }
    routes.post("privacy/retention", needs: .keep) { request, context in
      try await setTerms(try await FormFields.body(of: request), request, context)
    }
    routes.post("privacy/purposes", needs: .keep) { request, context in
      try await setPurposes(try await FormFields.body(of: request), request, context)
    }
    routes.get("privacy/records", needs: .persons) { request, context in
      try await records(request, context)
    }
    routes.post("privacy/records", needs: .keep) { request, context in
      let form = try await FormFields.body(of: request)
      let written = RecordsPage.fields.reduce(into: [String: String]()) {
        $0[$1] = String((form[$1] ?? "").prefix(4_000))
      }
      let json = String(decoding: try JSONEncoder().encode(written), as: UTF8.self)
      let deed = try context.knownVisitor().deed(.settingChanged, Self.recordsName)
      try await workspace.working { [store = workspace.store] in
        try store.set(Self.recordsName, to: json)
        try store.note(deed)
      }
      return .seeOther("/privacy/records")
    }
    routes.post("customers/:id/consent", needs: .act) { request, context in
      let key = try context.pathPart("id")
      return try await act(key, try await FormFields.body(of: request), request, context)
    }
    routes.get("customers/:id/export", needs: .keep) { request, context in
      try await export(try context.pathPart("id"), request, context)
    }
    routes.get("customers/:id/erase", needs: .keep) { request, context in
      let key = try context.pathPart("id")
      _ = try await known(key)
      return .html(Pages.erasePage(ErasePage(key: key), Visit(request, context).plainContext))
    }
    routes.post("customers/:id/erase", needs: .keep) { request, context in
      try await erase(
        try context.pathPart("id"), try await FormFields.body(of: request), request, context)
    }
  }

  private func known(_ key: String) async throws -> (
    key: String, standings: [ConsentStanding], entries: [ConsentEntry], asked: Store.AskedPurposes
  ) {
    do {
      return try await workspace.aside { [workspace] in try workspace.consent(of: key) }
    } catch let problem as PrivacyProblem {
      throw NotFound(what: "There is no such customer.", advice: problem.description)
    }
  }

  // MARK: Overview

  private func overview(
    _ request: Request, _ context: ServerContext, problem: String? = nil
  ) async throws -> Response {
    let workspace = workspace
    var pageContext = Visit(request, context).plainContext
    if let problem {
      pageContext.problems = [FieldProblem(field: "privacy", message: problem, text: "")]
    }
    let page = try await workspace.aside {
      let store = workspace.store
      return PrivacyPage(
        counts: try store.consentCounts(), purposes: try store.purposes().purposes,
        retention: try store.retention(),
        outlived: try RetentionRun(workspace: workspace).outlived(at: .now),
        receipts: try store.receipts())
    }
    return .html(Pages.privacyPage(page, pageContext), status: problem == nil ? .ok : .badRequest)
  }

  private func setTerms(
    _ form: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    var days: [Retention.Kind: Int] = [:]
    for kind in Retention.Kind.allCases {
      guard let text = form[kind.rawValue]?.trimmed, !text.isEmpty else { continue }
      guard let count = Int(text), (1...36_500).contains(count) else {
        return try await overview(
          request, context,
          problem: PrivacyProblem.badRetention("days are a whole number from 1 to 36500")
            .description)
      }
      days[kind] = count
    }
    // A form that names no term at all was not ours.
    guard Retention.Kind.allCases.contains(where: { form[$0.rawValue] != nil }) else {
      throw HTTPError(.badRequest, message: "The form says nothing that can be done.")
    }
    let retention = Retention(days: days)
    let deed = try context.knownVisitor().deed(.settingChanged, "retention")
    try await workspace.working { [store = workspace.store] in try store.set(retention, deed) }
    return .seeOther("/privacy")
  }

  private func setPurposes(
    _ form: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let values = form.values
    let ids = values["id"] ?? []
    func value(_ name: String, _ index: Int) -> String {
      let all = values[name] ?? []
      return index < all.count ? all[index].trimmed : ""
    }
    var purposes: [ConsentPurpose] = []
    for (index, id) in ids.map(\.trimmed).enumerated() where !id.isEmpty {
      let channels = value("channels", index).split(separator: ",").map {
        Channel(String($0).trimmed)
      }
      purposes.append(
        ConsentPurpose(
          id: id,
          name: LocalizedText(en: value("nameEn", index), nl: value("nameNl", index).nonEmpty),
          text: LocalizedText(en: value("textEn", index), nl: value("textNl", index).nonEmpty),
          needsOptIn: value("needs", index) != "no", channels: channels))
    }
    do {
      try Self.check(purposes)
    } catch {
      return try await overview(request, context, problem: error.description)
    }
    let deed = try context.knownVisitor().deed(.purposesChanged)
    let checked = purposes
    try await workspace.working { [store = workspace.store] in try store.set(checked, deed) }
    return .seeOther("/privacy")
  }

  static func check(_ purposes: [ConsentPurpose]) throws(PrivacyProblem) {
    guard !purposes.isEmpty else { throw .badPurposes("there is none") }
    guard purposes.count <= Limits.consentPurposes else {
      throw .badPurposes("there are more than \(Limits.consentPurposes)")
    }
    guard Set(purposes.map { Vocabulary.key($0.id) }).count == purposes.count else {
      throw .badPurposes("two have the same name in rules")
    }
    for purpose in purposes {
      guard purpose.id.utf8.count <= 80, !purpose.id.contains("|"), !purpose.id.contains("\n")
      else {
        throw .badPurposes("a name in rules is longer than 80 characters or has a bar in it")
      }
      guard !purpose.name.en.isEmpty, !purpose.text.en.isEmpty else {
        throw .badPurposes("\(purpose.id) has no name or no text in English")
      }
      guard !purpose.channels.isEmpty else {
        throw .badPurposes("\(purpose.id) has no channel")
      }
    }
  }

  // MARK: Records of processing

  private func records(_ request: Request, _ context: ServerContext) async throws -> Response {
    let store = workspace.store
    let page = try await workspace.aside {
      let json = try store.setting(Self.recordsName) ?? "{}"
      return RecordsPage(
        written: (try? JSONDecoder().decode([String: String].self, from: Data(json.utf8))) ?? [:],
        purposes: try store.purposes().purposes, sources: try store.dataSources(),
        traits: try store.traitNames(), retention: try store.retention())
    }
    return .html(Pages.recordsPage(page, Visit(request, context).plainContext))
  }

  // MARK: One customer

  private func act(
    _ key: String, _ form: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let known = try await known(key)
    let visitor = try context.knownVisitor()
    if form["do"] == "link" {
      let path = try await workspace.aside { [workspace] in
        try ConsentLinks(workspace: workspace).path(.preferences, of: known.key, at: .now)
      }
      return show(path ?? "", request, context)
    }
    let parts = (form["grant"] ?? "").split(separator: "|", maxSplits: 1).map(String.init)
    guard parts.count == 2 else {
      throw HTTPError(.badRequest, message: "The form says nothing that can be done.")
    }
    let grant = ConsentGrant(channel: Channel(parts[1]), purpose: parts[0])
    if form["do"] == "ask" {
      let path = try await ask(grant, of: known.key, by: visitor, request)
      return path.map { show($0, request, context) } ?? back(known.key)
    }
    let how = String((form["how"] ?? "").trimmed.prefix(Limits.consentProofCharacters))
    let conditions = Set(form.values["condition"] ?? [])
    do {
      try await note(
        grant, form["answer"] ?? "", conditions: conditions, how: how, of: known.key, by: visitor)
    } catch let problem as PrivacyProblem {
      throw HTTPError(.badRequest, message: problem.description)
    }
    return back(known.key)
  }

  private func back(_ key: String) -> Response {
    .seeOther(Pages.customerPath(key) + "#consent")
  }

  /// A link that was just made, to be copied.
  private func show(_ path: String, _ request: Request, _ context: ServerContext) -> Response {
    let host = request.head.authority ?? "localhost"
    let scheme = Gate.isSecure(request) ? "https" : "http"
    let pageContext = Visit(request, context).plainContext
    return .html(Pages.linkPage("\(scheme)://\(host)\(path)", pageContext))
  }

  /// Writes down what a customer said to somebody here. Throws ``PrivacyProblem``.
  func note(
    _ grant: ConsentGrant, _ answer: String, conditions: Set<String>, how: String, of key: String,
    by visitor: Visitor, at now: Timestamp = .now
  ) async throws {
    let isExisting = answer == "existing"
    if isExisting, conditions != Set(ExistingCustomerCondition.allCases.map(\.rawValue)) {
      throw PrivacyProblem.conditions
    }
    guard ["given", "refused", "existing"].contains(answer), !how.isEmpty else {
      throw PrivacyProblem.badPurposes("say given, refused or existing, and how it was said")
    }
    let workspace = workspace
    try await workspace.working {
      let purposes = try workspace.store.purposes()
      let purpose = purposes.purposes.first { $0.id == grant.purpose }
      try workspace.store.add(
        [
          ConsentEntry(
            key: key, purpose: grant.purpose, channel: grant.channel,
            state: answer == "refused" ? .refused : .given, happened: now,
            means: isExisting ? .existingCustomer : .noted, by: visitor.name, page: how,
            words: purpose.map { "\($0.name.en): \($0.text.en)" },
            version: String(purposes.version))
        ], visitor.deed(.consentNoted, try workspace.loggedNumber(ofCustomer: key), at: now))
    }
  }

  /// Asks for a confirmation by mail. Returns the link where no mail can go.
  private func ask(
    _ grant: ConsentGrant, of key: String, by visitor: Visitor, _ request: Request
  ) async throws -> String? {
    let (workspace, language, now) = (workspace, Visit(request).language, Timestamp.now)
    do {
      return try await workspace.working {
        try workspace.askConfirmation(grant, of: key, language: language, at: now) {
          visitor.deed(.consentNoted, $0, at: now)
        }
      }
    } catch let problem as MailNotSent {
      throw HTTPError(.badGateway, message: problem.description)
    }
  }

  private func export(
    _ key: String, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let known = try await known(key)
    let workspace = workspace
    let export = try await workspace.aside {
      try AccessExport(of: known.key, in: workspace, at: .now)
    }
    let number = try await workspace.aside { try workspace.loggedNumber(ofCustomer: known.key) }
    try await workspace.note(.exported, "customer \(number)", by: context)
    if request.query["format"] == "json" {
      return .data(
        try export.json(), type: "application/json; charset=utf-8",
        download: "customer-\(number).json")
    }
    let zone = try await workspace.aside { try workspace.zone() }
    let visit = Visit(request, context)
    return .html(
      Pages.exportPage(export.page(visit.language, zone: zone), visit.plainContext))
  }

  private func erase(
    _ key: String, _ form: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let known = try await known(key)
    var pageContext = Visit(request, context).plainContext
    guard form["sure"] == "yes" else {
      pageContext.problems = [FieldProblem(field: "sure", message: pageContext.tickFirst, text: "")]
      return .html(Pages.erasePage(ErasePage(key: known.key), pageContext), status: .badRequest)
    }
    let receipt = try await erase(
      known.key, keepsJourney: form["journey"] != "remove", try context.knownVisitor())
    return .html(Pages.erasePage(ErasePage(key: known.key, receipt: receipt), pageContext))
  }

  private func erase(
    _ key: String, keepsJourney: Bool, _ visitor: Visitor
  ) async throws -> ErasureReceipt {
    let workspace = workspace
    return try await workspace.working {
      try Eraser(workspace: workspace).erase(
        key, keepsJourney: keepsJourney, by: visitor.name, address: visitor.address, at: .now)
    }
  }

  // MARK: API

  func addAPIRoutes(to group: GuardedRoutes) {
    group.get("customers/:id/consents", needs: .persons) { _, context in
      try await consents(try context.pathPart("id"))
    }
    group.post("customers/:id/consents", needs: .act) { request, context in
      let key = try context.pathPart("id")
      let said = try await request.json(
        Said.self,
        like: #"{"purpose": "marketing", "channel": "Email", "answer": "given", "#
          + #""how": "by phone"}"#)
      let own = try await workspace.aside { [workspace] in try workspace.consent(of: key).key }
      try await note(
        ConsentGrant(channel: Channel(said.channel), purpose: said.purpose), said.answer,
        conditions: Set(said.conditions ?? []), how: said.how.trimmed, of: own,
        by: try context.knownVisitor())
      return try await consents(own)
    }
    group.get("customers/:id/export", needs: .keep) { _, context in
      let key = try context.pathPart("id")
      let export = try await workspace.aside { [workspace] in
        try AccessExport(of: key, in: workspace, at: .now)
      }
      let number = try await workspace.aside { [workspace] in
        try workspace.loggedNumber(ofCustomer: key)
      }
      try await workspace.note(.exported, "customer \(number)", by: context)
      return .data(try export.json(), type: "application/json; charset=utf-8")
    }
    group.post("customers/:id/erase", needs: .keep) { request, context in
      let key = try context.pathPart("id")
      let keeps = request.query["journey"] != "remove"
      return try .json(try await erase(key, keepsJourney: keeps, try context.knownVisitor()))
    }
  }

  private struct Said: Decodable {
    var purpose: String
    var channel: String
    var answer: String
    var how: String
    var conditions: [String]?
  }

  private struct ConsentsAnswer: Encodable {
    var customer: String
    var consents: [ConsentStanding]
    var entries: [ConsentEntry]
  }

  private func consents(_ key: String) async throws -> Response {
    let known = try await workspace.aside { [workspace] in try workspace.consent(of: key) }
    return try .json(
      ConsentsAnswer(customer: known.key, consents: known.standings, entries: known.entries))
  }
}

extension String {
  fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}

extension AccessExport {
  /// As people read it: rows of texts. What looks like a formula to a spreadsheet gets a sign before it.
  func page(_ language: Language, zone: Zone) -> ExportPage {
    func plain(_ text: String) -> String {
      guard let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) else {
        return text
      }
      return "'" + text
    }
    func said(_ english: String, _ dutch: String) -> String {
      LocalizedText(en: english, nl: dutch)(language)
    }
    func section(_ name: String, _ columns: [String], _ rows: [[String?]]) -> ExportPage.Section {
      .init(name: name, columns: columns, rows: rows.map { $0.map { plain($0 ?? "") } })
    }
    let (when, channel) = (said("When", "Wanneer"), said("Channel", "Kanaal"))
    let (purpose, source) = (said("Purpose", "Doel"), said("Source", "Bron"))
    var sections = [
      section(
        said("Keys", "Sleutels"), [said("Kind", "Soort"), said("Key", "Sleutel")],
        identities.map { [$0.kind, $0.key] }),
      section(
        said("Traits", "Kenmerken"),
        [said("Trait", "Kenmerk"), said("Value", "Waarde"), source, said("Since", "Sinds")],
        traits.map { [$0.name, $0.value?.description, $0.source, zone.clock($0.since)] }),
      section(
        said("What is allowed now", "Wat nu mag"),
        [purpose, channel, said("Allowed", "Mag"), said("Since", "Sinds")],
        standings.map {
          [
            $0.purpose, $0.channel.title(language),
            $0.isAllowed ? said("yes", "ja") : said("no", "nee"), $0.since.map(zone.clock),
          ]
        }),
      section(
        said("All that was said of it", "Alles wat daarover gezegd is"),
        [
          when, purpose, channel, said("Answer", "Antwoord"), said("How", "Hoe"),
          said("By", "Door"), said("Where", "Waar"), said("Words", "Woorden"),
          said("Version", "Versie"),
        ],
        consents.map {
          [
            zone.clock($0.happened), $0.purpose, $0.channel.title(language), $0.state.rawValue,
            $0.means.rawValue, $0.by, $0.page, $0.words, $0.version,
          ]
        }),
      section(
        said("Touchpoints", "Contactmomenten"),
        [
          when, said("Event", "Gebeurtenis"), channel, said("Content", "Inhoud"),
          said("Origin", "Herkomst"), said("Campaign", "Campagne"), said("Device", "Apparaat"),
          said("Value", "Waarde"), source, said("Details", "Bijzonderheden"),
        ],
        touchpoints.map { point in
          [
            zone.clock(point.time), point.event, Channel(point.channel).title(language),
            point.content, point.origin, point.campaign, point.device, point.value?.description,
            point.source, Self.members(point.properties.mapValues(\.description)),
          ]
        }),
    ]
    let titles = [
      "message": said("Messages", "Berichten"), "play_run": said("Plays", "Plays"),
      "profile_change": said("What was said, as it came", "Wat gezegd is, zoals het kwam"),
      "trait_decision": said("What we say of traits", "Wat wij van kenmerken zeggen"),
      "account_evidence": said("Companies", "Bedrijven"),
      "account_decision": said("What we decided on companies", "Wat wij over bedrijven besloten"),
      "account_role": said("Roles in companies", "Rollen in bedrijven"),
      "standing": said("Segments and phases", "Segmenten en fasen"),
      "standing_change": said("Segments and phases, changes", "Segmenten en fasen, wijzigingen"),
    ]
    for (table, rows) in others.sorted(by: { $0.key < $1.key }) {
      sections.append(section(titles[table] ?? table, [], rows.map { [Self.members($0)] }))
    }
    return ExportPage(
      customer: customer, made: made, sections: sections,
      json: Pages.customerPath(customer) + "/export?format=json")
  }

  private static func members(_ values: [String: String]) -> String {
    values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
  }
}
