import Access
package import CustomerJourney

/// How mail is set up: what is missing, the settings, the records to set, and a test.
package struct MailPage: Sendable {
  /// A setting as the form has it.
  package struct Field: Sendable {
    package enum Kind: Sendable {
      /// What holds where nothing is filled in.
      case text(usual: String)
      case lines
      /// Never with its value: only whether there is one.
      case secret(isSet: Bool)
      case choice([(value: String, name: LocalizedText)])
      case tick
    }

    package var id: String
    package var label: LocalizedText
    package var help: LocalizedText
    package var kind: Kind
    /// As it is set, or as it was typed.
    package var value: String

    package init(
      id: String, label: LocalizedText, help: LocalizedText, kind: Kind, value: String = ""
    ) {
      self.id = id
      self.label = label
      self.help = help
      self.kind = kind
      self.value = value
    }
  }

  package struct Group: Sendable {
    /// `server`, `sender`, `look`, `sending`.
    package var id: String
    package var fields: [Field]

    package init(id: String, fields: [Field]) {
      self.id = id
      self.fields = fields
    }
  }

  /// A TXT record to set.
  package struct Record: Sendable {
    package var kind: String
    package var name: String
    package var value: String
    package var why: LocalizedText

    package init(kind: String, name: String, value: String, why: LocalizedText) {
      self.kind = kind
      self.name = name
      self.value = value
      self.why = why
    }
  }

  /// What became of a test.
  package enum Test: Sendable {
    case sent(String)
    case failed(MessageReason)
  }

  /// Why nothing can be sent yet; nil when mail can be.
  package var problem: LocalizedText?
  /// The sender's address and the mail server, once both are known.
  package var sender: String
  package var server: String
  /// What is still missing for mail that arrives, each with the id of the field that mends it.
  package var advice: [(field: String, text: LocalizedText)]
  package var groups: [Group]
  package var records: [Record]
  package var hasKeys: Bool
  /// The name of the keys in DNS, for new ones.
  package var selector: String
  /// Where bounces come back, and where the reports of a mail service are taken.
  package var bounces: String
  package var reports: String?
  package var hasReportsSecret: Bool
  /// Where the test goes, as typed.
  package var recipient: String
  package var test: Test?
  /// The form was saved just now, or keys were made.
  package var done: String?

  package init(
    problem: LocalizedText? = nil, sender: String = "", server: String = "",
    advice: [(field: String, text: LocalizedText)] = [], groups: [Group], records: [Record] = [],
    hasKeys: Bool = false, selector: String = "", bounces: String = "", reports: String? = nil,
    hasReportsSecret: Bool = false, recipient: String = "", test: Test? = nil, done: String? = nil
  ) {
    self.problem = problem
    self.sender = sender
    self.server = server
    self.advice = advice
    self.groups = groups
    self.records = records
    self.hasKeys = hasKeys
    self.selector = selector
    self.bounces = bounces
    self.reports = reports
    self.hasReportsSecret = hasReportsSecret
    self.recipient = recipient
    self.test = test
    self.done = done
  }

  package static let path = "/messages/mail"
}

extension PageContext {
  package var noMailAddress: String { words["mailBadAddress"] }
}

extension Pages {
  /// Forms post to `/messages/mail`, `/messages/mail/keys` and `/messages/mail/test`.
  package static func mailPage(_ page: MailPage, _ context: PageContext) -> String {
    let (words, language) = (context.words, context.language)
    let fields = page.groups.flatMap(\.fields)
    let wrong = fields.filter { field in context.problems.contains { $0.field == field.id } }
    var values: Templates.Values = [
      "messagesLink": context.link("/messages"),
      "isReady": page.problem == nil,
      "state": page.problem?(language) ?? words.mailReady(from: page.sender, by: page.server),
      "hasAdvice": !page.advice.isEmpty,
      "advice": page.advice.map { ["field": $0.field, "text": $0.text(language)] },
      "done": page.done.map { words["mailDone.\($0)"] } ?? false as Any,
      "hasWrong": !wrong.isEmpty,
      "wrong": wrong.enumerated().map { number, field -> Templates.Values in
        [
          "id": field.id, "name": field.label(language), "isLast": number == wrong.count - 1,
        ]
      },
      "save": context.link(MailPage.path), "keys": context.link(MailPage.path + "/keys"),
      "test": context.link(MailPage.path + "/test"),
      "groups": page.groups.map { group -> Templates.Values in
        [
          "id": group.id, "heading": words["mailGroup.\(group.id)"],
          "fields": group.fields.map { mailField($0, context) },
        ]
      },
      "hasRecords": !page.records.isEmpty,
      "records": page.records.enumerated().map { number, record -> Templates.Values in
        [
          "number": number, "kind": record.kind, "name": record.name, "value": record.value,
          "why": record.why(language),
        ]
      },
      "hasKeys": page.hasKeys, "selector": page.selector,
      "back": page.bounces.isEmpty ? false : words.mailBack(to: page.bounces) as Any,
      "reports": page.reports.map { words.mailReports(at: $0, page.hasReportsSecret) as Any }
        ?? false,
      "recipient": page.recipient, "sent": false, "failed": false,
    ]
    for name in ["selector", "sure", "to"] {
      values["\(name)Problem"] = context.problem(at: name) ?? false as Any
    }
    switch page.test {
    case .sent(let address): values["sent"] = words.mailTestSent(to: address)
    case .failed(let reason):
      values["failed"] =
        ["reason": words.mailNotSent(reason), "todo": words.mailToDo(reason)] as Templates.Values
    case nil: break
    }
    return Templates.page("mail", values, title: words["mail"], context: context)
  }

  private static func mailField(
    _ field: MailPage.Field, _ context: PageContext
  ) -> Templates.Values {
    let (words, language) = (context.words, context.language)
    let help = field.help(language)
    var values: Templates.Values = [
      "id": field.id, "label": field.label(language), "value": field.value,
      "help": help.prefix(1).uppercased() + help.dropFirst() + (help.hasSuffix("…") ? "" : "."),
      "isText": false, "isLines": false, "isSecret": false, "isChoice": false, "isTick": false,
      "problem": context.problem(at: field.id) ?? false as Any,
    ]
    switch field.kind {
    case .text(let usual):
      values["isText"] = true
      values["usual"] = usual
    case .lines: values["isLines"] = true
    case .secret(let isSet):
      values["isSecret"] = true
      values["isSet"] = isSet
      values["usual"] = words[isSet ? "mailSecretSet" : "mailSecretNotSet"]
    case .choice(let choices):
      values["isChoice"] = true
      values["choices"] = choices.map { choice -> Templates.Values in
        [
          "value": choice.value, "name": choice.name(language),
          "chosen": choice.value == field.value,
        ]
      }
    case .tick:
      values["isTick"] = true
      values["chosen"] = field.value == "yes"
    }
    return values
  }
}
