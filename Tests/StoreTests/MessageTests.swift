import CustomerJourney
import Foundation
import GRDB
import Testing

@testable import Store

@Suite struct MessageTests {
  let store: Store
  let now = Timestamp(seconds: 1_800_000_000)
  let customer: Int64
  /// It, and four others.
  private let customers: [Int64]

  init() throws {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "klantreis-messages-\(UUID().uuidString)")
    store = try Store(folder: folder)
    let keys = ["1184", "1185", "1186", "1187", "1188"]
    let moment = now
    try store.append(
      keys.map { key in
        Touchpoint(
          customer: key, occurred: moment, event: .productViewed, channel: .website,
          messageID: "m\(key)")
      })
    var numbers: [Int64] = []
    for key in keys { numbers.append(try #require(try store.customer(key: key))) }
    customers = numbers
    customer = numbers[0]
  }

  private func intent(
    _ key: String, step: String = "first", version: Int = 1, priority: Int = 5, after: Int64 = 0,
    purpose: MessagePurpose = .marketing, channel: MessageChannel = .email, of who: Int = 0
  ) -> MessageIntent {
    MessageIntent(
      origin: MessageOrigin(play: "basket", version: version, key: key, step: step),
      customer: customers[who], channel: channel, purpose: purpose, template: "basket",
      data: #"{"cartId":"\#(key)"}"#, priority: priority, due: now.adding(seconds: after))
  }

  private func claim(_ limit: Int = 50, at moment: Timestamp? = nil) throws -> [Message] {
    let moment = moment ?? now
    return try store.claimMessages(
      channels: [.email], limit: limit, until: moment.adding(seconds: 300), at: moment)
  }

  @Test("a step of a run makes one message, whoever plans it how often") func aStepOfARun() throws {
    #expect(
      try store.plan([intent("a"), intent("a"), intent("b")], at: now).map { $0 != nil }
        == [true, false, true])
    #expect(
      try store.plan([intent("a", version: 2), intent("a", step: "second")], at: now)
        .allSatisfy { $0 != nil })
    #expect(try store.messages(limit: 10).count == 4)
  }

  @Test("a decision that is rolled back leaves no message") func aDecisionThatIsRolled() throws {
    struct Stop: Error {}
    #expect(throws: Stop.self) {
      try store.pool.write { db in
        try Store.plan(intent("a"), at: now, db)
        throw Stop()
      }
    }
    #expect(try store.messages(limit: 10).isEmpty)
  }

  @Test("what is due goes by priority and then by age, and nothing before its time")
  func whatIsDueGoesBy() throws {
    try store.plan(
      [
        intent("late", after: 10), intent("old", after: -60, of: 1),
        intent("older", after: -90, of: 2), intent("high", priority: 9, of: 3),
        intent("text", channel: .sms, of: 4),
      ], at: now)
    #expect(try claim(2).map(\.intent.origin.key) == ["high", "older"])
    #expect(try claim().map(\.intent.origin.key) == ["old"])
    #expect(try claim().isEmpty)
    #expect(try store.nextDue(channels: [.email]) == now.adding(seconds: 10))
    #expect(try store.nextDue(channels: [.webhook]) == nil)
  }

  @Test("of one customer one message at a time is with a sender, under whatever identity")
  func oneAtATime() throws {
    try store.plan([intent("a"), intent("b"), intent("c", of: 1)], at: now)
    // What is known under 1185 turns out to be of the customer 1184.
    try store.append([
      Touchpoint(
        customer: "1184", occurred: now, event: .productViewed, channel: .website,
        messageID: "joins", alsoKnownAs: ["1185"], claimant: .server)
    ])
    let first = try claim()
    #expect(first.count == 1)
    #expect(try claim().isEmpty)
    for message in first {
      try store.note([.init(message.id, claim: 1, .skipped(MessageReason("x")))], at: now)
    }
    #expect(try claim().count == 1)
  }

  @Test(
    "what was decided before the last that is known of the customer is not handed over",
    arguments: ["nothing", "another", "touchpoint", "consent", "trait", "joined", "given"])
  func decidedBefore(what: String) throws {
    try store.plan([intent("a", purpose: .service)], at: now)
    let message = try #require(try claim().first)
    var mark = try store.knowledge()
    mark.customer = customer
    func touchpoint(_ key: String, also other: [String] = []) throws {
      try store.append([
        Touchpoint(
          customer: key, occurred: now, event: .orderCompleted, channel: .website,
          messageID: "new", alsoKnownAs: other, claimant: .server)
      ])
    }
    switch what {
    case "another": try touchpoint("1188")
    case "touchpoint": try touchpoint("1184")
    case "joined": try touchpoint("1186", also: ["1184"])
    // Of the two only the key that is given is named as a change.
    case "given": try store.join("1185", into: "1184", at: now)
    case "consent":
      try store.add([
        ConsentEntry(
          key: "1184", purpose: "marketing", channel: .email, state: .refused, happened: now,
          means: .unsubscribe, by: "customer")
      ])
    case "trait":
      let change = ProfileChange(
        customer: "1184", traits: ["email": .text("new@example.org")], occurred: now,
        messageID: "p", source: "test", claimant: .server)
      _ = try store.append([CollectedBatch(profiles: [change])])
    default: break
    }
    let standing = try store.note(
      [.init(message.id, claim: 1, .handedOver, asOf: mark)], at: now)[0]
    if ["nothing", "another"].contains(what) {
      #expect(standing?.isHandedOver == true)
    } else {
      #expect(standing?.state == .waiting && standing?.reason?.code == "journey-changed")
      #expect(standing?.due == now.adding(seconds: 1))
    }
  }

  @Test("only the sender whose claim is the last one is heard") func onlyTheSenderWhoseClaim()
    throws
  {
    try store.plan([intent("a")], at: now)
    let first = try #require(try claim().first)
    let later = now.adding(seconds: 301)
    #expect(try store.endLeases(policy: MessagePolicy(), at: now) == 0)
    #expect(try store.endLeases(policy: MessagePolicy(), at: later) == 1)
    let second = try #require(try claim(at: later).first)
    #expect(second.id == first.id && second.standing.claim == 2)
    #expect(
      try store.note([.init(first.id, claim: first.standing.claim, .handedOver)], at: later)
        == [nil])
    let mine = second.standing.claim
    #expect(
      try store.note(
        [.init(first.id, claim: mine, .handedOver), .init(first.id, claim: mine, .accepted)],
        at: later
      ).map { $0?.state } == [.claimed, .sent])
    #expect(
      try store.messageHistory(first.id).map(\.state) == [.waiting, .waiting, .sent])
  }

  @Test("a sender that stopped while sending leaves it unknown, and it is not sent again")
  func aSenderThatStoppedWhile()
    throws
  {
    try store.plan([intent("a")], at: now)
    let message = try #require(try claim().first)
    try store.note([.init(message.id, claim: 1, .handedOver)], at: now)
    let later = now.adding(seconds: 10_000)
    try store.endLeases(policy: MessagePolicy(), at: later)
    #expect(try claim(at: later).isEmpty)
    let kept = try #require(try store.message(message.id))
    #expect(kept.standing.state == .unknown)
    #expect(kept.standing.reason?.code == "stopped-while-sending")
    #expect(
      try store.messagesThatMayHaveArrived(to: customer, since: now).map(\.id) == [message.id])
  }

  @Test("what waits of a run is skipped with the reason, and nothing else") func whatWaitsOfARun()
    throws
  {
    try store.plan(
      [intent("a"), intent("a", step: "second", after: 60), intent("b")], at: now)
    #expect(
      try store.skipWaiting(
        play: "basket", key: "a", because: MessageReason("bought"), at: now) == 2)
    #expect(try claim().map(\.intent.origin.key) == ["b"])
    #expect(try store.messageCounts() == [.skipped: 2, .claimed: 1])
    #expect(
      try store.messages(.init(state: .skipped), limit: 9).allSatisfy {
        $0.standing.reason?.code == "bought"
      })
  }

  @Test("data that are no JSON object are refused", arguments: ["", "[1]", "{", #""text""#])
  func dataThatAreNoJson(_ data: String) throws {
    var bad = intent("a")
    bad.data = data
    #expect(throws: MessageProblem.badData(template: "basket")) {
      try store.plan([bad], at: now)
    }
  }

  @Test("data that are too large are refused") func dataThatAreTooLarge() throws {
    var large = intent("a")
    large.data = "{\"a\":\"" + String(repeating: "x", count: Limits.messageDataBytes) + "\"}"
    #expect(throws: MessageProblem.tooMuchData(template: "basket")) {
      try store.plan([large], at: now)
    }
  }

  @Test("a closed address is found by its digest, and the first reason stays")
  func aClosedAddressIsFound() throws {
    let digest = [UInt8](repeating: 7, count: 32)
    try store.suppress(
      .init(digest: digest, address: "ann@example.org", reason: MessageReason("bounced"), at: now))
    try store.suppress(
      .init(digest: digest, address: "ann@example.org", reason: MessageReason("again"), at: now))
    #expect(try store.suppression(digest)?.reason.code == "bounced")
    #expect(try store.unsuppress(digest))
    #expect(try !store.unsuppress(digest))
  }

  @Test(
    "what is asked of one customer, run or moment does not look at all messages in a state",
    arguments: [
      (Store.slotMessagesSQL, "message_of_customer"), (Store.arrivedSQL, "message_of_customer"),
      (Store.dueMessagesSQL, "message_of_customer"), (Store.waitingOfRunSQL, "message_of_run"),
      (Store.lateSlotsSQL, "message_until"),
    ])
  func plans(sql: String, index: String) throws {
    let steps = try store.pool.read { db in
      let statement = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
      // Nothing needs to be bound to be planned.
      statement.setUncheckedArguments([])
      return try Row.fetchAll(statement).map { $0["detail"] as String }
    }
    let ofMessages = steps.filter { $0.contains(" m ") || $0.contains(" message ") }
    #expect(ofMessages.count == 1 && ofMessages[0].contains(" \(index) "), "\(steps)")
  }

  @Test("a million that wait for later are not walked over") func aMillionThatWaitFor() throws {
    try store.pool.write { db in
      for sql in [
        """
        SELECT m.due, m.id FROM message m
        WHERE m.state = 'waiting' AND m.channel = 'email' AND m.priority = 5 AND m.due <= 1
          AND NOT EXISTS (
            SELECT 1 FROM message o WHERE o.customer = m.customer AND o.state = 'claimed')
        ORDER BY m.due LIMIT 5
        """,
        "SELECT min(due) FROM message WHERE state = 'waiting' AND channel = 'email' AND priority = 1",
      ] {
        let plan = try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN \(sql)")
          .map { $0["detail"] as String }.joined()
        #expect(plan.contains("message_due"), "\(plan)")
        #expect(!plan.contains("TEMP B-TREE"), "\(plan)")
      }
    }
  }
}
