import Crypto
import CustomerJourney
import Foundation
import Testing

@testable import Orchestration

@Suite struct MailTests {
  private static let now = Timestamp(seconds: 1_800_000_000)
  private static let key = Array("a key of this project, of 32 byte".utf8)

  private static func mail(
    subject: String = "Your basket", name: String = "Shop", html: String? = "<p>Hello</p>",
    text: String = "Hello\n"
  ) throws -> MailMessage {
    MailMessage(
      from: MailSender(name: name, address: try #require(MailAddress("info@shop.nl"))),
      to: try #require(MailAddress("ann@example.org")), subject: subject, html: html, text: text,
      date: now, messageID: "m1.abc@shop.nl", unsubscribe: "https://k.nl/unsubscribe/x")
  }

  private static func text(_ mail: MailMessage, sign: DKIMSigner? = nil) throws -> String {
    String(decoding: try mail.bytes(sign: sign), as: UTF8.self)
  }

  @Test("a mail has the headers that it needs, and both forms of its text")
  func whole() throws {
    let mail = try Self.text(try Self.mail())
    for line in [
      "Date: Fri, 15 Jan 2027 08:00:00 +0000", "From: \"Shop\"\r\n <info@shop.nl>",
      "To: <ann@example.org>", "Subject: Your basket", "Message-ID: <m1.abc@shop.nl>",
      "List-Unsubscribe: <https://k.nl/unsubscribe/x>",
      "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "MIME-Version: 1.0",
      "Content-Type: multipart/alternative; boundary=\"=_m1abcshopnl\"",
      "Content-Type: text/plain; charset=utf-8", "Content-Type: text/html; charset=utf-8",
    ] { #expect(mail.contains("\r\n\(line)\r\n") || mail.hasPrefix("\(line)\r\n"), "\(line)") }
  }

  @Test(
    "nothing that is filled in makes a header or a line too many",
    arguments: [
      "x\r\nBcc: eve@example.org", "x\nBcc: eve@example.org", "x\r\n\r\nbody", "x\u{0}\u{B}y\r",
      "ünï\r\nBcc: eve@example.org", String(repeating: "långt ord ", count: 60),
      String(repeating: "plain words ", count: 60), String(repeating: "x", count: 300),
      "=?utf-8?q?x?=",
    ])
  func injected(_ nasty: String) throws {
    let mail = try Self.text(try Self.mail(subject: nasty, name: nasty))
    let head = try #require(mail.firstRange(of: "\r\n\r\n")).lowerBound
    let lines = mail[..<head].split(separator: "\r\n", omittingEmptySubsequences: false)
    let names = lines.filter { !$0.hasPrefix(" ") }.map { $0.prefix { $0 != ":" } }
    #expect(
      names == [
        "Date", "From", "To", "Subject", "Message-ID", "List-Unsubscribe",
        "List-Unsubscribe-Post", "Auto-Submitted", "MIME-Version", "Content-Type",
      ])
    #expect(mail.utf8.allSatisfy { $0 < 127 && ($0 >= 32 || $0 == 13 || $0 == 10) })
    #expect(!mail.replacing("\r\n", with: "").utf8.contains { $0 == 13 || $0 == 10 })
    #expect(lines.allSatisfy { $0.utf8.count <= 998 })
  }

  @Test("quoted-printable comes back as it was, in lines that are short enough")
  func quoted() throws {
    var random = SplitMix(seed: 7)
    for _ in 0..<300 {
      let pieces = ["a", "é", "=", ".", " ", "\n", "\t", "word ", "€ 9,95", "😀", "long-"]
      let text = (0..<Int(random.next() % 200)).map { _ in
        pieces[Int(random.next() % UInt64(pieces.count))]
      }.joined()
      var out: [UInt8] = []
      QuotedPrintable.append(text, to: &out)
      let lines = String(decoding: out, as: UTF8.self)
        .split(separator: "\r\n", omittingEmptySubsequences: false)
      #expect(lines.allSatisfy { $0.utf8.count <= 76 && !$0.hasPrefix(".") })
      #expect(lines.allSatisfy { !$0.hasSuffix(" ") && !$0.hasSuffix("\t") })
      #expect(Self.decoded(out) == text)
    }
  }

  private static func decoded(_ bytes: [UInt8]) -> String {
    var out: [UInt8] = []
    var index = 0
    while index < bytes.count {
      if bytes[index] == 61 {
        if bytes[index + 1] != 13 {
          out.append(
            UInt8(String(decoding: bytes[(index + 1)...(index + 2)], as: UTF8.self), radix: 16) ?? 0
          )
        }
        index += 3
      } else {
        if bytes[index] != 13 { out.append(bytes[index]) }
        index += 1
      }
    }
    return String(decoding: out, as: UTF8.self)
  }

  // MARK: DKIM

  @Test("headers and bodies are relaxed as in RFC 6376, section 3.4.5")
  func relaxed() {
    #expect(DKIMSigner.relaxed(header: MailHeader("A", folded: " X")) == "a:X")
    #expect(DKIMSigner.relaxed(header: MailHeader("B", folded: " Y\t\r\n\tZ  ")) == "b:Y Z")
    let body = DKIMSigner.relaxed(body: Array(" C \r\nD \t E\r\n\r\n\r\n".utf8))
    #expect(String(decoding: body, as: UTF8.self) == " C\r\nD E\r\n")
    #expect(DKIMSigner.relaxed(body: Array("\r\n\r\n".utf8)).isEmpty)
  }

  @Test("an Ed25519 signature is over what was signed, and over nothing else")
  func signed() throws {
    let secret = DKIMKey.newEd25519()
    let signer = DKIMSigner(domain: "shop.nl", keys: [try DKIMKey(selector: "k", text: secret)])
    let mail = try Self.text(try Self.mail(), sign: signer)
    #expect(mail.hasPrefix("DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed; d=shop.nl;"))
    let end = try #require(mail.firstRange(of: "\r\n\r\n"))
    let body = Array(mail[end.upperBound...].utf8)
    let hash = Data(SHA256.hash(data: DKIMSigner.relaxed(body: body))).base64EncodedString()
    #expect(mail.contains("bh=\(hash);"))
  }

  @Test("a key that is none is refused", arguments: ["", "x", "-----BEGIN RSA-----", "AAAA"])
  func badKey(_ text: String) {
    #expect(throws: MailSettingProblem.badKey) { try DKIMKey(selector: "k", text: text) }
  }

  // MARK: What servers say

  @Test(
    "what a talk comes to",
    arguments: [
      // What we said and the server answered; whether all was given; what the library says.
      (["220 hi", ">EHLO x", "250 ok"], false, "reset", "temporary no-connection"),
      ([">AUTH PLAIN", "535 5.7.8 no"], false, "login", "temporary smtp-5.7.8"),
      (["554 go away"], false, "weird", "temporary smtp-554"),
      ([">MAIL FROM:<a>", "550 5.7.1 not you"], false, "no", "temporary smtp-5.7.1"),
      ([">RCPT TO:<a>", "550 5.1.1 unknown"], false, "no", "permanent gone smtp-5.1.1"),
      (
        [">RCPT TO:<a>", "550 5.1.1 unknown", ">QUIT", "221 bye"], false, "no",
        "permanent gone smtp-5.1.1"
      ),
      ([">RCPT TO:<a>", "550 no such user"], false, "no", "permanent gone smtp-550"),
      ([">RCPT TO:<a>", "552 5.2.2 full"], false, "no", "permanent smtp-5.2.2"),
      ([">RCPT TO:<a>", "450 4.2.1 later"], false, "no", "temporary smtp-4.2.1"),
      ([">DATA", "354 go", "!", "554 5.6.0 spam"], true, "no", "permanent smtp-5.6.0"),
      ([">DATA", "354 go", "!", "451 later"], true, "no", "temporary smtp-451"),
      ([">DATA", "354 go", "!"], true, "reset", "unknown no-answer"),
      ([">DATA", "354 go", "!", "250 queued"], true, "", "accepted"),
      ([">DATA", "354 go", "!", "rubbish"], true, "weird", "unknown no-answer"),
      ([">DATA", "354 go"], false, "reset", "temporary no-connection"),
    ])
  func talks(_ lines: [String], _ given: Bool, _ problem: String, _ expected: String) {
    var talk = SMTPTalk()
    for line in lines {
      if line == "!" {
        talk.bodyGiven()
      } else if line.hasPrefix(">") {
        talk.said(byUs: String(line.dropFirst()) + "\r\n")
      } else {
        talk.said(byServer: line + "\r\n")
      }
    }
    #expect(talk.isBodyGiven == given)
    let said =
      switch talk.outcome(problem: problem.isEmpty ? nil : problem) {
      case .accepted: "accepted"
      case .temporary(let reason): "temporary \(reason.code)"
      case .permanent(let reason, let isGone): "permanent \(isGone ? "gone " : "")\(reason.code)"
      case .unknown(let reason): "unknown \(reason.code)"
      }
    #expect(said == expected)
  }

  // MARK: What comes back

  private static func report(_ fields: String, mark: String) -> String {
    """
    From MAILER-DAEMON Fri Jan 15 08:00:00 2027
    To: bounces@shop.nl
    Content-Type: multipart/report; report-type=delivery-status; boundary=b

    --b
    Content-Type: message/delivery-status

    Reporting-MTA: dns; mx.example.org

    Final-Recipient: rfc822; ann@example.org
    \(fields)

    --b
    Content-Type: message/rfc822

    Message-ID: <\(mark)@shop.nl>
    --b--
    """
  }

  @Test(
    "a report says what became of which message, and whether to write there again",
    arguments: [
      ("Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 <a@b.c>\n no", "bounced", true),
      ("Action: failed\nStatus: 5.2.2", "bounced", false),
      ("Action: failed\nStatus: 4.4.7", "bounced", false),
      ("Action: delayed\nStatus: 4.4.1", "", false),
      ("Action: delivered\nStatus: 2.0.0", "delivered", false),
      ("Feedback-Type: abuse\nVersion: 1", "", true),
    ])
  func reports(_ fields: String, _ happening: String, _ closes: Bool) throws {
    let mail = Self.report(fields, mark: MailMark.text(42, key: Self.key))
    let report = try #require(MailReport(mail: mail, key: Self.key))
    #expect(report.message == 42)
    #expect((report.happening?.name ?? "") == happening)
    #expect(report.closesAddress == closes)
    #expect(!report.reason.detail.contains("a@b.c"))
  }

  @Test("a report on a mail of somebody else is none of ours")
  func foreign() {
    for mark in ["m42.aaaaaaaaaaaaaaaa", "m42", "", MailMark.text(42, key: Self.key.reversed())] {
      let mail = Self.report("Action: failed\nStatus: 5.1.1", mark: mark)
      #expect(MailReport(mail: mail, key: Self.key) == nil)
    }
    // Nor is a mail that only answers ours.
    let answer =
      "Subject: Re: basket\nIn-Reply-To: <\(MailMark.text(42, key: Self.key))@shop.nl>\n\nHi"
    #expect(MailReport(mail: answer, key: Self.key) == nil)
  }

  @Test("a mailbox file is taken apart into its mails")
  func mailbox() {
    let box = "From a\nSubject: 1\n\nx\n>From y\n\nFrom b\nSubject: 2\n\nno From here\n"
    let mails = MailReport.mails(inMailbox: box)
    #expect(mails == ["Subject: 1\n\nx\nFrom y\n", "Subject: 2\n\nno From here\n"])
    #expect(MailReport.mails(inMailbox: "Subject: 3\n\nz").count == 1)
  }

  // MARK: Settings

  @Test("settings that sending needs are asked for by name")
  func settings() throws {
    #expect(throws: MailSettingProblem.missing([.from, .server])) { try MailSettings([:]) }
    #expect(throws: MailSettingProblem.missing([.server])) {
      try MailSettings(["mail.from": "info@shop.nl"])
    }
    let settings = try MailSettings(["mail.from": "info@shop.nl", "mail.server": "mx.shop.nl:465"])
    #expect(settings.server.security == .tls)
    #expect(settings.records.map(\.kind) == ["SPF", "DMARC"])
    #expect(settings.records[0].value == "v=spf1 mx a:mx.shop.nl ~all")
    let near = try MailSettings(["mail.from": "info@shop.nl", "mail.server": "192.0.2.7"])
    #expect(near.records[0].value == "v=spf1 mx ip4:192.0.2.7 ~all")
    #expect(settings.advice.map(\.setting) == [.dkim, .url, .address, .bounces])
  }

  @Test(
    "a setting takes only what it can use",
    arguments: [
      (MailSetting.server, "mx.shop.nl:99999"), (.server, "a b"), (.from, "nobody"),
      (.url, "javascript:1"), (.accent, "blue"), (.selector, "a.b"), (.tracking, "perhaps"),
      (.perDomain, "0"), (.name, "a\r\nBcc: x"), (.connections, "17"), (.security, "ssl"),
      (.authority, "/dev/zero"), (.authority, "/etc/passwd"), (.authority, "/"),
    ])
  func badSettings(_ setting: MailSetting, _ value: String) {
    #expect(throws: MailSettingProblem.self) { try setting.checked(value) }
  }
}

/// The usual small generator: a failure can be repeated by its seed.
struct SplitMix {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
