import CustomerJourney
import Testing

@Suite struct MessageStandingTests {
  private static let now = Timestamp(seconds: 1_800_000_000)
  private static let why = MessageReason("why")
  private static let policy = MessagePolicy(retrySeconds: [60, 300])

  /// One of each.
  private static let happenings: [MessageHappening] = [
    .claimed(until: now.adding(seconds: 300)), .handedOver, .accepted,
    .putOff(until: now.adding(seconds: 3_600), why), .skipped(why), .failedForNow(why),
    .refused(why), .lost(why), .leaseEnded, .delivered, .bounced(why), .again,
  ]

  private static func standing(_ state: MessageState, handed: Bool) -> MessageStanding {
    MessageStanding(
      state: state, due: now, claim: 3, leaseEnds: state == .claimed ? now : nil,
      isHandedOver: handed)
  }

  /// The whole machine: each state, before and after bytes may have left, and each happening. What is
  /// not in the table cannot happen.
  @Test(
    "each thing that happens leads to one state, or is impossible",
    arguments: MessagePurpose.allCases)
  func eachThingThatHappensLeads(_ purpose: MessagePurpose) {
    var expected: [String: MessageState] = [
      "waiting claimed": .claimed, "waiting skipped": .skipped,
      "claimed handed over": .claimed, "claimed put off": .waiting, "claimed skipped": .skipped,
      "claimed failed for now": .waiting, "claimed refused": .refused,
      "claimed free again": .waiting,
      "handed sent": .sent, "handed failed for now": .waiting, "handed refused": .refused,
      "handed unknown": .unknown, "handed free again": .unknown,
      "dead waiting again": .waiting, "refused waiting again": .waiting,
    ]
    for state in ["sent", "unknown"] {
      expected["\(state) delivered"] = .delivered
      expected["\(state) bounced"] = .bounced
    }
    expected["delivered bounced"] = .bounced
    expected["unknown sent"] = .sent

    var met = 0
    for state in MessageState.allCases {
      for handed in state == .claimed ? [false, true] : [false] {
        for happening in Self.happenings {
          let key = "\(handed ? "handed" : state.rawValue) \(happening.name)"
          let next = try? Self.standing(state, handed: handed).after(
            happening, purpose: purpose, policy: Self.policy, at: Self.now)
          #expect(next?.state == expected[key], "\(key)")
          guard let next else { continue }
          met += 1
          #expect((next.leaseEnds != nil) == (next.state == .claimed), "\(key)")
          #expect(!next.isHandedOver || next.state == .claimed, "\(key)")
        }
      }
    }
    #expect(met == expected.count)
  }

  @Test("a message that is not due cannot be claimed") func aMessageThatIsNot() {
    let early = MessageStanding(due: Self.now.adding(seconds: 1))
    #expect(throws: MessageStandingProblem.self) {
      try early.after(
        .claimed(until: Self.now), purpose: .marketing, policy: Self.policy, at: Self.now)
    }
  }

  @Test("tries come later each time, and end") func triesComeLaterEachTime() throws {
    var standing = MessageStanding(due: Self.now)
    var (dues, now): ([Double], Timestamp) = ([], Self.now)
    while standing.state == .waiting {
      now = standing.due
      standing = try standing.after(
        .claimed(until: now), purpose: .service, policy: Self.policy, at: now)
      standing = try standing.after(
        .failedForNow(Self.why), purpose: .service, policy: Self.policy, at: now)
      dues.append(standing.due.seconds(since: now))
    }
    #expect(standing.state == .dead)
    #expect(dues == [60, 300, 0])
    #expect(standing.claim == 3)
    let again = try standing.after(
      .again, purpose: .service, policy: Self.policy, at: now)
    #expect(again.failures == 0 && again.due == now)
  }

  @Test(
    "only service is repeated where nobody knows, and only when that is wanted",
    arguments: [
      (MessagePurpose.marketing, false, MessageState.unknown),
      (.marketing, true, .unknown),
      (.service, false, .unknown),
      (.service, true, .waiting),
    ])
  func onlyServiceIsRepeatedWhere(
    _ purpose: MessagePurpose, _ repeats: Bool, _ state: MessageState
  ) throws {
    let policy = MessagePolicy(retrySeconds: [60], repeatsUnknownService: repeats)
    for happening in [MessageHappening.lost(Self.why), .leaseEnded] {
      let next = try Self.standing(.claimed, handed: true).after(
        happening, purpose: purpose, policy: policy, at: Self.now)
      #expect(next.state == state)
    }
  }

  @Test("a reason never holds an address") func aReasonNeverHoldsAn() {
    let reason = MessageReason("smtp-550", "5.1.1 <ann@example.org>: no such user here")
    #expect(reason.detail == "5.1.1 (address) no such user here")
  }

  @Test("a reason is cut where it is longer than is kept") func aReasonIsCutWhere() {
    let long = String(repeating: "x", count: 1_000)
    #expect(MessageReason(long, long).code.count == Limits.reasonCodeCharacters)
    #expect(MessageReason(long, long).detail.count == Limits.reasonCharacters)
  }
}
