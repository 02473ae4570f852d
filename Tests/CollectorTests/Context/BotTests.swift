import CustomerJourney
import Foundation
import Testing

@testable import Collector

@Suite("Programs are set apart, people never")
struct BotTests {
  @Test(
    "programs are known by what they call themselves",
    arguments: [
      (UserAgents.googlebot, .search), ("msnbot/2.0b (+http://search.msn.com/msnbot.htm)", .search),
      ("Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)", .search),
      ("Mozilla/5.0 (compatible; GPTBot/1.2; +https://openai.com/gptbot)", .ai),
      ("Mozilla/5.0 AppleWebKit/537.36 (compatible; ClaudeBot/1.0; +claudebot@anthropic.com)", .ai),
      ("Mozilla/5.0 (compatible; PerplexityBot/1.0)", .ai),
      ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", .preview),
      ("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)", .preview),
      ("Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)", .monitor),
      (
        "Mozilla/5.0 (Linux; Android 11) Chrome/119.0 Mobile Safari/537.36 Chrome-Lighthouse",
        .monitor
      ),
      ("Feedly/1.0 (+http://www.feedly.com/fetcher.html)", .feed),
      (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/124.0.0.0 Safari/537.36",
        .headless
      ),
      ("Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)", .crawler),
      ("Mozilla/5.0 (compatible; SomeNewBot/0.1)", .other),
      ("Mozilla/5.0 (compatible; Whatever; +http://example.com)", .other),
      ("curl/8.5.0", .library), ("python-requests/2.31.0", .library),
      ("Go-http-client/2.0", .library),
    ] as [(String, Bot)])
  func kinds(agent: String, kind: Bot) { #expect(UserAgent.of(agent).bot == kind) }

  private func isBot(
    request: String?, event: String? = nil, url: String? = nil,
    mapping: SourceMapping = SourceMapping()
  ) -> Bool {
    let event = contextEvent {
      $0.device.userAgent = event
      $0.page.url = url
    }
    let request = contextRequest(request.map { ["user-agent": $0] } ?? [:])
    if case .rejected(.bot, _) = verdict(event, request, mapping: mapping) { return true }
    return false
  }

  @Test("a browser's request is judged by its header, an event by the agent that it names")
  func whose() {
    let page = "https://shop.nl/"
    #expect(isBot(request: UserAgents.googlebot, url: page))
    #expect(isBot(request: "Googlebot-Image/1.0"), "a pixel that a crawler fetches")
    #expect(isBot(request: "analytics-python/2.4.0", event: UserAgents.googlebot, url: page))
    #expect(isBot(request: nil, event: "python-requests/2.31.0", url: page))
    #expect(!isBot(request: UserAgents.chrome, url: page))
    #expect(!isBot(request: UserAgents.googlebot, event: UserAgents.chrome, url: page))
  }

  @Test(
    "a server's library is no bot, whatever it is called",
    arguments: [
      nil, "", "analytics-python/2.4.0", "python-requests/2.31.0", "curl/8.5.0", "axios/1.6.8",
      "node-fetch/1.0", "Go-http-client/1.1", "okhttp/4.12.0", "GuzzleHttp/7", "Java/17.0.1",
      "posthog-python/7.91.1", "rudder-sdk-python/2.1.9", "our-chatbot/1.0 (events)",
      "Apache-HttpClient/4.5.14 (Java/17)", "acme-robot-shop/2.1 (+https://acme.example)",
    ] as [String?])
  func servers(agent: String?) {
    #expect(!isBot(request: agent))
    #expect(!isBot(request: agent, event: UserAgents.chrome, url: "https://shop.nl/"))
    #expect(!isBot(request: agent, event: "python-requests/2.31.0"), "no page was seen")
  }

  @Test("a source may keep bots, and then says so of each")
  func kept() throws {
    let mapping = try SourceMapping(yaml: "bots: keep")
    let touchpoint = try touchpoint(
      contextEvent(), contextRequest(["user-agent": UserAgents.googlebot]), mapping: mapping)
    #expect(touchpoint.properties["context.bot"] == .text(Bot.search.rawValue))
  }

  @Test("the reason holds nothing of the event")
  func reason() {
    let event = contextEvent { $0.device.userAgent = "EvilBot/1.0 jan@example.nl" }
    guard case .rejected(.bot, let reason) = verdict(event) else {
      Issue.record("not recognised")
      return
    }
    #expect(reason == "was sent by a program: \(Bot.other.rawValue)")
  }

  /// What GoAccess 1.7 counts as crawlers and feeds in that log: 1,805 and 74 of 10,000 hits. It
  /// has no name for UniversalFeedParser, the archive's crawlers and some others, so that we
  /// find more.
  @Test(
    "of a real log the programs are found that another tool finds, and no browser is among them",
    .enabled(if: sharedData != nil, "no shared data"))
  func log() throws {
    let folder = try #require(sharedData)
    let url = URL(filePath: folder).appending(path: "apache_logs/apache_logs")
    let text = String(decoding: try Data(contentsOf: url), as: UTF8.self)
    var programs = 0
    var hits = 0
    for line in text.split(separator: "\n") {
      let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
      guard parts.count > 5 else { continue }
      hits += 1
      if UserAgent.of(String(parts[5])).bot != nil { programs += 1 }
    }
    #expect(hits == 10_000)
    #expect((2_300...2_700).contains(programs), "\(programs) hits of programs")
  }
}
