import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite("Web server logs") struct CombinedLogTests {
  private static let agent =
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_9_1) AppleWebKit/537.36 (KHTML, like Gecko) "
    + "Chrome/32.0.1700.77 Safari/537.36"

  private func parsed(_ line: String) -> CombinedLog? {
    Array(line.utf8).withUnsafeBufferPointer { try? CombinedLog($0) }
  }

  private static func line(
    _ target: String = "/shoes", address: String = "83.149.9.216", status: Int = 200,
    method: String = "GET", user: String = "-", agent: String = agent
  ) -> String {
    "\(address) - \(user) [17/May/2015:10:05:03 +0200] \"\(method) \(target) HTTP/1.1\" \(status) "
      + "2326 \"https://example.org/?q=1\" \"\(agent)\""
  }

  private var options: ImportOptions {
    var options = testOptions
    options.visitorKey = "a secret of the test"
    return options
  }

  @Test(
    "the formats that servers write are read",
    arguments: [
      ("127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 200 2326", "common"),
      (
        "127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 200 - \"-\" \"x\"",
        "no size"
      ),
      (
        "shop.nl:443 127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/2.0\" 200 1 \"-\" \"x\"",
        "virtual host"
      ),
      (
        "127.0.0.1 - - [10/Oct/2000:13:55:36.123 -0700] \"GET /a HTTP/2.0\" 200 1 \"-\" \"x\" 0.2 \"y\"",
        "more at the end"
      ),
      (
        "127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET /a HTTP/1.0\" 200 1 \"-\" \"x", "no quote"
      ),
      ("127.0.0.1  -  -  [10/Oct/2000:13:55:36 -0700]  \"GET /a\" 200 1", "no protocol"),
    ])
  func formats(line: String, why: String) throws {
    let entry = try #require(parsed(line), "\(why)")
    #expect(entry.address == "127.0.0.1")
    #expect(entry.time.iso8601 == "2000-10-10T20:55:36Z")
    #expect(entry.target == "/a")
    #expect(entry.status == 200)
    #expect(entry.user == nil)
    #expect(entry.virtualHost == (why == "virtual host" ? "shop.nl" : nil))
    #expect(entry.agent == (line.contains("\"x") ? "x" : nil))
    #expect(entry.referrer == (line.contains("\"x") ? "" : nil))
  }

  @Test("users with spaces, IPv6 addresses, escapes and spaces in targets are read")
  func odd() throws {
    let line =
      #"2001:db8::1 - Jan de Boer [10/Oct/2000:13:55:36 +0000] "GET /a b\"c HTTP/1.1" 304 - "#
      + #""https://x.nl/\xc3\xa9" "a \"b\" \\ c""#
    let entry = try #require(parsed(line))
    #expect(entry.address == "2001:db8::1")
    #expect(entry.user == "Jan de Boer")
    #expect(entry.target == "/a b\"c")
    #expect(entry.referrer == "https://x.nl/é")
    #expect(entry.agent == "a \"b\" \\ c")
  }

  @Test(
    "what is no line of a log is rejected with the reason",
    arguments: [
      ("127.0.0.1 - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 1", "begin"),
      ("127.0.0.1 - - [10/Okt/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 1", "time"),
      ("127.0.0.1 - - [31/Feb/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 1", "time"),
      ("127.0.0.1 - - [10/Oct/2000:13:55:36 -9900] \"GET / HTTP/1.0\" 200 1", "time"),
      ("127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] GET / 200 1", "request"),
      ("127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" abc 1", "status"),
      ("127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200", "bytes"),
      ("127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 x", "bytes"),
      ("127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0", "request"),
    ])
  func rejected(line: String, reason: String) throws {
    let imported = try importAll(
      Self.line() + "\n" + Self.line() + "\n" + line + "\n" + Self.line("/b") + "\n",
      name: "access.log", options: options)
    #expect(imported.touchpoints.count == 3)
    #expect(imported.rejected.map(\.line) == [3])
    #expect(imported.rejected.first?.reason.contains(reason) == true)
    #expect(imported.rejected.first?.text.contains("127.0.0.1") == false)
  }

  @Test(
    "pages and downloads are visits, and nothing else is",
    arguments: [
      ("/", "GET", 200, CombinedLog.Visit.page), ("/shoes/", "GET", 304, .page),
      ("/a.html?x=1.png", "GET", 200, .page), ("/index.php", "GET", 200, .page),
      ("/manual.PDF", "GET", 200, .download), ("/v1.2/app.tar.gz", "GET", 200, .download),
    ])
  func visits(target: String, method: String, status: Int, visit: CombinedLog.Visit) throws {
    let entry = try #require(parsed(Self.line(target, status: status, method: method)))
    #expect(entry.visit == visit)
  }

  @Test(
    "what is no visit is left out with the reason",
    arguments: [
      ("/style.css?v=2", "GET", 200, "part of a page"), ("/a.JPG", "GET", 304, "part of a page"),
      ("/robots.txt", "GET", 200, "programs"), ("/news.rss", "GET", 200, "feed"),
      ("/?flav=rss20", "GET", 200, "feed"), ("/blog?feed=atom&x=1", "GET", 200, "feed"),
      ("/blog/feed", "GET", 200, "feed"), ("/", "POST", 200, "no GET"),
      ("/", "HEAD", 200, "no GET"),
      ("/gone", "GET", 404, "error"), ("/broken", "GET", 500, "error"),
      ("/old", "GET", 301, "another address"), ("/a.pdf", "GET", 206, "part of a file"),
    ])
  func noVisits(target: String, method: String, status: Int, reason: String) throws {
    let imported = try importAll(
      Self.line(target, status: status, method: method), name: "access.log", options: options)
    #expect(imported.touchpoints == [])
    let row = try #require(imported.rejected.first)
    #expect(row.isExpected)
    #expect(row.reason.contains(reason))
  }

  @Test("a visitor is known again by address and agent, and nothing stored holds the address")
  func visitors() throws {
    let lines = [
      Self.line(), Self.line("/b"), Self.line(address: "83.149.9.217"),
      Self.line(agent: "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"),
      Self.line("/account", user: "jan"),
    ].joined(separator: "\n")
    let imported = try importAll(lines, name: "access.log.1", options: options)
    let touchpoints = imported.touchpoints
    #expect(touchpoints.count == 5)
    #expect(touchpoints.map(\.event) == Array(repeating: .pageViewed, count: 5))
    #expect(touchpoints[0].content == "/shoes")
    #expect(touchpoints[0].occurred.iso8601 == "2015-05-17T08:05:03Z")
    #expect(touchpoints[0].utcOffsetMinutes == nil, "the offset is the server's")
    #expect(touchpoints[0].source == "access")
    #expect(touchpoints[0].customer == touchpoints[1].customer)
    #expect(Set(touchpoints.map(\.customer)).count == 4)
    #expect(touchpoints[4].customer == "jan")
    #expect(touchpoints[4].alsoKnownAs == [touchpoints[0].customer])
    #expect(!"\(touchpoints)".contains("83.149"))
    #expect(touchpoints[0].properties["referrer"] == .text("https://example.org/"))
    let again = try importAll(lines, name: "access.log", options: options)
    #expect(again.touchpoints.map(\.messageID) == touchpoints.map(\.messageID))
    var other = options
    other.visitorKey = "another secret"
    let elsewhere = try importAll(lines, name: "access.log", options: other)
    #expect(
      Set(elsewhere.touchpoints.map(\.customer)).isDisjoint(
        with: touchpoints.prefix(4).map(\.customer)))
    #expect(
      Set(elsewhere.touchpoints.map(\.messageID)).isDisjoint(with: touchpoints.map(\.messageID)))
  }

  @Test("a line beyond the limit is rejected, and one of just the limit is read")
  func longLines() throws {
    let filler = String(
      repeating: "y", count: Limits.eventBytes - Self.line(agent: "").utf8.count)
    for over in 0...1 {
      let long = Self.line(agent: filler + String(repeating: "y", count: over))
      let imported = try importAll(
        [Self.line(), long, Self.line("/b")].joined(separator: "\n"), name: "access.log",
        options: options)
      #expect(imported.touchpoints.count == 3 - over)
      #expect(imported.rejected.map(\.line) == (over == 0 ? [] : [2]))
    }
  }

  @Test("a site's own name is that of the pages that ask for its pictures")
  func ownHost() {
    func picture(_ referrer: String) -> String {
      Self.line("/a.png").replacing("https://example.org/?q=1", with: referrer)
    }
    let own = Array(repeating: picture("http://www.shop.nl/x"), count: 4)
    let others = [picture("https://shop.nl"), picture("http://google.com/"), Self.line()]
    #expect(LogPart.ownHost(Array((own + others).joined(separator: "\n").utf8)) == "shop.nl")
    #expect(LogPart.ownHost(Array(others.joined(separator: "\n").utf8)) == nil)
  }

  @Test("a visit is placed by its address where there is a database, and the address is not kept")
  func places() throws {
    let folder = try TemporaryFolder()
    var options = options
    options.context.geo = try GeoDatabase(
      path: try folder.write("city.mmdb", DatabaseWriter.sample.file))
    let text = [Self.line(address: "81.2.69.160"), Self.line(), "81.2.69.160 - - [x] nothing"]
      .joined(separator: "\n")
    options.format = .combinedLog
    let imported = try importAll(text, name: "access.log", options: options)
    #expect(
      imported.touchpoints.map { $0.properties["context.country"] } == [.text("NL"), nil])
    #expect(imported.touchpoints.first?.properties["context.city"] == .text("Utrecht"))
    #expect(!"\(imported)".contains("81.2.69"))
  }

  @Test("damaged lines never stop the reading, and every line is accounted for")
  func fuzz() throws {
    let seed = UInt64.random(in: 0...UInt64.max)
    var random = SeededGenerator(seed: seed)
    var options = options
    options.format = .combinedLog
    let text = ["/a", "/b.png", "/c.pdf"].map { Self.line($0) }.joined(separator: "\n")
    for _ in 0..<300 {
      let data = damaged(text, &random)
      let imported = try importAll(data, name: "access.log", options: options)
      let lines = data.split(separator: 10).count { $0 != Data([13]) }
      #expect(imported.touchpoints.count + imported.rejected.count == lines, "seed \(seed)")
    }
  }

  // MARK: Against other tools

  private struct Reference: Decodable {
    var lines: Int
    var visitors: Int
    var ips: Int
    var status: [String: Int]
    var methods: [String: Int]
    var static_asset_hits: Int
  }

  /// What GoAccess counted; it takes an address and user agent on one day for a visitor.
  private struct GoAccess: Decodable {
    var general: General
    var visitors: Panel
    var visit_time: Panel
    var not_found: Panel
    var status_codes: Panel

    struct General: Decodable {
      var valid_requests: Int
      var unique_visitors: Int
      var bandwidth: Int
    }

    struct Panel: Decodable {
      var data: [Row]
      var hits: [String: Int] {
        Dictionary(uniqueKeysWithValues: data.map { ($0.data, $0.hits.count) })
      }
    }

    struct Row: Decodable {
      var data: String
      var hits: Count
      var visitors: Count
    }

    struct Count: Decodable { var count: Int }
  }

  @Test(
    "days, hours, answers, bytes and visitors are those that GoAccess counts",
    .enabled(if: sharedData != nil, "no shared data"))
  func goAccess() throws {
    let data = try #require(sharedData) + "/apache_logs"
    let expected = try JSONDecoder().decode(
      GoAccess.self, from: Data(contentsOf: URL(fileURLWithPath: "\(data)/ref_goaccess-1.7.json")))
    let entries = try lines(data)
    func counts(_ key: (CombinedLog) -> String) -> [String: Int] {
      Dictionary(grouping: entries, by: key).mapValues(\.count)
    }
    func day(_ entry: CombinedLog) -> String {
      String(entry.time.iso8601.prefix(10).filter(\.isNumber))
    }
    #expect(entries.count == expected.general.valid_requests)
    #expect(entries.reduce(0) { $0 + ($1.bytes ?? 0) } == expected.general.bandwidth)
    #expect(counts(day) == expected.visitors.hits)
    #expect(
      counts { String($0.time.iso8601.dropFirst(11).prefix(2)) } == expected.visit_time.hits)
    let answers = Dictionary(
      uniqueKeysWithValues: expected.status_codes.hits.map { (String($0.key.prefix(1)), $0.value) })
    #expect(counts { "\($0.status / 100)" } == answers)
    #expect(
      entries.count { $0.status == 404 } == expected.not_found.data.reduce(0) { $0 + $1.hits.count }
    )
    // Answers of 4xx are no visit to GoAccess.
    let visits = entries.filter { $0.status / 100 != 4 }
    let visitors = Dictionary(grouping: visits, by: day).mapValues { day in
      Set(day.map { "\($0.address) \($0.agent ?? "")" }).count
    }
    #expect(visitors.values.reduce(0, +) == expected.general.unique_visitors)
    #expect(
      visitors
        == Dictionary(
          uniqueKeysWithValues: expected.visitors.data.map { ($0.data, $0.visitors.count) }))
  }

  private func lines(_ data: String) throws -> [CombinedLog] {
    let bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: "\(data)/apache_logs")))
    return try bytes.split(separator: 10).map { line in
      try line.withUnsafeBufferPointer { try CombinedLog($0) }
    }
  }

  @Test(
    "a site's ten thousand lines have the visitors, answers and methods that other tools count",
    .enabled(if: sharedData != nil, "no shared data"))
  func semicomplete() throws {
    let data = try #require(sharedData) + "/apache_logs"
    let reference = try JSONDecoder().decode(
      Reference.self, from: Data(contentsOf: URL(fileURLWithPath: "\(data)/ref_sessions.json")))
    let entries = try lines(data)
    #expect(entries.count == reference.lines, "the line without its last quote is read too")
    #expect(Set(entries.map { "\($0.address) \($0.agent ?? "")" }).count == reference.visitors)
    #expect(Set(entries.map(\.address)).count == reference.ips)
    #expect(
      Dictionary(grouping: entries, by: { "\($0.status)" }).mapValues(\.count) == reference.status)
    #expect(Dictionary(grouping: entries, by: \.method).mapValues(\.count) == reference.methods)

    var options = options
    options.now = Timestamp(milliseconds: 1_718_409_600_000)
    let imported = try importAll(path: "\(data)/apache_logs", options: options)
    #expect(imported.rejected.allSatisfy { $0.isExpected })
    #expect(imported.touchpoints.count + imported.rejected.count == 10_000)
    let reasons = Dictionary(grouping: imported.rejected, by: \.reason).mapValues(\.count)
    // 2,843 pages and 72 downloads were asked for; programs among those who asked are told apart.
    #expect(
      reasons == [
        "asks for a part of a page: a picture, a script, a style or a font": 5_340,
        "asks for a feed or for what only programs read": 1_281,
        "got an error instead of a page": 208,
        "was sent on to another address": 163,
        "is no GET": 48,
        "fetches a part of a file": 45,
        "was sent by a program: \(Bot.search.rawValue)": 985,
        "was sent by a program: \(Bot.crawler.rawValue)": 197,
        "was sent by a program: \(Bot.preview.rawValue)": 28,
        "was sent by a program: \(Bot.library.rawValue)": 18,
        "was sent by a program: \(Bot.other.rawValue)": 13,
        "was sent by a program: \(Bot.feed.rawValue)": 11,
        "was sent by a program: \(Bot.monitor.rawValue)": 9,
        "was sent by a program: \(Bot.headless.rawValue)": 1,
      ])
    #expect(imported.touchpoints.count == 1_653)
    #expect(imported.count(EventName("File Downloaded")) == 39)
    #expect(Set(imported.touchpoints.map(\.customer)).count == 985)
    #expect(Set(imported.touchpoints.map(\.messageID)).count == imported.touchpoints.count)
    // Of all requests, whatever their method and answer.
    let parts = entries.count { entry in
      var entry = entry
      (entry.method, entry.status) = ("GET", 200)
      if case .none(let reason) = entry.visit { return reason.contains("part of a page") }
      return false
    }
    #expect(parts == reference.static_asset_hits)
  }
}
