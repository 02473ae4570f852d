import CustomerJourney
import Dashboard

extension PageSet {
  /// A play with every kind of step.
  static let samplePlay = Play(
    id: "sample", name: LocalizedText(en: "Abandoned <b>basket</b>", nl: "Achtergelaten mandje"),
    about: LocalizedText(en: "Reminds of a basket.", nl: "Herinnert aan een mandje."),
    cell: MaturityCell(level: .engagement, column: .do), purpose: .marketing,
    entry: .event(.field(.event, .oneOf(["Product Added"]))), key: "cart_id", restarts: true,
    again: .after(RuleDuration(RuleNumber(millionths: 7_000_000), .days)),
    exits: [
      .init(
        isEvent: true, rule: .field(.event, .oneOf(["Order Completed"])),
        because: LocalizedText(en: "bought", nl: "heeft gekocht"))
    ],
    goal: .init(
      rule: .field(.event, .oneOf(["Order Completed"])),
      within: RuleDuration(RuleNumber(millionths: 7_000_000), .days)),
    holdout: RuleNumber(millionths: 100_000),
    steps: [
      PlayStep(id: "1", does: .wait(RuleDuration(RuleNumber(millionths: 1_000_000), .hours))),
      PlayStep(
        id: "2",
        does: .branch(
          .value(.greater, RuleAmount(number: RuleNumber(millionths: 50_000_000))),
          then: [
            PlayStep(
              id: "3",
              does: .split([
                PlayArm(
                  name: "a", share: RuleNumber(millionths: 500_000),
                  steps: [
                    PlayStep(
                      id: "hour", does: .act(.message(channel: .email, template: "basket-1")))
                  ]),
                PlayArm(
                  name: "b", share: RuleNumber(millionths: 500_000),
                  steps: [
                    PlayStep(id: "sms", does: .act(.message(channel: .sms, template: "basket-1")))
                  ]),
              ]))
          ],
          otherwise: [
            PlayStep(id: "4", does: .waitUntil(TimeOfDay(hour: 9))),
            PlayStep(
              id: "5", does: .act(.task(LocalizedText(en: "Call them", nl: "Bel op")))),
            PlayStep(id: "6", does: .end),
          ])),
    ])

  private static let tasks = [
    TaskRow(
      id: 7, text: LocalizedText(en: "Call <them>", nl: "Bel op"), playID: "sample",
      play: samplePlay.name, customer: "1184", created: "2025-12-30 09:12:00"),
    TaskRow(
      id: 6, text: LocalizedText(en: "Write a card"), playID: "sample", play: samplePlay.name,
      customer: nil, created: "2025-12-29 10:00:00", done: "2025-12-30 11:00:00"),
  ]

  static func plays(_ language: Language) -> [(path: String, html: String)] {
    func play(_ path: String, _ page: PlayPage) -> (path: String, html: String) {
      (path, Pages.playPage(page, context(path, language)))
    }
    let dryRun = PlayPage.DryRunAnswer(
      from: "2025-12-01 00:00:00", to: "2025-12-31 23:59:59", customers: 48_210, entered: 1_204,
      heldOut: 118, reached: 311,
      steps: [
        .init(
          step: "hour", due: 700, sent: 512, skipped: [("no-consent", 150), ("cap-of-day", 38)]),
        .init(step: "sms", due: 0, sent: 0, skipped: []),
      ], milliseconds: 840)
    let results = PlayPage.Results(
      entered: 2_000, heldOut: 200, complete: 1_500, currency: "EUR",
      variants: [
        .init(
          name: "a", entered: 900, sent: 700, opened: 320, clicked: 90, converted: 130, share: 0.19,
          heldOutShare: 0.11, difference: (0.02, 0.08, 0.13), value: (110, 420, 730), verdict: .more
        ),
        .init(
          name: "b", entered: 900, sent: 10, opened: 0, clicked: 0, converted: 1, share: nil,
          heldOutShare: nil, difference: nil, value: nil, verdict: .tooEarly),
      ])
    return [
      (
        "/plays",
        Pages.playsPage(
          PlaysPage(
            rows: [
              .init(
                id: "sample", play: samplePlay, isOn: true, onTheWay: 1_204, sent: 9_310,
                skipped: 77),
              .init(id: "off", play: samplePlay, isOn: false),
              .init(
                id: "broken", play: nil, problem: "broken.yaml, line 3: there is no step “x”",
                isOn: false),
            ], tasks: tasks), context("/plays", language))
      ),
      play(
        "/plays/sample",
        PlayPage(
          id: "sample", play: samplePlay, version: 3, isOn: true, yaml: "id: sample\n",
          onTheWay: 1_204,
          dryRun: dryRun, results: results,
          waiting: [
            .init(
              customer: "ann", step: "hour", state: "waiting", reason: "quiet-hours",
              time: "2025-12-31 08:00:00"),
            .init(
              customer: nil, step: "hour", state: "skipped", reason: "exit-0",
              time: "2025-12-30 11:02:00"),
          ],
          tryOut: .init(
            customer: "ann", days: 14,
            moments: [
              ("2025-12-31 12:00:00", .entered),
              ("2025-12-31 13:00:00", .sent(step: "hour", template: "basket-1")),
              ("2026-01-01 13:00:00", .notSent(step: "day", reason: "cap-of-day")),
              ("2026-01-01 13:00:00", .ended(reason: "done")),
            ]))),
      play(
        "/plays/sample-ask",
        PlayPage(
          id: "sample", play: samplePlay, version: 1, isOn: false, yaml: "id: sample\n",
          dryRun: dryRun, asksToSwitchOn: true)),
    ]
  }
}
