import CustomerJourney
import Testing

@testable import Orchestration

/// When a message may go.
@Suite struct ContactPolicyTests {
  private static let noon = PlayKit.at("2026-03-04T11:00:00Z")

  private func ask(
    _ policy: ContactPolicy = .usual, _ channel: MessageChannel = .email,
    _ purpose: MessagePurpose = .marketing, priority: Int = 4, consent: Bool = true,
    sales: Bool = true, sent: [(hoursAgo: Int64, answered: Bool)] = [],
    waiting: [(purpose: MessagePurpose, priority: Int)] = [], at now: Timestamp = noon,
    dueHoursAgo: Int64 = 0, zone: Zone = .amsterdam, sentBy: MessageChannel = .email
  ) -> MessageVerdict {
    policy.decide(
      ContactCandidate(
        channel: channel, purpose: purpose, priority: priority,
        due: now.adding(seconds: -dueHoursAgo * 3600), zone: zone, hasConsent: consent,
        isSalesMoment: sales),
      ContactHistory(
        contacts: sent.map {
          .init(
            channel: sentBy, purpose: .marketing, at: now.adding(seconds: -$0.hoursAgo * 3600),
            isAnswered: $0.answered)
        }.sorted { $0.at < $1.at }, waiting: waiting), now: now)
  }

  @Test("Without consent marketing is not sent, and service is")
  func consent() {
    #expect(ask(consent: false) == .skip(.noConsent))
    #expect(ask(.usual, .email, .service, consent: false) == .send)
    #expect(ask() == .send)
  }

  @Test(
    "Quiet hours go by the customer's clock, and end on time",
    arguments: [
      ("2026-03-04T20:30:00Z", "Europe/Amsterdam", "2026-03-05T07:00:00Z"),
      ("2026-03-05T06:59:59Z", "Europe/Amsterdam", "2026-03-05T07:00:00Z"),
      ("2026-03-05T07:00:00Z", "Europe/Amsterdam", nil),
      ("2026-03-04T20:30:00Z", "America/New_York", nil),
      // The night in which clocks go forward is an hour shorter.
      ("2026-03-28T21:00:00Z", "Europe/Amsterdam", "2026-03-29T06:00:00Z"),
    ])
  func quiet(now: String, zone: String, until: String?) throws {
    let zone = try #require(Zone(zone))
    let verdict = ask(at: PlayKit.at(now), zone: zone)
    #expect(verdict == until.map { .wait(until: PlayKit.at($0), .quietHours) } ?? .send)
  }

  @Test("Service mail goes at night, a text message does not, and a place on the site always may")
  func night() {
    let night = PlayKit.at("2026-03-04T23:00:00Z")
    #expect(ask(.usual, .email, .service, at: night) == .send)
    #expect(ask(.usual, .onsite, at: night) == .send)
    guard case .wait(_, .quietHours) = ask(.usual, .sms, .service, at: night) else {
      Issue.record("a text message waits")
      return
    }
  }

  @Test("Caps say when there is room again, or that there is none in time")
  func caps() {
    let two = ContactPolicy(
      caps: [.init(channel: .email, count: 2, per: .day), .init(count: 3, per: .week)],
      quietHours: nil, rest: nil, spacingMinutes: 0, notSalesMoments: [])
    #expect(ask(two, sent: [(5, true)]) == .send)
    #expect(
      ask(two, sent: [(20, true), (5, true)])
        == .wait(until: Self.noon.adding(seconds: 4 * 3600), .capOfDay))
    // The week has room in two days, and by then it is too late.
    #expect(ask(two, sent: [(120, true), (30, true), (26, true)]) == .skip(.capOfWeek))
    // Another channel counts for the cap over all, not for that of mail.
    #expect(ask(two, sent: [(20, true), (5, true)], sentBy: .sms) == .send)
    #expect(
      ask(two, sent: [(150, true), (20, true), (5, true)], sentBy: .sms)
        == .wait(until: Self.noon.adding(seconds: 18 * 3600), .capOfWeek))
    // Sent before the clock was set back by two hours.
    #expect(
      ask(two, sent: [(5, true), (-2, true)])
        == .wait(until: Self.noon.adding(seconds: 19 * 3600), .capOfDay))
    let none = ContactPolicy(
      caps: [.init(channel: .sms, count: 0, per: .day)], quietHours: nil, rest: nil,
      spacingMinutes: 0, notSalesMoments: [])
    #expect(ask(none, .sms) == .skip(.capOfDay))
    #expect(ask(two, .email, .service, sent: [(20, true), (5, true)]) == .send)
  }

  @Test("After so many unanswered messages there is a rest, which an answer ends")
  func rest() {
    let policy = ContactPolicy(
      caps: [], quietHours: nil, rest: .init(afterUnanswered: 3, days: 10), spacingMinutes: 0,
      notSalesMoments: [])
    #expect(ask(policy, sent: [(90, false), (60, false), (30, false)]) == .skip(.resting))
    #expect(ask(policy, sent: [(90, false), (60, false), (30, true)]) == .send)
    #expect(ask(policy, sent: [(90, true), (60, false), (30, false)]) == .send)
    #expect(ask(policy, sent: [(300, false), (280, false), (241, false)]) == .send)
  }

  @Test("Service and a higher priority go first, and messages keep apart")
  func order() {
    func bar(_ verdict: MessageVerdict) -> SendingBar? {
      if case .wait(_, let bar) = verdict { bar } else { nil }
    }
    #expect(bar(ask(waiting: [(.service, 9)])) == .serviceFirst)
    #expect(bar(ask(waiting: [(.marketing, 6)])) == .otherPlay)
    #expect(ask(waiting: [(.marketing, 4)]) == .send)
    var policy = ContactPolicy.usual
    policy.caps = []
    #expect(
      ask(policy, sent: [(1, true)])
        == .wait(until: Self.noon.adding(seconds: 3 * 3600), .otherPlay))
    #expect(bar(ask(sales: false)) == .notSalesMoment)
    #expect(ask(dueHoursAgo: 25) == .skip(.late))
  }

  @Test("It is written and read again as it is, and its usual form has good rules")
  func json() throws {
    #expect(try ContactPolicy(json: try ContactPolicy.usual.json) == .usual)
    #expect(ContactPolicy.usual.problem == nil)
    for moment in ContactPolicy.usual.notSalesMoments {
      #expect(throws: Never.self) {
        try Rule(parsing: moment.rule, in: .filter(hasCycles: false))
      }
    }
  }
}
