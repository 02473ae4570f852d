import Access
import CustomerJourney
import Dashboard
import Foundation
import HTTPTypes
import Hummingbird
import Orchestration
import Store

/// The pages of messages and of what they say.
struct MessageDesk: Sendable {
  let workspace: Workspace

  func addRoutes(to routes: GuardedRoutes) {
    routes.get("messages", needs: .persons) { request, context in
      let visit = Visit(request, context)
      let mayEdit = context.visitor?.may(.edit) ?? false
      return Response.html(
        try await workspace.asking { snapshot in
          Pages.messagesPage(try page(visit, snapshot, mayEdit: mayEdit), visit.context(snapshot))
        })
    }
    routes.post("messages/:id/again", needs: .act) { _, context in
      guard let id = Int64(try context.pathPart("id")) else { throw HTTPError(.notFound) }
      let isDone = try await workspace.working {
        try workspace.store.note([MessageNote(id, .again)], at: .now)[0] != nil
      }
      guard isDone else {
        throw NotFound(
          what: "Nothing was changed.",
          advice: "The message is not there, or it is neither given up nor refused any more.")
      }
      try await workspace.note(.messageRepeated, String(id), by: context)
      return Response.seeOther("/messages")
    }
    routes.get("contents", needs: .insights) { request, context in
      let visit = Visit(request, context)
      return Response.html(
        try await workspace.asking { snapshot in
          let contents = try workspace.contents(snapshot)
          return Pages.contentsPage(
            ContentsPage(
              rows: contents.all.map { content in
                ContentsPage.Row(
                  id: content.id, name: content.name,
                  channels: content.channels.map { ($0, content.languages(of: $0)) })
              }, problems: contents.problems.map(\.description),
              customer: visit.value("customer") ?? ""),
            visit.context(snapshot))
        })
    }
    routes.get("contents/:id/preview", needs: .insights) { request, context in
      let visit = Visit(request, context)
      let id = try context.pathPart("id")
      let customer = visit.value("customer")
      // What a customer would get says who it is.
      if customer != nil, context.visitor?.may(.persons) != true {
        throw NotAllowed(permission: .persons)
      }
      return try await preview(id, customer, visit)
    }
  }

  private func page(_ visit: Visit, _ snapshot: Snapshot, mayEdit: Bool) throws -> MessagesPage {
    let state = visit.value("state").flatMap { MessageState(rawValue: $0) }
    let length = Limits.messagesPerPage
    let filter = Store.MessageFilter(state: state)
    let messages = try workspace.store.messages(
      filter, offset: (visit.pageNumber - 1) * length, limit: length)
    let keys = try workspace.store.customerKeys(Array(Set(messages.map(\.intent.customer))))
    var advice: [LocalizedText]?
    if mayEdit {
      do {
        let found = try workspace.mailSettings().advice.map(\.text)
        advice = found.isEmpty ? nil : found
      } catch let problem as MailSettingProblem {
        advice = [problem.onPage]
      }
    }
    return MessagesPage(
      rows: messages.map { row($0, of: keys[$0.intent.customer], snapshot) },
      counts: try workspace.store.messageCounts(), state: state, page: visit.pageNumber,
      advice: advice)
  }

  private func row(_ message: Message, of customer: String?, _ snapshot: Snapshot)
    -> MessagesPage.Row
  {
    MessagesPage.Row(
      id: message.id, customer: customer, play: message.intent.origin.play,
      content: message.intent.template, channel: message.intent.channel.touchpointChannel,
      state: message.standing.state, reason: message.standing.reason,
      changed: snapshot.zone.clock(message.changed),
      due: message.standing.state == .waiting ? snapshot.zone.clock(message.standing.due) : nil)
  }

  /// The last ones to a customer, for the customer's page.
  func rows(ofCustomer key: String, _ snapshot: Snapshot) throws -> [MessagesPage.Row] {
    guard let customer = try workspace.store.customer(key: key) else { return [] }
    return try workspace.store.messages(
      .init(customer: customer), offset: 0, limit: Self.onCustomersPage
    ).map { row($0, of: key, snapshot) }
  }

  private static let onCustomersPage = 5

  private func preview(_ id: String, _ customer: String?, _ visit: Visit) async throws -> Response {
    let channel = visit.value("channel").flatMap { MessageChannel(rawValue: $0) } ?? .email
    let language = visit.value("language").flatMap { Language(rawValue: $0) }
    let shown: ContentPreview
    do {
      shown = try await workspace.asking { snapshot in
        try workspace.preview(
          id, customer: customer, channel: channel, language: language,
          variant: visit.value("variant"), snapshot, at: .now)
      }
    } catch let problem as ComposingProblem {
      throw NotFound(what: "This would not be sent.", advice: problem.description)
    } catch let ending as Ending {
      throw NotFound(what: ending.message ?? "", advice: "Open one from the list of contents.")
    }
    var response: Response
    if let html = shown.html, visit.value("form") != "text" {
      response = Response.html(html)
      // A mail as programs show it: its own styles and pictures from elsewhere, nothing that acts.
      response.headers[.contentSecurityPolicy] =
        "default-src 'none'; style-src 'unsafe-inline'; img-src https: http: data:; sandbox; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    } else {
      response = Response.data(Data(shown.text.utf8), type: "text/plain; charset=utf-8")
    }
    return response
  }
}
