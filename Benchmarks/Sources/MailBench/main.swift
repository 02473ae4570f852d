import CustomerJourney
import Foundation
import Orchestration

// usage: MailBench [SECONDS]
// How many mails one core composes in a second, from the message to the bytes that a server gets: the
// built-in basket with three products, filled in, drawn, as text and HTML, with counted links, and signed
// or not. Beside it the target. Counted is the core's time, whatever else the machine does.

let target = 500.0
let seconds = CommandLine.arguments.dropFirst().first.flatMap { Double($0) } ?? 5

let builtIn = Content.builtIn[0]
let content = try Content(yaml: builtIn.yaml, file: builtIn.file, vocabulary: .filter())
let products = (1...3).map { number in
  ContentValue.object([
    "name": .text("Mug \(number)"), "price": .text("€ 9.95"),
    "link": .text("https://shop.example/mug-\(number)"),
    "image": .text("https://shop.example/mug-\(number).jpg"),
  ])
}
let values = ContentValue.object([
  "firstName": .text("Ann"), "basketUrl": .text("https://shop.example/basket/7"),
  "products": .list(products),
])
let now = Timestamp(seconds: 1_800_000_000)

/// Seconds that this process has had a core.
func coreSeconds() -> Double {
  var time = timespec()
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
  return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

func perSecond(signedBy keys: [String: String]) throws -> Double {
  var settings = [
    "mail.from": "info@shop.example", "mail.server": "127.0.0.1",
    "mail.url": "https://stats.example", "mail.tracking": "yes", "mail.per-domain": "100000",
  ]
  settings.merge(keys) { $1 }
  let recipient = Recipient(
    email: MailAddress("ann@example.org"), phone: nil, reader: .init(values: values),
    allowsTracking: true,
    ways: .init(
      unsubscribe: "https://stats.example/unsubscribe/x",
      preferences: "https://stats.example/preferences/x"),
    oneClick: "https://stats.example/unsubscribe/x")
  let delivery = Delivery(
    Delivery.Surroundings(
      claim: { _, _, _ in [] }, note: { _, _, _ in [] }, check: { _, _ in .send(asOf: nil) },
      recipient: { _, _, _ in recipient }, content: { _ in content }, isClosed: { _ in false },
      close: { _, _, _ in }, webhook: { _ in nil }, now: { now }),
    settings: try MailSettings(settings), key: Array(repeating: 7, count: 32),
    rates: DomainRates())
  var count = 0
  var bytes = 0
  let began = coreSeconds()
  while coreSeconds() - began < seconds {
    count += 1
    // A minute later each, so that the rate of the domain holds nobody up.
    let moment = now.adding(seconds: Int64(count) * 60)
    let message = Message(
      id: Int64(count),
      intent: MessageIntent(
        origin: MessageOrigin(play: "basket", version: 1, key: "c\(count)", step: "first"),
        customer: 1, channel: .email, purpose: .marketing, template: content.id, due: moment),
      standing: MessageStanding(state: .claimed, due: moment, claim: 1), created: moment,
      changed: moment)
    guard case .mail(let mail, _) = try delivery.prepare(message, at: moment).prepared else {
      fatalError("a mail could not be made")
    }
    bytes += mail.count
  }
  let rate = Double(count) / (coreSeconds() - began)
  print("  mails of \(bytes / count) bytes", terminator: "")
  return rate
}

for (what, keys) in [
  ("without a signature", [:]),
  (
    "signed with RSA and Ed25519",
    [
      "mail.dkim": try DKIMKey.newRSA(), "mail.dkim-ed25519": DKIMKey.newEd25519(),
    ]
  ),
] as [(String, [String: String])] {
  let rate = try perSecond(signedBy: keys)
  print(
    String(
      format: ", %@: %.0f a second on one core, %.1f times the target of %.0f", what, rate,
      rate / target, target))
}
