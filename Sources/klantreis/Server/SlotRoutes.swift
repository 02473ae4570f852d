import Collector
import CustomerJourney
import Dispatch
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Orchestration
import Store

/// `/v1/slots`: what places on the shop's pages hold for a visitor. Pages of any site ask, with the key
/// of their source; docs/tracker.md says who is told what.
final class SlotRoutes: Sendable {
  private let workspace: Workspace
  private let reception: Reception
  /// One after the other, and never while somebody waits: an answer does not wait for the disk.
  private let noting = DispatchQueue(label: "slots", qos: .utility)

  init(workspace: Workspace, reception: Reception) {
    self.workspace = workspace
    self.reception = reception
  }

  func addRoutes<Context: RequestContext>(to router: Router<Context>) {
    router.post("v1/slots") { [self] request, _ in
      let (reply, source) = await answer(request)
      reception.metrics.note(
        .init(dialect: "slots", source: source, status: reply.status))
      return Self.response(reply, to: request)
    }
    router.on("v1/slots", method: .options) { request, _ in
      Self.response(.text(""), to: request)
    }
  }

  /// Returns when all that was shown so far is noted.
  func settled() async {
    await withCheckedContinuation { done in noting.async { done.resume() } }
  }

  private func answer(_ request: Request) async -> (CollectorReply, source: String?) {
    let asked: SlotRequest
    do {
      let body = try await request.body.collect(upTo: Limits.slotRequestBytes)
      asked = try JSONDecoder().decode(SlotRequest.self, from: Data(body.readableBytesView))
    } catch is NIOTooManyBytesError {
      return (Refusal.tooLarge(bytes: Limits.slotRequestBytes).reply, nil)
    } catch {
      return (Refusal.malformed(reason: "it does not ask for slots").reply, nil)
    }
    guard let source = reception.source(of: [asked.writeKey]) else {
      return (Refusal.key.reply, nil)
    }
    guard asked.batch.count == 1, let question = asked.batch.first,
      question.slots.count <= Limits.slotsPerPage
    else {
      let reason = "it asks for more than one visitor or \(Limits.slotsPerPage) slots"
      return (Refusal.malformed(reason: reason).reply, source.name)
    }
    let isBrowser = source.mapping.claimant == .browser
    // Who asks not to be followed is nobody here.
    guard let key = Self.key(question, isBrowser: isBrowser),
      !isBrowser || !Self.asksForPrivacy(request)
    else { return (.json("{}"), source.name) }
    do {
      let found = try await workspace.aside { [workspace] in
        try workspace.slots(
          question.slots, for: key,
          language: question.locale.flatMap { Language(rawValue: $0.prefix(2).lowercased()) },
          needsVoucher: isBrowser, at: .now)
      }
      note(found.shown.values.map(\.message), failed: found.failed)
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      let body = try encoder.encode(found.shown.mapValues(\.html))
      return (
        CollectorReply(headers: ["cache-control": "no-store"], body: Array(body)), source.name
      )
    } catch {
      // The page keeps its own content; what is wrong is said by those who look after it.
      return (.json("{}"), source.name)
    }
  }

  private static func asksForPrivacy(_ request: Request) -> Bool {
    HTTPField.Name("Sec-GPC").map { request.headers[$0] == "1" } ?? false
  }

  /// The identity that is asked for. A page's key is known to everybody, so that with it nobody is asked
  /// for by a name that others can know.
  private static func key(_ question: SlotRequest.Question, isBrowser: Bool) -> String? {
    if !isBrowser, let id = question.userId, !id.isEmpty { return CustomerKey.user(id) }
    guard let id = question.anonymousId, !id.isEmpty, id.count <= Limits.nameCharacters else {
      return nil
    }
    return CustomerKey.anonymous(id)
  }

  /// Notes what the visitor has now, each message once however often it is shown.
  private func note(_ shown: [Message], failed: [MessageNote]) {
    let notes =
      failed
      + shown.filter { $0.standing.state != .delivered }.flatMap { message in
        let now = Timestamp.now
        return [
          .claimed(until: now.adding(seconds: Limits.messageLeaseSeconds)), .handedOver, .accepted,
          .delivered,
        ].map { MessageNote(message.id, $0) }
      }
    guard !notes.isEmpty else { return }
    noting.async { [store = workspace.store] in
      // Where it cannot be written now, the next showing writes it.
      _ = try? store.note(notes, at: .now)
    }
  }

  private static func response(_ reply: CollectorReply, to request: Request) -> Response {
    var fields = reply.fields(to: request.head)
    // No cookie is asked for, nor sent.
    fields[.accessControlAllowCredentials] = nil
    return Response(
      status: .init(code: reply.status), headers: fields,
      body: .init(byteBuffer: ByteBuffer(bytes: reply.body)))
  }
}
