import CustomerJourney
import Foundation
import GRDB
import HTTPTypes
import Hummingbird
import NIOCore
import Orchestration
import Testing

@testable import Store
@testable import klantreis

@Suite("Bounces and complaints that a mail service posts")
struct MailReportTests {
  private static let secret = "a secret of enough characters"
  private let project: TestProject
  private var workspace: Workspace { project.workspace }

  init() throws {
    project = try TestProject([
      Touchpoint(
        customer: "email:ann@shop.nl", occurred: .now, event: .pageViewed, channel: .website,
        messageID: "a", source: "test")
    ])
  }

  /// A mail that was sent, with its Message-ID.
  private func sent(_ key: String) throws -> (id: Int64, messageID: String) {
    let customer = try #require(try workspace.store.customer(key: "email:ann@shop.nl"))
    let now = Timestamp.now
    let intent = MessageIntent(
      origin: MessageOrigin(play: "by hand", version: 1, key: key, step: "x"), customer: customer,
      channel: .email, purpose: .service, template: "x", due: now)
    let id = try #require(try workspace.store.plan([intent], at: now)[0])
    try workspace.store.note(
      [.claimed(until: now.adding(seconds: 60)), .handedOver, .accepted].map {
        MessageNote(id, $0)
      }, at: now)
    return (id, "<\(MailMark.text(id, key: try workspace.linkKey()))@shop.nl>")
  }

  private func post(
    _ client: any TestClientProtocol, _ body: String, secret: String = secret,
    at time: Timestamp = .now, timestamp: String? = nil
  ) async throws -> (status: Int, text: String) {
    let timestamp = timestamp ?? String(time.milliseconds / 1000)
    let signature = Webhook(name: "", url: "", secret: secret)
      .signature(timestamp: timestamp, body: body)
    let headers: HTTPFields = [
      try #require(HTTPField.Name("X-Klantreis-Timestamp")): timestamp,
      try #require(HTTPField.Name("X-Klantreis-Signature")): signature,
    ]
    return try await client.execute(
      uri: "/m/reports", method: .post, headers: headers, body: ByteBuffer(string: body)
    ) { (Int($0.status.code), String(buffer: $0.body)) }
  }

  private func reports(_ members: String...) -> String {
    #"{"reports":["# + members.map { "{\($0)}" }.joined(separator: ",") + "]}"
  }

  @Test("each is taken once, and an address that does not exist gets nothing more")
  func bounce() async throws {
    try workspace.set(.reportsSecret, to: Self.secret)
    let mail = try sent("1")
    let body = reports(
      #""message":"\#(mail.messageID)","kind":"bounced","status":"5.1.1","reason":"no such user""#,
      #""message":"<m1.aaaaaaaaaaaaaaaa@shop.nl>","kind":"bounced""#,
      #""message":"\#(mail.messageID)","kind":"sneezed""#)
    try await project.serving { client in
      for _ in 0..<2 {
        let reply = try await post(client, body)
        #expect(reply.status == 200)
        #expect(reply.text.contains(#""taken":1"#) && reply.text.contains(#""unknown":2"#))
      }
    }
    let history = try workspace.store.messageHistory(mail.id)
    #expect(history.map(\.state) == [.waiting, .sent, .bounced])
    #expect(history.last?.reason == MessageReason("bounce-5.1.1", "no such user"))
    #expect(try workspace.store.suppressions(limit: 9).map(\.address) == ["ann@shop.nl"])
  }

  @Test("a full mailbox closes nothing; a complaint does, and makes one touchpoint")
  func complaint() async throws {
    try workspace.set(.reportsSecret, to: Self.secret)
    let (full, spam) = (try sent("1"), try sent("2"))
    let soft = reports(#""message":"\#(full.messageID)","kind":"bounced","status":"5.2.2""#)
    let complaint = reports(#""message":"\#(spam.messageID)","kind":"complaint""#)
    try await project.serving { client in
      let first = try await post(client, soft).status
      let closed = try workspace.store.suppressions(limit: 9)
      #expect(first == 200 && closed.isEmpty)
      for _ in 0..<2 {
        let reply = try await post(client, complaint)
        #expect(reply.status == 200)
      }
    }
    #expect(try workspace.store.suppressions(limit: 9).map(\.reason.code) == ["complaint"])
    #expect(try marked() == 1)
  }

  private func marked() throws -> Int? {
    try workspace.store.pool.read {
      try Int.fetchOne(
        $0, sql: "SELECT count(*) FROM v_touchpoint WHERE event = 'Message Marked as Spam'")
    }
  }

  @Test("what is not signed, signed long ago or by another secret changes nothing")
  func signatures() async throws {
    let mail = try sent("1")
    let body = reports(#""message":"\#(mail.messageID)","kind":"bounced","status":"5.1.1""#)
    try await project.serving { client in
      #expect(try await post(client, body).status == 401, "no secret is set")
      try workspace.set(.reportsSecret, to: Self.secret)
      #expect(try await post(client, body, secret: "another one").status == 401)
      let now = Timestamp.now
      // One of the future comes to hold while a busy machine has it in hand: it is an hour too early.
      for seconds in [-Limits.signatureSeconds - 60, Limits.signatureSeconds + 3_600] {
        #expect(try await post(client, body, at: now.adding(seconds: seconds)).status == 401)
      }
      for timestamp in ["x", "-9223372036854775808", "9223372036854775807"] {
        #expect(try await post(client, body, timestamp: timestamp).status == 401)
      }
      #expect(
        try await client.execute(
          uri: "/m/reports", method: .post, body: ByteBuffer(string: body)
        ) { $0.status } == .unauthorized)
      #expect(try await post(client, "[]").status == 400)
      #expect(
        try await post(client, String(repeating: " ", count: Limits.reportBytes + 1)).status == 413)
    }
    #expect(try workspace.store.message(mail.id)?.standing.state == .sent)
    #expect(throws: MailSettingProblem.self) {
      try workspace.set(.reportsSecret, to: "too short")
    }
  }
}
