import CustomerJourney
import Testing

@testable import Collector

/// A request of a person's browser, unless told otherwise.
func contextRequest(
  _ headers: [String: String] = ["user-agent": UserAgents.chrome], address: String? = nil,
  number: UInt64 = 7
) -> CollectorRequest {
  CollectorRequest(
    method: "POST", path: "/v1/batch", headers: headers, remoteAddress: address,
    received: testNow, number: number)
}

/// An event that nothing is wrong with.
func contextEvent(_ change: (inout ClientEvent) -> Void = { _ in }) -> ClientEvent {
  var event = ClientEvent()
  event.name = "Page Viewed"
  event.userID = "c1"
  event.occurred = testNow
  change(&event)
  return event
}

/// What one event became.
enum Verdict {
  case touchpoint(Touchpoint)
  case profile(ProfileChange)
  case rejected(RejectedEvent.Kind, reason: String)
  case leftOut
}

func verdict(
  _ event: ClientEvent, _ request: CollectorRequest = contextRequest(),
  mapping: SourceMapping = SourceMapping(), normaliser: Normaliser = Normaliser()
) -> Verdict {
  var (event, batch) = (event, CollectedBatch())
  let rejection = normaliser.judge(
    taking: &event, of: request, facts: normaliser.context.facts(of: request),
    source: CollectorSource(name: "shop", mapping: mapping), into: &batch)
  if let rejection { return .rejected(rejection.kind, reason: rejection.reason) }
  if let touchpoint = batch.touchpoints.popLast() { return .touchpoint(touchpoint) }
  return batch.profiles.popLast().map { .profile($0) } ?? .leftOut
}

/// The touchpoint that an event becomes; fails the test when it becomes none.
func touchpoint(
  _ event: ClientEvent, _ request: CollectorRequest = contextRequest(),
  mapping: SourceMapping = SourceMapping(), normaliser: Normaliser = Normaliser(),
  at location: SourceLocation = #_sourceLocation
) throws -> Touchpoint {
  var found: Touchpoint?
  if case .touchpoint(let touchpoint) = verdict(
    event, request, mapping: mapping, normaliser: normaliser)
  {
    found = touchpoint
  }
  return try #require(found, "it is no touchpoint", sourceLocation: location)
}

/// Why an event is rejected; nil when it is not.
func reason(_ verdict: Verdict) -> String? {
  if case .rejected(.rejected, let reason) = verdict { reason } else { nil }
}

enum UserAgents {
  static let chrome =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    + "Chrome/124.0.0.0 Safari/537.36"
  static let googlebot =
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Googlebot/2.1; "
    + "+http://www.google.com/bot.html) Chrome/124.0.0.0 Safari/537.36"
}
