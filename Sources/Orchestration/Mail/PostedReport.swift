/// What a mail service says of one mail of ours, in the form of `POST /m/reports`.
package struct PostedReport: Decodable, Sendable {
  /// The Message-ID of the mail, or the part of it that is our mark.
  package var message: String
  package var kind: String
  /// As RFC 3463 has it: `5.1.1`.
  package var status: String?
  /// What the other server said.
  package var reason: String?
  /// True when the address will never work; where it is not said, the status says it.
  package var permanent: Bool?

  /// Nil when it is not on a mail of ours, or of no known kind. `key` is the project's secret for marks.
  package func report(key: [UInt8]) -> MailReport? {
    guard let message = MailMark.message(in: self.message.prefix(1_000), key: key) else {
      return nil
    }
    let status = String((self.status ?? "").prefix { $0.isASCII && $0.isNumber || $0 == "." })
    let kind: MailReport.Kind
    switch self.kind {
    case "delivered": kind = .delivered
    case "delayed": kind = .delayed
    case "bounced": kind = .bounced(isHard: permanent ?? MailReport.isHard(status))
    case "complaint": kind = .complaint
    default: return nil
    }
    return MailReport(
      kind: kind, message: message, status: kind == .complaint ? "abuse" : status,
      detail: reason ?? "")
  }
}
