import Access
package import CustomerJourney

/// What one customer allows, for the customer's page.
package struct ConsentCard: Sendable {
  package var key: String
  package var standings: [ConsentStanding]
  package var entries: [ConsentEntry]
  package var purposes: [ConsentPurpose]

  package init(
    key: String, standings: [ConsentStanding], entries: [ConsentEntry], purposes: [ConsentPurpose]
  ) {
    self.key = key
    self.standings = standings
    self.entries = entries
    self.purposes = purposes
  }
}

/// What a customer sees of a signed link: nothing of who it is.
package enum PublicPage: Sendable {
  /// `standings` in the order of the purposes; `done` after a change.
  case preferences(
    token: String, asked: [ConsentPurpose], standings: [ConsentStanding], isDone: Bool)
  case unsubscribe(token: String, what: String, isDone: Bool, preferences: String?)
  case confirmation(token: String, what: String, state: Confirmation)
  case over

  package enum Confirmation: Sendable { case asks, done, answered }
}

extension Pages {
  /// By purpose; channels of which the same was said, if anything, stand together.
  private static func grouped(
    _ standings: [ConsentStanding]
  ) -> [(purpose: String, lines: [[ConsentStanding]])] {
    var groups: [(purpose: String, lines: [[ConsentStanding]])] = []
    for standing in standings {
      let purpose = standing.grant.purpose
      if groups.last?.purpose != purpose { groups.append((purpose, [])) }
      let place = groups.count - 1
      let twin = groups[place].lines.firstIndex { line in
        line[0].isAllowed == standing.isAllowed
          && line[0].deciding?.state == standing.deciding?.state
          && line[0].deciding?.means == standing.deciding?.means
          && line[0].deciding?.happened == standing.deciding?.happened
      }
      if let twin {
        groups[place].lines[twin].append(standing)
      } else {
        groups[place].lines.append([standing])
      }
    }
    return groups
  }

  /// The card with what a customer allows; its forms post to the customer's page.
  static func consentCard(_ card: ConsentCard, _ context: PageContext) -> Templates.Values {
    let (words, format) = (context.words, context.format)
    func name(_ purpose: String) -> String {
      card.purposes.first { $0.id == purpose }?.name(context.language) ?? purpose
    }
    let base = context.link(customerPath(card.key))
    return [
      "action": base + "/consent", "export": base + "/export", "erase": base + "/erase",
      "mayAct": context.may(.act), "mayKeep": context.may(.keep),
      "rows": grouped(card.standings).map { purpose, lines -> Templates.Values in
        [
          "purpose": name(purpose),
          "lines": lines.map { line -> Templates.Values in
            let (first, decides) = (line[0], line[0].deciding)
            let state =
              decides?.state == .pending
              ? words["pvWaits"] : words[first.isAllowed ? "pvAllowed" : "pvNotAllowed"]
            let why =
              decides.map {
                "\(words.consentMeans($0.means)), \(format.date($0.happened.iso8601))"
              } ?? words[first.isAllowed ? "pvNoAnswerNeeded" : "pvNothingSaid"]
            return [
              "channels": line.map { $0.grant.channel.title(context.language) }
                .joined(separator: ", "),
              "state": state, "isOff": !first.isAllowed, "why": why,
            ]
          },
        ]
      },
      "hasEntries": !card.entries.isEmpty,
      "entries": card.entries.reversed().prefix(100).map { entry -> Templates.Values in
        let proof = [entry.page, entry.words, entry.version.map { "v\($0)" }].compactMap { $0 }
        return [
          "when": format.date(entry.happened.iso8601), "purpose": name(entry.purpose),
          "channel": entry.channel.title(context.language),
          "state": words.consentState(entry.state),
          "means": words.consentMeans(entry.means), "by": entry.by,
          "proof": proof.joined(separator: " · "), "hasProof": !proof.isEmpty,
        ]
      },
      "grants": card.standings.map { standing -> Templates.Values in
        [
          "id": "\(standing.grant.purpose)|\(standing.grant.channel.name)",
          "name":
            "\(name(standing.grant.purpose)) · \(standing.grant.channel.title(context.language))",
        ]
      },
      "conditions": ExistingCustomerCondition.allCases.map { condition -> Templates.Values in
        ["id": condition.rawValue, "name": words["pv.\(condition.rawValue)"]]
      },
    ]
  }

  package static func publicPage(_ page: PublicPage, _ context: PageContext) -> String {
    let words = context.words
    var values: Templates.Values = [:]
    let title: String
    switch page {
    case .preferences(let token, let asked, let standings, let isDone):
      title = words["pvMine"]
      values["asks"] =
        [
          "action": "/preferences/\(token)", "isDone": isDone,
          "purposes": asked.enumerated().map { number, purpose -> Templates.Values in
            [
              "number": number, "name": purpose.name(context.language),
              "text": purpose.text(context.language),
              "channels": standings.filter { $0.grant.purpose == purpose.id }.enumerated().map {
                index, standing -> Templates.Values in
                [
                  "id": "grant-\(number)-\(index)",
                  "value": "\(purpose.id)|\(standing.grant.channel.name)",
                  "name": standing.grant.channel.title(context.language),
                  "isOn": standing.isAllowed,
                ]
              },
            ]
          },
        ] as Templates.Values
    case .unsubscribe(let token, let what, let isDone, let preferences):
      title = words["pvStop"]
      values["stop"] =
        [
          "action": "/unsubscribe/\(token)", "what": what, "isDone": isDone,
          "preferences": preferences ?? false,
        ] as Templates.Values
    case .confirmation(let token, let what, let state):
      title = words["pvConfirm"]
      values["confirm"] =
        [
          "action": "/confirm/\(token)", "what": what, "asks": state == .asks,
          "isDone": state == .done, "isAnswered": state == .answered,
        ] as Templates.Values
    case .over:
      title = words["pvOver"]
      values["over"] = true
    }
    values["heading"] = title
    return Templates.page("preferences", values, title: title, context: context)
  }
}

extension PageContext {
  /// What a signed link is about, in words: `Offers and news · E-mail`.
  package func consentSentence(_ purpose: ConsentPurpose?, _ channel: Channel?) -> String {
    [purpose?.name(language), channel?.title(language)].compactMap { $0 }.joined(separator: " · ")
  }
}

extension Pages {
  /// The mail that asks for a confirmation: subject and text.
  package static func confirmationMail(
    what: String, link: String, _ language: Language
  ) -> (subject: String, text: String) {
    let words = Wording(language: language)
    return (
      words["pvMailSubject"],
      """
      \(words["pvMailText"])

      \(what)

      \(words["pvMailHow"])

      \(link)

      \(words["pvMailElse"])
      """
    )
  }
}
