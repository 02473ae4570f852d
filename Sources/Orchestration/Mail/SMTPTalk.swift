package import CustomerJourney

/// What became of a mail that was handed to a server.
package enum SMTPOutcome: Hashable, Sendable {
  case accepted
  /// Certainly not taken, and another try may do.
  case temporary(MessageReason)
  /// Never will be; `isGone` when it is the address that is at fault, so that nothing goes there again.
  case permanent(MessageReason, isGone: Bool)
  /// It may have been taken.
  case unknown(MessageReason)

  package var happening: MessageHappening {
    switch self {
    case .accepted: .accepted
    case .temporary(let reason): .failedForNow(reason)
    case .permanent(let reason, _): .refused(reason)
    case .unknown(let reason): .lost(reason)
    }
  }
}

/// One talk with a server, as far as it matters for what became of the mail.
struct SMTPTalk: Hashable, Sendable {
  enum Stage: Hashable, Sendable {
    case connecting, greeting, login, sender, recipient, data
  }

  private(set) var stage = Stage.connecting
  /// The last line that the server said.
  private(set) var reply = ""
  /// True once all of the mail was given to the connection: from then on the server may have it.
  private(set) var isBodyGiven = false
  /// True once the server answered to the whole mail.
  private(set) var isAnswered = false

  /// True once we said goodbye: what the server answers to that says nothing of the mail.
  private var isOver = false

  mutating func said(byUs line: String) {
    let word = line.prefix(4).uppercased()
    guard word != "QUIT" else {
      isOver = true
      return
    }
    switch word {
    case "EHLO", "HELO", "STAR": stage = .greeting
    case "AUTH": stage = .login
    case "MAIL": stage = .sender
    case "RCPT": stage = .recipient
    case "DATA": stage = .data
    default: break
    }
    reply = ""
  }

  mutating func said(byServer text: String) {
    guard !isOver else { return }
    for line in text.split(whereSeparator: \.isNewline) where !line.isEmpty {
      // A line with a dash behind the code is followed by more.
      reply = String(line.prefix(Limits.answerBytes))
    }
    if isBodyGiven, code != nil { isAnswered = true }
  }

  mutating func bodyGiven() {
    isBodyGiven = true
    reply = ""
  }

  /// 250; nil for what is no answer.
  var code: Int? {
    guard reply.utf8.count >= 3, let code = Int(reply.prefix(3)), (200...599).contains(code) else {
      return nil
    }
    return code
  }

  /// 5.1.1, where the server says one.
  var enhanced: String? {
    let words = reply.dropFirst(4).split(separator: " ", maxSplits: 1)
    guard let word = words.first else { return nil }
    let parts = word.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 3, parts.allSatisfy({ Int($0) != nil }),
      ["2", "4", "5"].contains(parts[0])
    else { return nil }
    return String(word)
  }

  /// What it comes to. `problem` is what the library says went wrong; nil when nothing did.
  func outcome(problem: String?) -> SMTPOutcome {
    if problem == nil { return .accepted }
    if isBodyGiven, !isAnswered {
      return .unknown(MessageReason("no-answer", problem ?? ""))
    }
    guard let code, code >= 400 else {
      return isBodyGiven
        ? .unknown(MessageReason("no-answer", problem ?? ""))
        : .temporary(MessageReason("no-connection", problem ?? ""))
    }
    let reason = MessageReason("smtp-\(enhanced ?? String(code))", reply)
    switch stage {
    // Nothing of the mail or its recipient was said yet: our settings, or the server as a whole.
    case .connecting, .greeting, .login, .sender: return .temporary(reason)
    case .recipient:
      return code >= 500 ? .permanent(reason, isGone: isAddressAtFault) : .temporary(reason)
    case .data: return code >= 500 ? .permanent(reason, isGone: false) : .temporary(reason)
    }
  }

  /// RFC 3463: bad mailbox, bad system, bad syntax, moved, disabled. Where a server says no such code,
  /// a 550, 551 or 553 to the recipient says the same.
  private var isAddressAtFault: Bool {
    if let enhanced {
      return ["5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"].contains(enhanced)
    }
    return [550, 551, 553].contains(code ?? 0)
  }
}
