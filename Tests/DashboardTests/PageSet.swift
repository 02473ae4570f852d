import Access
import CustomerJourney
import Dashboard
import Foundation

@testable import Insights

/// Every page with sample values, by the path under which it would be served.
enum PageSet {
  static let models = [Samples.stdc, Samples.fiveA, Samples.tenPhases]

  static func context(
    _ path: String, _ language: Language, query: Query = Query(), problems: [FieldProblem] = []
  ) -> PageContext {
    PageContext(
      language: language, path: path, query: query,
      models: models.map { .init(id: $0.id, name: $0.name) },
      dataFirst: CivilTime(year: 2025, month: 1, day: 1),
      dataLast: CivilTime(year: 2025, month: 12, day: 31), problems: problems,
      reader: .init(name: "Ann", permissions: Role.owner.permissions, formToken: "f0rm-t0ken"))
  }

  static func all(_ language: Language) -> [(path: String, html: String)] {
    var samples = Samples(seed: 7)
    let stdc = samples.map(Samples.stdc, channels: Samples.channels, customers: 48_210)
    let till = samples.map(
      Samples.stdc, channels: ["Shop", "Email"], customers: 2469, empty: [0, 1])
    let five = samples.map(Samples.fiveA, channels: ["Website"], customers: 812)
    let ten = samples.map(
      Samples.tenPhases, channels: Samples.manyChannels, customers: 12_345_678)
    let nobody = samples.map(Samples.stdc, channels: [], customers: 0)
    let quarter = Query(from: "2025-10-03", to: "2025-12-31")
    func map(_ path: String, _ map: JourneyMap, _ model: JourneyModel, _ query: Query)
      -> (path: String, html: String)
    {
      (
        path,
        Pages.mapPage(
          MapPage(map: map, model: model), context(path, language, query: query))
      )
    }
    var pages = [
      map("/", stdc, Samples.stdc, quarter),
      map("/map-till", till, Samples.stdc, Query()),
      map("/map-five", five, Samples.fiveA, Query(model: "five-a")),
      map("/map-ten", ten, Samples.tenPhases, Query(model: "ten-phases")),
      map(
        "/map-ten-all", ten, Samples.tenPhases, Query(model: "ten-phases", allChannels: true)),
      map("/map-nobody", nobody, Samples.stdc, quarter),
    ]
    let rule = "count(evnt is \"Order Completed\") >= 2"
    pages.append(
      (
        "/map-problem",
        Pages.mapPage(
          MapPage(map: stdc, model: Samples.stdc),
          context(
            "/map-problem", language, query: Query(from: "2025-02-30", who: rule),
            problems: [
              .init(
                field: "who", message: "There is no fact “evnt”; did you mean event?", text: rule,
                characters: 6..<10),
              .init(field: "from", message: "30 February does not exist.", text: "2025-02-30"),
            ]))
      ))
    pages.append(
      (
        "/phase/do",
        Pages.phasePage(
          PhasePage(
            portrait: samples.portrait(Samples.stdc, phase: 2, customers: 6120),
            model: Samples.stdc), context("/phase/do", language, query: quarter))
      ))
    pages.append(
      (
        "/customers/1184",
        Pages.timelinePage(
          TimelinePage(
            timeline: samples.timeline(Samples.stdc, touchpoints: 18), model: Samples.stdc,
            profile: Samples.profile,
            narrowing: .init(
              channels: ["Shop", "Website"], events: ["Order Completed"], channel: "Shop"),
            models: models), context("/customers/1184", language))
      ))
    pages.append(
      (
        "/customers/new",
        Pages.timelinePage(
          TimelinePage(
            timeline: CustomerTimeline(
              customer: "email:new@shop.nl", model: Samples.stdc, zone: .utc, total: 0,
              firstTime: nil, lastTime: nil, moments: []), model: Samples.stdc,
            profile: CustomerProfile(
              customer: "email:new@shop.nl", name: nil, at: .epoch, currency: "EUR"),
            traitProblem: "A trait needs a name.", models: models),
          context("/customers/new", language))
      ))
    for (path, page) in [
      ("/traits", Samples.calculatedTraits), ("/no-traits", CalculatedTraitsPage(own: [])),
    ] {
      pages.append(
        (
          path,
          Pages.calculatedTraitsPage(
            page,
            context(
              path, language,
              problems: page.own.isEmpty
                ? [] : [.init(field: "definition", message: "No.", text: "cont", characters: 0..<4)]
            )
          )
        ))
    }
    pages += customers(language) + questions(language, &samples) + importing(language)
    pages += sources(language) + segments(language) + access(language) + plays(language)
    pages += companies(language) + messages(language) + mail(language) + privacy(language)
    for (path, pairs) in [
      ("/duplicates", Samples.suggestions), ("/no-duplicates", []),
    ] {
      pages.append(
        (
          path,
          Pages.suggestionsPage(
            SuggestionsPage(pairs: pairs, isCut: !pairs.isEmpty), context(path, language))
        ))
    }
    pages.append(("/empty", Pages.emptyPage(context("/empty", language))))
    pages.append(
      (
        "/error",
        Pages.errorPage(
          status: 404, what: "There is no phase “dream” in the model stdc.",
          why: "It has the phases see, think, do and care.",
          whatToDo: "Open one of them from the map.", context("/error", language))
      ))
    return pages
  }

  private static func customers(_ language: Language) -> [(path: String, html: String)] {
    let rows = (0..<25).map { index in
      CustomersPage.Row(
        customer: index == 3 ? "مشتری ۱۲" : "household \(1184 + index * 7)",
        touchpoints: 3 + index * 41, first: "2025-01-0\(1 + index % 9) 12:53:26",
        last: "2025-12-1\(index % 9) 08:15:00", phase: Samples.stdc.phases[index % 4].id,
        value: index % 3 == 0 ? nil : 12.5 * Double(index * index), currency: "EUR")
    }
    return [
      (
        "/customers",
        Pages.customersPage(
          CustomersPage(
            rows: rows, total: 2469, page: 2, firstIndex: 25, model: Samples.stdc),
          context("/customers", language))
      ),
      (
        "/customers-found",
        Pages.customersPage(Samples.found, context("/customers-found", language))
      ),
    ]
  }

  private static func questions(
    _ language: Language, _ samples: inout Samples
  ) -> [(path: String, html: String)] {
    let events = ["Product Viewed", "Product Added", "Checkout Started", "Order Completed"]
    let dimensions = ["event", "channel", "origin", "device", "content", "phase"]
    var transitions: [QuestionsPage.TransitionsAnswer.Row] = []
    for from in ["(start)"] + Samples.channels {
      for to in Samples.channels + ["(end)"] where samples.number(0...4) > 0 {
        transitions.append(.init(from: from, to: to, count: samples.number(1...9000)))
      }
    }
    let paths = (1...9).map { length in
      QuestionsPage.PathsAnswer.Row(
        path: (0..<(length * 2)).map { Samples.channels[($0 * length) % 7] },
        customers: 9000 / length, conversions: 700 / length, value: 41_250.25 / Double(length))
    }
    func page(_ name: String, _ question: QuestionsPage) -> (path: String, html: String) {
      let path = "/questions/\(name)"
      return (path, Pages.questionsPage(question, context(path, language)))
    }
    return [
      page(
        "funnel",
        .funnel(
          .init(steps: events, within: "10d", events: events),
          .init(steps: Array(zip(events, [48_210, 16_930, 15_120, 5204]))))),
      page(
        "paths",
        .paths(
          .init(by: "channel", until: "Order Completed", events: events, dimensions: dimensions),
          .init(rows: paths, currency: "EUR"))),
      page(
        "transitions",
        .transitions(.init(by: "channel", dimensions: dimensions), .init(rows: transitions))),
    ]
  }

  private static func segments(_ language: Language) -> [(path: String, html: String)] {
    func size(_ members: [Int]) -> SegmentSize {
      let history = members.enumerated().map { month, members in
        SegmentSize.Moment(
          at: Timestamp(milliseconds: 1_735_689_600_000 + Int64(month) * 2_629_800_000),
          customers: 1200 + month * 380, members: members)
      }
      return SegmentSize(
        rule: "ever(event is \"Order Completed\")", customers: history.last?.customers ?? 0,
        members: members.last ?? 0, history: history)
    }
    let buyers = SegmentsPage.Row(
      name: "Buyers & <friends>", rule: "ever(event is \"Order Completed\")",
      size: size([40, 310, 620, 700, 1150, 1320, 1900]))
    let rows = [
      buyers,
      .init(name: "Never yet", rule: "false", size: size([0, 0, 0])),
      .init(
        name: "Broken", rule: "phase(gone) is do", problem: "there is no model “gone”"),
    ]
    let problem = context(
      "/segments-problem", language,
      problems: [
        .init(
          field: "who", message: "There is no fact “evnt”; did you mean event?",
          text: "evnt is x", characters: 0..<4),
        .init(field: "name", message: "There is a segment of that name.", text: "Buyers"),
      ])
    let moves = (0..<6).map { index in
      SegmentPage.Move(
        customer: index == 2 ? nil : "household \(1184 + index)", isIn: index % 3 != 1,
        time: "2025-12-1\(index) 08:15:00")
    }
    return [
      ("/segments", Pages.segmentsPage(.init(rows: rows), context("/segments", language))),
      ("/segments-none", Pages.segmentsPage(.init(rows: []), context("/segments-none", language))),
      (
        "/segments-problem",
        Pages.segmentsPage(.init(rows: rows, name: "Buyers", rule: "evnt is x"), problem)
      ),
      (
        "/segments-counted",
        Pages.segmentsPage(
          .init(rows: rows, rule: "true", size: size([3])), context("/segments-counted", language))
      ),
      (
        "/segments/buyers",
        Pages.segmentPage(
          SegmentPage(row: buyers, moves: moves), context("/segments/buyers", language))
      ),
      (
        "/segments/broken",
        Pages.segmentPage(
          SegmentPage(row: rows[2], moves: []), context("/segments/broken", language))
      ),
    ]
  }

  private static func sources(_ language: Language) -> [(path: String, html: String)] {
    func page(
      _ path: String, _ problems: [FieldProblem] = [], _ make: (PageContext) -> String
    ) -> (path: String, html: String) {
      (path, make(context(path, language, problems: problems)))
    }
    let rows: [SourcesPage.Row] = [
      .init(
        name: "shop", key: "Zq3xV0b7_kT1mN5pR9sW2yD4fG6hJ8lC", last: "2025-12-31 23:58:01",
        rejected: 1204, bots: 37),
      .init(name: "matomo", key: "1", isOn: false),
    ]
    let events = (0..<5).map { index in
      SourcePage.Event(
        key: "1767221880000-\(index)", time: "2025-12-31 23:58:0\(index)",
        event: index == 2 ? "Order Completed" : "Product Viewed", channel: "Website",
        customer: "118\(index)", content: "/shoes/running-\(index)",
        value: index == 2 ? 49.95 : nil, currency: "EUR")
    }
    let kept = SourcePage.Kept(
      total: 1204,
      rows: [
        .init(
          time: "2025-12-31 23:57:00", dialect: "segment",
          reason: "names no customer: send a user id or an anonymous id",
          request: "POST /v1/track\ncontent-type: application/json\n\n{\"event\":\"koop\"}"),
        .init(
          time: "2025-12-30 10:00:00", dialect: "matomo", reason: "has no event",
          isReplayed: true, request: "GET /matomo.php?idsite=1&rec=1"),
      ], older: 17)
    let address = "http://127.0.0.1:8080"
    let full = SourcePage(
      name: "shop", key: rows[0].key, address: address, mapping: "events:\n  koop: Order Completed",
      leftOut: 1_207, events: events, mark: "a-5", rejected: kept,
      bots: .init(
        total: 1,
        rows: [
          .init(
            time: "2025-12-31 08:00:00", dialect: "tracker", reason: "was sent by a program",
            request: "POST /v1/b")
        ]), replayed: .init(read: 1205, mended: 1, rejected: 1204))
    return [
      page("/sources") { Pages.sourcesPage(SourcesPage(rows: rows), $0) },
      page("/sources-none") { Pages.sourcesPage(SourcesPage(rows: []), $0) },
      page(
        "/sources-problem",
        [
          .init(field: "name", message: "There is a source shop already.", text: "shop"),
          .init(field: "key", message: "Another source has this write key.", text: "1"),
        ]
      ) { Pages.sourcesPage(SourcesPage(rows: rows, name: "shop", key: "1"), $0) },
      page("/sources/shop") { Pages.sourcePage(full, $0) },
      page("/sources/new") {
        Pages.sourcePage(SourcePage(name: "new", key: "1", isOn: false, address: address), $0)
      },
      page(
        "/sources/mapping-problem",
        [.init(field: "mapping", message: "the mapping, line 2: no such key.", text: "")]
      ) {
        Pages.sourcePage(
          SourcePage(name: "shop", key: "1", address: address, mapping: "evnts:"), $0)
      },
    ]
  }

  private static func importing(_ language: Language) -> [(path: String, html: String)] {
    let columns: [ImportPage.Column] = [
      .init(name: "user_id", samples: ["1184", "1191", "1198"], role: .customer),
      .init(name: "event_time", samples: ["2019-10-01 00:00:00 UTC"], role: .time),
      .init(name: "event_type", samples: ["view", "cart", "purchase"], role: .event),
      .init(name: "product_id", samples: ["44600062"], role: .content),
      .init(name: "price", samples: ["35.79", "543.10"], role: .value),
      .init(name: "brand", samples: ["shiseido"], role: .property),
      .init(name: "user_session", samples: ["72d76fde-8bb3-4e00-8c23"], role: .leaveOut),
    ]
    let rows = (0..<5).map { index in
      ImportPage.Row(
        customer: "118\(index)", time: "2019-10-01 02:00:0\(index)", event: "Product Viewed",
        channel: "Website", content: "4460006\(index)", value: 35.79 + Double(index),
        currency: "EUR")
    }
    let rejected: [ImportPage.Rejection] = [
      .init(line: 17, reason: "The time “30-02-2019” does not exist; expected a date."),
      .init(line: 1203, reason: "The customer is empty."),
    ]
    return [
      ("/import", Pages.importPage(.upload(problem: nil), context("/import", language))),
      (
        "/import-problem",
        Pages.importPage(
          .upload(problem: "The file is empty; export it again with at least one row."),
          context("/import", language))
      ),
      (
        "/import-preview",
        Pages.importPage(
          .preview(
            .init(
              upload: "u-1", fileName: "2019-Oct.csv", columns: columns,
              constants: [.channel: "Website", .currency: "EUR"], rows: rows, rejected: rejected,
              read: 2000, rejectedCount: 2)), context("/import", language))
      ),
      (
        "/import-done",
        Pages.importPage(
          .done(
            .init(
              fileName: "2019-Oct.csv", read: 1_048_575, stored: 1_048_000, duplicates: 573,
              rejectedCount: 2, rejected: rejected, rejectedFile: "/import/rejected/u-1")),
          context("/import", language))
      ),
    ]
  }

  /// Writes all pages and assets below `folder`, for a look in a browser:
  /// `<folder>/<language>/<path>.html`, with the addresses as the server has them.
  static func write(to folder: String) throws {
    let files = FileManager.default
    func write(_ bytes: Data, _ path: String) throws {
      let url = URL(filePath: folder).appending(path: path)
      try files.createDirectory(
        at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try bytes.write(to: url)
    }
    for language in Language.allCases {
      for (path, html) in all(language) {
        let name = path == "/" ? "/index" : path
        try write(Data(html.utf8), "\(language.rawValue)\(name).html")
      }
    }
    for (path, asset) in Assets.all { try write(Data(asset.bytes), path) }
    var samples = Samples(seed: 7)
    let picture = JourneyMapPicture.svg(
      map: samples.map(Samples.stdc, channels: Samples.channels, customers: 48_210),
      model: Samples.stdc, language: .english)
    try write(Data(picture.utf8), "picture.svg")
  }
}
