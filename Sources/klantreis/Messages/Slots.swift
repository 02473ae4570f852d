import Access
import CustomerJourney
import Foundation
import Orchestration
import Store

/// What a page asks for the places that it has, in the form of the tracker's requests.
struct SlotRequest: Decodable, Sendable {
  struct Question: Decodable, Sendable {
    /// The id that the browser made up itself.
    var anonymousId: String?
    /// The id of a customer, which only a server may name.
    var userId: String?
    /// The page's language: `nl-NL`.
    var locale: String?
    var slots: [String]
  }

  var writeKey: String
  var batch: [Question]
}

/// What stands in a place for one visitor.
struct ShownSlot: Sendable {
  var html: String
  var message: Message
}

extension Workspace {
  /// The content of each of the places for the customer of this key, where there is one: of what plays
  /// hold there the highest priority that may be shown now. Also what cannot be shown to anybody, with why.
  ///
  /// With `needsVoucher` the key's own word about whose it is is not enough.
  func slots(
    _ places: [String], for key: String, language: Language?, needsVoucher: Bool, at now: Timestamp
  ) throws -> (shown: [String: ShownSlot], failed: [MessageNote]) {
    guard
      let held = try store.slotMessages(of: key, needsVoucher: needsVoucher, at: now),
      !held.messages.isEmpty
    else { return ([:], []) }
    var shown: [String: ShownSlot] = [:]
    var failed: [MessageNote] = []
    let snapshot = try snapshot()
    let contents = try contents(snapshot)
    let settings = try store.settings()
    let composing = Composing(look: MailLook(settings))
    let traits = try store.traits(of: [held.customer])[held.customer] ?? [:]
    for message in held.messages {
      let data = ContentValue(json: message.intent.data)
      guard let place = data?["slot"]?.filled, places.contains(place), shown[place] == nil,
        let content = contents[message.intent.template]
      else { continue }
      let rules = content.onsite.values.flatMap { $0.compactMap(\.variant.rule) }
      let (verdict, read) = try PlayGate(workspace: self).judged(
        message, snapshot, now: now, reading: rules)
      guard verdict == .send, let read else { continue }
      let customer = read.customer
      let reader = Composing.Reader(
        traits: traits, data: message.intent.data, language: message.intent.language ?? language
      ) { $0.holds(for: customer, at: now) }
      do throws(ComposingProblem) {
        let made = try composing.mail(
          content, for: reader, variant: message.intent.variant, isOnsite: true)
        shown[place] = ShownSlot(html: made.html, message: message)
      } catch {
        failed.append(MessageNote(message.id, .skipped(error.reason)))
      }
    }
    guard let url = settings[MailSetting.url.key], !shown.isEmpty else { return (shown, failed) }
    let key = try linkKey()
    let expires = now.adding(seconds: Limits.trackedLinkSeconds)
    for (place, slot) in shown {
      let links = TrackedLinks(url: url, key: key, message: slot.message.id, expires: expires)
      shown[place]?.html = links.following(slot.html)
    }
    return (shown, failed)
  }
}
