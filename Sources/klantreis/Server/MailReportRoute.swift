import Access
import Collector
import CustomerJourney
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Orchestration
import Store

/// `POST /m/reports`: bounces and complaints that a mail service, or a small program beside one, tells.
/// Signed as our own webhooks are.
struct MailReportRoute: Sendable {
  let workspace: Workspace

  private struct Posted: Decodable {
    var reports: [PostedReport]
  }

  private struct Answer: Encodable {
    /// Reports on mails of ours; and others, of which nothing is kept.
    var taken: Int
    var unknown: Int
  }

  func addRoute<Context: RequestContext>(to router: Router<Context>) {
    router.post("m/reports") { request, _ in
      let body: ByteBuffer
      do {
        body = try await request.body.collect(upTo: Limits.reportBytes)
      } catch is NIOTooManyBytesError {
        return APIProblem(
          status: .contentTooLarge, code: "too_large", message: "The request is too large.",
          detail: "Send at most \(Limits.reportBytes) bytes at once."
        ).response
      }
      let text = String(buffer: body)
      guard try await isSigned(request, text, now: .now) else {
        return APIProblem(
          status: .unauthorized, code: "bad_signature",
          message: "The reports are not signed rightly.",
          detail: "Sign TIMESTAMP.BODY with the secret of `klantreis mail set reports-secret`, and "
            + "send it within \(Limits.signatureSeconds) seconds: docs/mail.md says how."
        ).response
      }
      guard let posted = try? JSONDecoder().decode(Posted.self, from: Data(text.utf8)),
        posted.reports.count <= Limits.reportsPerRequest
      else {
        return APIProblem(
          status: .badRequest, code: "malformed",
          message: "The reports cannot be read; none was taken.",
          detail: #"Send {"reports": [{"message": "…", "kind": "bounced"}]}, at most "#
            + "\(Limits.reportsPerRequest) at once."
        ).response
      }
      let answer = try await workspace.working { [workspace] in
        let key = try workspace.linkKey()
        let taken = try posted.reports.count { report in
          try report.report(key: key).map { try workspace.take($0, at: .now) } ?? false
        }
        return Answer(taken: taken, unknown: posted.reports.count - taken)
      }
      return .data(
        try JSONEncoder().encode(answer), type: "application/json; charset=utf-8")
    }
  }

  /// Without a secret nobody can report.
  private func isSigned(_ request: Request, _ body: String, now: Timestamp) async throws -> Bool {
    let secret = try await workspace.aside { [workspace] in
      try workspace.store.setting(MailSetting.reportsSecret.key)
    }
    guard let secret, let time = HTTPField.Name("X-Klantreis-Timestamp"),
      let code = HTTPField.Name("X-Klantreis-Signature"), let timestamp = request.headers[time],
      let said = request.headers[code], let seconds = Int64(timestamp),
      (now.milliseconds / 1000 - Limits.signatureSeconds...now.milliseconds / 1000
        + Limits.signatureSeconds).contains(seconds)
    else { return false }
    let webhook = Webhook(name: "reports", url: "", secret: secret)
    return Secret.isSame(said, webhook.signature(timestamp: timestamp, body: body))
  }
}
