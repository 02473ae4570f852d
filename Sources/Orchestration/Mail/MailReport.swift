package import CustomerJourney

/// What a server or a provider reports of a mail of ours: a delivery status (RFC 3464) or a complaint
/// (RFC 5965).
package struct MailReport: Hashable, Sendable {
  package enum Kind: Hashable, Sendable {
    case delivered
    /// It came back; hard when the address will never work.
    case bounced(isHard: Bool)
    /// Still being tried.
    case delayed
    case complaint
  }

  package var kind: Kind
  /// The message that it is about.
  package var message: Int64
  /// `5.1.1`, or the kind of the complaint.
  package var status: String
  package var detail: String

  package init(kind: Kind, message: Int64, status: String, detail: String) {
    self.kind = kind
    self.message = message
    self.status = status
    self.detail = detail
  }

  /// Reads a mail; nil when it is no report, or not on a mail of ours. `key` is the project's secret.
  package init?(mail: String, key: [UInt8]) {
    guard mail.utf8.count <= Limits.reportBytes, let message = MailMark.message(in: mail, key: key)
    else { return nil }
    self.message = message
    var fields: [String: String] = [:]
    var name = ""
    // Fields of the status part stand in a block of their own; the first of each name counts that has
    // a meaning here.
    for line in mail.split(separator: "\n", omittingEmptySubsequences: false) {
      let line = line.hasSuffix("\r") ? line.dropLast() : line
      if line.first == " " || line.first == "\t" {
        if !name.isEmpty, let before = fields[name], before.utf8.count < 1_000 {
          fields[name] = before + " " + line.trimmed
        }
        continue
      }
      name = ""
      guard let colon = line.firstIndex(of: ":") else { continue }
      let found = line[..<colon].lowercased()
      if Self.known.contains(found), fields[found] == nil {
        fields[found] = line[line.index(after: colon)...].trimmed
        name = found
      }
    }
    if let type = fields["feedback-type"]?.lowercased() {
      // A provider also says here that somebody took a complaint back.
      guard type == "abuse" || type == "fraud" || type == "opt-out" else { return nil }
      (kind, status, detail) = (.complaint, type, "")
      return
    }
    guard let action = fields["action"]?.lowercased() else { return nil }
    status = fields["status"].map { String($0.prefix { $0.isNumber || $0 == "." }) } ?? ""
    detail = fields["diagnostic-code"] ?? ""
    switch action {
    case "delivered": kind = .delivered
    case "delayed": kind = .delayed
    // A relay that took it on and reports no more.
    case "relayed", "expanded": kind = .delayed
    case "failed": kind = .bounced(isHard: Self.isHard(status))
    default: return nil
    }
  }

  private static let known: Set<String> = [
    "action", "status", "diagnostic-code", "feedback-type",
  ]

  /// The mailbox or its system does not exist; full mailboxes, spam filters and servers that were long
  /// away are no reason never to write again.
  static func isHard(_ status: String) -> Bool {
    status.hasPrefix("5.1.") || status == "5.2.1" || status == "5.0.0" || status == "5.4.4"
  }

  package var reason: MessageReason {
    switch kind {
    case .complaint: MessageReason("complaint", status)
    default: MessageReason(status.isEmpty ? "bounced" : "bounce-\(status)", detail)
    }
  }

  /// True when nothing shall be sent to the address again.
  package var closesAddress: Bool {
    kind == .complaint || kind == .bounced(isHard: true)
  }

  /// Nil where the message stands as before.
  package var happening: MessageHappening? {
    switch kind {
    case .delivered: .delivered
    case .bounced: .bounced(reason)
    case .delayed, .complaint: nil
    }
  }

  /// The mails of a mailbox file (mbox), each whole.
  package static func mails(inMailbox text: String) -> [String] {
    guard text.hasPrefix("From ") else { return [text] }
    var mails: [String] = []
    var lines: [Substring] = []
    var afterEmpty = true
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if afterEmpty, line.hasPrefix("From ") {
        if !lines.isEmpty { mails.append(lines.joined(separator: "\n")) }
        lines = []
        guard mails.count < Limits.reportsPerFile else { break }
      } else {
        // A line of the mail itself that began so was marked.
        lines.append(line.hasPrefix(">From ") ? line.dropFirst() : line)
      }
      afterEmpty = line.trimmed.isEmpty
    }
    if !lines.isEmpty { mails.append(lines.joined(separator: "\n")) }
    return mails
  }
}
