import CustomerJourney
import Dashboard

extension PageSet {
  /// A message in every state.
  static var messageRows: [MessagesPage.Row] {
    let reasons: [MessageState: MessageReason] = [
      .waiting: MessageReason("smtp-4.7.1", "451 4.7.1 greylisted, come again"),
      .skipped: MessageReason("no-consent"), .refused: MessageReason("smtp-5.1.1", "no such user"),
      .bounced: MessageReason("bounce-5.2.2"), .unknown: MessageReason("no-answer"),
      .dead: MessageReason("no-connection"),
    ]
    return MessageState.allCases.enumerated().map { index, state in
      MessagesPage.Row(
        id: Int64(300 - index), customer: index == 2 ? nil : "مشتری <\(index)>",
        play: index.isMultiple(of: 2) ? "basket" : "welcome", content: "basket-<first>",
        channel: index == 4 ? Channel("SMS") : .email, state: state, reason: reasons[state],
        changed: "2025-12-31 23:58:0\(index)", due: state == .waiting ? "2026-01-01 00:03:00" : nil)
    }
  }

  /// Messages in every state, and contents.
  static func messages(_ language: Language) -> [(path: String, html: String)] {
    let rows = messageRows
    let counts = Dictionary(
      uniqueKeysWithValues: MessageState.allCases.enumerated().map { ($1, $0 * 1_234 + 1) })
    func page(_ path: String, _ page: MessagesPage) -> (path: String, html: String) {
      (path, Pages.messagesPage(page, context(path, language)))
    }
    return [
      page(
        "/messages",
        MessagesPage(
          rows: rows, counts: counts,
          advice: [LocalizedText(en: "Mails are not signed: do <that>.", nl: "Doe <dat>.")])),
      page(
        "/messages-dead",
        MessagesPage(rows: Array(rows.suffix(1)), counts: counts, state: .dead, page: 2)),
      page("/messages-none", MessagesPage(rows: [], counts: [:])),
      (
        "/contents",
        Pages.contentsPage(
          ContentsPage(
            rows: [
              .init(
                id: "basket", name: LocalizedText(en: "Abandoned basket", nl: "Verlaten mandje"),
                channels: [(.email, Language.allCases), (.sms, [.dutch]), (.webhook, [])])
            ], problems: ["mine.yaml, line 3, email: “subject” is missing"], customer: "1184"),
          context("/contents", language))
      ),
    ]
  }
}
