import Access
import CustomerJourney
import Dashboard
import Foundation
import HTTPTypes
import Hummingbird
import Insights
import JourneyEngine
import Store
import Synchronization

/// The pages and the API of accounts (B2B), and what can be decided there. Not to be taken for
/// ``AccountDesk``, where users see to their own login.
struct CompanyDesk: Sendable {
  let workspace: Workspace
  private let latest = Latest()

  /// The last review list that was made, and of which state of the store.
  private final class Latest: Sendable {
    let state = Mutex<(version: Int64, leads: [AccountLead])?>(nil)
  }

  init(workspace: Workspace) { self.workspace = workspace }

  func addRoutes(to routes: GuardedRoutes) {
    routes.get("accounts", needs: .persons) { request, context in
      let visit = Visit(request, context)
      let (html, isGood) = try await workspace.asking { snapshot in
        var visit = visit
        while true {
          do {
            return (try list(visit, snapshot), visit.isGood)
          } catch let error as ParameterError where !visit.hasProblem(at: error.name) {
            visit.note(error)
          }
        }
      }
      return Response.html(html, status: isGood ? .ok : .badRequest)
    }
    routes.post("accounts", needs: .act) { request, context in
      let form = try await FormFields.body(of: request)
      let key = (form["key"] ?? "").trimmed
      var traits: [String: PropertyValue] = [:]
      for name in ["name", "domain"] {
        if let text = form[name]?.trimmed, !text.isEmpty { traits[name] = .text(text) }
      }
      try await changing {
        try await workspace.working { [traits] in
          try workspace.store.setAccount(key: key, traits: traits, at: .now)
        }
      }
      try await workspace.note(.accountChanged, key, by: context)
      return Response.seeOther(Pages.accountPath(key))
    }
    routes.get("accounts/:id", needs: .persons) { request, context in
      let key = try context.pathPart("id")
      let visit = Visit(request, context)
      return Response.html(try await workspace.asking { try page(key, visit, $0) })
    }
    routes.post("accounts/:id", needs: .act) { request, context in
      let key = try context.pathPart("id")
      let form = try await FormFields.body(of: request)
      try await change(key, form, by: context)
      return Response.seeOther(Pages.accountPath(key))
    }
    routes.get("accounts-leads", needs: .persons) { request, context in
      let visit = Visit(request, context)
      return Response.html(
        try await workspace.asking { snapshot in
          let leads = try leads(of: snapshot)
          return Pages.companyLeadsPage(
            CompanyLeadsPage(leads: leads, isCut: leads.count >= Limits.accountLeads),
            visit.context(snapshot))
        })
    }
    routes.post("accounts-leads", needs: .act) { request, context in
      let form = try await FormFields.body(of: request)
      guard let account = form["account"], ["in", "out"].contains(form["do"]) else {
        throw HTTPError(.badRequest, message: "The form says nothing that can be done.")
      }
      try await change(account, form, by: context)
      return Response.seeOther("/accounts-leads")
    }
  }

  func addAPIRoutes(to group: GuardedRoutes) {
    group.get("accounts/:id", needs: .persons) { request, context in
      let key = try context.pathPart("id")
      let values = request.query.values
      return try await workspace.asking { snapshot in
        try answer(key, Question(.accounts, values), snapshot)
      }
    }
    for (name, act) in [("add", "in"), ("remove", "out"), ("undo", "undo")] {
      group.post("accounts/:id/\(name)", needs: .act) { request, context in
        let key = try context.pathPart("id")
        let said = try await request.json(Said.self, like: #"{"customer": "KEY"}"#)
        try await perform(act, key, said.customer, by: context)
        return try await workspace.asking { snapshot in
          try answer(key, Question(.accounts, [:]), snapshot)
        }
      }
    }
  }

  private struct Said: Decodable {
    var customer: String
  }

  // MARK: Pages

  private func list(_ visit: Visit, _ snapshot: Snapshot) throws -> String {
    let length = Limits.accountsPerPage
    let number = visit.pageNumber
    let search = visit.value("q") ?? ""
    let order = visit.value("sort").flatMap(AccountsReport.Order.init) ?? .engagement
    let (report, context) = try visit.ask(
      .accounts, snapshot,
      [
        "search": [search], "sort": [order.rawValue], "offset": [String((number - 1) * length)],
        "limit": [String(length)],
      ]
    ) { AccountsReport.self }
    return Pages.companiesPage(
      CompaniesPage(
        report: report, model: try snapshot.models.named(report.model), order: order,
        search: search, page: number, firstIndex: (number - 1) * length,
        settings: try workspace.store.accountSettings(), leads: try leads(of: snapshot).count),
      context)
  }

  private func page(_ key: String, _ visit: Visit, _ snapshot: Snapshot) throws -> String {
    let question = try visit.question(.accounts)
    let (account, standing, model, moment) = try snapshot.account(key, question)
    let evidence = try workspace.store.accountEvidence(of: account.id)
    let members = Set(account.members.map(\.customer))
    let out = evidence.filter { !members.contains($0.key) && $0.value.contains { !$0.counts } }
    return Pages.companyPage(
      CompanyPage(
        account: account, standing: standing, evidence: evidence,
        journey: try snapshot.lanes(of: account, standing, model: model, at: moment), model: model,
        settings: try workspace.store.accountSettings(), at: moment,
        leads: try leads(of: snapshot).filter { $0.account == account.id },
        out: try workspace.store.customerKeys(Array(out.keys))), visit.context(snapshot))
  }

  private func leads(of snapshot: Snapshot) throws -> [AccountLead] {
    try latest.state.withLock { latest in
      if let latest, latest.version == snapshot.factsVersion { return latest.leads }
      let leads = try workspace.store.accountLeads(limit: Limits.accountLeads)
      latest = (snapshot.factsVersion, leads)
      return leads
    }
  }

  // MARK: Deeds

  private func change(
    _ account: String, _ form: FormFields, by context: ServerContext
  ) async throws {
    let act = form["do"] ?? ""
    if ["addDomain", "removeDomain"].contains(act) {
      let domain = form["domain"] ?? ""
      try await changing {
        try await workspace.working {
          try workspace.store.setDomain(domain, of: account, to: act == "addDomain")
        }
      }
      return try await workspace.note(.accountChanged, account, by: context)
    }
    let customer = (form["customer"] ?? "").trimmed
    try await changing {
      switch act {
      case "roles":
        let text = (form["roles"] ?? "").trimmed
        let roles = text.split(whereSeparator: { ",;".contains($0) }).map { $0.trimmed }
        try await workspace.working {
          try workspace.store.setRoles(
            roles.isEmpty ? nil : roles, of: customer, in: account, at: .now)
        }
        try await noteMember(customer, by: context)
      case "until":
        let text = (form["until"] ?? "").trimmed
        try await workspace.aside {
          let zone = try workspace.snapshot().zone
          var end: Timestamp?
          if !text.isEmpty {
            guard text.utf8.count == 10, let moment = Timestamp(iso8601: text, zone: zone) else {
              throw AccountProblem.badPeriod
            }
            end = moment
          }
          try workspace.store.endMembership(of: customer, in: account, at: end, now: .now)
        }
        try await workspace.working {}
        try await noteMember(customer, by: context)
      default: try await perform(act, account, customer, by: context)
      }
    }
  }

  private func perform(
    _ act: String, _ account: String, _ customer: String, by context: ServerContext
  ) async throws {
    try await workspace.working { [store = workspace.store] in
      switch act {
      case "in": try store.addMember(customer, to: account, at: .now)
      case "out": try store.removeMember(customer, from: account, at: .now)
      case "undo": try store.undoMembership(of: customer, in: account, at: .now)
      default: throw HTTPError(.badRequest, message: "The form says nothing that can be done.")
      }
    }
    try await noteMember(customer, by: context)
  }

  private func noteMember(_ customer: String, by context: ServerContext) async throws {
    let number = try await workspace.aside { try workspace.loggedNumber(ofCustomer: customer) }
    try await workspace.note(.accountMemberChanged, number, by: context)
  }

  private func changing(_ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let problem as AccountProblem {
      throw NotFound(what: "Nothing was changed.", advice: problem.description)
    }
  }

  // MARK: Answers

  private func answer(
    _ key: String, _ question: Question, _ snapshot: Snapshot
  ) throws -> Response {
    let detail = try snapshot.accountDetail(key, question)
    return try .json(detail)
  }
}

/// One account as programs get it.
struct AccountDetail: Encodable, Sendable {
  /// True when the people do not exist.
  var simulated: Bool?
  var model: String
  var at: Timestamp
  var account: AccountStanding
  var traits: [String: PropertyValue]
  /// Why each customer belongs to it or does not.
  var evidence: [Reasons]
  var settings: AccountSettings

  struct Reasons: Encodable, Sendable {
    var customer: String
    var reasons: [AccountEvidence]
  }
}

extension Snapshot {
  func accountDetail(_ key: String, _ question: Question) throws -> AccountDetail {
    let (account, standing, model, moment) = try account(key, question)
    let evidence = try facts.store.accountEvidence(of: account.id)
    let keys = try facts.store.customerKeys(Array(evidence.keys))
    return AccountDetail(
      simulated: isSimulated ? true : nil, model: model.id, at: moment, account: standing,
      traits: account.traits,
      evidence: evidence.map { .init(customer: keys[$0.key] ?? "", reasons: $0.value) }
        .sorted { $0.customer < $1.customer },
      settings: try facts.store.accountSettings())
  }
}
