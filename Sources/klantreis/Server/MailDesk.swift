import Access
import CustomerJourney
import Dashboard
import Foundation
import Hummingbird
import Orchestration
import Store

/// The page on which mail is set up: what `klantreis mail` does on the command line.
struct MailDesk: Sendable {
  let workspace: Workspace

  func addRoutes(to routes: GuardedRoutes) {
    routes.get("messages/mail", needs: .manage) { request, context in
      try await page(request, context) { $0.done = request.query["done"] }
    }
    routes.post("messages/mail", needs: .manage) { request, context in
      try await save(try await FormFields.body(of: request), request, context)
    }
    routes.post("messages/mail/keys", needs: .manage) { request, context in
      try await makeKeys(try await FormFields.body(of: request), request, context)
    }
    routes.post("messages/mail/test", needs: .manage) { request, context in
      try await test(try await FormFields.body(of: request), request, context)
    }
  }

  /// The page as things are, but for what `change` says of it.
  private func page(
    _ request: Request, _ context: ServerContext, form: MailForm? = nil,
    problems: [FieldProblem] = [], _ change: (inout MailPage) -> Void = { _ in }
  ) async throws -> Response {
    let workspace = workspace
    var page = try await workspace.aside { try Self.page(workspace.store.settings(), form) }
    change(&page)
    // Whichever form was sent, links to the other language lead to the page itself.
    var pageContext = PageContext(
      language: Visit(request).language, path: MailPage.path, reader: context.visitor?.reader)
    pageContext.problems =
      problems
      + (form?.problems ?? []).map {
        FieldProblem(
          field: $0.setting.rawValue, message: $0.text(pageContext.language), text: "")
      }
    return .html(
      Pages.mailPage(page, pageContext), status: pageContext.problems.isEmpty ? .ok : .badRequest)
  }

  private static func page(
    _ settings: [String: String], _ form: MailForm?
  ) throws -> MailPage {
    let hasKeys = settings[MailSetting.dkim.key] != nil
    let selector = settings[MailSetting.selector.key] ?? MailSettings.selector
    var page = MailPage(
      groups: MailForm.groups.map { id, fields in
        MailPage.Group(
          id: id,
          fields: fields.map { setting in
            let isSet = settings[setting.key] != nil
            return MailPage.Field(
              id: setting.rawValue, label: setting.label, help: setting.help,
              kind: setting.kind(isSet: isSet),
              // Nothing of a secret goes to the page, typed or kept.
              value: setting.isSecret
                ? "" : form.map { $0.typed[setting] ?? "" } ?? settings[setting.key] ?? "")
          })
      }, hasKeys: hasKeys, selector: hasKeys ? nextSelector(selector) : selector,
      reports: settings[MailSetting.url.key].map { "\($0)/m/reports" },
      hasReportsSecret: settings[MailSetting.reportsSecret.key] != nil)
    do {
      let mail = try MailSettings(settings)
      page.sender = mail.sender.address.text
      page.server = "\(mail.server.host):\(mail.server.port)"
      page.bounces = (mail.bounces ?? mail.sender.address).text
      page.advice = mail.advice.map { ($0.setting.rawValue, $0.text) }
      page.records = mail.records.map {
        MailPage.Record(kind: $0.kind, name: $0.name, value: $0.value, why: $0.why)
      }
    } catch let problem as MailSettingProblem {
      page.problem = problem.onPage
      // The rest of the advice needs to know from whom and how; of this one it is known already.
      if settings[MailSetting.url.key] == nil {
        page.advice = [(MailSetting.url.rawValue, MailAdvice.noURL.text)]
      }
    }
    return page
  }

  /// Another name than that of the keys in use, so that what they signed can still be checked.
  static func nextSelector(_ selector: String) -> String {
    guard let match = selector.firstMatch(of: /^(.*?)([0-9]{1,9})$/), let number = Int(match.2)
    else { return selector + "2" }
    return "\(match.1)\(number + 1)"
  }

  private func save(
    _ fields: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    // A form that does not even name the server was not ours: it would take all away.
    guard fields[MailSetting.server.rawValue] != nil else {
      throw HTTPError(.badRequest, message: "The form says nothing that can be done.")
    }
    let (workspace, visitor) = (workspace, try context.knownVisitor())
    let form = try await workspace.working {
      let form = MailForm(fields, beside: try workspace.store.settings())
      if form.problems.isEmpty {
        try workspace.store.set(
          Dictionary(uniqueKeysWithValues: form.changes.map { ($0.setting.key, $0.value) }),
          form.changes.map { visitor.deed(.settingChanged, $0.setting.key) })
      }
      return form
    }
    guard form.problems.isEmpty else { return try await page(request, context, form: form) }
    return .seeOther(MailPage.path + "?done=saved")
  }

  private func makeKeys(
    _ fields: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let (workspace, selector) = (workspace, fields["selector"] ?? "")
    let deed = try context.knownVisitor().deed(.settingChanged, MailSetting.dkim.key)
    func refuse(_ field: String, _ text: (PageContext) -> String) async throws -> Response {
      let message = text(Visit(request, context).plainContext)
      return try await page(
        request, context, problems: [FieldProblem(field: field, message: message, text: "")]
      ) { $0.selector = selector }
    }
    let isMade: Bool
    do {
      isMade = try await workspace.working {
        // Who signs already says that the old keys may go.
        guard try fields["sure"] == "yes" || workspace.store.setting(MailSetting.dkim.key) == nil
        else { return false }
        try workspace.makeMailKeys(selector: selector, deed)
        return true
      }
    } catch let problem as MailSettingProblem {
      return try await refuse("selector") { problem.onPage($0.language) }
    }
    guard isMade else { return try await refuse("sure") { $0.tickFirst } }
    return .seeOther(MailPage.path + "?done=keys")
  }

  private func test(
    _ fields: FormFields, _ request: Request, _ context: ServerContext
  ) async throws -> Response {
    let (workspace, typed) = (workspace, fields["to"]?.trimmed ?? "")
    let language = Visit(request, context).language
    func refuse(_ message: String) async throws -> Response {
      try await page(
        request, context, problems: [FieldProblem(field: "to", message: message, text: typed)]
      ) { $0.recipient = typed }
    }
    guard let address = MailAddress(typed) else {
      return try await refuse(Visit(request, context).plainContext.noMailAddress)
    }
    let result: MailPage.Test
    do {
      try await workspace.aside { try workspace.sendTest(to: address, language: language) }
      result = .sent(address.text)
    } catch let problem as MailNotSent {
      result = .failed(problem.reason)
    } catch let problem as MailSettingProblem {
      return try await refuse(problem.onPage(language))
    }
    return try await page(request, context) {
      $0.recipient = typed
      $0.test = result
    }
  }
}

/// What the form says beside what is set: what changes by it, or what is wrong with it.
struct MailForm: Sendable {
  /// What stands in the fields; never a secret.
  var typed: [MailSetting: String] = [:]
  /// Nil takes a setting away.
  var changes: [(setting: MailSetting, value: String?)] = []
  var problems: [(setting: MailSetting, text: LocalizedText)] = []

  /// The fields in their groups, as the page has them.
  static let groups: [(id: String, fields: [MailSetting])] = [
    ("server", [.server, .security, .user, .password, .authority]),
    ("sender", [.from, .name, .replyTo, .bounces]),
    ("look", [.company, .logo, .address, .accent]),
    (
      "sending",
      [
        .url, .feedback, .perDomain, .connections, .reportsSecret, .tracking, .repeatService,
        .privateWebhooks,
      ]
    ),
  ]

  init(_ fields: FormFields, beside settings: [String: String]) {
    var (keptSecrets, typedSecrets): ([MailSetting], [MailSetting]) = ([], [])
    for setting in Self.groups.flatMap(\.fields) {
      let old = settings[setting.key]
      // Browsers end lines in two characters.
      let text = (fields[setting.rawValue] ?? "").replacing("\r\n", with: "\n").trimmed
      if !setting.isSecret { typed[setting] = text }
      let new: String?
      do {
        new = try text.isEmpty ? nil : setting.checked(text)
      } catch {
        problems.append((setting, error.onPage))
        continue
      }
      if setting.isSecret {
        if new != nil {
          typedSecrets.append(setting)
        } else if fields["remove-\(setting.rawValue)"] != "yes" {
          keptSecrets.append(setting)
          continue
        }
      }
      // A tick that is not there says no, as a setting that is not there does.
      if setting.isYesOrNo, new == nil, old == "no" { continue }
      if new != old { changes.append((setting, new)) }
    }
    // The old password goes to nobody who was not chosen together with it: else who may change the
    // server could read it.
    let isOfOthers = changes.contains { [.server, .security, .authority].contains($0.setting) }
    if isOfOthers, keptSecrets.contains(.password), settings[MailSetting.password.key] != nil {
      problems.append((.password, Self.passwordAgain))
    }
    // What was typed as a secret is not sent back: it would get lost without a word.
    if !problems.isEmpty {
      problems += typedSecrets.map { ($0, Self.typeAgain) }
    }
  }

  private static let typeAgain = LocalizedText(
    en: "Type it again: a secret is not kept while the form has mistakes.",
    nl: "Typ het opnieuw: een geheim wordt niet onthouden zolang er fouten in het formulier staan.")
  private static let passwordAgain = LocalizedText(
    en: "The server or its encryption changes: type the password again, or take it away.",
    nl: "De server of de versleuteling verandert: typ het wachtwoord opnieuw, of haal het weg.")
}

extension MailSetting {
  fileprivate func kind(isSet: Bool) -> MailPage.Field.Kind {
    switch self {
    case .security:
      .choice([
        ("", LocalizedText(en: "As is usual at the port", nl: "Zoals gebruikelijk bij de poort")),
        (
          "starttls",
          LocalizedText(
            en: "STARTTLS: after the greeting (587)", nl: "STARTTLS: na de begroeting (587)")
        ),
        ("tls", LocalizedText(en: "TLS: from the start (465)", nl: "TLS: vanaf het begin (465)")),
        ("none", LocalizedText(en: "None: same machine only", nl: "Geen: alleen op deze machine")),
      ])
    case .address: .lines
    case _ where isSecret: .secret(isSet: isSet)
    case _ where isYesOrNo: .tick
    case .server: .text(usual: "smtp.example.org")
    case .from: .text(usual: "info@example.org")
    case .url: .text(usual: "https://klantreis.example.org")
    case .accent: .text(usual: MailSettings.accent)
    case .perDomain: .text(usual: String(MailSettings.perDomainMinute))
    case .connections: .text(usual: String(MailSettings.connections))
    default: .text(usual: "")
    }
  }
}
