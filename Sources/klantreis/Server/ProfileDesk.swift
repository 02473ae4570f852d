import Access
import CustomerJourney
import Dashboard
import Foundation
import HTTPTypes
import Hummingbird
import Insights
import JourneyEngine
import Store

/// Profiles: finding customers, all that is known of one, traits by hand, calculated traits.
struct ProfileDesk: Sendable {
  let workspace: Workspace

  func addRoutes(to routes: GuardedRoutes) {
    routes.post("customers/:id/traits", needs: .act) { request, context in
      let key = try context.pathPart("id")
      let form = try await FormFields.body(of: request)
      guard let name = form["name"], let decision = Self.decision(form) else {
        throw HTTPError(.badRequest, message: "The form says nothing that can be done.")
      }
      do {
        try await decide([(name, decision)], of: key, by: context)
      } catch let problem as TraitProblem {
        throw NotFound(what: "Nothing was changed.", advice: problem.description)
      }
      return Response.seeOther(Pages.customerPath(key) + "#traits")
    }
    routes.get("traits", needs: .insights) { request, context in
      try await list(Visit(request, context), name: "", definition: "")
    }
    routes.post("traits", needs: .edit) { request, context in
      let form = try await FormFields.body(of: request)
      let (name, definition) = (form["name"] ?? "", form["definition"] ?? "")
      var visit = Visit(request, context)
      do {
        if form["do"] == "remove" {
          try await workspace.working {
            try workspace.store.removeCalculatedTrait(named: name)
          }
          try await workspace.note(.calculatedTraitRemoved, name, by: context)
        } else {
          let trait = try await workspace.working {
            try workspace.addCalculatedTrait(name: name, definition: definition)
          }
          try await workspace.note(.calculatedTraitAdded, trait.name, by: context)
        }
        return Response.seeOther("/traits")
      } catch let problem as TraitProblem {
        visit.note(ParameterError(name: "name", value: name, problem: problem.description))
      } catch let problem as ParameterError {
        visit.note(problem, typed: definition)
      }
      return try await list(visit, name: name, definition: definition)
    }
  }

  private static func decision(_ form: FormFields) -> TraitDecision? {
    switch form["do"] {
    case "set":
      (form["value"]?.trimmed).flatMap { $0.isEmpty ? nil : TraitDecision.holds(.text($0)) }
    case "remove": .isNotSo
    case "back": .takenBack
    default: nil
    }
  }

  private func list(_ visit: Visit, name: String, definition: String) async throws -> Response {
    let html = try await workspace.asking { snapshot in
      let vocabulary = snapshot.traitVocabulary
      let own = try workspace.store.calculatedTraits().map { trait in
        var shown = CalculatedTraitsPage.Own(name: trait.name, definition: trait.definition)
        do throws(RuleError) {
          _ = try Calculation(parsing: trait.definition, in: vocabulary)
        } catch {
          shown.problem = error.message
        }
        return shown
      }
      return Pages.calculatedTraitsPage(
        CalculatedTraitsPage(own: own, name: name, definition: definition), visit.context(snapshot))
    }
    return Response.html(html, status: visit.isGood ? .ok : .badRequest)
  }

  /// All of them or, where one cannot be, those before it.
  private func decide(
    _ decisions: [(name: String, decision: TraitDecision)], of key: String,
    by context: ServerContext
  ) async throws {
    let visitor = try context.knownVisitor()
    try await workspace.working {
      let number = try workspace.loggedNumber(ofCustomer: key)
      for (name, decision) in decisions {
        try workspace.store.decide(
          decision, trait: name, of: key, noting: visitor.deed(.traitChanged, number))
      }
    }
  }

  // MARK: The API

  func addAPIRoutes(to group: GuardedRoutes) {
    group.get("customers", needs: .persons) { request, context in
      try await customers(request, context)
    }
    group.get("customers/:id", needs: .persons) { request, context in
      try await profile(try context.pathPart("id"), request)
    }
    group.post("customers/:id/traits", needs: .act) { request, context in
      let key = try context.pathPart("id")
      let change = try await request.json(
        Change.self, like: #"{"set": {"phone": "+31612345678"}, "remove": [], "takeBack": []}"#)
      try await decide(change.decisions, of: key, by: context)
      return try await profile(key, request)
    }
    group.get("traits", needs: .insights) { _, _ in
      let names = try await workspace.asking { snapshot in
        let calculated = try CalculatedTraits(snapshot, at: snapshot.instant(of: Period()))
        let own = Dictionary(
          try workspace.store.calculatedTraits().map { ($0.name, $0.definition) },
          uniquingKeysWith: { first, _ in first })
        return calculated.names.map { Listed(name: $0, definition: own[$0]) }
      }
      return try .json(["traits": names])
    }
  }

  private struct Listed: Encodable {
    var name: String
    /// Nil of those that are built in.
    var definition: String?
  }

  private struct Change: Decodable {
    var set: [String: PropertyValue]?
    var remove: [String]?
    var takeBack: [String]?

    var decisions: [(name: String, decision: TraitDecision)] {
      var all: [(name: String, decision: TraitDecision)] = []
      for (name, value) in (set ?? [:]).sorted(by: { $0.key < $1.key }) {
        all.append((name, .holds(value)))
      }
      for name in remove ?? [] { all.append((name, .isNotSo)) }
      for name in takeBack ?? [] { all.append((name, .takenBack)) }
      return all
    }
  }

  private func customers(_ request: Request, _ context: ServerContext) async throws -> Response {
    var values = request.query.values
    let own = ["q", "column", "page", "limit", "format"]
    let mine = own.reduce(into: [String: [String]]()) { $0[$1] = values.removeValue(forKey: $1) }
    func number(_ name: String, upTo most: Int) throws -> Int? {
      guard let text = mine[name]?.last, !text.isEmpty else { return nil }
      guard let number = Int(text), (1...most).contains(number) else {
        throw ParameterError(name: name, value: text, problem: "Give a number from 1 to \(most).")
      }
      return number
    }
    let format = mine["format"]?.last ?? "json"
    guard ["json", "csv", "text"].contains(format) else {
      throw ParameterError(
        name: "format", value: format, problem: "Choose from json, csv, text.")
    }
    let question = try Question(.map, values)
    let wish = CustomerList.Wish(
      search: mine["q"]?.last ?? "", columns: mine["column"] ?? [],
      page: try number("page", upTo: 1_000_000) ?? 1,
      perPage: try number("limit", upTo: Limits.customersFound) ?? Limits.customersPerPage,
      isFiltered: question.isFiltered)
    // Single persons leave the house as a file.
    if format == "csv" { try await workspace.note(.exported, "customers", by: context) }
    let (bytes, isSimulated) = try await workspace.asking { snapshot -> (Data, Bool) in
      let period = try Period(from: question["from"], to: question["to"], zone: snapshot.zone)
      let answer = try CustomerList(
        try snapshot.select(question, placed: true), snapshot: snapshot, wish,
        at: snapshot.instant(of: period)
      ).answer
      switch format {
      case "csv": return (Data(answer.csv().utf8), snapshot.isSimulated)
      case "text": return (Data(answer.text().utf8), snapshot.isSimulated)
      default: return (try answer.json(), snapshot.isSimulated)
      }
    }
    let kind = format == "csv" ? AnswerFormat.csv : format == "text" ? .text : .json
    return Response.data(
      bytes, type: kind.contentType,
      download: format == "csv" ? "\(isSimulated ? "simulated-" : "")customers.csv" : nil)
  }

  private func profile(_ key: String, _ request: Request) async throws -> Response {
    let to = request.query["to"]
    let profile = try await workspace.asking { snapshot in
      try snapshot.profile(
        of: key, at: snapshot.instant(of: Period(from: nil, to: to, zone: snapshot.zone)))
    }
    return try .json(profile)
  }
}

extension Question {
  /// Whether it is about a part of the journeys.
  var isFiltered: Bool { ["who", "where", "from", "to"].contains { self[$0] != nil } }
}
