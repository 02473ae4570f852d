import Access
import CustomerJourney
import Foundation
import Testing

@testable import Dashboard
@testable import Insights

@Suite struct PageTests {
  @Test(
    "All pages are written to the folder that KLANTREIS_PAGES names, for a look in a browser",
    .enabled(if: ProcessInfo.processInfo.environment["KLANTREIS_PAGES"] != nil))
  func writePages() throws {
    let folder = try #require(ProcessInfo.processInfo.environment["KLANTREIS_PAGES"])
    try PageSet.write(to: folder)
  }

  @Test("Every page is whole: elements close, ids are unique, one h1", arguments: Language.allCases)
  func wellFormed(language: Language) {
    for (path, html) in PageSet.all(language) {
      #expect(Self.unclosed(html) == nil, "\(path): \(Self.unclosed(html) ?? "")")
      let ids = html.matches(of: #/\sid="([^"]*)"/#).map { String($0.1) }
      #expect(Set(ids).count == ids.count, "\(path) has an id twice")
      #expect(html.components(separatedBy: "<h1").count == 2, "\(path) has not one h1")
      #expect(!html.contains("Optional("), "\(path) shows an optional")
      #expect(html.contains("<html lang=\"\(language.rawValue)\">"))
    }
  }

  @Test("Headings do not skip a level", arguments: Language.allCases)
  func headings(language: Language) {
    for (path, html) in PageSet.all(language) {
      let levels = html.matches(of: #/<h([1-6])/#).compactMap { Int($0.1) }
      for (before, after) in zip(levels, levels.dropFirst()) {
        #expect(after <= before + 1, "\(path) goes from h\(before) to h\(after)")
      }
    }
  }

  /// Values that want to be markup. The last has a quote that Swift sees as one character with its
  /// accent and a browser as the end of an attribute.
  static let hostile = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "' onfocus='alert(1)",
    "{{{body}}}", "&lt;b&gt;", "x\"\u{301} onfocus=alert(1) y=\"\u{301}", "<\u{338}b",
  ]

  @Test("What customers and models are called is never markup", arguments: hostile)
  func escaping(name: String) {
    var samples = Samples(seed: 3)
    var model = Samples.stdc
    model.phases[0].name = LocalizedText(en: name)
    model.phases[0].question = LocalizedText(en: name)
    var map = samples.map(model, channels: [name, "Website"], customers: 1000)
    map.phases[0].content = [.init(content: name, touchpoints: 3, customers: 2)]
    var timeline = samples.timeline(model, touchpoints: 3)
    timeline.customer = name
    timeline.touchpoints[0].content = name
    timeline.touchpoints[0].properties = [name: .text(name)]
    let problem = FieldProblem(field: "who", message: name, text: name, characters: 1..<3)
    let context = PageSet.context(
      "/", .english, query: Query(from: name, who: name), problems: [problem])
    let pages = [
      Pages.mapPage(MapPage(map: map, model: model), context),
      Pages.timelinePage(TimelinePage(timeline: timeline, model: model), context),
      Pages.timelinePage(
        TimelinePage(
          timeline: timeline, model: model, profile: Samples.named(name),
          narrowing: .init(channels: [name], events: [name], channel: name), traitProblem: name),
        context),
      Pages.calculatedTraitsPage(
        CalculatedTraitsPage(
          own: [.init(name: name, definition: name, problem: name)], name: name, definition: name),
        context),
      Pages.customersPage(Samples.found(by: name), context),
      Pages.errorPage(status: 404, what: name, why: name, whatToDo: name, context),
      JourneyMapPicture.svg(map: map, model: model, language: .english),
      Pages.sourcesPage(SourcesPage(rows: [.init(name: name, key: name)], name: name), context),
      Pages.mailPage(
        MailPage(
          sender: name, server: name, advice: [("server", LocalizedText(en: name))],
          groups: [
            .init(
              id: "server",
              fields: ["server", "lines"].map {
                .init(
                  id: $0, label: LocalizedText(en: name), help: LocalizedText(en: name),
                  kind: $0 == "lines" ? .lines : .text(usual: name), value: name)
              })
          ], records: [.init(kind: name, name: name, value: name, why: LocalizedText(en: name))],
          selector: name, bounces: name, reports: name, recipient: name,
          test: .failed(MessageReason(name, name))), context),
      Pages.loginPage(LoginPage(next: name, name: name), context),
      Pages.welcomePage(WelcomePage(token: name, name: name), context),
      Pages.usersPage(
        UsersPage(
          rows: [
            .init(
              user: User(id: 1, name: name, role: .analyst, created: .epoch), lastLogin: nil,
              isSelf: false, mayChange: true)
          ], roles: [.analyst], name: name, made: .init(name: name, address: name)), context),
      Pages.tokensPage(
        TokensPage(
          rows: [
            .init(
              name: name, scope: .read, madeBy: name, expires: "", isOver: false, lastUsed: nil)
          ], name: name, made: .init(name: name, token: name)), context),
      Pages.activityPage(
        ActivityPage(
          rows: [.init(time: "", actor: name, action: .login, subject: name, address: name)]),
        context),
      Pages.sourcePage(
        SourcePage(
          name: name, key: name, address: name, mapping: name,
          events: [.init(key: name, time: "", event: name, channel: name, customer: name)],
          mark: name,
          rejected: .init(rows: [.init(time: "", dialect: name, reason: name, request: name)])
        ), context),
    ]
    for page in pages {
      #expect(page.contains(XMLText.escaped(name)))
      #expect(Self.unclosed(page) == nil)
      for scalars in ["<script>alert", "<img", " onfocus='", "\"\u{301} onfocus", "<\u{338}b"] {
        #expect(!Self.has(page, scalars), "\(scalars.debugDescription) got through")
      }
    }
  }

  @Test("An event of the live stream is one line of JSON, whatever is in it", arguments: hostile)
  func liveEvent(name: String) throws {
    let json = Pages.liveEvent(
      .init(
        key: name, time: "2025-01-02 03:04:05", event: name, channel: name,
        customer: name + "\n\u{2028}", content: "\r\n" + name, value: 1.5, currency: "EUR"),
      PageSet.context("/", .dutch))
    #expect(!json.unicodeScalars.contains { $0 == "\n" || $0 == "\r" })
    let row = try JSONDecoder().decode([String: String].self, from: Data(json.utf8))
    #expect(row["customer"] == name + "\n\u{2028}")
    #expect(row["href"]?.hasPrefix("/customers/") == true)
    #expect(row["time"] == "2\u{A0}jan\u{A0}2025 03:04:05")
    #expect(row["value"] == "€\u{A0}1,50")
  }

  @Test("Names in addresses are percent-encoded, so that any customer can be opened")
  func addresses() {
    let context = PageSet.context("/customers", .english, query: Query(who: "a & b = \"c\""))
    let page = Pages.customersPage(
      CustomersPage(
        rows: [.init(customer: "a/b?c#d é", touchpoints: 1, first: "", last: "")], total: 1,
        model: Samples.stdc), context)
    #expect(page.contains("/customers/a%2Fb%3Fc%23d%20%C3%A9?who=a%20%26%20b%20%3D%20%22c%22"))
  }

  @Test(
    "A page's links never lead to another host, whatever path was asked for",
    arguments: [
      "//evil.example/x", "///evil.example/x", "/\\evil.example/x", "/\t/evil.example/x",
      "//\u{301}evil.example/x", "evil.example/x", "",
    ])
  func ownLinks(path: String) {
    let context = PageSet.context(path, .english)
    let pages = [
      Pages.errorPage(status: 404, what: "No.", why: "", whatToDo: "", context),
      Pages.customersPage(
        CustomersPage(
          rows: [.init(customer: "a", touchpoints: 1, first: "", last: "")], total: 99, page: 2,
          firstIndex: 25, model: Samples.stdc), context),
    ]
    for page in pages {
      for match in page.matches(of: #/(?:href|action)="([^"]*)"/#) where !match.1.hasPrefix("#") {
        let scalars = Array(match.1.unicodeScalars.prefix(2))
        #expect(scalars.first == "/", "\(match.1) is no path of this server")
        #expect(
          scalars.count == 1 || (scalars[1] != "/" && scalars[1] != "\\" && scalars[1].value > 32),
          "\(match.1) leads to another host")
      }
    }
  }

  @Test("Pages with money say which amounts are not counted", arguments: Language.allCases)
  func foreignAmounts(language: Language) {
    var samples = Samples(seed: 5)
    let portrait = samples.portrait(Samples.stdc, phase: 2, customers: 10)
    let paths = QuestionsPage.paths(
      .init(by: "channel", until: "", events: [], dimensions: ["channel"]), .init(rows: []))
    func pages(_ foreignValues: Int) -> [String] {
      var context = PageSet.context("/", language)
      context.foreignValues = foreignValues
      context.currency = Currency("NOK") ?? .eur
      return [
        Pages.phasePage(PhasePage(portrait: portrait, model: Samples.stdc), context),
        Pages.questionsPage(paths, context),
        Pages.customersPage(CustomersPage(rows: [], total: 0, model: Samples.stdc), context),
      ]
    }
    let isDutch = language == .dutch
    let four =
      isDutch
      ? "4 bedragen zijn in een andere munt dan NOK en tellen niet mee."
      : "4 amounts are in another currency than NOK and are not counted."
    let one =
      isDutch
      ? "1 bedrag is in een andere munt dan NOK en telt niet mee."
      : "1 amount is in another currency than NOK and is not counted."
    for page in pages(4) { #expect(page.contains(four)) }
    for page in pages(1) { #expect(page.contains(one)) }
    for page in pages(0) { #expect(!page.contains("NOK")) }
  }

  @Test("The place of a mistake in a rule is marked, also at its end and past it")
  func problemPlace() {
    func page(_ range: Range<Int>) -> String {
      Pages.customersPage(
        CustomersPage(rows: [], total: 0, model: Samples.stdc),
        PageSet.context(
          "/customers", .english, query: Query(who: "evnt is"),
          problems: [.init(field: "who", message: "No.", text: "evnt is", characters: range)]))
    }
    #expect(page(0..<4).contains("<mark>evnt</mark> is"))
    #expect(page(7..<7).contains("evnt is<mark>\u{A0}</mark>"))
    #expect(page(90..<99).contains("evnt is<mark>\u{A0}</mark>"))
    #expect(page(0..<4).contains("aria-invalid=\"true\""))
  }

  @Test("A long list says where it is and links to the pages beside it")
  func pager() throws {
    let context = PageSet.context("/customers", .english)
    let middle = try #require(Pages.pager(first: 25, shown: 25, total: 2469, page: 2, context))
    #expect(middle["range"] as? String == "26–50 of 2,469")
    #expect(middle["previous"] as? String == "/customers")
    #expect(middle["next"] as? String == "/customers?page=3")
    #expect(Pages.pager(first: 0, shown: 9, total: 9, page: 1, context) == nil)
  }

  @Test(
    "Pages hardly change by accident",
    arguments: ["/", "/phase/do", "/customers/1184", "/sources/shop", "/messages/mail"])
  func golden(path: String) throws {
    let page = try #require(PageSet.all(.dutch).first { $0.path == path })
    // The version of an asset changes with each touch of the stylesheet.
    let html = page.html.replacing(#/\?v=[0-9a-f]+/#, with: "")
    let name = path == "/" ? "map" : path.split(separator: "/").joined(separator: "-")
    try Golden.expect(html, "\(name).nl.html")
  }

  @Test("The picture for the command line hardly changes by accident")
  func goldenPicture() throws {
    var samples = Samples(seed: 7)
    let map = samples.map(Samples.stdc, channels: Samples.channels, customers: 48_210)
    let svg = JourneyMapPicture.svg(map: map, model: Samples.stdc, language: .english)
    #expect(Self.unclosed(svg) == nil)
    try Golden.expect(svg, "picture.en.svg")
  }

  /// The files were read by another program (zxing) when they were recorded.
  @Test(
    "A QR code says what it said to another reader, and a text too long for it is none",
    arguments: [9, 100, 380])
  func qrCode(length: Int) throws {
    let text = String("otpauth://totp/Klantreis:Ann?secret=".prefix(length))
    let whole = text + String(repeating: "A7", count: max(0, length - text.count) / 2)
    try Golden.expect(try #require(QRCode(whole)).svg(label: whole), "qr-\(length).svg")
    #expect(QRCode(String(repeating: "x", count: 412)) != nil)
    #expect(QRCode(String(repeating: "x", count: 413)) == nil)
  }

  private static func has(_ text: String, _ part: String) -> Bool {
    Data(text.utf8).range(of: Data(part.utf8)) != nil
  }

  /// What is wrong with the nesting of elements; nil when nothing is.
  static func unclosed(_ html: String) -> String? {
    let void: Set = [
      "meta", "link", "input", "br", "img", "hr",
    ]
    var open: [String] = []
    for match in html.matches(of: #/<(/?)([a-zA-Z][a-zA-Z0-9]*)((?:[^<>"]|"[^"]*")*)>/#) {
      let name = String(match.2)
      if !match.1.isEmpty {
        guard open.popLast() == name else { return "</\(name)> closes something else" }
      } else if !void.contains(name), match.3.last != "/" {
        open.append(name)
      }
    }
    return open.isEmpty ? nil : "<\(open.joined(separator: "> <"))> stays open"
  }
}

/// Files that say what came out before; `KLANTREIS_RECORD=1` writes them anew.
enum Golden {
  static func expect(_ text: String, _ name: String) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Golden").appending(path: name)
    if ProcessInfo.processInfo.environment["KLANTREIS_RECORD"] != nil {
      try Data(text.utf8).write(to: file)
      return
    }
    let expected = String(decoding: try Data(contentsOf: file), as: UTF8.self)
    let lines = zip(text.split(separator: "\n"), expected.split(separator: "\n"))
    let difference = lines.first { $0 != $1 }
    #expect(
      text == expected,
      """
      \(name) differs, first at: \(difference?.0.prefix(200) ?? "its length")
      Look at it; when it is better, record it anew with KLANTREIS_RECORD=1.
      """)
  }
}
